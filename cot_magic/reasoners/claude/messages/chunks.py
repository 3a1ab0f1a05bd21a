"""Joins the many small chunks of an answer into a few larger ones, below the HTTP client.

A model's answer comes with one chunk (RFC 9112, section 7.1) and one TLS record per token. The client's
parser takes about 30 µs for each, more than everything that is done with the token afterwards
(`tests/benchmarks/streaming.py`). So what has arrived by the time of a read is passed on as one chunk.
"""

import math
import re
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import httpx2

GATHER_S = 0.11  # a little longer than `core` gathers events, so that no piece has to wait there
_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
_STATUS = b"HTTP/1.1 200"  # only these answers are streams; others pass unchanged
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_STREAM = re.compile(
    rb"\r\ncontent-type:[ \t]*(?:text/event-stream|application/vnd\.amazon\.eventstream)\b", re.IGNORECASE
)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_SIZE_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}\r?\Z")
_LONGEST_HEAD = 65_536
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)  # TLS may write while it reads


class ChunkJoiner:
    """Takes the bytes of one connection as they arrive and gives out the same answers in fewer chunks.

    It changes only the framing, and only if that has the usual form. From the first byte of anything else
    (extensions, trailers, a damaged chunk, another protocol) until the next request, it passes all bytes on
    unchanged and leaves it to the client to judge them.
    """

    def __init__(self) -> None:
        self.restart()

    @property
    def streaming(self) -> bool:
        """Whether a chunked answer is being received."""
        return self._stage == "chunks"

    def restart(self) -> None:
        """Start over, because a request is sent: next comes the head of an answer."""
        self._stage: Literal["head", "chunks", "as it is"] = "head"
        self._head = b""
        self._held = b""  # the beginning of a line with a chunk's size
        self._left = 0  # bytes still to come of a chunk whose beginning was passed on

    def feed(self, received: bytes) -> bytes:
        """What to pass on after these bytes; `b""` means the end of the connection."""
        if self._stage == "chunks":
            return self._joined(received)
        if self._stage == "head":
            return self._after_head(received)
        return received

    def _after_head(self, received: bytes) -> bytes:
        seen = self._head + received
        end = seen.find(b"\r\n\r\n") + 4
        if not received or seen[: len(_STATUS)] != _STATUS[: len(seen)] or len(seen) > _LONGEST_HEAD:
            self._stage = "as it is"
        elif end >= 4:
            streamed = _CHUNKED.search(seen, 0, end) and _STREAM.search(seen, 0, end)
            self._stage = "chunks" if streamed else "as it is"
            place = end - len(self._head)
            self._head = b""
            return received[:place] + (self.feed(received[place:]) if received[place:] else b"")
        else:
            self._head = seen
        return received

    def _joined(self, received: bytes) -> bytes:
        if not received:
            self._stage = "as it is"
            return self._held
        rest_of_chunk, received = received[: self._left], received[self._left :]
        self._left -= len(rest_of_chunk)
        data, self._held = self._held + received, b""
        parts: list[bytes] = []
        place = 0
        while place < len(data):
            line = _SIZE.match(data, place)
            if line is None:
                if _SIZE_BEGUN.match(data, place):
                    data, self._held = data[:place], data[place:]
                else:
                    self._stage = "as it is"
                break
            end = line.end() + int(line[1], 16)
            if end == line.end() or data[end : end + 2] not in (b"\r\n", b"\r", b""):
                self._stage = "as it is"  # the last chunk, or not a chunk
                break
            if end + 2 > len(data):
                self._left = end + 2 - len(data)
                break
            parts.append(data[line.end() : end])
            place = end + 2
        whole = b"".join(parts)
        chunk = b"%x\r\n%b\r\n" % (len(whole), whole) if parts else b""
        return rest_of_chunk + chunk + data[place:]


class JoinedReads:
    """Reads from a network stream of the client, in place of the stream's own methods.

    Within a streamed answer, it lets bytes accumulate between reads, because waking up for each token costs
    more than reading it. No screen shows the difference, since none is drawn more often than ten times a
    second; what comes after a silence is read at once.

    Attributes
    ----------
    patience
        Seconds to wait for the rest of this answer, instead of the client's own timeout.
    """

    def __init__(self, stream: Any) -> None:
        self._read, self._write = stream.read, stream.write
        self._joiner = ChunkJoiner()
        self._due = -math.inf
        self._late: Exception | None = None
        self.patience: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Wait for bytes, then take all that have arrived, as one chunk if they are chunks."""
        while True:
            if self._joiner.streaming and self.patience is None:
                time.sleep(max(0.0, self._due - time.monotonic()))
            received = self._arrived(max_bytes, timeout if self.patience is None else self.patience)
            self._due = time.monotonic() + GATHER_S if len(received) < max_bytes else -math.inf
            passed = self._joiner.feed(received)
            if passed or not received:
                return passed

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send part of a request."""
        self.patience = None
        self._joiner.restart()
        self._write(buffer, timeout)

    def _arrived(self, max_bytes: int, timeout: float | None) -> bytes:
        """Wait only for the first bytes; TLS returns at most one record at a time."""
        if self._late is not None:
            late, self._late = self._late, None
            raise late
        received: bytes = self._read(max_bytes, timeout)
        more = received
        while more and len(received) < max_bytes:
            try:
                more = self._read(max_bytes - len(received), 0.0)
            except Exception as error:
                if not isinstance(error.__cause__, _NOT_YET):
                    self._late = error  # raised by the next read, so that what came before it is not lost
                break
            received += more
        return received


def join_chunks(request: "httpx2.Request") -> None:
    """Have the answers on the connection that this request opens read in fewer chunks (a request hook).

    The client's transport, with its proxies and certificates, is not changed: its `trace` extension reports
    when a connection is opened.
    """
    request.extensions["trace"] = _watch


def expect_the_end(response: "httpx2.Response", seconds: float) -> None:
    """Wait only so long for the rest of the body, now that all that matters of the answer has come.

    Reading the body to its end keeps the connection for the next request, but some proxies hold it open.
    """
    reads = getattr(response.extensions.get("network_stream"), "joined_reads", None)
    if reads is not None:  # None for a tape
        reads.patience = seconds


def _watch(step: str, details: Mapping[str, Any]) -> None:
    if step.endswith(_OPENED):
        stream = details["return_value"]
        reads = JoinedReads(stream)
        stream.joined_reads, stream.read, stream.write = reads, reads.read, reads.write

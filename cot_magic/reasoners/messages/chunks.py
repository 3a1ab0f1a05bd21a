"""Answers in many small chunks read as few larger ones, below the HTTP client, which handles each by itself.

A model's answer comes as one chunk (RFC 9112, section 7.1) and one TLS record a token. The client's parser
takes about 30 µs for each, more than all that is done with the token afterwards
(`tests/benchmarks/streaming.py`). What has arrived by the time of a read is given to it as one chunk.
"""

import re
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import httpx2

_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
_STATUS = b"HTTP/1.1 200"  # the only answers that are streams; all others pass as they are
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_SIZE_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}\r?\Z")
_LONGEST_HEAD = 65_536


class ChunkJoiner:
    """Bytes of one connection as they arrive in, the same answers in fewer chunks out.

    It changes nothing but the framing, and only where that has the usual form: from whatever else it meets
    on (extensions, trailers, a damaged chunk, another protocol) it passes all bytes on as they are until the
    next request, so that the client judges them.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A request is sent: what comes next is the head of an answer."""
        self._stage: Literal["head", "chunks", "as it is"] = "head"
        self._head = b""
        self._held = b""  # the beginning of a line with the size of a chunk
        self._left = 0  # bytes that are still to come of a chunk whose beginning was passed on

    def feed(self, received: bytes) -> bytes:
        """What to pass on after these bytes; `b""` stands for the end of the connection."""
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
            self._stage = "chunks" if _CHUNKED.search(seen, 0, end) else "as it is"
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
                self._stage = "as it is"  # the last chunk, or none at all
                break
            if end + 2 > len(data):
                self._left = end + 2 - len(data)
                break
            parts.append(data[line.end() : end])
            place = end + 2
        whole = b"".join(parts)
        chunk = b"%x\r\n%b\r\n" % (len(whole), whole) if parts else b""
        return rest_of_chunk + chunk + data[place:]


def join_chunks(request: "httpx2.Request") -> None:
    """Read the answers on the connection that this request opens in fewer chunks (a hook for requests).

    The client's transport, with its proxies and certificates, stays as it is: by its `trace` extension it
    tells when it has opened a connection.
    """
    request.extensions["trace"] = _watch


def _watch(step: str, details: Mapping[str, Any]) -> None:
    if step.endswith(_OPENED):
        _join_on(details["return_value"])


def _join_on(stream: Any) -> None:
    """Put a ChunkJoiner between a network stream of the client and whoever reads it."""
    joiner, arrivals = ChunkJoiner(), _Arrivals(stream.read)
    write = stream.write

    def read_joined(max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            received = arrivals.read(max_bytes, timeout if stream.patience is None else stream.patience)
            passed = joiner.feed(received)
            if passed or not received:
                return passed

    def write_request(buffer: bytes, timeout: float | None = None) -> None:
        stream.patience = None
        joiner.restart()
        write(buffer, timeout)

    stream.read, stream.write, stream.patience = read_joined, write_request, None


def expect_the_end(response: "httpx2.Response", seconds: float) -> None:
    """All that matters of an answer has come: do not wait longer for the rest of its body.

    To read the body to its end keeps the connection for the next request; but some proxies hold it open.
    """
    stream = response.extensions.get("network_stream")
    if stream is not None:  # a tape has none
        stream.patience = seconds


class _Arrivals:
    """All that has arrived on a connection, in one read: TLS hands over no more than a record at a time."""

    def __init__(self, read: Any) -> None:
        self._read = read
        self._late: Exception | None = None

    def read(self, max_bytes: int, timeout: float | None) -> bytes:
        """Wait for the first bytes, take what is there behind them, and do not wait for more."""
        if self._late is not None:
            late, self._late = self._late, None
            raise late
        received: bytes = self._read(max_bytes, timeout)
        more = received
        while more and len(received) < max_bytes:
            try:
                more = self._read(max_bytes - len(received), 0.0)
            except Exception as error:
                if not isinstance(error.__cause__, BlockingIOError | ssl.SSLWantReadError):
                    self._late = error  # for the next read: what came before it is not lost
                break
            received += more
        return received

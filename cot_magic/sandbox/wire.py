"""How kernel, parked copy and job talk: JSON objects, one a line, bounded in size; never pickle."""

import json
import select
from typing import Any

RESULT_BYTES = 4 << 20
"""What a job may send on its result pipe before it is stopped."""


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes.

    It starts and ends with a newline, so that a message that was cut off by an interrupt spoils itself
    alone and not the one that follows.
    """
    return b"\n" + json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


class Lines:
    """Puts messages together from the pieces that a pipe or socket gives."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that `data` completes. A line that is not a JSON object is no message and left out."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [message for line in lines if line and (message := _unpack(line)) is not None]


def _unpack(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None  # the head or tail of a message that an interrupt cut off, or noise of an untrusted job
    return message if isinstance(message, dict) else None


def readable(fd: int, seconds: float) -> bool:
    """Whether there is something to read (or the end) within that time; for descriptors of any number."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def plain(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 file could take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the middle left out."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]} … {text[len(text) - (limit - head - 3) :]}"

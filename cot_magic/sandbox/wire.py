"""Messages between kernel, parked copy and job: JSON objects, one per line, bounded in size; never pickle."""

import json
import select
from typing import Any

RESULT_BYTES = 4 << 20
"""Bytes that a job may send on its result pipe before it is stopped."""
DEEPEST = 100
MOST_NODES = 500_000
"""Bounds of one message: what reads it goes down into it, and a job may send anything."""


def pack(message: dict[str, Any], key: bytes = b"") -> bytes:
    """One message as bytes, after the key of the pipe.

    It starts and ends with a newline, so that a message cut off by an interrupt does not spoil the next one.
    """
    return b"\n" + key + json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


class Lines:
    """Assembles messages from the chunks of a pipe or socket.

    With a key, only lines that start with it are messages; `foreign` counts the others.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._rest, self._key = b"", key
        self.foreign = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that `data` completes. Lines that are no JSON object are ignored."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        mine = [line.removeprefix(self._key) for line in lines if line and line.startswith(self._key)]
        self.foreign += sum(bool(line) for line in lines) - len(mine)
        return [message for line in mine if (message := _unpack(line)) is not None]


def _unpack(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None  # part of a message cut off by an interrupt, or noise from an untrusted job
    return message if isinstance(message, dict) and _is_bounded(message) else None


def _is_bounded(message: dict[str, Any]) -> bool:
    """Whether a message is flat and small enough for code that goes down into it."""
    level: list[Any] = [message]
    nodes = 0
    for _ in range(DEEPEST):
        nodes += len(level)
        if not level or nodes > MOST_NODES:
            break
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                below.extend(item.values())
            elif type(item) is list:
                below.extend(item)
        level = below
    return not level


def readable(fd: int, seconds: float) -> bool:
    """Whether data or the end arrives within that time; works for any descriptor number, unlike `select`."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def plain(text: str) -> str:
    """The string with lone surrogates escaped, as UTF-8 cannot encode them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with the middle left out."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]} … {text[len(text) - (limit - head - 3) :]}"

"""Server-sent events, parsed from bytes as they arrive (WHATWG HTML, section 9.2.6)."""

from collections.abc import Iterable, Iterator

_MARK = b"\xef\xbb\xbf"  # a byte order mark may come at the very beginning


def server_sent(chunks: Iterable[bytes]) -> Iterator[Iterator[tuple[str, str]]]:
    """Name and data of the events that each chunk completes, wherever the stream is cut into chunks.

    Lines end in LF, CR or CRLF. As the standard says, an event without data is ignored, and one without its
    final blank line is dropped. `id` and `retry` are ignored: they are for clients that reconnect by
    themselves. A model may write a thousand events a second, so an event is parsed as a whole, not line by
    line. Raises UnicodeDecodeError for bytes that are not UTF-8.
    """
    rest = b""
    begun = half = False  # half: the last chunk ended in CR, so an LF now belongs to it
    for chunk in chunks:
        part = chunk[1:] if half and chunk.startswith(b"\n") else chunk
        if chunk:
            half = chunk.endswith(b"\r")
        if b"\r" in part:
            part = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        rest += part
        if not begun:
            if len(rest) < len(_MARK) and _MARK.startswith(rest):
                continue  # possibly part of the mark
            rest, begun = rest.removeprefix(_MARK), True
        *blocks, rest = rest.split(b"\n\n")
        yield _events(blocks)


def _events(blocks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Name and data of the blocks of lines that are events."""
    for block in blocks:
        name, data = _event(block)
        if data is not None:
            yield name, data


def _event(block: bytes) -> tuple[str, str | None]:
    """Name and data of an event; None instead of the data if it has none."""
    name, data = "", None
    for line in block.decode("utf-8").split("\n"):
        field, _, value = line.partition(":")
        if field == "data":
            value = value.removeprefix(" ")
            data = value if data is None else f"{data}\n{value}"
        elif field == "event":
            name = value.removeprefix(" ")
    return name, data

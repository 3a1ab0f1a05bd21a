"""Server-sent events read from bytes as they arrive (WHATWG HTML, section 9.2.6)."""

from collections.abc import Iterable, Iterator

_MARK = b"\xef\xbb\xbf"  # a byte order mark may stand at the very beginning


def server_sent(chunks: Iterable[bytes]) -> Iterator[Iterator[tuple[str, str]]]:
    """Name and data of each event in a stream of bytes, however it is cut: those that each chunk completes.

    Lines end in LF, CR or CRLF. An event without data is none, and one that its blank line does not end is
    dropped, both as the standard says. `id` and `retry` are not looked at: they are for clients that connect
    again by themselves. A model may write a thousand events in a second, so each is taken apart at once, not
    line by line as it comes. Raises UnicodeDecodeError for bytes that are no UTF-8.
    """
    rest = b""
    begun = half = False  # half: the last chunk ended in a CR, so an LF now belongs to it
    for chunk in chunks:
        part = chunk[1:] if half and chunk.startswith(b"\n") else chunk
        if chunk:
            half = chunk.endswith(b"\r")
        if b"\r" in part:
            part = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        rest += part
        if not begun:
            if len(rest) < len(_MARK) and _MARK.startswith(rest):
                continue  # perhaps a part of the mark
            rest, begun = rest.removeprefix(_MARK), True
        *blocks, rest = rest.split(b"\n\n")
        yield _events(blocks)


def _events(blocks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """What blocks of lines say that are events."""
    for block in blocks:
        name, data = _event(block)
        if data is not None:
            yield name, data


def _event(block: bytes) -> tuple[str, str | None]:
    """What the lines of an event say; None for one that has no data."""
    name, data = "", None
    for line in block.decode("utf-8").split("\n"):
        field, _, value = line.partition(":")
        if field == "data":
            value = value.removeprefix(" ")
            data = value if data is None else f"{data}\n{value}"
        elif field == "event":
            name = value.removeprefix(" ")
    return name, data

"""Splices of the joined cells as edits of each cell. They come from a process that is not trusted."""

from collections.abc import Sequence
from typing import Any

from cot_magic.core.errors import CotError
from cot_magic.reasoners.offline.repair.edits import Splice, spliced
from cot_magic.reasoners.offline.repair.program import BETWEEN

MOST_STEPS, MOST_SPLICES, LONGEST = 4, 64, 20_000


class Misplaced(CotError):
    """Splices that do not fit the cells."""


def edited_cells(cells: Sequence[str], steps: Any) -> list[str]:
    """The sources after all steps. Raises Misplaced for anything that is no edit of these cells."""
    sources = [cell.encode() for cell in cells]
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise Misplaced("not a list of steps")
    for step in steps:
        sources = _after(sources, _splices(step))
    try:
        return [source.decode() for source in sources]
    except UnicodeDecodeError:
        raise Misplaced("a splice is inside of a character") from None


def _splices(step: Any) -> list[Splice]:
    match step:
        case list() if 0 < len(step) <= MOST_SPLICES:
            return [_splice(item) for item in step]
    raise Misplaced("not a list of splices")


def _splice(item: Any) -> Splice:
    match item:
        case [int(start), int(end), str(new)] if 0 <= start <= end and len(new) <= LONGEST:
            return start, end, new.encode("utf-8", "backslashreplace")
    raise Misplaced("not a splice")


def _after(sources: Sequence[bytes], splices: Sequence[Splice]) -> list[bytes]:
    """The cells after one step; a splice may reach over the newline after a cell, but not into another."""
    gap = len(BETWEEN)
    mine: list[list[Splice]] = [[] for _ in sources]
    for start, end, new in splices:
        offset = 0
        for place, source in enumerate(sources):
            length = len(source)
            if offset <= start and end <= offset + length + gap and start <= offset + length + 1:
                mine[place].append(_within(start - offset, end - offset, new, length))
                break
            offset += length + gap
        else:
            raise Misplaced("a splice is outside of the cells")
    made = []
    for source, here in zip(sources, mine, strict=True):
        result = spliced(source, here)
        if result is None:
            raise Misplaced("the splices overlap")
        made.append(result)
    return made


def _within(start: int, end: int, new: bytes, length: int) -> Splice:
    """The splice without the newline that comes after the cell."""
    if start > length:
        return length, length, b"\n" + new.rstrip(b"\n")
    return (start, length, new.removesuffix(b"\n")) if end > length else (start, end, new)

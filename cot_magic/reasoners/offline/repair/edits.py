"""An edit as splices of a source: byte ranges and what replaces them, so that formatting is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

Splice = tuple[int, int, bytes]
"""Start, end (bytes), and the new text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One candidate: what it replaces, its kind, the line that it is at, and its cost (lower is likelier)."""

    cost: float
    kind: str
    splices: tuple[Splice, ...]
    line: int


def spliced(source: bytes, splices: Sequence[Splice]) -> bytes | None:
    """The source with all splices made; None if they overlap."""
    parts, place = [], 0
    for start, end, new in sorted(splices, key=lambda item: (item[0], item[1])):
        if start < place:
            return None
        parts += [source[place:start], new]
        place = end
    return b"".join([*parts, source[place:]])


def line_starts(source: bytes) -> list[int]:
    """The offset at which each line starts."""
    starts = [0]
    place = source.find(b"\n")
    while place >= 0:
        starts.append(place + 1)
        place = source.find(b"\n", place + 1)
    return starts

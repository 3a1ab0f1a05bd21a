"""An edit line by line, with what changes inside a line marked."""

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.edits import opcodes
from cot_magic.core.findings import CellEdit
from cot_magic.render.blocks import Diff, DiffLine
from cot_magic.render.safe_text import counted, shown

_OPEN_LINES = 100  # on each side of one change; the rest is counted
_CONTEXT = 3  # lines around a change
_ALIKE = 0.4  # of two lines that have less in common, no parts are marked
_LONGEST = 300  # characters of a line in which parts are marked
_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_ASKS = re.compile(r"#%%cot\+{0,2}(?:\s|$)")


def diff_of(edit: CellEdit, title: str, context: int = _CONTEXT) -> Diff:
    """Return the edit with a few lines of `context` around each change; the rest is counted. Without context,
    only lines between changes are.

    The magic on top, which is a comment while the cell runs, is no part of the code.
    """
    old, new = edit.before.splitlines(), edit.after.splitlines()
    if old and new and old[0] == new[0] and _ASKS.match(old[0]):
        old, new = old[1:], new[1:]
    lines: list[DiffLine] = []
    for tag, a, b, c, d in opcodes(old, new):
        if tag == "equal":
            lines += _context(old[a:b], context, first=a == 0, last=b == len(old))
        else:
            lines += _changed(old[a:b], new[c:d])
    return Diff(title=title, lines=tuple(lines))


def shortened(diff: Diff, most: int) -> Diff:
    """Return a diff of at most `most` lines; the last one says how many are left out."""
    left = len(diff.lines) - most
    if left <= 1:
        return diff
    return replace(diff, lines=(*diff.lines[:most], DiffLine(sign="…", text=f"{left} more lines")))


def _changed(old: Sequence[str], new: Sequence[str]) -> list[DiffLine]:
    removed = [DiffLine(sign="-", text=shown(line)) for line in old[:_OPEN_LINES]]
    added = [DiffLine(sign="+", text=shown(line)) for line in new[:_OPEN_LINES]]
    if len(removed) == len(added):
        pairs = [_marked(one, other) for one, other in zip(removed, added, strict=True)]
        removed, added = [one for one, _ in pairs], [other for _, other in pairs]
    left = max(0, len(old) - _OPEN_LINES) + max(0, len(new) - _OPEN_LINES)
    return [*removed, *added, *([DiffLine(sign="…", text=f"{left} more changed lines")] if left else [])]


def _marked(removed: DiffLine, added: DiffLine) -> tuple[DiffLine, DiffLine]:
    """Return both lines with the parts marked that the other one does not have."""
    if max(len(removed.text), len(added.text)) > _LONGEST:
        return removed, added
    old, new = _TOKENS.findall(removed.text), _TOKENS.findall(added.text)
    if difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() < _ALIKE:
        return removed, added
    changes = [item for item in opcodes(old, new) if item[0] != "equal"]
    return (
        replace(removed, marks=tuple(_spans(old, [(a, b) for _, a, b, _, _ in changes]))),
        replace(added, marks=tuple(_spans(new, [(c, d) for _, _, _, c, d in changes]))),
    )


def _spans(tokens: Sequence[str], ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    starts = [0, *itertools.accumulate(map(len, tokens))]
    for first, last in ranges:
        if first < last:
            yield starts[first], starts[last]


def _context(same: Sequence[str], most: int, *, first: bool, last: bool) -> list[DiffLine]:
    """Return unchanged lines next to a change, and how many were left out."""
    if not most and (first or last):
        return []
    above, below = (0 if first else most), (0 if last else most)
    left = len(same) - above - below
    if left <= 1:  # saying that one line is left out takes as much room as the line
        return [DiffLine(sign=" ", text=shown(line)) for line in same]
    kept = [DiffLine(sign=" ", text=shown(line)) for line in (*same[:above], *same[len(same) - below :])]
    return [
        *kept[:above],
        DiffLine(sign="…", text=counted(left, "unchanged line")),
        *kept[above:],
    ]

"""What an edit does, and how two survivors differ, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cot_magic.core.case import Case, CellId
from cot_magic.core.edits import opcodes
from cot_magic.core.findings import CellEdit, Example

LONGEST_LINE = 80
LONGEST_VALUE = 120
MOST_CHANGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedEdit:
    """An edit in one sentence, and the line of the cell where it begins."""

    text: str
    cell: CellId
    lineno: int
    line: str


def change_of(edits: Sequence[CellEdit], case: Case) -> WordedEdit:
    """The change that the edits make, line by line."""
    parts, first = [], None
    for edit in edits:
        where = "" if edit.cell == case.cell.id else f" of {case.label(edit.cell)}"
        old, new = edit.before.splitlines(), edit.after.splitlines()
        for tag, a, b, c, d in opcodes(old, new):
            if tag == "equal":
                continue
            parts.append(_part(old[a:b], new[c:d], a + 1, where))
            if first is None:
                first = edit.cell, min(a + 1, len(old)), old[min(a, len(old) - 1)].strip()
    cell, lineno, line = first if first is not None else (edits[0].cell, 1, "")
    text = "; then ".join(part if not place else part[0].lower() + part[1:] for place, part in
                          enumerate(parts[:MOST_CHANGES]))  # fmt: skip
    return WordedEdit(text=f"{text}.", cell=cell, lineno=lineno, line=line)


def _part(old: Sequence[str], new: Sequence[str], lineno: int, where: str) -> str:
    place = f"line {lineno}{where}"
    if not old:
        return f"Insert {_code(new)} before {place}"
    if not new:
        return f"Remove {_code(old)} ({place})"
    return f"Replace {_code(old)} with {_code(new)} ({place})"


def _code(lines: Sequence[str]) -> str:
    text = " ⏎ ".join(line.strip() for line in lines if line.strip()) or "an empty line"
    return f"`{text}`" if len(text) <= LONGEST_LINE else f"`{text[: LONGEST_LINE - 1]}…`"


def told_apart(apart: Any) -> str:
    """How a survivor differs from the first one, on one call; "" if that was not reported."""
    match apart:
        case [str(call), str(first), str(mine)]:
            return f"`{_short(call)}` {_gives(mine)} with this edit, and {_gives(first)} with the first."
    return ""


def example_of(example: Any) -> Example | None:
    """What a survivor gives on the call that all were compared on; None if that was not reported."""
    match example:
        case [str(call), str(result)]:
            if result.startswith("!"):
                ended = result != "!Timeout"
                gives = f"an error ({_short(result[1:])})" if ended else "no result (it does not end)"
                return Example(call=_short(call), gives=gives)
            return Example(call=_short(call), gives=f"`{_short(result)}`")
    return None


def _gives(result: str) -> str:
    if result == "!Timeout":
        return "does not end"
    return f"raises {_short(result[1:])}" if result.startswith("!") else f"gives `{_short(result)}`"


def _short(text: str) -> str:
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"

"""The mark that stands in the place of a value which was withheld because it looks like a secret."""

import re

from cot_magic.core.case import Case, Cell

MASK = re.compile(r"<redacted: [^<>\n]*>")


def holds_mask(text: str) -> bool:
    """Whether a part of a text was withheld."""
    return MASK.search(text) is not None


def withheld_cells(case: Case) -> tuple[Cell, ...]:
    """The cells of a case whose sources are not whole, because something in them was withheld."""
    known = {cell.id: cell for cell in (*case.cells, *(item.cell for item in case.lineage), case.cell)}
    return tuple(cell for cell in known.values() if holds_mask(cell.source))


def why_not_whole(case: Case) -> str | None:
    """In one line, which sources of a case were withheld in part; None if all are whole."""
    cells = withheld_cells(case)
    if not cells:
        return None
    places = ", ".join(case.label(cell.id) for cell in cells)
    return (
        f"a part of the source of {places} was withheld when this was recorded: it cannot be run or inserted"
        " from here, only from its notebook"
    )

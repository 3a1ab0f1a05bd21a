"""The mask that replaces a value which looks like a secret, and what it means for running the source."""

import re
from collections.abc import Callable
from dataclasses import replace

from cot_magic.core.case import Case, Cell
from cot_magic.core.errors import UsageError

MASK = re.compile(r"<redacted: [^<>\n]*>")


def holds_mask(text: str) -> bool:
    """Whether part of the text was withheld."""
    return MASK.search(text) is not None


def withheld_cells(case: Case) -> tuple[Cell, ...]:
    """The cells of a case whose sources are incomplete because something in them was withheld."""
    known = {cell.id: cell for cell in (*case.cells, *(item.cell for item in case.lineage), case.cell)}
    return tuple(cell for cell in known.values() if holds_mask(cell.source))


def why_not_whole(case: Case) -> str | None:
    """Say which sources of a case are incomplete, in one line; None if all are whole."""
    cells = withheld_cells(case)
    if not cells:
        return None
    places = ", ".join(case.label(cell.id) for cell in cells)
    return (
        f"part of the source of {places} was withheld when this was recorded, so it can be run or inserted "
        "only from its notebook"
    )


def with_real_sources(case: Case, fresh: Case, redact: Callable[[str], str]) -> Case:
    """The recorded case with the sources of a fresh case wherever the recorded ones are masked.

    Raises UsageError if the fresh case is about another cell.
    """
    real = {cell.id: cell for cell in (*fresh.cells, fresh.cell)}
    by_source = {redact(cell.source): cell for cell in real.values()}
    if fresh.cell.source != case.cell.source and redact(fresh.cell.source) != case.cell.source:
        raise UsageError("the cell that failed is not the recorded one: its experiments were not run.")

    def whole(cell: Cell) -> Cell:
        if not holds_mask(cell.source):
            return cell
        found = by_source.get(cell.source)
        return replace(cell, source=found.source) if found is not None else cell

    return replace(
        case,
        cell=whole(case.cell),
        cells=tuple(map(whole, case.cells)),
        lineage=tuple(replace(item, cell=whole(item.cell)) for item in case.lineage),
    )

"""The cells of a notebook as a page shows them, without those of which nobody knows whether they ran."""

from collections.abc import Sequence
from dataclasses import replace

from cot_magic.capture.lineage.history import History
from cot_magic.core.case import Cell


def certain(history: History, cells: Sequence[Cell], ran_before: Sequence[str]) -> tuple[Cell, ...]:
    """Return the cells of which it is known whether they have run in this kernel.

    A page keeps the numbers of a kernel that is gone, and a kernel knows no ids of cells that ran before the
    extension was loaded. A cell has not run if the history does not have it, its source is none of those
    that ran before, and either the page shows no number or all that ran before is still in the notebook
    (else it may be that an earlier version of the cell ran).

    Parameters
    ----------
    history
        The cells that ran since the extension was loaded.
    cells
        The code cells in their order; `execution_count` is the number that the page shows.
    ran_before
        The sources that ran before the history began.
    """
    earlier = {source.strip() for source in ran_before}
    traced = earlier <= {cell.source.strip() for cell in cells}
    found = []
    for cell in cells:
        if history.latest(cell.id) is not None:
            found.append(cell)
        elif cell.source.strip() not in {*earlier, ""} and (traced or cell.execution_count is None):
            found.append(replace(cell, execution_count=None))
    return tuple(found)

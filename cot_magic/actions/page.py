"""What the page tells about its notebook: the cells that have not run, and where each cell is."""

from dataclasses import replace
from typing import Any

from cot_magic.actions.state import ActionState, history_of
from cot_magic.core.case import Cell, CellId


def placed(state: ActionState, cell: Cell) -> Cell:
    """Take the cells that the page told into the history; return the cell with its position among them."""
    told = state.bridge.cells
    if not told:
        return cell
    from cot_magic.capture.lineage.page import certain  # only in a notebook whose page has the extension

    history = history_of(state)
    cells = [
        Cell(id=CellId(item.id), source=item.source, index=item.index, execution_count=item.count)
        for item in told
    ]
    history.known(certain(history, cells, _before_the_history(state)))
    index = next((item.index for item in told if item.id == cell.id), cell.index)
    return replace(cell, index=index)


def _before_the_history(state: ActionState) -> list[str]:
    """The sources that this kernel ran before the extension was loaded, and the one that loaded it."""
    manager: Any = getattr(state.shell, "history_manager", None)
    sources = list(getattr(manager, "input_hist_raw", ()))
    counts = [run.count for run in history_of(state).runs if run.count is not None]
    return [str(source) for source in sources[1 : counts[0] if counts else len(sources)]]

"""Cells that a page tells: only those are said to have run or not of which this is known."""

from types import SimpleNamespace

from cot_magic.capture.lineage.history import History
from cot_magic.capture.lineage.page import certain
from cot_magic.core.case import Cell, CellId

LOAD = "%load_ext cot_magic"


def cell(name: str, source: str, count: int | None = None) -> Cell:
    return Cell(id=CellId(name), source=source, index=int(name[1:]), execution_count=count)


def history_with(name: str, source: str) -> History:
    """A history in which one cell ran as [2]."""
    history = History()
    shell = SimpleNamespace(
        execution_count=3, compile=SimpleNamespace(get_code_name=lambda *told: "<cell>"), user_ns={}
    )
    info = SimpleNamespace(
        raw_cell=source, store_history=True, silent=False, cell_id=name, transformed_cell=source
    )
    history.begin(shell, info)
    history.finish(shell, SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None))
    return history


def told(history: History, cells: list[Cell], ran_before: list[str]) -> dict[str, int | None]:
    return {item.id: item.execution_count for item in certain(history, cells, ran_before)}


def test_a_cell_without_a_number_has_not_run() -> None:
    cells = [cell("c0", LOAD, 1), cell("c1", "a = rate", 2), cell("c2", "rate = 3")]
    assert told(history_with("c1", "a = rate"), cells, [LOAD]) == {"c1": 2, "c2": None}


def test_a_number_of_an_earlier_kernel_is_not_believed() -> None:
    cells = [cell("c0", LOAD, 1), cell("c1", "a = rate", 2), cell("c2", "rate = 3", 7)]
    assert told(history_with("c1", "a = rate"), cells, [LOAD]) == {"c1": 2, "c2": None}


def test_nothing_is_said_of_a_cell_that_ran_before_the_extension_was_loaded() -> None:
    cells = [cell("c0", "rate = 3", 1), cell("c1", "a = rate", 2), cell("c2", "b = 4", 1)]
    history = history_with("c1", "a = rate")
    assert told(history, cells, ["rate = 3"]) == {"c1": 2, "c2": None}
    edited = [cell("c0", "rate = 4", 1), *cells[1:]]
    assert told(history, edited, ["rate = 3"]) == {"c1": 2}, "the first cell may be what ran, edited since"


def test_an_empty_cell_is_none() -> None:
    assert told(history_with("c1", "a = 1"), [cell("c1", "a = 1", 2), cell("c2", " \n")], []) == {"c1": 2}

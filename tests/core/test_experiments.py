"""Which cells run in the copy."""

from dataclasses import replace

from cot_magic.core.case import Cell, CellId, Dependency, Freshness
from cot_magic.core.experiments import replayed, watched
from cot_magic.core.findings import CellEdit, Stage
from cot_magic.testing import case


def cell(name: str, source: str, count: int | None, index: int) -> Cell:
    return Cell(id=CellId(name), source=source, execution_count=count, index=index)


A = cell("a", "rows = [1]", 1, 0)
B = cell("b", "def f(x):\n    return x.lenght", 2, 1)
C = cell("c", "unrelated = 1", 3, 2)
D = cell("d", "ready = f", 4, 3)
LATER = cell("later", "helper = 1", None, 5)
FAILING = cell("e", "ready(rows)", 5, 4)
CASE = replace(
    case(),
    cell=FAILING,
    cells=(A, B, C, D, FAILING, LATER),
    lineage=(
        Dependency(cell=A, names=("rows",)),
        Dependency(cell=B, names=("f",)),
        Dependency(cell=D, names=("ready",)),
        Dependency(cell=LATER, names=("helper",), freshness=Freshness.NOT_RUN),
    ),
)


def ran(edits, stage):
    return [step.cell for step in replayed(CASE, edits, stage)]


def edit(of: Cell, after: str) -> CellEdit:
    return CellEdit(cell=of.id, before=of.source, after=after)


def test_an_edit_of_the_failing_cell_runs_that_cell_alone() -> None:
    edits = (edit(FAILING, "ready(rows[0])"),)
    assert ran(edits, Stage.AFTER) == ["e"]
    assert replayed(CASE, edits, Stage.AFTER)[0].source == "ready(rows[0])"
    assert replayed(CASE, edits, Stage.BEFORE)[0].source == "ready(rows)"


def test_an_edit_of_an_earlier_cell_runs_it_and_what_depends_on_it_again() -> None:
    edits = (edit(B, "def f(x):\n    return len(x)"),)
    assert ran(edits, Stage.AFTER) == ["b", "d", "e"]


def test_the_control_runs_the_same_cells_without_the_edits() -> None:
    edits = (edit(B, "def f(x):\n    return len(x)"),)
    assert [step.source for step in replayed(CASE, edits, Stage.BEFORE)] == [
        B.source,
        D.source,
        FAILING.source,
    ]


def test_a_fix_may_consist_of_running_a_cell_that_has_not_run() -> None:
    edits = (CellEdit(cell=LATER.id, before=LATER.source, after=LATER.source),)
    assert ran(edits, Stage.AFTER)[0] == "later"
    assert "later" not in ran(edits, Stage.BEFORE)


def test_names_at_the_top_level_of_the_cells_are_watched_and_those_in_functions_are_not() -> None:
    edits = (edit(FAILING, "import math as m\nz = [q for q in rows]\ndef g():\n    inner = 1"),)
    names = watched(CASE, edits)
    assert {"ready", "rows", "m", "z", "g"} <= set(names)
    assert "inner" not in names

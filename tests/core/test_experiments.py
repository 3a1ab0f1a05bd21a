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


def again(*sources: str, edited: int, after: str) -> list[str]:
    """The cells that run in the copy, numbered, if the last one fails and depends on the edited one alone."""
    cells = [cell(str(place), source, place + 1, place) for place, source in enumerate(sources)]
    lineage = (Dependency(cell=cells[edited], names=()),)
    failed = replace(case(), cell=cells[-1], cells=tuple(cells), lineage=lineage)
    return [step.cell for step in replayed(failed, (edit(cells[edited], after),), Stage.AFTER)]


def test_what_was_changed_under_another_name_is_made_again() -> None:
    sources = ("df = load()", "other = df", "other.drop('a', axis=1, inplace=True)", "df['a']")
    assert again(*sources, edited=1, after="other = df.copy()") == ["0", "1", "3"]


def test_what_changed_the_value_before_the_edited_cell_runs_again_too() -> None:
    sources = ("rows = load()", "for part in (rows, more):\n    part.sort()", "rows.pop()", "rows[9]")
    assert again(*sources, edited=2, after="rows[-1]") == ["0", "1", "2", "3"]


def test_a_method_of_the_notebook_that_changes_its_object_counts_as_a_change() -> None:
    counter = "class Counter:\n    n = 0\n    def step(self):\n        self.n += 1\n        return self.n"
    sources = (counter, "c = Counter()", "print(c.step())", "a = c.step()", "use(a)")
    assert again(*sources, edited=3, after="a = c.step() - 1") == ["1", "2", "3", "4"]


def test_a_value_that_nothing_has_changed_is_not_made_again() -> None:
    sources = ("df = load()", "other = df.copy()", "other.drop('a', axis=1, inplace=True)", "df['a']")
    assert again(*sources, edited=1, after="other = df[['b']]") == ["1", "3"]

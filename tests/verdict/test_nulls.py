"""A test counts only if it reaches what a fix changes, also through functions of other cells."""

from cot_magic.core.case import Cell, CellId
from cot_magic.core.findings import CellEdit, Fix, FixId, HypothesisId, RegressionTest
from cot_magic.core.jobs import Limits
from cot_magic.testing import case
from cot_magic.verdict.nulls import null_fixes

RATE, TAX, OTHER = (
    Cell(id=CellId(name), source=f"def {name}(x):\n    return {value}")
    for name, value in (("rate", "x / 10"), ("tax", "rate(x) * x"), ("other", "x + 1"))
)


def reason_against(test: str) -> str:
    """Why a test of a fix of `rate` shows nothing, where the cells also define `tax` and `other`."""
    edit = CellEdit(cell=RATE.id, before=RATE.source, after=RATE.source.replace("10", "100"))
    fix = Fix(id=FixId("f1"), hypothesis=HypothesisId("h1"), edits=(edit,), why="")
    failed = case("print(tax('2'))", cells=(RATE, TAX, OTHER))
    return null_fixes(failed, fix, RegressionTest(name="test_1", source=test), limits=Limits(), allow=())[1]


def test_a_function_of_another_cell_that_calls_the_edited_one_reaches_it() -> None:
    assert reason_against("assert rate(200) == 2") == ""
    assert reason_against("assert tax(10) == 1") == ""


def test_a_function_that_does_not_call_it_shows_nothing() -> None:
    assert reason_against("assert other(1) == 2") == "test_1 does not use what the fix changes"


def test_an_item_of_a_part_of_an_object_changes_the_object() -> None:
    cell = Cell(id=CellId("c"), source="d = d.loc[0, 'k'] = 'y'")
    edit = CellEdit(cell=cell.id, before=cell.source, after="d.loc[0, 'k'] = 'y'")
    fix = Fix(id=FixId("f1"), hypothesis=HypothesisId("h1"), edits=(edit,), why="")
    test = RegressionTest(name="test_1", source="assert d['k'][0] == 'y'")
    experiment, reason = null_fixes(case(cell.source, cells=(cell,)), fix, test, limits=Limits(), allow=())
    assert reason == ""
    assert experiment is not None

"""An assert decides between readings only if it holds with other values as well."""

import ast
from typing import Any

import pytest

from cot_magic.core.case import CellId, Frame, Raised, Variable
from cot_magic.core.findings import CellEdit, Fix, FixId, HypothesisId
from cot_magic.core.jobs import JobResult, Limits, Outcome
from cot_magic.testing import case
from cot_magic.verdict import other_inputs
from cot_magic.verdict.other_inputs import OF_THESE_ALONE

CELL = CellId("c1")


def tried(source: str, new: str, **names: Any) -> tuple[bool | None, str]:
    """What comes of a fix of a cell whose last line is an assert that failed, in a copy with these names."""
    lineno = source.count("\n") + 1
    frame = Frame(function="<module>", filename="<cell>", lineno=lineno, cell=CELL)
    raised = Raised(ename="AssertionError", evalue="", bases=("AssertionError", "Exception"), frames=(frame,))
    known = tuple(
        Variable(name=name, type=type(item).__name__, text=repr(item)) for name, item in names.items()
    )
    fix = Fix(
        id=FixId("f1"),
        hypothesis=HypothesisId("h1"),
        edits=(CellEdit(cell=CELL, before=source, after=new),),
        why="",
    )
    failed = case(source, raised=raised, namespace=known)
    experiment, reason = other_inputs.other_inputs(failed, fix, limits=Limits(), allow=())
    if experiment is None:
        return False, reason
    tree = ast.parse(experiment.job.steps[-1].source)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    space = dict(names)
    exec(compile(tree, "<run>", "exec"), space)
    value = repr(eval(compile(ast.Expression(last.value), "<run>", "eval"), space))
    assert experiment.read is not None
    return experiment.read(JobResult(outcome=Outcome.PASSED, value=value))


@pytest.mark.parametrize("new", ["sum(parts)", "sum(parts[::-1])", "sum(part for part in parts)"])
def test_an_assert_about_what_was_given_holds_for_other_values(new: str) -> None:
    source = "total = sum(parts[1:])\nassert total - sum(parts) == 0"
    held, note = tried(source, source.replace("sum(parts[1:])", new, 1), parts=[4, 1, 2])
    assert held, note


@pytest.mark.parametrize("new", ["7", "parts[0] + 3", "len(parts) + 4"])
def test_what_fits_these_values_alone_is_told(new: str) -> None:
    source = "total = sum(parts[1:])\nassert total - sum(parts) == 0"
    held, note = tried(source, source.replace("sum(parts[1:])", new, 1), parts=[4, 1, 2])
    assert held is False
    assert "only holds for these values" in note


@pytest.mark.parametrize(
    ("asserted", "told"),
    [("total == 7", OF_THESE_ALONE), ("total > 3", "only sets a limit"), ("total >= sum(parts)", "limit")],
)
def test_an_example_or_a_limit_decides_nothing(asserted: str, told: str) -> None:
    source = f"total = sum(parts[1:])\nassert {asserted}"
    held, note = tried(source, source.replace("[1:]", "", 1), parts=[4, 1, 2])
    assert held is False
    assert told in note

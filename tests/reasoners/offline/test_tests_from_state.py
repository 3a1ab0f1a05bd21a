"""Regression tests that are written from what a fixed cell left behind."""

import ast

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Frame, Raised, Variable
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    HypothesisId,
    Stage,
)
from cot_magic.core.jobs import Outcome, StateItem
from cot_magic.reasoners.offline.tests_from_state import regression_tests


def written(before, after, state=(), output="", types=()):
    cell = Cell(id=CellId("a"), source=before, index=0, execution_count=1)
    variables = tuple(Variable(name=name, type=kind, text="") for name, kind in types)
    raised = Raised(
        ename="NameError",
        evalue="",
        frames=(Frame(function="<module>", filename="f", lineno=1, cell=cell.id, variables=variables),),
    )
    case = Case(cell=cell, raised=raised, environment=Environment(python="", platform=""), cells=(cell,))
    fix = Fix(
        id=FixId("f1"),
        edits=(CellEdit(cell=cell.id, before=before, after=after),),
        why="",
        hypothesis=HypothesisId("h1"),
    )
    items = tuple(
        StateItem(name=name, type="int", expression=name, text=text, literal=literal)
        for name, text, literal in state
    )
    seen = Evidence(
        id=EvidenceId("e1"),
        kind=EvidenceKind.FIX,
        about="f1",
        code="",
        outcome=Outcome.PASSED,
        stage=Stage.AFTER,
        state=items,
        output=output,
    )
    return regression_tests(case, fix, seen)


def test_the_values_of_assigned_names_are_asserted():
    (test,) = written("x = a + 1", "x = b + 1", [("b", "2", True), ("x", "3", True)])
    assert test.source == (
        "def test_x_gives_what_was_seen():\n    assert x == 3\n\n\ntest_x_gives_what_was_seen()\n"
    )


def test_a_function_is_called_again_where_the_call_was_not_edited():
    before = "def f(n):\n    return n + k\nx = f(2)"
    tests = written(before, before.replace("k", "n"), [("x", "4", True)])
    assert "assert f(2) == 4" in tests[0].source


def test_what_was_printed_is_asserted_of_the_call():
    before = "def f(n):\n    return n + k\nprint(f(2))"
    (test,) = written(before, before.replace("k", "n"), output="4\n")
    assert "assert str(f(2)) == '4'" in test.source


def test_asserts_of_the_cell_are_independent_and_come_first():
    before = "def f(n):\n    return n + k\nassert f(2) == 4\nx = 1"
    first, _ = written(before, before.replace("k", "n"), [("x", "1", True)])
    assert "    assert f(2) == 4\n" in first.source


@pytest.mark.parametrize(
    ("text", "literal"),
    [("<object>", False), ("1" * 400, True), ("nan", False)],
    ids=["object", "long", "nan"],
)
def test_a_value_that_cannot_be_told_gives_no_test(text, literal):
    assert written("x = a", "x = b", [("x", text, literal)]) == ()


def test_a_line_that_the_fix_changed_is_not_repeated_as_a_test():
    before = "def f(n):\n    return n\nx = f(a)"
    (test,) = written(before, "def f(n):\n    return n\nx = f(2)", [("x", "2", True)])
    assert "f(2)" not in test.source


def test_every_test_can_be_parsed_and_ends_by_calling_itself():
    for test in written("x = a\ny = [a]", "x = b\ny = [b]", [("x", "'a'", True), ("y", "['a']", True)]):
        assert isinstance(ast.parse(test.source).body[0], ast.FunctionDef)
        assert test.source.endswith(f"\n{test.name}()\n")


STACK = "s = Stack({})\nfor n in (1, 2):\n    s.push(n)\nassert s.pop() == 2\nassert s.pop() == 1"
MADE = (("s", "__main__.Stack"),)


def test_asserts_that_change_an_object_are_tested_on_a_new_one():
    """They hold once: after the cell has run, there is nothing left to take."""
    before = "missing\n" + STACK.format("size")
    (test,) = written(before, before.replace("missing", "True"), types=MADE)
    assert test.source.startswith(
        "def test_s_keeps_its_asserts():\n    s = Stack(size)\n    for n in (1, 2):\n        s.push(n)\n"
    )
    assert test.source.count("assert s.pop()") == 2


@pytest.mark.parametrize(
    "cell",
    [
        "assert s.pop() == 2\nassert missing",
        "s = Stack(total)\ntotal = 0\nassert s.pop() == 2\nassert missing",
        "s = Stack(total)\ntotal += 1\nassert s.pop() == 2\nassert missing",
    ],
)
def test_asserts_that_change_an_object_are_left_out_where_it_cannot_be_made_again(cell):
    assert not written(cell, cell.replace("missing", "True"), types=MADE)


def test_what_is_printed_is_a_test_of_its_own_beside_names_that_may_be_older():
    before, after = "n = 3\nt = m + 1\nprint(n)", "n = 3\nt = n + 1\nprint(n)"
    names, shown = written(before, after, [("n", "3", True), ("t", "4", True)], output="3\n")
    assert "assert t == 4" in names.source
    assert "assert" in shown.source
    assert "t ==" not in shown.source

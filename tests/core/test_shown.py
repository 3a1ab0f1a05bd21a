"""Which cells need no test of their own: those whose changed statements show their result, and nothing else."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    HypothesisId,
    Priority,
)
from cot_magic.core.jobs import SHOWN, Outcome, StateItem
from cot_magic.core.shown import shows_all

CELL: Any = SimpleNamespace(cell=SimpleNamespace(id=CellId("c1")))


def shows(
    before: str, after: str, output: str = "", shown: str | None = None, cell: str = "c1", until: str = ""
) -> bool:
    edit = CellEdit(cell=CellId(cell), before=before, after=after)
    fix = Fix(id=FixId("f1"), hypothesis=HypothesisId("h1"), priority=Priority.P0, edits=(edit,), why="")
    items = (
        ()
        if shown is None
        else (StateItem(name=SHOWN, type="int", expression=SHOWN, text=shown, literal=True),)
    )
    evidence = Evidence(
        id=EvidenceId("e1"),
        kind=EvidenceKind.FIX,
        about="f1",
        code="",
        outcome=Outcome.PASSED,
        output=output,
        state=items,
    )
    return shows_all(CELL, fix, evidence, replace(evidence, outcome=Outcome.RAISED, output=until, state=()))


def test_what_was_printed_before_the_failure_shows_nothing() -> None:
    before, after = "print('a')\nprint(d['aple'])", "print('a')\nprint(d['apple'])"
    assert shows(before, after, "a\n3\n", until="a\n")
    assert not shows(before, after, "a\n", until="a\n")


def test_what_is_printed_to_a_file_is_not_shown() -> None:
    assert not shows("print(d['aple'])", "print(d['apple'], file=log)", "something\n")


@pytest.mark.parametrize(
    ("before", "after", "output", "shown"),
    [
        ("print(d['aple'])", "print(d['apple'])", "3\n", None),
        ("d['aple'] + 1", "d['apple'] + 1", "", "4"),
        (
            "print('a')\nprint([x * k for x in xss])",
            "print('a')\nprint([x * k for x in xs])",
            "a\n[1]\n",
            None,
        ),
        ("print 'a'", "print('a')", "a\n", None),
        ("d = {'apple': 3}\nprint(d['aple'])", "d = {'apple': 3}\nprint(d['apple'])", "3\n", None),
    ],
)
def test_a_changed_statement_that_shows_its_result_needs_no_test(
    before: str, after: str, output: str, shown: str | None
) -> None:
    assert shows(before, after, output, shown)
    assert not shows(before, after)
    assert not shows(before, after, output, shown, cell="another")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "print('saving')\nsave(df, pth)",
            "print('saving')\nsave(df, path)",
        ),  # what is printed is of another statement
        ("save(df, pth)\nprint('done')", "save(df, path)\nprint('done')"),
        ("x = d['aple']\nprint(x)", "x = d['apple']\nprint(x)"),
        ("d.valus['a'] = 1\nprint(1)", "d.values['a'] = 1\nprint(1)"),
        ("import maths\nprint(1)", "import math\nprint(1)"),
        ("assert f(2) == 3\nprint(1)", "assert f(1) == 3\nprint(1)"),
        ("for x in xss:\n    print(x)", "for x in xs:\n    print(x)"),
        ("print(a)", "print()"),
    ],
)
def test_what_another_statement_shows_or_what_is_left_is_no_proof(before: str, after: str) -> None:
    assert not shows(before, after, "saving\ndone\n1\n")

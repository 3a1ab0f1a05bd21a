"""Failures that are got past: which fix goes on from which, and by what each is judged."""

from dataclasses import replace

import pytest

from cot_magic.core.case import CellId, Frame, Raised
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    Stage,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.progress import further, got_past, legs, place_of
from cot_magic.core.verdict import best_fix, judge_fix
from cot_magic.testing import case

SOURCE = "a = totl\nb = a + 1\nc = lenght(b)"
CELL = CellId("c1")


def raised(ename: str, evalue: str, lineno: int) -> Raised:
    frame = Frame(function="<module>", filename="<cell>", lineno=lineno, cell=CELL)
    return Raised(ename=ename, evalue=evalue, bases=(ename, "Exception"), frames=(frame,))


FIRST = raised("NameError", "name 'totl' is not defined", 1)
SECOND = raised("NameError", "name 'lenght' is not defined", 3)
CASE = case(SOURCE, raised=FIRST)


def fix(number: int, after: str, hypothesis: str = "h1") -> Fix:
    edit = CellEdit(cell=CELL, before=SOURCE, after=after)
    return Fix(id=FixId(f"f{number}"), edits=(edit,), why="", hypothesis=HypothesisId(hypothesis))


ONE = fix(1, SOURCE.replace("totl", "total"))
BOTH = fix(2, SOURCE.replace("totl", "total").replace("lenght", "length"), "h2")


def run(number: int, of: Fix, stage: Stage, then: Raised | None) -> Evidence:
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.FIX,
        about=of.id,
        code="",
        outcome=Outcome.PASSED if then is None else Outcome.RAISED,
        stage=stage,
        raised=then,
    )


def held(number: int, about: str) -> Evidence:
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.PROBE,
        about=about,
        code="",
        outcome=Outcome.PASSED,
        held=True,
    )


def runs(of: Fix, then: Raised | None, first: int = 1) -> list[Evidence]:
    return [run(first, of, Stage.BEFORE, FIRST), run(first + 1, of, Stage.AFTER, then)]


def verdict(of: Fix, evidence: list[Evidence], fixes: tuple[Fix, ...] = (ONE, BOTH)):
    return judge_fix(of, case=CASE, fixes=fixes, tests=[], evidence=evidence)


def test_a_fix_that_gets_further_is_progress_if_it_is_explained() -> None:
    told = verdict(ONE, [*runs(ONE, SECOND), held(3, "h1")])
    assert (told.verdict, told.partial) == (FixVerdict.PLAUSIBLE, 1)
    assert told.reasons[0].startswith("1 of 2 failures mended")
    assert verdict(ONE, runs(ONE, SECOND)).verdict is FixVerdict.REJECTED


@pytest.mark.parametrize(
    ("after", "then"),
    [
        (SOURCE.replace("totl", "total"), raised("NameError", "name 'x' is not defined", 1)),  # the same line
        ("try:\n    a = totl\nexcept NameError:\n    a = 1\nc = lenght(a)", SECOND),  # hides it
        (SOURCE.replace("totl", "max"), raised("TypeError", "no", 2)),  # not a spelling of it
    ],
)
def test_what_gets_no_further_or_changes_the_meaning_is_rejected(after: str, then: Raised) -> None:
    other = fix(1, after)
    told = verdict(other, [*runs(other, then), held(3, "h1")], (other,))
    assert (told.verdict, told.partial) == (FixVerdict.REJECTED, 0)


@pytest.mark.parametrize(
    "after",
    [
        "import gc\n" + SOURCE.replace("totl", "total"),
        "def run():\n    a = total\nrun()\nb = 1\nc = lenght(b)",
    ],
)
def test_a_fix_that_reaches_for_the_judge_or_wraps_the_code_is_no_progress(after: str) -> None:
    other = fix(1, after)
    there = raised("NameError", "name 'lenght' is not defined", after.count("\n") + 1)
    assert verdict(other, [*runs(other, there), held(3, "h1")], (other,)).partial == 0


def test_each_leg_is_about_the_failure_that_was_left() -> None:
    first, last = legs(CASE, BOTH, (ONE, BOTH), runs(ONE, SECOND))
    assert (first.case, first.edits, first.fix) == (CASE, ONE.edits, ONE)
    assert last.case.raised == SECOND
    assert last.case.cell.source == ONE.edits[0].after
    assert (last.edits[0].before, last.edits[0].after) == (ONE.edits[0].after, BOTH.edits[0].after)


def test_a_fix_that_changes_the_same_place_again_does_not_go_on_from_it() -> None:
    other = fix(2, SOURCE.replace("totl", "tot").replace("lenght", "length"))
    assert len(legs(CASE, other, (ONE, other), runs(ONE, SECOND))) == 1


def test_an_explanation_of_each_failure_is_needed() -> None:
    evidence = [*runs(ONE, SECOND), *runs(BOTH, None, 3), held(5, "h2")]
    assert "no probe confirmed the cause that it assumes" in verdict(BOTH, evidence).reasons
    assert (
        "no probe confirmed the cause that it assumes"
        not in verdict(BOTH, [*evidence, held(6, "h1")]).reasons
    )


def test_the_second_edit_is_judged_by_the_second_failure() -> None:
    evidence = [*runs(ONE, SECOND), *runs(BOTH, None, 3), held(5, "h2"), held(6, "h1")]
    assert not any("use `lenght`" in reason for reason in verdict(BOTH, evidence).reasons)
    alone = verdict(BOTH, evidence[2:], (BOTH,))
    assert any("use `lenght`" in reason for reason in alone.reasons)


def test_what_was_got_past_is_told_in_order() -> None:
    evidence = [*runs(ONE, SECOND), *runs(BOTH, None, 3)]
    found = got_past(CASE, BOTH, (ONE, BOTH), evidence)
    assert [(item.raised.ename, item.lineno, item.fix) for item in found] == [
        ("NameError", 1, "f1"),
        ("NameError", 3, "f2"),
    ]
    assert [item.fix for item in got_past(CASE, ONE, (ONE, BOTH), evidence)] == ["f1"]
    assert got_past(CASE, ONE, (ONE,), runs(ONE, FIRST)) == ()
    assert got_past(CASE, None, (), ()) == ()


def test_a_fix_with_which_the_cell_passes_is_better_than_one_that_gets_further() -> None:
    other = replace(fix(3, SOURCE + " "), hypothesis=HypothesisId("h9"))
    evidence = [*runs(ONE, SECOND), held(3, "h1"), *runs(other, None, 4)]
    fixes = (ONE, other)
    assert best_fix(fixes, lambda item: verdict(item, evidence, fixes)) == other


def test_a_place_counts_in_the_cell_as_it_was() -> None:
    edit = CellEdit(cell=CELL, before=SOURCE, after="import x\nimport y\n" + SOURCE)
    assert place_of(CASE.cell, (edit,), raised("NameError", "", 5)) == 3
    assert further(CASE, fix(1, edit.after), runs(fix(1, edit.after), raised("NameError", "", 3))) is None

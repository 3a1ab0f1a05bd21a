"""Verdicts on failures that come and go: from what searches over schedules showed, and nothing else."""

from dataclasses import replace

import pytest

from cot_magic.core.case import CellId, Raised
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    HypothesisVerdict,
    Stage,
)
from cot_magic.core.jobs import Outcome, Schedule, Witness
from cot_magic.core.schedules import ScheduleSearch
from cot_magic.core.verdict import judge_fix, judge_hypothesis
from cot_magic.testing import case

RAISED = Raised(ename="ZeroDivisionError", evalue="division by zero")
WITNESS = Witness(
    schedule=Schedule(seed=0, choices=(0, 1, 4)), minimised=(0, 0, 4), replays=6, replays_failed=6
)
FIX = Fix(
    id=FixId("f1"),
    edits=(CellEdit(cell=CellId("c1"), before="1 / 0", after="1 / 1"),),
    why="a lock",
    hypothesis=HypothesisId("h1"),
)
BEFORE = Evidence(
    id=EvidenceId("e1"),
    kind=EvidenceKind.SCHEDULE,
    about="order",
    code="",
    outcome=Outcome.RAISED,
    stage=Stage.BEFORE,
    held=True,
    raised=RAISED,
    schedule=ScheduleSearch(schedules=34, failed=3, asked=2_000, first_failure=11, witness=WITNESS),
)
AFTER = Evidence(
    id=EvidenceId("e2"),
    kind=EvidenceKind.SCHEDULE,
    about="f1",
    code="",
    outcome=Outcome.PASSED,
    stage=Stage.AFTER,
    held=True,
    hypothesis=HypothesisId("h1"),
    schedule=ScheduleSearch(schedules=2_000, failed=0, asked=2_000, witness_passed=True),
)
PLAIN = tuple(
    Evidence(
        id=EvidenceId(f"p{number}"),
        kind=EvidenceKind.FIX,
        about="f1",
        code="",
        outcome=Outcome.PASSED,
        stage=stage,
    )
    for number, stage in enumerate(Stage)
)


def verdict(*evidence: Evidence) -> tuple[FixVerdict, tuple[str, ...]]:
    judged = judge_fix(FIX, case=case(), fixes=[FIX], tests=[], evidence=[*PLAIN, *evidence])
    return judged.verdict, judged.reasons


def test_a_fix_is_verified_if_the_witness_passes_and_no_schedule_of_the_same_budget_fails() -> None:
    assert verdict(BEFORE, AFTER) == (FixVerdict.VERIFIED, ())


def test_without_a_failing_schedule_a_run_that_passed_before_proves_nothing() -> None:
    found, reasons = verdict(AFTER)
    assert found is FixVerdict.PLAUSIBLE
    assert "the failure did not repeat in the copy" in reasons


def test_a_fix_on_which_no_schedule_ran_is_plausible() -> None:
    found, reasons = verdict(BEFORE)
    assert found is FixVerdict.PLAUSIBLE
    assert "no schedule was run on the edited code" in reasons


def test_a_fix_under_which_a_schedule_still_fails_is_rejected() -> None:
    assert AFTER.schedule is not None
    search = replace(AFTER.schedule, failed=1, schedules=80, first_failure=77)
    still = replace(AFTER, outcome=Outcome.RAISED, raised=RAISED, held=None, schedule=search)
    assert verdict(BEFORE, still) == (
        FixVerdict.REJECTED,
        ("schedule 77 of the edited code raises ZeroDivisionError",),
    )


def test_a_fix_under_which_the_witness_still_fails_is_rejected() -> None:
    assert AFTER.schedule is not None
    still = replace(
        AFTER, outcome=Outcome.RAISED, held=None, schedule=replace(AFTER.schedule, witness_passed=False)
    )
    assert verdict(BEFORE, still)[0] is FixVerdict.REJECTED


@pytest.mark.parametrize(
    ("ran", "expected"),
    [(2_000, FixVerdict.VERIFIED), (400, FixVerdict.VERIFIED), (30, FixVerdict.PLAUSIBLE)],
)
def test_fewer_schedules_are_enough_only_if_the_rate_is_surely_lower(ran: int, expected: FixVerdict) -> None:
    assert AFTER.schedule is not None
    fewer = replace(AFTER, schedule=replace(AFTER.schedule, schedules=ran))
    assert verdict(BEFORE, fewer)[0] is expected


def test_a_witness_that_does_not_always_fail_again_is_none() -> None:
    assert BEFORE.schedule is not None
    shaky = replace(BEFORE, schedule=replace(BEFORE.schedule, witness=replace(WITNESS, replays_failed=5)))
    assert verdict(shaky, AFTER)[0] is FixVerdict.PLAUSIBLE


def test_another_failure_than_the_one_that_was_seen_is_no_witness() -> None:
    other = replace(BEFORE, raised=Raised(ename="KeyError", evalue="'x'"))
    assert verdict(other, AFTER)[0] is FixVerdict.PLAUSIBLE


def test_a_search_that_a_limit_stopped_is_not_read_as_success() -> None:
    blocked = replace(AFTER, outcome=Outcome.BLOCKED, note="no schedule finished", held=None)
    found, reasons = verdict(BEFORE, blocked)
    assert found is FixVerdict.PLAUSIBLE
    assert any("no schedule finished" in reason for reason in reasons)


def test_a_hypothesis_about_order_is_confirmed_by_a_failing_schedule() -> None:
    assert judge_hypothesis(HypothesisId("order"), [BEFORE]).verdict is HypothesisVerdict.CONFIRMED


def test_a_cause_is_confirmed_if_removing_it_removes_the_failure_from_all_schedules() -> None:
    assert judge_hypothesis(HypothesisId("h1"), [BEFORE, AFTER]).verdict is HypothesisVerdict.CONFIRMED


def test_a_search_that_finds_nothing_refutes_nothing() -> None:
    nothing = replace(BEFORE, outcome=Outcome.PASSED, held=None)
    assert judge_hypothesis(HypothesisId("order"), [nothing]).verdict is HypothesisVerdict.INCONCLUSIVE

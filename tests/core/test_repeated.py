"""Many runs of a cell: conditions that differ in one axis, what is counted, and what that says about a fix."""

import itertools
from collections.abc import Callable, Sequence

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.chance import Axis, Conditions
from cot_magic.core.engine import drive
from cot_magic.core.events import Event, EvidenceGathered, RepeatRuns, SearchAdvanced
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    HypothesisVerdict,
    Stage,
)
from cot_magic.core.jobs import AVAILABLE, Budget, Job, JobResult, Outcome, SandboxStatus
from cot_magic.core.repeated import decided_by, in_words, measured
from cot_magic.core.verdict import judge_fix, judge_hypothesis
from cot_magic.testing import ScriptedReasoner

CELL = Cell(id=CellId("c1"), source="draw()", index=0, execution_count=1)
CASE = Case(cell=CELL, raised=None, environment=Environment(python="3", platform="linux"), cells=(CELL,))
FIX = Fix(
    id=FixId("f1"),
    edits=(CellEdit(cell=CELL.id, before="draw()", after="draw(0)"),),
    why="seed it",
    hypothesis=HypothesisId("h1"),
)
Ending = Callable[[Job], Outcome]


class Chances:
    """A sandbox whose runs end as a function of their job says."""

    def __init__(self, ending: Ending) -> None:
        self.jobs: list[Job] = []
        self._ending = ending

    def status(self) -> SandboxStatus:
        return AVAILABLE

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        self.jobs += jobs
        return tuple(self._one(job) for job in jobs)

    def _one(self, job: Job) -> JobResult:
        outcome = self._ending(job)
        raised = Raised(ename="AssertionError", evalue="") if outcome is Outcome.RAISED else None
        return JobResult(outcome=outcome, step=len(job.steps) - 1, raised=raised)

    def close(self) -> None:
        """Nothing to close."""


def by_random(job: Job) -> Outcome:
    """Fails for every third seed of `random`, unless the code was edited."""
    assert job.conditions is not None
    seed = job.conditions.random or 0
    return Outcome.RAISED if seed % 3 == 0 and job.steps[-1].source == "draw()" else Outcome.PASSED


def by_random_always(job: Job) -> Outcome:
    """Fails for every third seed of `random`."""
    return Outcome.RAISED if job.conditions and (job.conditions.random or 0) % 3 == 0 else Outcome.PASSED


def events_of(sandbox: Chances, *requests: RepeatRuns, case: Case = CASE) -> list[Event]:
    budget = Budget(thinking_tokens=1, search_s=100.0, rounds=1, schedules=1, runs=60)
    ticks = itertools.count()
    reasoner = ScriptedReasoner(requests)
    return list(
        drive(case, reasoner, sandbox, intensity="cot", budget=budget, clock=lambda: next(ticks) / 1_000)
    )


def evidence_of(sandbox: Chances, *requests: RepeatRuns, case: Case = CASE) -> list[Evidence]:
    events = events_of(sandbox, *requests, case=case)
    return [item.evidence for item in events if isinstance(item, EvidenceGathered)]


def test_runs_are_counted_and_given_with_an_interval() -> None:
    (item,) = evidence_of(Chances(by_random), RepeatRuns(runs=60, vary=(Axis.RANDOM, Axis.CLOCK)))
    assert item.repeats is not None
    assert (item.repeats.runs, item.repeats.failed) == (60, 20)
    assert in_words(item.repeats) == "20 of 60 runs fail: 22 % to 47 % at 95 %"
    low, high = item.repeats.rate
    assert low < 1 / 3 < high


def test_below_twenty_runs_no_rate_is_given() -> None:
    (item,) = evidence_of(Chances(by_random), RepeatRuns(runs=9, vary=(Axis.RANDOM,)))
    assert item.repeats is not None
    assert in_words(item.repeats) == "3 of 9 runs fail"


def test_only_the_varied_axis_differs_and_the_rest_is_held() -> None:
    sandbox = Chances(lambda job: Outcome.PASSED)
    held = Conditions(random=5, numpy=5, clock=9.0, still=True)
    evidence_of(sandbox, RepeatRuns(runs=4, vary=(Axis.FILES,), held=held))
    conditions = [job.conditions for job in sandbox.jobs]
    assert all(
        item is not None and (item.random, item.clock, item.still) == (5, 9.0, True) for item in conditions
    )
    assert len({item.files for item in conditions if item is not None}) == 4


def test_runs_repeat_the_failing_cell_alone() -> None:
    above = Cell(id=CellId("c0"), source="import time; time.sleep(600)", index=0, execution_count=1)
    cell = Cell(id=CellId("c1"), source="draw()", index=1, execution_count=2)
    case = Case(cell=cell, raised=None, environment=CASE.environment, cells=(above, cell))
    sandbox = Chances(by_random)
    evidence_of(sandbox, RepeatRuns(runs=25, vary=(Axis.RANDOM, Axis.CLOCK)), case=case)
    assert len(sandbox.jobs) >= 25
    assert {tuple(step.cell for step in job.steps) for job in sandbox.jobs} == {(cell.id,)}


def test_the_same_seed_gives_the_same_conditions() -> None:
    one, other = Chances(by_random), Chances(by_random)
    for sandbox in (one, other):
        evidence_of(sandbox, RepeatRuns(runs=25, vary=(Axis.RANDOM, Axis.ZONE, Axis.CLOCK), seed=3))
    assert [job.conditions for job in one.jobs] == [job.conditions for job in other.jobs]


def test_the_axis_that_alone_flips_the_outcome_is_confirmed_and_another_refuted() -> None:
    evidence = evidence_of(
        Chances(by_random),
        RepeatRuns(runs=60, vary=(Axis.RANDOM, Axis.FILES)),
        RepeatRuns(
            runs=9,
            vary=(Axis.FILES,),
            held=Conditions(random=3),
            contrast=Conditions(random=4, files=4),
            about=HypothesisId("files"),
        ),
        RepeatRuns(runs=9, vary=(Axis.RANDOM,), held=Conditions(random=3), about=HypothesisId("random")),
    )
    assert judge_hypothesis(HypothesisId("files"), evidence).verdict is HypothesisVerdict.REFUTED
    assert judge_hypothesis(HypothesisId("random"), evidence).verdict is HypothesisVerdict.CONFIRMED
    assert decided_by(CASE, evidence) is Axis.RANDOM
    assert measured(evidence) is evidence[0]


def test_a_few_runs_that_end_alike_refute_nothing() -> None:
    few = RepeatRuns(runs=6, vary=(Axis.HASH,), held=Conditions(random=1), about=HypothesisId("few"))
    many = RepeatRuns(runs=24, vary=(Axis.HASH,), held=Conditions(random=1), about=HypothesisId("many"))
    evidence = evidence_of(Chances(lambda job: Outcome.PASSED), few, many)
    assert judge_hypothesis(HypothesisId("few"), evidence).verdict is HypothesisVerdict.INCONCLUSIVE
    assert judge_hypothesis(HypothesisId("many"), evidence).verdict is HypothesisVerdict.REFUTED


def test_an_axis_is_not_confirmed_if_the_same_conditions_end_differently() -> None:
    flips = itertools.cycle((Outcome.RAISED, Outcome.PASSED, Outcome.PASSED))
    request = RepeatRuns(runs=9, vary=(Axis.RANDOM,), held=Conditions(), about=HypothesisId("h1"))
    (item,) = evidence_of(Chances(lambda job: next(flips)), request)
    assert item.held is None
    assert "something else decides" in item.note
    assert judge_hypothesis(HypothesisId("h1"), [item]).verdict is HypothesisVerdict.INCONCLUSIVE


def test_runs_that_were_stopped_from_outside_do_not_count() -> None:
    (item,) = evidence_of(Chances(lambda job: Outcome.BLOCKED), RepeatRuns(runs=30, vary=(Axis.RANDOM,)))
    assert item.outcome is Outcome.BLOCKED
    assert item.repeats is not None
    assert item.repeats.runs == 0


def test_no_more_runs_are_made_if_none_ends() -> None:
    sandbox = Chances(lambda job: Outcome.BLOCKED)
    evidence_of(sandbox, RepeatRuns(runs=500, vary=(Axis.RANDOM,)))
    assert len(sandbox.jobs) < 500


def test_progress_is_told_between_batches() -> None:
    events = events_of(Chances(by_random), RepeatRuns(runs=60, vary=(Axis.RANDOM,)))
    assert [item.ran for item in events if isinstance(item, SearchAdvanced)] == [20, 40, 60]


@pytest.mark.parametrize(
    ("ending", "verdict", "said"),
    [
        (by_random, FixVerdict.PLAUSIBLE, "0 of 60 runs fail: below 4.9 % at 95 %"),
        (
            by_random_always,
            FixVerdict.REJECTED,
            "20 of 60 runs fail",
        ),
    ],
)
def test_a_fix_is_judged_by_the_rate_that_it_reaches(ending: Ending, verdict: FixVerdict, said: str) -> None:
    evidence = evidence_of(
        Chances(ending),
        RepeatRuns(runs=60, vary=(Axis.RANDOM,)),
        RepeatRuns(runs=60, vary=(Axis.RANDOM,), fix=FIX, about=FIX.hypothesis),
    )
    passed = Evidence(
        id=evidence[0].id,
        kind=EvidenceKind.FIX,
        about="f1",
        code="",
        outcome=Outcome.PASSED,
        stage=Stage.AFTER,
    )
    judged = judge_fix(FIX, case=CASE, fixes=[FIX], tests=[], evidence=[*evidence, passed])
    assert judged.verdict is verdict
    assert said in " ".join(judged.reasons)


def test_a_new_process_runs_the_cells_before_in_their_order() -> None:
    first = Cell(
        id=CellId("c0"), source="%load_ext cot_magic\nnames = {'a', 'b'}", index=0, execution_count=1
    )
    last = Cell(id=CellId("c1"), source="list(names)", index=2, execution_count=3)
    later = Cell(id=CellId("c2"), source="names = 0", index=1, execution_count=4)
    case = Case(cell=last, raised=None, environment=CASE.environment, cells=(first, later, last))
    sandbox = Chances(lambda job: Outcome.PASSED)
    request = RepeatRuns(runs=2, vary=(Axis.HASH,), held=Conditions(random=1))
    budget = Budget(thinking_tokens=1, search_s=100.0, rounds=1, schedules=1)
    list(drive(case, ScriptedReasoner([request]), sandbox, intensity="cot", budget=budget, clock=lambda: 0.0))
    assert [step.source for step in sandbox.jobs[0].steps] == [
        "# %load_ext cot_magic\nnames = {'a', 'b'}",
        "list(names)",
    ]
    assert [job.conditions.hash for job in sandbox.jobs if job.conditions is not None] == [0, 1]

"""Many runs of one cell: how they are made, and what they say about chance, and about a fix for it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cot_magic.core.case import Case, Raised
from cot_magic.core.chance import Axis, Conditions, Repeats, sampled
from cot_magic.core.edits import diff
from cot_magic.core.events import RepeatRuns, SearchAdvanced
from cot_magic.core.experiments import executed, replayed
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Fix, Stage
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.jobs import Job, JobResult, Limits, Outcome
from cot_magic.core.rates import LEAST_RUNS, failure_rate

BATCH = 20
PROCESSES_AT_ONCE = 6  # a new process takes much longer than a copy
REPLAYS = 2  # of the first failing and of the first passing run, each
UNCONTROLLED = "the same conditions do not always end the same way: something else decides as well"


@dataclass(slots=True)
class Series:
    """The runs of one request, made in batches so that progress is seen and a time limit is kept."""

    case: Case
    request: RepeatRuns
    limits: Limits
    allow: tuple[str, ...]
    ended: list[tuple[Conditions | None, JobResult]] = field(default_factory=list)
    lost: list[JobResult] = field(default_factory=list)
    replays: list[bool] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether each run is the whole notebook in a new process."""
        return Axis.HASH in self.request.vary

    def batches(self) -> Iterator[tuple[Job, ...]]:
        """The jobs of all runs, in batches."""
        size = PROCESSES_AT_ONCE if self.whole else BATCH
        for first in range(0, self.request.runs, size):
            yield self._jobs(range(first, min(first + size, self.request.runs)))

    def _jobs(self, numbers: Sequence[int]) -> tuple[Job, ...]:
        return tuple(self._job(self._conditions(number)) for number in numbers)

    def take(self, jobs: Sequence[Job], results: Sequence[JobResult]) -> None:
        """Count the results of jobs."""
        for job, result in zip(jobs, results, strict=True):
            in_the_cell = result.step == len(job.steps) - 1
            if in_the_cell and result.outcome in (Outcome.PASSED, Outcome.RAISED):
                self.ended.append((job.conditions, result))
            else:
                self.lost.append(result)

    def again(self) -> tuple[Job, ...]:
        """Jobs that repeat the first failing and the first passing run, if there are both."""
        first = [self._first(Outcome.RAISED), self._first(Outcome.PASSED)]
        if None in first:
            return ()
        return tuple(self._job(item[0]) for item in first if item is not None for _ in range(REPLAYS))

    def compare(self, results: Sequence[JobResult]) -> None:
        """Note which repeated runs ended as before."""
        expected = [Outcome.RAISED] * REPLAYS + [Outcome.PASSED] * REPLAYS
        self.replays = [result.outcome is wanted for result, wanted in zip(results, expected, strict=True)]

    def evidence(self, seconds: float, snapshot: str) -> Evidence:
        """What the runs showed."""
        request, found = self.request, self._repeats()
        failing = self._first(Outcome.RAISED)
        outcome = Outcome.RAISED if failing is not None else Outcome.PASSED
        note = ""
        if not self.ended:
            outcome, note = Outcome.BLOCKED, _why(self.lost)
        elif not all(self.replays):
            note = UNCONTROLLED
        fix = request.fix
        return Evidence(
            id=EvidenceId("e0"),
            kind=EvidenceKind.RUNS,
            about=fix.id if fix is not None else (request.about or ""),
            code="\n".join(diff(edit, self.case.label(edit.cell)) for edit in fix.edits)
            if fix is not None
            else self.case.cell.source,
            outcome=outcome,
            seconds=seconds,
            stage=Stage.BEFORE if fix is None else Stage.AFTER,
            held=self._held(found),
            raised=failing[1].raised if failing is not None else None,
            snapshot=snapshot,
            note=note,
            repeats=found,
            hypothesis=request.about if fix is not None else None,
        )

    # --- details --------------------------------------------------------------------------------------------

    def _job(self, conditions: Conditions | None) -> Job:
        request = self.request
        edits = request.fix.edits if request.fix is not None else ()
        if self.whole:
            steps = executed(self.case, edits)
        else:
            steps = replayed(self.case, edits, Stage.AFTER if edits else Stage.BEFORE)
        return Job(steps=steps, limits=self.limits, allow=self.allow, conditions=conditions)

    def _conditions(self, number: int) -> Conditions:
        request = self.request
        held = request.held or Conditions()
        drawn = sampled(request.seed, number, request.moment)
        if request.held is not None and Axis.CLOCK in request.vary:
            drawn = replace(drawn, still=number % 2 == 0)  # the speed of the machine is tried as well
        if number == 0 and request.contrast is not None:
            drawn = request.contrast
        for axis in request.vary:
            held = held.take(axis, drawn)
        return replace(held, unseeded=request.unseeded)

    def _first(self, outcome: Outcome) -> tuple[Conditions | None, JobResult] | None:
        """The first run that ended so; one that can be repeated exactly, if there is one."""
        found = [item for item in self.ended if item[1].outcome is outcome]
        exact = [item for item in found if item[0] is not None and (item[0].clock is None or item[0].still)]
        return next(iter(exact or found), None)

    def _repeats(self) -> Repeats:
        failing, passing = self._first(Outcome.RAISED), self._first(Outcome.PASSED)
        kinds = Counter(_kind(item.raised) for _, item in self.ended if item.outcome is Outcome.RAISED)
        return Repeats(
            vary=self.request.vary,
            asked=self.request.runs,
            runs=len(self.ended),
            failed=sum(item.outcome is Outcome.RAISED for _, item in self.ended),
            other=len(self.lost),
            failing=failing[0] if failing is not None else None,
            passing=passing[0] if passing is not None else None,
            replays=len(self.replays),
            alike=sum(self.replays),
            kinds=tuple(kinds.most_common(5)),
        )

    def _held(self, found: Repeats) -> bool | None:
        """Whether the prediction held that the varied axis alone decides; None if the runs do not tell."""
        if self.request.fix is not None or len(self.request.vary) != 1 or not found.runs:
            return None
        if not found.mixed:
            # a few runs that end alike say nothing, unless one took the value of a run that ended otherwise
            return False if self.request.contrast is not None or found.runs >= LEAST_RUNS else None
        return True if all(self.replays) else None


def progress(series: Series, left: float) -> SearchAdvanced:
    """How far the runs are."""
    found = len(series.ended) + len(series.lost)
    failed = sum(item.outcome is Outcome.RAISED for _, item in series.ended)
    return SearchAdvanced(
        ran=found, total=series.request.runs, failed=failed, seconds_left=max(0.0, left), stage="runs"
    )


def measured(evidence: Sequence[Evidence]) -> Evidence | None:
    """The runs that tell how often the unchanged cell fails: those in which the axis that decides varies."""
    runs = _before(evidence)
    free = next((item for item in runs if not item.about), None)
    decided = deciding(evidence)
    if decided is not None and decided.repeats is not None and Axis.HASH in decided.repeats.vary:
        return decided
    return free


def deciding(evidence: Sequence[Evidence]) -> Evidence | None:
    """The runs in which one axis alone decided whether the unchanged cell fails."""
    return next((item for item in _before(evidence) if item.held is True), None)


def decided_by(case: Case | None, evidence: Sequence[Evidence]) -> Axis | None:
    """The axis that decides whether the unchanged cell fails, if one does."""
    decided = deciding(evidence)
    if decided is not None and decided.repeats is not None:
        return decided.repeats.vary[0]
    found = failing_schedule(case, evidence)
    disturbed = found is not None and found.schedule is not None and found.schedule.disturbed
    return Axis.SCHEDULE if disturbed and by_chance(evidence) is not None else None


def by_chance(evidence: Sequence[Evidence]) -> Evidence | None:
    """The runs of the unchanged cell of which some failed and some passed."""
    return next((item for item in _before(evidence) if item.repeats is not None and item.repeats.mixed), None)


def repeated(fix: Fix, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest runs of the code with that fix."""
    runs = [item for item in evidence if item.kind is EvidenceKind.RUNS and item.stage is Stage.AFTER]
    found = [item for item in runs if item.about == fix.id]
    return found[-1] if found else None


def still_by_chance(fix: Fix, evidence: Sequence[Evidence]) -> str:
    """Why the fix does not help, if it fails as often as the unchanged cell does; else ""."""
    before, after = by_chance(evidence), repeated(fix, evidence)
    if before is None or after is None or before.repeats is None or after.repeats is None:
        return ""
    if not after.repeats.failed or after.repeats.rate[1] < before.repeats.rate[0]:
        return ""
    return f"with it, {after.repeats.failed:,} of {after.repeats.runs:,} runs fail"


def open_by_chance(fix: Fix, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What a fix for a cell that fails by chance leaves open. Nothing if the cell does not fail by chance.

    A seed or a tolerance makes the failure go away without showing that the code is right, so such a fix is
    never more than plausible.
    """
    if by_chance(evidence) is None:
        return ()
    after = repeated(fix, evidence)
    if after is None or after.repeats is None or not after.repeats.runs:
        return ("the cell fails by chance, and it was not run repeatedly with the fix",)
    return (f"the cell fails by chance; with the fix, {in_words(after.repeats)}",)


def in_words(found: Repeats) -> str:
    """How often it failed, for people: `0 of 200 runs fail: below 1.5 % at 95 %`."""
    verb = "fails" if found.failed == 1 else "fail"
    counted = f"{found.failed:,} of {found.runs:,} runs {verb}"
    if found.runs < LEAST_RUNS:
        return counted
    low, high = failure_rate(found.failed, found.runs)
    if not found.failed:
        return f"{counted}: below {_percent(high)} at 95 %"
    if found.failed == found.runs:
        return f"{counted}: above {_percent(low)} at 95 %"
    return f"{counted}: {_percent(low)} to {_percent(high)} at 95 %"


def _percent(rate: float) -> str:
    return f"{100 * rate:.2g} %" if rate < 0.1 else f"{100 * rate:.0f} %"


def _before(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    for item in evidence:
        if item.kind is EvidenceKind.RUNS and item.stage is Stage.BEFORE and item.repeats is not None:
            yield item


def _kind(raised: Raised | None) -> str:
    return raised.ename if raised is not None else "an error"


def _why(lost: Sequence[JobResult]) -> str:
    """Why no run ended."""
    if not lost:
        return "no run was made"
    first = lost[0]
    if first.outcome is Outcome.RAISED and first.raised is not None:
        return f"an earlier cell raised {first.raised.ename} when it ran again"
    return f"{first.outcome.lower()}: {first.note}".rstrip(": ")

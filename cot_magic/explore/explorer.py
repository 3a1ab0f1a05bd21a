"""The Explorer: searches as jobs in confined copies of the kernel, as it was before the cell ran."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from cot_magic.core.case import Case, CellId
from cot_magic.core.edits import diff
from cot_magic.core.events import ExploreSchedules, SearchAdvanced
from cot_magic.core.experiments import replayed
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Stage
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.protocols import Sandbox
from cot_magic.core.schedules import OtherFailure, ScheduleSearch
from cot_magic.explore.incopy import read_output, step_source
from cot_magic.explore.places import in_cells
from cot_magic.explore.report import Exploration
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.search import Search
from cot_magic.explore.search.values import Batch, BatchResult, Found, SearchResult, Trial
from cot_magic.explore.tokens import checksum, replay
from cot_magic.explore.witness import WitnessRuns

COT_LINE = re.compile(r"\A\s*(?:#\s*)?%%cot[^\n]*(?:\n|\Z)")  # no part of the checksum: the code is the same
AT_ONCE = 2
BATCH = 100
REPLAYS = 6
DESCRIBED = 3
"""How often a failing schedule is run to have its failure described, as it may pass by chance."""
SPARE_S = 15.0
"""Seconds on top of those of a batch, for a running schedule to end and for the copy itself."""
OUTPUT_BYTES = 3 << 20
UNCONTROLLED = (
    "a schedule failed as you saw it, but only in {} of {} replays: it also depends on something that is not "
    "controlled, such as the time of day, the system's entropy or something outside"
)
LOST = 0.9
"""If more than this share of the schedules fails in other ways than expected, the copy is to blame."""


class JobRunner:
    """Runs each batch in a confined copy of its own, after the earlier cells that have to run again."""

    def __init__(
        self,
        sandbox: Sandbox,
        steps: Sequence[JobStep],
        limits: Limits,
        allow: tuple[str, ...],
        reads: tuple[str, ...] | None = None,
    ) -> None:
        self._sandbox, self._earlier, self._cell = sandbox, tuple(steps[:-1]), steps[-1]
        self._limits, self._allow, self._reads = limits, allow, reads
        self.effects: dict[str, None] = {}

    @property
    def earlier(self) -> tuple[CellId | None, ...]:
        """The cells that run again before the explored one."""
        return tuple(step.cell for step in self._earlier)

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        waiting = iter(batches)
        while pair := list(islice(waiting, AT_ONCE)):
            for result in self._sandbox.run([self._job(batch) for batch in pair]):
                self.effects.update(dict.fromkeys(result.effects))
                yield _answer(result)

    def raised(self, trial: Trial, seconds: float) -> tuple[int, JobResult]:
        """Run one schedule until it fails, to have the failure described. Returns how often it ran, too."""
        job = self._job(Batch(trials=(trial,), seconds=seconds), raises=True)
        runs, result = 1, self._sandbox.run([job])[0]
        while result.outcome is Outcome.PASSED and runs < DESCRIBED:
            runs, result = runs + 1, self._sandbox.run([job])[0]
        return runs, result

    def _job(self, batch: Batch, *, raises: bool = False) -> Job:
        last = JobStep(source=step_source(self._cell.source, batch, raises=raises), cell=self._cell.cell)
        seconds = batch.seconds + SPARE_S
        limits = replace(
            self._limits,
            wall_s=max(self._limits.wall_s, seconds),
            cpu_s=max(self._limits.cpu_s, round(seconds)),
            output_bytes=OUTPUT_BYTES,
        )
        return Job(steps=(*self._earlier, last), limits=limits, allow=self._allow, reads=self._reads)


def _answer(result: JobResult) -> BatchResult:
    if result.outcome is Outcome.PASSED:
        return read_output(result.output)
    if result.raised is not None:
        return BatchResult(trouble=f"{result.raised.ename}: {result.raised.evalue}"[:300])
    outcome = result.outcome.lower().replace("_", " ")
    return BatchResult(trouble=f"{outcome}: {result.note}" if result.note else outcome)


class ScheduleExplorer:
    """Searches schedules of the failing cell, as it was or edited, in copies of the kernel.

    Parameters
    ----------
    seconds
        Real time that one search may take.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        seconds: float,
        limits: Limits | None = None,
        allow: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sandbox, self._seconds = sandbox, seconds
        self._limits, self._allow, self._clock = limits or Limits(), allow, clock
        self._witnesses = WitnessRuns()

    def explore(self, case: Case, request: ExploreSchedules) -> Iterator[Evidence | SearchAdvanced]:
        """Yield progress, then one evidence: a schedule fails as the person saw it, or none does."""
        edits = request.fix.edits if request.fix is not None else ()
        stage = Stage.BEFORE if request.fix is None else Stage.AFTER
        steps = replayed(case, edits, stage)
        runner = JobRunner(self._sandbox, steps, self._limits, self._allow, request.reads)
        expected = expected_of(case) if request.fix is None else None
        code = checksum([COT_LINE.sub("", step.source, count=1) for step in steps])
        started = self._clock()
        witness_passed: bool | None = None
        if request.witness is not None:
            unedited = replayed(case, (), Stage.BEFORE)
            as_found = JobRunner(self._sandbox, unedited, self._limits, self._allow, request.reads)
            witness_passed = self._witnesses.passes(request.witness, as_found, runner)
        if request.token:
            search = replay(runner, request.token, code, times=REPLAYS, expected=expected)
        else:
            searching = Search(
                runner,
                schedules=request.schedules,
                seed=request.seed,
                seconds=self._seconds,
                expected=expected,
                batch=BATCH,
                replays=REPLAYS,
                clock=self._clock,
            )
            yield from searching.steps(shrink=request.fix is None)
            search = searching.result
        evidence = self._evidence(case, request, runner, search, code, witness_passed)
        yield replace(evidence, seconds=self._clock() - started)
        if search.interrupted:
            raise KeyboardInterrupt

    # --- details ------------------------------------------------------------------------------------------

    def _tells(self, request: ExploreSchedules, outcome: Outcome, found: Found | None) -> bool:
        """Whether a prediction held: that a schedule fails; or, once one did, that none does with the fix.

        A search that finds nothing refutes nothing.
        """
        if request.fix is None:
            return found is not None and outcome is Outcome.RAISED
        return request.witness is not None and outcome is Outcome.PASSED

    def _evidence(
        self,
        case: Case,
        request: ExploreSchedules,
        runner: JobRunner,
        search: SearchResult,
        code: str,
        witness_passed: bool | None,
    ) -> Evidence:
        result = Exploration(search=search, seed=request.seed, code=code)
        found, fix = search.found, request.fix
        outcome, note, raised = Outcome.PASSED, "", None
        if found is not None:
            runs, again = runner.raised(Trial(choices=found.shortest, random_seed=found.random_seed), 1.0)
            outcome, note, raised = again.outcome, again.note, again.raised
            if fix is not None and outcome is Outcome.PASSED:  # it failed in the search, and when verified
                outcome, note = Outcome.RAISED, f"{search.failed:,} of {search.schedules:,} schedules fail"
            elif fix is None and (outcome is Outcome.PASSED or found.replays_failed < found.replays):
                # then it is neither a witness, nor evidence that nothing fails
                failed = found.replays_failed + (outcome is not Outcome.PASSED)
                outcome, note = Outcome.BLOCKED, UNCONTROLLED.format(failed, found.replays + runs)
        elif witness_passed is False:
            outcome, note = Outcome.RAISED, "the schedule that failed before still fails"
        elif not search.schedules or search.incomplete == search.schedules:
            outcome, note = Outcome.BLOCKED, search.trouble or "no schedule finished"
        elif sum(item.times for item in search.others) > LOST * search.schedules:
            outcome = Outcome.BLOCKED
            note = f"in a copy it fails with {search.others[0].failure.ename} instead"
        return Evidence(
            id=EvidenceId("e0"),
            kind=EvidenceKind.SCHEDULE,
            about=fix.id if fix is not None else (request.about or ""),
            code="\n".join(diff(edit, case.label(edit.cell)) for edit in fix.edits)
            if fix
            else case.cell.source,
            outcome=outcome,
            stage=Stage.BEFORE if fix is None else Stage.AFTER,
            held=True if self._tells(request, outcome, found) else None,
            hypothesis=request.about if fix is not None else None,
            output=str(result),
            raised=raised,
            effects=tuple(runner.effects),
            snapshot=self._sandbox.status().state,
            note=note or search.trouble,
            schedule=_described(request, search, result, case, runner.earlier, witness_passed),
        )


def _described(
    request: ExploreSchedules,
    search: SearchResult,
    result: Exploration,
    case: Case,
    again: Sequence[CellId | None],
    witness_passed: bool | None,
) -> ScheduleSearch:
    found = search.found
    witness, trace = result.witness, result.trace
    if trace is not None:
        trace = in_cells(trace, case, again)
    return ScheduleSearch(
        schedules=search.schedules,
        failed=search.failed,
        asked=1 if request.token else request.schedules,
        seed=request.seed,
        first_failure=found.number + 1 if found is not None else None,
        witness=witness,
        witness_passed=witness_passed,
        trace=trace,
        decisions=found.decisions if found is not None else 0,
        inevitable_after=found.inevitable_after if found is not None else None,
        waits=found.waits if found is not None else (),
        others=tuple(
            OtherFailure(ename=item.failure.ename, lineno=item.failure.lineno, times=item.times)
            for item in search.others
        ),
        incomplete=search.incomplete,
        contaminated=search.contaminated,
        seconds=search.seconds,
        interrupted=search.interrupted,
    )


def expected_of(case: Case) -> RunFailure | None:
    """The failure that the person saw, as far as the case has it; None for a cell that passed."""
    if case.raised is None:
        return None
    ename, frame = case.raised.ename, case.raised.innermost_in_cells
    if frame is None:
        return RunFailure(ename=ename)
    return RunFailure(ename=ename, lineno=frame.lineno, function=frame.function)

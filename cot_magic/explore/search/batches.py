"""Batches: what a process is asked to run, and what it answers, as plain values that go anywhere as JSON."""

import time
from dataclasses import dataclass, replace

from cot_magic.core.trace import Trace
from cot_magic.explore.asyncio.run import kept_random
from cot_magic.explore.decisions import Decisions, Failure, Replay, RunResult, Strategy
from cot_magic.explore.edited import Anchored, EditedReplay, anchored
from cot_magic.explore.program import Program
from cot_magic.explore.search.strategies import random_seed_of, strategy_of

MOST_KEPT = 3
"""Failing schedules of one batch that are reported with their choices; the others are counted."""
TIMEOUTS = ("Timeout", "Deadlock")
"""What a person sees as a cell that does not end is a deadlock here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One schedule to run.

    Attributes
    ----------
    number
        Its number in the search; the strategy follows from it where no choices are given.
    choices
        Choices to make again, whatever the number.
    then_search
        After these choices, go on by the strategy of the number instead of undisturbed.
    random_seed
        What the code's own random numbers are seeded with; None: what follows from seed and number.
    anchored
        Instead of `choices`: a schedule to make again on edited code, as far as it fits.
    """

    number: int = 0
    choices: tuple[int, ...] | None = None
    then_search: bool = False
    random_seed: str | None = None
    anchored: Anchored | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Schedules for one process: those numbered from `first` to before `stop`, or the given trials.

    Attributes
    ----------
    expected
        The failure that counts; None: any.
    shrink
        The one trial fails: shrink it, all in one process.
    seconds
        After so many real seconds no further one is started.
    """

    seed: int = 0
    first: int = 0
    stop: int = 0
    trials: tuple[Trial, ...] = ()
    horizon: int = 0
    expected: Failure | None = None
    detailed: bool = False
    shrink: bool = False
    seconds: float = 60.0

    @property
    def size(self) -> int:
        return len(self.trials) or self.stop - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One schedule that was run; `choices` are those that it made.

    `minimised` and `inevitable_after` are there if it was shrunk: `choices` are then those of the shrunk one.
    `anchored` is there if the batch is detailed and something completed outside. `unapplied` is how many of
    the decisions that were chosen in an anchored schedule did not come up.
    """

    number: int = 0
    random_seed: str | None = None
    failure: Failure | None = None
    failed: bool = False
    choices: tuple[int, ...] = ()
    waits: tuple[str, ...] = ()
    incomplete: str = ""
    trace: Trace | None = None
    minimised: tuple[int, ...] | None = None
    inevitable_after: int | None = None
    anchored: Anchored | None = None
    unapplied: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many schedules of a batch failed in that way."""

    failure: Failure
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch showed.

    Attributes
    ----------
    results
        For given trials: one of each that ran. For numbered schedules: the first few that failed as expected.
    failed
        How many failed as expected.
    decisions
        How many decisions the first schedule made.
    trouble
        Why nothing could be run, if so.
    """

    ran: int = 0
    failed: int = 0
    incomplete: int = 0
    results: tuple[TrialResult, ...] = ()
    counted: tuple[Counted, ...] = ()
    decisions: int = 0
    seconds: float = 0.0
    trouble: str = ""


class Continued:
    """Recorded choices, and after their end another strategy."""

    def __init__(self, choices: tuple[int, ...], then: Strategy) -> None:
        self._choices, self._then, self._place = choices, then, 0

    def pick(self, kind: str, n: int, lanes: object) -> int:
        self._place += 1
        if self._place <= len(self._choices):
            return max(0, min(self._choices[self._place - 1], n - 1))
        return self._then.pick(kind, n, lanes)  # type: ignore[arg-type]

    def next(self) -> int | None:
        self._place += 1
        return self._choices[self._place - 1] if self._place <= len(self._choices) else None

    def back(self) -> None:
        self._place -= 1


def run_batch(program: Program, batch: Batch) -> BatchResult:
    """Run the schedules of a batch in this process, one after the other, each from the same state."""
    with kept_random():
        return _shrunk(program, batch) if batch.shrink else _run_all(program, batch)


def _run_all(program: Program, batch: Batch) -> BatchResult:
    started = time.monotonic()
    trials = batch.trials or tuple(Trial(number=number) for number in range(batch.first, batch.stop))
    kept: list[TrialResult] = []
    counted: dict[Failure, int] = {}
    ran = failed = incomplete = decisions = 0
    for place, trial in enumerate(trials):
        if place and (time.monotonic() - started > batch.seconds or not program.restorable):
            break
        result = _run(program, batch, trial)
        ran += 1
        decisions = decisions or len(result.choices)
        incomplete += result.incomplete != ""
        if result.failed:
            failed += 1
        if result.failure is not None:
            key = replace(result.failure, evalue="")
            counted[key] = counted.get(key, 0) + 1
        if batch.trials or (result.failed and failed <= MOST_KEPT):
            kept.append(result)
    return BatchResult(
        ran=ran,
        failed=failed,
        incomplete=incomplete,
        results=tuple(kept),
        counted=tuple(Counted(failure=failure, times=times) for failure, times in counted.items()),
        decisions=decisions,
        seconds=time.monotonic() - started,
    )


def _run(program: Program, batch: Batch, trial: Trial) -> TrialResult:
    seed = trial.random_seed if trial.random_seed is not None else random_seed_of(batch.seed, trial.number)
    strategy: Strategy
    if trial.choices is None:
        strategy = strategy_of(batch.seed, trial.number, batch.horizon)
    elif trial.then_search:
        strategy = Continued(trial.choices, strategy_of(batch.seed, trial.number, batch.horizon))
    else:
        strategy = Replay(trial.choices)
    edited = EditedReplay(trial.anchored) if trial.anchored is not None else None
    decisions = edited or Decisions(strategy, detailed=batch.detailed)
    result: RunResult = program.run(decisions, seed, detailed=batch.detailed)
    return TrialResult(
        number=trial.number,
        random_seed=seed,
        failure=result.failure,
        failed=result.failure is not None and counts(batch.expected, result.failure),
        choices=result.choices,
        waits=result.waits,
        incomplete=result.incomplete,
        trace=result.trace,
        anchored=anchored(decisions.log, result.choices) if batch.detailed and decisions.log else None,
        unapplied=edited.unapplied if edited is not None else 0,
    )


def _shrunk(program: Program, batch: Batch) -> BatchResult:
    from cot_magic.explore.search.runner import InlineRunner
    from cot_magic.explore.search.shrink import Shrinker

    trial = batch.trials[0]
    if not program.restorable or batch.expected is None:
        return BatchResult(trouble="the state of this program is too large to be put back between schedules")
    shrinker = Shrinker(
        InlineRunner(program), trial.random_seed or "", batch.expected, batch.seed, batch.seconds
    )
    minimised = shrinker.minimise(trial.choices or ())
    last = _run(program, batch, replace(trial, choices=minimised))
    inevitable = shrinker.inevitable(last.choices) if last.failed else None
    result = replace(last, minimised=minimised, inevitable_after=inevitable)
    return BatchResult(ran=1, failed=int(last.failed), results=(result,), decisions=len(last.choices))


def counts(expected: Failure | None, seen: Failure) -> bool:
    """Whether a failure is the one that is looked for: same class, and same line and function where they are
    known."""
    if expected is None:
        return True
    if expected.ename in TIMEOUTS and seen.ename in TIMEOUTS:
        return True
    if expected.ename != seen.ename:
        return False
    if not expected.lineno:
        return True
    return (expected.lineno, expected.function) == (seen.lineno, seen.function)

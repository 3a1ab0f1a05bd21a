"""Runs batches in this process, one schedule after the other, each from the same state."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cot_magic.explore.decisions import Decisions, Replay, Strategy
from cot_magic.explore.edited import EditedReplay, anchored
from cot_magic.explore.program import Program
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.shrink import Shrinker
from cot_magic.explore.search.strategies import random_seed_of, strategy_of
from cot_magic.explore.search.values import Batch, BatchResult, Counted, Trial, TrialResult
from cot_magic.explore.state import kept_random

MOST_KEPT = 3
"""Failing schedules of one batch that are reported with their choices; the others are only counted."""
TIMEOUTS = ("Timeout", "Deadlock")
"""A cell that seems never to end is a deadlock here."""


class Continued(Replay):
    """Repeats recorded choices, and then follows another strategy."""

    def __init__(self, choices: Sequence[int], then: Strategy) -> None:
        super().__init__(choices)
        self._then = then

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        return super().pick(kind, n, lanes) if self._left else self._then.pick(kind, n, lanes)

    def next(self) -> int | None:
        left, recorded = self._left, super().next()
        return recorded if left else None

    @property
    def _left(self) -> bool:
        return self._place < len(self._choices)


class InlineRunner:
    """Runs batches in this process, where no other can be created."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        for batch in batches:
            yield run_batch(self._program, batch)


def run_batch(program: Program, batch: Batch) -> BatchResult:
    """Run the schedules of a batch in this process."""
    with kept_random():
        return _shrunk(program, batch) if batch.shrink else _run_all(program, batch)


def _run_all(program: Program, batch: Batch) -> BatchResult:
    started = time.monotonic()
    trials = batch.trials or tuple(Trial(number=number) for number in range(batch.first, batch.stop))
    kept: list[TrialResult] = []
    counted: dict[RunFailure, int] = {}
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
    result = program.run(decisions, seed, detailed=batch.detailed)
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
    trial = batch.trials[0]
    if not program.restorable or batch.expected is None:
        return BatchResult(trouble="the state of this program is too large to restore between schedules")
    shrinker = Shrinker(
        InlineRunner(program), trial.random_seed or "", batch.expected, batch.seed, batch.seconds
    )
    minimised = shrinker.minimise(trial.choices or ())
    last = _run(program, batch, replace(trial, choices=minimised))
    inevitable = shrinker.inevitable(last.choices) if last.failed else None
    result = replace(last, minimised=minimised, inevitable_after=inevitable)
    return BatchResult(ran=1, failed=int(last.failed), results=(result,), decisions=len(last.choices))


def counts(expected: RunFailure | None, seen: RunFailure) -> bool:
    """Whether a failure is the expected one: same class, and same line and function if these are known."""
    if expected is None:
        return True
    if expected.ename in TIMEOUTS and seen.ename in TIMEOUTS:
        return True
    if expected.ename != seen.ename:
        return False
    if not expected.lineno:
        return True
    return (expected.lineno, expected.function) == (seen.lineno, seen.function)

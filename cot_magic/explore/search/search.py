"""Runs batches of schedules until one fails as expected, and fails again in a process of its own."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from cot_magic.core.events import SearchAdvanced
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.shrink import SECONDS, Shrinker
from cot_magic.explore.search.values import (
    Batch,
    BatchResult,
    Counted,
    Found,
    Runner,
    SearchResult,
    Trial,
    TrialResult,
    run_one,
)

BATCH = 25
FIRST_BATCH = 8
BATCH_S = 5.0
REPLAYS = 10


class Search:
    """One search. It may be interrupted: `result` is what was found until then.

    Parameters
    ----------
    schedules, seconds
        Limits: schedules to run, and real time.
    expected
        The failure that counts; None: any.
    batch
        How many schedules run in one process.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        schedules: int,
        seed: int = 0,
        seconds: float = 30.0,
        expected: RunFailure | None = None,
        batch: int = BATCH,
        replays: int = REPLAYS,
        progress: Callable[[SearchAdvanced], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner, self._schedules, self._seed = runner, schedules, seed
        self._seconds, self._expected, self._size = seconds, expected, batch
        self._tell, self._clock, self._replays = progress, clock, replays
        self._started = clock()
        self._horizon = 0
        self._rest: list[tuple[int, int]] = []
        self._counted: dict[RunFailure, int] = {}
        self.result = SearchResult()

    def go(self, *, shrink: bool = True) -> SearchResult:
        """Search, verify, shrink and replay. Ctrl-C ends the search and keeps what was found."""
        for progress in self.steps(shrink=shrink):
            if self._tell is not None:
                self._tell(progress)
        return self.result

    def steps(self, *, shrink: bool = True) -> Iterator[SearchAdvanced]:
        """The same step by step: yields the progress after each batch. `result` is updated meanwhile."""
        try:
            found = yield from self._search()
            self._finish(found)
            if found is not None and shrink:
                yield from self._shrink(found)
        except KeyboardInterrupt:
            self._finish(self.result.found)
            self.result = replace(self.result, interrupted=True)

    # --- searching ----------------------------------------------------------------------------------------

    def _search(self) -> Generator[SearchAdvanced, None, Found | None]:
        first = run_one(self._runner, self._batch(0, 1))
        self._horizon = first.decisions
        found = self._take(self._batch(0, 1), first)
        if found is not None or self.result.trouble:
            return found
        running: list[Batch] = []

        def batches() -> Iterator[Batch]:
            for batch in self._batches():
                running.append(batch)
                yield batch

        results = self._runner.run(batches())
        try:
            for result in results:
                found = self._take(running.pop(0), result)
                yield self._progress("search")
                if found is not None or self.result.trouble:
                    return found
        finally:
            close = getattr(results, "close", None)
            if close is not None:
                close()
        return None

    def _batches(self) -> Iterator[Batch]:
        at, size = 1, min(FIRST_BATCH, self._size)
        while self._left() > 0:
            if self._rest:  # schedules for which a batch had no time
                yield self._batch(*self._rest.pop())
                continue
            if at >= self._schedules:
                return
            stop = min(at + size, self._schedules)
            yield self._batch(at, stop)
            at, size = stop, self._size

    def _batch(self, first: int, stop: int) -> Batch:
        return Batch(
            seed=self._seed,
            first=first,
            stop=stop,
            horizon=self._horizon,
            expected=self._expected,
            seconds=max(1.0, min(BATCH_S, self._left())),
        )

    def _take(self, batch: Batch, result: BatchResult) -> Found | None:
        """Count the schedules of a batch; return the first of its failures that repeats."""
        if result.trouble and not result.ran:
            self.result = replace(self.result, trouble=result.trouble)
            return None
        if 0 < result.ran < batch.size:
            self._rest.append((batch.first + result.ran, batch.stop))
        verified: Found | None = None
        bad = 0
        for trial in result.results:
            verified = self._verified(trial)
            if verified is not None:
                break
            bad += 1
        if result.failed and verified is None and batch.size > 1:
            return self._halved(batch, result)
        for counted in result.counted:
            self._counted[counted.failure] = self._counted.get(counted.failure, 0) + counted.times
        self.result = replace(
            self.result,
            schedules=self.result.schedules + result.ran,
            failed=self.result.failed + (result.failed if verified is not None or not bad else 0),
            incomplete=self.result.incomplete + result.incomplete,
            contaminated=self.result.contaminated + bad,
            found=verified,
        )
        return verified

    def _halved(self, batch: Batch, result: BatchResult) -> Found | None:
        """Run the batch again in halves: no failure repeats, so its schedules affect each other."""
        self.result = replace(self.result, contaminated=self.result.contaminated + result.failed)
        middle = (batch.first + batch.stop) // 2
        self._size = max(1, min(self._size, batch.size // 2))
        halves = [self._batch(batch.first, middle), self._batch(middle, batch.stop)]
        for half, answer in zip(halves, list(self._runner.run(halves)), strict=True):
            found = self._take(half, answer)
            if found is not None:
                return found
        return None

    def _verified(self, trial: TrialResult) -> Found | None:
        """The failing schedule, if the same choices fail again in a fresh process."""
        again = Trial(number=trial.number, choices=trial.choices, random_seed=trial.random_seed)
        batch = Batch(seed=self._seed, trials=(again,), expected=self._expected or trial.failure)
        answer = run_one(self._runner, batch)
        if not answer.results or not answer.results[0].failed or trial.failure is None:
            return None
        return Found(
            number=trial.number,
            random_seed=trial.random_seed or "",
            failure=trial.failure,
            choices=trial.choices,
            waits=answer.results[0].waits,
        )

    def _finish(self, found: Found | None) -> None:
        counts = [
            Counted(failure=failure, times=times)
            for failure, times in self._counted.items()
            if found is None or not failure.like(found.failure)
        ]
        self.result = replace(
            self.result, found=found, others=tuple(counts), seconds=self._clock() - self._started
        )

    # --- shrinking a failure ------------------------------------------------------------------------------

    def _shrink(self, found: Found) -> Iterator[SearchAdvanced]:
        """Shrink it in one process; if the result passes in fresh ones, in one for each experiment."""
        yield self._progress("shrinking it")
        outside = any(choice < 0 for choice in found.choices)  # a schedule takes longer then
        seconds = min(self._seconds / 2, SECONDS * (2 if outside else 1))
        shrinker = Shrinker(self._runner, found.random_seed, found.failure, self._seed, seconds)
        answer = shrinker.in_one_process(found.choices)
        minimised = answer.minimised if answer is not None else None
        replays = shrinker.replay(minimised, self._replays) if minimised is not None else []
        inevitable = answer.inevitable_after if answer is not None else None
        if minimised is None or not replays or not all(replay.failed for replay in replays):
            minimised, replays = self._shrunk_anew(shrinker, found, replays)
            yield self._progress("replaying it")
            failing = [replay for replay in replays if replay.failed]
            inevitable = shrinker.inevitable(failing[0].choices) if failing else None
        failing = [replay for replay in replays if replay.failed]
        found = replace(
            found,
            minimised=minimised,
            replays=len(replays),
            replays_failed=len(failing),
            decisions=len(failing[0].choices) if failing else 0,
            inevitable_after=inevitable,
        )
        self.result = replace(self.result, found=found)
        yield self._progress("tracing it")
        detailed = shrinker.detailed(minimised)
        if detailed is not None:
            found = replace(found, trace=detailed.trace, waits=detailed.waits or found.waits)
        self.result = replace(self.result, found=found)

    def _shrunk_anew(
        self, shrinker: Shrinker, found: Found, tried: list[TrialResult]
    ) -> tuple[tuple[int, ...], list[TrialResult]]:
        """Shrink it with a process for each experiment, and replay it.

        If something outside takes part, take all that happened there from a run that failed instead.
        """
        if any(choice < 0 for choice in found.choices):
            failing = [replay.choices for replay in tried if replay.failed]
            for choices in (*failing[:2], found.choices):
                replays = shrinker.replay(choices, self._replays)
                if all(replay.failed for replay in replays):
                    break
            return choices, replays
        minimised = shrinker.minimise(found.choices)
        return minimised, shrinker.replay(minimised, self._replays)

    def _left(self) -> float:
        return self._seconds - (self._clock() - self._started)

    def _progress(self, stage: str) -> SearchAdvanced:
        spent = max(1e-9, self._clock() - self._started)
        rate = self.result.schedules / spent
        left = (self._schedules - self.result.schedules) / rate if rate else self._seconds
        return SearchAdvanced(
            ran=self.result.schedules,
            total=self._schedules,
            failed=self.result.failed,
            per_second=rate,
            seconds_left=max(0.0, min(left, self._left())),
            stage=stage,
        )

"""Shrinks a failing schedule to the fewest disturbed choices, and finds where the failure became inevitable.

Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 2002)
over the places where a choice differs from the undisturbed one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

from cot_magic.explore.clock import real_monotonic
from cot_magic.explore.decisions import SLEEP_SCALES, held, spread
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.values import Batch, Runner, Trial, TrialResult, run_one

MOST_RUNS = 3_000  # experiments
ROUNDS = 8  # in which choices are merged
CONTINUATIONS = 12  # that have to fail for a prefix to be called inevitable
CONFIRMATIONS, CONFIRM_S = 5, 1.0  # if something outside takes part, a schedule may fail by chance
AT_ONCE, MOST_PLACES, SECONDS = 12, 48, 5.0  # candidates of a batch, places that are tried, real time
FEW = 3  # with more disturbed choices, other ones are tried as well
OTHERS, NEAR = 400, 8  # merged candidates of a round, and how near to a removed choice the new one is
MOST_CHOICES = len(SLEEP_SCALES)  # where there are fewer alternatives, the last one is taken


class Shrinker:
    """Experiments with one failing schedule.

    Parameters
    ----------
    failure
        The failure that counts.
    seconds
        Real time after which the best result so far is kept.
    """

    def __init__(
        self, runner: Runner, random_seed: str, failure: RunFailure, seed: int, seconds: float = SECONDS
    ) -> None:
        self._runner, self._random_seed, self._failure, self._seed = runner, random_seed, failure, seed
        self.runs, self._seconds = 0, seconds
        self._until = real_monotonic() + seconds
        self._accepted: list[dict[int, int]] = []

    def minimise(self, choices: Sequence[int]) -> tuple[int, ...]:
        """A schedule with as few disturbed choices as can be found, without trailing zeros."""
        disturbed = {place: choice for place, choice in enumerate(choices) if choice}
        outside = any(choice < 0 for choice in choices)
        if self._fails([{}]) == [True]:
            return ()
        if outside:
            return spread(self._minimised_with_outside(disturbed))
        kept = self._ddmin(disturbed)
        if len(kept) > FEW:
            kept = self._ddmin(self._otherwise(kept, len(choices)))
        for turn in range(ROUNDS):
            if len(kept) <= FEW:
                break
            kept = self._ddmin(self._merged(kept, len(choices), turn))
        return spread(kept)

    def in_one_process(self, choices: Sequence[int]) -> TrialResult | None:
        """Shrink it in one process, if possible: many times faster than in one for each experiment."""
        return self._failing(replace(self._batch([self._trial(choices)]), shrink=True, seconds=self._seconds))

    def replay(self, choices: Sequence[int], times: int) -> list[TrialResult]:
        """Run it again so many times, each time in a fresh process. Returns the result of each that ran."""
        batches = [self._batch([self._trial(choices)]) for _ in range(times)]
        return [answer.results[0] for answer in self._runner.run(batches) if answer.results]

    def inevitable(self, choices: Sequence[int]) -> int | None:
        """After how many of the choices every continuation that was tried fails.

        None if not even after all of them, or if it takes too long. A bisection: it assumes that what is
        inevitable stays so.

        Parameters
        ----------
        choices
            All choices of the failing run, including the undisturbed ones at its end.
        """
        low, high = 0, len(choices)
        until = real_monotonic() + min(SECONDS, self._seconds)
        if not high or not self._always_fails(choices):
            return None
        while low < high:
            if real_monotonic() > until:
                return None
            middle = (low + high) // 2
            if self._always_fails(choices[:middle]):
                high = middle
            else:
                low = middle + 1
        return high

    def detailed(self, choices: Sequence[int]) -> TrialResult | None:
        """One more run, with a trace; None if it did not fail this time."""
        return self._failing(replace(self._batch([self._trial(choices)]), detailed=True))

    def _failing(self, batch: Batch) -> TrialResult | None:
        results = run_one(self._runner, batch).results
        return results[0] if results and results[0].failed else None

    # --- ddmin --------------------------------------------------------------------------------------------

    def _ddmin(self, disturbed: dict[int, int]) -> dict[int, int]:
        pieces = 2
        while len(disturbed) > 1 and self.runs < MOST_RUNS:
            parts = _parts(list(disturbed), pieces)
            subsets = [{place: disturbed[place] for place in part} for part in parts]
            rests = [{k: v for k, v in disturbed.items() if k not in part} for part in map(set, parts)]
            candidates = [*subsets, *rests] if pieces > 2 else subsets
            failing = self._first_failing(candidates)
            if failing is not None:
                disturbed = candidates[failing]
                self._accepted.append(disturbed)
                pieces = 2 if failing < len(subsets) else max(pieces - 1, 2)
            elif pieces >= len(disturbed):
                break
            else:
                pieces = min(len(disturbed), 2 * pieces)
        return disturbed

    def _minimised_with_outside(self, disturbed: dict[int, int]) -> dict[int, int]:
        """A schedule with few disturbed choices that fails each time, with what happens outside left alone.

        First tries one source that is held back, or one sleep that takes longer, in an undisturbed schedule.
        Returns the given schedule if there is none.
        """
        made = {place: choice for place, choice in disturbed.items() if choice > 0}
        undisturbed = run_one(self._runner, self._batch([self._trial(())])).results
        choices = undisturbed[0].choices if undisturbed else ()
        itself = [place for place, choice in enumerate(choices) if choice < 0]
        sources = dict.fromkeys(held(-choices[place]) for place in itself)
        few = [{itself[0]: choice} for choice in sources if choice]
        few += [{place: choice} for place, choice in made.items()]
        found = self._first_steady(few)
        if found is not None:
            return found
        self._accepted = [disturbed, made]
        if self._fails([made]) == [True]:
            self._ddmin(made)
        best = next(filter(None, map(self._steady, reversed(self._accepted))), disturbed)
        if sum(choice > 0 for choice in best.values()) > FEW:
            others = [place for place in range(len(choices)) if place not in itself][:MOST_PLACES]
            found = self._first_steady([{place: MOST_CHOICES - 1} for place in others])
        return best if found is None else found

    def _first_steady(self, candidates: Sequence[dict[int, int]]) -> dict[int, int] | None:
        at = 0
        while (failing := self._first_failing(candidates[at:])) is not None:
            at += failing + 1
            found = self._steady(candidates[at - 1])
            if found is not None:
                return found
        return None

    def _steady(self, candidate: dict[int, int]) -> dict[int, int] | None:
        """The candidate if it fails each time; else the same with what happened outside, if that does."""
        if self._confirmed(candidate):
            return candidate
        again = self._as_it_was(candidate)
        return again if again is not None and self._confirmed(again) else None

    def _as_it_was(self, candidate: dict[int, int]) -> dict[int, int] | None:
        """The same with what happened outside in a run of it that failed; None if none failed."""
        trials = [self._trial(spread(candidate))] * AT_ONCE
        answer = run_one(self._runner, replace(self._batch(trials), seconds=1.0))
        failing = next((result for result in answer.results if result.failed), None)
        return (
            None if failing is None else {at: choice for at, choice in enumerate(failing.choices) if choice}
        )

    def _confirmed(self, candidate: dict[int, int]) -> bool:
        self._until = max(self._until, real_monotonic() + CONFIRM_S)
        return all(self._fails([candidate] * CONFIRMATIONS))

    def _otherwise(self, disturbed: dict[int, int], decisions: int) -> dict[int, int]:
        """Another schedule with one or two disturbed choices that fails; the given one if there is none.

        Delta debugging only removes choices; a sleep that takes four times as long may replace several.
        """
        decisions = min(decisions, MOST_PLACES)
        candidates = [
            {place: value} for value in range(MOST_CHOICES - 1, 0, -1) for place in range(decisions)
        ]
        pairs = sorted(combinations(range(decisions), 2), key=lambda pair: pair[1] - pair[0])
        strong = MOST_CHOICES - 1
        for one, other in ((strong, strong), (strong, 1), (1, strong)):
            candidates += [{pair[0]: one, pair[1]: other} for pair in pairs]
        failing = self._first_failing(candidates)
        return disturbed if failing is None else candidates[failing]

    def _merged(self, disturbed: dict[int, int], decisions: int, turn: int) -> dict[int, int]:
        """The same with one strong disturbed choice in place of two others, if that fails alike."""
        random = Random(f"{self._random_seed}:{turn}")  # noqa: S311 - not for secrets
        candidates = []
        for _ in range(OTHERS):
            rest = dict(disturbed)
            for place in random.sample(list(rest), 2):
                del rest[place]
            around = random.choice((*rest, random.randrange(decisions))) + random.randint(-NEAR, NEAR)
            rest[max(0, around)] = random.choice((MOST_CHOICES - 1, 1))
            candidates.append(rest)
        failing = self._first_failing(candidates)
        return disturbed if failing is None else candidates[failing]

    def _first_failing(self, candidates: Sequence[dict[int, int]]) -> int | None:
        for start in range(0, len(candidates), AT_ONCE):
            part = candidates[start : start + AT_ONCE]
            for place, failed in enumerate(self._fails(part)):
                if failed:
                    return start + place
        return None

    def _fails(self, candidates: Sequence[dict[int, int]]) -> list[bool]:
        if real_monotonic() > self._until:
            return [False] * len(candidates)
        self.runs += len(candidates)
        trials = [self._trial(spread(candidate)) for candidate in candidates]
        seconds = max(0.5, self._until - real_monotonic())
        answer = run_one(self._runner, replace(self._batch(trials), seconds=seconds))
        failed = [result.failed for result in answer.results]
        return failed + [False] * (len(trials) - len(failed))

    def _always_fails(self, prefix: Sequence[int]) -> bool:
        trials = [
            Trial(number=number, choices=tuple(prefix), then_search=True, random_seed=self._random_seed)
            for number in range(1, CONTINUATIONS + 1)
        ]
        answer = run_one(self._runner, self._batch(trials))
        return len(answer.results) == CONTINUATIONS and all(result.failed for result in answer.results)

    def _trial(self, choices: Sequence[int]) -> Trial:
        return Trial(choices=tuple(choices), random_seed=self._random_seed)

    def _batch(self, trials: Iterable[Trial]) -> Batch:
        return Batch(seed=self._seed, trials=tuple(trials), horizon=64, expected=self._failure)


def _parts(places: Sequence[int], pieces: int) -> list[list[int]]:
    size = -(-len(places) // pieces)
    return [list(places[start : start + size]) for start in range(0, len(places), size)]

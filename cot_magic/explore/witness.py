"""Whether the schedule that failed passes on edited code."""

from collections.abc import Sequence

from cot_magic.core.jobs import Witness
from cot_magic.explore.edited import Anchored
from cot_magic.explore.search.batches import Batch, Trial, TrialResult
from cot_magic.explore.search.runner import Runner

TRIES = 3
"""How often a schedule with things outside is run on the code as it was, until it fails as before."""


class WitnessRuns:
    """Runs witnesses on edited code.

    Where nothing completes outside of the code, the list of choices is made again as it is, cut to what fits.
    Else its places mean something else as soon as one completion more or less comes: then the schedule is
    anchored by a run on the code as it was, and made again on the edited code as far as it fits.
    """

    def __init__(self) -> None:
        self._known: dict[Witness, tuple[Anchored, ...]] = {}

    def passes(self, witness: Witness, as_found: Runner, edited: Runner) -> bool | None:
        """Whether the schedule that failed passes now: shrunk, and as it was found.

        None if that cannot be said: a limit stopped it; or in each form a decision that was chosen did not
        come up on the edited code; or neither form, once anchored, fails on the code as it was.

        Parameters
        ----------
        as_found, edited
            Run schedules of the code as it was when the witness was found, and of the edited code.
        """
        if not any(choice < 0 for choices in _both(witness) for choice in choices):
            trials = [_trial(witness, choices) for choices in _both(witness)]
            return _passed(_run(edited, witness, trials), len(trials))
        if witness not in self._known:
            self._known[witness] = _anchored(witness, as_found)
        schedules = self._known[witness]
        if not schedules:
            return None
        results = _run(edited, witness, [_fitted(witness, schedule) for schedule in schedules])
        passed = _passed(results, len(schedules))
        return None if passed and all(result.unapplied for result in results) else passed


def _both(witness: Witness) -> tuple[tuple[int, ...], ...]:
    return tuple(dict.fromkeys((witness.minimised, witness.schedule.choices)))


def _passed(results: Sequence[TrialResult], trials: int) -> bool | None:
    if any(result.failed for result in results):
        return False
    return None if len(results) < trials or any(result.incomplete for result in results) else True


def _anchored(witness: Witness, as_found: Runner) -> tuple[Anchored, ...]:
    """The schedule, shrunk and as it was found, as far as it fails so on the code as it was."""
    trials = [_trial(witness, choices) for choices in _both(witness)]
    found: dict[Anchored, None] = {}
    for _ in range(TRIES):
        strict = _run(as_found, witness, trials, detailed=True)
        schedules = [result.anchored for result in strict if result.failed and result.anchored is not None]
        if not schedules:
            continue
        again = _run(as_found, witness, [_fitted(witness, schedule) for schedule in schedules])
        for schedule, result in zip(schedules, again, strict=False):
            if result.failed and not result.unapplied:
                found[schedule] = None
        if found:
            break
    return tuple(found)


def _run(
    runner: Runner, witness: Witness, trials: Sequence[Trial], *, detailed: bool = False
) -> tuple[TrialResult, ...]:
    batch = Batch(trials=tuple(trials), seed=witness.schedule.seed, detailed=detailed)
    return next(iter(runner.run([batch]))).results


def _trial(witness: Witness, choices: tuple[int, ...]) -> Trial:
    return Trial(choices=choices, random_seed=witness.random_seed or None)


def _fitted(witness: Witness, schedule: Anchored) -> Trial:
    return Trial(anchored=schedule, random_seed=witness.random_seed or None)

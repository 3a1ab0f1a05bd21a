"""Runs the schedule that failed on edited code, to see whether it passes now."""

from collections.abc import Sequence

from cot_magic.core.jobs import Witness
from cot_magic.explore.edited import Anchored
from cot_magic.explore.search.values import Batch, Runner, Trial, TrialResult, run_one

TRIES = 3
"""How often a schedule with completions outside is run on the original code until it fails as before."""


class WitnessRuns:
    """Runs witnesses on edited code.

    If nothing completes outside, the list of choices is replayed as it is, limited to what is valid. Else its
    places shift with each completion that is added or missing: then the schedule is anchored by a run on the
    original code, and repeated on the edited code as far as it fits.
    """

    def __init__(self) -> None:
        self._known: dict[Witness, tuple[Anchored, ...]] = {}

    def passes(self, witness: Witness, as_found: Runner, edited: Runner) -> bool | None:
        """Whether the schedule that failed passes now, both shrunk and as it was found.

        None if that is unknown: a limit stopped it; or in both forms a disturbed decision did not come up on
        the edited code; or neither form, once anchored, fails on the original code.

        Parameters
        ----------
        as_found, edited
            Run schedules of the code for which the witness was found, and of the edited code.
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
    """The anchored schedule, shrunk and as it was found, in those forms that fail on the original code."""
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
    return run_one(runner, batch).results


def _trial(witness: Witness, choices: tuple[int, ...]) -> Trial:
    return Trial(choices=choices, random_seed=witness.random_seed or None)


def _fitted(witness: Witness, schedule: Anchored) -> Trial:
    return Trial(anchored=schedule, random_seed=witness.random_seed or None)

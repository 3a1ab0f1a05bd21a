"""What a search asks of a process and gets back, and what it finds: plain values that go anywhere as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.schedules import Trace
from cot_magic.explore.edited import Anchored
from cot_magic.explore.run_result import RunFailure

# --- batches: what a process runs -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One schedule to run.

    Attributes
    ----------
    number
        Its number in the search; the strategy follows from it unless choices are given.
    choices
        Choices to repeat, whatever the number.
    then_search
        After these choices, go on with the strategy of the number instead of undisturbed.
    random_seed
        Seed of the code's own random numbers; None: the one that follows from seed and number.
    anchored
        Instead of `choices`: a schedule to repeat on edited code, as far as it fits.
    """

    number: int = 0
    choices: tuple[int, ...] | None = None
    then_search: bool = False
    random_seed: str | None = None
    anchored: Anchored | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Schedules for one process: the given trials, or those numbered from `first` up to, excluding, `stop`.

    Attributes
    ----------
    horizon
        How many decisions the undisturbed schedule made; strategies choose places among so many.
    expected
        The failure that counts; None: any.
    shrink
        Shrink the one trial, which fails, all in one process.
    seconds
        Real time after which no further schedule is started.
    """

    seed: int = 0
    first: int = 0
    stop: int = 0
    trials: tuple[Trial, ...] = ()
    horizon: int = 0
    expected: RunFailure | None = None
    detailed: bool = False
    shrink: bool = False
    seconds: float = 60.0

    @property
    def size(self) -> int:
        return len(self.trials) or self.stop - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One schedule that was run; `choices` are those that it made.

    `minimised` and `inevitable_after` are set if it was shrunk: `choices` are then those of the shrunk one.
    `anchored` is set if the batch is detailed and something completed outside. `unapplied` is how many of the
    disturbed decisions of an anchored schedule did not come up.
    """

    number: int = 0
    random_seed: str | None = None
    failure: RunFailure | None = None
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
    """How many schedules failed in the same way."""

    failure: RunFailure
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch showed.

    Attributes
    ----------
    results
        For given trials: that of each one that ran. For numbered schedules: those of the first few that
        failed as expected.
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


class Runner(Protocol):
    """Runs batches, each in a state that no other batch has changed. Yields the results in their order."""

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]: ...


def run_one(runner: Runner, batch: Batch) -> BatchResult:
    return next(iter(runner.run([batch])))


def encoded(value: Batch | BatchResult) -> str:
    return json.dumps(to_json(value), separators=(",", ":"))


def batch_from(text: str) -> Batch:
    batch: Batch = from_json(Batch, json.loads(text))
    return batch


def result_from(text: str) -> BatchResult:
    result: BatchResult = from_json(BatchResult, json.loads(text))
    return result


# --- searches: what is found ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A schedule that fails, verified in a process of its own.

    Attributes
    ----------
    number
        Its number in the search, from 0.
    minimised
        The fewest disturbed choices that still fail, with zeros between them; None if it was not shrunk.
        Negative choices repeat what happened outside; they are not disturbed.
    replays, replays_failed
        How often the minimised schedule was run again, each time in a fresh process, and how often it failed.
    decisions
        How many decisions the minimised schedule makes, the undisturbed ones included.
    inevitable_after
        After so many of them every continuation that was tried failed; None if that was not searched.
    """

    number: int
    random_seed: str
    failure: RunFailure
    choices: tuple[int, ...]
    minimised: tuple[int, ...] | None = None
    replays: int = 0
    replays_failed: int = 0
    decisions: int = 0
    inevitable_after: int | None = None
    waits: tuple[str, ...] = ()
    trace: Trace | None = None

    @property
    def shortest(self) -> tuple[int, ...]:
        """The minimised choices; all choices if it was not shrunk."""
        return self.choices if self.minimised is None else self.minimised


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search showed.

    Attributes
    ----------
    schedules, failed
        How many schedules ran, and how many of them failed as expected.
    others
        Other failures, which do not count, and how often each occurred.
    contaminated
        How many failures did not repeat in a fresh process, and so do not count.
    trouble
        Why it stopped early, if so.
    """

    schedules: int = 0
    failed: int = 0
    found: Found | None = None
    others: tuple[Counted, ...] = ()
    incomplete: int = 0
    contaminated: int = 0
    seconds: float = 0.0
    trouble: str = ""
    interrupted: bool = False

    @property
    def per_second(self) -> float:
        return self.schedules / self.seconds if self.seconds else 0.0

"""What a search over schedules of concurrent code showed, as evidence carries it."""

from dataclasses import dataclass

from cot_magic.core.jobs import Witness
from cot_magic.core.rates import bound, failure_rate
from cot_magic.core.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFailure:
    """A failure that was seen on the way and is not the one that was looked for."""

    ename: str
    lineno: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSearch:
    """A search: how many schedules ran and failed, and the shrunk one that fails again, if one was found.

    Attributes
    ----------
    asked
        How many schedules were to run; fewer ran if time ran out or one that fails was found.
    failed
        How many failed as the person saw it.
    first_failure
        Number of the first failing schedule, from 1.
    witness_passed
        On edited code: whether the schedule that failed before passes now; None if none was given or it could
        not be run.
    decisions, inevitable_after
        How many decisions the shrunk schedule makes, and after how many of them every continuation that was
        tried failed.
    waits
        For a deadlock: who waits for whom, one sentence each.
    incomplete, contaminated
        Schedules that a limit stopped, and failures that did not repeat in a fresh process: neither counts.
    """

    schedules: int
    failed: int
    asked: int = 0
    seed: int = 0
    first_failure: int | None = None
    witness: Witness | None = None
    witness_passed: bool | None = None
    trace: Trace | None = None
    decisions: int = 0
    inevitable_after: int | None = None
    waits: tuple[str, ...] = ()
    others: tuple[OtherFailure, ...] = ()
    incomplete: int = 0
    contaminated: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def rate(self) -> tuple[float, float]:
        """Bounds of the rate of failure at 95 % confidence, under the sampler of the search."""
        return failure_rate(self.failed, self.schedules)

    @property
    def bound(self) -> str:
        """The same in words: `0 of 2,000: rate below 0.15 % at 95 % under this sampler`."""
        return bound(self.failed, self.schedules)

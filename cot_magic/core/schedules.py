"""What a search over schedules of concurrent code showed, as evidence carries it."""

from dataclasses import dataclass

from cot_magic.core.case import CellId
from cot_magic.core.jobs import Witness
from cot_magic.core.rates import bound, failure_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """Code that one task or thread ran before the next switch.

    Attributes
    ----------
    at
        Virtual time in seconds since the start of the schedule.
    lane
        Index into `Trace.lanes`.
    lineno
        1-based line of `filename` (or of the cell) where the step starts; 0 if unknown.
    line
        That source line, without indentation or newline.
    cell
        Id of the cell whose code this is; None for a file.
    touched
        The shared object that is read or written there, as the source names it (`self.balance`, `lock`);
        empty if unknown.
    deviation
        What the explorer decided differently from an undisturbed run (`goes first`, `takes 4x as long`);
        empty if nothing.
    error
        What the step raised: class and message on one line.
    waits
        What the lane waits for after the step, and who holds it (`lock, held by Thread-2`); empty if nothing.
    decided
        How many decisions the schedule had made before the step.
    """

    at: float
    lane: int
    lineno: int = 0
    line: str = ""
    filename: str = ""
    cell: CellId | None = None
    touched: str = ""
    deviation: str = ""
    error: str = ""
    waits: str = ""
    decided: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One schedule as lanes (names of tasks and threads, in starting order) and steps in order.

    Attributes
    ----------
    left_out
        How many steps are not in `steps` because there were too many.
    """

    lanes: tuple[str, ...]
    steps: tuple[TraceStep, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFailure:
    """A failure that the search found but was not looking for."""

    ename: str
    lineno: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSearch:
    """A search: how many schedules ran and failed, and the shrunk failing one, if there is one.

    Attributes
    ----------
    asked
        How many schedules should run; fewer did if time ran out or a failing one was found.
    failed
        How many failed as the person saw it.
    first_failure
        Number of the first failing schedule, from 1.
    witness_passed
        On edited code: whether the schedule that failed before passes; None if there was none or it could not
        run.
    decisions, inevitable_after
        How many decisions the shrunk schedule makes, and after how many of them all continuations that were
        tried failed.
    waits
        For a deadlock: who waits for whom, one sentence each.
    incomplete, contaminated
        Schedules stopped by a limit, and failures that did not repeat in a fresh process: neither count.
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
    def disturbed(self) -> bool:
        """Whether a schedule failed that differs from an undisturbed run."""
        if self.witness is None:
            return False
        return any(choice > 0 for choice in self.witness.minimised) or self.first_failure != 1

    @property
    def bound(self) -> str:
        """The same in words: `0 of 2,000: rate below 0.15 % at 95 % under this sampler`."""
        return bound(self.failed, self.schedules)

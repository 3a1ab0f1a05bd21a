"""What happened in one schedule, step by step, as a picture of lanes can show it."""

from dataclasses import dataclass

from cot_magic.core.case import CellId


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """A stretch of code that one task or thread ran before another had its turn.

    Attributes
    ----------
    at
        Virtual time in seconds since the start of the schedule.
    lane
        Index into `Trace.lanes`.
    lineno
        1-based line of `filename` (or of the cell) where the stretch starts; 0 where it is unknown.
    line
        That source line, without indentation or newline.
    cell
        Id of the cell whose code this is; None for a file.
    touched
        The shared thing that is read or written there, as the source names it (`self.balance`, `lock`); empty
        where it cannot be told.
    deviation
        What the explorer decided here other than an undisturbed run would have (`goes first`, `takes 4x as
        long`); empty where nothing was changed.
    error
        How the stretch ended, if it raised: class and message on one line.
    waits
        What the lane waits for after the stretch, and who holds it (`lock, held by Thread-2`); empty if for
        nothing.
    decided
        How many decisions of the schedule had been made before the stretch.
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
    """One schedule as lanes (names of tasks and threads, in order of their start) and steps in their order.

    Attributes
    ----------
    left_out
        How many steps are not in `steps` because there were too many.
    """

    lanes: tuple[str, ...]
    steps: tuple[TraceStep, ...]
    left_out: int = 0

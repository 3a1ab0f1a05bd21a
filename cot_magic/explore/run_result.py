"""How one run ends: its result as a value, and the exceptions that stop it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from cot_magic.core.schedules import Trace
from cot_magic.explore.places import of_the_user


class Deadlock(BaseException):
    """No task or thread can ever go on.

    `waits` says who waits for whom. Not an Exception, so that no `except Exception` of the user catches it.
    """

    def __init__(self, message: str, waits: Sequence[str] = ()) -> None:
        self.waits = tuple(waits)
        super().__init__(message)


class LimitReached(BaseException):
    """A limit of ours stopped the run; it says nothing about the code."""


class Abandoned(BaseException):
    """The run is over: ends a thread that is still blocked in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """How a run failed: the exception, and the innermost frame of the user's code.

    `filename`, `lineno` and `function` are empty or 0 where no frame is the user's (a deadlock).
    """

    ename: str
    evalue: str = ""
    filename: str = ""
    lineno: int = 0
    function: str = ""

    def like(self, other: "RunFailure") -> bool:
        """Whether both are the same failure: the same class at the same line of the same function."""
        return (self.ename, self.lineno, self.function) == (other.ename, other.lineno, other.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What one run under a schedule did.

    Attributes
    ----------
    failure
        None if the code passed.
    choices
        All decisions that were made until it ended; see `Decisions.made`.
    steps
        How many callbacks of the loop ran, or how many points the threads passed.
    virtual_s
        Seconds that passed for the code.
    waits
        For a deadlock: who waits for whom, one sentence each.
    trace
        Lanes and steps, if asked for.
    exception
        The live exception, for callers in the same process.
    incomplete
        Which limit of ours stopped the run, so that it says nothing about the code; empty if it ended.
    """

    failure: RunFailure | None
    choices: tuple[int, ...] = ()
    steps: int = 0
    virtual_s: float = 0.0
    waits: tuple[str, ...] = ()
    trace: Trace | None = None
    exception: BaseException | None = None
    incomplete: str = ""


def failure_of(error: BaseException) -> RunFailure:
    """The failure as a value."""
    place: TracebackType | None = None
    entry = error.__traceback__
    while entry is not None:
        if of_the_user(entry.tb_frame.f_code.co_filename):
            place = entry
        entry = entry.tb_next
    try:
        text = str(error)[:500]
    except Exception as broken:  # the user's own __str__
        text = f"<exception str() failed: {type(broken).__name__}>"
    if place is None:
        return RunFailure(ename=type(error).__name__, evalue=text)
    code = place.tb_frame.f_code
    return RunFailure(
        ename=type(error).__name__,
        evalue=text,
        filename=code.co_filename,
        lineno=place.tb_lineno,
        function=code.co_name,
    )

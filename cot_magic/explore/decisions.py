"""Decisions of a scheduler as a list of integers, and what one run under them showed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cot_magic.core.trace import Trace

TASK, THREAD, SLEEP, LATE = "task", "thread", "sleep", "late"
"""What is decided: which ready task runs, which thread runs, how long a sleep takes, how late another timer
fires, how long a completed read or write is held back."""


class Strategy(Protocol):
    """Makes the choices of one run. Zero is always what would happen without us."""

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        """A number from 0 to n - 1.

        Parameters
        ----------
        kind
            One of `TASK`, `THREAD`, `SLEEP`, `LATE`.
        lanes
            For `TASK` and `THREAD`: the numbers of the candidates, the undisturbed one first. For `SLEEP`:
            who sleeps. A task or thread keeps its number through the run.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision that was made: `choice` of `n`, at which source line (`file.py:12 withdraw`)."""

    kind: str
    n: int
    choice: int
    where: str = ""


class Decisions:
    """The one list that all choices of a run go through, those of tasks, timers and threads alike.

    Attributes
    ----------
    made
        The choices so far, in order. Given to `Replay`, they make the same run again.
    log
        The same with kind, number of alternatives and place; None unless the run is `detailed`.
    """

    __slots__ = ("_pick", "log", "made")

    def __init__(self, strategy: Strategy, *, detailed: bool = False) -> None:
        self._pick = strategy.pick
        self.made: list[int] = []
        self.log: list[Choice] | None = [] if detailed else None

    def choose(self, kind: str, n: int, where: str | None = None, lanes: Sequence[int] | None = None) -> int:
        """One of n alternatives. Where there is only one, nothing is decided and nothing recorded."""
        if n < 2:
            return 0
        choice = self._pick(kind, n, lanes)
        self.made.append(choice)
        if self.log is not None:
            self.log.append(Choice(kind=kind, n=n, choice=choice, where=where or ""))
        return choice

    def undisturbed(self) -> None:
        """Make no more choices of our own: what is left of the run (its tidying up) goes as without us."""
        self._pick = _zero


def _zero(kind: str, n: int, lanes: Sequence[int] | None) -> int:
    return 0


class Undisturbed:
    """The schedule that asyncio or the GIL would have taken."""

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        return 0


class Replay:
    """Makes recorded choices again; after their end, none. One that does not fit any more is cut to what
    fits."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices, self._place = choices, 0

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        place = self._place
        self._place = place + 1
        return min(self._choices[place], n - 1) if place < len(self._choices) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a run failed: what was raised, and the innermost frame of the user's code.

    `filename`, `lineno` and `function` are empty or 0 where no frame is the user's (a deadlock).
    """

    ename: str
    evalue: str = ""
    filename: str = ""
    lineno: int = 0
    function: str = ""

    def like(self, other: "Failure") -> bool:
        """Whether both are the same failure: the same class at the same line of the same function."""
        return (self.ename, self.lineno, self.function) == (other.ename, other.lineno, other.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What one schedule did.

    Attributes
    ----------
    failure
        None if the code passed.
    choices
        All decisions that were made until it ended.
    steps
        How many callbacks (or stretches of threads) ran.
    virtual_s
        Seconds that passed for the code.
    waits
        For a deadlock: who waits for whom, one sentence each.
    trace
        Lanes and steps, if they were asked for.
    exception
        The live exception, for who runs it in the same process.
    incomplete
        Why the run was stopped by a limit of ours and says nothing about the code; empty if it ended.
    """

    failure: Failure | None
    choices: tuple[int, ...] = ()
    steps: int = 0
    virtual_s: float = 0.0
    waits: tuple[str, ...] = ()
    trace: Trace | None = None
    exception: BaseException | None = None
    incomplete: str = ""

"""Decisions of a scheduler as a list of integers, and what one run under them showed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cot_magic.core.trace import Trace

TASK, THREAD, SLEEP, LATE, OUTSIDE = "task", "thread", "sleep", "late", "outside"
"""What is decided: which ready task runs, which thread runs, how long a sleep takes, how late another timer
fires, whether what completed outside is held back (recorded is then what was delivered in which order)."""

Ask = Callable[[int, int], int]
"""Whether to hold something back that completed outside: which of n ways (0: not), and what it is."""


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
            who sleeps. For `OUTSIDE`: what completed, as a negative number. A task or thread keeps its
            number through the run.
        """
        ...


class Recorded(Strategy, Protocol):
    """A strategy that makes recorded choices again."""

    def next(self) -> int | None:
        """The next recorded choice, passed over by that; None after the end of the record."""
        ...

    def back(self) -> None:
        """Go back by one choice."""
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
        The choices so far, in order. Given to `Replay`, they make the same run again. Negative where nobody
        chose: what completed outside came so by itself.
    log
        The same with kind, number of alternatives and place; None unless the run is `detailed`.
    """

    __slots__ = ("_back", "_held", "_next", "_pick", "log", "made")

    edited = False
    """Whether they were made on other code: what cannot come any more is passed over."""

    def __init__(self, strategy: Strategy, *, detailed: bool = False) -> None:
        self._pick = strategy.pick
        self._next: Callable[[], int | None] = getattr(strategy, "next", _nothing)
        self._back: Callable[[], None] = getattr(strategy, "back", _nothing)
        self.made: list[int] = []
        self._held = False
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

    def observe(self, look: Callable[[int, Ask | None], int], where: str | None = None) -> int:
        """Record as a choice what the world outside did.

        Parameters
        ----------
        look
            Given the recorded choice, which it has to bring about (0: none is recorded, what comes is taken),
            and what it may ask whether something is held back (None: nothing may be), it answers with what
            happened, as a number above 0, which is returned. 0 for something that is in no record: the same
            recorded choice comes again.
        """
        recorded = self._next()
        self._held = recorded is not None and recorded > 0
        seen = look(abs(recorded or 0), self._ask if recorded is None else None)
        if not seen:
            self._back()
            return 0
        self.made.append(seen if self._held else -seen)
        if self.log is not None:
            self.log.append(Choice(kind=OUTSIDE, n=0, choice=recorded or 0, where=where or ""))
        return seen

    def expects(self, source: int) -> bool:
        """Whether, on edited code, something of that source is still to come by the record."""
        return False

    def _ask(self, n: int, lane: int) -> int:
        choice = self._pick(OUTSIDE, n, (lane,))
        self._held = self._held or choice > 0
        return choice

    def undisturbed(self) -> None:
        """Make no more choices of our own: what is left of the run (its tidying up) goes as without us."""
        self._pick, self._next = _zero, _nothing


def _nothing() -> None:
    return None


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
        return max(0, min(self._choices[place], n - 1)) if place < len(self._choices) else 0

    def next(self) -> int | None:
        place = self._place
        self._place = place + 1
        return self._choices[place] if place < len(self._choices) else 0

    def back(self) -> None:
        self._place -= 1


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
        All decisions that were made until it ended; see `Decisions.made`.
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

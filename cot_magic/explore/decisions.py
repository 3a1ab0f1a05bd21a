"""The decision list of a run: every choice of the scheduler, and every completion outside, as an integer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

TASK, THREAD, SLEEP, LATE, OUTSIDE = "task", "thread", "sleep", "late", "outside"
"""What is decided: which ready task runs, which thread runs, how long a sleep takes, how late another timer
fires, whether something that completed outside is held back (the entry then records what was delivered)."""
SLEEP_SCALES = (1.0, 0.25, 0.5, 2.0, 4.0)
"""How long a sleep takes for each choice of `SLEEP`, as a multiple of its argument."""

CLOCK = 1
"""Entry of `OUTSIDE`: the clock advanced to the next timer, and nothing was delivered before that."""
FIRST, TIMES = 2, 32
"""Entry of `OUTSIDE` for source s: `FIRST + s * TIMES + t`, where t is an index into `GRID`, or `HELD`."""
GRID = (0.0, *(0.01 * 2 ** (step / 2) for step in range(TIMES - 2)))
"""Virtual seconds that a completion may take; a coarse grid, so that small differences do not matter."""
HELD = TIMES - 1
"""From here on completions of the source are held back for a while, until nothing else completes."""
GLANCED = "outside, while busy"
"""Place of an entry that a busy loop made; `CLOCK` then means that nothing had arrived."""

Ask = Callable[[int, int], int]
"""Called with n and what completed outside: in which of n ways to hold it back (0: not)."""


def source_of(made: int) -> int:
    """The source of an `OUTSIDE` entry; -1 if it has none."""
    return (abs(made) - FIRST) // TIMES if abs(made) >= FIRST else -1


def holds(made: int) -> bool:
    """Whether an `OUTSIDE` entry says that its source is held back."""
    return abs(made) >= FIRST and (abs(made) - FIRST) % TIMES == HELD


def delivers(made: int) -> bool:
    """Whether an `OUTSIDE` entry says that a completion was delivered."""
    return abs(made) >= FIRST and not holds(made)


def held(made: int) -> int:
    """The entry that holds back the source of this one; 0 if it has none."""
    return 0 if made < FIRST else made - (made - FIRST) % TIMES + HELD


def spread(disturbed: Mapping[int, int]) -> tuple[int, ...]:
    """The decision list with these choices at these places, and 0 everywhere else."""
    if not disturbed:
        return ()
    return tuple(disturbed.get(place, 0) for place in range(max(disturbed) + 1))


class Strategy(Protocol):
    """Makes the choices of one run. Zero is always what would happen without exploration."""

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        """Return a number from 0 to n - 1.

        Parameters
        ----------
        kind
            One of `TASK`, `THREAD`, `SLEEP`, `LATE`, `OUTSIDE`.
        lanes
            For `TASK` and `THREAD`: the numbers of the candidates, the undisturbed one first. For `SLEEP`:
            who sleeps. For `OUTSIDE`: what completed, as a negative number. A task or thread keeps its
            number throughout the run.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision that was made: `choice` of `n`, at a source line (`file.py:12 withdraw`)."""

    kind: str
    n: int
    choice: int
    where: str = ""


class Decisions:
    """Makes and records the decisions of one run, those of tasks, timers and threads alike.

    Attributes
    ----------
    made
        The choices so far, in order. `Replay` of them repeats the run. Negative where nothing was chosen: a
        completion outside that came by itself.
    log
        The same with kind, number of alternatives and place; None unless the run is `detailed`.
    """

    __slots__ = ("_back", "_held", "_next", "_pick", "log", "made")

    edited = False
    """Whether the record was made on other code: completions that cannot arrive any more are skipped."""

    def __init__(self, strategy: Strategy, *, detailed: bool = False) -> None:
        self._pick = strategy.pick
        self._next: Callable[[], int | None] = getattr(strategy, "next", _nothing)
        self._back: Callable[[], None] = getattr(strategy, "back", _nothing)
        self.made: list[int] = []
        self._held = False
        self.log: list[Choice] | None = [] if detailed else None

    def choose(self, kind: str, n: int, where: str | None = None, lanes: Sequence[int] | None = None) -> int:
        """Return one of n alternatives. With a single one nothing is decided and nothing recorded."""
        if n < 2:
            return 0
        choice = self._pick(kind, n, lanes)
        self.made.append(choice)
        if self.log is not None:
            self.log.append(Choice(kind=kind, n=n, choice=choice, where=where or ""))
        return choice

    def observe(self, look: Callable[[int, Ask | None], int], where: str | None = None) -> int:
        """Record what happened outside as a choice, and return it.

        Parameters
        ----------
        look
            Called with the recorded choice, which it has to bring about (0: nothing is recorded, so it takes
            what comes), and with a function that decides whether a completion is held back (None: none may
            be). Returns what happened, as a positive number; 0 for something that no record contains, after
            which the same recorded choice is offered again.
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
        """Whether, on edited code, the record has another completion of that source."""
        return False

    def _ask(self, n: int, lane: int) -> int:
        choice = self._pick(OUTSIDE, n, (lane,))
        self._held = self._held or choice > 0
        return choice

    def undisturbed(self) -> None:
        """Choose nothing any more: the rest of the run (its cleanup) goes as it would without exploration."""
        self._pick, self._next = _zero, _nothing


def _nothing() -> None:
    return None


def _zero(kind: str, n: int, lanes: Sequence[int] | None) -> int:
    return 0


class Undisturbed:
    """The schedule that asyncio or the interpreter would have taken."""

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        return 0


class Replay:
    """Repeats recorded choices, then 0. A choice that is out of range becomes the nearest valid one."""

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

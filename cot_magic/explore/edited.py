"""Anchored schedules, which can be repeated on edited code as far as they fit.

A list of numbers fits only the code that it was recorded on. On edited code, decisions come at other places:
a choice is looked up by what it was about (the second sleep of that task), and completions outside are
delivered in the recorded order, without those that cannot arrive any more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cot_magic.explore.decisions import (
    CLOCK,
    GLANCED,
    OUTSIDE,
    TASK,
    Ask,
    Choice,
    Decisions,
    Undisturbed,
    delivers,
    holds,
    source_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One disturbed choice.

    Attributes
    ----------
    about
        What it is about: who sleeps and in which function, or which task goes before which.
    nth
        The number of the decision among those about the same thing, from 0.
    choice
        The choice; 1 if `about` determines it.
    """

    kind: str
    about: str
    nth: int
    choice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """The disturbed choices of a schedule, and what happened outside, in order (as in `Decisions.made`)."""

    chosen: tuple[Chosen, ...] = ()
    world: tuple[int, ...] = ()


def anchored(log: Sequence[Choice], choices: Sequence[int]) -> Anchored | None:
    """The schedule of a run with this log and these choices; None if nothing completed outside."""
    if not any(item.kind == OUTSIDE for item in log):
        return None
    chosen: list[Chosen] = []
    world: list[int] = []
    counts: Counter[tuple[str, str]] = Counter()
    for item, made in zip(log, choices, strict=False):  # the log goes on during the cleanup
        if item.kind == OUTSIDE:
            if item.where != GLANCED or abs(made) != CLOCK:
                world.append(made)
            continue
        for choice, about in _subjects(item.kind, item.where):
            nth = counts[item.kind, about]
            counts[item.kind, about] += 1
            if made > 0 and choice in (0, made):
                chosen.append(Chosen(kind=item.kind, about=about, nth=nth, choice=1 if choice else made))
    return Anchored(chosen=tuple(chosen), world=tuple(world))


class EditedReplay(Decisions):
    """Repeats the choices of a schedule on edited code, as far as they come up there."""

    __slots__ = ("_awaited", "_counts", "_left", "_on", "_unmade", "_world")

    edited = True

    def __init__(self, schedule: Anchored) -> None:
        super().__init__(Undisturbed(), detailed=True)  # `where` says what a decision is about
        self._left = set(schedule.chosen)
        self._world = list(schedule.world)
        self._unmade = sum(made > 0 for made in schedule.world)
        self._awaited: Counter[int] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._on = True

    @property
    def unapplied(self) -> int:
        """How many of the disturbed choices have not come up."""
        return len(self._left) + self._unmade

    def choose(self, kind: str, n: int, where: str | None = None, lanes: Sequence[int] | None = None) -> int:
        if n < 2:
            return 0
        choice = self._wanted(kind, n, where or "") if self._on else 0
        self._keep(kind, n, choice, where)
        return choice

    def observe(self, look: Callable[[int, Ask | None], int], where: str | None = None) -> int:
        """As in the base class, but if `look` returns 0 the recorded completion cannot arrive."""
        if not self._on or not self._world or where == GLANCED:
            seen = look(CLOCK if where == GLANCED else 0, None)
            self._happened(seen)
            self._keep(OUTSIDE, 0, -seen, where)
            return seen
        recorded, later = self._world[0], self._next_source()
        seen = look(abs(recorded), None)
        chosen = recorded > 0 and seen == recorded
        if chosen:  # it has been applied once the source that it delays arrives
            self._awaited[source_of(recorded) if holds(recorded) else later] += 1
        waits = recorded == CLOCK and source_of(seen) not in (-1, later)  # a sleep may still begin
        if (not delivers(recorded) and not waits) or not seen:
            del self._world[0]
        self._happened(seen)
        if seen:
            self._keep(OUTSIDE, 0, seen if chosen else -seen, where)
        return seen

    def expects(self, source: int) -> bool:
        """Whether the record has another completion of that source."""
        return any(delivers(made) and source_of(made) == source for made in self._world)

    def undisturbed(self) -> None:
        self._on = False
        super().undisturbed()

    def _wanted(self, kind: str, n: int, where: str) -> int:
        wanted = 0
        for place, about in _subjects(kind, where):
            nth = self._counts[kind, about]
            self._counts[kind, about] += 1
            for choice in (place,) if place else range(1, n):
                item = Chosen(kind=kind, about=about, nth=nth, choice=1 if place else choice)
                if not wanted and item in self._left:
                    wanted = choice
                    self._left.discard(item)
        return wanted

    def _happened(self, seen: int) -> None:
        source = source_of(seen)
        if source < 0 or holds(seen):
            return
        self._unmade -= self._awaited.pop(source, 0)
        for place, made in enumerate(self._world):
            if delivers(made) and source_of(made) == source:
                del self._world[place]
                return

    def _next_source(self) -> int:
        return next((source_of(made) for made in self._world if delivers(made)), -1)

    def _keep(self, kind: str, n: int, made: int, where: str | None) -> None:
        self.made.append(made)
        assert self.log is not None
        self.log.append(Choice(kind=kind, n=n, choice=max(0, made), where=where or ""))


def _subjects(kind: str, where: str) -> list[tuple[int, str]]:
    """Pairs of a choice (0: any) and what it is about."""
    if kind != TASK:
        return [(0, where)]
    first, *others = where.split(", ")
    return [(place, f"{other} before {first}") for place, other in enumerate(others, 1)]

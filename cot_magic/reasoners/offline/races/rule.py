"""How the rules about races are written: a function from concurrent code to suspicions."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case, Cell
from cot_magic.reasoners.offline.races.order import may_race
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound

Find = Callable[[ConcurrentCode], Iterator[Suspicion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceRule:
    """A rule about concurrent code; it yields nothing where nothing runs concurrently.

    Schedules decide what it suspects, so its suspicions have no checks. Repairs that change nothing, or whose
    result cannot be parsed, are left out.
    """

    code: str
    lesson: str
    find: Find
    on: tuple[str, ...] = ()  # every class, except those that `may_race` rules out

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        program = ConcurrentCode.of(case) if may_race(case) else None
        if program is not None:
            yield from map(sound, self.find(program))


def race(code: str, *, lesson: str) -> Callable[[Find], RaceRule]:
    """Make a rule of a function."""

    def make(find: Find) -> RaceRule:
        return RaceRule(code=code, lesson=lesson, find=find)

    return make


def suspect(
    cell: Cell, lineno: int, claim: str, prediction: str, *repairs: Repair | None, weight: float
) -> Suspicion:
    """A suspicion about a line, with the repairs that could be made."""
    return Suspicion(
        claim=claim,
        prediction=prediction,
        checks=(),
        repairs=tuple(item for item in repairs if item is not None),
        cell=cell.id,
        lineno=lineno,
        weight=weight,
    )


def line_of(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def word(program: ConcurrentCode, function: Function) -> str:
    """What runs concurrently in that function: `task` or `thread`."""
    return "task" if function.is_async else "thread"

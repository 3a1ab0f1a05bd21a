"""How the rules for races are written: a function from a concurrent program to suspicions."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.program import Function, Program
from cot_magic.reasoners.offline.rule import Repair, Suspicion

NEVER = {"NameError", "SyntaxError", "ImportError", "ZeroDivisionError", "RecursionError", "UnicodeError"}
"""Failures that the order of tasks and threads does not bring about."""

Find = Callable[[Program], Iterator[Suspicion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceRule:
    """A rule that looks at concurrent code alone; where nothing runs beside anything else it is silent.

    What it suspects is decided by schedules, so its suspicions have no checks. Repairs whose result cannot be
    parsed, or that change nothing, are left out.
    """

    code: str
    lesson: str
    find: Find

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        raised = case.raised
        if raised is None or {raised.ename, *raised.bases} & NEVER:
            return
        program = Program.of(case)
        if program is None:
            return
        for suspicion in self.find(program):
            yield replace(suspicion, repairs=tuple(item for item in suspicion.repairs if _sound(item)))


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


def word(program: Program, function: Function) -> str:
    """What runs beside each other in that function: `task` or `thread`."""
    return "task" if function.is_async else "thread"


def _sound(repair: Repair) -> bool:
    return bool(repair.edits) and all(
        edit.after != edit.before and src.parse(edit.after) is not None for edit in repair.edits
    )

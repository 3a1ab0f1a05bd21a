"""Loops that go one round too far: what they end with is the last item that they ask for."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cot_magic.core.shifts import Symptom

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """The operators and numbers that an edit puts in to leave out rounds that ask for what is not there."""

    operators: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)


def last_rounds(old: ast.Module, new: ast.Module, failure: Symptom) -> Rounds:
    """What ends the loops of the new source before the first round that fails, and no earlier.

    `for i in range(len(x) - 1)` where `x[i + 1]` failed, and `while i < len(x)` where `x[i]` did.
    """
    rounds = Rounds()
    before, after = ([node for node in ast.walk(tree) if isinstance(node, _LOOPS)] for tree in (old, new))
    if "IndexError" not in failure.bases or len(before) != len(after):
        return rounds
    for was, now in zip(before, after, strict=True):
        if isinstance(was, ast.For) and isinstance(now, ast.For):
            ends = _shorter(was, now, failure)
            rounds.operators.update(["Sub"] * len(ends))
            rounds.numbers.update(ends)
        elif isinstance(was, ast.While) and isinstance(now, ast.While) and _without_last(was, now, failure):
            rounds.operators["Lt"] += 1
    return rounds


def _shorter(was: ast.For, now: ast.For, failure: Symptom) -> list[str]:
    """How many rounds fewer there are, if this is how far beyond its own place a round looks."""
    match was.iter, now.iter:
        case (
            ast.Call(func=ast.Name(id="range"), args=[*first, end]),
            ast.Call(
                func=ast.Name(id="range"),
                args=[*begin, ast.BinOp(left=length, op=ast.Sub(), right=ast.Constant(value=int() as fewer))],
            ),
        ) if ast.unparse(end) == ast.unparse(length) and list(map(ast.dump, first)) == list(
            map(ast.dump, begin)
        ):
            items = _counted(end)
            ahead = [step for text, step in _looked_at(was) if text == items]
            failing = f"{items}[{ast.unparse(was.target)} + {fewer}]"
            if ahead and max(ahead) == fewer and any(failing in text for text in failure.running):
                return [repr(fewer)]
    return []


def _without_last(was: ast.While, now: ast.While, failure: Symptom) -> bool:
    """Whether `i <= len(x)` became `i < len(x)`, where `x[i]` is asked for."""
    match was.test, now.test:
        case (
            ast.Compare(left=ast.Name(id=place), ops=[ast.LtE()], comparators=[end]),
            ast.Compare(left=ast.Name(id=left), ops=[ast.Lt()], comparators=[length]),
        ) if place == left and ast.unparse(end) == ast.unparse(length):
            items = _counted(end)
            return bool(items) and any(f"{items}[{place}]" in text for text in failure.running)
    return False


def _counted(node: ast.expr) -> str:
    """What `len(…)` counts; "" if it is something else."""
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[items]):
            return ast.unparse(items)
    return ""


def _looked_at(loop: ast.For) -> Iterator[tuple[str, int]]:
    """What is asked for by place in a loop, and how far beyond the place of the round."""
    for node in ast.walk(loop):
        match node:
            case ast.Subscript(value=items, slice=ast.Name(id=place)) if place == ast.unparse(loop.target):
                yield ast.unparse(items), 0
            case ast.Subscript(
                value=items,
                slice=ast.BinOp(
                    left=ast.Name(id=place), op=ast.Add(), right=ast.Constant(value=int() as step)
                ),
            ) if place == ast.unparse(loop.target):
                yield ast.unparse(items), step

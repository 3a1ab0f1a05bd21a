"""Races of threads: a value created twice, a change in several steps, steps that belong together."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import WRITE, calls, reading
from cot_magic.reasoners.offline.races.edits import Draft, enclose, lock_names, makes_lock
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Def, Function, last_part
from cot_magic.reasoners.offline.races.rule import line_of, race, suspect
from cot_magic.reasoners.offline.races.sections import (
    AGAIN,
    CHECK,
    LineSpan,
    all_sections,
    lazy,
    lock_repairs,
    locked,
    near,
    sections,
)
from cot_magic.reasoners.offline.rule import Repair, Suspicion


@race(
    "race.lazy_init",
    lesson="Two threads that both find a value missing both create it; one of the two is lost, or is used "
    "before it is complete. Check and create under one lock.",
)
def lazy_init(program: ConcurrentCode) -> Iterator[Suspicion]:
    for section in all_sections(program):
        if section.kind == CHECK and lazy(section):
            claim = (
                f"`{section.function.name}` creates `{section.place}` if line {line_of(section.read.node)} "
                "finds none; two threads can both find none and both create one."
            )
            yield suspect(
                section.function.cell,
                line_of(section.read.node),
                claim,
                AGAIN.format("thread"),
                *lock_repairs(program, section),
                weight=0.72 + near(program, section),
            )


@race(
    "race.update_without_lock",
    lesson="Threads that run in parallel can change a value between a read and a write, even within one "
    "line. With a lock, the line is one step.",
)
def update_without_lock(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in program.threaded:
        yield from _bare_updates(program, function)


def _bare_updates(program: ConcurrentCode, function: Function) -> Iterator[Suspicion]:
    """`self.n += 1`: one step only as long as the interpreter has its global lock."""
    found = reading(program, function, awaits=False)
    known = {section.place for section in sections(program, function)}
    for item in found.found:
        node = item.statement
        if item.kind != WRITE or item.locks or item.place in known or not isinstance(node, ast.AugAssign):
            continue
        place = item.path[-1]
        block = found.blocks[place[0]]
        span = LineSpan(function=function, block=block, first=place[1], last=place[1])
        claim = (
            f"`{function.name}` changes `{item.place}` in line {line_of(node)} without a lock: reading and "
            "writing it are two steps for threads that run in parallel."
        )
        repair = locked(program, [span], f"Hold a lock, so that the change of `{item.place}` is one step.")
        yield suspect(function.cell, line_of(node), claim, AGAIN.format("thread"), repair, weight=0.35)


@race(
    "race.compound",
    lesson="Two steps that are each safe are not safe together: between them, others see a state that should "
    "never be seen. Put both under the lock that the steps use.",
)
def compound(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in program.threaded:
        if isinstance(function.owner, ast.ClassDef) and function.self_name is not None:
            yield from _compound(program, function, function.owner)


def _compound(program: ConcurrentCode, function: Function, owner: ast.ClassDef) -> Iterator[Suspicion]:
    inits = [node for node in owner.body if isinstance(node, Def) and node.name == "__init__"]
    names = [
        name
        for body in (*(node.body for node in inits), owner.body)
        for name in lock_names(program, body, "threading")
    ]
    for name in dict.fromkeys(names):
        methods = {node.name for node in owner.body if isinstance(node, Def) and _takes(node, name)}
        body = function.node.body
        users = [place for place, node in enumerate(body) if calls(node, methods)]
        count = sum(
            len(
                [
                    1
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call) and last_part(call.func) in methods
                ]
            )
            for node in body
        )
        if function.name in methods or count < 2 or not users:
            continue
        called = " and ".join(f"`{item}`" for item in sorted(calls(function.node, methods)))
        claim = (
            f"`{function.name}` calls {called} more than once; each call acquires `{name}` on its own, so "
            "another thread can see the state between the calls."
        )
        repair = _held_throughout(program, function, owner, name, users)
        yield suspect(
            function.cell, line_of(body[users[0]]), claim, AGAIN.format("thread"), repair, weight=0.72
        )


def _takes(node: Def, lock: str) -> bool:
    return any(
        isinstance(item, ast.With) and any(last_part(part.context_expr) == lock for part in item.items)
        for item in ast.walk(node)
    )


def _held_throughout(
    program: ConcurrentCode, function: Function, owner: ast.ClassDef, lock: str, users: list[int]
) -> Repair:
    """Put the calls under the lock, and make it reentrant."""
    draft = Draft(program=program)
    cell = function.cell
    for node in ast.walk(owner):
        if (
            makes_lock(program, node, "threading")
            and isinstance(node, ast.Call)
            and last_part(node.func) == "Lock"
        ):
            text = src.text_of(cell.source, node.func)
            draft.change(cell, src.over(cell.source, node.func, f"{text[: -len('Lock')]}RLock"))
    header = f"with {function.self_name}.{lock}:"
    draft.change(cell, *enclose(cell, function.node.body, users[0], users[-1], header))
    return Repair(
        edits=draft.edits(),
        why="Hold the lock during all calls, as an `RLock`, which its holder can acquire again.",
    )


RULES = (lazy_init, update_without_lock, compound)

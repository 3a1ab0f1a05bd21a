"""Races on shared values: a check that is outdated when it is used, an update that overwrites another one."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import uses
from cot_magic.reasoners.offline.races.edits import moved
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function, last_part
from cot_magic.reasoners.offline.races.rule import line_of, race, suspect, word
from cot_magic.reasoners.offline.races.sections import (
    AGAIN,
    CHECK,
    TAKE,
    UPDATE,
    CriticalSection,
    LineSpan,
    all_sections,
    lazy,
    lock_repairs,
    locked,
    near,
    point,
)
from cot_magic.reasoners.offline.rule import Repair, Suspicion


@race(
    "race.check_then_act",
    lesson="Between a check and the action that depends on it, others may run and make the check untrue. "
    "Check and act in one step: hold a lock, or check again right before the action.",
)
def check_then_act(program: ConcurrentCode) -> Iterator[Suspicion]:
    for section in all_sections(program):
        if section.kind != CHECK or lazy(section) or _marks(section) is not None:
            continue
        who = word(program, section.function)
        gap = point(section)
        claim = (
            f"`{section.function.name}` checks `{section.text}` in line {line_of(section.read.node)} and "
            f"changes `{section.place}` in line {line_of(section.write.node)}; {gap} in between lets another "
            f"{who} change it first."
        )
        yield suspect(
            section.function.cell,
            line_of(section.read.node),
            claim,
            AGAIN.format(who),
            *lock_repairs(program, section),
            _second_look(section),
            weight=0.7 + near(program, section),
        )


def _second_look(section: CriticalSection) -> Repair | None:
    """Check again after the `await`, with the same action if the check fails."""
    guard = section.read.statement
    if not isinstance(guard, ast.If) or not section.function.is_async or guard.orelse:
        return None
    block, first, _ = section.range
    after = block[first + 1] if first + 1 < len(block) else None
    pause = section.switch.statement
    if not isinstance(after, ast.Return) or pause not in guard.body:
        return None
    cell = section.function.cell
    test = src.text_of(cell.source, guard.test)
    text = f"if not ({test}):\n    {src.text_of(cell.source, after)}"
    change = src.line_after(cell.source, pause, text)
    return Repair(
        edits=(src.edit(cell, change),),
        why="Check again after the `await`, when the first check may be outdated.",
    )


def _marks(section: CriticalSection) -> ast.stmt | None:
    """The statement that marks an item as done, if the section tests for that mark first."""
    node, test = section.write.node, _test(section)
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.In | ast.NotIn):
        return None
    statement = section.write.statement
    key = ast.unparse(test.left)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        adds = last_part(call.func) in ("add", "append") and [ast.unparse(item) for item in call.args] == [
            key
        ]
        return statement if adds else None
    if isinstance(statement, ast.Assign) and isinstance(node, ast.Subscript):
        constant = isinstance(statement.value, ast.Constant)
        return statement if constant and ast.unparse(node.slice) == key else None
    return None


def _test(section: CriticalSection) -> ast.expr | None:
    statement = section.read.statement
    return statement.test if isinstance(statement, ast.If | ast.While) else None


@race(
    "race.double_processing",
    lesson="An item that is marked as done only after the work can be processed twice, because the second "
    "task sees no mark yet. Mark it before the work starts, or check, work and mark under a lock.",
)
def double_processing(program: ConcurrentCode) -> Iterator[Suspicion]:
    for section in all_sections(program):
        mark = _marks(section) if section.kind == CHECK else None
        if mark is None and section.kind != TAKE:
            continue
        who = word(program, section.function)
        verb = "marks an item in" if mark is not None else "takes an item from"
        claim = (
            f"`{section.function.name}` reads `{section.place}` in line {line_of(section.read.node)} but "
            f"{verb} it only in line {line_of(section.write.node)}, after {point(section)}: two {who}s can "
            "process the same item."
        )
        yield suspect(
            section.function.cell,
            line_of(section.write.node),
            claim,
            AGAIN.format(who),
            *lock_repairs(program, section),
            _claimed_first(section),
            weight=0.74 + near(program, section),
        )


def _claimed_first(section: CriticalSection) -> Repair | None:
    """Move the mark (or the removal) before the first point where others may run."""
    write, pause = section.write.statement, section.switch.statement
    for body in src.blocks(section.function.node):
        if write not in body:
            continue
        at = body.index(write)
        to = next((place for place, node in enumerate(body[:at]) if _holds(node, pause)), None)
        if to is None:
            return None
        changes = moved(section.function.cell, body, at, to)
        if not changes:
            return None
        why = "Claim the item before the work on it starts, so that nobody else processes it."
        return Repair(edits=(src.edit(section.function.cell, *changes),), why=why)
    return None


def _holds(node: ast.AST, inner: ast.AST) -> bool:
    return any(item is inner for item in ast.walk(node))


@race(
    "race.lost_update",
    lesson="If a value is read, changed and written back in several steps, changes that others make in "
    "between are lost. Use a lock, or compute the new value in one step.",
)
def lost_update(program: ConcurrentCode) -> Iterator[Suspicion]:
    for section in all_sections(program):
        if section.kind == UPDATE:
            who = word(program, section.function)
            claim = (
                f"`{section.function.name}` reads `{section.place}` in line {line_of(section.read.node)} and "
                f"writes the new value in line {line_of(section.write.node)}; {point(section)} in between "
                f"lets another {who} write, and that change is lost."
            )
            repairs = [*lock_repairs(program, section), _fetched_first(section)]
            weight = 0.7 + near(program, section)
            yield suspect(
                section.function.cell,
                line_of(section.read.node),
                claim,
                AGAIN.format(who),
                *repairs,
                weight=weight,
            )
    for function in program.tasks:
        yield from _remote_updates(program, function)


def _fetched_first(section: CriticalSection) -> Repair | None:
    """`x += await f()` reads x before it waits: await the value on a line before."""
    node = section.write.statement
    if not isinstance(node, ast.AugAssign) or not isinstance(node.value, ast.Await):
        return None
    cell = section.function.cell
    name = "value" if not uses(section.function.node, "value") else "new_value"
    text = f"{name} = {src.text_of(cell.source, node.value)}"
    changes = (src.line_before(cell.source, node.lineno, text), src.over(cell.source, node.value, name))
    return Repair(
        edits=(src.edit(cell, *changes),), why="Await the value first, so that read and write are one step."
    )


def _remote_updates(program: ConcurrentCode, function: Function) -> Iterator[Suspicion]:
    """`v = await read(key)` … `await write(key, v - n)`: the value is stored elsewhere."""
    for block in src.blocks(function.node):
        for first, node in enumerate(block):
            name, call = _awaited(node)
            if call is None or not name:
                continue
            last = _written_back(block, first, call, name)
            if last is None:
                continue
            span = LineSpan(function=function, block=block, first=first, last=last)
            claim = (
                f"`{function.name}` reads a value with `{ast.unparse(call.func)}` in line {line_of(node)} "
                f"and writes the new value in line {line_of(block[last])}; what other tasks write in between "
                "is lost."
            )
            repair = locked(program, [span], "Hold a lock, so that reading and writing back are one step.")
            yield suspect(function.cell, line_of(node), claim, AGAIN.format("task"), repair, weight=0.72)


def _written_back(block: list[ast.stmt], first: int, read: ast.Call, name: str) -> int | None:
    """The index of the statement that writes back what was computed from a name, also through other names."""
    names = {name}
    for place in range(first + 1, len(block)):
        node = block[place]
        if any(_writes_back(node, read, item) for item in names):
            return place
        if isinstance(node, ast.Assign) and any(uses(node.value, item) for item in names):
            names |= src.bound_names(node)
    return None


def _awaited(node: ast.stmt) -> tuple[str, ast.Call | None]:
    value = getattr(node, "value", None)
    if not isinstance(value, ast.Await) or not isinstance(value.value, ast.Call):
        return "", None
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return (target.id if isinstance(target, ast.Name) else ""), value.value


def _writes_back(node: ast.stmt, read: ast.Call, name: str) -> bool:
    """Whether a statement awaits another call with the same key or receiver and a value computed from
    `name`."""
    for wait in ast.walk(node):
        if not isinstance(wait, ast.Await) or not isinstance(wait.value, ast.Call):
            continue
        call = wait.value
        keys = {ast.unparse(item) for item in read.args}
        mine = {ast.unparse(item) for item in call.args}
        same = bool(keys & mine) or (
            not keys and _receiver(call) != "" and _receiver(call) == _receiver(read)
        )
        given = any(uses(item, name) for item in (*call.args, *(pair.value for pair in call.keywords)))
        if same and given and ast.unparse(call.func) != ast.unparse(read.func):
            return True
    return False


def _receiver(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


RULES = (check_then_act, double_processing, lost_update)

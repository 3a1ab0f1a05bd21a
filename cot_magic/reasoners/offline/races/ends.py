"""Races of tasks that end: resources that are never released, and collections that change during a loop."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import (
    REMOVERS,
    SWITCH,
    WRITE,
    Access,
    AccessReading,
    covering,
    reading,
)
from cot_magic.reasoners.offline.races.edits import enclose
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function, last_part, own_blocks
from cot_magic.reasoners.offline.races.rule import line_of, race, suspect
from cot_magic.reasoners.offline.races.sections import AGAIN, LineSpan, locked
from cot_magic.reasoners.offline.rule import Repair, Suspicion

_TASK = AGAIN.format("task")
PAIRS = {
    "acquire": ("release",),
    "get": ("put", "release", "put_nowait"),
    "checkout": ("checkin",),
    "lock": ("unlock",),
    "open": ("close",),
    "connect": ("close", "disconnect"),
    "start": ("stop",),
    "borrow": ("give_back", "return_"),
    "take": ("give_back", "put", "release"),
    "add": ("discard", "remove"),
    "append": ("remove",),
    "reserve": ("release", "cancel"),
}


@race(
    "race.cancel_leak",
    lesson="A task that is cancelled or fails while it waits never reaches the lines that follow. Release "
    "what it acquired in a `finally` block, or it is never released.",
)
def cancel_leak(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in program.functions:
        for block in own_blocks(function.node):
            for place, node in enumerate(block):
                end = _given_back(block, place)
                if end is None or not _may_end(function, block[place + 1 : end]):
                    continue
                claim = (
                    f"`{function.name}` acquires something in line {line_of(node)} and releases it in line "
                    f"{line_of(block[end])}, but not if it is cancelled or fails in between."
                )
                repair = _finally(function, block, place, end)
                yield suspect(function.cell, line_of(node), claim, _TASK, repair, weight=0.7)


def _given_back(block: list[ast.stmt], place: int) -> int | None:
    """The index of the statement that undoes what a statement does."""
    node = block[place]
    for later in range(place + 2, len(block)):
        if _undoes(node, block[later]):
            return later
    return None


def _undoes(node: ast.stmt, other: ast.stmt) -> bool:
    if isinstance(node, ast.AugAssign) and isinstance(other, ast.AugAssign):
        signs = isinstance(node.op, ast.Add) and isinstance(other.op, ast.Sub)
        return signs and ast.unparse(node.target) == ast.unparse(other.target)
    one, two = _plain_call(node), _plain_call(other)
    if (
        one is None
        or two is None
        or not isinstance(one.func, ast.Attribute)
        or not isinstance(two.func, ast.Attribute)
    ):
        return False
    same = ast.unparse(one.func.value) == ast.unparse(two.func.value)
    return same and two.func.attr in PAIRS.get(one.func.attr, ())


def _plain_call(node: ast.stmt) -> ast.Call | None:
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Call) and last_part(value.func) == "wait_for" and value.args:
        value = value.args[0]
    return value if isinstance(value, ast.Call) else None


def _may_end(function: Function, between: list[ast.stmt]) -> bool:
    """Whether a task can end in between: at an `await`, or in threads at any call."""
    kind = ast.Await if function.is_async else ast.Call
    return any(isinstance(item, kind) for node in between for item in ast.walk(node))


def _finally(function: Function, block: list[ast.stmt], start: int, end: int) -> Repair | None:
    cell = function.cell
    last = block[end]
    if last.end_lineno != last.lineno or any(isinstance(item, ast.Return) for item in block[start:end]):
        return None
    tail = f"finally:\n    {src.text_of(cell.source, last)}"
    first = start + 1
    changes = enclose(cell, block[: end + 1], first, end - 1, "try:", tail)
    changes.append(src.without_lines(cell.source, last))
    return Repair(
        edits=(src.edit(cell, *changes),),
        why="Release it in a `finally` block, which also runs when the task is cancelled.",
    )


@race(
    "race.changed_while_iterating",
    lesson="While a loop over a collection awaits in its body, other tasks may change the collection. Loop "
    "over a copy.",
)
def changed_while_iterating(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in (*program.tasks, *program.threaded):
        found = reading(program, function, awaits=function.is_async)
        kind = ast.Await if function.is_async else ast.Call
        for loop in [item for item in src.own_scope(function.node) if isinstance(item, ast.For)]:
            root = _collection(loop.iter)
            lets_in = any(isinstance(item, kind) for node in loop.body for item in ast.walk(node))
            if not found.place(root) or not lets_in:
                continue
            claim = (
                f"`{function.name}` loops over `{ast.unparse(root)}` in line {line_of(loop)} while others "
                "may change it."
            )
            change = src.wrap(function.cell.source, loop.iter, "list(", ")")
            repair = Repair(edits=(src.edit(function.cell, *change),), why="Loop over a copy.")
            weight = 0.75 if _says(program, "changed size", "changed during", "mutated") else 0.3
            yield suspect(function.cell, line_of(loop), claim, _TASK, repair, weight=weight)


def _collection(node: ast.expr) -> ast.expr:
    """`x` of `x`, `x.items()`, `x.keys()` and `x.values()`."""
    method = node.func if isinstance(node, ast.Call) else None
    view = isinstance(method, ast.Attribute) and method.attr in ("items", "keys", "values")
    return method.value if isinstance(method, ast.Attribute) and view else node


def _says(program: ConcurrentCode, *words: str) -> bool:
    raised = program.case.raised
    return raised is not None and any(item in raised.evalue for item in words)


@race(
    "race.deleted_meanwhile",
    lesson="After an `await`, another task may have removed what you look up. Look it up under a lock that "
    "the removing task uses too, or skip what is missing and report it.",
)
def deleted_meanwhile(program: ConcurrentCode) -> Iterator[Suspicion]:
    raised = program.case.raised
    if raised is None or not {raised.ename, *raised.bases} & {
        "KeyError",
        "TypeError",
        "AttributeError",
        "IndexError",
    }:
        return
    names = {frame.function for frame in raised.frames}
    for function in program.tasks:
        if function.name not in names:
            continue
        found = reading(program, function, awaits=True)
        for place in dict.fromkeys(item.place for item in found.found if item.place):
            removers = [
                item for item in program.tasks if item is not function and _removes(program, item, place)
            ]
            reads = [item for item in found.found if item.place == place]
            if not removers or not reads or not any(item.kind == SWITCH for item in found.found):
                continue
            claim = (
                f"`{removers[0].name}` removes from `{place}` while `{function.name}` awaits, so what line "
                f"{line_of(reads[-1].node)} looks up is missing."
            )
            repairs = [_kept_out(program, found, reads, removers, place), *_skipped(found, reads)]
            yield suspect(function.cell, line_of(reads[-1].node), claim, _TASK, *repairs, weight=0.72)


def _removes(program: ConcurrentCode, function: Function, place: str) -> bool:
    found = reading(program, function, awaits=True)
    return any(item.kind == WRITE and item.place == place and _drops_any(item) for item in found.found)


def _drops_any(access: Access) -> bool:
    return isinstance(access.statement, ast.Delete) or any(
        isinstance(item, ast.Call) and last_part(item.func) in REMOVERS for item in ast.walk(access.statement)
    )


def _kept_out(
    program: ConcurrentCode, found: AccessReading, reads: list[Access], removers: list[Function], place: str
) -> Repair | None:
    block, first, last = covering(found, reads[0], reads[-1])
    names = {getattr(item.statement, "targets", [None])[0] for item in reads[-1:]}
    used = [target.id for target in names if isinstance(target, ast.Name)]
    for later in range(last + 1, len(block)):
        if any(isinstance(item, ast.Name) and item.id in used for item in ast.walk(block[later])):
            last = later
    spans = [LineSpan(function=found.function, block=block, first=first, last=last)]
    for remover in removers:
        inner = reading(program, remover, awaits=True)
        mine = [item for item in inner.found if item.place == place]
        if remover.owner is found.function.owner and not any(item.locks for item in mine):
            outer, start, end = covering(inner, mine[0], mine[-1])
            spans.append(LineSpan(function=remover, block=outer, first=start, last=end))
    return locked(program, spans, f"Hold a lock, so that nothing is removed from `{place}` while it is used.")


def _skipped(found: AccessReading, reads: list[Access]) -> Iterator[Repair]:
    """After `v = place.get(k)`: skip what is missing, and say so."""
    cell = found.function.cell
    for access in reads:
        node = access.statement
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(target, ast.Name) or ".get(" not in ast.unparse(node):
            continue
        loops = [
            item
            for item in ast.walk(found.function.node)
            if isinstance(item, ast.For | ast.While | ast.AsyncFor)
        ]
        way = "continue" if any(node in list(ast.walk(item)) for item in loops) else "return"
        text = f'if {target.id} is None:\n    print("skipped: it was removed meanwhile")\n    {way}'
        change = src.line_after(cell.source, node, text)
        yield Repair(
            edits=(src.edit(cell, change),), why="Skip what was removed in the meantime, and report it."
        )


RULES = (cancel_leak, changed_while_iterating, deleted_meanwhile)

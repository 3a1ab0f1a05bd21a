"""Races of waiting: results that are used before they exist, and signals that are lost."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import uses
from cot_magic.reasoners.offline.races.edits import moved, swapped
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function, last_part, own_blocks
from cot_magic.reasoners.offline.races.rule import line_of, race, suspect
from cot_magic.reasoners.offline.races.sections import AGAIN
from cot_magic.reasoners.offline.rule import Repair, Suspicion

_WAITS = ("join", "result", "wait", "as_completed")
_TASK = AGAIN.format("task")


@race(
    "race.missing_await",
    lesson="A task or thread runs on its own once it is started; its result exists only after you await or "
    "join it. Code that does not wait sees it sometimes, and sometimes not.",
)
def missing_await(program: ConcurrentCode) -> Iterator[Suspicion]:
    for cell, tree in program.units:
        for root in (tree, *(item.node for item in program.functions if item.cell.id == cell.id)):
            for block in own_blocks(root):
                for node in block:
                    start = _started(program, node)
                    if start is not None:
                        yield from _unawaited(program, cell, root, start)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """A statement that starts work; `name` is what its result is assigned to, if it is."""

    node: ast.stmt
    call: ast.Call
    name: str
    kind: str  # `task`, `thread`, `future` or `coroutine`


def _unawaited(program: ConcurrentCode, cell: Cell, root: ast.AST, start: Start) -> Iterator[Suspicion]:
    raised = program.case.raised
    frame = raised.innermost_in_cells if raised is not None else None
    rest = _after(root, start.node)
    waits = [item for item in rest if start.name and _waits_for(item, start.name)]
    failing = _failing(rest, frame.lineno) if frame is not None and frame.cell == cell.id else None
    if waits and (failing is None or failing.lineno > waits[0].lineno):
        return
    before = f" before line {failing.lineno} needs its result" if failing is not None else ""
    claim = (
        f"`{_short(start.call)}` in line {line_of(start.node)} starts work that nothing waits for{before}."
    )
    weight = 0.78 if failing is not None else 0.5
    yield suspect(cell, line_of(start.node), claim, _TASK, *_waiting(cell, start, failing), weight=weight)


def _waiting(cell: Cell, start: Start, failing: ast.stmt | None) -> Iterator[Repair]:
    """Ways to wait for what was started."""
    source = cell.source
    forms = {"task": "await {0}", "thread": "{0}.join()", "future": "{0}.result()"}
    if start.name and failing is not None:
        change = src.line_before(source, src.first_line(failing), forms[start.kind].format(start.name))
        why = f"Wait for `{start.name}` before its result is used."
        yield Repair(edits=(src.edit(cell, change),), why=why)
    if start.kind == "task" and not start.name and start.call.args:
        change = src.over(source, start.call, f"await {src.text_of(source, start.call.args[0])}")
        yield Repair(edits=(src.edit(cell, change),), why="Await the work where it is started.")
    if start.kind == "coroutine":
        change = src.wrap(source, start.call, "await ", "")[0]
        yield Repair(edits=(src.edit(cell, change),), why="Await the coroutine; otherwise it never runs.")


def _started(program: ConcurrentCode, node: ast.stmt) -> Start | None:
    """What a statement starts, if anything."""
    call = _call(node)
    if call is None:
        return None
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if target is not None and not isinstance(target, ast.Name):
        return None
    name = target.id if isinstance(target, ast.Name) else ""
    made = last_part(call.func)
    if made in ("create_task", "ensure_future"):
        receiver = last_part(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        grouped = receiver not in ("asyncio", "loop", "") and program.imported.get(receiver) != "asyncio"
        return None if grouped else Start(node=node, call=call, name=name, kind="task")
    if made in ("Thread", "Timer") and name:
        return Start(node=node, call=call, name=name, kind="thread")
    if made == "submit" and name:
        return Start(node=node, call=call, name=name, kind="future")
    known = program.named(made)
    if isinstance(node, ast.Expr) and known and all(item.is_async for item in known):
        return Start(node=node, call=call, name="", kind="coroutine")
    return None


def _call(node: ast.stmt) -> ast.Call | None:
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    return value if isinstance(value, ast.Call) else None


def _after(root: ast.AST, node: ast.stmt) -> list[ast.stmt]:
    """The statements below it in the same scope."""
    own = [item for item in src.own_scope(root) if isinstance(item, ast.stmt)]
    return sorted((item for item in own if item.lineno > (node.end_lineno or 0)), key=line_of)


def _waits_for(node: ast.stmt, name: str) -> bool:
    for item in ast.walk(node):
        if isinstance(item, ast.Await) and uses(item, name):
            return True
        waits = isinstance(item, ast.Call) and last_part(item.func) in _WAITS
        if waits and uses(item, name):
            return True
    return False


def _failing(rest: list[ast.stmt], lineno: int) -> ast.stmt | None:
    covering = [item for item in rest if item.lineno <= lineno <= (item.end_lineno or item.lineno)]
    return max(covering, key=line_of, default=None)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


@race(
    "race.lost_wakeup",
    lesson="If an event is cleared right before waiting for it, a signal in between is lost, and the wait "
    "never ends. Clear it before looking for work, or after the wait.",
)
def lost_wakeup(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in program.functions:
        for block in own_blocks(function.node):
            for place, node in enumerate(block[:-1]):
                name = _method_of(node, "clear")
                later = [
                    item
                    for item in range(place + 1, len(block))
                    if name and _method_of(block[item], "wait") == name
                ]
                if not later:
                    continue
                wait = block[later[0]]
                claim = (
                    f"`{function.name}` clears `{name}` in line {line_of(node)} and then waits for it in "
                    f"line {line_of(wait)}: a signal between looking for work and clearing the event is lost."
                )
                yield suspect(
                    function.cell,
                    line_of(node),
                    claim,
                    _TASK,
                    *_wakeups(function, block, place, later[0]),
                    weight=0.82,
                )


def _wakeups(function: Function, block: list[ast.stmt], clear: int, wait: int) -> Iterator[Repair]:
    cell = function.cell
    if wait == clear + 1:
        changes = swapped(cell, block[clear], block[wait])
        why = "Clear the event after the wait, so that a signal that came before ends the wait at once."
        yield Repair(edits=(src.edit(cell, *changes),), why=why)
    loops = [item for item in ast.walk(function.node) if isinstance(item, ast.While | ast.For | ast.AsyncFor)]
    if any(item.body is block for item in loops) and clear:
        changes = moved(cell, block, clear, 0)
        if changes:
            why = "Clear the event before looking for work, so that no later signal is lost."
            yield Repair(edits=(src.edit(cell, *changes),), why=why)


def _method_of(node: ast.stmt, method: str) -> str:
    """The receiver of a call of that method that is a whole statement, awaited or not."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Call) and last_part(value.func) == "wait_for" and value.args:
        value = value.args[0]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == method:
        return ast.unparse(value.func.value)
    return ""


RULES = (missing_await, lost_wakeup)

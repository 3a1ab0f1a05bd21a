"""Races under load: more tasks than a pool serves, a task that fails while others run, stale cached
values."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import (
    REMOVERS,
    SWITCH,
    WRITE,
    Access,
    AccessReading,
    calls,
    covering,
    reading,
    uses,
)
from cot_magic.reasoners.offline.races.edits import Draft
from cot_magic.reasoners.offline.races.order import STARTS
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function, last_part
from cot_magic.reasoners.offline.races.rule import line_of, race, suspect
from cot_magic.reasoners.offline.races.sections import AGAIN, LineSpan, locked, near_place
from cot_magic.reasoners.offline.rule import Repair, Suspicion

_TASK = AGAIN.format("task")


@race(
    "race.unbounded_gather",
    lesson="`gather` starts everything at once. If each task needs a limited resource, the last ones may "
    "wait until they time out, and tasks that need two of them can block each other for ever.",
)
def unbounded_gather(program: ConcurrentCode) -> Iterator[Suspicion]:
    for cell, tree in program.units:
        for statement in src.statements(tree):
            for call in _gathers(statement):
                handler, element = _repeated(program, call)
                if handler is None or element is None:
                    continue
                taken = _acquisitions(program, handler)
                if not taken:
                    continue
                size = _pool_size(program)
                limit = max(1, (size or taken) // taken)
                claim = (
                    f"Line {line_of(call)} starts `{handler.name}` for all elements at once, and each call "
                    f"takes {taken} of {size or 'a limited number of'} resources."
                )
                draft = Draft(program=program)
                module = draft.module(cell, "asyncio")
                names = {"slots", "within_slots"} & {
                    item.id for item in ast.walk(tree) if isinstance(item, ast.Name)
                }
                slots, wrapper = ("slots_", "within_slots_") if names else ("slots", "within_slots")
                text = (
                    f"{slots} = {module}.Semaphore({limit})\n\nasync def {wrapper}(job):\n"
                    f"    async with {slots}:\n        return await job\n"
                )
                draft.change(cell, src.line_before(cell.source, src.first_line(statement), text))
                draft.change(cell, *src.wrap(cell.source, element, f"{wrapper}(", ")"))
                why = (
                    f"Use a semaphore that lets {limit} of them run at a time, so that there are always "
                    "enough resources."
                )
                repair = Repair(edits=draft.edits(), why=why)
                yield suspect(
                    cell, line_of(call), claim, _TASK, repair, weight=0.8 if _timed_out(program) else 0.55
                )


def _gathers(statement: ast.stmt) -> Iterator[ast.Call]:
    """Calls of `gather` in a statement itself, not in the blocks below it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.expr):
            for item in ast.walk(node):
                if isinstance(item, ast.Call) and last_part(item.func) == "gather":
                    yield item


def _repeated(program: ConcurrentCode, call: ast.Call) -> tuple[Function | None, ast.expr | None]:
    """The coroutine function that a `gather` calls for each element, and that call."""
    for argument in call.args:
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        if isinstance(inner, ast.GeneratorExp | ast.ListComp) and isinstance(inner.elt, ast.Call):
            known = [item for item in program.named(last_part(inner.elt.func)) if item.is_async]
            if known:
                return known[0], inner.elt
    return None, None


def _acquisitions(program: ConcurrentCode, handler: Function) -> int:
    """How many resources of a pool one call of a function holds, counted by the calls that take them."""
    count = 0
    for node in ast.walk(handler.node):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            name = last_part(node.value.func)
            inner = node.value.args[0] if name == "wait_for" and node.value.args else node.value
            count += isinstance(inner, ast.Call) and last_part(inner.func) in (
                "acquire",
                "get",
                "checkout",
                "borrow",
            )
        elif isinstance(node, ast.AsyncWith):
            count += sum(
                not isinstance(item.context_expr, ast.Call) or _takes(item.context_expr)
                for item in node.items
            )
    return count


def _takes(call: ast.Call) -> bool:
    return last_part(call.func) in ("acquire", "connection", "connect", "session", "checkout", "get", "slot")


def _pool_size(program: ConcurrentCode) -> int | None:
    """The size of the pool, if one number is given: to something called a pool, or to a class with a
    semaphore."""
    sizes = []
    holders = {
        node.name
        for _, tree in program.units
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and calls(node, {"Semaphore", "BoundedSemaphore"})
    }
    for _, tree in program.units:
        for node in ast.walk(tree):
            name = last_part(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and (name in holders or re.search("pool|semaphore", name.lower())):
                given = [item.value for item in node.keywords] + node.args
                numbers = [item.value for item in given if isinstance(item, ast.Constant)]
                sizes += [item for item in numbers if type(item) is int and item > 0]
    return min(sizes, default=None)


def _timed_out(program: ConcurrentCode) -> bool:
    raised = program.case.raised
    if raised is None:
        return False
    words = f"{raised.ename} {raised.evalue} {' '.join(raised.bases)}".lower()
    return any(word in words for word in ("timeout", "exhaust", "deadlock", "too many", "pool"))


@race(
    "race.gather_errors",
    lesson="When one task of a `gather` fails, the others keep running while the code after it already runs. "
    "Wait for all of them, then raise the error.",
)
def gather_errors(program: ConcurrentCode) -> Iterator[Suspicion]:
    for cell, tree in program.units:
        handled = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
        for statement in src.statements(tree):
            call = next(_gathers(statement), None)
            inside = any(statement in node.body for node in handled)
            if call is None or not inside or not isinstance(statement, ast.Expr | ast.Assign):
                continue
            if any(item.arg == "return_exceptions" for item in call.keywords) or not isinstance(
                statement.value, ast.Await
            ):
                continue
            target = (
                src.text_of(cell.source, statement.targets[0])
                if isinstance(statement, ast.Assign)
                else "outcomes"
            )
            start = "" if isinstance(statement, ast.Assign) else f"{target} = "
            end = src.offset(cell.source, call.end_lineno or 0, (call.end_col_offset or 1) - 1)
            comma = ", " if call.args or call.keywords else ""
            changes = [
                src.Splice(start=end, end=end, text=f"{comma}return_exceptions=True"),
                src.line_after(
                    cell.source,
                    statement,
                    f"for error in [item for item in {target} if isinstance(item, BaseException)]:\n"
                    "    raise error",
                ),
            ]
            if start:
                place = src.span(cell.source, statement)[0]
                changes.append(src.Splice(start=place, end=place, text=start))
            claim = (
                f"The tasks of the `gather` in line {line_of(call)} keep running after one of them failed."
            )
            repair = Repair(
                edits=(src.edit(cell, *changes),), why="Wait for all tasks before the error is raised."
            )
            yield suspect(cell, line_of(call), claim, _TASK, repair, weight=0.6)


@race(
    "race.cache_order",
    lesson="If a cached value is removed before the new one is stored, a reader in between fills the cache "
    "with the old value, which then stays there. Store first and remove then, and keep readers out in the "
    "meantime.",
)
def cache_order(program: ConcurrentCode) -> Iterator[Suspicion]:
    for function in program.tasks:
        found = reading(program, function, awaits=True)
        for access in found.found:
            if access.kind != WRITE or access.locks or not _drops(access):
                continue
            block = found.blocks[access.path[-1][0]]
            at = access.path[-1][1]
            last = _stored(block, at)
            fillers = list(_fillers(program, function, access.place))
            if last is None or not fillers:
                continue
            claim = (
                f"`{function.name}` removes from `{access.place}` in line {line_of(access.node)} before the "
                f"new value is stored in line {line_of(block[last])}; in between, "
                f"`{fillers[0].function.name}` can store the old one again."
            )
            whole = LineSpan(function=function, block=block, first=at, last=last)
            lock = locked(program, [whole, *fillers], "Remove, store and fill under the same lock.")
            changes = _to_the_end(function, block, at, last)
            why = "Remove the old value after the new one is stored."
            order = Repair(edits=(src.edit(function.cell, *changes),), why=why) if changes else None
            weight = 0.76 + near_place(program, access.place, function)
            yield suspect(function.cell, line_of(access.node), claim, _TASK, lock, order, weight=weight)


def _drops(access: Access) -> bool:
    node = access.statement
    if isinstance(node, ast.Delete):
        return True
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Call) and last_part(value.func) in REMOVERS


def _stored(block: list[ast.stmt], at: int) -> int | None:
    """The last statement that uses what a statement removes, if something is awaited until then."""
    dropped = block[at]
    if calls(ast.Module(body=block, type_ignores=[]), STARTS):
        return None  # it starts tasks, so it removes what earlier ones left
    keys = {item.id for key in _keys(dropped) for item in ast.walk(key) if isinstance(item, ast.Name)}
    later = [place for place in range(at + 1, len(block)) if any(uses(block[place], key) for key in keys)]
    last = max(later, default=at)
    return last if any(_awaits(node) for node in block[at + 1 : last + 1]) else None


def _keys(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Delete):
        return [item.slice for item in node.targets if isinstance(item, ast.Subscript)]
    value = node.value if isinstance(node, ast.Expr) else None
    return value.args[:1] if isinstance(value, ast.Call) else []


def _awaits(node: ast.AST) -> bool:
    return any(isinstance(item, ast.Await) for item in ast.walk(node))


def _fillers(program: ConcurrentCode, writer: Function, place: str) -> Iterator[LineSpan]:
    """Where other functions store something in the place that they awaited."""
    for function in program.tasks:
        if function is writer or function.owner is not writer.owner:
            continue
        found = reading(program, function, awaits=True)
        fills = [
            item for item in found.found if item.place == place and item.kind == WRITE and not _drops(item)
        ]
        for fill in fills[:1]:
            first = _first_of(found, fill)
            if first is not None and not fill.locks:
                block, start, end = covering(found, first, fill)
                yield LineSpan(function=function, block=block, first=start, last=end)


def _first_of(found: AccessReading, fill: Access) -> Access | None:
    """The first test of the place, or else the `await` whose result is stored."""
    before = found.found[: found.found.index(fill)]
    switches = [item for item in before if item.kind == SWITCH]
    looks = [item for item in before if item.place == fill.place and item.test]
    return next(iter(looks or switches[-1:]), None) if switches else None


def _to_the_end(function: Function, block: list[ast.stmt], at: int, last: int) -> list[src.Splice]:
    cell = function.cell
    node = block[at]
    if node.lineno != node.end_lineno or block[last].lineno == node.lineno:
        return []
    return [
        src.without_lines(cell.source, node),
        src.line_after(cell.source, block[last], src.text_of(cell.source, node)),
    ]


RULES = (unbounded_gather, gather_errors, cache_order)

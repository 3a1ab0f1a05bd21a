"""Rules for iterators, loops and the event loop: exhausted, changed during iteration, endless."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import LAZY, kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "loop.changed_inside",
    "RuntimeError",
    lesson="Do not add or remove elements of a dictionary or set while you loop over it. Loop over a copy: "
    "`list(d)`.",
)
def changed_inside(site: Site) -> Iterator[Suspicion]:
    said = site.says(
        r"(dictionary|Set|set|deque|OrderedDict).*(changed size|mutated) during iteration|dictionary "
        r"keys changed during iteration"
    )
    if said is None:
        return
    statement = site.statement
    loops: list[ast.expr] = [statement.iter] if isinstance(statement, ast.For) else []
    loops += [item.iter for node in ast.walk(site.scope) for item in getattr(node, "generators", [])]
    loops += [
        node.iter
        for node in ast.walk(site.scope)
        if isinstance(node, ast.For) and node.lineno <= site.frame.lineno <= (node.end_lineno or 0)
    ]
    for node in loops:
        base = (
            node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
        )
        check = (
            f"hasattr({site.text(base)}, '__len__') and not isinstance({site.text(base)}, (list, tuple, str))"
        )
        if (all_of_it := _worklist(site, node)) is not None:
            copied = site.repair(
                "Loop over what is there now, without what is added.", *site.call("list", node)
            )
            claim = f"The loop adds to `{site.one_line(base)}` while it reads it."
            yield site.reading(claim, all_of_it, copied, weight=0.95)
            return
        yield site.cause(
            f"The loop over `{site.one_line(node)}` changes `{site.one_line(base)}` itself.",
            f"`{site.one_line(base)}` is a mutable collection.",
            check,
            site.repair("Loop over a copy.", *site.call("list", node)),
            weight=0.94,
        )
        return


def _worklist(site: Site, items: ast.expr) -> Repair | None:
    """`for n in found: … found.add(m)`: a list of what is still to be looked at, which grows in the loop."""
    text = site.text(items)
    for loop in [node for node in ast.walk(site.scope) if isinstance(node, ast.For) and node.iter is items]:
        added = [
            node
            for node in src.statements(loop)
            if isinstance(node, ast.Expr) and site.text(node).startswith(f"{text}.add(")
        ]
        if not added or not isinstance(items, ast.Name):
            return None
        changes = [
            src.line_before(site.cell.source, src.first_line(loop), f"pending = list({text})"),
            site.over(items, "pending"),
        ]
        for node in added:
            call = node.value
            assert isinstance(call, ast.Call)
            new = f"pending.extend({{{site.text(call.args[0])}}} - {text})"
            changes.append(src.line_before(site.cell.source, src.first_line(node), new))
        return site.repair(
            "Go on until nothing new is found: a list of what is still to be done grows.", *changes
        )
    return None


@rule(
    "loop.event_loop",
    "RuntimeError",
    lesson="A notebook already has a running event loop, so `asyncio.run` cannot start another one. Use "
    "`await` directly in a cell.",
)
def event_loop(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"asyncio.run\(\) cannot be called from a running event loop|This event loop is already "
        r"running|Cannot run the event loop while another loop is running"
    ):
        return
    for call in site.calls("run", "run_until_complete", least=1):
        top = site.function is None
        if top:
            repair = site.repair(
                "Use `await`, which runs in that event loop.",
                site.over(call, f"await {site.text(call.args[0])}"),
            )
            check = "import asyncio\nasyncio.get_running_loop() is not None"
            yield site.cause(
                "The event loop of the notebook is already running.",
                "There is a running event loop.",
                check,
                repair,
                weight=0.95,
            )
        else:
            yield site.reading(
                "The event loop of the notebook is already running; make the function `async`, and `await` "
                "it.",
                weight=0.8,
            )
        return


@rule(
    "loop.exhausted",
    "StopIteration",
    "IndexError",
    "ValueError",
    "ZeroDivisionError",
    lesson="A generator, `map`, `filter`, `zip` or an open file can be iterated over only once; after that, "
    "nothing is left. A list can be used any number of times.",
)
def exhausted(site: Site) -> Iterator[Suspicion]:
    statement = site.statement
    if statement is None:
        return
    for node in ast.walk(statement):
        if (
            not isinstance(node, ast.Name)
            or kind_of(site, node) not in LAZY
            or kind_of(site, node) in ("set", "range")
        ):
            continue
        for cell, assign in site.assignments(node.id):
            earlier = _used_between(site, cell.id, node, assign)
            if not earlier:
                return
            changes = src.wrap(cell.source, assign.value, "list(", ")")
            repair = Repair(edits=(src.edit(cell, *changes),), why="Make it a list, which can be used again.")
            yield site.reading(
                f"`{node.id}` is a `{kind_of(site, node)}`, and is exhausted.", repair, weight=0.8
            )
            return
    if site.raised.ename == "StopIteration":
        for call in site.find(
            ast.Call, lambda node: getattr(node.func, "id", "") == "next" and len(node.args) == 1
        ):
            end = src.span(site.cell.source, call.args[0])[1]
            repair = site.repair("Return `None` at the end.", src.Splice(start=end, end=end, text=", None"))
            yield site.reading("It may be acceptable that `next` finds nothing.", repair, weight=0.4)
            return


def _used_between(site: Site, cell_id: str, node: ast.Name, assign: ast.Assign) -> bool:
    """Whether the name is read between its assignment and the failing line."""
    if cell_id != site.cell.id:
        return any(
            isinstance(item, ast.Name) and item.id == node.id and item.lineno < site.frame.lineno
            for item in ast.walk(site.tree)
        ) or any(node.id in src.used_names(tree) for cell, tree in site.cells() if cell.id != site.cell.id)
    return any(
        isinstance(item, ast.Name)
        and item.id == node.id
        and isinstance(item.ctx, ast.Load)
        and assign.lineno < item.lineno < node.lineno
        for item in ast.walk(site.scope)
    )


@rule(
    "loop.closed_file",
    "ValueError",
    lesson="`with` closes the file at its end, and a reader or a generator reads it only when it is used. "
    "Read all of it inside the `with`.",
)
def closed_file(site: Site) -> Iterator[Suspicion]:
    """`with open(path) as f: rows = csv.reader(f)`, and a loop over the rows, or over `f`, after it."""
    if site.statement is None or not site.says("closed file"):
        return
    read = [node for node in ast.walk(site.statement) if isinstance(node, ast.Name)]
    for cell, tree in site.cells():
        for block in [node for node in ast.walk(tree) if isinstance(node, ast.With)]:
            handles = {getattr(item.optional_vars, "id", "") for item in block.items}
            made = [
                (name, node)
                for name in read
                for node in block.body
                if isinstance(node, ast.Assign) and name.id in src.bound_names(node)
            ]
            for name, node in [pair for pair in made if handles & src.used_names(pair[1].value)]:
                handle = min(handles & src.used_names(node.value))
                changes = src.wrap(cell.source, node.value, "list(", ")")
                why = "Read all of it while the file is open."
                yield site.cause(
                    f"`{name.id}` reads from `{handle}`, which is closed at the end of its `with`.",
                    f"`{handle}` is closed.",
                    f"{handle}.closed",
                    Repair(edits=(src.edit(cell, *changes),), why=why),
                    weight=0.9,
                )
                return


@rule(
    "loop.endless",
    "KeyboardInterrupt",
    "Timeout",
    "TimeoutError",
    lesson="A `while` loop ends when its condition is false. Something in the loop must change the variables "
    "of the condition.",
)
def endless(site: Site) -> Iterator[Suspicion]:
    for loop in ast.walk(site.tree):
        if not isinstance(loop, ast.While) or not loop.lineno <= site.frame.lineno <= (loop.end_lineno or 0):
            continue
        names = src.used_names(loop.test)
        changed = {
            name
            for node in loop.body
            for item in ast.walk(node)
            if isinstance(item, ast.stmt)
            for name in _changed(item)
        }
        leaves = any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in ast.walk(loop))
        if names & changed or leaves:
            continue
        shown = ", ".join(f"`{name}`" for name in sorted(names)) or "its condition"
        claim = (
            f"Nothing in the loop of line {loop.lineno} changes {shown}, so `while "
            f"{site.one_line(loop.test)}` never ends."
        )
        if pure(loop.test):
            yield site.cause(
                claim, "The condition is still true.", f"bool({site.text(loop.test)})", weight=0.9
            )
        else:
            yield site.reading(claim, weight=0.85)
        return


def _changed(statement: ast.stmt) -> set[str]:
    """Names that a statement may change: by assignment, or by a method call on them."""
    names = src.bound_names(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            names = names | {node.value.id}
        if isinstance(node, ast.Call):
            names = names | {item.id for item in node.args if isinstance(item, ast.Name)}
    return names


RULES = (changed_inside, event_loop, exhausted, closed_file, endless)

"""Rules for arguments in the wrong order, and for a missing `await`."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# function: code that is true if its first two arguments, {0} and {1}, are swapped
_SWAPS = {
    "hasattr": "isinstance({0}, str) and not isinstance({1}, str)",
    "getattr": "isinstance({0}, str) and not isinstance({1}, str)",
    "setattr": "isinstance({0}, str) and not isinstance({1}, str)",
    "delattr": "isinstance({0}, str) and not isinstance({1}, str)",
    "isinstance": "isinstance({0}, (type, tuple)) and not isinstance({1}, (type, tuple))",
    "map": "callable({1}) and not callable({0})",
    "filter": "callable({1}) and not callable({0})",
    "reduce": "callable({1}) and not callable({0})",
    "enumerate": "hasattr({1}, '__iter__') and not hasattr({0}, '__iter__')",
    "starmap": "callable({1}) and not callable({0})",
    "apply_along_axis": "callable({1}) and not callable({0})",
    "heappush": "isinstance({1}, list) and not isinstance({0}, list)",
    "sample": "isinstance({0}, int) and not isinstance({1}, int)",
    "choices": "isinstance({0}, int) and not isinstance({1}, int)",
    "islice": "isinstance({0}, int) and not isinstance({1}, int)",
    "combinations": "isinstance({0}, int) and not isinstance({1}, int)",
    "nlargest": "isinstance({1}, int) and not isinstance({0}, int)",
    "nsmallest": "isinstance({1}, int) and not isinstance({0}, int)",
    "dump": "hasattr({0}, 'write') and not hasattr({1}, 'write')",
}
_CONTAINERS = ("list", "tuple", "numpy.ndarray", "pandas.core.series.Series", "dict", "str", "set")


@rule(
    "call.order",
    "TypeError",
    "ValueError",
    "AttributeError",
    lesson="Positional arguments are assigned to the parameters in the order of the definition. "
    "`help(function)` shows that order.",
)
def order(site: Site) -> Iterator[Suspicion]:
    for call in site.find(ast.Call, lambda node: len(node.args) >= 2):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        first, second = call.args[0], call.args[1]
        if any(isinstance(item, ast.Starred) for item in (first, second)):
            continue
        swapped = [site.over(first, site.text(second)), site.over(second, site.text(first))]
        repair = site.repair("Swap the two arguments.", *swapped)
        claim = f"The first two arguments of `{site.one_line(call.func)}` are in the wrong order."
        if name in _SWAPS and not (name in ("sample", "choices") and kind_of(site, call.func) == ""):
            check = _SWAPS[name].format(f"({site.text(first)})", f"({site.text(second)})")
            if pure(first) and pure(second):
                yield site.cause(
                    claim, "Each is of the type that the other parameter needs.", check, repair, weight=0.9
                )
            else:
                yield site.reading(claim, repair, weight=0.6)
            return
        kinds = kind_of(site, first), kind_of(site, second)
        if len(call.args) == 2 and _may_swap(kinds) and _inside_library(site):
            shows = f"{site.mention(first)}, {site.mention(second)}"
            yield site.reading(f"{claim[:-1]}: {shows}.", repair, weight=0.35)
            return


def _may_swap(kinds: tuple[str, str]) -> bool:
    """Whether one is a number and the other a collection: only then is a swap worth a try in an unknown
    function."""
    first, second = kinds
    return (first in _CONTAINERS and second in ("int", "float")) or (
        first in ("int", "float") and second in _CONTAINERS
    )


def _inside_library(site: Site) -> bool:
    """Whether the failure is inside library code that this line calls."""
    return site.frame_index < -1


@rule(
    "call.missing_await",
    "TypeError",
    "AttributeError",
    lesson="Calling an `async` function returns a coroutine, not the result. `await` runs it and returns the "
    "result; in a notebook it works at the top level too.",
)
def missing_await(site: Site) -> Iterator[Suspicion]:
    if "'coroutine'" not in site.raised.evalue:
        return
    known = {name for _, tree in site.cells() for name in _async_names(tree)}
    for call in site.find(ast.Call, lambda node: _called(node) in known):
        text = f"await {site.text(call)}"
        statement = site.statement
        alone = isinstance(statement, ast.Assign) and statement.value is call
        new = text if alone else f"({text})"
        function = site.text(call.func)
        yield site.cause(
            f"`{site.one_line(call)}` is a coroutine: `await` is missing.",
            f"`{function}` is an asynchronous function.",
            f"import inspect\ninspect.iscoroutinefunction({function})",
            site.repair("Add `await`.", site.over(call, new)),
            weight=0.9,
        )
        return
    statement = site.statement
    for node in ast.walk(statement) if statement is not None else ():
        made = next(site.assignments(node.id), None) if isinstance(node, ast.Name) else None
        if made is not None and isinstance(node, ast.Name) and (edit := _awaited(*made, known)) is not None:
            yield _awaited_at_origin(site, node, edit)
            return


def _awaited(cell: Cell, assign: ast.Assign, known: set[str]) -> CellEdit | None:
    """The assignment with `await` before the coroutines that it makes; None if others take them."""
    parents = {child: node for node in ast.walk(assign) for child in ast.iter_child_nodes(node)}
    calls = [
        node
        for node in ast.walk(assign.value)
        if isinstance(node, ast.Call)
        and (_called(node) in known or (node is assign.value and not known))
        and not isinstance(parents[node], ast.Await | ast.Call | ast.Starred)
    ]
    starts = [src.span(cell.source, call)[0] for call in calls]
    changes = [src.Splice(start=start, end=start, text="await ") for start in starts]
    return src.edit(cell, *changes) if changes else None


def _awaited_at_origin(site: Site, node: ast.Name, edit: CellEdit) -> Suspicion:
    repair = Repair(edits=(edit,), why="Add `await` to the assignment.")
    if site.type(node) != "coroutine":
        claim = f"`{node.id}` holds coroutines: `await` is missing where they are made."
        return site.reading(claim, repair, weight=0.9)
    return site.cause(
        f"`{node.id}` is a coroutine: `await` is missing where it is assigned.",
        f"`{node.id}` is awaitable.",
        f"hasattr({node.id}, '__await__')",
        repair,
        weight=0.93,
    )


def _async_names(tree: ast.AST) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@rule(
    "date.order",
    "ValueError",
    lesson="`date(year, month, day)`: the month, from 1 to 12, comes before the day.",
)
def date_order(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"month must be in 1\.\.12|day is out of range for month"):
        return
    for call in site.find(ast.Call, lambda node: len(node.args) >= 3):
        year, month, day = [site.literal(item) for item in call.args[:3]]
        if not all(isinstance(item, int) for item in (year, month, day)):
            continue
        places = [0, 1, 2]
        if 1 <= day <= 12 and 1 <= month <= 31 and year > 31:
            places = [0, 2, 1]
        elif day > 31 and 1 <= year <= 12 and 1 <= month <= 31:
            places = [2, 0, 1]
        elif day > 31 and 1 <= month <= 12 and 1 <= year <= 31:
            places = [2, 1, 0]
        if places == [0, 1, 2]:
            return
        texts = [site.text(call.args[place]) for place in places]
        changes = [site.over(item, text) for item, text in zip(call.args[:3], texts, strict=True)]
        claim = f"`{site.one_line(call)}` has month {month} and day {day}; the order is year, month, day."
        yield site.reading(
            claim, site.repair("Write year, month and day in this order.", *changes), weight=0.8
        )
        return


@rule(
    "loop.async_generator",
    "TypeError",
    lesson="What an `async def` function yields comes one by one with `async for`, at the top level of a "
    "notebook too.",
)
def async_for(site: Site) -> Iterator[Suspicion]:
    """`for item in feed.items()`, where `items` is an asynchronous generator."""
    loops = [
        node
        for node in ast.walk(site.statement or site.tree)
        if isinstance(node, ast.For | ast.comprehension)
    ]
    if not site.says("'async_generator' object is not iterable") or len(loops) != 1:
        return
    behind = src.span(site.cell.source, loops[0].target)[0]
    start = site.cell.source.rindex("for", 0, behind)
    change = src.Splice(start=start, end=start, text="async ")
    claim = f"`{site.one_line(loops[0].iter)}` is an asynchronous generator."
    repair = site.repair("Loop with `async for`.", change)
    check = f"hasattr({site.text(loops[0].iter)}, '__aiter__')"
    yield site.cause(claim, f"`{check}` is true there.", check, repair, weight=0.93)


RULES = (async_for, date_order, order, missing_await)

"""Tuples whose first elements are equal, so that the next ones are compared."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_LESSON = (
    "Tuples are compared element by element: where the first ones are equal, the next ones decide, and these "
    "may have no order. A running number before them decides every tie."
)
_SORTS = ("sorted", "min", "max", "sort", "nlargest", "nsmallest")
_PUSHES = ("heappush", "heappushpop", "heapreplace")


@rule("operator.ties", "TypeError", lesson=_LESSON)
def ties(site: Site) -> Iterator[Suspicion]:
    """`heappush(queue, (cost, node))` and `sorted(pairs)`, where two costs are the same."""
    said = site.says(r"'[<>]' not supported between instances of '([\w.]+)' and '([\w.]+)'")
    if said is None or said[1] != said[2]:
        return
    claim = (
        f"Two tuples begin with the same value, and then two `{said[1]}` are compared, which have no order."
    )
    for call in site.find(ast.Call):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in _SORTS and all(word.arg != "key" for word in call.keywords):
            end = src.span(site.cell.source, call)[1] - 1
            comma = ", " if call.args or call.keywords else ""
            key = src.Splice(start=end, end=end, text=f"{comma}key=lambda item: item[0]")
            yield site.reading(claim, site.repair("Compare the first elements only.", key), weight=0.8)
            return
        if name in (*_PUSHES, "heappop", "heapify") and call.args:
            changes = list(_numbered(site))
            if changes:
                changes.append(src.add_import(site.cell, "from itertools import count\n\nties = count()"))
                repair = site.repair("Put a running number before it, which decides every tie.", *changes)
                yield site.reading(claim, repair, weight=0.85)
            return


def _numbered(site: Site) -> Iterator[src.Splice]:
    """Every tuple of the heap with a running number before its last element, made and taken apart."""
    queues, width = set(), 0
    for node in ast.walk(site.tree):
        match node:
            case ast.Call(args=[queue, ast.Tuple(elts=[*_, last] as items)]) if _is(node, *_PUSHES):
                queues.add(site.text(queue))
                width = len(items)
                start = src.span(site.cell.source, last)[0]
                yield src.Splice(start=start, end=start, text="next(ties), ")
    for node in ast.walk(site.tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=items)) if name in queues:
                for item in [item for item in items if isinstance(item, ast.Tuple) and item.elts]:
                    start = src.span(site.cell.source, item.elts[-1])[0]
                    yield src.Splice(start=start, end=start, text="next(ties), ")
            case ast.Assign(targets=[ast.Tuple(elts=[*_, last] as items)], value=ast.Call() as call):
                if _is(call, "heappop", "heappushpop", "heapreplace") and len(items) == width:
                    start = src.span(site.cell.source, last)[0]
                    yield src.Splice(start=start, end=start, text="_, ")
            case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int() as place) as at):
                if _is(call, "heappop") and place == width - 1:
                    yield site.over(at, "-1")


def _is(call: ast.Call, *names: str) -> bool:
    return getattr(call.func, "attr", getattr(call.func, "id", "")) in names


RULES = (ties,)

"""Rules for unpacking: more or fewer values than names."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "value.unpack",
    "ValueError",
    "TypeError",
    lesson="`a, b = x` needs exactly as many values as names. A name with a star takes the rest: `a, *rest = "
    "x`.",
)
def unpack(site: Site) -> Iterator[Suspicion]:
    many = site.says(r"too many values to unpack \(expected (\d+)")
    few = site.says(r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)")
    statement = site.statement
    if not many and not few:
        return
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        target, value = statement.targets[0], statement.value
        found = site.literal(value)
        size = len(found) if isinstance(found, list | tuple | str | dict) else None
        if few:
            size = int(few[2])
        names = len(target.elts)
        if many:
            yield from _surplus(site, target, value, size)
        if few and size is not None and size < names:
            if size == 1 and isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "split":
                yield from _split(site, value, statement)
            elif size:
                yield _shortage(site, target, size)
    elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple):
        yield from _unpack_loop(site, statement.target, many is not None)


def _surplus(
    site: Site, target: ast.Tuple | ast.List, value: ast.expr, size: int | None
) -> Iterator[Suspicion]:
    """More values than names."""
    names = len(target.elts)
    rest = site.repair("Add `*_`, which takes the remaining values.", site.after(target.elts[-1], ", *_"))
    yield site.reading("You may want only the first values.", rest, weight=0.8)
    if size is not None and names and pure(value):
        cut = site.repair(f"Take only the first {names} values.", site.after(value, f"[:{names}]"))
        yield site.reading("You may want only the first values.", cut, weight=0.5)
    star = src.span(site.cell.source, target.elts[-1])[0]
    tail = site.repair(
        "Put a star before the last name, which then takes the rest.",
        src.Splice(start=star, end=star, text="*"),
    )
    yield site.reading("The remaining values may belong to the last name.", tail, weight=0.6)


def _shortage(site: Site, target: ast.Tuple | ast.List, size: int) -> Suspicion:
    """Fewer values than names: keep as many names."""
    source = site.cell.source
    start, kept = src.span(source, target.elts[0])[0], src.span(source, target.elts[size - 1])[1]
    text = source[start:kept] + ("," if size == 1 else "")
    change = src.Splice(start=start, end=src.span(source, target.elts[-1])[1], text=text)
    why = "Keep as many names as there are values."
    return site.reading("There may be too many names.", site.repair(why, change), weight=0.4)


def _split(site: Site, value: ast.Call, statement: ast.Assign) -> Iterator[Suspicion]:
    """`a, b = text.split(',')` where the string has another separator."""
    assert isinstance(value.func, ast.Attribute)
    text = site.literal(value.func.value)
    if not isinstance(text, str):
        return
    for separator in (",", ";", ":", "\t", "|", "-", "=", "/", " "):
        target = statement.targets[0]
        wanted = len(target.elts) if isinstance(target, ast.Tuple | ast.List) else 0
        if text.count(separator) == wanted - 1:
            start, end = src.span(site.cell.source, value.func)[1], src.span(site.cell.source, value)[1]
            change = src.Splice(start=start, end=end, text=f"({separator!r})")
            claim = (
                f"{text!r} does not contain the separator of this `split`, but {separator!r}, which splits "
                f"it into {wanted}."
            )
            yield site.reading(claim, site.repair(f"Split at {separator!r}.", change), weight=0.8)
            return


def _unpack_loop(site: Site, target: ast.Tuple, many: bool) -> Iterator[Suspicion]:
    claim = f"The elements do not have {len(target.elts)} parts."
    if many:
        rest = site.repair("Add `*_`, which takes the remaining parts.", site.after(target.elts[-1], ", *_"))
        yield site.reading(claim, rest, weight=0.7)


@rule(
    "unpack.dictionary",
    "TypeError",
    "ValueError",
    lesson="A loop over a dictionary yields its keys. `d.items()` yields keys and values, `enumerate(x)` "
    "yields indices and elements.",
)
def unpack_loop(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"cannot unpack non-iterable|not enough values to unpack|too many values to unpack"):
        return
    statement = site.statement
    loops: list[tuple[ast.expr, ast.expr]] = []
    if isinstance(statement, ast.For):
        loops.append((statement.target, statement.iter))
    for node in ast.walk(statement) if statement is not None else ():
        for item in getattr(node, "generators", []):
            loops.append((item.target, item.iter))
    for target, iterated in loops:
        if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        kind, text = kind_of(site, iterated), site.text(iterated)
        if kind == "pandas.core.frame.DataFrame":
            yield site.cause(
                f"A loop over the table `{text}` yields the names of its columns.",
                f"`{text}` is a table.",
                f"type({text}).__name__ == 'DataFrame'",
                site.repair("Loop over its rows, with their labels.", site.after(iterated, ".iterrows()")),
                site.repair("Loop over its columns, with their names.", site.after(iterated, ".items()")),
                weight=0.95,
            )
        if kind in ("dict", "collections.defaultdict", "collections.Counter", "collections.OrderedDict"):
            yield site.cause(
                f"`{text}` is a dictionary: the loop yields its keys, not pairs.",
                f"`{text}` is a dictionary.",
                f"isinstance({text}, dict)",
                site.repair(
                    f"Loop over `{text}.items()`, which yields keys and values.",
                    site.after(iterated, ".items()"),
                ),
                weight=0.94,
            )
        elif site.says(r"cannot unpack non-iterable (int|float|str|numpy)") and (
            kind in ("list", "tuple", "str", "range", "numpy.ndarray", "set")
            or isinstance(iterated, ast.Call)
        ):
            claim = f"`{site.one_line(iterated)}` yields single elements, but the loop has two names."
            repair = site.repair(
                "Use `enumerate`, which yields indices and elements.", *site.call("enumerate", iterated)
            )
            yield site.reading(claim, repair, weight=0.75)
        elif kind in ("list", "tuple") and site.says(r"values to unpack"):
            claim = f"The elements of `{site.one_line(iterated)}` are not pairs."
            repair = site.repair(
                "Use `enumerate`, which yields indices and elements.", *site.call("enumerate", iterated)
            )
            yield site.reading(claim, repair, weight=0.6)


@rule(
    "unpack.returned",
    "TypeError",
    "ValueError",
    lesson="A call gives what the function returns, and nothing of its other variables. Several values are "
    "returned as `return a, b`.",
)
def returned(site: Site) -> Iterator[Suspicion]:
    """`low, high = limits(xs)`, where `limits` returns one of them, or nothing."""
    if not site.says(r"cannot unpack non-iterable|values to unpack"):
        return
    statement = site.statement
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Tuple | ast.List):
        return
    call, names = statement.value, [getattr(item, "id", "") for item in statement.targets[0].elts]
    name = getattr(call.func, "attr", getattr(call.func, "id", "")) if isinstance(call, ast.Call) else ""
    for cell, function in site.functions(name) if name and all(names) else ():
        bound = list(_assigned_in(function))
        if not set(names) <= set(bound):
            names = bound[-len(names) :] if len(bound) >= len(names) else []
        last = function.body[-1]
        returns = [node for node in src.own_scope(function) if isinstance(node, ast.Return)]
        text = f"return {', '.join(names)}"
        if not names or len(returns) > 1 or (returns and returns[0] is not last):
            return
        change = (
            src.over(cell.source, last, text)
            if returns
            else src.line_after(cell.source, last, text, indent=function.body[0].col_offset)
        )
        value = returns[0].value if returns else None
        gives = f"`{src.text_of(cell.source, value)}`" if value is not None else "nothing"
        claim = f"`{name}` returns {gives}, and {len(names)} values are expected."
        repair = Repair(edits=(src.edit(cell, change),), why=f"Return {len(names)} values from `{name}`.")
        yield replace(site.reading(claim, repair, weight=0.93), cell=cell.id, lineno=last.lineno)
        return


def _assigned_in(function: Function) -> Iterator[str]:
    """The local variables that statements of the function assign, each once, in the order of the source."""
    seen: set[str] = set()
    nodes = [node for node in src.own_scope(function) if isinstance(node, ast.Name)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node.ctx, ast.Store) and node.id not in seen:
            seen.add(node.id)
            yield node.id


RULES = (unpack, unpack_loop, returned)

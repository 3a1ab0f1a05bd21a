"""Rules for values where a whole number, a length or something to go through is needed."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.described import UNKNOWN, number_in, shown
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


def arguments(site: Site, kind: str) -> list[ast.expr]:
    """Arguments of the failing call, or the index of the failing lookup, that have this type."""
    found: list[ast.expr] = []
    for call in site.find(ast.Call):
        found += [
            item
            for item in (*call.args, *(word.value for word in call.keywords))
            if kind_of(site, item) == kind
        ]
        if found:
            return found
    for node in site.find(ast.Subscript):
        parts = [node.slice]
        if isinstance(node.slice, ast.Slice):
            parts = [
                item for item in (node.slice.lower, node.slice.upper, node.slice.step) if item is not None
            ]
        found += [item for item in parts if kind_of(site, item) == kind]
    return found


@rule(
    "integer.from_float",
    "TypeError",
    "IndexError",
    lesson="Counting and indexing need whole numbers. `/` always gives a float, even for `4 / 2`; `//` "
    "gives a whole "
    "number.",
)
def from_float(site: Site) -> Iterator[Suspicion]:
    if not (
        site.says(r"'float' object cannot be interpreted as an integer")
        or site.says(r"indices must be integers.*not .*float")
        or site.says(r"slice indices must be integers|only integers, slices")
    ):
        return
    nodes = arguments(site, "float") or list(_divisions(site))
    if not nodes:
        return
    changes: list[src.Change] = []
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            start, end = src.span(site.cell.source, node.left)[1], src.span(site.cell.source, node.right)[0]
            changes.append(
                src.Change(start=start, end=end, text=site.cell.source[start:end].replace("/", "//", 1))
            )
        else:
            changes += site.call("int", node)
    whole = all(_is_whole(site, node) for node in nodes)
    first = nodes[0]
    claim = (
        f"`{site.one_line(first)}` is {shown(site.value(first))}, a float, where a whole number is needed."
    )
    repair = site.repair("It becomes a whole number.", *changes)
    checks = " and ".join(f"float({site.text(node)}).is_integer()" for node in nodes)
    if whole and all(pure(node) for node in nodes):
        yield site.cause(claim, "It is a whole number, only written as a float.", checks, repair, weight=0.92)
    else:
        yield site.reading(claim, repair, weight=0.85)
    origin = _assigned_by_division(site, nodes)
    if origin is not None:
        yield site.reading("The division that makes it may be meant as a whole one.", origin, weight=0.7)


def _divisions(site: Site) -> list[ast.expr]:
    found = [node for node in site.find(ast.BinOp) if isinstance(node.op, ast.Div)]
    return list(found[:1])


def _is_whole(site: Site, node: ast.expr) -> bool:
    value = site.literal(node)
    return isinstance(value, float) and value.is_integer()


def _assigned_by_division(site: Site, nodes: list[ast.expr]) -> Repair | None:
    for node in nodes:
        if isinstance(node, ast.Name):
            for cell, assign in site.assignments(node.id):
                value = assign.value
                if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
                    start, end = src.span(cell.source, value.left)[1], src.span(cell.source, value.right)[0]
                    change = src.Change(
                        start=start, end=end, text=cell.source[start:end].replace("/", "//", 1)
                    )
                    return Repair(edits=(src.edit(cell, change),), why="`//` gives a whole number.")
                return None
    return None


@rule(
    "integer.from_text",
    "TypeError",
    lesson="A number in quotes is text. `int('2')` makes a number of it.",
)
def from_text(site: Site) -> Iterator[Suspicion]:
    named = site.says(r"'str' object cannot be interpreted as an integer") or site.says(
        r"(?<!string )indices must be integers( or slices)?, not '?str'?"
    )
    number = (
        site.says(r"must be real number, not str")
        or site.says(r"an integer is required|must be integer")
        or site.says(r"type str doesn't define __round__")
        or site.says(r"bad operand type for abs\(\): 'str'")
        or site.says(r"integer argument expected, got str")
    )
    if not named and not number and not site.says(r"string indices must be integers"):
        return
    nodes = [node for node in arguments(site, "str") if number_in(site.literal(node))]
    changes = [change for node in nodes for change in site.call(_wanted(site, node, bool(number)), node)]
    if nodes:
        first = nodes[0]
        claim = f"`{site.one_line(first)}` is the text {shown(site.value(first))} where a number is needed."
        check = " and ".join(
            f"isinstance({site.text(node)}, str) and "
            f"{number_in(site.literal(node))}({site.text(node)}) is not None"
            for node in nodes
        )
        repair = site.repair("It becomes a number.", *changes)
        if all(pure(node) for node in nodes):
            yield site.cause(claim, "It is a number in quotes.", check, repair, weight=0.93)
        else:
            yield site.reading(claim, repair, weight=0.85)
    elif unknown := [node for node in arguments(site, "str") if site.literal(node) is UNKNOWN]:
        changes = list(site.call("int", unknown[0]))
        if isinstance(unknown[0], ast.Call):
            claim = f"`{site.one_line(unknown[0])}` is text where a number is needed."
            yield site.reading(claim, site.repair("It becomes a number.", *changes), weight=0.6)


def _wanted(site: Site, node: ast.expr, real: bool) -> str:
    return number_in(site.literal(node)) if real else "int"


@rule(
    "integer.from_collection",
    "TypeError",
    lesson="`range` takes a number. To go through a list, loop over the list itself, or over "
    "`range(len(x))`.",
)
def from_collection(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"'(list|tuple|dict|set|numpy.ndarray)' object cannot be interpreted as an integer")
    if said is None:
        return
    for node in arguments(site, said[1])[:1]:
        claim = f"`{site.one_line(node)}` is a {said[1]} where a number is needed."
        yield site.reading(
            claim, site.repair("Its length is a number.", *site.call("len", node)), weight=0.75
        )
        if said[1] in ("list", "tuple"):
            start = src.span(site.cell.source, node)[0]
            change = src.Change(start=start, end=start, text="*")
            yield site.reading(claim, site.repair("Its elements are the arguments.", change), weight=0.4)


RULES = (
    from_float,
    from_text,
    from_collection,
)

"""Rules for lengths and loops: things without a length, numbers that a loop goes through."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.integers import arguments
from cot_magic.reasoners.offline.crashes.operands import CALLABLE, kind_of, pure
from cot_magic.reasoners.offline.described import shown
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

LAZY = (
    "generator",
    "map",
    "filter",
    "zip",
    "reversed",
    "enumerate",
    "list_iterator",
    "str_iterator",
    "chain",
)


@rule(
    "iterate.number",
    "TypeError",
    lesson="A `for` loop goes through a collection. To count up to a number, use `range(n)`.",
)
def iterate_number(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"'(int|float)' object is not iterable")
    if said is None:
        return
    loops: list[ast.expr] = [node.iter for node in site.find(ast.For)]
    loops += [item.iter for node in site.find(ast.AST) for item in getattr(node, "generators", [])]
    statement = site.statement
    if isinstance(statement, ast.For | ast.AsyncFor):
        loops.insert(0, statement.iter)
    for node in loops:
        if kind_of(site, node) in (said[1], "") and (
            isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Subscript | ast.BinOp)
            or _is_len(node)
        ):
            claim = f"`{site.one_line(node)}` is a number, and the loop needs something to go through."
            repair = site.repair("`range` counts up to the number.", *site.call("range", node))
            if said[1] == "int":
                check = f"isinstance({site.text(node)}, int)"
                yield site.cause(claim, "It is a whole number.", check, repair, weight=0.93)
            else:
                yield site.reading(claim, weight=0.5)
            return
    for call in site.find(ast.Call, lambda node: len(node.args) >= 1)[:1]:
        name = getattr(call.func, "id", "")
        numbers = [item for item in call.args if kind_of(site, item) in ("int", "float")]
        if name in ("sum", "max", "min", "list", "tuple", "set", "sorted", "any", "all") and numbers:
            claim = f"`{name}` needs a collection, and got the number {shown(site.value(numbers[0]))}."
            start, end = (
                src.span(site.cell.source, call.args[0])[0],
                src.span(site.cell.source, call.args[-1])[1],
            )
            changes = [src.Change(start=start, end=start, text="["), src.Change(start=end, end=end, text="]")]
            yield site.reading(claim, site.repair("In brackets it is a list.", *changes), weight=0.6)
            if len(call.args) == 1 and said[1] == "int":
                yield site.reading(
                    claim, site.repair("It counts up to it.", *site.call("range", call.args[0])), weight=0.5
                )


def _is_len(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


@rule(
    "iterate.missing_call",
    "TypeError",
    lesson="`d.items` is the method; `d.items()` calls it and gives what the loop can go through.",
)
def iterate_missing_call(site: Site) -> Iterator[Suspicion]:
    if not (
        site.says(r"'(builtin_function_or_method|method|function)' object is not iterable")
        or site.says(r"argument of type '(builtin_function_or_method|method|function)'")
        or site.says(r"object of type '(builtin_function_or_method|method|function)' has no len")
        or site.says(r"cannot unpack non-iterable (builtin_function_or_method|method|function)")
        or site.says(r"argument must be .* not '?(builtin_function_or_method|method|function)'?")
    ):
        return
    statement = site.statement
    if statement is None:
        return
    called = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    nodes = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute | ast.Name)
        and node not in called
        and isinstance(node.ctx, ast.Load)
    ]
    functions = [node for node in nodes if kind_of(site, node) in CALLABLE]
    loose = [node for node in nodes if isinstance(node, ast.Attribute) and kind_of(site, node) == ""]
    for node in (functions or loose)[:1]:
        text = site.text(node)
        yield site.cause(
            f"`{text}` is a function and is not called here.",
            f"`{text}` can be called.",
            f"callable({text})",
            site.repair(f"`{text}()` is its result.", site.after(node, "()")),
            weight=0.92,
        )


@rule(
    "length.of_lazy",
    "TypeError",
    lesson="A generator, `map` or `filter` makes its elements one by one and does not know how many "
    "come. A list knows.",
)
def length_of_lazy(site: Site) -> Iterator[Suspicion]:
    said = (
        site.says(r"object of type '([\w.]+)' has no len\(\)")
        or site.says(r"'(\w+)' object is not subscriptable")
        or site.says(r"'(\w+)' object is not reversible")
    )
    said = said or site.says(r"'(\w+)' object does not support item assignment")
    lazy = (*LAZY, "dict_keys", "dict_values", "dict_items", "range", "set", "frozenset", "odict_keys")
    if said is None or said[1] not in lazy:
        return
    subscript = "len()" not in site.raised.evalue and "reversible" not in site.raised.evalue
    nodes = [node.value for node in site.find(ast.Subscript)] if subscript else arguments(site, said[1])
    if not nodes:
        nodes = [call.args[0] for call in site.find(ast.Call) if len(call.args) == 1][:1]
    for node in nodes[:1]:
        claim = f"`{site.one_line(node)}` is a `{said[1]}`, which has no length and no positions."
        check = f"type({site.text(node)}).__name__ == {said[1]!r}"
        store = site.says(r"item assignment") is not None
        repair = _listed(site, node, store)
        if repair is None:
            yield site.reading(claim, weight=0.5)
        elif said[1] in ("set", "frozenset"):
            yield site.reading(claim + " It has no order either.", repair, weight=0.6)
            if not store:
                yield site.reading(
                    claim, site.repair("Sorted it has an order.", *site.call("sorted", node)), weight=0.55
                )
        elif pure(node) or isinstance(node, ast.GeneratorExp):
            yield site.cause(claim, f"It is of type `{said[1]}`.", check, repair, weight=0.93)
        else:
            yield site.cause(claim, f"It is of type `{said[1]}`.", check, repair, weight=0.9)


def _listed(site: Site, node: ast.expr, store: bool) -> Repair | None:
    """`list(…)` around it; where it is a variable, around what is assigned to it, since it can be gone
    through
    only once."""
    if isinstance(node, ast.Name):
        for cell, assign in site.assignments(node.id):
            change = src.wrap(cell.source, assign.value, "list(", ")")
            return Repair(edits=(src.edit(cell, *change),), why=f"`{node.id}` becomes a list.")
    if store:
        return None
    if isinstance(node, ast.GeneratorExp):
        start = src.span(site.cell.source, node)[0]
        listed = f"list{site.text(node)}"
        only = start > 0 and (site.cell.source[start - 1].isalnum() or site.cell.source[start - 1] in "_)]")
        why = "A list has a length."
        return site.repair(why, site.over(node, f"({listed})" if only else listed))  # the call's own brackets
    return site.repair("A list has a length and positions.", *site.call("list", node))


@rule(
    "length.of_number",
    "TypeError",
    lesson="`len` counts the elements of a collection. A number has none; its digits can be counted as text.",
)
def length_of_number(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"object of type '(int|float)' has no len\(\)")
    if said is None:
        return
    for node in arguments(site, said[1])[:1]:
        claim = f"`{site.one_line(node)}` is the number {shown(site.value(node))}, which has no length."
        yield site.reading(
            claim, site.repair("Its digits are counted.", *site.call("str", node)), weight=0.55
        )


RULES = (
    iterate_number,
    iterate_missing_call,
    length_of_lazy,
    length_of_number,
)

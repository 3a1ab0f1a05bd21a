"""Rules for values of the wrong kind: where an integer, a length or an iterable is needed."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import CALLABLE, kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, number_in
from cot_magic.reasoners.offline.written import rule


def arguments(site: Site, kind: str) -> list[ast.expr]:
    """Arguments of the failing call, or the index of the failing subscript, that are of this type."""
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
    lesson="Counts and indices must be integers. `/` always gives a float, even for `4 / 2`; `//` gives an "
    "integer.",
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
    changes: list[src.Splice] = []
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            start, end = src.span(site.cell.source, node.left)[1], src.span(site.cell.source, node.right)[0]
            changes.append(
                src.Splice(start=start, end=end, text=site.cell.source[start:end].replace("/", "//", 1))
            )
        else:
            changes += site.call("int", node)
    whole = all(_is_whole(site, node) for node in nodes)
    first = nodes[0]
    claim = f"{site.mention(first)} is a float, but an integer is needed."
    repair = site.repair("Make it an integer.", *changes)
    checks = " and ".join(f"float({site.text(node)}).is_integer()" for node in nodes)
    if whole and all(pure(node) for node in nodes):
        yield site.cause(claim, "It is a whole number, stored as a float.", checks, repair, weight=0.92)
    else:
        yield site.reading(claim, repair, weight=0.85)
    origin = _assigned_by_division(site, nodes)
    if origin is not None:
        yield site.reading("You may have meant integer division where it is computed.", origin, weight=0.7)


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
                    change = src.Splice(
                        start=start, end=end, text=cell.source[start:end].replace("/", "//", 1)
                    )
                    return Repair(edits=(src.edit(cell, change),), why="Use `//`, which gives an integer.")
                return None
    return None


@rule("integer.from_text", "TypeError", lesson="A number in quotes is a string. `int('2')` converts it.")
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
        claim = f"{site.mention(first)} is a string, but a number is needed."
        check = " and ".join(
            f"isinstance({site.text(node)}, str) and "
            f"{number_in(site.literal(node))}({site.text(node)}) is not None"
            for node in nodes
        )
        repair = site.repair("Convert it to a number.", *changes)
        if all(pure(node) for node in nodes):
            yield site.cause(claim, "It is a string that holds a number.", check, repair, weight=0.93)
        else:
            yield site.reading(claim, repair, weight=0.85)
    elif unknown := [node for node in arguments(site, "str") if site.literal(node) is UNKNOWN]:
        changes = list(site.call("int", unknown[0]))
        if isinstance(unknown[0], ast.Call):
            claim = f"`{site.one_line(unknown[0])}` is a string, but a number is needed."
            yield site.reading(claim, site.repair("Convert it with `int`.", *changes), weight=0.6)


def _wanted(site: Site, node: ast.expr, real: bool) -> str:
    return number_in(site.literal(node)) if real else "int"


@rule(
    "integer.from_collection",
    "TypeError",
    lesson="`range` takes an integer. To loop over a list, use the list itself, or `range(len(x))` for its "
    "indices.",
)
def from_collection(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"'(list|tuple|dict|set|numpy.ndarray)' object cannot be interpreted as an integer")
    if said is None:
        return
    for node in arguments(site, said[1])[:1]:
        claim = f"`{site.one_line(node)}` is a {said[1]}, but an integer is needed."
        yield site.reading(claim, site.repair("Use its length.", *site.call("len", node)), weight=0.75)
        if said[1] in ("list", "tuple"):
            start = src.span(site.cell.source, node)[0]
            change = src.Splice(start=start, end=start, text="*")
            yield site.reading(claim, site.repair("Pass its elements as the arguments.", change), weight=0.4)


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
    lesson="A `for` loop needs an iterable. To count up to a number, use `range(n)`.",
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
            claim = f"`{site.one_line(node)}` is a number, but the loop needs an iterable."
            repair = site.repair("Use `range` to count up to the number.", *site.call("range", node))
            if said[1] == "int":
                check = f"isinstance({site.text(node)}, int)"
                yield site.cause(claim, "It is an integer.", check, repair, weight=0.93)
            else:
                yield site.reading(claim, weight=0.5)
            return
    for call in site.find(ast.Call, lambda node: len(node.args) >= 1)[:1]:
        name = getattr(call.func, "id", "")
        numbers = [item for item in call.args if kind_of(site, item) in ("int", "float")]
        if name in ("sum", "max", "min", "list", "tuple", "set", "sorted", "any", "all") and numbers:
            claim = f"`{name}` needs an iterable, but got the number {site.mention(numbers[0])}."
            start, end = (
                src.span(site.cell.source, call.args[0])[0],
                src.span(site.cell.source, call.args[-1])[1],
            )
            changes = [src.Splice(start=start, end=start, text="["), src.Splice(start=end, end=end, text="]")]
            yield site.reading(claim, site.repair("Put the arguments into a list.", *changes), weight=0.6)
            if len(call.args) == 1 and said[1] == "int":
                yield site.reading(
                    claim,
                    site.repair("Use `range` to count up to it.", *site.call("range", call.args[0])),
                    weight=0.5,
                )


def _is_len(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


@rule(
    "iterate.missing_call",
    "TypeError",
    lesson="`d.items` is the method; `d.items()` calls it and returns something to loop over.",
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
            f"`{text}` is a function that is not called here.",
            f"`{text}` is callable.",
            f"callable({text})",
            site.repair(f"Call it: `{text}()`.", site.after(node, "()")),
            weight=0.92,
        )


@rule(
    "length.of_lazy",
    "TypeError",
    lesson="A generator, `map` or `filter` yields its elements one by one, so it has no length. A list has "
    "one.",
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
        lacks = "length" if "len()" in site.raised.evalue else "indices"
        claim = f"`{site.one_line(node)}` is a `{said[1]}`, which has no {lacks}."
        check = f"type({site.text(node)}).__name__ == {said[1]!r}"
        if said[1] == "generator" and (some := _first_items(site, node)) is not None:
            yield site.cause(claim, "It is a generator.", check, some, weight=0.94)
            return
        store = site.says(r"item assignment") is not None
        repair = _listed(site, node, store)
        if repair is None:
            yield site.reading(claim, weight=0.5)
        elif said[1] in ("set", "frozenset"):
            yield site.reading(claim + " It has no order either.", repair, weight=0.6)
            if not store:
                yield site.reading(
                    claim, site.repair("Sort it into a list.", *site.call("sorted", node)), weight=0.55
                )
        elif pure(node) or isinstance(node, ast.GeneratorExp):
            yield site.cause(claim, f"It is of type `{said[1]}`.", check, repair, weight=0.93)
        else:
            yield site.cause(claim, f"It is of type `{said[1]}`.", check, repair, weight=0.9)


def _first_items(site: Site, node: ast.expr) -> Repair | None:
    """`list(islice(…))` for a slice of a generator: it may have no end, and only these items are needed."""
    for whole in site.find(ast.Subscript, lambda found: found.value is node):
        part = whole.slice
        if isinstance(part, ast.Slice) and isinstance(part.upper, ast.Constant | ast.Name):
            bounds = [part.lower, part.upper, part.step]
            texts = [site.text(item) if item is not None else "None" for item in bounds]
            texts = texts[1:2] if texts[::2] == ["None", "None"] else texts[: 2 if texts[2] == "None" else 3]
            new = f"list(itertools.islice({site.text(node)}, {', '.join(texts)}))"
            changes = [site.over(whole, new), src.add_import(site.cell, "import itertools")]
            return site.repair("Take these items with `itertools.islice`.", *changes)
    return None


def _listed(site: Site, node: ast.expr, store: bool) -> Repair | None:
    """`list(…)` around it; for a variable, around the value assigned to it, as it can be iterated over only
    once."""
    if isinstance(node, ast.Name):
        for cell, assign in site.assignments(node.id):
            change = src.wrap(cell.source, assign.value, "list(", ")")
            return Repair(edits=(src.edit(cell, *change),), why=f"Make `{node.id}` a list.")
    if store:
        return None
    if isinstance(node, ast.GeneratorExp):
        start = src.span(site.cell.source, node)[0]
        listed = f"list{site.text(node)}"
        only = start > 0 and (site.cell.source[start - 1].isalnum() or site.cell.source[start - 1] in "_)]")
        why = "Make it a list, which has a length."
        return site.repair(
            why, site.over(node, f"({listed})" if only else listed)
        )  # the parentheses of the call
    return site.repair("Convert it to a list, which has a length and indices.", *site.call("list", node))


@rule(
    "length.of_number",
    "TypeError",
    lesson="`len` counts the elements of a collection. A number has none; to count its digits, convert it to "
    "a string.",
)
def length_of_number(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"object of type '(int|float)' has no len\(\)")
    if said is None:
        return
    for node in arguments(site, said[1])[:1]:
        claim = f"{site.mention(node)} is a number, which has no length."
        yield site.reading(claim, site.repair("Count its digits.", *site.call("str", node)), weight=0.55)


RULES = (
    from_float,
    from_text,
    from_collection,
    iterate_number,
    iterate_missing_call,
    length_of_lazy,
    length_of_number,
)

"""Rules for making text: joining, formatting, JSON, files."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.described import number_in, shown
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "text.sum",
    "TypeError",
    lesson="`sum` adds numbers and starts at 0. Texts are joined with `''.join(texts)`; lists are "
    "joined with "
    "`sum(lists, [])`.",
)
def summed(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"unsupported operand type\(s\) for \+: 'int' and '(str|list|tuple)'") or site.says(
        r"sum\(\) can't sum (strings)"
    )
    if said is None:
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "id", "") == "sum" and bool(node.args)):
        items, value = call.args[0], site.literal(call.args[0])
        text = site.text(items)
        if said[1] in ("list", "tuple"):
            empty = "[]" if said[1] == "list" else "()"
            repair = site.repair("The sum starts with an empty one.", site.after(items, f", {empty}"))
            yield site.cause(
                f"`{text}` holds {said[1]}s, and `sum` starts at the number 0.",
                f"They are {said[1]}s.",
                f"type(next(iter({text}))).__name__ == {said[1]!r}",
                repair,
                weight=0.9,
            )
            return
        texts = list(value) if isinstance(value, list | tuple | set | str) else []
        claim = f"`{text}` holds text, and `sum` adds numbers."
        if texts and all(isinstance(item, str) and number_in(item) for item in texts):
            convert = "int" if all(number_in(item) == "int" for item in texts) else "float"
            repair = site.repair(
                "Each becomes a number.", *src.wrap(site.cell.source, items, f"map({convert}, ", ")")
            )
            yield site.cause(
                claim,
                "Each is a number in quotes.",
                f"bool(list(map({convert}, {text})))",
                repair,
                weight=0.9,
            )
        elif texts and all(isinstance(item, str) for item in texts):
            repair = site.repair("`join` puts texts together.", site.over(call, f"''.join({text})"))
            yield site.cause(claim, "Each is text.", f"isinstance(''.join({text}), str)", repair, weight=0.9)
        return


@rule(
    "text.join",
    "TypeError",
    lesson="`join` puts texts together. Other things must become text first: `', '.join(map(str, items))`.",
)
def joined(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"sequence item \d+: expected str instance"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        items = call.args[0]
        repair = site.repair("Each becomes text.", *src.wrap(site.cell.source, items, "map(str, ", ")"))
        if (
            isinstance(items, ast.GeneratorExp)
            and not site.text(items).startswith("((")
            and site.cell.source[src.span(site.cell.source, items)[0] - 1] != "("
        ):
            change = [*site.call("str", items.elt)]
            repair = site.repair("Each becomes text.", *change)
        claim = f"`{site.one_line(items)}` holds something that is not text."
        check = f"any([not isinstance(item, str) for item in {site.text(items)}])"
        if pure(items):
            yield site.cause(
                claim,
                "At least one element is not text.",
                f"import builtins\nbuiltins.set(map(type, {site.text(items)})) != {{str}}",
                repair,
                weight=0.93,
            )
        else:
            yield site.cause(claim, "At least one element is not text.", check, repair, weight=0.9)
        return


@rule(
    "text.percent",
    "TypeError",
    lesson="After `%` several values must stand in brackets: `'%s %s' % (a, b)`. An f-string is simpler: "
    "`f'{a} {b}'`.",
)
def percent(site: Site) -> Iterator[Suspicion]:
    few = site.says(r"not enough arguments for format string")
    many = site.says(r"not all arguments converted during string formatting")
    if not few and not many:
        return
    for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Mod)):
        if few:
            holder = _tuple_around(site, node)
            if holder is not None:
                elements: list[ast.expr] = [node.right, *holder[holder.index(node) + 1 :]]
                start, end = (
                    src.span(site.cell.source, elements[0])[0],
                    src.span(site.cell.source, elements[-1])[1],
                )
                changes = [
                    src.Change(start=start, end=start, text="("),
                    src.Change(start=end, end=end, text=")"),
                ]
                repair = site.repair("In brackets they are one tuple of values.", *changes)
                claim = "Only the first value belongs to the `%`; the others stand outside."
                yield site.cause(
                    claim,
                    "The left side is a text with more places.",
                    f"isinstance({site.text(node.left)}, str)",
                    repair,
                    weight=0.9,
                )
            return
        value = site.literal(node.left)
        if number_in(value):
            claim = (
                f"`{site.one_line(node.left)}` is the text {shown(site.value(node.left))}, so `%` "
                "means formatting."
            )
            repair = site.repair("It becomes a number.", *site.call(number_in(value), node.left))
            yield site.cause(
                claim,
                "It is a number in quotes.",
                f"isinstance({site.text(node.left)}, str)",
                repair,
                weight=0.9,
            )
        elif kind_of(site, node.right) == "tuple" and isinstance(node.right, ast.Name):
            repair = site.repair("The tuple is one value.", site.over(node.right, f"({node.right.id},)"))
            yield site.reading("The tuple is taken for several values.", repair, weight=0.7)
        return


def _tuple_around(site: Site, node: ast.BinOp) -> list[ast.expr] | None:
    for item in ast.walk(site.statement or site.tree):
        elements = (
            item.elts if isinstance(item, ast.Tuple) else item.args if isinstance(item, ast.Call) else []
        )
        if any(part is node for part in elements) and elements[-1] is not node:
            return list(elements)
    return None


@rule(
    "text.format_code",
    "ValueError",
    "TypeError",
    lesson="A format such as `.2f` works on numbers. Text must become a number first, or be written "
    "without it.",
)
def format_code(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"Unknown format code '\w' for object of type 'str'|(?:a real number|an integer) is required, "
        r"not str|unsupported format string passed"
    ):
        return
    for part in site.find(ast.FormattedValue):
        value = site.literal(part.value)
        if kind_of(site, part.value) == "str" and number_in(value):
            claim = (
                f"`{site.one_line(part.value)}` is the text {shown(site.value(part.value))}, not a number."
            )
            repair = site.repair("It becomes a number.", *site.call(number_in(value), part.value))
            yield site.cause(
                claim,
                "It is a number in quotes.",
                f"isinstance({site.text(part.value)}, str)",
                repair,
                weight=0.85,
            )
            return
    for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Mod)):
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        changes = [
            c
            for item in values
            if number_in(site.literal(item))
            for c in site.call(number_in(site.literal(item)), item)
        ]
        if changes:
            yield site.reading(
                "A value is text where the format wants a number.",
                site.repair("It becomes a number.", *changes),
                weight=0.7,
            )
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "format"):
        changes = [
            c
            for item in call.args
            if number_in(site.literal(item)) and kind_of(site, item) == "str"
            for c in site.call(number_in(site.literal(item)), item)
        ]
        if changes:
            yield site.reading(
                "A value is text where the format wants a number.",
                site.repair("It becomes a number.", *changes),
                weight=0.75,
            )
        return


@rule(
    "text.join_of_one",
    "TypeError",
    lesson="`join` needs a collection of texts. One value becomes text with `str`.",
)
def join_of_one(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"can only join an iterable"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        claim = (
            f"`{site.one_line(call.args[0])}` is {shown(site.value(call.args[0]))}, which is no collection."
        )
        yield site.reading(
            claim, site.repair("Its digits are joined.", *site.call("str", call.args[0])), weight=0.6
        )
        changes = src.wrap(site.cell.source, call.args[0], "[str(", ")]")
        yield site.reading(claim, site.repair("It is the only element.", *changes), weight=0.4)


@rule(
    "text.ord",
    "TypeError",
    lesson="`ord` gives the number of a sign, `chr` the sign of a number.",
)
def ord_and_chr(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"ord\(\) expected string of length 1, but int found"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "id", "") == "ord"):
        yield site.reading(
            "`ord` got a number.",
            site.repair("`chr` takes a number.", site.over(call.func, "chr")),
            weight=0.7,
        )
        return


RULES = (
    join_of_one,
    ord_and_chr,
    summed,
    joined,
    percent,
    format_code,
)

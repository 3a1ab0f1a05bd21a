"""Rules for operators whose two sides do not fit: text and numbers, lists and tuples, comparisons."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import (
    CALLABLE,
    LAZY,
    NUMBERS,
    Pair,
    is_type,
    kind_of,
    pairs,
    pure,
)
from cot_magic.reasoners.offline.described import number_in, shown
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


def _both(site: Site, pair: Pair) -> str:
    return (
        f"`{site.one_line(pair.left)}` is {shown(site.value(pair.left))} and "
        f"`{site.one_line(pair.right)}` is {shown(site.value(pair.right))}"
    )


def _converted(site: Site, pair: Pair, node: ast.expr, function: str) -> Repair:
    """`function(node)`; the target of an augmented assignment cannot be wrapped, so it is written out."""
    why = f"`{function}()` makes both sides fit."
    if isinstance(pair.whole, ast.AugAssign) and node is pair.left:
        sign = site.cell.source[
            src.span(site.cell.source, pair.left)[1] : src.span(site.cell.source, pair.right)[0]
        ]
        sign = sign.strip().rstrip("=")
        left = site.text(pair.left)
        right = site.text(pair.right)
        simple = isinstance(pair.right, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
        right = right if simple else f"({right})"
        return site.repair(why, site.over(pair.whole, f"{left} = {function}({left}) {sign} {right}"))
    return site.repair(why, *site.call(function, node))


@rule(
    "operator.sequences",
    "TypeError",
    lesson="`+` joins two lists, or two tuples, but not one of each. Convert one: `list(t)` or `tuple(x)`.",
)
def sequences(site: Site) -> Iterator[Suspicion]:
    """A list and a tuple, a list and something lazy, a list and one element."""
    for pair in pairs(site)[:1]:
        if not isinstance(pair.operator, ast.Add):
            continue
        kinds = [kind_of(site, side) for side in pair.sides]
        claim = f"{_both(site, pair)}: a `{kinds[0]}` and a `{kinds[1]}` cannot be joined."
        check = " and ".join(is_type(site, side) for side in pair.sides)
        if sorted(kinds) == ["list", "tuple"]:
            second = _converted(site, pair, pair.right, kinds[0])
            yield site.reading(claim, second, weight=0.8)
            if not isinstance(pair.whole, ast.AugAssign):
                yield site.reading(
                    f"{claim} The result may be meant as a {kinds[1]}.",
                    _converted(site, pair, pair.left, kinds[1]),
                    weight=0.5,
                )
        elif "list" in kinds and set(kinds) & set(LAZY):
            other = pair.sides[1 - kinds.index("list")]
            yield site.cause(
                claim,
                "One of them is not a list yet.",
                check,
                _converted(site, pair, other, "list"),
                weight=0.92,
            )
        elif set(kinds) <= set(LAZY) and kinds[0] and kinds[1] and "set" not in kinds:
            both = [change for side in pair.sides for change in site.call("list", side)]
            yield site.cause(
                claim, "Neither is a list yet.", check, site.repair("Both become lists.", *both), weight=0.9
            )
        elif kinds == ["dict", "dict"] or kinds == ["set", "set"]:
            start, end = src.span(site.cell.source, pair.left)[1], src.span(site.cell.source, pair.right)[0]
            sign = site.cell.source[start:end].replace("+", "|", 1)
            change = src.Change(start=start, end=end, text=sign)
            yield site.cause(
                claim, "Both are of that type.", check, site.repair("`|` unites them.", change), weight=0.9
            )
        elif kinds[0] in ("list", "tuple") and kinds[1] in (*NUMBERS, "str", "dict"):
            text = site.text(pair.right)
            new = f"[{text}]" if kinds[0] == "list" else f"({text},)"
            repair = site.repair("One element is joined as a sequence of one.", site.over(pair.right, new))
            yield site.reading(claim, repair, weight=0.75)


@rule(
    "operator.missing_call",
    "TypeError",
    lesson="A function without parentheses is the function itself, not its result. To use the result, "
    "call it.",
)
def missing_call(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        for side in pair.sides:
            if kind_of(site, side) in CALLABLE and isinstance(side, ast.Name | ast.Attribute):
                text = site.text(side)
                yield site.cause(
                    f"`{text}` is a function and is not called here.",
                    f"`{text}` can be called.",
                    f"callable({text})",
                    site.repair(f"`{text}()` is its result.", site.after(side, "()")),
                    weight=0.85,
                )


@rule(
    "operator.power",
    "TypeError",
    lesson="In Python `^` compares bits. The power is written with two stars: `x ** 2`.",
)
def power(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        if isinstance(pair.operator, ast.BitXor) and "float" in [kind_of(site, side) for side in pair.sides]:
            start, end = src.span(site.cell.source, pair.left)[1], src.span(site.cell.source, pair.right)[0]
            change = src.Change(start=start, end=end, text=site.cell.source[start:end].replace("^", "**", 1))
            check = f"isinstance({site.text(pair.left)}, float) or isinstance({site.text(pair.right)}, float)"
            claim = "`^` works on bits of whole numbers; a power is meant."
            repair = site.repair("`**` is the power.", change)
            yield site.cause(
                claim, "One side is a float, which has no such bits.", check, repair, weight=0.92
            )


@rule(
    "operator.unary",
    "TypeError",
    lesson="`+` and `-` in front of a value work on numbers only.",
)
def unary(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"bad operand type for unary"):
        return
    for node in site.find(ast.UnaryOp)[:1]:
        kind = kind_of(site, node.operand)
        value = site.literal(node.operand)
        statement = site.statement
        source = site.cell.source
        if number_in(value):
            edit = site.repair("It becomes a number.", *site.call(number_in(value), node.operand))
            claim = (
                f"`{site.one_line(node.operand)}` is {shown(site.value(node.operand))}: text, not a number."
            )
            yield site.cause(
                claim, "It is a number in quotes.", is_type(site, node.operand), edit, weight=0.9
            )
        if isinstance(statement, ast.Assign) and statement.value is node and isinstance(node.op, ast.UAdd):
            start = src.span(source, statement.targets[0])[1]
            change = src.Change(start=start, end=src.span(source, node.operand)[0], text=" += ")
            claim = "`= +` may be a slip for `+=`."
            yield site.reading(claim, site.repair("`+=` adds to the variable.", change), weight=0.75)
        if isinstance(statement, ast.Expr) and statement.value is node and isinstance(node.op, ast.UAdd):
            yield from _continued(site, statement)
        numbers = isinstance(value, list | tuple) and all(isinstance(item, int | float) for item in value)
        if kind in ("list", "tuple") and isinstance(node.op, ast.USub) and numbers and value:
            new = f"[-item for item in {site.text(node.operand)}]"
            claim = f"`-` does not work on a whole {kind}; each number may be meant."
            yield site.reading(
                claim, site.repair("Each element is negated.", site.over(node, new)), weight=0.6
            )


def _continued(site: Site, statement: ast.Expr) -> Iterator[Suspicion]:
    """A line that begins with `+` was meant to continue the line above."""
    for block in src.blocks(site.tree):
        if statement in block and (place := block.index(statement)) > 0:
            above = block[place - 1]
            if isinstance(above, ast.Assign | ast.Return | ast.AugAssign) and above.value is not None:
                start = src.span(site.cell.source, above.value)[0]
                change = [
                    src.Change(start=start, end=start, text="("),
                    src.Change(
                        start=src.span(site.cell.source, statement)[1],
                        end=src.span(site.cell.source, statement)[1],
                        text=")",
                    ),
                ]
                claim = (
                    f"Line {statement.lineno} begins with `+` and was meant to go on with line "
                    f"{above.lineno}."
                )
                repair = site.repair("In parentheses an expression may go over several lines.", *change)
                yield site.reading(claim, repair, weight=0.85)


@rule(
    "operator.length",
    "TypeError",
    lesson="A list cannot be compared with a number; its length can: `len(x) > 3`.",
)
def length(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if not isinstance(pair.operator, ast.Lt | ast.Gt | ast.LtE | ast.GtE):
            continue
        if set(kinds) & {"list", "tuple", "dict", "set"} and set(kinds) & set(NUMBERS):
            place = 0 if kinds[1] in NUMBERS else 1
            claim = f"{_both(site, pair)}: the length may be meant."
            yield site.reading(claim, _converted(site, pair, pair.sides[place], "len"), weight=0.6)


@rule(
    "operator.objects_in_table",
    "TypeError",
    lesson="A column of type `object` often holds numbers as text. `pd.to_numeric` makes numbers of them.",
)
def objects_in_table(site: Site) -> Iterator[Suspicion]:
    """Arithmetic with a pandas column of numbers written as text."""
    modules = {item.text: item.name for item in site.case.namespace if item.type == "module"}
    pd = next((name for text, name in modules.items() if "'pandas'" in text), "")
    if not pd and not any(item.name == "pd" for item in site.case.namespace):
        return
    pd = pd or "pd"
    nodes: list[ast.expr] = [side for pair in pairs(site) for side in pair.sides]
    nodes += [node.func.value for node in site.find(ast.Call) if isinstance(node.func, ast.Attribute)]
    for node in nodes:
        found = site.value(node)
        if found is None or found.type != "pandas.core.series.Series" or not pure(node):
            continue
        text = site.text(node)
        yield site.cause(
            f"`{text}` holds numbers as text.",
            "It is of type object, and each of its values can be read as a number.",
            f"{text}.dtype.kind not in 'iufb' and bool({pd}.to_numeric({text}, "
            "errors='coerce').notna().all())",
            site.repair("The column becomes numbers.", *site.call(f"{pd}.to_numeric", node)),
            weight=0.85,
        )
        return


RULES = (
    sequences,
    missing_call,
    power,
    unary,
    length,
    objects_in_table,
)

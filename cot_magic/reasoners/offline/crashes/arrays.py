"""Rules for arrays: the truth value of an array, shapes that do not fit."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "value.ambiguous_truth",
    "ValueError",
    lesson="Comparing an array or column gives one result for each element. Combine such results with `&` "
    "and `|`, with parentheses around each comparison; `any()` or `all()` makes one result of them.",
)
def ambiguous_truth(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"truth value of an? (array|Series|DataFrame|Index)"):
        return
    for find in (_combined, _chained, _negated, _given_whole, _tested):
        found = find(site)
        if found is not None:
            yield found
            return


def _combined(site: Site) -> Suspicion | None:
    """`and` or `or` between arrays."""
    node = next(iter(site.find(ast.BoolOp) or _bool_ops(site)), None)
    if node is None or any(isinstance(item, ast.Constant) for item in node.values):
        return None  # `a == 1 or 2`: the second one is no condition
    sign = "&" if isinstance(node.op, ast.And) else "|"
    new = f" {sign} ".join(
        f"({site.text(item)})" if not isinstance(item, ast.Name | ast.Call) else site.text(item)
        for item in node.values
    )
    new = re.sub(r"\(\((.*)\)\)", r"(\1)", new)
    word = "and" if sign == "&" else "or"
    claim = f"`{word}` does not work on arrays; `{sign}` combines them element by element."
    check = " or ".join(f"getattr({site.text(item)}, 'ndim', 0) > 0" for item in node.values)
    repair = site.repair(f"Use `{sign}`, which combines element by element.", site.over(node, new))
    return site.cause(claim, "An operand is an array.", check, repair, weight=0.9)


def _chained(site: Site) -> Suspicion | None:
    """`a < x < b` on an array."""
    signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
    for node in site.find(ast.Compare, lambda node: len(node.ops) > 1):
        parts = [node.left, *node.comparators]
        masks = any(
            isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitAnd | ast.BitOr) for part in parts
        )
        if not masks and all(type(op) in signs for op in node.ops):
            new = " & ".join(
                f"({site.text(parts[i])} {signs[type(op)]} {site.text(parts[i + 1])})"
                for i, op in enumerate(node.ops)
            )
            why = "Write each comparison on its own, combined with `&`."
            return site.cause(
                "A chained comparison does not work on arrays.",
                "The middle operand is an array.",
                f"getattr({site.text(parts[1])}, 'ndim', 0) > 0",
                site.repair(why, site.over(node, f"({new})")),
                weight=0.92,
            )
    return None


def _negated(site: Site) -> Suspicion | None:
    """`not` before an array."""
    node = next(iter(site.find(ast.UnaryOp, lambda node: isinstance(node.op, ast.Not))), None)
    if node is None:
        return None
    text = site.text(node.operand)
    simple = isinstance(node.operand, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    repair = site.repair(
        "Use `~`, which negates each element.", site.over(node, f"~{text}" if simple else f"~({text})")
    )
    return site.reading("`not` does not work on arrays.", repair, weight=0.75)


def _given_whole(site: Site) -> Suspicion | None:
    """A function for one value that is called with a column: `df['band'] = band(df['age'])`."""
    outer, function = site.outer, site.function
    if outer is None or function is None:
        return None
    calls = outer.find(ast.Call, lambda node: getattr(node.func, "id", "") == function.name)
    for call in calls[:1]:
        columns = [item for item in call.args if kind_of(outer, item).endswith(".Series")]
        if len(columns) != 1 or call.keywords or columns[0] is not call.args[0]:
            return None
        text, rest = outer.text(columns[0]), [outer.text(item) for item in call.args[1:]]
        others = f", args=({', '.join(rest)},)" if rest else ""
        repair = outer.repair(
            "Call it for each value.", outer.over(call, f"{text}.apply({function.name}{others})")
        )
        claim = f"`{function.name}` is for one value, and gets the whole column `{text}`."
        check = f"getattr({text}, 'ndim', 0) > 0"
        return outer.cause(claim, "It gets a column.", check, repair, weight=0.94)
    return None


def _tested(site: Site) -> Suspicion | None:
    """An array as the condition of a statement."""
    test = getattr(site.statement, "test", None)
    if not isinstance(test, ast.expr) or kind_of(site, test).endswith("DataFrame"):
        return None
    whole = f"({site.text(test)})" if isinstance(test, ast.Compare | ast.BinOp) else site.text(test)
    everyone = site.repair("Use `all()`: every element must be true.", site.over(test, f"{whole}.all()"))
    anyone = site.repair("Use `any()`: one true element is enough.", site.over(test, f"{whole}.any()"))
    claim = f"`{site.one_line(test)}` is an array with one result for each element."
    return site.reading(claim, everyone, anyone, weight=0.7)


def _bool_ops(site: Site) -> list[ast.BoolOp]:
    return [node for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.BoolOp)]


@rule(
    "value.lengths",
    "ValueError",
    lesson="Columns of one table, and arrays that are combined element by element, need matching lengths.",
)
def lengths(site: Site) -> Iterator[Suspicion]:
    """Facts about lengths that do not fit; the only repair that is offered is a transposed product."""
    said = site.says(r"operands could not be broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))")
    columns = site.says(
        r"All arrays must be of the same length|Length of values \((\d+)\) does not match length of index "
        r"\((\d+)\)|arrays must all be same length"
    )
    product = site.says(r"matmul: Input operand|shapes \(.*\) and \(.*\) not aligned")
    if said is not None:
        yield site.reading(
            f"The shapes {said[1]} and {said[2]} cannot be combined element by element.", weight=0.6
        )
    elif columns is not None:
        sizes = [f"`{site.one_line(node)}` has {len(node.elts)}" for node in site.find(ast.List)][:4]
        told = f": {', '.join(sizes)} elements" if len(sizes) > 1 else ""
        yield site.reading(f"The columns have different lengths{told}.", weight=0.6)
    elif product is not None:
        for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.MatMult)):
            claim = _sizes(site, node)
            turned = [
                site.repair("Transpose the right operand.", site.after(node.right, ".T")),
                site.repair("Transpose the left operand.", site.after(node.left, ".T")),
            ]
            if isinstance(node.right, ast.Name | ast.Attribute) and isinstance(
                node.left, ast.Name | ast.Attribute
            ):
                yield site.reading(claim, *turned, weight=0.6)
            return


def _sizes(site: Site, product: ast.BinOp) -> str:
    """The shapes of the operands of `@`, in a sentence."""
    sides = [(site.one_line(node), _shape(site, node)) for node in (product.left, product.right)]
    (_, left), (name, right) = sides
    if not left or not right:
        return "The left operand of `@` must have as many columns as the right one has rows."
    told = " and ".join(
        f"`{text}` has {shape[0]} element{'' if shape[0] == 1 else 's'}"
        if len(shape) == 1
        else f"`{text}` is {'×'.join(map(str, shape))}"
        for text, shape in sides
    )
    return (
        f"{told}: `{site.one_line(product)}` needs "
        f"{left[-1]}{f' rows in `{name}`' if len(right) > 1 else ''}."
    )


def _shape(site: Site, node: ast.expr) -> tuple[int, ...]:
    """The shape of an array; empty if it is not known."""
    found = site.value(node)
    text = dict(found.facts).get("shape", "") if found is not None else ""
    return tuple(int(size) for size in re.findall(r"\d+", text))


_REDUCTIONS = ("mean", "sum", "min", "max", "std", "var", "median", "argmin", "argmax", "prod")


@rule(
    "array.ragged_rows",
    "ValueError",
    lesson="The rows of an array have one length. Short rows can be filled with missing values, which "
    "`np.nanmean` and its like leave out.",
)
def ragged_rows(site: Site) -> Iterator[Suspicion]:
    """Rows of different lengths that are summed up afterwards: missing values in short rows do not count."""
    if not site.says("inhomogeneous shape") or not isinstance(site.statement, ast.Assign):
        return
    target, made = site.statement.targets[0], site.statement.value
    if not isinstance(target, ast.Name) or not isinstance(made, ast.Call) or len(made.args) != 1:
        return
    if not isinstance(made.func, ast.Attribute) or made.func.attr not in ("array", "asarray"):
        return
    numpy, values = site.text(made.func.value), site.text(made.args[0])
    filled = f"{site.text(made.func)}(list(zip_longest(*{values}, fillvalue={numpy}.nan))).T"
    changes = [site.over(made, filled), src.add_import(site.cell, "from itertools import zip_longest")]
    reduced = [
        node
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == target.id
        and node.func.attr in _REDUCTIONS
    ]
    for node in reduced:
        assert isinstance(node.func, ast.Attribute)
        given = ", ".join([target.id, *(site.text(item) for item in (*node.args, *node.keywords))])
        changes.append(site.over(node, f"{numpy}.nan{node.func.attr}({given})"))
    if reduced:
        repair = site.repair("Fill short rows with missing values, and leave these out.", *changes)
        claim = f"The rows of `{site.one_line(made.args[0])}` have different lengths."
        check = f"len(set(map({numpy}.shape, {values}))) > 1"
        yield site.cause(claim, "The shapes of the rows differ.", check, repair, weight=0.75)


@rule("array.zero_step", "ValueError", lesson="The step, the third argument of `range`, must not be 0.")
def zero_step(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"arg 3 must not be zero|slice step cannot be zero"):
        return
    for call in site.find(ast.Call, lambda node: len(node.args) == 3):
        change = site.over(call.args[2], "1")
        yield site.reading("The step is 0.", site.repair("Use the step 1.", change), weight=0.5)
        return


RULES = (zero_step, ambiguous_truth, lengths, ragged_rows)

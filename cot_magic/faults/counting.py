"""Mistakes in counting and computing: ranges, indexes, slices, comparisons, arithmetic and logic."""

import ast
from collections.abc import Iterator

from cot_magic.faults.operator import CellCode, Change, Operator

_COUNTERS = frozenset({"i", "j", "k", "n", "m", "idx", "index", "pos", "position", "place"})
_PLAIN = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.BinOp)
_COMPARED: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.NotIn: ("not in", ("in",)),
}
_COMPUTED: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("+", "/")),
    ast.Div: ("/", ("//", "*")),
    ast.FloorDiv: ("//", ("/",)),
    ast.Mod: ("%", ("//",)),
    ast.Pow: ("**", ("*",)),
}


def off_by_one(code: CellCode) -> Iterator[Change]:
    """The end of a range, an index or a slice bound is off by one."""
    for call in code.nodes(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id == "range" and 1 <= len(call.args) <= 2:
            yield from _stepped(code, call.args[-1], both=True)
    for node in code.nodes(ast.Subscript):
        if not isinstance(node.ctx, ast.Load):
            continue
        if isinstance(node.slice, ast.Slice):
            for bound in (node.slice.lower, node.slice.upper):
                if bound is not None:
                    yield from _stepped(code, bound, both=False)
        elif _counts(node.slice):
            yield from _stepped(code, node.slice, both=False)


def comparisons(code: CellCode) -> Iterator[Change]:
    """`<` becomes `<=` or the reverse, or a comparison is turned around."""
    for node in code.nodes(ast.Compare):
        operands = [node.left, *node.comparators]
        for place, kind in enumerate(node.ops):
            old, wrong = _COMPARED[type(kind)]
            for new in wrong:
                yield from code.sign(operands[place], operands[place + 1], old, new)


def arithmetic(code: CellCode) -> Iterator[Change]:
    """An arithmetic operator is replaced by another."""
    for node in code.nodes(ast.BinOp):
        text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if type(node.op) in _COMPUTED and not text:
            old, wrong = _COMPUTED[type(node.op)]
            for new in wrong:
                yield from code.sign(node.left, node.right, old, new)


def accumulators(code: CellCode) -> Iterator[Change]:
    """`total += x` becomes `total = x` or `total -= x`."""
    for node in code.nodes(ast.AugAssign):
        if isinstance(node.op, ast.Add):
            yield from code.sign(node.target, node.value, "+=", "=")
            yield from code.sign(node.target, node.value, "+=", "-=")
        elif isinstance(node.op, ast.Sub):
            yield from code.sign(node.target, node.value, "-=", "+=")
        elif isinstance(node.op, ast.Mult):
            yield from code.sign(node.target, node.value, "*=", "=")


def logic(code: CellCode) -> Iterator[Change]:
    """`and` and `or` are swapped, or a `not` is left out."""
    for node in code.nodes(ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        if len(node.values) == 2:
            yield from code.sign(node.values[0], node.values[1], old, new)
    for denied in code.nodes(ast.UnaryOp):
        if isinstance(denied.op, ast.Not):
            yield code.between(code.start(denied), code.start(denied.operand), "")


def first_values(code: CellCode) -> Iterator[Change]:
    """A collection or a sum starts as a value of another type."""
    wrong = {"0": '""', "[]": "{}", "{}": "[]", '""': "0", "''": "0", "0.0": "None", "set()": "{}"}
    for node in code.nodes(ast.Assign):
        text = code.piece(node.value)
        if text in wrong and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield code.swap(node.value, wrong[text])


def _counts(index: ast.expr) -> bool:
    """Return whether an index is visibly a number."""
    if isinstance(index, ast.Constant):
        return type(index.value) is int
    if isinstance(index, ast.UnaryOp):
        return isinstance(index.op, ast.USub) and _counts(index.operand)
    if isinstance(index, ast.BinOp):
        return isinstance(index.op, ast.Add | ast.Sub) and _counts(index.left) and _counts(index.right)
    return isinstance(index, ast.Name) and index.id in _COUNTERS


def _stepped(code: CellCode, value: ast.expr, *, both: bool) -> Iterator[Change]:
    """Yield the expression plus one, and with `both` also minus one, written as a person would."""
    if isinstance(value, ast.UnaryOp) and _counts(value):
        if isinstance(value.operand, ast.Constant):
            yield code.swap(value, str(-int(str(value.operand.value)) - 1))
    elif isinstance(value, ast.Constant):
        if type(value.value) is int:
            yield from (code.swap(value, str(value.value + by)) for by in ((1, -1) if both else (1,)))
    elif isinstance(value, ast.BinOp) and _is_one(value.right) and isinstance(value.op, ast.Add | ast.Sub):
        yield code.swap(value, code.piece(value.left))
    elif isinstance(value, _PLAIN):
        yield from (
            code.swap(value, f"{code.piece(value)} {by}") for by in (("+ 1", "- 1") if both else ("+ 1",))
        )


def _is_one(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value == 1 and type(value.value) is int


OPERATORS = (
    Operator(
        kind="off-by-one", lesson="A count, an index or the end of a range is off by one.", find=off_by_one
    ),
    Operator(
        kind="comparison",
        lesson="A comparison is wrong at its limit (`<` for `<=`), or tests the opposite of what is meant.",
        find=comparisons,
    ),
    Operator(kind="arithmetic", lesson="Two values are combined with the wrong operator.", find=arithmetic),
    Operator(
        kind="accumulator",
        lesson="A value that should accumulate in a loop is overwritten, or changes in the wrong direction.",
        find=accumulators,
    ),
    Operator(
        kind="logic",
        lesson="Two conditions are joined with the wrong one of `and` and `or`, or a `not` is missing.",
        find=logic,
    ),
    Operator(
        kind="first-value",
        lesson="A variable starts with a value of the wrong type, so a later operation on it fails.",
        find=first_values,
    ),
)

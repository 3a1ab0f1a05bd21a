"""Mistakes in calls: missing parentheses, conversions and `await`, swapped arguments, results of None."""

import ast
from collections.abc import Iterator

from cot_magic.faults.mistakes import Replacement
from cot_magic.faults.operator import CellCode, Change, Operator

_CONVERSIONS = frozenset({"int", "float", "str", "list", "bool", "abs"})
_ORDERED = frozenset({"isinstance", "map", "filter", "round", "pow", "getattr", "replace", "insert"})
_IN_PLACE = frozenset({"sort", "append", "reverse", "extend", "update", "add", "remove"})
_SIMPLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)


def lost_parentheses(code: CellCode) -> Iterator[Change]:
    """`text.strip()` becomes `text.strip`."""
    for call in code.nodes(ast.Call):
        if not call.args and not call.keywords:
            yield code.between(code.end(call.func), code.end(call), "")


def wrong_order(code: CellCode) -> Iterator[Change]:
    """Two neighbouring arguments are swapped."""
    for call in code.nodes(ast.Call):
        name = called_name(call)
        if name not in code.functions and name not in _ORDERED:
            continue
        for one, other in zip(call.args, call.args[1:], strict=False):
            first, second = code.piece(one), code.piece(other)
            if first == second or isinstance(one, ast.Starred) or isinstance(other, ast.Starred):
                continue
            yield code.change(
                Replacement(start=code.start(one), end=code.end(one), new=second),
                Replacement(start=code.start(other), end=code.end(other), new=first),
            )


def lost_conversions(code: CellCode) -> Iterator[Change]:
    """`int(text)` becomes `text`."""
    for call in code.nodes(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id in _CONVERSIONS and len(call.args) == 1:
            value = call.args[0]
            if not call.keywords and not isinstance(value, ast.Starred | ast.GeneratorExp):
                text = code.piece(value)
                yield code.swap(call, text if isinstance(value, _SIMPLE) else f"({text})")


def lost_argument(code: CellCode) -> Iterator[Change]:
    """The last argument is left out of a call to a function defined in the notebook."""
    for call in code.nodes(ast.Call):
        if called_name(call) in code.functions and len(call.args) >= 2 and not call.keywords:
            yield code.between(code.end(call.args[-2]), code.end(call.args[-1]), "")


def lost_await(code: CellCode) -> Iterator[Change]:
    """`await` is left out."""
    for node in code.nodes(ast.Await):
        yield code.between(code.start(node), code.start(node.value), "")


def results_of_in_place(code: CellCode) -> Iterator[Change]:
    """`rows.sort()` becomes `rows = rows.sort()`, `sorted(rows)` becomes `rows.sort()`: both give None."""
    for statement in code.nodes(ast.Expr):
        call = statement.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            kept = call.func.value
            if call.func.attr in _IN_PLACE and isinstance(kept, ast.Name):
                yield code.between(code.start(statement), code.start(statement), f"{kept.id} = ")
    for call in code.nodes(ast.Call):
        if called_name(call) == "sorted" and len(call.args) == 1 and isinstance(call.args[0], ast.Name):
            opened = code.text.index("(", code.end(call.func))
            rest = code.text[code.end(call.args[0]) : code.end(call)].lstrip(", ")
            if code.text[opened + 1 : code.start(call.args[0])].strip() == "":
                yield code.swap(call, f"{call.args[0].id}.sort({rest}")


def lost_pairs(code: CellCode) -> Iterator[Change]:
    """`for key, value in table.items()` loses `.items()`; the same for `enumerate` and `zip`."""
    for node in code.nodes(ast.For, ast.comprehension):
        assert isinstance(node, ast.For | ast.comprehension)
        call = node.iter
        if not isinstance(node.target, ast.Tuple) or not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Attribute) and call.func.attr == "items" and not call.args:
            yield code.between(code.end(call.func.value), code.end(call), "")
        elif called_name(call) in ("enumerate", "zip") and len(call.args) == 1:
            yield code.swap(call, code.piece(call.args[0]))


def called_name(call: ast.Call) -> str:
    """The last part of the called name: `replace` in `text.replace(…)`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


OPERATORS = (
    Operator(
        kind="call",
        lesson="A call is missing its parentheses, so the function itself is used instead of its result.",
        find=lost_parentheses,
    ),
    Operator(kind="argument-order", lesson="Two arguments are in the wrong order.", find=wrong_order),
    Operator(kind="argument", lesson="A call is missing an argument.", find=lost_argument),
    Operator(
        kind="conversion",
        lesson="A value is used without being converted: a string where a number is needed, or the reverse.",
        find=lost_conversions,
    ),
    Operator(
        kind="await",
        lesson="`await` is missing, so the coroutine object is used and its code never runs.",
        find=lost_await,
    ),
    Operator(
        kind="in-place",
        lesson="A method that changes its object in place returns None, and that None is used as the result.",
        find=results_of_in_place,
    ),
    Operator(
        kind="pairs",
        lesson="A loop unpacks pairs from something that yields single items: `.items()` or `enumerate` is "
        "missing.",
        find=lost_pairs,
    ),
)

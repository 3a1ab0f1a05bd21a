"""Mistakes in words: names, keys, attributes, methods, and one variable taken for another."""

import ast
from collections.abc import Iterator

from cot_magic.faults.cell_code import CellCode, Change, Functions
from cot_magic.faults.operator import Operator
from cot_magic.faults.spelling import slips

CONFUSED = {
    "add": ("append",),
    "append": ("add", "push", "extend"),
    "count": ("length",),
    "endswith": ("ends_with",),
    "extend": ("append",),
    "groupby": ("group_by",),
    "index": ("index_of",),
    "items": ("iteritems", "pairs"),
    "join": ("concat",),
    "keys": ("key",),
    "lower": ("lowercase", "to_lower"),
    "mean": ("average",),
    "remove": ("delete",),
    "replace": ("substitute",),
    "sort": ("sorted",),
    "sort_values": ("sort",),
    "split": ("tokenize",),
    "startswith": ("starts_with",),
    "strip": ("trim",),
    "update": ("add",),
    "upper": ("uppercase", "to_upper"),
    "values": ("value",),
}
"""Methods, and what people call them who come from another type or another language."""


def misspelt_names(code: CellCode) -> Iterator[Change]:
    """`total` read as `toatl`."""
    for node in code.nodes(ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id in code.bound:
            yield from (code.swap(node, slip) for slip in slips(node.id, code.bound))


def wrong_variables(code: CellCode) -> Iterator[Change]:
    """One parameter of a function where another is meant."""
    for node in code.nodes(ast.Name):
        function = code.around(node, ast.FunctionDef, ast.AsyncFunctionDef)
        if not isinstance(function, Functions) or not isinstance(node.ctx, ast.Load):
            continue
        given = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
        if node.id in given and node.id != "self" and _in_body(code, node, function):
            yield from (code.swap(node, other) for other in given if other not in (node.id, "self"))


def misspelt_keys(code: CellCode) -> Iterator[Change]:
    """`row["price"]` as `row["pirce"]`, or with another case."""
    for node in code.nodes(ast.Subscript):
        key = node.slice
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if not isinstance(node.ctx, ast.Load) or not key.value.isidentifier():
            continue
        quote = code.piece(key)[0]
        if code.piece(key) != f"{quote}{key.value}{quote}":
            continue
        other_case = key.value.capitalize() if key.value.islower() else key.value.lower()
        for wrong in dict.fromkeys((*slips(key.value), other_case)):
            if wrong != key.value:
                yield code.swap(key, f"{quote}{wrong}{quote}")


def misspelt_attributes(code: CellCode) -> Iterator[Change]:
    """`order.total` as `order.toatl`, where nothing is called."""
    for node in code.nodes(ast.Attribute):
        if isinstance(node.ctx, ast.Load) and not _is_called(code, node):
            yield from (_attribute(code, node, slip) for slip in slips(node.attr))


def wrong_methods(code: CellCode) -> Iterator[Change]:
    """A method by the name that it has elsewhere, or misspelt."""
    for node in code.nodes(ast.Attribute):
        if _is_called(code, node):
            for name in (*CONFUSED.get(node.attr, ()), *slips(node.attr)):
                yield _attribute(code, node, name)


def lost_self(code: CellCode) -> Iterator[Change]:
    """`self.total` read as `total`, and a method without `self`."""
    for node in code.nodes(ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "self" and isinstance(node.ctx, ast.Load):
            yield code.swap(node, node.attr)
    for function in code.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(function, Functions)
        given = function.args.args
        if given and given[0].arg == "self" and isinstance(code.parent(function), ast.ClassDef):
            begin = code.start(given[0])
            if code.text[begin : begin + 6] == "self, ":
                yield code.between(begin, begin + 6, "")
            elif code.text[begin : begin + 5] == "self)":
                yield code.between(begin, begin + 4, "")


def _attribute(code: CellCode, node: ast.Attribute, name: str) -> Change:
    return code.between(code.end(node) - len(node.attr), code.end(node), name)


def _is_called(code: CellCode, node: ast.Attribute) -> bool:
    around = code.parent(node)
    return isinstance(around, ast.Call) and around.func is node


def _in_body(code: CellCode, node: ast.Name, function: Functions) -> bool:
    return node.lineno >= function.body[0].lineno


OPERATORS = (
    Operator(
        kind="name",
        lesson="A name is spelt differently from where it was made, so Python does not know it.",
        find=misspelt_names,
    ),
    Operator(
        kind="variable",
        lesson="One variable stands where another one is meant: the code runs, and computes something else.",
        find=wrong_variables,
    ),
    Operator(
        kind="key",
        lesson="A key is looked up that differs from the stored one by a letter or its case.",
        find=misspelt_keys,
    ),
    Operator(
        kind="attribute",
        lesson="An attribute is asked for under a name that the object does not have.",
        find=misspelt_attributes,
    ),
    Operator(
        kind="method",
        lesson="A method is called by a name that it has on another type or in another language, or by one "
        "that is misspelt.",
        find=wrong_methods,
    ),
    Operator(
        kind="self",
        lesson="Inside a class, `self` is missing: an attribute without it is a plain name, and a method "
        "without it gets one argument too many.",
        find=lost_self,
    ),
)

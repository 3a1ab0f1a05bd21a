"""The operands of an operation, their types, and what can be evaluated again."""

import ast
from dataclasses import dataclass

from cot_magic.reasoners.offline.site import Site

NUMBERS = (
    "int",
    "float",
    "complex",
    "bool",
    "decimal.Decimal",
    "fractions.Fraction",
    "numpy.int64",
    "numpy.float64",
)


LAZY = (
    "range", "map", "filter", "zip", "dict_keys", "dict_values", "dict_items", "generator", "reversed", "set",
    "enumerate", "list_iterator", "str_iterator", "tuple_iterator", "odict_keys", "odict_values",
)  # fmt: skip
# types that methods of strings and bytes return, whatever the arguments
_RESULTS = {
    "encode": "bytes", "decode": "str", "join": "str", "format": "str", "upper": "str", "lower": "str",
    "strip": "str", "title": "str", "split": "list", "splitlines": "list", "readlines": "list",
    "isoformat": "str", "strftime": "str",
}  # fmt: skip
CALLABLE = ("function", "method", "builtin_function_or_method")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two operands of an operation; of a comparison, those next to each other."""

    whole: ast.AST
    left: ast.expr
    right: ast.expr
    operator: ast.operator | ast.cmpop

    @property
    def sides(self) -> tuple[ast.expr, ast.expr]:
        return self.left, self.right


def pairs(site: Site) -> list[Pair]:
    """Operations at the failing place, innermost first, whose operands have the types that the message
    names."""
    found = [
        *(Pair(whole=n, left=n.left, right=n.right, operator=n.op) for n in site.find(ast.BinOp)),
        *(Pair(whole=n, left=n.target, right=n.value, operator=n.op) for n in site.find(ast.AugAssign)),
    ]
    for node in site.find(ast.Compare):
        sides = [node.left, *node.comparators]
        found += [
            Pair(whole=node, left=sides[i], right=sides[i + 1], operator=op) for i, op in enumerate(node.ops)
        ]
    said = site.says(r"'([\w.]+)' and '([\w.]+)'") or site.says(r"'([\w.]+)' and '([\w.]+)'$")
    if said is not None:
        exact = [
            pair
            for pair in found
            if _short(site, pair.left) == said[1] and _short(site, pair.right) == said[2]
        ]
        found = exact or [
            pair
            for pair in found
            if _short(site, pair.left) in ("", said[1]) and _short(site, pair.right) in ("", said[2])
        ]
    return found


def _short(site: Site, node: ast.expr) -> str:
    return kind_of(site, node).rsplit(".", 1)[-1]


def kind_of(site: Site, node: ast.expr) -> str:
    """The type of a node: as described, or inferred from its form."""
    known = site.type(node)
    if known:
        return known
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return {"str": "str", "input": "str", "int": "int", "len": "int", "float": "float", "list": "list",
                "tuple": "tuple", "range": "range", "sorted": "list", "map": "map", "zip": "zip",
                "filter": "filter", "set": "set", "dict": "dict"}.get(node.func.id, "")  # fmt: skip
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _RESULTS.get(node.func.attr, "")
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        frame = site.type(node.value) == "pandas.core.frame.DataFrame"
        return "pandas.core.series.Series" if frame and isinstance(node.slice.value, str) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod | ast.Mult):
        left, right = kind_of(site, node.left), kind_of(site, node.right)
        if "str" in (left, right):
            return "str"
        return left if left == right else ""
    return ""


def is_type(site: Site, node: ast.expr) -> str:
    """Code of a check for the type that the node had."""
    kind = kind_of(site, node).rsplit(".", 1)[-1]
    return f"type({site.text(node)}).__name__ == {kind!r}"


def pure(node: ast.AST) -> bool:
    """Whether evaluating the node again has no side effects."""
    return not any(
        isinstance(item, ast.Call | ast.Await | ast.NamedExpr | ast.Yield) for item in ast.walk(node)
    )


def pandas_name(site: Site) -> str:
    """The name of pandas in the notebook."""
    names = [item.name for item in site.case.namespace if item.type == "module" and "'pandas'" in item.text]
    return names[0] if names else "pd"

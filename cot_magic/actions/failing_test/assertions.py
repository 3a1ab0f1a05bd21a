"""Assertions of unittest as assert statements, whose operands can be read and searched by."""

import ast
from collections.abc import Iterator

_COMPARED = {
    "assertEqual": "==",
    "assertNotEqual": "!=",
    "assertIs": "is",
    "assertIsNot": "is not",
    "assertIn": "in",
    "assertNotIn": "not in",
    "assertLess": "<",
    "assertLessEqual": "<=",
    "assertGreater": ">",
    "assertGreaterEqual": ">=",
}
_TRUTH = {"assertTrue": "", "assertFalse": "not "}
_BINDS_TIGHTER = (
    ast.Attribute,
    ast.BinOp,
    ast.Call,
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Name,
    ast.Set,
    ast.Subscript,
    ast.Tuple,
)
"""Expressions that need no parentheses beside a comparison."""


def as_statements(source: str, owner: str) -> tuple[str, frozenset[int]]:
    """A source with the assertions that are called on `owner` as statements, and their lines, from 0.

    Only calls on a line of their own and without a message are taken; the others stay. What cannot be parsed
    stays as it is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source, frozenset()
    lines, taken = source.split("\n"), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and node.lineno == node.end_lineno:
            place, row = node.lineno - 1, lines[node.lineno - 1].encode()
            said = _statement(node.value, source, owner)
            if said is not None and place not in taken:
                new = row[: node.col_offset] + said.encode() + row[node.end_col_offset :]
                lines[place] = new.decode()
                taken.add(place)
    return "\n".join(lines), frozenset(taken)


def _statement(node: ast.expr, source: str, owner: str) -> str | None:
    if not isinstance(node, ast.Call) or node.keywords or not isinstance(node.func, ast.Attribute):
        return None
    if not isinstance(node.func.value, ast.Name) or node.func.value.id != owner:
        return None
    if any(isinstance(item, ast.Starred) for item in node.args):
        return None
    operands, name = list(_operands(node, source)), node.func.attr
    if name in _COMPARED and len(operands) == 2:
        return f"assert {operands[0]} {_COMPARED[name]} {operands[1]}"
    if name in _TRUTH and len(operands) == 1:
        return f"assert {_TRUTH[name]}{operands[0]}"
    return None


def _operands(node: ast.Call, source: str) -> Iterator[str]:
    for item in node.args:
        text = ast.get_source_segment(source, item) or ""
        yield text if isinstance(item, _BINDS_TIGHTER) else f"({text})"

"""Mistakes that make the cell invalid Python."""

import ast
from collections.abc import Iterator

from cot_magic.faults.operator import CellCode, Change, Operator

_WITH_HEADER = (ast.If, ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.With)


def assigned_for_equal(code: CellCode) -> Iterator[Change]:
    """`if x == 3:` becomes `if x = 3:`."""
    for node in code.nodes(ast.If, ast.While):
        assert isinstance(node, ast.If | ast.While)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            yield from code.sign(test.left, test.comparators[0], "==", "=")


def lost_colons(code: CellCode) -> Iterator[Change]:
    """The colon at the end of a header is left out."""
    for node in code.nodes(*_WITH_HEADER):
        assert isinstance(node, _WITH_HEADER)
        line = code.line(node.lineno).rstrip()
        if line.endswith(":") and node.body[0].lineno > node.lineno:
            end = code.line_start(node.lineno) + len(line)
            yield code.between(end - 1, end, "")


def lost_closers(code: CellCode) -> Iterator[Change]:
    """The closing parenthesis, square bracket or brace at the end of a statement is left out."""
    for node in code.nodes(ast.Expr, ast.Assign, ast.Return):
        assert isinstance(node, ast.Expr | ast.Assign | ast.Return)
        value = node.value
        if value is not None and code.end(value) == code.end(node) and code.text[code.end(node) - 1] in ")]}":
            yield code.between(code.end(node) - 1, code.end(node), "")


def lost_indentation(code: CellCode) -> Iterator[Change]:
    """The body of a block loses its indentation."""
    for node in code.nodes(*_WITH_HEADER):
        assert isinstance(node, _WITH_HEADER)
        first = node.body[0]
        if len(node.body) == 1 and code.alone(first) and first.lineno > node.lineno:
            begin = code.line_start(first.lineno)
            yield code.between(begin, begin + first.col_offset, " " * node.col_offset)


OPERATORS = (
    Operator(
        kind="equal-sign",
        lesson="`=` assigns a value to a name; `==` compares.",
        find=assigned_for_equal,
        parses=False,
    ),
    Operator(
        kind="colon",
        lesson="A header such as `if …` or `def …` ends in a colon.",
        find=lost_colons,
        parses=False,
    ),
    Operator(
        kind="bracket",
        lesson="A parenthesis, square bracket or brace was opened but not closed.",
        find=lost_closers,
        parses=False,
    ),
    Operator(
        kind="block",
        lesson="The body of a block must be indented more than its header.",
        find=lost_indentation,
        parses=False,
    ),
)

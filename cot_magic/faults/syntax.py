"""Mistakes after which the cell is no Python any more."""

import ast
from collections.abc import Iterator

from cot_magic.faults.cell_code import CellCode, Change
from cot_magic.faults.operator import Operator

_WITH_HEADER = (ast.If, ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.With)


def assigned_for_equal(code: CellCode) -> Iterator[Change]:
    """`if x == 3:` as `if x = 3:`."""
    for node in code.nodes(ast.If, ast.While):
        assert isinstance(node, ast.If | ast.While)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            yield from code.sign(test.left, test.comparators[0], "==", "=")


def lost_colons(code: CellCode) -> Iterator[Change]:
    """The colon at the end of a header."""
    for node in code.nodes(*_WITH_HEADER):
        assert isinstance(node, _WITH_HEADER)
        line = code.line(node.lineno).rstrip()
        if line.endswith(":") and node.body[0].lineno > node.lineno:
            end = code.line_start(node.lineno) + len(line)
            yield code.between(end - 1, end, "")


def lost_brackets(code: CellCode) -> Iterator[Change]:
    """The bracket that closes the value of a statement."""
    for node in code.nodes(ast.Expr, ast.Assign, ast.Return):
        assert isinstance(node, ast.Expr | ast.Assign | ast.Return)
        value = node.value
        if value is not None and code.end(value) == code.end(node) and code.text[code.end(node) - 1] in ")]}":
            yield code.between(code.end(node) - 1, code.end(node), "")


def lost_depth(code: CellCode) -> Iterator[Change]:
    """The body of a header at the depth of the header."""
    for node in code.nodes(*_WITH_HEADER):
        assert isinstance(node, _WITH_HEADER)
        first = node.body[0]
        if len(node.body) == 1 and code.alone(first) and first.lineno > node.lineno:
            begin = code.line_start(first.lineno)
            yield code.between(begin, begin + first.col_offset, " " * node.col_offset)


OPERATORS = (
    Operator(
        kind="equal-sign",
        lesson="`=` gives a name to a value; `==` compares.",
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
        lesson="A bracket that was opened is not closed.",
        find=lost_brackets,
        parses=False,
    ),
    Operator(
        kind="block",
        lesson="What belongs to a header has to stand deeper than the header.",
        find=lost_depth,
        parses=False,
    ),
)

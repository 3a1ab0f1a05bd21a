"""What an operator is: a kind of mistake, its lesson, and the cell in which it looks for places."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from cot_magic.core.edits import parsed
from cot_magic.faults.mistakes import Replacement

Node = TypeVar("Node", bound=ast.AST)
Functions = ast.FunctionDef | ast.AsyncFunctionDef
_OTHER_LANGUAGE = re.compile(r"\s*%%(?!(?:time|timeit|capture|cot\+{0,2})(?:\s|$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way to spoil a cell: the replacements, and the line of the first one."""

    lineno: int
    replacements: tuple[Replacement, ...]


class CellCode:
    """The code of one cell.

    Parameters
    ----------
    text
        The source; a cell that cannot be parsed, or that holds another language, has no nodes.
    bound
        Names that any cell of the notebook binds.
    functions
        Names of the functions that any cell of the notebook defines.
    """

    def __init__(
        self, text: str, bound: frozenset[str] = frozenset(), functions: frozenset[str] = frozenset()
    ) -> None:
        self.text, self.bound, self.functions = text, bound, functions
        self.tree = None if _OTHER_LANGUAGE.match(text) else parsed(text)
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def nodes(self, *kinds: type[Node]) -> Iterator[Node]:
        """Yield the nodes of these kinds that may be changed, in source order."""
        for node in self._changeable:
            if isinstance(node, kinds):
                yield node

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def around(self, node: ast.AST, *kinds: type[Node]) -> Node | None:
        """Return the innermost node of these kinds that contains the node."""
        found = self.parent(node)
        while found is not None and not isinstance(found, kinds):
            found = self.parent(found)
        return found

    def start(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """Return the offset of the node's first character."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.end_lineno, node.end_col_offset)

    def piece(self, node: ast.expr | ast.stmt | ast.arg) -> str:
        """Return the source of the node."""
        return self.text[self.start(node) : self.end(node)]

    def line(self, lineno: int) -> str:
        return self._lines[lineno - 1]

    def line_start(self, lineno: int) -> int:
        """Return the offset of a line; of the line after the last one, the length of the source."""
        return min(self._starts[lineno - 1], len(self.text))

    def alone(self, node: ast.stmt) -> bool:
        """Return whether the statement is alone on one line."""
        return node.lineno == node.end_lineno and self.line(node.lineno).strip() == self.piece(node).strip()

    def swap(self, node: ast.expr | ast.stmt | ast.arg, new: str) -> Change:
        """Return the change that replaces the node with `new`."""
        return self.between(self.start(node), self.end(node), new)

    def between(self, start: int, end: int, new: str) -> Change:
        return self.change(Replacement(start=start, end=end, new=new))

    def change(self, *replacements: Replacement) -> Change:
        first = min(item.start for item in replacements)
        return Change(lineno=self.text.count("\n", 0, first) + 1, replacements=replacements)

    def sign(
        self, left: ast.expr | ast.stmt, right: ast.expr | ast.stmt, old: str, new: str
    ) -> Iterator[Change]:
        """Yield the change of the operator between two nodes, if it is unambiguous."""
        begin, end = self.end(left), self.start(right)
        gap = self.text[begin:end]
        if "#" in gap or gap.count(old) != 1:
            return
        place = begin + gap.index(old)
        yield self.between(place, place + len(old), new)

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        tree = self.tree
        pairs = ast.walk(tree) if tree is not None else ()
        return {child: node for node in pairs for child in ast.iter_child_nodes(node)}

    @cached_property
    def _changeable(self) -> tuple[ast.AST, ...]:
        return tuple(_changeable(self.tree)) if self.tree is not None else ()

    def _offset(self, lineno: int, column: int) -> int:
        line = self._lines[lineno - 1]
        inside = column if line.isascii() else len(line.encode()[:column].decode())
        return self._starts[lineno - 1] + inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Makes one kind of mistake.

    Attributes
    ----------
    kind
        Its name on the command line.
    lesson
        The mistake explained in one or two sentences, for somebody who meets it for the first time.
    find
        Yields every way to make it in a cell, in source order.
    parses
        Whether the result is still valid Python; False for syntax errors, whose result must not be.
    """

    kind: str
    lesson: str
    find: Callable[[CellCode], Iterator[Change]]
    parses: bool = True


def _changeable(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and its descendants, except asserts, raise statements, tests, annotations and f-strings.

    Python 3.11 does not give the positions of nodes inside an f-string.
    """
    if isinstance(node, ast.Assert | ast.Raise | ast.JoinedStr | ast.Global | ast.Nonlocal):
        return
    if isinstance(node, Functions) and node.name.startswith("test"):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _changeable(child)

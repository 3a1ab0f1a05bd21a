"""A cell as the operators see it: its text, its syntax tree, and the parts that must stay as they are."""

import ast
import re
from collections.abc import Iterator
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
    """One way to spoil a cell: what gives way to what, and the line where that begins."""

    lineno: int
    replacements: tuple[Replacement, ...]


class CellCode:
    """The code of one cell.

    Parameters
    ----------
    text
        The source; a cell that cannot be parsed or that is for another language has no nodes.
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
        """The nodes of these kinds in the order of the text, without what has to stay as it is."""
        for node in self._changeable:
            if isinstance(node, kinds):
                yield node

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def around(self, node: ast.AST, *kinds: type[Node]) -> Node | None:
        """The innermost node of these kinds that the node stands in."""
        found = self.parent(node)
        while found is not None and not isinstance(found, kinds):
            found = self.parent(found)
        return found

    def start(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """Where the node begins in the text, in characters."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.end_lineno, node.end_col_offset)

    def piece(self, node: ast.expr | ast.stmt | ast.arg) -> str:
        """The text of the node."""
        return self.text[self.start(node) : self.end(node)]

    def line(self, lineno: int) -> str:
        return self._lines[lineno - 1]

    def line_start(self, lineno: int) -> int:
        """Where a line begins; one past the last line is the end of the text."""
        return min(self._starts[lineno - 1], len(self.text))

    def alone(self, node: ast.stmt) -> bool:
        """Whether the statement has one line for itself."""
        return node.lineno == node.end_lineno and self.line(node.lineno).strip() == self.piece(node).strip()

    def swap(self, node: ast.expr | ast.stmt | ast.arg, new: str) -> Change:
        """The change that puts `new` where the node stands."""
        return self.between(self.start(node), self.end(node), new)

    def between(self, start: int, end: int, new: str) -> Change:
        return self.change(Replacement(start=start, end=end, new=new))

    def change(self, *replacements: Replacement) -> Change:
        first = min(item.start for item in replacements)
        return Change(lineno=self.text.count("\n", 0, first) + 1, replacements=replacements)

    def sign(
        self, left: ast.expr | ast.stmt, right: ast.expr | ast.stmt, old: str, new: str
    ) -> Iterator[Change]:
        """The change of an operator that stands between two nodes."""
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


def _changeable(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is in it, without checks, texts of errors, annotations and f-strings.

    The places of what is in an f-string are not known on Python 3.11.
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

"""The statements of the cells that bind names or change their values, in the order in which they ran."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cot_magic.autopsy.scene import Scene
from cot_magic.capture.lineage.dataflow import plain_python
from cot_magic.core.case import Cell

IN_PLACE = frozenset(
    [
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "sort",
        "reverse",
        "update",
        "drop",
        "rename",
        "fit",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One statement that binds a name or changes its value.

    Attributes
    ----------
    how
        `=`, `[]=` (an item), `.=` (an attribute), `op=`, `for`, `def`, `class`, `import`, `with`, `del` or
        `in place`.
    value
        The expression that it gets: the iterable of a loop, the call that changes it.
    """

    name: str
    how: str
    cell: Cell
    order: int
    lineno: int
    statement: ast.stmt
    value: ast.expr | None = None

    @property
    def text(self) -> str:
        """The first line of the statement."""
        lines = self.cell.source.splitlines()
        return lines[self.lineno - 1].strip()[:160] if self.lineno <= len(lines) else ""


def bindings(scene: Scene) -> list[Binding]:
    """All bindings at the top level of the cells, those of the failing cell only above the failing line."""
    cells, found = scene.cells, []
    top = scene.spots[-1] if scene.spots else None
    for order, cell in enumerate(cells):
        last = order == len(cells) - 1
        for item in _of_cell(cell, order):
            if last and top is not None and top.cell == cell.id and item.lineno >= top.lineno:
                continue
            found.append(item)
    return found


@lru_cache(maxsize=64)
def tree_of(source: str) -> ast.Module | None:
    """The tree of a cell, with the lines of the cell; None if it does not parse."""
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    blank = len(source) - len(source.lstrip("\n"))  # IPython takes leading blank lines away
    return ast.increment_lineno(tree, blank) if blank else tree


def _of_cell(cell: Cell, order: int) -> Iterator[Binding]:
    tree = tree_of(cell.source)
    for statement in _statements(tree.body if tree is not None else []):
        for name, how, value in _bound(statement):
            yield Binding(
                name=name,
                how=how,
                cell=cell,
                order=order,
                lineno=statement.lineno,
                statement=statement,
                value=value,
            )


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a cell that run at its top level, in order."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, name, []) or [])
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _bound(statement: ast.stmt) -> Iterator[tuple[str, str, ast.expr | None]]:
    match statement:
        case ast.Assign():
            for target in statement.targets:
                yield from ((name, how, statement.value) for name, how in _targets(target))
        case ast.AnnAssign() | ast.AugAssign():
            how = "op=" if isinstance(statement, ast.AugAssign) else "="
            for name, kind in _targets(statement.target):
                yield name, how if kind == "=" else kind, statement.value
        case ast.For() | ast.AsyncFor():
            yield from ((name, "for", statement.iter) for name, _ in _targets(statement.target))
        case ast.With() | ast.AsyncWith():
            for item in statement.items:
                if item.optional_vars is not None:
                    yield from ((name, "with", item.context_expr) for name, _ in _targets(item.optional_vars))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name, "def", None
        case ast.ClassDef():
            yield statement.name, "class", None
        case ast.Import() | ast.ImportFrom():
            for alias in statement.names:
                yield (alias.asname or alias.name).partition(".")[0], "import", None
        case ast.Delete():
            for target in statement.targets:
                yield from ((name, "del" if how == "=" else how, None) for name, how in _targets(target))
        case ast.Expr(value=ast.Call(func=ast.Attribute() as func) as call):
            inner = root_name(func.value)
            if inner and (func.attr in IN_PLACE or _is_in_place(call)):
                yield inner, "in place", call


def _is_in_place(call: ast.Call) -> bool:
    return any(
        item.arg == "inplace" and isinstance(item.value, ast.Constant) and item.value.value is True
        for item in call.keywords
    )


def _targets(target: ast.expr) -> Iterator[tuple[str, str]]:
    match target:
        case ast.Name():
            yield target.id, "="
        case ast.Tuple() | ast.List():
            for item in target.elts:
                yield from _targets(item)
        case ast.Starred():
            yield from _targets(target.value)
        case ast.Subscript() | ast.Attribute():
            if name := root_name(target):
                yield name, "[]=" if _has_subscript(target) else ".="


def _has_subscript(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Subscript) for part in ast.walk(node))


def root_name(node: Any) -> str:
    """The name that an expression of lookups and calls begins with; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_in(node: ast.AST | None) -> list[str]:
    """The names that an expression reads, in order, each once."""
    found = list(ast.walk(node)) if node is not None else []
    return list(dict.fromkeys(part.id for part in found if isinstance(part, ast.Name)))

"""Sources of cells as trees, and edits at the places of nodes: comments and layout outside an edit stay as
they
are."""

import ast
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit

_ASSIGNED_MAGIC = re.compile(r"(?m)^(\s*[\w, ]+=[ \t]*)[%!](?!=).*$")
_MAGIC = re.compile(r"(?m)^([ \t]*)[%!?].*$|^([ \t]*)[\w.]+\?{1,2}[ \t]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Text that replaces what stands between two offsets (in characters) of a source."""

    start: int
    end: int
    text: str


def readable(source: str) -> str:
    """The source with magics, shell commands and `?` help made plain statements; line numbers hold."""
    return _MAGIC.sub(
        lambda found: (found[1] if found[1] is not None else found[2]) + "pass",
        _ASSIGNED_MAGIC.sub(r"\1None", source),
    )


@functools.lru_cache(maxsize=256)
def parse(source: str) -> ast.Module | None:
    """The tree of a cell's source, or None if it is no Python."""
    try:
        return ast.parse(readable(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.lru_cache(maxsize=256)
def _line_starts(source: str) -> tuple[int, ...]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return tuple(starts)


def offset(source: str, lineno: int, col: int) -> int:
    """The index in `source` of an AST position: 1-based line, column in bytes of UTF-8."""
    starts = _line_starts(source)
    if lineno > len(starts) - 1:
        return len(source)
    line = source[starts[lineno - 1] : starts[lineno]]
    return starts[lineno - 1] + len(line.encode()[:col].decode(errors="ignore"))


def span(source: str, node: ast.AST) -> tuple[int, int]:
    """First and last index of the node's text."""
    start = offset(source, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
    end_lineno = getattr(node, "end_lineno", None)
    if end_lineno is None:
        return start, start
    return start, offset(source, end_lineno, getattr(node, "end_col_offset", 0))


def text_of(source: str, node: ast.AST) -> str:
    """The node's text as it stands."""
    start, end = span(source, node)
    return source[start:end]


def over(source: str, node: ast.AST, text: str) -> Change:
    """Replace the node."""
    start, end = span(source, node)
    return Change(start=start, end=end, text=text)


def wrap(source: str, node: ast.AST, before: str, after: str) -> tuple[Change, Change]:
    """Put text on both sides of the node."""
    start, end = span(source, node)
    return Change(start=start, end=start, text=before), Change(start=end, end=end, text=after)


def after(source: str, node: ast.AST, text: str) -> Change:
    """Put text right behind the node."""
    end = span(source, node)[1]
    return Change(start=end, end=end, text=text)


def line_before(source: str, lineno: int, text: str) -> Change:
    """A new line above line `lineno`, indented like it."""
    start = offset(source, lineno, 0)
    line = source[start:].split("\n", 1)[0]
    indent = line[: len(line) - len(line.lstrip())]
    body = "".join(f"{indent}{part}\n" for part in text.split("\n"))
    return Change(start=start, end=start, text=body)


def line_after(source: str, node: ast.stmt, text: str, indent: int | None = None) -> Change:
    """A new line under the statement, at its indentation (or at `indent` columns)."""
    end = _end_of_line(source, node.end_lineno or node.lineno)
    margin = " " * (node.col_offset if indent is None else indent)
    body = "".join(f"\n{margin}{part}" for part in text.split("\n"))
    return Change(start=end, end=end, text=body)


def without_lines(source: str, node: ast.stmt) -> Change:
    """Drop the statement's lines."""
    start = offset(source, node.lineno, 0)
    end = _end_of_line(source, node.end_lineno or node.lineno)
    return Change(start=start, end=min(end + 1, len(source)), text="")


def lines_of(source: str, node: ast.stmt) -> str:
    """The statement's whole lines without the last newline."""
    return source[offset(source, first_line(node), 0) : _end_of_line(source, node.end_lineno or node.lineno)]


def first_line(node: ast.stmt) -> int:
    """The line where the statement starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _end_of_line(source: str, lineno: int) -> int:
    end: int = offset(source, lineno + 1, 0)
    return end - 1 if source[end - 1 : end] == "\n" else end


def splice(source: str, changes: Sequence[Change]) -> str:
    """The source after all changes; of changes that overlap only the first counts."""
    out, at = [], 0
    for change in sorted(changes, key=lambda item: (item.start, item.end)):
        if change.start < at:
            continue
        out += [source[at : change.start], change.text]
        at = change.end
    return "".join([*out, source[at:]])


def edit(cell: Cell, *changes: Change) -> CellEdit:
    """The edit of one cell."""
    return CellEdit(cell=cell.id, before=cell.source, after=splice(cell.source, changes))


def import_line(source: str) -> int:
    """The line above which a new import goes: below comments, magics, a docstring and `__future__`."""
    tree = parse(source)
    if tree is None or not tree.body:
        return 1
    for place, node in enumerate(tree.body):
        docstring = place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        magic = isinstance(node, ast.Pass)  # a line that `readable` put in place of a magic
        if not (docstring or future or magic):
            return first_line(node)
    return (tree.body[-1].end_lineno or 1) + 1


def add_import(cell: Cell, statement: str) -> Change:
    """An import statement at the top of the cell."""
    return line_before(cell.source, import_line(cell.source), statement)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, in the order of the text."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return iter(sorted(found, key=lambda node: (node.lineno, node.col_offset)))


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements that stand one under the other."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def bound_names(node: ast.AST) -> set[str]:
    """Names that the statement binds in its own scope: assignments, imports, definitions, loop targets."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    names: set[str] = set()
    for item in own_scope(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            names.add(item.id)
        elif isinstance(item, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in item.names}
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
            names |= {item.name} if item.name else set()
    return names


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that are local to the function."""
    outside = {
        name
        for node in own_scope(function)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    return {*parameters(function), *(name for node in function.body for name in bound_names(node))} - outside


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """Names of all parameters, in order."""
    args = function.args
    star = [item for item in (args.vararg, args.kwarg) if item is not None]
    return [item.arg for item in (*args.posonlyargs, *args.args, *args.kwonlyargs, *star)]


def own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is below it, without the insides of functions, classes and lambdas below it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield child
        else:
            yield from own_scope(child)


def used_names(node: ast.AST) -> set[str]:
    """Names that are read anywhere in the node."""
    return {
        item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)
    }

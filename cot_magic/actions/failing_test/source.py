"""Sources of modules as cells: line for line the same, and edits of a cell as edits of its file."""

import ast
import difflib
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cot_magic.actions.failing_test.assertions import as_statements
from cot_magic.actions.failing_test.failing import ProjectModule
from cot_magic.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCell:
    """A cell made of lines of a file.

    Attributes
    ----------
    path
        The file, relative to the project; "" for a cell that sets something up and is in no file.
    source
        The source of the cell.
    start
        The line of the file, from 0, that the first line of the cell is.
    indent
        What was removed from the beginning of each line.
    swapped
        Pairs of what is in the file and what is in the cell instead.
    hidden
        Lines of the cell, from 0, that are empty or something else in it: no edit of them is one of the file.
    """

    path: str
    source: str
    start: int = 0
    indent: str = ""
    swapped: tuple[tuple[str, str], ...] = ()
    hidden: frozenset[int] = frozenset()


class LineChange(NamedTuple):
    """A change within a line (counted from 1): the bytes from `start` to `end` become `new`."""

    line: int
    start: int
    end: int
    new: str


def module_cell(
    module: ProjectModule,
    path: str,
    text: str,
    *,
    here: str,
    cells: Mapping[str, Container[str]],
    without: Iterable[ast.stmt] = (),
) -> SourceCell:
    """A module as one cell: what it names is what it would be in the module.

    What it imports from a module that is a cell too is named as it is there, so that one cell is seen to
    depend on the other.

    Parameters
    ----------
    path
        The file, relative to the project.
    here
        Where the file is for the cell: its path in the copy of the project.
    cells
        The names that each module binds which is a cell before this one.
    without
        Statements at the top level that the cell does not have.
    """
    tree, lines = ast.parse(text), text.splitlines()
    gone = [*without, *(node for node in tree.body if _is_from_cells(module, node, cells))]
    changes = [*_own_names(module, tree, here), *_absolute_imports(module, tree, lines)]
    changes += _through_modules(tree, cells)
    kept = _changed(lines, changes)
    hidden = frozenset(number for node in gone for number in _lines_of(node))
    source = "\n".join("" if number in hidden else line for number, line in enumerate(kept))
    return SourceCell(path=path, source=source, swapped=_swapped(lines, changes), hidden=hidden)


def _is_from_cells(module: ProjectModule, node: ast.stmt, cells: Mapping[str, Container[str]]) -> bool:
    """Whether a statement only imports, under their own names, what cells define."""
    if not isinstance(node, ast.ImportFrom):
        return False
    known = cells.get(_absolute(module, node), ())
    return all(item.name in known and item.asname in (None, item.name) for item in node.names)


def _own_names(module: ProjectModule, tree: ast.Module, here: str) -> Iterator[LineChange]:
    package = module.name if module.package else module.name.rpartition(".")[0]
    values = {"__name__": module.name, "__file__": here, "__package__": package}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in values:
            yield LineChange(node.lineno, node.col_offset, node.end_col_offset or 0, repr(values[node.id]))


def _absolute_imports(module: ProjectModule, tree: ast.Module, lines: Sequence[str]) -> Iterator[LineChange]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = node.col_offset + len("from ")
            old = lines[node.lineno - 1].encode()[start:].partition(b" import")[0]
            yield LineChange(node.lineno, start, start + len(old), _absolute(module, node))


def _through_modules(tree: ast.AST, cells: Mapping[str, Container[str]]) -> Iterator[LineChange]:
    """`shop.total` is `total` where `shop` is the module of a cell."""
    imported = {
        alias.asname or alias.name: cells[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in cells and (alias.asname or "." not in alias.name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known, end = imported.get(node.value.id, ()), node.end_col_offset or 0
            if node.attr in known and node.end_lineno == node.lineno:
                yield LineChange(node.lineno, node.col_offset, end, node.attr)


def _changed(lines: Sequence[str], changes: Iterable[LineChange]) -> list[str]:
    found = list(lines)
    for swap in sorted(changes, reverse=True):
        row = found[swap.line - 1].encode()
        found[swap.line - 1] = (row[: swap.start] + swap.new.encode() + row[swap.end :]).decode()
    return found


def _swapped(lines: Sequence[str], changes: Iterable[LineChange]) -> tuple[tuple[str, str], ...]:
    pairs = ((lines[item.line - 1].encode()[item.start : item.end].decode(), item.new) for item in changes)
    return tuple(dict.fromkeys(pairs))


def body_cell(
    path: str,
    text: str,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    *,
    cells: Mapping[str, Container[str]],
    asserting: str = "",
) -> SourceCell:
    """The body of a function of a module as a cell; `cells` as for `module_cell`.

    `asserting` is the name on which assertions of unittest are called that are to be statements in the cell.
    """
    lines = text.splitlines()
    first, last = function.body[0], function.body[-1]
    start, end = first.lineno - 1, last.end_lineno or last.lineno
    indent = lines[start][: first.col_offset]
    changes = list(_through_modules(ast.parse(text), cells))
    kept = _changed(lines, changes)
    source, hidden = "\n".join(line.removeprefix(indent) for line in kept[start:end]), frozenset[int]()
    if asserting:
        source, hidden = as_statements(source, asserting)
    return SourceCell(
        path=path,
        source=source,
        start=start,
        indent=indent,
        swapped=_swapped(lines, changes),
        hidden=hidden,
    )


def can_be_a_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the statements of a function do the same at the top level of a cell."""
    first = function.body[0]
    if first.lineno == function.lineno:
        return False
    strings = (node for node in ast.walk(function) if isinstance(node, ast.Constant | ast.JoinedStr))
    if any((node.end_lineno or 0) > node.lineno for node in strings):
        return False  # removing the indentation would change the string
    own = ast.Module(body=list(function.body), type_ignores=[])
    return not any(
        isinstance(node, ast.Return | ast.Yield | ast.YieldFrom | ast.Nonlocal | ast.Global)
        or (isinstance(node, ast.Name) and node.id == "super")
        for node in _outside_functions(own)
    )


def applied(text: str, cell: SourceCell, edited: str) -> str:
    """The text of a file with the edit that was made to its cell.

    Raises UsageError if the edit is in lines that the file does not have.
    """
    lines = text.splitlines()
    before, after = cell.source.splitlines(), edited.splitlines()
    for tag, start, end, new_start, new_end in reversed(
        difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    ):
        if tag == "equal":
            continue
        if cell.hidden & set(range(start, end)):
            raise UsageError("the fix changes lines that are not the same in the copy.")
        new = [_in_file(line, cell) for line in after[new_start:new_end]]
        lines[cell.start + start : cell.start + end] = new
    return "\n".join(lines) + ("\n" if text.endswith("\n") else "")


def in_words_of_files(text: str, cells: Sequence[SourceCell], index: int | None) -> str:
    """What is said of lines of cells, said of lines of files.

    `index` is the cell that a line without a cell is in.
    """

    def place(cell: int, line: str) -> str:
        known = cells[cell] if cell < len(cells) else None
        if known is None or not known.path:
            return f"line {line}"
        return f"{known.path}, line {int(line) + known.start}"

    def path(cell: int) -> str:
        return (cells[cell].path if cell < len(cells) else "") or "the setup of the test"

    text = re.sub(r"line (\d+) of cell \[(\d+)\]", lambda found: place(int(found[2]) - 1, found[1]), text)
    text = re.sub(r"cell \[(\d+)\], line (\d+)", lambda found: place(int(found[1]) - 1, found[2]), text)
    if index is not None:
        text = re.sub(r"(?<!, )\bline (\d+)", lambda found: place(index, found[1]), text)
    return re.sub(r"cell \[(\d+)\]", lambda found: path(int(found[1]) - 1), text)


def bound_at_top(tree: ast.Module) -> set[str]:
    """Names that the statements of a module bind at its top level, without what it imports."""
    found = set[str]()
    for node in _outside_functions(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def in_order_of_imports(modules: Sequence[ProjectModule], trees: Sequence[ast.Module]) -> list[ProjectModule]:
    """The modules, each after those that it imports; modules that import one another as they come."""
    by_name = {module.name: place for place, module in enumerate(modules)}
    found: list[int] = []
    entered = set[int]()

    def enter(place: int) -> None:
        if place in entered:
            return
        entered.add(place)
        for name in _imported(modules[place], trees[place]):
            if name in by_name:
                enter(by_name[name])
        found.append(place)

    for place in range(len(modules)):
        enter(place)
    return [modules[place] for place in found]


def _imported(module: ProjectModule, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = _absolute(module, node)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def _absolute(module: ProjectModule, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".") if module.package else module.name.split(".")[:-1]
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _outside_functions(node)


def _lines_of(node: ast.stmt) -> range:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(item.lineno for item in decorators)])
    return range(first - 1, node.end_lineno or node.lineno)


def _in_file(line: str, cell: SourceCell) -> str:
    for in_file, in_cell in cell.swapped:
        found = re.split(rf"(?<![\w.]){re.escape(in_cell)}(?!\w)", line)
        line = in_file.join(found)
    return f"{cell.indent}{line}" if line.strip() else line

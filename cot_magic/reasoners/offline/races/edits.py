"""Edits of concurrent code: put statements under a lock, move or wrap them; everything else stays the
same."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Def, Function, last_part

_LOCKS = {"asyncio": ("Lock",), "threading": ("Lock", "RLock")}


@dataclass(slots=True, kw_only=True)
class Draft:
    """Changes of several cells that make one repair."""

    program: ConcurrentCode
    changes: dict[str, list[src.Splice]] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    imports: set[tuple[str, str]] = field(default_factory=set)

    def change(self, cell: Cell, *changes: src.Splice) -> None:
        self.cells[cell.id] = cell
        self.changes.setdefault(cell.id, []).extend(changes)

    def module(self, cell: Cell, name: str) -> str:
        """The name under which code of the cell uses a module; the module is imported there if it is not
        yet."""
        known = self.program.module(name)
        if known is not None:
            return known
        if (cell.id, name) not in self.imports:
            self.imports.add((cell.id, name))
            self.change(cell, src.add_import(cell, f"import {name}"))
        return name

    def edits(self) -> tuple[CellEdit, ...]:
        return tuple(src.edit(self.cells[cell], *changes) for cell, changes in self.changes.items())


def enclose(
    cell: Cell, block: Sequence[ast.stmt], first: int, last: int, header: str, tail: str = ""
) -> list[src.Splice]:
    """Put the statements `first` to `last` of a block under a header (`with lock:`), indented by one level.

    Statements after a colon or semicolon get lines of their own. Lines inside of strings are not indented.
    `tail` follows at the level of the header (`finally:` and its body).
    """
    source = cell.source
    indent = _indent(source, block[0])
    lines = source.splitlines()
    changes = []
    inside = {number for node in block[first : last + 1] for number in _string_lines(node)}
    head = block[first]
    if _begins_line(source, head):
        changes.append(_insert(source, src.first_line(head), f"{indent}{header}\n"))
        start = src.first_line(head)
    else:
        changes.append(_break(source, head, f"\n{indent}{header}\n{indent}    "))
        start = head.lineno + 1
    for number in range(start, (block[last].end_lineno or 0) + 1):
        if lines[number - 1].strip() and number not in inside:
            changes.append(_insert(source, number, "    "))
    for place in range(len(block)):
        node = block[place]
        if place != first and not _begins_line(source, node):
            within = first < place <= last
            changes.append(_break(source, node, f"\n{indent}{'    ' if within else ''}"))
    if tail:
        text = "".join(f"\n{indent}{line}" for line in tail.split("\n"))
        changes.append(src.after(source, block[last], text))
    return changes


def _indent(source: str, node: ast.stmt) -> str:
    """The indentation of a block that begins with that statement."""
    line = source.splitlines()[src.first_line(node) - 1]
    margin = line[: len(line) - len(line.lstrip())]
    return margin if _begins_line(source, node) else f"{margin}    "


def _begins_line(source: str, node: ast.stmt) -> bool:
    start = src.offset(source, src.first_line(node), 0)
    column = node.col_offset if src.first_line(node) == node.lineno else 0
    return source[start : src.offset(source, src.first_line(node), column)].strip() == ""


def _insert(source: str, lineno: int, text: str) -> src.Splice:
    place = src.offset(source, lineno, 0)
    return src.Splice(start=place, end=place, text=text)


def _break(source: str, node: ast.stmt, text: str) -> src.Splice:
    """A line break in place of the spaces and the semicolon before a statement."""
    end = src.span(source, node)[0]
    start = end
    while start and source[start - 1] in " \t;":
        start -= 1
    return src.Splice(start=start, end=end, text=text)


def _string_lines(node: ast.AST) -> Iterator[int]:
    """Lines that begin inside of a string."""
    for item in ast.walk(node):
        text = isinstance(item, ast.Constant) and isinstance(item.value, str | bytes)
        if (text or isinstance(item, ast.JoinedStr)) and hasattr(item, "end_lineno"):
            yield from range(item.lineno + 1, (item.end_lineno or item.lineno) + 1)  # type: ignore[attr-defined]


def lock_of(draft: Draft, function: Function, module: str, within: str = "") -> str:
    """The expression of a lock for a function: one that its class or cell already has, else a new one.

    A method gets an attribute of its object, a nested function a local name of the enclosing function, any
    other function a global name. A lock whose name occurs in `within` is held there, and not used again.
    """
    if function.self_name is not None and isinstance(function.owner, ast.ClassDef):
        return f"{function.self_name}.{_attribute(draft, function, function.owner, module, within)}"
    owner = function.owner
    body = owner.body
    known = next((name for name in lock_names(draft.program, body, module) if name not in within), None)
    if known is not None:
        return known
    cell = function.cell
    name = _fresh(cell.source, "lock")
    maker = f"{draft.module(cell, module)}.Lock()"
    if isinstance(owner, ast.Module) or function.block is body:
        first = min(
            (node for node in body if isinstance(node, Def | ast.ClassDef)), key=lambda node: node.lineno
        )
        if _begins_line(cell.source, first):
            draft.change(cell, src.line_before(cell.source, src.first_line(first), f"{name} = {maker}"))
            return name
    draft.change(cell, *_at_start(cell.source, body, f"{name} = {maker}"))
    return name


def _attribute(draft: Draft, function: Function, owner: ast.ClassDef, module: str, within: str) -> str:
    init = next((node for node in owner.body if isinstance(node, Def) and node.name == "__init__"), None)
    bodies = [init.body] if init is not None else []
    for body in (*bodies, owner.body):
        for name in lock_names(draft.program, body, module):
            if name not in within:
                return name
    cell = function.cell
    name = _fresh(ast.unparse(owner), "_lock")
    maker = f"{draft.module(cell, module)}.Lock()"
    if init is not None and src.parameters(init):
        draft.change(cell, *_at_start(cell.source, init.body, f"{src.parameters(init)[0]}.{name} = {maker}"))
    else:  # one lock for all objects of the class
        draft.change(cell, *_at_start(cell.source, owner.body, f"{name} = {maker}"))
    return name


def lock_names(program: ConcurrentCode, body: Sequence[ast.stmt], module: str) -> Iterator[str]:
    """Locks that a body creates, by the last part of their names."""
    for statement in body:
        if isinstance(statement, Def | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Tuple) or not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for name, value in pairs:
                    if makes_lock(program, value, module):
                        yield last_part(name)


def makes_lock(program: ConcurrentCode, node: ast.AST, module: str) -> bool:
    """Whether an expression creates a lock of `asyncio` or `threading`."""
    if not isinstance(node, ast.Call) or last_part(node.func) not in _LOCKS[module]:
        return False
    if isinstance(node.func, ast.Name):
        return program.imported.get(node.func.id, "").startswith(f"{module}.")
    root = node.func.value if isinstance(node.func, ast.Attribute) else None
    return isinstance(root, ast.Name) and program.imported.get(root.id, root.id) == module


def _at_start(source: str, body: Sequence[ast.stmt], text: str) -> list[src.Splice]:
    """Insert a statement at the start of a body, after its docstring."""
    docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if docstring and len(body) == 1:
        return [src.line_after(source, body[0], text)]
    node = body[1] if docstring else body[0]
    if _begins_line(source, node):
        return [src.line_before(source, src.first_line(node), text)]
    start = src.span(source, node)[0]
    return [src.Splice(start=start, end=start, text=f"{text}; ")]


def _fresh(text: str, wanted: str) -> str:
    name, number = wanted, 2
    while name in text:
        name, number = f"{wanted}_{number}", number + 1
    return name


def moved(cell: Cell, block: Sequence[ast.stmt], place: int, to: int) -> list[src.Splice]:
    """Move statement `place` of a block before statement `to`; empty if it is not on a line of its own."""
    source = cell.source
    node, target = block[place], block[to]
    if not (_own_lines(source, node) and _begins_line(source, target)):
        return []
    return [
        src.without_lines(source, node),
        src.line_before(source, src.first_line(target), _dedented(src.lines_of(source, node))),
    ]


def _own_lines(source: str, node: ast.stmt) -> bool:
    end = src.span(source, node)[1]
    rest = source[end:].split("\n", 1)[0].strip()
    return (
        _begins_line(source, node) and (not rest or rest.startswith("#")) and node.lineno == node.end_lineno
    )


def _dedented(text: str) -> str:
    return text.strip()


def swapped(cell: Cell, one: ast.stmt, other: ast.stmt) -> list[src.Splice]:
    """Swap two statements."""
    source = cell.source
    return [
        src.over(source, one, src.text_of(source, other)),
        src.over(source, other, src.text_of(source, one)),
    ]

"""Which cells have to run again: the lineage of the failing cell, and what probes, fix and tests need."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from cot_magic.core.case import Case, Cell, CellId, Freshness
from cot_magic.core.edits import parsed
from cot_magic.notebook.report.kit import bound_names, own_nodes

VALUES = CellId("recorded values")  # a cell for values that no known cell defines
_WORD = re.compile(r"[^\W\d]\w*")


def cells_before(case: Case, also: Iterable[str]) -> tuple[Cell, ...]:
    """Return the cells that create the state before the failing cell, in the order in which they ran.

    Parameters
    ----------
    also
        Sources that will run on that state. What they mention is needed too, even in a string
        (`'rows' in globals()`).
    """
    ran = {cell.id: cell for cell in case.cells if _ran_before(cell, case.cell)}
    ran |= {item.cell.id: item.cell for item in case.lineage if item.freshness is not Freshness.NOT_RUN}
    chosen = {item.cell.id for item in case.lineage if item.cell.id in ran}
    known: set[str] = set()
    words = _words([case.cell.source, *also, *(ran[cell].source for cell in chosen)])
    while new := words - known:
        known |= new
        added = {cell.id for cell in ran.values() if cell.id not in chosen and _gives(cell.source) & known}
        chosen |= added
        words = _words(ran[cell].source for cell in added)
    return tuple(sorted((ran[cell] for cell in chosen), key=run_place))


def run_place(cell: Cell) -> tuple[int, int]:
    """Sort key for the order in which cells ran, or if unknown the order in the notebook."""
    if cell.execution_count is not None:
        return (1, cell.execution_count)
    return (0, cell.index or 0)


def page_place(cell: Cell) -> tuple[int, int]:
    """Sort key for the order in the notebook, or if unknown the order in which cells ran."""
    count = cell.execution_count or 0
    return (cell.index if cell.index is not None else count, count)


def missing_names(case: Case, before: Sequence[Cell]) -> Iterator[str]:
    """Yield names that cells read and the kernel had, but that none of the cells binds."""
    if any("import *" in cell.source for cell in before):
        return  # what a star import binds is unknown here
    there = {variable.name for variable in case.namespace}
    given = set(bound_names([cell.source for cell in (*before, case.cell)]))
    seen: set[str] = set()
    for cell in (*before, case.cell):
        tree = parsed(cell.source)
        inner = _inner(tree)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in seen:
                seen.add(node.id)
                if node.id in there and node.id not in given and node.id not in inner:
                    yield node.id


def recorded_values(case: Case, names: Iterable[str]) -> Cell | None:
    """Return a cell that assigns the names their plain values at the failure; None if there are none."""
    texts = {variable.name: variable.text for variable in case.namespace}
    lines = [f"{name} = {texts[name]}" for name in names if _is_plain(texts.get(name, ""))]
    return Cell(id=VALUES, source="\n".join(lines)) if lines else None


def _is_plain(text: str) -> bool:
    """Return whether the string is the complete repr of a literal."""
    try:
        return repr(ast.literal_eval(text)) == text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def _ran_before(cell: Cell, failing: Cell) -> bool:
    if cell.id == failing.id or cell.execution_count is None:
        return False
    return failing.execution_count is None or cell.execution_count < failing.execution_count


def _words(sources: Iterable[str]) -> set[str]:
    return {word for source in sources for word in _WORD.findall(source)}


def _gives(source: str) -> set[str]:
    """Return names that a cell binds or changes when it runs: `rows = …`, `rows[0] = …`, `rows.append(…)`."""
    found = set(bound_names([source]))
    tree = parsed(source)
    for node in own_nodes(tree) if tree is not None else ():
        changed: list[ast.expr] = []
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = [node]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed = [node.value.func] if isinstance(node.value.func, ast.Attribute) else []
        elif isinstance(node, ast.Delete):
            changed = node.targets
        found |= {name for item in changed if (name := _root(item))}
    return found


def _root(node: ast.expr) -> str:
    """Return `rows` for `rows[0].name`; empty if the root is not a name."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _inner(tree: ast.AST | None) -> set[str]:
    """Return names that a cell binds anywhere, including its functions and comprehensions."""
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    return found

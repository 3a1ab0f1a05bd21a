"""A name that several cells bind: the failing cell finds the value of the one that ran last."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "notebook.overwritten",
    "AttributeError",
    "IndexError",
    "KeyError",
    "TypeError",
    "ValueError",
    lesson="A name that is used for two things in one notebook has the value of the cell that ran last. Give "
    "each thing a name of its own.",
)
def overwritten(site: Site) -> Iterator[Suspicion]:
    """A loop, an assignment or a definition in a later cell replaced what the failing line needs."""
    used = src.used_names(site.statement) if site.statement is not None else set()
    for name in sorted(used):
        places = list(_bindings(site, name))
        if len(places) < 2:
            continue
        (cell, _), (earlier, first) = places[-1], places[-2]
        if cell.id == earlier.id or (name in _reads(cell, first) and not _hides(site, name, first)):
            continue
        other = f"{name}_2"
        renamed = _renamed(site, cell, name, other)
        repairs = []
        if renamed:
            why = f"Give the value of {site.case.label(cell.id)} a name of its own, `{other}`."
            repairs.append(Repair(edits=renamed, why=why))
            if isinstance(first, ast.Import | ast.ImportFrom):  # the value stays in the kernel
                again = f"{src.text_of(earlier.source, first)}\n{renamed[0].after}"
                imported = replace(renamed[0], after=again)
                repairs.append(Repair(edits=(imported, *renamed[1:]), why=why))
        if site.statement is not None and isinstance(first, ast.Assign | ast.FunctionDef | ast.ClassDef):
            again = src.text_of(earlier.source, first)
            line = src.line_before(site.cell.source, src.first_line(site.statement), again)
            why = f"Bind `{name}` again, as in {site.case.label(earlier.id)}."
            repairs.append(site.repair(why, line))
        where = f"{site.case.label(cell.id)} binds it again after {site.case.label(earlier.id)}"
        yield site.reading(f"`{name}` may not be what this line needs: {where}.", *repairs, weight=0.9)


def _hides(site: Site, name: str, first: ast.stmt) -> bool:
    """Whether a value took the name of what was imported or defined, as in `json = json.load(f)`: that is
    another thing, while `df = df.dropna()` goes on with the same one."""
    code = ("module", "type", "function", "builtin_function_or_method")
    known = site.known(name)
    defined = isinstance(first, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
    return defined and known is not None and known.type not in code


def _renamed(site: Site, cell: Cell, name: str, other: str) -> tuple[CellEdit, ...]:
    """Edits that give the second value of the name another one: from the statement of that cell which binds
    it on, and in the cells that ran since then. What makes the value still reads the first one, as in
    `json = json.load(f)`."""
    tree = src.parse(cell.source)
    bound = sorted(src.named(tree, name, ast.Store), key=_place) if tree is not None else []
    if tree is None or not bound:
        return ()
    makes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.For) and bound[0] in ast.walk(node)
    ]
    maker = max(makes, key=lambda node: node.lineno, default=None)
    value = getattr(maker, "value", None) or getattr(maker, "iter", None)
    first = {id(node) for node in ast.walk(value)} if value is not None else set()
    names = [node for node in src.named(tree, name) if _place(node) >= _place(bound[0])]
    edits = [src.edit(cell, *(src.over(cell.source, node, other) for node in names if id(node) not in first))]
    since = [
        item
        for item in site.case.cells
        if item.id != site.case.cell.id and (item.execution_count or 0) > (cell.execution_count or 0)
    ]
    for item in since:
        read = src.named(src.parse(item.source) or ast.Module(body=[], type_ignores=[]), name)
        if read:
            edits.append(src.edit(item, *(src.over(item.source, node, other) for node in read)))
    return tuple(edits)


def _place(node: ast.Name) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _bindings(site: Site, name: str) -> Iterator[tuple[Cell, ast.stmt]]:
    """Statements of earlier cells that bind the name at the top level, in the order in which they ran."""
    ran = [
        cell for cell in site.case.cells if cell.execution_count is not None and cell.id != site.case.cell.id
    ]
    for cell in sorted(ran, key=lambda cell: cell.execution_count or 0):
        tree = src.parse(cell.source)
        for node in tree.body if tree is not None else ():
            if name in src.bound_names(node):
                yield cell, node


def _reads(cell: Cell, earlier: ast.stmt) -> set[str]:
    """Names that the cell reads before it binds them: there it goes on with the earlier value."""
    tree = src.parse(cell.source)
    for node in tree.body if tree is not None else ():
        bound = src.bound_names(node) & src.bound_names(earlier)
        value = getattr(node, "value", None) or getattr(node, "iter", None)
        if bound:
            return src.used_names(value) if isinstance(value, ast.AST) else set()
        if src.used_names(node) & src.bound_names(earlier):
            return src.used_names(node)
    return set()


RULES = (overwritten,)

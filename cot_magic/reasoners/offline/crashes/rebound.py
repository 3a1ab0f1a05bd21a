"""A name that several cells bind: the failing cell finds the value of the one that ran last."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
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
        if cell.id == earlier.id or name in _reads(cell, first):
            continue
        other = f"{name}_2"
        names = src.named(src.parse(cell.source) or ast.Module(body=[], type_ignores=[]), name)
        repairs = []
        if names:
            renamed = src.edit(cell, *(src.over(cell.source, node, other) for node in names))
            why = f"Give the value of {site.case.label(cell.id)} a name of its own, `{other}`."
            repairs.append(Repair(edits=(renamed,), why=why))
        if site.statement is not None and isinstance(first, ast.Assign | ast.FunctionDef | ast.ClassDef):
            again = src.text_of(earlier.source, first)
            line = src.line_before(site.cell.source, src.first_line(site.statement), again)
            why = f"Bind `{name}` again, as in {site.case.label(earlier.id)}."
            repairs.append(site.repair(why, line))
        where = f"{site.case.label(cell.id)} binds it again after {site.case.label(earlier.id)}"
        yield site.reading(f"`{name}` may not be what this line needs: {where}.", *repairs, weight=0.9)


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

"""Rules for what only notebooks have: stale cells, cells that ran twice, names reassigned in other cells."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Freshness
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Check, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_LESSON = (
    "The kernel keeps what was run, not what the page shows. After you edit cells or run them out of order, "
    "its values may no longer match the page. Restart the kernel and run all cells."
)
_ERRORS = (
    "NameError", "TypeError", "AttributeError", "KeyError", "ValueError", "IndexError", "AssertionError",
    "ZeroDivisionError",
)  # fmt: skip


@rule("notebook.stale", *_ERRORS, lesson=_LESSON)
def stale(site: Site) -> Iterator[Suspicion]:
    """An earlier cell was edited since it ran, and the failing line uses a name that it defines."""
    used = src.used_names(site.statement) if site.statement is not None else set()
    for item in site.case.lineage:
        names = [name for name in item.names if name in used]
        if item.freshness is Freshness.FRESH or not names:
            continue
        where = site.case.label(item.cell.id)
        where = f"{where[0].upper()}{where[1:]}"
        said = {
            Freshness.STALE: f"{where} defines `{names[0]}` and is stale: it was edited since it ran, or a "
            "cell before it ran again. Run it again.",
            Freshness.OUT_OF_ORDER: f"{where} defines `{names[0]}` and ran out of order. Restart the kernel "
            "and run all cells.",
            Freshness.NOT_RUN: f"{where} defines `{names[0]}` and has not run. Run it first.",
        }[item.freshness]
        yield Suspicion(
            claim=said,
            prediction="If the cells run in the order of the page, the failure is gone.",
            checks=(),
            cell=item.cell.id,
            weight=0.6,
        )


@rule(
    "notebook.bound_anew",
    "TypeError",
    "AttributeError",
    "KeyError",
    "IndexError",
    lesson="A name that is used for two things in one notebook has the value of the cell that ran last.",
)
def bound_anew(site: Site) -> Iterator[Suspicion]:
    """A cell below the failing one, or a later run, gave the name a value of another type."""
    used = src.used_names(site.statement) if site.statement is not None else set()
    for name in sorted(used):
        places = []
        for cell in site.case.cells:
            tree = src.parse(cell.source)
            if tree is not None and cell.execution_count is not None and cell.id != site.cell.id:
                places += [
                    (cell, node)
                    for node in tree.body
                    if isinstance(node, ast.Assign) and name in src.bound_names(node)
                ]
        kinds = {type(node.value).__name__ for _, node in places}
        if len(places) < 2 or len(kinds) < 2:
            continue
        last = max(places, key=lambda pair: pair[0].execution_count or 0)
        others = [site.case.label(cell.id) for cell, _ in places if cell.id != last[0].id]
        if not others:
            continue
        yield site.cause(
            f"`{name}` was reassigned in {site.case.label(last[0].id)} (line {last[1].lineno}); {others[0]} "
            "assigned it before.",
            f"`{name}` has the value of the later cell.",
            f"{name!r} in globals()"
            if site.function is not None
            else f"type({name}).__name__ == {_kind(last[1].value)!r}",
            weight=0.55,
        )
        return


def _kind(value: ast.expr) -> str:
    kinds = {
        ast.List: "list",
        ast.ListComp: "list",
        ast.Dict: "dict",
        ast.DictComp: "dict",
        ast.Tuple: "tuple",
        ast.Set: "set",
    }
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    return kinds.get(type(value), "")


@rule(
    "notebook.hidden_global",
    "NameError",
    lesson="A name from a deleted cell stays in the kernel until a restart, and is missing afterwards. "
    "Define it in a cell that still exists.",
)
def hidden_global(site: Site) -> Iterator[Suspicion]:
    from cot_magic.reasoners.offline.crashes.names import missing

    name = missing(site)
    if not name:
        return
    users = [
        cell
        for cell in site.case.cells
        if cell.id != site.cell.id and cell.execution_count is not None and name in _reads(cell.source)
    ]
    defined = any(name in src.bound_names(tree) for _, tree in site.cells())
    if users and not defined:
        yield Suspicion(
            claim=f"No cell of the notebook defines `{name}`, but {site.case.label(users[0].id)} uses it "
            "too: the cell that defined it was probably deleted.",
            prediction=f"`{name}` is not defined in the kernel.",
            checks=(Check(source=f"{name!r} not in globals()"),),
            cell=users[0].id,
            weight=0.5,
        )


def _reads(source: str) -> set[str]:
    tree = src.parse(source)
    return src.used_names(tree) if tree is not None else set()


RULES = (stale, bound_anew, hidden_global)

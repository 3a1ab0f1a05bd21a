"""Rules for names that lack something: quotes, the module before them, a script around them."""

import ast
import keyword
import sys
from collections.abc import Iterator

from cot_magic.reasoners.offline import known_names as known
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.names import (
    absent,
    missing,
    stores,
    uses,
)
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "name.missing_quotes",
    "NameError",
    lesson="Text needs quotes. Without them Python takes the word for the name of a variable.",
)
def missing_quotes(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    for node in site.find(ast.Name, lambda node: node.id == name):
        holder = _subscripted(site, node)
        quoted = site.repair("In quotes it is text.", site.over(node, repr(name)))
        if holder is not None and repr(name) in site.keys(holder.value):
            yield site.cause(
                f"`{name}` is a key of `{site.one_line(holder.value)}` and stands there without quotes.",
                f"There is no variable `{name}`, but `{name!r}` is a key.",
                f"{absent(name)} and {name!r} in {site.text(holder.value)}",
                quoted,
                weight=0.94,
            )
        elif _is_argument(site, node) and not keyword.iskeyword(name):
            yield site.reading(f"`{name}` may be text that lacks its quotes.", quoted, weight=0.2)
        return


def _subscripted(site: Site, name: ast.Name) -> ast.Subscript | None:
    found = [
        node
        for node in ast.walk(site.statement or site.tree)
        if isinstance(node, ast.Subscript) and any(part is name for part in ast.walk(node.slice))
    ]
    return found[-1] if found else None


def _is_argument(site: Site, name: ast.Name) -> bool:
    calls = [node for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.Call)]
    return any(name is argument for node in calls for argument in node.args)


@rule(
    "name.file",
    "NameError",
    lesson="`__file__` is the path of a script. A notebook cell is no script, so the name does not "
    "exist there; the "
    "kernel works in the notebook's folder.",
)
def file_name(site: Site) -> Iterator[Suspicion]:
    if missing(site) != "__file__":
        return
    changes = [site.over(node, "str(Path.cwd() / 'notebook')") for node in uses(site, "__file__")]
    yield site.reading(
        "`__file__` exists in scripts only, not in a notebook.",
        site.repair(
            "The kernel's working directory stands for the script's folder.",
            src.add_import(site.cell, "from pathlib import Path"),
            *changes,
        ),
        weight=0.6,
    )


@rule(
    "name.member",
    "NameError",
    lesson="A name inside a module or an object is reached through it, with a dot: `math.sqrt`, not `sqrt`.",
)
def member(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if name in known.MEMBERS or not name or stores(site, name):
        return
    owners = [item for item in site.case.namespace if item.type == "module" and name in site.members(item)]
    for owner in owners[:2]:
        yield site.cause(
            f"`{name}` belongs to `{owner.name}` and was used without it.",
            f"There is no `{name}` here, but `{owner.name}.{name}` exists.",
            f"{absent(name)} and hasattr({owner.name}, {name!r})",
            site.repair(
                f"`{owner.name}.{name}` exists.",
                *(site.over(node, f"{owner.name}.{name}") for node in uses(site, name)),
            ),
            weight=0.85 if len(owners) == 1 else 0.5,
        )


@rule(
    "name.annotation_only",
    "NameError",
    lesson="`x: 3` only notes a type for `x` and gives it no value. A value is given with `=`.",
)
def annotation_only(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            if not isinstance(node, ast.AnnAssign) or node.value is not None:
                continue
            if not isinstance(node.target, ast.Name) or node.target.id != name:
                continue
            start, end = src.span(cell.source, node.target)[1], src.span(cell.source, node.annotation)[0]
            repair = Repair(
                edits=(src.edit(cell, src.Change(start=start, end=end, text=" = ")),),
                why="`=` gives a value.",
            )
            claim = f"`{src.text_of(cell.source, node)}` notes a type and gives `{name}` no value."
            plain = isinstance(node.annotation, ast.Constant | ast.List | ast.Dict | ast.BinOp | ast.UnaryOp)
            if plain:
                check = f"{absent(name)} and {name!r} in globals().get('__annotations__', {{}})"
                yield site.cause(
                    claim, "There is a note for the name and no value.", check, repair, weight=0.95
                )
            else:
                yield site.reading(claim, repair, weight=0.7)
            return


@rule(
    "name.loaded_module",
    "NameError",
    lesson="A name of a module must be imported from it before it can be used.",
)
def loaded_module(site: Site) -> Iterator[Suspicion]:
    """The name is in exactly one public module of the standard library that the kernel has loaded."""
    name = missing(site)
    if len(name) < 4 or known.importing(name) or stores(site, name):
        return
    owners = [module for module in sorted(sys.modules) if known.stdlib(module) and name in _public(module)]
    if len(owners) == 1:
        statement = f"from {owners[0]} import {name}"
        yield site.reading(
            f"`{name}` may be the one of the module `{owners[0]}`, which is not imported.",
            site.repair(f"`{statement}` makes it known.", src.add_import(site.cell, statement)),
            weight=0.5,
        )


def _public(module: str) -> tuple[str, ...]:
    loaded = vars(sys.modules[module])
    return tuple(loaded.get("__all__", ()))


RULES = (
    annotation_only,
    loaded_module,
    missing_quotes,
    file_name,
    member,
)

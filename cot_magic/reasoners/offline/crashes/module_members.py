"""Rules for members of modules: the class in it, modules inside it, files that hide it."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes import known_members as known
from cot_magic.reasoners.offline.crashes.attributes import (
    lacks,
    module_of,
    places,
    renamed,
    subject,
    subject_type,
)
from cot_magic.reasoners.offline.modules import submodules
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "attribute.moved",
    "AttributeError",
    "ImportError",
    lesson="Libraries rename and move things between versions. Code from an older book or answer needs "
    "the name that "
    "the installed version uses.",
)
def moved(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        module, kind = module_of(site, node), subject_type(site, node)
        text = site.text(node.value)
        if (module, node.attr) in known.MOVED:
            new, statement = known.MOVED[module, node.attr]
            new = new.replace("{module}", text)
            changes = [
                site.over(item, new)
                for item in ast.walk(site.tree)
                if isinstance(item, ast.Attribute)
                and item.attr == node.attr
                and site.text(item.value) == text
            ]
            if statement:
                changes.append(src.add_import(site.cell, statement))
            claim = f"`{module}` has no `{node.attr}` (any more); it is `{new}` now."
        elif (kind, node.attr) in known.RENAMED:
            new = known.RENAMED[kind, node.attr]
            changes = [renamed(site, node, new)]
            claim = f"A `{kind.rsplit('.', 1)[-1]}` has no `{node.attr}` any more; `{new}` took its place."
        else:
            return
        yield site.cause(
            claim,
            f"The installed version has no `{node.attr}`.",
            lacks(site, node),
            site.repair(f"`{new}` is the name of today.", *changes),
            weight=0.94,
        )


@rule(
    "attribute.module_not_class",
    "AttributeError",
    lesson="A module and a class in it may have the same name: `datetime.datetime`. `import datetime` "
    "gives the module, "
    "`from datetime import datetime` gives the class.",
)
def module_not_class(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found, text = subject(site, node), site.text(node.value)
        module = module_of(site, node)
        if module and found is not None:
            inner = [
                item for item in site.members(found) if item.lower() == module.rsplit(".", 1)[-1].lower()
            ]
            for name in inner[:1]:
                yield site.cause(
                    f"`{text}` is the module; `{node.attr}` belongs to the class `{text}.{name}` in it.",
                    f"The module has no `{node.attr}`, the class has.",
                    f"not hasattr({text}, {node.attr!r}) and hasattr({text}.{name}, {node.attr!r})",
                    site.repair(f"`{text}.{name}.{node.attr}` exists.", site.after(node.value, f".{name}")),
                    weight=0.92,
                )
            return
        said = site.says(r"type object '([\w.]+)' has no attribute")
        if said and said[1].rsplit(".", 1)[-1] == node.attr:
            yield site.cause(
                f"`{text}` is already the class `{node.attr}`, so `{text}.{node.attr}` asks for it twice.",
                f"`{text}` is a class, not the module.",
                f"isinstance({text}, type) and not hasattr({text}, {node.attr!r})",
                site.repair("The class is used directly.", *_one_level_less(site, node)),
                weight=0.93,
            )
        elif (
            said
            and said[1].split(".")[0] in ("datetime", "time")
            and node.attr in ("timedelta", "date", "timezone", "sleep")
        ):
            module = said[1].split(".")[0]
            yield site.cause(
                f"`{text}` is a class; `{node.attr}` belongs to the module `{module}`.",
                f"The class has no `{node.attr}`, the module has.",
                f"not hasattr({text}, {node.attr!r}) and hasattr(__import__({module!r}), {node.attr!r})",
                site.repair(
                    f"`{node.attr}` comes from the module.",
                    src.add_import(site.cell, f"from {module} import {node.attr}"),
                    *(site.over(item, node.attr) for item in _same(site, node)),
                ),
                weight=0.92,
            )


def _one_level_less(site: Site, node: ast.Attribute) -> list[src.Change]:
    return [site.over(item, site.text(item.value)) for item in _same(site, node)]


def _same(site: Site, node: ast.Attribute) -> list[ast.Attribute]:
    text = site.text(node)
    return [
        item for item in ast.walk(site.tree) if isinstance(item, ast.Attribute) and site.text(item) == text
    ]


@rule(
    "attribute.submodule",
    "AttributeError",
    lesson="Importing a package does not always import the modules inside it: `import xml` does not give "
    "`xml.etree.ElementTree`. Import the inner module by its full name.",
)
def submodule(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        module = module_of(site, node)
        if not module:
            return
        full = module
        for part in _path(site, node):
            if part not in submodules(full):
                break
            full = f"{full}.{part}"
        if full == module:
            return
        yield site.cause(
            f"`{full}` is a module of its own, which `import {module}` alone does not load.",
            f"There is a module `{full}`, and it is not loaded.",
            f"import importlib.util\nnot hasattr({site.text(node.value)}, {node.attr!r}) and "
            f"importlib.util.find_spec({full!r}) is not None",
            site.repair(f"`import {full}` loads it.", src.add_import(site.cell, f"import {full}")),
            weight=0.88,
        )


def _path(site: Site, node: ast.Attribute) -> list[str]:
    """The attribute and those that are taken from it: `dom`, `minidom`, `Node` of `xml.dom.minidom.Node`."""
    path = [node.attr]
    inner: ast.AST = node
    for _ in range(6):
        outer = [n for n in ast.walk(site.tree) if isinstance(n, ast.Attribute) and n.value is inner]
        if not outer:
            break
        path.append(outer[0].attr)
        inner = outer[0]
    return path


@rule(
    "attribute.wrong_module",
    "AttributeError",
    lesson="The usual short name was given to another module than people use it for.",
)
def wrong_module(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        alias = site.text(node.value)
        if alias not in known.ALIAS_OF or module_of(site, node) != known.ALIAS_OF[alias][0]:
            return
        wrong, right = known.ALIAS_OF[alias]
        for cell, tree in site.cells():
            for item in ast.walk(tree):
                if isinstance(item, ast.Import) and any(
                    n.name == wrong and n.asname == alias for n in item.names
                ):
                    edits = (src.edit(cell, src.over(cell.source, item, f"import {right} as {alias}")),)
                    yield site.cause(
                        f"`{alias}` is `{wrong}`, but `{node.attr}` belongs to `{right}`.",
                        f"`{right}` has `{node.attr}`, `{wrong}` has not.",
                        f"import importlib\nnot hasattr({alias}, {node.attr!r}) and "
                        f"hasattr(importlib.import_module({right!r}), {node.attr!r})",
                        Repair(edits=edits, why=f"`{right}` is what `{alias}` usually stands for."),
                        weight=0.95,
                    )
                    return


@rule(
    "attribute.shadowed_module",
    "AttributeError",
    "ImportError",
    lesson="A file in your folder that has the name of a library hides the library: Python finds the "
    "file first.",
)
def shadowed_module(site: Site) -> Iterator[Suspicion]:
    import sys

    said = site.says(r"module '(\w+)'") or site.says(r"from '(\w+)'")
    if said is None or said[1] not in sys.stdlib_module_names:
        return
    found = site.raised.subject or site.known(said[1])
    path = re.search(r"from '([^']+)'", found.text if found is not None else site.raised.evalue)
    path = path or re.search(r"\(([^()]+\.py)\)", site.raised.evalue)
    if path is None or not site.case.environment.cwd or not path[1].startswith(site.case.environment.cwd):
        return
    yield site.cause(
        f"The file `{path[1]}` hides the module `{said[1]}` of the standard library. Rename the file, "
        "remove its "
        "`__pycache__`, and restart the kernel.",
        f"`{said[1]}` comes from the notebook's folder.",
        f"import {said[1]}\n{said[1]}.__file__.startswith({site.case.environment.cwd!r})",
        weight=0.97,
    )


RULES = (
    moved,
    module_not_class,
    submodule,
    wrong_module,
    shadowed_module,
)

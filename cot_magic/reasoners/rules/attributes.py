"""Rules for AttributeError: misspelt members, members of other types and of earlier versions."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.case import Variable
from cot_magic.reasoners.rules import known_members as known
from cot_magic.reasoners.rules import source as src
from cot_magic.reasoners.rules.modules import submodules
from cot_magic.reasoners.rules.rule import Repair, Suspicion
from cot_magic.reasoners.rules.site import Site, shown, type_name
from cot_magic.reasoners.rules.spelling import closeness, near, only_near
from cot_magic.reasoners.rules.written import rule

CALLABLE = ("function", "method", "builtin_function_or_method", "method_descriptor", "method-wrapper")


def wanted(site: Site) -> str:
    """The attribute that is missing."""
    if site.raised.name:
        return site.raised.name
    found = site.says(r"has no attribute '(\w+)'")
    if found is not None:
        return found[1]
    return site.focus.attr if isinstance(site.focus, ast.Attribute) else ""


def places(site: Site) -> list[ast.Attribute]:
    """Where the missing attribute is asked for."""
    name = wanted(site)
    return site.find(ast.Attribute, lambda node: node.attr == name)


def subject(site: Site, node: ast.Attribute) -> Variable | None:
    """The object that lacks it."""
    return site.raised.subject or site.value(node.value)


def subject_type(site: Site, node: ast.Attribute) -> str:
    """Its type, from the description or from the message."""
    found = subject(site, node)
    if found is not None:
        return type_name(found)
    said = site.says(r"'([\w.]+)' object has no attribute")
    return said[1] if said else ""


def module_of(site: Site, node: ast.Attribute) -> str:
    """The module's name if the object is a module."""
    said = site.says(r"module '([\w.]+)' has no attribute")
    found = subject(site, node)
    if said is None and found is not None and found.type == "module":
        said = re.search(r"module '([\w.]+)'", found.text)
    return said[1] if said else ""


def lacks(site: Site, node: ast.Attribute, *has: str) -> str:
    """Code of a check: the object has not the one attribute, and has the others."""
    text = site.text(node.value)
    parts = [f"not hasattr({text}, {node.attr!r})", *(f"hasattr({text}, {name!r})" for name in has)]
    return " and ".join(parts)


def renamed(site: Site, node: ast.Attribute, name: str) -> src.Change:
    """Another attribute of the same object."""
    start = src.span(site.cell.source, node.value)[1]
    end = src.span(site.cell.source, node)[1]
    between = site.cell.source[start:end]
    dot = between.rindex(node.attr)
    return src.Change(start=start + dot, end=end, text=name)


@rule(
    "attribute.typo",
    "AttributeError",
    lesson="Each type has a fixed set of methods and attributes, written in one exact way. Press Tab after the dot to "
    "see them.",
)
def typo(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found = subject(site, node)
        if found is None or not site.members(found):
            return
        name = node.attr
        members = [item for item in site.members(found) if name.startswith("_") or not item.startswith("_")]
        certain = only_near(name, members)
        what = f"`{site.one_line(node.value)}` (`{module_of(site, node) or found.type}`)"
        for place, meant in enumerate(near(name, members)):
            claim = f"{what} has no `{name}`; the nearest that it has is `{meant}`."
            repair = site.repair(f"`{meant}` exists.", *_everywhere(site, node, meant))
            weight = 0.9 - 0.1 * place - 0.03 * closeness(name, meant)
            if meant == certain:
                prediction = f"There is no `{name}` in it, but there is `{meant}`."
                yield site.cause(claim, prediction, lacks(site, node, meant), repair, weight=weight)
            else:
                yield site.reading(claim, repair, weight=weight - 0.15)


def _everywhere(site: Site, node: ast.Attribute, meant: str) -> list[src.Change]:
    """The same misspelt attribute of the same object, wherever the cell has it."""
    text = site.text(node.value)
    return [
        renamed(site, item, meant)
        for item in ast.walk(site.tree)
        if isinstance(item, ast.Attribute) and item.attr == node.attr and site.text(item.value) == text
    ]


def call_of(site: Site, func: ast.AST) -> ast.Call | None:
    """The call whose function is this node."""
    calls = [node for node in ast.walk(site.tree) if isinstance(node, ast.Call)]
    return next((node for node in calls if node.func is func), None)


@rule(
    "attribute.other_name",
    "AttributeError",
    lesson="Other languages and other types call this operation differently. In Python each type has its own names, "
    "and some operations are functions or operators instead: `len(x)`, `a in b`.",
)
def other_name(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind, name = subject_type(site, node), node.attr
        call = call_of(site, node)
        whole: ast.expr = call or node
        text = site.text(node.value)
        sized = (
            "list",
            "str",
            "tuple",
            "dict",
            "set",
            "frozenset",
            "bytes",
            "range",
            "collections.deque",
            "dict_keys",
        )
        pattern = known.FOREIGN.get((kind, name)) or known.FOREIGN.get((kind.rsplit(".", 1)[-1], name))
        if name in known.LENGTHS and kind in sized and (call is None or not call.args):
            pattern = "len({0})"
        if pattern is None or (call is None and "{1}" in pattern):
            return
        arguments = ", ".join(site.text(item) for item in (call.args if call is not None else []))
        if "{1}" in pattern and not arguments and not pattern.endswith("({1})"):
            return
        new = pattern.format(text, arguments)
        if (assigned := _assigned(site, node)) and " = " in new:
            whole, new = whole, new.split(" = ", 1)[1] if assigned != text else new.split(" = ", 1)[1]
        elif kind.startswith("pandas") and "concat" in new and not assigned:
            return  # a frame's old append changed nothing by itself; what was meant is open
        yield site.cause(
            f"A `{kind}` has no `{name}`; here it is `{new}`.",
            f"`{text}` is a `{kind}` without `{name}`.",
            f"not hasattr({text}, {name!r}) and type({text}).__name__ == {kind.rsplit('.', 1)[-1]!r}",
            site.repair(f"`{new}` is how it is written for a `{kind}`.", site.over(whole, new)),
            weight=0.93,
        )


def _assigned(site: Site, node: ast.AST) -> str:
    """The name that the statement of this node assigns to."""
    statement = site.statement
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return site.text(statement.targets[0])
    return ""


@rule(
    "attribute.moved",
    "AttributeError",
    "ImportError",
    lesson="Libraries rename and move things between versions. Code from an older book or answer needs the name that "
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
    lesson="A module and a class in it may have the same name: `datetime.datetime`. `import datetime` gives the module, "
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
    "attribute.missing_call",
    "AttributeError",
    lesson="Without parentheses a method is only named, not called: `text.upper` is the method, `text.upper()` its "
    "result.",
)
def missing_call(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        text = site.text(node.value)
        if subject_type(site, node) in CALLABLE:
            yield site.cause(
                f"`{text}` is a function and is not called here; its result would have `{node.attr}`.",
                f"`{text}` can be called, and has no `{node.attr}` itself.",
                f"callable({text}) and not hasattr({text}, {node.attr!r})",
                site.repair(f"`{text}()` is the result.", site.after(node.value, "()")),
                weight=0.85,
            )


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
    "attribute.key",
    "AttributeError",
    lesson="The entries of a dictionary are reached with brackets and the key: `d['name']`. The dot is for attributes.",
)
def key(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found, text = subject(site, node), site.text(node.value)
        if found is None:
            return
        if repr(node.attr) in found.keys:
            yield site.cause(
                f"`{node.attr}` is a key of `{text}`, not an attribute.",
                f"`{node.attr!r}` is among the keys.",
                f"{node.attr!r} in {text} and not hasattr({text}, {node.attr!r})",
                site.repair("Keys are looked up in brackets.", site.over(node, f"{text}[{node.attr!r}]")),
                weight=0.95,
            )
            return
        names = [item.strip("'\"") for item in found.keys if item[:1] in "'\""]
        meant = only_near(node.attr, names)
        if meant is not None:
            yield site.cause(
                f"`{text}` has no `{node.attr}`; the nearest key is `{meant!r}`.",
                f"`{meant!r}` is among the keys and `{node.attr!r}` is not.",
                f"{meant!r} in {text} and {node.attr!r} not in {text}",
                site.repair(f"`{meant!r}` is there.", site.over(node, f"{text}[{meant!r}]")),
                weight=0.85,
            )
        elif found.type == "dict" and isinstance(node.ctx, ast.Store):
            change = site.over(node, f"{text}[{node.attr!r}]")
            yield site.reading(
                "An entry of a dictionary is set in brackets.", site.repair("So it is a key.", change)
            )


@rule(
    "attribute.elements",
    "AttributeError",
    lesson="A list has no methods of the things in it. The method must be called for each element.",
)
def elements(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        call = call_of(site, node)
        value = site.literal(node.value)
        if call is None or not isinstance(value, list | tuple) or not value:
            return
        if all(hasattr(item, node.attr) for item in value):
            inside = (
                f"[item{site.text(call)[len(site.text(node.value)) :]} for item in {site.text(node.value)}]"
            )
            yield site.reading(
                f"`{site.one_line(node.value)}` is a {type(value).__name__}; `{node.attr}` belongs to what is in it.",
                site.repair("It is called for each element.", site.over(call, inside)),
                weight=0.7,
            )
            first = f"{site.text(node.value)}[0]"
            yield site.reading(
                f"One element of `{site.one_line(node.value)}` may be meant.",
                site.repair("It is called for the first element.", site.over(node.value, first)),
                weight=0.3,
            )


@rule(
    "attribute.private",
    "AttributeError",
    lesson="Inside a class, a name that begins with two underscores is stored as `_Class__name`. Outside it must be "
    "written so, or better be offered under a public name.",
)
def private(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found = subject(site, node)
        name = node.attr.lstrip("_")
        if found is None:
            return
        hidden = [
            item
            for item in site.members(found)
            if re.fullmatch(rf"_\w*?_{{1,2}}{re.escape(name)}|_{re.escape(name)}", item)
        ]
        for meant in [item for item in hidden if item != node.attr][:1]:
            yield site.reading(
                f"`{name}` is private in `{site.one_line(node.value)}`: it is called `{meant}` there.",
                site.repair(f"`{meant}` is what exists.", renamed(site, node, meant)),
                weight=0.6,
            )


@rule(
    "attribute.shadowed_module",
    "AttributeError",
    "ImportError",
    lesson="A file in your folder that has the name of a library hides the library: Python finds the file first.",
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
        f"The file `{path[1]}` hides the module `{said[1]}` of the standard library. Rename the file, remove its "
        "`__pycache__`, and restart the kernel.",
        f"`{said[1]}` comes from the notebook's folder.",
        f"import {said[1]}\n{said[1]}.__file__.startswith({site.case.environment.cwd!r})",
        weight=0.97,
    )


@rule(
    "attribute.stale_class",
    "AttributeError",
    lesson="An object keeps the class that it was made with. If the class is changed and its cell run again, objects "
    "made before do not get the new methods.",
)
def stale_class(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind = subject_type(site, node).rsplit(".", 1)[-1]
        for cell, klass in site.classes(kind):
            from cot_magic.reasoners.rules.scopes import class_members

            if node.attr in class_members(klass):
                where = site.case.label(cell.id)
                yield site.cause(
                    f"`{site.one_line(node.value)}` was made before the class `{kind}` got `{node.attr}` ({where}), or by "
                    "another class of that name: make it again.",
                    f"The class `{kind}` of today is not the class of the object, or sets `{node.attr}` only later.",
                    f"type({site.text(node.value)}) is not {kind} and hasattr({kind}, {node.attr!r})",
                    weight=0.8,
                )
            return


@rule(
    "attribute.slots",
    "AttributeError",
    lesson="A class with `__slots__` allows only the attributes that are listed there.",
)
def slots(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind = subject_type(site, node).rsplit(".", 1)[-1]
        for cell, klass in site.classes(kind):
            for item in klass.body:
                if isinstance(item, ast.Assign) and src.bound_names(item) == {"__slots__"}:
                    if isinstance(item.value, ast.List | ast.Tuple):
                        comma = ", " if item.value.elts else ""
                        end = src.span(cell.source, item.value)[1] - 1
                        tail = "," if isinstance(item.value, ast.Tuple) and not item.value.elts else ""
                        change = src.Change(start=end, end=end, text=f"{comma}{node.attr!r}{tail}")
                        why = f"`__slots__` of `{kind}` lists it then."
                        yield site.reading(
                            f"`{kind}` has `__slots__`, which do not list `{node.attr}`.",
                            Repair(edits=(src.edit(cell, change),), why=why),
                            weight=0.7,
                        )
            return


def described(site: Site, node: ast.AST) -> str:
    """A node with its value, for a sentence."""
    return f"`{site.one_line(node)}` is {shown(site.value(node))}"


RULES = (
    typo, other_name, moved, module_not_class, missing_call, submodule, wrong_module, key, elements, private,
    shadowed_module, stale_class, slots,
)  # fmt: skip

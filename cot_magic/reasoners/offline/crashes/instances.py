"""Rules for attributes of the notebook's own classes: private names, slots, classes that were changed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.attributes import places, renamed, subject, subject_type
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "attribute.private",
    "AttributeError",
    lesson="In a class, a name that begins with two underscores is stored as `_Class__name`. Outside the "
    "class, use that name, or better give it a public name.",
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
                f"`{name}` is private in `{site.one_line(node.value)}`: it is stored as `{meant}`.",
                site.repair(f"Write `{meant}`.", renamed(site, node, meant)),
                weight=0.6,
            )


@rule(
    "attribute.stale_class",
    "AttributeError",
    lesson="An object keeps the class that it was created from. If you change the class and run its cell "
    "again, older objects do not get the new methods.",
)
def stale_class(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind = subject_type(site, node).rsplit(".", 1)[-1]
        for cell, klass in site.classes(kind):
            if node.attr in src.class_members(klass):
                where = site.case.label(cell.id)
                yield site.cause(
                    f"`{site.one_line(node.value)}` was created before `{kind}` had `{node.attr}` ({where}), "
                    "or from another class of that name. Create it again.",
                    f"Its class is not the current class `{kind}`, which has `{node.attr}`.",
                    f"type({site.text(node.value)}) is not {kind} and hasattr({kind}, {node.attr!r})",
                    weight=0.8,
                )
            return


@rule(
    "attribute.slots",
    "AttributeError",
    lesson="Objects of a class with `__slots__` can have only the attributes that are listed there.",
)
def slots(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind = subject_type(site, node).rsplit(".", 1)[-1]
        for cell, klass in site.classes(kind):
            for item in klass.body:
                listed = isinstance(item, ast.Assign) and src.bound_names(item) == {"__slots__"}
                if listed and isinstance(item, ast.Assign) and isinstance(item.value, ast.List | ast.Tuple):
                    comma = ", " if item.value.elts else ""
                    end = src.span(cell.source, item.value)[1] - 1
                    tail = "," if isinstance(item.value, ast.Tuple) and not item.value.elts else ""
                    change = src.Splice(start=end, end=end, text=f"{comma}{node.attr!r}{tail}")
                    why = f"Add `{node.attr}` to the `__slots__` of `{kind}`."
                    yield site.reading(
                        f"`{kind}` has `__slots__`, which do not list `{node.attr}`.",
                        Repair(edits=(src.edit(cell, change),), why=why),
                        weight=0.7,
                    )
            return


@rule(
    "attribute.not_stored",
    "AttributeError",
    lesson="An object keeps what is assigned to attributes of `self`. A local variable of `__init__` is gone "
    "when `__init__` returns.",
)
def not_stored(site: Site) -> Iterator[Suspicion]:
    """`name = name` in `__init__`, or a parameter that is never stored."""
    for node in places(site)[:1]:
        kind, name = subject_type(site, node).rsplit(".", 1)[-1], node.attr
        for cell, klass in site.classes(kind):
            maker = next((item for item in klass.body if getattr(item, "name", "") == "__init__"), None)
            if (
                not isinstance(maker, Function)
                or name in src.class_members(klass)
                or not src.parameters(maker)
            ):
                return
            first = src.parameters(maker)[0]
            plain = [
                target
                for item in src.own_scope(maker)
                if isinstance(item, ast.Assign)
                for target in item.targets
                if isinstance(target, ast.Name) and target.id == name
            ]
            if plain:
                changes = [src.over(cell.source, target, f"{first}.{name}") for target in plain]
            elif name in src.parameters(maker):
                changes = [src.line_after(cell.source, maker.body[-1], f"{first}.{name} = {name}")]
            else:
                return
            found = site.cause(
                f"`__init__` of `{kind}` has the local variable `{name}`, but does not assign it to "
                f"`{first}.{name}`.",
                f"The object has no `{name}`, which is a local variable of `__init__`.",
                f"not hasattr({site.text(node.value)}, {name!r}) and {name!r} in "
                f"{kind}.__init__.__code__.co_varnames",
                Repair(edits=(src.edit(cell, *changes),), why=f"Assign it to `{first}.{name}`."),
                weight=0.93,
            )
            yield replace(found, cell=cell.id, lineno=maker.body[-1].lineno)
            return


@rule(
    "attribute.base_not_initialised",
    "AttributeError",
    lesson="A class that defines `__init__` replaces that of its base class: call that one "
    "with `super().__init__(…)`.",
)
def base_not_initialised(site: Site) -> Iterator[Suspicion]:
    """An attribute that `__init__` of the base class sets, which `__init__` of the class does not call."""
    for node in places(site)[:1]:
        kind, name = subject_type(site, node).rsplit(".", 1)[-1], node.attr
        cell, klass = next(site.classes(kind), (None, None))
        maker = _maker(klass)
        if cell is None or klass is None or maker is None or "super" in src.used_names(maker):
            return
        for base in [item.id for item in klass.bases if isinstance(item, ast.Name)]:
            owner = next((found for _, found in site.classes(base)), None)
            above = _maker(owner)
            if above is None or f"self.{name}" not in {ast.unparse(item) for item in ast.walk(above)}:
                continue
            claim = f"`{name}` is set by `{base}.__init__`, which `{kind}.__init__` does not call."
            given = _passed_up(above, maker)
            if given is None:
                yield replace(site.reading(claim, weight=0.9), cell=cell.id, lineno=maker.lineno)
                return
            at = src.first_line(maker.body[0])
            line = src.line_before(cell.source, at, f"super().__init__({', '.join(given)})")
            repair = Repair(edits=(src.edit(cell, line),), why=f"Call `__init__` of `{base}` first.")
            check = f"{name!r} in {base}.__init__.__code__.co_names and {name!r} not in dir({kind})"
            found = site.cause(claim, f"`{base}.__init__` sets it.", check, repair, weight=0.95)
            yield replace(found, cell=cell.id, lineno=at)
            return


def _maker(klass: ast.ClassDef | None) -> Function | None:
    body = klass.body if klass is not None else []
    return next((item for item in body if isinstance(item, Function) and item.name == "__init__"), None)


def _passed_up(above: Function, maker: Function) -> list[str] | None:
    """Its own parameters for those of the same names; None if one has no counterpart."""
    wanted, own = src.parameters(above)[1:], src.parameters(maker)[1:]
    needed = len(wanted) - len(above.args.defaults) - sum(item is not None for item in above.args.kw_defaults)
    if above.args.vararg or above.args.kwarg or any(name not in own for name in wanted[:needed]):
        return None
    return [name if place < needed else f"{name}={name}" for place, name in enumerate(wanted) if name in own]


RULES = (not_stored, base_not_initialised, private, stale_class, slots)

"""Rules for methods: the parameter for the object, and the name of `__init__`."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "call.method_without_self",
    "TypeError",
    lesson="Python passes the object as first argument of each method. The definition must have a "
    "parameter for it, "
    "`self`.",
)
def method_without_self(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"(\w+)\(\) takes (\d+) positional arguments? but (\d+) (?:was|were) given")
    if said is None or int(said[3]) != int(said[2]) + 1:
        return
    for cell, tree in site.cells():
        for klass in [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]:
            for item in klass.body:
                if not isinstance(item, Function) or item.name != said[1]:
                    continue
                names = src.parameters(item)
                if names[:1] in (["self"], ["cls"]) or item.decorator_list:
                    continue
                opening = cell.source.index("(", src.offset(cell.source, item.lineno, item.col_offset))
                text = "self, " if names else "self"
                change = src.Change(start=opening + 1, end=opening + 1, text=text)
                repair = Repair(
                    edits=(src.edit(cell, change),), why="The object is passed as first argument."
                )
                claim = f"The method `{item.name}` of `{klass.name}` has no parameter `self` for its object."
                check = f"{item.name!r} in vars({klass.name})"
                if klass.col_offset == 0:
                    yield site.cause(
                        claim, f"`{item.name}` is a method of `{klass.name}`.", check, repair, weight=0.93
                    )
                else:
                    yield site.reading(claim, repair, weight=0.9)
                return


@rule(
    "call.init_misspelt",
    "TypeError",
    "AttributeError",
    lesson="The method that prepares a new object is called `__init__`, with two underscores on each side.",
)
def init_misspelt(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"(\w+)\(\) takes no arguments") or site.says(r"'(\w+)' object has no attribute")
    if said is None:
        return
    for cell, klass in site.classes(said[1]):
        methods = [item for item in klass.body if isinstance(item, Function)]
        if any(item.name == "__init__" for item in methods):
            return
        for item in methods:
            bare = item.name.strip("_")
            if bare in ("init", "int", "inti", "init_", "ini", "initt", "Init") and item.name != "__init__":
                start = src.offset(cell.source, item.lineno, item.col_offset)
                at = cell.source.index(item.name, start)
                change = src.Change(start=at, end=at + len(item.name), text="__init__")
                yield site.cause(
                    f"The class `{klass.name}` has `{item.name}` where `__init__` must stand.",
                    "The class has no `__init__` of its own.",
                    f"'__init__' not in vars({klass.name}) and {item.name!r} in dir({klass.name})",
                    Repair(
                        edits=(src.edit(cell, change),), why="Only `__init__` is called for a new object."
                    ),
                    weight=0.95,
                )
                return


RULES = (
    method_without_self,
    init_misspelt,
)

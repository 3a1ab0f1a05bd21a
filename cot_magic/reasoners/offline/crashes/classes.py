"""Rules for classes: their bases, `self` and `__init__`, exceptions, abstract methods."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.spelling import only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule

# module: the class in it to inherit from, where its name is not that of the module
_BASES = {
    "threading": "Thread", "abc": "ABC", "unittest": "TestCase", "typing": "NamedTuple",
    "collections": "UserDict", "json": "JSONEncoder", "multiprocessing": "Process", "logging": "Handler",
}  # fmt: skip


@rule(
    "class.base_is_module",
    "TypeError",
    lesson="A class inherits from a class, not from the module that contains it: `class A(enum.Enum)`.",
)
def base_is_module(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"module\(\) takes at most 2 arguments|module\.__init__\(\) takes at most 2"):
        return
    for klass in site.find(ast.ClassDef):
        for base in klass.bases:
            found = site.value(base)
            if found is None or found.type != "module":
                continue
            text = site.text(base)
            module = re.search(r"module '([\w.]+)'", found.text)
            name = (module[1] if module is not None else text).rsplit(".", 1)[-1]
            same = [item for item in site.members(found) if item.lower() == name.lower()]
            meant = same[0] if same else _BASES.get(name)
            if meant is None:
                return
            claim = f"`{text}` is a module; the class to inherit from is `{text}.{meant}`."
            repair = site.repair(f"Inherit from the class `{text}.{meant}`.", site.after(base, f".{meant}"))
            check = f"isinstance({text}.{meant}, type) and not isinstance({text}, type)"
            if same:
                yield site.cause(claim, f"`{text}.{meant}` is a class.", check, repair, weight=0.94)
            else:
                yield site.reading(claim, repair, weight=0.8)
            return


@rule(
    "class.no_exception",
    "TypeError",
    lesson="Only classes that inherit from `BaseException`, usually through `Exception`, can be raised and "
    "caught.",
)
def no_exception(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"exceptions must derive from BaseException|catching classes that do not inherit from BaseException"
    ):
        return
    statement = site.statement
    if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Constant | ast.JoinedStr):
        claim = f"`{site.one_line(statement.exc)}` is a string, but only exceptions can be raised."
        check = f"isinstance({site.text(statement.exc)}, str)"
        repair = site.repair(
            "Raise an `Exception` with the string as its message.", *site.call("Exception", statement.exc)
        )
        yield site.cause(claim, "It is a string.", check, repair, weight=0.8)
        return
    names = {node.id for node in ast.walk(statement or site.tree) if isinstance(node, ast.Name)}
    if "NotImplemented" in names:
        nodes = src.named(statement or site.tree, "NotImplemented")
        repair = site.repair(
            "Use the exception `NotImplementedError`.", *(site.over(n, "NotImplementedError") for n in nodes)
        )
        yield site.cause(
            "`NotImplemented` is a value, not an exception.",
            "It is not an exception.",
            "not isinstance(NotImplemented, BaseException)",
            repair,
            weight=0.9,
        )
        return
    for name in sorted(names):
        for cell, klass in site.classes(name):
            if klass.bases:
                return
            end = _header_end(cell.source, klass)
            repair = Repair(edits=(src.edit(cell, end),), why=f"Let `{name}` inherit from `Exception`.")
            claim = f"The class `{name}` does not inherit from `Exception`."
            check = f"not issubclass({name}, BaseException)"
            yield site.cause(claim, f"`{name}` is not an exception class.", check, repair, weight=0.95)
            return


def _header_end(source: str, klass: ast.ClassDef) -> src.Splice:
    start = src.offset(source, klass.lineno, klass.col_offset)
    at = source.index(klass.name, start) + len(klass.name)
    brackets = re.match(r"\s*\(\s*\)", source[at:])
    return src.Splice(start=at, end=at + (brackets.end() if brackets else 0), text="(Exception)")


@rule(
    "class.abstract",
    "TypeError",
    lesson="A class that inherits from an abstract class must define all of its abstract methods, with "
    "exactly their names, before it can be instantiated.",
)
def abstract(site: Site) -> Iterator[Suspicion]:
    said = site.says(
        r"Can't instantiate abstract class (\w+) with(?:out an implementation for)? abstract methods? (.+)"
    )
    if said is None:
        return
    missing = list(re.findall(r"\w+", said[2]))
    for cell, klass in site.classes(said[1]):
        own = {item.name: item for item in klass.body if isinstance(item, Function)}
        for name in missing:
            meant = only_near(name, own)
            if meant is None:
                yield site.cause(
                    f"`{klass.name}` does not define `{name}`, an abstract method of its base class.",
                    f"`{name}` is still abstract in it.",
                    f"{name!r} in {klass.name}.__abstractmethods__",
                    weight=0.7,
                )
                continue
            start = src.offset(cell.source, own[meant].lineno, own[meant].col_offset)
            at = cell.source.index(meant, start)
            change = src.Splice(start=at, end=at + len(meant), text=name)
            yield site.cause(
                f"`{klass.name}` defines `{meant}`, but the abstract method of its base class is called "
                f"`{name}`.",
                f"`{name}` is still abstract, and `{meant}` is defined.",
                f"{name!r} in {klass.name}.__abstractmethods__ and {meant!r} in vars({klass.name})",
                Repair(edits=(src.edit(cell, change),), why=f"Rename the method to `{name}`."),
                weight=0.93,
            )
        return


@rule(
    "class.super_not_called",
    "TypeError",
    "AttributeError",
    lesson="`super()`, with parentheses, gives access to the methods of the base class.",
)
def super_not_called(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"of 'super' object needs an argument|type object 'super' has no attribute"):
        return
    nodes = [
        node.value
        for node in ast.walk(site.statement or site.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "super"
    ]
    if nodes:
        repair = site.repair("Call `super()`.", *(site.after(n, "()") for n in nodes))
        yield site.cause(
            "`super` is not called.", "`super` is a type.", "isinstance(super, type)", repair, weight=0.95
        )


@rule(
    "class.brackets_of_a_type",
    "TypeError",
    lesson="`list[int]` is a type, used in annotations. A list is created with `[1, 2]` or `list((1, 2))`.",
)
def brackets_of_a_type(site: Site) -> Iterator[Suspicion]:
    names = [node.id for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.Name)]
    for name in dict.fromkeys(names):
        for cell, assign in site.assignments(name):
            value = assign.value
            if not isinstance(value, ast.Subscript) or not isinstance(value.value, ast.Name):
                break
            if value.value.id not in ("list", "tuple", "set"):
                break
            inside = src.text_of(cell.source, value.slice)
            change = src.over(cell.source, value, f"{value.value.id}([{inside}])")
            yield site.cause(
                f"`{src.text_of(cell.source, value)}` is a type, not a {value.value.id}.",
                f"`{name}` is a generic type.",
                f"type({name}).__name__ == 'GenericAlias'",
                Repair(
                    edits=(src.edit(cell, change),), why=f"Create the {value.value.id} from the elements."
                ),
                weight=0.94,
            )
            break


@rule(
    "call.method_without_self",
    "TypeError",
    lesson="Python passes the object as the first argument of a method, so its definition needs a parameter "
    "for it: `self`.",
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
                change = src.Splice(start=opening + 1, end=opening + 1, text=text)
                repair = Repair(edits=(src.edit(cell, change),), why="Add the parameter `self`.")
                claim = f"The method `{item.name}` of `{klass.name}` has no parameter `self`."
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
    lesson="The method that initializes a new object is `__init__`, with two underscores on each side.",
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
                change = src.Splice(start=at, end=at + len(item.name), text="__init__")
                yield site.cause(
                    f"The class `{klass.name}` has `{item.name}` in place of `__init__`.",
                    "The class does not define `__init__`.",
                    f"'__init__' not in vars({klass.name}) and {item.name!r} in dir({klass.name})",
                    Repair(
                        edits=(src.edit(cell, change),),
                        why="Rename it to `__init__`, which is called for a new object.",
                    ),
                    weight=0.95,
                )
                return


@rule(
    "class.mutable_field",
    "ValueError",
    lesson="All objects would share such a default. `field(default_factory=list)` makes one for each.",
)
def mutable_field(site: Site) -> Iterator[Suspicion]:
    """`items: list = []` in a dataclass."""
    said = site.says(r"mutable default <class '(\w+)'> for field (\w+) is not allowed")
    if said is None:
        return
    fields = [
        node
        for klass in ast.walk(site.tree)
        if isinstance(klass, ast.ClassDef)
        for node in klass.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.Call)
    ]
    if said[2] not in {ast.unparse(node.target) for node in fields}:
        return
    changes = [src.add_import(site.cell, "from dataclasses import field")]
    for node in fields:
        text, kind = ast.unparse(node.value or node), type(node.value).__name__.lower()
        if kind == "call" and text not in ("list()", "dict()", "set()"):
            continue
        empty = text in ("[]", "{}", "list()", "dict()", "set()")
        maker = (text.removesuffix("()") if kind == "call" else kind) if empty else f"lambda: {text}"
        changes.append(site.over(node.value or node, f"field(default_factory={maker})"))
    repair = site.repair("Make a new one for each object.", *changes)
    claim = f"The default of `{said[2]}` is one `{said[1]}` for all objects, which a dataclass refuses."
    check = "from dataclasses import field\ncallable(field)"
    yield site.cause(claim, "`field` makes a default for each object.", check, repair, weight=0.95)


_CONVERTS = {"iterator": "iter", "string": "str", "int": "int", "an integer": "int", "bool": "bool"}


@rule(
    "class.special_result",
    "TypeError",
    lesson="Special methods must return one type: `__iter__` an iterator, `__str__` and `__repr__` a string, "
    "`__len__` an integer, `__bool__` a bool.",
)
def special_result(site: Site) -> Iterator[Suspicion]:
    """`def __iter__(self): return self.items`, which is a list."""
    said = site.says(
        r"returned non-(\w+)|should return (\w+(?: integer)?)|cannot be interpreted as (an integer)"
    )
    convert = _CONVERTS.get(next(filter(None, said.groups()), "")) if said is not None else None
    names = {"iter": ("__iter__",), "str": ("__str__", "__repr__"), "bool": ("__bool__",)}
    wanted = names.get(convert or "", ("__len__", "__hash__", "__index__", "__int__"))
    for cell, tree in site.cells() if convert else ():
        for method in [node for node in ast.walk(tree) if isinstance(node, Function) and node.name in wanted]:
            values = [node.value for node in ast.walk(method) if isinstance(node, ast.Return) and node.value]
            changes = [
                change for value in values for change in src.wrap(cell.source, value, f"{convert}(", ")")
            ]
            if not changes:
                continue
            repair = Repair(edits=(src.edit(cell, *changes),), why=f"Return `{convert}(…)`.")
            claim = f"`{method.name}` must return what `{convert}(…)` gives."
            found = site.reading(claim, repair, weight=0.9)
            yield replace(found, cell=cell.id, lineno=method.lineno)
            return


METHODS = (method_without_self, init_misspelt)
RULES = (
    super_not_called,
    special_result,
    brackets_of_a_type,
    base_is_module,
    no_exception,
    abstract,
    mutable_field,
)

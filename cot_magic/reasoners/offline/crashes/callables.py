"""Rules for calls of objects that are not callable."""

import ast
import builtins
import re
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import CALLABLE, kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site, shown
from cot_magic.reasoners.offline.written import rule

SEQUENCES = ("list", "tuple", "str", "dict", "range", "numpy.ndarray", "bytes")


@rule(
    "call.shadowed_builtin",
    "TypeError",
    lesson="`list`, `sum`, `max` and others are ordinary names. A variable of the same name hides the "
    "function for the rest of the session, in all cells.",
)
def shadowed_builtin(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"object is not callable"):
        return
    for call in site.find(
        ast.Call, lambda node: isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id)
    ):
        assert isinstance(call.func, ast.Name)
        name = call.func.id
        found = site.value(call.func)
        if found is not None and found.type in (*CALLABLE, "type"):
            continue
        edits = list(_renamed_everywhere(site, name))
        where = site.case.label(edits[0].cell) if edits else "a cell that is no longer known"
        if not any(edit.cell == site.cell.id for edit in edits):  # the variable stays in the kernel
            line = src.import_line(site.cell.source)
            restored = src.line_before(site.cell.source, line, f"from builtins import {name}")
            edits.append(src.edit(site.cell, restored))
        why = f"Rename the variable, so that `{name}` is the function again."
        repairs = [Repair(edits=tuple(edits), why=why)]
        yield site.cause(
            f"The variable `{name}` (set in {where}) hides the built-in function `{name}`: its value is "
            f"{shown(found)}.",
            f"`{name}` is not the built-in function.",
            f"import builtins\n{name} is not builtins.{name} and not callable({name})",
            *repairs,
            weight=0.95,
        )
        return


def _renamed_everywhere(site: Site, name: str) -> Iterator[CellEdit]:
    """Edits of all cells that use the variable; calls of that name are kept, as they mean the function."""
    cells = [(site.cell, site.tree)] if _is_local(site, name) else list(site.cells())
    shared = not _is_local(site, name)
    for cell, tree in cells:
        called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        root: ast.AST = site.scope if cell.id == site.cell.id and _is_local(site, name) else tree
        stores = src.named(root, name, ast.Store)
        reads = [node for node in src.named(root, name, ast.Load) if node not in called]
        if stores or (shared and reads):
            yield src.edit(cell, *(src.over(cell.source, node, f"{name}_") for node in (*stores, *reads)))


def _is_builtin_name(node: ast.expr) -> bool:
    """Whether a built-in function has that name: then it is hidden, and the call itself is right."""
    return isinstance(node, ast.Name) and hasattr(builtins, node.id)


def _is_element(site: Site, node: ast.expr) -> bool:
    """Whether it is an element of a list, tuple or set, or an argument of a call."""
    return any(
        node in (item.args if isinstance(item, ast.Call) else item.elts)
        for item in ast.walk(site.statement or site.tree)
        if isinstance(item, ast.Call | ast.List | ast.Tuple | ast.Set)
    )


def _is_local(site: Site, name: str) -> bool:
    return site.function is not None and name in src.local_names(site.function)


@rule(
    "call.missing_operator",
    "TypeError",
    lesson="In mathematics you can write 2(3 + 4); Python needs the operator: `2 * (3 + 4)`. Parentheses "
    "right after a value are a call.",
)
def missing_operator(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"'(int|float|complex)' object is not callable"):
        return
    for call in site.find(ast.Call):
        kind = kind_of(site, call.func)
        if (
            kind not in ("int", "float", "complex", "numpy.float64", "numpy.int64")
            or len(call.args) != 1
            or call.keywords
            or _is_builtin_name(call.func)
        ):
            continue
        opening = site.cell.source.rindex("(", 0, src.span(site.cell.source, call.args[0])[0])
        start = len(site.cell.source[:opening].rstrip())
        change = src.Splice(start=start, end=opening, text=" * ")
        claim = f"{site.mention(call.func)} is a number, but is called like a function."
        repair = site.repair("Multiply with `*`.", change)
        if isinstance(call.func, ast.Constant):
            yield site.cause(
                claim,
                "It is a number.",
                f"isinstance({site.text(call.func)}, (int, float, complex))",
                repair,
                weight=0.9,
            )
        else:
            yield site.reading(claim, repair, weight=0.7)
        return


@rule(
    "call.brackets",
    "TypeError",
    lesson="An element is looked up with square brackets: `items[0]`. Parentheses call a function.",
)
def brackets(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"object is not callable"):
        return
    for call in site.find(ast.Call):
        if _is_builtin_name(call.func):
            continue
        kind = kind_of(site, call.func)
        subscriptable = (
            kind in SEQUENCES or kind.startswith("pandas.core") or kind == "collections.defaultdict"
        )
        if (
            not subscriptable
            or len(call.args) != 1
            or call.keywords
            or isinstance(call.func, ast.Constant)
            or _is_element(site, call)
        ):
            continue
        start = src.span(site.cell.source, call.func)[1]
        opening = site.cell.source.index("(", start)
        end = src.span(site.cell.source, call)[1]
        changes = [
            src.Splice(start=opening, end=opening + 1, text="["),
            src.Splice(start=end - 1, end=end, text="]"),
        ]
        text = site.text(call.func)
        yield site.cause(
            f"`{site.one_line(call.func)}` is a `{kind.rsplit('.', 1)[-1]}`; its elements are looked up with "
            "square brackets, not parentheses.",
            f"`{text}` is not callable, and has elements.",
            f"not callable({text}) and hasattr({text}, '__getitem__')",
            site.repair("Use square brackets.", *changes),
            weight=0.9,
        )
        return


@rule(
    "call.property",
    "TypeError",
    lesson="Some attributes are values, not methods: `df.shape`, `df.columns`. Use them without parentheses.",
)
def property_called(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"object is not callable"):
        return
    for call in site.find(ast.Call, lambda node: isinstance(node.func, ast.Attribute)):
        if call.args or call.keywords:
            continue
        start, end = src.span(site.cell.source, call.func)[1], src.span(site.cell.source, call)[1]
        text = site.text(call.func)
        if not pure(call.func):
            claim = f"`{text}` is a value, not a method, and needs no parentheses."
            without = src.Splice(start=start, end=end, text="")
            yield site.reading(claim, site.repair("Remove the parentheses.", without), weight=0.8)
            return
        yield site.cause(
            f"`{text}` is a value, not a method, and needs no parentheses.",
            f"`{text}` exists and is not callable.",
            f"not callable({text}) and {text} is not None",
            site.repair("Remove the parentheses.", src.Splice(start=start, end=end, text="")),
            weight=0.88,
        )
        return


@rule(
    "call.missing_comma",
    "TypeError",
    lesson="Separate two elements or arguments with a comma. Without it, Python takes the second one as a "
    "call or as an index of the first.",
)
def missing_comma(site: Site) -> Iterator[Suspicion]:
    for call in site.find(
        ast.Call, lambda node: isinstance(node.func, ast.Tuple | ast.List | ast.Dict | ast.Constant)
    ):
        if isinstance(call.func, ast.Constant) and not isinstance(call.func.value, str):
            continue
        if not _is_element(site, call):
            continue
        start = src.span(site.cell.source, call.func)[1]
        repair = site.repair("Put a comma between the two.", src.Splice(start=start, end=start, text=","))
        check = f"not callable({site.text(call.func)})"
        yield site.cause(
            "A comma is missing between two elements.",
            "The first element is not callable.",
            check,
            repair,
            weight=0.93,
        )
        return
    for node in site.find(
        ast.Subscript, lambda node: isinstance(node.value, ast.List) and isinstance(node.slice, ast.Tuple)
    ):
        start = src.span(site.cell.source, node.value)[1]
        repair = site.repair(
            "Put a comma between the two lists.", src.Splice(start=start, end=start, text=",")
        )
        claim = "A comma is missing between two lists."
        yield site.cause(
            claim,
            "The second list is taken as an index of the first.",
            f"type({site.text(node.value)}) is list",
            repair,
            weight=0.95,
        )
        return


@rule(
    "call.module",
    "TypeError",
    lesson="A module is not callable. The function or class in it often has the same name: "
    "`datetime.datetime(…)`.",
)
def module_called(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"'module' object is not callable"):
        return
    for call in site.find(ast.Call):
        found = site.value(call.func)
        if found is not None and found.type != "module":
            continue
        text = site.text(call.func)
        name = text.rsplit(".", 1)[-1]
        members = site.members(found) if found is not None else ()
        same = [item for item in members if item.lower() == name.lower()] or [name]
        real = re.search(r"module '([\w.]+)'", found.text) if found is not None else None
        if real is not None and real[1].rsplit(".", 1)[-1] in members:
            same = [real[1].rsplit(".", 1)[-1]]
        yield site.cause(
            f"`{text}` is a module; call `{text}.{same[0]}`.",
            f"`{text}.{same[0]}` exists and is callable.",
            f"not callable({text}) and callable(getattr({text}, {same[0]!r}, None))",
            site.repair(
                f"Call `{text}.{same[0]}`, which is in the module.", site.after(call.func, f".{same[0]}")
            ),
            weight=0.93,
        )
        return


@rule(
    "call.decorator_without_result",
    "TypeError",
    lesson="A decorator must return the function that replaces the decorated one.",
)
def decorator(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"'NoneType' object is not callable"):
        return
    for call, _, cell, maker in _decorators(site):
        inner = [item for item in maker.body if isinstance(item, Function)]
        if inner and not any(isinstance(item, ast.Return) for item in maker.body):
            change = src.line_after(
                cell.source, maker.body[-1], f"return {inner[-1].name}", inner[-1].col_offset
            )
            name = site.text(call.func)
            yield site.cause(
                f"The decorator `{maker.name}` does not return `{inner[-1].name}`, so `{name}` is `None`.",
                f"`{name}` is `None`.",
                f"{name} is None",
                Repair(edits=(src.edit(cell, change),), why=f"Return `{inner[-1].name}` from the decorator."),
                weight=0.95,
            )
            return


def _decorators(site: Site) -> Iterator[tuple[ast.Call, Function, Cell, Function]]:
    """Calls of decorated functions where it failed: the call, the function, a cell, a decorator in it."""
    for call in site.find(ast.Call, lambda node: isinstance(node.func, ast.Name)):
        for _, decorated in site.functions(site.text(call.func)):
            for node in decorated.decorator_list:
                for cell, maker in site.functions(node.id if isinstance(node, ast.Name) else ""):
                    yield call, decorated, cell, maker


@rule(
    "call.wrapper_takes_less",
    "TypeError",
    lesson="What a decorator puts in the place of a function has to take what that takes: `*args, **kwargs`.",
)
def wrapper(site: Site) -> Iterator[Suspicion]:
    """`def inner(x): return function(x)` in a decorator, over a function of two arguments."""
    if not site.says(
        r"positional arguments? but \d+ (was|were) given|unexpected keyword argument|missing \d+"
    ):
        return
    for call, decorated, cell, maker in _decorators(site):
        own, wrapped = src.parameters(decorated), (*src.parameters(maker), "")[0]
        for inner in (item for item in maker.body if isinstance(item, Function)):
            taken = src.parameters(inner)
            calls = [
                node
                for node in ast.walk(inner)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == wrapped
            ]
            used = [node.id for node in ast.walk(inner) if isinstance(node, ast.Name) and node.id in taken]
            passed = [node.id for item in calls for node in item.args if isinstance(node, ast.Name)]
            same = len(taken) == len(own) or bool(inner.args.defaults)
            if not calls or same or sorted(used) != sorted(passed):
                continue
            changes = [src.over(cell.source, item, f"{wrapped}(*args, **kwargs)") for item in calls]
            head = src.offset(cell.source, inner.lineno, 0)
            opened = cell.source.index("(", head)
            closed = cell.source.index(
                ")", src.span(cell.source, inner.args.args[-1])[1] if taken else opened
            )
            changes.append(src.Splice(start=opened + 1, end=closed, text="*args, **kwargs"))
            repair = Repair(edits=(src.edit(cell, *changes),), why="Pass on whatever is given.")
            name = site.text(call.func)
            yield site.cause(
                f"`{maker.name}` puts `{inner.name}({', '.join(taken)})` in the place of "
                f"`{name}({', '.join(own)})`.",
                f"`{name}` is `{inner.name}` of `{maker.name}`.",
                f"{name}.__code__.co_name == {inner.name!r}",
                repair,
                weight=0.95,
            )
            return


RULES = (
    shadowed_builtin,
    missing_operator,
    brackets,
    property_called,
    missing_comma,
    module_called,
    decorator,
    wrapper,
)

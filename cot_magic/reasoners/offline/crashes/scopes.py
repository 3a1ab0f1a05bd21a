"""Rules for names that exist, but not here or not yet: self, other functions, later lines, other cells."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.core.language import worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.names import absent, missing, stores, uses
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "name.missing_self",
    "NameError",
    lesson="Inside a method, the object's own attributes and methods are accessed through `self`. Without "
    "it, Python looks for a variable or function outside the class.",
)
def missing_self(site: Site) -> Iterator[Suspicion]:
    name, klass, function = missing(site), site.klass, site.function
    if not name or klass is None or function is None or not src.parameters(function):
        return
    first = src.parameters(function)[0]
    if first not in ("self", "cls") or name not in src.class_members(klass) | set(_seen_members(site, first)):
        return
    changes = []
    for node in _uses_in(function, name):
        changes.append(site.over(node, f"{first}.{name}"))
        changes += _without_self_argument(site, function, node, first)
    yield site.cause(
        f"`{name}` is a member of the class `{klass.name}` and must be accessed as `{first}.{name}`.",
        f"`{name}` is not defined outside the class, but `{first}.{name}` exists.",
        f"{absent(name)} and hasattr({first}, {name!r})",
        site.repair(f"Write `{first}.{name}`.", *changes),
        weight=0.95,
    )


def _seen_members(site: Site, first: str) -> tuple[str, ...]:
    variable = site.known(first)
    return site.members(variable)


def _uses_in(function: Function, name: str) -> list[ast.Name]:
    return src.named(function, name, ast.Load)


def _without_self_argument(site: Site, function: Function, name: ast.Name, first: str) -> list[src.Splice]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and call.func is name and call.args:
            own = call.args[0]
            if isinstance(own, ast.Name) and own.id == first:
                start, end = src.span(site.cell.source, own)
                rest = [*call.args[1:], *(item.value for item in call.keywords)]
                if rest:
                    behind = site.cell.source[end:]
                    end += len(behind) - len(behind.lstrip(", \n\t"))
                return [src.Splice(start=start, end=end, text="")]
    return []


@rule(
    "name.no_self_parameter",
    "NameError",
    lesson="A method receives its object as its first argument, so its definition needs a parameter for it: "
    "`def area(self):`.",
)
def no_self_parameter(site: Site) -> Iterator[Suspicion]:
    function, klass = site.function, site.klass
    if missing(site) != "self" or klass is None or function not in klass.body or function is None:
        return
    if function.decorator_list:
        return
    yield site.cause(
        f"The method `{function.name}` uses `self`, but has no parameter `self`.",
        "`self` is not defined in the method.",
        absent("self"),
        site.repair("Add the parameter `self`.", add_parameter(site, function, "self")),
        weight=0.9,
    )


def add_parameter(site: Site, function: Function, name: str, cell: Cell | None = None) -> src.Splice:
    """Insert a parameter before the others."""
    source = (cell or site.cell).source
    start = src.offset(source, function.lineno, function.col_offset)
    opening = source.index("(", start)
    separator = ", " if src.parameters(function) else ""
    return src.Splice(start=opening + 1, end=opening + 1, text=name + separator)


@rule(
    "name.later",
    "NameError",
    lesson="Lines run from top to bottom. A name exists only after the line that defines it has run, so a "
    "function can be called only after its definition.",
)
def later(site: Site) -> Iterator[Suspicion]:
    """The name is defined further down in the same cell or in the enclosing function."""
    name = missing(site)
    outer = site.outer
    if site.says("free variable") and outer is not None and outer.cell.id == site.cell.id:
        yield from _moved_up(outer, name, outer.function or outer.tree, site)
        return
    if not name:
        return
    top = site if site.function is None else _module_frame(site)
    if top is not None and top.cell.id == site.cell.id:
        yield from _moved_up(top, name, top.tree, site)


def _module_frame(site: Site) -> Site | None:
    current: Site | None = site
    while current is not None and current.function is not None:
        current = current.outer
    return current


def _moved_up(site: Site, name: str, scope: ast.AST, inner: Site) -> Iterator[Suspicion]:
    """Move the definition above the statement that needs it, if both are in one block."""
    for block in src.blocks(scope):
        here = [place for place, node in enumerate(block) if _holds(node, site.frame.lineno)]
        if not here:
            continue
        place = here[-1]
        for node in block[place + 1 :]:
            if name not in src.bound_names(node) or not isinstance(
                node, ast.Assign | Function | ast.ClassDef | ast.Import | ast.ImportFrom
            ):
                continue
            if isinstance(node, ast.Assign) and name in src.used_names(node.value):
                return
            between = {item for other in block[place : block.index(node)] for item in src.bound_names(other)}
            if isinstance(node, ast.Assign) and between & src.used_names(node):
                return
            target = block[place]
            text = src.lines_of(site.cell.source, node)
            start = src.offset(site.cell.source, src.first_line(target), 0)
            moved = src.Splice(start=start, end=start, text=text + "\n")
            dropped = src.Splice(
                start=src.offset(site.cell.source, src.first_line(node), 0),
                end=src.without_lines(site.cell.source, node).end,
                text="",
            )
            kind = "assigned" if isinstance(node, ast.Assign) else "defined"
            repair = site.repair(
                f"Move the definition of `{name}` up, so that it runs first.", moved, dropped
            )
            yield inner.cause(
                f"`{name}` is {kind} only in line {node.lineno}, but line {site.frame.lineno} already needs "
                "it.",
                f"`{name}` is not defined yet at line {site.frame.lineno}.",
                f"{name!r} not in locals() and {name!r} not in globals()",
                repair,
                weight=0.9,
            )
            return
        return


def _holds(node: ast.stmt, lineno: int) -> bool:
    return src.first_line(node) <= lineno <= (node.end_lineno or node.lineno)


@rule(
    "name.other_cell",
    "NameError",
    lesson="Cells run in the order in which you run them, not in the order of the page. A name that a cell "
    "defines exists only once that cell has run.",
)
def other_cell(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if not name or stores(site, name):
        return
    defined = {item.name for item in site.case.namespace}
    for cell in site.case.cells:
        tree = src.parse(cell.source)
        if cell.id == site.cell.id or tree is None:
            continue
        node = next((item for item in tree.body if name in src.bound_names(item)), None)
        if node is None:
            continue
        where = site.case.label(cell.id)
        state = (
            worded("has not run")
            if cell.execution_count is None
            else worded("has run, but the name was removed since")
        )
        yield Suspicion(
            claim=worded(
                "`{name}` is defined in {where}, which {state}.", name=name, where=where, state=state
            ),
            prediction=worded("`{name}` is not defined in the kernel before the cell runs.", name=name),
            checks=(Check(source=f"{name!r} not in globals()"),),
            repairs=_brought_here(site, cell, node, name, defined),
            cell=cell.id,
            lineno=node.lineno,
            weight=0.92,
        )
        return


def _brought_here(site: Site, cell: Cell, node: ast.stmt, name: str, defined: set[str]) -> tuple[Repair, ...]:
    """Copy the defining statement above the code that needs it, if everything that it uses exists."""
    import builtins

    needed = src.used_names(node) - defined - set(dir(builtins)) - src.bound_names(node)
    if isinstance(node, Function | ast.ClassDef):
        needed = set()  # names in the body are looked up when it is called
    if needed:
        return ()
    text = src.lines_of(cell.source, node)
    change = src.line_before(site.cell.source, src.import_line(site.cell.source), text)
    why = worded(
        "Run {cell} first. Until then, this copies its definition of `{name}` above the code that needs it.",
        cell=site.case.label(cell.id),
        name=name,
    )
    return (site.repair(why, change),)


@rule(
    "name.local_elsewhere",
    "NameError",
    lesson="Names that are assigned in a function exist only while it runs. To use a result outside, return "
    "it and assign the result of the call to a name.",
)
def local_elsewhere(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if not name:
        return
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            if isinstance(node, Function) and node is not site.function and _assigns_itself(node, name):
                yield site.reading(
                    f"`{name}` is a local variable of the function `{node.name}`; it does not exist outside "
                    "of it.",
                    *_kept_result(site, node, name, cell),
                    weight=0.6,
                )
                return


def _assigns_itself(function: Function, name: str) -> bool:
    return name in src.local_names(function) and name not in src.parameters(function)


def _kept_result(site: Site, function: Function, name: str, cell: Cell) -> Iterator[Repair]:
    """`name = f(…)` where the statement is only `f(…)`; with a `return` in `f` if it has none."""
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    if any(not (isinstance(node.value, ast.Name) and node.value.id == name) for node in returns):
        return
    for node in site.tree.body:
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == function.name
            and node.lineno <= site.frame.lineno
        ):
            start = src.span(site.cell.source, node)[0]
            changes = [src.Splice(start=start, end=start, text=f"{name} = ")]
            why = f"Assign the result of `{function.name}` to `{name}`."
            if not returns and cell.id == site.cell.id:
                changes.append(src.line_after(cell.source, function.body[-1], f"return {name}"))
                why = f"Return `{name}` from `{function.name}`, and assign the result of the call to it."
            if returns or cell.id == site.cell.id:
                yield site.repair(why, *changes)
            return


@rule(
    "name.gone",
    "NameError",
    lesson="`del` deletes a name, and the name after `except … as` is deleted at the end of that block.",
)
def gone(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    for node in ast.walk(site.tree):
        if (
            isinstance(node, ast.ExceptHandler)
            and node.name == name
            and (node.end_lineno or 0) < site.frame.lineno
        ):
            body = node.body[0]
            kept = f"{name}_"
            changes = [src.line_before(site.cell.source, body.lineno, f"{kept} = {name}")]
            changes += [
                site.over(use, kept) for use in uses(site, name) if use.lineno > (node.end_lineno or 0)
            ]
            yield site.cause(
                f"`{name}` is the exception of `except … as {name}` in line {node.lineno}; Python deletes it "
                "at the end of that block.",
                f"`{name}` no longer exists at line {site.frame.lineno}.",
                absent(name),
                site.repair("Assign the exception to another name, which is kept.", *changes),
                weight=0.9,
            )
            return
        removed = isinstance(node, ast.Delete) and name in [getattr(item, "id", "") for item in node.targets]
        if removed and isinstance(node, ast.Delete) and node.lineno < site.frame.lineno:
            change = src.without_lines(site.cell.source, node)
            yield site.cause(
                f"`{name}` was deleted by `del` in line {node.lineno}.",
                f"`{name}` is not defined at line {site.frame.lineno}.",
                absent(name),
                site.repair("Remove the `del` statement.", change),
                weight=0.8,
            )
            return


@rule(
    "name.class_scope",
    "NameError",
    lesson="A comprehension has a scope of its own. In the body of a class it sees the names of the class "
    "only in its first `for … in`, where they can be given to it: `[n * i for n in [n] for i in range(3)]`.",
)
def class_scope(site: Site) -> Iterator[Suspicion]:
    """A comprehension in the body of a class uses a name of the class."""
    name, klass = missing(site), site.klass
    if not name or klass is None or site.function is not None:
        return
    of_class = {other for node in klass.body for other in src.bound_names(node)}
    for node in ast.walk(klass):
        if not isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        seen = {id(part) for part in ast.walk(node.generators[0].iter)}
        names = [item for item in ast.walk(node) if isinstance(item, ast.Name) and id(item) not in seen]
        own = {item.id for item in names if isinstance(item.ctx, ast.Store)}
        given = [other for other in dict.fromkeys(item.id for item in names) if other in of_class - own]
        if name not in given or not node.lineno <= site.frame.lineno <= (node.end_lineno or 0):
            continue
        start = site.cell.source.rindex("for", 0, src.span(site.cell.source, node.generators[0].target)[0])
        shown = ", ".join(given)
        values = shown if len(given) == 1 else f"({shown})"
        change = src.Splice(start=start, end=start, text=f"for {shown} in [{values}] ")
        yield site.cause(
            f"The comprehension in the class `{klass.name}` does not see the `{name}` of the class.",
            f"`{name}` is not defined inside the comprehension.",
            absent(name),
            site.repair(f"Give it `{shown}` in its first `for`, where it sees the class.", change),
            weight=0.95,
        )


RULES = (missing_self, no_self_parameter, later, other_cell, local_elsewhere, gone, class_scope)

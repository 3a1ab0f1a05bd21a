"""Rules for UnboundLocalError: a local variable is read before a value is assigned to it."""

import ast
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.core.spelling import only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule


def unbound_name(site: Site) -> str:
    """The local variable that has no value yet."""
    said = site.says(r"local variable '(\w+)'")
    return site.raised.name or (said[1] if said is not None else "")


def _enclosing(site: Site, function: Function) -> list[Function]:
    """The functions around this one, innermost first."""
    around = [
        node
        for node in ast.walk(site.tree)
        if isinstance(node, Function)
        and node is not function
        and any(item is function for item in ast.walk(node))
    ]
    return sorted(around, key=lambda node: -node.lineno)


@rule(
    "unbound.missing_global",
    "UnboundLocalError",
    lesson="A variable that is assigned anywhere in a function is local to the whole function. `global x` "
    "makes `x` mean the global variable, `nonlocal x` the one of the enclosing function.",
)
def missing_global(site: Site) -> Iterator[Suspicion]:
    name, function = unbound_name(site), site.function
    if function is None or not name or name in src.parameters(function):
        return
    holder = next((item for item in _enclosing(site, function) if name in src.local_names(item)), None)
    known = any(item.name == name for item in site.case.namespace) or any(
        name in src.bound_names(node) for node in site.tree.body
    )
    if holder is None and not known:
        return
    word = "nonlocal" if holder is not None else "global"
    where = worded("of the function `{name}`", name=holder.name) if holder is not None else worded("outside")
    change = src.line_before(site.cell.source, src.first_body_line(function), f"{word} {name}")
    augmented = _changes_itself(function, name)
    claim = worded(
        "`{name}` assigns to `{name2}`, which makes it a local variable; the one {where} is meant.",
        name=function.name,
        name2=name,
        where=where,
    )
    repair = site.repair(
        worded(
            "Add `{word} {name}`, so that `{name}` means the one {where}.", word=word, name=name, where=where
        ),
        change,
    )
    if augmented and (start := _start_of(site, function, name)) is not None:
        line = src.line_before(site.cell.source, src.first_body_line(function), f"{name} = {start}")
        local = site.repair(
            worded(
                "Start with `{name} = {start}` in the function: it returns the result.",
                name=name,
                start=start,
            ),
            line,
        )
        both = (local, repair) if _in_a_loop(function, name) else (repair, local)
        yield site.reading(
            worded("`{name}` adds to `{name2}` before it has a value there.", name=function.name, name2=name),
            *both,
            weight=0.9,
        )
    elif augmented and not _read_by_other_name(function, name):
        check = f"{name!r} not in locals()" if holder is not None else f"{name!r} in globals()"
        yield site.cause(
            claim,
            worded("There is a variable `{name}` {where}, and no local one yet.", name=name, where=where),
            check,
            repair,
            weight=0.92,
        )
    else:
        yield site.reading(claim, repair, weight=0.6)


def _start_of(site: Site, function: Function, name: str) -> str | None:
    """What a local variable that the function returns would start with; None if it does not return it."""
    returned = [node.value for node in src.own_scope(function) if isinstance(node, ast.Return)]
    if not any(value is not None and name in src.used_names(value) for value in returned):
        return None
    for node in src.own_scope(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            if isinstance(node.op, ast.Mult | ast.Div):
                return "1"
            kind = kind_of(site, node.value)
            return {"str": "''", "list": "[]", "tuple": "()", "set": "set()"}.get(kind, "0")
    return "0"


def _in_a_loop(function: Function, name: str) -> bool:
    """Whether the name is added to in a loop: a sum of one call; a counter of calls is added to once."""
    loops = [node for node in src.own_scope(function) if isinstance(node, ast.For | ast.While | ast.AsyncFor)]
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for loop in loops
        for node in ast.walk(loop)
    )


def _changes_itself(function: Function, name: str) -> bool:
    """`x += 1` or `x = x + 1`."""
    for node in src.own_scope(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return True
        if (
            isinstance(node, ast.Assign)
            and name in src.bound_names(node)
            and name in src.used_names(node.value)
        ):
            return True
    return False


def _read_by_other_name(function: Function, name: str) -> bool:
    """Whether the function has a local variable of a similar name, which may be meant."""
    return only_near(name, src.local_names(function) - {name}) is not None


@rule(
    "unbound.shadowed_builtin",
    "UnboundLocalError",
    lesson="`max = max(points)` in a function makes `max` a local variable, which hides the function `max` "
    "there.",
)
def shadowed_builtin(site: Site) -> Iterator[Suspicion]:
    import builtins

    name, function = unbound_name(site), site.function
    known = {item.name for item in site.case.namespace if item.type in ("function", "type", "module")}
    if function is None or not (hasattr(builtins, name) or name in known):
        return
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    if not any(isinstance(func, ast.Name) and func.id == name for func in called):
        return
    nodes = [node for node in src.named(function, name) if node not in called]
    repair = site.repair(
        "Rename the variable, so that it hides nothing.", *(site.over(node, f"{name}_") for node in nodes)
    )
    yield site.cause(
        f"`{function.name}` assigns to `{name}`, which hides the function `{name}` in the whole function.",
        f"`{name}` is a function outside, and has no local value yet.",
        f"callable(getattr(__import__('builtins'), {name!r}, globals().get({name!r})))",
        repair,
        weight=0.95,
    )


@rule(
    "unbound.one_branch",
    "UnboundLocalError",
    lesson="A variable that is assigned in only one branch has no value if another branch runs, or if a loop "
    "runs zero times.",
)
def one_branch(site: Site) -> Iterator[Suspicion]:
    name, function = unbound_name(site), site.function
    if function is None or not name or _changes_itself(function, name):
        return
    stores = [
        node
        for node in src.own_scope(function)
        if isinstance(node, ast.Assign) and name in src.bound_names(node)
    ]
    if not stores:
        return
    inside = [node for node in stores if node not in function.body]
    if len(inside) == len(stores):
        line = ", ".join(str(node.lineno) for node in inside)
        claim = f"`{name}` is assigned only in a branch or loop (line {line}), which did not run."
        yield site.cause(
            claim,
            f"`{name}` has no value at line {site.frame.lineno}.",
            f"{name!r} not in locals()",
            weight=0.85,
        )
        repairs = []
        for value in _neutral(inside):
            change = src.line_before(site.cell.source, src.first_body_line(function), f"{name} = {value}")
            repairs.append(site.repair(f"Start with `{name} = {value}`.", change))
        yield site.reading(f"`{name}` may need an initial value.", *repairs, weight=0.6)
        return
    later = [node for node in stores if node.lineno > site.frame.lineno and node in function.body]
    if later:
        claim = f"`{name}` is read in line {site.frame.lineno}, but assigned only in line {later[0].lineno}."
        yield site.cause(claim, f"`{name}` has no value yet.", f"{name!r} not in locals()", weight=0.8)


def _neutral(stores: list[ast.Assign]) -> list[str]:
    """Initial values of the type that is assigned later."""
    values = [node.value for node in stores]
    if all(isinstance(item, ast.Constant) and isinstance(item.value, bool) for item in values):
        return ["False"]
    if all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in values):
        return ["''", "None"]
    if all(isinstance(item, ast.List | ast.ListComp) for item in values):
        return ["[]", "None"]
    return ["None", "0"]


@rule(
    "unbound.typo",
    "UnboundLocalError",
    lesson="A name must be spelt the same way everywhere. A typo in an assignment makes a second variable.",
)
def typo(site: Site) -> Iterator[Suspicion]:
    name, function = unbound_name(site), site.function
    if function is None or not name:
        return
    meant = only_near(name, src.local_names(function) - {name})
    if meant is None:
        return
    nodes = src.named(function, meant, ast.Store)
    reads = src.named(function, meant, ast.Load)
    if len(nodes) == 1 and not reads:
        repair = site.repair(f"Write `{name}`, as everywhere else.", site.over(nodes[0], name))
        check = f"{name!r} not in locals() and {meant!r} in locals()"
        yield site.cause(
            f"`{meant}` is assigned but never read; `{name}` is meant.",
            f"`{meant}` has a value, and `{name}` has none.",
            check,
            repair,
            weight=0.93,
        )
    elif meant in src.parameters(function) or nodes:
        uses = [node for node in src.named(function, name, ast.Load) if node.lineno == site.frame.lineno]
        repair = site.repair(
            f"Write `{meant}`, which has a value.", *(site.over(node, meant) for node in uses)
        )
        yield site.reading(f"`{name}` may be a typo for `{meant}`.", repair, weight=0.55)


@rule(
    "unbound.missing_self",
    "UnboundLocalError",
    lesson="Inside a method, an attribute of the object is changed through `self`: `self.count += 1`.",
)
def missing_self(site: Site) -> Iterator[Suspicion]:
    name, function, klass = unbound_name(site), site.function, site.klass
    if (
        function is None
        or klass is None
        or function not in klass.body
        or name not in src.class_members(klass)
    ):
        return
    first = (src.parameters(function) or [""])[0]
    if first not in ("self", "cls"):
        return
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    yield site.cause(
        f"`{name}` is an attribute of the object and must be accessed as `{first}.{name}`.",
        f"There is no local variable `{name}` yet, but `{first}.{name}` exists.",
        f"{name!r} not in locals() and hasattr({first}, {name!r})",
        site.repair(f"Write `{first}.{name}`.", *(site.over(node, f"{first}.{name}") for node in nodes)),
        weight=0.95,
    )


RULES = (missing_self, missing_global, shadowed_builtin, one_branch, typo)

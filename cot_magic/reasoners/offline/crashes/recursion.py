"""Rules for RecursionError: the base case of a recursive function."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site, type_name
from cot_magic.reasoners.offline.written import rule


def own_calls(function: Function) -> list[ast.Call]:
    """Calls of the function inside itself, also through `self`."""
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") == function.name or getattr(node.func, "attr", "") == function.name)
    ]


def recursive(site: Site) -> Function | None:
    """The recursive function; the depth may have been reached in something that it calls."""
    current: Site | None = site
    for _ in range(20):
        if current is None:
            return None
        if current.function is not None and own_calls(current.function):
            return current.function if current.cell.id == site.cell.id else None
        current = current.outer
    return None


@rule(
    "recursion.no_end",
    "RecursionError",
    lesson="A recursive function needs a base case, which does not call it again, and every call must come "
    "closer to it: `if n <= 0: return 0`.",
)
def no_end(site: Site) -> Iterator[Suspicion]:
    function = recursive(site)
    if function is None:
        return
    calls = own_calls(function)
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    ending = [node for node in returns if not any(item in calls for item in ast.walk(node))]
    branching = any(isinstance(node, ast.If | ast.IfExp | ast.BoolOp) for node in ast.walk(function))
    inner = list(_inner(site, function, calls))
    if inner or _unchanged(function, calls):
        yield site.reading(
            f"`{function.name}` calls itself with the same arguments (`{site.one_line(calls[0])}`), so it "
            "never ends.",
            *inner,
            weight=0.85,
        )
    if not branching or not ending:
        claim = f"`{function.name}` always calls itself: it has no base case."
        yield site.reading(claim, *_base_cases(site, function, calls), weight=0.85)
    elif (strings := _of_strings(site, function)) is not None:
        yield strings
    elif function.args.args:
        yield site.reading(
            f"The base case of `{function.name}` is never reached.", *_wider(site, function), weight=0.6
        )


def _of_strings(site: Site, function: Function) -> Suspicion | None:
    """A function that goes on for everything that has elements: those of a string are strings again."""
    names = [name for name in src.parameters(function) if name not in ("self", "cls")]
    if not names or type_name(site.known(names[0])) != "str":
        return None
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="hasattr" | "isinstance"), args=[ast.Name(id=item), kind]):
                if getattr(kind, "value", "__iter__") != "__iter__" or getattr(kind, "id", "") == "list":
                    continue
                both = site.after(node, f" and not isinstance({item}, str)")
                return site.cause(
                    f"`{function.name}` goes on inside of strings, and the elements of a string are strings.",
                    f"`{names[0]}` is a string.",
                    f"isinstance({names[0]}, str)",
                    site.repair("Take a string as one element.", both),
                    weight=0.9,
                )
    return None


def _unchanged(function: Function, calls: list[ast.Call]) -> bool:
    names = [name for name in src.parameters(function) if name not in ("self", "cls")]
    return (
        bool(names)
        and all(
            [getattr(item, "id", None) for item in call.args] == names and not call.keywords for call in calls
        )
        and not any(
            isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Store)
            for node in ast.walk(function)
        )
    )


def _inner(site: Site, function: Function, calls: list[ast.Call]) -> Iterator[Repair]:
    """For a parameter that a call hands on as it is, a name that the function binds to a part of it; names
    that a test around the call asks about come first."""
    names = [name for name in src.parameters(function) if name not in ("self", "cls")]
    bound = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in names
    ]
    for call in calls:
        around = [node for node in ast.walk(function) if isinstance(node, ast.If | ast.IfExp)]
        around = [node for node in around if any(part is call for part in ast.walk(node))]
        asked = {
            part.id for node in around for part in ast.walk(node.test) if isinstance(part, ast.Name)
        } - set(names)
        for name, argument in zip(names, call.args, strict=False):
            if isinstance(argument, ast.Name) and argument.id == name:
                for part in dict.fromkeys(sorted(bound, key=lambda item: item not in asked)):
                    yield site.repair(f"Hand on `{part}`, a part of it.", site.over(argument, part))


def _base_cases(site: Site, function: Function, calls: list[ast.Call]) -> Iterator[Repair]:
    """`if n <= 0: return …` with the neutral value of the operation on the result."""
    names = [name for name in src.parameters(function) if name not in ("self", "cls")]
    shrinking = next(
        (
            item.left.id
            for call in calls
            for item in call.args
            if isinstance(item, ast.BinOp)
            and isinstance(item.op, ast.Sub | ast.FloorDiv)
            and isinstance(item.left, ast.Name)
            and item.left.id in names
        ),
        None,
    )
    sliced = next(
        (
            item.value.id
            for call in calls
            for item in call.args
            if isinstance(item, ast.Subscript)
            and isinstance(item.slice, ast.Slice)
            and isinstance(item.value, ast.Name)
            and item.value.id in names
        ),
        None,
    )
    steps = {
        item.right.value
        for call in calls
        for item in call.args
        if isinstance(item, ast.BinOp)
        and isinstance(item.op, ast.Sub)
        and isinstance(item.right, ast.Constant)
    }
    if shrinking is not None and {1, 2} <= steps:
        text = f"if {shrinking} < 2:\n    return {shrinking}"
        line = src.first_body_line(function)
        yield site.repair(
            f"Return {shrinking} itself for 0 and 1.", src.line_before(site.cell.source, line, text)
        )
    values = _neutral(function, calls)
    line = src.first_body_line(function)
    for name, test in ((shrinking, "{} <= 0"), (sliced, "not {}")):
        if name is None:
            continue
        for value in values:
            text = f"if {test.format(name)}:\n    return {value}"
            yield site.repair(
                f"Add the base case `{test.format(name)}`, which returns {value}.",
                src.line_before(site.cell.source, line, text),
            )


def _neutral(function: Function, calls: list[ast.Call]) -> list[str]:
    """The neutral values of the operation around the call."""
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and (node.left in calls or node.right in calls):
            other = node.right if node.left in calls else node.left
            if isinstance(node.op, ast.Mult):
                return ["1"]
            if isinstance(node.op, ast.Add):
                if isinstance(other, ast.List | ast.ListComp):
                    return ["[]"]
                text = isinstance(other, ast.JoinedStr) or (
                    isinstance(other, ast.Constant) and isinstance(other.value, str)
                )
                return ["''"] if text else ["0", "1"]
    returned = any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))
    return ["0", "None"] if returned else ["None"]


def _wider(site: Site, function: Function) -> Iterator[Repair]:
    """`n == 0` becomes `n <= 0`, which also holds if a step skips 0."""
    for node in ast.walk(function):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
            test = node.test
            number = isinstance(test.comparators[0], ast.Constant) and isinstance(
                test.comparators[0].value, int
            )
            if isinstance(test.ops[0], ast.Eq) and number:
                start, end = (
                    src.span(site.cell.source, test.left)[1],
                    src.span(site.cell.source, test.comparators[0])[0],
                )
                change = src.Splice(
                    start=start, end=end, text=site.cell.source[start:end].replace("==", "<=", 1)
                )
                yield site.repair("Use `<=`, so that smaller numbers end the recursion too.", change)
                return


@rule(
    "recursion.property",
    "RecursionError",
    lesson="A property that reads or sets an attribute of its own name calls itself. Keep the value under "
    "another name: `self._x`.",
)
def own_property(site: Site) -> Iterator[Suspicion]:
    function, klass = site.function, site.klass
    if function is None or klass is None:
        return
    name = function.name
    nodes = [
        node
        for item in klass.body
        if isinstance(item, Function) and (item.name == name and item.decorator_list)
        for node in ast.walk(item)
        if isinstance(node, ast.Attribute) and node.attr == name and getattr(node.value, "id", "") == "self"
    ]
    special = name in ("__getattr__", "__getattribute__", "__setattr__")
    if nodes and not special:
        changes = [site.over(node, f"self._{name}") for node in nodes]
        inits = [
            node
            for item in klass.body
            if isinstance(item, Function) and item.name == "__init__"
            for node in ast.walk(item)
            if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)
        ]
        setter = any(
            isinstance(d, ast.Attribute) and d.attr == "setter"
            for item in klass.body
            if isinstance(item, Function) and item.name == name
            for d in item.decorator_list
        )
        if not setter:
            changes += [site.over(node, f"self._{name}") for node in inits]
        yield site.reading(
            f"The property `{name}` uses `self.{name}`, which is the property itself.",
            site.repair(f"Keep the value as `self._{name}`.", *changes),
            weight=0.93,
        )


RULES = (no_end, own_property)

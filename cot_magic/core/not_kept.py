"""What an edit does not keep of a value: signs, the order of operands, items, what a parameter says."""

import ast
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from cot_magic.core.shifts import Shift, Symptom

_BLOCKS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# how numbers are written with commas: as thousands marks, as the decimal point
THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(\.\d*)?[^\d,.]*")
DECIMAL = re.compile(r"[^\d,.]*\d*,\d+[^\d,.]*")
_QUOTED = re.compile(r"'([^']*)'")
_SPACED = re.compile(r"\D*\d{1,3}(\s\d{3})+([.,]\d+)?\D*")
EUROPEAN = re.compile(r"[^\d,.]*\d{1,3}(\.\d{3})+,\d+[^\d,.]*")  # points between thousands, a decimal comma
_GROUPED = re.compile(r"\d{1,3}(\.\d{3})+")
_CONTAINERS = frozenset({"list", "dict", "set", "tuple", "bytes", "frozenset"})
_HAS_NO = re.compile(r"'(?P<kind>\w+)' object has no attribute '(?P<name>\w+)'")
_PATHS = ("Path", "PosixPath", "WindowsPath")
_TEXT_TYPES = ("str", "'str'", "'U'", "object", "'object'", "'O'")


def not_kept(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Changes with which a part of what a value says is gone, or another one takes its place."""
    yield from _cleaned(old, new, failure)
    yield from _other_order(old, new, failure)
    yield from _as_strings(old, new, failure)
    yield from _counted(old, new, failure)
    yield from _looped(old, new)
    yield from _ignored(old, new)
    yield from _elsewhere(old, new)
    yield from _of_text(old, new)


def is_neutral(removed: str) -> bool:
    """Whether a number stays the same without these characters: blanks, one currency, thousands marks."""
    marks = {mark for mark in removed if not mark.isspace() and mark not in ",'_"}
    return len(marks) <= 1 and all(unicodedata.category(mark) == "Sc" for mark in marks)


def _calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in names]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _new(old: ast.AST, new: ast.AST, *names: str) -> list[ast.Call]:
    """The calls of these names that were not there."""
    known = {ast.dump(node) for node in _calls(old, *names)}
    return [node for node in _calls(new, *names) if ast.dump(node) not in known]


def _cleaned(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A comma that is read in the other way than the number is written; digits that are cut off."""
    told = _QUOTED.search(failure.said)
    text = told[1] if told is not None else ""
    for call in _new(old, new, "replace"):
        given = [getattr(item, "value", None) for item in call.args[:2]]
        if given == [" ", ""] and re.search(r"\d\s+\d", text) and not _SPACED.fullmatch(text):
            yield Shift(text=f"the blank of {text[:30]!r} may be between two numbers")
        if given == [",", ""] and "," in text and not THOUSANDS.fullmatch(text):
            yield Shift(text=f"the comma of {text[:30]!r} separates no thousands")
        decimal = DECIMAL.fullmatch(text) or without_points(old, new, failure)
        if given == [",", "."] and "," in text and not decimal:
            yield Shift(text=f"the comma of {text[:30]!r} is no decimal point")
    if _new(old, new, "int") and _new(old, new, "float") and _GROUPED.fullmatch(text):
        yield Shift(text=f"the point of {text[:30]!r} may separate thousands")
    for call in _new(old, new, "int"):
        if len(call.args) == 2 and re.fullmatch(r"\d+[eE]\d+", text):
            yield Shift(text=f"{text[:30]!r} may be a power of ten")


def without_points(old: ast.Module, new: ast.Module, failure: Symptom) -> bool:
    """Whether the points between the thousands of `1.250,5` are removed, and its comma is then a point; no
    number that is known may be written in another way."""
    told = _QUOTED.search(failure.said)
    if told is None or not EUROPEAN.fullmatch(told[1]):
        return False
    seen = " ".join(f"{item.text} {dict(item.facts).get('head', '')}" for item in failure.values)
    others = [text for text in re.findall(r"(?<![\w.,])\d[\d.,]*\d(?![\w.,])", seen) if "." in text]
    calls = [[getattr(item, "value", None) for item in call.args[:2]] for call in _new(old, new, "replace")]
    outer = calls.index([",", "."]) if [",", "."] in calls else len(calls)
    return [".", ""] in calls[outer:] and all(map(EUROPEAN.fullmatch, others))


def _other_order(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """`a + b` becomes `[*b, *a]`: the same operands the other way round."""
    if "has_key" in failure.missing or (failure.of_types and "not supported" in failure.said):
        return
    there, here = ({ast.dump(node) for node in tree.body} for tree in (old, new))
    before = [_names(node) for node in old.body if ast.dump(node) not in here]
    after = [_names(node) for node in new.body if ast.dump(node) not in there]
    for one in before:
        for other in after:
            both = [name for name in one if one.count(name) == other.count(name) == 1]
            if both != [name for name in other if name in both]:
                told = " and ".join(f"`{name}`" for name in both[:2])
                yield Shift(text=f"it takes {told} in another order")
                return


def _names(node: ast.AST) -> list[str]:
    """The variables that an expression statement or assignment reads, in the order of the source."""
    if not isinstance(node, ast.Assign | ast.Expr | ast.Return):
        return []
    called = {id(item.func) for item in ast.walk(node) if isinstance(item, ast.Call)}
    names = [item for item in ast.walk(node) if isinstance(item, ast.Name) and id(item) not in called]
    bound = {item.id for item in names if isinstance(item.ctx, ast.Store)}
    found = [item for item in names if item.id not in bound]
    return [item.id for item in sorted(found, key=lambda item: (item.lineno, item.col_offset))]


def _as_strings(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """`str(names)` of a list is another thing than its items; `str(folder)` loses the separator of a path."""
    types = dict(failure.types)
    for call in _new(old, new, "str"):
        kind = types.get(ast.unparse(call.args[0]), "") if call.args else ""
        if kind in _CONTAINERS or kind.rpartition(".")[2] in _PATHS:
            yield Shift(text=f"`{ast.unparse(call)[:40]}` is how a {kind.rpartition('.')[2]} is written")
    yield from _of_a_container(old, new, failure)
    for call in _new(old, new, "tuple", "list", "set"):
        if failure.of_types and call.args and types.get(ast.unparse(call.args[0])) == "dict":
            yield Shift(text=f"`{ast.unparse(call)[:40]}` has the keys alone", loses=True)
    known = {ast.dump(node) for node in ast.walk(old) if _combines(node)}
    for node in (item for item in ast.walk(new) if _combines(item)):
        if ast.dump(node) in known:
            continue
        assert isinstance(node, ast.BinOp)
        sides = (node.left, node.right)
        for side in sides if isinstance(node.op, ast.Add) else ():
            inside = ast.unparse(side.elts[0]) if isinstance(side, ast.List) and len(side.elts) == 1 else ""
            if types.get(inside) in _CONTAINERS:
                yield Shift(text=f"`{ast.unparse(side)[:40]}` is one item, which is a container")
        if isinstance(node.op, ast.Mult) and "str" in [types.get(ast.unparse(side)) for side in sides]:
            yield Shift(text=f"`{ast.unparse(node)[:40]}` repeats a string")
    sets = [list(_sets(tree)) for tree in (old, new)]
    for text in sets[1] if len(sets[1]) > len(sets[0]) else ():
        if text not in sets[0]:
            yield Shift(text=f"`{text[:40]}` has no order and nothing twice", loses=True)


def _of_a_container(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """After `'list' object has no attribute 'x'`: how the container is written, or an item instead of `x`."""
    told = _HAS_NO.search(failure.said)
    if told is None or told["kind"] not in _CONTAINERS:
        return
    name = told["name"]
    asked = [node for node in ast.walk(old) if isinstance(node, ast.Attribute) and node.attr == name]
    owners = {ast.dump(node.value) for node in asked}
    for call in _new(old, new, "str", "repr"):
        if call.args and ast.dump(call.args[0]) in owners:
            yield Shift(text=f"`{ast.unparse(call)[:40]}` is how a {told['kind']} is written")
    left = sum(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(new))
    for node in ast.walk(new) if left < len(asked) else ():
        if isinstance(node, ast.Subscript) and ast.dump(node.value) in owners and _is_place(node.slice):
            yield Shift(text=f"`{ast.unparse(node)[:40]}` is one item, and `{name}` is gone", loses=True)


def _is_place(node: ast.expr) -> bool:
    operand = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(operand, ast.Constant) and type(operand.value) is int


def _sets(tree: ast.Module) -> Iterator[str]:
    """The sets that are made of something."""
    yield from (ast.unparse(call) for call in _calls(tree, "set", "frozenset") if call.args)
    yield from (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.SetComp))


def _combines(node: ast.AST) -> bool:
    """`x + [y]` or `x * y`."""
    if not isinstance(node, ast.BinOp):
        return False
    lists = isinstance(node.left, ast.List) or isinstance(node.right, ast.List)
    return isinstance(node.op, ast.Mult) or (isinstance(node.op, ast.Add) and lists)


def _counted(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """`values / 2` becomes `len(values) / 2`: the number of items, not the items."""
    inside = {
        id(part)
        for node in ast.walk(new)
        for whole in ([node.slice] if isinstance(node, ast.Subscript) else _range(node))
        for part in ast.walk(whole)
    }
    loops = {id(node.iter) for node in ast.walk(new) if isinstance(node, ast.For | ast.comprehension)}
    for call in _new(old, new, "range"):
        if id(call) not in loops and not _calls(old, "range"):
            yield Shift(text=f"`{ast.unparse(call)[:40]}` makes numbers of its own")
    if failure.bases & {"NameError", "AttributeError"}:
        return  # another name of the length was missing
    words = {node.attr for node in ast.walk(old) if isinstance(node, ast.Attribute)}
    words |= {node.id for node in ast.walk(old) if isinstance(node, ast.Name)}
    if words & {"length", "size", "count", "Length", "len"}:
        return
    for call in _new(old, new, "len"):
        if id(call) not in inside:
            yield Shift(text=f"`{ast.unparse(call)[:40]}` is how many there are, not what they are")
    if _passed(new, "len") > _passed(old, "len"):
        yield Shift(text="`len` is how many there are, not what they are")


def _passed(tree: ast.Module, name: str) -> int:
    """How often a function is named and not called right there: `map(len, x)`."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)
    return sum(id(node) not in called for node in names)


def _range(node: ast.AST) -> list[ast.expr]:
    return node.args if isinstance(node, ast.Call) and _called(node) == "range" else []


def _looped(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A loop around what was done once: of what it binds, the last one is left. One that ends on its own."""
    endless, ending = ([ast.dump(node.test) for node in _whiles(tree)] for tree in (old, new))
    if len(endless) == len(ending) and any(
        one != other and one.startswith("Constant(") for one, other in zip(endless, ending, strict=True)
    ):
        yield Shift(text="a loop ends on a condition that it did not have", loses=True)
    if _count(new, _BLOCKS) > _count(old, _BLOCKS):
        yield Shift(text="it adds a loop", loses=True)
    if _count(new, (ast.Yield, ast.YieldFrom)) > _count(old, (ast.Yield, ast.YieldFrom)):
        yield Shift(text="it makes a generator of a function")
    if _slices(new) < _slices(old) and _subscripts(new) == _subscripts(old):
        yield Shift(text="it takes an item, not a part: a slice is gone")
    if _slices(new) > _slices(old):
        yield Shift(text="it takes a part only: a slice", loses=True)
    if _offsets(new) < _offsets(old):
        yield Shift(text="it takes another item: what was added to an index is gone")


def _whiles(tree: ast.Module) -> list[ast.While]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.While)]


def _count(tree: ast.Module, kinds: tuple[type[ast.AST], ...]) -> int:
    return sum(isinstance(node, kinds) for node in ast.walk(tree))


def _slices(tree: ast.Module) -> int:
    return sum(
        isinstance(node, ast.Slice) and any((node.lower, node.upper, node.step)) for node in ast.walk(tree)
    )


def _subscripts(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.Subscript) for node in ast.walk(tree))


def _offsets(tree: ast.Module) -> int:
    return sum(
        isinstance(part, ast.BinOp)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        for part in ast.walk(node.slice)
    )


def _ignored(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A parameter that is added and has no part in the result: the call says something that nobody hears."""
    before = {(node.name, item) for node in _functions(old) for item in _parameters(node)}
    for function in _functions(new):
        if re.fullmatch(r"__\w+__", function.name) and function.name != "__init__":
            continue  # Python calls it with what it has to take
        for name in _parameters(function):
            added = (function.name, name) not in before and name not in ("self", "cls")
            if added and not _is_heard(function, name):
                yield Shift(text=f"it takes `{name}` and does nothing with it")


_HEARD = ""  # where a value has a part in what a function gives, decides or keeps
_RESULTS = (ast.Return, ast.Yield, ast.YieldFrom)


def _is_heard(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """Whether a parameter has a part in the result of a function, if it has one; else whether it is read."""
    if not any(isinstance(node, _RESULTS) and node.value is not None for node in ast.walk(function)):
        return name in _reads(*function.body)
    own = {*_parameters(function), *_bound(*function.body)}
    flows = [
        flow for statement in function.body for node in ast.walk(statement) for flow in _flows(node, own)
    ]
    told, size = {name}, 0
    while len(told) > size:
        size = len(told)
        told |= {to for read, bound in flows if read & told for to in bound}
    return _HEARD in told


def _flows(node: ast.AST, own: set[str]) -> Iterator[tuple[set[str], set[str]]]:
    """What a node reads, and the names to which that goes."""
    match node:
        case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
            yield _reads(value), {_HEARD}
        case ast.YieldFrom(value=value) | ast.Raise(exc=ast.expr() as value) | ast.If(test=value):
            yield _reads(value), {_HEARD}
        case (
            ast.While(test=value) | ast.IfExp(test=value) | ast.Assert(test=value) | ast.Match(subject=value)
        ):
            yield _reads(value), {_HEARD}
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            kept = any(isinstance(item, ast.Attribute | ast.Subscript) for item in targets)
            yield _reads(node), {*_bound(*targets), *([_HEARD] if kept else [])}
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield _reads(node.iter), set(_bound(node.target))
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield _reads(value), set(_bound(target))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _reads(*node.body), {node.name}
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) if owner in own:
            yield _reads(node), {owner}


def _reads(*nodes: ast.AST) -> set[str]:
    names = [item for node in nodes for item in ast.walk(node) if isinstance(item, ast.Name)]
    return {item.id for item in names if isinstance(item.ctx, ast.Load)}


def _bound(*nodes: ast.AST) -> Iterator[str]:
    names = [item for node in nodes for item in ast.walk(node) if isinstance(item, ast.Name)]
    return (item.id for item in names if isinstance(item.ctx, ast.Store))


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    rest = [item for item in (given.vararg, given.kwarg) if item is not None]
    return [item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs, *rest)]


def _elsewhere(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Keys for values, or the other way round."""
    before, after = (
        Counter(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        for tree in (old, new)
    )
    for one, other in (("keys", "values"), ("values", "keys")):
        if one in before - after and other in after - before:
            yield Shift(text=f"it takes the {other} for the {one}")


def _of_text(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """What was to be numbers is made strings: then nothing is computed with them."""
    before, after = (
        sum(
            isinstance(node, ast.keyword) and node.arg == "dtype" and ast.unparse(node.value) in _TEXT_TYPES
            for node in ast.walk(tree)
        )
        for tree in (old, new)
    )
    if after > before and any(
        isinstance(node, ast.keyword) and node.arg == "dtype" for node in ast.walk(old)
    ):
        yield Shift(text="it makes strings of what was to be numbers")

"""What a failure itself asks of an edit: which name is meant, and what has to be put around which value.

An edit that keeps every value can still be one of several: another variable that is there, a list as Python
writes it, a table in one dimension. It is forced only where the message, the type of the value, or what was
not found leaves nothing else; whatever is here a choice can be decided by an assert of the person's own.
"""

import ast
import itertools
import re
from collections.abc import Callable, Iterator

from cot_magic.core.differences import Difference, differences
from cot_magic.core.not_kept import DECIMAL, THOUSANDS
from cot_magic.core.shifts import Shift, Symptom
from cot_magic.core.spelling import respelled

_SCALARS = frozenset({"int", "float", "bool", "complex", "NoneType", "Decimal", "Fraction"})
_WRITTEN = frozenset(
    {
        *("list", "dict", "set", "tuple", "frozenset", "bytes", "bytearray", "NoneType", "ndarray"),
        *("PosixPath", "WindowsPath", "function", "method", "builtin_function_or_method", "generator"),
    }
)
_UNORDERED = frozenset({"dict", "set", "frozenset"})
_SEQUENCES = frozenset({"list", "tuple", "sorted"})
_COUNTS = frozenset({"len", "sum", "min", "max", "any", "all", "sorted", "list", "set"})
_BY_PLACE = frozenset({"iloc", "iat"})
_TEXT_WANTED = re.compile(
    r"\bstr\b|\bstring|text|bytes-like|\bpath|unicode|Path\b|not JSON serializable|keys must be"
)
# what was given where a string was needed
_NO_TEXT = re.compile(r"expected str instance, (\w+) found|not \"(\w+)\"\) to str|keys must be .*\bnot (\w+)")
_FLAT_WANTED = re.compile(
    r"(?:must|should|[Ee]xpected|only|each)\b.{0,24}?\b(?:1|one)-?\s?[dD]|column-vector"
)
_TOLD = re.compile(r"['\"]([^'\"]*\d[^'\"]*)['\"]")
_COUNTER_ONLY = frozenset({"most_common", "elements", "subtract", "total", "Counter"})
_CONVERTS = frozenset(
    {"str", "int", "float", "bool", "list", "tuple", "dict", "set", "iter", "array", "loads", "load"}
)
_WHOLE = frozenset({"int", "'int'", "'int64'", "np.int64", "np.int32", "'Int64'"})
_WHOLE_WANTED = re.compile(r"integer|non-int of type 'float'|\bindex|\bindices|invalid literal for int")
_FLATTENS = frozenset({"ravel", "flatten"})
_TURNS = frozenset({"T", "transpose", "swapaxes"})
_PATH_AND_STRING = re.compile(r"for \+: ('\w*Path' and 'str'|'str' and '\w*Path')")
_READS_MOMENTS = frozenset({"to_datetime", "to_timedelta", "Timestamp", "fromtimestamp"})
_OF_SETS = frozenset({("append", "add"), ("add", "append")})
ALIKE = frozenset({("match", "search")})  # the same, of the beginning only
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def unforced(
    old: ast.Module, new: ast.Module, failure: Symptom, same: Callable[[str, str], bool]
) -> Iterator[Shift]:
    """Changes that keep every value and that the failure does not ask for; `same` tells the names of one
    operation."""
    bound = {
        node.id for node in ast.walk(new) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for change in differences(old, new):
        if reason := (
            _other_name(change, failure, bound)
            or _other_attribute(change, failure, same)
            or _less(change, failure, bound)
        ):
            yield Shift(text=reason, loses=True)
        for place in range(len(change.steps)):
            if reason := _around(change, place, failure):
                yield Shift(text=reason, loses=True)
        yield from _argument(change, failure)
        yield from _returned_early(change)
    yield from _as_text(old, new, failure)
    yield from _turned(old, new, failure)
    yield from _dimensions(old, new, failure)
    yield from _while_it_grows(old, new, failure)
    yield from _into_loops(old, new)


# --- which name ---------------------------------------------------------------------------------------------


def _other_name(change: Difference, failure: Symptom, bound: set[str]) -> str:
    """A variable in place of another one: `len(a)` for `len(b)`; a name with a word more than the missing."""
    was, now, parent = change.was, change.now, change.parent
    if isinstance(was, ast.Constant) and isinstance(now, ast.Constant):
        if was.value in failure.missing and failure.of_keys and qualified(was.value, now.value):
            return f"{now.value!r} says more than {was.value!r}: another one may be meant"
        return ""
    if not isinstance(was, ast.Name) or not isinstance(now, ast.Name) or isinstance(now.ctx, ast.Store):
        return ""
    if was.id in failure.missing:
        if "NameError" in failure.bases and qualified(was.id, now.id):
            return f"`{now.id}` says more than `{was.id}`: another one may be meant"
        return ""
    if isinstance(parent, ast.Call) and (parent.func is now or _passes(parent, was.id)):
        return ""  # another function, or an argument that changes its place, which others judge
    if now.id in bound and was.id not in bound:
        return ""
    return f"`{now.id}` and `{was.id}` are both there: nothing says which is meant"


def _passes(call: ast.Call, name: str) -> bool:
    """Whether a variable is an argument of a call."""
    return any(isinstance(item, ast.Name) and item.id == name for item in call.args)


def qualified(missing: object, name: object) -> bool:
    """Whether a name has the words of the missing one and more: `old_price` for `price`."""
    one, other = (set(re.findall(r"[a-z]+|[A-Z][a-z]*|\d+", str(word))) for word in (missing, name))
    return one < other and not respelled(str(missing), str(name))


def _other_attribute(change: Difference, failure: Symptom, same: Callable[[str, str], bool]) -> str:
    """Another attribute, though the one that was there exists."""
    was, now = change.was, change.now
    if isinstance(was, ast.Call) and isinstance(now, ast.Attribute) and not was.args:
        was = was.func  # what was called is only looked up: `c.area()` may be `c.area`, and not `c.radius`
    if not isinstance(was, ast.Attribute) or not isinstance(now, ast.Attribute | ast.Name):
        return ""
    one, other = was.attr, now.attr if isinstance(now, ast.Attribute) else now.id
    called = isinstance(change.parent, ast.Call) and change.parent.func is now
    if (one, other) in _OF_SETS and "'set'" not in failure.said and "'list'" not in failure.said:
        return f"`{other}` computes something else than `{one}` does for a set or list"
    if one == other or same(one, other) or (one, other) in ALIKE:
        return ""
    if one in failure.missing:
        if isinstance(now, ast.Name) and not called and ast.unparse(was.value) != now.id:
            return f"`{other}` is not an attribute, as `{one}` was to be"
        return ""
    if other in _BY_PLACE and _is_first(change.parent):
        return ""
    if other in _BY_PLACE and not failure.bases & {"KeyError", "IndexError"}:
        return ""
    if one in _BY_PLACE and "KeyError" not in failure.bases:
        return ""
    if called and respelled(one, other):
        return ""
    return f"`{one}` exists as well: nothing says that `{other}` is meant"


def _is_first(node: ast.AST | None) -> bool:
    """`rows.loc[0]`: a row that is asked for by 0 is the first one."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == 0


_NEVER_CALLED = (ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Constant, ast.JoinedStr)
"""Values that are written out: `(1, 2) (3, 4)` is no call, and lacks a comma."""


def _less(change: Difference, failure: Symptom, bound: set[str]) -> str:
    """A part of an expression in place of the whole, or a variable in place of what was computed."""
    was, now = change.was, change.now
    if isinstance(was, ast.expr) and now is None:
        there = (
            {ast.unparse(node) for node in ast.walk(change.parent)} if change.parent is not None else set()
        )
        listed = isinstance(change.parent, ast.List | ast.Tuple | ast.Set | ast.BoolOp | ast.Compare)
        return f"it leaves out `{ast.unparse(was)[:40]}`" if listed and ast.unparse(was) not in there else ""
    if not isinstance(was, ast.expr) or not isinstance(now, ast.expr):
        return ""
    inside = {ast.dump(node) for node in ast.walk(was)}
    fewer = isinstance(was, ast.Compare) and isinstance(now, ast.Compare) and len(now.ops) < len(was.ops)
    if fewer or (isinstance(was, ast.BoolOp | ast.Compare) and ast.dump(now) in inside):
        return f"it leaves out a part of `{ast.unparse(was)[:40]}`"
    called = isinstance(was, ast.Call) and not isinstance(was.func, _NEVER_CALLED) and ast.dump(now) in inside
    if isinstance(was, ast.Call) and called and not _only_not_called(was, now, failure):
        return f"it leaves out what `{_name(was) or ast.unparse(was.func)[:40]}` did"
    if isinstance(was, ast.Await) and ast.dump(now) in inside and "await" not in failure.said:
        return f"it does not await `{ast.unparse(was.value)[:40]}`"
    if isinstance(was, ast.List | ast.Tuple | ast.Set) and ast.dump(now) in inside and not _has_all(change):
        return f"it leaves out a part of `{ast.unparse(was)[:40]}`"
    if isinstance(was, ast.Subscript) and isinstance(now, ast.Call) and _is_part(now.func, was.value):
        return _called_with(was, now, failure)
    computed = isinstance(was, ast.Call | ast.Subscript | ast.BinOp)
    if computed and isinstance(now, ast.Name) and now.id not in bound and ast.dump(now) not in inside:
        return f"`{now.id}` takes the place of what was computed"
    return ""


def _has_all(change: Difference) -> bool:
    """Whether the items of a display are all there, without it: `gather(a, b)` for `gather([a, b])`."""
    assert isinstance(change.was, ast.List | ast.Tuple | ast.Set)
    there = {ast.dump(node) for node in ast.walk(change.parent)} if change.parent is not None else set()
    return {ast.dump(item) for item in change.was.elts} <= there


def _only_not_called(was: ast.Call, now: ast.expr, failure: Symptom) -> bool:
    """Whether a value is not called any more, or what is left out is not there, or only converts."""
    if ast.dump(now) == ast.dump(was.func):
        return not (was.args or was.keywords)
    given = was.args or was.keywords
    return _name(was) in _CONVERTS or (_name(was) in failure.missing and not given)


def _called_with(was: ast.Subscript, now: ast.Call, failure: Symptom) -> str:
    """`col.mode[0]` may be `col.mode()[0]` as well as `col.mode(0)`, unless the method needs an argument."""
    known = failure.value(ast.unparse(was.value))
    signature = dict(known.facts).get("signature", "") if known is not None else ""
    first = signature.strip("()").partition(",")[0]
    if (
        not now.args
        or not isinstance(was.value, ast.Attribute)
        or (first and "=" not in first and first[0] != "*")
    ):
        return ""
    return f"`{ast.unparse(was)[:40]}` may be an item of the result as well"


# --- what is put around a value -----------------------------------------------------------------------------


def _around(change: Difference, place: int, failure: Symptom) -> str:
    """Why one of the things that are put around a value is a choice; "" if the failure asks for it."""
    step = change.steps[place]
    inside = change.steps[place + 1] if place + 1 < len(change.steps) else change.was
    outside = change.steps[place - 1] if place else change.parent
    if isinstance(step, ast.Call) and _is_part(step.func, inside):
        if not isinstance(inside, ast.Attribute) or inside is change.was:
            return ""  # only the parentheses of the call come in
        inside = change.steps[place + 2] if place + 2 < len(change.steps) else change.was
    if not isinstance(inside, ast.expr):
        return ""
    kind = failure.type_of(ast.unparse(inside))
    if isinstance(step, ast.Starred):
        reason = _spread(inside, kind)
    elif isinstance(step, ast.Call) and isinstance(step.func, ast.Attribute):
        reason = _by_method(step, inside, change, failure) or _cut(step, inside, failure)
    elif isinstance(step, ast.Call | ast.List | ast.Tuple):
        reason = _by_function(step, inside, outside, kind, failure)
        if isinstance(step, ast.Call):
            reason = reason or _cut(step, inside, failure)
    else:
        reason = ""
    return f"`{ast.unparse(step)[:40]}` {reason}" if reason else ""


def _is_part(part: ast.AST, node: ast.AST | None) -> bool:
    """Whether a part of the new tree is that node, of either tree."""
    return part is node or (node is not None and ast.dump(part) == ast.dump(node))


def _spread(inside: ast.expr, kind: str) -> str:
    called = (
        inside.func.attr if isinstance(inside, ast.Call) and isinstance(inside.func, ast.Attribute) else ""
    )
    if kind in _UNORDERED or called in ("values", "keys", "items"):
        return "gives arguments in an order that nothing says"
    return ""


def _by_method(step: ast.Call, inside: ast.expr, change: Difference, failure: Symptom) -> str:
    assert isinstance(step.func, ast.Attribute)
    method, given = step.func.attr, [ast.unparse(item) for item in step.args]
    flat = method in _FLATTENS or (method == "reshape" and given in (["-1"], ["(-1,)"]))
    if flat and not _FLAT_WANTED.search(failure.said) and "AttributeError" not in failure.bases:
        return "has one dimension, which nothing asks for"
    if method == "reshape" and given == ["1", "-1"] and _name(_call(change)).startswith("fit"):
        return "makes one sample of all values"
    if method == "astype" and {"str", "'str'"} & set(given) and not _wants_text(failure):
        return "makes strings, which nothing asks for"
    if method == "astype" and "trying to merge" in failure.said:
        return "is one of two ways to make the keys alike"
    if method in _READS_MOMENTS and "unit" not in {word.arg for word in step.keywords}:
        known = failure.value(ast.unparse(inside))
        dtype = dict(known.facts).get("dtype", known.type) if known is not None else ""
        if dtype.startswith(("int", "float", "uint")):
            return "takes numbers for moments: nothing says of which unit"
    return ""


def _cut(step: ast.Call, inside: ast.expr, failure: Symptom) -> str:
    """Why a number that is made whole is a choice."""
    whole = {ast.unparse(item) for item in step.args} & _WHOLE
    known = failure.value(ast.unparse(inside))
    dtype = dict(known.facts).get("dtype", known.type) if known is not None else ""
    fraction = dtype.startswith("float") or _name(inside) == "float"
    made_whole = _name(step) == "int" or (_name(step) == "astype" and whole)
    if made_whole and fraction and not _WHOLE_WANTED.search(failure.said):
        return "cuts off what is after the point"
    return ""


def _call(change: Difference) -> ast.AST | None:
    """The innermost call around a change."""
    return next((node for node in reversed(change.around) if isinstance(node, ast.Call)), None)


def _by_function(
    step: ast.Call | ast.List | ast.Tuple,
    inside: ast.expr,
    outside: ast.AST | None,
    kind: str,
    failure: Symptom,
) -> str:
    called = _name(step)
    several = isinstance(step, ast.List | ast.Tuple) and len(step.elts) > 1
    if _name(outside) in _COUNTS and kind in _SCALARS and called != "range" and not several:
        return "is counted in place of the value"
    if called == "range" and _name(outside) == "len":
        return "is counted in place of the value"
    if isinstance(step, ast.List | ast.Tuple) and isinstance(outside, ast.Compare) and kind in _SCALARS:
        return "has one item, where several are asked"
    if called == "enumerate" and kind == "dict":
        return "counts the keys, and leaves out the values"
    if called in _SEQUENCES and kind in ("set", "frozenset") and isinstance(outside, ast.BinOp):
        return "may have things twice that the set has once"
    if called == "str":
        known = failure.value(ast.unparse(inside))
        if kind == "NoneType" or (known is not None and known.text == "nan"):
            return "writes what is missing"
        if kind in _SCALARS and isinstance(outside, ast.Subscript) and outside.value is step:
            return "has digits, not items"
        if kind in _SCALARS and failure.is_number(_other_side(outside, step)):
            return "is put beside the digits of a number, to which nothing is added"
    at_a_place = isinstance(outside, ast.Subscript) and outside.value is step
    if called in _SEQUENCES and at_a_place and kind in _UNORDERED and failure.size_of(inside) != 1:
        return "has no order that says which item is at a place"
    if called == "list" and kind == "str":
        return "has the letters one by one"
    if called == "Counter" and not failure.missing & _COUNTER_ONLY:
        return "counts, and loses what is not positive when it is added"
    return ""


def _other_side(whole: ast.AST | None, side: ast.expr) -> ast.expr | None:
    """What an operand is added to."""
    match whole:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return right if left is side else left
        case ast.AugAssign(op=ast.Add(), target=target):
            return target
    return None


def _name(node: ast.AST | None) -> str:
    """The name of the function or method that a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _wants_text(failure: Symptom) -> bool:
    if "AttributeError" in failure.bases:
        return "string" in failure.said or any(hasattr(str, name) for name in failure.missing)
    return failure.of_keys or not failure.said or _TEXT_WANTED.search(failure.said) is not None


def _as_text(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A string is made of what has no text of its own, `", ".join(map(str, lists))` and `f"{names}"`, or
    where nothing asks for one: `len(str(note))`."""
    if not _wants_text(failure) and _made_strings(new) > _made_strings(old):
        yield Shift(text="it makes a string, which nothing asks for", loses=True)
    told = _NO_TEXT.search(failure.said)
    found = next((kind for kind in told.groups() if kind), "") if told is not None else ""
    if found not in _WRITTEN:
        return
    if _texts(new) > _texts(old):
        yield Shift(text=f"it puts in how Python writes a {found}", loses=True)


def _made_strings(tree: ast.Module) -> int:
    """How often `str` is called, or passed to what calls it."""
    return sum(
        isinstance(part, ast.Name) and part.id == "str"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for part in (node.func, *node.args)
    )


def _texts(tree: ast.Module) -> int:
    """How often something is written as a string."""
    return sum(
        isinstance(node, ast.FormattedValue)
        or (isinstance(node, ast.Name) and node.id in ("str", "repr", "format", "ascii"))
        for node in ast.walk(tree)
    )


def _turned(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """More than one operand is transposed, or one that is not multiplied as a matrix: then columns are joined
    or computed with where rows were to be."""
    before, after = (
        sum(isinstance(node, ast.Attribute) and node.attr in _TURNS for node in ast.walk(tree))
        for tree in (old, new)
    )
    if after > before + 1:
        yield Shift(text="it transposes more than one operand", loses=True)
    elif after > before and "could not be broadcast" in failure.said:
        yield Shift(text="it computes with columns in place of rows", loses=True)


def _dimensions(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Axes that nothing asks for: of more than one operand, or in place of one that is not there."""
    added = _axes(new) - _axes(old)
    if added > 1:
        yield Shift(text="it gives an axis more to more than one operand", loses=True)
    elif added and "AxisError" in failure.bases:
        yield Shift(text="it makes the axis that is not there", loses=True)


def _axes(tree: ast.Module) -> int:
    """How often an axis is put in: `x[:, None]`, `expand_dims(x)`."""
    slices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    parts = [part for item in slices for part in (item.elts if isinstance(item, ast.Tuple) else [item])]
    named = sum(ast.unparse(part) in ("None", "np.newaxis", "numpy.newaxis") for part in parts)
    return named + sum(_name(node) == "expand_dims" for node in ast.walk(tree))


def is_part_of_path(node: ast.BinOp, failure: Symptom) -> bool:
    """Whether a path and the name of a file are added, which a slash joins.

    A string that begins with a point may be a suffix; one that begins with a slash would be the whole path.
    """
    if not isinstance(node.op, ast.Add) or _PATH_AND_STRING.search(failure.said) is None:
        return False
    for side in (node.left, node.right):
        known = failure.value(ast.unparse(side))
        text = side.value if isinstance(side, ast.Constant) else known.text.strip("'\"") if known else ""
        if (
            isinstance(text, str)
            and re.match(r"\w", text)
            and failure.type_of(ast.unparse(side)) in ("str", "")
        ):
            return True
    return False


def _while_it_grows(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A loop over a copy of what its body adds to: what is added is not come to."""
    if "changed size during iteration" not in failure.said:
        return
    known = {ast.dump(node.iter) for node in ast.walk(old) if isinstance(node, ast.For)}
    for loop in (node for node in ast.walk(new) if isinstance(node, ast.For)):
        names = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
        if ast.dump(loop.iter) in known:
            continue
        grown = {name for statement in loop.body for name in _grown(statement)}
        for name in sorted(grown & names):
            yield Shift(text=f"what is added to `{name}` is not come to", loses=True)


def _grown(statement: ast.stmt) -> Iterator[str]:
    """What gets items: `x.add(…)`, `x[key] = …`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _name(node) in ("add", "update", "append", "setdefault"):
            if isinstance(node.func, ast.Attribute):
                yield ast.unparse(node.func.value)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield ast.unparse(node.value)


# --- arguments, blocks --------------------------------------------------------------------------------------


def _argument(change: Difference, failure: Symptom) -> Iterator[Shift]:
    """An argument that a call did not have."""
    now = change.now
    if not isinstance(now, ast.keyword) or (
        isinstance(change.was, ast.keyword) and change.was.arg == now.arg
    ):
        return
    text = ast.unparse(now)[:40]
    if now.arg is None:
        named = failure.not_given and failure.keys_of(now.value) == failure.not_given
        if not named and not _passes_all_on(change, now.value, failure):
            yield Shift(text=f"`{text}` gives arguments that nothing names", loses=True)
    elif now.arg == "format" and ast.unparse(now.value) == "'mixed'" and not _says_order(change.parent):
        yield Shift(text=f"`{text}` takes day and month as they fit", loses=True)
    elif now.arg == "drop" and "cannot insert" in failure.said and ast.unparse(now.value) == "True":
        yield Shift(text=f"`{text}` leaves out the index, which is no column of that name", loses=True)
    elif now.arg == "axis" and "AttributeError" in failure.bases:
        yield Shift(text=f"nothing asks for `{text}`", loses=True)
    elif now.arg == "numeric_only" and "numeric_only" not in failure.said:
        yield Shift(text=f"`{text}` leaves out columns of text", loses=True)
    elif now.arg == "decimal" and failure.of_keys and _by_semicolons(change.parent):
        return  # where semicolons turn out to separate the fields, commas are decimal
    elif now.arg in ("decimal", "thousands"):
        mark = ast.unparse(now.value).strip("'\"")
        mine, other = (DECIMAL, THOUSANDS) if now.arg == "decimal" else (THOUSANDS, DECIMAL)
        numbers = [
            item if mark == "," else item.translate(_EXCHANGED) for item in _TOLD.findall(failure.said)
        ]
        if not any(mine.fullmatch(item) and not other.fullmatch(item) for item in numbers):
            yield Shift(text=f"`{text}`: the numbers can be read in both ways", loses=True)


def _passes_all_on(change: Difference, value: ast.expr, failure: Symptom) -> bool:
    """Whether a wrapper that was given an unexpected keyword now passes on all that it is given:
    `f(*args, **named)` in `inner(*args, **named)`."""
    function = next((node for node in reversed(change.around) if isinstance(node, _FUNCTIONS)), None)
    if (
        function is None
        or not isinstance(change.parent, ast.Call)
        or "unexpected keyword" not in failure.said
    ):
        return False
    given = [part.arg if part is not None else "" for part in (function.args.vararg, function.args.kwarg)]
    starred = [ast.unparse(item.value) for item in change.parent.args if isinstance(item, ast.Starred)]
    return all(given) and [*starred, ast.unparse(value)] == given


_EXCHANGED = str.maketrans(",.", ".,")


def _says_order(call: ast.AST | None) -> bool:
    """Whether a call says if the day is before the month."""
    return isinstance(call, ast.Call) and any(word.arg in ("dayfirst", "yearfirst") for word in call.keywords)


def _by_semicolons(call: ast.AST | None) -> bool:
    return isinstance(call, ast.Call) and any(
        word.arg in ("sep", "delimiter") and isinstance(word.value, ast.Constant) and word.value.value == ";"
        for word in call.keywords
    )


def _returned_early(change: Difference) -> Iterator[Shift]:
    """A `return` in the first round of a loop."""
    if change.was is None and isinstance(change.now, ast.Return) and isinstance(change.parent, _LOOPS):
        yield Shift(text="it returns in the first round of a loop", loses=True)


def _into_loops(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Statements that were outside of a loop and are done again and again, or the other way round."""
    before, after = _by_depth(old), _by_depth(new)
    for text, depth in after.items():
        if before.get(text, depth) != depth:
            yield Shift(text=f"`{text[:40]}` is in a loop, or not any more", loses=True)


def _by_depth(tree: ast.AST, depth: int = 0) -> dict[str, int]:
    """The depth in loops of each simple statement."""
    found: dict[str, int] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
            found[ast.unparse(node)] = depth
        elif isinstance(node, ast.stmt):
            found.update(_by_depth(node, depth + isinstance(node, _LOOPS)))
    return found


def in_or_below(before: str, after: str, new: ast.Module) -> Iterator[Shift]:
    """In a source that lacked an indentation: a line right below a loop that could be in it, or one in it
    that could be above: `count += 1`, `rows = []`."""
    old, lines = before.splitlines(), after.splitlines()
    moved = {
        number for number, line in enumerate(lines, 1) if len(old) == len(lines) and line != old[number - 1]
    }
    for block in _blocks(new):
        for loop, below in itertools.pairwise(block):
            if not isinstance(loop, _LOOPS) or not moved & {item.lineno for item in loop.body}:
                continue
            if below.lineno - (loop.end_lineno or 0) == 1 and _goes_on(below):
                yield Shift(text=f"`{ast.unparse(below)[:40]}` may be in the loop as well", loses=True)
        for loop in (item for item in block if isinstance(item, _LOOPS)):
            first = loop.body[0]
            if first.lineno in moved and isinstance(first, ast.Assign) and _is_empty(first.value):
                yield Shift(text=f"`{ast.unparse(first)[:40]}` begins anew in each round", loses=True)


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _goes_on(statement: ast.stmt) -> bool:
    """Whether a statement changes what was there, as one in a loop does."""
    if isinstance(statement, ast.AugAssign):
        return True
    return isinstance(statement, ast.Expr) and _name(statement.value) in ("append", "add", "extend", "update")


def _is_empty(node: ast.expr) -> bool:
    return ast.unparse(node) in ("[]", "{}", "set()", "list()", "dict()") or (
        isinstance(node, ast.Constant) and node.value in (0, "", 0.0)
    )

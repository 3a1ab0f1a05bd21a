"""Describes the values of a job in bounded strings: watched names (StateItems) and the last expression."""

import ast
import hashlib
import math
import re
import reprlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cot_magic.core.jobs import StateItem
from cot_magic.sandbox.wire import plain, shorten

LONGEST_TEXT = 2_000
MOST_ITEMS = 200  # elements of a DataFrame or array that are written out
MOST_NAMES = 100
MOST_NODES = 20_000  # of nested containers that are written out
MOST_DIGESTED = 500_000
ADDRESS = re.compile(r"\b(at|id=) ?0x[0-9a-fA-F]+")
SCALARS = (bool, int, float, complex, str, bytes, type(None))
CONTAINERS = (list, tuple, dict, set, frozenset)


def watch(namespace: Mapping[str, Any], names: Sequence[str]) -> tuple[StateItem, ...]:
    """The values of these names; a name that is undefined has no item."""
    items: list[StateItem] = []
    for name in names[:MOST_NAMES]:
        if name in namespace:
            value = namespace[name]
            for expression, text, literal in described(name, value):
                items.append(
                    StateItem(
                        name=name, type=type_name(value), expression=expression, text=text, literal=literal
                    )
                )
    return tuple(items)


def described(name: str, value: Any) -> Iterator[tuple[str, str, bool]]:
    """Triples: an expression, its value as a string, and whether that is a literal of an equal value."""
    kind = type(value)
    if kind in SCALARS or kind in CONTAINERS:
        yield (name, *_builtin(value))
    elif isinstance(value, types.ModuleType | types.FunctionType | types.BuiltinFunctionType | type):
        yield name, _qualified(value), False
    elif kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame":
        yield from _frame(name, value)
    elif kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "Series":
        yield from _sized(name, value, "tolist()", value.size)
        yield from _index(name, value)
    elif kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        yield f"{name}.shape", *_builtin(value.shape)
        yield from _sized(name, value, "tolist()", value.size)
    elif kind.__module__ == "numpy" and "generic" in (base.__name__ for base in kind.__mro__):
        yield name, *_builtin(value.item())  # a number of numpy equals that of Python
    else:
        yield name, _object(value), False


def value_text(value: Any) -> str:
    """The bounded repr of a value, as a person would see it."""
    return plain(shorten(_safe(lambda: _repr(value)), LONGEST_TEXT))


def type_name(value: Any) -> str:
    """The qualified type name, without `builtins.`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _builtin(value: Any) -> tuple[str, bool]:
    if not _small(value):
        shown = _safe(lambda: _repr(value))
        if not _small(value, MOST_DIGESTED):
            return plain(f"{shorten(shown, LONGEST_TEXT - 60)} … too large to compare"), False
        return _with_digest(shown, _safe(lambda: repr(value))), False
    text = _safe(lambda: canonical(value))
    if len(text) > LONGEST_TEXT:
        return _with_digest(text, text), False
    return plain(text), _is_literal(text, value)


def canonical(value: Any) -> str:
    """The repr with sets in a fixed order and without addresses, for built-in types and their elements."""
    kind = type(value)
    if kind in (set, frozenset):
        inner = ", ".join(sorted(canonical(item) for item in value))
        if kind is set:
            return f"{{{inner}}}" if value else "set()"
        return f"frozenset({{{inner}}})" if value else "frozenset()"
    if kind is list:
        return f"[{', '.join(map(canonical, value))}]"
    if kind is tuple:
        return f"({canonical(value[0])},)" if len(value) == 1 else f"({', '.join(map(canonical, value))})"
    if kind is dict:
        return f"{{{', '.join(f'{canonical(key)}: {canonical(item)}' for key, item in value.items())}}}"
    return ADDRESS.sub(r"\1 0x…", _safe(lambda: repr(value)))


def _is_literal(text: str, value: Any) -> bool:
    """Whether `ast.literal_eval(text)` gives an equal value of the same type: True == 1."""
    try:
        return _same(ast.literal_eval(text), value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if type(one) in (list, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if type(one) is dict:
        keys = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(a, b) and _same(one[a], other[b]) for a, b in keys)
    if type(one) in (set, frozenset):
        return canonical(one) == canonical(other) and bool(one == other)
    return type(one) in SCALARS and bool(one == other)


def _small(value: Any, most: int = MOST_NODES) -> bool:
    """Whether it is a tree of at most `most` nodes; a structure that contains itself is not."""
    todo, seen = [value], 0
    while todo:
        item = todo.pop()
        seen += 1
        if seen > most:
            return False
        if type(item) is dict:
            todo.extend(item)
            todo.extend(item.values())
        elif type(item) in CONTAINERS:
            todo.extend(item)
    return True


def _frame(name: str, frame: Any) -> Iterator[tuple[str, str, bool]]:
    yield f"{name}.shape", *_builtin(frame.shape)
    yield f"list({name}.columns)", *_builtin(list(frame.columns))
    yield from _sized(name, frame, "to_dict('list')", frame.size)
    yield from _index(name, frame)


def _index(name: str, table: Any) -> Iterator[tuple[str, str, bool]]:
    """The labels of the rows, unless they are counted from 0."""
    if type(table.index).__name__ != "RangeIndex" and len(table.index) <= MOST_ITEMS:
        yield f"list({name}.index)", *_builtin(list(table.index))


def _sized(name: str, value: Any, method: str, size: int) -> Iterator[tuple[str, str, bool]]:
    expression = f"{name}.{method}"
    if size > MOST_ITEMS:
        yield expression, f"{size} items, sha256 {_digest(value)}", False
        return
    try:
        data = value.tolist() if method == "tolist()" else value.to_dict("list")
    except Exception as error:  # raised by an extension type: that is the observation
        yield expression, f"<{method} raised {type(error).__name__}>", False
        return
    yield expression, *_builtin(data)


def _digest(value: Any) -> str:
    """The digest of the content of an array, Series or DataFrame, index included."""
    try:
        if hasattr(value, "tobytes") and value.dtype.kind != "O":
            content = str(value.dtype).encode() + value.tobytes()
        elif hasattr(value, "tobytes"):
            content = repr(value.tolist()).encode("utf-8", "backslashreplace")
        else:
            from pandas.util import hash_pandas_object

            content = hash_pandas_object(value, index=True).to_numpy().tobytes()
    except Exception as error:  # unhashable elements, or an extension type raised
        return f"not computed: {type(error).__name__}"
    return hashlib.sha256(content).hexdigest()[:16]


def _object(value: Any) -> str:
    """The repr without addresses; for the default repr also the attributes, if they are simple."""
    kind: Any = type(value)
    text = ADDRESS.sub(r"\1 0x…", _safe(lambda: repr(value)))
    attributes = getattr(value, "__dict__", None) if kind.__repr__ is object.__repr__ else None
    if type(attributes) is dict and _small(attributes, 500):
        text = f"{text} {canonical({k: v for k, v in attributes.items() if type(k) is str})}"
    return plain(text) if len(text) <= LONGEST_TEXT else _with_digest(text, text)


def _qualified(value: Any) -> str:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, types.ModuleType) or type(name) is not str:
        return plain(shorten(str(getattr(value, "__name__", "module")), LONGEST_TEXT))
    return plain(shorten(f"{module}.{name}" if type(module) is str else name, LONGEST_TEXT))


def _with_digest(shown: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    suffix = f" … sha256 {digest}"
    return plain(shown[: LONGEST_TEXT - len(suffix)] + suffix)


def _repr(value: Any) -> str:
    """The repr; of large built-in containers and strings only a part, so that it is cheap."""
    if type(value) in (str, bytes) and len(value) > LONGEST_TEXT:
        return repr(value[:LONGEST_TEXT]) + "…"
    if type(value) in CONTAINERS and not _small(value):
        short = reprlib.Repr()
        short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = 50
        short.maxstring = short.maxother = LONGEST_TEXT
        return short.repr(value)
    if type(value) is float and math.isnan(value):
        return "nan"
    return repr(value)


def _safe(make: Callable[[], str]) -> str:
    """The string, or what a user's `__repr__` raised: observing a value never makes a passing job fail."""
    try:
        text = make()
    except BaseException as error:
        return f"<repr raised {type(error).__name__}>"
    return text if type(text) is str else str(text)

"""Writes live values as one bounded line, from their type and parts; their `__repr__` never runs."""

import collections
import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cot_magic.capture.describe import arrays, objects
from cot_magic.capture.secrets.redactor import CUT_MARGIN, Redactor, cut_middle

LONGEST_TEXT = 400
MOST_ITEMS = 12  # of the outermost container; half as many of inner ones
MOST_FIELDS = 12
DEEPEST = 4
MOST_NODES = 120  # on all levels together: bounds the work for wide and deep values
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# keyed by the id of the type: looking up the type would call `__hash__` of its metaclass
_CALLABLE_KINDS = {
    id(types.FunctionType): "function",
    id(types.BuiltinFunctionType): "built-in function",
    id(types.MethodType): "bound method",
}
_LAZY_KINDS = {
    id(types.GeneratorType): "gi_code",
    id(types.CoroutineType): "cr_code",
    id(types.AsyncGeneratorType): "ag_code",
}


@dataclass(slots=True)
class _Pen:
    """The remaining budget of one line, and the objects it is currently inside."""

    redactor: Redactor
    nodes: int = MOST_NODES
    path: set[int] = field(default_factory=set)


def oneline(value: object, redactor: Redactor, most: int = LONGEST_TEXT) -> str:
    """The value as one redacted line of at most `most` characters."""
    return tidy(redactor.text(_write(value, _Pen(redactor), 0, most)), most)


def tidy(text: str, most: int = LONGEST_TEXT) -> str:
    """The string on one line, without control characters and lone surrogates, its middle left out if long."""
    return cut_middle(_CONTROL.sub(lambda match: ascii(match[0])[1:-1], text), most)


def _write(value: object, pen: _Pen, depth: int, most: int) -> str:
    pen.nodes -= 1
    try:
        return _written(value, pen, depth, most)
    except Exception as error:  # what is broken, or was not made to its end, must not hide the failure itself
        return f"<{objects.qualified(type(value))}, unreadable: {objects.qualified(type(error))}>"


def _written(value: object, pen: _Pen, depth: int, most: int) -> str:
    kind = type(value)
    writer = _SIMPLE_BY_ID.get(id(kind))
    if writer is not None:
        return writer(value, pen, most if depth == 0 else min(most, 80))
    if pen.nodes <= 0 or depth > DEEPEST:
        return "…"
    if id(value) in pen.path:
        return "<itself>"
    pen.path.add(id(value))
    try:
        return _compound(value, pen, depth, most)
    finally:
        pen.path.discard(id(value))


def _compound(value: Any, pen: _Pen, depth: int, most: int) -> str:
    kind = type(value)
    if id(kind) in _CALLABLE_KINDS:
        return f"<{_CALLABLE_KINDS[id(kind)]} {callable_name(value)}{signature(value, pen.redactor) or '()'}>"
    if id(kind) in _LAZY_KINDS:
        return f"<{kind.__name__} {getattr(value, _LAZY_KINDS[id(kind)]).co_qualname}>"
    if objects.is_a(value, type):
        return f"<class '{objects.qualified(value)}'>"
    if objects.is_a(value, types.ModuleType):
        name = objects.instance_dict(value).get("__name__")
        return f"<module '{name if type(name) is str else '?'}'>"
    array = arrays.text(value, lambda item: _write(item, pen, depth + 1, 60), pen.redactor.named)
    if array is not None:
        return array
    if objects.is_environment(value):
        return "<the environment variables>"
    if objects.is_a(value, dict):
        return _named(value, _dict(value, pen, depth), dict)
    for base, (opening, closing) in _BRACKETS.items():
        if objects.is_a(value, base):
            return _sequence(value, base, (opening, closing), pen, depth)
    if objects.is_a(value, BaseException):
        arguments = BaseException.__dict__["args"].__get__(value)
        return f"{objects.qualified(kind)}({_join(arguments, tuple.__len__(arguments), pen, depth)})"
    for base in (str, bytes, bytearray, int, float):
        if objects.is_a(value, base):
            return _subclass(value, base, pen, most)
    return _object(value, pen, depth)


def _subclass(value: Any, base: Any, pen: _Pen, most: int) -> str:
    """An instance of a subclass of a scalar; an enum member is written by its name."""
    name = objects.static_attribute(value, "_name_")
    if type(name) is str and objects.module_name(type(type(value))) == "enum":
        return f"{objects.qualified(type(value)).rpartition('.')[2]}.{name}"
    # adding 0 with the base class gives an exact int or float; slicing an exact str, bytes or bytearray
    plain = base.__add__(value, 0) if base in (int, float) else base.__getitem__(value, slice(None))
    return f"{objects.qualified(type(value))}({_SIMPLE[base](plain, pen, most)})"


def _object(value: object, pen: _Pen, depth: int) -> str:
    name = objects.static_attribute(value, "_name_")
    if type(name) is str and objects.module_name(type(type(value))) == "enum":
        return f"{objects.qualified(type(value)).rpartition('.')[2]}.{name}"
    kind = objects.qualified(type(value))
    if depth >= DEEPEST:
        return f"<{kind}>"
    most = MOST_FIELDS if depth == 0 else MOST_FIELDS // 2
    held = objects.fields(value, most + 1)
    if not held:
        return f"<{kind}>"
    parts = [f"{name}={_hidden(name, item, pen, depth)}" for name, item in held[:most]]
    return f"{kind}({', '.join(parts)}{', …' if len(held) > most else ''})"


def _hidden(name: str, item: object, pen: _Pen, depth: int) -> str:
    """The text of a field or dictionary value, withheld if its name says so."""
    text = _write(item, pen, depth + 1, 60)
    return pen.redactor.named(name, text) if withholdable(item) else text


def withholdable(value: object) -> bool:
    """Whether a value can hold a secret: functions, classes and modules cannot."""
    return id(type(value)) not in _CALLABLE_KINDS and not objects.is_a(value, type, types.ModuleType)


def _named(value: object, text: str, base: type) -> str:
    return text if type(value) is base else f"{objects.qualified(type(value))}({text})"


def _dict(value: dict[Any, Any], pen: _Pen, depth: int) -> str:
    most = MOST_ITEMS if depth == 0 else MOST_ITEMS // 2
    parts = []
    for key, item in list(islice(dict.items(value), most)):
        shown = _hidden(key, item, pen, depth) if type(key) is str else _write(item, pen, depth + 1, 60)
        parts.append(f"{_write(key, pen, depth + 1, 60)}: {shown}")
    return f"{{{', '.join(parts)}{', …' if dict.__len__(value) > most else ''}}}"


def _sequence(value: Any, base: Any, brackets: tuple[str, str], pen: _Pen, depth: int) -> str:
    length = base.__len__(value)
    names = objects.from_class(type(value), "_fields")
    if base is tuple and type(names) is tuple and len(names) == length and all(type(n) is str for n in names):
        pairs = zip(names, tuple.__iter__(value), strict=True)
        inner = ", ".join(
            f"{name}={_hidden(name, item, pen, depth)}" for name, item in islice(pairs, MOST_FIELDS)
        )
        return f"{objects.qualified(type(value))}({inner})"
    opening, closing = brackets
    if length == 0 and base in (set, frozenset):
        return _named(value, f"{base.__name__}()", base)
    inner = _join(base.__iter__(value), length, pen, depth, ordered=base not in (set, frozenset))
    comma = "," if base is tuple and length == 1 else ""
    return _named(value, f"{opening}{inner}{comma}{closing}", base)


def _join(items: Iterable[object], length: int, pen: _Pen, depth: int, *, ordered: bool = True) -> str:
    most = MOST_ITEMS if depth == 0 else MOST_ITEMS // 2
    parts = [_write(item, pen, depth + 1, 60) for item in list(islice(iter(items), most))]
    if not ordered:
        parts.sort()  # the order of a set varies between runs
    return ", ".join(parts) + (", …" if length > most else "")


def callable_name(value: Any) -> str:
    """The qualified name of a function or bound method."""
    if type(value) is types.MethodType:
        return callable_name(value.__func__) if id(type(value.__func__)) in _CALLABLE_KINDS else "?"
    return str(value.__qualname__)[: objects.LONGEST_NAME]


def signature(value: object, redactor: Redactor) -> str:
    """The parameters of a function, method or class, from its code object; empty if unknown.

    Does not use `inspect.signature`, which reads `__signature__` and `__wrapped__` and calls `__repr__` of
    annotations.
    """
    skip = 0
    if type(value) is types.MethodType:
        value, skip = value.__func__, 1
    elif objects.is_a(value, type):
        value, skip = objects.from_class(value, "__init__"), 1  # type: ignore[arg-type]
    if type(value) is types.BuiltinFunctionType:
        found: object = getattr(value, "__text_signature__", None)
        return re.sub(r"\$\w+(, )?", "", found) if type(found) is str else ""
    if type(value) is not types.FunctionType:
        return ""
    code = value.__code__
    names = list(code.co_varnames)
    count, keywords = code.co_argcount, code.co_kwonlyargcount
    given: dict[str, Any] = dict(value.__kwdefaults__ or {})
    defaults = value.__defaults__ or ()
    given.update(zip(names[count - len(defaults) : count], defaults, strict=False))

    def written(name: str) -> str:
        if name not in given:
            return name
        return f"{name}={redactor.named(name, oneline(given[name], redactor, 40))}"

    parts = [written(name) for name in names[:count]]
    if code.co_posonlyargcount:
        parts.insert(code.co_posonlyargcount, "/")
    extra = count + keywords
    if code.co_flags & 0x04:  # CO_VARARGS
        parts.append(f"*{names[extra]}")
        extra += 1
    elif keywords:
        parts.append("*")
    parts += [written(name) for name in names[count : count + keywords]]
    if code.co_flags & 0x08:  # CO_VARKEYWORDS
        parts.append(f"**{names[extra]}")
    return tidy(f"({', '.join(parts[skip:])})")


# --- exact built-in types -----------------------------------------------------------------------------------


def _str(value: str, pen: _Pen, most: int) -> str:
    return repr(_ends(value, pen.redactor, most))


def _bytes(value: bytes | bytearray, pen: _Pen, most: int) -> str:
    window = most + CUT_MARGIN
    part = value if len(value) <= 2 * window else value[:window] + value[-window:]
    text = _ends(bytes(part).decode("latin-1"), pen.redactor, most)
    shown = repr(text.encode("latin-1", "replace"))
    return shown if type(value) is bytes else f"bytearray({shown})"


def _ends(value: str, redactor: Redactor, most: int) -> str:
    """Both ends of a long string, redacted before it is cut."""
    window = most + CUT_MARGIN
    room = max(most - 60, 20)
    if len(value) <= 2 * window:
        redacted = redactor.text(value)
        return redacted if len(redacted) <= most - 2 else f"{redacted[: room // 2]}…{redacted[-room // 2 :]}"
    head, tail = redactor.text(value[:window]), redactor.text(value[-window:])
    return f"{head[: room // 2]}…{tail[-room // 2 :]}"


def _int(value: int, pen: _Pen, most: int) -> str:
    if value.bit_length() > 1_000:
        return f"<int with about {int(value.bit_length() * 0.30103) + 1} digits>"
    return repr(value)


def _plain(value: object, pen: _Pen, most: int) -> str:
    return cut_middle(repr(value), most)


def _datetime(value: Any, pen: _Pen, most: int) -> str:
    zone = value.tzinfo
    if zone is None or objects.qualified(type(zone)) in ("datetime.timezone", "zoneinfo.ZoneInfo"):
        return repr(value)
    return f"{value.replace(tzinfo=None)!r} with tzinfo {objects.qualified(type(zone))}"


def _slice(value: slice, pen: _Pen, most: int) -> str:
    parts = (_write(part, pen, DEEPEST, 60) for part in (value.start, value.stop, value.step))
    return f"slice({', '.join(parts)})"


def _range(value: range, pen: _Pen, most: int) -> str:
    ends = [value.start, value.stop] + ([value.step] if value.step != 1 else [])
    return f"range({', '.join(_int(end, pen, most) for end in ends)})"


def _fraction(value: fractions.Fraction, pen: _Pen, most: int) -> str:
    return f"Fraction({_int(value.numerator, pen, most)}, {_int(value.denominator, pen, most)})"


def _pattern(value: re.Pattern[Any], pen: _Pen, most: int) -> str:
    return f"re.compile({_write(value.pattern, pen, DEEPEST, most)})"


_SIMPLE: dict[type, Callable[[Any, _Pen, int], str]] = {
    str: _str,
    bytes: _bytes,
    bytearray: _bytes,
    int: _int,
    slice: _slice,
    range: _range,
    fractions.Fraction: _fraction,
    re.Pattern: _pattern,
    datetime.datetime: _datetime,
    datetime.time: _datetime,
    **dict.fromkeys((bool, float, complex, type(None), type(...), type(NotImplemented)), _plain),
    **dict.fromkeys((datetime.date, datetime.timedelta, decimal.Decimal, uuid.UUID), _plain),
    **dict.fromkeys(
        (pathlib.PosixPath, pathlib.PurePosixPath, pathlib.WindowsPath, pathlib.PureWindowsPath), _plain
    ),
}
_SIMPLE_BY_ID = {id(kind): writer for kind, writer in _SIMPLE.items()}
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    collections.deque: ("deque([", "])"),
}

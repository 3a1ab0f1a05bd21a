"""Values and events as JSON and back: one event a line, versioned, so that recordings stay readable."""

import dataclasses
import enum
import functools
import json
import types
import typing
from typing import Any, TypeVar

from cot_magic.core import events
from cot_magic.core.errors import RecordingError
from cot_magic.core.events import Stamped

VERSION = 1
T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A value of `core` as plain JSON data; fields that hold their default are left out.

    Events have their class name under `type`, which tells the members of the union apart.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        data = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.default is dataclasses.MISSING or item != field.default:
                data[field.name] = to_json(item)
        if type(value).__name__ in _events():
            data["type"] = type(value).__name__
        return data
    return value


def from_json(cls: Any, data: Any) -> Any:
    """The value of type `cls` (a dataclass or an annotation used in `core`) that `to_json` made `data` of.

    Unknown keys are ignored, so that newer minor versions can be read. Raises RecordingError for malformed
    data.
    """
    origin = typing.get_origin(cls)
    if origin in (types.UnionType, typing.Union):
        return _union(typing.get_args(cls), data)
    if origin is tuple:
        arguments = typing.get_args(cls)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(from_json(arguments[0], item) for item in _sequence(data))
        return tuple(from_json(kind, item) for kind, item in zip(arguments, _sequence(data), strict=True))
    if isinstance(cls, typing.NewType):
        return from_json(cls.__supertype__, data)
    if isinstance(cls, type) and issubclass(cls, enum.Enum):
        return _enum(cls, data)
    if dataclasses.is_dataclass(cls):
        return _dataclass(cls, data)
    return _scalar(cls, data)


def encode(stamped: Stamped) -> str:
    """One line of JSON, without the newline."""
    return json.dumps({"v": VERSION, **to_json(stamped)}, ensure_ascii=False, separators=(",", ":"))


def decode(line: str) -> Stamped:
    """The event of one line. Raises RecordingError if it is damaged, foreign or of a newer version."""
    try:
        data = json.loads(line)
    except (TypeError, ValueError, RecursionError) as error:  # a report may hold anything instead of a line
        raise RecordingError(f"not valid JSON: {error}") from None
    found = data.get("v") if isinstance(data, dict) else None
    if not isinstance(found, int):
        raise RecordingError("not a line of a cot-magic recording")
    if found != VERSION:
        raise RecordingError(
            f"recorded in format {found}, this version reads format {VERSION}: update cot-magic"
        )
    stamped: Stamped = from_json(Stamped, data)
    return stamped


@functools.cache
def _events() -> dict[str, type]:
    return {cls.__name__: cls for cls in typing.get_args(events.Event)}


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _union(kinds: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in kinds:
        return None
    if isinstance(data, dict) and "type" in data and data["type"] in _events():
        return _dataclass(_events()[data["type"]], data)
    rest = [kind for kind in kinds if kind is not type(None)]
    if len(rest) == 1:
        return from_json(rest[0], data)
    for kind in rest:
        if isinstance(kind, type) and type(data) is kind:
            return data
    raise RecordingError(f"unknown event: {str(data)[:80]}")


def _dataclass(cls: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise RecordingError(f"expected {cls.__name__}, found {str(data)[:80]}")
    hints = _hints(cls)
    try:
        return cls(**{name: from_json(hints[name], item) for name, item in data.items() if name in hints})
    except (TypeError, ValueError) as error:
        raise RecordingError(f"malformed {cls.__name__}: {error}") from None


def _enum(cls: type[enum.Enum], data: Any) -> enum.Enum:
    try:
        return cls(data)
    except ValueError:
        raise RecordingError(f"unknown {cls.__name__} {str(data)[:80]!r}") from None


def _sequence(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise RecordingError(f"expected a list, found {str(data)[:80]}")
    return data


def _scalar(cls: Any, data: Any) -> Any:
    if cls is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(cls, type) and type(data) is not cls:
        raise RecordingError(f"expected {cls.__name__}, found {str(data)[:80]}")
    return data

"""Looks into live objects without running their code: no `__getattr__`, property, `__repr__` or `__len__`."""

import os
import types
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

MISSING: Any = object()
LONGEST_NAME = 200

_MRO = type.__dict__["__mro__"]
_CLASS_DICT = type.__dict__["__dict__"]
_NAME = type.__dict__["__name__"]
_QUALNAME = type.__dict__["__qualname__"]
_MODULE = type.__dict__["__module__"]
_MODULE_DICT: Any = vars(types.ModuleType)["__dict__"]
_OBJECT_NAMES = frozenset(object.__dict__)


def mro(cls: type) -> tuple[type, ...]:
    """The MRO of a class, past any override in its metaclass."""
    found: tuple[type, ...] = _MRO.__get__(cls)
    return found


def class_dict(cls: type) -> Any:
    """The `__dict__` of a class (a mappingproxy)."""
    return _CLASS_DICT.__get__(cls)


def is_a(value: object, *classes: type) -> bool:
    """`isinstance` without asking the value (`__class__`) or a metaclass (`__instancecheck__`)."""
    return any(entry is wanted for entry in mro(type(value)) for wanted in classes)


def exactly(value: object, *classes: type) -> bool:
    """Whether the type is one of these; `type(value) in …` may call a metaclass's `__eq__` or `__hash__`."""
    return any(type(value) is wanted for wanted in classes)


def class_name(cls: type) -> str:
    """The name of a class, unqualified."""
    return str(_NAME.__get__(cls))[:LONGEST_NAME]


def module_name(cls: type) -> str:
    """The name of the module that defines a class; empty if `__module__` is not a string."""
    try:
        name = _MODULE.__get__(cls)
    except AttributeError:
        return ""
    return name[:LONGEST_NAME] if type(name) is str else ""


def qualified(cls: type) -> str:
    """The qualified name of a class without `builtins.`: `int`, `__main__.Order`."""
    name = str(_QUALNAME.__get__(cls))[:LONGEST_NAME]
    module = module_name(cls)
    return name if module in ("builtins", "") else f"{module}.{name}"


def from_class(cls: type, name: str) -> Any:
    """The unbound attribute that a lookup along the MRO finds, else MISSING."""
    for entry in mro(cls):
        found = class_dict(entry).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def instance_dict(value: object) -> dict[str, Any]:
    """The real `__dict__` of an instance or module; empty if it has none or hides it."""
    if is_a(value, types.ModuleType):
        found = _MODULE_DICT.__get__(value)
        return found if type(found) is dict else {}
    descriptor = from_class(type(value), "__dict__")
    # any other descriptor than CPython's own is code of the class
    if type(descriptor) is not types.GetSetDescriptorType or is_a(value, type):
        return {}
    try:
        found = descriptor.__get__(value)
    except (AttributeError, TypeError):
        return {}
    return found if is_a(found, dict) else {}


def slots(value: object) -> Iterator[tuple[str, Any]]:
    """Name and value of the slots that are set, base classes first."""
    for entry in reversed(mro(type(value))):
        if class_dict(entry).get("__slots__", MISSING) is MISSING:
            continue
        for name, descriptor in list(class_dict(entry).items()):
            if type(descriptor) is not types.MemberDescriptorType or type(name) is not str:
                continue
            try:
                yield name, descriptor.__get__(value)
            except AttributeError:
                continue  # declared but not set


def fields(value: object, most: int) -> list[tuple[str, Any]]:
    """Name and value of the instance's own attributes, at most `most`."""
    own = ((name, item) for name, item in dict.items(instance_dict(value)) if type(name) is str)
    return list(islice(chain(slots(value), own), most))


def members(value: object, most: int) -> tuple[str, ...]:
    """The attribute names of a value, sorted, public ones first, without those of `object`."""
    names: set[str] = set()
    if is_a(value, type):
        classes: tuple[type, ...] = mro(value)  # type: ignore[arg-type]  # is_a does not narrow
    elif is_a(value, types.ModuleType):
        classes = ()
    else:
        classes = mro(type(value))
    for entry in classes:
        own = {name for name in list(class_dict(entry)) if type(name) is str}
        # everybody knows the dunders of built-in classes
        names |= (
            {name for name in own if not name.startswith("__")} if module_name(entry) == "builtins" else own
        )
    names.update(name for name in list(dict.keys(instance_dict(value))) if type(name) is str)
    names -= _OBJECT_NAMES
    return tuple(sorted(names, key=lambda name: (_privacy(name), name))[:most])


def static_attribute(value: object, name: str) -> Any:
    """The attribute if the instance holds it in its `__dict__` or a slot, else MISSING."""
    own = dict.get(instance_dict(value), name, MISSING)
    if own is not MISSING:
        return own
    return next((item for slot, item in slots(value) if slot == name), MISSING)


def is_environment(value: object) -> bool:
    """Whether the value has the type of `os.environ`."""
    return type(value) is type(os.environ)


def _privacy(name: str) -> int:
    return 2 if name.startswith("__") else 1 if name.startswith("_") else 0

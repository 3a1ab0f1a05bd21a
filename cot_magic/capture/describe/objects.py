"""Looks into live objects without running their code: no `__getattr__`, no property, no `__repr__`, no
`__len__`."""

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
    """The MRO of a class, past whatever its metaclass overrides."""
    found: tuple[type, ...] = _MRO.__get__(cls)
    return found


def class_dict(cls: type) -> Any:
    """The `__dict__` of a class (a mappingproxy)."""
    return _CLASS_DICT.__get__(cls)


def is_a(value: object, *classes: type) -> bool:
    """`isinstance`, which never asks the value (`__class__`) or a metaclass (`__instancecheck__`)."""
    return any(entry is wanted for entry in mro(type(value)) for wanted in classes)


def exactly(value: object, *classes: type) -> bool:
    """Whether the type is one of those; `type(value) in …` would ask a metaclass for `__eq__` or
    `__hash__`."""
    return any(type(value) is wanted for wanted in classes)


def class_name(cls: type) -> str:
    """The bare name of a class."""
    return str(_NAME.__get__(cls))[:LONGEST_NAME]


def module_name(cls: type) -> str:
    """The name of the module that defines a class; empty where it says something odd."""
    try:
        name = _MODULE.__get__(cls)
    except AttributeError:
        return ""
    return name[:LONGEST_NAME] if type(name) is str else ""


def qualified(cls: type) -> str:
    """Qualified name of a class without `builtins.`: `int`, `__main__.Order`,
    `pandas.core.frame.DataFrame`."""
    name = str(_QUALNAME.__get__(cls))[:LONGEST_NAME]
    module = module_name(cls)
    return name if module in ("builtins", "") else f"{module}.{name}"


def from_class(cls: type, name: str) -> Any:
    """What the MRO holds under that name, unbound; MISSING if nothing."""
    for entry in mro(cls):
        found = class_dict(entry).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def instance_dict(value: object) -> dict[str, Any]:
    """The real `__dict__` of an instance (or module), or an empty one if it has none or hides it."""
    if is_a(value, types.ModuleType):
        found = _MODULE_DICT.__get__(value)
        return found if type(found) is dict else {}
    descriptor = from_class(type(value), "__dict__")
    # anything else than CPython's own descriptor is code of the class
    if type(descriptor) is not types.GetSetDescriptorType or is_a(value, type):
        return {}
    try:
        found = descriptor.__get__(value)
    except (AttributeError, TypeError):
        return {}
    return found if is_a(found, dict) else {}


def slots(value: object) -> Iterator[tuple[str, Any]]:
    """The filled slots of an instance, base classes first."""
    for entry in reversed(mro(type(value))):
        if class_dict(entry).get("__slots__", MISSING) is MISSING:
            continue
        for name, descriptor in list(class_dict(entry).items()):
            if type(descriptor) is not types.MemberDescriptorType or type(name) is not str:
                continue
            try:
                yield name, descriptor.__get__(value)
            except AttributeError:
                continue  # declared, but not filled


def fields(value: object, most: int) -> list[tuple[str, Any]]:
    """Name and value of what an instance holds itself, at most so many."""
    own = ((name, item) for name, item in dict.items(instance_dict(value)) if type(name) is str)
    return list(islice(chain(slots(value), own), most))


def members(value: object, most: int) -> tuple[str, ...]:
    """What can be looked up in a value: public names first, names of `object` left out, sorted."""
    names: set[str] = set()
    if is_a(value, type):
        classes: tuple[type, ...] = mro(value)  # type: ignore[arg-type]  # is_a does not narrow
    elif is_a(value, types.ModuleType):
        classes = ()
    else:
        classes = mro(type(value))
    for entry in classes:
        own = {name for name in list(class_dict(entry)) if type(name) is str}
        # the dunders of builtin classes are known to everybody
        names |= (
            {name for name in own if not name.startswith("__")} if module_name(entry) == "builtins" else own
        )
    names.update(name for name in list(dict.keys(instance_dict(value))) if type(name) is str)
    names -= _OBJECT_NAMES
    return tuple(sorted(names, key=lambda name: (_privacy(name), name))[:most])


def static_attribute(value: object, name: str) -> Any:
    """The attribute if it is held by the value or its class as plain data, else MISSING."""
    own = dict.get(instance_dict(value), name, MISSING)
    if own is not MISSING:
        return own
    return next((item for slot, item in slots(value) if slot == name), MISSING)


def is_environment(value: object) -> bool:
    """Whether it is `os.environ` or of its type."""
    return type(value) is type(os.environ)


def _privacy(name: str) -> int:
    return 2 if name.startswith("__") else 1 if name.startswith("_") else 0

"""Makes an exception again from plain data, so that the kernel can raise what a copy of it raised."""

import ast
import builtins
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

from cot_magic.sandbox.foresight import Foreseen


def rebuilt(told: Mapping[str, Any], names: Mapping[str, Any]) -> BaseException:
    """An exception of the same class with the same message, which IPython shows with the same traceback.

    No code of the person runs: the class is looked up among what is loaded, its `__init__` is not called. If
    the kernel does not have the class (its module is first imported by the cell), the nearest base class that
    it has gets a subclass of that name.

    Parameters
    ----------
    told
        What `sandbox.following.described` made of the exception.
    names
        The user's global names, where classes of `__main__` are.
    """
    kinds = [(str(module), str(name)) for module, name in told["kinds"]]
    found = [(place, kind) for place, pair in enumerate(kinds) if (kind := _class(pair, names)) is not None]
    place, kind = found[0] if found else (1, Exception)
    arguments = _arguments(told.get("arguments"))
    message = str(told.get("message", ""))
    error = _instance(kind, arguments) if place == 0 and arguments is not None else None
    if error is None or not _says(error, message):
        module, name = kinds[0] if kinds else ("builtins", "Exception")
        error = _instance(_saying(kind, name, module, message), arguments or (message,))
    for note in told.get("notes", ()):
        error.add_note(str(note))
    lines = [str(line) for line in told.get("lines", ())]
    if lines:
        vars(error)["_render_traceback_"] = lambda: lines  # what IPython asks an exception for first
    return error


def foretold(item: Foreseen) -> BaseException:
    """The exception that was foreseen."""
    kind = vars(builtins)[item.ename]
    error: BaseException = kind(item.evalue)
    return error


def _class(pair: tuple[str, str], names: Mapping[str, Any]) -> type[BaseException] | None:
    module, name = pair
    if module == "__main__":
        holder: Any = names.get(name.partition(".")[0])
        path = name.split(".")[1:]
    else:
        holder, path = sys.modules.get(module), name.split(".")
    for part in path:
        holder = getattr(holder, "__dict__", {}).get(part)
    return holder if isinstance(holder, type) and issubclass(holder, BaseException) else None


def _arguments(texts: Any) -> tuple[Any, ...] | None:
    if not isinstance(texts, Sequence):
        return None
    return tuple(ast.literal_eval(str(text)) for text in texts)


def _instance(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """An instance made by the nearest built-in base class, whose `__new__` and `__init__` fill its fields."""
    base = next(one for one in kind.__mro__ if one.__module__ == "builtins")
    try:
        error: BaseException = base.__new__(kind, *arguments)
        base.__init__(error, *arguments)  # type: ignore[misc]  # of a built-in class
    except (TypeError, ValueError):  # UnicodeDecodeError takes just five arguments
        error = BaseException.__new__(kind if base in (Exception, BaseException) else Exception, *arguments)
    return error


def _says(error: BaseException, message: str) -> bool:
    """Whether it has that message; a `__str__` in Python is not asked, because it may be the person's."""
    return isinstance(type(error).__str__, types.WrapperDescriptorType) and str(error) == message


def _saying(kind: type[BaseException], name: str, module: str, message: str) -> type[BaseException]:
    """A class of that name whose message is this one."""
    namespace = {"__module__": module, "__qualname__": name, "__str__": lambda self: message}
    return type(name.rpartition(".")[2], (kind,), namespace)

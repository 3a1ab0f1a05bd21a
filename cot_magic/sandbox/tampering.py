"""Sees when the code of a job reaches for what judges it: by audit events, and by what it changed.

Only what that code does itself counts. Libraries use frames and traces on their own (`logging`, `warnings`,
pandas), so an event is laid to the nearest code that is not a mere carrier of calls.
"""

import functools
import json.encoder
import os
import sys
import threading
import types
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from operator import is_
from os.path import isabs
from typing import Any

from cot_magic.sandbox.places import of_a_library

MOST = 20
EVENTS: dict[str, str] = {
    "sys.settrace": "it set a trace function",
    "sys.setprofile": "it set a profile function",
    "sys.monitoring.register_callback": "it set a trace function",
    "sys.addaudithook": "it added an audit hook",
    "sys._getframe": "it looked at stack frames",
    "sys._current_frames": "it looked at stack frames",
    "sys._current_exceptions": "it looked at stack frames",
    "gc.get_objects": "it searched the objects of the process",
    "gc.get_referrers": "it searched the objects of the process",
    "gc.get_referents": "it searched the objects of the process",
    "code.__new__": "it made a code object",
    "function.__new__": "it made a function from a code object",
    "os.kill": "it sent a signal",
    "os.killpg": "it sent a signal",
    "signal.pthread_kill": "it sent a signal",
}
"""Audit events of CPython (docs.python.org/3/library/audit_events.html), and what they say of the code."""
FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
CODE = frozenset({"__code__", "f_trace", "f_lineno"})
HIDDEN = ("/proc/", "/sys/")
READING = ("open", "os.listdir", "os.scandir")
OURS = "cot_magic"
FOREIGN = frozenset({"ctypes", "_ctypes", OURS})
CARRIERS = tuple(
    os.path.join(os.path.dirname(threading.__file__), *name.split("/"))
    for name in (
        "threading.py", "functools.py", "contextlib.py", "inspect.py", "sched.py", "timeit.py", "runpy.py",
        "weakref.py", "operator.py", "pathlib.py", "pathlib/", "shutil.py", "fileinput.py", "os.py", "io.py",
        "codecs.py", "tempfile.py", "posixpath.py", "genericpath.py", "ctypes/", "concurrent/",
        "asyncio/events.py", "asyncio/threads.py", "asyncio/runners.py",
    )
)  # fmt: skip
"""Modules of the library that only pass a call on: `inspect.currentframe`, a thread, `Path.read_text`."""
CARRYING = ("walk_stack", "walk_tb", "_modified_open")
"""Functions of other modules of which the same is true: of `traceback`, and the `open` of IPython's users."""


def watch(is_judged: Callable[[types.FrameType | None], bool], report: Callable[[str], None]) -> None:
    """Report each kind of reach once. It is a hook of the interpreter and cannot be removed."""
    seen: set[str] = set()
    inside: set[int] = set()
    frame_at, this_thread, word, most = sys._getframe, threading.get_ident, _word, MOST

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        said = word(event, arguments)
        if said is None or said in seen:
            return
        thread = this_thread()
        if thread in inside or len(seen) >= most:
            return
        inside.add(thread)  # to look at a frame is an event too
        try:
            if said not in seen and is_judged(frame_at(1)):
                seen.add(said)
                report(said)
        finally:
            inside.discard(thread)

    sys.addaudithook(hook)


def _word(event: str, arguments: tuple[Any, ...]) -> str | None:
    """What the event would say of the code that caused it; None for all others. It runs for every event."""
    found = EVENTS.get(event)
    if found is not None:
        return found
    if event == "object.__getattr__":
        return "it looked at stack frames" if arguments[1] in FRAMES else None
    if event == "object.__setattr__":
        return "it replaced the code of a function" if arguments[1] in CODE else None
    if event == "import":
        root = arguments[0].partition(".")[0]
        return f"it imported {root.lstrip('_')}" if root in FOREIGN else None
    if event in READING:
        return "it read files of the system about processes" if _is_hidden(arguments[0]) else None
    if event == "compile":
        name = arguments[1]
        # code under the name of a library would pass for the library's own
        return "it compiled code under the name of a file" if type(name) is str and isabs(name) else None
    return "it used ctypes" if event.startswith("ctypes.") else None


def _is_hidden(path: Any) -> bool:
    """For exact built-in types only, so that no code of the job runs in a hook."""
    if type(path) is bytes:
        path = path.decode("utf-8", "replace")
    return type(path) is str and f"{path}/".startswith(HIDDEN)


def attribution(steps: Container[str], kernel: Container[str]) -> Callable[[types.FrameType | None], bool]:
    """A function that tells whether a frame runs for the code of a job.

    Parameters
    ----------
    steps
        File names of the job's steps.
    kernel
        File names of the cells that the kernel has compiled: the person's own code.

    Code without a file (`exec` of a string) and carriers of calls count as what called them.
    """
    library, carriers, carrying = of_a_library, CARRIERS, CARRYING

    def is_judged(frame: types.FrameType | None) -> bool:
        while frame is not None:
            name = frame.f_code.co_filename
            if name in steps:
                return True
            carries = name.startswith(carriers) or frame.f_code.co_name in carrying
            if not carries and (name in kernel or isabs(name) or library(name)):
                return False
            frame = frame.f_back
        return True

    return is_judged


@dataclass(frozen=True, slots=True)
class GuardedNames:
    """A namespace that must stay as it is; `kind` is the class of the object that it belongs to."""

    name: str
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    kind: type | None = None

    def changed(self, is_own: Callable[[Any], bool]) -> Iterator[str]:
        """Names that have another value, if that is code of the job or in the place of a callable."""
        if len(self.now) == len(self.before) and all(map(is_, self.now.values(), self.before.values())):
            return
        for name, value in list(self.now.items()):
            earlier = self.before.get(name)
            if value is earlier or (value is None and name not in self.before):
                continue
            if earlier is None and self.kind is not None:
                earlier = getattr(self.kind, str(name), None)
            if (callable(earlier) and not _of_a_package(value)) or (callable(value) and is_own(value)):
                yield name
        if self.before.keys() - self.now.keys():
            gone = self.before.keys() - self.now.keys()
            yield from (name for name in gone if callable(self.before[name]))


class Unchanged:
    """What the code of a job must leave as it is, as it was before: IPython, built-in names, our modules."""

    def __init__(self, shell: Any) -> None:
        self._shell, self._names = shell, shell.user_ns
        self._definitions = list(_definitions(shell))
        self.look_again()

    def look_again(self) -> None:
        """Take IPython's objects as they are now, as those that run a job set them up; nothing else."""
        shell = self._shell
        self._builtins = shell.user_ns.get("__builtins__")
        self._objects = list(_objects(shell))
        self._lists = {name: frozenset(map(id, items)) for name, items in _sequences(shell)}
        self._kept = [items for _, items in _sequences(shell)]  # an id is unique while its object lives

    def changes(self, own: Callable[[Any], bool]) -> tuple[str, ...]:
        """What is different now, in words; empty if nothing.

        `own` tells whether an object is code of the job.
        """
        places = (*self._objects, *self._definitions)
        found = [f"it changed {place.name}.{name}" for place in places for name in place.changed(own)]
        for name, items in _sequences(self._shell):
            if any(id(item) not in self._lists.get(name, ()) and own(item) for item in items):
                found.append(f"it changed {name}")
        if self._names.get("__builtins__") is not self._builtins:
            found.append("it changed __builtins__")
        if self._shell.user_ns is not self._names:
            found.append("it changed the namespace of IPython")
        return tuple(found[:MOST])


def own_code(is_own_file: Callable[[str], bool]) -> Callable[[Any], bool]:
    """A function that tells whether an object is code of such a file, or its class is."""

    def is_own(value: Any) -> bool:
        while isinstance(value, functools.partial | types.MethodType):
            value = value.func if isinstance(value, functools.partial) else value.__func__
        if isinstance(value, types.FunctionType):
            return is_own_file(value.__code__.co_filename)
        kind = value if isinstance(value, type) else type(value)
        module = sys.modules.get(str(kind.__module__))
        return module is None or kind.__module__ == "__main__" or is_own_file(_file_of(module))

    return is_own


def _file_of(module: types.ModuleType) -> str:
    return getattr(module, "__file__", None) or "<built-in>"


def _of_a_package(value: Any) -> bool:
    """Whether it is a function of an installed package, which may put itself in the place of IPython's."""
    code = getattr(getattr(value, "__func__", value), "__code__", None)
    return isinstance(code, types.CodeType) and "-packages/" in code.co_filename


def _parts(shell: Any) -> tuple[Any, ...]:
    """The objects that decide how a cell runs."""
    return (
        shell, shell.compile, shell.events, shell.display_trap, shell.builtin_trap, shell.displayhook,
        shell.display_pub, shell.input_transformer_manager,
    )  # fmt: skip


def _objects(shell: Any) -> Iterator[GuardedNames]:
    for thing in _parts(shell):
        names = getattr(thing, "__dict__", {})
        yield GuardedNames(type(thing).__name__, names, dict(names), type(thing))


def _definitions(shell: Any) -> Iterator[GuardedNames]:
    """The namespaces of classes and modules that decide how a cell runs and what is reported of it."""
    kinds: dict[type, None] = {json.encoder.JSONEncoder: None}
    for thing in _parts(shell):
        for kind in type(thing).__mro__:
            if kind.__module__.partition(".")[0] in ("IPython", "ipykernel"):
                kinds[kind] = None
    modules = [(name, sys.modules[name]) for name in WATCHED_MODULES if name in sys.modules]
    for name, module in modules:
        yield GuardedNames(name, vars(module), dict(vars(module)))
        if name.startswith(OURS):
            kinds.update(dict.fromkeys(item for item in vars(module).values() if _is_class_of(item, name)))
    for kind in kinds:
        yield GuardedNames(f"{kind.__module__}.{kind.__qualname__}", vars(kind), dict(vars(kind)))


def _is_class_of(item: Any, module: str) -> bool:
    return isinstance(item, type) and item.__module__ == module


def _sequences(shell: Any) -> Iterator[tuple[str, list[Any]]]:
    manager = shell.input_transformer_manager
    yield "ast_transformers", list(shell.ast_transformers)
    for name in ("cleanup_transforms", "line_transforms", "token_transformers"):
        yield name, list(getattr(manager, name))
    yield "input_transformers_post", list(shell.input_transformers_post)
    for event, callbacks in list(shell.events.callbacks.items()):
        yield f"the callbacks of {event}", list(callbacks)


WATCHED_MODULES = (
    "builtins", "os",
    *(f"{OURS}.sandbox.{name}" for name in ("child", "run_steps", "steps", "wire", "observe", "blocked")),
    f"{OURS}.core.codec", f"{OURS}.core.jobs", "json", "json.encoder", "dataclasses",
    "IPython.core.interactiveshell", "IPython.core.displayhook",
)  # fmt: skip

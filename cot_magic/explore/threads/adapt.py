"""Replaces the locks and clocks that exist before a run by modelled ones, as long as it runs."""

import functools
import itertools
import queue
import sys
import threading
import time
from _thread import RLock as RealRLock
from _thread import allocate_lock
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import Future
from concurrent.futures import thread as executors
from types import CellType, FunctionType, ModuleType
from typing import Any

from cot_magic.explore.clock import real_counter, real_monotonic, real_sleep, real_time
from cot_magic.explore.threads import primitives as model
from cot_magic.explore.threads.points import UserCode

RealLock = type(allocate_lock())
RealSimpleQueue = queue.SimpleQueue
_OBJECTS = 20_000  # objects to look at; the rest of a larger notebook is left as it is
_LIBRARY_CLASSES = ("threading", "queue", "concurrent.futures._base", "concurrent.futures.thread", "logging")
_CONDITION = ("_lock", "acquire", "release", "_release_save", "_acquire_restore", "_is_owned")
Undo = Callable[[], None]


class Patches:
    """Changes that are undone in reverse order."""

    def __init__(self) -> None:
        self._undo: list[Undo] = []

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute if the owner has it."""
        if name not in vars(owner):
            return
        old = vars(owner)[name]
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, old))

    def addition(self, owner: type, name: str, value: Any) -> None:
        """Set an attribute that a class has only inherited so far."""
        setattr(owner, name, value)
        self._undo.append(lambda: delattr(owner, name))

    def attribute_of(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute that is not in the `__dict__` of its owner."""
        old = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, old))

    def item(self, mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Set an item of a mapping; it is undone only if the new value is still there."""
        old = mapping[key]
        mapping[key] = value

        def back() -> None:
            if key in mapping and mapping[key] is value:
                mapping[key] = old

        self._undo.append(back)

    def later(self, undo: Undo) -> None:
        self._undo.append(undo)

    def undo(self) -> None:
        while self._undo:
            self._undo.pop()()


def patch_locks(patches: Patches, clock: Callable[[], float]) -> None:
    """Replace the locks of `threading` and `queue` by modelled ones, and the clock of their timeouts."""
    patches.attribute(threading, "Lock", model.Lock)
    patches.attribute(threading, "_allocate_lock", model.Lock)
    patches.attribute(threading, "_CRLock", None)  # so RLock is the one in Python, on a modelled lock
    patches.attribute(threading, "_time", clock)
    patches.attribute(queue, "SimpleQueue", vars(queue)["_PySimpleQueue"])
    patches.attribute(queue, "time", clock)


def patch_library(patches: Patches) -> None:
    """Replace the primitives of `threading`, `time`, `queue` and `concurrent.futures` by modelled ones."""
    patch_locks(patches, model.monotonic)
    patches.attribute(threading, "_counter", itertools.count(1).__next__)  # the same names in each run
    patches.attribute(threading.Thread, "start", model.start)
    patches.attribute(threading.Thread, "join", model.join)
    patches.attribute(threading.Thread, "is_alive", model.is_alive)
    patches.addition(threading.Thread, "__hash__", _numbering(threading.enumerate()))
    patches.attribute(time, "sleep", model.sleep)
    patches.attribute(time, "monotonic", model.monotonic)
    patches.attribute(time, "time", model.wall)
    patches.attribute(time, "perf_counter", model.counter)
    patches.attribute(functools, "RLock", threading.RLock)
    patches.attribute(executors, "_global_shutdown_lock", model.Lock())
    patches.attribute(executors._WorkItem, "run", model.work)
    patches.attribute(executors.ThreadPoolExecutor, "_counter", itertools.count().__next__)
    patches.addition(Future, "__hash__", _numbering(()))


def _numbering(older: Iterable[object]) -> Callable[[Any], int]:
    """A `__hash__` that is the same in each run, so that sets of threads or futures keep their order."""
    count = itertools.count(1)
    known = {id(item): item for item in older}

    def number(self: Any) -> int:
        state: dict[str, Any] = vars(self)
        if id(self) in known:
            return object.__hash__(self)
        if "_hash" not in state:
            state["_hash"] = next(count)
        return int(state["_hash"])

    return number


def _callables(clocks: bool) -> dict[int, Any]:
    pairs: list[tuple[Any, Any]] = [
        (allocate_lock, model.Lock),
        (RealLock, model.Lock),
        (RealRLock, threading.RLock),
        (RealSimpleQueue, vars(queue)["_PySimpleQueue"]),
    ]
    if clocks:
        pairs += [
            (real_sleep, model.sleep),
            (real_monotonic, model.monotonic),
            (real_time, model.wall),
            (real_counter, model.counter),
        ]
    return {id(real): modelled for real, modelled in pairs}


class Adapter:
    """Replaces the real locks that the program refers to already, in globals, closures, classes and objects.

    With `clocks`, the clocks and `sleep` of `time` as well. Objects of installed libraries are not searched,
    nor are more than `_OBJECTS` objects.
    """

    def __init__(self, user: UserCode, patches: Patches, *, clocks: bool = True) -> None:
        self._user, self._patches = user, patches
        self._callables = _callables(clocks)
        self._made: dict[int, tuple[Any, Any]] = {}  # the real one is kept, so that its id is not reused
        self._seen: set[int] = set()
        self._todo: list[Any] = []

    def adapt(self, roots: Iterable[Any]) -> None:
        """Replace what is reachable from the roots (namespaces, functions)."""
        self._todo += roots
        logging = sys.modules.get("logging")
        if logging is not None:
            handlers = [reference() for reference in vars(logging)["_handlerList"]]
            self._todo += [handler for handler in handlers if handler is not None]
        while self._todo and len(self._seen) < _OBJECTS:
            found = self._todo.pop()
            if id(found) not in self._seen:
                self._seen.add(id(found))
                self._visit(found)

    def _visit(self, found: Any) -> None:
        kind = type(found)
        if kind is dict:
            self._mapping(found)
        elif kind is list:
            for place, value in enumerate(found):
                if (new := self._modelled(value)) is not None:
                    self._list_item(found, place, new)
        elif kind in (tuple, set, frozenset):
            self._todo += [value for value in found if _may_hold(value)]
        elif isinstance(found, FunctionType):
            self._function(found)
        elif isinstance(found, type):
            self._class(found)
        elif isinstance(found, threading.Condition):
            self._condition(found)
        elif isinstance(getattr(found, "__dict__", None), dict) and self._own(kind):
            self._mapping(found.__dict__)

    def _mapping(self, mapping: dict[Any, Any]) -> None:
        for key, value in list(mapping.items()):
            if key != "__builtins__" and (new := self._modelled(value)) is not None:
                self._patches.item(mapping, key, new)

    def _list_item(self, found: list[Any], place: int, new: Any) -> None:
        old, found[place] = found[place], new

        def back() -> None:
            if place < len(found) and found[place] is new:
                found[place] = old

        self._patches.later(back)

    def _function(self, function: FunctionType) -> None:
        if function.__code__.co_filename in self._user:
            self._todo.append(function.__globals__)
        for cell in function.__closure__ or ():
            self._cell(cell)
        if function.__kwdefaults__:
            self._mapping(function.__kwdefaults__)
        if function.__defaults__:
            values = tuple(self._modelled(value) or value for value in function.__defaults__)
            if any(new is not old for new, old in zip(values, function.__defaults__, strict=True)):
                self._patches.attribute_of(function, "__defaults__", values)

    def _cell(self, cell: CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # an empty cell
            return
        if (new := self._modelled(value)) is not None:
            cell.cell_contents = new
            self._patches.later(functools.partial(setattr, cell, "cell_contents", value))

    def _class(self, found: type) -> None:
        if not self._own(found):
            return
        for name, value in list(vars(found).items()):
            if (new := self._modelled(value)) is not None:
                self._patches.attribute(found, name, new)

    def _condition(self, found: threading.Condition) -> None:
        state = vars(found)
        new = self._modelled(state["_lock"])
        if new is None:
            return
        old = {name: state[name] for name in _CONDITION if name in state}
        for name in _CONDITION[1:]:
            state.pop(name, None)
        waiters = state["_waiters"]
        threading.Condition.__init__(found, new)
        state["_waiters"] = waiters

        def back() -> None:
            for name in _CONDITION:
                state.pop(name, None)
            state.update(old)

        self._patches.later(back)

    def _modelled(self, value: Any) -> Any:
        """The model of a real primitive; None for anything else, which is searched later."""
        if id(value) in self._callables:
            return self._callables[id(value)]
        kind = type(value)
        if kind in (RealLock, RealRLock, RealSimpleQueue):
            if id(value) not in self._made:
                self._made[id(value)] = (value, _model_of(value))
            return self._made[id(value)][1]
        if _may_hold(value):
            self._todo.append(value)
        return None

    def _own(self, kind: type) -> bool:
        if kind.__module__ in _LIBRARY_CLASSES:
            return True
        module = sys.modules.get(kind.__module__)
        if kind.__module__ == "__main__":
            return True
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and file in self._user


def _model_of(value: Any) -> Any:
    if type(value) is RealLock:
        return model.Lock(value)
    if type(value) is RealRLock:
        return threading.RLock()
    copy = vars(queue)["_PySimpleQueue"]()
    items = [value.get_nowait() for _ in range(value.qsize())]
    for item in items:
        value.put(item)
        copy.put(item)
    return copy


_PLAIN = (int, float, complex, str, bytes, bytearray, bool, type(None), range, slice)


def _may_hold(value: Any) -> bool:
    return not isinstance(value, (*_PLAIN, ModuleType))

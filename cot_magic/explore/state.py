"""State that the schedules of one process share: kept before the first, restored before the others."""

import asyncio
import random
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from operator import is_
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from cot_magic.explore.places import of_the_user

MOST_OBJECTS = 50_000
CONTAINERS = (dict, list, set, deque, bytearray, OrderedDict, defaultdict)
PRIMITIVES = ("asyncio.locks", "asyncio.queues", "asyncio.mixins", "queue", "threading")
_random_kept = False
"""Whether an enclosing `kept_random` restores the state of the random number generators."""


class SharedState:
    """Globals, the objects that they refer to, and closures: plain data and instances of the user's classes.

    Each object is restored in place, so that identity is kept: an object with two names is still one object
    afterwards. Objects of libraries (a data frame, a connection) are left alone.

    Attributes
    ----------
    complete
        False if there were too many objects: then only a fresh process for each schedule is safe.
    """

    def __init__(self, roots: Iterable[MutableMapping[str, Any]], *values: Any) -> None:
        self.complete = True
        self._put_back: list[Callable[[], None]] = []
        self._seen: dict[int, Any] = {}
        self._todo: list[Any] = []
        for root in roots:
            self._keep_mapping(root)
        self._todo.extend(values)
        self._walk()

    def restore(self) -> None:
        """Restore everything to what it was."""
        for put_back in self._put_back:
            put_back()

    def _walk(self) -> None:
        while self._todo:
            item = self._todo.pop()
            if id(item) in self._seen or isinstance(item, str | int | float | bytes | complex | None):
                continue
            if len(self._seen) >= MOST_OBJECTS:
                self.complete = False
                return
            self._seen[id(item)] = item  # kept alive, so that its id stays its own
            self._look_at(item)

    def _look_at(self, item: Any) -> None:
        kind = type(item)
        if kind in CONTAINERS:
            self._keep_container(item)
        elif kind in (tuple, frozenset):
            self._todo.extend(item)
        elif kind is FunctionType:
            self._keep_function(item)
        elif kind is MethodType:
            self._todo.extend((item.__self__, item.__func__))
        elif kind is CellType:
            self._keep_cell(item)
        elif isinstance(item, type):
            if _is_of_the_user(item):
                self._keep_class(item)
        elif not isinstance(item, ModuleType) and (
            _is_of_the_user(kind) or kind.__module__ in PRIMITIVES or isinstance(item, CONTAINERS)
        ):
            self._keep_instance(item)

    def _keep_mapping(self, mapping: MutableMapping[str, Any]) -> None:
        kept = dict(mapping)
        self._seen[id(mapping)] = mapping

        self._put_back.append(_replacing(mapping, kept))
        self._todo.extend(kept.values())

    def _keep_container(self, item: Any) -> None:
        if isinstance(item, dict):
            kept = dict(item)
            self._put_back.append(_replacing(item, kept))
            self._todo.extend(kept.values())
            self._todo.extend(kept.keys())
        elif isinstance(item, bytearray):
            data = bytes(item)
            self._put_back.append(lambda: item.__setitem__(slice(None), data))
        else:
            elements, fill = list(item), item.update if isinstance(item, set) else item.extend

            def refill() -> None:
                item.clear()
                fill(elements)

            self._put_back.append(refill)
            self._todo.extend(elements)

    def _keep_function(self, function: FunctionType) -> None:
        if not of_the_user(function.__code__.co_filename):
            return
        self._todo.extend(function.__defaults__ or ())
        self._todo.extend((function.__kwdefaults__ or {}).values())
        self._todo.extend(function.__closure__ or ())
        if function.__dict__:
            self._keep_container(function.__dict__)

    def _keep_cell(self, cell: CellType) -> None:
        try:
            contents = cell.cell_contents
        except ValueError:
            return  # empty

        def put_back() -> None:
            cell.cell_contents = contents

        self._put_back.append(put_back)
        self._todo.append(contents)

    def _keep_class(self, kind: type) -> None:
        kept = {name: value for name, value in vars(kind).items() if not _is_slot_of_class(name, value)}

        def put_back() -> None:
            for name in [name for name in vars(kind) if name not in kept and not name.startswith("__")]:
                delattr(kind, name)
            for name, value in kept.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)

        self._put_back.append(put_back)
        self._todo.extend(kept.values())

    def _keep_instance(self, item: Any) -> None:
        attributes = getattr(item, "__dict__", None)
        if type(attributes) is dict:
            if isinstance(item, asyncio.mixins._LoopBoundMixin):  # perhaps bound to the kernel's loop
                attributes.pop("_loop", None)
            self._keep_container(attributes)
        for name in _slots(type(item)):
            if hasattr(item, name):
                value = getattr(item, name)
                self._put_back.append(_setting(item, name, value))
                self._todo.append(value)
        if isinstance(item, CONTAINERS):
            self._keep_container(item)


def _replacing(mapping: MutableMapping[Any, Any], kept: dict[Any, Any]) -> Callable[[], None]:
    def put_back() -> None:
        same_names = len(mapping) == len(kept) and all(map(is_, mapping, kept))
        if same_names and all(map(is_, mapping.values(), kept.values())):
            return
        mapping.clear()
        mapping.update(kept)

    return put_back


def _setting(item: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: object.__setattr__(item, name, value)


def _is_of_the_user(kind: type) -> bool:
    if kind.__module__ in ("__main__", "builtins"):
        return kind.__module__ == "__main__"
    module = sys.modules.get(kind.__module__)
    filename = getattr(module, "__file__", None)
    return filename is None or of_the_user(filename)


def _is_slot_of_class(name: str, value: Any) -> bool:
    return name in ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__") or (
        name.startswith("__") and name.endswith("__") and not isinstance(value, FunctionType)
    )


def _slots(kind: type) -> list[str]:
    names: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.extend([slots] if isinstance(slots, str) else slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]


@contextmanager
def kept_random() -> Iterator[None]:
    """Restore the state of `random`, and of NumPy's global generator if NumPy is loaded, at the end.

    Inside it `seeded` only seeds: saving the state takes as long as a small schedule.
    """
    global _random_kept
    numpy = _numpy_random()
    state, numpy_state = random.getstate(), None if numpy is None else numpy.get_state()
    before, _random_kept = _random_kept, True
    try:
        yield
    finally:
        _random_kept = before
        random.setstate(state)
        if numpy is not None:
            numpy.set_state(numpy_state)


@contextmanager
def seeded(seed: str | None) -> Iterator[None]:
    """Seed `random`, and NumPy's global generator if it is loaded, until the end. None: leave them alone."""
    if seed is None:
        yield
        return
    with nullcontext() if _random_kept else kept_random():
        random.seed(seed)
        if (numpy := _numpy_random()) is not None:
            numpy.seed(random.Random(seed).getrandbits(32))  # noqa: S311 - not for secrets
        yield


def _numpy_random() -> Any:
    return getattr(sys.modules.get("numpy"), "random", None)

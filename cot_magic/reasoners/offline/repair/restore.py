"""The state that each candidate starts from: the namespace, and the contents of what it can change."""

import copy
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MOST_OBJECTS = 20_000
MOST_BYTES = 16 << 20  # of one array or table
_TABLES = ("DataFrame", "Series")


class Pristine:
    """Remembers a namespace and the mutable objects that are reachable from some of its names.

    Attributes
    ----------
    whole
        False if there is more than can be remembered: then a candidate may see what another one left.
    """

    def __init__(self, namespace: dict[str, Any], names: Iterable[str], *, chance: bool) -> None:
        self._namespace, self._saved = namespace, dict(namespace)
        self._put_back: list[Callable[[], Any]] = []
        self._tables: dict[str, Any] = {}
        self.whole = True
        self._seen: set[int] = set()
        self._todo: list[Any] = []
        for name in names:
            if name in namespace:
                self._take(name, namespace[name])
        while self._todo and self.whole:
            self._remember(self._todo.pop())
        if chance:
            self._remember_chance()

    def restore(self) -> None:
        """Make everything as it was."""
        self._namespace.clear()
        self._namespace.update(self._saved)
        for name, table in self._tables.items():
            self._namespace[name] = table.copy()
        for put_back in self._put_back:
            put_back()

    def _take(self, name: str, value: Any) -> None:
        if type(value).__name__ in _TABLES and type(value).__module__.startswith("pandas"):
            self._tables[name] = value.copy()
        else:
            self._todo.append(value)

    def _remember(self, value: Any) -> None:
        if id(value) in self._seen or value is self._namespace:
            return
        self._seen.add(id(value))
        self.whole = len(self._seen) < MOST_OBJECTS
        match value:
            case list():
                self._slice(value, list(value))
                self._todo += value
            case dict():
                self._refill(value, dict(value), value.update)
                self._todo += value.values()
            case set():
                self._refill(value, set(value), value.update)
            case deque():
                self._refill(value, list(value), value.extend)
                self._todo += value
            case bytearray():
                self._slice(value, bytes(value))
            case tuple() | frozenset():
                self._todo += value
            case types.FunctionType():
                self._todo += self._of_function(value)
            case type():
                if value.__module__ == "__main__":
                    self._todo += vars(value).values()
            case types.ModuleType() | types.BuiltinFunctionType() | str() | bytes() | int() | float() | None:
                pass
            case _:
                self._remember_object(value)

    def _slice(self, value: Any, contents: Any) -> None:
        def put_back() -> None:
            value[:] = contents

        self._put_back.append(put_back)

    def _refill(self, value: Any, contents: Any, fill: Callable[[Any], Any]) -> None:
        def put_back() -> None:
            value.clear()
            fill(contents)

        self._put_back.append(put_back)

    def _of_function(self, function: types.FunctionType) -> Iterator[Any]:
        """Default values, cells of its closure, and the global names that it uses."""
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        for cell in function.__closure__ or ():
            if cell != types.CellType():
                yield cell.cell_contents
        for name in function.__code__.co_names:
            if name in self._saved and name not in self._tables:
                self._take(name, self._saved[name])

    def _remember_object(self, value: Any) -> None:
        if type(value).__module__ == "numpy" and type(value).__name__ == "ndarray":
            if value.nbytes <= MOST_BYTES and value.flags["W"]:
                self._slice(value, value.copy())
            return
        attributes = getattr(value, "__dict__", None)
        if type(value).__module__ == "__main__" and type(attributes) is dict:
            self._todo.append(attributes)

    def _remember_chance(self) -> None:
        """The state of the random numbers, if the code draws any."""
        if (module := sys.modules.get("random")) is not None:
            state = module.getstate()
            self._put_back.append(lambda: module.setstate(state))
        numbers = sys.modules.get("numpy.random")
        if numbers is not None:
            kept = copy.deepcopy(numbers.get_state())
            self._put_back.append(lambda: numbers.set_state(kept))

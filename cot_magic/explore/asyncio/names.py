"""Names of tasks and of calls in threads, and of the functions that they wait in."""

import asyncio
import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any, TypeAlias

from cot_magic.explore.plain import plain

Arguments: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of plain arguments."""
LOOPS = ("asyncio.", "cot_magic.explore.")


def name_of(task: Any) -> str:
    """How people know a task: the name that it was given, else its function."""
    if task is None:
        return "the loop"
    name = str(task.get_name())
    coroutine = getattr(task.get_coro(), "__qualname__", "").replace("<locals>.", "")
    return f"{coroutine} ({name})" if name.startswith("Task-") and coroutine else name


def function_of(owner: Any) -> str:
    """The function that a task or a call in a thread runs."""
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner.get_name()))
    return str(getattr(owner, "name", "asyncio"))


def plain_arguments(coroutine: Any) -> Arguments:
    """The arguments of a coroutine that has not begun, by name; those that are plain, as no code may run."""
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None or inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED:
        return ()
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    told = ((name, values[name]) for name in names if name in values)
    return tuple((name, shown) for name, value in told if (shown := plain(value)))


def told_apart(names: Sequence[str], arguments: Sequence[Arguments]) -> list[str]:
    """Distinct names: `client (Task-2)` is `client` if no other lane has that name, else `client('Ada')` with
    the arguments in which they differ, or `client #2` if they do not differ in any that is plain."""
    short = [name.partition(" (Task-")[0] for name in names]
    found, seen = [], Counter[str]()
    for name, mine in zip(short, arguments, strict=True):
        seen[name] += 1
        alike = [other for known, other in zip(short, arguments, strict=True) if known == name]
        called = _called(name, mine, alike)
        distinct = len({_called(name, other, alike) for other in alike}) == len(alike)
        found.append(name if len(alike) == 1 else called if called and distinct else f"{name} #{seen[name]}")
    return found


def _called(name: str, mine: Arguments, alike: Sequence[Arguments]) -> str:
    """The call with those arguments that are not the same in all lanes; empty if there are none."""
    differing = [value for key, value in mine if len({dict(other).get(key) for other in alike}) > 1]
    return f"{name}({', '.join(differing)})" if differing else ""


class LaneNames:
    """Names of lanes that stay the same when code elsewhere is edited: `fetch #2`."""

    def __init__(self) -> None:
        self._names, self._ranks = {0: "asyncio"}, Counter[str]()

    def of(self, lane: int, owners: Iterable[Any]) -> str:
        """The name of a lane. `owners` are all tasks and calls so far, in their order."""
        if lane not in self._names:
            for owner in owners:
                if owner.lane not in self._names:
                    function = function_of(owner)
                    self._ranks[function] += 1
                    self._names[owner.lane] = f"{function} #{self._ranks[function]}"
        return self._names.get(lane, "asyncio")


def waiting_function() -> str:
    """The function that is about to wait: the innermost one that is neither asyncio's nor ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(LOOPS):
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_qualname

"""Names of tasks and of calls in threads, and of the functions that they wait in."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from types import FrameType
from typing import Any

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

"""Who waits for whom: the report of a deadlock among tasks."""

import asyncio
import linecache
from asyncio import locks
from types import FrameType
from typing import TYPE_CHECKING, Any

from cot_magic.explore.failures import of_the_user
from cot_magic.explore.places import shown

if TYPE_CHECKING:
    from cot_magic.explore.asyncio.loop import ExploredLoop


class Holders:
    """While entered, it is written down which task holds which asyncio lock or semaphore."""

    def __init__(self) -> None:
        self._held: dict[int, list[str]] = {}
        self._kept: list[tuple[Any, str, Any]] = []

    def of(self, primitive: Any) -> list[str]:
        """Names of the tasks that hold it, as often as they do."""
        return self._held.get(id(primitive), [])

    def __enter__(self) -> "Holders":
        for kind in (locks.Lock, locks.Semaphore):
            self._kept += [(kind, name, vars(kind)[name]) for name in ("acquire", "release")]
            setattr(kind, "acquire", self._acquiring(kind.acquire))  # noqa: B010 - a method, says mypy
            setattr(kind, "release", self._releasing(kind.release))  # noqa: B010
        return self

    def __exit__(self, *_: object) -> None:
        while self._kept:
            kind, name, value = self._kept.pop()
            setattr(kind, name, value)

    def _acquiring(self, real: Any) -> Any:
        async def acquire(primitive: Any) -> Any:
            result = await real(primitive)
            self._held.setdefault(id(primitive), []).append(name_of(asyncio.current_task()))
            return result

        return acquire

    def _releasing(self, real: Any) -> Any:
        def release(primitive: Any) -> None:
            holders = self._held.get(id(primitive), [])
            if holders:
                task = asyncio.current_task() if asyncio._get_running_loop() is not None else None
                name = name_of(task)
                holders.remove(name if name in holders else holders[0])
            real(primitive)

        return release


def who_waits(loop: "ExploredLoop", holders: Holders | None) -> tuple[str, ...]:
    """One sentence for each task that is not done: where it waits, for what, and who holds that."""
    sentences = []
    for task in loop.tasks:
        if task.done():
            continue
        place, primitive, method = _suspended(task)
        where = f" at {place}" if place else ""
        what = f" in {type(primitive).__name__}.{method}" if primitive is not None else ""
        held = holders.of(primitive) if holders is not None and primitive is not None else []
        by = f", held by {', '.join(dict.fromkeys(held))}" if held else ""
        sentences.append(f"{name_of(task)} waits{where}{what}{by}")
    return (*sentences, *(loop.turns.waits() if loop.turns is not None else ()))


def name_of(task: Any) -> str:
    """How people know a task: the name that it was given, else its function."""
    if task is None:
        return "the loop"
    name = str(task.get_name())
    coroutine = getattr(task.get_coro(), "__qualname__", "").replace("<locals>.", "")
    return f"{coroutine} ({name})" if name.startswith("Task-") and coroutine else name


def _suspended(task: Any) -> tuple[str, Any, str]:
    """The innermost line of the user's code, and the primitive and its method that it waits in."""
    place, primitive, method = "", None, ""
    coroutine = task.get_coro()
    while coroutine is not None:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            break
        code = frame.f_code
        if of_the_user(code.co_filename):
            line = linecache.getline(code.co_filename, frame.f_lineno).strip()
            place = f"{shown(code.co_filename)}:{frame.f_lineno} `{line}`"
        owner = frame.f_locals.get("self")
        if type(owner).__module__ in ("asyncio.locks", "asyncio.queues"):
            primitive, method = owner, code.co_name
        elif "primitive" in frame.f_locals and code.co_name == "acquire":
            primitive, method = frame.f_locals["primitive"], "acquire"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return place, primitive, method

"""Who waits for whom: the report of a deadlock among tasks."""

import asyncio
import linecache
from asyncio import locks
from collections.abc import Iterable
from types import FrameType
from typing import Any

from cot_magic.explore.asyncio.names import name_of
from cot_magic.explore.places import of_the_user, shown


class Holders:
    """While entered, keeps track of which task holds which asyncio lock or semaphore."""

    def __init__(self) -> None:
        self._held: dict[int, list[str]] = {}
        self._kept: list[tuple[Any, str, Any]] = []

    def of(self, primitive: Any) -> list[str]:
        """Names of the tasks that hold it; a task that holds it twice is listed twice."""
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


def who_waits(tasks: Iterable[Any], holders: Holders | None) -> tuple[str, ...]:
    """One sentence for each task that is not done: where it waits, for what, and who holds that."""
    sentences = []
    for task in tasks:
        if task.done():
            continue
        place, primitive, method = _suspended(task)
        where = f" at {place}" if place else ""
        what = f" in {type(primitive).__name__}.{method}" if primitive is not None else ""
        held = holders.of(primitive) if holders is not None and primitive is not None else []
        by = f", held by {', '.join(dict.fromkeys(held))}" if held else ""
        sentences.append(f"{name_of(task)} waits{where}{what}{by}")
    return tuple(sentences)


def _suspended(task: Any) -> tuple[str, Any, str]:
    """The innermost line of the user's code, the primitive that it waits for, and the method called."""
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

"""What is in progress outside of the loop: sockets with peers elsewhere, pipes, foreign threads."""

import asyncio
import dis
import functools
import os
import selectors
import socket
import stat
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from types import CodeType
from typing import Any

HERE, ELSEWHERE = "here", "elsewhere"
WAITING_FILES = ("queue.py", "threading.py")
WAITING_FUNCTIONS = ("_worker",)  # of ThreadPoolExecutor: it waits in a C queue
WAITING_METHODS = ("get", "acquire", "wait")
INSIDE = frozenset(
    f"asyncio.{name}" for name in ("tasks", "locks", "queues", "timeouts", "taskgroups", "runners", "threads")
)
"""Modules that wait for tasks or timers, never for anything outside."""


class LazySelector(selectors.BaseSelector):
    """A selector that is created when the first file is registered: most schedules need none."""

    def __init__(self, number: Callable[[], int]) -> None:
        self._real: selectors.BaseSelector | None = None
        self._number = number
        self.numbers: dict[int, int] = {}
        """The number as a source of each registered file descriptor, except the loop's own pipe."""
        self.watched = 0
        """How many files are registered, not counting the loop's own pipe."""
        self.own_fd = -1
        """The loop's own pipe; set before it is registered."""
        self._known: str | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self._real is None:
            self._real = selectors.DefaultSelector()
        key = self._real.register(fileobj, events, data)
        if key.fd != self.own_fd:
            self.numbers[key.fd] = self._number()
        self._count()
        return key

    def _opened(self, fileobj: Any) -> selectors.BaseSelector:
        if self._real is None:
            raise KeyError(fileobj)
        return self._real

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self._opened(fileobj).unregister(fileobj)
        self.numbers.pop(key.fd, None)
        self._count()
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._opened(fileobj).modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._real.select(timeout) if self._real is not None else []

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._opened(fileobj).get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map() if self._real is not None else {}

    def close(self) -> None:
        if self._real is not None:
            self._real.close()
            self._real = None

    def at_work(self) -> str:
        """Where the other ends of the registered files are.

        `ELSEWHERE` if one is outside of this process, `HERE` if all connections end in it, empty if there are
        none (a server that only listens expects nobody).
        """
        if self._known is None:
            self._known = _ends([fd for fd in self.get_map() if fd != self.own_fd])
        return self._known

    def _count(self) -> None:
        known = self.get_map()
        self.watched = len(known) - (self.own_fd >= 0 and self.own_fd in known)
        self._known = None


def _ends(fds: Iterable[int]) -> str:
    ours, peers = set(), []
    for fd in fds:
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                return ELSEWHERE  # a pipe or a terminal
            with socket.socket(fileno=os.dup(fd)) as sock:
                if sock.family not in (socket.AF_INET, socket.AF_INET6):
                    return ELSEWHERE
                ours.add(sock.getsockname())
                if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    peers.append(sock.getpeername())
        except OSError:
            return ELSEWHERE  # not connected yet: the answer comes from outside
    if any(peer not in ours for peer in peers):
        return ELSEWHERE
    return HERE if peers else ""


def expecting(tasks: Iterable[Any], ours: Collection[Any]) -> int:
    """Count the tasks that wait for something other than a task, a timer or a call of ours.

    Parameters
    ----------
    ours
        Futures of calls that run in our own threads.
    """
    count = 0
    for task in tasks:
        waiter = getattr(task, "_fut_waiter", None)
        if waiter is None or isinstance(waiter, asyncio.Task) or waiter in ours:
            continue
        if type(waiter).__name__ == "_GatheringFuture" or _innermost_module(task) in INSIDE:
            continue
        count += 1
    return count


def _innermost_module(task: Any) -> str:
    """The module of the coroutine that the task is suspended in."""
    module, coroutine = "", task.get_coro()
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            frame = getattr(coroutine, "ag_frame", None)
        if frame is None:
            break
        module = frame.f_globals.get("__name__", "")
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return module


def foreign_threads(known: Collection[threading.Thread], ours: Mapping[int, Any]) -> list[threading.Thread]:
    """Threads that did not exist at the start and do not belong to calls of ours."""
    return [thread for thread in threading.enumerate() if thread not in known and thread.ident not in ours]


def at_work(threads: Iterable[threading.Thread]) -> bool:
    """Whether one of these threads is doing something other than waiting for work."""
    frames = sys._current_frames()
    for thread in threads:
        frame = frames.get(thread.ident or 0)
        if frame is None:
            continue
        code = frame.f_code
        rests = code.co_filename.endswith(WAITING_FILES) or code.co_name in WAITING_FUNCTIONS
        if not rests and frame.f_lasti not in _waits(code):
            return True
    return False


@functools.lru_cache(maxsize=256)
def _waits(code: CodeType) -> frozenset[int]:
    """Offsets of calls of methods that wait for work: a frame at one of them waits in C."""
    found, name = set(), ""
    for item in dis.get_instructions(code):
        if item.opname in ("LOAD_METHOD", "LOAD_ATTR"):
            name = str(item.argval)
        elif item.opname in ("PRECALL", "CALL", "CALL_FUNCTION_EX", "CALL_KW"):
            if name in WAITING_METHODS:
                found.add(item.offset)
            if item.opname != "PRECALL":
                name = ""
    return frozenset(found)

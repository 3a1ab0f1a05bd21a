"""What the kernel had and a copy has not: connections, threads, programs; and whether an error used one."""

import asyncio
import contextlib
import dis
import io
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cot_magic.sandbox.places import of_a_library

OF_THE_KERNEL = frozenset(
    {
        "ipykernel",
        "IPython",
        "zmq",
        "tornado",
        "traitlets",
        "jupyter_client",
        "debugpy",
        "pydevd",
        "cot_magic",
    }
)
"""Packages whose threads serve the kernel itself; no code of the person waits for them."""
CREDENTIALS = "a file with credentials"
FIRST_ITEMS = 50
_OF_LINUX = (getattr(select, "epoll", None), getattr(selectors, "EpollSelector", None))
WITH_DESCRIPTOR = (io.IOBase, socket.socket, *(kind for kind in _OF_LINUX if kind is not None))
WRAPPERS = (tempfile._TemporaryFileWrapper, getattr(os, "_wrap_close", None))
"""Files that hold the real one: of `tempfile`, and of `os.popen`."""
LEAST_PID = 100  # smaller numbers mean many other things
ABOUT_A_PROCESS = frozenset({
    "getpid", "getppid", "get_native_id", "gettempdir", "mkdtemp", "active_count", "get_objects",
    "get_referrers", "getrlimit", "threadpool_info",
})  # fmt: skip
"""Functions that tell of a copy another thing than of the kernel."""
MODULES_ABOUT_A_PROCESS = frozenset({"fcntl", "gc", "psutil", "resource", "signal", "threadpoolctl"})
PROCESS = "what is said of a process"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostResources:
    """What a copy has lost.

    Attributes
    ----------
    descriptors
        Sockets and pipes of the kernel: each use of one fails in a copy.
    files
        Files that the kernel has open for writing: a copy can only read them.
    secrets
        Files with credentials that the kernel has open: a copy must not read them.
    threads
        Threads of the person's code that ran in the kernel.
    programs
        Programs that ran then: they are no children of a copy.
    kernel_pid
        The process that still holds the locks of its files.
    kernel_parent
        The parent of that process.
    shared
        Memory that the kernel shares with files or other processes, by address and size; here it is private.
    """

    descriptors: frozenset[int] = frozenset()
    files: frozenset[int] = frozenset()
    secrets: frozenset[int] = frozenset()
    threads: tuple[threading.Thread, ...] = ()
    programs: tuple["subprocess.Popen[Any]", ...] = ()
    kernel_pid: int = 0
    kernel_parent: int = 0
    shared: tuple[tuple[int, int], ...] = ()

    def used_by(self, error: BaseException, *, files: bool = False) -> str | None:
        """What the failing statements of its traceback name, in words; `files`: also files to write to."""
        for value in _named(error):
            found = self._word(value, files=files)
            if found is not None:
                return found
        return None

    def used_in(
        self, codes: Iterable[types.CodeType], names: Mapping[str, Any], loop: asyncio.AbstractEventLoop
    ) -> str | None:
        """What code that ran to its end names, in words: it may have gone another way than in the kernel."""
        for code in codes:
            for value in _of_code(code, names, called=True):
                if isinstance(value, asyncio.Future):
                    if not value.done() and value.get_loop() is not loop:
                        return "a task"
                elif (
                    value is not PROCESS
                    and type(value) is not int
                    and (found := self._word(value, files=False))
                ):
                    return found
        return None

    def waited_for(self) -> str | None:
        """What code of the person may have waited for that goes on in the kernel alone."""
        return "a thread" if any(map(_runs_code_of_the_person, self.threads)) else None

    def named_by(
        self, error: BaseException, codes: Iterable[types.CodeType], loop: asyncio.AbstractEventLoop
    ) -> str | None:
        """What a cell that failed names anywhere, in words: a lost resource, another event loop than this
        one, or the number of the kernel's process. `codes` are those of its statements."""
        for value in _named_anywhere(error, codes):
            if value is PROCESS or _is_about_a_process(value):
                return PROCESS
            if isinstance(value, asyncio.AbstractEventLoop) and value is not loop:
                return "an event loop"
            if isinstance(value, asyncio.Future) and value.get_loop() is not loop:
                return "a task"
            if type(value) is int and value >= LEAST_PID and value in (self.kernel_pid, self.kernel_parent):
                return "the number of a process"
            if type(value) is not int and (found := self._word(value, files=True)):
                return found
        return None

    def _word(self, value: Any, *, files: bool) -> str | None:
        if type(value) in WRAPPERS:
            names = vars(value)
            value = names.get("_stream", names.get("file"))
        if isinstance(value, threading.Thread):
            return "a thread" if any(value is thread for thread in self.threads) else None
        if isinstance(value, ThreadPoolExecutor):
            workers = tuple(getattr(value, "_threads", ()))
            return "an executor" if any(one is other for one in workers for other in self.threads) else None
        if isinstance(value, Future):
            return "a future" if self.threads and not value.done() else None
        if isinstance(value, subprocess.Popen):
            pipes = (value.stdin, value.stdout, value.stderr)
            of_it = any(self._word(pipe, files=False) for pipe in pipes)
            ran = any(value is program for program in self.programs)
            return "a program" if ran or of_it or _runs_elsewhere(value) else None
        if _is_of_a_pool(value):
            return "a process"
        if files and self.files and isinstance(value, io.IOBase) and _is_closed(value):
            return "a file that is open for writing"  # closed by an attempt that could not write
        if isinstance(value, WITH_DESCRIPTOR) or (files and type(value) is int):
            with contextlib.suppress(Exception):  # it is closed, or has no descriptor
                fd = value if isinstance(value, int) else value.fileno()
                if fd in self.descriptors:
                    return "a connection or a pipe"
                if fd in self.secrets:
                    return CREDENTIALS
                if files and fd in self.files:
                    return "a file that is open for writing"
        return None


def threads_of_the_person() -> tuple[threading.Thread, ...]:
    """Threads that run now, without the main thread and those that serve the kernel."""
    return tuple(
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not _serves_the_kernel(thread)
    )


def running_programs(names: Mapping[str, Any]) -> tuple["subprocess.Popen[Any]", ...]:
    """Programs among these values that have not ended, as far as their object knows."""
    values = [value for value in list(names.values()) if type(value) is subprocess.Popen]
    return tuple(value for value in values if value.returncode is None)


def working_beside(names: Mapping[str, Any]) -> str:
    """What of the person goes on in this process, or answers it, while a cell waits; empty if nothing does.

    A copy has none of it: what a cell finds after waiting may be another thing there.
    """
    if threads_of_the_person():
        return "a thread"
    children = getattr(sys.modules.get("multiprocessing.process"), "_children", ())
    if running_programs(names) or children:
        return "a program"
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        return "a timer"
    return "a task" if any(not _is_of_the_kernel(work) for work in _scheduled_work()) else ""


def _scheduled_work() -> Iterator[Any]:
    """What the running event loop goes on with: the coroutines of its tasks, and functions that are due."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    yield from (task.get_coro() for task in asyncio.all_tasks(loop))
    for handle in (*getattr(loop, "_scheduled", ()), *getattr(loop, "_ready", ())):
        if not handle.cancelled():
            yield getattr(handle, "_callback", None)


def _is_of_the_kernel(work: Any) -> bool:
    """Whether a coroutine or function belongs to the kernel, or to the event loop itself."""
    frame = getattr(work, "cr_frame", None)
    names = (
        None if frame is None else frame.f_globals.get("__name__"),
        getattr(work, "__module__", None),
        _class_of(work),
    )
    roots = {name.partition(".")[0].lstrip("_") for name in names if isinstance(name, str)}
    return bool(roots & {*OF_THE_KERNEL, "asyncio"})


def _runs_code_of_the_person(thread: threading.Thread) -> bool:
    """Whether a thread of the kernel, which does not run here, was made for a function of the notebook."""
    code = getattr(getattr(thread, "_target", None) or getattr(thread, "function", None), "__code__", None)
    return type(code) is types.CodeType and not of_a_library(code.co_filename)


def _serves_the_kernel(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    names = (type(thread).__module__, getattr(target, "__module__", None), _class_of(target))
    roots = {name.partition(".")[0].lstrip("_") for name in names if isinstance(name, str)}
    return bool(roots & OF_THE_KERNEL)


def _class_of(target: Any) -> str | None:
    owner = getattr(target, "__self__", None)
    return type(owner).__module__ if owner is not None else None


def _runs_elsewhere(program: "subprocess.Popen[Any]") -> bool:
    """Whether it is a running program that is no child of this process."""
    if program.returncode is not None:
        return False
    try:
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _is_of_a_pool(value: Any) -> bool:
    """Whether it is a process or a pool of processes that another process started."""
    kind = type(value)
    if not kind.__module__.startswith(("multiprocessing", "concurrent.futures.process")):
        return False
    if "_parent_pid" in getattr(value, "__dict__", {}):
        return bool(value._parent_pid != os.getpid() and value._popen is not None)
    return bool(getattr(value, "_pool", None) or getattr(value, "_processes", None))


def _named(error: BaseException) -> Iterator[Any]:
    """Values that the failing statements of the person name, and local ones of the libraries called there."""
    entry, begun = error.__traceback__, False
    while entry is not None:
        frame = entry.tb_frame
        names = frame.f_locals
        if not of_a_library(frame.f_code.co_filename):
            begun = True  # what is outside of it runs the code
            for name in _names_of_statement(frame.f_code, entry.tb_lasti):
                value = names.get(name, frame.f_globals.get(name))
                yield value
                yield from _inside(value)
        elif begun:
            yield from list(names.values())
        entry = entry.tb_next


def _is_about_a_process(value: Any) -> bool:
    return type(value) is types.ModuleType and value.__name__ in MODULES_ABOUT_A_PROCESS


def _named_anywhere(error: BaseException, codes: Iterable[types.CodeType]) -> Iterator[Any]:
    """Values of all names in the code of the person that was running, and local ones of libraries there."""
    entry, begun, statements = error.__traceback__, False, tuple(codes)
    while entry is not None:
        frame = entry.tb_frame
        if not of_a_library(frame.f_code.co_filename):
            begun = True
            for code in {frame.f_code, *statements}:
                yield from _of_code(code, frame.f_globals, called=True)
            statements = ()  # once
            if frame.f_locals is not frame.f_globals:
                for value in list(frame.f_locals.values()):
                    yield value
                    yield from _inside(value)
        elif begun:
            for value in list(frame.f_locals.values()):
                yield value
                kept = getattr(value, "__dict__", None)
                yield from list(kept.values())[:FIRST_ITEMS] if type(kept) is dict else ()
        entry = entry.tb_next


def _of_code(code: types.CodeType, names: Mapping[str, Any], *, called: bool) -> Iterator[Any]:
    """What the names of code mean, and those of the person's functions that it may call; words about a
    process as they are."""
    for name in code.co_names:
        if name in ABOUT_A_PROCESS:
            yield PROCESS
        value = names.get(name)
        yield value
        yield from _inside(value)
        if called and type(value) is types.FunctionType and not of_a_library(value.__code__.co_filename):
            yield from _of_code(value.__code__, value.__globals__, called=False)


def _is_closed(file: io.IOBase) -> bool:
    try:
        return bool(file.closed)
    except Exception:  # of a class of the person
        return False


def _inside(value: Any) -> list[Any]:
    """What a built-in container or an object of the person's class holds."""
    if type(value) in (list, tuple, set):
        return list(value)[:FIRST_ITEMS]
    if type(value) is dict:
        return list(value.values())[:FIRST_ITEMS]
    module = sys.modules.get(type(value).__module__)
    names = getattr(value, "__dict__", None)
    if type(names) is dict and not of_a_library(getattr(module, "__file__", None) or "<built-in>"):
        return list(names.values())[:FIRST_ITEMS]
    if type(names) is dict and type(value).__module__ == "__main__":
        return list(names.values())[:FIRST_ITEMS]
    return []


def _names_of_statement(code: types.CodeType, place: int) -> set[str]:
    """The names that are loaded in the lines of the instruction at that offset."""
    instructions = list(dis.get_instructions(code))
    at = next((item.positions for item in instructions if item.offset == place), None)
    if at is None or at.lineno is None or at.end_lineno is None:
        return set()
    return {
        item.argval
        for item in instructions
        if item.opname.startswith("LOAD_")
        and type(item.argval) is str
        and item.positions is not None
        and at.lineno <= (item.positions.lineno or 0) <= at.end_lineno
    }

"""What the kernel had and a copy has not: connections, threads, programs; and whether an error used one."""

import contextlib
import dis
import io
import os
import select
import selectors
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Iterator, Mapping
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
WITH_DESCRIPTOR = (io.IOBase, socket.socket, select.epoll, selectors.EpollSelector)


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
    """

    descriptors: frozenset[int] = frozenset()
    files: frozenset[int] = frozenset()
    secrets: frozenset[int] = frozenset()
    threads: tuple[threading.Thread, ...] = ()
    programs: tuple["subprocess.Popen[Any]", ...] = ()
    kernel_pid: int = 0

    def used_by(self, error: BaseException, *, files: bool = False) -> str | None:
        """What the failing statements of its traceback name, in words; `files`: also files to write to."""
        for value in _named(error):
            found = self._word(value, files=files)
            if found is not None:
                return found
        return None

    def _word(self, value: Any, *, files: bool) -> str | None:
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

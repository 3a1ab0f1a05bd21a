"""Ends all processes that a notebook has started, also what left its session or has lost its parent."""

import os
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import Any

MARK = "COT_MAGIC_SWEEP"
"""A variable that processes of a notebook inherit, by which they are found when nothing else leads there."""
ROUNDS = 20  # what forks faster than it is killed is stopped first


def adopt_orphans() -> None:
    """Become the parent of what loses its own below this process, where the system knows that (prctl(2))."""
    if sys.platform == "linux":
        from cot_magic.sandbox import syscalls

        syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)


def descendants(pid: int) -> list[Any]:
    """The process and all that it or they have started; empty if it is gone."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def end_below(pid: int, mark: str, seen: Collection[Any] = ()) -> None:
    """Kill all that a process has started, but not itself.

    Parameters
    ----------
    mark
        The value of the variable that they have inherited.
    seen
        Processes that are known already.
    """
    import psutil

    for _ in range(ROUNDS):
        found = {*seen, *descendants(pid), *_marked(mark), *_in_session(pid)}
        left = {item for item in found if item.pid not in (pid, os.getpid()) and _runs(item)}
        if not left:
            break
        for act in ("suspend", "kill"):
            for item in left:
                with suppress(psutil.Error):
                    getattr(item, act)()
        psutil.wait_procs(left, timeout=0.5)


def _runs(process: Any) -> bool:
    """Whether it is there and has not ended; one that has stays until its parent asks for it."""
    import psutil

    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _marked(mark: str) -> list[Any]:
    import psutil

    found = []
    for item in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if item.environ().get(MARK) == mark:
                found.append(item)
    return found


def _in_session(leader: int) -> list[Any]:
    import psutil

    found = []
    for item in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if os.getsid(item.pid) == leader:
                found.append(item)
    return found

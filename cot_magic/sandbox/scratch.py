"""The folder for files that jobs write: created by the kernel, removed at its end or by the next kernel."""

import contextlib
import fcntl
import os
import secrets
import signal
import tempfile
import time

from cot_magic.sandbox import syscalls

PREFIX = "cot-magic-"
YOUNG_SECONDS = 60.0
FEW_ENTRIES = 50
"""That are removed at once."""
ELSEWHERE = "elsewhere"
"""A file in the folder, with the paths of folders of jobs that have other names."""


class ScratchFolder:
    """A new folder, locked while this process lives, so that one left by a killed kernel is recognised."""

    def __init__(self) -> None:
        _remove_stale()
        self.path = new_folder(PREFIX)
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Remove the folder with its content."""
        with contextlib.suppress(OSError), open(os.path.join(self.path, ELSEWHERE), encoding="utf-8") as file:
            for path in file.read().splitlines():
                remove_tree(path)
        remove_tree(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def locked_folder() -> tuple[str, int]:
    """A new folder of its own for a job that is not known yet, and the descriptor that locks it."""
    path = new_folder(PREFIX)
    lock = _locked(path)
    assert lock is not None
    return path, lock


def new_folder(prefix: str) -> str:
    """Make a folder for this user alone, without drawing a name from the sequence of the person's code."""
    path = os.path.join(tempfile.gettempdir(), prefix + secrets.token_hex(4))
    os.mkdir(path, 0o700)
    return path


def remove_tree(root: str) -> None:
    """Remove a folder as a job may have left it: too deep for a path, or without the right to enter it.

    Each folder is moved to the top before it is emptied, so that no path gets longer. What belongs to another
    user, or is being removed by another process, stays.
    """
    todo, emptied = [root], []
    while todo:
        folder = todo.pop()
        emptied.append(folder)
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)
            with os.scandir(folder) as found:
                entries = list(found)
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                if _is_removed(entry.path):
                    continue
                os.chmod(entry.path, 0o700)  # without the right to write, a folder cannot be moved
                todo.append(os.path.join(root, f".cot-{secrets.token_hex(8)}"))
                os.rename(entry.path, todo[-1])
    for folder in reversed(emptied):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


class Removals:
    """Removes the folders of jobs in the parked copy, in a process of its own where that takes long.

    Other jobs go on meanwhile. What such a process has not removed when the parked copy ends is removed with
    the folder for all jobs.
    """

    def __init__(self) -> None:
        self._pids: dict[int, int] = {}

    def remove(self, root: str) -> int | None:
        """Remove a folder. Returns a descriptor that is readable once it is gone; None if it is already."""
        if not _is_large(root):
            remove_tree(root)
            return None
        parked = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            remove_tree(root)
            return None
        if pid == 0:
            try:
                syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() == parked:
                    remove_tree(root)
            finally:
                os._exit(0)
        fd = os.pidfd_open(pid)
        self._pids[fd] = pid
        return fd

    def stop(self) -> None:
        """Kill all such processes and reap them."""
        for fd in list(self._pids):
            os.kill(self._pids[fd], signal.SIGKILL)
            self.reap(fd)

    def reap(self, fd: int) -> None:
        """Reap the process of that descriptor, which is closed."""
        os.waitpid(self._pids.pop(fd), 0)
        os.close(fd)


def _is_large(root: str) -> bool:
    """Whether there are more than a few files and folders below it."""
    count, todo = 0, [root]
    while todo:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                count += 1
                if count > FEW_ENTRIES:
                    return True
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
    return False


def _is_removed(folder: str) -> bool:
    """Whether it could be removed as it is, empty: a job may have made thousands of those."""
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True


def _remove_stale() -> None:
    """Remove folders of this user whose kernel was killed, except young ones: they may not be locked yet."""
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    for path in found:
        with contextlib.suppress(OSError):  # another process has removed it
            status = os.lstat(path)
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG_SECONDS:
                continue
            lock = _locked(path)
            if lock is not None:
                remove_tree(path)
                os.close(lock)


def _locked(path: str) -> int | None:
    """A descriptor that locks the folder; None if another process has locked it."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd

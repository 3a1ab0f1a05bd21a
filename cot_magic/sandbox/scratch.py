"""The folder for files that jobs write: created by the kernel, removed at its end or by the next kernel."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time

PREFIX = "cot-magic-"
YOUNG_SECONDS = 60.0


class ScratchFolder:
    """A new folder, locked while this process lives, so that one left by a killed kernel is recognised."""

    def __init__(self) -> None:
        _remove_stale()
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Remove the folder with its content."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


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
                shutil.rmtree(path, ignore_errors=True)
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

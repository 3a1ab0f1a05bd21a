"""The folder of the files that jobs write: made by the kernel process, removed at the end, even a bad one."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time

PREFIX = "cot-magic-"
YOUNG_SECONDS = 60.0


class ScratchFolder:
    """A new folder, locked while this process lives, so that one left by a killed kernel can be told."""

    def __init__(self) -> None:
        _remove_stale()
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _remove_stale() -> None:
    """Remove folders of this user whose kernel was killed; a young one may be just about to be locked."""
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    for path in found:
        with contextlib.suppress(OSError):  # another process removed it meanwhile
            status = os.lstat(path)
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG_SECONDS:
                continue
            lock = _locked(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _locked(path: str) -> int | None:
    """A descriptor of the folder that holds its lock, None if another process does."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd

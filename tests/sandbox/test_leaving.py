"""A job is answered when its process has ended with status 0 for sure, though its memory is not free yet."""

import ctypes
import mmap
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from cot_magic.sandbox import fork

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SIZE = 128 << 20


def child(end) -> int:
    """A process with memory that takes a while to free."""
    pid = os.fork()
    if pid == 0:
        memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for place in range(0, SIZE, mmap.PAGESIZE):
            memory[place] = 1
        end()
    return pid


def seen_to_leave(pid: int) -> bool:
    """Whether it was, until it ended; it is reaped."""
    left = False
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        left = left or fork._frees_its_memory(pid)
    os.waitpid(pid, 0)
    return left


def test_a_process_that_ends_with_status_0_is_seen_before_its_memory_is_free():
    assert any(seen_to_leave(child(lambda: os._exit(0))) for _ in range(20))


@pytest.mark.parametrize(
    "end",
    [
        lambda: os._exit(3),
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: os.kill(os.getpid(), signal.SIGTERM),
    ],
    ids=["status", "killed", "ended"],
)
def test_one_that_ends_otherwise_is_not(end):
    assert not any(seen_to_leave(child(end)) for _ in range(3))


def only_the_first_thread_ends() -> None:
    threading.Thread(target=lambda: (signal.sigtimedwait([signal.SIGUSR1], 60), os._exit(0))).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)  # exit(2)


def test_a_process_goes_on_while_it_has_a_thread():
    pid = child(only_the_first_thread_ends)
    while "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        pass
    assert not fork._frees_its_memory(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_no_process_of_another_user_is_believed(monkeypatch):
    """What it ended with is shown as 0 to whoever may not see it."""

    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(fork.os, "readlink", refused)
    assert not any(seen_to_leave(child(lambda: os._exit(0))) for _ in range(3))

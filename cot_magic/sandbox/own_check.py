"""What a confined process tries before it is given a job: each attempt must fail, or nothing runs."""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cot_magic.core.errors import SandboxError
from cot_magic.sandbox.permissions import Permissions

PROCESS_TERMINATE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """What lies outside of a process: a folder, a file with `secret` in it, and addresses that listen.

    `local` is the path of a unix socket, or an empty string where there are none.
    """

    folder: str
    file: str
    secret: str
    port: int
    local: str
    pid: int


def check(outside: OutOfReach, permissions: Permissions) -> None:
    """Raises SandboxError if anything works that must not."""
    attempts: dict[str, Callable[[OutOfReach], bool]] = {
        "a file outside can be written": _writes,
        "a closed file can be read": _reads,
        "another process can be signalled": _signals,
        "a local socket can be reached": _connects_locally,
    }
    if not permissions.net:
        attempts["a connection can be opened"] = _connects
    if not permissions.proc:
        attempts["a program can be started"] = _starts
    for said, works in attempts.items():
        if works(outside):
            raise SandboxError(f"the confinement has no effect here: {said}.")


def _writes(outside: OutOfReach) -> bool:
    with suppress(OSError), open(os.path.join(outside.folder, "escaped"), "x"):
        return True
    return False


def _reads(outside: OutOfReach) -> bool:
    with suppress(OSError), open(outside.file, encoding="utf-8") as file:
        return outside.secret in file.read()
    return False


def _connects(outside: OutOfReach) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", outside.port), timeout=2).close()
        return True
    return False


def _connects_locally(outside: OutOfReach) -> bool:
    if not outside.local:
        return False
    with suppress(OSError), socket.socket(socket.AF_UNIX) as end:
        end.settimeout(2)
        end.connect(outside.local)
        return True
    return False


def _signals(outside: OutOfReach) -> bool:
    with suppress(OSError):
        if sys.platform == "win32":
            windows: Any = getattr(ctypes, "windll")  # noqa: B009
            return bool(windows.kernel32.OpenProcess(PROCESS_TERMINATE, False, outside.pid))
        os.kill(outside.pid, 0)
        return True
    return False


def _starts(outside: OutOfReach) -> bool:
    with suppress(OSError):
        return subprocess.run([sys.executable, "-c", ""], check=False, timeout=20).returncode == 0
    return False

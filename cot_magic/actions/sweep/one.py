"""Runs one notebook of a sweep in a process group of its own, and ends all that it started."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cot_magic.actions.sweep.ending import MARK, descendants, end_below
from cot_magic.actions.sweep.tasks import Ceilings, Task
from cot_magic.sandbox.folder_copy import copy_folder

POLL_S = 0.2
LOOKS = 10  # how many polls between two looks at the size of the working copy
ATTEMPTS = 2
"""How often a notebook is run whose process was lost, as by a machine that ran out of memory."""


def run_task(task: Task, stop: threading.Event | None = None) -> dict[str, Any]:
    """Run and debug one notebook and return its row; never raises for what the notebook does.

    Once `stop` is set, it is ended.

    The row is the summary of `cot-magic run`; where there is none, `result` is `limit`, `lost` or `not-run`
    and `note` says why.
    """
    row: dict[str, Any] = {}
    for _ in range(ATTEMPTS):
        try:
            row = _attempt(task, stop or threading.Event())
        except OSError as error:
            row = {"result": "not-run", "note": f"it cannot be run: {error.strerror or error}"}
        if row["result"] != "lost":
            break
    return {"notebook": task.named, **row}


def _attempt(task: Task, stop: threading.Event) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cot-sweep-", ignore_cleanup_errors=True) as folder:
        source = Path(task.path)
        copy = copy_folder(str(source.parent), os.path.join(folder, "root"))
        row, call = Path(folder, "row.json"), Path(folder, "call.json")
        path = os.path.join(copy.path, source.name)
        told = {
            "named": task.named,
            "path": path,
            "settings": task.settings,
            "kernel": task.kernel,
            "report": task.report,
            "trial": task.trial,
            "mailbox": task.mailbox,
            "row": str(row),
        }
        call.write_text(json.dumps(told), encoding="utf-8")
        with open(os.path.join(folder, "errors"), "w+b") as errors:
            why = _watched(str(call), task, copy.path, errors, stop)
            if row.exists():
                answer: dict[str, Any] = json.loads(row.read_text(encoding="utf-8"))
                return answer
            if why:
                return {"result": "limit", "note": why}
            errors.seek(0)
            last = errors.read()[-2_000:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {"result": "lost", "note": f"its process ended without a result. {last}".strip()}


def _watched(call: str, task: Task, folder: str, errors: Any, stop: threading.Event) -> str:
    """Run a call until it ends or reaches a ceiling; return which one, "" for none. Nothing is left.

    The process ends by itself when its input does, so that it does not outlive this one.
    """
    mark = secrets.token_hex(16)
    process = subprocess.Popen(  # noqa: S603 - our own code, in this interpreter
        [sys.executable, "-m", "cot_magic.actions.sweep.child", call],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
        env={**os.environ, MARK: mark},
    )
    started, polls, seen = time.monotonic(), 0, set[Any]()
    try:
        _bound_files(process.pid, task.ceilings)
        while process.poll() is None:
            seen.update(descendants(process.pid))
            polls += 1
            spent = time.monotonic() - started
            why = _reached(process.pid, task.ceilings, spent, folder if polls % LOOKS == 0 else "")
            if why or stop.is_set():
                return why or "the sweep was ended."
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)
        return ""
    finally:
        _end(process, mark, seen)


def _bound_files(pid: int, ceilings: Ceilings) -> None:
    """No file that it writes may be larger: writing on raises OSError in the notebook."""
    if sys.platform == "linux":
        import resource

        size = ceilings.written_mib << 20
        with suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))


def _reached(pid: int, ceilings: Ceilings, spent: float, folder: str) -> str:
    """Which ceiling was reached, as a sentence; "" for none."""
    if spent > ceilings.seconds:
        return f"stopped after {ceilings.seconds:.0f} s (--time-limit)."
    group = descendants(pid)
    if len(group) > ceilings.processes:
        return f"stopped: it had more than {ceilings.processes} processes."
    if _uses_more(group, ceilings.memory_mib << 20):
        return f"stopped: it used more than {ceilings.memory_mib:,} MiB of memory (--memory-limit)."
    if folder and _size(folder) > ceilings.written_mib << 20:
        return f"stopped: its folder grew beyond {ceilings.written_mib:,} MiB."
    return ""


def _uses_more(group: list[Any], most: int) -> bool:
    """Whether processes use more bytes of memory together; pages that forks share count once, where that can
    be told."""
    if sum(map(_resident, group)) <= most:
        return False
    return sum(map(_share, group)) > most


def _resident(process: Any) -> int:
    import psutil

    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _share(process: Any) -> int:
    """Its memory, of shared pages its part."""
    import psutil

    with suppress(psutil.Error, AttributeError):  # another user's, or not Linux
        return int(process.memory_full_info().pss)
    return _resident(process)


def _size(folder: str) -> int:
    """Bytes that the files of a folder take on disk; links count for nothing."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                found = os.lstat(os.path.join(place, name))
                total += found.st_blocks * 512
    return total


def _end(process: subprocess.Popen[bytes], mark: str, seen: set[Any]) -> None:
    """Kill a process and all that it started. It is stopped meanwhile, and still adopts what is orphaned."""
    import psutil

    with suppress(psutil.Error):
        psutil.Process(process.pid).suspend()
    end_below(process.pid, mark, seen)
    with suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    process.wait()

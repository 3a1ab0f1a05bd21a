"""Starts the confined kernel of a whole notebook, has it run one cell after another, and believes little.

The kernel runs code that nobody has judged yet, so its answers are data: each needs the token of its request,
and a process that ends, says too much or says something twice has certified nothing.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cot_magic.core.errors import SandboxError
from cot_magic.sandbox import secret_places, wire
from cot_magic.sandbox.environment import secret_names
from cot_magic.sandbox.folder_copy import FolderCopy, copy_folder
from cot_magic.sandbox.machine import probe
from cot_magic.sandbox.notebook_kernel import MESSAGE_BYTES
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.scratch import ScratchFolder

START_S = 60.0
LEAST_MEMORY_MB = 2_048
FILE_MB = 1_024
START = """import sys
sys.path[:] = filter(None, sys.path)  # modules of the notebook's folder must not be taken for others
from cot_magic.sandbox.notebook_kernel import main
main()
"""
_OF_A_KERNEL = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT", "IPYKERNEL_CELL_NAME")
TOO_LATE, DIED, FORGED = "too late", "died", "forged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAnswer:
    """How one cell ended, as the kernel says, or why it says nothing.

    Attributes
    ----------
    lost
        `""`, or TOO_LATE, DIED or FORGED: the kernel is gone, and no other cell can run.
    changed
        What of IPython the cell has replaced; the kernel's word counts no more.
    reaches
        What in the cell could reach the code that judges it.
    """

    passed: bool = False
    lost: str = ""
    ename: str = ""
    evalue: str = ""
    lineno: int | None = None
    blocked: str = ""
    changed: str = ""
    reaches: str = ""
    effects: tuple[str, ...] = ()
    outputs: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0


class NotebookProcess:
    """Context manager: a fresh confined kernel in a copy of a folder. Leaving it ends every process of it.

    Parameters
    ----------
    folder
        Where the notebook is. It is copied; nothing is written to it.
    python
        The interpreter to run.
    allow
        What the person permits: `net`, `proc`, `write=PATH`.
    cpu_s
        CPU seconds of the whole notebook.
    unreadable
        Files that the notebook must not read, such as the connection file of a kernel.

    Raises SandboxError, with nothing run, where the confinement does not work.
    """

    def __init__(
        self,
        folder: Path,
        *,
        python: str = sys.executable,
        allow: Sequence[str] = (),
        cpu_s: int = 3_600,
        unreadable: Sequence[str] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        Permissions.parse(allow)
        self._folder, self._python, self._allow, self._cpu_s = folder, python, tuple(allow), cpu_s
        self._unreadable, self._environ = tuple(unreadable), environ
        self.withheld = secret_names(environ)
        self.seed = environ.get("PYTHONHASHSEED", "")
        if not self.seed.isdigit():
            self.seed = str(secrets.randbelow(1 << 32))
        self.version = ""
        self.copy = FolderCopy(path="")
        self._process: subprocess.Popen[bytes] | None = None
        self._lines = wire.Lines()
        self._heard: list[dict[str, Any]] = []
        self._size = 0

    def __enter__(self) -> "NotebookProcess":
        status = probe()
        if not status.available:
            raise SandboxError(f"no certificate: {status.reason}. Nothing was run.")
        self._scratch = ScratchFolder()
        self._ends = contextlib.ExitStack()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """End the process with all that it started, and remove its files."""
        process, self._process = self._process, None
        try:
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        finally:
            self._ends.close()
            self._scratch.remove()

    def run(self, source: str, seconds: float) -> CellAnswer:
        """Run one cell for at most so many seconds."""
        token, started = secrets.token_hex(16), time.monotonic()
        lost = self._ask({"source": source, "token": token})
        answer = lost or self._answer(token, started + seconds)
        took = round(time.monotonic() - started, 3)
        if isinstance(answer, str):
            return CellAnswer(lost=answer, seconds=took)
        return replace(_read(*answer), seconds=took)

    def keep(self, data: bytes) -> str:
        """Write a file that the notebook can read, outside of its folder; return its path there."""
        folder = os.path.join(self._scratch.path, "work")
        with tempfile.NamedTemporaryFile(dir=folder, prefix="values-", delete=False) as file:
            file.write(data)
        return file.name

    def finish(self, packages: Sequence[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Let the kernel end by itself. Return "" or why it does not count, and versions of packages."""
        token = secrets.token_hex(16)
        lost = self._ask({"packages": list(packages), "token": token})
        answer = lost or self._answer(token, time.monotonic() + START_S)
        if isinstance(answer, str):
            return answer, ()
        process = self._process
        assert process is not None
        try:
            status = process.wait(START_S)
        except subprocess.TimeoutExpired:
            return TOO_LATE, ()
        if status != 0 or self._pending():
            return DIED if status else FORGED, ()
        return "", tuple(_pairs(answer[1].get("packages")))

    # --- details --------------------------------------------------------------------------------------------

    def _start(self) -> None:
        scratch = os.path.join(self._scratch.path, "work")
        temporary = os.path.join(scratch, "tmp")
        os.mkdir(scratch, 0o700)
        os.mkdir(temporary, 0o700)
        self.copy = copy_folder(str(self._folder), os.path.join(scratch, "copy"))
        child_reads, self._requests = os.pipe()
        self._results, child_writes = os.pipe()
        for fd in (self._requests, self._results):
            self._ends.callback(os.close, fd)
        plan = {
            "requests": child_reads,
            "results": child_writes,
            "parent": os.getpid(),
            "scratch": scratch,
            "allow": self._allow,
            "withheld": sorted(self.withheld),
            "unreadable": (
                *(*self._unreadable, *self.copy.secret),
                *secret_places.of_project(str(self._folder)),
                *secret_places.of_environment(self._environ),
            ),
            "cpu_s": self._cpu_s,
            "memory_mb": max(LEAST_MEMORY_MB, _free_mb()),
            "file_mb": FILE_MB,
        }
        try:
            # on one file, not on a pipe: what C code prints cannot block it
            with tempfile.TemporaryFile(dir=self._scratch.path) as printed:
                self._process = subprocess.Popen(  # noqa: S603 - our own code, in an interpreter of the person
                    [self._python, "-c", START, json.dumps(plan)],
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    cwd=self.copy.path,
                    env=self._clean_environment(temporary),
                    pass_fds=(child_reads, child_writes),
                    start_new_session=True,
                )
        except OSError as error:
            why = f"{self._python} cannot be started ({error.strerror})"
            raise SandboxError(f"no certificate: {why}. Nothing was run.") from None
        finally:
            os.close(child_reads)
            os.close(child_writes)
        message = self._next(time.monotonic() + START_S)
        if isinstance(message, str) or "ready" not in message:
            why = str(message.get("failed", "")) if isinstance(message, dict) else "it did not start"
            raise SandboxError(f"no certificate: the confined kernel failed ({why[:300]}). Nothing was run.")
        self.version = str(message["ready"])[:40]

    def _clean_environment(self, temporary: str) -> dict[str, str]:
        kept = {name: value for name, value in self._environ.items() if name not in self.withheld}
        for name in _OF_A_KERNEL:
            kept.pop(name, None)
        return {**kept, "TMPDIR": temporary, "PYTHONHASHSEED": self.seed, "PWD": self.copy.path}

    def _ask(self, request: dict[str, Any]) -> str:
        """Send one request; return why that is not possible."""
        if self._process is None or self._pending():
            return DIED if self._process is None else FORGED
        self._size = 0
        data = wire.pack(request)
        while data:
            try:
                data = data[os.write(self._requests, data) :]
            except BrokenPipeError:
                return DIED
        return ""

    def _answer(self, token: str, deadline: float) -> tuple[dict[str, Any], dict[str, Any]] | str:
        """The verdict on a request and what comes with it, or why there is none."""
        verdict = self._next(deadline)
        if isinstance(verdict, str):
            return verdict
        if verdict.get("token") != token:
            return FORGED
        details = self._next(time.monotonic() + START_S)
        if isinstance(details, str):
            return details
        return FORGED if "token" in details else (verdict, details)

    def _next(self, deadline: float) -> dict[str, Any] | str:
        """The next message, or why there is none."""
        while not self._heard:
            left = deadline - time.monotonic()
            if left <= 0:
                return TOO_LATE
            if not wire.readable(self._results, min(left, 1.0)):
                continue
            data = os.read(self._results, 1 << 20)
            self._size += len(data)
            if not data:
                return DIED
            if self._size > 2 * MESSAGE_BYTES:
                return FORGED
            self._heard += self._lines.feed(data)
        return self._heard.pop(0)

    def _pending(self) -> bool:
        """Whether something was said that nobody asked for."""
        while wire.readable(self._results, 0):
            data = os.read(self._results, 1 << 20)
            if not data:
                break
            if data.strip():
                return True
        return bool(self._heard)


def _read(verdict: Mapping[str, Any], details: Mapping[str, Any]) -> CellAnswer:
    """An answer of exact types; anything else is as if it had not passed."""
    outputs = details.get("outputs")
    shown = (item for item in outputs if isinstance(item, dict)) if isinstance(outputs, list) else ()
    lineno = details.get("lineno")
    reaches = _word(verdict, "reaches", 200)
    return CellAnswer(
        passed=verdict.get("passed") is True,
        changed=_word(verdict, "changed", 200),
        reaches=reaches,
        ename=_word(details, "ename", 200),
        evalue=_word(details, "evalue", 2_000),
        lineno=lineno if type(lineno) is int else None,
        blocked=_word(details, "blocked", 500),
        effects=_words(details, "effects"),
        outputs=tuple(shown),
    )


def _pairs(data: Any) -> Iterator[tuple[str, str]]:
    for pair in data if isinstance(data, list) else ():
        if isinstance(pair, list) and len(pair) == 2:
            yield str(pair[0])[:60], str(pair[1])[:40]


def _word(message: Mapping[str, Any], key: str, most: int) -> str:
    value = message.get(key)
    return value[:most] if type(value) is str else ""


def _words(message: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = message.get(key)
    return tuple(item[:300] for item in value if type(item) is str) if isinstance(value, list) else ()


def _free_mb() -> int:
    with open("/proc/meminfo") as file:
        found = next((int(line.split()[1]) for line in file if line.startswith("MemAvailable:")), 0)
    return found >> 10

"""Jobs in new processes that the operating system confines, where Linux's own means are missing.

Each job has a process of its own, which holds nothing of the kernel: it has to run the cells that it needs.
"""

import os
import re
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import lru_cache
from subprocess import TimeoutExpired
from typing import IO, Any

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobResult, Limits, Outcome, SandboxStatus
from cot_magic.sandbox import mirror, near, rebind, wire
from cot_magic.sandbox.amounts import wrote_too_much
from cot_magic.sandbox.bounds import PACKAGES, Bounds, bounds
from cot_magic.sandbox.environment import redacted, secret_names, secrets_of_environment
from cot_magic.sandbox.means import UNCONFINED, ConfinedProcess, Means, means_here
from cot_magic.sandbox.own_check import OutOfReach
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.told import Ending, Told, how_it_ended

START_SECONDS = 60.0
"""For the start of an interpreter on a busy machine, before a job counts as one that did not begin."""
LOOK_SECONDS = 0.02
LOOK_AT_FILES_SECONDS = 0.2
AT_A_TIME = 2
FIRST_SIGNAL = 128  # added to a signal's number by a program that tells how the one ended that it started
LAST_SIGNAL = 64
NO_MEANS = "this system has no means to confine a new process"
UNCONFINED_NOTE = "`--allow unconfined` runs experiments with all your rights"
BOOT = "import sys; sys.path.append(sys.argv.pop()); from cot_magic.sandbox.only_job import main; main()"
PIECE = 65_536
NAMED = re.compile(r"'([^'\n]+)'$")
"""The path at the end of what an error of a file says."""


def means_for(permissions: Permissions) -> Means | str:
    """What confines new processes here, after a trial; else nothing does, if the person permitted that; else
    the reason why nothing runs."""
    trouble, means = _trial(), means_here()
    if means is not None and not trouble:
        return means
    return UNCONFINED if permissions.unconfined else f"{trouble}; {UNCONFINED_NOTE}"


@lru_cache(maxsize=1)
def _trial() -> str:
    """Why the means of this system do not work, tried with a job that does nothing; else an empty string."""
    means = means_here()
    if means is None:
        return NO_MEANS
    (result,) = NewProcesses(None, means, ()).run([Job(steps=())])
    return "" if result.outcome is Outcome.PASSED else f"{means.name} does not work here ({result.note})"


class NewProcesses:
    """A Sandbox each of whose jobs runs in a new process.

    Parameters
    ----------
    shell
        The InteractiveShell of the kernel, or None.
    allow
        What all jobs may do. Raises SandboxError for what there is no such permission.
    """

    def __init__(self, shell: Any, means: Means, allow: tuple[str, ...]) -> None:
        Permissions.parse(allow)
        self._shell, self._means, self._allow = shell, means, allow
        self._live: set[ConfinedProcess] = set()
        self._status = SandboxStatus(available=True, confined=means.confines)

    def status(self) -> SandboxStatus:
        return self._status

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """Run the jobs, two at a time, and return their results in order. Raises SandboxError once closed.

        A KeyboardInterrupt stops running jobs and is raised again.
        """
        if not self._status.available:
            raise SandboxError(f"{self._status.reason}. No generated code was run.")
        with ThreadPoolExecutor(AT_A_TIME, "cot-magic-new-process") as pool:
            waiting = [pool.submit(self._result_of, job) for job in jobs]
            try:
                return tuple(one.result() for one in waiting)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise

    def close(self) -> None:
        """End what runs. May be called repeatedly."""
        self._status = SandboxStatus(
            available=False, confined=self._means.confines, reason="the process was closed"
        )
        self._stop()

    def _stop(self) -> None:
        for process in list(self._live):
            process.kill()

    def _result_of(self, job: Job) -> JobResult:
        result = self._run(job)
        if job.copies_folder and mirror.wanted(result):
            return mirror.joined(result, self._run(job, mirrored=True))
        return result

    def _run(self, job: Job, *, mirrored: bool = False) -> JobResult:
        told = Told(job, key := secrets.token_hex(16).encode())
        begun = time.monotonic()
        try:
            with folders() as root, outside(root) as what:
                limits = self._bounds_of(job, root)
                process = self._means.start(limits, _command(), _environment(job, root))
                self._live.add(process)
                try:
                    _order(
                        process, self._order(job, root, key, what if self._means.confines else None, mirrored)
                    )
                    stopped, code = _watched(process, told, job.limits, os.path.join(root, "job"))
                finally:
                    process.kill()
                    self._live.discard(process)
        except (OSError, ValueError) as error:
            note = f"nothing was run: no new process could be started: {error}"
            return JobResult(outcome=Outcome.BLOCKED, note=note[:500])
        ended = how_it_ended(code, job.limits.cpu_s) if code else None
        result = told.result(stopped, ended, time.monotonic() - begun)
        found: JobResult = from_json(JobResult, redacted(to_json(result), secrets_of_environment()))
        return _unless_hidden(found)

    def _bounds_of(self, job: Job, root: str) -> Bounds:
        permissions = Permissions.parse((*self._allow, *job.allow))
        writable = (os.path.join(root, "job"), os.path.join(root, "ipython"))
        if sys.platform == "win32" or not self._means.confines:
            return Bounds(permissions=permissions, writable=writable, closed=(), needed=())
        names = {} if self._shell is None else self._shell.user_ns
        only = None if job.reads is None else near.readable(job.reads, names)
        found = bounds(permissions, writable, connection=rebind.connection_file(self._shell), only=only)
        planted = os.path.join(root, PLANTED)
        return Bounds(
            permissions=permissions,
            writable=found.writable,
            closed=(*found.closed, planted),
            needed=found.needed,
            only=only,
        )

    def _order(
        self, job: Job, root: str, key: bytes, what: OutOfReach | None, mirrored: bool
    ) -> dict[str, Any]:
        return {
            "job": to_json(job),
            "allow": [*self._allow, *job.allow],
            "scratch": os.path.join(root, "job"),
            "key": key.decode(),
            "outside": None if what is None else asdict(what),
            "mirrored": mirrored,
            "withheld": sorted(secret_names(os.environ)),
            "awaits": getattr(self._shell, "kernel", None) is not None,
            "pid": os.getpid(),
        }


# --- what lies around a job ---------------------------------------------------------------------------------

PLANTED = "planted"
"""A file that no job may read."""


@contextmanager
def folders() -> Iterator[str]:
    """The real path of a new folder, with those in it that a job may write: `job` and `ipython`."""
    with tempfile.TemporaryDirectory(prefix="cot-magic-", ignore_cleanup_errors=True) as made:
        root = os.path.realpath(made)
        for name in ("job", "ipython"):
            os.mkdir(os.path.join(root, name), 0o700)
        yield root


@contextmanager
def outside(root: str) -> Iterator[OutOfReach]:
    """What the process of a job tries to reach before it is given one."""
    secret, planted = secrets.token_hex(16), os.path.join(root, PLANTED)
    with open(planted, "x", encoding="utf-8") as file:
        file.write(secret)
    with socket.create_server(("127.0.0.1", 0)) as listening, _local(root) as local:
        port = listening.getsockname()[1]
        yield OutOfReach(folder=root, file=planted, secret=secret, port=port, local=local, pid=os.getpid())


@contextmanager
def _local(root: str) -> Iterator[str]:
    """The path of a unix socket that listens, or an empty string where there are none."""
    family, path = getattr(socket, "AF_UNIX", None), os.path.join(root, "socket")
    if family is None or len(path) > 100:  # the longest that a socket can have
        yield ""
        return
    with socket.socket(family) as listening:
        listening.bind(path)
        listening.listen()
        yield path


def _unless_hidden(result: JobResult) -> JobResult:
    """The result; BLOCKED if it is about a missing file that is there, and was hidden from the process."""
    raised = result.raised if result.outcome is Outcome.RAISED else None
    path = NAMED.search(raised.evalue) if raised is not None and raised.ename == "FileNotFoundError" else None
    if path is None or not os.path.lexists(path[1]):
        return result
    return replace(result, outcome=Outcome.BLOCKED, note=f"not permitted in a sandboxed copy ({path[0]})")


def _command() -> list[str]:
    # `-P`: a module in the working directory must not be imported before the confinement is checked
    return [sys.executable, "-P", "-c", BOOT, PACKAGES]


def _environment(job: Job, root: str) -> dict[str, str]:
    withheld, scratch = secret_names(os.environ), os.path.join(root, "job")
    seed = job.conditions.hash if job.conditions is not None else None
    kept = {name: value for name, value in os.environ.items() if name not in withheld}
    return {
        **kept,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch),
        **dict.fromkeys(rebind.ONE_THREAD, "1"),
        "IPYTHONDIR": os.path.join(root, "ipython"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": str(seed or 0),
    }


def _order(process: ConfinedProcess, message: dict[str, Any]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:  # it has ended: what it said tells why
        pipe.write(wire.pack(message).lstrip())
        pipe.flush()


def _watched(process: ConfinedProcess, told: Told, limits: Limits, scratch: str) -> tuple[Ending | None, int]:
    """Read what it says until it ends. Returns why it was stopped, if it was, and its exit code."""
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=_read, args=(process.stdout, told.hear), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, told.read), daemon=True),
    ]
    for reader in readers:
        reader.start()
    stopped, code = None, None
    started = looked = time.monotonic()
    began = 0.0
    while code is None and stopped is None:
        with suppress(TimeoutExpired):
            code = process.wait(LOOK_SECONDS)
        now = time.monotonic()
        began = began or (now if told.began else 0.0)
        if code is None:
            stopped = told.too_much() or _too_late(now, started, began, limits)
        if stopped is None and code is None and now - looked > LOOK_AT_FILES_SECONDS:
            looked, why = now, wrote_too_much(scratch, limits.file_mb)
            stopped = (Outcome.BLOCKED, why) if why else None
    process.kill()
    code = process.wait() if code is None else code
    for reader in readers:
        reader.join(1.0)
    return stopped, FIRST_SIGNAL - code if FIRST_SIGNAL < code <= FIRST_SIGNAL + LAST_SIGNAL else code


def _too_late(now: float, started: float, began: float, limits: Limits) -> Ending | None:
    if not began and now - started > START_SECONDS:
        return Outcome.BLOCKED, f"nothing was run: the new process was not ready within {START_SECONDS:g} s"
    if began and now - began > limits.wall_s:
        return Outcome.TIMED_OUT, f"stopped after {limits.wall_s:g} s"
    return None


def _read(stream: IO[bytes], take: Any) -> None:
    with suppress(OSError, ValueError), stream:
        while data := os.read(stream.fileno(), PIECE):
            take(data)

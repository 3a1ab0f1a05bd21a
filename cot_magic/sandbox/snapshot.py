"""Snapshots: parks a copy of the kernel as it is now, and runs jobs in confined copies of that copy."""

import atexit
import os
import signal
import socket
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.errors import RecordingError, SandboxError
from cot_magic.core.jobs import Job, JobResult, Outcome, SandboxStatus
from cot_magic.sandbox import machine, wire
from cot_magic.sandbox.machine import probe
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.steps import Describe

if sys.platform == "linux":
    from cot_magic.sandbox import quarantine  # early: it records the descriptors of the kernel itself
if TYPE_CHECKING:
    from cot_magic.sandbox.scratch import ScratchFolder

# other modules that need Linux are imported where they are used, so that a NoSandbox works everywhere
__all__ = ["Describe", "NoSandbox", "Snapshot", "in_child", "park", "park_after", "probe"]

SIZE_LIMIT_MB = 2048
READY_SECONDS = 5.0
SPARE_SECONDS = 20.0  # for setup on a busy machine, on top of the jobs' limits, before giving up on a copy
SPARE_SECONDS_A_JOB = 2.0
AFTER = "no copy of the kernel was made before the cell ran, so this runs on the state after the failure"

_in_child = False
_open: "weakref.WeakSet[Snapshot]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for snapshot in list(_open):
        snapshot.close()


def in_child() -> bool:
    """True in every copy of the kernel; hooks of cot-magic then return at once."""
    return _in_child


def park(
    shell: Any, *, describe: Describe, allow: tuple[str, ...] = (), size_limit_mb: int = SIZE_LIMIT_MB
) -> "Snapshot | NoSandbox":
    """Fork a copy of this process that waits with the current state; call it before a cell runs.

    Returns at once: the copy sets itself up while the cell runs.

    Parameters
    ----------
    shell
        The InteractiveShell.
    describe
        Makes a `Raised` from an exception and a mapping of file names to cells. Runs in the copies.
    allow
        What all jobs may do: `net`, `proc`, `write=PATH`. Raises SandboxError for anything else.
    size_limit_mb
        Above this resident size no copy is made: a fork copies the page tables, and the kernel then pays for
        each page that it writes.
    """
    return _park(shell, describe, allow, size_limit_mb, SandboxStatus(available=True))


def park_after(
    shell: Any,
    *,
    describe: Describe,
    allow: tuple[str, ...] = (),
    size_limit_mb: int = SIZE_LIMIT_MB,
    reason: str = AFTER,
) -> "Snapshot | NoSandbox":
    """The same after the cell failed, if there is no copy from before it; the status says so."""
    return _park(
        shell, describe, allow, size_limit_mb, SandboxStatus(available=True, state="after", reason=reason)
    )


class NoSandbox:
    """The Sandbox of a kernel that cannot be copied: gives the reason and runs nothing."""

    def __init__(self, reason: str) -> None:
        self._status = SandboxStatus(available=False, reason=reason)

    def status(self) -> SandboxStatus:
        return self._status

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """Raises SandboxError."""
        raise SandboxError(f"{self._status.reason}. No generated code was run.")

    def close(self) -> None:
        """Do nothing."""


class Snapshot:
    """A parked copy of the kernel: a Sandbox whose jobs all start from the same state."""

    def __init__(
        self, pid: int, control: socket.socket, status: SandboxStatus, allow: tuple[str, ...]
    ) -> None:
        self._owner, self._pid, self._control = os.getpid(), pid, control
        self._gone_because = ""
        self._status, self._allow = status, allow
        self._scratch: ScratchFolder | None = None
        self._lines = wire.Lines()
        self._runs = 0
        self._busy = threading.Lock()
        self._interrupted = False
        self._pidfd = os.pidfd_open(pid)
        _open.add(self)

    def __del__(self) -> None:
        self.close()

    def status(self) -> SandboxStatus:
        return self._status

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """Run the jobs and return their results in order. Raises SandboxError if the copy is already gone.

        Two jobs may run at a time. A KeyboardInterrupt stops running jobs, leaves the snapshot usable and is
        raised again.
        """
        with self._busy:
            if not self._status.available:
                raise SandboxError(f"{self._status.reason}. No generated code was run.")
            if not jobs:
                return ()
            self._runs += 1
            if self._scratch is None:
                from cot_magic.sandbox.scratch import ScratchFolder

                self._scratch = ScratchFolder()
            message = {
                "run": self._runs,
                "jobs": [to_json(job) for job in jobs],
                "scratch": self._scratch.path,
                "allow": self._allow,
            }
            try:
                self._send(wire.pack(message))
                return self._collect(jobs)
            except BaseException:
                self._send(wire.pack({"cancel": self._runs}))
                self._interrupted = True
                raise

    def close(self) -> None:
        """Kill the copy and its jobs, reap it and remove its files. May be called repeatedly."""
        if self._pid == 0 or os.getpid() != self._owner:
            return  # closed, or in a process that the user forked
        pid, self._pid = self._pid, 0
        self._status = SandboxStatus(
            available=False, state=self._status.state, reason=self._gone_because or "the copy was closed"
        )
        self._control.close()
        if self._interrupted:  # when its control socket closes it stops and reaps running jobs
            wire.readable(self._pidfd, 1.0)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        _reap(pid, self._pidfd)
        if self._scratch is not None:
            self._scratch.remove()

    # --- the conversation -----------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the copy is gone; `_collect` reports it
            self._control.sendall(data)

    def _collect(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        found: dict[int, JobResult] = {}
        spare = SPARE_SECONDS + SPARE_SECONDS_A_JOB * len(jobs)
        deadline = time.monotonic() + spare + sum(job.limits.wall_s for job in jobs)
        secrets = quarantine.secrets_of_environment()
        while len(found) < len(jobs):
            left = deadline - time.monotonic()
            if left <= 0 or not wire.readable(self._control.fileno(), left):
                self._give_up("the copy stopped responding")
                break
            try:
                data = self._control.recv(262_144)
            except ConnectionResetError:
                data = b""
            if not data:
                self._give_up("the copy of the kernel died")
                break
            for message in self._lines.feed(data):
                if message.get("run") == self._runs and "result" in message:
                    found[message["index"]] = _result(message["result"], secrets)
        lost = JobResult(outcome=Outcome.BLOCKED, note=self._gone_because)
        return tuple(found.get(index, lost) for index in range(len(jobs)))

    def _give_up(self, reason: str) -> None:
        self._gone_because = reason
        self.close()


def _park(
    shell: Any, describe: Describe, allow: tuple[str, ...], size_limit_mb: int, status: SandboxStatus
) -> Snapshot | NoSandbox:
    Permissions.parse(allow)
    if _in_child:
        return NoSandbox("a copy cannot be copied again")
    reason = machine.why_not_fork(size_limit_mb)
    if reason is None and not (tried := probe()).available:
        reason = tried.reason
    if reason is not None:
        return NoSandbox(reason)
    return _fork(shell, describe, allow, status)


def _fork(
    shell: Any, describe: Describe, allow: tuple[str, ...], status: SandboxStatus
) -> Snapshot | NoSandbox:
    global _in_child
    from cot_magic.sandbox.parked import INTERRUPTS, serve

    machine.quiet_fork_warning()
    must_wait = quarantine.shares_something()
    ours, theirs = socket.socketpair()
    kernel_pid = os.getpid()
    with _blocked(INTERRUPTS):
        try:
            pid = os.fork()
        except OSError as error:
            ours.close()
            theirs.close()
            return NoSandbox(f"the kernel could not be copied: {error.strerror}")
        if pid == 0:
            _in_child = True
            serve(shell, describe, theirs.detach(), kernel_pid)
        theirs.close()
        snapshot = Snapshot(pid, ours, status, allow)
    if must_wait and not wire.readable(ours.fileno(), READY_SECONDS):
        snapshot.close()
        return NoSandbox("the copy was not ready in time")
    return snapshot


@contextmanager
def _blocked(signals: frozenset[signal.Signals]) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reap(pid: int, pidfd: int) -> None:
    """Wait for a killed copy to end; in another thread if it takes long because it frees much memory."""

    def wait() -> None:
        with suppress(ChildProcessError):  # the user's own os.wait() has reaped it
            os.waitpid(pid, 0)
        os.close(pidfd)

    if wire.readable(pidfd, 0.02):
        wait()
    else:
        threading.Thread(target=wait, name="cot-magic-reaper", daemon=True).start()


def _result(data: Any, secrets: Sequence[tuple[str, str]]) -> JobResult:
    """The result with the values of secret environment variables removed from all its strings."""
    try:
        result: JobResult = from_json(JobResult, _redacted(data, secrets))
    except RecordingError as error:
        return JobResult(outcome=Outcome.BLOCKED, note=f"malformed result: {error}"[:300])
    return result


def _redacted(data: Any, secrets: Sequence[tuple[str, str]]) -> Any:
    if isinstance(data, str):
        for name, value in secrets:
            data = data.replace(value, f"[{name}]")
        return wire.plain(data)
    if isinstance(data, list):
        return [_redacted(item, secrets) for item in data]
    if isinstance(data, dict):
        return {key: _redacted(item, secrets) for key, item in data.items()}
    return data

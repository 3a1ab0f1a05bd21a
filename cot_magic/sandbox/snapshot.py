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
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.errors import RecordingError, SandboxError
from cot_magic.core.jobs import Job, JobResult, Outcome, SandboxStatus
from cot_magic.sandbox import busy, libraries, machine, wire
from cot_magic.sandbox.environment import redacted, secrets_of_environment
from cot_magic.sandbox.machine import probe
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.steps import Autopsy, Describe

if sys.platform == "linux":
    from cot_magic.sandbox import quarantine  # early: it records the descriptors of the kernel itself
if TYPE_CHECKING:
    from cot_magic.sandbox.new_process import NewProcesses
    from cot_magic.sandbox.scratch import ScratchFolder

# other modules that need Linux are imported where they are used, so that a NoSandbox works everywhere
__all__ = ["Describe", "NoSandbox", "Snapshot", "begin", "in_child", "park", "park_after", "probe"]

SIZE_LIMIT_MB = 2048
READY_SECONDS = 5.0
SPARE_SECONDS = 20.0  # for setup on a busy machine, on top of the jobs' limits, before giving up on a copy
SPARE_SECONDS_A_JOB = 2.0
IMPORT_SECONDS = 60.0  # the same, for a new process that imports large libraries first
AFTER = "no copy of the kernel was made before the cell ran, so this runs on the state after the failure"

ANY_SEED = 0  # of hashes in a new process, if none is asked for
_in_child = False
_open: "weakref.WeakSet[Closable]" = weakref.WeakSet()


class Closable(Protocol):
    """A copy of the kernel that must not outlive it."""

    def close(self) -> None: ...


def close_at_exit(copy: Closable) -> None:
    """Close that copy when the kernel ends, unless it is closed before."""
    _open.add(copy)


@atexit.register
def _close_all() -> None:
    for copy in list(_open):
        copy.close()


def in_child() -> bool:
    """True in every copy of the kernel; hooks of cot-magic then return at once."""
    return _in_child


def be_child() -> None:
    """Note that this process is a copy, so that hooks return at once."""
    global _in_child
    _in_child = True


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
        What all jobs may do: `net`, `proc`, `write=PATH`, `unconfined`. Raises SandboxError for others.
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
    autopsy: Autopsy | None = None,
) -> "Snapshot | NoSandbox":
    """The same after the cell failed, if there is no copy from before it; the status says so.

    `autopsy` is what a job with `examine` runs: the exception that it holds is alive in the copies.
    """
    status = SandboxStatus(available=True, state="after", reason=reason)
    return _park(shell, describe, allow, size_limit_mb, status, autopsy)


def begin(
    shell: Any, *, describe: Describe, allow: tuple[str, ...] = (), size_limit_mb: int = SIZE_LIMIT_MB
) -> "Snapshot | NewProcesses | NoSandbox":
    """Start a new interpreter for jobs, confined like those of a copy, where the kernel cannot be copied.

    Where such a confinement is missing, each job has a new process that the operating system confines.

    Nothing of the kernel is in it: jobs have to run the cells that they need, and `describe` and
    `size_limit_mb` say nothing to it. The parameters are those of `park`.
    """
    permissions = Permissions.parse(allow)
    if _in_child:
        return NoSandbox("a copy cannot be copied again")
    if not probe().available:
        from cot_magic.sandbox import new_process

        means = new_process.means_for(permissions)
        return NoSandbox(means) if isinstance(means, str) else new_process.NewProcesses(shell, means, allow)
    try:
        awaits = getattr(shell, "kernel", None) is not None
        return _begin(ANY_SEED, allow, awaits=awaits, imports=libraries.ahead())
    except SandboxError as error:
        return NoSandbox(str(error))


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
        self,
        pid: int,
        control: socket.socket,
        status: SandboxStatus,
        allow: tuple[str, ...],
        *,
        awaits: bool = False,
        imports: bool = False,
    ) -> None:
        self._owner, self._pid, self._control = os.getpid(), pid, control
        self._gone_because = ""
        self._setup_s = IMPORT_SECONDS if imports else SPARE_SECONDS
        self._awaits = awaits  # whether an event loop runs while its cells run
        self._status, self._allow = status, allow
        self._scratch: ScratchFolder | None = None
        self._lines = wire.Lines()
        self._runs = 0
        self._busy = threading.Lock()
        self._interrupted = False
        self._pidfd = os.pidfd_open(pid)
        close_at_exit(self)

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
            if any(job.conditions is not None and job.conditions.hash is not None for job in jobs):
                from cot_magic.sandbox import fresh

                return fresh.run_in_new_processes(jobs, self._new_process)
            self._runs += 1
            if self._scratch is None:
                from cot_magic.sandbox.scratch import ScratchFolder

                try:
                    self._scratch = ScratchFolder()
                except OSError as error:
                    raise SandboxError(
                        f"no folder for temporary files: {error.strerror or error}: {error.filename}."
                        " Set TMPDIR to one that can be written. No generated code was run."
                    ) from error
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
        if self._interrupted or self._runs:  # when its control socket closes it reaps jobs and spares
            wire.readable(self._pidfd, 1.0)
        kill(self._pidfd)
        _reap(pid, self._pidfd)
        if self._scratch is not None:
            self._scratch.remove()

    def _new_process(self, hash_seed: int) -> "Snapshot":
        """A copy of nothing: a new interpreter that runs jobs as this one does. Raises SandboxError."""
        return _begin(hash_seed, self._allow, awaits=self._awaits)

    # --- the conversation -----------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the copy is gone; `_collect` reports it
            self._control.sendall(data)

    def _collect(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        found: dict[int, JobResult] = {}
        spare = self._setup_s + SPARE_SECONDS_A_JOB * len(jobs)
        deadline = time.monotonic() + spare + busy.STRETCH * sum(job.limits.wall_s for job in jobs)
        secrets = secrets_of_environment()
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
                index = message.get("index")
                if type(index) is not int or index not in range(len(jobs)):
                    continue
                if message.get("run") == self._runs and "result" in message:
                    found[index] = _result(message["result"], secrets)
        lost = JobResult(outcome=Outcome.BLOCKED, note=self._gone_because)
        return tuple(found.get(index, lost) for index in range(len(jobs)))

    def _give_up(self, reason: str) -> None:
        self._gone_because = reason
        self.close()


def _begin(
    hash_seed: int, allow: tuple[str, ...], *, awaits: bool, imports: tuple[str, ...] = ()
) -> Snapshot:
    from cot_magic.sandbox import fresh

    try:
        pid, control = fresh.spawn(hash_seed, awaits=awaits, imports=imports)
    except OSError as error:
        raise SandboxError(f"no new process could be started: {error.strerror}.") from error
    status = SandboxStatus(available=True)
    return Snapshot(pid, control, status, allow, awaits=awaits, imports=bool(imports))


def _park(
    shell: Any,
    describe: Describe,
    allow: tuple[str, ...],
    size_limit_mb: int,
    status: SandboxStatus,
    autopsy: Autopsy | None = None,
) -> Snapshot | NoSandbox:
    Permissions.parse(allow)
    if _in_child:
        return NoSandbox("a copy cannot be copied again")
    reason = machine.why_not_fork(size_limit_mb, only_looks=autopsy is not None)
    if reason is None and not (tried := probe()).available:
        reason = tried.reason
    if reason is not None:
        return NoSandbox(reason)
    return _fork(shell, describe, allow, status, autopsy)


def _fork(
    shell: Any, describe: Describe, allow: tuple[str, ...], status: SandboxStatus, autopsy: Autopsy | None
) -> Snapshot | NoSandbox:
    global _in_child
    from cot_magic.sandbox.exact import GeneratorStates
    from cot_magic.sandbox.lost import running_programs, threads_of_the_person
    from cot_magic.sandbox.parked import INTERRUPTS, Kernel, serve

    machine.quiet_fork_warning()
    must_wait = quarantine.shares_something()
    kernel = Kernel(
        pid=os.getpid(),
        generators=GeneratorStates((shell.user_ns,)),
        threads=threads_of_the_person(),
        programs=running_programs(shell.user_ns),
        autopsy=autopsy,
    )
    with ExitStack() as sockets, blocked(INTERRUPTS):
        ours, theirs = map(sockets.enter_context, socket.socketpair())
        try:
            pid = os.fork()
        except OSError as error:
            return NoSandbox(f"the kernel could not be copied: {error.strerror}")
        if pid == 0:
            _in_child = True
            serve(shell, describe, theirs.detach(), kernel)
        theirs.close()
        awaits = getattr(shell, "kernel", None) is not None
        snapshot = Snapshot(pid, ours, status, allow, awaits=awaits)
        sockets.pop_all()
    if must_wait and (trouble := _trouble_of(ours)):
        snapshot.close()
        return NoSandbox(trouble)
    return snapshot


def _trouble_of(control: socket.socket) -> str:
    """Wait until the copy shares nothing any more; why it cannot be used, or an empty string."""
    if not wire.readable(control.fileno(), READY_SECONDS):
        return "the copy was not ready in time"
    said = control.recv(1_000).decode(errors="replace")
    return "" if said == "\n" else f"the kernel could not be copied: {said.strip() or 'the copy ended'}"


@contextmanager
def blocked(signals: frozenset[signal.Signals]) -> Iterator[None]:
    """Hold these signals back meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reap(pid: int, pidfd: int) -> None:
    """Wait for a killed copy to end; in another thread if it takes long because it frees much memory."""

    if wire.readable(pidfd, 0.02):
        wait_for(pid, pidfd)
    else:
        threading.Thread(target=wait_for, args=(pid, pidfd), name="cot-magic-reaper", daemon=True).start()


def kill(pidfd: int) -> None:
    """Kill a copy."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def wait_for(pid: int, pidfd: int) -> None:
    """Wait until a killed copy has ended."""
    with suppress(ChildProcessError):  # the user's own os.wait() has reaped it
        os.waitpid(pid, 0)
    os.close(pidfd)


def _result(data: Any, secrets: Sequence[tuple[str, str]]) -> JobResult:
    """The result with the values of secret environment variables removed from all its strings."""
    try:
        result: JobResult = from_json(JobResult, redacted(data, secrets))
    except RecordingError as error:
        return JobResult(outcome=Outcome.BLOCKED, note=f"malformed result: {error}"[:300])
    return result

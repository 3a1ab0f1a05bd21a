"""One job as the parked copy sees it: its process, its limits, its end."""

import contextlib
import os
import re
import signal
import stat
import time

from cot_magic.core.jobs import Job, JobResult, Outcome
from cot_magic.sandbox import busy, mirror, wire
from cot_magic.sandbox.amounts import MOST_ENTRIES, wrote_too_much
from cot_magic.sandbox.child import MOST_THREADS
from cot_magic.sandbox.scratch import Removals
from cot_magic.sandbox.spare import Started
from cot_magic.sandbox.told import Ending, Told, how_it_ended

PIECE = 65_536
LOOK_SECONDS = 0.2
"""Between two looks at what a job takes."""
PF_EXITING = 0x4
MOST_LOOKS = 50
"""At a job that says that it ends: one that says so and goes on is waited for as any other."""


class RunningJob:
    """A job that was started: its process, its two pipes, and what has arrived so far."""

    def __init__(
        self, job: Job, started: Started, removals: Removals, *, mirrored: bool = False, proc: bool = False
    ) -> None:
        self._removals, self._lock, self._proc = removals, started.lock, proc
        self._looks, self.frees_memory = 0, False
        self.removal: int | None = None  # a descriptor that is readable when its folder is removed
        self.job, self.scratch, self.started = job, started.scratch, time.monotonic()
        self.pid, self.result_fd, self.output_fd = started.pid, started.result_fd, started.output_fd
        self._had_waited = busy.waited(self.pid)
        self.pidfd = os.pidfd_open(self.pid)
        for fd in (self.result_fd, self.output_fd):
            os.set_blocking(fd, False)
        self.descriptors = {self.result_fd, self.output_fd, self.pidfd}
        self._told = Told(job, started.key)
        self._most_entries = MOST_ENTRIES + (mirror.MOST_ENTRIES if mirrored else 0)
        self._looked = self.started

    @property
    def deadline(self) -> float:
        """When it is to be looked at again for its time: what it waited for a processor is added then."""
        wall_s = self.job.limits.wall_s
        if time.monotonic() < self.started + wall_s:
            return self.started + wall_s
        return self.started + wall_s + busy.allowance(wall_s, self.pid, self._had_waited)

    @property
    def is_leaving(self) -> bool:
        """Whether it says that it ends now, so that `has_left` may soon be true."""
        return self._told.ends and self._looks < MOST_LOOKS and not self._proc

    def has_left(self) -> bool:
        """Whether it has ended with status 0 and only its memory is being freed, which takes a while.

        With `--allow proc` that is never so, as processes of its own may go on.
        """
        if self.is_leaving:
            self._looks += 1
            self.frees_memory = _frees_its_memory(self.pid)
        return self.frees_memory

    @property
    def began(self) -> bool:
        """Whether code of the job may have run."""
        return self._told.began

    def collect(self, fd: int) -> bool:
        """Read what is available on one of the pipes; False at its end."""
        try:
            data = os.read(fd, PIECE)
        except BlockingIOError:
            return True
        if fd == self.result_fd:
            self._told.hear(data)
        else:
            self._told.read(data)
        return bool(data)

    def overstepped(self, now: float) -> Ending | None:
        """The outcome and note if the job exceeds a limit, else None."""
        limits = self.job.limits
        if now >= self.deadline:
            return Outcome.TIMED_OUT, f"stopped after {limits.wall_s:g} s"
        if (excess := self._told.too_much()) is not None:
            return excess
        if now - self._looked < LOOK_SECONDS:
            return None
        self._looked = now
        return self._took_too_much(limits.file_mb)

    def _took_too_much(self, file_mb: int) -> Ending | None:
        """The same for threads and files, which take a while to count."""
        if _threads(self.pid) > MOST_THREADS:
            return Outcome.BLOCKED, f"stopped: it has more than {MOST_THREADS} threads"
        if _keeps_messages(self.pid):
            return Outcome.BLOCKED, "stopped: it keeps descriptors of files in messages"
        deleted = _deleted(self.pid, os.fsencode(self.scratch), file_mb << 20)
        why = wrote_too_much(self.scratch, file_mb, most=self._most_entries, deleted=deleted)
        return (Outcome.BLOCKED, why) if why else None

    def end(self, stopped: Ending | None = None) -> JobResult:
        """Kill what is left of the job, clean up, and return how it ended.

        It is reaped, unless it has left: then whoever has its `pidfd` is to do that.
        """
        code, cpu_seconds = (0, 0.0) if self.frees_memory else self._killed()
        for fd in (self.result_fd, self.output_fd):
            while wire.readable(fd, 0) and self.collect(
                fd
            ):  # drain the pipes; nobody writes to them any more
                pass
        for fd in (self.result_fd, self.output_fd, *(() if self.frees_memory else (self.pidfd,))):
            os.close(fd)
        why = wrote_too_much(self.scratch, self.job.limits.file_mb, most=self._most_entries)
        self.removal = self._removals.remove(self.scratch)
        if self._lock is not None:
            os.close(self._lock)
        seconds = time.monotonic() - self.started
        ended = how_it_ended(code, self.job.limits.cpu_s, cpu_seconds) if code else None
        if why:  # also if it ended before anybody looked
            stopped = ended = stopped or (Outcome.BLOCKED, why)
        return self._told.result(stopped, ended, seconds)

    def _killed(self) -> tuple[int, float]:
        """The exit code and the seconds of CPU time of the job, which is killed if it has not ended."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        _reap_group(self.pid)
        return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def _frees_its_memory(pid: int) -> bool:
    """Whether a process with one thread has ended with status 0, and runs nothing any more.

    Once its memory is no longer its own, its exit status is set (`do_exit` in Linux, proc_pid_stat(5)). That
    is shown as 0 to whoever may not see it, so that is asked in between.
    """
    try:
        if not _is_past_its_memory(pid):
            return False
        os.readlink(f"/proc/{pid}/cwd")
        return _is_past_its_memory(pid)
    except OSError:
        return False  # it is gone altogether, or hidden: wait for it


def _is_past_its_memory(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rsplit(b")", 1)[1].split()
    flags, threads, size, status = (int(fields[number - 3]) for number in (9, 20, 23, 52))
    return bool(flags & PF_EXITING) and threads == 1 and size == 0 and status == 0


def _reap_group(group: int) -> None:
    """Reap orphaned children of the job: the parked copy is their subreaper."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, 0)[0]:
            pass


def _deleted(pid: int, scratch: bytes, most: int) -> int:
    """The size in bytes of the files that a process has open or mapped and that no folder lists any more.

    The size of those that are only mapped is not known: each counts as the largest that it may be, `most`.
    """
    total, known = 0, set[int]()
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                found = descriptor.stat()
                if found.st_nlink == 0 and stat.S_ISREG(found.st_mode) and found.st_ino not in known:
                    total += found.st_blocks * 512
                    known.add(found.st_ino)
    mapped = set[int]()
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", "rb") as file:
        for line in file:
            if scratch in line and line.endswith(b" (deleted)\n"):
                mapped.add(int(line.split(None, 5)[4]))
    return total + most * len(mapped - known)


def _keeps_messages(pid: int) -> bool:
    """Whether descriptors are on their way in a socket of a process: what they hold, nobody could count."""
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                if os.readlink(descriptor.path).startswith("socket:"):
                    with open(f"/proc/{pid}/fdinfo/{descriptor.name}", "rb") as file:
                        if re.search(rb"^scm_fds:\s*[1-9]", file.read(), re.MULTILINE):
                            return True
    return False


def _threads(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rsplit(b")", 1)[1].split()[17])
    except OSError:
        return 0  # it has ended

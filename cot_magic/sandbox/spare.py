"""Starts the process of a job: forked for it, or a spare that was forked and confined before it was known."""

import contextlib
import json
import os
import secrets
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.codec import to_json
from cot_magic.core.jobs import Job
from cot_magic.sandbox import child, forked, landlock
from cot_magic.sandbox.scratch import locked_folder

LONGEST_JOB = 60_000
"""In bytes, of a job that is sent to a spare: a pipe holds as much, so that the parked copy never waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process for one job: its pipes, its folder, the key of its messages."""

    pid: int
    result_fd: int
    output_fd: int
    scratch: str
    key: bytes
    lock: int | None = None  # of the folder of a spare

    @staticmethod
    def fork(
        job: Job,
        allow: Sequence[str],
        around: forked.Inherited,
        *,
        scratch: str,
        mirrored: bool = False,
    ) -> "Started":
        """Fork a copy for a job, and make its folder. Raises OSError."""
        os.mkdir(scratch, 0o700)
        return _forked(scratch, lambda ends: forked.run_job(job, allow, around, ends), mirrored=mirrored)


class Spare:
    """A confined copy that waits for its job; `is_as_new` tells whether it is still like a new one."""

    def __init__(self, around: forked.Inherited) -> None:
        self._readable = _readable(around)
        scratch, lock = locked_folder()
        job_fd, self._job_end = os.pipe()
        os.set_blocking(self._job_end, False)
        try:
            started = _forked(scratch, lambda ends: forked.wait_and_run_job(around, ends, job_fd))
        except OSError:
            os.close(self._job_end)
            os.close(lock)
            os.rmdir(scratch)
            raise
        finally:
            os.close(job_fd)
        self.started = replace(started, lock=lock)

    def is_as_new(self, around: forked.Inherited) -> bool:
        """Whether it waits, and what it may read is what a new copy might: its rules are made of that."""
        waits = os.waitid(os.P_PID, self.started.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        return waits and self._readable == _readable(around)

    def run(self, job: Job) -> bool:
        """Send it a job; False if that is too long for it, or it has ended."""
        data = json.dumps(to_json(job)).encode() + b"\n"
        if len(data) > LONGEST_JOB:
            return False
        try:
            os.write(self._job_end, data)
        except BrokenPipeError:
            return False
        os.close(self._job_end)
        return True

    def close(self) -> None:
        """Kill it, reap it and remove its folder."""
        os.close(self._job_end)
        os.kill(self.started.pid, signal.SIGKILL)
        os.waitpid(self.started.pid, 0)
        for fd in (self.started.result_fd, self.started.output_fd, self.started.lock):
            if fd is not None:
                os.close(fd)
        with contextlib.suppress(OSError):  # it is empty: nothing has run in it
            os.rmdir(self.started.scratch)


def can_wait_for(job: Job, allow: Sequence[str]) -> bool:
    """Whether a spare can run such a job: how one is set up does not depend on it.

    `unconfined` lifts nothing where there are copies.
    """
    return not (set(allow) - {"unconfined"} or job.disguised or job.reads is not None)


def _readable(around: forked.Inherited) -> frozenset[str]:
    """What a copy may read, apart from files in the temporary folder itself.

    There, other programs make files all the time. A spare cannot read those that are younger than it, which
    blocks a job and does not mislead it.
    """
    reading = around.reading
    trees = landlock.readable_trees(around.closed)
    return frozenset(tree for tree in trees if os.path.dirname(tree) != reading.temporary)


def _forked(scratch: str, run: Callable[[child.Ends], None], *, mirrored: bool = False) -> Started:
    result_fd, result_end = os.pipe()
    output_fd, output_end = os.pipe()
    key = secrets.token_hex(16).encode()  # known to the job's own reports, not to the code that it runs
    pid = os.fork()
    if pid == 0:
        ends = child.Ends(
            result_fd=result_end, output_fd=output_end, scratch=scratch, key=key, mirrored=mirrored
        )
        run(ends)
    os.close(result_end)
    os.close(output_end)
    return Started(pid=pid, result_fd=result_fd, output_fd=output_fd, scratch=scratch, key=key)

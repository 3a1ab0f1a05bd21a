"""One job as the parked copy sees it: fork it, collect its output within limits, name the outcome."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cot_magic.core.codec import from_json
from cot_magic.core.errors import RecordingError
from cot_magic.core.jobs import Job, JobResult, Outcome, StateItem
from cot_magic.sandbox import child, wire

PIECE = 65_536
OUTPUT_BYTES = 8 << 20
"""What a job may print before it is stopped."""
SCRATCH_FILES = 4  # the scratch folder may hold this many files of the largest permitted size
MOST_EFFECTS = 50


class RunningJob:
    """A forked job: its process, its two pipes, and what has arrived so far."""

    def __init__(self, job: Job, allow: Sequence[str], around: child.Surroundings, *, scratch: str) -> None:
        self.job, self.scratch, self.started = job, scratch, time.monotonic()
        os.mkdir(scratch, 0o700)
        self.result_fd, result_end = os.pipe()
        self.output_fd, output_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            child.run_job(job, allow, around, scratch=scratch, result_fd=result_end, output_fd=output_end)
        os.close(result_end)
        os.close(output_end)
        self.pidfd = os.pidfd_open(self.pid)
        for fd in (self.result_fd, self.output_fd):
            os.set_blocking(fd, False)
        self.descriptors = {self.result_fd, self.output_fd, self.pidfd}
        self._lines = wire.Lines()
        self._messages: list[dict[str, Any]] = []
        self._said = self._printed = 0
        self._output = bytearray()

    @property
    def deadline(self) -> float:
        return self.started + self.job.limits.wall_s

    def collect(self, fd: int) -> bool:
        """Read what is available on one of the pipes; False at its end."""
        try:
            data = os.read(fd, PIECE)
        except BlockingIOError:
            return True
        if fd == self.result_fd:
            self._said += len(data)
            self._messages.extend(self._lines.feed(data))
        else:
            self._printed += len(data)
            self._output += data[: max(0, self.job.limits.output_bytes - len(self._output))]
        return bool(data)

    def overstepped(self, now: float) -> tuple[Outcome, str] | None:
        """The outcome and note if the job exceeds a limit, else None."""
        limits = self.job.limits
        if now >= self.deadline:
            return Outcome.TIMED_OUT, f"stopped after {limits.wall_s:g} s"
        if self._printed > OUTPUT_BYTES:
            return Outcome.BLOCKED, f"stopped: it printed more than {OUTPUT_BYTES >> 20} MB"
        if self._said > wire.RESULT_BYTES:
            return Outcome.BLOCKED, "stopped: its result is too large"
        if _size(self.scratch) > (limits.file_mb << 20) * SCRATCH_FILES:
            return (
                Outcome.BLOCKED,
                f"stopped: it wrote more than {limits.file_mb * SCRATCH_FILES} MB of files",
            )
        return None

    def end(self, stopped: tuple[Outcome, str] | None = None) -> JobResult:
        """Kill what is left of the job, reap it, clean up, and return how it ended."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        _reap_group(self.pid)
        for fd in (self.result_fd, self.output_fd):
            while wire.readable(fd, 0) and self.collect(
                fd
            ):  # drain the pipes; nobody writes to them any more
                pass
        for fd in (self.result_fd, self.output_fd, self.pidfd):
            os.close(fd)
        shutil.rmtree(self.scratch, ignore_errors=True)
        seconds = time.monotonic() - self.started
        cpu_seconds = usage.ru_utime + usage.ru_stime
        result = self._result() or self._without_result(stopped, status, cpu_seconds)
        if status != 0 and any("result" in message for message in self._messages):
            # what it said does not count: the process did not end as a job does that has said all
            outcome, note = stopped or _ended(status, cpu_seconds, self.job.limits.cpu_s)
            result = JobResult(outcome=outcome, note=f"{note}; what it had reported does not count")
        if result.seconds == 0.0:
            result = replace(result, seconds=seconds)
        return self._dressed(result)

    def _result(self) -> JobResult | None:
        """What the job reported, if it did; a claim of the job, to be read as data."""
        reports = [message["result"] for message in self._messages if "result" in message]
        if not reports:
            return None
        if len(reports) > 1:  # a job reports once: one of them is forged
            return JobResult(outcome=Outcome.CRASHED, note="it reported more than one result")
        report = reports[0]
        try:
            result: JobResult = from_json(JobResult, report)
            states = [message["state"] for message in self._messages if "state" in message]
            return replace(result, state=from_json(tuple[StateItem, ...], states[0])) if states else result
        except RecordingError as error:
            return JobResult(outcome=Outcome.BLOCKED, note=f"malformed result: {error}"[:300])

    def _without_result(
        self, stopped: tuple[Outcome, str] | None, status: int, cpu_seconds: float
    ) -> JobResult:
        failed = next((str(message["failed"]) for message in self._messages if "failed" in message), None)
        if failed is not None:
            return JobResult(outcome=Outcome.BLOCKED, note=f"nothing was run: {failed}")
        if not any("ready" in message for message in self._messages) and stopped is None:
            return JobResult(outcome=Outcome.BLOCKED, note="nothing was run: the copy ended during setup")
        outcome, note = stopped or _ended(status, cpu_seconds, self.job.limits.cpu_s)
        return JobResult(outcome=outcome, note=note)

    def _dressed(self, result: JobResult) -> JobResult:
        """The result with output, effects and last step, which a killed job cannot report itself."""
        effects = tuple(str(message["effect"])[:200] for message in self._messages if "effect" in message)[
            :MOST_EFFECTS
        ]
        steps = [message["step"] for message in self._messages if type(message.get("step")) is int]
        note = result.note
        if result.outcome is Outcome.BLOCKED and effects:
            note = f"{note}; it tried to {effects[-1]}"
        return replace(
            result,
            step=result.step if result.raised or not steps else min(steps[-1], len(self.job.steps)),
            output=wire.plain(self._output.decode("utf-8", "replace")),
            effects=effects,
            note=note[:1_000],
        )


def _ended(status: int, cpu_seconds: float, most_cpu: int) -> tuple[Outcome, str]:
    """The outcome and note of a process that ended without a result."""
    if not os.WIFSIGNALED(status):
        return (
            Outcome.CRASHED,
            f"the process exited with status {os.WEXITSTATUS(status)} before the code finished",
        )
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name if number in set(signal.Signals) else "?"
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_seconds >= most_cpu):
        return Outcome.TIMED_OUT, f"stopped after {most_cpu} s of CPU time"
    if number == signal.SIGKILL:
        return Outcome.BLOCKED, "killed from outside, most likely because memory ran out"
    if number == signal.SIGSYS:
        return Outcome.BLOCKED, "it made a system call that is not permitted in a sandboxed copy"
    return Outcome.CRASHED, f"killed by signal {number} ({name})"


def _reap_group(group: int) -> None:
    """Reap orphaned children of the job: the parked copy is their subreaper."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, 0)[0]:
            pass


def _size(folder: str, most: int = 1_000) -> int:
    """The total size in bytes of the first `most` entries below a folder."""
    total, todo = 0, [folder]
    while todo and most > 0:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    most -= 1
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue  # the job has removed it or made it unreadable
    return total

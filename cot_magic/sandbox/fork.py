"""One job as the parked copy sees it: collect its output within limits, name the outcome."""

import contextlib
import os
import re
import signal
import stat
import time
from dataclasses import replace
from typing import Any

from cot_magic.core.codec import from_json
from cot_magic.core.errors import RecordingError
from cot_magic.core.facts import Fact
from cot_magic.core.jobs import UNREPEATED, Job, JobResult, Outcome, StateItem
from cot_magic.sandbox import busy, mirror, wire
from cot_magic.sandbox.scratch import Removals
from cot_magic.sandbox.spare import Started

PIECE = 65_536
OUTPUT_BYTES = 8 << 20
"""What a job may print before it is stopped."""
SCRATCH_FILES = 4  # the scratch folder may hold this many files of the largest permitted size
MOST_ENTRIES = 5_000
"""Files and folders that a job may make before it is stopped."""
MOST_THREADS = 500
LOOK_SECONDS = 0.2
"""Between two looks at what a job takes."""
MOST_EFFECTS = 50
MOST_FACTS = 100
NOT_BORNE_OUT = "what it reported is not what its steps did"


class RunningJob:
    """A job that was started: its process, its two pipes, and what has arrived so far."""

    def __init__(self, job: Job, started: Started, removals: Removals, *, mirrored: bool = False) -> None:
        self._removals, self._lock = removals, started.lock
        self.removal: int | None = None  # a descriptor that is readable when its folder is removed
        self.job, self.scratch, self.started = job, started.scratch, time.monotonic()
        self.pid, self.result_fd, self.output_fd = started.pid, started.result_fd, started.output_fd
        self._had_waited = busy.waited(self.pid)
        self.pidfd = os.pidfd_open(self.pid)
        for fd in (self.result_fd, self.output_fd):
            os.set_blocking(fd, False)
        self.descriptors = {self.result_fd, self.output_fd, self.pidfd}
        self._lines = wire.Lines(started.key)
        self._messages: list[dict[str, Any]] = []
        self._said = self._printed = 0
        self._most_entries = MOST_ENTRIES + (mirror.MOST_ENTRIES if mirrored else 0)
        self._output = bytearray()
        self._looked = self.started

    @property
    def deadline(self) -> float:
        wall_s = self.job.limits.wall_s
        return self.started + wall_s + busy.allowance(wall_s, self.pid, self._had_waited)

    @property
    def began(self) -> bool:
        """Whether code of the job may have run: its process says that it is ready before any of it does."""
        return self._said > 0

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
        if now - self._looked < LOOK_SECONDS:
            return None
        self._looked = now
        return self._took_too_much(limits.file_mb)

    def _took_too_much(self, file_mb: int) -> tuple[Outcome, str] | None:
        """The same for threads and files, which take a while to count."""
        if _threads(self.pid) > MOST_THREADS:
            return Outcome.BLOCKED, f"stopped: it has more than {MOST_THREADS} threads"
        try:
            size, entries = _written(self.scratch, self._most_entries)
        except OSError:
            return Outcome.BLOCKED, "stopped: it made a folder that cannot be read"
        if entries > self._most_entries:
            return Outcome.BLOCKED, f"stopped: it made more than {MOST_ENTRIES:,} files and folders"
        if _keeps_messages(self.pid):
            return Outcome.BLOCKED, "stopped: it keeps descriptors of files in messages"
        size += _deleted(self.pid, os.fsencode(self.scratch), file_mb << 20)
        if size > (file_mb << 20) * SCRATCH_FILES:
            return Outcome.BLOCKED, f"stopped: it wrote more than {file_mb * SCRATCH_FILES} MB of files"
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
        self.removal = self._removals.remove(self.scratch)
        if self._lock is not None:
            os.close(self._lock)
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
        if len(reports) + self._lines.foreign > 1:  # a job reports once: one of them is forged
            return JobResult(outcome=Outcome.CRASHED, note="it reported more than one result")
        report = reports[0]
        try:
            result: JobResult = from_json(JobResult, report)
            states = [message["state"] for message in self._messages if "state" in message]
            if states:
                result = replace(result, state=from_json(tuple[StateItem, ...], states[0]))
            return self._borne_out(result)
        except RecordingError as error:
            return JobResult(outcome=Outcome.BLOCKED, note=f"malformed result: {error}"[:300])

    def _borne_out(self, result: JobResult) -> JobResult:
        """The result, if it agrees with what was said at the end of each step, before other code ran."""
        if result.outcome is not Outcome.PASSED or self.job.examine or not self.job.steps:
            return replace(result, held=None)
        last, looks = len(self.job.steps) - 1, self.job.inspect is not None
        passed, raised = self._said_of("passed"), self._said_of("raised")
        if looks:
            agrees = result.note.startswith(UNREPEATED) or last in raised
            held = self._said_of("looked").get(last)
        else:
            agrees = last in passed and last not in raised
            held = passed.get(last)
        earlier = (i in passed or (i in raised and self.job.steps[i].may_raise) for i in range(last))
        if not agrees or not all(earlier):
            failed = max(raised, default=None)
            return JobResult(
                outcome=Outcome.CRASHED if failed is None else Outcome.RAISED,
                step=failed or 0,
                note=NOT_BORNE_OUT,
            )
        return replace(result, held=held)

    def _said_of(self, kind: str) -> dict[int, bool | None]:
        """The steps of which this was said, with the truth of their value."""
        said = [message for message in self._messages if type(message.get(kind)) is int]
        return {message[kind]: message.get("held") for message in said}

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
        tampered = [str(message["tampered"])[:200] for message in self._messages if "tampered" in message]
        if result.note == NOT_BORNE_OUT:
            tampered.append(NOT_BORNE_OUT)
        if self._lines.foreign:
            tampered.append("it wrote to the pipe on which results are reported")
        steps = [message["step"] for message in self._messages if type(message.get("step")) is int]
        note = result.note
        if result.outcome is Outcome.BLOCKED and effects:
            note = f"{note}; it tried to {effects[-1]}"
        return replace(
            result,
            step=result.step if result.raised or not steps else min(steps[-1], len(self.job.steps)),
            output=wire.plain(self._output.decode("utf-8", "replace")),
            effects=effects,
            facts=self._facts() if self.job.examine else (),
            tampered=tuple(dict.fromkeys(tampered))[:MOST_EFFECTS],
            note=note[:1_000],
        )

    def _facts(self) -> tuple[Fact, ...]:
        """The well-formed facts that an autopsy sent."""
        found: list[Fact] = []
        for message in self._messages:
            if "fact" in message and len(found) < MOST_FACTS:
                with contextlib.suppress(
                    RecordingError
                ):  # the person's code ran there and may write anything
                    found.append(from_json(Fact, message["fact"]))
        return tuple(found)


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


def _written(folder: str, most: int) -> tuple[int, int]:
    """The size in bytes of what is below a folder, and how many entries that is, counted up to one too many.

    Raises OSError for a folder that cannot be read or is too deep for a path: its content would not count.
    """
    total, count, todo = 0, 0, [folder]
    while todo and count <= most:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > most:
                        break
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except (FileNotFoundError, NotADirectoryError):
            continue  # the job has removed it
    return total, count


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

"""One job in its confined process, on any system: runs the cells, reports."""

import contextlib
import functools
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import Raised
from cot_magic.core.codec import to_json
from cot_magic.core.jobs import SHOWN, UNREPEATED, Job, JobResult, Outcome
from cot_magic.sandbox import (
    busy,
    conditions,
    disguise,
    effects,
    observe,
    run_steps,
    steps,
    tampering,
    wire,
)
from cot_magic.sandbox.blocked import gone, why_blocked
from cot_magic.sandbox.lost import LostResources
from cot_magic.sandbox.near import Readable
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.places import of_a_library
from cot_magic.sandbox.steps import Autopsy, Describe

MOST_THREADS = 500
RAISED_BYTES = 512 << 10
WATCH_S = 0.5  # for the values that are watched; a job whose time ends in it has no result


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a job runs; `withheld` are variables that it has not, `only` is all that it may read.

    `unchanged` is what judges the job, as it was before the process of the job was there.
    """

    shell: Any
    describe: Describe
    withheld: frozenset[str]
    kernel_pid: int
    lost: LostResources
    autopsy: Autopsy | None = None
    only: Readable | None = None
    unchanged: tampering.Unchanged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The ends of a job's two pipes, its folder, and the key of its messages."""

    result_fd: int
    output_fd: int
    scratch: str
    key: bytes
    mirrored: bool = False


class Teller:
    """Sends messages to the parked copy."""

    def __init__(self, ends: Ends) -> None:
        self.key, self.send = ends.key, run_steps.sender(ends.result_fd)

    def __call__(self, message: dict[str, Any]) -> None:
        self.send(wire.pack(message, self.key))


@contextlib.contextmanager
def setting_up(tell: Teller) -> Iterator[None]:
    """Around what sets up the process of a job: if it fails, that is told, and nothing runs."""
    try:
        yield
    except BaseException as error:
        tell({"failed": f"{type(error).__name__}: {error}"[:500]})
        os._exit(70)


def run(
    job: Job, permissions: Permissions, around: Surroundings, ends: Ends, tell: Teller, loop: Any
) -> None:
    """Run a job in a process that is confined, and end the process."""
    with setting_up(tell):
        if job.conditions is not None:
            conditions.put_under(job.conditions, around.shell.user_ns)
    tell({"ready": True})
    attempts = effects.watch(ends.scratch, lambda effect: tell({"effect": wire.plain(effect)}))
    _Run(job, around, permissions, tell, attempts).go(loop)
    sys.stdout.flush()
    while _threads() > MOST_THREADS:
        time.sleep(0.05)  # whoever watches the limits looks now and then, and ends this process
    tell({"ends": True})  # to free the memory takes a while, for which nobody has to wait
    os._exit(0)


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:  # not on every system
        return 0


class _Run:
    """The steps of one job and the report on them."""

    def __init__(
        self,
        job: Job,
        around: Surroundings,
        permissions: Permissions,
        tell: Teller,
        attempts: Collection[str],
    ) -> None:
        self._job, self._around, self._permissions, self._tell = job, around, permissions, tell
        self._attempts = attempts
        self._names = around.shell.user_ns
        kernel_files = frozenset(getattr(around.shell.compile, "_filename_map", ()))
        self._hidden = disguise.HiddenModules() if job.disguised else None
        names = (
            disguise.kernel_file_names(around.shell, around.kernel_pid)
            if job.disguised
            else _plain_names(job)
        )
        self._steps = steps.ReadySteps(around.shell, job.steps, names)
        if job.disguised:
            self._steps.leave_names()
        self._run_step = run_steps.step_runner(
            around.shell, self._steps, self._steps.begin, tell.send, tell.key
        )
        self._look = None
        if job.inspect is not None:
            ready = steps.ready_inspection(job.inspect)
            self._look = run_steps.inspector(ready, len(job.steps) - 1, tell.send, tell.key)
        self._watch_the_judge(kernel_files)
        self._started, self._seconds = time.perf_counter(), 0.0

    def _watch_the_judge(self, kernel_files: frozenset[str]) -> None:
        """Tell what the code of the steps does to what judges it; the kernel's own code does not count."""
        files = frozenset((*self._steps.cells, steps.INSPECTION_FILE))

        def is_own_file(name: str) -> bool:
            return name in files or not (name in kernel_files or os.path.isabs(name) or of_a_library(name))

        job, tell, is_own = self._job, self._tell, tampering.own_code(is_own_file)
        unchanged = self._around.unchanged
        if unchanged is None or job.conditions is not None or job.disguised:  # they replace definitions
            unchanged = tampering.Unchanged(self._around.shell)
        else:
            unchanged.look_again()
        changes = unchanged.changes
        self._changes = functools.partial(changes, is_own)
        tampering.watch(
            tampering.attribution(files, kernel_files), lambda said: tell({"tampered": wire.plain(said)})
        )

    def go(self, loop: Any) -> None:
        self._loop, self._waits = loop, busy.waits()
        if self._job.examine:
            self._examine()
            return
        awaits = any(step.awaits for step in self._steps)
        steps.drive(self._around.shell, loop, self._main, awaits=awaits)

    def _examine(self) -> None:
        """Send each fact as it is found, so that those of an autopsy that is stopped are kept."""
        if self._around.autopsy is not None:
            for fact in self._around.autopsy():
                self._tell({"fact": to_json(fact)})
        self._seconds = time.perf_counter() - self._started
        self._report(JobResult(outcome=Outcome.PASSED))

    async def _main(self) -> None:
        job, ran, index = self._job, run_steps.Ran(), 0
        if self._hidden is not None:
            self._hidden.hide()
        for index, step in enumerate(job.steps):
            with _unheard() if step.quiet else contextlib.nullcontext():
                ran = await self._run_step(index)
            if step.quiet:
                self._started = time.perf_counter()
            self._seconds = time.perf_counter() - self._started
            for change in self._changes():
                self._tell({"tampered": wire.plain(change)})
            is_last = index == len(job.steps) - 1
            if ran.error is not None and (is_last or not step.may_raise):
                break
        if self._hidden is not None:
            self._hidden.show()
        last = max(len(job.steps) - 1, 0)
        if job.inspect is not None and index == last:
            self._report(self._inspected(ran.error, index))
            return
        if ran.error is not None:
            self._report(self._raised(ran.error, index))
            return
        self._report(self._passed(ran.value, index))
        if job.watch:  # after the report, so that a user's repr cannot lose the result
            self._watch(ran.value)

    def _watch(self, shown: Any) -> None:
        """Report the watched values, unless describing them takes too long; None is not displayed."""
        late = False
        names = self._job.watch if shown is not None else [name for name in self._job.watch if name != SHOWN]
        values = {name: self._names[name] for name in names if name in self._names} | {SHOWN: shown}

        def alarm(number: int, frame: Any) -> None:
            nonlocal late
            late = True
            raise TimeoutError("describing the values takes too long")

        timer = getattr(signal, "setitimer", None)  # where there is none, the time of the job bounds it
        if timer is not None:
            signal.signal(signal.SIGALRM, alarm)
            timer(signal.ITIMER_REAL, WATCH_S, WATCH_S)  # again for each repr that goes on regardless
        try:
            try:
                state = observe.watch(values, names)
            finally:
                if timer is not None:
                    timer(signal.ITIMER_REAL, 0)
        except TimeoutError:  # it may also come just before the timer is off
            return
        if not late:
            self._tell({"state": to_json(state)})

    def _inspected(self, error: BaseException | None, index: int) -> JobResult:
        assert self._job.inspect is not None
        unlike = JobResult(outcome=Outcome.PASSED, step=index, note=UNREPEATED)
        if error is None:
            return unlike
        reason = self._why_blocked(error)
        if reason is not None:
            return replace(self._raised(error, index), value=None)
        frames = steps.frames_of(error, self._steps.cells)
        place = self._job.inspect.frame
        if not -len(frames) <= place < len(frames):
            return replace(
                unlike, note=f"{UNREPEATED}: frame {place} was requested; the traceback has {len(frames)}"
            )
        assert self._look is not None
        frame = frames[place][0]
        # one namespace, because a generator expression in the source could not see local names otherwise
        looked = self._look({**frame.f_globals, **frame.f_locals})
        if looked.error is not None:
            return self._raised(looked.error, index)
        return self._passed(looked.value, index)

    def _passed(self, value: Any, index: int) -> JobResult:
        lost, codes = (
            self._around.lost,
            [part.code for step in self._steps for part in step.parts if part.code],
        )
        used = lost.used_in(codes, self._names, self._loop)
        if used is None and busy.waits() > self._waits:  # for what nobody goes on with in a copy
            used = lost.waited_for()
        if used is not None:
            return JobResult(outcome=Outcome.BLOCKED, step=index, note=gone(used))
        return JobResult(
            outcome=Outcome.PASSED,
            step=index,
            value=None if value is None else observe.value_text(value),  # whether it held is said by its step
        )

    def _raised(self, error: BaseException, index: int) -> JobResult:
        reason, note = self._why_blocked(error), ""
        try:
            raised = _bounded(self._around.describe(error, dict(self._steps.cells)))
        except Exception as failure:
            raised = Raised(ename=type(error).__name__, evalue=observe.value_text(error.args))
            note = f"the failure could not be described: {type(failure).__name__}: {failure}"[:300]
        return JobResult(
            outcome=Outcome.RAISED if reason is None else Outcome.BLOCKED,
            step=index,
            raised=raised,
            note=reason or note,
        )

    def _why_blocked(self, error: BaseException) -> str | None:
        return why_blocked(
            error,
            net=self._permissions.net,
            withheld=self._around.withheld,
            lost=self._around.lost,
            attempts=self._attempts,
            near=self._around.only is not None,
        )

    def _report(self, result: JobResult) -> None:
        """Send the result with the time of the steps, without that of describing values and failures."""
        self._tell({"result": to_json(replace(result, seconds=self._seconds))})


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Lose what is printed meanwhile, also by programs and C code."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os.dup2(kept, 1)
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _plain_names(job: Job) -> steps.FileNames:
    """Names with the number of a step, as if the quiet steps before it were not there."""
    quiet = sum(step.quiet for step in job.steps)

    def name(index: int, source: str) -> str:
        return f"<cot cell {index - quiet}>" if index >= quiet else f"<cot cell before {index}>"

    return name


def _bounded(raised: Raised) -> Raised:
    """The same, with less detail if it is too long for the pipe."""
    if len(wire.pack({"": to_json(raised)})) <= RAISED_BYTES:
        return raised
    kept = raised.frames if len(raised.frames) <= 30 else (*raised.frames[:10], *raised.frames[-20:])
    frames = tuple(replace(frame, variables=(), operands=()) for frame in kept)
    return replace(raised, frames=frames, cause=None, context=None, group=(), subject=None)

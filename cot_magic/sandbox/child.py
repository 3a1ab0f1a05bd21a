"""One job in its throwaway copy: confines itself, runs the cells, reports."""

import faulthandler
import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import Raised
from cot_magic.core.codec import to_json
from cot_magic.core.jobs import NO_PROCESSES, UNREPEATED, Job, JobResult, Outcome
from cot_magic.sandbox import effects, observe, rebind, steps, syscalls, wire
from cot_magic.sandbox.blocked import why_blocked
from cot_magic.sandbox.confine import confine
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.steps import Describe

RAISED_BYTES = 512 << 10
WATCH_S = 0.5  # for the values that are watched; a job whose time ends in it has no result
_one_at_a_time = threading.RLock()  # effects come from any thread of the job


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a job inherits from the parked copy that it is forked from."""

    shell: Any
    describe: Describe
    withheld: frozenset[str]
    unreadable: tuple[str, ...]
    descriptors: frozenset[int]
    parked_pid: int
    collects: bool


def run_job(
    job: Job, allow: Sequence[str], around: Surroundings, *, scratch: str, result_fd: int, output_fd: int
) -> None:
    """Run in the new process and never return: `os._exit` ends it, so that nothing inherited is finalised."""
    try:
        try:
            _enter(around, scratch, result_fd, output_fd)
            permissions = Permissions.parse(allow)
            loop = rebind.new_loop()
            if not permissions.proc:
                os.environ[NO_PROCESSES] = "1"
            confine(job.limits, permissions, scratch=scratch, unreadable=around.unreadable)
        except BaseException as error:
            _emit(result_fd, {"failed": f"{type(error).__name__}: {error}"[:500]})
            os._exit(70)
        _emit(result_fd, {"ready": True})
        effects.watch(scratch, lambda effect: _emit(result_fd, {"effect": wire.plain(effect)}))
        _Run(job, around, permissions, result_fd).go(loop)
        sys.stdout.flush()
        os._exit(0)
    finally:
        os._exit(71)  # our own code failed; without a result line this is no result


def _enter(around: Surroundings, scratch: str, result_fd: int, output_fd: int) -> None:
    """Detach from the parked copy: own session and output, none of its descriptors, but die with it."""
    os.setsid()
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != around.parked_pid:
        raise RuntimeError("the parked copy died")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd not in around.descriptors and fd != result_fd:
            try:
                os.close(fd)
            except OSError:
                continue  # the descriptor of the listing
    if around.collects:
        gc.enable()
    faulthandler.enable(file=2, all_threads=False)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch


class _Run:
    """The steps of one job and the report on them."""

    def __init__(self, job: Job, around: Surroundings, permissions: Permissions, result_fd: int) -> None:
        self._job, self._around, self._permissions, self._fd = job, around, permissions, result_fd
        self._steps = steps.StepRunner(around.shell)
        self._started, self._seconds = time.perf_counter(), 0.0

    def go(self, loop: Any) -> None:
        sources = [step.source for step in self._job.steps]
        steps.drive(self._around.shell, loop, self._main, sources)

    async def _main(self) -> None:
        job, ran, index = self._job, steps.Ran(None, None), 0
        for index, step in enumerate(job.steps):
            _emit(self._fd, {"step": index})
            ran = await self._steps.run(index, step)
            self._seconds = time.perf_counter() - self._started
            is_last = index == len(job.steps) - 1
            if ran.error is not None and (is_last or not step.may_raise):
                break
        last = max(len(job.steps) - 1, 0)
        if job.inspect is not None and index == last:
            self._report(self._inspected(ran.error, index))
            return
        if ran.error is not None:
            self._report(self._raised(ran.error, index))
            return
        self._report(self._passed(ran.value, index))
        if job.watch:  # after the report, so that a user's repr cannot lose the result
            self._watch()

    def _watch(self) -> None:
        """Report the watched values, unless describing them takes too long."""
        late = False

        def alarm(number: int, frame: Any) -> None:
            nonlocal late
            late = True
            raise TimeoutError("describing the values takes too long")

        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, WATCH_S, WATCH_S)  # again for each repr that goes on regardless
        try:
            try:
                state = observe.watch(self._around.shell.user_ns, self._job.watch)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except TimeoutError:  # it may also come just before the timer is off
            return
        if not late:
            _emit(self._fd, {"state": to_json(state)})

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
        try:
            value = steps.inspect(self._job.inspect, frames[place][0])
        except BaseException as failure:
            return self._raised(failure, index)
        return self._passed(value, index)

    def _passed(self, value: Any, index: int) -> JobResult:
        return JobResult(
            outcome=Outcome.PASSED,
            step=index,
            value=None if value is None else observe.value_text(value),
            held=_truth(value),
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
        return why_blocked(error, net=self._permissions.net, withheld=self._around.withheld)

    def _report(self, result: JobResult) -> None:
        """Send the result with the time of the steps, without that of describing values and failures."""
        _emit(self._fd, {"result": to_json(replace(result, seconds=self._seconds))})


def _truth(value: Any) -> bool | None:
    """The value if it is True or False, also numpy's; else None."""
    if value is True or value is False:
        return bool(value)
    kind = type(value)
    if kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_"):
        return bool(value)
    return None


def _bounded(raised: Raised) -> Raised:
    """The same, with less detail if it is too long for the pipe."""
    if len(wire.pack({"": to_json(raised)})) <= RAISED_BYTES:
        return raised
    kept = raised.frames if len(raised.frames) <= 30 else (*raised.frames[:10], *raised.frames[-20:])
    frames = tuple(replace(frame, variables=(), operands=()) for frame in kept)
    return replace(raised, frames=frames, cause=None, context=None, group=(), subject=None)


def _emit(fd: int, message: dict[str, Any]) -> None:
    data = wire.pack(message)
    with _one_at_a_time:
        while data:
            data = data[os.write(fd, data) :]

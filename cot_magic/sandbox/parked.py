"""The parked copy: waits in its own process with the state before the cell, and forks jobs on request."""

import contextlib
import gc
import linecache
import math
import os
import secrets
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import CellId
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.jobs import Job, JobResult, JobStep, Outcome
from cot_magic.sandbox import (
    disguise,
    forked,
    landlock,
    mirror,
    near,
    quarantine,
    rebind,
    seccomp,
    secret_places,
    syscalls,
    tampering,
    wire,
)
from cot_magic.sandbox.confine import ReadableFiles
from cot_magic.sandbox.exact import GeneratorStates
from cot_magic.sandbox.fork import RunningJob
from cot_magic.sandbox.lost import LostResources
from cot_magic.sandbox.scratch import ELSEWHERE, Removals
from cot_magic.sandbox.spare import Spare, Started, can_wait_for
from cot_magic.sandbox.steps import Autopsy, Describe
from cot_magic.sandbox.told import Told

IDLE_SECONDS = 0.05  # a cell that passes at once costs no setup of its copy
LOOK_SECONDS = 0.25  # how often the limits of running jobs are checked
SEARCH_SECONDS = 0.05
"""For which it is believed that no file was made that must not be read, while jobs of one request start."""
LOOKS, NEXT_LOOK_SECONDS, LEAVING_SECONDS = 3, 0.0001, 0.001
"""At a job that says that it ends: so many looks at once, and the seconds between them and later ones."""
PAUSE_SECONDS = 0.002
"""Before a spare is made: whoever was just answered may wait for the processor that this takes."""
REMOVAL_SECONDS = 20.0
"""For which an answer waits until the folder of its job is removed."""
MOST_WORKERS = 2
ONE_BY_ONE = 2  # runs of one job, after which a spare waits for the next one
REHEARSAL_FILE = "<cot rehearsal>"
REHEARSAL = "def look(rows, key):\n    return rows[key]\n\nlook({}, 'a')\n"
"""Code whose failure is described once in the parked copy, so that jobs find everything loaded."""
INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM})
"""Blocked around the fork, so that none reaches the copy before it ignores them."""


@dataclass(frozen=True, slots=True, eq=False)
class Queued:
    """A job that the kernel requested; `run` and `index` identify it in the answer."""

    run: int
    index: int
    job: Job
    scratch: str
    allow: tuple[str, ...]
    first: JobResult | None = None  # what it did before it was given a copy of its folder
    again: bool = False  # the process that it was given ended before anything of it ran


@dataclass(slots=True, eq=False)
class Leaving:
    """A job that has ended, and whose folder is being removed: it is answered then, or after a while."""

    queued: Queued
    result: JobResult
    deadline: float
    answers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a copy must know of the process that it was forked from; `beside` is of `working_beside`."""

    pid: int
    generators: GeneratorStates
    parent: int = 0
    beside: str = ""
    threads: tuple[threading.Thread, ...] = ()
    programs: tuple[subprocess.Popen[Any], ...] = ()
    autopsy: Autopsy | None = None


def serve(shell: Any, describe: Describe, control: int, kernel: Kernel) -> None:
    """Be the parked copy; never returns."""
    try:
        collects = gc.isenabled()
        gc.disable()
        gc.freeze()  # the kernel finalises its garbage; it must not happen again here
        try:
            lost = detach(control, kernel)
        except OSError as error:
            os.write(control, f"{error.strerror or error}\n".encode())
            raise
        ParkedCopy(shell, describe, control, kernel, collects, lost).serve()
    finally:
        os._exit(71)


def detach(control: int, kernel: Kernel, *, written_apart: bool = False) -> LostResources:
    """What must happen before the kernel goes on: die with it, share no descriptors and no memory.

    `written_apart` is that of `neutralise_descriptors`.
    """
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != kernel.pid:
        os._exit(0)
    os.setsid()
    rebind.forget_signals()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    shared = quarantine.privatise_shared_memory()
    descriptors, files = quarantine.neutralise_descriptors({control}, written_apart=written_apart)
    os.write(control, b"\n")  # the kernel waits for this if they share memory
    return LostResources(
        descriptors=descriptors,
        files=files,
        threads=kernel.threads,
        programs=kernel.programs,
        kernel_pid=kernel.pid,
        kernel_parent=kernel.parent,
        shared=shared,
    )


class ParkedCopy:
    """The loop over requests from the kernel and pipes of running jobs."""

    def __init__(
        self,
        shell: Any,
        describe: Describe,
        control: int,
        kernel: Kernel,
        collects: bool,
        lost: LostResources,
    ) -> None:
        self._shell, self._describe, self._control = shell, describe, control
        self._kernel, self._collects, self._lost = kernel, collects, lost
        inherited = {int(name) for name in os.listdir("/proc/self/fd")} - {control}
        self._descriptors = frozenset(fd for fd in inherited if _is_open(fd))
        self._around: forked.Inherited | None = None
        self._searched = -math.inf  # when it was found out last what must not be read
        self._readable: dict[tuple[str, ...], near.Readable] = {}
        self._trouble = ""
        self._lines = wire.Lines()
        self._queue: deque[Queued] = deque()
        self._running: dict[Queued, RunningJob] = {}
        self._owner: dict[int, Queued] = {}
        self._unsent = bytearray()
        self._removals = Removals()
        self._leaving: dict[int, Leaving] = {}
        self._freeing: dict[int, int] = {}  # processes of jobs that have left, by their pidfd
        self._spares: deque[Spare] = deque()
        self._alone = 0  # runs of one job, without others between them
        self._selector = selectors.DefaultSelector()
        self._workers = min(MOST_WORKERS, len(os.sched_getaffinity(0)))
        os.set_blocking(control, False)

    def serve(self) -> None:
        self._selector.register(self._control, selectors.EVENT_READ)
        if not self._selector.select(IDLE_SECONDS):
            self._prepare()
        while True:
            self._start_queued()
            if self._wants_spare() and not self._selector.select(PAUSE_SECONDS):
                self._make_spare()
                continue
            for key, _ in self._selector.select(self._patience()):
                if key.fd == self._control:
                    self._speak_with_kernel()
                elif key.fd in self._owner:
                    self._hear(self._owner[key.fd], key.fd)
                elif key.fd in self._leaving:
                    self._left(key.fd)
                elif key.fd in self._freeing:
                    self._reap(key.fd)
            self._enforce()

    # --- setup ----------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Do once what is the same for all jobs. If it fails, no job ever runs."""
        if self._around is not None or self._trouble:
            return
        try:
            syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("800")  # if memory runs out, the kernel is not killed first
            rebind.forget_threads()
            environment, writes_bytecode = disguise.environment(rebind.CHANGED), not sys.dont_write_bytecode
            named = tuple(secret_places.of_environment(os.environ))
            withheld = quarantine.scrub_environment()
            connection = rebind.connection_file(self._shell)
            reading = ReadableFiles.without((*named, *secret_places.of_kernels(connection)))
            rebind.rebind(self._shell)
            rebind.limit_thread_pools()
            syscalls.share_arenas()
            self._warm_up()
            unchanged = tampering.Unchanged(self._shell)
            gc.freeze()  # again: a collection in a job then copies no other pages
            self._around = forked.Inherited(
                shell=self._shell,
                describe=self._describe,
                withheld=withheld,
                reading=reading,
                descriptors=self._descriptors,
                parked_pid=os.getpid(),
                collects=self._collects,
                generators=self._kernel.generators,
                autopsy=self._kernel.autopsy,
                kernel_pid=self._kernel.pid,
                environment=environment,
                lost=self._lost,
                writes_bytecode=writes_bytecode,
                unchanged=unchanged,
            )
        except Exception as error:
            self._trouble = f"{type(error).__name__}: {error}"

    def _warm_up(self) -> None:
        """Import and cache what every job needs. No user code runs: this process is not confined."""
        from IPython.core.inputtransformer2 import TransformerManager

        compile(self._shell.compile.ast_parse("pass"), "<cot>", "exec")
        TransformerManager().transform_cell("pass")  # type: ignore[no-untyped-call]  # not with those of the person
        seccomp.program(net=False, proc=False, pid=0, landlock_abi=landlock.abi())
        linecache.cache[REHEARSAL_FILE] = (len(REHEARSAL), None, REHEARSAL.splitlines(True), REHEARSAL_FILE)
        try:
            exec(compile(REHEARSAL, REHEARSAL_FILE, "exec"), {})  # noqa: S102 - the constant above
        except KeyError as error:
            with contextlib.suppress(Exception):  # it fails again in the job, which reports it
                self._describe(error, {REHEARSAL_FILE: CellId("rehearsal")})

    # --- jobs -----------------------------------------------------------------------------------------------

    def _start_queued(self) -> None:
        while self._queue and len(self._running) < self._workers:
            self._prepare()
            queued = self._queue.popleft()
            if self._around is None:
                note = f"nothing was run: the copy could not be set up: {self._trouble}"[:500]
                self._answer(queued, JobResult(outcome=Outcome.BLOCKED, note=note))
                continue
            try:
                job = self._started(queued, self._around_of(queued.job, self._around_now(self._around)))
            except OSError as error:
                note = f"nothing was run: {error}"
                self._answer(queued, JobResult(outcome=Outcome.BLOCKED, note=note))
                continue
            self._running[queued] = job
            for fd in job.descriptors:
                self._owner[fd] = queued
                self._selector.register(fd, selectors.EVENT_READ)

    def _started(self, queued: Queued, around: forked.Inherited) -> RunningJob:
        """Start a job: in a spare if there is one for it, else in a new copy. Raises OSError."""
        job, mirrored = queued.job, queued.first is not None
        if can_wait_for(job, queued.allow) and not mirrored and not queued.again:
            while self._spares:
                spare = self._spares.popleft()
                if spare.is_as_new(around) and spare.run(job):
                    return RunningJob(job, spare.started, self._removals)
                spare.close()
        started = Started.fork(job, queued.allow, around, scratch=self._scratch_of(queued), mirrored=mirrored)
        return RunningJob(job, started, self._removals, mirrored=mirrored, proc="proc" in queued.allow)

    def _wants_spare(self) -> bool:
        """Whether jobs come one by one, as they do while a failure is debugged: the next one is near."""
        few = not self._running and len(self._spares) < self._workers
        return few and self._alone >= ONE_BY_ONE and self._around is not None

    def _make_spare(self) -> None:
        assert self._around is not None
        try:
            self._spares.append(Spare(self._around_now(self._around)))
        except OSError:
            self._alone = 0  # a job that needs a copy says why there is none
        if not self._wants_spare() and not self._selector.select(0):
            self._rehearse(self._around)

    def _rehearse(self, around: forked.Inherited) -> None:
        """Do what is done for each job: spares share the pages of memory for that, so they are copied now."""
        job = Job(steps=(JobStep(source="pass"),))
        (message,) = wire.Lines().feed(wire.pack({"jobs": [to_json(job)]}))
        from_json(Job, message["jobs"][0])
        self._searched = -math.inf
        around = self._around_of(job, self._around_now(around))
        for spare in self._spares:
            spare.is_as_new(around)
        wire.pack({"result": to_json(Told(job, b"").result(None, None, 0.0))})

    def _around_now(self, around: forked.Inherited) -> forked.Inherited:
        """The same with what must not be read now: for each request, and again while its jobs are started."""
        if time.monotonic() - self._searched > SEARCH_SECONDS:
            self._around = around = replace(around, closed=around.reading.closed_now())
            self._searched = time.monotonic()
        return around

    def _around_of(self, job: Job, around: forked.Inherited) -> forked.Inherited:
        """What the job inherits. Raises OSError if what it may read cannot be found out."""
        if job.reads is None:
            return around
        if job.reads not in self._readable:
            self._readable[job.reads] = near.readable(job.reads, self._shell.user_ns)
        return replace(around, only=self._readable[job.reads])

    def _scratch_of(self, queued: Queued) -> str:
        if queued.job.disguised:
            return disguise.new_scratch(os.path.join(queued.scratch, ELSEWHERE))
        return os.path.join(queued.scratch, f"job-{secrets.token_hex(8)}")

    def _hear(self, queued: Queued, fd: int) -> None:
        job = self._running[queued]
        if fd == job.pidfd:
            self._finish(queued, None)
        elif job.collect(fd):
            for _ in range(LOOKS if job.is_leaving else 0):
                if job.has_left():
                    self._finish(queued, None)
                    break
                time.sleep(NEXT_LOOK_SECONDS)
        else:
            self._selector.unregister(fd)
            del self._owner[fd]

    def _enforce(self) -> None:
        now = time.monotonic()
        for queued, job in list(self._running.items()):
            if job.is_leaving and job.has_left():
                self._finish(queued, None)
            elif (over := job.overstepped(now)) is not None:
                self._finish(queued, over)
        for leaving in self._leaving.values():
            if leaving.answers and now >= leaving.deadline:  # the disk is busy; the rest is removed later
                leaving.answers = False
                self._answer(leaving.queued, leaving.result)

    def _finish(self, queued: Queued, stopped: tuple[Outcome, str] | None) -> None:
        job = self._running.pop(queued)
        for fd in job.descriptors & self._owner.keys():
            self._selector.unregister(fd)
            del self._owner[fd]
        result = job.end(stopped)
        if job.frees_memory:
            self._freeing[job.pidfd] = job.pid
            self._selector.register(job.pidfd, selectors.EVENT_READ)
        again = None if stopped is not None else _once_more(queued, job, result)
        if again is not None:
            self._queue.appendleft(again)
        elif queued.first is not None:
            result = mirror.joined(queued.first, result)
        if job.removal is not None:
            until = time.monotonic() + REMOVAL_SECONDS
            self._leaving[job.removal] = Leaving(queued, result, until, answers=again is None)
            self._selector.register(job.removal, selectors.EVENT_READ)
        elif again is None:
            self._answer(queued, result)

    def _left(self, fd: int) -> None:
        """The folder of a job is removed: answer."""
        self._selector.unregister(fd)
        self._removals.reap(fd)
        leaving = self._leaving.pop(fd)
        if leaving.answers:
            self._answer(leaving.queued, leaving.result)

    def _reap(self, fd: int) -> None:
        """The memory of a job that had left is free: nothing of it is there any more."""
        self._selector.unregister(fd)
        os.waitpid(self._freeing.pop(fd), 0)
        os.close(fd)

    def _patience(self) -> float | None:
        if any(job.is_leaving for job in self._running.values()):
            return LEAVING_SECONDS
        deadlines = [job.deadline for job in self._running.values()]
        deadlines += [leaving.deadline for leaving in self._leaving.values() if leaving.answers]
        if not deadlines:
            return None
        return max(0.0, min(min(deadlines) - time.monotonic(), LOOK_SECONDS))

    # --- the kernel -----------------------------------------------------------------------------------------

    def _speak_with_kernel(self) -> None:
        self._send()
        try:
            data = os.read(self._control, 65_536)
        except BlockingIOError:
            return
        if not data:  # the kernel closed its end
            self._cancel()
            for spare in self._spares:
                spare.close()
            self._removals.stop()
            for fd in list(self._freeing):
                self._reap(fd)
            os._exit(0)
        for message in self._lines.feed(data):
            self._cancel()  # a new run or a cancellation: earlier requests are void
            if "run" in message:
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        self._searched = -math.inf
        self._alone = self._alone + 1 if len(message["jobs"]) == 1 else 0
        for index, data in enumerate(message["jobs"]):
            job = from_json(Job, data)
            allow = (*message["allow"], *job.allow)
            self._queue.append(Queued(message["run"], index, job, message["scratch"], allow))

    def _cancel(self) -> None:
        self._queue.clear()
        for queued in list(self._running):
            self._finish(queued, (Outcome.BLOCKED, "cancelled"))
        for leaving in self._leaving.values():
            leaving.answers = False

    def _answer(self, queued: Queued, result: JobResult) -> None:
        self._unsent += wire.pack({"run": queued.run, "index": queued.index, "result": to_json(result)})
        self._send()

    def _send(self) -> None:
        while self._unsent:
            try:
                sent = os.write(self._control, self._unsent)
            except BlockingIOError:
                break
            del self._unsent[:sent]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._control, events)


def _once_more(queued: Queued, job: RunningJob, result: JobResult) -> Queued | None:
    """What to run once more: a job that needs a copy of its folder, or one of which nothing ran because its
    process was killed while it waited or set itself up."""
    if queued.job.copies_folder and queued.first is None and mirror.wanted(result):
        return replace(queued, first=result)
    return None if job.began or queued.again else replace(queued, again=True)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True

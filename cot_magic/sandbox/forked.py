"""The process of one job, forked from the parked copy: leaves it, confines itself, runs the job."""

import faulthandler
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core import processes
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.sandbox import busy, disguise, mirror, rebind, steps, syscalls, wire
from cot_magic.sandbox.child import Ends, Surroundings, Teller, run, setting_up
from cot_magic.sandbox.confine import ReadableFiles, Used, confine, limit
from cot_magic.sandbox.exact import GeneratorStates
from cot_magic.sandbox.permissions import Permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited(Surroundings):
    """What a job has from the parked copy that it is forked from.

    `closed` is what may not be read besides what `reading` closes for all, as it was found just now.
    """

    reading: ReadableFiles
    closed: frozenset[str] = frozenset()
    descriptors: frozenset[int]
    parked_pid: int
    collects: bool
    generators: GeneratorStates
    environment: Mapping[str, str | None]
    writes_bytecode: bool


def run_job(job: Job, allow: Sequence[str], around: Inherited, ends: Ends) -> None:
    """Run in the new process and never return: `os._exit` ends it, so that nothing inherited is finalised."""
    try:
        tell = Teller(ends)
        with setting_up(tell):
            _enter(around, ends, disguised=job.disguised)
            permissions = Permissions.parse(allow)
            loop, around = _confined(job.limits, permissions, around, ends)
            if ends.mirrored:
                mirror.enter(ends.scratch)
        run(job, permissions, around, ends, tell, loop)
    finally:
        os._exit(71)  # our own code failed; without a result line this is no result


def wait_and_run_job(around: Inherited, ends: Ends, job_fd: int) -> None:
    """The same for a job that is not known yet: confine this process first, then read the job.

    Nothing of the person's code runs meanwhile, and no collection of garbage: the state is that of a copy
    that is forked when the job is known.
    """
    try:
        tell, none = Teller(ends), Permissions()
        with setting_up(tell):
            _enter(replace(around, collects=False), ends, disguised=False, keep=job_fd)
            loop, confined = _confined(None, none, around, ends)
            if not wire.readable(job_fd, 0):  # the job is not there yet
                _rehearse(around, loop)
            used = Used.now()
            with open(job_fd, "rb") as pipe:
                data = pipe.readline()
            if not data.endswith(b"\n"):  # it is not needed
                os._exit(0)
            job: Job = from_json(Job, json.loads(data))
            limit(job.limits, processes=False, used=used)
            if around.collects:
                gc.enable()
        run(job, none, confined, ends, tell, loop)
    finally:
        os._exit(71)


def _rehearse(around: Inherited, loop: Any) -> None:
    """Do what each job does, so that its pages of memory are copied before it is there: that takes longest.

    None of it is code of the person, and none of it is left.
    """
    job: Job = from_json(Job, to_json(Job(steps=(JobStep(source="pass"),))))
    steps.rehearse(around.shell, job.steps)
    if getattr(around.shell, "kernel", None) is not None:
        # with a name: the tasks of the job are then numbered as in a new copy
        loop.run_until_complete(loop.create_task(_nothing(), name="rehearsal"))
    if around.unchanged is not None:
        around.unchanged.look_again()
        around.unchanged.changes(lambda value: False)
    around.lost.used_in([_rehearse.__code__], around.shell.user_ns, loop)
    busy.waits()
    wire.pack({"result": to_json(JobResult(outcome=Outcome.PASSED))})


async def _nothing() -> None:
    return None


def _confined(
    limits: Limits | None, permissions: Permissions, around: Inherited, ends: Ends
) -> tuple[Any, Inherited]:
    """Confine this process. Returns its event loop, and what it inherits with what it has lost by that."""
    loop = rebind.new_loop()
    if not permissions.proc:
        processes.forbid()
    withheld = confine(
        limits,
        permissions,
        scratch=ends.scratch,
        reading=around.reading,
        closed=around.closed,
        only=around.only,
    )
    return loop, replace(around, lost=replace(around.lost, secrets=withheld))


def _enter(around: Inherited, ends: Ends, *, disguised: bool, keep: int = -1) -> None:
    """Detach from the parked copy: own session and output, none of its descriptors, but die with it."""
    os.setsid()
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != around.parked_pid:
        raise RuntimeError("the parked copy died")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(ends.output_fd, 1)
    os.dup2(ends.output_fd, 2)
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd not in around.descriptors and fd not in (ends.result_fd, around.reading.layer, keep):
            try:
                os.close(fd)
            except OSError:
                continue  # the descriptor of the listing
    around.generators.restore()
    if around.collects:
        gc.enable()
    faulthandler.enable(file=2, all_threads=False)
    os.environ["TMPDIR"] = tempfile.tempdir = ends.scratch
    if disguised:
        disguise.set_environment(around.environment)
        sys.dont_write_bytecode = not around.writes_bytecode

"""The state before a cell, made again in each copy, where the kernel was copied too late or not at all."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Cell, Raised
from cot_magic.core.chance import Conditions
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome, SandboxStatus
from cot_magic.core.protocols import Sandbox
from cot_magic.core.verdict import same_failure

MOST_SECONDS = 2.0
"""What the earlier cells may take together: they run again in each copy."""
MOST_SECONDS_REPLAYED = 10.0
"""The same in new processes, where there is nothing else."""
REBUILT = "rebuilt"
"""The state of a Sandbox whose copies hold nothing of the kernel."""
STRETCH = 3.0
"""Times as long as in the kernel, before a copy in which they run again is given up."""
SEEN = "__cot_seen__"
"""A global name that only exists in copies."""
PICKLED = """\
def {seen}(names):
    import hashlib, pickle, types
    known = (types.ModuleType, types.FunctionType, type)
    found = {{}}
    for name in names:
        value = get_ipython().user_ns.get(name)
        if value is not None and not isinstance(value, known):
            found[name] = hashlib.sha256(pickle.dumps(value, protocol=4)).hexdigest()[:16]
    return found

{seen} = {seen}({names!r})
"""
"""The digests of all values; one that cannot be pickled cannot be compared, and raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The cells that made what the failing cell found, in the order in which they ran; and their names.

    `own` are the names that the failing cell binds: those that no earlier cell binds did not exist before it.
    `said` tells a person how the state was made.
    """

    cells: tuple[Cell, ...]
    seconds: float
    names: tuple[str, ...]
    own: tuple[str, ...]
    said: str


class MadeAgain:
    """A Sandbox over a copy of the state after a failure, or over a new process: each job runs the earlier
    cells first.

    Its jobs start from the state before the cell, as far as the cell can tell. `state` is `before`, or
    `rebuilt` in a new process.
    """

    def __init__(self, copy: Sandbox, origin: Origin, *, state: str = "before") -> None:
        self._copy, self._said, self._state = copy, origin.said, state
        self._first = repeated(origin) if state == REBUILT else preparation(origin)
        self._seconds = STRETCH * origin.seconds + 1.0

    def status(self) -> SandboxStatus:
        return replace(self._copy.status(), state=self._state, reason=self._said)

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """The results, with the earlier cells left out of them."""
        results = self._copy.run([self._prepared(job) for job in jobs])
        return tuple(self._told(job, result) for job, result in zip(jobs, results, strict=True))

    def close(self) -> None:
        self._copy.close()

    def _prepared(self, job: Job) -> Job:
        if _starts_from_nothing(job):
            return job
        steps, limits = (*self._first, *job.steps), extended(job.limits, self._seconds)
        conditions = importing(job.conditions) if self._state == REBUILT else job.conditions
        return replace(job, steps=steps, limits=limits, conditions=conditions)

    def _told(self, job: Job, result: JobResult) -> JobResult:
        if _starts_from_nothing(job):
            return result
        count = len(self._first)
        if result.step >= count or (result.outcome is Outcome.BLOCKED and not result.step):
            return replace(result, step=max(0, result.step - count))
        note = f"nothing was run: the cells above could not be run again: {result.note or result.outcome}"
        return JobResult(outcome=Outcome.BLOCKED, seconds=result.seconds, note=note)


def preparation(origin: Origin) -> tuple[JobStep, ...]:
    """The steps that make the state before the cell from the state after it."""
    unbind = f"for _name in {origin.own!r}:\n    get_ipython().user_ns.pop(_name, None)\ndel _name"
    return (JobStep(source=unbind, quiet=True), *repeated(origin))


def repeated(origin: Origin) -> tuple[JobStep, ...]:
    """The earlier cells as steps."""
    return tuple(JobStep(source=cell.source, cell=cell.id, quiet=True) for cell in origin.cells)


def importing(conditions: Conditions | None) -> Conditions:
    """The conditions with the import path of this process, which a new one gets when it is confined."""
    return replace(conditions or Conditions(), path=tuple(sys.path))


def made_again(
    copy: Sandbox, origin: Origin, failing: Cell, raised: Raised | None, limits: Limits
) -> MadeAgain | None:
    """A Sandbox with the state before the cell, if it can be shown to be that state; else None.

    It is shown by an experiment: after the earlier cells have run again, the failing cell fails as it did,
    and leaves each value as it is in the copy.
    """
    if origin.seconds > MOST_SECONDS or not copy.status().available:
        return None
    cell = JobStep(source=failing.source, cell=failing.id, quiet=True)
    compared = JobStep(source=PICKLED.format(seen=SEEN, names=origin.names))
    longer = extended(limits, STRETCH * origin.seconds + 1.0)
    first = preparation(origin)
    ran, left, again = copy.run(
        (
            Job(steps=(*first, cell), limits=longer),
            Job(steps=(compared,), watch=(SEEN,), limits=limits),
            Job(steps=(*first, replace(cell, may_raise=True), compared), watch=(SEEN,), limits=longer),
        )
    )
    fails = ran.outcome is Outcome.RAISED and ran.step == len(first) and same_failure(raised, ran.raised)
    passed = left.outcome is again.outcome is Outcome.PASSED and not (ran.tampered or ran.effects)
    same = bool(left.state) and left.state == again.state
    return MadeAgain(copy, origin) if fails and passed and same else None


def replayed(
    process: Sandbox, origin: Origin, failing: Cell, raised: Raised | None, limits: Limits
) -> MadeAgain | str:
    """A Sandbox over a new process in which the earlier cells lead to the same failure; else why not.

    `process` holds nothing of the kernel. What the earlier cells do to files, networks or other programs is
    refused there as in every copy.
    """
    if origin.seconds > MOST_SECONDS_REPLAYED:
        return f"its cells took {origin.seconds:.0f} s, too long to run them again in each experiment"
    if not process.status().available:
        return process.status().reason
    cell = JobStep(source=failing.source, cell=failing.id, quiet=True)
    first = repeated(origin)
    longer = extended(limits, STRETCH * origin.seconds + 1.0)
    (ran,) = process.run((Job(steps=(*first, cell), limits=longer, conditions=importing(None)),))
    if ran.outcome is Outcome.RAISED and ran.step == len(first) and same_failure(raised, ran.raised):
        return MadeAgain(process, origin, state=REBUILT)
    what = ran.raised.ename if ran.raised is not None else ran.note or ran.outcome.lower()
    where = "the cell" if ran.step >= len(first) else "a cell above it"
    return f"run again in a new process, {where} ends otherwise: {what}"


def extended(limits: Limits, seconds: float) -> Limits:
    """The limits of a job that does something else first."""
    return replace(limits, wall_s=limits.wall_s + seconds, cpu_s=limits.cpu_s + math.ceil(seconds))


def _starts_from_nothing(job: Job) -> bool:
    """Whether it runs in a new process, or no cell at all."""
    return job.examine or (job.conditions is not None and job.conditions.hash is not None)

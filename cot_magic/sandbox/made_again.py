"""The state before a cell, made again in each copy, where the kernel was only copied after the failure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Cell, Raised
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome, SandboxStatus
from cot_magic.core.protocols import Sandbox
from cot_magic.core.verdict import same_failure

MOST_SECONDS = 2.0
"""What the earlier cells may take together: they run again in each copy."""
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
    """A Sandbox over a copy of the state after a failure: each job runs the earlier cells first.

    Its jobs start from the state before the cell, as far as the cell can tell.
    """

    def __init__(self, copy: Sandbox, origin: Origin) -> None:
        self._copy, self._said = copy, origin.said
        self._first = preparation(origin)
        self._seconds = STRETCH * origin.seconds + 1.0

    def status(self) -> SandboxStatus:
        return replace(self._copy.status(), state="before", reason=self._said)

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """The results, with the earlier cells left out of them."""
        results = self._copy.run([self._prepared(job) for job in jobs])
        return tuple(self._told(job, result) for job, result in zip(jobs, results, strict=True))

    def close(self) -> None:
        self._copy.close()

    def _prepared(self, job: Job) -> Job:
        if _starts_from_nothing(job):
            return job
        return replace(job, steps=(*self._first, *job.steps), limits=extended(job.limits, self._seconds))

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
    again = (JobStep(source=cell.source, cell=cell.id, quiet=True) for cell in origin.cells)
    return (JobStep(source=unbind, quiet=True), *again)


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


def extended(limits: Limits, seconds: float) -> Limits:
    """The limits of a job that does something else first."""
    return replace(limits, wall_s=limits.wall_s + seconds, cpu_s=limits.cpu_s + math.ceil(seconds))


def _starts_from_nothing(job: Job) -> bool:
    """Whether it runs in a new process, or no cell at all."""
    return job.examine or (job.conditions is not None and job.conditions.hash is not None)

"""What crosses to a sandbox and comes back: jobs, limits, outcomes; and schedules for concurrent code."""

from dataclasses import dataclass, field
from enum import StrEnum

from cot_magic.core.budget import Budget as Budget
from cot_magic.core.case import CellId, Raised

UNREPEATED = "the failure did not repeat"  # start of the note of a run in which nothing failed
NO_PROCESSES = "COT_MAGIC_NO_PROCESSES"
"""Set in the environment of a copy that may not start processes, so that our own code does not try."""


class Outcome(StrEnum):
    """How a job ended. BLOCKED: the confinement or a lost resource stopped it, not the code."""

    PASSED = "PASSED"
    RAISED = "RAISED"
    TIMED_OUT = "TIMED_OUT"
    CRASHED = "CRASHED"
    BLOCKED = "BLOCKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one job. `memory_mb` is what it may use on top of the copied kernel."""

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mb: int = 1024
    output_bytes: int = 65_536
    file_mb: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStep:
    """One cell to run. With `may_raise`, the job goes on to the next step when it raises."""

    source: str
    cell: CellId | None = None
    may_raise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Code to evaluate in a frame of the failure that the last step raises; `frame` indexes the traceback."""

    source: str
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Cells to run in order in one throw-away copy of the snapshot, and what to look at afterwards.

    Attributes
    ----------
    inspect
        If given, the last step is expected to raise, and the outcome is that of the inspection.
    watch
        Global names whose values are reported after the last step, if it passed.
    allow
        What the person permitted: `net`, `proc`, `write=PATH`.
    """

    steps: tuple[JobStep, ...]
    inspect: Inspection | None = None
    watch: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateItem:
    """One observation of a value: `text` is the repr of `expression`, so `assert expression == text` can be
    a test.

    Several items may watch one name (`df.shape`, `list(df.columns)`). `literal` tells whether `text` can be
    evaluated back by `ast.literal_eval` to an equal value. Addresses are taken out of `text`; a long one
    ends in a digest of the whole.
    """

    name: str
    type: str
    expression: str
    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job did, as claimed by the copy that ran it: read it as data.

    Attributes
    ----------
    step
        Index of the step that the outcome is about: the one that raised or was stopped, else the last.
    held
        True or False if the value of the last expression of the last step (or of the inspection) was exactly
        that.
    value
        Bounded repr of that last expression, if it had a value.
    """

    outcome: Outcome
    step: int = 0
    seconds: float = 0.0
    output: str = ""
    value: str | None = None
    held: bool | None = None
    raised: Raised | None = None
    state: tuple[StateItem, ...] = ()
    effects: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStatus:
    """Whether generated code can run, and on which state.

    `state` is `before` (a copy of the kernel from before the cell) or `after` (only the state that the
    failure left). `reason` says why it cannot run, or why the state is `after`.
    """

    available: bool
    state: str = "before"
    reason: str = ""


AVAILABLE = SandboxStatus(available=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The choices of a scheduler in order; an empty tail means the default choice."""

    seed: int
    choices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A schedule that fails as the user saw it, shrunk, and how often its replay failed again.

    Attributes
    ----------
    random_seed
        What the code's own random numbers are seeded with.
    token
        A short word from which any machine with the same code makes the schedule again.
    """

    schedule: Schedule
    minimised: tuple[int, ...] = ()
    replays: int = 0
    replays_failed: int = 0
    random_seed: str = ""
    token: str = ""

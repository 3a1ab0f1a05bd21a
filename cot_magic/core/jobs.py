"""What crosses to a sandbox and comes back: jobs, limits, outcomes; and schedules for concurrent code."""

from dataclasses import dataclass, field
from enum import StrEnum

from cot_magic.core.budget import Budget as Budget
from cot_magic.core.case import CellId, Raised
from cot_magic.core.chance import Conditions
from cot_magic.core.facts import Fact

IN_A_COPY = "its files were written to a copy of the folder"
"""The note of a job that passed in a copy of its folder, because it may not write into the folder itself."""
UNREPEATED = "the failure did not repeat"  # start of the note of a run in which nothing failed


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
    """One cell to run. With `may_raise`, the job goes on to the next step when it raises.

    A `quiet` step only prepares the others: what it prints is lost, and its time does not count.
    """

    source: str
    cell: CellId | None = None
    may_raise: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Code to evaluate in a frame of the failure that the last step raises; `frame` indexes the traceback."""

    source: str
    frame: int


SHOWN = "_"
"""The name under which the value that a cell displays is watched, as IPython calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Cells to run in order in one throw-away copy of the snapshot, and what to look at afterwards.

    Attributes
    ----------
    inspect
        If given, the last step is expected to raise, and the outcome is that of the inspection.
    watch
        Global names whose values are reported after the last step, if it passed; `SHOWN` is the value of its
        last expression.
    allow
        What the person permitted: `net`, `proc`, `write=PATH`.
    disguised
        Runs in a copy that looks like the kernel: no name of ours in files, folders, modules or classes. Code
        that behaves well only where it is judged answers differently there.
    examine
        Runs no step, but the autopsy of the failed kernel that the snapshot was given.
    copies_folder
        If it is stopped only because it writes a file into its working directory, it runs again in a copy of
        that folder, and says so (`IN_A_COPY`).
    conditions
        What the run may not leave to chance: seeds, clock, time zone, order of files.
    reads
        If given, it reads only the notebook's folder, the interpreter, what the kernel has open, and the
        files that these expressions of the notebook name; else all but credentials.
    """

    steps: tuple[JobStep, ...]
    inspect: Inspection | None = None
    watch: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    allow: tuple[str, ...] = ()
    disguised: bool = False
    examine: bool = False
    copies_folder: bool = False
    conditions: Conditions | None = None
    reads: tuple[str, ...] | None = None


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
    facts
        What an autopsy found until it ended, however it ended.
    tampered
        What the code of the steps itself did that could change how it is judged (`it set a trace function`).
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
    facts: tuple[Fact, ...] = ()
    tampered: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStatus:
    """Whether generated code can run, and on which state.

    `state` is `before` (a copy of the kernel from before the cell), `rebuilt` (the cells above ran again in a
    new process) or `after` (only the state that the failure left). `reason` says why it cannot run, why the
    state is `after`, or how the state was made where no copy had been. It is not `confined` only where the
    person permitted that and the system cannot confine it.
    """

    available: bool
    state: str = "before"
    reason: str = ""
    confined: bool = True


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

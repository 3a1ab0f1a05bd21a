"""The one stream between reasoner and screens: a closed union of notices, requests and records."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.findings import (
    Evidence,
    Fix,
    FixId,
    Hypothesis,
    HypothesisId,
    Phase,
    Probe,
    RegressionTest,
    Usage,
)
from cot_magic.core.jobs import AVAILABLE, Budget, SandboxStatus, Witness

# --- notices: what a reasoner says; there is no answer -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A paragraph, in Markdown, under a short topic (`pattern`, `values`, `lineage`, `strategy`, `rollback`,
    `limits`)."""

    phase: Phase
    topic: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A piece of a model's text as it arrives; `thinking` is shown in a fold of its own."""

    phase: Phase
    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisStated:
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True, kw_only=True)
class FixProposed:
    fix: Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class TestWritten:
    """A regression test for a fix, before it ran."""

    __test__ = False

    fix: FixId
    test: RegressionTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The last characters of a model's text and thinking are void: the answer starts again."""

    phase: Phase
    text: int = 0
    thinking: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A pause: why, and how many seconds are left. Sent about once a second."""

    phase: Phase
    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """Something the person should know about the progress, in one sentence."""

    phase: Phase
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How many characters were sent to a model in this session, and how many values were withheld."""

    phase: Phase
    characters: int
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What a phase has used so far.

    `target` is the number of thinking tokens that each request asked for; `enforced` says whether the server
    takes it as a limit.
    """

    phase: Phase
    usage: Usage
    target: int = 0
    enforced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """`headline` is the result of the phase in one sentence, plain text with `code` in backquotes."""

    phase: Phase
    headline: str


Notice: TypeAlias = (
    PhaseStarted
    | Finding
    | Streamed
    | HypothesisStated
    | FixProposed
    | TestWritten
    | Withdrawn
    | Waiting
    | Remarked
    | Sent
    | UsageReported
    | PhaseEnded
)

# --- requests: what a reasoner wants to run; answered with evidence -----------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProbe:
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class TryFix:
    """Run the cell and each test without and with the edits."""

    fix: Fix
    tests: tuple[RegressionTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreSchedules:
    """Search for a schedule under which the cell (edited by `fix`, if given) fails.

    Attributes
    ----------
    witness
        A schedule that failed before: the edited code runs under it first.
    token
        A schedule to run instead of a search, as the person gave it.
    about
        The hypothesis that the evidence is about; with a fix it is about that.
    """

    schedules: int
    seed: int = 0
    fix: Fix | None = None
    witness: Witness | None = None
    token: str = ""
    about: HypothesisId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectVariable:
    """Evaluate one expression; the evidence is not about a hypothesis.

    `frame` is as in `Probe`: None for the state before the failing cell, else a frame of the failure.
    """

    expression: str
    frame: int | None = None


Request: TypeAlias = RunProbe | TryFix | ExploreSchedules | InspectVariable

# --- records: what the engine adds --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    case: Case
    intensity: str
    reasoner: str
    budget: Budget
    sandbox: SandboxStatus = AVAILABLE
    id: str = ""
    note: str = ""  # how the reasoner was chosen, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The session continues after a fault or interrupt; finished phases are kept."""

    reasoner: str
    sandbox: SandboxStatus = AVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAdvanced:
    """Progress of a search over schedules; `seconds_left` is the time limit that remains."""

    ran: int
    total: int
    failed: int
    per_second: float = 0.0
    seconds_left: float = 0.0
    stage: str = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGathered:
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The person interrupted the session; everything before is kept."""

    phase: Phase | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """Our code or a service failed; everything before is kept. `message` is one line."""

    phase: Phase | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    pass


Record: TypeAlias = (
    SessionStarted | Resumed | SearchAdvanced | EvidenceGathered | Interrupted | Faulted | SessionEnded
)
Event: TypeAlias = Notice | Request | Record
Step: TypeAlias = Notice | Request
Reply: TypeAlias = tuple[Evidence, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """An event with its number and its time in seconds since the session started."""

    order: int
    seconds: float
    event: Event


def ask(request: Request) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    """Yield a request and return its evidence: the one place where something is sent to a reasoner.

    An empty tuple means that the budget for experiments is used up, or that nothing could run.
    """
    reply = yield request
    return reply or ()

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

# --- notices: what a reasoner says; nothing is answered -----------------------------------------------------


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
    """A piece of a model's text as it arrives; `thinking` goes to a fold of its own."""

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
    """The last characters of a model's text and thinking do not count: the answer starts again."""

    phase: Phase
    text: int = 0
    thinking: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nothing arrives for a while: what is left of a pause, in seconds, and why. Sent about once a second."""

    phase: Phase
    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """Something about how the work goes on that the person has to know, in one sentence."""

    phase: Phase
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How much text has left for a model in this session so far, and how many values were withheld from
    it."""

    phase: Phase
    characters: int
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What a phase has used so far.

    `target` is the number of thinking tokens that each request asked for; `enforced` tells whether the
    server takes it as a limit.
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

# --- requests: what a reasoner wants run; answered with evidence --------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProbe:
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class TryFix:
    """Run the cell without and with the edits, and each test without and with them."""

    fix: Fix
    tests: tuple[RegressionTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreSchedules:
    """Search for a schedule under which the cell (edited by `fix`, if given) fails.

    Attributes
    ----------
    witness
        A schedule that failed before: it is run first on the edited code.
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
    """Look at the value of one expression; its evidence is about no hypothesis.

    `frame` as in `Probe`: None for the state before the failing cell, else a frame of the failure.
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
    """The same session goes on after a fault or interrupt; the phases that were finished stay."""

    reasoner: str
    sandbox: SandboxStatus = AVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAdvanced:
    """How far a search over schedules is; `seconds_left` is the most that it may still take."""

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
    """The person stopped it; all before stays."""

    phase: Phase | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """Something of ours or of a service failed; all before stays. `message` is one line."""

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
    """An event with its place in the order and its time in seconds since the session started."""

    order: int
    seconds: float
    event: Event


def ask(request: Request) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    """Yield a request and return the evidence that it is answered with: the one place where a reasoner is
    sent something.

    An empty tuple means that the budget for experiments is spent, or that nothing could run at all.
    """
    reply = yield request
    return reply or ()

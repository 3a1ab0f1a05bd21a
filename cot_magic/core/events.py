"""The one stream between reasoner and screens: a closed union of notices, requests and records."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.findings import Evidence, Fix, FixId, Hypothesis, Phase, Probe, RegressionTest, Usage
from cot_magic.core.jobs import AVAILABLE, Budget, SandboxStatus

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
class UsageReported:
    phase: Phase
    usage: Usage


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
    """Search for a schedule under which the cell (edited by `fix`, if given) fails."""

    schedules: int
    seed: int = 0
    fix: Fix | None = None


Request: TypeAlias = RunProbe | TryFix | ExploreSchedules

# --- records: what the engine adds --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    case: Case
    intensity: str
    reasoner: str
    budget: Budget
    sandbox: SandboxStatus = AVAILABLE
    id: str = ""


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


Record: TypeAlias = SessionStarted | EvidenceGathered | Interrupted | Faulted | SessionEnded
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

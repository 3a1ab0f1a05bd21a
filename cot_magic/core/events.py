"""The one stream between reasoner and screens: a closed union of notices, requests and records."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.certificate import Certificate
from cot_magic.core.chance import MODULES, Axis, Conditions
from cot_magic.core.facts import NO_FACTS, Facts
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
from cot_magic.core.jobs import AVAILABLE, Budget, Outcome, SandboxStatus, Witness

# --- notices: what a reasoner says; there is no answer -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """`by` is who writes the phase, where it is not the reasoner that the session is named after."""

    phase: Phase
    by: str = ""


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
    """How many characters were sent to a model in this session, and how many values were withheld.

    `left` says in words what the session may still use: requests, seconds, dollars.
    """

    phase: Phase
    characters: int
    withheld: int = 0
    left: str = ""


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
    """`headline` is the result of the phase in one sentence, plain text with `code` in backquotes.

    For a phase that has ended before, it only replaces the headline: what was said there was refuted since.
    """

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
    """Run a probe; `fix` has the edits that are made first, if the probe says so."""

    probe: Probe
    fix: Fix | None = None


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
    reads
        What its jobs may read, as in `Job`; the engine says so.
    """

    schedules: int
    seed: int = 0
    fix: Fix | None = None
    witness: Witness | None = None
    token: str = ""
    about: HypothesisId | None = None
    reads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectVariable:
    """Evaluate one expression; the evidence is not about a hypothesis.

    `frame` is as in `Probe`: None for the state before the failing cell, else a frame of the failure.
    """

    expression: str
    frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAhead:
    """Run side by side what is going to be requested next. No evidence comes of it: each of the requests has
    to be made too, and is then answered at once."""

    requests: tuple[RunProbe | TryFix | InspectVariable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine:
    """Look at the failed kernel, where exception and frames are still alive; nothing is run again. Answered
    with Facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Run code of ours that tries many candidates in one confined copy, from the state before the cell.

    Answered with Screened: what survives is only a candidate, and has to be tried like any other fix.
    `seconds` bounds the run.
    """

    source: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeFix:
    """Try to show that a ✓ for this fix, which passes, would be wrong. The engine does so for the best fix in
    any case; who asks is told in time. `tests` are those of the fix that are not written yet."""

    fix: Fix
    tests: tuple[RegressionTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyFix:
    """Run the whole notebook with this fix in a fresh kernel, if the person wants a certificate and this is
    the best fix. Answered with Certificate, or None."""

    fix: Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatRuns:
    """Run the cell (edited by `fix`, if given) many times, and count how often it fails.

    Attributes
    ----------
    vary
        What differs between the runs. With `Axis.HASH`, each runs in a new process in which all earlier cells
        run again; else in a copy of the kernel.
    held
        Under which conditions everything else is held; None: as it is in the copy.
    contrast
        The first run takes its value of the varied axis from here.
    unseeded
        Generators that the notebook did not seed, as in `Conditions`.
    moment
        Seconds since 1970: the moments that the clock shows are spread around it.
    seconds
        Time limit of all runs together.
    about
        The hypothesis that the evidence is about; with a fix it is about that.
    """

    runs: int
    vary: tuple[Axis, ...] = ()
    held: Conditions | None = None
    contrast: Conditions | None = None
    unseeded: tuple[str, ...] = MODULES
    seed: int = 0
    moment: float = 1_767_225_600.0
    seconds: float = 10.0
    fix: Fix | None = None
    about: HypothesisId | None = None


Request: TypeAlias = (
    RunProbe
    | TryFix
    | ExploreSchedules
    | InspectVariable
    | RunAhead
    | Examine
    | Screen
    | ChallengeFix
    | CertifyFix
    | RepeatRuns
)

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
    """Progress of a search over schedules, or of many runs; `seconds_left` is the time limit that remains."""

    ran: int
    total: int
    failed: int
    per_second: float = 0.0
    seconds_left: float = 0.0
    stage: str = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifying:
    """A cell of the whole notebook is about to run in a fresh kernel; `ran` of `total` have."""

    label: str
    ran: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The whole notebook ran with the best fix."""

    certificate: Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGathered:
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What a screening printed, bounded: data from a process that is not trusted. It proves nothing."""

    outcome: Outcome
    output: str
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsFound:
    """What the autopsy of the failed kernel found."""

    facts: Facts


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
class Decided:
    """The person said which of the fixes that pass was meant."""

    fix: FixId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    pass


Record: TypeAlias = (
    SessionStarted
    | Resumed
    | SearchAdvanced
    | EvidenceGathered
    | FactsFound
    | Screened
    | Certifying
    | Certified
    | Interrupted
    | Faulted
    | Decided
    | SessionEnded
)
Event: TypeAlias = Notice | Request | Record
Step: TypeAlias = Notice | Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """The answer to a ChallengeFix: the evidence, and what the engine proposed beside the fix."""

    evidence: tuple[Evidence, ...] = ()
    fixes: tuple[Fix, ...] = ()
    tests: tuple[tuple[FixId, RegressionTest], ...] = ()


Reply: TypeAlias = tuple[Evidence, ...] | Facts | Screened | Challenged | Certificate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """An event with its number and its time in seconds since the session started."""

    order: int
    seconds: float
    event: Event


def ask(request: Request) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    """Yield a request for experiments and return its evidence.

    An empty tuple means that the budget for experiments is used up, or that nothing could run.
    """
    reply = yield request
    return reply if isinstance(reply, tuple) else ()


def screen(request: Screen) -> Generator[Step, Reply, Screened | None]:
    """Yield the request and return what was printed; None if nothing could run."""
    reply = yield request
    return reply if isinstance(reply, Screened) else None


def examine() -> Generator[Step, Reply, Facts]:
    """Request an autopsy and return its facts; there are none where no failed kernel is left to look at."""
    reply = yield Examine()
    return reply if isinstance(reply, Facts) else NO_FACTS


def challenge(fix: Fix) -> Generator[Step, Reply, Challenged]:
    """Have a fix challenged; empty if nobody challenges fixes here, or it was challenged before."""
    reply = yield ChallengeFix(fix=fix)
    return reply if isinstance(reply, Challenged) else Challenged()


def certify(fix: Fix) -> Generator[Step, Reply, Certificate | None]:
    """Have the whole notebook run with a fix; None if no certificate is wanted or none can be made."""
    reply = yield CertifyFix(fix=fix)
    return reply if isinstance(reply, Certificate) else None

"""Who is who in one session: an id means one thing, and only the engine makes evidence."""

from cot_magic.core.errors import ReasonerError
from cot_magic.core.events import (
    Certified,
    CertifyFix,
    Certifying,
    ChallengeFix,
    Decided,
    Event,
    EvidenceGathered,
    ExploreSchedules,
    FactsFound,
    Faulted,
    FixProposed,
    HypothesisStated,
    Interrupted,
    RepeatRuns,
    Resumed,
    Screened,
    SearchAdvanced,
    SessionEnded,
    SessionStarted,
    TestWritten,
    TryFix,
)
from cot_magic.core.findings import CellEdit, Fix, FixId, Hypothesis, HypothesisId, RegressionTest
from cot_magic.core.session import Session

_OF_THE_ENGINE = (
    EvidenceGathered,
    FactsFound,
    Screened,
    SessionStarted,
    Resumed,
    SearchAdvanced,
    Interrupted,
    Faulted,
    Certifying,
    Certified,
    Decided,
    SessionEnded,
)


class Identities:
    """Checks the steps of a reasoner: evidence about a fix, test or hypothesis is about that one alone.

    What was tried under an id cannot be proposed as something else afterwards, nor the other way round.
    """

    def __init__(self, resumed: Session | None = None) -> None:
        self._edits: dict[FixId, tuple[CellEdit, ...]] = {}
        self._tests: dict[tuple[FixId, str], str] = {}
        self._claims: dict[HypothesisId, str] = {}
        if resumed is not None:
            self._edits = {fix.id: fix.edits for fix in resumed.fixes}
            self._tests = {(owner, test.name): test.source for owner, test in resumed.tests}
            self._claims = {item.id: item.claim for item in resumed.hypotheses}

    def check(self, step: Event) -> None:
        """Raises ReasonerError if the step gives an id another meaning, or is one of the engine's."""
        match step:
            case HypothesisStated(hypothesis=hypothesis):
                self._hypothesis(hypothesis)
            case FixProposed(fix=fix) | ChallengeFix(fix=fix) | CertifyFix(fix=fix):
                self._fix(fix)
            case TryFix(fix=fix, tests=tests):
                self._fix(fix)
                for test in tests:
                    self._test(fix.id, test)
            case ExploreSchedules(fix=Fix() as fix) | RepeatRuns(fix=Fix() as fix):
                self._fix(fix)
            case TestWritten(fix=owner, test=test):
                self._test(owner, test)
            case _ if isinstance(step, _OF_THE_ENGINE):
                raise ReasonerError(f"a reasoner cannot make a {type(step).__name__}: only the engine does")

    def _hypothesis(self, hypothesis: Hypothesis) -> None:
        if self._claims.setdefault(hypothesis.id, hypothesis.claim) != hypothesis.claim:
            raise ReasonerError(f"hypothesis {hypothesis.id} was stated with another claim")

    def _fix(self, fix: Fix) -> None:
        if self._edits.setdefault(fix.id, fix.edits) != fix.edits:
            raise ReasonerError(f"fix {fix.id} has other edits than before")

    def _test(self, owner: FixId, test: RegressionTest) -> None:
        if self._tests.setdefault((owner, test.name), test.source) != test.source:
            raise ReasonerError(f"test {test.name} of fix {owner} has another source than before")

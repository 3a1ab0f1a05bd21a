"""The Session: the fold of a run's events, from which every screen, file and summary is made."""

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from cot_magic.core.case import Case
from cot_magic.core.causes import explains
from cot_magic.core.certificate import Certificate
from cot_magic.core.events import (
    Certified,
    CertifyFix,
    Certifying,
    ChallengeFix,
    Decided,
    EvidenceGathered,
    Examine,
    ExploreSchedules,
    FactsFound,
    Faulted,
    Finding,
    FixProposed,
    HypothesisStated,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    RepeatRuns,
    Resumed,
    RunAhead,
    RunProbe,
    Screen,
    Screened,
    SearchAdvanced,
    Sent,
    SessionEnded,
    SessionStarted,
    Stamped,
    Streamed,
    TestWritten,
    TryFix,
    UsageReported,
    Waiting,
    Withdrawn,
)
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.core.findings import (
    Evidence,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    Hypothesis,
    HypothesisId,
    HypothesisVerdict,
    Phase,
    RegressionTest,
    Stage,
    Usage,
)
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.jobs import AVAILABLE, Budget, Outcome, SandboxStatus
from cot_magic.core.progress import legs
from cot_magic.core.repeated import by_chance
from cot_magic.core.streaming import EMPTY, Transcript
from cot_magic.core.verdict import Judgement, best_fix, judge_fix, judge_hypothesis

NO_CREDENTIAL = "No model credential found."
INTERRUPTED = "the search was interrupted before everything had run that could speak against it"
ORIGIN = "origin."
"""Starts the codes of rules that say where the fault was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """One phase so far. Times are seconds since the session started; `ended` is None while it runs.

    `spent` is the part of `usage` that an unfinished attempt used; `waiting` is the current pause. `target`
    and `enforced` are as in UsageReported, `by` as in PhaseStarted.
    """

    phase: Phase
    started: float
    by: str = ""
    ended: float | None = None
    headline: str = ""
    findings: tuple[Finding, ...] = ()
    written: Transcript = EMPTY
    thoughts: Transcript = EMPTY
    usage: Usage | None = None
    spent: Usage | None = None
    target: int = 0
    enforced: bool = False
    remarks: tuple[str, ...] = ()
    waiting: Waiting | None = None

    @property
    def streamed(self) -> str:
        """The text of a model as it arrived."""
        return str(self.written)

    @property
    def thinking(self) -> str:
        """The thinking of a model, as far as the server shows it."""
        return str(self.thoughts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestView:
    """A regression test of a fix with the evidence of its two runs; None if it has not run."""

    __test__ = False

    fix: FixId
    test: RegressionTest
    before: Evidence | None = None
    after: Evidence | None = None

    @property
    def shows_nothing(self) -> bool:
        """Whether it ran and passed without the fix, or ran and raised with it; False if it could not run."""
        idle = self.before is not None and self.before.outcome is Outcome.PASSED
        return idle or (self.after is not None and self.after.outcome is Outcome.RAISED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything known of a run, in order of arrival. All judgements are derived from `evidence`."""

    id: str = ""
    case: Case | None = None
    intensity: str = "cot"
    reasoner: str = ""
    budget: Budget | None = None
    sandbox: SandboxStatus = AVAILABLE
    phases: tuple[PhaseView, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    fixes: tuple[Fix, ...] = ()
    tests: tuple[tuple[FixId, RegressionTest], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: Facts = NO_FACTS
    faults: tuple[str, ...] = ()
    interrupted: bool = False
    ended: bool = False
    seconds: float = 0.0
    note: str = ""
    sent: int = 0  # characters sent to a model
    withheld: int = 0  # values withheld from it
    left: str = ""  # what may still be used to ask it, in words, when it was asked last
    certificate: Certificate | None = None  # of the whole notebook with the best fix
    certifying: str = ""  # the cell of the whole notebook that runs now
    events: int = 0
    meant: FixId | None = None  # the fix that the person said was meant

    def phase(self, phase: Phase) -> PhaseView | None:
        """The view of that phase, or None if it has not started."""
        return next((view for view in self.phases if view.phase is phase), None)

    @property
    def running(self) -> PhaseView | None:
        """The current phase."""
        return next((view for view in reversed(self.phases) if view.ended is None), None)

    def judge(self, hypothesis: HypothesisId) -> Judgement[HypothesisVerdict]:
        """The verdict on a hypothesis, with its evidence."""
        return judge_hypothesis(hypothesis, self.evidence)

    def judge_fix(self, fix: Fix) -> Judgement[FixVerdict]:
        """The verdict on a fix, with its evidence and what was missing.

        Nothing is VERIFIED in a session that was interrupted before its last phase ended: what would speak
        against the fix may not have run.
        """
        judged = judge_fix(
            fix,
            case=self.case,
            fixes=self.fixes,
            tests=self.tests,
            evidence=self.evidence,
            sandbox=self.sandbox,
            meant=self.meant,
        )
        if judged.verdict is FixVerdict.VERIFIED and self.interrupted and Phase.CONFIRM not in self.finished:
            return replace(judged, verdict=FixVerdict.PLAUSIBLE, reasons=(*judged.reasons, INTERRUPTED))
        return judged

    @property
    def best_fix(self) -> Fix | None:
        """The fix that the person meant, else the one with the best verdict, the earlier one among equals;
        rejected ones never."""
        meant = next((fix for fix in self.fixes if fix.id == self.meant), None)
        if meant is not None:
            return meant
        return best_fix(self.fixes, self.judge_fix)

    @property
    def root_cause(self) -> Hypothesis | None:
        """The hypothesis of the best fix about the first failure if it is CONFIRMED, else the first CONFIRMED
        one."""
        confirmed = [
            h
            for h in self.hypotheses
            if h.names_a_cause
            and self.judge(h.id).verdict is HypothesisVerdict.CONFIRMED
            and self.explains(h)
        ]
        fix = self.best_fix
        first = legs(self.case, fix, self.fixes, self.evidence)[0].fix if self.case and fix else fix
        return next(
            (h for h in confirmed if first is not None and h.id == first.hypothesis),
            confirmed[0] if confirmed else None,
        )

    def explains(self, hypothesis: Hypothesis) -> bool:
        """Whether a hypothesis is more than a prediction that held; a fix that did not help says nothing of
        what somebody claims."""
        helping = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
        fixes = [
            fix
            for fix in self.fixes
            if hypothesis.rule or (fix.hypothesis == hypothesis.id and self.judge_fix(fix).verdict in helping)
        ]
        return explains(self.case, hypothesis, fixes, self.evidence)

    @property
    def origin(self) -> Hypothesis | None:
        """The CONFIRMED hypothesis about the statement that made the fault, if there is one."""
        return next(
            (
                h
                for h in self.hypotheses
                if h.rule.startswith(ORIGIN) and self.judge(h.id).verdict is HypothesisVerdict.CONFIRMED
            ),
            None,
        )

    @property
    def result(self) -> str:
        """`no-failure`, `verified`, `plausible` or `unresolved`."""
        if self.case is None or (
            self.case.raised is None
            and failing_schedule(self.case, self.evidence) is None
            and by_chance(self.evidence) is None
        ):
            return "no-failure"
        fix = self.best_fix
        verdict = self.judge_fix(fix).verdict if fix is not None else None
        if verdict is FixVerdict.VERIFIED:
            return "verified"
        return "plausible" if verdict is FixVerdict.PLAUSIBLE else "unresolved"

    def tests_of(self, fix: FixId) -> tuple[TestView, ...]:
        """The tests written for a fix, with their latest runs."""
        runs = {
            (item.test, item.stage): item
            for item in self.evidence
            if item.kind is EvidenceKind.TEST and item.about == fix
        }
        return tuple(
            TestView(
                fix=fix,
                test=test,
                before=runs.get((test.name, Stage.BEFORE)),
                after=runs.get((test.name, Stage.AFTER)),
            )
            for owner, test in self.tests
            if owner == fix
        )

    @property
    def usage(self) -> Usage | None:
        """Total tokens and price; None if no model was asked, and the price is None if a part is unknown."""
        parts = [view.usage for view in self.phases if view.usage is not None]
        return functools.reduce(operator.add, parts) if parts else None

    def evolve(self, stamped: Stamped) -> "Session":
        """The session after one more event."""
        if isinstance(stamped.event, Streamed):
            return self._streamed(stamped.event, stamped.seconds)
        after = (
            replace(self, meant=stamped.event.fix)
            if isinstance(stamped.event, Decided)
            else self._apply(stamped)
        )
        return replace(after, seconds=max(self.seconds, stamped.seconds), events=self.events + 1)

    def stopped(self) -> "Session":
        """The session, interrupted in the program that shows it."""
        return replace(self._close_phases(self.seconds), interrupted=True, ended=True)

    def _apply(self, stamped: Stamped) -> "Session":
        event, now = stamped.event, stamped.seconds
        match event:
            case SessionStarted():
                return self._begun(event)
            case Resumed():
                return self._resumed(event)
            case PhaseStarted():
                return self._start(event, now)
            case Finding():
                return self._in_phase(
                    event.phase, lambda view: replace(view, findings=(*view.findings, event))
                )
            case Streamed():
                return self._streamed(event, now)
            case Withdrawn():
                return self._in_phase(event.phase, lambda view: _without(view, event))
            case UsageReported():
                return self._in_phase(event.phase, lambda view: _charged(view, event))
            case Waiting():
                return self._in_phase(event.phase, lambda view: replace(view, waiting=event))
            case Remarked():
                return self._in_phase(
                    event.phase, lambda view: replace(view, remarks=(*view.remarks, event.text))
                )
            case Sent():
                return replace(self, sent=event.characters, withheld=event.withheld, left=event.left)
            case PhaseEnded():
                return self._in_phase(event.phase, lambda view: _ended(view, event.headline, now))
            case HypothesisStated():
                return replace(self, hypotheses=(*self.hypotheses, event.hypothesis))
            case FixProposed():
                return self if event.fix in self.fixes else replace(self, fixes=(*self.fixes, event.fix))
            case TestWritten():
                pair = (event.fix, event.test)
                return self if pair in self.tests else replace(self, tests=(*self.tests, pair))
            case EvidenceGathered():
                return replace(self, evidence=(*self.evidence, event.evidence))
            case FactsFound():
                return replace(self, facts=event.facts)
            case Interrupted():
                return replace(self._close_phases(now), interrupted=True)
            case Faulted():
                return replace(self._close_phases(now), faults=(*self.faults, event.message))
            case Certified():
                return replace(self, certificate=event.certificate, certifying="")
            case Certifying():
                return replace(self, certifying=event.label)
            case SessionEnded():
                return replace(self._close_phases(now), ended=True)
            case RunProbe() | TryFix() | ExploreSchedules() | InspectVariable() | Examine() | CertifyFix():
                return self
            case SearchAdvanced() | Screen() | Screened() | ChallengeFix() | Decided() | RunAhead():
                return self
            case RepeatRuns():
                return self
            case _:
                assert_never(event)

    def _streamed(self, event: Streamed, now: float) -> "Session":
        """Add a piece of text. A thousand may arrive in a second: session and phase are copied once each."""

        def grown(view: PhaseView) -> PhaseView:
            if event.thinking:
                return replace(view, thoughts=view.thoughts.add(event.text), waiting=None)
            return replace(view, written=view.written.add(event.text), waiting=None)

        phases = tuple([grown(view) if view.phase is event.phase else view for view in self.phases])
        return replace(self, phases=phases, seconds=max(self.seconds, now), events=self.events + 1)

    def _start(self, event: PhaseStarted, now: float) -> "Session":
        """Start a phase; what an earlier attempt used is kept.

        One that replaces another keeps what that one wrote. When the session's own reasoner starts, the
        phases that others wrote make way.
        """
        earlier = self.phase(event.phase)
        used = earlier.usage if earlier is not None else None
        view = PhaseView(phase=event.phase, started=now, by=event.by, usage=used, spent=used)
        if event.by and earlier is not None:
            view = replace(view, written=earlier.written, thoughts=earlier.thoughts, remarks=earlier.remarks)
            view = replace(view, target=earlier.target, enforced=earlier.enforced)
        kept = [item for item in self.phases if item.phase is not event.phase and (event.by or not item.by)]
        return replace(self, phases=(*kept, view))

    def _begun(self, event: SessionStarted) -> "Session":
        return replace(
            self,
            case=event.case,
            intensity=event.intensity,
            reasoner=event.reasoner,
            budget=event.budget,
            sandbox=event.sandbox,
            id=event.id or self.id,
            note=event.note,
        )

    def _resumed(self, event: Resumed) -> "Session":
        return replace(
            self, reasoner=event.reasoner, sandbox=event.sandbox, interrupted=False, ended=False, faults=()
        )

    def _in_phase(self, phase: Phase, change: Callable[[PhaseView], PhaseView]) -> "Session":
        return replace(
            self,
            phases=tuple(
                change(replace(view, waiting=None)) if view.phase is phase else view for view in self.phases
            ),
        )

    @property
    def finished(self) -> tuple[Phase, ...]:
        """The finished phases, in order."""
        return tuple(view.phase for view in self.phases if view.headline)

    @property
    def own(self) -> tuple[Phase, ...]:
        """The finished phases that the session's reasoner wrote itself, in order."""
        return tuple(view.phase for view in self.phases if view.headline and not view.by)

    @property
    def worked_by(self) -> str:
        """Who wrote the phases: the session's reasoner, unless another one wrote all of them."""
        names = {view.by for view in self.phases}
        return names.pop() if len(names) == 1 and "" not in names and not self.sent else self.reasoner

    def _close_phases(self, now: float) -> "Session":
        return replace(
            self,
            phases=tuple(replace(view, ended=now) if view.ended is None else view for view in self.phases),
        )


def _without(view: PhaseView, event: Withdrawn) -> PhaseView:
    """The phase without the last text and thinking, which a failed attempt wrote."""
    return replace(
        view,
        written=view.written.cut(view.written.length - event.text),
        thoughts=view.thoughts.cut(view.thoughts.length - event.thinking),
    )


def _charged(view: PhaseView, event: UsageReported) -> PhaseView:
    used = event.usage if view.spent is None else view.spent + event.usage
    return replace(view, usage=used, target=event.target, enforced=event.enforced)


def _ended(view: PhaseView, headline: str, now: float) -> PhaseView:
    """The phase with its headline; one that had ended keeps its time."""
    return replace(view, ended=now if view.ended is None else view.ended, headline=headline)

"""The offline reasoner: rules state hypotheses, runs in copies of the kernel decide, nothing else is
claimed."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

from cot_magic.core.case import Case, Raised
from cot_magic.core.events import (
    ExploreSchedules,
    Finding,
    FixProposed,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    Reply,
    RunProbe,
    Step,
    TestWritten,
    TryFix,
    ask,
)
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
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.intermittent import failing_schedule, searched
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.verdict import Judgement, best_fix, judge_fix, judge_hypothesis, passing_fixes, run_of
from cot_magic.reasoners.offline import analysis, conclusions
from cot_magic.reasoners.offline.catalogue import built_in
from cot_magic.reasoners.offline.races import order as races
from cot_magic.reasoners.offline.ranking import (
    Candidate,
    Suspect,
    candidates,
    combined,
    edited,
    silences,
    suspects,
)
from cot_magic.reasoners.offline.rule import LoadedRules, Rule, RuleSource
from cot_magic.reasoners.offline.tests_from_state import regression_tests

Steps = Generator[Step, Reply, None]
FIXES = 12  # proposals in one session; a reader cannot compare more
FIRST_FIXES = 8  # of these in the first round, to leave some for later rounds
RIVALS = 4  # passing rivals that get tests of their own


class OfflineReasoner:
    """A deterministic debugger: no key, no network, no model.

    Parameters
    ----------
    rules
        What loads the rules for a failure, or the rules themselves; by default the rules of this package.
    """

    name = "offline"

    def __init__(self, rules: RuleSource | Sequence[Rule] = built_in) -> None:
        self._rules = rules if callable(rules) else _always(tuple(rules))

    def reason(self, case: Case, budget: Budget) -> Steps:
        """The five phases for the case; a cell that passed is reviewed."""
        if case.raised is None:
            yield from self._passed(case, budget)
            return
        yield from Inquiry(case=case, raised=case.raised, budget=budget, rules=self._rules).steps()

    def _passed(self, case: Case, budget: Budget) -> Steps:
        """The phases for a cell that passed: search for a schedule that fails if the person asked for it,
        else review."""
        if not (budget.explore and races.concurrent(case)):
            from cot_magic.reasoners.offline.review import review  # used only for cells that passed

            yield from review(case)
            return
        yield PhaseStarted(phase=Phase.ANALYZE)
        yield HypothesisStated(hypothesis=races.order_matters(case))
        evidence = yield from ask(races.request(budget))
        failing = failing_schedule(case, evidence)
        if failing is None or failing.raised is None:
            yield from races.passed_phases(evidence)
            return
        inquiry = Inquiry(case=case, raised=failing.raised, budget=budget, rules=self._rules)
        inquiry.evidence += evidence
        inquiry.failing = failing
        yield from inquiry.steps(begun=True)


def _always(rules: tuple[Rule, ...]) -> RuleSource:
    """Use these rules for every failure."""
    return lambda case: LoadedRules(rules=rules)


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """One run of the five phases: what was stated, tried and seen so far."""

    case: Case
    raised: Raised
    budget: Budget
    rules: RuleSource
    suspects: list[Suspect] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    tests: list[tuple[FixId, RegressionTest]] = field(default_factory=list)
    failing: Evidence | None = None  # a schedule under which it fails

    def steps(self, *, begun: bool = False) -> Steps:
        """The phases; `begun` if the first one has started, and its search over schedules has run."""
        for phase, work in (
            (Phase.ANALYZE, self._analyze),
            (Phase.PLAN, self._plan),
            (Phase.VALIDATE, self._validate),
            (Phase.IMPLEMENT, self._implement),
            (Phase.CONFIRM, self._confirm),
        ):
            if not begun or phase is not Phase.ANALYZE:
                yield PhaseStarted(phase=phase)
            said: list[str] = []
            yield from work(said)
            yield PhaseEnded(phase=phase, headline=said[-1])

    # --- the phases ---------------------------------------------------------------------------------------

    def _analyze(self, said: list[str]) -> Steps:
        case = replace(self.case, raised=self.raised)
        self.suspects, faults = self._suspects(case)
        for topic, text in analysis.facts(self.case, self.raised, self.suspects):
            yield Finding(phase=Phase.ANALYZE, topic=topic, text=text)
        for fault in faults:
            yield Finding(phase=Phase.ANALYZE, topic="limits", text=fault)
        if not self.suspects:
            repeats = Hypothesis(
                id=HypothesisId("h1"),
                claim=analysis.bare_claim(self.case, self.raised),
                prediction="It fails again in a copy of the kernel.",
                cell=self.case.cell.id,
            )
            yield HypothesisStated(hypothesis=repeats)
        for suspect in self.suspects:
            yield HypothesisStated(hypothesis=suspect.hypothesis)
        said.append(analysis.headline(self.case, self.raised, self.suspects))

    def _suspects(self, case: Case) -> tuple[list[Suspect], list[str]]:
        """Suspects for a case, with the next free numbers, and a line for each rule that failed."""
        loaded = self.rules(case)
        found, faults = suspects(case, loaded.rules, first=len(self.suspects) + 1)
        return found, [*loaded.faults, *faults]

    def _plan(self, said: list[str]) -> Steps:
        for topic, text in conclusions.plan(self.case, self.suspects):
            yield Finding(phase=Phase.PLAN, topic=topic, text=text)
        said.append(conclusions.plan_headline(self.suspects))

    def _validate(self, said: list[str]) -> Steps:
        if not self.suspects:
            yield from self._probe(HypothesisId("h1"), "True", -1)
        for suspect in self.suspects:
            for check in suspect.suspicion.checks:
                yield from self._probe(suspect.hypothesis.id, check.source, check.frame)
        stated = [item.hypothesis for item in self.suspects]
        if self.failing is None and races.may_come_and_go(self.case, self.budget, stated, self.evidence):
            yield HypothesisStated(hypothesis=races.order_matters(self.case))
            self.evidence += yield from ask(races.request(self.budget))
            self.failing = failing_schedule(self.case, self.evidence)
        if text := races.told(self.evidence):
            yield Finding(phase=Phase.VALIDATE, topic="schedules", text=text)
        for topic, text in conclusions.outcomes(self.suspects, self.evidence):
            yield Finding(phase=Phase.VALIDATE, topic=topic, text=text)
        by_order = races.headline(self.failing) if self.failing is not None else ""
        said.append(by_order or conclusions.outcome_headline(self.suspects, self.evidence))

    def _implement(self, said: list[str]) -> Steps:
        tried = yield from self._try_all(candidates(self.suspects, self.evidence, FIRST_FIXES))
        yield from self._go_on(tried)
        passing = passing_fixes(self.fixes, self.evidence)
        for fix in passing[: 1 + RIVALS]:
            yield from self._write_tests(fix)
        if passing:
            for topic, text in conclusions.chosen(self.case, passing, self._judge(passing[0])):
                yield Finding(phase=Phase.IMPLEMENT, topic=topic, text=text)
        elif not self.fixes:
            text = "No rule knows a fix, so none is offered. The facts above are still true."
            yield Finding(phase=Phase.IMPLEMENT, topic="no fix", text=text)
        for topic, text in conclusions.advice(self.case, self.raised):
            yield Finding(phase=Phase.IMPLEMENT, topic=topic, text=text)
        said.append(conclusions.fix_headline(self.fixes, passing, self.evidence))

    def _confirm(self, said: list[str]) -> Steps:
        best = self.best()
        judged = self._judge(best) if best is not None else None
        for topic, text in conclusions.confirmation(self.case, best, judged, self.tests, self.evidence):
            yield Finding(phase=Phase.CONFIRM, topic=topic, text=text)
        if best is not None and (bound := races.bound_of(best, self.evidence)):
            yield Finding(phase=Phase.CONFIRM, topic="schedules", text=bound)
        said.append(conclusions.verdict_headline(best, judged))

    # --- experiments --------------------------------------------------------------------------------------

    def _probe(self, about: HypothesisId, source: str, frame: int | None) -> Steps:
        self.evidence += yield from ask(RunProbe(probe=Probe(about=about, source=source, frame=frame)))

    def _try_all(self, found: Sequence[Candidate]) -> Generator[Step, Reply, list[Fix]]:
        """Propose and run each candidate."""
        tried = []
        for candidate in found:
            if len(self.fixes) >= FIXES:
                break
            fix = candidate.fix(len(self.fixes) + 1)
            self.fixes.append(fix)
            tried.append(fix)
            yield FixProposed(fix=fix)
            self.evidence += yield from ask(TryFix(fix=fix))
            yield from self._search_again(fix)
        return tried

    def _search_again(self, fix: Fix) -> Steps:
        """Run the schedule that failed, and as many others as were searched, on the code with the fix."""
        failing, after = self.failing, self._after(fix)
        if failing is None or failing.schedule is None or after is None or silences(fix.edits):
            return
        if after.outcome is not Outcome.PASSED or not (races.disturbed(failing) or self._of_order(fix)):
            return
        search = ExploreSchedules(
            schedules=self.budget.schedules,
            seed=failing.schedule.seed,
            fix=fix,
            witness=failing.schedule.witness,
            about=fix.hypothesis,
        )
        self.evidence += yield from ask(search)

    def _of_order(self, fix: Fix) -> bool:
        """Whether the fix follows from a rule about the order of tasks or threads."""
        rules = {item.hypothesis.id: item.hypothesis.rule for item in self.suspects}
        return rules.get(fix.hypothesis, "").startswith("race.")

    def _go_on(self, tried: list[Fix]) -> Steps:
        """If an edit led past the failure to another one, look for its cause and combine the edits."""
        for round_ in range(2, self.budget.rounds + 1):
            led = self._led_on(tried)
            if led is None or any(
                self._confirmed(fix) or not self._confirmed(led[0])
                for fix in passing_fixes(self.fixes, self.evidence)
            ):
                return
            fix, raised = led
            case = replace(edited(self.case, fix.edits), raised=raised)
            found, faults = self._suspects(case)
            text = (
                f"With {fix.id} the cell runs further and then raises {raised.ename}: {raised.evalue[:200]}"
            )
            yield Finding(phase=Phase.IMPLEMENT, topic=f"round {round_}", text=text)
            for fault in faults:
                yield Finding(phase=Phase.IMPLEMENT, topic="limits", text=fault)
            self.suspects += found
            for suspect in found:
                yield HypothesisStated(hypothesis=suspect.hypothesis)
                for check in suspect.suspicion.checks:
                    if check.frame is None:  # frames of the edited cell are not those of the case
                        yield from self._probe(suspect.hypothesis.id, check.source, None)
            more = candidates(found, self.evidence, FIXES - len(self.fixes))
            tried = yield from self._try_all([self._on_top(fix, candidate) for candidate in more])

    def _on_top(self, fix: Fix, candidate: Candidate) -> Candidate:
        """Combine both edits; the result is based on the weaker of the two hypotheses."""
        settled = judge_hypothesis(fix.hypothesis, self.evidence).verdict is HypothesisVerdict.CONFIRMED
        return replace(
            candidate,
            edits=combined(fix.edits, candidate.edits),
            why=f"{fix.why} {candidate.why}",
            hypothesis=candidate.hypothesis if settled else fix.hypothesis,
        )

    def _led_on(self, tried: Sequence[Fix]) -> tuple[Fix, Raised] | None:
        """The first fix after which the cell raised something else than before."""
        before = {
            (item.raised.ename, item.raised.evalue)
            for item in self.evidence
            if item.kind is EvidenceKind.FIX and item.stage is Stage.BEFORE and item.raised is not None
        }
        before.add((self.raised.ename, self.raised.evalue))
        for fix in tried:
            after = self._after(fix)
            raised = after.raised if after is not None else None
            if raised is not None and (raised.ename, raised.evalue) not in before and not silences(fix.edits):
                return fix, raised
        return None

    def _write_tests(self, fix: Fix) -> Steps:
        """Run tests for the fix, and keep those that fail without it and pass with it, if there are any."""
        after = self._after(fix)
        tests = regression_tests(self.case, fix, after) if after is not None else ()
        by_order = self.failing if self.failing is not None and searched(fix.id, self.evidence) else None
        if by_order is not None:
            test = races.race_test(self.case, by_order)
            tests = (test,) if test is not None else ()
        if not tests:
            return
        gathered = yield from ask(TryFix(fix=fix, tests=tests))
        runs = {(item.test, item.stage): item.outcome for item in gathered if item.kind is EvidenceKind.TEST}
        telling = [
            test
            for test in tests
            if runs.get((test.name, Stage.BEFORE)) is Outcome.RAISED
            and runs.get((test.name, Stage.AFTER)) is Outcome.PASSED
        ]
        self.evidence += gathered
        for test in telling or (tests[:1] if by_order is None else ()):
            self.tests.append((fix.id, test))
            yield TestWritten(fix=fix.id, test=test)

    # --- what is known ------------------------------------------------------------------------------------

    def _after(self, fix: Fix) -> Evidence | None:
        return run_of(fix.id, Stage.AFTER, self.evidence)

    def _confirmed(self, fix: Fix) -> bool:
        return judge_hypothesis(fix.hypothesis, self.evidence).verdict is HypothesisVerdict.CONFIRMED

    def _judge(self, fix: Fix) -> Judgement[FixVerdict]:
        return judge_fix(fix, case=self.case, fixes=self.fixes, tests=self.tests, evidence=self.evidence)

    def best(self) -> Fix | None:
        """The fix with the best verdict, the earlier one among equals; never a rejected one."""
        return best_fix(self.fixes, self._judge)

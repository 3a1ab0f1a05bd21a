"""The offline reasoner: rules state hypotheses, runs in copies of the kernel decide, nothing else is
claimed."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

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
    challenge,
    examine,
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
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.intermittent import failing_schedule, searched
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.progress import edited, got_past, place_of, run_of
from cot_magic.core.shown import shows_all
from cot_magic.core.verdict import (
    Judgement,
    best_fix,
    deserves_a_challenge,
    judge_fix,
    judge_hypothesis,
    passing_fixes,
)
from cot_magic.reasoners.offline import analysis, conclusions
from cot_magic.reasoners.offline.catalogue import built_in
from cot_magic.reasoners.offline.chance.study import Study, passed_phases, worth_it
from cot_magic.reasoners.offline.races import order as races
from cot_magic.reasoners.offline.ranking import (
    Candidate,
    Suspect,
    candidates,
    combined,
    silences,
    stated,
    suspects,
)
from cot_magic.reasoners.offline.rule import AnyRule, LoadedRules, RuleSource
from cot_magic.reasoners.offline.small_calls import small_test
from cot_magic.reasoners.offline.tests_from_state import regression_tests

if TYPE_CHECKING:
    from cot_magic.reasoners.offline.repair.search import SearchReport  # loaded only where something asserts

Steps = Generator[Step, Reply, None]
FIXES = 30  # proposals in one session
FIRST_FIXES = 14  # of these in the first round, to leave some for later ones
GO_ON = 6  # of these on top of another
FIRST_SHARE = 0.7  # of the time for a search, if two programs are searched: the second has what is left
RIVALS = 4  # passing rivals that get tests of their own


class OfflineReasoner:
    """A deterministic debugger: no key, no network, no model.

    Parameters
    ----------
    rules
        What loads the rules for a failure, or the rules themselves; by default the rules of this package.
    """

    name = "offline"

    def __init__(self, rules: RuleSource | Sequence[AnyRule] = built_in) -> None:
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
        study = Study(case=case, budget=budget)
        searches = budget.explore and races.concurrent(case)
        if not (searches or budget.runs):
            from cot_magic.reasoners.offline.review import review  # used only for cells that passed

            yield from review(case)
            return
        yield PhaseStarted(phase=Phase.ANALYZE)
        if budget.runs:
            yield from study.measure()
        if study.raised is not None:
            inquiry = Inquiry(case=case, raised=study.raised, budget=budget, rules=self._rules, study=study)
            inquiry.evidence += study.evidence
            yield from inquiry.steps(begun=True)
            return
        if not searches:
            yield from passed_phases(study)
            return
        yield HypothesisStated(hypothesis=races.order_matters(case))
        evidence = yield from ask(races.request(budget))
        failing = failing_schedule(case, evidence)
        if failing is None or failing.raised is None:
            yield from races.passed_phases(evidence, study.headline())
            return
        inquiry = Inquiry(case=case, raised=failing.raised, budget=budget, rules=self._rules)
        inquiry.evidence += evidence
        inquiry.failing = failing
        yield from inquiry.steps(begun=True)


def _always(rules: tuple[AnyRule, ...]) -> RuleSource:
    """Use these rules for every failure."""
    return lambda case: LoadedRules(rules=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A fix with which the cell got further, and what it raises there; `order` puts the furthest first."""

    fix: Fix
    raised: Raised
    depth: int
    order: tuple[int, int]


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
    facts: Facts = NO_FACTS
    failing: Evidence | None = None  # a schedule under which it fails
    study: Study | None = None  # many runs of the cell, if chance may decide
    unexplained: bool = False  # no rule explains the failure: h1 states only that it repeats

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
        self.facts = yield from examine()
        case = replace(self.case, raised=self.raised)
        self.suspects, faults = self._suspects(case)
        for topic, text in analysis.facts(self.case, self.raised, self.suspects, self.facts):
            yield Finding(phase=Phase.ANALYZE, topic=topic, text=text)
        if text := analysis.autopsy(self.facts):
            yield Finding(phase=Phase.ANALYZE, topic="autopsy", text=text)
        for fault in faults:
            yield Finding(phase=Phase.ANALYZE, topic="limits", text=fault)
        if not self.suspects:
            repeats = Hypothesis(
                id=HypothesisId("h1"),
                claim=analysis.bare_claim(self.case, self.raised),
                prediction="It fails again in a copy of the kernel.",
                cell=self.case.cell.id,
                restates=True,
            )
            self.unexplained = True
            yield HypothesisStated(hypothesis=repeats)
        for suspect in self.suspects:
            yield HypothesisStated(hypothesis=suspect.hypothesis)
        said.append(analysis.headline(self.case, self.raised, self.suspects, self.facts))

    def _suspects(self, case: Case) -> tuple[list[Suspect], list[str]]:
        """Suspects for a case, with the next free numbers, and a line for each rule that failed."""
        loaded = self.rules(case)
        # the autopsy is of the failure itself, not of one that an edit led to
        facts = self.facts if case.raised is self.raised else NO_FACTS
        found, faults = suspects(case, loaded.rules, facts=facts, first=self._next_number)
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
        by_chance = yield from self._chance()
        for topic, text in conclusions.outcomes(self.suspects, self.evidence):
            yield Finding(phase=Phase.VALIDATE, topic=topic, text=text)
        by_order = races.headline(self.failing) if self.failing is not None else ""
        said.append(by_order or by_chance or conclusions.outcome_headline(self.suspects, self.evidence))

    def _chance(self) -> Generator[Step, Reply, str]:
        """Run the cell many times if chance may decide; return what that showed, in one line."""
        by_order = self.failing is not None and races.disturbed(self.failing)
        if self.study is None:
            if by_order or not worth_it(self.case, self.budget, self.evidence):
                return ""
            self.study = Study(case=self.case, budget=self.budget)
            yield from self.study.measure()
        study = self.study
        if not by_order:
            yield from study.explain()
            yield from study.reproduce()
        self.evidence += [item for item in study.evidence if item not in self.evidence]
        self.suspects += study.suspects()
        yield from study.findings(Phase.VALIDATE)
        first = study.first
        if first is None or first.repeats is None:
            return ""
        repeats_always = first.repeats.runs > 0 and first.repeats.failed == first.repeats.runs
        return "" if repeats_always and not self.budget.runs else study.headline()

    def _implement(self, said: list[str]) -> Steps:
        tried = yield from self._try_all(candidates(self.case, self.suspects, self.evidence, FIRST_FIXES))
        yield from self._go_on(tried)
        if not passing_fixes(self.fixes, self.evidence):
            yield from self._search()
        passing = passing_fixes(self.fixes, self.evidence)
        for fix in passing[: 1 + RIVALS]:
            yield from self._write_tests(fix)
        for fix in passing:
            yield from self._challenge(fix)
        if passing:
            for topic, text in conclusions.chosen(self.case, passing, self._judge(passing[0])):
                yield Finding(phase=Phase.IMPLEMENT, topic=topic, text=text)
        elif not self.fixes:
            text = "No rule knows a fix, so none is offered. The facts above are still true."
            yield Finding(phase=Phase.IMPLEMENT, topic="no fix", text=text)
        for topic, text in conclusions.advice(self.case, self.raised):
            yield Finding(phase=Phase.IMPLEMENT, topic=topic, text=text)
        best = self.best()
        past = got_past(self.case, best, self.fixes, self.evidence)
        said.append(conclusions.fix_headline(self.fixes, passing, self.evidence, best, past))

    def _confirm(self, said: list[str]) -> Steps:
        best = self.best()
        judged = self._judge(best) if best is not None else None
        for topic, text in conclusions.confirmation(self.case, best, judged, self.tests, self.evidence):
            yield Finding(phase=Phase.CONFIRM, topic=topic, text=text)
        if best is not None and (bound := races.bound_of(best, self.evidence)):
            yield Finding(phase=Phase.CONFIRM, topic="schedules", text=bound)
        if best is not None and self.study is not None and (text := self.study.told(best)):
            yield Finding(phase=Phase.CONFIRM, topic="runs", text=text)
        said.append(conclusions.verdict_headline(best, judged))

    # --- experiments --------------------------------------------------------------------------------------

    def _challenge(self, fix: Fix) -> Steps:
        """Have a fix challenged that nothing else speaks against, then the smaller one that this may show."""
        if any(self._judge(item).verdict is FixVerdict.VERIFIED for item in self.fixes):
            return
        if not deserves_a_challenge(self._judge(fix)):
            return
        shown = yield from challenge(fix)
        self.evidence += shown.evidence
        self.fixes += shown.fixes
        self.tests += shown.tests
        for other in shown.fixes:
            yield from self._challenge(other)

    def _probe(self, about: HypothesisId, source: str, frame: int | None, on: Fix | None = None) -> Steps:
        """Run a probe; with the edits of `on` made first, if it is about what the cell then raises."""
        probe = Probe(about=about, source=source, frame=frame, on=on.id if on is not None else None)
        self.evidence += yield from ask(RunProbe(probe=probe, fix=on))

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
            yield from self._run_again(fix)
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

    def _run_again(self, fix: Fix) -> Steps:
        """Run the cell with the fix as often as without it, if it fails by chance."""
        study = self.study
        if study is None or study.raised is None or silences(fix.edits):
            return
        study.evidence = list(self.evidence)
        yield from study.again(fix)
        self.evidence += study.evidence[len(self.evidence) :]

    def _of_order(self, fix: Fix) -> bool:
        """Whether the fix follows from a rule about the order of tasks or threads."""
        rules = {item.hypothesis.id: item.hypothesis.rule for item in self.suspects}
        return rules.get(fix.hypothesis, "").startswith("race.")

    def _go_on(self, tried: list[Fix]) -> Steps:
        """While no edit is enough: take the one with which the cell gets furthest, look for the cause of what
        it then raises, and combine the edits. A mistake of the same kind needs no round of its own."""
        reached = [item for fix in tried if (item := self._further(fix, 1)) is not None]
        going_on = self.budget.rounds > 1
        while going_on and reached and len(self.fixes) < FIXES and not self._is_enough(reached):
            step = min(reached, key=lambda item: item.order)
            reached.remove(step)
            fix, raised = step.fix, step.raised
            case = replace(edited(self.case, fix.edits), raised=raised)
            found, faults = self._suspects(case)
            if step.depth >= self.budget.rounds:
                found = [item for item in found if item.hypothesis.rule == self._rule_of(fix)]
            if not found:
                continue
            text = (
                f"With {fix.id} the cell runs further and then raises {raised.ename}: {raised.evalue[:200]}"
            )
            yield Finding(phase=Phase.IMPLEMENT, topic=f"after {fix.id}", text=text)
            for fault in faults:
                yield Finding(phase=Phase.IMPLEMENT, topic="limits", text=fault)
            self.suspects += found
            for suspect in found:
                yield HypothesisStated(hypothesis=suspect.hypothesis)
                for check in suspect.suspicion.checks:
                    yield from self._probe(suspect.hypothesis.id, check.source, check.frame, on=fix)
            more = candidates(case, found, self.evidence, min(GO_ON, FIXES - len(self.fixes)))
            tried = yield from self._try_all([self._on_top(fix, candidate) for candidate in more])
            same = {item.hypothesis.id for item in found if item.hypothesis.rule == self._rule_of(fix)}
            for then, candidate in zip(tried, more, strict=False):
                deeper = 0 if candidate.hypothesis in same else 1
                if (item := self._further(then, step.depth + deeper, fix)) is not None:
                    reached.append(item)

    def _is_enough(self, reached: Sequence["Reached"]) -> bool:
        """Whether an edit passes that is at least as well founded as what would be gone on with."""
        passing = passing_fixes(self.fixes, self.evidence)
        return any(self._confirmed(fix) for fix in passing) or (
            bool(passing) and not any(self._confirmed(item.fix) for item in reached)
        )

    def _further(self, fix: Fix, depth: int, earlier: Fix | None = None) -> "Reached | None":
        """How far the cell got with the fix, if that is further than without it (or with the earlier one)."""
        after, before = self._after(fix), self._after(earlier) if earlier is not None else None
        raised, last = (
            after.raised if after is not None else None,
            before.raised if before is not None else None,
        )
        last = last or self.raised
        if raised is None or silences(fix.edits):
            return None
        place = place_of(self.case.cell, fix.edits, raised)
        start = place_of(self.case.cell, earlier.edits if earlier is not None else (), last)
        seen = {(item.ename, item.evalue) for item in (self.raised, last)}
        if place is None or start is None or place < start:
            return None
        if place == start and (raised.ename, raised.evalue) in seen:
            return None
        return Reached(fix=fix, raised=raised, depth=depth, order=(-place, self.fixes.index(fix)))

    def _rule_of(self, fix: Fix) -> str:
        """The rule that the fix is from."""
        return next(
            (item.hypothesis.rule for item in self.suspects if item.hypothesis.id == fix.hypothesis), ""
        )

    def _search(self) -> Steps:
        """If no rule knew a fix after which the asserts pass, search for one among small edits."""
        if not any("assert" in cell.source for cell in (self.case.cell, *self.case.cells)):
            return
        from cot_magic.reasoners.offline.repair import search  # only asserts can be searched by

        if self.failing is not None:
            return
        programs = [
            (fix, case, cells)
            for fix, case in self._to_search()
            if case.raised is not None and (cells := search.searchable(case, case.raised))
        ]
        left = self.budget.search_s
        for place, (fix, case, cells) in enumerate(programs):
            last = place == len(programs) - 1
            budget = replace(self.budget, search_s=left if last else FIRST_SHARE * left)
            found = yield from search.search(cells, case, budget)
            left -= min(budget.search_s, found.waited / search.SHARE_OF_ALL)
            yield Finding(phase=Phase.IMPLEMENT, topic="search", text=found.summary)
            yield from self._propose(found, search.RULE, search.LESSON, fix)
            if found.proposals:
                return

    def _to_search(self) -> Iterator[tuple[Fix | None, Case]]:
        """The cells as they are, and with the fix that gets furthest, if there is one: that first if its
        hypothesis is confirmed, since edits on top of a guess can only be another guess."""
        as_it_is = None, replace(self.case, raised=self.raised)
        reached = [item for fix in self.fixes if (item := self._further(fix, 1)) is not None]
        if not reached:
            yield as_it_is
            return
        step = min(reached, key=lambda item: item.order)
        further = step.fix, replace(edited(self.case, step.fix.edits), raised=step.raised)
        yield from (further, as_it_is) if self._confirmed(step.fix) else (as_it_is, further)

    def _propose(self, found: "SearchReport", rule: str, lesson: str, fix: Fix | None) -> Steps:
        """Try what a search found, on top of a fix if the search began there."""
        for suspicion in found.suspicions():
            suspect = stated(suspicion, rule, lesson, self._next_number)
            self.suspects.append(suspect)
            yield HypothesisStated(hypothesis=suspect.hypothesis)
        places = {(item.hypothesis.cell, item.hypothesis.lineno): item for item in self.suspects}
        for proposal in found.proposals:
            home = places[proposal.change.cell, proposal.change.lineno]
            candidate = proposal.candidate(home.hypothesis.id)
            yield from self._try_all([candidate if fix is None else self._on_top(fix, candidate)])

    def _on_top(self, fix: Fix, candidate: Candidate) -> Candidate:
        """Combine both edits; the result is based on the weaker of the two hypotheses."""
        settled = judge_hypothesis(fix.hypothesis, self.evidence).verdict is HypothesisVerdict.CONFIRMED
        return replace(
            candidate,
            edits=combined(fix.edits, candidate.edits),
            why=f"{fix.why} {candidate.why}",
            hypothesis=candidate.hypothesis if settled else fix.hypothesis,
        )

    def _write_tests(self, fix: Fix) -> Steps:
        """Run tests for the fix, and keep those that fail without it and pass with it, if there are any.

        Where chance decides, the runs are the test: a value that was drawn once says nothing.
        """
        if self.study is not None and self.study.raised is not None:
            return
        after = self._after(fix)
        tests = regression_tests(self.case, fix, after) if after is not None else ()
        by_order = self.failing if self.failing is not None and searched(fix.id, self.evidence) else None
        if by_order is not None:
            test = races.race_test(self.case, by_order)
            tests = (test,) if test is not None else ()
        elif after is not None and after.outcome is Outcome.PASSED:
            small = yield from small_test(self.case, fix, self.facts)
            tests = (small, *tests) if small is not None else tests
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
        idle = by_order is not None or after is None or shows_all(self.case, fix, after)
        for test in telling or (() if idle else tests[:1]):
            self.tests.append((fix.id, test))
            yield TestWritten(fix=fix.id, test=test)

    # --- what is known ------------------------------------------------------------------------------------

    @property
    def _next_number(self) -> int:
        """The number of the next hypothesis."""
        return len(self.suspects) + self.unexplained + 1

    def _after(self, fix: Fix) -> Evidence | None:
        return run_of(fix.id, Stage.AFTER, self.evidence)

    def _confirmed(self, fix: Fix) -> bool:
        return judge_hypothesis(fix.hypothesis, self.evidence).verdict is HypothesisVerdict.CONFIRMED

    def _judge(self, fix: Fix) -> Judgement[FixVerdict]:
        return judge_fix(fix, case=self.case, fixes=self.fixes, tests=self.tests, evidence=self.evidence)

    def best(self) -> Fix | None:
        """The fix with the best verdict, the earlier one among equals; never a rejected one."""
        return best_fix(self.fixes, self._judge)

"""What a model asked for, checked and run: hypotheses, probes, fixes and tests with their evidence."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.events import (
    ExploreSchedules,
    FixProposed,
    HypothesisStated,
    InspectVariable,
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
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, judge_fix, judge_hypothesis
from cot_magic.reasoners.conversation import tools
from cot_magic.reasoners.conversation.case_text import Marked
from cot_magic.reasoners.conversation.cells import Cells, Misfit
from cot_magic.reasoners.conversation.evidence_text import evidence_text
from cot_magic.reasoners.messages.turn import ToolCall
from cot_magic.reasoners.tests_from_state import regression_tests

Steps: TypeAlias = Generator[Step, Reply, None]
Result: TypeAlias = tuple[str, bool]  # the text for the model, and whether it is an error
MOST_HYPOTHESES = 12
MOST_FIXES = 12


@dataclass(slots=True, kw_only=True)
class Workbench:
    """One inquiry as far as it has come. Nothing here believes a model: it checks, runs and keeps."""

    case: Case
    budget: Budget
    cells: Cells
    marked: Marked
    hypotheses: list[Hypothesis] = field(default_factory=list)
    planned: dict[HypothesisId, tuple[str, int | None]] = field(default_factory=dict)
    fixes: list[Fix] = field(default_factory=list)
    tests: list[tuple[FixId, RegressionTest]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    rounds: int = 0  # of fixes, that were used

    def restore(self, session: Session) -> None:
        """Take over what a session has found so far."""
        self.hypotheses = list(session.hypotheses)
        self.fixes, self.tests = list(session.fixes), list(session.tests)
        self.evidence = list(session.evidence)

    # --- hypotheses and probes ----------------------------------------------------------------------------

    def state(self, given: Sequence[Mapping[str, Any]]) -> Steps:
        """State the hypotheses that an answer holds; one that says nothing new is left out."""
        for item in given:
            claim, prediction = _line(item.get("claim")), _line(item.get("prediction"))
            known = {hypothesis.claim for hypothesis in self.hypotheses}
            if not claim or claim in known or len(self.hypotheses) >= MOST_HYPOTHESES:
                continue
            hypothesis = Hypothesis(
                id=HypothesisId(f"h{len(self.hypotheses) + 1}"),
                claim=claim,
                prediction=prediction or "(the model gave no prediction)",
                **self._place(item),
            )
            self.hypotheses.append(hypothesis)
            yield HypothesisStated(hypothesis=hypothesis)
            code = item.get("probe")
            if isinstance(code, str) and code.strip():
                self.planned[hypothesis.id] = (code, item.get("frame"))

    def _place(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Cell and line of a claim, as far as there are such."""
        try:
            cell = self.cells.find(item.get("cell"))
        except Misfit:
            return {}
        line, last = item.get("line"), cell.source.count("\n") + 1
        known = isinstance(line, int) and not isinstance(line, bool) and 1 <= line <= last
        return {"cell": cell.id, "lineno": line if known else None}

    def run_planned(self) -> Generator[Step, Reply, list[str]]:
        """Run the probes that came with the hypotheses; returns what was wrong with those that could not
        run."""
        problems = []
        for hypothesis, (code, frame) in list(self.planned.items()):
            try:
                yield from self._probe(hypothesis, code, {"frame": frame})
            except Misfit as misfit:
                problems.append(f"the probe of {hypothesis} was not run: {misfit}")
            self.planned.pop(hypothesis, None)
        return problems

    def _probe(
        self, about: HypothesisId, code: str, given: Mapping[str, Any]
    ) -> Generator[Step, Reply, tuple[Evidence, ...]]:
        probe = Probe(about=about, source=tools.probe_source(code), frame=tools.frame_of(given, self.case))
        gathered = yield from ask(RunProbe(probe=probe))
        self.evidence += gathered
        return gathered

    # --- tools --------------------------------------------------------------------------------------------

    def use(self, call: ToolCall) -> Generator[Step, Reply, Result]:
        """Do what a tool call asks for. What is wrong with it is one line for the model, never a fault."""
        by_name: Mapping[str, Callable[[Mapping[str, Any]], Generator[Step, Reply, str]]] = {
            "run_probe": self._run_probe,
            "try_fix": self._try_fix,
            "explore_schedules": self._explore,
            "read_cell": self._read_cell,
            "inspect_variable": self._inspect,
        }
        try:
            if call.problem:
                raise Misfit(f"the input of {call.name} could not be read: {call.problem}")
            if call.name not in by_name:
                raise Misfit(f"there is no tool {call.name[:60]!r}; there are {', '.join(by_name)}")
            return (yield from by_name[call.name](call.input)), False
        except Misfit as misfit:
            return self.marked.redact(str(misfit)), True

    def _run_probe(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        about = self._hypothesis(given)
        self.planned.pop(about, None)
        gathered = yield from self._probe(about, tools.text_of(given, "code"), given)
        return self._told("evidence", gathered)

    def _inspect(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        expression = tools.expression_source(tools.text_of(given, "expression"))
        look = InspectVariable(expression=expression, frame=tools.frame_of(given, self.case))
        gathered = yield from ask(look)
        self.evidence += gathered
        return self._told("value", gathered)

    def _read_cell(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        cell = self.cells.find(given.get("cell"))
        yield from ()
        label = self.cells.label(cell.id)
        return self.marked.data(f"source of {label}", self.cells.shown(cell), redacted=True)

    def _explore(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        wanted, seed = given.get("schedules"), given.get("seed", 0)
        if not isinstance(wanted, int) or wanted < 1 or not isinstance(seed, int) or seed < 0:
            raise Misfit("`schedules` has to be a number from 1 on, and `seed` one from 0 on")
        request = ExploreSchedules(schedules=min(wanted, self.budget.schedules), seed=seed)
        gathered = yield from ask(request)
        self.evidence += gathered
        return self._told("evidence", gathered)

    def _try_fix(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        if self.rounds >= self.budget.rounds:
            raise Misfit("no round of fixes is left: conclude from the evidence that there is")
        gathered = yield from self.propose(given)
        return self._told("evidence", gathered)

    def propose(self, given: Mapping[str, Any]) -> Generator[Step, Reply, tuple[Evidence, ...]]:
        """Propose a fix with its tests, and run them. Raises Misfit if it cannot be tried."""
        about = self._hypothesis(given)
        edits = self.cells.edits(given.get("edits"))
        tests = tools.tests_of(given.get("tests"))
        if len(self.fixes) >= MOST_FIXES:
            raise Misfit(f"{MOST_FIXES} fixes were tried: no more")
        if any(fix.edits == edits for fix in self.fixes) and not tests:
            raise Misfit("exactly these edits were tried already: see the evidence of that fix")
        why = _line(given.get("why")) or "(the model gave no reason)"
        fix = Fix(id=FixId(f"f{len(self.fixes) + 1}"), edits=edits, why=why, hypothesis=about)
        self.fixes.append(fix)
        yield FixProposed(fix=fix)
        for test in tests:
            self.tests.append((fix.id, test))
            yield TestWritten(fix=fix.id, test=test)
        gathered = yield from ask(TryFix(fix=fix, tests=tests))
        self.evidence += gathered
        return gathered

    def write_tests(self) -> Steps:
        """Tests for the best fix from the values that it leaves, where the model wrote none."""
        best = self.best
        if best is None or any(owner == best.id for owner, _ in self.tests):
            return
        after = self.run_of(best, Stage.AFTER)
        if after is None or after.outcome is not Outcome.PASSED:
            return
        tests = regression_tests(self.case, best, after)
        if tests:
            self.evidence += yield from ask(TryFix(fix=best, tests=tests))
        for test in tests:
            runs = {item.stage: item.outcome for item in self.evidence if item.test == test.name}
            if runs.get(Stage.BEFORE) is Outcome.RAISED and runs.get(Stage.AFTER) is Outcome.PASSED:
                self.tests.append((best.id, test))
                yield TestWritten(fix=best.id, test=test)

    def _hypothesis(self, given: Mapping[str, Any]) -> HypothesisId:
        wanted = str(given.get("hypothesis", "")).strip()
        for hypothesis in self.hypotheses:
            if wanted.lower() in (hypothesis.id, hypothesis.claim.lower()):
                return hypothesis.id
        known = ", ".join(hypothesis.id for hypothesis in self.hypotheses) or "none yet: state one first"
        raise Misfit(f"there is no hypothesis {wanted[:60]!r}; known are {known}")

    def _told(self, what: str, gathered: Sequence[Evidence]) -> str:
        return self.marked.data(what, evidence_text(gathered, self.cells))

    # --- what is known ------------------------------------------------------------------------------------

    def known(self) -> list[str]:
        """Hypotheses and fixes with what the runs showed, one a line."""
        lines = []
        for hypothesis in self.hypotheses:
            judged = judge_hypothesis(hypothesis.id, self.evidence)
            lines.append(f"{hypothesis.id} ({_said(judged)}): {hypothesis.claim}")
        for fix in self.fixes:
            lines.append(f"{fix.id} for {fix.hypothesis} ({_said(self.judge(fix))}): {fix.why}")
        return lines

    def judge(self, fix: Fix) -> Judgement[FixVerdict]:
        """The verdict on a fix, from the evidence so far."""
        return judge_fix(fix, case=self.case, fixes=self.fixes, tests=self.tests, evidence=self.evidence)

    def run_of(self, fix: Fix, stage: Stage) -> Evidence | None:
        """The latest run of the cell for that fix."""
        runs = [
            item
            for item in self.evidence
            if item.kind is EvidenceKind.FIX and item.about == fix.id and item.stage is stage
        ]
        return runs[-1] if runs else None

    @property
    def passing(self) -> list[Fix]:
        """Fixes after which the cell passed."""
        ran = [(fix, self.run_of(fix, Stage.AFTER)) for fix in self.fixes]
        return [fix for fix, after in ran if after is not None and after.outcome is Outcome.PASSED]

    @property
    def best(self) -> Fix | None:
        """The fix with the best verdict, the earlier one among equals; a rejected one never."""
        order = [FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED]
        judged = [(fix, self.judge(fix).verdict) for fix in self.fixes]
        ranked = [
            (order.index(verdict), place) for place, (_, verdict) in enumerate(judged) if verdict in order
        ]
        return self.fixes[min(ranked)[1]] if ranked else None


def _said(judged: Judgement[Any]) -> str:
    based = f" by {', '.join(judged.evidence)}" if judged.evidence else ""
    why = f"; {'; '.join(judged.reasons[:3])}" if judged.reasons else ""
    return f"{judged.verdict}{based}{why}"


def _line(value: Any) -> str:
    return " ".join(value.split())[:600] if isinstance(value, str) else ""

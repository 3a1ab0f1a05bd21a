"""What a model asks for, checked and run: hypotheses, probes, fixes and tests."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from cot_magic.core.events import (
    ExploreSchedules,
    FixProposed,
    HypothesisStated,
    InspectVariable,
    Reply,
    Request,
    RunAhead,
    RunProbe,
    Step,
    TestWritten,
    TryFix,
    ask,
    certify,
    challenge,
)
from cot_magic.core.findings import Evidence, Fix, FixId, FixVerdict, Hypothesis, HypothesisId, Probe, Stage
from cot_magic.core.intermittent import failing_schedule, searched
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.verdict import deserves_a_challenge, judge_hypothesis
from cot_magic.reasoners.claude.conversation import tools
from cot_magic.reasoners.claude.conversation.briefing import (
    cell_history,
    certificate_text,
    evidence_text,
    printed,
    verdict_text,
)
from cot_magic.reasoners.claude.conversation.cells import Cells, Misfit
from cot_magic.reasoners.claude.conversation.ledger import Ledger, next_id
from cot_magic.reasoners.claude.conversation.lenient import FIX, HYPOTHESIS, named, on_one_line
from cot_magic.reasoners.claude.conversation.outgoing import Marked
from cot_magic.reasoners.claude.messages.turn import ToolCall
from cot_magic.reasoners.offline.tests_from_state import regression_tests

P = TypeVar("P")
Steps: TypeAlias = Generator[Step, Reply, None]
Result: TypeAlias = tuple[str, bool]  # what the model is told, and whether it is an error
MOST_HYPOTHESES = 12
LEAST_CLAIM = 3  # words of a new claim
MOST_FIXES = 12


@dataclass(slots=True, kw_only=True)
class Workbench(Ledger):
    """Runs what a model asks for. Nothing that a model claims is believed: it is checked, run and recorded.

    Attributes
    ----------
    planned
        Probes that came with hypotheses and have not run yet, each with its frame.
    ran
        The evidence from each experiment.
    problems
        Why the latest probe of a hypothesis did not run.
    rounds
        Rounds of fixes used so far.
    refused
        Why parts of the latest call were not run, where others were; for the screen.
    """

    budget: Budget
    cells: Cells
    marked: Marked
    planned: dict[HypothesisId, tuple[str, int | None]] = field(default_factory=dict)
    ran: dict[Request, tuple[Evidence, ...]] = field(default_factory=dict)
    problems: dict[HypothesisId, str] = field(default_factory=dict)
    rounds: int = 0
    refused: list[str] = field(default_factory=list)
    certified: FixId | None = None  # the fix with which the whole notebook ran last
    unsettled: bool = False  # a cell of it failed
    starved: bool = False  # the latest request was not run: no copy of the kernel, or no time is left

    @property
    def settled(self) -> bool:
        """Whether nothing is left to find out: a fix is VERIFIED and no cell of the whole notebook failed
        with it, or fixes pass and no round is left to tell them apart, which only the person can then do."""
        return (self.verified and not self.unsettled) or (
            self.rounds >= self.budget.rounds and bool(self.helpful)
        )

    # --- hypotheses and probes ----------------------------------------------------------------------------

    def state(self, given: Sequence[Mapping[str, Any]]) -> Steps:
        """State the hypotheses in an answer; from one that is already known, only take a new probe."""
        for stated in given:
            item = named(stated, HYPOTHESIS)
            claim, prediction = on_one_line(item.get("claim")), on_one_line(item.get("prediction"))
            hypothesis = next((known for known in self.hypotheses if known.claim == claim), None)
            if hypothesis is None:
                if not claim or len(self.hypotheses) - self.found[0] >= MOST_HYPOTHESES:
                    continue
                hypothesis = self._hypothesis_of(claim, prediction, **self._place(item))
                yield HypothesisStated(hypothesis=hypothesis)
            code = item.get("probe")
            if isinstance(code, str) and code.strip():
                self.planned[hypothesis.id] = (code, item.get("frame"))

    def _hypothesis_of(self, claim: str, prediction: str = "", **place: Any) -> Hypothesis:
        hypothesis = Hypothesis(
            id=HypothesisId(next_id("h", [item.id for item in self.hypotheses])),
            claim=claim,
            prediction=prediction or "(the model gave no prediction)",
            **place,
        )
        self.hypotheses.append(hypothesis)
        return hypothesis

    def _place(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Cell and line of a claim, as far as they exist."""
        try:
            cell = self.cells.find(item.get("cell"))
        except Misfit:
            return {}
        line, last = tools.whole_number(item.get("line")), cell.source.count("\n") + 1
        return {"cell": cell.id, "lineno": line if line is not None and 1 <= line <= last else None}

    def run_planned(self) -> Steps:
        """Run the probes that came with the hypotheses, at once; `problems` says why some could not run."""
        requests: dict[HypothesisId, RunProbe] = {}
        for hypothesis, (code, frame) in list(self.planned.items()):
            try:
                requests[hypothesis] = self._probe(hypothesis, code, {"frame": frame})
            except Misfit as misfit:
                self.problems[hypothesis] = f"The probe of {hypothesis} was not run: {misfit}."
                self.planned.pop(hypothesis)
        yield from self._ahead(list(requests.values()))
        for hypothesis, request in requests.items():
            yield from self._run(request)
            self.planned.pop(hypothesis, None)  # not before: what is stopped here runs when it is resumed

    def _probe(self, about: HypothesisId, code: str, given: Mapping[str, Any]) -> RunProbe:
        probe = Probe(about=about, source=tools.probe_source(code), frame=tools.frame_of(given, self.case))
        self.problems.pop(about, None)
        return RunProbe(probe=probe)

    def _ahead(self, requests: Sequence[RunProbe | TryFix | InspectVariable]) -> Steps:
        """Have several requests run side by side, so that each is answered at once when it is made."""
        new = tuple(dict.fromkeys(request for request in requests if request not in self.ran))
        if len(new) > 1:
            yield from ask(RunAhead(requests=new))

    def _run(self, request: Request) -> Generator[Step, Reply, tuple[tuple[Evidence, ...], bool]]:
        """The evidence for a request, and whether it is from an earlier run of the same request."""
        if known := self.ran.get(request):
            return known, True
        gathered = yield from ask(request)
        self.starved = not gathered
        self.evidence += gathered
        self.ran[request] = gathered
        return gathered, False

    # --- tools --------------------------------------------------------------------------------------------

    def use(self, call: ToolCall) -> Generator[Step, Reply, Result]:
        """Carry out a tool call. An error in it is one line for the model, never a fault."""
        by_name: Mapping[str, Callable[[Mapping[str, Any]], Generator[Step, Reply, str]]] = {
            "hypothesize": self._hypothesize,
            "inspect": self._inspect,
            "run": self._run_code,
            "try_fixes": self._try_fixes,
            "docs": self._docs,
            "source": self._source,
            "history": self._history,
            "explore_schedules": self._explore,
        }
        try:
            if call.problem:
                raise Misfit(f"the input of {call.name} cannot be used: {call.problem}")
            if call.name not in by_name:
                raise Misfit(f"there is no tool {call.name[:60]!r}; the tools are {', '.join(by_name)}")
            return (yield from by_name[call.name](call.input)), False
        except Misfit as misfit:
            return self.marked.redact(str(misfit)), True

    def _each_at_once(
        self,
        items: Sequence[Any],
        prepare: Callable[[Any], Generator[Step, Reply, P]],
        request_of: Callable[[P], RunProbe | TryFix | InspectVariable | None],
        do: Callable[[P], Generator[Step, Reply, str]],
    ) -> Generator[Step, Reply, str]:
        """Do the same with each item; what cannot be done is told beside the results of the others.

        All items are checked first, and what they need is run side by side. Raises Misfit if nothing could be
        done.
        """
        ready, said = [], []
        for item in items:
            try:
                ready.append((yield from prepare(item)))
            except Misfit as misfit:
                said.append(self.marked.redact(str(misfit)))
        if not ready:
            raise Misfit("; ".join(said))
        yield from self._ahead([request for item in ready if (request := request_of(item)) is not None])
        told = []
        for item in ready:
            told.append((yield from do(item)))
        self.refused += said
        return "\n".join([*told, *(f"Not run: {text}." for text in said)])

    def _hypothesize(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        items = tools.items_of(given, "hypotheses")
        return (yield from self._each_at_once(items, self._to_test, lambda item: item[1], self._tested))

    def _to_test(self, given: Any) -> Generator[Step, Reply, tuple[HypothesisId, RunProbe | None]]:
        """State a hypothesis, or take a known one; the request for its probe, if it has one."""
        if not isinstance(given, Mapping):
            raise Misfit("a hypothesis is an object with `claim`, `prediction` and `probe`")
        item = named(given, HYPOTHESIS)
        item["hypothesis"] = item.get("claim")
        code = str(item.get("probe") or "")
        if code.strip():
            tools.probe_source(code)  # nothing is stated for a probe that cannot run
            tools.frame_of(item, self.case)
        known = len(self.hypotheses)
        about = yield from self._about(item)
        self.planned.pop(about, None)
        if not code.strip():
            if known == len(self.hypotheses):
                tools.text_of(item, "probe")
            return about, None
        return about, self._probe(about, code, item)

    def _tested(self, item: tuple[HypothesisId, RunProbe | None]) -> Generator[Step, Reply, str]:
        about, request = item
        if request is None:
            return f"{about} is stated, without a probe that decides it."
        gathered, again = yield from self._run(request)
        verdict = f"{about}: {verdict_text(judge_hypothesis(about, self.evidence))}"
        return self._told(f"evidence for {about}", gathered, again, verdict)

    def _about(self, given: Mapping[str, Any]) -> Generator[Step, Reply, HypothesisId]:
        """The hypothesis of a tool call: a known one, or a new claim, which is stated. Raises Misfit."""
        claim = on_one_line(given.get("hypothesis"))
        try:
            return self.hypothesis(given)
        except Misfit:
            if len(claim.split()) < LEAST_CLAIM or len(self.hypotheses) - self.found[0] >= MOST_HYPOTHESES:
                raise
        place = self._place(given) if given.get("line") is not None else {}
        stated = self._hypothesis_of(claim, on_one_line(given.get("prediction")), **place)
        yield HypothesisStated(hypothesis=stated)
        return stated.id

    def _inspect(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        wanted = {**given, "expressions": given.get("expressions", given.get("expression"))}
        frame = tools.frame_of(given, self.case)

        def wish(item: Any) -> Generator[Step, Reply, InspectVariable]:
            yield from ()
            expression = tools.expression_source(tools.text_of({"expression": item}, "expression"))
            return InspectVariable(expression=expression, frame=frame)

        def look(request: InspectVariable) -> Generator[Step, Reply, str]:
            return self._told("value", *(yield from self._run(request)))

        items = tools.items_of(wanted, "expressions")
        return (yield from self._each_at_once(items, wish, lambda request: request, look))

    def _run_code(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        code = tools.free_source(tools.text_of(given, "code"))
        look = InspectVariable(expression=code, frame=tools.frame_of(given, self.case))
        return self._told("what the code showed; no evidence for a claim", *(yield from self._run(look)))

    def _docs(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        look = InspectVariable(expression=tools.docs_source(tools.text_of(given, "name")))
        gathered, _ = yield from self._run(look)
        return self.marked.data("documentation", printed(gathered))

    def _source(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        number = tools.frame_of(given, self.case)
        if number is None or self.case.raised is None:
            raise Misfit("`frame` must be the number of a frame of the failure")
        frame = self.case.raised.frames[number]
        if frame.cell is not None:
            return (yield from self._history({"cell": self.cells.label(frame.cell)}))
        text = frame.source
        if not text:
            look = InspectVariable(expression=tools.lines_source(frame.filename, frame.lineno))
            text = printed((yield from self._run(look))[0])
        return self.marked.data(f"source around line {frame.lineno}", text)

    def _history(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        cell = self.cells.find(given.get("cell"))
        yield from ()
        label = self.cells.label(cell.id)
        told = [self.marked.data(f"source of {label}", self.cells.shown(cell), redacted=True)]
        told += [self.marked.data("what is known of it", known) for known in cell_history(self.case, cell.id)]
        return "\n".join(told)

    def _explore(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        wanted, seed = tools.whole_number(given.get("schedules")), tools.whole_number(given.get("seed", 0))
        if wanted is None or wanted < 1 or seed is None or seed < 0:
            raise Misfit("`schedules` must be a positive integer, and `seed` a non-negative one")
        fix = self.fix(given["fix"]) if given.get("fix") else None
        about = self.hypothesis(given) if given.get("hypothesis") else None
        if about is None and fix is not None:
            about = fix.hypothesis
        request = self._search(min(wanted, self.budget.schedules), seed, fix, about)
        return self._told("evidence", *(yield from self._run(request)))

    def _search(
        self, schedules: int, seed: int, fix: Fix | None, about: HypothesisId | None
    ) -> ExploreSchedules:
        failing = failing_schedule(self.case, self.evidence) if fix is not None else None
        witness = failing.schedule.witness if failing is not None and failing.schedule is not None else None
        return ExploreSchedules(schedules=schedules, seed=seed, fix=fix, witness=witness, about=about)

    def search_again(self) -> Steps:
        """If a schedule failed, search the code with the best fix as well, unless the model did so already.

        The search starts with the schedule that failed and tries as many as before.
        """
        failing, best = failing_schedule(self.case, self.evidence), self.best
        if failing is None or failing.schedule is None or best is None or best not in self.passing:
            return
        if searched(best.id, self.evidence) is None:
            search = failing.schedule
            yield from self._run(self._search(search.asked, search.seed, best, best.hypothesis))

    def _try_fixes(self, given: Mapping[str, Any]) -> Generator[Step, Reply, str]:
        if self.rounds >= self.budget.rounds:
            raise Misfit("no round of fixes is left: draw conclusions from the evidence so far")

        def attempt(request: TryFix) -> Generator[Step, Reply, str]:
            gathered = yield from self._tried(request)
            fix = request.fix
            verdict = f"{fix.id}: {verdict_text(self.judge(fix))}"
            return self._told(f"evidence for {fix.id}", gathered, verdict=verdict)

        items = tools.items_of(given, "fixes")
        told = yield from self._each_at_once(items, self.propose, lambda request: request, attempt)
        return told + (yield from self._whole_notebook())

    def _whole_notebook(self) -> Generator[Step, Reply, str]:
        """What the certificate of a VERIFIED fix says; "" if there is none, or it was told."""
        best = self.best
        if best is None or best.id == self.certified or self.judge(best).verdict is not FixVerdict.VERIFIED:
            return ""
        self.certified = best.id
        certificate = yield from certify(best)
        self.unsettled = certificate is not None and bool(certificate.failed)
        if certificate is None:
            return ""
        return "\n" + self.marked.data(f"certificate of {best.id}", certificate_text(certificate))

    def propose(self, given: Any) -> Generator[Step, Reply, TryFix]:
        """Propose a fix with its tests; the request to try it. Raises Misfit if that cannot be done."""
        if not isinstance(given, Mapping):
            raise Misfit("a fix is an object with `hypothesis`, `why`, `edits` and `tests`")
        item = named(given, FIX)
        why = on_one_line(item.get("why"))
        edits = self.cells.edits(item.get("edits", given))
        tests = tools.tests_of(item.get("tests"))
        if self.tried(edits, tests):
            raise Misfit("exactly these edits were already tried: see the evidence for that fix")
        if len(self.fixes) - self.found[1] >= MOST_FIXES:
            raise Misfit(f"{MOST_FIXES} fixes have been tried, which is the maximum")
        if not self.hypotheses and why:  # the reason for the fix is the only claim there is
            stated = self._hypothesis_of(why)
            yield HypothesisStated(hypothesis=stated)
            item["hypothesis"] = stated.id
        about = yield from self._about(item)
        fix = Fix(
            id=FixId(next_id("f", [item.id for item in self.fixes])),
            edits=edits,
            why=why or "(the model gave no reason)",
            hypothesis=about,
        )
        self.fixes.append(fix)
        yield FixProposed(fix=fix)
        for test in tests:
            self.tests.append((fix.id, test))
            yield TestWritten(fix=fix.id, test=test)
        return TryFix(fix=fix, tests=tests)

    def _tried(self, request: TryFix) -> Generator[Step, Reply, tuple[Evidence, ...]]:
        """The evidence for a fix, and of its challenge."""
        gathered, _ = yield from self._run(request)
        return gathered + (yield from self._challenged(request.fix))

    def _challenged(self, fix: Fix) -> Generator[Step, Reply, tuple[Evidence, ...]]:
        """Have a fix challenged that nothing else speaks against, so that the model is told in time."""
        if not deserves_a_challenge(self.judge(fix)):
            return ()
        shown = yield from challenge(fix)
        self.evidence += shown.evidence
        self.fixes += shown.fixes
        self.tests += shown.tests
        return shown.evidence

    def propose_rest(self, given: Sequence[Mapping[str, Any]]) -> Generator[Step, Reply, list[str]]:
        """Try the fixes in an answer, which were not given by tool calls; returns why some were not tried.

        A fix that was tried before is skipped without a word.
        """
        problems: list[str] = []
        requests: list[TryFix] = []
        left = self.rounds < self.budget.rounds
        for item in given:
            try:
                found = named(item, FIX)
                edits, tests = self.cells.edits(found.get("edits", item)), tools.tests_of(found.get("tests"))
                if self.tried(edits, tests):
                    continue
                if not left:
                    raise Misfit("no round of fixes is left")
                requests.append((yield from self.propose(item)))
            except Misfit as misfit:
                problems.append(f"A fix was not tried: {misfit}.")
        yield from self._ahead(requests)
        for request in requests:
            yield from self._tried(request)
        self.rounds += bool(requests)
        return problems

    def write_tests(self) -> Steps:
        """Add tests for the best fix, from the values that it leaves, if the model wrote none."""
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
        yield from self._challenged(best)

    def _told(self, what: str, gathered: Sequence[Evidence], again: bool = False, verdict: str = "") -> str:
        lines = [evidence_text(gathered, self.cells), *([verdict] if verdict else [])]
        told = self.marked.data(what, "\n".join(lines))
        return f"This already ran, with this result:\n{told}" if again else told

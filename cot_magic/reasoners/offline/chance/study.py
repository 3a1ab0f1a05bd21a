"""Runs a cell many times: how often it fails, then one axis at a time until one decides."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from cot_magic.core.case import Case, Raised
from cot_magic.core.chance import Axis, Conditions
from cot_magic.core.events import (
    Finding,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    RepeatRuns,
    Reply,
    Step,
    ask,
)
from cot_magic.core.findings import Evidence, Fix, FixId, HypothesisId, Phase, Stage
from cot_magic.core.jobs import UNREPEATED, Budget, Outcome
from cot_magic.core.repeated import REPLAYS, in_words, measured, repeated
from cot_magic.core.verdict import run_of
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.chance.repairs import repairs
from cot_magic.reasoners.offline.ranking import Suspect
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.verdict import chance

Steps = Generator[Step, Reply, None]
RUNS = 40  # if nobody asked for a number
OF_ONE_AXIS = 12
PROCESSES = 20  # if the code uses sets or hashes; a new process takes about a second
AGAIN = 3
SHARE = 0.3  # of the time for experiments, for one request, if nobody asked for runs
ASKED = 10.0  # times the time for experiments, if somebody did
LESSON = (
    "A result that depends on chance cannot be checked by one run: fix what it depends on, or test a range."
)


@dataclass(slots=True, kw_only=True)
class Study:
    """What many runs of one cell have shown so far."""

    case: Case
    budget: Budget
    evidence: list[Evidence] = field(default_factory=list)
    decided: Axis | None = None
    failing: Conditions | None = None
    passing: Conditions | None = None
    reproduced: str = ""  # how often the line for pasting made it fail again
    moment: float = field(default_factory=time.time)

    # --- what is known ------------------------------------------------------------------------------------

    @property
    def first(self) -> Evidence | None:
        """The runs that tell how often the cell fails."""
        return measured(self.evidence)

    @property
    def raised(self) -> Raised | None:
        """What the first failing run raised, if some runs fail and others pass."""
        item = next((i for i in self.evidence if i.repeats is not None and i.repeats.mixed), None)
        return item.raised if item is not None else None

    def headline(self) -> str:
        """What the runs showed, in one sentence; empty if none was made."""
        item = self.first
        if item is None or item.repeats is None:
            return ""
        if not item.repeats.runs:
            return f"The cell could not be run repeatedly: {item.note}."
        if self.decided is not None:
            return f"Confirmed: it depends on {self.decided.named}. {in_words(item.repeats)}."
        if item.repeats.mixed:
            return f"It fails by chance: {in_words(item.repeats)}. What decides was not found."
        return f"{in_words(item.repeats)}; nothing that was varied changes that."

    def told(self, fix: Fix) -> str:
        """How often the cell fails without and with a fix; empty if it was not run repeatedly with it."""
        before, after = self.first, repeated(fix, self.evidence)
        if before is None or before.repeats is None or after is None or after.repeats is None:
            return ""
        if not after.repeats.runs:
            return ""
        return (
            f"Without the fix, {in_words(before.repeats)}. With it, {in_words(after.repeats)}. This is a "
            "bound, not a proof."
        )

    # --- experiments --------------------------------------------------------------------------------------

    def measure(self) -> Steps:
        """Run the cell many times while everything differs that can."""
        vary = chance.axes(self.case)
        yield from self._ask(self._request(self.budget.runs or RUNS, vary, None))
        found = self.evidence[-1].repeats if self.evidence else None
        if self.budget.runs and found is not None and not found.mixed and self.evidence[-1].raised is None:
            yield from self._new_processes()

    def explain(self) -> Steps:
        """State a hypothesis for each axis and let runs decide, until one is confirmed."""
        item = next((i for i in self.evidence if i.repeats is not None and not i.about), None)
        found = item.repeats if item is not None else None
        if found is None or self.decided is not None:
            return
        if found.mixed and found.failing is not None and found.passing is not None:
            held, other = chance.held_still(found.failing), chance.held_still(found.passing)
            for axis in found.vary:
                yield from self._axis(axis, held, other)
                if self.decided is not None:
                    return
        elif self.budget.runs and found.runs and not self._tried(Axis.HASH):
            yield from self._new_processes()

    def reproduce(self) -> Steps:
        """Run the cell with the line above it that should make it fail, and nothing else fixed."""
        if self.decided is None or self.failing is None:
            return
        if self.decided is Axis.HASH:  # no code can set it; the runs themselves were repeated
            self.reproduced = f"{REPLAYS} of {REPLAYS} times"
            return
        line = chance.reproduction(self.case, self.decided, self.failing)
        source = self.case.cell.source
        edit = src.edit(self.case.cell, src.line_before(source, src.import_line(source), line))
        pasted = Fix(
            id=FixId("reproduction"),
            edits=(edit,),
            why="The line makes the cell fail again.",
            hypothesis=HypothesisId(f"chance-{self.decided}"),
        )
        known = len(self.evidence)
        rest = chance.without(self.decided, self.failing)
        yield from self._ask(self._request(AGAIN, (), rest, fix=pasted, about=pasted.hypothesis))
        ran = self.evidence[-1].repeats if len(self.evidence) > known else None
        if ran is not None and ran.runs and ran.failed == ran.runs:
            self.reproduced = f"{ran.failed} of {ran.runs} times"

    def again(self, fix: Fix) -> Steps:
        """Run the cell with a fix as often as without it."""
        after = run_of(fix.id, Stage.AFTER, self.evidence)
        item = self.first
        if item is None or item.repeats is None or after is None or after.outcome is not Outcome.PASSED:
            return
        held = self._process_conditions() if Axis.HASH in item.repeats.vary else None
        yield from self._ask(
            self._request(item.repeats.asked, item.repeats.vary, held, fix=fix, about=fix.hypothesis)
        )

    def suspects(self) -> list[Suspect]:
        """The axis that decides as a suspect, with repairs to try."""
        if self.decided is None:
            return []
        stated = chance.hypothesis(self.case, self.decided)
        suspicion = Suspicion(
            claim=stated.claim,
            prediction=stated.prediction,
            checks=(),
            repairs=tuple(repairs(self.case, self.decided)),
            cell=stated.cell,
            weight=0.6,
        )
        return [Suspect(hypothesis=stated, suspicion=suspicion, lesson=LESSON)]

    def findings(self, phase: Phase) -> Steps:
        """What the runs showed, and how to repeat a failing one."""
        if text := self.headline():
            yield Finding(phase=phase, topic="runs", text=text)
        if self.decided is not None and self.failing is not None:
            code = chance.reproduction(self.case, self.decided, self.failing)
            where = "Start Jupyter with this" if self.decided is Axis.HASH else "Put this above the cell"
            if not self.reproduced:
                return
            text = f"{where} to see it fail ({self.reproduced}):\n\n```\n{code}\n```"
            if self.passing is not None:
                other = chance.reproduction(self.case, self.decided, self.passing)
                text += f"\nWith this instead, and nothing else changed, it passes:\n\n```\n{other}\n```"
            yield Finding(phase=phase, topic="reproduce", text=text)

    # --- details ------------------------------------------------------------------------------------------

    def _axis(self, axis: Axis, held: Conditions, other: Conditions) -> Steps:
        stated = chance.hypothesis(self.case, axis)
        yield HypothesisStated(hypothesis=stated)
        request = self._request(OF_ONE_AXIS, (axis,), held, other=other, about=stated.id)
        yield from self._ask(request)
        self._decide(axis)

    def _new_processes(self) -> Steps:
        """Run the whole notebook in new processes that differ in their hash seed alone.

        Only where the code uses sets or hashes: the other runs repeat the failing cell and nothing else, and
        the cells above it may take hours.
        """
        if not chance.mentions(self.case, Axis.HASH):
            return
        stated = chance.hypothesis(self.case, Axis.HASH)
        yield HypothesisStated(hypothesis=stated)
        yield from self._ask(
            self._request(PROCESSES, (Axis.HASH,), self._process_conditions(), about=stated.id)
        )
        self._decide(Axis.HASH)

    def _process_conditions(self) -> Conditions:
        """What is held in a new process: everything that would differ from one to the next."""
        numpy = 1 if Axis.NUMPY in chance.axes(self.case) else None
        return Conditions(random=1, numpy=numpy, entropy=1, clock=self.moment, still=True)

    def _decide(self, axis: Axis) -> None:
        latest = self.evidence[-1] if self.evidence else None
        if latest is not None and latest.held is True and latest.repeats is not None:
            self.decided, self.failing = axis, latest.repeats.failing
            self.passing = latest.repeats.passing

    def _request(
        self,
        runs: int,
        vary: Sequence[Axis],
        held: Conditions | None,
        *,
        other: Conditions | None = None,
        fix: Fix | None = None,
        about: HypothesisId | None = None,
    ) -> RepeatRuns:
        share = (ASKED if self.budget.runs else SHARE) * (2 if Axis.HASH in vary else 1)
        return RepeatRuns(
            runs=runs,
            vary=tuple(vary),
            held=held,
            contrast=other,
            unseeded=chance.unseeded(self.case),
            seed=self.budget.seed,
            moment=self.moment,
            seconds=self.budget.search_s * share,
            fix=fix,
            about=about,
        )

    def _ask(self, request: RepeatRuns) -> Steps:
        self.evidence += yield from ask(request)

    def _tried(self, axis: Axis) -> bool:
        return any(i.repeats is not None and axis in i.repeats.vary for i in self.evidence)


def worth_it(case: Case, budget: Budget, evidence: Sequence[Evidence]) -> bool:
    """Whether many runs tell more than one: the person asked, the failure did not repeat in a copy, or an
    assert failed in code that draws random numbers or reads the clock."""
    if case.raised is not None and case.raised.syntax is not None:
        return False
    unrepeated = any(item.note.startswith(UNREPEATED) for item in evidence)
    flaky = case.raised is not None and case.raised.ename == "AssertionError" and chance.draws(case)
    return bool(budget.runs) or unrepeated or flaky


def passed_phases(study: Study) -> Steps:
    """The remaining phases for a cell that passed, and did not fail in any run."""
    said = study.headline() or "The cell passed; it could not be run again."
    yield from study.findings(Phase.ANALYZE)
    yield PhaseEnded(phase=Phase.ANALYZE, headline=f"The cell passed. {said}")
    for phase, headline in (
        (Phase.PLAN, "There is nothing to plan."),
        (Phase.VALIDATE, said),
        (Phase.IMPLEMENT, "There is nothing to change."),
        (Phase.CONFIRM, said),
    ):
        yield PhaseStarted(phase=phase)
        yield PhaseEnded(phase=phase, headline=headline)

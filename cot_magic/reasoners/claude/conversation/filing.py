"""Files what happens in a conversation under the five phases, which are a view of it."""

from collections.abc import Generator
from typing import TypeAlias

from cot_magic.core.events import (
    ExploreSchedules,
    Finding,
    FixProposed,
    PhaseEnded,
    PhaseStarted,
    Reply,
    RunAhead,
    RunProbe,
    Step,
    TryFix,
)
from cot_magic.core.findings import HypothesisId, Phase
from cot_magic.reasoners.claude.conversation.answers import PhaseAnswer
from cot_magic.reasoners.claude.conversation.dialogue import Dialogue
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.offline import conclusions

Steps: TypeAlias = Generator[Step, Reply, None]
ORDER = tuple(Phase)
PLANNED = ("plan", "strategy", "priority", "priorities", "tests")  # topics that belong under PLAN


class Filing:
    """The phases of one session, in their order: each begins with the first event that belongs to it.

    Parameters
    ----------
    dialogue
        The conversation; it is told which phase is under way.
    first
        The phase to begin with; the others before it were finished earlier.
    """

    def __init__(self, dialogue: Dialogue, first: Phase) -> None:
        self._dialogue, self._bench = dialogue, dialogue.bench
        self._first, self._phase = first, first
        self._told: dict[Phase, str] = {}
        self._plans: list[tuple[str, str]] = []
        self._headline, self._stated = "", tuple[HypothesisId, ...]()
        self._answers = 0

    def begin(self) -> Steps:
        """Start the first phase."""
        yield from self._start(self._first)

    def follow(self, steps: Steps) -> Steps:
        """Pass steps on; the phase that one belongs to is started before it."""
        reply: Reply = None
        try:
            while True:
                step = steps.send(reply)
                yield from self.reach(_phase_of(step))
                reply = yield step
        except StopIteration:
            return
        finally:
            steps.close()

    def reach(self, phase: Phase) -> Steps:
        """Go on to a phase, unless it is under way or past."""
        while ORDER.index(self._phase) < ORDER.index(phase):
            yield from self._end(self._phase)
            yield from self._start(ORDER[ORDER.index(self._phase) + 1])

    def heard(self, answer: PhaseAnswer) -> Steps:
        """File the words of an answer: the plan under PLAN, the rest of the first one under ANALYZE."""
        self._answers += not answer.empty
        place = self._first if self._answers <= 1 else self._phase
        for topic, text in answer.findings:
            planned = topic.lower() in PLANNED and self._first is Phase.ANALYZE
            if planned and ORDER.index(self._phase) <= ORDER.index(Phase.PLAN):
                self._plans.append((topic, text))
            else:
                yield Finding(phase=Phase.PLAN if planned else place, topic=topic, text=text)
        if answer.headline and not self._headline:
            self._headline = answer.headline
            self._stated = tuple(item.id for item in self._bench.hypotheses[self._bench.found[0] :])

    def limits(self, phase: Phase, problems: list[str]) -> Steps:
        """Say what was not run; under the phase that is under way, if that one was finished earlier."""
        place = max(phase, self._first, key=ORDER.index)
        for problem in problems:
            yield Finding(phase=place, topic="limits", text=problem)

    def close(self) -> Steps:
        """End the phases that are left, and replace headlines that are out of date."""
        yield from self.reach(Phase.CONFIRM)
        yield from self._end(Phase.CONFIRM)
        for phase, said in list(self._told.items()):
            now = self._headline_of(phase)
            if now != said:
                yield PhaseEnded(phase=phase, headline=now)

    # --- one phase ----------------------------------------------------------------------------------------

    def _start(self, phase: Phase) -> Steps:
        self._phase = phase
        self._dialogue.begin(phase)
        yield PhaseStarted(phase=phase)

    def _end(self, phase: Phase) -> Steps:
        for topic, text in self._concluded(phase):
            yield Finding(phase=phase, topic=topic, text=text)
        self._told[phase] = self._headline_of(phase)
        yield PhaseEnded(phase=phase, headline=self._told[phase])

    def _concluded(self, phase: Phase) -> list[tuple[str, str]]:
        """What the evidence says about a phase, as findings: topic and text."""
        bench = self._bench
        match phase:
            case Phase.PLAN:
                return [*self._plans, *bench.predictions()]
            case Phase.IMPLEMENT if bench.passing:
                best = bench.passing[0]
                found = conclusions.chosen(bench.case, bench.passing, bench.judge(best))
                return [(topic, text) for topic, text in found if topic != "why this one"]
            case Phase.CONFIRM:
                best_fix = bench.best
                judged = bench.judge(best_fix) if best_fix is not None else None
                told = conclusions.confirmation(bench.case, best_fix, judged, bench.tests, bench.evidence)
                return [(topic, text) for topic, text in told if topic != "before and after"]
            case _:
                return []

    def _headline_of(self, phase: Phase) -> str:
        """The result of a phase in one sentence; the model's own for the analysis, unless it is refuted."""
        bench = self._bench
        match phase:
            case Phase.ANALYZE:
                if self._headline and bench.refutes(self._headline, self._stated):
                    return bench.decided()
                silent = not self._headline and not bench.hypotheses and not bench.fixes
                told = f"The model gave no findings; {counted(bench)}." if silent else f"{counted(bench)}."
                return self._headline or f"{told[0].upper()}{told[1:]}"
            case Phase.PLAN:
                return f"{counted(bench)}.".capitalize()
            case Phase.VALIDATE:
                return bench.decided()
            case Phase.IMPLEMENT:
                return conclusions.fix_headline(bench.fixes, bench.passing, bench.evidence)
            case Phase.CONFIRM:
                best = bench.best
                return conclusions.verdict_headline(best, bench.judge(best) if best is not None else None)


def counted(bench: Workbench) -> str:
    """How many hypotheses there are, and how many fixes."""
    counts = ((len(bench.hypotheses), "hypothesis", "hypotheses"), (len(bench.fixes), "fix", "fixes"))
    said = [f"{count or 'no'} {one if count == 1 else many}" for count, one, many in counts]
    return " and ".join(said)


def _phase_of(step: Step) -> Phase:
    match step:
        case FixProposed() | TryFix():
            return Phase.IMPLEMENT
        case RunAhead(requests=requests) if any(isinstance(item, TryFix) for item in requests):
            return Phase.IMPLEMENT
        case RunProbe() | ExploreSchedules():
            return Phase.VALIDATE
        case _:
            return Phase.ANALYZE  # which is never after the phase that is under way

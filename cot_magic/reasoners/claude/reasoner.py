"""The Claude reasoner: one conversation, filed under five phases, where the engine runs every experiment."""

import threading
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.errors import ReasonerError
from cot_magic.core.events import Finding, PhaseEnded, PhaseStarted, Remarked, Reply, Step, examine
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.core.findings import Phase, Usage
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.claude import prompts
from cot_magic.reasoners.claude.conversation.answers import PhaseAnswer
from cot_magic.reasoners.claude.conversation.briefing import (
    case_text,
    facts_text,
    finished_phases,
    found_before,
)
from cot_magic.reasoners.claude.conversation.cells import Cells
from cot_magic.reasoners.claude.conversation.dialogue import CALLS, Dialogue
from cot_magic.reasoners.claude.conversation.outgoing import Marked, Withholder
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.claude.messages.turn import Connection, as_sent
from cot_magic.reasoners.offline import conclusions

if TYPE_CHECKING:
    from cot_magic.reasoners.claude.messages.connection import MessagesConnection

Steps: TypeAlias = Generator[Step, Reply, None]
# phases that are asked about after the first one
ASKED_LATER = (Phase.VALIDATE, Phase.IMPLEMENT)
PLANNED = ("plan", "strategy", "priority", "priorities", "tests")  # topics that belong under PLAN


class ClaudeReasoner:
    """Asks a model over the Messages API. It is sent evidence and has access to neither kernel nor sandbox.

    Parameters
    ----------
    connection
        Makes the connection, given the budget and what the session has used so far (None at its start).
        Nothing is imported or opened before the first turn.
    redactor
        Withholds secrets from everything that enters the conversation.
    warm
        Loads what the first request needs.
    """

    name = "claude"

    def __init__(
        self,
        connection: Callable[[Budget, Usage | None], Connection],
        *,
        redactor: Withholder,
        warm: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect, self._redactor = connection, redactor
        self._open: Connection | None = None
        self._dialogue: Dialogue | None = None
        self._warming = threading.Thread(target=warm, name="cot-warm", daemon=True)

    def reason(self, case: Case, budget: Budget, found: Session | None = None) -> Steps:
        """Go through the five phases; a cell that passed is examined for what the person asks.

        `found` is the session of another reasoner on the same case, whose hypotheses, fixes and evidence the
        model starts with. No more is asked once a fix is VERIFIED.
        """
        dialogue = self._begin(case, budget, found=found)
        for phase in Phase:
            yield from self._phase(dialogue, phase)

    def resume(self, case: Case, budget: Budget, session: Session) -> Steps:
        """Go through the phases that a session has not finished.

        In the same conversation if it still exists and can be continued; otherwise in a new one, which is
        told the results of the finished phases. Raises ReasonerError if all phases are finished.
        """
        dialogue = self._dialogue
        left = tuple(phase for phase in Phase if phase not in session.own)
        if not left:
            raise ReasonerError("all five phases are finished; there is nothing to resume.")
        same = dialogue is not None and not dialogue.broken and dialogue.bench.case == case
        used = session.usage or Usage(usd=0.0)
        if dialogue is None or not same:
            dialogue = self._begin(case, budget, used)
            dialogue.bench.restore(session)
            told = finished_phases(session) + found_before(session, dialogue.bench.cells)
            if told:
                dialogue.say(f"{prompts.RESUMED}\n{dialogue.bench.marked.data('finished phases', told)}")
        dialogue.bench.budget, dialogue.connection = budget, self._connection(budget, used)
        dialogue.allow_more()
        for phase in left:
            yield from self._phase(dialogue, phase, again=same and phase is left[0])

    def preview(
        self, case: Case, budget: Budget, found: Session | None = None, facts: Facts = NO_FACTS
    ) -> Mapping[str, Any]:
        """The body of the first request, exactly as it would be sent. Sends nothing.

        `facts` are what the autopsy of the failure found, if `found` does not have them.
        """
        dialogue = self._dialogue_for(case, budget, found=found)
        if found is None:
            self._tell(dialogue, facts)
        dialogue.say(self._asked(dialogue, Phase.ANALYZE))
        return as_sent(dialogue.connection.body(dialogue.request()))

    def warm(self) -> None:
        """Load what the connection needs in a thread, while the case is put together."""
        if self._warming.ident is None:
            self._warming.start()

    def settle(self) -> None:
        """Wait until loading is done: a process must not be forked in the middle of an import."""
        if self._warming.ident is not None:
            self._warming.join()

    def close(self) -> None:
        """Close the connection; the conversation is kept."""
        if self._open is not None:
            self._open.close()
            self._open = None

    # --- the conversation ---------------------------------------------------------------------------------

    def _begin(
        self, case: Case, budget: Budget, used: Usage | None = None, found: Session | None = None
    ) -> Dialogue:
        self._dialogue = self._dialogue_for(case, budget, used, found)
        return self._dialogue

    def _dialogue_for(
        self, case: Case, budget: Budget, used: Usage | None = None, found: Session | None = None
    ) -> Dialogue:
        cells, marked = Cells(case, self._redactor), Marked(case, self._redactor)
        bench = Workbench(case=case, budget=budget, cells=cells, marked=marked)
        dialogue = Dialogue(connection=self._connection(budget, used), bench=bench, redactor=self._redactor)
        texts = [case_text(case, cells, marked)]
        if found is not None:
            dialogue.informed = True
            bench.restore(found)
            if found.facts:
                texts.append(facts_text(found.facts, cells, marked))
            if told := found_before(found, cells):
                texts.append(f"{prompts.FOUND}\n{marked.data('what the offline debugger found', told)}")
        dialogue.say("\n\n".join(texts))
        return dialogue

    def _connection(self, budget: Budget, used: Usage | None = None) -> Connection:
        if self._open is None:
            self._open = self._connect(budget, used)
        return self._open

    def _asked(self, dialogue: Dialogue, phase: Phase) -> str:
        """What is asked in a phase; hypotheses and fixes are marked as data, since a model wrote them."""
        bench = dialogue.bench
        lines = (*bench.known(), *bench.problems.values())
        known = bench.marked.data("state of the inquiry", "\n".join(lines)) if lines else "(none)"
        return prompts.asked(
            phase, known, rounds=bench.budget.rounds, calls=CALLS[phase], passed=bench.case.raised is None
        )

    def _tell(self, dialogue: Dialogue, facts: Facts) -> None:
        """Tell what was seen in the failed kernel."""
        if facts:
            bench = dialogue.bench
            dialogue.say(facts_text(facts, bench.cells, bench.marked))

    # --- the phases ---------------------------------------------------------------------------------------

    def _phase(self, dialogue: Dialogue, phase: Phase, *, again: bool = False) -> Steps:
        """One phase. `again`: it was cut short in this conversation and may have been asked about already."""
        yield PhaseStarted(phase=phase)
        bench = dialogue.bench
        asked = again and dialogue.asked is phase and dialogue.waiting
        dialogue.begin(phase)
        problems: list[str] = []
        if phase is Phase.VALIDATE:
            yield from bench.run_planned()
        if phase is Phase.IMPLEMENT and dialogue.early:  # costs no request, and may show a rival
            problems = yield from bench.propose_rest(dialogue.early)
            dialogue.early.clear()
        answer = PhaseAnswer()
        if asked or self._open_question(dialogue, phase):
            if phase is Phase.ANALYZE:
                yield Remarked(phase=phase, text=f"Asked {dialogue.connection.label}.")
            if not asked:
                if phase is Phase.ANALYZE and bench.case.raised is not None and not dialogue.informed:
                    self._tell(dialogue, (yield from examine()))
                dialogue.say(self._asked(dialogue, phase))
                dialogue.asked = phase
            answer = yield from dialogue.answer()
            yield from bench.state(answer.hypotheses)
        dialogue.early += answer.fixes
        if phase in ASKED_LATER:
            yield from self._run_rest(dialogue, problems)
            yield from self._corrected(dialogue)
        yield from self._found(dialogue, phase, answer)

    def _open_question(self, dialogue: Dialogue, phase: Phase) -> bool:
        """Whether a request is made for a phase: only where runs have not decided it.

        The plan comes with the analysis, and the confirmation from the evidence.
        """
        bench = dialogue.bench
        match phase:
            case Phase.ANALYZE:
                return True
            case Phase.VALIDATE:
                return not (bench.verified or bench.confirmed) and bool(bench.hypotheses)
            case Phase.IMPLEMENT:
                tried = bench.rounds > 0 and bench.passing  # which of them is meant only the person can say
                return not (bench.verified or tried)
            case _:
                return False

    def _run_rest(self, dialogue: Dialogue, problems: list[str]) -> Steps:
        """Run what the answer contains and no tool call asked for: probes of new hypotheses, and fixes."""
        bench = dialogue.bench
        yield from bench.run_planned()
        if dialogue.phase is Phase.IMPLEMENT:
            if not bench.verified:
                problems += yield from bench.propose_rest(dialogue.early)
            yield from bench.search_again()
            yield from bench.write_tests()
        for problem in (*bench.problems.values(), *problems):
            yield Finding(phase=dialogue.phase, topic="limits", text=problem)
        bench.problems.clear()

    def _corrected(self, dialogue: Dialogue) -> Steps:
        """Replace the headline of the analysis if the runs have refuted it since."""
        bench, (headline, stated) = dialogue.bench, dialogue.analysis
        if headline and bench.refutes(headline, stated):
            dialogue.analysis = ("", ())
            yield PhaseEnded(phase=Phase.ANALYZE, headline=bench.decided())

    def _found(self, dialogue: Dialogue, phase: Phase, answer: PhaseAnswer) -> Steps:
        """The findings and a headline: the model's own, or ours for phases that runs decide."""
        bench = dialogue.bench
        for topic, text in answer.findings:
            if phase is Phase.ANALYZE and topic.lower() in PLANNED:
                dialogue.plans.append((topic, text))
            else:
                yield Finding(phase=phase, topic=topic, text=text)
        match phase:
            case Phase.ANALYZE:
                headline = answer.headline or f"The model gave no findings; {_stated(bench)}."
                stated = tuple(item.id for item in bench.hypotheses[bench.found[0] :])
                if bench.refutes(headline, stated):
                    headline = bench.decided()
                dialogue.analysis = (headline, stated)
            case Phase.PLAN:
                for topic, text in (*dialogue.plans, *bench.predictions()):
                    yield Finding(phase=phase, topic=topic, text=text)
                headline = f"{_stated(bench)}.".capitalize()
            case Phase.VALIDATE:
                headline = bench.decided()
            case Phase.IMPLEMENT:
                passing = bench.passing
                if passing:
                    for topic, text in conclusions.chosen(bench.case, passing, bench.judge(passing[0])):
                        if topic != "why this one":
                            yield Finding(phase=phase, topic=topic, text=text)
                headline = conclusions.fix_headline(bench.fixes, passing, bench.evidence)
            case Phase.CONFIRM:
                best = bench.best
                judged = bench.judge(best) if best is not None else None
                told = conclusions.confirmation(bench.case, best, judged, bench.tests, bench.evidence)
                for topic, text in told:
                    if topic != "before and after":
                        yield Finding(phase=phase, topic=topic, text=text)
                headline = conclusions.verdict_headline(best, judged)
        yield PhaseEnded(phase=phase, headline=headline)


def claude_reasoner(
    *, model: str, platform: str = "anthropic", max_usd: float | None = None, redactor: Withholder
) -> ClaudeReasoner:
    """A reasoner over a connection to `model`; nothing heavy is imported here.

    Parameters
    ----------
    model
        Id of the model as the platform names it.
    platform
        `anthropic`, `bedrock`, `vertex` or `foundry`.
    max_usd
        Limit for the session in US dollars, by list price; a request that could exceed it is not sent.
    redactor
        As for ClaudeReasoner.
    """
    from cot_magic.reasoners.claude.messages.client import warm

    opened: list[MessagesConnection] = []

    def connect(budget: Budget, used: Usage | None) -> Connection:
        from cot_magic.reasoners.claude.messages.connection import MessagesConnection

        connection = MessagesConnection(
            model=model,
            budget=budget.thinking_tokens,
            platform=platform,
            max_usd=max_usd,
            effort=budget.effort,
            limited=budget.limited,
            scrub=redactor.text,
        )
        if used is not None:
            # a stopped request is missing from the usage: the connection knows its worst case
            connection.cost.spend(max([used.usd or 0.0, *(link.cost.spent for link in opened)]))
        opened[:] = [connection]
        return connection

    return ClaudeReasoner(connect, redactor=redactor, warm=warm)


def _stated(bench: Workbench) -> str:
    """How many hypotheses there are, and how many probes are going to test them."""
    counts = ((len(bench.hypotheses), "hypothesis", "hypotheses"), (len(bench.planned), "probe", "probes"))
    said = [f"{count or 'no'} {one if count == 1 else many}" for count, one, many in counts]
    return " and ".join(said)

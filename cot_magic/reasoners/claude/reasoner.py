"""The Claude reasoner: one conversation over five phases, in which every experiment is run by the engine."""

import threading
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.errors import ReasonerError
from cot_magic.core.events import Finding, PhaseEnded, PhaseStarted, Remarked, Reply, Step
from cot_magic.core.findings import Phase, Usage
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.claude import prompts
from cot_magic.reasoners.claude.conversation.answers import PhaseAnswer
from cot_magic.reasoners.claude.conversation.case_text import Marked, case_text
from cot_magic.reasoners.claude.conversation.cells import Cells, Withholder
from cot_magic.reasoners.claude.conversation.dialogue import CALLS, Dialogue
from cot_magic.reasoners.claude.conversation.verdicts import confirmed_headline, finished_phases
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.claude.messages.turn import Connection
from cot_magic.reasoners.offline import conclusions

if TYPE_CHECKING:
    from cot_magic.reasoners.claude.messages.connection import MessagesConnection

Steps: TypeAlias = Generator[Step, Reply, None]
MARKED = (Phase.VALIDATE, Phase.IMPLEMENT, Phase.CONFIRM)  # with the case four marks, the most a server takes


class ClaudeReasoner:
    """Asks a model that speaks the Messages API. It is sent evidence and holds neither kernel nor sandbox.

    Parameters
    ----------
    connection
        Makes the connection for a budget and what the session has used so far (None: it begins). Nothing is
        imported or opened before the first turn.
    redactor
        Withholds secrets from every text that enters the conversation.
    warm
        Loads what a first request needs.
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

    def reason(self, case: Case, budget: Budget) -> Steps:
        """The five phases for the case; a cell that passed is examined for what the person asks."""
        dialogue = self._begin(case, budget)
        for phase in Phase:
            yield from self._phase(dialogue, phase)

    def resume(self, case: Case, budget: Budget, session: Session) -> Steps:
        """The phases that a session has not finished: in the same conversation if it is at hand and can go
        on, else in a new one that is told the finished phases in short."""
        dialogue = self._dialogue
        left = tuple(phase for phase in Phase if phase not in session.finished)
        if not left:
            raise ReasonerError("all five phases are finished: there is nothing to go on with.")
        same = dialogue is not None and not dialogue.broken and dialogue.bench.case == case
        used = session.usage or Usage(usd=0.0)
        if dialogue is None or not same:
            dialogue = self._begin(case, budget, used)
            dialogue.bench.restore(session)
            if session.finished:
                told = dialogue.bench.marked.data("finished phases", finished_phases(session))
                dialogue.say(f"{prompts.RESUMED}\n{told}")
        dialogue.bench.budget, dialogue.connection = budget, self._connection(budget, used)
        for phase in left:
            yield from self._phase(dialogue, phase, again=same and phase is left[0])

    def preview(self, case: Case, budget: Budget) -> Mapping[str, Any]:
        """The body of the first request, exactly as it would be sent. Sends nothing."""
        dialogue = self._dialogue_for(case, budget)
        dialogue.say(self._asked(dialogue, Phase.ANALYZE))
        return {**dialogue.connection.body(dialogue.question()), "stream": True}

    def warm(self) -> None:
        """Load what the connection needs on a thread of its own, while the case is put together."""
        if self._warming.ident is None:
            self._warming.start()

    def settle(self) -> None:
        """Wait until nothing is being loaded: a process must not be copied in the middle of an import."""
        if self._warming.ident is not None:
            self._warming.join()

    def close(self) -> None:
        """Close the connection; the conversation is kept."""
        if self._open is not None:
            self._open.close()
            self._open = None

    # --- the conversation ---------------------------------------------------------------------------------

    def _begin(self, case: Case, budget: Budget, used: Usage | None = None) -> Dialogue:
        self._dialogue = self._dialogue_for(case, budget, used)
        return self._dialogue

    def _dialogue_for(self, case: Case, budget: Budget, used: Usage | None = None) -> Dialogue:
        cells, marked = Cells(case, self._redactor), Marked(case, self._redactor)
        bench = Workbench(case=case, budget=budget, cells=cells, marked=marked)
        dialogue = Dialogue(connection=self._connection(budget, used), bench=bench, redactor=self._redactor)
        dialogue.say(case_text(case, cells, marked), mark=True)
        return dialogue

    def _connection(self, budget: Budget, used: Usage | None = None) -> Connection:
        if self._open is None:
            self._open = self._connect(budget, used)
        return self._open

    def _asked(self, dialogue: Dialogue, phase: Phase) -> str:
        """What is asked in that phase, with hypotheses, fixes and verdicts so far (a model's words: data)."""
        bench = dialogue.bench
        lines = (*bench.known(), *bench.problems.values())
        known = bench.marked.data("state of the inquiry", "\n".join(lines)) if lines else "(none)"
        return prompts.asked(
            phase,
            known,
            rounds=bench.budget.rounds,
            calls=CALLS[phase],
            passed=bench.case.raised is None,
        )

    # --- the phases ---------------------------------------------------------------------------------------

    def _phase(self, dialogue: Dialogue, phase: Phase, *, again: bool = False) -> Steps:
        """One phase. `again`: it was cut short in this conversation, and may have been asked about
        already."""
        yield PhaseStarted(phase=phase)
        asked = again and dialogue.asked is phase and dialogue.waiting
        dialogue.begin(phase)
        if phase is Phase.ANALYZE:
            yield Remarked(phase=phase, text=f"Asked: {dialogue.connection.label}.")
        if not asked:
            if phase is Phase.VALIDATE:
                yield from dialogue.bench.run_planned()
            dialogue.say(self._asked(dialogue, phase), mark=phase in MARKED)
            dialogue.asked = phase
        answer = yield from dialogue.answer()
        if phase is not Phase.CONFIRM:  # a new claim could not be tested any more
            yield from dialogue.bench.state(answer.hypotheses)
        if phase in MARKED[:2]:
            yield from self._run_rest(dialogue, answer)
        dialogue.early += answer.fixes
        yield from self._found(dialogue, phase, answer)

    def _run_rest(self, dialogue: Dialogue, answer: PhaseAnswer) -> Steps:
        """What the answer asks for instead of a tool call: probes of new hypotheses, and fixes."""
        bench = dialogue.bench
        yield from bench.run_planned()
        problems = []
        if dialogue.phase is Phase.IMPLEMENT:
            problems = yield from bench.propose_rest(answer.fixes or (() if bench.fixes else dialogue.early))
            yield from bench.search_again()
            yield from bench.write_tests()
        for problem in (*bench.problems.values(), *problems):
            yield Finding(phase=dialogue.phase, topic="limits", text=problem)
        bench.problems.clear()

    def _found(self, dialogue: Dialogue, phase: Phase, answer: PhaseAnswer) -> Steps:
        """The findings, and a headline: the model's where it says what it thinks, ours where runs decide."""
        bench = dialogue.bench
        for topic, text in answer.findings:
            yield Finding(phase=phase, topic=topic, text=text)
        if answer.empty:
            yield Finding(phase=phase, topic="limits", text="The model gave no findings for this phase.")
        match phase:
            case Phase.ANALYZE | Phase.PLAN:
                headline = (
                    answer.headline or f"The model gave no headline; {len(bench.hypotheses)} hypotheses."
                )
            case Phase.VALIDATE:
                headline = confirmed_headline(bench)
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
    *,
    model: str,
    platform: str = "anthropic",
    max_usd: float | None = None,
    redactor: Withholder,
) -> ClaudeReasoner:
    """A reasoner over a connection to `model`; nothing heavy is imported here.

    Parameters
    ----------
    model
        Id of the model as the platform names it.
    platform
        `anthropic`, `bedrock`, `vertex` or `foundry`.
    max_usd
        The session may cost so much by list price; a request that could pass it is not sent.
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
            scrub=redactor.text,
        )
        if used is not None:
            # a request that was stopped is in no report: the connection knows its worst case
            connection.cost.spend(max([used.usd or 0.0, *(link.cost.spent for link in opened)]))
        opened[:] = [connection]
        return connection

    return ClaudeReasoner(connect, redactor=redactor, warm=warm)

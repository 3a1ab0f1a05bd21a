"""The Claude reasoner: one loop of requests, filed under five phases; the engine runs every experiment."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.errors import ReasonerError
from cot_magic.core.events import Remarked, Reply, Step, examine
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
from cot_magic.reasoners.claude.conversation.dialogue import Dialogue
from cot_magic.reasoners.claude.conversation.filing import Filing
from cot_magic.reasoners.claude.conversation.outgoing import Marked, Withholder
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.claude.messages.turn import Connection, as_sent

if TYPE_CHECKING:
    from cot_magic.reasoners.claude.messages.connection import MessagesConnection

Steps: TypeAlias = Generator[Step, Reply, None]


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
    from_model = True

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
        """One loop of requests, filed under the five phases.

        A cell that passed is examined for what the person asks.

        `found` is the session of another reasoner on the same case, whose hypotheses, fixes and evidence the
        model starts with. No more is asked once a fix is VERIFIED.
        """
        dialogue = self._begin(case, budget, found=found)
        yield from self._session(dialogue, Phase.ANALYZE)

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
        yield from self._session(dialogue, left[0], again=same)

    def preview(
        self, case: Case, budget: Budget, found: Session | None = None, facts: Facts = NO_FACTS
    ) -> Mapping[str, Any]:
        """The body of the first request, exactly as it would be sent. Sends nothing.

        `facts` are what the autopsy of the failure found, if `found` does not have them.
        """
        dialogue = self._dialogue_for(case, budget, found=found)
        if found is None:
            self._tell(dialogue, facts)
        dialogue.say(self._question(dialogue))
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

    def _question(self, dialogue: Dialogue) -> str:
        """What is asked first; the case says what is known."""
        bench = dialogue.bench
        return prompts.question(rounds=bench.budget.rounds, passed=bench.case.raised is None)

    def _follow_up(self, dialogue: Dialogue, *, doubted: bool, problems: Sequence[str] = ()) -> str:
        """What an answer without tool calls came to, and what is missing."""
        left = max(0, dialogue.bench.budget.rounds - dialogue.bench.rounds)
        return prompts.follow_up(
            self._known(dialogue, (*dialogue.bench.problems.values(), *problems)),
            doubted=doubted,
            rounds=left,
            last=dialogue.requests <= 1,
        )

    def _known(self, dialogue: Dialogue, problems: Sequence[str] = ()) -> str:
        """Hypotheses and fixes with their verdicts, marked as data, since a model wrote them."""
        lines = (*dialogue.bench.known(), *problems)
        return dialogue.bench.marked.data("state of the inquiry", "\n".join(lines)) if lines else "(none)"

    def _tell(self, dialogue: Dialogue, facts: Facts) -> None:
        """Tell what was seen in the failed kernel."""
        if facts:
            bench = dialogue.bench
            dialogue.say(facts_text(facts, bench.cells, bench.marked))

    # --- the session --------------------------------------------------------------------------------------

    def _session(self, dialogue: Dialogue, first: Phase, *, again: bool = False) -> Steps:
        """One loop of requests, filed under the phases from `first` on, and what the evidence says then.

        `again`: the loop was cut short in this conversation, which goes on.
        """
        filing = Filing(dialogue, first)
        yield from filing.begin()
        yield from filing.follow(self._inquiry(dialogue, filing, again=again))
        yield from filing.reach(Phase.IMPLEMENT)
        yield from filing.follow(dialogue.bench.search_again())
        yield from filing.follow(dialogue.bench.write_tests())
        yield from filing.limits(Phase.VALIDATE, list(dialogue.bench.problems.values()))
        yield from filing.limits(Phase.IMPLEMENT, dialogue.untried)
        dialogue.bench.problems.clear()
        dialogue.untried.clear()
        yield from filing.close()

    def _inquiry(self, dialogue: Dialogue, filing: Filing, *, again: bool) -> Steps:
        """Ask until nothing is left to find out, or an answer brings nothing new to run."""
        bench = dialogue.bench
        yield Remarked(phase=dialogue.phase, text=f"Asked {dialogue.connection.label}.")
        probes_asked = fix_asked = False  # in so many words, after the first answer
        if again and dialogue.asked and not dialogue.waiting:  # it was stopped while an answer was run
            yield from bench.run_planned()
            probes_asked = bool(bench.hypotheses) and not bench.confirmed
            dialogue.say(self._follow_up(dialogue, doubted=probes_asked))
        elif not (again and dialogue.asked):
            if bench.case.raised is not None and not dialogue.informed:
                self._tell(dialogue, (yield from examine()))
                dialogue.informed = True
            dialogue.say(self._question(dialogue))
            dialogue.asked = True
        while True:
            known = bench.size, {*bench.problems.values(), *dialogue.untried}
            answer = yield from dialogue.answer()
            yield from bench.state(answer.hypotheses)
            yield from filing.heard(answer)
            problems = yield from self._run_answer(dialogue, answer)
            dialogue.untried += problems
            new = (bench.size, {*bench.problems.values(), *dialogue.untried}) != known
            tried = bench.rounds > 0 and bench.helpful  # which of them is meant only the person can say
            if dialogue.over or bench.verified or tried or (bench.starved and bench.fixes):
                return
            if not new and (fix_asked or bench.case.raised is None):
                return
            doubted = bool(bench.hypotheses) and not (bench.confirmed or probes_asked or answer.fixes)
            probes_asked, fix_asked = probes_asked or doubted, fix_asked or not doubted
            yield from filing.reach(Phase.VALIDATE if doubted else Phase.IMPLEMENT)
            dialogue.say(self._follow_up(dialogue, doubted=doubted, problems=problems))

    def _run_answer(self, dialogue: Dialogue, answer: PhaseAnswer) -> Generator[Step, Reply, list[str]]:
        """Run what the answer contains and no tool call asked for; returns which fixes were not, and why."""
        bench = dialogue.bench
        yield from bench.run_planned()
        if bench.verified and bench.rounds:  # one that was verified before the model was asked ends nothing
            return []
        return (yield from bench.propose_rest(answer.fixes))


def claude_reasoner(
    *,
    model: str,
    platform: str = "anthropic",
    max_usd: float | None = None,
    redactor: Withholder,
    mailbox: str | None = None,
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
    mailbox
        The file from which a sweep's answers come; nothing is sent, and the SDK is not loaded.
    """
    from cot_magic.reasoners.claude.messages.client import warm

    opened: list[MessagesConnection] = []

    def connect(budget: Budget, used: Usage | None) -> Connection:
        from cot_magic.reasoners.claude.messages.by_batch import BatchedConnection
        from cot_magic.reasoners.claude.messages.connection import MessagesConnection

        make = MessagesConnection if mailbox is None else partial(BatchedConnection, Path(mailbox))
        connection = make(
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

    loads = {"warm": warm} if mailbox is None else {}
    return ClaudeReasoner(connect, redactor=redactor, **loads)

"""One conversation with a model: it only grows at the end, streams what arrives and answers tool calls."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cot_magic.core.errors import ReasonerError, ServiceFault
from cot_magic.core.events import Remarked, Reply, Sent, Step, UsageReported, Waiting
from cot_magic.core.findings import Phase, Usage
from cot_magic.reasoners.claude.conversation.answers import SCHEMA, PhaseAnswer, read_answer, salvaged
from cot_magic.reasoners.claude.conversation.lenient import calls_in
from cot_magic.reasoners.claude.conversation.outgoing import Withholder
from cot_magic.reasoners.claude.conversation.pieces import Pieces, without_thought
from cot_magic.reasoners.claude.conversation.tools import NAMES, TOOLS
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Connection,
    Delta,
    Pause,
    Remark,
    ToolCall,
    TurnRequest,
)
from cot_magic.reasoners.claude.prompts import AGAIN, LAST, NO_MORE_CALLS, SYSTEM

Turn: TypeAlias = Generator[Step, Reply, Answer]
CALLS = 12  # of tools in one answer
LEAST_WAIT = 0.1  # seconds: the bound is checked before each request
PAUSES = 4  # how often in a row a server may pause a turn
# faults in what was sent: the same conversation would be refused again
REFUSED = ("invalid_request", "context_window", "too_large")
GO_ON = "the verdict is from what ran so far. A higher intensity (`%cot+`, `%cot++`) allows more."
MORE_ROOM = "The answer was cut off at its token limit: asking once more with room for twice as much."
ASKED_AGAIN = "The answer was not in the requested form: asking once more."
FORMLESS = "The answer was not in the requested form: using what could be read."
PAUSED = "The server paused this answer too often: not asking it to continue any more."


class _TimeUp(Exception):
    """The session's time for a model ended during an answer."""


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """The messages so far and the connection that they go over.

    Nothing that was sent is ever changed, so every request begins with the bytes of the one before, and a
    server can read them from its cache.

    Attributes
    ----------
    phase
        The current phase; `used` is its usage so far.
    asked
        Whether the question is asked.
    untried
        Why fixes in answers were not tried.
    over
        Whether nothing more is sent, as requests, time or money are used up.
    requests, until, spent
        Requests that are left, the moment after which none is made, and US dollars so far, as far as known.
    redactor
        Counts the values withheld so far.
    """

    connection: Connection
    bench: Workbench
    redactor: Withholder
    clock: Callable[[], float] = time.monotonic
    messages: list[dict[str, Any]] = field(default_factory=list)
    phase: Phase = Phase.ANALYZE
    asked: bool = False
    untried: list[str] = field(default_factory=list)
    over: bool = False
    requests: int = 0
    until: float = 0.0
    spent: float = 0.0
    informed: bool = False  # the first message has the facts of the autopsy
    used: Usage | None = None
    sent: int = 0
    broken: str = ""  # why this conversation cannot be continued
    pieces: Pieces = field(default_factory=lambda: Pieces(Phase.ANALYZE))

    def __post_init__(self) -> None:
        self.allow_more()

    def allow_more(self) -> None:
        """Allow as many requests, and as much time and money, as the budget says."""
        self.spent, self.over = 0.0, False
        self.requests, self.until = self.bench.budget.requests, self.clock() + self.bench.budget.wait_s

    def begin(self, phase: Phase) -> None:
        """Begin a phase, or restart it."""
        self.phase, self.used = phase, None
        self.pieces = Pieces(phase, self.clock)

    @property
    def waiting(self) -> bool:
        """Whether the last message is ours and has not been answered."""
        return bool(self.messages) and self.messages[-1]["role"] == "user"

    def request(self, room: int = 1) -> TurnRequest:
        """What would be sent now."""
        system = ({"type": "text", "text": SYSTEM},)
        messages = tuple(self.messages)
        return TurnRequest(
            system=system,
            messages=messages,
            tools=TOOLS,
            schema=SCHEMA,
            room=room,
            cache=True,
            longest=max(LEAST_WAIT, self.until - self.clock()),
        )

    def say(self, *texts: str) -> None:
        """Add text blocks of ours at the end."""
        self._add([{"type": "text", "text": text} for text in texts])

    def _add(self, blocks: Sequence[dict[str, Any]]) -> None:
        content = [dict(block) for block in blocks]
        self.sent += sum(len(str(block.get("text", block.get("content", "")))) for block in content)
        if self.waiting:
            last = self.messages[-1]
            self.messages[-1] = {**last, "content": [*last["content"], *content]}
        else:
            self.messages.append({"role": "user", "content": content})

    # --- the loop -----------------------------------------------------------------------------------------

    def answer(self) -> Generator[Step, Reply, PhaseAnswer]:
        """Take turns, answering tool calls, until the model gives its findings.

        No turn follows a fix that turned out VERIFIED, or the last round of fixes if some pass, unless the
        person is to be answered; nor one for which no request, time or money is left.
        """
        formless: list[str] = []  # answers that were not in the requested form
        done = self.bench.settled or bool(self.bench.case.prompt)
        while True:
            if (said := self._used_up()) is not None:
                self.over = True
                yield Remarked(phase=self.phase, text=said)
                return _best_of(formless) if formless else PhaseAnswer()
            self.requests -= 1
            yield Sent(
                phase=self.phase, characters=self.sent, withheld=self.redactor.count, left=self._left()
            )
            try:
                answer = yield from self._whole_turn()
            except _TimeUp:
                self.over = True
                yield Remarked(phase=self.phase, text=self._time_up())
                return _best_of(formless) if formless else PhaseAnswer()
            text = without_thought(answer.text)
            wanted = answer.calls or calls_in(text, NAMES)
            if wanted:
                yield from self._answer_calls(answer, wanted, CALLS)
                if not done and self.bench.settled:
                    return PhaseAnswer()
                if self.requests == 1:
                    self.say(LAST)
                continue
            self._keep(answer)
            found = read_answer(text)
            if found is not None:
                return found
            formless.append(text)
            if len(formless) > 1 or answer.stop_reason == "max_tokens":
                best = _best_of(formless)
                if not best.empty:
                    yield Remarked(phase=self.phase, text=FORMLESS)
                return best
            yield Remarked(phase=self.phase, text=ASKED_AGAIN)
            self.say(AGAIN)

    def _left(self) -> str:
        """What the session may still use, this request included."""
        budget = self.bench.budget
        most = budget.max_usd if budget.max_usd is not None else budget.stop_usd
        return (
            f"request {budget.requests - self.requests} of {budget.requests}, "
            f"{max(0.0, self.until - self.clock()):.0f} s and ${max(0.0, most - self.spent):.2f} left"
        )

    def _used_up(self) -> str | None:
        """Why no further request is made; None if one may be."""
        budget = self.bench.budget
        if self.requests <= 0:
            return f"All {budget.requests} requests of this session are used: {GO_ON}"
        if self.clock() >= self.until:
            return self._time_up()
        if budget.max_usd is None and self.spent >= budget.stop_usd:
            return f"${self.spent:.2f} of ${budget.stop_usd:g} are spent; --max-cost allows more: {GO_ON}"
        return None

    def _time_up(self) -> str:
        return f"The {self.bench.budget.wait_s:.0f} s of this session for a model are used up: {GO_ON}"

    def _keep(self, answer: Answer) -> None:
        """Add the answer to the conversation as it came, unless it is empty or ends in thinking.

        The API accepts neither.
        """
        last = answer.blocks[-1].get("type") if answer.blocks else "thinking"
        if last not in ("thinking", "redacted_thinking") and not answer.calls:
            self._add_answer(answer)

    def _add_answer(self, answer: Answer) -> None:
        last = self.messages[-1]
        if last["role"] == "assistant":  # it continued after a pause
            self.messages[-1] = {**last, "content": [*last["content"], *answer.blocks]}
        else:
            self.messages.append({"role": "assistant", "content": list(answer.blocks)})

    def _answer_calls(
        self, answer: Answer, wanted: Sequence[ToolCall], left: int
    ) -> Generator[Step, Reply, None]:
        """Carry out the calls, as many as are left. Call and result enter the conversation together or not at
        all."""
        results: list[dict[str, Any]] = []
        before = len(self.bench.fixes)
        if answer.calls:
            answer = self._with_ids(answer)
            wanted = answer.calls
        for place, call in enumerate(wanted):
            text, wrong = (yield from self.bench.use(call)) if place < left else (NO_MORE_CALLS, True)
            refused = [*self.bench.refused, *([text] if wrong and place < left else [])]
            self.bench.refused.clear()
            for said in refused:
                yield Remarked(phase=self.phase, text=f"Refused a call of {call.name[:60]}: {said[:300]}.")
            if answer.calls:
                results.append(
                    {"type": "tool_result", "tool_use_id": call.id, "content": text}
                    | ({"is_error": True} if wrong else {})
                )
            else:
                state = "failed" if wrong else "returned"
                results.append({"type": "text", "text": f"{call.name} {state}:\n{text}"})
        self.bench.rounds += len(self.bench.fixes) > before
        self._add_answer(answer)
        self._add(results)

    def _with_ids(self, answer: Answer) -> Answer:
        """The answer with a different id for each call: some servers give none, or the same one twice."""
        blocks, calls = list(answer.blocks), list(answer.calls)
        places = [place for place, block in enumerate(blocks) if block.get("type") == "tool_use"]
        for number, place in enumerate(places):
            identity = calls[number].id
            if not identity or identity in (call.id for call in calls[:number]):
                identity = f"toolu_{len(self.messages)}_{number}"
                blocks[place] = {**blocks[place], "id": identity}
                calls[number] = replace(calls[number], id=identity)
        return replace(answer, blocks=tuple(blocks), calls=tuple(calls))

    # --- a turn -------------------------------------------------------------------------------------------

    def _whole_turn(self) -> Turn:
        """A turn, and what its stop reason calls for: more room, continuing after a pause, or a fault."""
        room, pauses = 1, 0
        while True:
            answer = yield from self._turn(self.request(room))
            match answer.stop_reason:
                case "max_tokens" if room == 1:
                    room = 2
                    yield Remarked(phase=self.phase, text=MORE_ROOM)
                case "max_tokens" if any(call.problem for call in answer.calls) or not answer.text.strip():
                    raise ReasonerError(
                        f"{self.connection.label}: the answer was cut off at its token limit twice. "
                        "%cot_resume asks again; a lower --budget makes the model think less."
                    )
                case "pause_turn" if pauses < PAUSES and answer.blocks:
                    pauses += 1
                    self._add_answer(answer)
                case "pause_turn":
                    yield Remarked(phase=self.phase, text=PAUSED)
                    return answer
                case "refusal":
                    raise ReasonerError(self._refused(answer))
                case "model_context_window_exceeded":
                    self.broken = "it no longer fits the context window"
                    raise ReasonerError(
                        f"{self.connection.label}: the conversation no longer fits the context window. "
                        "%cot_resume starts a new one with a summary of the finished phases."
                    )
                case _:  # end_turn, tool_use, stop_sequence, and reasons that are not known yet
                    return answer

    def _refused(self, answer: Answer) -> str:
        category = answer.details.get("category") or "not given"
        why = " ".join(str(answer.details.get("explanation") or "").split())[:300].rstrip(".")
        self.broken = "the model declined to continue it"
        return (
            f"{self.connection.label} declined to answer (category: {category}){': ' + why if why else ''}. "
            "%cot_resume asks again; --model chooses another model."
        )

    def _turn(self, request: TurnRequest) -> Turn:
        """One answer, its text passed on as it arrives; if it breaks off, what had arrived is shown too."""
        stream = self.pieces
        stream.begin()
        turn = self.connection.turn(request)
        try:
            while True:
                progress = next(turn)
                if self.clock() >= self.until:
                    raise _TimeUp
                match progress:
                    case Delta():
                        yield from stream.add(progress)
                    case Pause():
                        yield from stream.flush()
                        yield Waiting(phase=self.phase, seconds=progress.seconds, reason=progress.reason)
                    case Remark():
                        yield from stream.flush()
                        if progress.restarts:
                            yield stream.withdrawn()
                        yield Remarked(phase=self.phase, text=progress.text)
        except StopIteration as done:
            answer: Answer = done.value
        except BaseException as error:
            if isinstance(error, ServiceFault) and error.kind in REFUSED:
                self.broken = "the server refused it"
            if isinstance(error, ServiceFault) and error.kind == "timeout" and self.clock() >= self.until:
                yield from stream.flush()
                raise _TimeUp from error
            if not isinstance(error, GeneratorExit):
                yield from stream.flush()
            raise
        finally:
            turn.close()
        yield from stream.flush()
        self.used = answer.usage if self.used is None else self.used + answer.usage
        self.spent += answer.usage.usd or 0.0
        yield UsageReported(phase=self.phase, usage=self.used, target=answer.target, enforced=answer.enforced)
        if request.room == 1 and answer.stop_reason == "max_tokens":
            yield stream.withdrawn()
        return answer


def _best_of(texts: Sequence[str]) -> PhaseAnswer:
    """What can be used of answers that are not in the requested form: the last with more than words in it."""
    found = [salvaged(text) for text in reversed(texts)]
    return max(found, key=lambda answer: (bool(answer.hypotheses or answer.fixes), not answer.empty))

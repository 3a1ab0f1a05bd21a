"""One conversation with a model: grows at its end alone, streams what arrives, and answers tool calls."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cot_magic.core.errors import ReasonerError, ServiceFault
from cot_magic.core.events import Remarked, Reply, Sent, Step, UsageReported, Waiting
from cot_magic.core.findings import Phase, Usage
from cot_magic.reasoners.claude.conversation.answers import (
    SCHEMA,
    PhaseAnswer,
    read_answer,
    salvaged,
)
from cot_magic.reasoners.claude.conversation.cells import Withholder
from cot_magic.reasoners.claude.conversation.pieces import Pieces
from cot_magic.reasoners.claude.conversation.thoughts import without_thought
from cot_magic.reasoners.claude.conversation.tools import NAMES, TOOLS
from cot_magic.reasoners.claude.conversation.workbench import Workbench
from cot_magic.reasoners.claude.conversation.written_calls import calls_in
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Connection,
    Delta,
    Pause,
    Question,
    Remark,
    ToolCall,
)
from cot_magic.reasoners.claude.prompts import AGAIN, NO_MORE_CALLS, SYSTEM

Turn: TypeAlias = Generator[Step, Reply, Answer]
MARK = {"cache_control": {"type": "ephemeral"}}
# tool calls in one phase: to look around costs a request each time, to decide is what the phases are for
CALLS = {Phase.ANALYZE: 6, Phase.PLAN: 4, Phase.VALIDATE: 12, Phase.IMPLEMENT: 12, Phase.CONFIRM: 4}
PAUSES = 4  # turns in a row that a server may pause
# faults of what was sent: the same conversation would be refused again
REFUSED = ("invalid_request", "context_window", "too_large")
MOST_MARKS = 4  # blocks with `cache_control` that a server takes
ASKED_AGAIN = "The answer was not of the form that was asked for: asking once more."
FORMLESS = "The answer was not of the form that was asked for: what could be read of it is used."
PAUSED = "The server paused this answer again and again: it is not asked to go on once more."


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """The messages so far and the connection that they go through.

    Nothing that was sent is ever changed, so that every request begins with the bytes of the one before: a
    server can read them from its cache.

    Attributes
    ----------
    phase
        The one under way; `used` is what it used so far.
    asked
        The one whose question was said last.
    early
        Fixes that answers held before it was time for them.
    redactor
        Counts the values that were withheld so far.
    """

    connection: Connection
    bench: Workbench
    redactor: Withholder
    clock: Callable[[], float] = time.monotonic
    messages: list[dict[str, Any]] = field(default_factory=list)
    phase: Phase = Phase.ANALYZE
    asked: Phase | None = None
    early: list[Mapping[str, Any]] = field(default_factory=list)
    used: Usage | None = None
    sent: int = 0
    marks: int = 0  # how many blocks of ours the cache was told to keep
    broken: str = ""  # why this conversation cannot go on
    pieces: Pieces = field(default_factory=lambda: Pieces(Phase.ANALYZE))

    def begin(self, phase: Phase) -> None:
        """Begin a phase, or begin it again."""
        self.phase, self.used = phase, None
        self.pieces = Pieces(phase, self.clock)

    @property
    def waiting(self) -> bool:
        """Whether the last word is ours, and no answer to it has come."""
        return bool(self.messages) and self.messages[-1]["role"] == "user"

    def question(self, room: int = 1) -> Question:
        """What would be asked now."""
        system = ({"type": "text", "text": SYSTEM},)
        return Question(system=system, messages=tuple(self.messages), tools=TOOLS, schema=SCHEMA, room=room)

    def say(self, *texts: str, mark: bool = False) -> None:
        """Add texts of ours at the end; with `mark`, what stands up to here is to be kept in the cache."""
        self._add([{"type": "text", "text": text} for text in texts], mark)

    def _add(self, blocks: Sequence[dict[str, Any]], mark: bool = False) -> None:
        content = [dict(block) for block in blocks]
        if mark and self.marks < MOST_MARKS:
            content[-1] |= MARK
            self.marks += 1
        self.sent += sum(len(str(block.get("text", block.get("content", "")))) for block in content)
        if self.waiting:
            last = self.messages[-1]
            self.messages[-1] = {**last, "content": [*last["content"], *content]}
        else:
            self.messages.append({"role": "user", "content": content})

    # --- a phase ------------------------------------------------------------------------------------------

    def answer(self) -> Generator[Step, Reply, PhaseAnswer]:
        """Turns until the model has given its findings of the phase, tool calls answered in between."""
        calls, refused = 0, 0
        formless: list[str] = []  # answers that were not of the form
        while True:
            yield Sent(phase=self.phase, characters=self.sent, withheld=self.redactor.count)
            answer = yield from self._whole_turn()
            text = without_thought(answer.text)
            wanted = answer.calls or calls_in(text, NAMES)
            if wanted and refused < 2:
                left = CALLS[self.phase] - calls
                yield from self._answer_calls(answer, wanted, left)
                calls += len(wanted)
                refused += left <= 0
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

    def _keep(self, answer: Answer) -> None:
        """The answer becomes part of the conversation, as it came, if it can be sent back: not if it is empty
        or ends in thinking."""
        last = answer.blocks[-1].get("type") if answer.blocks else "thinking"
        if last not in ("thinking", "redacted_thinking") and not answer.calls:
            self._add_answer(answer)

    def _add_answer(self, answer: Answer) -> None:
        last = self.messages[-1]
        if last["role"] == "assistant":  # it went on after a pause
            self.messages[-1] = {**last, "content": [*last["content"], *answer.blocks]}
        else:
            self.messages.append({"role": "assistant", "content": list(answer.blocks)})

    def _answer_calls(
        self, answer: Answer, wanted: Sequence[ToolCall], left: int
    ) -> Generator[Step, Reply, None]:
        """Do what was asked for, as far as calls are left. Call and result enter the conversation together,
        or neither does."""
        results: list[dict[str, Any]] = []
        before = len(self.bench.fixes)
        if answer.calls:
            answer = self._with_ids(answer)
            wanted = answer.calls
        for place, call in enumerate(wanted):
            text, wrong = (yield from self.bench.use(call)) if place < left else (NO_MORE_CALLS, True)
            if answer.calls:
                results.append(
                    {"type": "tool_result", "tool_use_id": call.id, "content": text}
                    | ({"is_error": True} if wrong else {})
                )
            else:
                state = "could not be done" if wrong else "gave"
                results.append({"type": "text", "text": f"{call.name} {state}:\n{text}"})
        self.bench.rounds += len(self.bench.fixes) > before
        self._add_answer(answer)
        self._add(results)

    def _with_ids(self, answer: Answer) -> Answer:
        """The answer with an id for each call: some servers give none, or the same one twice."""
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
        """A turn with what its stop reason calls for: more room, going on after a pause, or a fault."""
        room, pauses = 1, 0
        while True:
            answer = yield from self._turn(self.question(room))
            match answer.stop_reason:
                case "max_tokens" if room == 1:
                    room = 2
                    text = "The answer was cut at its ceiling: asking once more with room for twice as much."
                    yield Remarked(phase=self.phase, text=text)
                case "max_tokens" if any(call.problem for call in answer.calls) or not answer.text.strip():
                    raise ReasonerError(
                        f"{self.connection.label}: the answer was cut at its ceiling twice. "
                        "%cot_resume asks again; with a lower --budget it thinks less."
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
                        "%cot_resume goes on with a new one that holds the finished phases in short."
                    )
                case _:  # end_turn, tool_use, stop_sequence, and what is not known yet
                    return answer

    def _refused(self, answer: Answer) -> str:
        category = answer.details.get("category") or "not told"
        why = " ".join(str(answer.details.get("explanation") or "").split())[:300]
        self.broken = "the model declined to go on with it"
        return (
            f"{self.connection.label} declined to answer (category: {category}){': ' + why if why else ''}. "
            "%cot_resume asks anew; --model asks another model."
        )

    def _turn(self, question: Question) -> Turn:
        """One answer, its text handed on while it arrives. What had arrived is shown also if it breaks
        off."""
        stream = self.pieces
        stream.begin()
        turn = self.connection.turn(question)
        try:
            while True:
                progress = next(turn)
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
            if not isinstance(error, GeneratorExit):
                yield from stream.flush()
            raise
        finally:
            turn.close()
        yield from stream.flush()
        self.used = answer.usage if self.used is None else self.used + answer.usage
        yield UsageReported(phase=self.phase, usage=self.used, target=answer.target, enforced=answer.enforced)
        if question.room == 1 and answer.stop_reason == "max_tokens":
            yield stream.withdrawn()
        return answer


def _best_of(texts: Sequence[str]) -> PhaseAnswer:
    """What can be used of answers that were not of the form: the last one that holds more than words."""
    found = [salvaged(text) for text in reversed(texts)]
    return max(found, key=lambda answer: (bool(answer.hypotheses or answer.fixes), not answer.empty))

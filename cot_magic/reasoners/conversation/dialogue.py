"""One conversation with a model: grows at its end alone, streams what arrives, and answers tool calls."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cot_magic.core.errors import ReasonerError
from cot_magic.core.events import Remarked, Reply, Sent, Step, Streamed, UsageReported, Waiting, Withdrawn
from cot_magic.core.findings import Phase, Usage
from cot_magic.reasoners.conversation.answers import SCHEMA, PhaseAnswer, calls_in, plain_answer, read_answer
from cot_magic.reasoners.conversation.cells import Withholder
from cot_magic.reasoners.conversation.tools import NAMES, TOOLS
from cot_magic.reasoners.conversation.workbench import Workbench
from cot_magic.reasoners.messages.turn import (
    Answer,
    Connection,
    Delta,
    Pause,
    Question,
    Remark,
    ToolCall,
)
from cot_magic.reasoners.prompts import AGAIN, NO_MORE_CALLS, SYSTEM

Turn: TypeAlias = Generator[Step, Reply, Answer]
MARK = {"cache_control": {"type": "ephemeral"}}
# tool calls in one phase: to look around costs a request each time, to decide is what the phases are for
CALLS = {Phase.ANALYZE: 6, Phase.PLAN: 4, Phase.VALIDATE: 12, Phase.IMPLEMENT: 12, Phase.CONFIRM: 4}
PAUSES = 4  # turns in a row that a server may pause
PIECE_S = 0.1  # how often text that arrives is handed on
PIECE = 400  # characters that are handed on at once


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """The messages so far and the connection that they go through.

    Nothing that was sent is ever changed, so that every request begins with the bytes of the one before: a
    server can read them from its cache.

    Attributes
    ----------
    phase
        The one under way; `used` is what it used so far.
    redactor
        Counts the values that were withheld so far.
    """

    connection: Connection
    bench: Workbench
    redactor: Withholder
    clock: Callable[[], float] = time.monotonic
    messages: list[dict[str, Any]] = field(default_factory=list)
    phase: Phase = Phase.ANALYZE
    used: Usage | None = None
    sent: int = 0
    broken: str = ""  # why this conversation cannot go on

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
        if mark:
            content[-1] |= MARK
        self.sent += sum(len(str(block.get("text", block.get("content", "")))) for block in content)
        if self.waiting:
            last = self.messages[-1]
            self.messages[-1] = {**last, "content": [*last["content"], *content]}
        else:
            self.messages.append({"role": "user", "content": content})

    # --- a phase ------------------------------------------------------------------------------------------

    def answer(self) -> Generator[Step, Reply, PhaseAnswer]:
        """Turns until the model has given its findings of the phase, tool calls answered in between."""
        calls, asked_again, refused = 0, False, 0
        while True:
            yield Sent(phase=self.phase, characters=self.sent, withheld=self.redactor.count)
            answer = yield from self._whole_turn()
            wanted = answer.calls or calls_in(answer.text, NAMES)
            if wanted and refused < 2:
                spent = calls >= CALLS[self.phase]
                yield from self._answer_calls(answer, wanted, spent)
                calls += len(wanted)
                refused += spent
                continue
            self._keep(answer)
            found = read_answer(answer.text)
            if found is not None:
                return found
            if asked_again or answer.stop_reason == "max_tokens":
                return plain_answer(answer.text)
            asked_again = True
            self.say(AGAIN)

    def _keep(self, answer: Answer) -> None:
        """The answer becomes part of the conversation, as it came. An empty one cannot be sent back."""
        if answer.blocks and not answer.calls:
            self._add_answer(answer)

    def _add_answer(self, answer: Answer) -> None:
        last = self.messages[-1]
        if last["role"] == "assistant":  # it went on after a pause
            self.messages[-1] = {**last, "content": [*last["content"], *answer.blocks]}
        else:
            self.messages.append({"role": "assistant", "content": list(answer.blocks)})

    def _answer_calls(
        self, answer: Answer, wanted: Sequence[ToolCall], spent: bool
    ) -> Generator[Step, Reply, None]:
        """Do what was asked for. Call and result enter the conversation together, or neither does."""
        results: list[dict[str, Any]] = []
        before = len(self.bench.fixes)
        for call in wanted:
            text, wrong = (NO_MORE_CALLS, True) if spent else (yield from self.bench.use(call))
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
                        "%cot_resume --budget with fewer tokens leaves more room for it."
                    )
                case "pause_turn" if pauses < PAUSES and answer.blocks:
                    pauses += 1
                    self._add_answer(answer)
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
        stream = _Pieces(self.phase, self.clock)
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


class _Pieces:
    """Gathers small pieces of text into few events, and counts what it handed on."""

    def __init__(self, phase: Phase, clock: Callable[[], float]) -> None:
        self._phase, self._clock = phase, clock
        self._kept: list[str] = []
        self._size = 0
        self._thinking = False
        self._handed = clock()
        self._counts = {False: 0, True: 0}

    def add(self, delta: Delta) -> Generator[Step, Reply, None]:
        thinking = delta.kind == "thinking"
        if thinking is not self._thinking:
            yield from self.flush()
            self._thinking = thinking
        self._kept.append(delta.text)
        self._size += len(delta.text)
        if self._size >= PIECE or self._clock() - self._handed >= PIECE_S:
            yield from self.flush()

    def flush(self) -> Generator[Step, Reply, None]:
        text = "".join(self._kept)
        self._kept, self._size, self._handed = [], 0, self._clock()
        if text:
            self._counts[self._thinking] += len(text)
            yield Streamed(phase=self._phase, text=text, thinking=self._thinking)

    def withdrawn(self) -> Withdrawn:
        """What takes back all that was handed on."""
        text, thinking = self._counts[False], self._counts[True]
        self._counts = {False: 0, True: 0}
        return Withdrawn(phase=self._phase, text=text, thinking=thinking)

"""What the tests of the connection ask, and what comes back."""

from dataclasses import dataclass, field
from typing import Any

from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.retry import RetryPolicy
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Delta,
    Pause,
    Remark,
    TurnRequest,
)

QUICK = RetryPolicy(attempts=3, first_pause=0.01, longest_pause=0.02)


@dataclass
class Heard:
    """Everything that came out of one turn."""

    answer: Answer | None = None
    pieces: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text on a screen that removes what a restart makes void."""
        shown: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, Remark) and piece.restarts:
                shown.clear()
            if isinstance(piece, Delta) and piece.kind == "text":
                shown.append(piece.text)
        return "".join(shown)

    @property
    def said(self) -> list[Any]:
        """The pieces, with those of one text joined, because how text is cut depends on timing."""
        joined: list[Any] = []
        for piece in self.pieces:
            last = joined[-1] if joined else None
            if isinstance(piece, Delta) and isinstance(last, Delta) and piece.kind == last.kind:
                joined[-1] = Delta(kind=last.kind, text=last.text + piece.text)
            else:
                joined.append(piece)
        return joined

    @property
    def remarks(self) -> list[str]:
        return [piece.text for piece in self.pieces if isinstance(piece, Remark)]

    @property
    def pauses(self) -> list[Pause]:
        return [piece for piece in self.pieces if isinstance(piece, Pause)]


def ask(link: MessagesConnection, question: TurnRequest) -> Heard:
    """Run one turn until it ends."""
    heard = Heard()
    run = link.turn(question)
    try:
        while True:
            heard.pieces.append(next(run))
    except StopIteration as done:
        heard.answer = done.value
    return heard


def question(text: str = "What is wrong?", **more: Any) -> TurnRequest:
    return TurnRequest(
        system=(), messages=[{"role": "user", "content": [{"type": "text", "text": text}]}], **more
    )

"""When text that arrives is handed on."""

from cot_magic.core.events import Streamed
from cot_magic.core.findings import Phase
from cot_magic.reasoners.claude.conversation.pieces import Pieces
from cot_magic.reasoners.claude.messages.turn import Delta


def test_text_that_arrives_with_the_end_of_thinking_does_not_wait_for_more() -> None:
    """After it may come a tool call, which takes long to write and is no text."""
    pieces = Pieces(Phase.ANALYZE, clock=lambda: 0.0)
    for kind in ("thinking", "text"):
        shown = Streamed(phase=Phase.ANALYZE, text=f"scripted {kind}", thinking=kind == "thinking")
        assert [*pieces.add(Delta(kind=kind, text=f"scripted {kind}"))] == [shown]


def test_small_pieces_of_one_kind_are_gathered() -> None:
    now = 0.0
    pieces = Pieces(Phase.ANALYZE, clock=lambda: now)
    assert [*pieces.add(Delta(kind="text", text="scripted "))] == []
    now = 1.0
    assert [*pieces.add(Delta(kind="text", text="text"))] == [
        Streamed(phase=Phase.ANALYZE, text="scripted text", thinking=False)
    ]

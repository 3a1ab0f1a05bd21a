"""A model's text as it arrives: when it is passed on, and how thinking in tags is told apart."""

import pytest

from cot_magic.core.events import Streamed
from cot_magic.core.findings import Phase
from cot_magic.reasoners.claude.conversation.pieces import Pieces, TaggedStream, without_thought
from cot_magic.reasoners.claude.messages.turn import Delta


def test_text_that_arrives_with_the_end_of_thinking_does_not_wait_for_more() -> None:
    """A tool call may follow, which takes long to write and is not text."""
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


TEXTS = [
    ("<think>a plan < b</think>\n\nThe answer.", "a plan < b", "The answer."),
    (" \n<reasoning>r</reasoning>x", "r", "x"),
    ("<think>never closed </thin", "never closed </thin", ""),
    ("No tags, a < b and <think> later </think>.", "", "No tags, a < b and <think> later </think>."),
    ("<thin air>", "", "<thin air>"),
    ("<", "", "<"),
    ("", "", ""),
    ('{"text": "</think>"}', "", '{"text": "</think>"}'),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(("text", "thought", "answer"), TEXTS)
def test_thinking_and_answer_are_told_apart_however_they_are_cut(
    text: str, thought: str, answer: str, size: int
) -> None:
    stream = TaggedStream()
    parts = [part for at in range(0, len(text), size) for part in stream.add(text[at : at + size])]
    parts.append(stream.rest())
    assert "".join(piece for thinking, piece in parts if thinking) == thought
    assert "".join(piece for thinking, piece in parts if not thinking).strip() == answer.strip()


@pytest.mark.parametrize(("text", "thought", "answer"), TEXTS)
def test_a_whole_text_is_left_without_its_thinking(text: str, thought: str, answer: str) -> None:
    assert without_thought(text).strip() == answer.strip()


def test_a_closing_tag_alone_ends_the_thinking_that_a_template_began() -> None:
    assert without_thought("a plan</think>The answer.") == "The answer."

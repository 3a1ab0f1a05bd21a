"""Thinking in tags, however its text is cut into pieces."""

import pytest

from cot_magic.reasoners.claude.conversation.thoughts import TaggedStream, without_thought

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

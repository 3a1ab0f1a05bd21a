"""A message built from its events: tool inputs in every form, blocks that are sent back as they came."""

import json
from typing import Any

import pytest

from cot_magic.reasoners.claude.messages.message import GrowingMessage


def grown(block: dict[str, Any], *pieces: str) -> GrowingMessage:
    """A message with one block, whose input comes in pieces."""
    message = GrowingMessage()
    message.take({"type": "content_block_start", "index": 0, "content_block": block})
    for piece in pieces:
        delta = {"type": "input_json_delta", "partial_json": piece}
        message.take({"type": "content_block_delta", "index": 0, "delta": delta})
    message.take({"type": "content_block_stop", "index": 0})
    message.take({"type": "message_delta", "delta": {"stop_reason": "tool_use"}})
    return message


def tool(given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "t", "name": "run_probe", "input": given}


GIVEN = {"code": "x ==\n1"}
TEXT = json.dumps(GIVEN)


@pytest.mark.parametrize(
    "message",
    [
        grown(tool({}), TEXT[:5], TEXT[5:]),
        grown(tool(GIVEN)),
        grown(tool(TEXT)),
        grown(tool(""), TEXT),
        grown(tool({}), json.dumps(TEXT)),
        grown(tool({}), TEXT.replace("\\n", "\n")),
    ],
    ids=["pieces", "whole", "text", "text and pieces", "text within JSON", "a bare line break"],
)
def test_the_input_of_a_tool_is_read_in_every_form(message: GrowingMessage) -> None:
    assert [(dict(call.input), call.problem) for call in message.calls] == [(GIVEN, "")]
    assert message.blocks[0]["input"] == GIVEN


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('{"schedules": NaN}', "not valid JSON"),
        ('{"schedules": Infinity}', "not valid JSON"),
        ("[" * 200_000, "not valid JSON"),
        ("9" * 10_000, "not valid JSON"),
        ("[1]", "not a JSON object"),
        ("null", "not a JSON object"),
        (json.dumps("x == 1"), "not valid JSON"),
    ],
    ids=["nan", "infinity", "deep", "a huge number", "a list", "null", "a text"],
)
def test_an_input_that_cannot_be_used_is_a_problem_of_that_call_and_can_be_sent_back(
    raw: str, said: str
) -> None:
    message = grown(tool({}), raw)
    assert said in message.calls[0].problem
    assert message.blocks[0]["input"] == {}


def test_a_tool_without_input_gets_an_empty_one() -> None:
    message = grown(tool(""))
    assert (dict(message.calls[0].input), message.calls[0].problem) == ({}, "")


@pytest.mark.parametrize("given", ["plain words", "[1]", {"a": 1}, None, 3])
def test_a_block_of_an_unknown_kind_goes_back_as_it_came(given: Any) -> None:
    block = {"type": "hologram", "input": given, "text": "t", "depth": [1, {"b": None}]}
    assert json.dumps(grown(block).blocks) == json.dumps([block])

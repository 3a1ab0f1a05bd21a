"""What comes out of a stream: deltas, blocks as they came, tool calls, usage."""

import itertools
import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.chunks import GATHER_S
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.turn import Answer, Delta, TurnRequest

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
PROBE = {
    "name": "run_probe",
    "description": "Runs code.",
    "input_schema": {"type": "object", "properties": {}},
}


def answer_of(link: MessagesConnection, asked: TurnRequest) -> Answer:
    heard = ask(link, asked)
    assert heard.answer is not None
    return heard.answer


def test_text_and_thinking_arrive_piece_by_piece_and_whole(serve: Serve, connect: Connect) -> None:
    thought, text = "Scripted thought, in pieces.", "Scripted: héllo wörld 🎉"
    reply = Reply(thinking=thought, text=text, chunk=10, delay=1.2 * GATHER_S)
    heard = ask(connect(serve(reply)), question())
    deltas = [piece for piece in heard.pieces if isinstance(piece, Delta)]
    assert len(deltas) > 3, "what comes slowly is passed on as it comes"
    for kind, whole in (
        ("thinking", "Scripted thought, in pieces."),
        ("text", "Scripted: héllo wörld 🎉"),
    ):
        assert "".join(delta.text for delta in deltas if delta.kind == kind) == whole
    assert heard.answer is not None
    assert heard.answer.text == "Scripted: héllo wörld 🎉"
    assert (heard.answer.stop_reason, heard.answer.model) == ("end_turn", "claude-haiku-4-5")


def test_what_comes_fast_is_passed_on_in_few_pieces(serve: Serve, connect: Connect) -> None:
    text, thinking = "Scripted: " + "word " * 400, "Scripted " + "thought " * 400
    heard = ask(connect(serve(Reply(thinking=thinking, text=text, chunk=5))), question())
    deltas = [piece for piece in heard.pieces if isinstance(piece, Delta)]
    assert [kind for kind, _ in itertools.groupby(delta.kind for delta in deltas)] == ["thinking", "text"]
    assert "".join(delta.text for delta in deltas if delta.kind == "text") == text
    assert "".join(delta.text for delta in deltas if delta.kind == "thinking") == thinking
    assert len(deltas) < 200, "they were over a thousand events"


def test_the_body_that_is_shown_is_the_body_that_is_sent(serve: Serve, connect: Connect) -> None:
    server = serve()
    link = connect(server, model="claude-opus-4-5")
    schema = {"type": "object", "properties": {"cause": {"type": "string"}}, "additionalProperties": False}
    asked = TurnRequest(
        system=[{"type": "text", "text": "You find causes.", "cache_control": {"type": "ephemeral"}}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "x = 1/0"}]}],
        tools=[PROBE],
        schema=schema,
    )
    shown = link.body(asked)
    assert server.requests == []
    ask(link, asked)
    assert {**shown, "stream": True} == server.turns[0].body
    assert link.body(asked) == shown
    assert server.turns[0].refused == ""


def test_thinking_goes_back_byte_for_byte_with_the_results_of_tools(serve: Serve, connect: Connect) -> None:
    tool = {"name": "run_probe", "input": {"source": "x == 1", "deep": {"é": [1, None, True]}}}
    server = serve(
        Reply(thinking="Scripted: a probe would tell.", text="Scripted: let us see.", tools=[tool]),
        Reply(text="Scripted: confirmed."),
    )
    link = connect(server, model="claude-opus-5-5")
    asked = question(tools=[PROBE])
    first = answer_of(link, asked)
    result = {"type": "tool_result", "tool_use_id": first.calls[0].id, "content": "held: True"}
    messages = [
        *asked.messages,
        {"role": "assistant", "content": list(first.blocks)},
        {"role": "user", "content": [result]},
    ]
    second = answer_of(link, TurnRequest(system=(), messages=messages, tools=[PROBE]))
    assert second.text == "Scripted: confirmed."
    assert server.turns[1].refused == ""  # the server knows the signatures that it gave
    sent = server.turns[1].raw.decode()
    for block in server.issued[first.calls[0].id]:
        assert json.dumps(block, ensure_ascii=False, separators=(",", ":")) in sent


def test_blocks_of_unknown_kinds_and_hidden_thinking_are_kept(serve: Serve, connect: Connect) -> None:
    blocks = [
        {"type": "redacted_thinking", "data": "c2NyaXB0ZWQ="},
        {"type": "hologram", "light": [1, {"z": None, "a": 2}]},
        {"type": "text", "text": "Scripted: after them."},
    ]
    answer = answer_of(connect(serve(Reply(blocks=blocks))), question())
    assert json.dumps(answer.blocks) == json.dumps(blocks)
    assert answer.text == "Scripted: after them."


def test_thinking_that_the_server_does_not_show_keeps_its_signature(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(blocks=[{"type": "thinking", "thinking": "", "signature": "c2NyaXB0ZWQ="}]))
    answer = answer_of(connect(server), question())
    assert answer.blocks == ({"type": "thinking", "thinking": "", "signature": "c2NyaXB0ZWQ="},)


def test_a_tool_call_has_its_input(serve: Serve, connect: Connect) -> None:
    server = serve(
        Reply(
            tools=[{"name": "run_probe", "input": {"source": "x == 1"}}, {"name": "read_cell", "input": {}}]
        )
    )
    answer = answer_of(connect(server), question(tools=[PROBE]))
    assert answer.stop_reason == "tool_use"
    assert [(call.name, dict(call.input), call.problem) for call in answer.calls] == [
        ("run_probe", {"source": "x == 1"}, ""),
        ("read_cell", {}, ""),
    ]


def test_a_tool_call_cut_by_max_tokens_is_marked_and_can_be_sent_back(serve: Serve, connect: Connect) -> None:
    server = serve(
        Reply(tools=[{"name": "run_probe", "input": '{"source": "print(1'}], stop_reason="max_tokens")
    )
    answer = answer_of(connect(server), question(tools=[PROBE]))
    assert answer.stop_reason == "max_tokens"
    assert "cut off at its token limit" in answer.calls[0].problem
    assert answer.calls[0].input == {}
    assert answer.blocks[0]["input"] == {}


def test_a_call_that_max_tokens_left_whole_by_chance_is_not_trusted(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(tools=[{"name": "run_probe", "input": ""}], stop_reason="max_tokens"))
    answer = answer_of(connect(server), question(tools=[PROBE]))
    assert answer.calls[0].problem


@pytest.mark.parametrize("raw", ['{"source": trux}', "[1, 2]", '"text"', "{"])
def test_a_tool_input_that_is_no_object_is_a_problem_of_that_call_alone(
    raw: str, serve: Serve, connect: Connect
) -> None:
    tools = [{"name": "run_probe", "input": raw}, {"name": "read_cell", "input": {"cell": 1}}]
    answer = answer_of(connect(serve(Reply(tools=tools))), question(tools=[PROBE]))
    assert answer.calls[0].problem.startswith(("not valid JSON", "not a JSON object"))
    assert answer.calls[1].problem == ""
    assert answer.blocks[0]["input"] == {}
    assert answer.blocks[1]["input"] == {"cell": 1}


@pytest.mark.parametrize("reason", ["refusal", "pause_turn", "model_context_window_exceeded", "novel_reason"])
def test_every_stop_reason_reaches_whoever_asked(reason: str, serve: Serve, connect: Connect) -> None:
    details = {"type": "refusal", "category": "reasoning_extraction", "explanation": "scripted"}
    server = serve(Reply(stop_reason=reason, stop_details=details if reason == "refusal" else None))
    answer = answer_of(connect(server), question())
    assert (answer.stop_reason, answer.blocks) == (reason, ())
    assert answer.details == (details if reason == "refusal" else {})


def test_usage_counts_cached_and_thinking_tokens_and_has_a_price(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(text="Scripted.", sticky=True, usage={"output_tokens": 900, "output_tokens_details": {"thinking_tokens": 400}}))  # fmt: skip
    link = connect(server)
    case = {"type": "text", "text": "a cell " * 2_000, "cache_control": {"type": "ephemeral"}}
    asked = TurnRequest(system=[case], messages=question().messages)
    first, second = answer_of(link, asked).usage, answer_of(link, asked).usage
    assert (first.output_tokens, first.thinking_tokens, first.cache_read_tokens) == (900, 400, 0)
    assert second.cache_read_tokens > 3_000
    assert second.input_tokens == first.input_tokens > second.cache_read_tokens
    assert first.usd is not None
    assert second.usd is not None
    assert 0 < second.usd < first.usd


def test_the_price_of_a_model_that_no_list_knows_is_unknown(serve: Serve, connect: Connect) -> None:
    server = serve(loose=True)
    assert answer_of(connect(server, model="qwen3:8b"), question()).usage.usd is None


def test_events_and_deltas_of_unknown_kinds_change_nothing(
    serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    server = serve(Reply(text="Scripted: as before.", chunk=5))
    import messages_server

    plain = messages_server.events

    def with_news(*arguments: Any, **more: Any) -> Any:
        for name, data in plain(*arguments, **more):
            yield name, data
            if name == "content_block_start":
                yield "brand_new_event", {"x": 1}
                yield "content_block_delta", {"index": 0, "delta": {"type": "mystery_delta", "z": 1}}

    monkeypatch.setattr(messages_server, "events", with_news)
    assert answer_of(connect(server), question()).text == "Scripted: as before."


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "index": 0},
        {"type": "content_block_start", "index": 0},
        {"type": "message_start"},
        ["no", "object"],
        "text",
    ],
    ids=str,
)
def test_an_event_without_the_shape_of_its_kind_is_a_fault(
    event: Any, serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    server = serve(Reply(text="Scripted.", sticky=True))
    import messages_server

    def bad(handler: Any, name: str, data: Any) -> None:
        handler.chunk(f"event: message\ndata: {json.dumps(event)}\n\n".encode())

    monkeypatch.setattr(messages_server._Handler, "event", bad)
    with pytest.raises(ServiceFault) as stopped:
        ask(connect(server), question())
    assert stopped.value.kind == "garbled"


@pytest.mark.parametrize("habit", ["numbers from 1", "blocks that are never closed", "input all at once"])
def test_the_habits_of_local_servers_are_understood(
    habit: str, serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    import messages_server

    plain = messages_server.events

    def odd(*arguments: Any, **more: Any) -> Any:
        for name, data in plain(*arguments, **more):
            if habit == "numbers from 1" and "index" in data:
                yield name, {**data, "index": data["index"] + 1}
            elif habit == "input all at once" and data.get("delta", {}).get("type") == "input_json_delta":
                continue
            elif habit == "input all at once" and data.get("content_block", {}).get("type") == "tool_use":
                yield name, {**data, "content_block": {**data["content_block"], "input": {"source": "x"}}}
            elif habit != "blocks that are never closed" or name != "content_block_stop":
                yield name, data

    monkeypatch.setattr(messages_server, "events", odd)
    server = serve(
        Reply(text="Scripted.", tools=[{"name": "run_probe", "input": {"source": "x"}}]), loose=True
    )
    answer = answer_of(connect(server, model="qwen3:8b"), question(tools=[PROBE]))
    assert answer.text == "Scripted."
    assert [(dict(call.input), call.problem) for call in answer.calls] == [({"source": "x"}, "")]
    assert [block["type"] for block in answer.blocks] == ["text", "tool_use"]


def test_a_thought_that_was_cut_before_it_was_signed_is_not_sent_back(
    serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    import messages_server

    plain = messages_server.events

    def cut(*arguments: Any, **more: Any) -> Any:
        for name, data in plain(*arguments, **more):
            if name != "content_block_stop" and data.get("delta", {}).get("type") != "signature_delta":
                yield name, data

    monkeypatch.setattr(messages_server, "events", cut)
    server = serve(Reply(thinking="Scripted thought without an end", stop_reason="max_tokens"))
    answer = answer_of(connect(server), question())
    assert (answer.blocks, answer.stop_reason) == ((), "max_tokens")


def test_halves_of_characters_are_replaced_as_they_cannot_be_sent(serve: Serve, connect: Connect) -> None:
    server = serve()
    link = connect(server)
    ask(link, question("a file name \udcff of another encoding"))
    sent = server.turns[0].body["messages"][0]["content"][0]["text"]
    assert sent == "a file name ? of another encoding"
    assert link.body(question("\udcff"))["messages"] == question("?").messages


def near_its_end() -> str:
    """A model that the installed SDK warns of: which ones these are changes with its version."""
    from anthropic.resources.messages.messages import DEPRECATED_MODELS

    return next(
        name for name in DEPRECATED_MODELS if re.fullmatch(r"claude-(opus|sonnet|haiku)-[\d-]+", name)
    )


def test_what_was_remarked_once_is_not_remarked_again(serve: Serve, connect: Connect) -> None:
    server = serve()
    link = connect(server, model=near_its_end(), max_usd=5)
    server.loose = True
    assert len(ask(link, question()).remarks) == 2
    assert ask(link, question()).remarks == []


def test_a_model_near_its_end_is_remarked_and_no_warning_escapes(serve: Serve, connect: Connect) -> None:
    server = serve(loose=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        heard = ask(connect(server, model=near_its_end()), question())
    assert any(near_its_end() in remark and "end-of-life" in remark for remark in heard.remarks)


def test_a_thinking_budget_for_a_model_that_prefers_none_warns_nobody(serve: Serve, connect: Connect) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server = serve()
        heard = ask(connect(server, model="claude-opus-4-6", limited=True), question())
    assert server.turns[0].body["thinking"]["type"] == "enabled"
    assert heard.answer is not None

"""The scripted server refuses what the API refuses, caches as the API does, and also runs as a program."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.reasoners.claude.messages.connection import MessagesConnection

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
USER = {"role": "user", "content": [{"type": "text", "text": "x"}]}
TOOL = {"name": "run_probe", "input_schema": {"type": "object", "properties": {}}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "run_probe", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "held: True"}
MARK = {"cache_control": {"type": "ephemeral"}}
GOOD: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 4_096, "messages": [USER]}


def said(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def back(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "budget below the least": ({"thinking": {"type": "enabled", "budget_tokens": 1_023}}, "1024"),
    "budget as large as max_tokens": (
        {"thinking": {"type": "enabled", "budget_tokens": 4_096}},
        "must be greater than `thinking.budget_tokens`",
    ),
    "budget for an adaptive model": (
        {"model": "claude-opus-5-5", "thinking": {"type": "enabled", "budget_tokens": 2_000}},
        "not supported for this model",
    ),
    "adaptive for a manual model": (
        {"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}},
        "adaptive thinking is not supported",
    ),
    "effort without effort": (
        {"model": "claude-haiku-4-5", "output_config": {"effort": "low"}},
        "output_config.effort",
    ),
    "more than the model writes": ({"max_tokens": 900_000}, "maximum allowed number of output tokens"),
    "temperature": ({"temperature": 0}, "Extra inputs are not permitted"),
    "unknown model": ({"model": "claude-none"}, "model: claude-none"),
    "schema of another kind": ({"output_config": {"format": {"type": "json"}}}, "json_schema"),
    "schema open for more": (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        "additionalProperties",
    ),
    "two user turns": ({"messages": [USER, USER]}, "roles must alternate"),
    "prefill": ({"messages": [USER, said({"type": "text", "text": "I"})]}, "prefill"),
    "no content": ({"messages": [back()]}, "non-empty"),
    "empty text": ({"messages": [back({"type": "text", "text": ""})]}, "non-empty"),
    "no result for a call": (
        {"messages": [USER, said(CALL), USER], "tools": [TOOL]},
        "without `tool_result`",
    ),
    "a result without a call": (
        {"messages": [USER, said({"type": "text", "text": "I"}), back(RESULT)]},
        "unexpected",
    ),
    "text before the result": (
        {"messages": [USER, said(CALL), back({"type": "text", "text": "t"}, RESULT)], "tools": [TOOL]},
        "come first",
    ),
    "tools of one name": ({"tools": [TOOL, TOOL]}, "unique"),
    "a forced tool while thinking": (
        {"tools": [TOOL], "tool_choice": {"type": "any"}, "thinking": {"type": "adaptive"}},
        "forces tool use",
    ),
    "five marks": ({"system": [{"type": "text", "text": "s", **MARK}] * 5}, "maximum of 4"),
    "thinking without signature": (
        {"messages": [USER, said({"type": "thinking", "thinking": "t"}), USER]},
        "signature: Field required",
    ),
    "thinking with another signature": (
        {"messages": [USER, said({"type": "thinking", "thinking": "t", "signature": "eA=="}), USER]},
        "Invalid `signature`",
    ),
    "thinking last": (
        {"messages": [USER, said({"type": "redacted_thinking", "data": "eA=="}), USER]},
        "cannot be `thinking`",
    ),
}


def send(server: MessagesServer, body: dict[str, Any]) -> dict[str, Any]:
    """The server's answer to a body that is sent unchanged."""
    request = urllib.request.Request(
        f"{server.url}/v1/messages",
        json.dumps(body).encode(),
        {"authorization": "Bearer k", "anthropic-version": "2026-10-21", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, "body": json.loads(error.read())["error"]["message"]}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_api_refuses_is_refused(case: str, serve: Serve) -> None:
    server = serve()
    changes, message = REFUSED[case]
    answer = send(server, {**GOOD, **changes})
    assert answer["status"] in (400, 404)
    assert message in answer["body"]


def test_what_the_api_takes_is_taken(serve: Serve) -> None:
    server = serve()
    messages = [USER, said(CALL), back(RESULT, {"type": "text", "text": "and?"})]
    assert send(server, {**GOOD, "messages": messages, "tools": [TOOL]})["status"] == 200
    assert send(server, {**GOOD, "thinking": {"type": "enabled", "budget_tokens": 1_024}})["status"] == 200


@pytest.mark.parametrize("missing", ["authorization", "anthropic-version"])
def test_a_request_without_its_headers_is_refused(missing: str, serve: Serve) -> None:
    headers = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}
    del headers[missing]
    request = urllib.request.Request(f"{serve().url}/v1/messages", json.dumps(GOOD).encode(), headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    refused.value.close()
    assert refused.value.code == (401 if missing == "authorization" else 400)


def thinking_turn(server: MessagesServer, model: str, **request: Any) -> Any:
    client = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)
    with client, client.messages.stream(model=model, max_tokens=4_096, **request) as stream:
        return stream.get_final_message()


def test_thinking_that_was_changed_or_left_out_before_a_call_is_refused(serve: Serve) -> None:
    server = serve(Reply(thinking="Scripted thought.", tools=[{"name": "run_probe", "input": {}}]))
    first = thinking_turn(server, "claude-sonnet-4-6", messages=[USER], tools=[TOOL])
    thought, call = (block.to_dict() for block in first.content)
    result = {**RESULT, "tool_use_id": call["id"]}
    for kept in ([{**thought, "thinking": "Scripted, but changed."}, call], [call]):
        with pytest.raises(anthropic.BadRequestError):
            thinking_turn(
                server, "claude-sonnet-4-6", messages=[USER, said(*kept), back(result)], tools=[TOOL]
            )
    whole = [USER, said(thought, call), back(result)]
    assert thinking_turn(server, "claude-sonnet-4-6", messages=whole, tools=[TOOL]).stop_reason == "end_turn"


def test_models_that_bind_thinking_to_the_turns_before_refuse_an_edited_turn(serve: Serve) -> None:
    server = serve(Reply(thinking="Scripted thought.", text="Scripted."))
    first = thinking_turn(server, "claude-opus-5-5", messages=[USER])
    answer = said(*(block.to_dict() for block in first.content))
    marked = back({"type": "text", "text": "x", **MARK})  # a mark is not an edit
    assert thinking_turn(server, "claude-opus-5-5", messages=[marked, answer, USER]).stop_reason == "end_turn"
    edited = back({"type": "text", "text": "y"})
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        thinking_turn(server, "claude-opus-5-5", messages=[edited, answer, USER])


def test_the_cache_reads_what_was_sent_before_byte_for_byte(serve: Serve) -> None:
    server = serve()
    case = {"type": "text", "text": "a cell " * 2_000}

    def used(*system: Any, **more: Any) -> Any:
        return thinking_turn(server, "claude-opus-5-5", system=list(system), messages=[USER], **more).usage

    first = used({**case, **MARK})
    assert (first.cache_read_input_tokens, first.cache_creation_input_tokens > 3_000) == (0, True)
    again = used({**case, **MARK})
    assert again.cache_read_input_tokens == first.cache_creation_input_tokens
    longer = used(case, {"type": "text", "text": "one more block", **MARK})  # the mark has moved on
    assert longer.cache_read_input_tokens == first.cache_creation_input_tokens
    changed = used({**case, "text": case["text"] + "."} | MARK)
    assert changed.cache_read_input_tokens == 0
    tools_before = used({**case, **MARK}, tools=[TOOL])
    assert tools_before.cache_read_input_tokens == 0
    assert used({"type": "text", "text": "too short to be cached", **MARK}).cache_creation_input_tokens == 0


def test_a_reply_that_hides_that_it_is_scripted_is_refused() -> None:
    with pytest.raises(ValueError, match="scripted"):
        Reply(text="The key is missing.")


def test_replies_are_taken_by_match_before_order_and_sticky_ones_stay(serve: Serve, connect: Connect) -> None:
    server = serve(
        Reply(text="Scripted: first."),
        Reply(text="Scripted: for PLAN.", match="PLAN", sticky=True),
        Reply(text="Scripted: second."),
    )
    link = connect(server)
    asked = ["PLAN this", "anything", "PLAN again", "more", "the script is used up"]
    assert [ask(link, question(text)).text for text in asked] == [
        "Scripted: for PLAN.",
        "Scripted: first.",
        "Scripted: for PLAN.",
        "Scripted: second.",
        "This answer is scripted by the test server; no model wrote it.",
    ]


@pytest.mark.slow
def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"text": "Scripted: from a file.", "chunk": 4}]))
    program = Path(__file__).parent / "messages_server.py"
    running = subprocess.Popen(
        [sys.executable, program, "--script", script], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        url = running.stdout.readline().strip()
        link = MessagesConnection(model="claude-haiku-4-5", base_url=url, api_key="k")
        assert ask(link, question()).text == "Scripted: from a file."
        more = json.dumps([{"text": "Scripted: added later."}]).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/_scripted", more), timeout=10) as answer:
            assert json.load(answer) == {"script": 1}
        assert ask(link, question()).text == "Scripted: added later."
        link.close()
        with urllib.request.urlopen(f"{url}/_scripted", timeout=10) as answer:
            seen = json.load(answer)
        assert [one["path"] for one in seen["requests"]] == [
            "/v1/models/claude-haiku-4-5",
            "/v1/messages",
            "/v1/messages",
        ]
        assert seen["disconnects"] == 0
    finally:
        running.terminate()
        running.wait(30)
        running.stdout.close()

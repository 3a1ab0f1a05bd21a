"""What a model supports: asked once and remembered, or taken from the table if the server does not say."""

from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from request_rules import MODELS
from scripted_replies import Reply

from cot_magic.reasoners.claude.messages.capabilities import from_table
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.platform_ids import plain_name

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]


def lookups(server: MessagesServer) -> int:
    return sum(seen.path.startswith("/v1/models") for seen in server.requests)


def test_a_model_is_asked_about_once_for_each_server(serve: Serve, connect: Connect) -> None:
    first, second = serve(), serve()
    for server in (first, first, second):
        link = connect(server, model="claude-opus-4-7")
        ask(link, question())
        ask(link, question())
    assert (lookups(first), lookups(second)) == (1, 1)
    assert link.capabilities.source == "server"


def test_the_server_knows_better_than_the_table(serve: Serve, connect: Connect, monkeypatch: Any) -> None:
    monkeypatch.setitem(MODELS, "claude-opus-5-5", (("enabled",), (), 9_000, False))
    server = serve()
    link = connect(server, model="claude-opus-5-5")
    assert link.capabilities.source == "table"
    ask(link, question())
    assert server.turns[0].body["thinking"]["budget_tokens"] == 4_000
    assert server.turns[0].body["max_tokens"] == 9_000
    assert "output_config" not in server.turns[0].body
    assert link.capabilities.max_tokens == 9_000


def test_a_proxy_without_the_models_api_leaves_the_table_and_is_not_asked_again(
    serve: Serve, connect: Connect
) -> None:
    server = serve(models_api=False)
    for _ in range(2):
        link = connect(server, model="claude-opus-4-5")
        ask(link, question())
    assert link.capabilities.source == "table"
    assert server.turns[0].body["thinking"]["type"] == "enabled"
    assert lookups(server) == 1


@pytest.mark.parametrize(
    "answered",
    [
        {"id": "claude-haiku-4-5", "type": "model", "display_name": "scripted"},
        {"id": "claude-haiku-4-5", "capabilities": None},
        {"id": "claude-haiku-4-5", "capabilities": {"thinking": None, "effort": "scripted"}},
        {"id": "claude-haiku-4-5", "capabilities": "scripted", "max_tokens": "many"},
        b"<html>a scripted page</html>",
        b"",
    ],
    ids=str,
)
def test_an_answer_without_capabilities_leaves_the_table(
    answered: Any, serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    import messages_server

    monkeypatch.setattr(messages_server, "described", lambda model: answered)
    server = serve()
    ask(connect(server), question())
    assert server.turns[0].body["thinking"]["type"] == "enabled"
    assert server.turns[0].refused == ""


def test_a_models_api_that_fails_for_the_moment_is_asked_again(
    serve: Serve, connect: Connect, monkeypatch: Any
) -> None:
    import messages_server

    plain = messages_server._Handler.do_GET
    monkeypatch.setattr(
        messages_server._Handler, "do_GET", lambda handler: handler.send(500, Reply(status=500).error)
    )
    server = serve()
    ask(connect(server, model="claude-opus-4-7"), question())
    monkeypatch.setattr(messages_server._Handler, "do_GET", plain)
    link = connect(server, model="claude-opus-4-7")
    ask(link, question())
    assert link.capabilities.source == "server"


@pytest.mark.parametrize("model", sorted(MODELS))
def test_the_table_sends_nothing_that_the_api_refuses(model: str, serve: Serve, connect: Connect) -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    server = serve(models_api=False)
    for budget in (0, 500, 4_000, 10_000, 31_999):
        heard = ask(connect(server, model=model, budget=budget), question(schema=schema))
        assert heard.answer is not None
    assert [turn.refused for turn in server.turns] == [""] * 5


@pytest.mark.parametrize(
    ("named", "plain"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("anthropic/claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("openrouter/anthropic/claude-opus-4.6:beta", "claude-opus-4-6"),
        ("bedrock/global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("vertex_ai/claude-haiku-4-5@default", "claude-haiku-4-5"),
        ("qwen3:8b", "qwen3:8b"),
    ],
)
def test_the_names_of_the_platforms_are_understood(named: str, plain: str) -> None:
    assert plain_name(named) == plain


def test_a_model_that_is_in_no_table_says_that_it_is_guessed() -> None:
    assert from_table("claude-haiku-4-5").source == "table"
    assert from_table("claude-opus-5-5").source == "table"
    assert from_table("claude-nova-9").source == "assumed"
    assert from_table("llama3.3").source == "assumed"

"""What asks a server to cache: one setting where it marks the end itself, else a mark on the last block."""

from typing import Any

from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.reasoners.claude.messages.connection import MessagesConnection

MARK = {"type": "ephemeral"}


def blocks(body: Any) -> list[Any]:
    return [block for message in body["messages"] for block in message["content"]]


def test_the_api_is_asked_to_cache_by_one_setting(serve, connect) -> None:
    server = serve(Reply(text="scripted"))
    ask(connect(server), question(cache=True))
    body = server.turns[0].body
    assert body["cache_control"] == MARK
    assert not any("cache_control" in block for block in blocks(body))


def test_a_server_that_refuses_the_setting_gets_a_mark_on_the_last_block(serve, connect) -> None:
    def refuse(body: Any) -> str:
        return "cache_control: Extra inputs are not permitted" if "cache_control" in body else ""

    server: MessagesServer = serve(Reply(text="scripted"), refuse=refuse)
    heard = ask(connect(server), question(cache=True))
    assert heard.answer is not None
    assert any("does not cache automatically" in remark for remark in heard.remarks)
    body = server.turns[1].body
    assert "cache_control" not in body
    assert blocks(body)[-1]["cache_control"] == MARK


def test_bedrock_and_vertex_get_a_mark_on_the_last_block_which_the_conversation_does_not_keep() -> None:
    request = question(cache=True)
    for platform in ("bedrock", "vertex"):
        body = MessagesConnection(model="claude-opus-4-6", platform=platform).body(request)
        assert "cache_control" not in body
        assert blocks(body)[-1]["cache_control"] == MARK
    assert "cache_control" not in request.messages[-1]["content"][-1]

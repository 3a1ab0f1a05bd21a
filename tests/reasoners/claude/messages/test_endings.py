"""How an answer ends, and answers that are not streams: what came whole is kept, and a server's words are shown."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asking import QUICK, ask, question
from raw_server import RawServer, response

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.turn import Answer

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"model": "scripted", "usage": {"input_tokens": 3}, "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Scripted: whole."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


def chunks(*events: dict[str, Any]) -> Iterator[bytes]:
    for event in events:
        sent = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        yield b"%x\r\n%b\r\n" % (len(sent), sent)


def answered(server: RawServer) -> Answer:
    link = MessagesConnection(model="claude-haiku-4-5", base_url=server.url, api_key="k", retry=QUICK)
    try:
        answer = ask(link, question()).answer
        assert answer is not None
        return answer
    finally:
        link.close()


def fault_of(answer: bytes) -> str:
    with RawServer(answer) as server, pytest.raises(ServiceFault) as stopped:
        answered(server)
    return str(stopped.value)


@pytest.mark.slow
def test_an_answer_that_has_ended_is_kept_when_the_connection_is_lost_or_stays_open() -> None:
    def held(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"".join(chunks(*EVENTS)))
        connection.recv(1)  # until the client closes

    def kept_alive(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"".join(chunks(*EVENTS)))
        for _ in range(400):  # as proxies do; a client that waited for the end would time out and ask again
            time.sleep(0.05)
            connection.sendall(b"8\r\n: beat\n\n\r\n")
        beats.append("all")

    beats: list[str] = []
    for ending in (HEAD + b"".join(chunks(*EVENTS)), held, kept_alive):
        with RawServer(ending) as server:
            assert answered(server).text == "Scripted: whole."
            assert server.posts == 1
    assert not beats


def test_an_answer_that_has_not_ended_is_asked_for_again() -> None:
    with RawServer(HEAD + b"".join(chunks(*EVENTS[:-2]))) as server:
        with pytest.raises(ServiceFault):
            answered(server)
        assert server.posts > 1


def test_a_server_that_does_not_stream_is_understood() -> None:
    message = {
        "type": "message", "role": "assistant", "model": "scripted", "stop_reason": "end_turn", "stop_sequence": None,
        "content": [{"type": "text", "text": "Scripted: at once."}],
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }  # fmt: skip
    with RawServer(response(200, json.dumps(message), "application/json; charset=utf-8")) as server:
        answer = answered(server)
    assert (answer.text, answer.stop_reason, answer.usage.output_tokens) == (
        "Scripted: at once.",
        "end_turn",
        4,
    )


@pytest.mark.parametrize(
    "answer",
    [
        response(200, '{"error": {"message": "scripted: out of memory"}}', "application/json"),
        response(
            200, '{"type": "error", "error": {"type": "api_error", "message": "scripted: out of memory"}}', "application/json"
        ),
        response(200, 'data: {"error": {"message": "scripted: out of memory"}}\n\n', "text/event-stream"),
        response(200, "event: error\ndata: scripted: out of memory\n\n", "text/event-stream"),
    ],
    ids=["body without type", "body with type", "event without type", "event of words"],
)  # fmt: skip
def test_what_a_server_says_of_its_error_is_shown_in_whatever_form_it_comes(answer: bytes) -> None:
    assert "scripted: out of memory" in fault_of(answer)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_case_is_not_sent_on_to_another_server(status: int) -> None:
    with RawServer(response(200, "{}", "application/json")) as other:
        said = fault_of(response(status, "", location=f"{other.url}/v1/messages"))
        assert other.posts == 0
    assert str(status) in said


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authority.pem")
    said = fault_of(b"")
    assert "SSL_CERT_FILE" in said
    assert "\n" not in said

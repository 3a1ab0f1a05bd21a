"""Traffic on tape: what is kept, what never is, and that a replay behaves like the recording."""

import gzip
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from asking import QUICK, ask, question
from messages_server import MessagesServer
from raw_server import RawServer
from scripted_replies import Reply

from cot_magic.core.errors import RecordingError, ServiceFault, UsageError
from cot_magic.reasoners.claude.messages.cassette import VARIABLE, Tape, replaying_transport
from cot_magic.reasoners.claude.messages.client import make_client
from cot_magic.reasoners.claude.messages.connection import MessagesConnection

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
NOWHERE = "http://nowhere.invalid"  # a name that no resolver knows: an answer can only come from the tape


def replayed(path: Path, **settings: object) -> MessagesConnection:
    known = {"model": "claude-haiku-4-5", "base_url": NOWHERE, "retry": QUICK}
    return MessagesConnection(**{**known, "cassette": f"replay:{path}", **settings})  # type: ignore[arg-type]


def test_a_replay_says_what_the_recording_said(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    server = serve(
        Reply(thinking="Scripted thought.", text="Scripted: héllo 🎉", chunk=2), Reply(text="Scripted: two.")
    )
    live = connect(server, cassette=f"record:{path}")
    first, second = ask(live, question()), ask(live, question("And then?"))
    link = replayed(path)
    again = ask(link, question())
    assert (again.answer, again.said) == (first.answer, first.said)
    assert ask(link, question("And then?")).answer == second.answer
    link.close()


def test_a_fault_is_replayed_as_that_fault(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    server = serve(
        Reply(text="Scripted: this breaks in the middle.", fault="drop", after=5),
        Reply(status=529, headers={"retry-after": "0"}),
        Reply(text="Scripted: whole."),
    )
    live = connect(server, cassette=f"record:{path}")
    first = ask(live, question())
    live.close()
    link = replayed(path)
    again = ask(link, question())
    link.close()
    assert again.answer == first.answer
    assert [type(piece) for piece in again.said] == [type(piece) for piece in first.said]
    assert [entry["status"] for entry in Tape.read(path).entries] == [200, 200, 529, 200]
    assert Tape.read(path).entries[1]["broken"] == "RemoteProtocolError"


def test_no_key_and_no_header_of_a_request_is_stored(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    ask(connect(serve(), api_key="scripted-secret-key", cassette=f"record:{path}"), question())
    stored = path.read_text("utf-8")
    assert "What is wrong?" in stored
    for never in ("scripted-secret-key", "Bearer", "authorization", "User-Agent", "anthropic-version"):
        assert never.lower() not in stored.lower()


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_key_that_a_server_repeats_is_not_stored_either(pieces: int, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    body = b'{"error": {"type": "authentication_error", "message": "scripted: no key scripted-odd-key"}}'
    head = b"HTTP/1.1 401 No\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    cut = len(body) if pieces == 1 else body.index(b"odd-key")

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        for piece in filter(None, (body[:cut], body[cut:])):
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    with RawServer(answer) as server:
        link = MessagesConnection(
            model="claude-haiku-4-5",
            base_url=server.url,
            api_key="scripted-odd-key",
            cassette=f"record:{path}",
        )
        with pytest.raises(ServiceFault) as live:
            ask(link, question())
        link.close()
    assert "scripted: no key" in path.read_text("utf-8")
    assert "odd-key" not in path.read_text("utf-8")
    again = replayed(path)
    with pytest.raises(ServiceFault) as stopped:
        ask(again, question())
    again.close()
    assert stopped.value.kind == live.value.kind == "credentials_rejected"


def test_a_compressed_answer_is_replayed_too(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    error = gzip.compress(b'{"error": {"type": "permission_error", "message": "scripted and compressed"}}')
    head = f"HTTP/1.1 403 No\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: {len(error)}\r\n\r\n".encode()
    with RawServer(head + error) as server:
        link = MessagesConnection(
            model="claude-haiku-4-5", base_url=server.url, api_key="k", cassette=f"record:{path}"
        )
        with pytest.raises(ServiceFault, match="scripted and compressed"):
            ask(link, question())
        link.close()
    again = replayed(path)
    with pytest.raises(ServiceFault, match="scripted and compressed"):
        ask(again, question())
    again.close()


def test_a_tape_that_cannot_be_written_is_said_before_anything_is_sent(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    server = serve()
    with pytest.raises(UsageError, match=r"cannot write .*tape\.json: No such file or directory"):
        ask(connect(server, cassette=f"record:{tmp_path}/none/tape.json"), question())
    assert server.requests == []


def test_what_is_scrubbed_is_stored_scrubbed_and_still_found(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "tape.json"

    def scrub(text: str) -> str:
        return text.replace("hunter2", "•••")

    live = connect(serve(), cassette=f"record:{path}", scrub=scrub)
    first = ask(live, question("password = 'hunter2'"))
    assert "hunter2" not in path.read_text("utf-8")
    link = replayed(path, scrub=scrub)
    assert ask(link, question("password = 'hunter2'")).answer == first.answer
    link.close()


def test_a_request_that_is_not_on_the_tape_shows_the_difference(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "tape.json"
    ask(connect(serve(), cassette=f"record:{path}"), question("a recorded question"))
    link = replayed(path)
    with pytest.raises(RecordingError) as stopped:
        ask(link, question("another question"))
    link.close()
    said = str(stopped.value)
    assert said.splitlines()[0].endswith("no answer is recorded for POST /v1/messages: record again.")
    assert '-      "text": "a recorded question",' in said
    assert '+      "text": "another question",' in said


def test_equal_requests_get_their_answers_in_order_and_then_the_last(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "tape.json"
    server = serve(Reply(text="Scripted: one."), Reply(text="Scripted: two."))
    live = connect(server, cassette=f"record:{path}")
    for _ in range(2):
        ask(live, question())
    link = replayed(path)
    texts = [ask(link, question()).text for _ in range(3)]
    link.close()
    assert texts == ["Scripted: one.", "Scripted: two.", "Scripted: two."]


def test_the_tape_keeps_the_pace(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    server = serve(Reply(text="Scripted, with pauses.", chunk=8, delay=0.02))
    ask(connect(server, cassette=f"record:{path}"), question())
    stamps = [piece["after"] for piece in Tape.read(path).entries[-1]["pieces"]]
    assert stamps == sorted(stamps)
    assert stamps[-1] >= 0.1
    client = make_client(base_url=NOWHERE, transport=replaying_transport(Tape.read(path), pace=1.0))
    body = Tape.read(path).entries[-1]["request"]["body"]
    start = time.monotonic()
    with client.messages.create(**body) as stream:
        assert [event.type for event in stream][-1] == "message_stop"
    assert time.monotonic() - start >= stamps[-1]
    client.close()


def test_the_environment_switches_it_on(
    serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tape.json"
    monkeypatch.setenv(VARIABLE, f"record:{path}")
    ask(connect(serve()), question())
    assert json.loads(path.read_text("utf-8"))["format"] == 1


@pytest.mark.parametrize("setting", ["replay", "play:x", "record:", "nonsense"])
def test_a_setting_that_is_neither_is_one_clear_line(setting: str) -> None:
    link = MessagesConnection(model="claude-haiku-4-5", api_key="k", cassette=setting)
    with pytest.raises(UsageError, match="expected record:PATH or replay:PATH"):
        ask(link, question())


@pytest.mark.parametrize("stored", [None, "no json", "[]", '{"format": 99, "entries": []}', '{"format": 1}'])
def test_a_tape_that_cannot_be_read_is_one_clear_line(stored: str | None, tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    if stored is not None:
        path.write_text(stored)
    with pytest.raises(RecordingError, match=r"tape\.json") as stopped:
        Tape.read(path)
    assert "\n" not in str(stopped.value)


def test_a_replay_never_asks_a_server(tmp_path: Path, serve: Serve) -> None:
    path = tmp_path / "tape.json"
    path.write_text('{"format": 1, "entries": []}')
    server = serve()
    link = replayed(path, base_url=server.url)
    with pytest.raises((RecordingError, ServiceFault)):
        ask(link, question())
    link.close()
    assert server.requests == []

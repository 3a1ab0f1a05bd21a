"""Every fault of a server, on a real socket: its kind, whether the request is retried, what the person reads."""

import socket
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from asking import QUICK, ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import CotError, ServiceFault, UsageError
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.faults import retry_after

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
LONG = "Scripted: " + "words that stream for a while " * 10

PASSING: dict[str, tuple[dict[str, Any], str]] = {
    "408": ({"status": 408}, "timeout"),
    "409": ({"status": 409}, "conflict"),
    "429": ({"status": 429}, "rate_limit"),
    "500": ({"status": 500}, "server_error"),
    "502": ({"status": 502}, "server_error"),
    "503": ({"status": 503}, "server_error"),
    "504": ({"status": 504}, "timeout"),
    "529": ({"status": 529}, "overloaded"),
    "closed before an answer": ({"fault": "refuse"}, "connect"),
    "headers that never come": ({"fault": "hang"}, "stalled"),
    "drop in mid-stream": ({"text": LONG, "fault": "drop", "after": 6}, "dropped"),
    "reset in mid-stream": ({"text": LONG, "fault": "reset", "after": 6}, "dropped"),
    "stall in mid-stream": ({"text": LONG, "fault": "stall", "after": 6}, "stalled"),
    "overloaded in mid-stream": ({"text": LONG, "fault": "error", "after": 6}, "overloaded"),
    "server error in mid-stream": (
        {"text": LONG, "fault": "error", "after": 6, "error_type": "api_error"},
        "server_error",
    ),
    "timeout in mid-stream": (
        {"text": LONG, "fault": "error", "after": 6, "error_type": "timeout_error"},
        "timeout",
    ),
    "truncation without a word": ({"text": LONG, "fault": "truncate", "after": 6}, "truncated"),
    "truncation inside an event": ({"text": LONG, "fault": "cut", "after": 6}, "truncated"),
    "an event that is no JSON": ({"text": LONG, "fault": "garble", "after": 6}, "garbled"),
    "an empty 200": ({"fault": "empty"}, "empty"),
}
FINAL: dict[str, tuple[dict[str, Any], str]] = {
    "400": ({"status": 400, "message": "scripted: something is wrong"}, "invalid_request"),
    "401": ({"status": 401, "message": "scripted: invalid bearer token"}, "credentials_rejected"),
    "401 expired": ({"status": 401, "message": "scripted: OAuth token has expired"}, "credentials_rejected"),
    "402": ({"status": 402}, "billing"),
    "403": ({"status": 403}, "forbidden"),
    "404 model": ({"status": 404, "message": "model: scripted-nonsense"}, "unknown_model"),
    "the page of a proxy as 200": ({"fault": "html"}, "page"),
    "404 address": ({"status": 404, "message": "scripted: no such page"}, "garbled"),
    "413": ({"status": 413}, "too_large"),
    "422": ({"status": 422}, "invalid_request"),
    "prompt too long": (
        {"status": 400, "message": "prompt is too long: 209221 tokens > 200000 maximum"},
        "context_window",
    ),
    "spend limit, by its code": (
        {"status": 429, "error_code": "enforced_spend_limit_reached"},
        "spend_limit",
    ),
    "spend limit, by its words": (
        {"status": 400, "message": "You have reached your specified API usage limits."},
        "spend_limit",
    ),
    "credit": (
        {"status": 400, "message": "Your credit balance is too low to access the API."},
        "spend_limit",
    ),
    "429 that forbids asking again": ({"status": 429, "headers": {"x-should-retry": "false"}}, "rate_limit"),
    "refused in mid-stream": (
        {"text": LONG, "fault": "error", "after": 6, "error_type": "permission_error"},
        "forbidden",
    ),
}


@pytest.mark.parametrize("case", PASSING)
def test_a_fault_that_passes_is_survived(case: str, serve: Serve, connect: Connect) -> None:
    fields, _ = PASSING[case]
    server = serve(Reply(**fields), Reply(text="Scripted: all is well."))
    heard = ask(connect(server, timeouts=Timeouts(connect=1, read=0.3)), question())
    assert heard.answer is not None
    assert heard.answer.text == "Scripted: all is well."
    assert heard.text == "Scripted: all is well."
    assert len(server.turns) == 2


@pytest.mark.parametrize("case", PASSING)
def test_a_fault_that_stays_ends_with_its_kind_after_the_last_attempt(
    case: str, serve: Serve, connect: Connect
) -> None:
    fields, kind = PASSING[case]
    server = serve(Reply(**fields, sticky=True))
    link = connect(server, timeouts=Timeouts(connect=1, read=0.3))
    with pytest.raises(ServiceFault) as stopped:
        ask(link, question())
    assert stopped.value.kind == kind
    times = QUICK.silent_attempts if kind == "stalled" else QUICK.attempts
    assert len(server.turns) == times
    said = str(stopped.value)
    assert "\n" not in said
    assert said.startswith("claude-haiku-4-5 at 127.0.0.1:")
    assert f"Asked {times} times; " in said
    assert said.endswith("try %cot_resume later.")


@pytest.mark.parametrize("case", FINAL)
def test_a_fault_that_asking_again_cannot_help_is_asked_once(
    case: str, serve: Serve, connect: Connect
) -> None:
    fields, kind = FINAL[case]
    server = serve(Reply(**fields))
    with pytest.raises(ServiceFault) as stopped:
        ask(connect(server), question())
    assert stopped.value.kind == kind
    assert len(server.turns) == 1
    assert "\n" not in str(stopped.value)
    assert str(stopped.value).endswith(".")


def test_a_server_that_is_not_there_is_named(connect: Connect, serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        link = MessagesConnection(
            model="claude-haiku-4-5", base_url=f"http://127.0.0.1:{port}", api_key="k", retry=QUICK
        )
        with pytest.raises(ServiceFault, match=f"127.0.0.1:{port}: could not connect") as stopped:
            ask(link, question())
        link.close()
    assert stopped.value.kind == "connect"


def test_the_request_id_is_in_the_line_so_that_support_can_find_it(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=401))
    with pytest.raises(ServiceFault, match=r"\[request req_scripted\]"):
        ask(connect(server), question())


def test_the_credential_is_in_no_message(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=401, message="scripted: wrong key"))
    with pytest.raises(ServiceFault) as stopped:
        ask(connect(server, api_key="a-very-secret-key"), question())
    error: BaseException | None = stopped.value
    assert "a-very-secret-key" not in f"{error} {error.__dict__}"


@pytest.mark.parametrize("key", ["a-secret-key\n", "a-secret-key\r\nX: y"])
def test_a_key_that_cannot_be_sent_is_quoted_nowhere(key: str, serve: Serve, connect: Connect) -> None:
    server = serve()
    with pytest.raises(ServiceFault, match="does the key contain a line break") as stopped:
        ask(connect(server, api_key=key), question())
    assert stopped.value.kind == "configuration"
    shown = "".join(traceback.format_exception(stopped.value))
    assert "a-secret-key" not in shown
    assert server.turns == []


def test_what_a_server_quotes_of_a_request_is_redacted(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=400, message="scripted: odd text: hunter2"))
    link = connect(server, scrub=lambda text: text.replace("hunter2", "•••"))
    with pytest.raises(ServiceFault, match="odd text: •••"):
        ask(link, question())


def test_pings_without_an_end_are_given_up_once(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(text="Scripted: " + "on and on " * 200, delay=0.02, sticky=True))
    with pytest.raises(ServiceFault, match=r"longer than 0\.2 s") as stopped:
        ask(connect(server, timeouts=Timeouts(answer=0.2)), question())
    assert stopped.value.kind == "timeout"
    server.wait(lambda seen: seen.disconnects == 1)
    assert len(server.turns) == 1


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1"])
def test_an_address_of_another_kind_is_not_tried_again(address: str) -> None:
    link = MessagesConnection(model="claude-haiku-4-5", base_url=address, api_key="k", retry=QUICK)
    with pytest.raises(ServiceFault, match="the connection is not set up"):
        ask(link, question())
    link.close()


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="is not a valid server address"):
        MessagesConnection(model="claude-haiku-4-5", base_url="http://[")


def test_a_password_in_the_address_is_not_in_the_label(connect: Connect, serve: Serve) -> None:
    server = serve()
    link = connect(server, base_url=server.url.replace("http://", "http://me:secret@"))
    assert "secret" not in link.label
    assert link.label.endswith(server.url.removeprefix("http://"))


def test_without_a_credential_nothing_is_sent(serve: Serve) -> None:
    link = MessagesConnection(model="claude-haiku-4-5", base_url="http://api.invalid", retry=QUICK)
    with pytest.raises(ServiceFault, match="no credential was found") as stopped:
        ask(link, question())
    assert stopped.value.kind == "no_credentials"
    link.close()


def test_a_service_fault_is_one_of_our_errors() -> None:
    assert issubclass(ServiceFault, CotError)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": f"Tue, 01 Jan 2030 00:00:00 +{'9' * 20}"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date_in_the_future_is_seconds_from_now() -> None:
    seconds = retry_after({"retry-after": "Fri, 31 Dec 2100 23:59:59 -0000"})
    assert seconds is not None
    assert seconds > 1e9

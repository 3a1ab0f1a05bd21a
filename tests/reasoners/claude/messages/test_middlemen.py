"""What comes between us and a server, or in its place: proxies, pages, certificates, other servers' words."""

import json
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asking import QUICK, ask, question
from raw_server import RawServer, response

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.faults import words_of

PAGE = (
    "<!DOCTYPE html>\n<html><head><style>body { color: red }</style><title>502 Bad&nbsp;Gateway</title></head>"
    "<body><h1>scripted</h1>" + "<p>scripted</p>" * 100 + "</body></html>"
)


def asked(answer: Any, tls: ssl.SSLContext | None = None) -> tuple[ServiceFault, int]:
    """The fault of a server that answers with these bytes, and how often it was asked."""
    with RawServer(answer, tls) as server:
        link = MessagesConnection(model="claude-haiku-4-5", base_url=server.url, api_key="k", retry=QUICK)
        with pytest.raises(ServiceFault) as stopped:
            ask(link, question())
        link.close()
        return stopped.value, server.posts


@pytest.mark.parametrize("status", [403, 429, 502, 503])
def test_of_a_page_only_its_title_is_quoted(status: int) -> None:
    said = str(asked(response(status, PAGE))[0])
    assert f"({status}: a page: 502 Bad Gateway)" in said
    assert "<" not in said


def test_of_a_page_without_a_title_its_text_is_quoted() -> None:
    page = "<html><script>var x = '<p>'</script><body><b>scripted</b> &amp; short</body></html>"
    assert " ".join(words_of(page).split()) == "a page: scripted & short"


FORMS = [
    ('{"error": "scripted words"}', "(500: scripted words)"),
    ('{"object": "error", "message": "scripted words", "code": 500}', "(500: scripted words)"),
    ('{"detail": "scripted words"}', "(500: scripted words)"),
    ('{"detail": [{"msg": "scripted"}]}', '(500: {"detail": [{"msg": "scripted"}]})'),
    ("null", "(500)"),
    ("", "(500)"),
    ("scripted words", "(500: scripted words)"),
]


@pytest.mark.parametrize(("body", "shown"), FORMS)
def test_the_words_of_other_servers_are_found(body: str, shown: str) -> None:
    assert shown in str(asked(response(500, body, "application/json"))[0])


@pytest.mark.parametrize("status", [407, 511])
def test_a_proxy_that_wants_something_first_is_not_asked_again(status: int) -> None:
    fault, posts = asked(response(status, "scripted"))
    assert (fault.kind, posts) == ("connect", 1)
    assert "Check the network, the proxy" in str(fault)


def test_a_host_that_is_not_reached_is_named_with_what_to_look_at_after_the_last_attempt() -> None:
    link = MessagesConnection(
        model="claude-haiku-4-5", base_url="http://nowhere.invalid", api_key="k", retry=QUICK
    )
    with pytest.raises(ServiceFault, match="at nowhere.invalid: could not connect") as stopped:
        ask(link, question())
    link.close()
    said = str(stopped.value)
    assert "Asked 3 times; check the network, the proxy and the server's address" in said
    for word in ("Errno", "ConnectError"):
        assert word not in said


def test_an_error_event_whose_error_is_a_text_is_quoted() -> None:
    event = 'event: error\ndata: {"type": "error", "error": "scripted words"}\n\n'
    fault, posts = asked(response(200, event, "text/event-stream"))
    assert (fault.kind, posts) == ("server_error", 3)
    assert "the server failed (scripted words). Asked" in str(fault)


def test_a_spend_limit_in_a_stream_is_not_asked_again() -> None:
    error = {"type": "rate_limit_error", "message": "scripted: your spend limit is reached"}
    event = f"event: error\ndata: {json.dumps({'type': 'error', 'error': error})}\n\n"
    fault, posts = asked(response(200, event, "text/event-stream"))
    assert (fault.kind, posts) == ("spend_limit", 1)


def test_json_that_is_nested_without_end_is_a_fault_of_the_server() -> None:
    fault, posts = asked(response(200, f"data: {'[' * 100_000}\n\n", "text/event-stream"))
    assert (fault.kind, posts) == ("garbled", 3)


def test_a_certificate_that_is_not_trusted_is_said_at_once(tmp_path: Path) -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", "key.pem", "-out", "own.pem"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
    fault, posts = asked(response(200, "scripted"), tls=tls)
    assert (fault.kind, posts) == ("certificate", 0)
    assert "the server's certificate is not trusted (self-signed certificate)" in str(fault)
    assert "SSL_CERT_FILE" in str(fault)

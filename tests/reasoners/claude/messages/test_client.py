"""Which credential, server and platform a client uses; and that the SDK is loaded only when it is needed."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import CotError, ServiceFault, UsageError
from cot_magic.reasoners.claude.messages.client import Timeouts, make_client
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.credentials import has_credentials

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]


def test_a_broken_profile_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_PROFILE", "../elsewhere")
    link = MessagesConnection(model="claude-haiku-4-5")
    with pytest.raises(ServiceFault, match="the connection is not set up") as stopped:
        ask(link, question())
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_keys_and_tokens_are_sent_as_the_sdk_sends_them(
    name: str, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    server = serve()
    monkeypatch.setenv(name, "scripted-credential")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    link = MessagesConnection(model="claude-haiku-4-5")
    ask(link, question())
    link.close()
    assert server.turns[0].headers["Authorization"] == "Bearer scripted-credential"
    assert server.turns[0].headers["User-Agent"].startswith("cot-magic")


def test_a_local_server_needs_no_credential(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    server = serve(loose=True)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    link = MessagesConnection(model="qwen3:8b")
    heard = ask(link, question())
    link.close()
    assert heard.answer is not None
    assert "scripted" in heard.text


def test_the_key_of_the_person_goes_to_a_local_server_that_wants_one(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    server = serve()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "scripted-credential")
    link = MessagesConnection(model="claude-haiku-4-5", base_url=server.url)
    ask(link, question())
    link.close()
    assert server.turns[0].headers["Authorization"] == "Bearer scripted-credential"


def test_a_proxy_of_the_environment_does_not_stand_before_a_local_server(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.invalid:9")
    assert ask(connect(serve()), question()).answer is not None


def test_an_unknown_platform_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="expected one of anthropic, bedrock, vertex, foundry"):
        MessagesConnection(model="m", platform="azure")


@pytest.mark.parametrize("platform", ["bedrock", "vertex"])
def test_a_platform_whose_package_is_missing_says_the_line_to_install_it(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("boto3", "botocore", "google.auth"):
        loaded = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
        for name in {package, *loaded}:
            monkeypatch.setitem(sys.modules, name, None)  # importing it fails, whether it is installed or not
    with pytest.raises(ServiceFault, match=rf"pip install 'anthropic\[{platform}\]'") as stopped:
        make_client(platform=platform)
    assert stopped.value.kind == "missing_extra"


def test_foundry_is_reached_through_its_own_client(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    server = serve()
    assert not has_credentials("foundry")
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", "scripted-foundry-key")
    assert has_credentials("foundry")
    link = MessagesConnection(model="claude-opus-4-5", platform="foundry", base_url=server.url)
    heard = ask(link, question())
    link.close()
    assert heard.answer is not None
    assert "scripted-foundry-key" in " ".join(server.turns[0].headers.values())
    assert not [seen for seen in server.requests if seen.path.startswith("/v1/models")]  # it has none


def test_vertex_is_reached_through_its_own_client(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    server = serve(Reply(thinking="Scripted thought.", text="Scripted: from Vertex."))
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "scripted-project")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "Authorization: Bearer scripted-token")
    assert has_credentials("vertex")
    link = MessagesConnection(model="claude-opus-4-5", platform="vertex", base_url=server.url, max_usd=1)
    heard = ask(link, question())
    link.close()
    assert heard.text == "Scripted: from Vertex."
    assert heard.answer is not None
    assert heard.answer.usage.usd == link.cost.spent > 0
    assert server.turns[0].refused == ""


def test_bedrock_is_reached_through_its_own_client_and_framing(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    pytest.importorskip("boto3", reason="the client of Bedrock needs boto3")
    server = serve(
        Reply(
            thinking="Scripted thought.",
            text="Scripted: from Bedrock.",
            tools=[{"name": "t", "input": {"a": 1}}],
        ),
        Reply(status=429, headers={"retry-after": "0"}),
        Reply(text="Scripted: once more."),
        Reply(text="Scripted: never read.", fault="error", after=4, error_type="permission_error"),
    )
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "scripted-token")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    link = MessagesConnection(model="claude-opus-4-5", platform="bedrock", base_url=server.url)
    first = ask(link, question()).answer
    assert first is not None
    assert first.text == "Scripted: from Bedrock."
    assert [(call.name, dict(call.input)) for call in first.calls] == [("t", {"a": 1})]
    assert [block["type"] for block in first.blocks] == ["thinking", "text", "tool_use"]
    assert ask(link, question()).text == "Scripted: once more."
    with pytest.raises(ServiceFault) as stopped:
        ask(link, question())
    assert stopped.value.kind == "forbidden"
    link.close()


def test_bedrock_without_credentials_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, tmp_path: Path
) -> None:
    pytest.importorskip("boto3", reason="the client of Bedrock needs boto3")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    link = MessagesConnection(model="claude-opus-4-5", platform="bedrock", base_url=serve().url)
    with pytest.raises(ServiceFault, match="no credential was found") as stopped:
        ask(link, question())
    assert stopped.value.kind == "no_credentials"
    link.close()


def test_foundry_without_its_settings_is_one_clear_line() -> None:
    link = MessagesConnection(model="claude-opus-4-5", platform="foundry")
    with pytest.raises(ServiceFault, match="Microsoft Foundry: the connection is not set up") as stopped:
        ask(link, question())
    assert "\n" not in str(stopped.value)


def test_timeouts_reach_the_client() -> None:
    client = make_client(api_key="k", timeouts=Timeouts(connect=1, read=2, write=3))
    assert (client.timeout.connect, client.timeout.read, client.timeout.write) == (1, 2, 3)
    assert client.max_retries == 0
    client.close()


def test_no_credential_is_logged(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(connect(serve(), api_key="scripted-credential"), question())
    assert "scripted-credential" not in caplog.text


@pytest.mark.slow
def test_looking_for_credentials_and_making_a_connection_load_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from cot_magic.reasoners.claude.messages.credentials import has_credentials\n"
        "from cot_magic.reasoners.claude.messages.connection import MessagesConnection\n"
        "from cot_magic.reasoners.claude.messages.turn import TurnRequest\n"
        "has_credentials()\n"
        "link = MessagesConnection(model='claude-opus-5-5')\n"
        "body = link.body(TurnRequest(system=(), messages=[{'role': 'user', 'content': 'x'}]))\n"
        "assert body['max_tokens'] == 12000\n"
        "heavy = {'anthropic', 'httpx2', 'genai_prices', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from cot_magic.reasoners.claude.messages.client import warm\n"
        "warm()\n"
        "assert 'anthropic' in sys.modules\n"
    )
    ran: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr


def test_the_errors_of_the_connection_are_ours() -> None:
    assert issubclass(ServiceFault, CotError)

"""Which credential is found, and where."""

from collections.abc import Callable
from pathlib import Path

import pytest
from asking import ask, question
from messages_server import MessagesServer

from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.credentials import credential_source, has_credentials, is_local

Serve = Callable[..., MessagesServer]


def profile(folder: Path, name: str, *, active: bool = False) -> None:
    """A profile of the SDK on disk."""
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    (folder / "credentials").mkdir(exist_ok=True)
    (folder / "configs" / f"{name}.json").write_text(
        '{"version": "1.0", "authentication": {"type": "user_oauth"}, "organization_id": "scripted"}'
    )
    secret = folder / "credentials" / f"{name}.json"
    secret.write_text('{"version": "1.0", "type": "oauth_token", "access_token": "scripted-token"}')
    secret.chmod(0o600)
    if active:
        (folder / "active_config").write_text(f"{name}\n")


WORKLOAD = {
    "ANTHROPIC_IDENTITY_TOKEN": "t",
    "ANTHROPIC_FEDERATION_RULE_ID": "r",
    "ANTHROPIC_ORGANIZATION_ID": "o",
}


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({}, None),
        ({"ANTHROPIC_API_KEY": ""}, None),
        ({"ANTHROPIC_API_KEY": "k"}, "ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_PROFILE": "p"}, "ANTHROPIC_AUTH_TOKEN"),
        ({"ANTHROPIC_PROFILE": "p"}, "ANTHROPIC_PROFILE"),
        (WORKLOAD, "ANTHROPIC_IDENTITY_TOKEN (workload identity)"),
        ({"ANTHROPIC_IDENTITY_TOKEN": "t"}, None),
        ({"ANTHROPIC_BASE_URL": "http://localhost:11434"}, "local server at http://localhost:11434"),
        ({"ANTHROPIC_BASE_URL": "https://gateway.example"}, None),
    ],
    ids=str,
)
def test_a_credential_is_found_where_the_sdk_finds_it(
    environ: dict[str, str], source: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert credential_source() == source
    assert has_credentials() == (source is not None)


@pytest.mark.parametrize("active", ["default", "work"])
def test_a_profile_on_disk_is_found_and_used(
    active: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    folder = tmp_path / ".config" / "anthropic"  # below the home of these tests
    profile(folder, active, active=active != "default")
    assert credential_source() == f"profile {active}"
    server = serve()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    link = MessagesConnection(model="claude-haiku-4-5")
    ask(link, question())
    link.close()
    assert server.turns[0].headers["Authorization"] == "Bearer scripted-token"


def test_a_profile_that_is_not_active_counts_for_nothing(tmp_path: Path) -> None:
    profile(tmp_path / ".config" / "anthropic", "other")
    assert not has_credentials()


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:11434", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.3.2.1", True),
        ("http://[::1]:9", True),
        ("http://host.docker.internal:11434", True),
        ("https://api.anthropic.com", False),
        ("http://localhost.example.com", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_what_counts_as_local(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_a_credential_in_the_headers_of_a_gateway_is_enough(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    server = serve()
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Team: notebooks\nX-Api-Key: scripted-gateway-key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    assert credential_source() == "ANTHROPIC_CUSTOM_HEADERS"
    link = MessagesConnection(model="claude-haiku-4-5")
    ask(link, question())
    link.close()
    assert server.turns[0].headers["X-Api-Key"] == "scripted-gateway-key"
    assert "Authorization" not in server.turns[0].headers


@pytest.mark.parametrize(
    ("platform", "environ"),
    [
        ("bedrock", {"AWS_ACCESS_KEY_ID": "a"}),
        ("bedrock", {"AWS_PROFILE": "p"}),
        ("vertex", {"CLOUD_ML_REGION": "global", "GOOGLE_APPLICATION_CREDENTIALS": "/x"}),
    ],
)
def test_the_credentials_of_other_platforms_are_looked_for_where_they_are(
    platform: str, environ: dict[str, str]
) -> None:
    assert credential_source(platform, environ) is not None
    assert credential_source(platform, {}) is None

"""Fixtures: scripted servers on real sockets, and connections to them. A conftest imports those it needs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import QUICK
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.reasoners.claude.messages import capabilities, connection
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Removes the credentials and addresses of whoever runs the tests, and what other tests have learnt."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "AWS_", "COT_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(capabilities.STORE, "known", {})
    monkeypatch.setattr(connection, "_DIALECTS", {})


@pytest.fixture
def serve() -> Iterator[Callable[..., MessagesServer]]:
    """Starts scripted servers, and stops them at the end."""
    running: list[MessagesServer] = []

    def start(*replies: Reply, **settings: Any) -> MessagesServer:
        server = MessagesServer(*replies, **settings)
        running.append(server)
        return server.__enter__()

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def connect() -> Iterator[Callable[..., MessagesConnection]]:
    """Makes connections that retry quickly, and closes them at the end."""
    made: list[MessagesConnection] = []

    def make(server: MessagesServer, **settings: Any) -> MessagesConnection:
        known = {
            "model": "claude-haiku-4-5",
            "retry": QUICK,
            "timeouts": Timeouts(connect=2, read=1),
            "api_key": "k",
        }
        link = MessagesConnection(**{"base_url": server.url, **known, **settings})
        made.append(link)
        return link

    yield make
    for link in made:
        link.close()

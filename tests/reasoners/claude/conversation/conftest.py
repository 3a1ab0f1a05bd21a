"""Sessions of the Claude reasoner against the scripted server, over real sockets."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# the server is a script that also runs by itself
sys.path.insert(0, str(Path(__file__).parents[3] / "servers"))

from asking import QUICK
from messages_server import MessagesServer
from phase_script import SOURCES
from scripted_replies import Reply

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case
from cot_magic.core.engine import drive
from cot_magic.core.events import Event, Stamped
from cot_magic.core.findings import Usage
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.claude.messages import capabilities, connection
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.reasoner import ClaudeReasoner
from cot_magic.testing import through_codec

BUDGET = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=10)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credential or address of whoever runs the tests, and nothing that another test has learnt."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "AWS_", "COT_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(capabilities.STORE, "known", {})
    monkeypatch.setattr(connection, "_DIALECTS", {})


@dataclass
class Desk:
    """A case, a scripted server and a reasoner that asks it."""

    case: Case
    server: MessagesServer
    sandbox: Any
    redactor: Redactor
    model: str = "claude-haiku-4-5"
    events: list[Event] = field(default_factory=list)
    session: Session = field(default_factory=Session)
    reasoner: ClaudeReasoner | None = None
    wrap: Callable[[Any], Any] = lambda connection: connection
    used: list[Usage | None] = field(default_factory=list)  # what each connection was told of earlier ones

    def make(self) -> ClaudeReasoner:
        def connect(budget: Budget, used: Usage | None) -> Any:
            self.used.append(used)
            link = MessagesConnection(
                model=self.model,
                budget=budget.thinking_tokens,
                base_url=self.server.url,
                api_key="k",
                retry=QUICK,
                timeouts=Timeouts(connect=2, read=1),
                max_usd=budget.max_usd,
            )
            return self.wrap(link)

        return ClaudeReasoner(connect, redactor=self.redactor)

    def run(self, *, resume: bool = False, budget: Budget = BUDGET) -> Session:
        """One session, or the rest of it; every event crosses the codec."""
        self.reasoner = self.reasoner or self.make()
        events = drive(
            self.case,
            self.reasoner,
            self.sandbox,
            intensity="cot+",
            budget=budget,
            clock=time.monotonic,
            resume=self.session if resume else None,
        )
        for event in events:
            self.events.append(event)
            stamped = Stamped(order=len(self.events), seconds=0.0, event=event)
            self.session = self.session.evolve(through_codec(stamped))
        self.reasoner.close()
        return self.session

    @property
    def said(self) -> str:
        """All that the server was sent."""
        return "\n".join(seen.raw.decode() for seen in self.server.turns)

    def results(self) -> list[dict[str, Any]]:
        """The tool results in the last request."""
        messages = self.server.turns[-1].body["messages"]
        return [
            block
            for message in messages
            for block in message["content"]
            if isinstance(block, dict) and block["type"] == "tool_result"
        ]


@pytest.fixture
def desk(failing: Any, replaying: Any) -> Iterator[Callable[..., Desk]]:
    """Puts a desk together: replies first, the sources of a notebook's cells as `sources`."""
    running: list[MessagesServer] = []

    def make(
        *replies: Reply, sources: tuple[str, ...] = SOURCES, available: bool = True, **settings: Any
    ) -> Desk:
        case = settings.pop("case", None) or failing(*sources)
        model = settings.pop("model", "claude-haiku-4-5")
        server = MessagesServer(*replies, **settings)
        running.append(server)
        server.__enter__()
        return Desk(
            case=case,
            server=server,
            sandbox=replaying(case, available),
            redactor=Redactor({}),
            model=model,
        )

    yield make
    for server in running:
        server.__exit__()

"""Sessions of the Claude reasoner against the scripted server, over real sockets."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asking import QUICK
from messages_server import MessagesServer
from phase_script import SOURCES
from scripted_replies import Reply
from serving import clean, connect, serve

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case
from cot_magic.core.certificate import Certificate
from cot_magic.core.engine import drive
from cot_magic.core.events import Certified, Event, Stamped
from cot_magic.core.findings import Usage
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.reasoner import ClaudeReasoner
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.reasoners.offline_first import OfflineFirst
from cot_magic.run.certified import Certification
from cot_magic.testing import through_codec
from cot_magic.verdict.challenge import challenge

__all__ = ["clean", "connect", "desk", "serve"]
BUDGET = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=10)


@dataclass
class Desk:
    """A case, a scripted server, and a reasoner that asks it."""

    case: Case
    server: MessagesServer
    sandbox: Any
    redactor: Redactor
    model: str = "claude-haiku-4-5"
    examiner: Any = None
    certificates: list[Certificate] = field(default_factory=list)  # what the whole notebook does, each time
    events: list[Event] = field(default_factory=list)
    session: Session = field(default_factory=Session)
    reasoner: Any = None
    settles: bool | None = None  # with one, the offline reasoner looks first
    patience: float = 1  # seconds without a byte
    url: str = ""  # another address than the server's
    wrap: Callable[[Any], Any] = lambda connection: connection
    used: list[Usage | None] = field(default_factory=list)  # the earlier usage that each connection was told

    def make(self) -> Any:
        def connect(budget: Budget, used: Usage | None) -> Any:
            self.used.append(used)
            link = MessagesConnection(
                model=self.model,
                budget=budget.thinking_tokens,
                base_url=self.url or self.server.url,
                api_key="k",
                retry=QUICK,
                timeouts=Timeouts(connect=2, read=self.patience),
                max_usd=budget.max_usd,
            )
            return self.wrap(link)

        model = ClaudeReasoner(connect, redactor=self.redactor)
        if self.settles is None:
            return model
        return OfflineFirst(OfflineReasoner(), model, settles=self.settles)

    def run(self, *, resume: bool = False, budget: Budget = BUDGET) -> Session:
        """Run a session, or resume it; every event goes through the codec."""
        self.reasoner = self.reasoner or self.make()
        whole = Certification(self._certified)
        events = drive(
            self.case,
            self.reasoner,
            self.sandbox,
            intensity="cot+",
            budget=budget,
            clock=time.monotonic,
            resume=self.session if resume else None,
            challenger=challenge,
            examiner=self.examiner,
            certifier=whole.of_fix,
        )
        for event in whole.added(events):
            self.events.append(event)
            stamped = Stamped(order=len(self.events), seconds=0.0, event=event)
            self.session = self.session.evolve(through_codec(stamped))
        self.reasoner.close()
        return self.session

    def _certified(self, session: Session) -> Iterator[Event]:
        if self.certificates:
            yield Certified(certificate=self.certificates.pop(0))

    @property
    def said(self) -> str:
        """Everything that the server was sent."""
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
    """Makes a desk: the replies come first, the sources of the notebook's cells are `sources`."""
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

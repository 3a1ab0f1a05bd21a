"""What one session has asked of a model through a sweep, on disk: what came back so far, and what waits."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cot_magic.reasoners.claude.messages.capabilities import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that was sent for a session, and what came back.

    Attributes
    ----------
    messages
        The conversation as it was sent.
    result
        As the results of the Message Batches API have it: `type` is `succeeded` (with `message`), `errored`
        (with `error`), `canceled` or `expired`.
    usd
        What it cost by list price, in a batch half of it; None if that is not known.
    why
        Why the batch brought no answer, where it was asked for directly; "" if the result is that of a batch.
    """

    messages: Sequence[Mapping[str, Any]]
    result: Mapping[str, Any]
    usd: float | None = None
    why: str = ""


@dataclass(slots=True)
class Mailbox:
    """A file between a sweep and one session: the session finds answers in it and leaves a request.

    Attributes
    ----------
    exchanges
        In the order in which the session asks.
    asked
        The body of the request that waits, if one does.
    """

    path: Path
    capabilities: Capabilities
    exchanges: list[Exchange] = field(default_factory=list)
    asked: dict[str, Any] | None = None

    @classmethod
    def read(cls, path: Path) -> "Mailbox":
        """The mailbox in a file that `write` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        known = data["capabilities"]
        return cls(
            path=path,
            capabilities=Capabilities(**{**known, "efforts": tuple(known["efforts"])}),
            exchanges=[Exchange(**exchange) for exchange in data["exchanges"]],
            asked=data["asked"],
        )

    def write(self) -> None:
        """Replace the file as a whole."""
        data = {
            "capabilities": asdict(self.capabilities),
            "exchanges": [asdict(exchange) for exchange in self.exchanges],
            "asked": self.asked,
        }
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(json.dumps(data, ensure_ascii=True), encoding="utf-8")
        os.replace(part, self.path)

"""A connection whose requests a sweep sends in batches: it has the answers so far, and leaves a request."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic.reasoners.claude.messages.connection import MessagesConnection, estimated
from cot_magic.reasoners.claude.messages.exchanges import Exchange, Mailbox
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, FaultKind, fault, fault_in_stream
from cot_magic.reasoners.claude.messages.stream import answer_in
from cot_magic.reasoners.claude.messages.thinking import Plan
from cot_magic.reasoners.claude.messages.turn import Answer, Progress, Remark, TurnRequest

SHARE = 0.5
"""Of the list price, that a request in a batch costs."""
BY_BATCH = "The answer came by a batch, at half the list price."
DIRECTLY = "The batch brought no answer ({why}): asked directly, at list price."


class BatchedConnection(MessagesConnection):
    """Answers a session from its mailbox. Where no answer is there yet, the turn fails as WAITING.

    Nothing is sent and no SDK is loaded: the sweep sends what waits, and runs the notebook again with the
    answer. What differs in that run is told from the next message on; messages that were sent stay as they
    were, as thinking blocks are bound to them.

    Parameters
    ----------
    mailbox
        The file that the sweep has written.
    settings
        As for MessagesConnection.
    """

    def __init__(self, mailbox: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._mailbox = Mailbox.read(mailbox)
        self._place = 0
        self.cost.share = SHARE

    def _begin(self) -> None:
        self._capabilities = self._mailbox.capabilities

    def _body(self, request: TurnRequest, intent: Plan) -> dict[str, Any]:
        """The body, which begins with the messages that were sent before; the sweep marks what is cached."""
        if self._place:
            sent = self._mailbox.exchanges[self._place - 1].messages
            same = min(len(sent), len(request.messages) - 1)
            request = replace(request, messages=(*sent[:same], *request.messages[same:]))
        return super()._body(replace(request, cache=False), intent)

    def _answered(
        self, body: dict[str, Any], intent: Plan, longest: float
    ) -> Generator[Progress, None, Answer]:
        if self._place < len(self._mailbox.exchanges):
            exchange = self._mailbox.exchanges[self._place]
            self._place += 1
            yield Remark(text=BY_BATCH if not exchange.why else DIRECTLY.format(why=exchange.why))
            return _answer_in(exchange)
        if self.cost.limit is not None:
            body, said = self.cost.admit(body, intent, estimated(body))
            yield from [Remark(text=said)] if said else []
        self._mailbox.asked = body
        self._mailbox.write()
        raise FailedAttempt(fault(FaultKind.WAITING))


def _answer_in(exchange: Exchange) -> Answer:
    """The answer. Raises FailedAttempt, which is final: the sweep has asked again where that may help."""
    result = exchange.result
    try:
        if result.get("type") == "succeeded":
            answer = answer_in(result["message"], exchange.usd)
            paid = 0.0 if exchange.why else exchange.usd or 0.0
            return replace(answer, usage=replace(answer.usage, batch_usd=paid))
        if result.get("type") == "errored":
            raise FailedAttempt(fault_in_stream(result.get("error"), {}))
        raise FailedAttempt(fault(FaultKind.UNANSWERED, str(result.get("type"))))
    except FailedAttempt as failed:
        raise FailedAttempt(replace(failed.fault, retryable=False)) from None

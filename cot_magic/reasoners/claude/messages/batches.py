"""Batches of requests for one model: sent, looked after, and read. Half the list price, within a day.

Message Batches API: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cot_magic.core.errors import UsageError
from cot_magic.reasoners.claude.messages.by_batch import SHARE
from cot_magic.reasoners.claude.messages.capabilities import STORE, Capabilities
from cot_magic.reasoners.claude.messages.client import Timeouts, address_of, host_of, make_client
from cot_magic.reasoners.claude.messages.connection import estimated, price_of
from cot_magic.reasoners.claude.messages.cost import worst_price
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, fault_from, own_cause
from cot_magic.reasoners.claude.messages.retry import RetryPolicy, persevere
from cot_magic.reasoners.claude.messages.stream import attempt
from cot_magic.reasoners.claude.messages.turn import Answer, Progress

CACHED = {"type": "ephemeral", "ttl": "1h"}
"""How long a prefix is kept that many requests of a batch begin with: they may be answered over an hour."""
WORTH_CACHING = 5
"""Requests with one prefix from which on writing it once, at twice the price of its input, is cheaper."""
_SKEW_S = 600  # between this clock and the server's

Asked = tuple[str, Mapping[str, Any]]
"""The name of a request in its batch, and its body."""


class BatchLink:
    """One model on one server, asked in batches. Each method raises FailedAttempt if the service fails.

    Parameters
    ----------
    model, platform
        As for MessagesConnection. Only `anthropic` has batches.
    base_url, api_key
        Used instead of what the SDK finds in the environment and in profiles.

    Raises
    ------
    UsageError
        For another platform.
    """

    def __init__(
        self,
        *,
        model: str,
        platform: str = "anthropic",
        base_url: str | None = None,
        api_key: str | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        scrub: Callable[[str], str] = lambda text: text,
    ) -> None:
        if platform != "anthropic":
            raise UsageError(f"--batch: {platform} has no message batches; leave --batch or --platform out.")
        self.model, self._scrub = model, scrub
        self._address = address_of("anthropic", base_url)
        self._retry, self._timeouts = retry or RetryPolicy(), timeouts or Timeouts()
        self._client = make_client(
            platform="anthropic", base_url=base_url, api_key=api_key, timeouts=self._timeouts
        )

    @property
    def label(self) -> str:
        """Model and server, for people."""
        return f"{self.model} at {host_of(self._address)}"

    def close(self) -> None:
        """Close the connections; batches go on."""
        self._client.close()

    def capabilities(self) -> Capabilities:
        """What the model supports, as the server says."""
        return STORE.ask(self._client, self.model, platform="anthropic", base_url=self._address)

    def create(self, requests: Sequence[Asked]) -> str:
        """Send a batch; returns its id. Where the connection fails, the batch may be there all the same."""
        sent = [{"custom_id": name, "params": body} for name, body in requests]
        with self._faults():
            return str(self._client.messages.batches.create(requests=sent).id)

    def created_since(self, moment: float, total: int) -> Iterator[str]:
        """Batches of so many requests that were made after a moment (seconds since 1970), newest first."""
        with self._faults():
            for batch in self._client.messages.batches.list(limit=100):
                made: datetime = batch.created_at
                if made.replace(tzinfo=made.tzinfo or UTC).timestamp() < moment - _SKEW_S:
                    return
                counts = batch.request_counts.to_dict()
                if sum(value for value in counts.values() if isinstance(value, int)) == total:
                    yield str(batch.id)

    def has_ended(self, batch: str) -> bool:
        """Whether the results of a batch can be read."""
        with self._faults():
            return bool(self._client.messages.batches.retrieve(batch).processing_status == "ended")

    def results(self, batch: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What came of each request of a batch that has ended: its name and its result, in any order.

        Nothing if the server no longer keeps them.

        The lines are parsed here: the SDK's models return blocks with their fields in another order, and a
        thinking block must be sent back as it came.
        """
        batches = self._client.messages.batches
        with self._faults():
            if batches.retrieve(batch).results_url is None:
                return
        with self._faults(), batches.with_streaming_response.results(batch) as answer:
            for line in answer.iter_lines():
                if line.strip():
                    data = json.loads(line)
                    yield str(data["custom_id"]), dict(data["result"])

    def direct(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
        """Ask at once, at list price; returns a result as a batch has it, and the price.

        Raises ServiceFault if that fails for good.
        """
        steps = persevere(
            lambda: attempt(self._client, body, price=self._price, longest=self._timeouts.answer),
            self._retry,
            where=self.label,
        )
        answer = _last(steps)
        message = {
            "type": "message", "model": answer.model, "content": list(answer.blocks),
            "stop_reason": answer.stop_reason, "stop_details": dict(answer.details),
            "usage": {
                "input_tokens": answer.usage.input_tokens - answer.usage.cache_read_tokens,
                "cache_read_input_tokens": answer.usage.cache_read_tokens,
                "output_tokens": answer.usage.output_tokens,
                "output_tokens_details": {"thinking_tokens": answer.usage.thinking_tokens},
            },
        }  # fmt: skip
        return {"type": "succeeded", "message": message}, answer.usage.usd

    def prewarm(self, body: Mapping[str, Any]) -> float | None:
        """Have the server cache tools and system of a body, without an answer; returns the price."""
        kept = {name: body[name] for name in ("model", "tools", "system", "output_config") if name in body}
        if body.get("thinking", {}).get("type") == "adaptive":
            kept["thinking"] = body["thinking"]
        words = [{"role": "user", "content": [{"type": "text", "text": "."}]}]
        with self._faults():
            done = self._client.messages.create(**marked(kept), messages=words, max_tokens=0)
        return self._price(done.usage.to_dict(), self.model)

    def price(self, result: Mapping[str, Any]) -> float | None:
        """What a result in a batch cost; None if the price is not known."""
        if result.get("type") != "succeeded":
            return 0.0  # what is errored, canceled or expired is not billed
        message = result["message"]
        found = self._price(message.get("usage") or {}, str(message.get("model") or ""))
        return None if found is None else found * SHARE

    def most(self, body: Mapping[str, Any], *, share: float = SHARE) -> float | None:
        """The most that a request can cost in a batch, or directly with a `share` of 1; None if unknown."""
        tokens, _ = estimated(body)
        price = worst_price(self.model, input_tokens=tokens, max_tokens=int(body["max_tokens"]))
        return None if price is None else price * share

    def _price(self, usage: Mapping[str, Any], model: str) -> float | None:
        return price_of(usage, (model, self.model), "anthropic")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turns the errors of the SDK and the libraries below it into FailedAttempt."""
        try:
            yield
        except FailedAttempt:
            raise
        except Exception as error:
            problem = fault_from(error)
            if problem is None:
                raise own_cause(error) from error
            raise FailedAttempt(replace(problem, said=self._scrub(problem.said))) from error


def prefix_of(body: Mapping[str, Any]) -> str:
    """What requests must have in common for one to read from the cache what another wrote."""
    return json.dumps([body.get(name) for name in ("model", "tools", "system", "output_config")])


def marked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its tools and system marked for the cache; a mark is not part of what is cached."""
    name = "system" if body.get("system") else "tools"
    *others, last = body.get(name) or ({},)
    return {**body, name: [*others, {**last, "cache_control": CACHED}]} if last else dict(body)


def _last(steps: Generator[Progress, None, Answer]) -> Answer:
    """The answer, without showing how it comes."""
    try:
        while True:
            next(steps)
    except StopIteration as done:
        answer: Answer = done.value
        return answer

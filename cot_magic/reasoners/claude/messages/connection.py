"""The connection to one model at one server: from questions to requests, over faults, within a cost."""

import json
import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.capabilities import (
    STORE,
    Capabilities,
    CapabilityStore,
    from_table,
)
from cot_magic.reasoners.claude.messages.cassette import setting_of, transport_of, unchanged
from cot_magic.reasoners.claude.messages.client import (
    Timeouts,
    address_of,
    host_of,
    make_client,
)
from cot_magic.reasoners.claude.messages.cost import CostGuard
from cot_magic.reasoners.claude.messages.credentials import platform_named
from cot_magic.reasoners.claude.messages.faults import (
    FailedAttempt,
    Fault,
    FaultKind,
    fault_from,
    own_cause,
)
from cot_magic.reasoners.claude.messages.pricing import list_price
from cot_magic.reasoners.claude.messages.retry import RetryPolicy, persevere
from cot_magic.reasoners.claude.messages.stream import (
    attempt,
    count,
    sendable,
    usage_of,
)
from cot_magic.reasoners.claude.messages.thinking import (
    Dialect,
    Plan,
    after_refusal,
    plan,
    reserve_for,
)
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Progress,
    Question,
    Remark,
)

# what refusals have taught, by server and model: each server is asked in the wrong way once
_DIALECTS: dict[tuple[str, str], Dialect] = {}


class MessagesConnection:
    """One model at one server that speaks the Messages API.

    Parameters
    ----------
    model
        Id of the model as the platform names it.
    budget
        Tokens of thinking for a turn; 0 for none.
    platform
        `anthropic` (also every other server that speaks the Messages API), `bedrock`, `vertex` or `foundry`.
    base_url, api_key
        Instead of what the SDK finds in the environment and in profiles.
    max_usd
        The requests of this connection together may cost so many US dollars by list price; a request that
        could pass it is not sent.
    reserve
        Tokens for an answer beside the thinking; None: as goes with the budget.
    effort
        Level of effort instead of the one that goes with the budget.
    cassette
        `record:PATH` or `replay:PATH`; None: what COT_MAGIC_CASSETTE says, which is for development.
    scrub
        Redacts what a cassette stores of requests, and what a server says of a fault.

    Raises
    ------
    UsageError
        If there is no such platform, or the address is none.
    """

    def __init__(
        self,
        *,
        model: str,
        budget: int = 4_000,
        platform: str = "anthropic",
        base_url: str | None = None,
        api_key: str | None = None,
        max_usd: float | None = None,
        reserve: int | None = None,
        effort: str = "",
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        cassette: str | None = None,
        scrub: Callable[[str], str] = unchanged,
    ) -> None:
        self.model, self.budget, self.effort = model, budget, effort
        self.reserve = reserve_for(budget) if reserve is None else reserve
        self.platform = platform_named(platform)
        self._base_url, self._api_key, self._timeouts = base_url, api_key, timeouts or Timeouts()
        self._cassette, self._scrub = setting_of(cassette), scrub
        # a tape has to hold all that its replay will ask, also what this process knows already
        self._store = CapabilityStore() if self._cassette else STORE
        self._dialects = {} if self._cassette else _DIALECTS
        self._address = address_of(self.platform, base_url)
        self._host = host_of(self._address)
        self._retry = retry or RetryPolicy()
        self._client: Any = None
        self._capabilities: Capabilities | None = None
        self._dialect = self._dialects.get(self._key, Dialect())
        self._told: set[str] = set()
        self._lost: list[Usage] = []  # what attempts had used that broke off, as far as it was reported
        self.cost = CostGuard(model=model, platform=self.platform, limit=max_usd)

    @property
    def label(self) -> str:
        """Model and server, for people."""
        return f"{self.model} at {self._host}"

    @property
    def capabilities(self) -> Capabilities:
        """What the model takes, as far as is known without asking."""
        return (
            self._capabilities or self._store.remembered(self._address, self.model) or from_table(self.model)
        )

    def body(self, question: Question) -> Mapping[str, Any]:
        """The exact request body that `turn` would send (beside `"stream": true`); sends nothing.

        Until the server was asked what the model takes, thinking parameters follow the built-in table, and
        `capabilities.source` says so.
        """
        return self._body(question, self._plan(question))

    def turn(self, question: Question) -> Generator[Progress, None, Answer]:
        """Ask, and survive what can be survived.

        Raises
        ------
        ServiceFault
            With one line that says what failed, where, and what to do.
        """
        steps = persevere(
            lambda: self._attempt(question), self._retry, where=self.label, on_failure=self._failed
        )
        answer = yield from self._once(steps)
        self.cost.spend(answer.usage.usd)
        self._dialects[self._key] = self._dialect
        intent = self._plan(question)
        usage, self._lost = sum(self._lost, answer.usage), []
        return replace(answer, usage=usage, target=intent.target, enforced=intent.enforced)

    def close(self) -> None:
        """Close all connections to the server, also one in mid-stream."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _once(self, steps: Generator[Progress, None, Answer]) -> Generator[Progress, None, Answer]:
        """The same steps without remarks that were made before."""
        try:
            while True:
                step = next(steps)
                if isinstance(step, Remark) and not step.restarts:
                    if step.text in self._told:
                        continue
                    self._told.add(step.text)
                yield step
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        finally:
            steps.close()

    @property
    def _key(self) -> tuple[str, str]:
        return self._address, self.model

    def _attempt(self, question: Question) -> Generator[Progress, None, Answer]:
        """One attempt; asking in another form after a refusal of the form belongs to it."""
        client = self._connected()
        self._capabilities = self._capabilities or self._ask_capabilities(client)
        while True:
            intent = self._plan(question)
            yield Remark(text=f"{self.model}: {intent.note}.")
            body = self._body(question, intent)
            if self.cost.limit is not None:
                body, said = self.cost.admit(body, intent, self._count(client, body))
                yield from [Remark(text=said)] if said else []
            try:
                return (yield from attempt(client, body, price=self._price, longest=self._timeouts.answer))
            except (KeyboardInterrupt, GeneratorExit):
                self.cost.spend_worst()
                raise
            except FailedAttempt as failed:
                problem = failed.fault
                changed = None
                if problem.kind is FaultKind.INVALID_REQUEST:
                    changed = after_refusal(self._dialect, body, problem.said)
                if changed is None:
                    self._dialect = self._dialects.get(self._key, Dialect())  # what led nowhere is forgotten
                    # a server may quote what it was sent
                    raise FailedAttempt(replace(problem, said=self._scrub(problem.said))) from failed
                self._dialect, sentence = changed
            yield Remark(text=sentence)

    def _connected(self) -> Any:
        if self._client is None:
            transport = transport_of(self._cassette, scrub=self._scrub)
            self._client = make_client(
                platform=self.platform,
                base_url=self._base_url,
                api_key=self._api_key,
                timeouts=self._timeouts,
                transport=transport,
            )
        return self._client

    def _ask_capabilities(self, client: Any) -> Capabilities:
        return self._store.ask(client, self.model, platform=self.platform, base_url=self._address)

    def _plan(self, question: Question) -> Plan:
        reserve = self.reserve * question.room
        return plan(self.capabilities, self._dialect, budget=self.budget, reserve=reserve, effort=self.effort)

    def _body(self, question: Question, intent: Plan) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, **intent.parameters}
        output: dict[str, Any] = {}
        if intent.effort:
            output["effort"] = intent.effort
        if question.schema is not None and self.capabilities.structured and self._dialect.structured:
            output["format"] = {"type": "json_schema", "schema": question.schema}
        if output:
            body["output_config"] = output
        if question.tools:
            body["tools"] = list(question.tools)
        if question.system:
            body["system"] = list(question.system)
        body["messages"] = list(question.messages)
        return sendable(body)

    def _count(self, client: Any, body: Mapping[str, Any]) -> tuple[int, str]:
        """Tokens of a request and how they were found: counted by the server or estimated by length."""
        counted = {
            name: body[name] for name in ("model", "messages", "system", "tools", "thinking") if name in body
        }
        try:
            found = client.messages.count_tokens(**counted).input_tokens
            if isinstance(found, int):
                return found, "counted by the server"
        except Exception as error:
            # a server without counting, or one that fails: the request itself will report what is wrong
            if fault_from(error) is None and not isinstance(error, AttributeError):
                raise own_cause(error) from error
        length = len(json.dumps(body, ensure_ascii=False, default=str).encode("utf-8"))
        return math.ceil(length / 3), f"estimated from {length:,} bytes"

    def _price(self, usage: Mapping[str, Any], model: str) -> float | None:
        if not {"input_tokens", "output_tokens"} & set(usage):
            return None  # nothing was reported, which is not to say that nothing was used
        counts = {
            "uncached": count(usage, "input_tokens"),
            "cache_read": count(usage, "cache_read_input_tokens"),
            "cache_written": count(usage, "cache_creation_input_tokens"),
            "output": count(usage, "output_tokens"),
        }
        for name in dict.fromkeys((model, self.model)):  # the server may answer with a name of its own
            price = list_price(name, platform=self.platform, **counts) if name else None
            if price is not None:
                return price
        return None

    def _failed(self, problem: Fault) -> None:
        if problem.usage:
            self.cost.spend_worst()
            self._lost.append(usage_of(problem.usage, self._price(problem.usage, self.model)))

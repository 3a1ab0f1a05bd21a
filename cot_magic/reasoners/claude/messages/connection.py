"""The connection to one model on one server: sends turns, survives faults, stays within the cost limit."""

import json
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.capabilities import STORE, Capabilities, CapabilityStore, from_table
from cot_magic.reasoners.claude.messages.cassette import setting_of, transport_of, unchanged
from cot_magic.reasoners.claude.messages.client import Timeouts, address_of, host_of, make_client
from cot_magic.reasoners.claude.messages.cost import CostGuard, list_price
from cot_magic.reasoners.claude.messages.credentials import Platform, platform_named
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, Fault, FaultKind, fault_from, own_cause
from cot_magic.reasoners.claude.messages.platform_ids import model_on
from cot_magic.reasoners.claude.messages.retry import RetryPolicy, persevere
from cot_magic.reasoners.claude.messages.stream import attempt, count, sendable, usage_of
from cot_magic.reasoners.claude.messages.thinking import Dialect, Plan, after_refusal, plan, reserve_for
from cot_magic.reasoners.claude.messages.turn import Answer, Progress, Remark, TurnRequest

CACHED = {"type": "ephemeral"}
# what refusals have taught, by server and model, so that each server refuses only once
_DIALECTS: dict[tuple[str, str], Dialect] = {}


class MessagesConnection:
    """One model on one server that speaks the Messages API.

    Parameters
    ----------
    model
        Id of the model, as the Claude API names it or as the platform does.
    budget
        Tokens of thinking for each turn; 0 for none.
    platform
        `anthropic` (also any other server that speaks the Messages API), `bedrock`, `vertex` or `foundry`.
    base_url, api_key
        Used instead of what the SDK finds in the environment and in profiles.
    max_usd
        Limit for all requests of this connection in US dollars, by list price; a request that could exceed it
        is not sent.
    reserve
        Tokens for an answer in addition to thinking; None: as goes with the budget.
    effort
        Level of effort, instead of the one that goes with the budget.
    limited
        The person set the budget, as in `thinking.plan`.
    cassette
        `record:PATH` or `replay:PATH`; None: the value of COT_MAGIC_CASSETTE, which is for development.
    scrub
        Redacts the requests stored in a cassette, and what a server says about a fault.

    Raises
    ------
    UsageError
        If there is no such platform, or the address is not valid.
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
        limited: bool = False,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        cassette: str | None = None,
        scrub: Callable[[str], str] = unchanged,
    ) -> None:
        self.budget, self.effort, self.limited = budget, effort, limited
        self.reserve = reserve_for(budget) if reserve is None else reserve
        self.platform = platform_named(platform)
        self.model = model_on(self.platform, model)
        self._base_url, self._api_key, self._timeouts = base_url, api_key, timeouts or Timeouts()
        self._cassette, self._scrub = setting_of(cassette), scrub
        # a tape needs all that its replay will ask for, including what this process already knows
        self._store = CapabilityStore() if self._cassette else STORE
        self._dialects = {} if self._cassette else _DIALECTS
        self._address = address_of(self.platform, base_url)
        self._host = host_of(self._address)
        self._retry = retry or RetryPolicy()
        self._client: Any = None
        self._capabilities: Capabilities | None = None
        self._dialect = self._dialects.get(self._key, Dialect())
        self._told: set[str] = set()
        self._lost: list[Usage] = []  # the reported usage of attempts that broke off
        self.cost = CostGuard(model=self.model, platform=self.platform, limit=max_usd)

    @property
    def label(self) -> str:
        """Model and server, for people."""
        return f"{self.model} at {self._host}"

    @property
    def capabilities(self) -> Capabilities:
        """What the model supports, as far as is known without asking the server."""
        return (
            self._capabilities or self._store.remembered(self._address, self.model) or from_table(self.model)
        )

    def body(self, request: TurnRequest) -> Mapping[str, Any]:
        """The exact body that `turn` would send, except for `"stream": true`; sends nothing.

        Before the server was asked what the model supports, thinking parameters follow the built-in table;
        `capabilities.source` says so.
        """
        return self._body(request, self._plan(request))

    def turn(self, request: TurnRequest) -> Generator[Progress, None, Answer]:
        """Ask, and retry after faults that may pass.

        Raises
        ------
        ServiceFault
            With one line that says where and what failed, and what to do.
        """
        steps = persevere(
            lambda: self._attempt(request), self._retry, where=self.label, on_failure=self._failed
        )
        answer = yield from self._once(steps)
        self.cost.spend(answer.usage.usd)
        self._dialects[self._key] = self._dialect
        intent = self._plan(request)
        usage, self._lost = sum(self._lost, answer.usage), []
        return replace(answer, usage=usage, target=intent.target, enforced=intent.enforced)

    def close(self) -> None:
        """Close all connections to the server, even in mid-stream."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _once(self, steps: Generator[Progress, None, Answer]) -> Generator[Progress, None, Answer]:
        """The same steps, without remarks that were made before."""
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

    def _attempt(self, request: TurnRequest) -> Generator[Progress, None, Answer]:
        """One attempt, which includes asking again in another form if the server refuses the form."""
        self._begin()
        while True:
            intent = self._plan(request)
            yield Remark(text=f"{self.model}: {intent.note}.")
            body = self._body(request, intent)
            try:
                return (yield from self._answered(body, intent, request.longest))
            except FailedAttempt as failed:
                problem = failed.fault
                changed = None
                if problem.kind is FaultKind.INVALID_REQUEST:
                    changed = after_refusal(self._dialect, body, problem.said)
                if changed is None:
                    self._dialect = self._dialects.get(self._key, Dialect())  # the change did not help
                    # a server may quote what it was sent
                    raise FailedAttempt(replace(problem, said=self._scrub(problem.said))) from failed
                self._dialect, sentence = changed
            yield Remark(text=sentence)

    def _begin(self) -> None:
        """Get ready for an attempt: know what the model supports."""
        client = self._connected()
        self._capabilities = self._capabilities or self._ask_capabilities(client)

    def _answered(
        self, body: dict[str, Any], intent: Plan, longest: float
    ) -> Generator[Progress, None, Answer]:
        """Send a body and read the answer. Raises FailedAttempt."""
        client = self._connected()
        if self.cost.limit is not None:
            body, said = self.cost.admit(body, intent, self._count(client, body))
            yield from [Remark(text=said)] if said else []
        try:
            longest = min(self._timeouts.answer, longest)
            return (yield from attempt(client, body, price=self._price, longest=longest))
        except (KeyboardInterrupt, GeneratorExit):
            self.cost.spend_worst()
            raise

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

    def _plan(self, request: TurnRequest) -> Plan:
        reserve = self.reserve * request.room
        return plan(
            self.capabilities,
            self._dialect,
            budget=self.budget,
            reserve=reserve,
            effort=self.effort,
            limited=self.limited,
        )

    def _body(self, request: TurnRequest, intent: Plan) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, **intent.parameters}
        output: dict[str, Any] = {}
        if intent.effort:
            output["effort"] = intent.effort
        if request.schema is not None and self.capabilities.structured and self._dialect.structured:
            output["format"] = {"type": "json_schema", "schema": request.schema}
        if output:
            body["output_config"] = output
        if request.tools:
            strict = self.capabilities.structured and self._dialect.structured
            body["tools"] = [
                {name: part for name, part in tool.items() if name != "strict" or strict}
                for tool in request.tools
            ]
        if request.system:
            body["system"] = list(request.system)
        body["messages"] = list(request.messages)
        if request.cache and self._caches_automatically:
            body["cache_control"] = CACHED
        elif request.cache:
            body["messages"][-1] = _marked(request.messages[-1])
        return sendable(body)

    @property
    def _caches_automatically(self) -> bool:
        """Whether one setting for the whole request is enough. Bedrock and Vertex AI document only marks on
        blocks."""
        return self._dialect.automatic and self.platform in ("anthropic", "foundry")

    def _count(self, client: Any, body: Mapping[str, Any]) -> tuple[int, str]:
        """Tokens of a request, and how they were determined: counted by the server or estimated."""
        counted = {
            name: body[name] for name in ("model", "messages", "system", "tools", "thinking") if name in body
        }
        try:
            found = client.messages.count_tokens(**counted).input_tokens
            if isinstance(found, int):
                return found, "counted by the server"
        except Exception as error:
            # a server that cannot count, or that fails: then the turn itself will report what is wrong
            if fault_from(error) is None and not isinstance(error, AttributeError):
                raise own_cause(error) from error
        return estimated(body)

    def _price(self, usage: Mapping[str, Any], model: str) -> float | None:
        return price_of(usage, (model, self.model), self.platform)  # the server may use a name of its own

    def _failed(self, problem: Fault) -> None:
        if problem.usage:
            self.cost.spend_worst()
            self._lost.append(usage_of(problem.usage, self._price(problem.usage, self.model)))


def estimated(body: Mapping[str, Any]) -> tuple[int, str]:
    """Tokens of a request that nobody has counted, rather too many, and how they were determined."""
    length = len(json.dumps(body, ensure_ascii=False, default=str).encode("utf-8"))
    return math.ceil(length / 3), f"estimated from {length:,} bytes"


def price_of(usage: Mapping[str, Any], models: Sequence[str], platform: Platform) -> float | None:
    """The list price of an answer, under the first name that the price list has; None if it is not known."""
    if not {"input_tokens", "output_tokens"} & set(usage):
        return None  # nothing was reported, which does not mean that nothing was used
    by_length = usage.get("cache_creation")
    counts = {
        "uncached": count(usage, "input_tokens"),
        "cache_read": count(usage, "cache_read_input_tokens"),
        "cache_written": count(usage, "cache_creation_input_tokens"),
        "cache_written_1h": count(by_length, "ephemeral_1h_input_tokens") if by_length else 0,
        "output": count(usage, "output_tokens"),
    }
    found = (list_price(name, platform=platform, **counts) for name in dict.fromkeys(models) if name)
    return next((price for price in found if price is not None), None)


def _marked(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message with its last block marked for the cache; a mark is not part of what is cached."""
    *others, last = message["content"]
    return {**message, "content": [*others, {**last, "cache_control": CACHED}]}

"""The limit on costs: no request is sent that could exceed it, and the message says how that was determined."""

from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.cost import list_price, worst_price
from cot_magic.reasoners.claude.messages.thinking import LEAST_ANSWER
from cot_magic.reasoners.claude.messages.turn import Delta

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]


def test_prices_are_those_of_the_list() -> None:
    """Claude Haiku 4.5: 1 and 5 dollars for a million tokens in and out, cache reads a tenth, writes a quarter more."""
    million = 1_000_000
    assert list_price("claude-haiku-4-5", uncached=million) == pytest.approx(1)
    assert list_price("claude-haiku-4-5", output=million) == pytest.approx(5)
    assert list_price("claude-haiku-4-5", cache_read=million) == pytest.approx(0.1)
    assert list_price("claude-haiku-4-5", cache_written=million) == pytest.approx(1.25)
    assert worst_price("claude-haiku-4-5", input_tokens=million, max_tokens=million) == pytest.approx(6.25)
    assert list_price("qwen3:8b", uncached=million) is None


def test_within_the_limit_the_request_is_the_usual_one(serve: Serve, connect: Connect) -> None:
    server = serve()
    link = connect(server, max_usd=1.0)
    heard = ask(link, question())
    assert server.turns[0].body["max_tokens"] == 12_000
    assert heard.answer is not None
    assert link.cost.spent == heard.answer.usage.usd


def test_a_request_that_could_pass_the_limit_is_not_sent(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(text="Scripted.", usage={"output_tokens": 9_000}), Reply(text="Scripted: too much."))
    link = connect(server, max_usd=0.0625)
    ask(link, question())
    with pytest.raises(
        ServiceFault, match=r"\$0\.04\d\d of \$0\.0625 spent; the next request could cost"
    ) as stopped:
        ask(link, question())
    assert stopped.value.kind == "cost_limit"
    assert "counted by the server" in str(stopped.value)
    assert "up to 12,000 output tokens" in str(stopped.value)
    assert len(server.turns) == 1


@pytest.mark.parametrize("budget", [0, 4_000])
def test_no_sequence_of_answers_passes_the_limit(budget: int, serve: Serve, connect: Connect) -> None:
    """Each answer costs as much as its request allowed."""

    def answer_at_full_length(body: Any) -> str:
        server.script[:] = [Reply(text="Scripted.", usage={"output_tokens": body["max_tokens"]})]
        return ""

    server = serve(refuse=answer_at_full_length)
    link = connect(server, max_usd=0.2, budget=budget)
    stopped = None
    while stopped is None:
        try:
            ask(link, question())
        except ServiceFault as fault:
            stopped = fault
        assert link.cost.spent <= 0.2
    assert stopped.kind == "cost_limit"
    assert len(server.turns) >= 3


def test_the_answer_is_shortened_where_that_keeps_the_limit(serve: Serve, connect: Connect) -> None:
    server = serve()
    heard = ask(connect(server, max_usd=0.05), question())
    sent = server.turns[0].body
    assert sent["thinking"]["budget_tokens"] + LEAST_ANSWER <= sent["max_tokens"] < 12_000
    assert any("To stay under $0.05" in remark for remark in heard.remarks)
    price = worst_price("claude-haiku-4-5", input_tokens=100, max_tokens=sent["max_tokens"])
    assert price is not None
    assert price < 0.0501


def test_a_model_without_a_price_is_refused_under_a_limit(serve: Serve, connect: Connect) -> None:
    server = serve(loose=True)
    with pytest.raises(ServiceFault, match="no list price is known") as stopped:
        ask(connect(server, model="qwen3:8b", max_usd=5), question())
    assert stopped.value.kind == "price_unknown"
    assert server.turns == []


def test_a_server_that_cannot_count_is_estimated_for(serve: Serve, connect: Connect) -> None:
    server = serve(loose=True)
    with pytest.raises(ServiceFault, match=r"estimated from [\d,]+ bytes"):
        ask(connect(server, max_usd=0.001), question())


def test_an_answer_that_broke_off_counts_at_its_worst(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(text="Scripted: it breaks off here.", fault="truncate", after=4, sticky=True))
    link = connect(server, max_usd=1.0)
    with pytest.raises(ServiceFault):
        ask(link, question())
    assert link.cost.spent == pytest.approx(3 * link.cost.worst)
    assert link.cost.worst > 0.06


def test_tokens_of_attempts_that_broke_off_are_in_the_usage(serve: Serve, connect: Connect) -> None:
    whole = ask(connect(serve(Reply(text="Scripted."))), question()).answer
    heard = ask(
        connect(serve(Reply(text="Scripted.", fault="drop", after=3), Reply(text="Scripted."))), question()
    )
    assert whole is not None
    assert heard.answer is not None
    assert heard.answer.usage.input_tokens == 2 * whole.usage.input_tokens
    assert heard.answer.usage.output_tokens == whole.usage.output_tokens + 1  # as the server began to count
    assert whole.usage.usd is not None
    assert heard.answer.usage.usd is not None
    assert whole.usage.usd < heard.answer.usage.usd


def test_an_answer_that_was_interrupted_counts_at_its_worst(serve: Serve, connect: Connect) -> None:
    link = connect(serve(Reply(text="Scripted: it goes on and on.", delay=0.02)), max_usd=1.0)
    steps = link.turn(question())
    while not isinstance(next(steps), Delta):
        pass
    steps.close()
    assert link.cost.spent == link.cost.worst > 0.06


def test_a_request_that_was_never_answered_costs_nothing(serve: Serve, connect: Connect) -> None:
    link = connect(serve(Reply(status=529, sticky=True)), max_usd=1.0, timeouts=Timeouts(read=1))
    with pytest.raises(ServiceFault):
        ask(link, question())
    assert link.cost.spent == 0

"""The parameters for a budget, and the one change after a refusal."""

from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.capabilities import Capabilities, from_table
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.thinking import Dialect, plan, reserve_for

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(("budget", "ceiling"), [(4_000, 12_000), (10_000, 20_000), (31_999, 47_999)])
def test_a_model_that_takes_a_budget_gets_the_budget_as_a_limit(budget: int, ceiling: int) -> None:
    made = plan(from_table("claude-haiku-4-5"), Dialect(), budget=budget, reserve=reserve_for(budget))
    assert made.parameters == {
        "max_tokens": ceiling,
        "thinking": {"type": "enabled", "budget_tokens": budget, "display": "summarized"},
    }
    assert (made.target, made.enforced, made.effort) == (budget, True, "")


@pytest.mark.parametrize(("budget", "effort"), [(4_000, "low"), (10_000, "medium"), (31_999, "high")])
def test_a_model_that_decides_itself_gets_an_effort_and_no_promise(budget: int, effort: str) -> None:
    made = plan(from_table("claude-opus-5-5"), Dialect(), budget=budget, reserve=8_000)
    assert made.parameters["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert (made.effort, made.target, made.enforced) == (effort, budget, False)
    assert "a target, not a limit" in made.note
    assert f"effort={effort}" in made.note


def test_a_model_that_takes_both_thinks_adaptively_unless_the_person_set_the_budget() -> None:
    both = from_table("claude-sonnet-4-6")
    made = plan(both, Dialect(), budget=4_000, reserve=8_000)
    assert made.parameters["thinking"]["type"] == "adaptive"
    assert (made.effort, made.enforced) == ("low", False)
    assert "only --budget makes it one" in made.note
    limited = plan(both, Dialect(), budget=4_000, reserve=8_000, limited=True)
    assert limited.parameters["thinking"] == {
        "type": "enabled",
        "budget_tokens": 4_000,
        "display": "summarized",
    }
    assert limited.enforced


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max"])
def test_a_chosen_effort_is_sent_or_the_nearest_lower_one_and_that_is_said(effort: str) -> None:
    some = Capabilities(manual=False, adaptive=True, efforts=("low", "medium", "high"))
    made = plan(some, Dialect(), budget=4_000, reserve=8_000, effort=effort)
    assert made.effort == (effort if effort in some.efforts else "high")
    assert (f"as the model has no {effort}" in made.note) is (effort not in some.efforts)
    none = plan(from_table("claude-haiku-4-5"), Dialect(), budget=4_000, reserve=8_000, effort=effort)
    assert none.effort == ""
    assert "has no effort levels" in none.note


def test_a_model_of_another_maker_is_asked_without_thinking_and_told_so() -> None:
    made = plan(from_table("qwen3:8b"), Dialect(), budget=4_000, reserve=8_000)
    assert made.parameters == {"max_tokens": 12_000}
    assert (made.target, made.enforced, made.effort) == (0, False, "")
    assert "no thinking requested" in made.note


def test_no_budget_asks_for_no_thinking() -> None:
    for model in ("claude-haiku-4-5", "claude-opus-5-5"):
        made = plan(from_table(model), Dialect(), budget=0, reserve=8_000)
        assert made.parameters == {"max_tokens": 8_000}
        assert made.effort == ""


def test_a_budget_below_the_minimum_is_not_raised_without_asking() -> None:
    made = plan(from_table("claude-haiku-4-5"), Dialect(), budget=500, reserve=8_000)
    assert "thinking" not in made.parameters
    assert "below the minimum of 1,024" in made.note


@pytest.mark.parametrize("most", [1_500, 2_000, 3_000, 20_000, 64_000])
def test_a_budget_always_leaves_room_for_an_answer(most: int) -> None:
    small = Capabilities(manual=True, adaptive=False, max_tokens=most)
    made = plan(small, Dialect(), budget=31_999, reserve=8_000)
    budget = made.parameters.get("thinking", {}).get("budget_tokens", 0)
    assert made.parameters["max_tokens"] <= most
    assert budget == 0 or 1_024 <= budget <= made.parameters["max_tokens"] - 1_024
    assert made.target == budget


def test_an_effort_that_the_person_chose_goes_before_the_budgets() -> None:
    xhigh = Capabilities(manual=False, adaptive=True, efforts=("low", "high", "xhigh"))
    assert plan(xhigh, Dialect(), budget=4_000, reserve=1, effort="xhigh").effort == "xhigh"


def test_a_server_is_told_in_words_what_it_was_asked(serve: Serve, connect: Connect) -> None:
    heard = ask(connect(serve(), model="claude-opus-5-5"), question())
    assert heard.remarks == [
        "claude-opus-5-5: 4,000 thinking tokens are a target, not a limit, as this model takes no token budget; "
        "effort=low, at most 12,000 tokens an answer."
    ]
    assert heard.answer is not None
    assert (heard.answer.target, heard.answer.enforced) == (4_000, False)


def test_after_a_cut_answer_there_is_room_for_twice_as_much(serve: Serve, connect: Connect) -> None:
    link = connect(serve())
    assert link.body(question())["max_tokens"] == 12_000
    assert link.body(question(room=2))["max_tokens"] == 20_000


def test_a_refused_budget_is_switched_once_and_remembered(serve: Serve, connect: Connect) -> None:
    """The table assumes that an unknown later model is adaptive; this server says otherwise."""
    refusal = "adaptive thinking is not supported on this model"
    server = serve(
        loose=True,
        refuse=lambda body: refusal if body.get("thinking", {}).get("type") == "adaptive" else "",
    )
    heard = ask(connect(server, model="claude-nova-9"), question())
    assert [turn.body["thinking"]["type"] for turn in server.turns] == ["adaptive", "enabled"]
    assert any("token budget" in remark for remark in heard.remarks)
    assert heard.answer is not None
    assert heard.answer.enforced
    ask(connect(server, model="claude-nova-9"), question())  # another connection to the same model
    assert [turn.body["thinking"]["type"] for turn in server.turns] == ["adaptive", "enabled", "enabled"]


def test_a_budget_for_a_model_that_wants_none_is_switched_to_adaptive(serve: Serve, connect: Connect) -> None:
    refusal = (
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.'
    )
    server = serve(
        loose=True,
        refuse=lambda body: refusal if body.get("thinking", {}).get("type") == "enabled" else "",
    )
    heard = ask(connect(server, model="claude-sonnet-4-6", limited=True), question(schema=SCHEMA))
    assert [turn.body["thinking"]["type"] for turn in server.turns] == ["enabled", "adaptive"]
    output = server.turns[1].body["output_config"]
    assert sorted(output) == [
        "effort",
        "format",
    ]  # the refusal mentions output_config, but does not refuse it
    assert output["effort"] == "low"
    assert heard.answer is not None
    assert not heard.answer.enforced


@pytest.mark.parametrize(("sent", "model"), [("enabled", "claude-sonnet-4-6"), ("adaptive", "claude-nova-9")])
def test_the_words_of_a_platform_that_checks_by_tags_are_understood(
    sent: str, model: str, serve: Serve, connect: Connect
) -> None:
    """A platform's message for the same refusal names the tag and the tags that it expects."""
    others = {"enabled": "'adaptive', 'disabled'", "adaptive": "'enabled', 'disabled'"}
    refusal = f"thinking: Input tag '{sent}' found using 'type' does not match any of the expected tags: {others[sent]}"
    server = serve(
        loose=True, refuse=lambda body: refusal if body.get("thinking", {}).get("type") == sent else ""
    )
    ask(connect(server, model=model, limited=True), question())
    assert [turn.body["thinking"]["type"] for turn in server.turns] == [
        sent,
        "adaptive" if sent == "enabled" else "enabled",
    ]


def test_a_server_that_refuses_both_forms_has_the_last_word(serve: Serve, connect: Connect) -> None:
    def refuse(body: Any) -> str:
        return {
            "adaptive": "adaptive thinking is not supported on this model",
            "enabled": '"thinking.type.enabled" is not supported for this model.',
        }.get(body.get("thinking", {}).get("type"), "")

    server = serve(loose=True, refuse=refuse)
    link = connect(server, model="claude-nova-9")
    for _ in range(2):  # nothing is learnt from an attempt that failed
        with pytest.raises(ServiceFault) as stopped:
            ask(link, question())
        assert stopped.value.kind == "invalid_request"
    assert [turn.body["thinking"]["type"] for turn in server.turns] == ["adaptive", "enabled"] * 2


@pytest.mark.parametrize(
    "refusal",
    [
        "thinking: Extra inputs are not permitted",
        "Unknown parameter: thinking is not supported",
    ],
)
def test_a_server_without_thinking_is_asked_without(refusal: str, serve: Serve, connect: Connect) -> None:
    server = serve(loose=True, refuse=lambda body: refusal if "thinking" in body else "")
    heard = ask(connect(server, model="claude-nova-9"), question())
    assert ["thinking" in turn.body for turn in server.turns] == [True, False]
    assert heard.answer is not None
    assert (heard.answer.target, heard.answer.enforced) == (0, False)


def test_a_server_without_output_schemas_is_asked_without(serve: Serve, connect: Connect) -> None:
    refusal = "output_config.format: Extra inputs are not permitted"
    server = serve(
        loose=True, refuse=lambda body: refusal if "format" in body.get("output_config", {}) else ""
    )
    link = connect(server, model="qwen3:8b")
    heard = ask(link, question(schema=SCHEMA))
    assert "output_config" not in server.turns[1].body
    assert any("schema in words" in remark for remark in heard.remarks)
    ask(link, question(schema=SCHEMA))
    assert len(server.turns) == 3


def test_a_server_that_takes_neither_effort_nor_schema_is_asked_without_both(
    serve: Serve, connect: Connect
) -> None:
    refusal = "output_config: Extra inputs are not permitted"
    server = serve(loose=True, refuse=lambda body: refusal if "output_config" in body else "")
    ask(connect(server, model="claude-nova-9"), question(schema=SCHEMA))
    assert [sorted(turn.body.get("output_config", {})) for turn in server.turns] == [
        ["effort", "format"],
        ["effort"],
        [],
    ]


def test_a_refusal_about_something_else_changes_nothing(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=400, message="messages.0: scripted: content is odd"))
    with pytest.raises(ServiceFault, match="content is odd"):
        ask(connect(server, model="claude-sonnet-4-6"), question(schema=SCHEMA))
    assert len(server.turns) == 1

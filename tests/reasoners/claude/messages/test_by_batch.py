"""A session whose requests a sweep sends in batches: it finds its answers and leaves what it asks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import QUICK, ask, question

from cot_magic.core.errors import ServiceFault
from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.by_batch import BY_BATCH, BatchedConnection
from cot_magic.reasoners.claude.messages.capabilities import from_table
from cot_magic.reasoners.claude.messages.exchanges import Exchange, Mailbox

MODEL = "claude-sonnet-4-6"
USER = {"role": "user", "content": [{"type": "text", "text": "as it was sent"}]}
SAID = {"role": "assistant", "content": [{"type": "text", "text": "scripted"}]}
MESSAGE = {
    "type": "message", "model": MODEL, "content": SAID["content"], "stop_reason": "end_turn",
    "usage": {"input_tokens": 100, "output_tokens": 10},
}  # fmt: skip
Make = Callable[..., BatchedConnection]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def connection(*results: dict[str, Any], **settings: Any) -> BatchedConnection:
        path = tmp_path / "mailbox.json"
        exchanges = [Exchange(messages=[USER], result=result, usd=0.25) for result in results]
        Mailbox(path=path, capabilities=from_table(MODEL), exchanges=exchanges).write()
        return BatchedConnection(path, model=MODEL, retry=QUICK, **settings)

    return connection


def left(tmp_path: Path) -> dict[str, Any] | None:
    return Mailbox.read(tmp_path / "mailbox.json").asked


def waiting(link: BatchedConnection, **more: Any) -> str:
    with pytest.raises(ServiceFault) as caught:
        ask(link, question(**more))
    return caught.value.kind


def test_without_an_answer_the_request_is_left_and_nothing_is_sent(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = make()
    monkeypatch.setattr(link, "_connected", lambda: pytest.fail("it connects"))
    asked = question()
    body = link.body(asked)
    assert waiting(link) == "waiting"
    assert left(tmp_path) == body
    assert "cache_control" not in body


def test_an_answer_is_told_with_its_price_as_one_of_a_batch(make: Make, tmp_path: Path) -> None:
    heard = ask(make({"type": "succeeded", "message": MESSAGE}), question())
    assert heard.answer is not None
    assert (heard.answer.text, heard.answer.stop_reason) == ("scripted", "end_turn")
    assert heard.answer.usage == Usage(input_tokens=100, output_tokens=10, usd=0.25, batch_usd=0.25)
    assert BY_BATCH in heard.remarks
    assert left(tmp_path) is None


def test_what_was_sent_stays_as_it_was_in_the_next_request(make: Make, tmp_path: Path) -> None:
    link = make({"type": "succeeded", "message": MESSAGE})
    ask(link, question("as this run words it"))
    messages = [*question("as this run words it").messages, SAID, *question("and then?").messages]
    assert waiting_with(link, messages) == "waiting"
    body = left(tmp_path)
    assert body is not None
    assert body["messages"] == [USER, SAID, *question("and then?").messages]


def waiting_with(link: BatchedConnection, messages: list[Any]) -> str:
    with pytest.raises(ServiceFault) as caught:
        ask(link, replace(question(), messages=messages))
    return caught.value.kind


def test_a_refused_form_is_asked_in_another(make: Make, tmp_path: Path) -> None:
    said = "output_config.format: structured output is not supported"
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": said}}
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    link = make({"type": "errored", "error": error})
    assert "format" in link.body(question(schema=schema))["output_config"]
    assert waiting(link, schema=schema) == "waiting"
    body = left(tmp_path)
    assert body is not None
    assert "format" not in body.get("output_config", {})


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"type": "expired"}, "unanswered"),
        ({"type": "canceled"}, "unanswered"),
        ({"type": "errored", "error": {"error": {"type": "overloaded_error", "message": "x"}}}, "overloaded"),
        ({"type": "succeeded", "message": {**MESSAGE, "stop_reason": None}}, "truncated"),
    ],
)
def test_what_brought_no_answer_ends_the_turn_and_asks_nothing(
    result: dict[str, Any], kind: str, make: Make, tmp_path: Path
) -> None:
    link = make(result)
    with pytest.raises(ServiceFault) as caught:
        ask(link, question())
    assert caught.value.kind == kind
    assert left(tmp_path) is None


def test_the_limit_of_a_session_counts_half_the_list_price(make: Make, tmp_path: Path) -> None:
    full = 15e-6 * 14_000  # dollars of the longest answer
    assert waiting(make(max_usd=full * 0.6)) == "waiting"
    body = left(tmp_path)
    assert body is not None
    assert body["max_tokens"] >= 12_000
    assert waiting(make(max_usd=0.001)) == "cost_limit"

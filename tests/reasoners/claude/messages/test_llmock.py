"""The same faults from llmock, a server by other authors, and its verdict on how the connection handled them."""

from collections.abc import Iterator
from typing import Any

import pytest
from asking import ask, question

from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.client import Timeouts
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.retry import RetryPolicy

pytestmark = pytest.mark.slow
PROBE = {
    "name": "run_probe",
    "description": "Runs code.",
    "input_schema": {"type": "object", "properties": {"source": {"type": "string"}}, "required": ["source"]},
}


@pytest.fixture
def link(llmock: Any) -> Iterator[MessagesConnection]:
    made = MessagesConnection(
        model="claude-sonnet-4-6",
        base_url=llmock.base_url("anthropic"),
        api_key="k",
        retry=RetryPolicy(attempts=3),  # for the verdict, an attempt has to end before the next
        timeouts=Timeouts(read=1),
    )
    ask(made, question("What can this model do?"))  # faults are for answers, not for the Models API
    llmock.reset()
    yield made
    made.close()


def turns(llmock: Any) -> int:
    return sum(request.path.endswith("/messages") for request in llmock.requests)


def test_a_scripted_answer_is_read(llmock: Any, link: MessagesConnection) -> None:
    llmock.reply("Scripted by llmock: the key is missing.")
    heard = ask(link, question())
    assert heard.text == "Scripted by llmock: the key is missing."
    assert heard.answer is not None
    assert (heard.answer.text, heard.answer.stop_reason) == (heard.text, "end_turn")


def test_overload_then_truncation_then_an_answer(llmock: Any, link: MessagesConnection) -> None:
    llmock.fail(529, times=1).truncate(after_chunks=3).reply(
        "Scripted by llmock: here it is, at last and whole."
    )
    heard = ask(link, question())
    assert heard.answer is not None
    assert heard.text == heard.answer.text
    assert turns(llmock) == 3
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt", "stall"])
def test_a_broken_stream_is_survived(fault: str, llmock: Any, link: MessagesConnection) -> None:
    llmock.pace(chunk_delay_ms=100)  # for the verdict, a stream that was sent completely was also read
    getattr(llmock, fault)(after_chunks=2)
    heard = ask(link, question())
    assert heard.answer is not None
    assert heard.text == heard.answer.text != ""
    assert turns(llmock) == 2
    llmock.assert_resilient(strict=True)


def test_a_rate_limit_is_waited_for_as_long_as_it_says(llmock: Any, link: MessagesConnection) -> None:
    llmock.rate_limit(times=1, retry_after=1.0)
    heard = ask(link, question())
    assert heard.pauses[0].seconds == 1.0
    assert turns(llmock) == 2
    llmock.assert_resilient(strict=True)


def test_an_outage_ends_with_a_fault_after_three_attempts(llmock: Any, link: MessagesConnection) -> None:
    llmock.outage(status=503)
    with pytest.raises(ServiceFault) as stopped:
        ask(link, question())
    assert stopped.value.kind == "server_error"
    assert turns(llmock) == 3


def test_a_prompt_that_is_too_long_is_not_asked_again(llmock: Any, link: MessagesConnection) -> None:
    llmock.context_overflow()
    with pytest.raises(ServiceFault) as stopped:
        ask(link, question())
    assert stopped.value.kind == "context_window"
    assert turns(llmock) == 1


def test_a_tool_call_is_read_and_a_malformed_one_is_marked(llmock: Any, link: MessagesConnection) -> None:
    llmock.call_tool("run_probe", {"source": "x == 1"})
    first = ask(link, question(tools=[PROBE])).answer
    assert first is not None
    assert [(call.name, dict(call.input), call.problem) for call in first.calls] == [
        ("run_probe", {"source": "x == 1"}, "")
    ]
    llmock.call_tool("run_probe", {"source": "x == 1"}).break_tool_call("malformed_arguments")
    second = ask(link, question("And?", tools=[PROBE])).answer
    assert second is not None
    assert second.calls[0].problem != ""

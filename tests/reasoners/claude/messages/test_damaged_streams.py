"""Streams damaged at random: each ends in an answer or in a fault, never in another error."""

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from scripted_replies import Reply, content, events

from cot_magic.reasoners.claude.messages.client import make_client
from cot_magic.reasoners.claude.messages.faults import FailedAttempt
from cot_magic.reasoners.claude.messages.stream import attempt
from cot_magic.reasoners.claude.messages.turn import Answer, Delta, ToolCall

REPLY = Reply(
    thinking="Scripted thought.",
    text="Scripted text, héllo 🎉.",
    tools=[{"name": "run_probe", "input": {"a": [1, {"b": None}]}}],
    chunk=6,
)
STRANGE = [None, True, -1, 0, 7, 10**30, 1.5, "x", "", [], {}, [1], {"type": "text"}, "\ud800", float("nan")]


def damaged(chance: random.Random, value: Any) -> Any:
    """The value with something strange somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.25:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: damaged(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], damaged(chance, value[place]), *value[place + 1 :]]
    return chance.choice(STRANGE)


def stream(chance: random.Random) -> bytes:
    """The body of a stream with one to three damages, in events or in bytes."""
    whole = list(
        events(REPLY, content(REPLY, 1, ""), number=1, model="claude-haiku-4-5", usage={"input_tokens": 5})
    )
    for _ in range(chance.randint(1, 3)):
        place, other = chance.randrange(len(whole)), chance.randrange(len(whole))
        match chance.choice(["value", "value", "value", "lost", "twice", "order", "name"]):
            case "value":
                whole[place] = (whole[place][0], damaged(chance, whole[place][1]))
            case "lost":
                del whole[place]
            case "twice":
                whole.insert(place, whole[other])
            case "order":
                whole[place], whole[other] = whole[other], whole[place]
            case "name":
                whole[place] = (chance.choice(["error", "ping", "", "message_stop"]), whole[place][1])
    sent = [(name, {"type": name, **data} if isinstance(data, dict) else data) for name, data in whole]
    raw = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in sent).encode()
    if chance.random() < 0.3:
        at = chance.randrange(len(raw))
        raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + chance.randint(0, 3) :]
    return raw


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client whose every request is answered with the stream of the seed in its `metadata`."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        seed = json.loads(request.content)["metadata"]["user_id"]
        kind = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=kind, content=stream(random.Random(seed)))

    made = make_client(base_url="http://nowhere.invalid", api_key="k", transport=httpx2.MockTransport(answer))
    yield made
    made.close()


def outcome(client: Any, seed: str) -> Answer | FailedAttempt:
    body = {"model": "m", "max_tokens": 9, "messages": [], "metadata": {"user_id": seed}}
    steps = attempt(client, body, price=lambda usage, model: None)
    try:
        while True:
            piece = next(steps)
            assert isinstance(piece, Delta)
            assert isinstance(piece.text, str)
    except StopIteration as done:
        assert isinstance(done.value, Answer)
        return done.value
    except FailedAttempt as failed:
        return failed


@pytest.mark.slow
@pytest.mark.parametrize("lot", range(4))
def test_a_damaged_stream_ends_in_an_answer_or_in_a_fault(lot: int, client: Any) -> None:
    answers = 0
    for number in range(250):
        ended = outcome(client, f"{lot}-{number}")
        if isinstance(ended, FailedAttempt):
            assert "\n" not in ended.fault.line("here")
            continue
        answers += 1
        assert isinstance(ended.stop_reason, str)
        assert ended.stop_reason
        assert isinstance(ended.text, str)
        json.dumps(ended.blocks)  # can be sent back
        assert all(isinstance(call, ToolCall) and isinstance(call.input, dict) for call in ended.calls)
        assert min(ended.usage.input_tokens, ended.usage.output_tokens, ended.usage.thinking_tokens) >= 0
    assert 0 < answers < 250  # both endings occur

"""A service that fails, a person who interrupts it, and a session that is resumed."""

import json
import time
from collections.abc import Generator
from typing import Any

import pytest
from phase_script import ASKS, FIX, HYPOTHESIS, answer, call, phase, whole
from scripted_replies import Reply

from cot_magic.core.engine import drive
from cot_magic.core.events import Faulted, Interrupted, Resumed, Waiting
from cot_magic.core.findings import Phase
from cot_magic.core.jobs import Budget
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain

BUDGET = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=10)
FAULTS = {
    "overloaded": Reply(status=529),
    "server error": Reply(status=500),
    "rate limit": Reply(status=429),
    "too patient": Reply(status=429, headers={"retry-after": "3600"}),
    "expired key": Reply(status=401, message="scripted: expired"),
    "no permission": Reply(status=403),
    "no money": Reply(status=402),
    "unknown model": Reply(status=404),
    "too large": Reply(status=413),
    "conflict": Reply(status=409),
    "time-out": Reply(status=408),
    "spend limit": Reply(
        status=429, error_code="enforced_spend_limit_reached", message="scripted: spend limit"
    ),
    "drop": Reply(text="scripted words", fault="drop", after=4),
    "reset": Reply(text="scripted words", fault="reset", after=4),
    "stall": Reply(text="scripted words", fault="stall", after=4),
    "error event": Reply(text="scripted words", fault="error", after=4),
    "truncated": Reply(text="scripted words", fault="truncate", after=4),
    "garbled": Reply(text="scripted words", fault="garble", after=4),
    "cut": Reply(text="scripted words", fault="cut", after=4),
    "empty": Reply(text="scripted", fault="empty"),
    "page of a proxy": Reply(text="scripted", fault="html"),
    "no answer": Reply(text="scripted", fault="refuse"),
}


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(Phase.ANALYZE, marks=pytest.mark.slow),
        Phase.VALIDATE,
        pytest.param(Phase.IMPLEMENT, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_finished_phases_stay_and_the_session_goes_on(
    desk, name: str, phase: Phase
) -> None:
    reply, match = FAULTS[name], ASKS[phase]
    lasting = Reply(**{slot: getattr(reply, slot) for slot in reply.__dataclass_fields__} | {
        "match": match, "sticky": True})  # fmt: skip
    place = next(n for n, other in enumerate(whole()) if other.match == match)
    at = desk(*whole()[:place], lasting)
    session = at.run()
    faults = [event for event in at.events if isinstance(event, Faulted)]
    assert [fault.phase for fault in faults] == [phase]
    assert "\n" not in faults[0].message
    assert at.server.url.removeprefix("http://") in faults[0].message
    assert session.finished == tuple(Phase)[: list(Phase).index(phase)]
    assert session.ended
    assert f"%cot_resume continues from {phase}" in plain(outline(session))
    at.server.script[:] = whole()[place:]
    session = at.run(resume=True)
    assert session.faults == ()
    assert session.result == "verified"
    assert [view.phase for view in session.phases] == list(Phase)


def test_a_fault_that_passes_is_waited_for_with_a_countdown(desk) -> None:
    at = desk(Reply(status=529, match="No cause is confirmed yet"), *whole())
    session = at.run()
    assert session.result == "verified"
    waits = [event for event in at.events if isinstance(event, Waiting)]
    assert waits
    assert waits[0].phase is Phase.VALIDATE
    assert "overloaded" in waits[0].reason
    assert session.phase(Phase.VALIDATE).waiting is None


def test_text_of_a_failed_attempt_is_taken_off_the_screen(desk) -> None:
    broken = Reply(thinking="scripted doubt", text="scripted and void", fault="drop", after=12, chunk=4,
                   match="No fix is verified yet")  # fmt: skip
    at = desk(broken, *whole(IMPLEMENT=phase("IMPLEMENT", fixes=[FIX])))
    view = at.run().phase(Phase.IMPLEMENT)
    assert "void" not in view.streamed
    assert view.streamed.count("a scripted headline") == 1
    assert view.thinking == "scripted thinking"


def test_the_same_conversation_goes_on_where_it_was(desk) -> None:
    at = desk(*whole()[:1], Reply(status=401, match="No cause is confirmed yet"))
    at.run()
    cut_short = at.server.turns[-1].body["messages"]
    at.server.script[:] = whole()[1:]
    session = at.run(resume=True)
    first = at.server.turns[2].body["messages"]
    assert first == cut_short
    assert session.result == "verified"
    assert [event for event in at.events if isinstance(event, Resumed)]
    numbers = [int(item.id[1:]) for item in session.evidence]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_conversation_is_told_the_finished_phases_in_short(desk) -> None:
    at = desk(*whole()[:1], Reply(status=401, match="No cause is confirmed yet"))
    at.run()
    at.reasoner = None  # as after a kernel restart: the conversation is lost, the session is not
    at.server.script[:] = whole()[1:]
    session = at.run(resume=True)
    assert session.result == "verified"
    message = json.dumps(at.server.turns[2].body["messages"])
    assert "ANALYZE: a scripted headline" in message
    assert HYPOTHESIS["claim"] in message
    assert "What failed, what does this error mean" in message


def test_what_a_cut_phase_used_is_still_counted(desk) -> None:
    replies = whole(VALIDATE=[phase("VALIDATE", tools=[call("history", cell="[1]")])[0], Reply(status=401)])
    at = desk(*replies)
    before = at.run().usage
    spent = at.session.phase(Phase.VALIDATE).usage
    assert spent.output_tokens > 0
    at.server.script[:] = [Reply(text=answer(hypotheses=[HYPOTHESIS])), *whole()[3:]]
    session = at.run(resume=True)
    assert session.usage.output_tokens > before.output_tokens
    assert session.phase(Phase.VALIDATE).usage.output_tokens > spent.output_tokens


class _Stopping:
    """A connection whose stream the person interrupts in the middle of a word."""

    label = "a scripted model at nowhere"

    def __init__(self, inner: Any) -> None:
        self.inner, self.closed = inner, []

    def body(self, question: Any) -> Any:
        return self.inner.body(question)

    def turn(self, question: Any) -> Generator[Any, Any, Any]:
        turn = self.inner.turn(question)
        try:
            yield next(turn)
            for _ in range(3):
                yield next(turn)
            raise KeyboardInterrupt
        finally:
            turn.close()
            self.closed.append(True)

    def close(self) -> None:
        self.inner.close()


def test_ctrl_c_in_a_stream_keeps_the_partial_text_and_closes_the_connection(desk) -> None:
    slow = Reply(
        text=f"scripted words {'and more ' * 200}",
        chunk=8,
        delay=0.01,
        match="What failed, what does this error mean",
    )
    at = desk(slow)
    stopping: list[_Stopping] = []

    def stopped(connection: Any) -> _Stopping:
        stopping.append(_Stopping(connection))
        return stopping[-1]

    at.wrap = stopped
    session = at.run()
    assert Interrupted(phase=Phase.ANALYZE) in at.events
    assert "scripted" in session.phase(Phase.ANALYZE).streamed
    assert stopping[0].closed == [True]
    at.server.wait(lambda server: server.disconnects == 1)
    at.wrap = lambda connection: connection
    at.server.script[:] = whole()
    assert at.run(resume=True).result == "verified"


def test_closing_the_session_from_outside_closes_the_stream(desk) -> None:
    at = desk(
        Reply(
            text=f"scripted {'words ' * 500}",
            chunk=8,
            delay=0.01,
            match="What failed, what does this error mean",
        )
    )
    events = drive(at.case, at.make(), at.sandbox, intensity="cot", budget=BUDGET, clock=time.monotonic)
    for event in events:
        if type(event).__name__ == "Streamed":
            break
    events.close()
    at.server.wait(lambda server: server.disconnects == 1)


def test_a_limit_of_cost_stops_before_the_request_that_could_pass_it(desk) -> None:
    at = desk(*whole())
    session = at.run(budget=Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=1, max_usd=0.0001))
    assert len(session.faults) == 1
    assert "$0.0001" in session.faults[0]
    assert at.server.turns == []


def test_the_limit_counts_what_was_spent_before_a_fault(desk) -> None:
    at = desk(*whole()[:1], Reply(status=401, match="No cause is confirmed yet"))
    spent = at.run().usage.usd
    assert spent > 0
    at.server.script[:] = whole()[1:]
    at.run(resume=True)
    assert [used.usd if used is not None else None for used in at.used] == [None, spent]

"""Resuming a conversation that was cut short, whatever state it was left in."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from phase_script import FIX, HYPOTHESIS, OPEN, answer, call, phase, whole
from scripted_replies import Reply

from cot_magic.core.engine import drive
from cot_magic.core.events import Interrupted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.claude.reasoner import claude_reasoner


class Interrupting:
    """A sandbox in which the person presses Ctrl-C during some of the runs."""

    def __init__(self, inner: Any, *at: int) -> None:
        self.inner, self.at, self.ran = inner, at, 0

    def status(self) -> Any:
        return self.inner.status()

    def run(self, jobs: Any) -> Any:
        self.ran += 1
        if self.ran in self.at:
            raise KeyboardInterrupt
        return self.inner.run(jobs)

    def close(self) -> None: ...


def other(number: int) -> dict[str, Any]:
    return {**HYPOTHESIS, "claim": f"a scripted claim {number}", "probe": f"len(values) == {number}"}


def test_a_session_that_is_stopped_again_and_again_never_has_too_many_marks(desk) -> None:
    script = whole(
        VALIDATE=[Reply(text=answer(hypotheses=[other(1)]), match="No cause is confirmed yet"),
                  Reply(text=answer(hypotheses=[other(2), HYPOTHESIS]), match="No cause is confirmed yet"),
                  Reply(text=answer(hypotheses=[other(4), HYPOTHESIS]), match="No cause is confirmed yet")],
    )  # fmt: skip
    at = desk(*script)
    at.sandbox = Interrupting(at.sandbox, 1, 2)  # during the experiments for each of the first two answers
    session = at.run()
    for _ in range(2):
        assert at.events.count(Interrupted(phase=Phase.VALIDATE)) > 0
        session = at.run(resume=True)
    assert session.faults == ()
    assert session.result == "verified"
    assert [seen.refused for seen in at.server.turns] == [""] * len(at.server.turns)


def test_a_phase_that_was_stopped_before_it_was_asked_about_is_asked_about(desk) -> None:
    """Ctrl-C came while the probes of the first answer ran."""
    wrong = {**HYPOTHESIS, "claim": "a scripted claim", "probe": "len(values) == 4"}
    at = desk(*whole(ANALYZE=phase("ANALYZE", hypotheses=[OPEN, wrong])))
    at.sandbox = Interrupting(at.sandbox, 1)
    at.run()
    assert Interrupted(phase=Phase.VALIDATE) in at.events
    assert at.run(resume=True).result == "verified"
    assert "No cause is confirmed yet" in at.said


def test_a_new_conversation_on_going_on_counts_what_the_session_has_spent(desk) -> None:
    at = desk(*whole()[:1], Reply(status=401, match="No cause is confirmed yet"))
    spent = at.run().usage.usd
    at.reasoner = None
    at.server.script[:] = whole()[1:]
    at.run(resume=True)
    assert [used and used.usd for used in at.used] == [None, spent]


REFUSALS = [
    "messages.1.content.0: Invalid `signature` in `thinking` block",
    "prompt is too long: 250000 tokens",
]


@pytest.mark.parametrize("said", REFUSALS)
def test_a_conversation_that_the_server_refuses_is_begun_anew(desk, said: str) -> None:
    at = desk(*whole()[:1], Reply(status=400, message=said, match="No cause is confirmed yet"))
    session = at.run()
    assert len(session.faults) == 1
    at.server.script[:] = whole()[1:]
    session = at.run(resume=True)
    assert len(at.server.turns[2].body["messages"]) == 1
    assert session.result == "verified"


def test_a_fix_that_was_tried_before_the_stop_is_not_tried_twice(desk) -> None:
    tools = [call("try_fixes", **FIX), call("hypothesize", hypothesis="h1", code="len(values) == 4")]
    at = desk(*whole(IMPLEMENT=phase("IMPLEMENT", tools=tools)))
    at.sandbox = Interrupting(at.sandbox, 4)
    at.run()
    assert Interrupted(phase=Phase.IMPLEMENT) in at.events
    at.server.script[:] = whole()[3:]
    session = at.run(resume=True)
    assert len(session.fixes) == 1
    assert session.result == "verified"


@pytest.fixture
def limited(desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    at = desk(*whole())
    monkeypatch.setenv("ANTHROPIC_BASE_URL", at.server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert os.environ["ANTHROPIC_API_KEY"] == "k"
    return at


def test_what_stopped_requests_may_have_cost_is_held_against_the_limit_after_each_stop(limited) -> None:
    """What an interrupted answer cost is unknown: it counts at its worst case, also after resuming."""
    slow = Reply(text=f"scripted {'words ' * 400}", chunk=8, delay=0.01, sticky=True)
    limited.server.script[:] = [slow]
    budget = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=1, max_usd=0.2)
    reasoner = claude_reasoner(model="claude-haiku-4-5", max_usd=0.2, redactor=limited.redactor)
    session, starts = Session(), 0
    for _ in range(6):
        resumed = session if session.case is not None else None
        events = drive(limited.case, reasoner, limited.sandbox, intensity="cot", budget=budget,
                       clock=lambda: 0.0, resume=resumed)  # fmt: skip
        for order, event in enumerate(events):
            session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
            if type(event).__name__ == "Streamed":
                starts += 1
                break
        events.close()
        reasoner.close()
    # one such request may cost over $0.06, so $0.20 never pays for six
    assert 0 < starts < 4
    assert any("--max-cost" in fault for fault in session.faults)

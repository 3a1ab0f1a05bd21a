"""The bounds of a session with a model: requests, time and money; and calls that are refused."""

from dataclasses import replace
from typing import Any

import pytest
from phase_script import FIX, answer, call
from scripted_replies import Reply

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.findings import HypothesisVerdict, Phase
from cot_magic.core.jobs import Budget
from cot_magic.reasoners.claude.messages.turn import Delta, TurnRequest
from cot_magic.reasoners.claude.reasoner import claude_reasoner
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.settings import PRESETS, Settings

BUDGET = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=10)
NEVER_DONE = Reply(tools=[call("inspect", expression="values", frame=None)], sticky=True)


@pytest.mark.parametrize("name", PRESETS)
def test_a_model_that_is_never_done_makes_as_many_requests_as_the_intensity_allows(desk, name: str) -> None:
    at = desk(NEVER_DONE)
    session = at.run(budget=replace(PRESETS[name], search_s=60))
    assert len(at.server.turns) <= {"cot": 4, "cot+": 10, "cot++": 25}[name]
    assert session.faults == ()
    assert len(session.finished) == 5


def test_when_all_requests_are_used_the_screen_says_so_and_what_allows_more(desk) -> None:
    session = desk(NEVER_DONE).run(budget=replace(BUDGET, requests=2))
    shown = " ".join(plain(outline(session)).split())
    assert "All 2 requests of this session are used" in shown
    assert "allows more" in shown


def test_after_its_time_no_request_is_made(desk) -> None:
    at = desk(NEVER_DONE)
    session = at.run(budget=replace(BUDGET, wait_s=0.0))
    assert at.server.turns == []
    assert any("for a model are used up" in remark for remark in session.phases[0].remarks)


def test_after_its_money_no_request_is_made_unless_the_person_set_a_limit(desk) -> None:
    at = desk(NEVER_DONE)
    session = at.run(budget=replace(BUDGET, stop_usd=0.0001))
    assert len(at.server.turns) == 1
    assert any("--max-cost allows more" in remark for remark in session.phases[0].remarks)
    other = desk(NEVER_DONE)
    other.run(budget=replace(BUDGET, stop_usd=0.0001, max_usd=5.0))
    assert len(other.server.turns) > 1


def test_a_call_that_is_refused_is_one_line_on_the_screen_and_tells_the_model_how_to_mend_it(desk) -> None:
    edit = {"cell": "", "find": "values = [1, 2, 3]", "replace": "values = []"}
    wrong = call("try_fixes", **{**FIX, "hypothesis": "a scripted claim here", "edits": [edit]})
    at = desk(
        Reply(tools=[wrong], match="What failed, what does this error mean"),
        Reply(text=answer(), sticky=True),
    )
    session = at.run()
    said = "`find` occurs once in cell [1], not in cell [2]: name that cell"
    assert at.results()[0]["content"] == said
    assert f"Refused a call of try_fixes: {said}." in session.phases[0].remarks


def test_a_probe_in_the_first_phase_states_its_claim_and_decides_it(desk) -> None:
    probe = call("hypothesize", hypothesis="the name is misspelt, a scripted claim", prediction="no `valus`",
                 code="'valus' not in globals() and len(values) == 3", frame=None)  # fmt: skip
    at = desk(
        Reply(tools=[probe], match="What failed, what does this error mean"),
        Reply(text=answer(), sticky=True),
    )
    session = at.run()
    assert session.phase(Phase.ANALYZE).remarks[-1] != ""
    assert session.hypotheses[0].claim == "the name is misspelt, a scripted claim"
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.CONFIRMED
    assert "is_error" not in at.results()[0]


def test_no_request_follows_a_fix_that_is_verified(desk) -> None:
    claim = {**FIX, "hypothesis": "h1"}
    first = answer(hypotheses=[{
        "claim": "`valus` is a misspelling", "prediction": "no such name", "cell": "", "line": 1,
        "probe": "'valus' not in globals() and isinstance(values, list)", "frame": None,
    }], fixes=[claim])  # fmt: skip
    at = desk(Reply(text=first, match="What failed, what does this error mean"))
    session = at.run()
    assert session.result == "verified"
    assert len(at.server.turns) == 1
    assert len(session.finished) == 5


def test_every_tool_is_strict_and_keeps_to_the_rules_for_strict_ones(desk) -> None:
    """The server checks the schemas as the API documents it."""
    at = desk(Reply(text=answer(), sticky=True))
    at.run()
    assert [tool["strict"] for tool in at.server.turns[0].body["tools"]] == [True] * 8
    assert at.server.turns[0].refused == ""


def test_a_server_that_knows_no_strict_tools_is_asked_without(desk) -> None:
    def refuse(body) -> str:
        strict = any("strict" in tool for tool in body["tools"])
        return "tools.0.custom.strict: Extra inputs are not permitted" if strict else ""

    at = desk(Reply(text=answer(), sticky=True), refuse=refuse)
    session = at.run()
    assert session.faults == ()
    assert [bool(seen.refused) for seen in at.server.turns][:2] == [True, False]


class EndingTime:
    """A connection; with the first text of an answer, the time of the session is over."""

    def __init__(self, inner: Any, at: Any) -> None:
        self.inner, self.at = inner, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def turn(self, request: TurnRequest) -> Any:
        steps = self.inner.turn(request)
        try:
            for step in steps:
                yield step
                if isinstance(step, Delta):
                    self.at.reasoner._dialogue.until = 0.0
        finally:
            steps.close()


def test_a_long_answer_ends_with_the_time_of_the_session_and_the_verdict_is_told(desk) -> None:
    slow = Reply(text=f"scripted {'words ' * 4_000}", chunk=8, delay=0.02, sticky=True)
    at = desk(slow)
    at.wrap = lambda link: EndingTime(link, at)
    session = at.run()
    assert session.faults == ()
    assert len(session.finished) == 5
    assert len(at.server.turns) == 1
    assert any("are used up" in remark for remark in session.phases[0].remarks)
    assert 0 < len(session.phases[0].streamed) < 24_000


def test_a_server_that_falls_silent_is_not_waited_for_longer_than_the_session_has(desk) -> None:
    at = desk(Reply(text="scripted", fault="stall", after=3))
    at.patience = 60
    session = at.run(budget=replace(BUDGET, wait_s=1.5))
    assert session.faults == ()
    assert any("are used up" in remark for remark in session.phases[0].remarks)


def test_the_budget_and_the_effort_that_the_person_set_reach_the_request() -> None:
    plain, chosen = Settings().effective_budget(), Settings(budget=5_000, effort="max").effective_budget()
    assert (plain.limited, plain.effort) == (False, "")
    assert (chosen.limited, chosen.effort, chosen.thinking_tokens) == (True, "max", 5_000)
    redactor = Redactor({})
    for budget, effort in ((plain, "low"), (chosen, "max")):
        reasoner = claude_reasoner(model="claude-opus-5-5", redactor=redactor)
        body = reasoner._connection(budget).body(
            TurnRequest(system=(), messages=[{"role": "user", "content": []}])
        )
        assert body["output_config"]["effort"] == effort
    limited = claude_reasoner(model="claude-opus-4-6", redactor=redactor)
    body = limited._connection(replace(chosen, effort="")).body(TurnRequest(system=(), messages=[]))
    assert body["thinking"]["budget_tokens"] == 5_000

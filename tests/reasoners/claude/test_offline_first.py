"""The offline reasoner looks first: what a model is told of it, when nothing is sent, and what is shown after a fault."""

import json
from dataclasses import replace
from typing import Any

import pytest
from phase_script import SOURCES, answer, call, whole
from scripted_replies import Reply

from cot_magic.core.engine import drive
from cot_magic.core.events import Faulted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.core.jobs import Budget
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.reasoners.offline_first import OfflineFirst
from cot_magic.reasoners.replay import ReplayReasoner
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.render.summary import summary
from cot_magic.run.choose_reasoner import request_text

BUDGET = Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=10)
# no rule knows what the sum should be
UNKNOWN = ("values = [1, 2, 3]", "assert sum(values) == 7, values")
OPEN = {
    "claim": "a scripted claim about the third value",
    "prediction": "it is 4",
    "cell": "cell [1]",
    "line": 1,
    "probe": "",
    "frame": None,
}
FAULTS = {
    "expired key": Reply(status=401, message="scripted: expired"),
    "no permission": Reply(status=403),
    "unknown model": Reply(status=404, message="model: scripted"),
    "no money": Reply(status=402),
    "no credit": Reply(status=400, message="scripted: Your credit balance is too low"),
    "a long wait": Reply(status=429, headers={"retry-after": "3600"}),
    "refusal": Reply(stop_reason="refusal", stop_details={"type": "refusal", "category": "cyber"}),
    "page": Reply(text="scripted", fault="html"),
}


def text_of(session: Session) -> str:
    return " ".join(plain(outline(session)).split())


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_the_service_answers_the_offline_result_of_the_cell_is_on_the_screen(
    desk, name: str
) -> None:
    at = desk(FAULTS[name])
    at.settles = False
    session = at.run()
    assert len(session.faults) == 1
    assert "\n" not in session.faults[0]
    assert at.server.url.removeprefix("http://") in session.faults[0]
    assert session.result == "verified"
    assert [(view.phase, view.by) for view in session.phases] == [(phase, "offline") for phase in Phase]
    assert session.own == ()
    shown = text_of(session)
    assert "✓ verified" in shown
    assert "From ANALYZE on, this is the result of the offline reasoner." in shown
    assert "Raises NameError without it, passes with it; 1 test shows it." in shown
    assert "(offline) 1 test fails before and passes after" in shown
    assert len(at.server.turns) == 1  # none of these is asked again


def test_a_proxy_that_is_dead_is_one_line_with_what_to_check(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    at = desk()
    at.settles, at.url = False, "http://scripted.invalid"
    session = at.run()
    assert len(session.faults) == 1
    assert "check the network, the proxy" in session.faults[0]
    assert session.result == "verified"
    assert at.server.requests == []


def test_finished_phases_of_the_model_stay_and_the_others_are_the_offline_reasoners(desk) -> None:
    first = Reply(text=answer(hypotheses=[OPEN]), match="What failed, what does this error mean")
    at = desk(first, Reply(status=401, match="No cause is confirmed yet"), sources=UNKNOWN)
    at.settles = True
    session = at.run()
    assert [(view.phase, view.by) for view in session.phases] == [
        (Phase.ANALYZE, ""), (Phase.PLAN, ""), (Phase.VALIDATE, "offline"), (Phase.IMPLEMENT, "offline"),
        (Phase.CONFIRM, "offline"),
    ]  # fmt: skip
    assert session.own == (Phase.ANALYZE, Phase.PLAN)
    assert session.phases[0].headline == "a scripted headline"
    shown = text_of(session)
    assert "%cot_resume continues from VALIDATE; finished phases are kept" in shown
    assert "From VALIDATE on, this is the result of the offline reasoner." in shown


def test_the_model_goes_on_after_the_offline_reasoner_stood_in(desk) -> None:
    first = Reply(text=answer(hypotheses=[OPEN]), match="What failed, what does this error mean")
    at = desk(first, Reply(status=401, match="No cause is confirmed yet"), sources=UNKNOWN)
    at.settles = True
    at.run()
    decided = {**OPEN, "probe": "values[2] == 3 and len(values) == 3"}
    at.server.script[:] = [
        Reply(text=answer(hypotheses=[decided]), match="No cause is confirmed yet"),
        Reply(text=answer()),
    ]
    session = at.run(resume=True)
    assert session.faults == ()
    assert [view.by for view in session.phases] == [""] * 5
    assert len(session.own) == 5


def test_nothing_is_sent_where_the_offline_fix_is_verified(desk) -> None:
    at = desk()
    at.settles = True
    session = at.run()
    assert session.result == "verified"
    assert at.server.requests == []
    assert (session.reasoner, session.worked_by) == ("claude", "offline")
    shown = text_of(session)
    assert "nothing sent" in shown
    assert "so nothing was sent" in shown
    assert summary(session, notebook="n.ipynb", intensity="cot+")["reasoner"] == "offline"


def test_who_writes_a_text_is_answered_with_one_request_where_the_fix_is_verified(desk) -> None:
    at = desk(*whole(), case=None)
    at.case = replace(at.case, prompt="why does it fail?")
    at.settles = True
    session = at.run()
    assert session.result == "verified"
    assert len(at.server.turns) == 1
    assert session.phases[0].headline == "a scripted headline"
    assert [view.by for view in session.phases] == [""] * 5


def test_the_model_starts_with_the_hypotheses_fixes_and_verdicts_of_the_offline_reasoner(desk) -> None:
    at = desk(*whole())
    at.settles = False
    session = at.run()
    told = at.server.turns[0].body["messages"][0]["content"][0]["text"]
    assert "what the offline debugger found" in told
    for hypothesis in session.hypotheses[:1]:
        assert f"{hypothesis.id} (CONFIRMED by" in told
        assert hypothesis.claim in told
    assert "f1 for h1 (VERIFIED by" in told
    assert "+total = sum(values)" in told
    assert len(at.server.turns) == 1


def test_ids_go_on_where_the_offline_reasoner_stopped(desk) -> None:
    probe = call("hypothesize", hypothesis="the third value is a scripted 3", prediction="it is 3",
                 code="values[2] == 3", frame=None)  # fmt: skip
    at = desk(Reply(tools=[probe], match="What failed, what does this error mean"), Reply(text=answer()), Reply(text=answer(), sticky=True),
              sources=UNKNOWN)  # fmt: skip
    at.settles = True
    session = at.run()
    assert session.faults == ()
    ids = [item.id for item in session.hypotheses]
    assert len(set(ids)) == len(ids)
    assert session.hypotheses[-1].claim == "the third value is a scripted 3"
    assert session.judge(session.hypotheses[-1].id).evidence


def test_the_preview_is_the_first_request_byte_for_byte(desk) -> None:
    at = desk(Reply(text=answer(), sticky=True), sources=UNKNOWN)
    at.settles = True
    reasoner = at.make()
    for _ in drive(at.case, reasoner.first, at.sandbox, intensity="cot+", budget=BUDGET, clock=lambda: 0.0):
        pass
    shown = reasoner.preview(at.case, BUDGET)
    assert at.server.requests == []
    asked = at.make()
    events = drive(at.case, asked, at.sandbox, intensity="cot+", budget=BUDGET, clock=lambda: 0.0)
    for _ in events:
        if at.server.turns:
            break
    events.close()
    asked.close()
    raw = at.server.turns[0].raw
    assert json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode() == raw
    printed = request_text(shown).rpartition("\n")[0]  # with spaces, for people
    assert json.dumps(json.loads(printed), separators=(",", ":"), ensure_ascii=False).encode() == raw


class Broken:
    """An offline reasoner with a rule that fails."""

    name = "offline"

    def reason(self, case: Any, budget: Budget) -> Any:
        yield from ()
        raise RuntimeError("a scripted rule failed")


def test_an_offline_reasoner_that_fails_does_not_keep_the_model_from_being_asked(desk) -> None:
    at = desk(*whole())
    model = at.make()
    at.reasoner = OfflineFirst(Broken(), model, settles=True)
    session = at.run()
    assert session.faults == ()
    assert session.result == "verified"
    assert any("a scripted rule failed" in remark for remark in session.phases[0].remarks)


def test_its_share_of_the_time_for_experiments_ends_and_the_model_has_the_rest(desk) -> None:
    at = desk(Reply(text=answer(), sticky=True))
    moments = iter(range(0, 100_000, 100))  # each experiment takes longer than the share
    at.reasoner = OfflineFirst(OfflineReasoner(), at.make(), settles=True, clock=lambda: float(next(moments)))
    session = at.run()
    assert session.faults == ()
    assert len(at.server.turns) > 0


@pytest.mark.parametrize("fault", [None, Reply(status=401)])
def test_a_recording_of_both_is_replayed(desk, fault: Reply | None) -> None:
    at = desk(fault or Reply(text=answer(), sticky=True), sources=UNKNOWN if fault is None else SOURCES)
    at.settles = fault is None
    at.run()
    recorded = [Stamped(order=place, seconds=0.0, event=event) for place, event in enumerate(at.events)]
    replay = ReplayReasoner(recorded)
    again = list(drive(at.case, replay, at.sandbox, intensity="cot+", budget=BUDGET, clock=lambda: 0.0))
    assert [event for event in again if isinstance(event, Faulted)] == []

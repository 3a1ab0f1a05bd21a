"""The reasons for which a model stops, and answers that are not in the requested form."""

import json

import pytest
from phase_script import FIX, HYPOTHESIS, PROBE, answer, call, phase, whole
from scripted_replies import Reply

from cot_magic.core.findings import HypothesisVerdict, Phase


def test_an_answer_that_was_cut_is_asked_for_once_more_with_twice_the_room(desk) -> None:
    cut = Reply(
        text='{"headline": "scripted and cu',
        stop_reason="max_tokens",
        match="What failed, what does this error mean",
    )
    at = desk(cut, *whole())
    session = at.run()
    assert session.result == "verified"
    first, second = (seen.body for seen in at.server.turns[:2])
    assert second["messages"] == first["messages"]
    assert second["max_tokens"] > first["max_tokens"]
    view = session.phase(Phase.ANALYZE)
    assert "scripted and cu" not in view.streamed
    assert any("twice as much" in remark for remark in view.remarks)


def test_a_tool_call_that_was_cut_is_not_run(desk) -> None:
    cut = Reply(
        tools=[{"name": "try_fixes", "input": '{"hypothesis": "h1", "why": "scr'}],
        stop_reason="max_tokens",
        match="No fix is verified yet",
    )
    at = desk(cut, *whole())
    session = at.run()
    assert len(session.fixes) == 1
    assert session.result == "verified"


def test_an_answer_that_is_cut_twice_ends_in_a_fault_that_says_what_to_do(desk) -> None:
    cut = Reply(
        tools=[{"name": "try_fixes", "input": '{"why": "scr'}],
        stop_reason="max_tokens",
        match="No cause is confirmed yet",
    )
    session = desk(whole()[0], cut, cut).run()
    assert len(session.faults) == 1
    assert "cut off at its token limit twice" in session.faults[0]
    assert session.finished == (Phase.ANALYZE, Phase.PLAN)


def test_a_paused_turn_is_sent_back_as_it_is(desk) -> None:
    paused = Reply(
        thinking="scripted",
        text="a scripted pause",
        stop_reason="pause_turn",
        match="No cause is confirmed yet",
    )
    at = desk(whole()[0], paused, Reply(text=answer()), *whole()[1:])
    session = at.run()
    assert session.faults == ()
    assert session.result == "verified"
    assert at.server.turns[2].body["messages"][-1]["content"][-1]["text"] == "a scripted pause"


def test_a_server_that_pauses_for_ever_is_not_followed_and_that_is_said(desk) -> None:
    paused = Reply(text=answer(), stop_reason="pause_turn", match="No cause is confirmed yet")
    goes_on = Reply(text=answer(), stop_reason="pause_turn")
    at = desk(whole()[0], paused, *[goes_on] * 4, *whole()[1:])
    session = at.run()
    assert session.result == "verified"
    assert [remark for remark in session.phase(Phase.VALIDATE).remarks if "paused" in remark] == [
        "The server paused this answer too often: not asking it to continue any more."
    ]


def test_a_refusal_is_said_with_its_category_and_finished_phases_stay(desk) -> None:
    refusal = Reply(
        stop_reason="refusal",
        stop_details={"type": "refusal", "category": "cyber", "explanation": "scripted no"},
        match="No cause is confirmed yet",
    )
    session = desk(*whole(VALIDATE=[refusal])).run()
    assert "declined to answer (category: cyber): scripted no" in session.faults[0]
    assert session.finished == (Phase.ANALYZE, Phase.PLAN)
    assert session.hypotheses


def test_a_full_context_window_is_said_and_a_new_conversation_goes_on(desk) -> None:
    full = Reply(
        text="scripted", stop_reason="model_context_window_exceeded", match="No cause is confirmed yet"
    )
    at = desk(*whole()[:1], full)
    session = at.run()
    assert "context window" in session.faults[0]
    at.server.add(*whole()[1:])
    session = at.run(resume=True)
    assert session.result == "verified"
    content = at.server.turns[2].body["messages"]
    assert len(content) == 1
    assert "a scripted headline" in json.dumps(content)


def test_an_unknown_stop_reason_is_taken_for_an_end(desk) -> None:
    at = desk(
        *whole(
            VALIDATE=[
                Reply(
                    text=answer(hypotheses=[HYPOTHESIS]),
                    stop_reason="novel_reason",
                    match="No cause is confirmed yet",
                )
            ]
        )
    )
    assert at.run().result == "verified"


FORMS = [
    "```json\n{}\n```",
    "Here is what I found (scripted):\n\n{}\n\nI hope this helps.",
    "<think>scripted { braces }</think>{}",
]


@pytest.mark.parametrize("form", FORMS)
def test_json_in_fences_or_among_words_is_read(desk, form: str) -> None:
    text = form.replace("{}", answer(hypotheses=[HYPOTHESIS]))
    at = desk(*whole(ANALYZE=[Reply(text=text, match="What failed, what does this error mean")]), loose=True)
    session = at.run()
    assert session.result == "verified"
    assert session.phase(Phase.ANALYZE).headline == "a scripted headline"


TEXTS = [
    '<tool_call>{"name": "hypothesize", "arguments": %s}</tool_call> scripted',
    '```json\n{"name": "hypothesize", "parameters": %s}\n``` scripted',
    '{"function": {"name": "hypothesize", "arguments": %s}} scripted',
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_tool_call_that_is_written_as_text_is_run(desk, text: str) -> None:
    given = json.dumps({"hypothesis": "h1", "code": "len(values) == 3"})
    at = desk(
        *whole(VALIDATE=[Reply(text=text % given, match="No cause is confirmed yet"), Reply(text=answer())]),
        loose=True,
    )
    session = at.run()
    assert [item.code for item in session.evidence if item.kind == "probe"] == ["len(values) == 3"]
    assert "hypothesize returned" in at.said
    assert session.result == "verified"


def test_an_empty_signature_is_sent_back_as_it_came(desk) -> None:
    first = Reply(
        thinking="scripted",
        text=answer(hypotheses=[HYPOTHESIS]),
        signature="",
        match="What failed, what does this error mean",
    )
    at = desk(*whole(ANALYZE=[first]), loose=True)
    assert at.run().result == "verified"
    block = at.server.turns[-1].body["messages"][1]["content"][0]
    assert (block["type"], block["signature"]) == ("thinking", "")


def test_plain_words_are_asked_for_again_once_and_then_kept_as_a_finding(desk) -> None:
    words = "The name is misspelt, says this scripted answer. More of it."
    at = desk(
        *whole(
            ANALYZE=[Reply(text=words, match="What failed, what does this error mean"), Reply(text=words)]
        ),
        loose=True,
    )
    session = at.run()
    assert session.faults == ()
    view = session.phase(Phase.ANALYZE)
    assert view.headline == "The name is misspelt, says this scripted answer."
    assert [(item.topic, item.text) for item in view.findings] == [("answer", words)]
    assert "was not one JSON object" in at.said


def test_a_model_that_says_nothing_at_all_is_told_about(desk) -> None:
    session = desk(Reply(blocks=[], stop_reason="end_turn", sticky=True), loose=True).run()
    assert session.faults == ()
    assert len(session.finished) == 5
    assert session.phases[0].headline == "The model gave no findings; no hypotheses and no fixes."


def test_an_answer_of_thinking_alone_is_not_sent_back(desk) -> None:
    """The API accepts no assistant turn that ends in thinking."""
    at = desk(*whole(ANALYZE=[Reply(thinking="scripted thinking", match="What failed, what does this error mean"),
                              Reply(text=answer(hypotheses=[HYPOTHESIS]))]))  # fmt: skip
    assert at.run().result == "verified"
    assert [message["role"] for message in at.server.turns[1].body["messages"]] == ["user"]
    assert "asking once more" in " ".join(at.session.phase(Phase.ANALYZE).remarks)


WEIRD = [
    {"headline": 3, "findings": "none", "hypotheses": None, "fixes": {"a": 1}},
    {
        "headline": "scripted",
        "findings": [1, None, {"text": 4}, "scripted words"],
        "hypotheses": [3, {}],
        "fixes": [[]],
    },
    {
        "headline": "scripted",
        "hypotheses": [{"claim": "scripted", "cell": 4, "line": "x", "frame": {}, "probe": PROBE}],
    },
    {"headline": "scripted", "hypotheses": [HYPOTHESIS] * 40, "fixes": [FIX] * 40},
]


@pytest.mark.parametrize("data", WEIRD)
def test_json_of_wrong_types_never_breaks_a_session(desk, data) -> None:
    reply = Reply(text=f"scripted {json.dumps(data)}", sticky=True)
    session = desk(reply, loose=True).run()
    assert session.faults == ()
    assert len(session.finished) == 5
    assert len(session.hypotheses) <= 12


def test_a_hypothesis_about_a_cell_that_is_not_there_is_kept_without_a_place(desk) -> None:
    lost = {**HYPOTHESIS, "cell": "cell [99]", "line": 400}
    session = desk(*whole(ANALYZE=phase("ANALYZE", hypotheses=[lost]))).run()
    assert session.hypotheses[0].cell is None
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.CONFIRMED
    assert session.root_cause is None


def test_an_edit_of_an_earlier_cell_is_tried_there(desk) -> None:
    edit = {"cell": "cell [1]", "find": "values = [1, 2, 3]", "replace": "values = valus = [1, 2, 3]"}
    session = desk(
        *whole(IMPLEMENT=phase("IMPLEMENT", tools=[call("try_fixes", **{**FIX, "edits": [edit]})]))
    ).run()
    assert session.fixes[0].edits[0].cell == "c0"
    assert session.fixes[0].edits[0].before == "values = [1, 2, 3]"
    assert session.result == "verified"


def test_a_whole_new_source_is_an_edit_too(desk) -> None:
    edit = {"cell": "", "source": "total = sum(values)"}
    session = desk(
        *whole(IMPLEMENT=phase("IMPLEMENT", tools=[call("try_fixes", **{**FIX, "edits": [edit]})]))
    ).run()
    assert session.fixes[0].edits[0].after == "total = sum(values)"

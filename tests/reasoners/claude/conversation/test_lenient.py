"""What small models do wrong: each mistake ends in a session with whatever could be used."""

import json
from typing import Any

import pytest
from phase_script import ASKS, EDIT, FIX, HYPOTHESIS, TEST, answer, call, phase, whole
from scripted_replies import Reply

from cot_magic.core.events import Remarked
from cot_magic.core.findings import Phase
from cot_magic.reasoners.claude.conversation.answers import salvaged
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain

THOUGHT = '<think>a scripted draft: {"headline": "a draft", "findings": []}\n'
DIFF = "--- a/cell\n+++ b/cell\n@@ -1 +1 @@\n-total = sum(valus)\n+total = sum(values)\n"


def analysed(text: str) -> list[Reply]:
    return [Reply(text=text, match="What failed, what does this error mean")]


def fixed(**changes: Any) -> list[Reply]:
    return phase("IMPLEMENT", tools=[call("try_fixes", **{**FIX, **changes})])


@pytest.mark.parametrize("start", [THOUGHT + "</think>", THOUGHT.removeprefix("<think>") + "</think>"])
def test_thinking_in_tags_is_no_part_of_the_answer(desk, start: str) -> None:
    session = desk(*whole(ANALYZE=analysed(start + answer(hypotheses=[HYPOTHESIS]))), loose=True).run()
    assert session.phase(Phase.ANALYZE).headline == "a scripted headline"
    assert session.result == "verified"


def test_thinking_in_tags_is_streamed_as_thinking(desk) -> None:
    text = f"{THOUGHT}</think>\n{answer(hypotheses=[HYPOTHESIS])}"
    view = desk(*whole(ANALYZE=analysed(text)), loose=True).run().phase(Phase.ANALYZE)
    assert "a scripted draft" in view.thinking
    assert "draft" not in view.streamed
    assert "think>" not in view.thinking + view.streamed


def test_a_call_that_is_only_thought_of_is_not_made(desk) -> None:
    given = json.dumps({"name": "try_fixes", "arguments": FIX})
    text = f"<think>scripted: I could call {given}</think>{answer(hypotheses=[HYPOTHESIS])}"
    session = desk(*whole(ANALYZE=analysed(text)), loose=True).run()
    assert len(session.fixes) == 1
    assert session.fixes[0].hypothesis == "h1"


def test_words_after_thinking_in_tags_are_kept_without_it(desk) -> None:
    words = "<think>scripted secret plan</think>The name is misspelt, it is scripted."
    replies = [Reply(text=words, match="What failed, what does this error mean"), Reply(text=words)]
    view = desk(*whole(ANALYZE=replies), loose=True).run().phase(Phase.ANALYZE)
    assert [item.text for item in view.findings] == ["The name is misspelt, it is scripted."]


PARTS = json.loads(answer(hypotheses=[HYPOTHESIS]))
IN_PIECES = "\n".join(f"```json\n{json.dumps({name: part})}\n```" for name, part in PARTS.items())
FORMS = {
    "each part by itself": IN_PIECES,
    "inside of another object": json.dumps({"phase": "ANALYZE", "result": PARTS}),
    "a draft first": f'{json.dumps({"headline": "a draft", "hypotheses": []})} then {json.dumps(PARTS)}',
    "line breaks inside of texts": json.dumps(PARTS).replace("is a list and", "is a list\nand"),
    "other names": json.dumps({
        "summary": "a scripted headline",
        "findings": [{"title": "scripted", "description": "scripted"}],
        "hypotheses": [{"hypothesis": HYPOTHESIS["claim"], "expected": "scripted", "cell": "", "line_number": "1",
                        "code": HYPOTHESIS["probe"], "frame": "null"}],
    }),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_of_another_form_is_read(desk, form: str) -> None:
    at = desk(*whole(ANALYZE=analysed(FORMS[form])), loose=True)
    session = at.run()
    assert session.phase(Phase.ANALYZE).headline == "a scripted headline"
    assert [(item.claim, item.lineno) for item in session.hypotheses] == [(HYPOTHESIS["claim"], 1)]
    assert session.phase(Phase.ANALYZE).findings[0].topic == "scripted"
    assert session.result == "verified"
    assert len(at.server.turns) == 2


BROKEN = {
    "a comma too many": answer(hypotheses=[HYPOTHESIS])[:-1] + ",}",
    "no end": answer(hypotheses=[HYPOTHESIS])[:-14],
    "as Python writes it": repr(json.loads(answer(hypotheses=[HYPOTHESIS]))),
    "a list": f"[{json.dumps(HYPOTHESIS)}] (scripted)",
}


@pytest.mark.parametrize("form", BROKEN)
def test_of_json_that_is_broken_twice_the_whole_parts_are_taken(desk, form: str) -> None:
    replies = [
        Reply(text=BROKEN[form], match="What failed, what does this error mean"),
        Reply(text=BROKEN[form]),
    ]
    at = desk(*whole(ANALYZE=replies), loose=True)
    session = at.run()
    assert [item.claim for item in session.hypotheses] == [HYPOTHESIS["claim"]]
    assert session.result == "verified"
    assert '"claim"' not in session.phase(Phase.ANALYZE).headline
    said = " ".join(event.text for event in at.events if isinstance(event, Remarked))
    assert "asking once more" in said
    assert "what could be read" in said


def test_the_headline_of_json_that_is_broken_is_read_as_json_writes_it() -> None:
    text = (
        '{"headline": "le \\"caf\\u00e9\\"\\nis scripted", "findings": [{"topic": "scripted", "text": "x"},'
    )
    assert salvaged(text).headline == 'le "café" is scripted'


@pytest.mark.parametrize("second", ["", "I am sorry, says this scripted answer."])
def test_what_the_first_answer_held_is_kept_if_the_second_is_worse(desk, second: str) -> None:
    bad = Reply(text=second) if second else Reply(blocks=[], stop_reason="end_turn")
    replies = [Reply(text=BROKEN["no end"], match="What failed, what does this error mean"), bad]
    session = desk(*whole(ANALYZE=replies), loose=True).run()
    assert [item.claim for item in session.hypotheses] == [HYPOTHESIS["claim"]]


def test_words_that_come_before_an_empty_answer_are_kept(desk) -> None:
    replies = [
        Reply(text="The name is misspelt, it is scripted.", match="What failed, what does this error mean"),
        Reply(blocks=[], stop_reason="end_turn"),
    ]
    view = desk(*whole(ANALYZE=replies), loose=True).run().phase(Phase.ANALYZE)
    assert [item.text for item in view.findings] == ["The name is misspelt, it is scripted."]


CODE = "len(values) == 3"
WRITTEN = {
    "flat": json.dumps({"tool": "hypothesize", "hypothesis": "h1", "code": CODE}),
    "by its name": json.dumps({"hypothesize": {"hypothesis": "h1", "code": CODE}}),
    "as an action": json.dumps({"action": "hypothesize", "action_input": {"hypothesis": "h1", "code": CODE}}),
    "in a list": json.dumps({"tool_calls": [{"type": "function", "function": {
        "name": "hypothesize", "arguments": json.dumps({"hypothesis": "h1", "code": CODE})}}]}),
    "in tags": f"<tool_call>\n<function=hypothesize>\n<parameter=hypothesis>\nh1\n</parameter>\n<parameter=code>\n{CODE}\n"
               "</parameter>\n</function>\n</tool_call>",
    "a tag with JSON": f'<function=hypothesize>{json.dumps({"hypothesis": "h1", "code": CODE})}</function>',
    "as Python": f'[hypothesize(hypothesis="h1", code="{CODE}")]',
}  # fmt: skip


@pytest.mark.parametrize("form", WRITTEN)
def test_a_call_in_whatever_form_it_is_written_is_made(desk, form: str) -> None:
    replies = [
        Reply(text=f"{WRITTEN[form]} scripted", match="No cause is confirmed yet"),
        Reply(text=answer()),
    ]
    at = desk(*whole(VALIDATE=replies), loose=True)
    session = at.run()
    assert [item.code for item in session.evidence if item.kind == "probe"] == [CODE]


@pytest.mark.parametrize("named", ["H1", "1", 1, "h1: valus is a misspelling", "Hypothesis 1"])
def test_a_hypothesis_is_found_however_it_is_named(desk, named: Any) -> None:
    assert desk(*whole(IMPLEMENT=fixed(hypothesis=named))).run().result == "verified"


def test_a_fix_without_any_hypothesis_is_tried_and_never_more_than_plausible(desk) -> None:
    at = desk(*whole(ANALYZE=phase("ANALYZE"), IMPLEMENT=fixed(hypothesis="")))
    session = at.run()
    assert session.result == "plausible"
    assert session.hypotheses[0].claim == FIX["why"]


EDITS = {
    "in a fence": [{**EDIT, "find": "```python\nvalus\n```", "replace": "```python\nvalues\n```"}],
    "with line numbers": [{**EDIT, "find": "1: total = sum(valus)", "replace": "1: total = sum(values)"}],
    "a whole cell in a fence": [{"cell": "", "source": "```python\ntotal = sum(values)\n```"}],
    "a whole cell with line numbers": [{"cell": "", "source": "1 | total = sum(values)"}],
    "a diff": [{"cell": "", "diff": DIFF}],
    "a diff in a fence": [{"cell": "", "patch": f"```diff\n{DIFF}```"}],
    "a diff as the new text": [{"cell": "", "find": "", "replace": DIFF}],
    "other names": [{"cell": "", "old_str": "valus", "new_str": "values"}],
    "one edit and no list": EDIT,
    "a list as text": json.dumps([EDIT]),
}


@pytest.mark.parametrize("form", EDITS)
def test_an_edit_of_another_form_is_made(desk, form: str) -> None:
    session = desk(*whole(IMPLEMENT=fixed(edits=EDITS[form])), loose=True).run()
    assert [edit.after for fix in session.fixes for edit in fix.edits] == ["total = sum(values)"]
    assert session.result == "verified"


@pytest.mark.parametrize("name", ["ANALYZE", "IMPLEMENT"])
def test_a_diff_among_words_is_tried_as_a_fix(desk, name: str) -> None:
    words = f"The name is misspelt, it is scripted:\n```diff\n{DIFF}```"
    replies = [Reply(text=words, match=ASKS[name]), Reply(text=words)]
    quiet = {"ANALYZE": phase("ANALYZE"), "VALIDATE": [], "IMPLEMENT": phase("IMPLEMENT")}
    session = desk(*whole(**{**quiet, name: replies}), loose=True).run()
    assert [edit.after for fix in session.fixes for edit in fix.edits] == ["total = sum(values)"]
    assert session.result == "plausible"


def test_a_fix_that_is_given_too_early_is_tried_when_it_is_time(desk) -> None:
    script = whole(
        ANALYZE=phase("ANALYZE", hypotheses=[HYPOTHESIS], fixes=[FIX]), IMPLEMENT=phase("IMPLEMENT")
    )
    assert desk(*script).run().result == "verified"


def test_what_two_turns_of_a_phase_wrote_stays_apart(desk) -> None:
    at = desk(*whole(VALIDATE=[Reply(thinking="scripted one", text="scripted first.", match="No cause is confirmed yet",
                                     tools=[call("history", cell="[1]")]),
                               Reply(thinking="scripted two", text=answer())]))  # fmt: skip
    view = at.run().phase(Phase.VALIDATE)
    assert view.thinking == "scripted one\n\nscripted two"
    assert view.streamed == f"scripted first.\n\n{answer()}"


@pytest.mark.parametrize("label", ["cell 2", "Cell [2]:", "In [2]", "2", 2, "[2]", "the failing cell", None])
def test_a_cell_is_found_however_it_is_named(desk, label: Any) -> None:
    session = desk(*whole(IMPLEMENT=fixed(edits=[{**EDIT, "cell": label}])), loose=True).run()
    assert session.result == "verified"


TESTS = {
    "in a fence": [{**TEST, "source": f"```python\n{TEST['source']}\n```"}],
    "source alone": TEST["source"],
    "a list of sources": [TEST["source"]],
    "other names": [{"name": "test_total", "code": TEST["source"]}],
    "a list as text": json.dumps([TEST]),
}


@pytest.mark.parametrize("form", TESTS)
def test_a_test_of_another_form_is_run(desk, form: str) -> None:
    session = desk(*whole(IMPLEMENT=fixed(tests=TESTS[form])), loose=True).run()
    assert [test.name for _, test in session.tests] == ["test_total"]
    assert session.result == "verified"


def test_a_probe_in_a_fence_is_run(desk) -> None:
    fenced = {**HYPOTHESIS, "probe": f"```python\n{HYPOTHESIS['probe']}\n```"}
    assert desk(*whole(ANALYZE=phase("ANALYZE", hypotheses=[fenced]))).run().result == "verified"


def test_a_probe_that_could_not_be_run_is_told_to_the_person(desk) -> None:
    broken = {**HYPOTHESIS, "probe": "values is a list"}
    session = desk(*whole(VALIDATE=phase("VALIDATE", hypotheses=[broken]))).run()
    assert session.result == "plausible"
    found = session.phase(Phase.VALIDATE).findings
    assert any(item.topic == "limits" and "not valid Python" in item.text for item in found)


def test_a_probe_that_was_mended_is_run_and_no_complaint_stays(desk) -> None:
    broken = {**HYPOTHESIS, "probe": "values is a list"}
    script = whole(
        ANALYZE=phase("ANALYZE", hypotheses=[broken]), VALIDATE=phase("VALIDATE", hypotheses=[HYPOTHESIS])
    )
    session = desk(*script).run()
    assert session.result == "verified"
    assert "not valid Python" not in plain(outline(session)).replace("\n", " ")


def test_the_same_probe_again_and_again_is_run_once(desk) -> None:
    again = Reply(tools=[call("hypothesize", hypothesis="h1", code=CODE)], match="No cause is confirmed yet")
    more = [Reply(tools=[call("hypothesize", hypothesis="h1", code=CODE)]) for _ in range(5)]
    at = desk(*whole(VALIDATE=[again, *more, Reply(text=answer())]))
    session = at.run()
    assert [item.code for item in session.evidence].count(CODE) == 1
    assert "already ran" in at.results()[1]["content"]


def test_the_same_fix_again_and_again_is_one_fix(desk) -> None:
    tries = [
        Reply(tools=[call("try_fixes", **FIX)], match="" if n else "No fix is verified yet") for n in range(4)
    ]
    script = whole(
        VALIDATE=phase("VALIDATE", hypotheses=[]), IMPLEMENT=[*tries, Reply(text=answer(fixes=[FIX]))]
    )
    at = desk(*script)
    session = at.run()
    assert len(session.fixes) == 1
    assert "already tried" in at.results()[-1]["content"]
    assert "not tried" not in plain(outline(session)).replace("\n", " ")


def test_a_fix_of_the_answer_for_which_no_round_is_left_is_told(desk) -> None:
    other = {**FIX, "edits": [{**EDIT, "replace": "[6]"}]}
    tries = [Reply(tools=[call("try_fixes", **{**FIX, "edits": [{**EDIT, "replace": f"[{n}]"}]})],
                   match="" if n else "No fix is verified yet") for n in range(2)]  # fmt: skip
    session = desk(*whole(IMPLEMENT=[*tries, Reply(text=answer(fixes=[other]))])).run()
    assert len(session.fixes) == 2
    assert "no round of fixes is left" in plain(outline(session)).replace("\n", " ")


def test_more_calls_in_one_turn_than_a_phase_allows_are_not_all_made(desk) -> None:
    many = [call("inspect", expression=f"values[0] + {n}") for n in range(40)]
    at = desk(*whole(VALIDATE=phase("VALIDATE", tools=many)))
    session = at.run()
    assert len([item for item in session.evidence if item.about == "look"]) == 12
    assert session.result == "verified"


def test_the_input_of_a_call_may_come_as_text_within_json(desk) -> None:
    given = json.dumps({"hypothesis": "h1", "code": CODE})
    block = {"type": "tool_use", "id": "scripted", "name": "hypothesize", "input": json.dumps(given)}
    at = desk(
        *whole(VALIDATE=[Reply(blocks=[block], match="No cause is confirmed yet"), Reply(text=answer())]),
        loose=True,
    )
    assert CODE in [item.code for item in at.run().evidence]
    sent = [
        block for block in at.server.turns[-1].body["messages"][3]["content"] if block["type"] == "tool_use"
    ]
    assert sent[0]["input"] == {"hypothesis": "h1", "code": CODE}


def test_calls_without_ids_or_with_the_same_get_one_each(desk) -> None:
    def block(code: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "tool_use",
            "name": "hypothesize",
            "input": {"hypothesis": "h1", "code": code},
            **more,
        }

    blocks = [block("len(values) == 1", id=None), block("len(values) == 2", id=""), block("len(values) == 4", id="scripted"),
              block("len(values) == 5", id="scripted")]  # fmt: skip
    replies = [Reply(blocks=blocks, match="No cause is confirmed yet"), Reply(text=answer())]
    at = desk(*whole(VALIDATE=replies), loose=True)
    session = at.run()
    assert len([item for item in session.evidence if item.kind == "probe"]) == 4
    messages = at.server.turns[-1].body["messages"]
    calls = [part["id"] for part in messages[3]["content"] if part["type"] == "tool_use"]
    assert len(set(calls)) == 4
    assert all(calls)
    assert [part["tool_use_id"] for part in messages[4]["content"] if part["type"] == "tool_result"] == calls


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reports no tokens."""
    import messages_server

    plain_events = messages_server.events

    def without_usage(*arguments: Any, **more: Any) -> Any:
        for name, data in plain_events(*arguments, **more):
            kept = {key: value for key, value in data.items() if key != "usage"}
            if "message" in kept:
                kept["message"] = {key: value for key, value in kept["message"].items() if key != "usage"}
            yield name, kept

    monkeypatch.setattr(messages_server, "events", without_usage)


def test_tokens_that_are_not_reported_are_not_called_none_and_cost_what_nobody_knows(desk, uncounted) -> None:
    session = desk(*whole()).run()
    text = plain(outline(session))
    assert session.usage is not None
    assert session.usage.usd is None
    assert "The server did not report tokens; price unknown." in text
    assert " 0 out" not in text
    assert "tokens not reported" in text


def test_thinking_whose_tokens_are_not_reported_is_not_called_none(desk) -> None:
    unknown = Reply(thinking="scripted thinking", text=answer(hypotheses=[HYPOTHESIS]), match="What failed, what does this error mean",
                    usage={"output_tokens_details": None})  # fmt: skip
    at = desk(*whole(ANALYZE=[unknown]))
    session = at.run()
    assert session.phase(Phase.ANALYZE).usage.thinking_tokens == 0
    text = " ".join(plain(outline(session)).split())
    assert "97 out, thinking tokens not reported (4,000 a request is a limit)" in text

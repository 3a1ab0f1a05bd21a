"""The outline words a session, and ticks nothing that has no evidence behind it."""

import ast
import inspect
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sessions

import cot_magic.render.blocks as blocks_module
from cot_magic.core.events import (
    EvidenceGathered,
    Faulted,
    Finding,
    FixProposed,
    HypothesisStated,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    Sent,
    SessionEnded,
    Stamped,
    Streamed,
    UsageReported,
)
from cot_magic.core.findings import EvidenceId, Hypothesis, HypothesisId, Phase, Stage, Usage
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.render.blocks import (
    CHECK,
    Diff,
    Fold,
    Mark,
    Outline,
    Picture,
    Row,
    Rows,
    State,
    Stream,
    Table,
    Tests,
    Text,
    tick,
)
from cot_magic.render.headlines import cause
from cot_magic.render.html import html
from cot_magic.render.outline import activity, outline
from cot_magic.render.prose import parse

PACKAGE = Path(blocks_module.__file__).parents[1]


def marks(value: Any) -> list[Mark]:
    """All marks in a value, however deep."""
    if isinstance(value, Mark):
        return [value]
    if isinstance(value, tuple | list):
        return [mark for item in value for mark in marks(item)]
    if is_dataclass(value):
        return [mark for field in fields(value) for mark in marks(getattr(value, field.name))]
    return []


def rows(drawn: Outline, phase: Phase) -> list[Row]:
    section = drawn.sections[list(Phase).index(phase)]
    return [row for block in section.blocks if isinstance(block, Rows) for row in block.rows]


def test_the_title_names_the_failing_cell_and_the_one_that_caused_it(verified: Session) -> None:
    assert outline(verified).title == "KeyError in cell [7], caused in cell [5]"


def test_without_a_known_cause_the_title_names_the_line() -> None:
    session = sessions.fold(sessions.analyze(sessions.key_error_case()))
    assert outline(session).title == "KeyError in cell [7], line 5"


def test_without_a_known_cause_a_fix_stands_below_the_message_and_the_values() -> None:
    told = {"PhaseStarted", "HypothesisStated", "RunProbe", "EvidenceGathered"}
    events = sessions.verified_events()
    start = [event for event in events if type(event).__name__ not in told or event in events[18:]]
    session = sessions.fold(start)
    assert session.best_fix is not None
    assert cause(session).text == "`'price'`: `row` is `{'item': 'tea', 'pirce': 3.5}`."


def test_a_verified_fix_ticks_the_badge_with_its_evidence(verified: Session) -> None:
    badge = outline(verified).badge
    assert badge.text == f"{CHECK} verified"
    assert badge.mark.evidence == ("e4", "e5", "e101", "e102", "e103", "e104", "e6", "e7")


def test_a_fix_without_tests_is_only_plausible() -> None:
    events = [e for e in sessions.verified_events() if type(e).__name__ != "TestWritten"]
    assert outline(sessions.fold(events)).badge.text == "? plausible"


def test_a_session_without_a_fix_is_unresolved() -> None:
    events = [*sessions.analyze(sessions.key_error_case()), SessionEnded()]
    assert outline(sessions.fold(events)).badge.text == "? unresolved"


def test_a_cell_that_passed_is_no_failure() -> None:
    events = [*sessions.analyze(sessions.key_error_case(raised=None)), SessionEnded()]
    drawn = outline(sessions.fold(events))
    assert (drawn.badge.text, drawn.title) == ("no failure", "cell [7] passed")


def test_a_cell_that_passed_but_fails_in_another_order_is_a_failure() -> None:
    case = sessions.key_error_case(raised=None)
    found = EvidenceGathered(evidence=sessions.failing_schedule(1))
    drawn = outline(sessions.fold([*sessions.analyze(case), found, SessionEnded()]))
    assert drawn.title == "cell [7] passed, but raises KeyError in another order"
    assert drawn.badge.text == "? unresolved"


def test_the_schedule_that_fails_is_a_picture_beside_the_evidence() -> None:
    drawn = outline(sessions.fold(sessions.race_events()))
    blocks = {section.phase: section.blocks for section in drawn.sections}
    pictures = [block for block in blocks[Phase.VALIDATE] if isinstance(block, Picture)]
    assert [len(picture.trace.steps) for picture in pictures] == [3]
    assert pictures[0].inevitable_after == 2
    claims = [row.claim for row in rows(drawn, Phase.VALIDATE)]
    assert "7 of 100 schedules of the cell fail" in claims


def test_a_session_under_way_says_so_even_with_a_proven_fix() -> None:
    assert outline(sessions.fold(sessions.verified_events()[:-1])).badge.text == "… running"


def test_an_interrupted_session_keeps_what_was_found() -> None:
    events = sessions.verified_events()
    cut = next(i for i, e in enumerate(events) if isinstance(e, PhaseEnded) and e.phase is Phase.VALIDATE)
    drawn = outline(sessions.fold([*events[:cut], Interrupted(phase=Phase.VALIDATE), SessionEnded()]))
    assert drawn.badge.word == "interrupted"
    assert [s.state for s in drawn.sections] == [
        State.DONE,
        State.DONE,
        State.INTERRUPTED,
        State.WAITING,
        State.WAITING,
    ]
    assert [row.mark.sign for row in rows(drawn, Phase.VALIDATE)] == [CHECK, "✗", "?"]
    assert drawn.sections[3].headline == "not reached"


def test_a_fault_of_ours_is_told_above_the_phases() -> None:
    events = [*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.PLAN)]
    drawn = outline(sessions.fold([*events, Faulted(phase=Phase.PLAN, message="the service is away")]))
    assert drawn.notes == ("Stopped: the service is away",)
    assert (drawn.sections[1].state, drawn.sections[1].headline) == (State.INTERRUPTED, "stopped")


def test_a_session_that_a_fault_stopped_is_not_called_unresolved() -> None:
    case = sessions.key_error_case()
    begun = [*sessions.analyze(case), PhaseStarted(phase=Phase.PLAN), Sent(phase=Phase.PLAN, characters=9)]
    fault = Faulted(phase=Phase.PLAN, message="the service is away")
    drawn = outline(sessions.fold([*begun, fault, SessionEnded()]))
    assert drawn.badge.text == "■ stopped"
    assert drawn.notes[-1] == "`%cot_resume` continues from PLAN; finished phases are kept."
    first = [begun[0], PhaseStarted(phase=Phase.ANALYZE), Sent(phase=Phase.ANALYZE, characters=9)]
    drawn = outline(sessions.fold([*first, Faulted(phase=Phase.ANALYZE, message="away"), SessionEnded()]))
    assert drawn.notes[-1] == "`%cot_resume` continues from ANALYZE."


def test_the_fold_of_a_phase_that_was_cut_off_is_open() -> None:
    begun = [*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.PLAN)]
    text = Streamed(phase=Phase.PLAN, text="the partial text")
    page = html(outline(sessions.fold([*begun, text, Interrupted(phase=Phase.PLAN), SessionEnded()])))
    assert page.count("<details open") == 1
    assert page.index("<details open") < page.index("the partial text")


def test_a_remark_that_follows_itself_is_told_once_with_how_often() -> None:
    begun = [*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.PLAN)]
    texts = ("It starts again.",) * 3 + ("Another.", "It starts again.")
    drawn = outline(sessions.fold([*begun, *(Remarked(phase=Phase.PLAN, text=text) for text in texts)]))
    blocks = drawn.sections[1].blocks
    said = [block.text for block in blocks if isinstance(block, Text) and block.topic == "model"]
    assert said == ["It starts again. (3 times)", "Another.", "It starts again."]


def test_a_request_without_an_answer_yet_is_told() -> None:
    session = sessions.fold([*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.PLAN)])
    assert activity(session, Sent(phase=Phase.PLAN, characters=9)) == "waiting for an answer"


def test_meta_counts_what_left_the_machine_and_what_was_withheld(verified: Session) -> None:
    assert outline(verified).meta[1:] == ("offline", "nothing sent", "3 values withheld")


def test_with_a_model_meta_gives_tokens_and_price_instead_of_nothing_sent() -> None:
    usage = Usage(input_tokens=12_345, output_tokens=678, usd=0.125)
    events = [
        *sessions.analyze(sessions.key_error_case())[:2],
        UsageReported(phase=Phase.ANALYZE, usage=usage),
    ]
    session = replace(sessions.fold(events), reasoner="claude")
    assert outline(session).meta[1:4] == ("claude", "in 12,345 · out 678 tokens", "$0.12")


def test_a_model_that_reported_nothing_is_not_said_to_have_been_sent_nothing() -> None:
    session = replace(sessions.fold(sessions.analyze(sessions.key_error_case())), reasoner="claude")
    assert "nothing sent" not in outline(session).meta


def test_analyze_shows_the_failing_line_the_values_and_the_hypotheses(verified: Session) -> None:
    section = outline(verified).sections[0]
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert tables[0].rows[0][:3] == ("row", "dict", "{'item': 'tea', 'pirce': 3.5}")
    assert tables[1].rows[0][:2] == ("cell [5]", "records")
    assert [row.mark.sign for row in rows(outline(verified), Phase.ANALYZE)] == ["·", "·", "·"]
    assert "Predicts: every record" in rows(outline(verified), Phase.ANALYZE)[0].detail


def test_validate_orders_the_verdicts_and_keeps_each_probe_behind_its_row(verified: Session) -> None:
    confirmed, refuted, open_one = rows(outline(verified), Phase.VALIDATE)
    assert confirmed.mark == tick([EvidenceId("e1")])
    assert confirmed.runs[0].output == "2 records\n"
    assert (refuted.mark.sign, refuted.mark.evidence) == ("✗", ("e2",))
    assert open_one.detail == "Not decided: blocked: needs the network (--allow net)"


def test_effects_that_the_sandbox_saw_are_listed(verified: Session) -> None:
    texts = [b.text for b in outline(verified).sections[2].blocks if isinstance(b, Text)]
    assert any("`open for writing out.csv`" in text and "`connect shop.example:80`" in text for text in texts)


def test_implement_shows_the_best_fix_as_a_diff_and_folds_the_others(verified: Session) -> None:
    section = outline(verified).sections[3]
    (diff,) = [block for block in section.blocks if isinstance(block, Diff)]
    assert [line.text for line in diff.lines if line.sign == "+"] == [
        '    {"item": "tea", "price": 3.5},',
        '    {"item": "milk", "price": 1.2},',
    ]
    assert diff.title == "cell [5] · 2 lines changed · smallest of 2 fixes that pass"
    (fold,) = [block for block in section.blocks if isinstance(block, Fold)]
    assert fold.title == "1 other fix tried"
    (other,) = [row for block in fold.blocks if isinstance(block, Rows) for row in block.rows]
    assert (other.mark.sign, "uses a default" in other.detail) == ("?", True)


def test_confirm_shows_tests_before_and_after_and_what_is_open(verified: Session) -> None:
    section = outline(verified).sections[4]
    (tests,) = [block for block in section.blocks if isinstance(block, Tests)]
    (row,) = tests.rows
    assert (row.mark, row.before, row.after) == (
        tick([EvidenceId("e6"), EvidenceId("e7")]),
        "raises AssertionError",
        "passes",
    )
    open_points = [b for b in section.blocks if isinstance(b, Rows) and b.title == "Not verified"]
    assert [r.mark.sign for r in open_points[0].rows] == ["?"]


def test_a_test_is_not_ticked_while_its_fix_is_only_plausible() -> None:
    refuting = sessions.probe(20, sessions.H1, "False", held=False)
    events = [*sessions.verified_events()[:-1], EvidenceGathered(evidence=refuting), SessionEnded()]
    drawn = outline(sessions.fold(events))
    assert drawn.badge.text == "? plausible"
    (tests,) = [block for block in drawn.sections[4].blocks if isinstance(block, Tests)]
    assert tests.rows[0].mark.sign == "?"


def test_a_test_that_fails_with_the_fix_is_crossed_and_the_fix_goes_behind_the_fold() -> None:
    broken = sessions.run_of_test(21, sessions.F1, Stage.AFTER, Outcome.RAISED)
    events = [*sessions.verified_events()[:-1], EvidenceGathered(evidence=broken), SessionEnded()]
    drawn = outline(sessions.fold(events))
    folds = [block for block in drawn.sections[3].blocks if isinstance(block, Fold)]
    rejected = [row for b in folds[0].blocks if isinstance(b, Rows) for row in b.rows if row.mark.sign == "✗"]
    assert "test_each_record_has_a_price fails with it" in rejected[0].detail


def test_the_state_on_which_completed_runs_stood_is_told() -> None:
    late = sessions.probe(
        30, sessions.H1, "True", note="on the state after the failure: the kernel is too large"
    )
    events = [*sessions.verified_events()[:-1], EvidenceGathered(evidence=late), SessionEnded()]
    drawn = outline(sessions.fold(events))
    texts = [b.text for b in drawn.sections[2].blocks if isinstance(b, Text) and b.topic == "state"]
    assert texts == ["on the state after the failure: the kernel is too large"]
    assert any("on the state after" in row.claim for row in rows(drawn, Phase.CONFIRM))


def test_streamed_text_and_thinking_grow_beside_the_blocks_and_are_folded_when_the_phase_ends() -> None:
    start = sessions.analyze(sessions.key_error_case())[:2]
    streamed = [
        *start,
        Streamed(phase=Phase.ANALYZE, text="I look at "),
        Streamed(phase=Phase.ANALYZE, text="the keys."),
        Streamed(phase=Phase.ANALYZE, text="hm", thinking=True),
    ]
    running = outline(sessions.fold(streamed)).sections[0]
    assert running.streams == (Stream(text="I look at the keys."), Stream(text="hm", thinking=True))
    assert not any(isinstance(block, Fold) for block in running.blocks)
    ended = PhaseEnded(phase=Phase.ANALYZE, headline="done")
    done = outline(sessions.fold([*streamed, ended])).sections[0]
    assert done.streams == ()
    assert Text(text="I look at the keys.") in done.blocks
    finding = Finding(phase=Phase.ANALYZE, topic="keys", text="They are misspelt.")
    blocks = outline(sessions.fold([*streamed, finding, ended])).sections[0].blocks
    folds = [block.title for block in blocks if isinstance(block, Fold)]
    assert folds == [
        "what the model wrote (19 characters)",
        "thinking (2 characters)",
    ]


def test_words_for_what_is_drawn_are_left_out_for_the_offline_reasoner_alone() -> None:
    events = sessions.analyze(sessions.key_error_case())
    told = [*events[:2], Finding(phase=Phase.ANALYZE, topic="values", text="row lacks it"), *events[2:]]
    session = sessions.fold(told)
    assert "row lacks it" not in repr(outline(session))
    assert "row lacks it" in repr(outline(replace(session, reasoner="claude")))
    unknown = sessions.fold([e for e in told[1:] if not isinstance(e, PhaseEnded)])
    assert "row lacks it" in repr(outline(replace(unknown, reasoner="offline")))


def test_a_probe_of_an_unknown_hypothesis_is_shown_all_the_same() -> None:
    stray = sessions.probe(40, sessions.HypothesisId("h9"), "1 == 1")
    events = [*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.VALIDATE)]
    drawn = outline(sessions.fold([*events, EvidenceGathered(evidence=stray)]))
    assert rows(drawn, Phase.VALIDATE)[-1].runs[0].evidence == "e40"


def test_each_event_that_starts_work_is_told_as_the_headline_of_the_running_phase(
    verified_stream: list[Stamped],
) -> None:
    session, said = Session(), []
    for stamped in verified_stream:
        session = session.evolve(stamped)
        said.append(activity(session, stamped.event) or "")
    assert any(text.startswith("testing: The key is misspelt") for text in said)
    assert any(text.startswith("trying a fix, with 1 test: Spell the key") for text in said)
    running = outline(sessions.fold(sessions.analyze(sessions.key_error_case())[:2]), "testing: x")
    assert running.sections[0].headline == "testing: x"
    assert running.running is running.sections[0]


# --- the rule: no check mark without evidence ---------------------------------------------------------------


def test_a_check_mark_without_evidence_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="evidence"):
        tick([])
    with pytest.raises(ValueError, match="evidence"):
        Mark(sign=f" {CHECK}")


def test_at_no_moment_of_a_session_is_there_a_check_mark_without_evidence(
    verified_stream: list[Stamped],
) -> None:
    session = Session()
    ticked = 0
    for stamped in verified_stream:
        session = session.evolve(stamped)
        known = {item.id for item in session.evidence}
        for mark in marks(outline(session)):
            if CHECK in mark.sign:
                ticked += 1
                assert mark.evidence
                assert set(mark.evidence) <= known
    assert ticked > 10


def test_words_of_a_reasoner_lose_their_check_marks() -> None:
    drawn = outline(sessions.fold(sessions.hostile_events("✓ verified ✅")))
    assert drawn.sections[0].headline == "☐ verified ☐"
    said = [row.claim + row.detail for phase in Phase for row in rows(drawn, phase)]
    said += [run.label + run.note for phase in Phase for row in rows(drawn, phase) for run in row.runs]
    said += [b.text + b.topic for s in drawn.sections for b in s.blocks if isinstance(b, Text)]
    said += [drawn.title, *drawn.meta, *drawn.notes]
    words = [
        s.text for text in said for part in parse(text) for item in part.items for s in item if not s.code
    ]
    assert len(words) >= 20
    assert not any(CHECK in text or "✅" in text for text in words)


def test_one_constant_holds_the_check_mark_of_all_screens() -> None:
    """Other literals with the sign could print it without evidence; the one in `safe_text` takes it away."""
    found = []
    for path in sorted((PACKAGE / "render").glob("*.py")) + sorted((PACKAGE / "notebook").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            path.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
            if CHECK in node.value
        ]
    assert found == ["blocks.py", "safe_text.py"]
    assert "CHECK" in inspect.getsource(tick)


# --- foreign text -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_session_of_hostile_texts_stays_small_and_visible() -> None:
    for name, text in sessions.HOSTILE.items():
        drawn = outline(sessions.fold(sessions.hostile_events(text)))
        everything = repr(drawn)
        assert len(everything) < 2_500_000, name
        assert not any(sign in everything for sign in "\u202e\u2066\u200f\u061c\x1b\x07\x9b\x00\ud800"), name


@pytest.mark.slow
def test_many_rival_fixes_are_drawn_without_judging_them_anew_each_time() -> None:
    events = sessions.verified_events()[:-1]
    for number in range(40):
        fix = sessions.Fix(
            id=sessions.FixId(f"g{number}"),
            edits=(
                sessions.CellEdit(cell="c7", before=sessions.TOTAL, after=f"{sessions.TOTAL}\nx = {number}"),
            ),
            why="another",
            hypothesis=sessions.H1,
        )
        after = sessions.fix_run(100 + number, fix.id, Stage.AFTER, Outcome.PASSED)
        events += [FixProposed(fix=fix), EvidenceGathered(evidence=after)]
    drawn = outline(sessions.fold([*events, SessionEnded()]))
    (fold,) = [block for block in drawn.sections[3].blocks if isinstance(block, Fold)]
    assert fold.title == "41 other fixes tried"


@pytest.mark.parametrize("others", [1, 0], ids=["beside another", "alone"])
def test_a_hypothesis_that_only_repeats_the_error_is_not_shown(others):
    repeats = Hypothesis(
        id=HypothesisId("h1"), claim="It raises again.", prediction="It fails.", restates=True
    )
    better = Hypothesis(id=HypothesisId("h2"), claim="The key is wrong.", prediction="p", rule="key.near")
    events = [
        PhaseStarted(phase=Phase.ANALYZE),
        *(HypothesisStated(hypothesis=item) for item in (repeats, better)[: 1 + others]),
    ]
    claims = [row.claim for row in rows(outline(sessions.fold(events)), Phase.ANALYZE)]
    assert "It raises again." not in claims
    assert len(claims) == others
    assert ("The key is wrong." in claims) is bool(others)


def test_a_long_token_is_shortened_and_whole_in_a_fold() -> None:
    token = f"cot1-0-{'0w2.' * 30}1w2-03b2c8dc"
    events = [*sessions.analyze(sessions.key_error_case()), PhaseStarted(phase=Phase.VALIDATE)]
    told = Finding(phase=Phase.VALIDATE, topic="schedules", text=f"Replay it with `--seed {token}`.")
    blocks = outline(sessions.fold([*events, told])).sections[2].blocks
    (text,) = [block.text for block in blocks if isinstance(block, Text)]
    assert max(map(len, text.split())) <= 40
    assert [block.blocks[0].source for block in blocks if isinstance(block, Fold)] == [token]


def test_a_phase_does_not_say_again_what_the_answer_above_it_says(verified: Session) -> None:
    drawn = outline(verified)
    folded = {section.phase: section.headline for section in drawn.sections}
    assert drawn.cause not in folded[Phase.ANALYZE]
    assert folded[Phase.ANALYZE].startswith("KeyError")
    assert folded[Phase.CONFIRM] == "1 test fails before and passes after"

"""%cot_answer on a session whose fixes pass and behave differently."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cot_magic.actions.decide import choose, decide
from cot_magic.core.errors import UsageError
from cot_magic.core.events import EvidenceGathered, FixProposed, HypothesisStated, SessionStarted, Stamped
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Example,
    Fix,
    FixId,
    FixVerdict,
    Hypothesis,
    HypothesisId,
    Stage,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.question import question
from cot_magic.core.session import Session
from cot_magic.notebook.insert.offer import CHOOSE, offer
from cot_magic.render.brief import head
from cot_magic.render.outline import outline
from cot_magic.run.last_session import LAST
from cot_magic.testing import BUDGET, case, through_codec

CASE = case('print(len("items))', ename="SyntaxError", evalue="unterminated string literal")
WHY = HypothesisId("h1")


def fix(name: str, source: str) -> Fix:
    edit = CellEdit(cell=CASE.cell.id, before=CASE.cell.source, after=source)
    return Fix(id=FixId(name), edits=(edit,), why=f"Write {source}.", hypothesis=WHY)


def ran(number: int, about: str, printed: str) -> Evidence:
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.FIX,
        about=about,
        code="",
        outcome=Outcome.PASSED,
        stage=Stage.AFTER,
        output=printed,
    )


@pytest.fixture
def asked() -> Iterator[Session]:
    kept = (LAST.session, LAST.shown, LAST.events)
    session = Session()
    events = [
        SessionStarted(case=CASE, intensity="cot", reasoner="test", budget=BUDGET),
        HypothesisStated(hypothesis=Hypothesis(id=WHY, claim="A quote is missing.", prediction="")),
        FixProposed(fix=fix("f1", 'print(len("items"))')),
        EvidenceGathered(evidence=ran(1, "f1", "5")),
        FixProposed(fix=fix("f2", "print(len(items))")),
        EvidenceGathered(evidence=ran(2, "f2", "2")),
    ]
    for order, event in enumerate(events):
        session = session.evolve(through_codec(Stamped(order=order, seconds=0.0, event=event)))
    LAST.remember(session)
    LAST.events = []
    yield session
    LAST.session, LAST.shown, LAST.events = kept


def test_the_question_says_what_each_fix_does(asked: Session) -> None:
    found = question(asked)
    assert found is not None
    assert found.text == "Which did you mean? 1: prints 5; 2: prints 2"
    assert [item.fix.id for item in found.choices] == ["f1", "f2"]


def test_what_only_the_person_can_decide_is_called_their_choice(asked: Session) -> None:
    ended = replace(asked, ended=True)
    assert outline(ended).badge.text == "? your choice"
    assert head(ended).startswith("Verdict: your choice (")
    assert ended.result == "plausible", "programs read the word that they know"


def test_fixes_that_end_alike_are_told_apart_by_a_call(asked: Session) -> None:
    session = Session()
    fixes = [
        replace(fix("f1", 'print(len("items"))'), example=Example(call="f([])", gives="`0`")),
        replace(fix("f2", "print(len(items))"), example=Example(call="f([])", gives="an error (IndexError)")),
        replace(fix("f3", "print(len('items'))"), example=Example(call="f([])", gives="`0`")),
    ]
    events = [
        SessionStarted(case=CASE, intensity="cot", reasoner="test", budget=BUDGET),
        HypothesisStated(hypothesis=Hypothesis(id=WHY, claim="A quote is missing.", prediction="")),
    ]
    for number, item in enumerate(fixes, 1):
        events += [FixProposed(fix=item), EvidenceGathered(evidence=ran(number, item.id, "same"))]
    for order, event in enumerate(events):
        session = session.evolve(through_codec(Stamped(order=order, seconds=0.0, event=event)))
    found = question(session)
    assert found is not None
    assert found.text == "What should `f([])` give? `0` or an error (IndexError)?"
    assert [item.fix.id for item in found.choices] == ["f1", "f2"]
    assert found.choices[1].does == "gives an error (IndexError) for `f([])`"


def test_the_answer_makes_that_fix_the_best_one_and_is_recorded(asked: Session, capsys) -> None:
    decided = decide("2")
    assert decided.best_fix is not None
    assert decided.best_fix.id == "f2"
    assert LAST.session is decided
    assert [type(item.event).__name__ for item in LAST.events] == ["Decided"]
    assert "prints 2" in capsys.readouterr().out
    assert any("you meant f2" in reason for reason in decided.judge_fix(asked.fixes[0]).reasons)


def test_a_rival_that_was_not_meant_does_not_count(asked: Session) -> None:
    before = asked.judge_fix(asked.fixes[0]).reasons
    after = replace(asked, meant=FixId("f1")).judge_fix(asked.fixes[0])
    assert any("only you know which one you meant" in reason for reason in before)
    assert not any("only you know" in reason for reason in after.reasons)
    assert after.verdict is FixVerdict.PLAUSIBLE, "nothing else has been shown of it"


@pytest.mark.parametrize("line", ["3", "0", "the first", ""])
def test_an_answer_that_is_no_choice_changes_nothing(asked: Session, line: str) -> None:
    with pytest.raises(UsageError, match="from 1 to 2"):
        decide(line)
    assert LAST.session is asked


def test_each_choice_is_offered_until_one_is_made(asked: Session) -> None:
    made = offer(asked)
    assert made["said"] == CHOOSE
    assert [(item["number"], item["does"]) for item in made["choices"]] == [(1, "prints 5"), (2, "prints 2")]
    assert [item["edits"][0]["after"] for item in made["choices"]] == [
        'print(len("items"))',
        "print(len(items))",
    ]
    after = offer(decide("2"))
    assert (after["said"], after["choices"]) == ("", [])
    assert after["edits"] == made["choices"][1]["edits"]


def test_a_click_on_a_choice_does_what_the_magic_does(asked: Session) -> None:
    assert choose(asked.id, 2) == "2 is what was meant (prints 2): that fix is plausible."
    assert LAST.session is not None
    assert LAST.session.meant == "f2"
    with pytest.raises(UsageError, match="another session"):
        choose("older", 1)


def test_without_a_question_there_is_nothing_to_answer() -> None:
    kept = (LAST.session, LAST.shown)
    LAST.remember(None)
    with pytest.raises(UsageError, match="no question"):
        decide("1")
    LAST.session, LAST.shown = kept

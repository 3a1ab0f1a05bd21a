"""An id means one thing in a session, and only the engine makes evidence."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from cot_magic.core.engine import drive
from cot_magic.core.events import (
    ChallengeFix,
    Decided,
    Event,
    EvidenceGathered,
    Faulted,
    FixProposed,
    HypothesisStated,
    PhaseStarted,
    TestWritten,
    TryFix,
)
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    Hypothesis,
    HypothesisId,
    Phase,
    RegressionTest,
)
from cot_magic.core.jobs import Outcome
from cot_magic.testing import BUDGET, NamespaceSandbox, ScriptedReasoner, case, withstood

CASE = case("y = x / 0")
WHY = HypothesisId("h1")
HONEST = Fix(
    id=FixId("f1"),
    edits=(CellEdit(cell=CASE.cell.id, before="y = x / 0", after="y = x / 2"),),
    why="",
    hypothesis=WHY,
)
LIE = replace(HONEST, edits=(replace(HONEST.edits[0], after="y = None"),))
TEST = RegressionTest(name="test_y", source="def test_y():\n    assert y == 4\ntest_y()")
FORGED = Evidence(id=EvidenceId("e1"), kind=EvidenceKind.FIX, about="f1", code="", outcome=Outcome.PASSED)


def stream(*steps: Any, challenger: Any = None) -> list[Event]:
    reasoner = ScriptedReasoner(steps)
    sandbox = NamespaceSandbox({"x": 8})
    events = drive(
        CASE, reasoner, sandbox, intensity="cot", budget=BUDGET, clock=lambda: 0.0, challenger=challenger
    )
    return list(events)


def fault(events: list[Event]) -> str:
    return next((event.message for event in events if isinstance(event, Faulted)), "")


@pytest.mark.parametrize(
    "step",
    [
        EvidenceGathered(evidence=FORGED),
        EvidenceGathered(evidence=withstood("f1")[0]),
        Decided(fix=HONEST.id),
    ],
    ids=["a run", "a challenge", "the answer of the person"],
)
def test_a_reasoner_cannot_make_what_only_the_engine_makes(step: Event) -> None:
    events = stream(FixProposed(fix=LIE), step)
    assert "only the engine does" in fault(events)
    assert step not in events


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (TryFix(fix=HONEST), FixProposed(fix=LIE)),
        (FixProposed(fix=LIE), TryFix(fix=HONEST)),
        (
            TryFix(fix=HONEST, tests=(TEST,)),
            TestWritten(fix=HONEST.id, test=replace(TEST, source="def test_y(): ...")),
        ),
        (
            HypothesisStated(hypothesis=Hypothesis(id=WHY, claim="It is divided by 0.", prediction="")),
            HypothesisStated(hypothesis=Hypothesis(id=WHY, claim="The moon is full.", prediction="")),
        ),
    ],
    ids=["tried, then proposed", "proposed, then tried", "a test", "a hypothesis"],
)
def test_what_was_tried_under_an_id_cannot_be_something_else(first: Event, then: Event) -> None:
    events = stream(first, then)
    assert fault(events)
    assert then not in events


def test_the_same_again_is_no_fault() -> None:
    assert not fault(stream(FixProposed(fix=HONEST), TryFix(fix=HONEST), FixProposed(fix=HONEST)))


def test_what_the_engine_proposes_is_not_shown_under_an_id_that_a_reasoner_took() -> None:
    taken = replace(LIE, id=FixId("f1.1"))

    def offers(**given: Any) -> Generator[Any, Any, None]:
        yield FixProposed(fix=replace(HONEST, id=FixId("f1.1")))

    events = stream(
        FixProposed(fix=taken), PhaseStarted(phase=Phase.ANALYZE), ChallengeFix(fix=HONEST), challenger=offers
    )
    assert "f1.1 has other edits" in fault(events)
    assert [event.fix for event in events if isinstance(event, FixProposed)] == [taken]

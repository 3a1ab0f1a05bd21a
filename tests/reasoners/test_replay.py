"""A recording as a reasoner: the same session again, and its experiments afresh."""

import time

import pytest

from cot_magic.core.engine import drive
from cot_magic.core.errors import RecordingError
from cot_magic.core.events import (
    Faulted,
    Finding,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    Resumed,
    RunProbe,
    SessionEnded,
    SessionStarted,
    Stamped,
)
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.reasoners.replay import ReplayReasoner
from cot_magic.testing import BUDGET, NamespaceSandbox, case
from cot_magic.verdict.challenge import challenge


def recorded(failing, replaying) -> list[Stamped]:
    example = failing("values = [1, 2, 3]", "total = sum(valus)")
    events = drive(
        example,
        OfflineReasoner(),
        replaying(example),
        intensity="cot+",
        budget=BUDGET,
        clock=time.monotonic,
        challenger=challenge,
    )
    return [Stamped(order=order, seconds=float(order), event=event) for order, event in enumerate(events)]


def folded(events) -> Session:
    session = Session()
    for order, event in enumerate(events):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    return session


def test_its_experiments_run_afresh_and_the_judgement_is_the_same(failing, replaying) -> None:
    tape = recorded(failing, replaying)
    replayer = ReplayReasoner(tape)
    sandbox = replaying(replayer.case)
    events = list(
        drive(
            replayer.case,
            replayer,
            sandbox,
            intensity="cot+",
            budget=BUDGET,
            clock=time.monotonic,
            challenger=challenge,
        )
    )
    then, now = folded(item.event for item in tape), folded(events)
    assert now.result == then.result == "verified"
    assert [view.headline for view in now.phases] == [view.headline for view in then.phases]
    assert [(item.id, item.outcome, item.held) for item in now.evidence] == [
        (item.id, item.outcome, item.held) for item in then.evidence
    ]


def test_on_another_state_the_evidence_differs_although_the_words_are_the_same(failing, replaying) -> None:
    replayer = ReplayReasoner(recorded(failing, replaying))
    events = drive(replayer.case, replayer, NamespaceSandbox({"valus": [1]}), intensity="cot+", budget=BUDGET, clock=time.monotonic)  # fmt: skip
    assert folded(events).result != "verified"


def test_it_asks_for_exactly_what_was_recorded(failing, replaying) -> None:
    tape = recorded(failing, replaying)
    replayer = ReplayReasoner(tape)
    steps = list(replayer.reason(replayer.case, BUDGET))
    left_out = (SessionStarted, SessionEnded)
    assert steps == [
        item.event
        for item in tape
        if not isinstance(item.event, left_out) and type(item.event).__name__ != "EvidenceGathered"
    ]


def test_a_phase_that_was_cut_short_and_begun_again_is_one_phase() -> None:
    started = SessionStarted(case=case(), intensity="cot", reasoner="claude", budget=BUDGET)
    events = [
        started,
        PhaseStarted(phase=Phase.ANALYZE),
        Finding(phase=Phase.ANALYZE, topic="pattern", text="x"),
        Faulted(phase=Phase.ANALYZE, message="gone"),
        SessionEnded(),
        Resumed(reasoner="claude"),
        PhaseStarted(phase=Phase.ANALYZE),
        PhaseEnded(phase=Phase.ANALYZE, headline="done"),
        SessionEnded(),
    ]
    replayer = ReplayReasoner([Stamped(order=n, seconds=0.0, event=event) for n, event in enumerate(events)])
    session = folded(
        drive(case(), replayer, NamespaceSandbox(), intensity="cot", budget=BUDGET, clock=time.monotonic)
    )
    assert session.faults == ()
    assert session.finished == (Phase.ANALYZE,)


@pytest.mark.parametrize("events", [[], [SessionEnded()]])
def test_what_is_no_session_is_told(events) -> None:
    with pytest.raises(RecordingError, match="does not begin with the start"):
        ReplayReasoner([Stamped(order=0, seconds=0.0, event=event) for event in events])


def test_the_recorded_evidence_is_at_hand(failing, replaying) -> None:
    replayer = ReplayReasoner(recorded(failing, replaying))
    assert [item.id for item in replayer.evidence][:2] == ["e1", "e2"]
    kinds = {type(step) for step in replayer.reason(replayer.case, BUDGET)}
    assert {HypothesisStated, RunProbe} <= kinds

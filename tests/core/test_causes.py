"""When an explanation is more than a prediction that held."""

from dataclasses import replace

import pytest
import sessions

from cot_magic.core.case import CellId
from cot_magic.core.findings import ChallengeKind, EvidenceId, EvidenceKind
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.render.outline import outline
from cot_magic.render.summary import summary
from cot_magic.testing import withstood

ON_THE_WAY = {"cell": CellId("c7"), "lineno": 8}  # the call; the fix changes cell c5


def blaming(session: Session, **changes: object) -> Session:
    """The session with another place or rule in its first hypothesis, whose probe held."""
    first, *others = session.hypotheses
    assert session.judge(first.id).evidence
    return replace(session, hypotheses=(replace(first, **{"rule": "", **changes}), *others))  # type: ignore[arg-type]


@pytest.fixture
def session() -> Session:
    return sessions.fold(sessions.verified_events())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, True),  # the fix changes its place
        (ON_THE_WAY, False),
        ({**ON_THE_WAY, "rule": "key.near"}, True),  # a rule made it of what it saw in the failure
        ({"cell": CellId("c1"), "lineno": 1}, False),
    ],
    ids=["edited", "on the way", "on the way, by a rule", "elsewhere"],
)
def test_a_place_on_the_way_makes_no_cause_of_a_claim(session, changes, said):
    assert (blaming(session, **changes).root_cause is not None) is said


@pytest.mark.parametrize(("seconds", "said"), [(0.2, True), (0.0, False)], ids=["ran", "read"])
def test_a_prediction_that_the_fix_makes_false_does(session, seconds, said):
    assert session.best_fix is not None
    (item, *_) = withstood(session.best_fix.id, first=900)
    flip = replace(item, id=EvidenceId("e990"), trial=ChallengeKind.CAUSE, held=True, seconds=seconds)
    session = blaming(replace(session, evidence=(*session.evidence, flip)), **ON_THE_WAY)
    assert (session.root_cause is not None) is said


def test_a_fix_that_does_not_help_says_nothing_of_the_place_that_it_changes(session):
    session = blaming(session)
    assert session.root_cause is not None
    failed = tuple(
        replace(item, outcome=Outcome.RAISED, raised=sessions.key_error())
        if item.kind is EvidenceKind.FIX
        else item
        for item in session.evidence
    )
    assert replace(session, evidence=failed).root_cause is None


def test_what_is_no_cause_is_shown_as_a_prediction_that_held(session):
    claim = session.hypotheses[0].claim
    for blamed, strong in ((blaming(session), True), (blaming(session, **ON_THE_WAY), False)):
        rows = [
            row
            for section in outline(blamed).sections
            for block in section.blocks
            for row in getattr(block, "rows", ())
            if getattr(row, "mark", None) is not None and row.mark.sign == "✓" and claim in repr(row)
        ]
        assert [row.strong for row in rows] == [strong]
        assert rows[0].claim.startswith("Prediction held") is not strong
        assert ("Not shown to be the cause" in rows[0].detail) is not strong


def test_the_summary_then_names_the_place_of_the_fix_and_what_ran(session):
    told = summary(blaming(session, **ON_THE_WAY), "n.ipynb", "cot+")["root_cause"]
    assert told["cell_index"] == 2
    assert told["claim"] == "With the change of cell [5], cell [7] passes."
    assert told["evidence"]

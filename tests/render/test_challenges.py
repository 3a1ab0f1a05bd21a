"""The rows of challenges: each says what was compared, and has a ✓ only if something was."""

from dataclasses import replace

import pytest
import sessions

from cot_magic.core.challenges import NOT_COMPARED
from cot_magic.core.findings import ChallengeKind, EvidenceId
from cot_magic.render.outline import outline
from cot_magic.testing import withstood


@pytest.mark.parametrize(
    ("note", "ticked"),
    [("they agree on 5 inputs on which the old one works", True), (NOT_COMPARED, False)],
)
def test_a_comparison_with_nothing_has_no_tick(note: str, ticked: bool) -> None:
    session = sessions.fold(sessions.verified_events())
    assert session.best_fix is not None
    (challenge, *_) = withstood(session.best_fix.id, first=900)
    compared = replace(challenge, id=EvidenceId("e990"), trial=ChallengeKind.AGREEMENT, held=True, note=note)
    session = replace(session, evidence=(*session.evidence, compared))
    (row,) = [
        row
        for section in outline(session).sections
        for block in section.blocks
        for row in getattr(block, "rows", ())
        if getattr(row, "claim", None) is not None and note in str(row.claim)
    ]
    assert (row.mark.sign == "✓") is ticked

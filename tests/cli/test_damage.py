"""A fix after which values are lost is not written, and the reason is printed."""

import argparse
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import sessions

from cot_magic.cli.notebook import report
from cot_magic.core.challenges import damage_of
from cot_magic.core.findings import ChallengeKind, Evidence, EvidenceId
from cot_magic.settings import Settings
from cot_magic.testing import withstood


@pytest.mark.parametrize(("held", "written"), [(False, False), (True, True), (None, True)])
def test_a_fix_after_which_values_are_lost_is_not_written(
    held: bool | None, written: bool, tmp_path: Path, monkeypatch, capsys
) -> None:
    session = sessions.fold(sessions.verified_events())
    assert session.best_fix is not None
    note = "`prices` gained 2 missing values"
    (challenge, *_) = withstood(session.best_fix.id, first=900)
    damage: Evidence = replace(
        challenge, id=EvidenceId("e990"), trial=ChallengeKind.DAMAGE, held=held, note=note
    )
    session = replace(session, evidence=(*session.evidence, damage))
    assert damage_of(session.best_fix.id, session.evidence) == ("" if written else note)
    applied: list[object] = []
    monkeypatch.setattr(
        "cot_magic.notebook.files.FileInserter.apply",
        lambda self, session: applied.append(session) or "written",
    )
    out = tmp_path / "fixed.ipynb"
    given = argparse.Namespace(notebook=tmp_path / "n.ipynb", json=None, apply=out, quiet=False)
    report(SimpleNamespace(session=session, verbatim=session, failed=4), given, Settings())
    assert bool(applied) is written
    assert (note in capsys.readouterr().out) is not written

"""A session's fix and tests as cells that tell what was proven."""

from dataclasses import replace

import pytest
import sessions

from cot_magic.core.case import CellRole, NewCell
from cot_magic.core.events import SessionEnded
from cot_magic.core.findings import CellEdit, RegressionTest
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.notebook import cells


def test_a_fix_of_an_earlier_cell_names_it_and_says_what_to_run_then(verified: Session) -> None:
    (cell,) = cells.fix_cells(verified)
    assert cell.role is CellRole.FIX
    assert cell.source.splitlines()[:3] == [
        "# cot fix (verified) for cell [5]: Spell the key `price` where the records are made",
        "# then run cell [7] again",
        "records = [",
    ]


def test_a_plausible_fix_says_what_was_not_proven() -> None:
    fixed = [e for e in sessions.verified_events() if getattr(getattr(e, "fix", None), "id", "") != "f1"]
    (cell,) = cells.fix_cells(sessions.fold(fixed))
    first, second, third = cell.source.splitlines()[:3]
    assert first == "# cot fix (plausible): Read the key with a default of 0"
    assert second.startswith(
        "# not proven: no regression test could be written; a probe refuted the explanation that it follows from"
    )
    assert third == "def total(rows):", "the comment that stood for the %%cot line is gone"


def test_a_cell_magic_stays_the_first_line(verified: Session) -> None:
    source = "%%time\ntotal(records)"
    after = source.replace("records", "list(records)")
    edit = CellEdit(cell=sessions.CellId("c7"), before=source, after=after)
    session = replace(verified, fixes=(replace(verified.fixes[0], edits=(edit,)),))
    (cell,) = cells.fix_cells(session)
    assert cell.source.splitlines() == [
        "%%time",
        "# cot fix (verified): Spell the key `price` where the records are made",
        "total(list(records))",
    ]


def test_edits_come_in_the_order_of_the_notebook(verified: Session) -> None:
    rename, default = verified.fixes
    both = replace(rename, edits=(*default.edits, *rename.edits))
    first, second = cells.fix_cells(replace(verified, fixes=(both,)))
    assert "for cell [5]" in first.source
    assert second.source.splitlines()[0] == (
        "# cot fix (plausible): Spell the key `price` where the records are made"
    )
    assert "then run" not in first.source + second.source


def test_a_test_cell_ends_by_calling_its_test_once(verified: Session) -> None:
    (cell,) = cells.test_cells(verified)
    assert cell.role is CellRole.TEST
    assert cell.source.count("test_each_record_has_a_price()") == 2
    bare = RegressionTest(name="test_x", source="def test_x():\n    assert True\n")
    fix = verified.fixes[0].id
    (called,) = cells.test_cells(replace(verified, tests=((fix, bare),)))
    assert called.source == "def test_x():\n    assert True\n\n\ntest_x()"


def test_a_test_that_shows_nothing_is_never_offered(verified: Session) -> None:
    (view,) = verified.tests_of(verified.fixes[0].id)
    assert view.before is not None
    assert view.after is not None
    for run, ending in ((view.before, Outcome.PASSED), (view.after, Outcome.RAISED)):
        runs = [replace(item, outcome=ending) if item == run else item for item in verified.evidence]
        assert cells.test_cells(replace(verified, evidence=tuple(runs))) == (), ending
    blocked = [
        replace(item, outcome=Outcome.BLOCKED) if item == view.before else item for item in verified.evidence
    ]
    assert cells.test_cells(replace(verified, evidence=tuple(blocked))), (
        "it could not run here, and may show it"
    )


def test_without_a_fix_there_are_no_cells() -> None:
    session = sessions.fold([*sessions.analyze(sessions.key_error_case()), SessionEnded()])
    assert cells.fix_cells(session) == cells.test_cells(session) == ()


@pytest.mark.parametrize("role", list(CellRole))
def test_the_metadata_tell_the_role_and_the_session(role: CellRole) -> None:
    assert cells.metadata(NewCell(source="", role=role), "s-1") == {
        "tags": [f"cot-{role}"],
        "cot": {"session": "s-1", "role": role},
    }


def test_a_reason_over_several_lines_stays_a_comment(verified: Session) -> None:
    fix = replace(verified.fixes[0], why="line one\nimport os; os.remove('x')\r# \u2028 three")
    (cell,) = cells.fix_cells(replace(verified, fixes=(fix,)))
    assert cell.source.splitlines()[1] == "# then run cell [7] again"

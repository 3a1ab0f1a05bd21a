"""What the ledger concludes from its evidence."""

from cot_magic.core.case import CellId, Raised
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    HypothesisId,
    Stage,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.schedules import ScheduleSearch
from cot_magic.reasoners.claude.conversation.ledger import Ledger
from cot_magic.reasoners.offline.conclusions import fix_headline
from cot_magic.testing import case


def fix(number: int) -> Fix:
    edit = CellEdit(cell=CellId("c1"), before="1 / 0", after=f"1 / {number}")
    return Fix(id=FixId(f"f{number}"), edits=(edit,), why="a lock", hypothesis=HypothesisId("h1"))


def test_a_fix_after_which_an_order_of_steps_still_fails_is_not_said_to_pass() -> None:
    passed = [
        Evidence(
            id=EvidenceId(f"e{number}"),
            kind=EvidenceKind.FIX,
            about=f"f{number}",
            code="",
            outcome=Outcome.PASSED,
            stage=Stage.AFTER,
        )
        for number in (1, 2)
    ]
    search = Evidence(
        id=EvidenceId("e3"),
        kind=EvidenceKind.SCHEDULE,
        about="f1",
        code="",
        outcome=Outcome.RAISED,
        stage=Stage.AFTER,
        raised=Raised(ename="ZeroDivisionError", evalue="division by zero"),
        schedule=ScheduleSearch(schedules=80, failed=1, asked=2_000, first_failure=77),
    )
    ledger = Ledger(case=case(), fixes=[fix(1), fix(2)], evidence=[*passed, search])
    assert ledger.passing == [fix(2)]
    assert fix_headline(ledger.fixes, ledger.passing, ledger.evidence) == "a lock. The cell passes with it."

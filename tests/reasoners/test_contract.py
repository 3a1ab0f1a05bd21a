"""The offline reasoner meets the contract of a reasoner, with and without a sandbox."""

from cot_magic.core.case import Cell, CellId, Environment
from cot_magic.core.findings import FixVerdict
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.testing import NamespaceSandbox, case, check_reasoner


def test_a_known_failure_goes_through_five_phases(failing) -> None:
    session = check_reasoner(
        OfflineReasoner(), failing("values = [1]", "total = sum(valus)"), NamespaceSandbox({"values": [1]})
    )
    assert session.fixes
    assert session.hypotheses


def test_a_failure_that_no_rule_knows_goes_through_five_phases_and_stays_unresolved(failing) -> None:
    session = check_reasoner(
        OfflineReasoner(), failing("raise RuntimeError('the moon is full')"), NamespaceSandbox()
    )
    assert session.result == "unresolved"
    assert session.best_fix is None


def test_a_passing_cell_with_a_question_is_reviewed_in_five_phases() -> None:
    passing = case("x = 1", raised=None, prompt="is this safe?")
    session = check_reasoner(OfflineReasoner(), passing, NamespaceSandbox())
    assert session.result == "no-failure"


def test_an_empty_case_is_survived() -> None:
    odd = case("", cell=Cell(id=CellId("c"), source=""), environment=Environment(python="", platform=""))
    assert isinstance(check_reasoner(OfflineReasoner(rules=()), odd, NamespaceSandbox()), Session)


def test_no_fix_is_called_verified_where_nothing_ran(failing) -> None:
    import time

    from cot_magic.core.engine import drive
    from cot_magic.core.events import Stamped
    from cot_magic.testing import BUDGET, AbsentSandbox

    session = Session()
    example = failing("values = [1]", "total = sum(valus)")
    for order, event in enumerate(
        drive(
            example, OfflineReasoner(), AbsentSandbox(), intensity="cot+", budget=BUDGET, clock=time.monotonic
        )
    ):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    assert session.fixes
    assert {session.judge_fix(fix).verdict for fix in session.fixes} == {FixVerdict.UNVERIFIED}

"""What the autopsy found about the origin of a fault becomes a hypothesis that a probe tests."""

import pytest

from cot_magic.core.case import Cell, CellId, Raised
from cot_magic.core.engine import drive
from cot_magic.core.events import Stamped
from cot_magic.core.facts import NO_FACTS, Fact, Facts
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.crashes.origins import RULES
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.render.summary import summary
from cot_magic.testing import BUDGET, NamespaceSandbox, ScriptedExaminer, case

RAISED = Raised(
    ename="ZeroDivisionError",
    evalue="division by zero",
    bases=("ZeroDivisionError", "ArithmeticError", "Exception"),
)
EARLIER = Cell(id=CellId("c0"), source="n = 0", index=0, execution_count=1)
HERE = Cell(id=CellId("c1"), source="1 / n", index=1, execution_count=2)
CASE = case(cell=HERE, cells=(EARLIER, HERE), raised=RAISED)
FAULT = Fact.of(
    "origin.fault",
    "`n` is 0 since cell [1].",
    cell=EARLIER.id,
    lineno=1,
    check="n == 0",
    prediction="`n` is 0.",
)


def session_of(fact: Fact, value: int) -> Session:
    session = Session()
    reasoner, sandbox = OfflineReasoner(RULES), NamespaceSandbox({"n": value})
    events = drive(
        CASE,
        reasoner,
        sandbox,
        intensity="cot",
        budget=BUDGET,
        clock=lambda: 0.0,
        examiner=ScriptedExaminer(Facts(found=(fact,))),
    )
    for order, event in enumerate(events):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    return session


def test_a_confirmed_origin_is_the_root_cause_and_names_its_cell() -> None:
    told = summary(session_of(FAULT, 0), "n.ipynb", "cot")
    assert told["root_cause"] == {
        "cell_index": 0,
        "lineno": 1,
        "claim": "`n` is 0 since cell [1].",
        "evidence": ["e1"],
    }
    assert told["facts"][0]["values"]["check"] == "n == 0"


def test_a_refuted_origin_is_no_root_cause() -> None:
    assert summary(session_of(FAULT, 1), "n.ipynb", "cot")["root_cause"] is None


@pytest.mark.parametrize("facts", [NO_FACTS, Facts(found=(Fact.of("inside.value", "`n` is `0`."),))])
def test_without_a_fact_about_the_origin_nothing_is_claimed(facts) -> None:
    assert list(RULES[0].propose(CASE, facts)) == []

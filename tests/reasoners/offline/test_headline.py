"""The headline of ANALYZE: what failed, and of an assert both sides."""

from cot_magic.core.case import Raised
from cot_magic.core.facts import Fact, Facts
from cot_magic.core.findings import Hypothesis, HypothesisId
from cot_magic.reasoners.offline.analysis import headline
from cot_magic.reasoners.offline.ranking import Suspect
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.testing import case

FAILED = Raised(ename="AssertionError", evalue="", bases=("AssertionError", "Exception"))
SIDES = Facts(found=(Fact.of("inside.compared", "`area(2, 3)` is `5`, not `6`."),))


def suspect(claim: str, *, restates: bool = False) -> Suspect:
    hypothesis = Hypothesis(
        id=HypothesisId("h1"), claim=claim, prediction="p", rule="a.rule", restates=restates
    )
    suspicion = Suspicion(claim=claim, prediction="p", checks=())
    return Suspect(hypothesis=hypothesis, suspicion=suspicion, lesson="")


def test_both_sides_of_an_assert_come_before_the_reason():
    found = [
        suspect("`area(2, 3)` is `5`, not `6`.", restates=True),
        suspect("The result comes from `area`."),
    ]
    said = headline(case(raised=FAILED), FAILED, found, SIDES)
    assert said == "AssertionError in cell [1]: `area(2, 3)` is `5`, not `6`. The result comes from `area`."
    assert len(said.split()) <= 60


def test_without_a_reason_the_sides_are_all_that_is_said():
    said = headline(case(raised=FAILED), FAILED, [], SIDES)
    assert said.endswith(": `area(2, 3)` is `5`, not `6`.")


def test_another_failure_is_told_by_its_likeliest_cause():
    raised = Raised(ename="KeyError", evalue="'a'", bases=("KeyError", "Exception"))
    said = headline(case(raised=raised), raised, [suspect("The key is `'A'`.")], SIDES)
    assert said == "KeyError in cell [1]: The key is `'A'`."

"""Probes that cannot show anything are told by their form."""

import pytest

from cot_magic.core.engine import drive
from cot_magic.core.events import EvidenceGathered, HypothesisStated, RunProbe
from cot_magic.core.findings import Hypothesis, HypothesisId, HypothesisVerdict, Probe
from cot_magic.core.probes import emptiness
from cot_magic.core.verdict import judge_hypothesis
from cot_magic.testing import BUDGET, NamespaceSandbox, ScriptedReasoner, case

EMPTY = [
    "True", "not False", "1 == 1", "1 < 2", "x = 3\nx == 3", "'a' in 'abc'", "len('ab') == 2", "bool([1])",
    "x == x", "x is x", "x >= x", "x or True", "True or x", "x or not x", "not (x and not x)", "len(x) >= 0",
    "isinstance(x, object)", "(x,)", "True if x else True", "[n for n in range(3)] == [0, 1, 2]",
    "print('shown')\nTrue", "assert 1 == 1\nTrue", "x = 1\nfor n in range(3):\n    x += n\nx == 4",
]  # fmt: skip
TELLING = [
    "x == 3", "'x' in globals()", "isinstance(x, list)", "import pandas\npandas.__version__ < '3'", "not x",
    "try:\n    f(x)\n    ok = False\nexcept KeyError:\n    ok = True\nok", "any(n is None for n in rows)",
    "y = [n for n in rows]\nlen(y) == 3", "open('a.csv').read() == ''", "assert x == 1\nTrue",
    "def f(n):\n    return n * 2\nf(2) == 4", "x and y", "len(x) >= 1", "values['a'] != values['b']",
]  # fmt: skip


@pytest.mark.parametrize("source", EMPTY)
def test_a_probe_that_asks_nothing_is_told(source: str) -> None:
    assert emptiness(source, strict=True)


def test_a_question_about_the_language_may_show_something_but_is_none_about_the_notebook() -> None:
    assert emptiness("not hasattr('', 'uper')") == ""
    assert emptiness("not hasattr('', 'uper')", strict=True)
    assert emptiness("bool([1])")


@pytest.mark.parametrize("source", TELLING)
def test_a_probe_that_looks_at_something_is_let_through(source: str) -> None:
    assert emptiness(source, strict=True) == emptiness(source) == ""


@pytest.mark.parametrize("source", ["x ==", "", "x = 1", "\0"])
def test_what_holds_nothing_anyway_is_left_to_the_run(source: str) -> None:
    assert emptiness(source) == ""


def judged(source: str, *, lineno: int | None, stated: bool = True) -> HypothesisVerdict:
    about = HypothesisId("h1")
    hypothesis = Hypothesis(id=about, claim="c", prediction="p", lineno=lineno)
    steps = [HypothesisStated(hypothesis=hypothesis)] if stated else []
    reasoner = ScriptedReasoner([*steps, RunProbe(probe=Probe(about=about, source=source))])
    events = drive(
        case(), reasoner, NamespaceSandbox({"x": 8}), intensity="cot", budget=BUDGET, clock=lambda: 0.0
    )
    evidence = [event.evidence for event in events if isinstance(event, EvidenceGathered)]
    assert evidence
    return judge_hypothesis(about, evidence).verdict


def test_the_engine_lets_an_empty_probe_hold_for_no_cause() -> None:
    assert judged("x == 8", lineno=1) is HypothesisVerdict.CONFIRMED
    assert judged("True", lineno=1) is HypothesisVerdict.INCONCLUSIVE
    assert judged("x or True", lineno=1) is HypothesisVerdict.INCONCLUSIVE
    assert judged("True", lineno=None, stated=False) is HypothesisVerdict.INCONCLUSIVE


def test_that_the_failure_happens_again_may_be_shown_by_reaching_it() -> None:
    assert judged("True", lineno=None) is HypothesisVerdict.CONFIRMED


def test_an_empty_probe_that_fails_still_refutes() -> None:
    assert judged("1 == 2", lineno=1) is HypothesisVerdict.REFUTED

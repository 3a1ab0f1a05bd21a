"""Judgement reads evidence and nothing else."""

from dataclasses import replace

import pytest

from cot_magic.core.case import CellId, Raised, SyntaxDetail
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    HypothesisVerdict,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Outcome, StateItem
from cot_magic.core.schedules import ScheduleSearch
from cot_magic.core.verdict import differ, judge_fix, judge_hypothesis
from cot_magic.testing import case, withstood

H, F = HypothesisId("h1"), FixId("f1")
BEFORE, AFTER = "x = totl", "x = total"
CASE = case(BEFORE, ename="NameError", evalue="name 'totl' is not defined")
FIX = Fix(id=F, edits=(CellEdit(cell=CellId("c1"), before=BEFORE, after=AFTER),), why="typo", hypothesis=H)
TEST = RegressionTest(name="test_x", source="def test_x():\n    assert x == 3\ntest_x()")


def ran(number: int, kind: EvidenceKind, outcome: Outcome, **more: object) -> Evidence:
    about = more.pop("about", H if kind is EvidenceKind.PROBE else F)
    return Evidence(id=EvidenceId(f"e{number}"), kind=kind, about=about, code="", outcome=outcome, **more)


def proof() -> list[Evidence]:
    return [
        ran(1, EvidenceKind.PROBE, Outcome.PASSED, held=True),
        ran(2, EvidenceKind.FIX, Outcome.RAISED, stage=Stage.BEFORE, raised=CASE.raised),
        ran(3, EvidenceKind.FIX, Outcome.PASSED, stage=Stage.AFTER),
        ran(4, EvidenceKind.TEST, Outcome.RAISED, stage=Stage.BEFORE, test="test_x", raised=CASE.raised),
        ran(5, EvidenceKind.TEST, Outcome.PASSED, stage=Stage.AFTER, test="test_x"),
        *withstood(F, "test_x", first=6),
    ]


def judged(evidence: list[Evidence], fixes: tuple[Fix, ...] = (FIX,), fix: Fix = FIX, the_case=CASE):
    return judge_fix(fix, case=the_case, fixes=fixes, tests=[(F, TEST)], evidence=evidence)


def without(number: int) -> list[Evidence]:
    return [item for item in proof() if item.id != f"e{number}"]


def changed(number: int, **change: object) -> list[Evidence]:
    return [replace(item, **change) if item.id == f"e{number}" else item for item in proof()]


def test_a_fix_with_the_whole_proof_is_verified_and_names_its_evidence() -> None:
    judgement = judged(proof())
    assert judgement.verdict is FixVerdict.VERIFIED
    assert set(judgement.evidence) == {f"e{number}" for number in range(2, 10)}
    assert judgement.mark == "✓"


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (without(1), "no probe confirmed"),
        (changed(1, held=False), "refuted"),
        (without(2), "did not repeat"),
        (changed(2, outcome=Outcome.PASSED), "did not repeat"),
        (changed(2, raised=Raised(ename="KeyError", evalue="")), "differently in the copy"),
        (without(4), "does not fail without"),
        (changed(4, outcome=Outcome.PASSED), "does not fail without"),
        (changed(4, outcome=Outcome.BLOCKED), "does not fail without"),
        (without(5), "could not be run"),
        (changed(5, outcome=Outcome.BLOCKED), "could not be run"),
        (changed(3, snapshot="after"), "the state after the failure"),
    ],
)
def test_a_fix_with_a_gap_in_the_proof_is_plausible_and_says_which(
    evidence: list[Evidence], word: str
) -> None:
    judgement = judged(evidence)
    assert judgement.verdict is FixVerdict.PLAUSIBLE
    assert any(word in reason for reason in judgement.reasons), judgement.reasons
    assert judgement.mark == "?"


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.TIMED_OUT, Outcome.CRASHED])
def test_what_was_stopped_from_outside_is_never_read_as_a_failed_fix(outcome: Outcome) -> None:
    assert judged(changed(3, outcome=outcome)).verdict is FixVerdict.UNVERIFIED


def test_a_fix_that_was_not_run_is_unverified() -> None:
    assert judged([]).verdict is FixVerdict.UNVERIFIED


def test_a_fix_that_still_raises_is_rejected() -> None:
    judgement = judged(changed(3, outcome=Outcome.RAISED, raised=CASE.raised))
    assert (judgement.verdict, judgement.mark) == (FixVerdict.REJECTED, "✗")


def test_a_fix_that_breaks_its_own_test_is_rejected() -> None:
    assert judged(changed(5, outcome=Outcome.RAISED)).verdict is FixVerdict.REJECTED


def test_a_syntax_fix_after_which_the_cell_raises_otherwise_is_plausible() -> None:
    broken = case(
        "a =< 3",
        ename="SyntaxError",
        evalue="",
        raised=Raised(ename="SyntaxError", evalue="", syntax=SyntaxDetail(lineno=1)),
    )
    evidence = changed(3, outcome=Outcome.RAISED, raised=Raised(ename="NameError", evalue="name 'a'"))
    assert judged(evidence, the_case=broken).verdict is FixVerdict.PLAUSIBLE


def rival(after: str, state: str) -> tuple[Fix, Evidence]:
    edit = CellEdit(cell=CellId("c1"), before=BEFORE, after=after)
    fix = Fix(id=FixId("f2"), edits=(edit,), why="", hypothesis=H)
    item = StateItem(name="x", type="int", expression="x", text=state, literal=True)
    return fix, ran(9, EvidenceKind.FIX, Outcome.PASSED, about="f2", stage=Stage.AFTER, state=(item,))


def test_a_rival_of_the_same_size_that_behaves_differently_makes_it_plausible() -> None:
    other, evidence = rival("x = tonl", "4")
    judgement = judged([*proof(), evidence], fixes=(FIX, other))
    assert judgement.verdict is FixVerdict.PLAUSIBLE
    assert any("f2" in reason for reason in judgement.reasons)


def test_a_module_that_only_one_edit_mentions_is_no_other_behaviour() -> None:
    other, evidence = rival("x = tonl", "3")
    mentioned = StateItem(name="np", type="module", expression="np", text="numpy")
    for state, verdict in ((mentioned,), FixVerdict.VERIFIED), (evidence.state, FixVerdict.PLAUSIBLE):
        known = [*proof(), replace(evidence, state=state)]
        assert judged(known, fixes=(FIX, other)).verdict is verdict


def test_a_larger_rival_does_not_count() -> None:
    other, evidence = rival("x = sum([1, 2, 3]) + offset", "4")
    assert judged([*proof(), evidence], fixes=(FIX, other)).verdict is FixVerdict.VERIFIED


def test_a_larger_rival_that_was_proposed_first_counts() -> None:
    other, evidence = rival("x = totals", "4")
    first = replace(other, edits=(replace(other.edits[0], after="x = 1 * totals"),))
    assert judged([*proof(), evidence], fixes=(FIX, first)).verdict is FixVerdict.VERIFIED
    spelled = replace(other, edits=(replace(other.edits[0], after="x = (total)"),))
    judgement = judged([*proof(), evidence], fixes=(spelled, FIX))
    assert judgement.verdict is FixVerdict.PLAUSIBLE
    assert any("f2" in reason for reason in judgement.reasons)


@pytest.mark.parametrize(("ename", "counts"), [("NameError", True), ("TypeError", False)])
def test_a_reading_that_was_proposed_first_and_lacks_only_a_name_counts(ename, counts) -> None:
    source = "x =< total"
    raised = Raised(ename="SyntaxError", evalue="", syntax=SyntaxDetail(lineno=1))
    broken = case(source, ename="SyntaxError", evalue="", raised=raised)
    edits = [
        (CellEdit(cell=CellId("c1"), before=source, after=after),) for after in ("x = total", "x <= total")
    ]
    fix, first = (Fix(id=FixId(f"f{n}"), edits=edits[n - 1], why="", hypothesis=H) for n in (1, 2))
    then = ran(
        9,
        EvidenceKind.FIX,
        Outcome.RAISED,
        about="f2",
        stage=Stage.AFTER,
        raised=Raised(ename=ename, evalue=""),
    )
    evidence = [*changed(2, raised=raised), then]
    judgement = judged(evidence, fixes=(first, fix), fix=fix, the_case=broken)
    assert any("f2" in reason for reason in judgement.reasons) is counts


@pytest.mark.parametrize("after", ["pass", "print = total", "exec('')"])
def test_a_rival_that_nobody_can_mean_does_not_count(after: str) -> None:
    other, evidence = rival(after, "4")
    assert judged([*proof(), evidence], fixes=(other, FIX)).verdict is FixVerdict.VERIFIED


def test_a_rival_that_behaves_the_same_does_not_count() -> None:
    other, evidence = rival("x = total_", "3")
    mine = changed(3, state=evidence.state)
    assert judged([*mine, evidence], fixes=(FIX, other)).verdict is FixVerdict.VERIFIED


@pytest.mark.parametrize(
    "after",
    [
        "try:\n    x = totl\nexcept NameError:\n    pass",
        "x = None if True else totl",
        "pass",
        "if False:\n    x = totl",
    ],
)
def test_suppression_is_never_verified(after: str) -> None:
    fix = replace(FIX, edits=(CellEdit(cell=CellId("c1"), before=BEFORE, after=after),))
    assert judged(proof(), fixes=(fix,), fix=fix).verdict is FixVerdict.PLAUSIBLE


def test_a_hypothesis_needs_a_prediction_that_held() -> None:
    def probe(held: bool | None, outcome: Outcome = Outcome.PASSED) -> HypothesisVerdict:
        return judge_hypothesis(H, [ran(1, EvidenceKind.PROBE, outcome, held=held)]).verdict

    assert probe(True) is HypothesisVerdict.CONFIRMED
    assert probe(False) is HypothesisVerdict.REFUTED
    assert probe(None) is HypothesisVerdict.INCONCLUSIVE
    assert probe(True, Outcome.BLOCKED) is HypothesisVerdict.INCONCLUSIVE
    assert probe(False, Outcome.TIMED_OUT) is HypothesisVerdict.INCONCLUSIVE
    assert judge_hypothesis(H, []).verdict is HypothesisVerdict.INCONCLUSIVE


def test_predictions_that_held_and_failed_are_inconclusive() -> None:
    both = [
        ran(1, EvidenceKind.PROBE, Outcome.PASSED, held=True),
        ran(2, EvidenceKind.PROBE, Outcome.PASSED, held=False),
    ]
    assert judge_hypothesis(H, both).verdict is HypothesisVerdict.INCONCLUSIVE


def test_evidence_about_another_hypothesis_counts_for_nothing() -> None:
    other = ran(1, EvidenceKind.PROBE, Outcome.PASSED, about="h2", held=True)
    assert judge_hypothesis(H, [other]).verdict is HypothesisVerdict.INCONCLUSIVE


def in_cell(before: str, after: str) -> FixVerdict:
    the_case = case(before, ename="NameError", evalue="name 'totl' is not defined")
    fix = replace(FIX, edits=(CellEdit(cell=CellId("c1"), before=before, after=after),))
    evidence = changed(2, raised=the_case.raised)
    return judged(evidence, fixes=(fix,), fix=fix, the_case=the_case).verdict


def test_a_function_that_is_specified_by_examples_alone_is_not_verified() -> None:
    function = "def f(total):\n    return {}\n"
    examples = "assert f(1) == 1\n"
    wrong, right = function.format("totl"), function.format("total")
    assert in_cell(wrong + examples, right + examples) is FixVerdict.PLAUSIBLE
    assert in_cell(wrong + "f(1)", right + "f(1)") is FixVerdict.VERIFIED
    # nor is a function beside the edit: the examples are all that is known of it
    assert in_cell("x = totl\n" + right + examples, "x = total\n" + right + examples) is FixVerdict.PLAUSIBLE
    assert in_cell("x = totl\nassert x == 3", "x = total\nassert x == 3") is FixVerdict.VERIFIED


def with_edit(before: str, after: str, more: tuple[Evidence, ...] = (), test: RegressionTest = TEST):
    """The verdict on another edit that has the whole proof otherwise."""
    fix = replace(FIX, edits=(CellEdit(cell=CellId("c1"), before=before, after=after),))
    evidence = [*proof(), *more]
    return judge_fix(fix, case=CASE, fixes=(fix,), tests=[(F, test)], evidence=evidence)


def test_an_edit_or_a_test_that_reaches_for_the_judge_is_plausible_at_most() -> None:
    assert with_edit("f(x)", "f(list(x))").verdict is FixVerdict.VERIFIED
    reaching = with_edit("f(x)", "import sys\nsys.settrace(None)\nf(list(x))")
    assert reaching.verdict is FixVerdict.PLAUSIBLE
    assert any("settrace" in reason for reason in reaching.reasons)
    test = replace(TEST, source="def test_x():\n    assert get_ipython()\ntest_x()")
    assert with_edit("f()", "g()", test=test).verdict is FixVerdict.PLAUSIBLE


def test_a_search_over_schedules_excuses_no_wrapping_where_no_schedule_failed() -> None:
    wrapped = "with Quiet():\n    x = f(a)"
    search = ran(
        6,
        EvidenceKind.SCHEDULE,
        Outcome.PASSED,
        stage=Stage.AFTER,
        schedule=ScheduleSearch(schedules=200, failed=0, asked=200),
    )
    for more in ((), (search,)):
        judgement = with_edit("x = f(a)", wrapped, more)
        assert judgement.verdict is FixVerdict.PLAUSIBLE
        assert "it wraps what was there in a context manager" in judgement.reasons


def test_a_search_over_schedules_hides_no_rival_where_no_schedule_failed() -> None:
    other, evidence = rival("x = tot", "4")
    search = ran(
        7,
        EvidenceKind.SCHEDULE,
        Outcome.PASSED,
        stage=Stage.AFTER,
        schedule=ScheduleSearch(schedules=200, failed=0, asked=200),
    )
    for more in ([], [search]):
        judgement = judged([*proof(), evidence, *more], (FIX, other))
        assert judgement.verdict is FixVerdict.PLAUSIBLE
        assert any("behaves differently" in reason for reason in judgement.reasons)


@pytest.mark.parametrize("number", [8, 9], ids=["second copy", "neighbours"])
def test_a_challenge_that_was_cut_short_verifies_nothing(number: int) -> None:
    judgement = judged(without(number))
    assert judgement.verdict is FixVerdict.PLAUSIBLE
    assert any("it was not run" in reason for reason in judgement.reasons)


def left(*items: StateItem) -> Evidence:
    """A run of a fixed cell that left these values."""
    ran = Evidence(id=EvidenceId("e1"), kind=EvidenceKind.FIX, about="f1", code="", outcome=Outcome.PASSED)
    return replace(ran, state=items)


def test_a_dictionary_that_begins_its_entries_is_told_by_what_it_holds() -> None:
    plain = StateItem(name="d", type="dict", expression="d", text="{'a': [1]}", literal=True)
    begins = replace(
        plain, type="collections.defaultdict", text="defaultdict(<class 'list'>, {'a': [1]})", literal=False
    )
    imported = StateItem(
        name="defaultdict", type="type", expression="defaultdict", text="collections.defaultdict"
    )
    own = replace(imported, name="D", text="__main__.D")
    assert not differ(left(plain), left(begins, imported))
    assert differ(left(plain), left(replace(begins, text="defaultdict(<class 'list'>, {'a': [2]})")))
    assert differ(left(plain), left(plain, own)), "a class of the notebook is a result"
    kinds = [replace(imported, name="kind", text=name) for name in ("list", "datetime.date")]
    assert differ(left(kinds[0]), left(kinds[1])), "so is a class that is bound to another name"

"""The offline reasoner on notebooks that really fail: phases, rounds, rivals, tests, and what it does not claim."""

import pytest

from cot_magic.core.case import Cell, CellId, Dependency, Freshness
from cot_magic.core.findings import CellEdit, FixVerdict, HypothesisVerdict, Phase
from cot_magic.core.jobs import Limits
from cot_magic.core.progress import got_past, legs
from cot_magic.core.question import question
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion
from cot_magic.reasoners.offline.source import edit, over, parse
from cot_magic.verdict.survival import survival


def texts(session, phase):
    return {finding.topic: finding.text for finding in session.phase(phase).findings}


def test_five_phases_come_in_order_and_each_ends_with_its_result(solve, failing):
    session = solve(failing("total = 3", "double = totl * 2"))
    assert [view.phase for view in session.phases] == list(Phase)
    assert all(view.headline for view in session.phases)
    assert "`totl`" in session.phase(Phase.ANALYZE).headline


def test_the_analysis_names_the_code_and_the_values(solve, failing):
    found = texts(solve(failing("price = '3'\ncount = 2", "total = price - count")), Phase.ANALYZE)
    assert found["pattern"].startswith("**TypeError**")
    assert "total = price - count" in found["code"]
    assert "- `price` is `'3'` (`str`" in found["values"]


def test_chained_causes_are_told(solve, failing):
    session = solve(
        failing("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('no') from e")
    )
    assert "ZeroDivisionError" in texts(session, Phase.ANALYZE)["chained"]


def test_a_stale_cell_in_the_lineage_is_marked(solve, failing):
    from dataclasses import replace

    case = failing("rate = 2", "x = rate.value")
    stale = replace(
        case,
        lineage=(Dependency(cell=case.cells[0], names=("rate",), freshness=Freshness.STALE),),
    )
    session = solve(stale)
    assert "stale" in texts(session, Phase.ANALYZE)["lineage"]
    assert "Run cell [1] again" in texts(session, Phase.PLAN)["fixes"]


def test_two_mistakes_in_one_cell_are_mended_by_one_fix(solve, failing):
    session = solve(failing("a = np.arange(3)\nb = [math.sqrt(4)]"))
    fix = session.best_fix
    assert "import numpy as np" in fix.edits[0].after
    assert "import math" in fix.edits[0].after
    assert fix.edits[0].before == "a = np.arange(3)\nb = [math.sqrt(4)]"


TWO = ("orders = [1, 2]\ncount = 2", "total = sum(ordrs)\nmean = total / len(ordres)")


def test_each_of_two_failures_is_explained_probed_and_proven(solve, failing):
    session = solve(failing(*TWO))
    fix = session.best_fix
    assert session.judge_fix(fix).verdict is FixVerdict.VERIFIED, session.judge_fix(fix)
    assert "ordrs" in session.root_cause.claim
    past = got_past(session.case, fix, session.fixes, session.evidence)
    assert [item.lineno for item in past] == [1, 2]
    assert "2 of 2" in session.phase(Phase.IMPLEMENT).headline


def test_what_was_mended_is_offered_where_the_cell_then_fails_for_another_reason(solve, failing):
    session = solve(
        failing("orders = [1, 2]\nempty = []", "total = sum(ordrs)\nfirst = empty[0].name(total)")
    )
    told = session.judge_fix(session.best_fix)
    assert (told.verdict, told.partial) == (FixVerdict.PLAUSIBLE, 1)
    assert "1 of 2" in session.phase(Phase.IMPLEMENT).headline
    assert "still fails" in session.phase(Phase.CONFIRM).headline


class _Removes:
    """Mends the first failure, and removes the second one with its line."""

    code = "test.removes"
    lesson = "names"

    def suspicions(self, case):
        source, wanted = case.cell.source, case.raised.evalue.split("'")[1]
        after = (
            source.replace("ordrs", "orders") if wanted == "ordrs" else source.replace("ordres.clear()", "")
        )
        yield Suspicion(
            claim=f"{wanted} is wrong",
            prediction=f"{wanted} is not there",
            weight=1.0,
            cell=case.cell.id,
            lineno=case.raised.frames[0].lineno,
            checks=(Check(source=f"'{wanted}' not in globals()"),),
            repairs=(
                Repair(edits=(CellEdit(cell=case.cell.id, before=source, after=after),), why="it is mended"),
            ),
        )


def test_a_second_failure_whose_operation_is_removed_is_not_mended(solve, failing):
    case = failing("orders = [1, 2]", "total = sum(ordrs)\nordres.clear()")
    session = solve(case, rules=[_Removes()])
    assert len(session.fixes) >= 2
    assert FixVerdict.VERIFIED not in {session.judge_fix(fix).verdict for fix in session.fixes}
    later = [leg.case for leg in legs(case, session.fixes[1], session.fixes, session.evidence)[1:]]
    assert [item.raised.name for item in later] == ["ordres"]
    _, reason = survival(case, session.fixes[1], later=later, limits=Limits(), allow=())
    assert "`ordres` is not done any more" in reason
    assert survival(case, session.fixes[1], limits=Limits(), allow=())[1] == ""


def test_one_round_does_not_go_on_to_a_second_mistake(solve, failing):
    session = solve(failing("a = np.arange(3)\nb = [math.sqrt(4)]"), rounds=1)
    (fix,) = session.fixes
    told = session.judge_fix(fix)
    assert (told.verdict, told.partial) == (FixVerdict.PLAUSIBLE, 1)
    assert fix.edits[0].after == "import numpy as np\na = np.arange(3)\nb = [math.sqrt(4)]"


def test_a_mistake_in_an_earlier_cell_is_mended_there(solve, failing):
    session = solve(failing("def clean(s):\n    s = s.strip()\n", "t = clean(' a ')\nu = t.upper()"))
    assert [edit_.cell for edit_ in session.best_fix.edits] == ["c0"]


def test_a_fix_has_tests_that_fail_before_and_pass_after(solve, failing):
    session = solve(failing("def twice(n):\n    return n * facotr\n\nfactor = 2\nx = twice(4)"))
    fix = session.best_fix
    assert session.judge_fix(fix).verdict is FixVerdict.VERIFIED
    assert any(owner == fix.id and "twice(4) == 8" in test.source for owner, test in session.tests)


def test_rivals_that_behave_differently_are_all_shown_and_none_is_verified(solve, failing):
    session = solve(failing("x = '5'\ny = x + 2"))
    passing = [fix for fix in session.fixes if session.judge_fix(fix).verdict is FixVerdict.PLAUSIBLE]
    assert len(passing) == 2
    assert "only you know which was meant" in texts(session, Phase.IMPLEMENT)["rivals"]


def test_the_limits_say_why_a_fix_is_not_verified(solve, failing):
    session = solve(failing("xs = [1, 2]\nx = xs[2]"))
    assert texts(session, Phase.CONFIRM)["limits"].startswith("Not verified, because")


def test_without_a_sandbox_the_fixes_are_shown_and_nothing_is_claimed(solve, failing):
    session = solve(failing("total = 3", "double = totl * 2"), available=False)
    assert session.fixes
    assert session.evidence == ()
    assert {session.judge_fix(fix).verdict for fix in session.fixes} == {FixVerdict.UNVERIFIED}
    assert "none could be run" in session.phase(Phase.IMPLEMENT).headline


def test_where_no_rule_helps_the_facts_are_given_and_no_fix(solve, failing):
    session = solve(failing("x = 3", "raise RuntimeError('the moon is full')"))
    assert session.fixes == ()
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.CONFIRMED
    assert "No fix is offered" in session.phase(Phase.IMPLEMENT).headline
    assert "Unresolved" in session.phase(Phase.CONFIRM).headline


def test_a_failure_that_no_rule_explains_is_searched_by_the_asserts(solve, failing):
    code = "def doubled(amount):\n    return q * 2\n\nassert doubled(3) == 6\nassert doubled(5) == 10"
    session = solve(failing(code))
    assert "return amount * 2" in session.best_fix.edits[0].after
    repeats, *others = session.hypotheses
    assert session.judge(repeats.id).verdict is HypothesisVerdict.CONFIRMED
    assert others
    assert repeats.id not in {item.id for item in others}


def test_a_search_goes_on_from_the_edit_that_mends_the_crash(solve, failing):
    code = (
        "def ordered(xs):\n    out = []\n    while xs:\n        best = xs[0]\n        for x in xs:\n"
        "            if x > best:\n                best = x\n        xs.remove[best]\n        out.append(best)\n"
        "    return out\n\nassert ordered([]) == []\nassert ordered([2, 1, 3]) == [1, 2, 3]"
    )
    session = solve(failing(code))
    fix = session.best_fix
    assert "xs.remove(best)" in fix.edits[0].after
    assert "if x < best:" in fix.edits[0].after
    assert fix.edits[0].before == code


def test_the_person_is_asked_by_a_call_that_tells_the_edits_apart(solve, failing):
    code = (
        "def cheaper(a, b):\n    if a < b:\n        return b\n    return a\n\n"
        "assert cheaper(1, 2) == 1\nassert cheaper(3, 3) == 3"
    )
    asked = question(solve(failing(code)))
    assert asked is not None
    assert asked.text.startswith("What should `cheaper(")
    assert len({choice.does for choice in asked.choices}) == len(asked.choices) > 1


def test_a_reading_that_lacks_only_a_name_is_not_left_for_one_that_passes_without_it(solve, failing):
    session = solve(failing("a =< 3"))
    assert [edit.after for fix in session.fixes for edit in fix.edits] == ["a <= 3", "a = 3"]
    assert session.best_fix == session.fixes[0]
    asked = question(session)
    assert asked is not None
    assert [item.does for item in asked.choices] == [
        "then raises NameError: name 'a' is not defined",
        "a is 3",
    ]


def test_the_way_back_is_told(solve, failing):
    found = texts(solve(failing("total = 3", "double = totl * 2")), Phase.IMPLEMENT)
    assert "%cot_undo" in found["rollback"]


class Broken:
    """A rule of somebody else that has a mistake of its own."""

    code = "other.broken"
    lesson = ""

    def suspicions(self, case):
        yield from ()
        raise LookupError("my own mistake")


class Silencing:
    """A rule of somebody else that drops the failing statement."""

    code = "other.silencing"
    lesson = "Nothing is to be learnt from it."

    def suspicions(self, case):
        tree = parse(case.cell.source)
        change = over(case.cell.source, tree.body[-1], "pass")
        yield Suspicion(
            claim="The last statement is in the way.",
            prediction="Without it the cell passes.",
            checks=(),
            repairs=(Repair(edits=(edit(case.cell, change),), why="It is gone."),),
            weight=1.0,
        )


def test_a_rule_that_fails_is_named_and_the_others_still_count(solve, failing):
    from cot_magic.reasoners.offline.crashes.names import RULES

    session = solve(failing("total = 3", "double = totl * 2"), rules=(Broken(), *RULES))
    assert session.best_fix is not None
    limits = [item.text for item in session.phase(Phase.ANALYZE).findings if item.topic == "limits"]
    assert limits == ["the rule `other.broken` failed: LookupError: my own mistake"]


def test_an_edit_that_only_silences_comes_after_one_that_mends(solve, failing):
    from cot_magic.reasoners.offline.crashes.names import RULES

    session = solve(failing("total = 3", "double = totl * 2"), rules=(Silencing(), *RULES))
    assert session.best_fix.edits[0].after == "double = total * 2"
    assert session.judge_fix(session.best_fix).verdict is FixVerdict.VERIFIED


def test_an_edit_that_only_silences_is_never_verified(solve, failing):
    session = solve(failing("total = 3", "double = totl * 2"), rules=(Silencing(),))
    assert session.judge_fix(session.fixes[0]).verdict is FixVerdict.PLAUSIBLE
    assert "doubts" in texts(session, Phase.IMPLEMENT)


@pytest.mark.parametrize("prompt", ["", "is it right?"])
def test_a_cell_that_passed_is_reviewed_by_its_own_examples(solve, failing, prompt):
    from dataclasses import replace

    source = (
        "def twice(n):\n    '''Double.\n\n    >>> twice(2)\n    4\n    >>> twice(3)\n    7\n    '''\n  "
        "  return 2 * n\n"
        "assert twice(1) == 2\n"
    )
    cell = Cell(id=CellId("c1"), source=source, index=1, execution_count=2)
    case = replace(failing("x = 1", "y"), cell=cell, cells=(cell,), raised=None, prompt=prompt)
    session = solve(case)
    verdicts = {h.claim: session.judge(h.id).verdict for h in session.hypotheses}
    assert (
        verdicts["The example `twice(2)` in the docstring of `twice` gives `4`."]
        is HypothesisVerdict.CONFIRMED
    )
    assert (
        verdicts["The example `twice(3)` in the docstring of `twice` gives `7`."] is HypothesisVerdict.REFUTED
    )
    assert verdicts["`twice(1) == 2` is true in a new copy of the kernel too."] is HypothesisVerdict.CONFIRMED
    assert session.fixes == ()


def test_ruffs_remarks_are_hypotheses_that_nothing_confirms(solve, failing):
    from dataclasses import replace

    cell = Cell(id=CellId("c1"), source="def f(xs=[]):\n    return xs\n", index=1, execution_count=2)
    session = solve(replace(failing("x = 1", "y"), cell=cell, cells=(cell,), raised=None))
    found = [h for h in session.hypotheses if h.rule == "review.B006"]
    assert found
    assert session.judge(found[0].id).verdict is HypothesisVerdict.INCONCLUSIVE

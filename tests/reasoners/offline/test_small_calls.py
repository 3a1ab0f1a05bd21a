"""The test of a fix calls the guilty function on the smallest input that failed."""

import contextlib
import io

import pytest

from cot_magic.core.events import Screened
from cot_magic.core.facts import NO_FACTS, Fact, Facts
from cot_magic.core.findings import CellEdit, Fix, FixId, HypothesisId
from cot_magic.core.jobs import Outcome
from cot_magic.reasoners.offline.small_calls import plain, small_test

FUNCTIONS = (
    "def amount(text):\n    return float(text)\n\ndef total(texts):\n    return sum(amount(t) for t in texts)"
)
MENDED = FUNCTIONS.replace("float(text)", "float(text.replace(',', ''))")
CALL = "prices = ['1', '1,200']\nresult = total(prices)"


def facts(operation="total(prices)", expression="prices", code="['1,200']"):
    fact = Fact.of("smallest.input", "", operation=operation, expression=expression, code=code)
    return Facts(found=(fact,))


def asked(failing, facts, *, before=FUNCTIONS, after=MENDED, says=None):
    """The test for the fix; what is to be screened is run here, or `says` is what the copy prints."""
    case = failing(before, CALL)
    fix = Fix(
        id=FixId("f1"),
        edits=(CellEdit(cell=case.cells[0].id, before=before, after=after),),
        why="",
        hypothesis=HypothesisId("h1"),
    )
    steps = small_test(case, fix, facts)
    try:
        request = next(steps)
        printed, space = io.StringIO(), {"__name__": "__main__"}
        with contextlib.redirect_stdout(printed), contextlib.suppress(ValueError):
            exec(before, space)
            exec(request.source, space)
        steps.send(Screened(outcome=Outcome.PASSED, output=printed.getvalue() if says is None else says))
    except StopIteration as end:
        return end.value
    raise AssertionError("one screening is enough")


def test_the_function_is_called_on_the_smallest_input_and_on_it_twice_over(failing):
    test = asked(failing, facts())
    assert "    assert total(['1,200']) == 1200.0\n" in test.source
    assert "    assert total(['1,200', '1,200']) == 2400.0\n" in test.source
    exec(MENDED, mended := {})
    exec(test.source, mended)
    exec(FUNCTIONS, broken := {})
    with pytest.raises(ValueError, match="1,200"):
        exec(test.source, broken)


def test_a_function_that_still_fails_gets_no_test(failing):
    assert asked(failing, facts(), after=FUNCTIONS + "\n") is None


@pytest.mark.parametrize(
    "given",
    [
        NO_FACTS,
        facts(code=""),
        facts(operation="total(prices, other)"),
        facts(operation="prices.sort()"),
        facts(operation="sum(prices)"),
        facts(operation="total(prices"),
    ],
    ids=["no fact", "not plain", "another name", "a method", "not the notebook's", "no expression"],
)
def test_without_a_call_of_literals_there_is_no_test(failing, given):
    assert asked(failing, given) is None


@pytest.mark.parametrize(
    "says",
    ["", "cot-small {", 'cot-small ["total([\'1,200\'])", "os.getcwd()"]', 'cot-small ["total()", "1"]'],
)
def test_what_the_copy_prints_is_data(failing, says):
    assert asked(failing, facts(), says=says) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.5, True), ([1, "a"], True), (float("nan"), False), ([float("inf")], False), (object(), False)],
)
def test_a_value_is_written_down_only_if_it_is_read_as_an_equal_one(value, said):
    assert plain(value) is said

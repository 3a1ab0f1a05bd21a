"""What libraries advise: the rest of a message, and warnings of the cells."""

import pytest

from cot_magic.autopsy.advice import advising

TABLE = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': ['x', 'y', 'z']})"


@pytest.mark.filterwarnings("default")
def test_a_lost_chained_assignment_of_an_earlier_cell_is_told_with_line_and_remedy(mortuary) -> None:
    pytest.importorskip("pandas", minversion="3")
    facts = mortuary.facts(TABLE, "few = 1\ndf['a'][df['a'] > 1] = 0", "assert df['a'].max() == 1")
    fact = facts.first("advice.warning")
    assert (fact.cell, fact.lineno, fact.value["category"]) == ("c1", 2, "ChainedAssignmentError")
    assert fact.value["statement"] == "df['a'][df['a'] > 1] = 0"
    assert ".loc[row_indexer, col_indexer] = value" in fact.value["code"]
    assert "Try using '.loc" in fact.text


@pytest.mark.filterwarnings("default")
def test_warnings_of_cells_that_the_failing_one_does_not_need_are_left_out(mortuary) -> None:
    warns = "import warnings\nwarnings.warn('use `new` instead')"
    facts = mortuary.facts(f"x = 1\n{warns}", f"{warns}\nother = 2", "x / 0")
    assert [(fact.cell, fact.lineno) for fact in facts.of("advice.warning")] == [("c0", 3)]
    assert facts.first("advice.warning").value["code"] == ["new"]


def test_the_rest_of_the_message_says_what_must_be_so(mortuary) -> None:
    pytest.importorskip("sklearn")
    fit = (
        "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
        "m = LinearRegression().fit(pd.DataFrame({'a': [1, 2], 'b': [2, 1]}), [0, 1])"
    )
    fact = mortuary.facts(fit, "m.predict(pd.DataFrame({'b': [1], 'a': [2]}))").first("advice.message")
    assert fact.value["advice"] == ["Feature names must be in the same order as they were in fit."]
    assert fact.text.startswith("The feature names should match those that were passed during fit.")


def test_notes_of_an_exception_are_advice_too(mortuary) -> None:
    source = "e = ValueError('no')\ne.add_note('Please set `mode`')\nraise e"
    fact = mortuary.facts(source).first("advice.message")
    assert (fact.value["first"], fact.value["code"]) == ("no", ["mode"])


def test_a_message_of_one_line_has_no_rest(mortuary) -> None:
    assert not mortuary.facts("int('x')").of("advice")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is lost. Try `a` instead.\nSee the documentation: https://x.y/use", ["Try `a` instead."]),
        ("time data does not match.\n    - passing `format` if", ["passing `format` if"]),
        ("The axes differ.", []),
    ],
)
def test_only_sentences_that_say_what_to_do_are_advice(text, found) -> None:
    assert advising(text) == found

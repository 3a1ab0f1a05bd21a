"""Values inside the failing expression."""

import pytest


def test_both_sides_of_an_assert_are_told(mortuary) -> None:
    facts = mortuary.facts(
        "def discount(price, percent):\n    return price - percent * 20", "assert discount(200, 15) == 170"
    )
    assert facts.first("inside.compared").text == "`discount(200, 15)` is `-100`, not `170`."


def test_a_call_inside_the_failing_expression_has_a_value(mortuary) -> None:
    facts = mortuary.facts("import re", "re.match('b', 'abc').group(0)")
    values = {item.value["expression"]: item.value["value"] for item in facts.of("inside.value")}
    assert values["re.match('b', 'abc')"] == "None"


def test_a_call_that_takes_something_away_is_not_repeated(mortuary) -> None:
    facts = mortuary.facts("rows = ['a', 'b']", "int(rows.pop())")
    assert "rows.pop()" not in [item.value["expression"] for item in facts.of("inside.value")]


def test_each_part_is_evaluated_once(mortuary) -> None:
    facts = mortuary.facts(
        "calls = []\ndef once():\n    calls.append(1)\n    return len(calls)",
        "assert [once()] + [2] == 3 + once()",
    )
    values = {item.value["expression"]: item.value["value"] for item in facts.of("inside.value")}
    assert values["[once()]"] == "[3]"  # the cell itself made two calls


@pytest.mark.parametrize(
    ("before", "fails", "told"),
    [
        ("rows = []", "rows[0]", "`rows` is empty."),
        ("rows = []", "sum(rows) / len(rows)", "`rows` is empty."),
        ("rows = [1]", "rows[1]", None),
        ("rows = {}", "rows['a']", None),
    ],
)
def test_a_name_with_nothing_in_it_is_told_where_the_failure_can_come_from_that(
    mortuary, before: str, fails: str, told: str | None
) -> None:
    fact = mortuary.facts(before, fails).first("inside.empty")
    assert (fact.text if fact is not None else None) == told


def test_a_table_without_rows_is_told(mortuary) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\nsales = pd.DataFrame({'region': ['north'], 'amount': [1.0]})"
    facts = mortuary.facts(made, "north = sales[sales['region'] == 'North']\nnorth['amount'].iloc[0]")
    assert facts.first("inside.empty").text == "`north` has no rows."


def test_what_is_told_once_or_has_no_value_is_left_out(mortuary) -> None:
    facts = mortuary.facts("values = []", "sum(values) / len(values)")
    texts = [item.text for item in facts.of("inside.value")]
    assert len(texts) == len(set(texts))
    pytest.importorskip("pandas")
    facts = mortuary.facts("import pandas as pd\ns = pd.Series([1], index=['a'])", "s.loc['d']")
    assert "s.loc" not in [item.value["expression"] for item in facts.of("inside.value")]


@pytest.mark.parametrize(
    ("before", "fails", "told"),
    [
        (
            "people = [('Ann', 31), ('Ben', 27, 'Rome')]",
            "for name, age in people:\n    pass",
            "`people[1]` is `('Ben', 27, 'Rome')`: 3 values for the names `name, age`.",
        ),
        (
            "people = [('Ann', 31), ('Ben',)]",
            "[name for name, age in people]",
            "`people[1]` is `('Ben',)`: 1 value for the names `name, age`.",
        ),
        ("pair = [1, 2, 3]", "a, b = pair", "`pair` is `[1, 2, 3]`: 3 values for the names `a, b`."),
    ],
)
def test_what_has_too_many_or_too_few_values_is_told(mortuary, before: str, fails: str, told: str) -> None:
    assert mortuary.facts(before, fails).first("inside.unpacked").text == told


def test_a_name_that_a_function_makes_local_is_told_with_the_one_outside(mortuary) -> None:
    facts = mortuary.facts("seen = 3\ndef visit():\n    seen += 1", "visit()")
    said = "`seen` is local to `visit`, which assigns it in line 3, and has no value yet; the `seen` outside is `3`."
    assert facts.first("inside.unbound").text == said

"""Which elements of a container are guilty."""

import pytest

pd = pytest.importorskip("pandas")

TABLE = (
    "import pandas as pd\n"
    "df = pd.DataFrame({'price': ['12.50', 'n/a', '1,200', '7'] * 3, 'n': [1, None, 3, 4] * 3,\n"
    "                   'day': ['2024-01-05', '13/02/2024', '2024-03-01', '2024-04-01'] * 3})"
)


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("df['price'].astype(float)", "df['price'].astype(float)"),
        ("pd.to_numeric(df['price'])", "pd.to_numeric(df['price'])"),
        ("total = sum(float(p) for p in df['price'])", "float(p)"),
        ("for p in df['price']:\n    float(p)", "float(p)"),
        ("for n, p in enumerate(df['price']):\n    float(p)", "float(p)"),
    ],
)
def test_the_elements_that_cannot_be_converted_are_found_however_it_is_done(
    mortuary, source, operation
) -> None:
    fact = mortuary.facts(TABLE, source).first("elements.guilty")
    assert fact.value["expression"] == "df['price']"
    assert fact.value["operation"] == operation
    assert fact.value["positions"] == [1, 2, 5, 6, 9, 10]
    assert [(group["text"], group["count"]) for group in fact.value["groups"]] == [("n/a", 3), ("1,200", 3)]
    assert fact.value["good"] == ["12.50", "7"]


def test_a_function_of_another_cell_fails_for_elements_of_the_column_that_it_was_mapped_over(
    mortuary,
) -> None:
    facts = mortuary.facts(TABLE, "def clean(text):\n    return float(text)", "df['price'].map(clean)")
    assert facts.first("elements.guilty").value["expression"] == "df['price']"


def test_elements_that_fail_only_beside_others_are_found(mortuary) -> None:
    fact = mortuary.facts(TABLE, "pd.to_datetime(df['day'])").first("elements.guilty")
    assert fact.value["distinct"] == ["13/02/2024"]
    assert fact.value["beside"] == "2024-01-05"
    fact = mortuary.facts("sorted([3, 'a', 2])").first("elements.guilty")
    assert (fact.value["positions"], fact.value["types"]) == ([1], {"str": 1})


def test_missing_values_and_mixed_types_are_counted(mortuary) -> None:
    facts = mortuary.facts(TABLE, "df['n'].astype(int)")
    assert facts.first("elements.missing").value == {
        "expression": "df['n']",
        "total": 3,
        "of": 12,
        "columns": {},
    }
    facts = mortuary.facts("sum([1, 2, None, '4'])")
    assert facts.first("elements.types").value["types"] == {"int": 2, "NoneType": 1, "str": 1}


def test_the_columns_for_which_an_operation_fails_are_named(mortuary) -> None:
    facts = mortuary.facts(TABLE, "df.corr()")
    assert facts.first("elements.columns").value["columns"] == ["'price'", "'day'"]


def test_operands_of_different_lengths_have_no_guilty_elements(mortuary) -> None:
    facts = mortuary.facts("import numpy as np\na, b = np.arange(3), np.arange(4)", "a + b")
    assert not facts.of("elements.guilty")


def test_rows_without_the_key_are_found(mortuary) -> None:
    fact = mortuary.facts("rows = [{'a': 1}, {'b': 2}, {'a': 3}]", "[row['a'] for row in rows]").first(
        "elements"
    )
    assert (fact.value["expression"], fact.value["positions"]) == ("rows", [1])

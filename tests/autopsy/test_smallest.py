"""The smallest input that fails the same way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cot_magic.autopsy.smallest import ddmin

PARSE = "def parse(rows):\n    return [int(row['n']) for row in rows]\nrows = [{'n': '1'}, {'n': 'x'}, {'n': '3'}]"


def test_the_one_item_that_fails_is_found_for_the_call_in_the_cell(mortuary) -> None:
    fact = mortuary.facts(PARSE, "parse(rows)").first("smallest.input")
    assert (fact.value["operation"], fact.value["code"]) == ("parse(rows)", "[{'n': 'x'}]")
    assert fact.value["kept"] == [{"count": 1, "of": 3, "unit": "items"}]


def test_characters_and_pairs_that_fail_only_together(mortuary) -> None:
    fact = mortuary.facts("import json", "json.loads('[1, 2, 3')").first("smallest.input")
    assert len(fact.value["value"]) < len("'[1, 2, 3'")
    clash = "def check(xs):\n    if 3 in xs and 7 in xs:\n        raise ValueError('both')"
    fact = mortuary.facts(clash, "check([1, 3, 5, 7, 9])").first("smallest.input")
    assert fact.value["code"] == "[3, 7]"


def test_rows_and_columns_of_a_table(mortuary) -> None:
    pytest.importorskip("pandas")
    table = "import pandas as pd\ndf = pd.DataFrame({'a': ['1', '2', 'x'], 'b': [1, 2, 3]})\n"
    facts = mortuary.facts(table + "def total(t):\n    return t['a'].astype(float).sum()", "total(df)")
    assert [item["count"] for item in facts.first("smallest.input").value["kept"]] == [1, 1]


def test_nothing_is_told_if_nothing_can_be_left_out(mortuary) -> None:
    assert not mortuary.facts("parse = int", "parse('x')").of("smallest")
    assert not mortuary.facts("it = iter([])", "next(it)").of("smallest")


def test_secrets_are_no_code(mortuary) -> None:
    facts = mortuary.facts(
        "def use(password):\n    return int(password)", "password = 'hunter2hunter'\nuse(password)"
    )
    assert all("hunter2" not in str(fact) for fact in facts.of("smallest"))


@given(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1)))
)
def test_what_is_needed_is_kept_and_nothing_else(case) -> None:
    count, needed = case
    assert ddmin(count, lambda some: needed <= set(some), math.inf) == sorted(needed)

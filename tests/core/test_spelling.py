"""Names that are spelt nearly alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cot_magic.core.spelling import distance, near, only_near, respelled


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("total", "totl", 1), ("total", "toatl", 1), ("total", "total", 0), ("", "abc", 3), ("abc", "xyz", 3)],
)
def test_neighbours_that_changed_places_count_once(one, other, edits):
    assert distance(one, other) == edits


@given(st.text("abcd", max_size=6), st.text("abcd", max_size=6))
def test_the_distance_is_the_same_both_ways_and_bounded(one, other):
    assert distance(one, other) == distance(other, one)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_capitals_and_underscores_are_nearest():
    assert near("customerName", ["customer_name", "customer_game"]) == ["customer_name"]


def test_two_equally_near_names_leave_no_only_one():
    assert only_near("rate_c", ["rate_a", "rate_b"]) is None


@pytest.mark.parametrize("word", ["x", "xy", "q"])
def test_short_names_are_like_no_other(word):
    assert near(word, ["y", "xz", "abc"]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("pricse", "prices", True),
        ("Month ", "month", True),
        ("df_2", "df_1", False),
        ("x_mid", "x_min", False),
        ("sales_q2", "sales_q1", False),
        ("argmin", "argmax", False),
        ("total_amuont", "total_amount", True),
        ("user_id", "user_di", True),
        ("region", "month", False),
    ],
)
def test_another_digit_a_short_word_or_an_opposite_is_another_name(one, other, same):
    assert respelled(one, other) is same

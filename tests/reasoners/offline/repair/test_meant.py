"""Words of a docstring that speak for an edit."""

import ast

import pytest

from cot_magic.reasoners.offline.repair.meant import brings_in, conversions, missing


def names(source):
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return missing(function)


def test_what_is_said_and_not_done_is_missing():
    found = names(
        "def spread(xs):\n    '''The distance, round.\n\n    >>> spread(max)\n    '''\n    return xs"
    )
    assert found == {"abs", "round"}


@pytest.mark.parametrize("code", ["xs.sort()", "xs = sorted(xs)"])
def test_what_is_done_already_is_not_missing(code):
    assert names(f"def f(xs):\n    'The largest of the sorted items.'\n    {code}\n    return xs") == {"max"}


@pytest.mark.parametrize(
    ("old", "new", "speaks"),
    [
        ("a - b", "abs(a - b)", True),
        ("abs(a)", "abs(b)", False),
        ("a - b", "int(a - b)", False),
        ("xs", "all(xs)", True),
    ],
)
def test_an_edit_that_brings_in_what_is_missing_is_known(old, new, speaks):
    assert brings_in(frozenset({"abs", "all"}), old, new) is speaks


def test_nothing_is_brought_in_where_nothing_is_missing():
    assert not brings_in(frozenset(), "a", "abs(a)")


def test_the_numbers_of_units_that_are_said_and_not_used_are_known():
    function = ast.parse("def to_minutes(x):\n    'From seconds to percent.'\n    return x * 100").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert conversions(function) == (60, 3600)

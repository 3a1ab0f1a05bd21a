"""Inputs like those of the asserts, also where they are tables."""

import ast
import random

import pytest

from cot_magic.reasoners.offline.repair.inputs import documented_examples, variants


def test_a_table_is_varied_by_its_rows():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2, 3]})
    found = [other["a"].tolist() for other in variants(table, random.Random(1))]
    assert [2, 3] in found
    assert [3, 2, 1] in found
    assert [1, 2, 3, 1] in found


def test_an_array_is_varied_and_a_number_of_numpy_is_not():
    numpy = pytest.importorskip("numpy")
    assert [4, 2] in [other.tolist() for other in variants(numpy.array([2, 4]), random.Random(1))]
    assert list(variants(numpy.array(3), random.Random(1))) == []


@pytest.mark.parametrize(
    ("line", "example"),
    [
        (">>> f(1)\n    2", ("f(1)", "2")),
        ("f(1) -> 2", ("f(1)", "2")),
        ("f([1, (2)]) == [3].", ("f([1, (2)])", "[3]")),
        ("For example, f('a') returns 'b'", ("f('a')", "'b'")),
        ("f(3)  # 'x'", ("f(3)", "'x'")),
    ],
)
def test_an_example_of_a_docstring_is_found(line, example):
    tree = ast.parse(f'def f(x):\n    """Does it.\n    {line}\n    """\n')
    assert documented_examples(tree) == [example]


@pytest.mark.parametrize("line", ["f(x) is good", "f(1) -> 2 elements", "g(1) -> 2"])
def test_what_is_said_of_a_call_is_no_example(line):
    assert documented_examples(ast.parse(f'def f(x):\n    """Does it.\n    {line}\n    """\n')) == []

"""Each candidate starts from the same state, also where an earlier one changed what is shared."""

import random
from collections import deque

import pytest

from cot_magic.reasoners.offline.repair.restore import Pristine


def appended(value):
    value.append(9)


CHANGES = [
    ([1, [2]], lambda value: value[1].append(3)),
    ({"a": [1]}, lambda value: value["a"].clear()),
    ({1, 2}, lambda value: value.add(3)),
    (deque([1]), appended),
    (bytearray(b"ab"), lambda value: value.extend(b"c")),
    (([1],), lambda value: appended(value[0])),
]


@pytest.mark.parametrize(("value", "change"), CHANGES, ids=lambda item: type(item).__name__)
def test_a_changed_container_is_as_before(value, change):
    namespace, before = {"value": value}, repr(value)
    pristine = Pristine(namespace, ["value"], chance=False)
    change(value)
    pristine.restore()
    assert namespace["value"] is value
    assert repr(value) == before


def test_names_that_were_added_are_gone():
    namespace = {"a": 1}
    pristine = Pristine(namespace, ["a"], chance=False)
    namespace.update(a=2, b=3)
    pristine.restore()
    assert namespace == {"a": 1}


def test_the_default_value_of_a_function_is_as_before():
    namespace: dict = {}
    exec("def tag(word, seen=[]):\n    seen.append(word)\n    return seen", namespace)
    pristine = Pristine(namespace, ["tag"], chance=False)
    namespace["tag"]("a")
    pristine.restore()
    assert namespace["tag"]("b") == ["b"]


def test_what_a_function_reads_from_the_namespace_is_as_before():
    namespace: dict = {"seen": []}
    exec("def note(word):\n    seen.append(word)\n    return len(seen)", namespace)
    pristine = Pristine(namespace, ["note"], chance=False)
    namespace["note"]("a")
    pristine.restore()
    assert namespace["note"]("b") == 1


def test_an_array_and_a_table_are_as_before():
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    namespace = {"array": numpy.zeros(3), "table": pandas.DataFrame({"a": [1, 2]})}
    pristine = Pristine(namespace, ["array", "table"], chance=False)
    namespace["array"][0] = 5
    namespace["table"].loc[0, "a"] = 7
    pristine.restore()
    assert namespace["array"].tolist() == [0, 0, 0]
    assert namespace["table"]["a"].tolist() == [1, 2]


def test_random_numbers_are_drawn_again():
    pristine = Pristine({}, [], chance=True)
    first = random.random()
    pristine.restore()
    assert random.random() == first


def test_a_structure_that_is_too_large_is_named():
    assert not Pristine({"a": [[] for _ in range(30_000)]}, ["a"], chance=False).whole

"""What the fixed cells leave, compared with what there was."""

from collections.abc import Callable
from typing import Any

import pytest

from cot_magic.verdict import damage


def told(change: Callable[[dict[str, Any]], None], *, changed: str = "", **names: Any) -> list[str]:
    """What the recorder tells of a namespace after a change; all names belong to other cells."""
    space: dict[str, Any] = {"ELEMENTWISE": set(), "GAPS": set(), "FOREIGN": set(names), "CHANGED": {changed}}
    exec(damage._RECORDER, space)
    recorder = space["_Recorder"](sorted(names), names)
    change(names)
    found: list[str] = recorder.damage()
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, 2], "`x` of another cell had 3 items and has 2"),
        ("a", "`x` of another cell was of type list and becomes str"),
    ],
)
def test_a_name_of_another_cell_that_is_bound_to_less_is_told(value: object, text: str) -> None:
    assert told(lambda space: space.update(x=value), x=[1, 2, 3]) == [text]


def test_another_number_for_another_cell_is_told() -> None:
    assert told(lambda space: space.update(x=4), x=3) == ["`x` of another cell was 3 and becomes 4"]


def test_a_longer_list_is_no_damage() -> None:
    assert told(lambda space: space.update(x=[1, 2, 3, 4]), x=[1, 2, 3]) == []


def test_an_item_that_is_taken_is_told_only_if_the_fix_takes_it() -> None:
    assert told(lambda space: space["x"].pop(), x=[1, 2]) == []
    assert told(lambda space: space["x"].pop(), changed="x", x=[1, 2]) == [
        "`x` of another cell had 2 items and has 1"
    ]


def test_a_column_of_missing_values_is_told() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2]})

    def change(space: dict[str, Any]) -> None:
        space["x"]["b"] = float("nan")

    assert told(change, x=table) == ["all values of `x['b']` are missing"]


def test_missing_values_in_a_result_are_told_if_its_operands_have_none() -> None:
    pandas = pytest.importorskip("pandas")
    space: dict[str, Any] = {"ELEMENTWISE": set(), "GAPS": set(), "FOREIGN": set(), "CHANGED": set()}
    exec(damage._RECORDER, space)
    one, other = pandas.DataFrame({"a": [1]}), pandas.DataFrame({"b": [2]})
    recorder = space["_Recorder"]([], {})
    recorder.end(0, 0, pandas.concat([one, other]), lambda: (one, other))
    assert recorder.damage() == ["2 values are missing in its result, none in its inputs"]


def test_an_operation_that_leaves_gaps_by_its_nature_is_not_reproached_for_them() -> None:
    import pandas as pd

    sales = pd.DataFrame({"day": ["mo", "mo", "tu"], "town": ["a", "b", "a"], "n": [1, 2, 3]})
    wide = sales.pivot(index="day", columns="town", values="n")
    for gaps, told in ((set[int](), True), ({0}, False)):
        space: dict[str, Any] = {"ELEMENTWISE": set(), "GAPS": gaps, "FOREIGN": set(), "CHANGED": set()}
        exec(damage._RECORDER, space)
        recorder = space["_Recorder"]([], {})
        recorder.end(0, None, wide, lambda: (sales,))
        assert any("missing" in text for text in recorder.damage()) is told

"""Values that stand in for a cell which is too dear to run again: only if they are what it made."""

import pickle
from typing import Any

import pytest

from cot_magic.actions.live_values import LiveValues
from cot_magic.capture.lineage.history import CellRun
from cot_magic.core.case import CellId
from cot_magic.run.certify import PlannedCell

DEAR = "import time\ndef double(x):\n    return 2 * x\nprices = [3.5]\ntime.sleep(0)"


def given(
    *later: str, source: str = DEAR, edited: tuple[int, ...] = (), raised: bool = False, **values: Any
) -> tuple[str, bytes] | None:
    runs = [CellRun(cell=CellId("c0"), source=source, order=0, ended=True, raised=raised)]
    runs += [
        CellRun(cell=CellId(f"c{n}"), source=text, order=n, ended=True) for n, text in enumerate(later, 1)
    ]
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    live = LiveValues(runs, {**namespace, **values}, edited)
    return live.of(PlannedCell(place=1, label="cell [2]", source=DEAR))


def test_definitions_come_as_source_and_values_pickled() -> None:
    found = given("total = double(prices[0])")
    assert found is not None
    source, data = found
    assert source == "import time\n\ndef double(x):\n    return 2 * x"
    assert pickle.loads(data) == {"prices": [3.5]}


@pytest.mark.parametrize(
    "later", ["prices = []", "prices.append(1)", "prices[0] = 1", "del prices", "def double(x): return x"]
)
def test_values_that_a_later_cell_touched_are_not_given(later: str) -> None:
    assert given(later) is None


def test_a_cell_below_an_edit_is_not_stood_in_for() -> None:
    assert given(edited=(0,)) is None
    assert given(edited=(1,)) is None
    assert given(edited=(2,)) is not None


def test_a_cell_that_ran_otherwise_or_failed_is_not_stood_in_for() -> None:
    assert given(source=DEAR.replace("3.5", "4")) is None
    assert given(raised=True) is None


def test_what_cannot_be_pickled_is_not_given() -> None:
    assert given(prices=(item for item in [])) is None


def test_a_cell_that_changes_values_of_others_is_not_stood_in_for() -> None:
    source = "others.append(1)"
    runs = [CellRun(cell=CellId("c0"), source=source, order=0, ended=True)]
    live = LiveValues(runs, {"others": [1]})
    assert live.of(PlannedCell(place=0, label="cell [1]", source=source)) is None

"""How long the cells above are expected to take again."""

import pytest

from cot_magic.actions.parking import IMPORTING_S, seconds_again
from cot_magic.capture.lineage.history import CellRun
from cot_magic.core.case import CellId


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import keras", IMPORTING_S),
        ("%matplotlib inline\nfrom keras.layers import Dense", IMPORTING_S),
        ("import statistics", 30.0),
        ("model.fit(X, y)", 30.0),
        ("import keras as", 30.0),
    ],
)
def test_the_import_of_a_library_that_is_there_already_takes_little(source: str, expected: float) -> None:
    run = CellRun(cell=CellId("c"), source=source, order=1, seconds=30.0)
    assert seconds_again(run, ("keras", "pandas")) == expected
    assert seconds_again(run, ()) == 30.0

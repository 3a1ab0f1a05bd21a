import numpy as np
import pandas as pd
import pytest
from apart import WITH, run_with

from cot_magic.capture.describe.values import variable
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Variable


def described(value: object, name: str = "x") -> Variable:
    return variable(name, value, Redactor({}))


def facts(value: object) -> dict[str, str]:
    return dict(described(value).facts)


def test_a_data_frame_tells_shape_columns_types_head_and_missing_values() -> None:
    table = pd.DataFrame({"name": ["ann", None], "age": [30, 41], "password": ["hunter2", "s3cret"]})

    found = described(table, "table")

    assert found.text == "DataFrame of 2 rows × 3 columns: 'name', 'age', 'password'"
    assert found.keys == ("'name'", "'age'", "'password'")
    told = dict(found.facts)
    assert told["shape"] == "(2, 3)"
    assert "'age' int64" in told["dtypes"]
    assert "'age': [30, 41]" in told["head"]
    assert told["missing"] == "'name' 1"
    assert "hunter2" not in told["head"]


def test_odd_tables_are_described_too() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    deep = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("x", 1)]))
    kinds = pd.DataFrame(
        {
            "when": pd.date_range("2026", periods=2),
            "maybe": pd.array([1, None], dtype="Int64"),
            "kind": pd.Categorical(["a", "b"]),
        }
    )
    assert described(twice).keys == ("'a'", "'a'")
    assert described(deep).keys == ("('x', 1)",)
    assert "<NA>" in facts(kinds)["head"]
    assert facts(pd.DataFrame())["shape"] == "(0, 0)"


def test_series_arrays_and_scalars_of_numpy_tell_their_types() -> None:
    assert facts(pd.Series([1.0, None], name="s"))["missing"] == "1"
    assert facts(np.zeros((2, 3)))["shape"] == "(2, 3)"
    assert facts(np.array([1.0, np.nan]))["nan"] == "1"
    assert described(np.float64(2)).text == "float64(2.0)"
    assert described(np.array(5)).text == "array(shape=(), dtype=int64, 5)"


@pytest.mark.parametrize("kind", [pd.Series, pd.DataFrame])
def test_a_table_whose_making_failed_is_described_as_an_object_without_data(kind: type) -> None:
    unmade = described(kind.__new__(kind))

    assert unmade.text.startswith(f"<{kind.__module__}.{kind.__name__}")
    assert unmade.facts == unmade.keys == ()


def test_a_table_that_cannot_be_read_says_so() -> None:
    broken = pd.Series([1])
    object.__setattr__(broken, "_mgr", None)

    assert "unreadable" in described(broken).text


@pytest.mark.skipif(WITH == "polars", reason="it starts that test")
def test_frames_of_polars_too() -> None:
    run_with("polars", __file__, "columns_of_polars")


def _columns_of_polars_and_their_types() -> None:
    polars = pytest.importorskip("polars")
    found = described(polars.DataFrame({"city": ["Bonn"], "n": [3]}), "frame")
    assert found.text == "DataFrame of 1 rows × 2 columns: 'city', 'n'"
    assert found.keys == ("'city'", "'n'")
    assert dict(found.facts) == {"shape": "(1, 2)", "dtypes": "'city' String, 'n' Int64"}


if WITH == "polars":
    test_columns_of_polars = _columns_of_polars_and_their_types

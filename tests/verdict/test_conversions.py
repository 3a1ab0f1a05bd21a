"""What a fix puts around a value, and whether it keeps the items."""

import ast
from typing import Any

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.findings import CellEdit
from cot_magic.verdict import conversions
from cot_magic.verdict.conversions import wrapped


def found(before: str, after: str) -> list[tuple[str, str]]:
    return list(wrapped(CellEdit(cell=CellId("a"), before=before, after=after)))


def lost(
    inner: str,
    outer: str,
    alone: bool = True,
    keys: str = "",
    unhashable: bool = False,
    truth: bool = False,
    index: bool = False,
    **names: Any,
) -> str:
    """What the code of the experiment finds in a frame with these names."""
    given = f"INNER, OUTER, ALONE = {inner!r}, {outer!r}, {alone}\nBROADCAST = INTEGER = NUMBER = False\n"
    given += f"KEYS, UNHASHABLE, TRUTH, INDEX = {keys!r}, {unhashable}, {truth}, {index}\n"
    tree = ast.parse(given + conversions._RUN)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    space = dict(names)
    exec(compile(tree, "<run>", "exec"), space)
    return str(eval(compile(ast.Expression(last.value), "<run>", "eval"), space))


def test_a_call_around_an_argument_is_found_with_what_it_is_around() -> None:
    assert found("n = total(rows)", "n = total(sorted(rows))") == [("rows", "sorted(_value)")]


def test_a_name_that_is_bound_to_its_own_conversion_is_found() -> None:
    before = "def pairs(rows):\n    return rows[0], rows[1]"
    after = "def pairs(rows):\n    rows = list(rows)\n    return rows[0], rows[1]"
    assert found(before, after) == [("rows", "list(_value)")]


def test_what_takes_in_something_that_the_cell_wrote_out_is_no_conversion() -> None:
    assert found("rows.append_row({'a': 2})", "rows = join([rows, [{'a': 2}]])") == []
    assert found("rows.append_row({'a': 2})", "rows = join([rows])") == [("rows", "join([_value])")]


def test_a_number_of_items_is_no_conversion() -> None:
    assert found("for n in range(rows): pass", "for n in range(len(rows)): pass") == []


@pytest.mark.parametrize("outer", ["list(_value)", "tuple(_value)", "map(str, _value)", "enumerate(_value)"])
def test_what_keeps_the_items_loses_nothing(outer: str) -> None:
    assert lost("rows", outer, rows=[1, 2]) == ""


@pytest.mark.parametrize(
    "outer",
    [
        "sorted(_value)",
        "set(_value)",
        "list(dict.fromkeys(_value))",
        "[x for x in _value if x]",
        "max(_value)",
    ],
)
def test_what_reorders_or_leaves_out_items_is_told(outer: str) -> None:
    assert " for " in lost("rows", outer, rows=iter([1, 2]))


def test_what_is_no_value_of_the_frame_is_not_tried() -> None:
    assert lost("unknown", "sorted(_value)") == ""


def test_rows_of_a_table_that_are_left_out_are_told() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2, None]})
    assert lost("table", "_value.dropna()", table=table) != ""
    assert lost("table", "_value.reset_index()", table=table) == ""


@pytest.mark.parametrize(
    ("outer", "changes"),
    [
        ("abs(_value)", True),
        ("_value.clip(0)", True),
        ("np.maximum(_value, np.zeros_like(values))", True),
        ("np.asarray(_value)", False),
        ("_value.reshape(-1, 1)", False),
        ("_value.tolist()", False),
    ],
)
def test_other_numbers_in_the_same_place_are_told(outer: str, changes: bool) -> None:
    np = pytest.importorskip("numpy")
    told = lost("values", outer, alone="values" not in outer, values=np.array([4.0, -1.0, np.nan]), np=np)
    assert told.startswith("changes the values") is changes


@pytest.mark.parametrize(
    ("outer", "told"),
    [
        ("_value.lower()", "does not find the key 'Ann' any more"),
        ("_value.strip()", ""),
        ("int(_value)", "does not find the key 'Ann' any more"),
    ],
)
def test_a_key_that_is_found_as_it_is_has_to_be_found_still(outer: str, told: str) -> None:
    ages = {"Ann": 30, "ann": 4}
    seen = lost("name", outer, keys="ages", name="Bob", ages=ages)
    assert (told in seen) if told else seen == ""


@pytest.mark.parametrize(
    ("outer", "same"),
    [
        ("tuple(_value)", False),
        ("''.join(_value)", True),
        ("tuple(sorted(_value))", True),
        ("str(_value)", False),
    ],
)
def test_two_values_that_become_one_key_are_told(outer: str, same: bool) -> None:
    assert (lost("edge", outer, unhashable=True, edge=None) != "") is same


def test_pairs_that_a_dictionary_drops_are_told() -> None:
    assert lost("pairs", "dict(_value)", pairs=[("a", 1), ("b", 2)]) == ""
    assert lost("pairs", "dict(_value)", pairs=[("a", 1), ("a", 2)]) != ""


@pytest.mark.parametrize(
    ("outer", "told"), [("list(_value)", "True"), ("_value.size", "True"), ("len(_value)", "True")]
)
def test_a_condition_that_no_value_changes_is_told(outer: str, told: str) -> None:
    numpy = pytest.importorskip("numpy")
    assert lost("m > 1", outer, truth=True, m=numpy.array([1, 2])) == f"is {told} whatever the values are"


@pytest.mark.parametrize("outer", ["_value.any()", "_value.all()", "any(_value)"])
def test_a_condition_on_the_values_is_none_on_their_number(outer: str) -> None:
    numpy = pytest.importorskip("numpy")
    assert lost("m > 1", outer, truth=True, m=numpy.array([1, 2])) == ""


def test_where_a_truth_value_is_asked_for_what_is_around_a_comparison_is_found() -> None:
    edit = CellEdit(cell=CellId("a"), before="if m > 1: pass", after="if (m > 1).size: pass")
    assert ("m > 1", "_value.size") in list(wrapped(edit, of_truth=True))
    assert ("m > 1", "_value.size") not in list(wrapped(edit))


def test_truth_values_that_become_places_are_told() -> None:
    numpy = pytest.importorskip("numpy")
    names = {"keep": [True, False], "np": numpy}
    assert "makes places of truth values" in lost("keep", "np.array(_value, dtype=int)", index=True, **names)
    assert lost("keep", "np.array(_value)", index=True, **names) == ""
    assert lost("keep", "np.array(_value, dtype=int)", **names) == ""

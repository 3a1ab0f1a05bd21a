"""Observed values become bounded strings that a test can use, and looking never fails."""

import ast
import math

import pytest

from cot_magic.sandbox.observe import LONGEST_TEXT, described, type_name, value_text, watch


def one(value: object) -> tuple[str, bool]:
    ((_, text, literal),) = described("x", value)
    return text, literal


@pytest.mark.parametrize(
    "value",
    [1, -2.5, True, None, "ünï 'q'", b"\x00a", 2 + 3j, [1, [2, (3,)]], (), (1,), {"a": [None]}, {1, 2}, set(),
     {"k": {3, 1, 2}}, "x" * 1_000],
)  # fmt: skip
def test_a_value_of_builtin_types_is_a_literal_of_an_equal_value(value):
    text, literal = one(value)
    assert literal
    assert ast.literal_eval(text) == value


@pytest.mark.parametrize(
    "value", [math.nan, [math.nan], math.inf, frozenset({1}), [object()], range(3), [type]]
)
def test_what_no_literal_can_say_is_none(value):
    assert one(value)[1] is False


def test_sets_have_one_order_and_addresses_are_out():
    assert one({"b", "a", "c"})[0] == "{'a', 'b', 'c'}"
    assert one([object()])[0] == "[<object object at 0x…>]"
    assert one(object()) == ("<object object at 0x…>", False)


def test_a_long_text_ends_in_a_digest_of_the_whole():
    (first, literal), (second, _) = one(list(range(5_000))), one([*range(4_999), -1])
    assert len(first) <= LONGEST_TEXT
    assert not literal
    assert first[:500] == second[:500]
    assert first != second
    assert one("x" * 100_000)[0] != one("x" * 100_001)[0]


def test_a_structure_that_holds_itself_or_explodes_is_bounded():
    loop: list[object] = []
    loop.append(loop)
    assert one(loop)[1] is False
    wide: list[object] = [0]
    for _ in range(60):
        wide = [wide, wide]
    text, literal = one(wide)
    assert not literal
    assert text.endswith("too large to compare")


def test_a_repr_that_raises_is_reported_as_text():
    class Bad:
        def __repr__(self) -> str:
            raise ValueError("no")

    assert one(Bad()) == ("<repr raised ValueError>", False)
    assert one([Bad()]) == ("[<repr raised ValueError>]", False)
    assert value_text(Bad()) == "<repr raised ValueError>"


def test_an_object_without_a_repr_shows_its_attributes():
    class Order:
        def __init__(self) -> None:
            self.user, self.items = "ann", [1, 2]

    text, literal = one(Order())
    assert text.endswith("{'user': 'ann', 'items': [1, 2]}")
    assert not literal


def test_modules_functions_and_classes_are_named_only():
    assert one(ast)[0] == "ast"
    assert one(ast.parse)[0] == "ast.parse"
    assert one(ast.AST)[0] == "ast.AST"
    assert type_name({}) == "dict"
    assert type_name(ast.Constant(1)).endswith("ast.Constant")


def test_a_name_that_is_gone_has_no_item():
    (item,) = watch({"a": 1}, ("a", "b"))
    assert (item.name, item.type, item.expression, item.text, item.literal) == ("a", "int", "a", "1", True)


def test_a_data_frame_is_shape_columns_and_content():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    items = {item.expression: (item.text, item.literal) for item in watch({"df": frame}, ("df",))}
    assert items == {
        "df.shape": ("(2, 2)", True),
        "list(df.columns)": ("['a', 'b']", True),
        "df.to_dict('list')": ("{'a': [1, 2], 'b': ['x', 'y']}", True),
    }
    for expression, (text, _) in items.items():
        assert eval(expression, {"df": frame}) == ast.literal_eval(text)


def test_a_large_data_frame_has_a_digest_that_tells_a_changed_cell():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": range(500)})
    changed = frame.copy()
    changed.loc[499, "a"] = -1
    texts = [watch({"df": f}, ("df",))[-1].text for f in (frame, frame.copy(), changed)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("500 items, sha256 ")


def test_series_and_arrays_are_lists_while_they_are_small():
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    namespace = {"s": pandas.Series([1.5, 2.5]), "v": numpy.arange(3), "big": numpy.zeros(1_000)}
    items = {item.expression: (item.text, item.literal) for item in watch(namespace, tuple(namespace))}
    assert items["s.tolist()"] == ("[1.5, 2.5]", True)
    assert items["v.tolist()"] == ("[0, 1, 2]", True)
    assert items["v.shape"] == ("(3,)", True)
    assert items["big.tolist()"][0].startswith("1000 items, sha256 ")


def test_watching_in_a_job_reports_what_was_computed(kernel):
    kernel.park()
    result = kernel.job("total = 3; names = {'b', 'a'}; del total", watch=("total", "names"))
    assert [(item.name, item.text) for item in result.state] == [("names", "{'a', 'b'}")]


@pytest.mark.slow
def test_a_repr_that_never_ends_does_not_take_the_result_away(kernel):
    kernel.park()
    source = "class Slow:\n    def __repr__(self):\n        while True: pass\nslow = Slow(); 1 + 1"
    result = kernel.job(source, wall=1.0, watch=("slow",))
    assert (str(result.outcome), result.value, result.state) == ("PASSED", "2", ())

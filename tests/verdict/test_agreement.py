"""Another operation in place of the one that failed gives the same where that works."""

import ast
from typing import Any

import pytest

from cot_magic.verdict import agreement


def compared(old: str, new: str, of_values: bool = False, **names: Any) -> tuple[int, str]:
    """How often both agreed, and where they did not, in a frame with these names."""
    given = f"OLD, NEW, NAMES, MOST = {old!r}, {new!r}, {sorted(names)!r}, 60\nAPART, BROUGHT, LITERALS = '', ['import re'], {{}}\n"
    tree = ast.parse(f"{given}OF_VALUES = {of_values}\n{agreement._RUN}")
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    space = dict(names)
    exec(compile(tree, "<run>", "exec"), space)
    agreed, unlike = eval(compile(ast.Expression(last.value), "<run>", "eval"), space)
    return agreed, unlike


def test_a_search_agrees_with_a_match_wherever_that_finds_something() -> None:
    agreed, unlike = compared(
        "re.match(r'\\d+', text).group()", "re.search(r'\\d+', text).group()", text="no 12"
    )
    assert agreed > 0
    assert unlike == ""


@pytest.mark.parametrize("new", ["float(len(text))", "float(text[::-1])", "float(sum(map(int, text)))"])
def test_a_number_that_is_made_in_another_way_is_told(new: str) -> None:
    _, unlike = compared("float(text)", new, text="12,5")
    assert " instead of " in unlike


def test_a_decimal_comma_that_is_replaced_changes_nothing_that_worked() -> None:
    agreed, unlike = compared("float(text)", "float(text.replace(',', '.'))", text="12,5")
    assert agreed > 0
    assert unlike == ""


def test_where_the_old_one_never_works_nothing_is_compared() -> None:
    assert compared("unknown(text)", "len(text)", text="a") == (0, "")


def test_a_column_whose_strings_are_measured_is_not_one_of_their_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    column = pandas.Series(["2", "n/a"])
    assert compared("column.astype(float)", "column.str.len()", column=column)[1] != ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("text.index(',')", "text.find(',')", "it gives -1 where the old one fails"),
        ("math.sqrt(number)", "cmath.sqrt(number)", "it gives 1j where the old one fails"),
        ("statistics.mean(none)", "sum(none)", " instead of "),
        ("sorted(mixed)", "list(mixed)", " instead of "),
        ("int(text)", "float(text)", ""),
    ],
)
def test_what_gives_nothing_where_the_old_one_fails_only_hides_that(old: str, new: str, told: str) -> None:
    modules = {name: __import__(name) for name in ("math", "cmath", "statistics")}
    values = {"text": "2.5", "number": -1.0, "none": [], "mixed": [10, "9", 8]}
    asked = {name: value for name, value in values.items() if name in old}
    _, unlike = compared(old, new, of_values=True, **modules, **asked)
    assert (told in unlike) if told else (unlike == "")


def test_a_result_like_that_is_no_reproach_where_the_old_one_was_not_to_work() -> None:
    assert compared("text.index(',')", "text.find(',')", text="ab")[1] == ""


@pytest.mark.parametrize(
    ("source", "new", "compared_with"),
    [
        ("x = f(t)['a']", "f(t['a'])", "f(t)['a']"),
        ("x = f(t)[['a', 'b']]", "f(t[['a', 'b']])", "f(t)[['a', 'b']]"),
        ("x = f(t)['a']", "f(t['b'])", "f(t)"),
        ("x = f(t)['a']", "f(t)", "f(t)"),
        ("x = f(t)[i]", "f(t[i])", "f(t)"),
        ("x = f(t) + f(t)['a']", "f(t['a'])", "f(t)"),
    ],
)
def test_an_item_that_is_taken_before_is_compared_with_the_item_of_the_result(
    source: str, new: str, compared_with: str
) -> None:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    old = min(calls, key=lambda node: node.col_offset)
    item = agreement.with_its_item(source, old, ast.parse(new, mode="eval").body)
    assert ast.unparse(item) == compared_with


def test_strings_that_both_have_are_lifted_but_for_parts_of_f_strings() -> None:
    old, new = (ast.parse(text, mode="eval").body for text in ("f(f'a{n}.csv', 'x')", "g(f'a{n}.csv', 'x')"))
    literals = agreement._literals(old, new)
    lifted = [agreement._lifted(tree, literals) for tree in (old, new)]
    assert lifted == [f"{name}(f'a{{n}}.csv', {literals['x']})" for name in "fg"]

"""The smallest parts at which two sources differ, and what is put around what."""

import ast

import pytest

from cot_magic.core.differences import differences


def told(before: str, after: str) -> list[str]:
    """Each difference as `was -> now`, with what is put around it."""
    return [
        " -> ".join("" if node is None else ast.unparse(node) for node in (item.was, item.now))
        + "".join(f" | {type(step).__name__}" for step in item.steps)
        for item in differences(ast.parse(before), ast.parse(after))
    ]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("x = f(a)", "x = f(a)", []),
        ("x = len(n)", "x = len(str(n))", ["n -> str(n) | Call"]),
        ("x = f(y)", "x = f(y.ravel())", ["y -> y.ravel() | Call | Attribute"]),
        ("x = f(a, b)", "x = f(b, a)", ["a -> b", "b -> a"]),
        ("x = f(a)", "x = f(a, axis=1)", [" -> axis=1"]),
        ("x = f(a)", "x = f(**a)", ["a -> ", " -> **a"]),
        ("x = d.day", "x = d.days", ["d.day -> d.days"]),
        ("def f():\n    x = 1", "def f():\n    x = 1\n    return x", [" -> return x"]),
        ("def f():\n    x = 1", "def f():\n    global x\n    x = 1", [" -> global x"]),
        ("for i in a:\n    f(i)", "for i in range(a):\n    f(i)", ["a -> range(a) | Call"]),
        ("a\nb\nc", "a\nc", ["b -> "]),
    ],
)
def test_the_smallest_part_that_differs_is_found(before: str, after: str, found: list[str]) -> None:
    assert told(before, after) == found


def test_what_a_difference_is_part_of_is_known() -> None:
    (found,) = differences(ast.parse("x = f(a)"), ast.parse("x = f(b)"))
    assert isinstance(found.parent, ast.Call)
    assert [type(node).__name__ for node in found.around] == ["Module", "Assign", "Call"]


def test_a_large_cell_is_compared_in_one_pass() -> None:
    rows = ", ".join(f"({n}, 'name {n}')" for n in range(3000))
    before, after = f"rows = [{rows}]\nx = len(n)", f"rows = [{rows}]\nx = len(str(n))"
    assert told(before, after) == ["n -> str(n) | Call"]

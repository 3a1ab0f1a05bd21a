from typing import Any

import pytest


def values(variables: tuple[Any, ...]) -> dict[str, str]:
    return {variable.name: variable.text for variable in variables}


@pytest.mark.parametrize(
    ("source", "expression", "operands"),
    [
        ("a = 1\nb = 'x'\na + b", "a + b", {"a": "1", "b": "'x'"}),
        ("a = 1\nb = 'x'\na < b", "a < b", {"a": "1", "b": "'x'"}),
        ("a = 1\na += 'x'", "a += 'x'", {"a": "1", "'x'": "'x'"}),
        ("xs = [1]\ni = 4\nxs[i + 1]", "xs[i + 1]", {"xs": "[1]", "i + 1": "5", "i": "4"}),
        (
            "xs = [1]\nlen(xs, 2)",
            "len(xs, 2)",
            {"len": "<built-in function len(obj, /)>", "xs": "[1]", "2": "2"},
        ),
        ("d = {'a': 1}\nassert d['a'] == 2", "d['a'] == 2", {"d['a']": "1", "2": "2", "d": "{'a': 1}"}),
        ("xs = [1, 2, 3]\na, b = xs", "a, b", {"xs": "[1, 2, 3]"}),
        ("n = 3\nfor i in n:\n    pass", "n", {"n": "3"}),
        ("q = 3\n(lambda v: v.real.foo)(q)", "v.real.foo", {"v.real": None, "v": "3"}),
        ("x = None\nf'{x:>5d}'", None, {"x": "None"}),
        ("x = 1\n-'a'", "-'a'", {"'a'": "'a'"}),
        ("xs = [3]\nys = [x / 0 for x in xs]", "x / 0", {"x": "3", "0": "0"}),
        ("x = {}\ndel x['k']", None, {"x": "{}"}),
        ("é = 'ü'\né['日']", "é['日']", {"é": "'ü'", "'日'": "'日'"}),
    ],
)
def test_the_failing_expression_and_the_values_of_its_parts_are_told(
    notebook: Any, source: str, expression: str | None, operands: dict[str, str | None]
) -> None:
    frame = notebook.raised(source).innermost_in_cells
    if expression is not None:
        assert frame.expression == expression
    found = values(frame.operands)
    for name, text in operands.items():
        if text is not None:
            assert found.get(name) == text


def test_no_part_is_evaluated_that_costs_or_calls(notebook: Any) -> None:
    raised = notebook.raised(
        "calls = []\n"
        "class Loud:\n"
        "    def __getattr__(self, name): calls.append(name); raise AttributeError(name)\n"
        "    def __add__(self, other): calls.append('add'); return 1\n"
        "    @property\n"
        "    def prop(self): calls.append('prop'); return 1\n"
        "loud, n = Loud(), 10\n"
        "(loud + n, n ** n ** n if False else 0, loud.prop)[n]"
    )
    assert raised.ename == "IndexError"
    assert notebook.shell.user_ns["calls"] == ["add", "prop"]  # what the cell did itself

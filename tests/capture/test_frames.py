import ast
import importlib
from typing import Any

import pytest

from cot_magic.capture.failure import describe
from cot_magic.capture.secrets.redactor import Redactor


def values(variables: tuple[Any, ...]) -> dict[str, str]:
    return {variable.name: variable.text for variable in variables}


def test_a_nested_call_gives_every_level_with_its_cell_line_and_values(notebook: Any) -> None:
    notebook.run("def price(order):\n    rate = 2\n    return order['total'] * rate")
    raised = notebook.raised("orders = [{'sum': 3}]", "[price(o) for o in orders]")

    assert [frame.function for frame in raised.frames][-1] == "price"
    frame = raised.innermost_in_cells
    assert (frame.cell, frame.lineno, frame.line) == ("in-1", 3, "return order['total'] * rate")
    assert frame.expression == "order['total']"
    assert values(frame.operands) == {"order": "{'sum': 3}", "'total'": "'total'"}
    assert values(frame.variables) == {"order": "{'sum': 3}", "rate": "2"}
    assert raised.frames[0].cell == "in-3"
    assert raised.subject is not None
    assert (raised.subject.name, raised.subject.keys) == ("order", ("'sum'",))
    assert raised.name == "'total'"


def test_the_frames_of_ipython_above_the_cell_are_dropped(notebook: Any) -> None:
    raised = notebook.raised("1/0")
    assert [frame.function for frame in raised.frames] == ["<module>"]


def test_library_frames_inside_are_kept(notebook: Any) -> None:
    raised = notebook.raised("import json\njson.loads('{')")
    assert raised.frames[0].cell == "in-1"
    assert [frame.cell for frame in raised.frames[1:]] == [None] * (len(raised.frames) - 1)
    assert raised.frames[-1].function == "raw_decode"
    assert "idx" in values(raised.frames[-1].variables)


@pytest.mark.slow  # IPython takes seconds to show it
def test_a_deep_recursion_keeps_both_ends(notebook: Any, shallow: Any) -> None:
    with shallow():
        raised = notebook.raised("def r(n):\n    return r(n + 1)", "r(0)")
    assert raised.ename == "RecursionError"
    assert len(raised.frames) == 55
    assert values(raised.frames[1].variables)["n"] == "0"
    assert int(values(raised.frames[-1].variables)["n"]) > 100


def test_async_frames_are_cells_too(notebook: Any) -> None:
    notebook.run("import asyncio\nasync def fetch(key):\n    await asyncio.sleep(0)\n    return {}[key]")
    raised = notebook.raised("async def both():\n    return await asyncio.gather(fetch('a'))\nawait both()")
    frame = raised.innermost_in_cells
    assert (frame.function, frame.cell, frame.lineno) == ("fetch", "in-1", 4)
    assert values(frame.operands)["key"] == "'a'"


def test_errors_raised_by_helpers_of_earlier_cells_keep_their_cells(notebook: Any) -> None:
    notebook.run("def check(x):\n    assert x > 0, x")
    notebook.run("def outer(x):\n    check(x)")
    raised = notebook.raised("outer(-1)")
    assert [frame.cell for frame in raised.frames] == ["in-3", "in-2", "in-1"]


@pytest.mark.parametrize(
    ("source", "lineno"),
    [("\n\n1/0", 3), ("   \n# note\n1/0", 3), ("%%time\n\nx = 1\nx/0", 4), ("%%time\n1/0", 2)],
)
def test_line_numbers_are_those_of_the_cell_as_it_is_written(notebook: Any, source: str, lineno: int) -> None:
    frame = notebook.raised(source).innermost_in_cells
    assert frame.lineno == lineno
    assert source.splitlines()[lineno - 1] == frame.line


def test_code_without_source_is_described(notebook: Any) -> None:
    raised = notebook.raised("exec('def g(q):\\n    return q.foo')\ng(3)")
    assert raised.frames[-1].cell is None
    assert raised.frames[-1].line == ""
    assert values(raised.frames[-1].variables) == {"q": "3"}
    assert raised.name == "foo"


def test_a_namespace_of_the_users_own_class_is_not_read(notebook: Any) -> None:
    raised = notebook.raised(
        "asked = []\n"
        "class Space(dict):\n"
        "    def __getitem__(self, key): asked.append(key); raise KeyError(key)\n"
        "    def keys(self): asked.append('keys'); return []\n"
        "class Meta(type):\n"
        "    @classmethod\n"
        "    def __prepare__(cls, *args): return Space()\n"
        "def build():\n"
        "    class C(metaclass=Meta):\n"
        "        1/0\n",
        "build()",
    )
    assert raised.ename == "ZeroDivisionError"
    assert "keys" not in notebook.shell.user_ns["asked"]


def test_without_any_cell_all_frames_stay() -> None:
    try:
        ast.literal_eval("a b")
    except SyntaxError as error:
        raised = describe(error, {}, Redactor({}))
    assert raised.frames == ()  # parsed text without a cell: where it stopped says more
    try:
        importlib.import_module("no_such_module_at_all")
    except ImportError as error:
        raised = describe(error, lambda filename: None, Redactor({}))
    assert raised.frames[0].function == "test_without_any_cell_all_frames_stay"

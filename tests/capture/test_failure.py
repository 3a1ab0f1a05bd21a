import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cot_magic.capture.failure import describe, sandbox_describe
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import CellId, Frame, Raised


@contextmanager
def shallow() -> Iterator[None]:
    """A lower limit of recursion, since IPython takes half a minute to show the usual one."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def innermost(raised: Raised) -> Frame:
    frame = raised.innermost_in_cells
    assert frame is not None
    return frame


def values(variables: tuple[Any, ...]) -> dict[str, str]:
    return {variable.name: variable.text for variable in variables}


def test_a_nested_call_gives_every_level_with_its_cell_line_and_values(notebook: Any) -> None:
    notebook.run("def price(order):\n    rate = 2\n    return order['total'] * rate")
    raised = notebook.raised("orders = [{'sum': 3}]", "[price(o) for o in orders]")

    assert [frame.function for frame in raised.frames][-1] == "price"
    frame = innermost(raised)
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
    frame = innermost(notebook.raised(source))
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


@pytest.mark.parametrize(
    ("source", "subject", "name"),
    [
        ("undefined", None, "undefined"),
        ("def f():\n    print(x)\n    x = 1\nf()", None, "x"),
        ("raise NameError(\"name 'other' is not defined\")", None, "other"),
        ("s = 'a'\ns.uper()", "s", "uper"),
        ("class O: pass\no = O()\no.x.y", "o", "x"),
        ("None.foo", "None", "foo"),
        ("import math\nmath.PI", "math", "PI"),
        ("from math import PI", "math", "PI"),
        ("import no_such_module_here", None, "no_such_module_here"),
        ("import os.no_such_part", "os", "os.no_such_part"),
        ("d = {'a': {}}\nd['a']['b']", "d['a']", "'b'"),
        ("{'a': 1}['b']", "{'a': 1}", "'b'"),
        ("d = {}\nd.pop('k')", "d", "'k'"),
        ("d = {}\ndel d[3]", "d", "3"),
        ("xs = [1]\nxs[3]", "xs", None),
        ("xs = []\nxs.pop()", "xs", None),
        ("import os\nos.environ['NO_SUCH_NAME']", "os.environ", "'NO_SUCH_NAME'"),
        ("raise KeyError('mine')", None, "'mine'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf['b']", "df", "'b'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.loc[0, 'b']", "df", "'b'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.b", "df", "b"),
    ],
)
def test_what_the_operation_failed_on_is_told(
    notebook: Any, source: str, subject: str | None, name: str | None
) -> None:
    raised = notebook.raised(source)
    assert (raised.subject.name if raised.subject else None) == subject
    assert raised.name == name


def test_the_members_of_the_subject_allow_to_find_what_was_meant(notebook: Any) -> None:
    assert "upper" in notebook.raised("'a'.uper()").subject.members
    assert "pi" in notebook.raised("from math import PI").subject.members
    raised = notebook.raised("class O:\n    def __init__(self): self.user = 1\nO().users")
    assert "user" in raised.subject.members


def test_a_key_is_told_without_its_own_repr(notebook: Any) -> None:
    raised = notebook.raised("class K:\n    def __repr__(self): return 'made by repr'\nk = K()", "{}[k]")
    assert raised.name == "<__main__.K>"


@pytest.mark.parametrize(
    ("source", "line", "ename"),
    [
        ("x = 1\ndef f(:\n    pass", 2, "SyntaxError"),
        ("if True:\npass", 2, "IndentationError"),
        ("x = 1\n  y = 2", 2, "IndentationError"),
        ("x = (1,\n", 1, "SyntaxError"),
        ("x = 'abc\ny = 1", 1, "SyntaxError"),
        ("return 5", 1, "SyntaxError"),
        ("\n\nx = = 1", 3, "SyntaxError"),
        ("%%cot\nx = = 1", 2, "SyntaxError"),
    ],
)
def test_a_cell_that_cannot_be_parsed_tells_where(notebook: Any, source: str, line: int, ename: str) -> None:
    if source.startswith("%%cot"):
        notebook.shell.input_transformers_cleanup.insert(0, lambda lines: ["#" + lines[0], *lines[1:]])
    raised = notebook.raised(source)
    assert raised.ename == ename
    assert raised.syntax is not None
    assert raised.syntax.lineno == line
    assert raised.frames == ()
    assert ".py" not in raised.evalue


@pytest.mark.parametrize("source", ["exec('a b')", "import ast\nast.literal_eval('a b')"])
def test_a_syntax_error_in_other_text_is_a_failure_of_the_line_that_read_it(
    notebook: Any, source: str
) -> None:
    raised = notebook.raised(source)
    assert raised.ename == "SyntaxError"
    assert raised.syntax is None
    assert innermost(raised).line == source.splitlines()[-1]


def test_a_module_with_a_syntax_error_is_a_failure_of_the_import(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    raised = notebook.raised("import broken_module")
    assert raised.syntax is None
    assert innermost(raised).line == "import broken_module"


def test_chains_are_kept_as_a_traceback_shows_them(notebook: Any) -> None:
    body = "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('bad {x}')"
    context = notebook.raised(body)
    cause = notebook.raised(body + " from e")
    neither = notebook.raised(body + " from None")

    assert context.context is not None
    assert (context.context.ename, context.cause) == ("ZeroDivisionError", None)
    assert cause.cause is not None
    assert (cause.cause.ename, cause.context) == ("ZeroDivisionError", None)
    assert (neither.cause, neither.context) == (None, None)
    assert context.evalue == "bad {x}"
    assert innermost(cause.cause).line == "1/0"


def test_a_chain_that_leads_back_to_itself_ends(notebook: Any) -> None:
    raised = notebook.raised(
        "a, b = ValueError('a'), ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a"
    )
    assert raised.cause is not None
    assert raised.cause.evalue == "b"
    assert raised.cause.cause is None


def test_a_long_chain_is_bounded(notebook: Any) -> None:
    raised = notebook.raised(
        "e = None\nfor n in range(50):\n    f = ValueError(n)\n    f.__cause__ = e\n    e = f\nraise e"
    )
    depth = 0
    while raised.cause is not None:
        raised, depth = raised.cause, depth + 1
    assert depth == 5


def test_groups_and_notes_are_kept(notebook: Any) -> None:
    raised = notebook.raised(
        "def fail(n):\n    try:\n        raise ValueError(n)\n    except ValueError as e:\n        return e\n"
        "error = ExceptionGroup('several', [fail(n) for n in range(20)])\n"
        "error.add_note('see the log')\nraise error"
    )
    assert raised.ename == "ExceptionGroup"
    assert [member.evalue for member in raised.group] == [str(n) for n in range(10)]
    assert innermost(raised.group[0]).line == "raise ValueError(n)"
    assert raised.notes == ("see the log",)


def test_the_class_is_told_with_its_bases(notebook: Any) -> None:
    raised = notebook.raised("import json\njson.loads('{')")
    assert (raised.ename, raised.qualname) == ("JSONDecodeError", "json.decoder.JSONDecodeError")
    assert raised.bases == ("JSONDecodeError", "ValueError", "Exception", "BaseException")


def test_library_frames_inside_are_kept(notebook: Any) -> None:
    raised = notebook.raised("import json\njson.loads('{')")
    assert raised.frames[0].cell == "in-1"
    assert [frame.cell for frame in raised.frames[1:]] == [None] * (len(raised.frames) - 1)
    assert raised.frames[-1].function == "raw_decode"
    assert "idx" in values(raised.frames[-1].variables)


@pytest.mark.slow  # IPython takes seconds to show it
def test_a_deep_recursion_keeps_both_ends(notebook: Any) -> None:
    with shallow():
        raised = notebook.raised("def r(n):\n    return r(n + 1)", "r(0)")
    assert raised.ename == "RecursionError"
    assert len(raised.frames) == 55
    assert values(raised.frames[1].variables)["n"] == "0"
    assert int(values(raised.frames[-1].variables)["n"]) > 100


def test_a_long_message_is_shortened_in_its_middle(notebook: Any) -> None:
    evalue = notebook.raised("raise ValueError('{start}' + 'x' * 100_000 + '{end}')").evalue
    assert len(evalue) <= 2_000
    assert evalue.startswith("{start}")
    assert evalue.endswith("{end}")


@pytest.mark.parametrize(
    ("definition", "evalue"),
    [
        ("raise ValueError('inner')", "<its __str__ raised ValueError; its arguments: ('a',)>"),
        ("return 3", "<its __str__ raised TypeError; its arguments: ('a',)>"),
        pytest.param(
            "return str(self)",
            "<its __str__ raised RecursionError; its arguments: ('a',)>",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_exception_whose_text_cannot_be_made_is_told(notebook: Any, definition: str, evalue: str) -> None:
    with shallow():
        raised = notebook.raised(
            f"class E(Exception):\n    def __str__(self):\n        {definition}\nraise E('a')"
        )
    assert raised.evalue == evalue


def test_an_exception_with_overridden_attributes_is_described(notebook: Any) -> None:
    raised = notebook.raised(
        "class E(AttributeError, KeyError):\n"
        "    def __getattribute__(self, name): raise RuntimeError('asked')\n"
        "raise E('x')"
    )
    assert raised.ename == "E"


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "StopIteration"])
def test_exceptions_that_end_things_are_described_like_others(notebook: Any, name: str) -> None:
    raised = notebook.raised(f"def stop():\n    raise {name}\nstop()")
    assert raised.ename == name
    assert innermost(raised).function == "stop"


def test_async_frames_are_cells_too(notebook: Any) -> None:
    notebook.run("import asyncio\nasync def fetch(key):\n    await asyncio.sleep(0)\n    return {}[key]")
    raised = notebook.raised("async def both():\n    return await asyncio.gather(fetch('a'))\nawait both()")
    frame = innermost(raised)
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
    frame = innermost(notebook.raised(source))
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


def test_secrets_in_a_message_are_withheld_where_a_variable_tells_them(notebook: Any) -> None:
    case = notebook.case(
        "def login(user, password):\n    raise ValueError(f'{user} with {password} was refused')",
        "login('ann', 'hunter2-and-more')",
    )
    assert case.raised.evalue == "ann with <redacted: password> was refused"
    assert case.redactions == 1


def test_the_sandbox_knows_its_steps_first_and_earlier_cells_too(notebook: Any) -> None:
    notebook.run("def half(x):\n    return x / 0", "cell-a")
    half = notebook.shell.user_ns["half"]
    find = sandbox_describe(notebook.history, Redactor({}))
    try:
        exec(compile("\nhalf(3)", "<step 1>", "exec"), {"half": half})
    except ZeroDivisionError as error:
        raised = find(error, {"<step 1>": CellId("cell-b")})
    assert [(frame.cell, frame.lineno) for frame in raised.frames] == [("cell-b", 2), ("cell-a", 2)]


def test_capturing_leaves_the_exception_and_the_modules_alone(notebook: Any) -> None:
    notebook.run("def f(x):\n    return x.foo\nf(1)")
    error, before = notebook.error, set(sys.modules)
    traceback = error.__traceback__
    notebook.case()
    assert error.__traceback__ is traceback
    assert not {"numpy", "pandas"} & (set(sys.modules) - before)

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from cot_magic.capture.failure import message_of, sandbox_describe
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import CellId


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
    assert raised.innermost_in_cells.line == source.splitlines()[-1]


def test_a_module_with_a_syntax_error_is_a_failure_of_the_import(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    raised = notebook.raised("import broken_module")
    assert raised.syntax is None
    assert raised.innermost_in_cells.line == "import broken_module"


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
    assert cause.cause.innermost_in_cells.line == "1/0"


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
    assert raised.group[0].innermost_in_cells.line == "raise ValueError(n)"
    assert raised.notes == ("see the log",)


def test_the_class_is_told_with_its_bases(notebook: Any) -> None:
    raised = notebook.raised("import json\njson.loads('{')")
    assert (raised.ename, raised.qualname) == ("JSONDecodeError", "json.decoder.JSONDecodeError")
    assert raised.bases == ("JSONDecodeError", "ValueError", "Exception", "BaseException")


def test_a_long_message_is_shortened_in_its_middle(notebook: Any) -> None:
    evalue = notebook.raised("raise ValueError('{start}' + 'x' * 100_000 + '{end}')").evalue
    assert len(evalue) <= 2_000
    assert evalue.startswith("{start}")
    assert evalue.endswith("{end}")


@pytest.mark.parametrize(
    ("definition", "evalue"),
    [
        ("raise ValueError('inner')", "<__str__ raised ValueError; arguments: ('a',)>"),
        ("return 3", "<__str__ raised TypeError; arguments: ('a',)>"),
        pytest.param(
            "return str(self)",
            "<__str__ raised RecursionError; arguments: ('a',)>",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_exception_whose_text_cannot_be_made_is_told(
    notebook: Any, shallow: Any, definition: str, evalue: str
) -> None:
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
    assert raised.innermost_in_cells.function == "stop"


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


def test_colours_of_a_message_are_left_out() -> None:
    assert message_of(ValueError("\x1b[1mInput 0 does not fit\x1b[0m")) == "Input 0 does not fit"

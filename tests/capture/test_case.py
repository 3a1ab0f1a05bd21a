import json
import sys
from typing import Any

import pytest

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core import codec
from cot_magic.core.case import Cell, CellId


def test_a_case_holds_the_cell_the_failure_and_where_it_happened(notebook: Any) -> None:
    case = notebook.case("import json", "data = '{'\njson.loads(data)", prompt="why?")

    assert case.cell == Cell(id=CellId("in-2"), source="data = '{'\njson.loads(data)", execution_count=2)
    assert case.raised is not None
    assert case.raised.ename == "JSONDecodeError"
    assert [(item.cell.id, item.names) for item in case.lineage] == [("in-1", ("json",))]
    assert case.environment.python == ".".join(map(str, sys.version_info[:3]))
    assert case.prompt == "why?"
    assert case.label(case.cell.id) == "cell [2]"


def test_a_cell_that_passed_has_a_case_too(notebook: Any) -> None:
    case = notebook.case("x = 1", prompt="is it right?")
    assert case.raised is None
    assert [variable.name for variable in case.namespace] == ["x"]


def test_the_namespace_is_the_users_own_what_the_cell_uses_first(notebook: Any) -> None:
    case = notebook.case("import os\nzeta = 1\nalpha = 'a'\n_mine = 2\ndef work(): ...", "12", "alpha + zeta")
    names = [variable.name for variable in case.namespace]
    assert names[:2] == ["alpha", "zeta"]
    assert set(names) == {"alpha", "zeta", "_mine", "os", "work"}


def test_a_crowded_namespace_is_bounded_and_keeps_what_matters(notebook: Any) -> None:
    notebook.run("for n in range(2000):\n    globals()[f'name_{n}'] = n")
    case = notebook.case("name_1999 / 0")
    assert len(case.namespace) == 300
    assert case.namespace[0].name == "name_1999"


def test_no_secret_is_in_the_case_but_in_the_sources_which_stay(notebook: Any) -> None:
    secret = "zq8Jx-opensesame-17"
    sources = (
        f"api_key = '{secret}'",
        "class Client:\n    def __init__(self, key): self.api_key = key\n    def call(self):\n"
        "        raise ConnectionError(f'refused: {self.api_key}')\n",
        "client = Client(api_key)\nsettings = {'api_key': api_key, 'seen': [api_key]}",
        "client.call()",
    )
    redactor = Redactor({})
    case = notebook.case(*sources, prompt=f"it says {secret}", redactor=redactor)

    assert case.cells[0].source == sources[0]
    data = codec.to_json(case)
    del data["cells"]
    for dependency in data["lineage"]:
        del dependency["cell"]["source"]
    assert secret not in json.dumps(data)
    assert case.redactions == 1
    assert redactor.text(sources[0]) == "api_key = '<redacted: api_key>'"


def test_a_secret_of_the_environment_is_not_in_the_case(
    notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "plain-words-only")
    case = notebook.case(
        "import os",
        "value = os.environ['SERVICE_TOKEN'][::-1][::-1]",
        "raise ValueError(value)",
        redactor=Redactor(),
    )
    data = codec.to_json(case)
    assert "plain-words-only" not in json.dumps(data)


def test_values_that_hang_or_break_do_no_harm(notebook: Any) -> None:
    case = notebook.case(
        "import threading\n"
        "class Hanging:\n"
        "    def __repr__(self): threading.Event().wait()\n"
        "    __str__ = __len__ = __hash__ = __repr__\n"
        "class Raising:\n"
        "    def __repr__(self): raise SystemExit\n"
        "    def __getattr__(self, name): raise SystemExit\n"
        "class Huge:\n"
        "    def __repr__(self): return 'x' * 10**9\n"
        "things = [Hanging(), Raising(), Huge()]\n"
        "h, r, u = things",
        "def use(h, r, u):\n    return (h, r, u)[5]\nuse(h, r, u)",
    )
    assert case.raised is not None
    assert case.raised.ename == "IndexError"
    text = next(variable.text for variable in case.namespace if variable.name == "things")
    assert text == "[<__main__.Hanging>, <__main__.Raising>, <__main__.Huge>]"


@pytest.mark.parametrize(
    "shell", ["nocolor", "linux", "lightbg", "neutral"], indirect=True, ids=lambda theme: theme
)
def test_the_colours_of_ipython_do_not_matter(notebook: Any) -> None:
    raised = notebook.raised("def f(x):\n    return x['k']", "f({'a': 1})")
    assert [(frame.cell, frame.lineno, frame.expression) for frame in raised.frames] == [
        ("in-2", 1, "f({'a': 1})"),
        ("in-1", 2, "x['k']"),
    ]
    assert "\x1b" not in repr(raised)

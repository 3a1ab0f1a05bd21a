"""What a case has of outputs, of the documentation of what was called, and of a library's source."""

from typing import Any

from cot_magic.capture.secrets.redactor import Redactor

SHOP = '''\
class Shop:
    def sell(self, item, *, price=3):
        """Sell an item.

        More.
        """
        return {}[item]
'''
LOUD = """\
class Loud:
    ran = []
    def __getattribute__(self, name):
        Loud.ran.append(name)
        raise RuntimeError(name)
"""


def test_what_earlier_cells_printed_displayed_and_warned_of_is_in_the_case(notebook: Any) -> None:
    first = (
        "import warnings\nprint('12 rows read')\nwith warnings.catch_warnings():\n"
        "    warnings.simplefilter('default')\n    warnings.warn('a column is empty')"
    )
    case = notebook.case(first, "values = [1, 2]\nvalues", "1 / 0")
    shown = dict(case.outputs)
    assert "12 rows read" in shown["in-1"]
    assert "UserWarning" in shown["in-1"]
    assert "a column is empty" in shown["in-1"]
    assert shown["in-2"] == "[1, 2]"


def test_outputs_are_bounded_and_without_secrets(notebook: Any) -> None:
    secret = "zq8Jx-opensesame-17"
    case = notebook.case(
        f"api_key = '{secret}'", "print(api_key)\nprint('line ' * 10_000)", "1 / 0", redactor=Redactor({})
    )
    shown = dict(case.outputs)["in-2"]
    assert secret not in shown
    assert len(shown) <= 800


def test_the_signature_and_documentation_of_what_was_called_are_in_the_frame(notebook: Any) -> None:
    case = notebook.case(SHOP, "shop = Shop()", "shop.sell('pear')")
    outer, inner = case.raised.frames
    assert outer.called.startswith("shop.sell(")
    assert "price=3" in outer.called
    assert "Sell an item." in outer.called
    assert inner.called == ""


def test_a_builtin_is_documented_and_nothing_of_the_user_runs_for_it(notebook: Any) -> None:
    case = notebook.case(LOUD, "loud = Loud()", "len(loud)")
    assert "Return the number of items in a container." in case.raised.frames[-1].called
    notebook.run("ran = list(Loud.ran)")
    assert "__doc__" not in notebook.shell.user_ns["ran"]


def test_the_source_around_the_raising_line_of_a_library_is_in_its_frame(notebook: Any) -> None:
    case = notebook.case("import json", "json.loads('{')")
    inner = case.raised.frames[-1]
    assert f"{inner.lineno:>5}  " in inner.source
    assert inner.line in inner.source
    assert len(inner.source) <= 2_500
    assert all(not frame.source for frame in case.raised.frames[:-1])

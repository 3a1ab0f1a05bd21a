"""What is foreseen of a cell before it runs, and what is certain of it."""

import pytest

from cot_magic.sandbox.foresight import foresee


def setter() -> None:
    global made
    made = 1


setter.__module__ = "__main__"


def scale(values: list[int], *, factor: int = 2) -> list[int]:
    return [value * factor for value in values]


class Account:
    def __init__(self, owner: str) -> None:
        self.owner = owner

    def pay(self, amount: int) -> int:
        return amount


NAMES = {"setter": setter, "scale": scale, "Account": Account, "account": Account("Ada"), "total": 1}


def foreseen(source: str) -> list[tuple[str, int, bool]]:
    return [(item.ename, item.lineno, item.certain) for item in foresee(source, NAMES)]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\nprint(x, total)",
        "[i for i in range(3) if i]",
        "def f(a):\n    return later(a)",
        "try:\n    missing\nexcept NameError:\n    pass",
        "lambda: missing",
        "with open('x') as file:\n    file.read()",
        "for a, (b, *c) in []:\n    a, b, c",
        "scale([1], factor=3)",
        "account.pay(amount=1)",
        "match total:\n    case [first, *rest]:\n        first, rest",
        "import json, os.path\nfrom os import sep as s\ns",
        "not python at all",
    ],
)
def test_nothing_is_foreseen_of_a_cell_that_may_pass(source: str) -> None:
    assert foreseen(source) == []


@pytest.mark.parametrize(
    ("source", "ename", "lineno"),
    [
        ("slow()\nprint(totl)".replace("slow()", "total"), "NameError", 2),
        ("y = totl + 1", "NameError", 1),
        ("for i in items:\n    pass", "NameError", 1),
        ("[i for i in items]", "NameError", 1),
        ("scale([1], portion=3)", "TypeError", 1),
        ("Account(name='Ada')", "TypeError", 1),
        ("account.pay(much=1)", "TypeError", 1),
        ("import pandsa_", "ModuleNotFoundError", 1),
        ("from pandsa_.core import x", "ModuleNotFoundError", 1),
        ("import json.nothing", "ModuleNotFoundError", 1),
    ],
)
def test_what_is_reached_for_sure_is_certain(source: str, ename: str, lineno: int) -> None:
    assert (ename, lineno, True) in foreseen(source)


@pytest.mark.parametrize(
    "source",
    [
        "if total:\n    totl",
        "total and totl",
        "1 if total else totl",
        "exec('totl = 1')\ntotl",
        "setter()\nmade",
        "var('made_here')\nmade_here",
        "import sys\nsys.exit()\ntotl",
        "while True:\n    break\ntotl",
        "import sys\nsys.path.append('x')\nimport pandsa_",
    ],
)
def test_what_may_be_otherwise_is_no_more_than_a_hint(source: str) -> None:
    found = [
        item for item in foreseen(source) if item[0] != "NameError" or "var" not in source or item[1] == 2
    ]
    assert found
    assert not any(certain for _, _, certain in found)


def test_the_message_is_that_of_python() -> None:
    (item,) = foresee("scale([1], portion=3)", NAMES)
    with pytest.raises(TypeError) as raised:
        scale([1], portion=3)  # type: ignore[call-arg]
    assert item.evalue == str(raised.value)

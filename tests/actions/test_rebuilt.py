"""An exception from plain data is like the one that was raised, and none of the person's code makes it."""

import json
import urllib.error

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cot_magic.actions.rebuilt import rebuilt
from cot_magic.sandbox.following import described


class Late(Exception):
    made = 0

    def __init__(self, hours: int) -> None:
        super().__init__(hours)
        type(self).made += 1

    def __str__(self) -> str:
        return f"{self.args[0]} hours"


Late.__module__ = "__main__"


def again(error: BaseException, names: dict | None = None) -> BaseException:
    try:
        raise error
    except BaseException as raised:
        told = json.loads(json.dumps(described(raised, InteractiveShell(), {})))
    return rebuilt(told, names or {})


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a"),
        ValueError("x", 3),
        FileNotFoundError(2, "No such file or directory", "x.csv"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        StopIteration(4),
        json.JSONDecodeError("Expecting value", "x", 0),
        urllib.error.URLError("refused"),
        ZeroDivisionError(),
        AttributeError("no such thing", object()),
    ],
)
def test_class_and_message_are_the_same(error: BaseException) -> None:
    found = again(error)
    assert isinstance(found, type(error))
    assert type(found).__name__ == type(error).__name__
    assert str(found) == str(error)


def test_builtin_fields_are_filled() -> None:
    found = again(FileNotFoundError(2, "No such file or directory", "x.csv"))
    assert isinstance(found, OSError)
    assert (found.errno, found.filename) == (2, "x.csv")


def test_the_code_of_a_class_of_the_person_is_not_run() -> None:
    error = Late(3)
    made = Late.made
    found = again(error, {"Late": Late})
    assert isinstance(found, Late)
    assert str(found) == "3 hours"
    assert Late.made == made


def test_a_class_that_is_not_here_gets_its_nearest_base() -> None:
    found = again(Late(3))
    assert type(found).__mro__[1] is Exception
    assert (type(found).__name__, str(found)) == ("Late", "3 hours")


def test_notes_stay() -> None:
    error = ValueError("x")
    error.add_note("in row 3")
    assert again(error).__notes__ == ["in row 3"]

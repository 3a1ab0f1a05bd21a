import collections
import dataclasses
import datetime
import enum
import os
import sys
import threading
import types
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cot_magic.capture.describe.values import mention, variable
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Variable


def described(value: object, name: str = "x") -> Variable:
    return variable(name, value, Redactor({}))


def facts(value: object) -> dict[str, str]:
    return dict(described(value).facts)


CALLS: list[int] = []


def _ran(*_: Any, **__: Any) -> Any:
    CALLS.append(1)
    raise RuntimeError("code of the user ran")


@pytest.fixture(autouse=True)
def no_call() -> Iterator[None]:
    CALLS.clear()
    yield
    assert not CALLS


class Hostile:
    """Every way in which looking at a value could run its code is noted, and raises."""

    __slots__ = ("__dict__", "slot", "unfilled")
    __repr__ = __str__ = __len__ = __iter__ = __hash__ = __eq__ = __bool__ = __dir__ = __format__ = _ran
    __getattr__ = __getattribute__ = __reduce_ex__ = __sizeof__ = __index__ = __int__ = __float__ = _ran
    __class__ = property(_ran)  # type: ignore[assignment]
    attribute = property(_ran)

    def __init__(self) -> None:
        object.__setattr__(self, "slot", 1)
        object.__setattr__(self, "plain", "here")


class HostileMeta(type):
    __instancecheck__ = __subclasscheck__ = __getattribute__ = __repr__ = __eq__ = __hash__ = _ran


def test_no_code_of_a_value_runs() -> None:
    found = described(Hostile())

    assert found.text.endswith("Hostile(slot=1, plain='here')")
    assert {"attribute", "slot", "plain"} <= set(found.members)


def test_no_code_of_values_inside_containers_runs() -> None:
    inner = Hostile()
    array = np.empty(1, dtype=object)
    array[0] = inner
    series = pd.Series(array, dtype=object)
    containers = (
        [inner],
        (inner,),
        {"k": inner},
        collections.deque([inner]),
        array,
        series,
        {1: [inner]},
    )
    CALLS.clear()  # numpy and pandas ask a value when they are given it
    for container in containers:
        assert "Hostile(slot=1" in described(container).text


def test_no_code_of_a_metaclass_runs() -> None:
    cls = type.__new__(HostileMeta, "Odd", (), {"__module__": "__main__", "field": 1})
    assert described(cls).text == "<class '__main__.Odd'>"
    assert described(object.__new__(cls)).type == "__main__.Odd"


def test_subclasses_of_builtins_are_read_past_their_overrides() -> None:
    overrides = dict.fromkeys(
        ("__repr__", "__len__", "__iter__", "__getitem__", "items", "keys", "__hash__"), _ran
    )
    for base, value, text in [
        (list, [1, 2], "[1, 2]"),
        (dict, {"a": 1}, "{'a': 1}"),
        (tuple, (1,), "(1,)"),
        (str, "abc", "'abc'"),
        (bytes, b"abc", "b'abc'"),
        (int, 7, "7"),
        (float, 1.5, "1.5"),
    ]:
        cls: Any = type("Mine", (base,), overrides)
        assert described(cls(value)).text == f"{__name__}.Mine({text})" or described(
            cls(value)
        ).text.endswith(f"Mine({text})")
    mine: Any = type("Mine", (list,), overrides)([1, 2, 3])
    assert facts(mine)["len"] == "3"


def test_a_property_that_hides_the_instance_dict_is_not_asked() -> None:
    class Hiding:
        __dict__ = property(_ran)  # type: ignore[assignment]

    assert described(Hiding()).text.startswith("<")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (12, "12"),
        (2.5, "2.5"),
        ("it's\n", '"it\'s\\n"'),
        (b"\x00a", "b'\\x00a'"),
        ([1, [2, (3,)]], "[1, [2, (3,)]]"),
        ({"a": {1, 2}}, "{'a': {1, 2}}"),
        (set(), "set()"),
        (frozenset({"b", "a"}), "frozenset({'a', 'b'})"),
        (range(2, 9), "range(2, 9)"),
        (slice(1, None), "slice(1, None, None)"),
        (datetime.date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        (collections.deque([1]), "deque([1])"),
        (ValueError("x", 1), "ValueError('x', 1)"),
        (len, "<built-in function len(obj, /)>"),
        (sys, "<module 'sys'>"),
        (int, "<class 'int'>"),
    ],
)
def test_builtin_values_read_as_people_write_them(value: object, text: str) -> None:
    assert described(value).text == text


def test_a_value_that_holds_itself_ends() -> None:
    items: list[Any] = [1]
    items.append(items)
    looped: dict[str, Any] = {}
    looped["me"] = looped
    assert described(items).text == "[1, <itself>]"
    assert described(looped).text == "{'me': <itself>}"


@pytest.mark.parametrize(
    "value",
    [
        "a" * 10**7,
        b"a" * 10**7,
        list(range(10**6)),
        dict.fromkeys(range(1000), "v" * 1000),
        10**10_000,
        range(10**10_000),
        [[[["x" * 99] * 99] * 99] * 99] * 99,
        types.SimpleNamespace(**{f"field_{number}": "v" * 500 for number in range(1000)}),
        np.zeros((1000, 1000)),
        pd.DataFrame(np.zeros((10, 700))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_huge_values_stay_one_short_line(value: object) -> None:
    found = described(value)
    assert len(found.text) <= 400
    assert "\n" not in found.text
    assert len(found.members) <= 500
    assert len(found.keys) <= 500


@settings(max_examples=3 * settings().max_examples // 5)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_any_plain_value_becomes_one_line_that_can_be_encoded(value: object) -> None:
    found = described(value)
    assert len(found.text) <= 400
    assert len(found.text.splitlines()) <= 1
    for text in (found.text, *found.keys):
        text.encode()


def test_objects_show_their_type_and_fields() -> None:
    @dataclasses.dataclass
    class Order:
        user: str
        password: str
        lines: list[int]

    found = described(Order("ann", "hunter2", [1, 2]))

    assert found.text.endswith("Order(user='ann', password=<redacted: password>, lines=[1, 2])")
    assert set(found.members) >= {"user", "password", "lines"}


def test_enum_members_and_named_tuples_show_their_names() -> None:
    class Color(enum.Enum):
        RED = 1

    class Level(enum.IntEnum):
        LOW = 1

    point = collections.namedtuple("Point", "x y")(1, 2)
    assert described(Color.RED).text == "Color.RED" or described(Color.RED).text.endswith("Color.RED")
    assert described(Level.LOW).text.endswith("Level.LOW")
    assert described(point).text.endswith("Point(x=1, y=2)")


def test_functions_and_classes_tell_their_parameters() -> None:
    def pay(
        order: "Hostile", *rest: int, currency: str = "EUR", api_key: str = "k-123", **more: int
    ) -> None: ...

    class Account:
        def __init__(self, owner: str, /, balance: int = 0) -> None: ...

    assert facts(pay)["signature"] == "(order, *rest, currency='EUR', api_key=<redacted: api_key>, **more)"
    assert facts(Account)["signature"] == "(owner, /, balance=0)"
    assert facts(Account("ann").__init__)["signature"] == "(owner, /, balance=0)"  # type: ignore[misc]


def test_a_wrapped_function_shows_its_own_parameters_without_asking_it() -> None:
    def function(a: int) -> None: ...

    function.__signature__ = Hostile()  # type: ignore[attr-defined]
    function.__wrapped__ = Hostile()  # type: ignore[attr-defined]
    assert facts(function)["signature"] == "(a)"


def test_the_environment_shows_names_but_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN_SETTING", "plainvalue1")
    found = described(os.environ, "environ")
    holder = described(types.SimpleNamespace(env=os.environ), "holder")
    assert "'PLAIN_SETTING'" in found.keys
    assert "plainvalue1" not in str((found, holder))


def test_a_module_tells_its_members_public_ones_first() -> None:
    found = described(__import__("math"), "math")
    assert {"pi", "sqrt"} <= set(found.members)
    assert not found.members[0].startswith("_")


def test_a_secret_name_withholds_text_facts_and_keys() -> None:
    found = described({"inner": "hunter2"}, "credentials")
    assert found.text == "<redacted: credentials>"
    assert not found.facts
    assert not found.keys


def test_a_mention_has_no_members() -> None:
    assert mention("x", [1], Redactor({})).members == ()


def test_a_value_that_another_thread_changes_is_described() -> None:
    shared = {number: number for number in range(100)}
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            shared[number % 1000] = number
            shared.pop((number * 7) % 1000, None)
            number += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            assert described(shared).type == "dict"
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("pd.Series([3, 300], dtype='int9')", "data type 'int9' not understood"),
        ("pathlib.Path(1)", ""),
        ("fractions.Fraction('x')", "Invalid literal for Fraction: 'x'"),
        ("uuid.UUID('x')", "badly formed hexadecimal UUID string"),
        ("decimal.Decimal('x')", "ConversionSyntax"),
    ],
)
def test_a_failing_constructor_of_a_library_is_captured(notebook, call: str, message: str) -> None:
    case = notebook.case("import decimal, fractions, pathlib, uuid\nimport pandas as pd", call)

    assert case.raised is not None
    assert message in case.raised.evalue


def test_an_object_that_was_not_made_to_its_end_says_that_it_cannot_be_read() -> None:
    text = variable("x", uuid.UUID.__new__(uuid.UUID), Redactor({})).text

    assert text == "<uuid.UUID, unreadable: AttributeError>"

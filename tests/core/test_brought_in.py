"""An operation, a condition or a string that nothing asks for is a choice; what keeps a value is none."""

import pytest

from cot_magic.core.brought_in import brought_in
from cot_magic.core.edits import parsed
from cot_magic.core.meaning import same_operation
from cot_magic.core.shifts import Symptom

TYPES, VALUES = frozenset({"TypeError"}), frozenset({"ValueError"})
KEYS, ATTRIBUTES = frozenset({"KeyError"}), frozenset({"AttributeError"})


def told(
    before: str, after: str, bases: frozenset[str], *, said: str = "", missing: str = "", other: str = ""
) -> str:
    """What is said about an edit, after a failure with this message."""
    old, new = parsed(before), parsed(after)
    assert old is not None
    assert new is not None
    symptom = Symptom(bases=bases, said=said, missing=frozenset(missing.split()), running=(before,))
    return "; ".join(shift.text for shift in brought_in(old, new, symptom, (other,), same_operation))


@pytest.mark.parametrize(
    ("before", "after", "bases"),
    [
        ("p = join(a, n)", "p = join(a, str(n))", TYPES),
        ("n = len(g)", "n = len(list(g))", TYPES),
        ("k = d.keys()[0]", "k = list(d.keys())[0]", TYPES),
        ("m.predict(x)", "m.predict(x.reshape(1, -1))", VALUES),
        ("y = s.dt.year", "y = pd.to_datetime(s).dt.year", ATTRIBUTES),
        ("t = ', '.join(v)", "t = ', '.join(map(str, v))", TYPES),
        ("n = int(t)", "n = int(float(t))", VALUES),
        ("n = float(t)", "n = float(t.replace(',', '.'))", VALUES),
        ("t = json.dumps(row)", "t = json.dumps(row, default=str)", TYPES),
        ("c = a @ b", "c = a.T @ b", VALUES),
        ("for ax in axes: ax.plot(x)", "for ax in axes.flat: ax.plot(x)", ATTRIBUTES),
    ],
)
def test_what_keeps_a_value_is_asked_for(before: str, after: str, bases: frozenset[str]) -> None:
    assert told(before, after, bases, other="import pandas as pd") == ""


@pytest.mark.parametrize(
    ("before", "after", "bases", "word"),
    [
        ("n = int(levels)", "n = int(levels.max())", TYPES, "max"),
        ("x = s.loc[day]", "x = s.asof(day)", KEYS, "asof"),
        ("x = levels[3]", "x = levels.take(3)", frozenset({"IndexError"}), "take"),
        ("m = heights + shifts", "m = heights + np.resize(shifts, 3)", VALUES, "resize"),
        ("d = end - start", "d = end - start.replace(tzinfo=z)", TYPES, "tzinfo"),
        ("due = today + 14", "due = today + dt.timedelta(weeks=14)", TYPES, "weeks"),
        ("s = stdev(v)", "s = pstdev(v)", VALUES, ""),  # a spelling; the challenges tell them apart
        (
            "g = re.match(p, t).group(1)",
            "g = re.match(p, t.replace(':', '=')).group(1)",
            ATTRIBUTES,
            "replace",
        ),
    ],
)
def test_what_computes_something_is_one_of_several_ways(
    before: str, after: str, bases: frozenset[str], word: str
) -> None:
    found = told(before, after, bases)
    assert (f"`{word}` is one of several ways" in found) if word else found == ""


def test_what_the_message_advises_is_asked_for() -> None:
    edit = ("X.foo()", "X.bar_baz()", ATTRIBUTES)
    assert "bar_baz" in told(*edit, missing="foo")
    assert told(*edit, missing="foo", said="foo was removed. Use `bar_baz` instead.") == ""
    two = "foo was removed. Use `bar_baz` instead, or use `qux`."
    assert "bar_baz" in told(*edit, missing="foo", said=two), "two ways are a choice"


def test_a_member_that_moved_is_found_where_it_is() -> None:
    edit = ("kind = collections.Mapping", "kind = collections.abc.Mapping", ATTRIBUTES)
    assert told(*edit, missing="Mapping") == ""
    assert "abc" in told(*edit, missing="other")


def test_another_spelling_or_the_same_operation_is_no_choice() -> None:
    assert told("v.apend(1)", "v.append(1)", ATTRIBUTES, missing="apend") == ""
    assert told("v.push(1)", "v.append(1)", ATTRIBUTES, missing="push") == ""
    assert told("v.get_names()", "v.get_names_out()", ATTRIBUTES, missing="get_names") == ""


def test_the_own_functions_of_the_notebook_are_known() -> None:
    edit = ("x = clean(v)", "x = clean(tidied(v))", VALUES)
    assert "tidied" in told(*edit)
    assert told(*edit, other="def tidied(v): return v") == "nothing asks for `tidied`"


def test_a_variable_that_the_cell_did_not_use_is_not_asked_for() -> None:
    edit = ("p = model.predict(X)", "p = model.fit(X, y_test).predict(X)", ATTRIBUTES)
    found = told(*edit, missing="fit", other="X = y_test = [1]")
    assert found == "nothing asks for `y_test`"
    stale = ("x = temps[0]", "x = temperatures[0]", frozenset({"NameError"}))
    assert told(*stale, missing="temps", other="temperatures = [1]") == ""


def test_a_condition_is_a_choice() -> None:
    assert "adds a condition" in told("x = a / b", "x = a / b if b else a", VALUES)
    assert "adds a condition" in told("x = a / b", "if b:\n    x = a / b", VALUES)


def test_a_string_is_spelled_anew_only_where_it_was_not_found() -> None:
    edit = ("x = d['pirce']", "x = d['price']", KEYS)
    assert told(*edit, missing="pirce") == ""
    pattern = (r"m = re.match('(a)=(b)', t).group(1)", r"m = re.match('(a).(b)', t).group(1)", ATTRIBUTES)
    assert "misspelled" in told(*pattern, missing="group")
    blank = ("d = {'Month ': 1}", "d = {'Month': 1}", KEYS)
    assert told(*blank) == ""

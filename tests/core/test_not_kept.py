"""An edit after which a part of what a value says is gone is a choice."""

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import meaning_changes
from cot_magic.core.not_kept import is_neutral, not_kept
from cot_magic.core.shifts import Symptom
from cot_magic.testing import case


def told(before: str, after: str, error: str = "TypeError: x", **types: str) -> str:
    """What is said about an edit, after `Class: message`, of variables of these types."""
    old, new = parsed(before), parsed(after)
    assert old is not None
    assert new is not None
    ename, _, said = error.partition(": ")
    symptom = Symptom(bases=frozenset({ename}), said=said, types=tuple(types.items()))
    return "; ".join(shift.text for shift in not_kept(old, new, symptom))


@pytest.mark.parametrize(
    ("removed", "neutral"),
    [
        (" ", True),
        ("$", True),
        ("€ ", True),
        (",", True),
        ("k", False),
        ("$€", False),
        ("%", False),
        ("<", False),
    ]
    + [(mark, False) for mark in ("(", "-", "/", ":", "^", "kg", "apm", " 10:30")],
)
def test_only_blanks_a_currency_and_thousands_marks_say_nothing(removed: str, neutral: bool) -> None:
    assert is_neutral(removed) is neutral


@pytest.mark.parametrize(
    "after", ["t.replace('k', '')", "t.strip('%')", "t.removesuffix('kg')", "t.replace('/', '.')"]
)
def test_what_is_taken_away_from_a_number_is_a_choice(after: str) -> None:
    edit = CellEdit(cell=CellId("c1"), before="n = float(t)", after=f"n = float({after})")
    assert any("value of its own" in text for text in meaning_changes(case("n = float(t)"), (edit,)))


NUMBER = "ValueError: could not convert string to float: '{}'"


@pytest.mark.parametrize(
    ("said", "new", "choice"),
    [
        ("1.234,5", "", True),
        ("1,234", "", False),
        ("2,5", ".", False),
        ("1,234.5", ".", True),
        ("2,5", "", True),
    ],
)
def test_a_comma_is_read_as_the_number_is_written(said: str, new: str, choice: bool) -> None:
    found = told("n = float(t)", f"n = float(t.replace(',', '{new}'))", NUMBER.format(said))
    assert ("comma" in found) is choice


@pytest.mark.parametrize(
    ("said", "choice"),
    [("1 234", False), ("12 34", True), ("1 234,5 EUR", False), (" 12", False), ("EUR 12", False)],
)
def test_a_blank_between_digits_separates_thousands_or_numbers(said: str, choice: bool) -> None:
    found = told("n = float(t)", "n = float(t.replace(' ', ''))", NUMBER.format(said))
    assert ("two numbers" in found) is choice


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("both = defaults + own", "both = {**own, **defaults}", "another order"),
        ("both = values + more", "both = [*more, *values]", "another order"),
        ("t = pd.concat(a, b)", "t = pd.concat([b, a])", "another order"),
        ("t = pd.concat(a, b)", "t = pd.concat([a, b])", ""),
        ("half = values / 2", "half = len(values) / 2", "how many"),
        ("for i in n: f(i)", "for i in range(n): f(i)", ""),
        ("x = values.length", "x = len(values)", ""),
        ("v.extend(5)", "v.extend(range(5))", "numbers of its own"),
        ("name = data['name']", "for row in data:\n    name = row['name']", "adds a loop"),
        ("def f(a): return a", "def f(a, unit): return a", "does nothing with it"),
        ("def f(a): return a", "def f(a, unit): return a, unit", ""),
        ("def f(a):\n    r.append(a)", "def f(a):\n    r.append(a)\n    yield r", "generator"),
        ("x = rows[0, 1]", "x = rows[0:1]", "a slice"),
        ("x = v[i + 1]", "x = v[i]", "another item"),
        ("x = d.keys()[0]", "x = list(d.values())[0]", "the values for the keys"),
        ("a = np.array(r, dtype=float)", "a = np.array(r, dtype=str)", "makes strings"),
        ("s.add(x)", "s.add(set(x))", "nothing twice"),
    ],
)
def test_what_is_not_kept_is_told(before: str, after: str, word: str) -> None:
    found = told(before, after)
    assert (word in found) if word else found == ""


def test_the_type_decides_what_a_conversion_keeps() -> None:
    edit = ("t = 'n: ' + v", "t = 'n: ' + str(v)")
    assert told(*edit, v="int") == ""
    assert "how a list is written" in told(*edit, v="list")
    assert "how a PosixPath is written" in told(*edit, v="pathlib.PosixPath")
    assert "keys alone" in told("s.add(v)", "s.add(tuple(v))", v="dict")
    assert told("s.add(v)", "s.add(tuple(v))", v="list") == ""
    assert "which is a container" in told("x = a + v", "x = a + [v]", v="list")
    assert told("x = a + v", "x = a + [v]", v="int") == ""
    assert "repeats a string" in told("x = v * n", "x = v * int(n)", v="str")


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("total =", "total = 100", "`100`"),
        ("d = {'tea': 3, 'cup'}", "d = {'tea': 3, 'cup': 3}", "`3`"),
        ("def cost(a, tax=1, count): pass", "def cost(a, count, tax=1): pass", "another order"),
        ("if x > 1:\ny = 2", "if x > 1:\n    pass\ny = 2", "`pass`"),
        ("if x > 1\n    y = 2", "if x > 1:\n    y = 2", ""),
        ("if x:\n    y = 1\nelse if z:\n    y = 2", "if x:\n    y = 1\nelif z:\n    y = 2", ""),
    ],
)
def test_a_word_that_comes_into_a_source_that_cannot_be_parsed(before: str, after: str, word: str) -> None:
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    found = "; ".join(meaning_changes(case(before), (edit,)))
    assert (word in found) if word else found == ""


LIST_HAS_NO = "AttributeError: 'list' object has no attribute '{}'"


@pytest.mark.parametrize(
    ("before", "after", "missing", "word"),
    [
        ("x = f(a).group(1)", "x = f(a)[1]", "group", "`f(a)[1]` is one item, and `group` is gone"),
        ("x = f(a).group(1)", "x = f(a)[-1]", "group", "`f(a)[-1]` is one item, and `group` is gone"),
        ("x = f(a).upper()", "x = str(f(a)).upper()", "upper", "`str(f(a))` is how a list is written"),
        ("x = f(a).upper()", "x = f(a)[0].upper()", "upper", ""),
        ("x = d.name", "x = d['name']", "name", ""),
        ("x = f(a).upper()", "x = str(b) + f(a).lower()", "upper", ""),
    ],
)
def test_an_item_or_the_text_of_a_container_in_the_place_of_what_it_lacks_is_a_choice(
    before: str, after: str, missing: str, word: str
) -> None:
    assert told(before, after, LIST_HAS_NO.format(missing)) == word


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("while True:\n    n = n.next", "while n.next:\n    n = n.next", "a loop ends on a condition"),
        ("while 1:\n    n = n.next", "while n is not None:\n    n = n.next", "a loop ends on a condition"),
        ("while True:\n    n = n.nxt", "while True:\n    n = n.next", ""),
        ("while n:\n    n = n.nxt", "while n:\n    n = n.next", ""),
    ],
)
def test_a_condition_for_an_endless_loop_is_a_choice(before: str, after: str, word: str) -> None:
    found = told(before, after, "AttributeError: 'NoneType' object has no attribute 'next'")
    assert (word in found) if word else found == ""

"""What an edit changes in the meaning of a cell, read from its sources."""

from dataclasses import replace

import pytest

from cot_magic.core.case import Cell, CellId, Frame, Raised
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import meaning_changes
from cot_magic.testing import case


def changes(before: str, after: str, *, ename: str = "ZeroDivisionError", lineno: int = 1) -> tuple[str, ...]:
    frame = Frame(function="<module>", filename="<cell>", lineno=lineno, cell=CellId("c1"))
    raised = Raised(ename=ename, evalue="", bases=(ename, "Exception"), frames=(frame,))
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return meaning_changes(case(before, raised=raised), (edit,))


@pytest.mark.parametrize(
    ("below", "decided"),
    [
        ("assert y == 3", True),
        ("assert x > 0", False),  # of something else
        ("assert True", False),
        ("", False),
    ],
)
def test_an_assert_decides_only_if_it_asks_for_what_the_failing_statement_binds(
    below: str, decided: bool
) -> None:
    found = changes(f"y = 1 / (x - 2)\n{below}", f"y = 1 / (x + 2)\n{below}")
    assert (found == ()) is decided


@pytest.mark.parametrize("there", ["def load():\n    rate = 0.2\n    return rate", "rate = 0.2"])
def test_a_constant_that_another_cell_gives_to_the_name_is_no_value_of_the_fix(there: str) -> None:
    edit = CellEdit(cell=CellId("c2"), before="y = 100 * rte", after="rate = 0.2\ny = 100 * rate")
    known = replace(case("y = 100 * rte"), cells=(Cell(id=CellId("c1"), source=there),))
    (found,) = meaning_changes(known, (edit,))[:1]
    assert found == "it takes `rate = 0.2` from another cell, where it may mean something else"


def test_an_assert_above_the_failure_decides_nothing() -> None:
    before = "assert x > 0\ny = 1 / (x - 2)"
    assert changes(before, before.replace("-", "+"), lineno=2)


def test_an_input_that_is_changed_until_an_assert_holds_is_not_decided_by_it() -> None:
    found = changes("x = 3\nassert x == 2", "x = 2\nassert x == 2", ename="AssertionError", lineno=2)
    assert any("changes the input" in text for text in found)


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [
        ("print 'hello'", "print = 'hello'", True),
        ("print 'hello'", "print('hello')", False),
        ("sum = (1", "sum = (1)", False),
        ("for input in [1]\n  3", "for input in [1]:\n  3", False),
        ("def max(a b): 1", "def max(a, b): 1", False),
    ],
)
def test_a_repair_of_syntax_binds_no_builtin_that_the_cell_does_not_bind(
    before: str, after: str, replaced: bool
) -> None:
    found = changes(before, after, ename="SyntaxError")
    assert any("it replaces" in text for text in found) is replaced


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("t = dict(zip(a, b, strict=True))", "t = dict(zip(a, b, strict=False))", "it changes `strict=True`"),
        ("n = float(x)", "n = float(x.replace('n/a', '0'))", "it puts in a value of its own: '0'"),
        ("n = int(row['amount'])", "n = int(min(row.values()))", "it does not ask for 'amount' any more"),
        ("n = sum(rows)", "n = sum([row for row in rows if row])", "it leaves out items"),
        ("n = hgh - low", "n = low - hgh", "it exchanges the operands"),
        ("n = wide // high", "n = wide.__rfloordiv__(high)", "it uses `__rfloordiv__`"),
        (
            "p = q.rename(str)",
            "p = q.rename(columns={'age': 'client'})",
            "it puts in a value of its own: 'age'",
        ),
        (
            "def a(f):\n    def b():\n        f()",
            "def a(f):\n    def b():\n        f()\n    return f",
            "`b` is defined and not used",
        ),
    ],
)
def test_what_the_failure_does_not_decide_is_said(before: str, after: str, said: str) -> None:
    assert any(text.startswith(said) for text in changes(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c = m - n", "c = m - n[:, None]"),
        ("n = float(x)", "n = float(x.replace(',', '.'))"),
        ("rows = read(f, delimiter=';')", "rows = read(f, delimiter=';', skipinitialspace=True)"),
        ("p = q.rename(str)", "p = q.rename(columns={'Client ': 'client'})"),
        ("def a(f):\n    def b():\n        f()", "def a(f):\n    def b():\n        f()\n    return b"),
    ],
)
def test_what_has_one_meaning_is_no_change(before: str, after: str) -> None:
    assert changes(before, after, ename="ValueError") == ()


@pytest.mark.parametrize(
    ("after", "operator"),
    [("x >= 3", ">="), ("x != 3", "!="), ("x or 3", "or"), ("x := 3", ":="), ("(x, 3)", "=")],
)
def test_an_operator_that_nobody_wrote_is_a_choice(after: str, operator: str) -> None:
    said = changes("if x = 3:\n    pass", f"if {after}:\n    pass", ename="SyntaxError")
    assert any(f"({operator})" in text for text in said)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x = 3:\n    pass", "if x == 3:\n    pass"),
        ("n = x => 3", "n = x >= 3"),
        ("n = x && y", "n = x and y"),
        ("n = x nad y", "n = x and y"),
        ("n = 2x", "n = 2*x"),
        ("for a b:\n    pass", "for a in b:\n    pass"),
    ],
)
def test_an_operator_that_is_meant_by_another_one_is_no_choice(before: str, after: str) -> None:
    assert changes(before, after, ename="SyntaxError") == ()


def looked_up(before: str, after: str, expression: str, missing: str) -> tuple[str, ...]:
    """What an edit changes where a key was missing."""
    frame = Frame(function="<module>", filename="<cell>", lineno=1, cell=CellId("c1"), expression=expression)
    bases = ("KeyError", "LookupError", "Exception")
    raised = Raised(ename="KeyError", evalue=repr(missing), bases=bases, frames=(frame,), name=missing)
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return meaning_changes(case(before, raised=raised), (edit,))


@pytest.mark.parametrize(
    ("before", "after", "expression", "told"),
    [
        ("x = df[names]", "x = df.reindex(names)", "df[names]", "passes without it"),
        ("x = df[names]", "x = take(df, names)", "df[names]", "passes without it"),
        ("x = df[names]", "x = df.loc[names]", "df[names]", ""),
        ("x = df[names]", "x = df[other]", "df[names]", "nothing says which is meant"),
        ("x = d['a']", "x = Counter(d)['a']", "d['a']", "makes up what is missing"),
        ("x = f(t, on='a')", "x = f(t)", "f(t, on='a')", "does not ask for 'a'"),
        ("x = f(t, on='a')", "x = f(t, on='A')", "f(t, on='a')", ""),
    ],
)
def test_a_key_that_is_missing_has_to_be_found(before: str, after: str, expression: str, told: str) -> None:
    found = looked_up(before, after, expression, "a")
    assert any(told in text for text in found) if told else found == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("y = g(x)", "y = filter(None, g(x))", "`filter` is one of several ways"),
        ("y = g(x)", "y = list(map(str, g(x)))", ""),
        ("y = x.sum()", "y = x[:len(z)].sum()", "takes a part only"),
        ("y = x.sum()", "y = x[:, None].sum()", ""),
        ("y = f'{x:.2f}'", "y = f'{x:.3}'", "cuts off"),
        ("y = f'{x:.2f}'", "y = f'{x:>9}'", ""),
        ("y = '%d' % x", "y = '%.1s' % x", "cuts off"),
        ("y = int(x)", "y = int(x, 36)", "a value of its own: 36"),
        ("y = int(x)", "y = int(x, 16)", "a value of its own: 16"),
        ("y = sorted(x)", "y = sorted(x, key=str)", "orders by a key"),
        ("y = d.rename(columns=f)", "y = d.rename(columns=dict(a='b'))", "a value of its own: 'b'"),
        ("y = f(x)", "y = f(data=[x, 'c'])", "a value of its own: 'c'"),
    ],
)
def test_an_argument_that_hides_or_leaves_out_is_a_choice(before: str, after: str, told: str) -> None:
    found = changes(before, after, ename="ValueError")
    assert any(told in text for text in found) if told else not any("own" in text for text in found)

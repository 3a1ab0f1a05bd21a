"""An edit that keeps every value is a choice unless the failure leaves nothing else."""

import ast

import pytest

from cot_magic.core.case import CellId, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.core.forced import in_or_below, unforced
from cot_magic.core.meaning import meaning_changes, same_operation
from cot_magic.core.shifts import Symptom
from cot_magic.testing import case


def value(name: str, kind: str, *, keys: str = "", **facts: str) -> Variable:
    return Variable(name=name, type=kind, text="", facts=tuple(facts.items()), keys=tuple(keys.split()))


def told(before: str, after: str, error: str, *values: Variable, missing: str = "") -> str:
    """What is said about an edit after `Class: message`."""
    ename, _, said = error.partition(": ")
    symptom = Symptom(
        bases=frozenset({ename}),
        said=said,
        missing=frozenset(missing.split()),
        running=(before,),
        values=values,
    )
    found = unforced(ast.parse(before), ast.parse(after), symptom, same_operation)
    return "; ".join(shift.text for shift in found)


NUMBER = "TypeError: object of type 'int' has no len()"
MISSING = "TypeError: f() missing 1 required positional argument: 'b'"
ITEM = "TypeError: sequence item 0: expected str instance, {} found"


@pytest.mark.parametrize(
    ("before", "after", "error", "missing", "word"),
    [
        ("x = range(len(a))", "x = range(len(b))", "IndexError: list index out of range", "", "both there"),
        ("x = f(a)", "x = f(b)", "NameError: name 'a' is not defined", "a", ""),
        ("x = f(a)", "c = g(a)\nx = f(c)", "TypeError: x", "", ""),
        ("x = price", "x = old_price", "NameError: name 'price' is not defined", "price", "says more"),
        ("x = d['price']", "x = d['old_price']", "KeyError: 'price'", "price", "says more"),
        ("x = d['prices']", "x = d['price']", "KeyError: 'prices'", "prices", ""),
        ("x = d.loc[3]", "x = d.iloc[3]", "KeyError: 3", "3", "`loc` exists"),
        ("x = d.iloc['a']", "x = d.loc['a']", "TypeError: a non-integer key", "", ""),
        ("y = s.transform(x)", "y = s.fit_transform(x)", "NotFittedError: x", "", "`transform` exists"),
        ("m = re.match(p, t)", "m = re.search(p, t)", "AttributeError: 'NoneType'", "group", ""),
        ("x = self.rates", "x = rate", "AttributeError: no attribute 'rates'", "rates", "not an attribute"),
        ("x = self.rates", "x = self.rate", "AttributeError: no attribute 'rates'", "rates", ""),
    ],
)
def test_of_two_that_are_there_neither_is_forced(
    before: str, after: str, error: str, missing: str, word: str
) -> None:
    found = told(before, after, error, missing=missing)
    assert (word in found) if word else found == ""


@pytest.mark.parametrize(
    ("before", "after", "error", "known", "word"),
    [
        ("x = len(n)", "x = len(str(n))", NUMBER, value("n", "int"), "counted"),
        ("x = len(n)", "x = len(range(n))", NUMBER, value("n", "int"), "counted"),
        ("x = len(g)", "x = len(list(g))", NUMBER, value("g", "generator"), ""),
        ("x = n[0]", "x = str(n)[0]", "TypeError: 'int' is not subscriptable", value("n", "int"), "digits"),
        ("x = d[0]", "x = list(d)[0]", "KeyError: 0", value("d", "dict", len="2"), "no order"),
        (
            "x = s[0]",
            "x = list(s)[0]",
            "TypeError: not subscriptable",
            value("s", "set", len="2"),
            "no order",
        ),
        ("x = s[0]", "x = list(s)[0]", "TypeError: not subscriptable", value("s", "set", len="1"), ""),
        ("x = a + b", "x = Counter(a) + b", "TypeError: unsupported", value("a", "dict"), "not positive"),
        ("t = 'a' + n", "t = 'a' + str(n)", "TypeError: can only concatenate str", value("n", "int"), ""),
        ("x = n + 1", "x = str(n) + 1", "ValueError: x", value("n", "int"), "nothing asks for"),
        ("x = f(p)", "x = f(*p)", MISSING, value("p", "tuple"), ""),
        ("x = f(p)", "x = f(*p)", MISSING, value("p", "dict"), "in an order"),
        ("x = f(p)", "x = f(**p)", MISSING, value("p", "dict", keys="'a' 'b'"), "nothing names"),
        ("x = f(p)", "x = f(**p)", MISSING, value("p", "dict", keys="'b'"), ""),
        (
            "x = c([a])",
            "x = c([a.ravel()])",
            "ValueError: same number of dimensions",
            value("a", "x"),
            "one dim",
        ),
        ("x = c(a)", "x = c(a.ravel())", "ValueError: y should be a 1d array", value("a", "x"), ""),
        ("m.fit(x)", "m.fit(x.reshape(1, -1))", "ValueError: Expected 2D", value("x", "x"), "one sample"),
        ("m.fit(x)", "m.fit(x.reshape(-1, 1))", "ValueError: Expected 2D", value("x", "x"), ""),
        (
            "y = s.dt",
            "y = pd.to_datetime(s).dt",
            "AttributeError: .dt",
            value("s", "x", dtype="int64"),
            "unit",
        ),
        ("y = s.dt", "y = pd.to_datetime(s).dt", "AttributeError: .dt", value("s", "x", dtype="str"), ""),
    ],
)
def test_what_is_put_around_a_value_depends_on_its_type(
    before: str, after: str, error: str, known: Variable, word: str
) -> None:
    found = told(before, after, error, known)
    assert (word in found) if word else found == ""


TRUTH = "ValueError: The truth value of a Series is ambiguous"
GROWS = "RuntimeError: Set changed size during iteration"


@pytest.mark.parametrize(
    ("before", "after", "error", "known", "word"),
    [
        ("x = t[(t.a > 1) and (t.b > 2)]", "x = t[t.a > 1]", TRUTH, (), "leaves out a part"),
        ("x = t[(t.a > 1) and (t.b > 2)]", "x = t[(t.a > 1) & (t.b > 2)]", TRUTH, (), ""),
        ("x = t[1 < t < 2]", "x = t[1 < t]", TRUTH, (), "leaves out"),
        ("x = t[['a', 'b']]", "x = t[['a']]", "ValueError: x", (), "leaves out `'b'`"),
        ("x = t.sort('c')", "x = t", "AttributeError: no attribute 'sort'", (), "what `sort` did"),
        ("x = f(a)", "x = n", "TypeError: x", (), "takes the place"),
        ("x = [(1, 2) (3, 4)]", "x = [(1, 2), (3, 4)]", "TypeError: 'tuple' object", (), ""),
        ("x = c.mode[0]", "x = c.mode(0)", "TypeError: 'method' object", (), "item of the result"),
        ("x = c.put[0]", "x = c.put(0)", "TypeError: x", (("c.put", "m", "signature", "(item)"),), ""),
        ("x = a + p", "x = a + p.astype(int)", "TypeError: x", (("p", "a", "dtype", "float64"),), "cuts off"),
        ("x = a + p", "x = a + p.astype(int)", "TypeError: x", (("p", "a", "dtype", "str"),), ""),
        ("x = int(t)", "x = int(float(t))", "ValueError: invalid literal for int()", (), ""),
        ("x = t * 2", "x = int(float(t)) * 2", "TypeError: can't multiply", (), "cuts off"),
        ("for n in s: s.add(n)", "for n in list(s): s.add(n)", GROWS, (), "not come to"),
        ("for n in s: s.discard(n)", "for n in list(s): s.discard(n)", GROWS, (), ""),
        ("a.append(b)", "a.add(b)", "AttributeError: 'Series' object has no attribute", (), "something else"),
        ("a.append(b)", "a.add(b)", "AttributeError: 'set' object has no attribute", (), ""),
        ("x = 3 in n", "x = 3 in [n]", "TypeError: x", (("n", "int", "", ""),), "one item"),
        ("x = a + b", "x = list(a) + b", "TypeError: x", (("a", "set", "", ""),), "twice"),
        (
            "for k, v in d: f(k)",
            "for k, v in enumerate(d): f(k)",
            "TypeError: x",
            (("d", "dict", "", ""),),
            "keys",
        ),
        ("x = a / s", "x = a.T / s", "ValueError: could not be broadcast", (), "columns"),
        ("x = f(r)", "x = f(r, format='mixed')", "ValueError: x", (), "as they fit"),
        ("x = f(r)", "x = f(r, format='mixed', dayfirst=True)", "ValueError: x", (), ""),
    ],
)
def test_what_is_left_out_or_handy_is_a_choice(
    before: str, after: str, error: str, known: tuple[tuple[str, ...], ...], word: str
) -> None:
    values = [value(name, kind, **({fact: told} if fact else {})) for name, kind, fact, told in known]
    found = told(before, after, error, *values, missing="sort append")
    assert (word in found) if word else found == ""


def test_nobody_writes_what_is_missing() -> None:
    error = ("t = n.upper()", "t = str(n).upper()", "AttributeError: no attribute 'upper'")
    for kind, text in (("float", "nan"), ("NoneType", "None")):
        known = Variable(name="n", type=kind, text=text)
        assert "what is missing" in told(*error, known, missing="upper")
    assert told(*error, value("n", "int"), missing="upper") == ""


@pytest.mark.parametrize("after", ["' '.join(map(str, v))", "' '.join(str(x) for x in v)"])
def test_a_list_has_no_text_of_its_own(after: str) -> None:
    assert "how Python writes a list" in told("' '.join(v)", after, ITEM.format("list"))
    assert told("' '.join(v)", after, ITEM.format("int")) == ""


@pytest.mark.parametrize(
    ("argument", "said", "choice"),
    [
        ("decimal=','", "could not convert '1,250'", True),
        ("decimal=','", "could not convert '2,5'", False),
        ("thousands=','", "could not convert '1,250'", True),
        ("thousands=','", "could not convert '1,250,300.5'", False),
        ("numeric_only=True", "dtype 'str' does not support operation 'mean'", True),
        ("numeric_only=True", "select numeric_only=True", False),
        ("keepdims=True", "operands could not be broadcast", False),
    ],
)
def test_an_argument_by_which_numbers_are_read_depends_on_how_they_are_written(
    argument: str, said: str, choice: bool
) -> None:
    assert bool(told("x = f(a)", f"x = f(a, {argument})", f"ValueError: {said}")) is choice


def test_a_statement_in_another_block_is_done_at_another_time() -> None:
    loop = "for r in rows:\n    f(r)\n"
    assert "in a loop" in told(loop + "g(r)", loop + "    g(r)", "NameError: name 'r' is not defined")
    body = "def f(rows):\n    for r in rows:\n        g(r)\n"
    assert "first round" in told(body, body + "        return r", "TypeError: x")
    assert told(body, body + "    return r", "TypeError: x") == ""


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("for p in v:\nt += p\nn += 1", "for p in v:\n    t += p\nn += 1", "in the loop as well"),
        ("for p in v:\nt += p\nprint(t)", "for p in v:\n    t += p\nprint(t)", ""),
        ("for p in v:\nr = []\nr.append(p)", "for p in v:\n    r = []\n    r.append(p)", "begins anew"),
    ],
)
def test_where_a_body_ends_is_open_if_the_next_line_goes_on(before: str, after: str, word: str) -> None:
    found = "; ".join(shift.text for shift in in_or_below(before, after, ast.parse(after)))
    assert (word in found) if word else found == ""


def changed(before: str, after: str, ename: str, evalue: str) -> tuple[str, ...]:
    the_case = case(before, ename=ename, evalue=evalue)
    return meaning_changes(the_case, (CellEdit(cell=CellId("c1"), before=before, after=after),))


def test_a_sum_begins_at_0_right_before_its_loop() -> None:
    loop, error = "for p in v:\n    t += p", ("NameError", "name 't' is not defined")
    assert changed(loop, f"t = 0\n{loop}", *error) == ()
    assert changed(loop, f"t = 5\n{loop}", *error)
    assert changed(loop, "for p in v:\n    t = 0\n    t += p", *error)


def test_a_path_is_joined_by_a_slash_and_lists_are_summed_one_by_one() -> None:
    paths = ("TypeError", "unsupported operand type(s) for +: 'PosixPath' and 'str'")
    assert changed("f = p + 'a'", "f = p / 'a'", *paths) == ()
    for other in ("'.bak'", "'/a'"):
        assert changed(f"f = p + {other}", f"f = p / {other}", *paths)
    numbers = ("TypeError", "unsupported operand type(s) for +: 'int' and 'str'")
    assert changed("f = p + 'a'", "f = p / 'a'", *numbers)
    lists = ("TypeError", "unsupported operand type(s) for +: 'int' and 'list'")
    assert changed("t = sum(g)", "t = sum(sum(r) for r in g)", *lists) == ()
    assert changed("t = sum(g)", "t = sum(sum(r) for r in g if r)", *lists)
    assert changed("t = sum(g)", "t = sum(sum(g[0]) for r in g)", *lists)

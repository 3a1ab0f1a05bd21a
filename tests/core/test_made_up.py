"""An edit that makes up what was missing, or only arranges anew what is there, changes the meaning."""

import pytest

from cot_magic.core.case import CellId, Frame, Raised
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import meaning_changes
from cot_magic.testing import case


def changes(before: str, after: str, error: str, *, name: str | None = None, lineno: int = 1) -> str:
    """What an edit changes, where the first line failed with `Class: message`."""
    ename, _, said = error.partition(": ")
    line = before.splitlines()[lineno - 1]
    frame = Frame(function="<module>", filename="<cell>", lineno=lineno, cell=CellId("c1"), line=line)
    parents = {"ZeroDivisionError": ("ArithmeticError",), "FileNotFoundError": ("OSError",)}
    bases = (ename, *parents.get(ename, ()), "Exception")
    raised = Raised(ename=ename, evalue=said, bases=bases, frames=(frame,), name=name)
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return "; ".join(meaning_changes(case(before, raised=raised), (edit,)))


NAME, KEY, UNPACK = (
    "NameError: name 'mean' is not defined",
    "KeyError: 'Tea'",
    "ValueError: too many values to unpack",
)
ATTRIBUTE, FILE, GIVEN = (
    "AttributeError: 'A' object has no attribute 'title'",
    "FileNotFoundError: x",
    "TypeError: f() missing 1 required positional argument: 'height'",
)


@pytest.mark.parametrize(
    ("before", "after", "error", "told"),
    [
        ("x = mean(v)", "from statistics import median as mean\nx = mean(v)", NAME, "gives the name"),
        ("x = mean(v)", "from statistics import mean\nx = mean(v)", NAME, ""),
        ("x = np.sum(v)", "import numpy as np\nx = np.sum(v)", "NameError: name 'np' is not defined", ""),
        ("x = np.sum(v)", "import math as np\nx = np.sum(v)", "NameError: name 'np' is not defined", "gives the name"),
        ("x = v + mean", "mean = max(v)\nx = v + mean", NAME, "makes up `mean`"),
        ("for i in v: mean += i", "mean = set()\nfor i in v: mean += i", NAME, ""),
        ("x = d['Tea']", "d.update(Tea=int())\nx = d['Tea']", KEY, "makes 'Tea'"),
        ("x = d['Tea']", "d = d.assign(Tea=d.milk)\nx = d['Tea']", KEY, "makes 'Tea'"),
        ("x = d['Tea']", "d = d.assign(Tea=d.tea)\nx = d['Tea']", KEY, ""),
        ("class A:\n    x = 1", "class A:\n    title = []\n    x = 1", ATTRIBUTE, "all objects of the class share"),
        ("class A:\n    def f(self, title): 1", "class A:\n    def f(self, title): self.title = title", ATTRIBUTE, ""),
        ("a.title()", "type(a).title = str\na.title()", ATTRIBUTE, "replaces"),
        ("x = f(width)", "x = f(width, depth)", GIVEN, "nothing says that `depth`"),
        ("x = f(width)", "x = f(width, height)", GIVEN, ""),
        ("def f(height): 1", "def f(height=float()): 1", GIVEN, "makes up a default"),
        ("x = open(p)", "p.touch()\nx = open(p)", FILE, "makes the file"),
        ("x = open(p)", "x = open(min(p.parent.iterdir()))", FILE, "whatever file"),
        ("x = a / (b - c)", "x = (a / b) - c", "ZeroDivisionError: division by zero", "in another order"),
        ("x = a / (b - c)", "x = a / max(b - c, a)", "ZeroDivisionError: division by zero", "where there is none"),
        ("x = m.sqrt(v)", "x = m.sqrt(abs(v))", "ValueError: math domain error", "where there is none"),
        ("x = g[r][c]", "x = g[c][r]", "IndexError: list index out of range", "exchanges the indices"),
        ("a = sum(n)\nb = max(n)", "b = max(n)\na = sum(n)", "ValueError: empty", "later than before"),
        ("a = b\nb = 1", "b = 1\na = b", "NameError: name 'b' is not defined", ""),
        ("a, b = v", "a, c, b = v", UNPACK, "left over"),
        ("for a, b in v: 1", "for a, b, _ in v: 1", UNPACK, ""),
        ("for a, b in v: 1", "for a, _, b in v: 1", UNPACK, "left over"),
        ("v = [int(i) for i in w]", "v = any(int(i) for i in w)", "ValueError: x", "`any` is one of several ways"),
        ("v = [int(i) for i in w]", "v = map(int, w)", "ValueError: x", "as far as they are asked for"),
        ("v = [int(i) for i in w]", "*w, last = w\nv = [int(i) for i in w]", "ValueError: x", "takes a part only"),
        ("v = sum([int(i) for i in w])", "v = sum(int(i.strip()) for i in w)", "ValueError: x", ""),
        ("s = f'{x:.2f}'", "s = f'{x}'", "ValueError: Unknown format code", "digits after the point"),
        ("b = age > limit", "b = age > str(limit)", "TypeError: '>' not supported", "as text"),
        ("b = age > limit", "b = int(age) > limit", "TypeError: '>' not supported", ""),
        ("d = a - b", "d = a.replace(tzinfo=None) - b", "TypeError: can't subtract", "the time zone"),
        ("t = n.array(r)", "t = n.array(r, dtype=object)", "ValueError: inhomogeneous", "array of objects"),
        ("t = find(x) + 1", "t = len([find(x)]) + 1", "TypeError: unsupported: 'NoneType' and 'int'", "computes with None"),
        ("f = m[0]", "f = str(m)[0]", "TypeError: 'NoneType' object is not subscriptable", "computes with None"),
        ("if a > 2: 1", "if (a > 2).size: 1", "ValueError: The truth value is ambiguous", "`size` is one of several ways"),
        ("x = v[len(v) / 2]", "x = v[len(v) // 2]", "TypeError: list indices must be integers", ""),
    ],
)  # fmt: skip
def test_what_is_made_up_or_arranged_anew_is_told(before: str, after: str, error: str, told: str) -> None:
    name = error.rpartition("'")[0].rpartition("'")[2] or None
    found = changes(before, after, error, name=name)
    assert (told in found) if told else not found, found


@pytest.mark.parametrize(
    ("asserted", "decided"), [("assert len(v) == 2", False), ("assert v == [1, 2]", True)]
)
def test_an_assert_on_the_number_of_items_does_not_decide_which_are_left_out(
    asserted: str, decided: bool
) -> None:
    before = f"v = list(w)\n{asserted}"
    found = changes(before, before.replace("\n", "\nv.pop()\n"), "AssertionError: ", lineno=2)
    assert (not found) is decided, found

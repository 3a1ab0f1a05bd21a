"""Rules for TypeError on notebooks that really fail."""

import pytest

V, P = "VERIFIED", "PLAUSIBLE"

OPERATORS = [
    pytest.param(("age = 30\ns = 'Age: ' + age",), "s == 'Age: 30'", V, id="text-plus-number"),
    pytest.param(("age = 30\ns = 'Age: ' + age + ' years'",), "s == 'Age: 30 years'", V, id="three-parts"),
    pytest.param(("x = '5'\ny = x + 2",), "y == 7", P, id="number-in-quotes-plus-number"),
    pytest.param(("x = '5'\ny = 10 - x",), "y == 5", V, id="minus-text"),
    pytest.param(("x = '2.5'\ny = x / 2",), "y == 1.25", V, id="text-by-number"),
    pytest.param(("x = '5'\nb = x > 3",), "b is True", V, id="compare"),
    pytest.param(("x = '5'\ny = '3'\nz = x * y",), "z == 15", P, id="text-times-text"),
    pytest.param(("x = [1] + (2,)",), "x == [1, 2]", P, id="list-plus-tuple"),
    pytest.param(("x = [0] + range(3)",), "x == [0, 0, 1, 2]", V, id="list-plus-range"),
    pytest.param(("x = [0] + 3",), "x == [0, 3]", P, id="list-plus-number"),
    pytest.param(("d = {'a': 1}\ne = d + {'b': 2}",), "e == {'a': 1, 'b': 2}", V, id="dict-plus-dict"),
    pytest.param(("x = 2.0 ^ 3",), "x == 8", V, id="power"),
    pytest.param(("def three():\n    return 3\n", "x = three + 1"), "x == 4", V, id="function-not-called"),
    pytest.param(("a = 'x'\na = +'y'",), "a == 'xy'", P, id="plus-equals"),
    pytest.param(("x = b'ab' + 'c'",), "x == 'abc'", P, id="bytes"),
    pytest.param(("x = 'ab' * 2.0",), "x == 'abab'", P, id="text-times-float"),
    pytest.param(("x = '1.5' * 2.0",), "x == 3.0", V, id="number-in-quotes-times-float"),
    pytest.param(("x = '%s-%s' % 1, 2",), "x == '1-2'", V, id="percent-without-brackets"),
    pytest.param(("x = '7' % 2",), "x == 1", V, id="text-modulo"),
    pytest.param(("xs = [1, 2]\nb = xs > 1",), "b is True", P, id="length-compared"),
]

INTEGERS = [
    pytest.param(("xs = [1, 2, 3, 4]\nm = xs[len(xs) / 2]",), "m == 3", P, id="half-of-a-length"),
    pytest.param(("n = 3.0\nt = sum(range(n))",), "t == 3", V, id="range-of-a-float"),
    pytest.param(("n = '3'\nt = sum(range(n))",), "t == 3", V, id="range-of-text"),
    pytest.param(("t = 0\nfor i in 3:\n    t += i",), "t == 3", V, id="loop-over-a-number"),
    pytest.param(
        ("xs = [5, 6]\nt = 0\nfor i in len(xs):\n    t += xs[i]",), "t == 11", V, id="loop-over-a-length"
    ),
    pytest.param(
        ("xs = [5, 6]\nt = 0\nfor i in range(xs):\n    t += xs[i]",), "t == 11", P, id="range-of-a-list"
    ),
    pytest.param(("t = sum(1, 2, 3)",), "t == 6", V, id="sum-of-numbers"),
    pytest.param(("d = {'a': 1}\nt = [k for k, v in d.items]",), "t == ['a']", V, id="items-not-called"),
    pytest.param(("g = (i for i in range(3))\nn = len(g)",), "n == 3", V, id="length-of-a-generator"),
    pytest.param(("n = len(i for i in range(3))",), "n == 3", V, id="length-of-a-bare-generator"),
    pytest.param(("m = map(abs, [-1, -2])\nx = m[0]",), "x == 1", V, id="map-looked-into"),
    pytest.param(("d = {'a': 1}\nk = d.keys()[0]",), "k == 'a'", V, id="keys-looked-into"),
    pytest.param(
        ("d = {'a': 1}\nt = []\nfor k, v in d:\n    t.append(v)",), "t == [1]", V, id="pairs-of-a-dictionary"
    ),
    pytest.param(("t = []\nfor i, x in [7, 8]:\n    t.append(i)",), "t == [0, 1]", P, id="enumerate"),
    pytest.param(("n = len(1234)",), "n == 4", P, id="length-of-a-number"),
]

SUBSCRIPTS = [
    pytest.param(("w = 'a b'.split[0]",), "w == 'a'", V, id="method-not-called"),
    pytest.param(("xs = []\nxs.append[3]",), "xs == [3]", V, id="square-brackets-for-a-call"),
    pytest.param(("def f():\n    return [4]\n", "x = f[0]"), "x == 4", V, id="function-not-called"),
    pytest.param(("s = 'cat'\ns[0] = 'b'",), "s == 'bat'", P, id="text-changed"),
    pytest.param(("t = (1, 2)\nt[0] = 5",), "list(t) == [5, 2]", P, id="tuple-changed"),
    pytest.param(("d = {}\nk = [1, 2]\nd[k] = 1\nn = len(d)",), "n == 1", V, id="list-as-key"),
    pytest.param(("s = set([[1], [1]])\nn = len(s)",), "n == 1", V, id="set-of-lists"),
    pytest.param(("xs = list\nxs.append(1)",), "xs == [1]", V, id="type-not-called"),
    pytest.param(("xs = [[1, 2], [3, 4]]\nx = xs[1, 0]",), "x == 3", V, id="two-positions"),
    pytest.param(("xs = [[1, 2] [3, 4]]",), "xs == [[1, 2], [3, 4]]", V, id="missing-comma"),
    pytest.param(("rows = [{'n': 1}]\nx = rows['n']",), "x == 1", P, id="list-of-dictionaries"),
    pytest.param(("data = '{\"n\": 1}'\nx = data['n']",), "x == 1", V, id="json-as-text"),
    pytest.param(
        ("xs = ['a']\nt = ''\nfor x in xs:\n    t += xs[x]",), "t == 'a'", P, id="element-as-position"
    ),
    pytest.param(("class A:\n    n = 1\n", "a = A()\nx = a['n']"), "x == 1", V, id="attribute-in-brackets"),
    pytest.param(("i = '1'\nx = [5, 6][i]",), "x == 6", V, id="position-as-text"),
]

CALLS = [
    pytest.param(
        ("sum = 3", "t = sum([1, 2])"), "t == 3", P, id="hidden-builtin"
    ),  # either of its two edits would do
    pytest.param(
        ("list = [1, 2]\nn = len(list)", "xs = list('ab')"), "xs == ['a', 'b']", P, id="hidden-list"
    ),
    pytest.param(("x = 3(1 + 1)",), "x == 6", V, id="missing-operator"),
    pytest.param(("a = 3\nx = a(1 + 1)",), "x == 6", P, id="missing-operator-on-a-name"),
    pytest.param(("xs = [5, 6]\nx = xs(1)",), "x == 6", V, id="round-brackets"),
    pytest.param(("xs = [(1, 2) (3, 4)]",), "xs == [(1, 2), (3, 4)]", V, id="missing-comma"),
    pytest.param(("import datetime", "y = datetime(2020, 1, 1).year"), "y == 2020", V, id="module-called"),
    pytest.param(
        ("import numpy as np\na = np.zeros((2, 3))", "s = a.shape()"), "s == (2, 3)", V, id="property-called"
    ),
    pytest.param(
        (
            "def log(f):\n    def inner(*a):\n        return f(*a)\n",
            "@log\ndef add(a, b):\n    return a + b\nx = add(1, 2)",
        ),
        "x == 3",
        V,
        id="decorator-without-return",
    ),
    pytest.param(
        ("class A:\n    def f(n):\n        return n + 1\n", "x = A().f(1)"),
        "x == 2",
        V,
        id="method-without-self",
    ),
    pytest.param(("def f(color):\n    return color\n", "x = f(colour='red')"), "x == 'red'", V, id="keyword"),
    pytest.param(("def f(a, b):\n    return a + b\n", "b = 2\nx = f(1)"), "x == 3", P, id="missing-argument"),
    pytest.param(
        ("class A:\n    def f(self):\n        return 1\n", "x = A.f()"), "x == 1", V, id="class-not-called"
    ),
    pytest.param(("b = isinstance(3, int, str)",), "b is True", V, id="types-without-brackets"),
    pytest.param(("s = ','.join('a', 'b')",), "s == 'a,b'", V, id="join-of-two"),
    pytest.param(("xs = []\nxs.append(1, 2)",), "xs == [1, 2]", P, id="append-of-two"),
    pytest.param(
        ("import numpy as np", "z = np.zeros(2, 3)\ns = z.shape"),
        "s == (2, 3)",
        V,
        id="shape-without-brackets",
    ),
    pytest.param(("b = isinstance(int, 3)",), "b is True", V, id="order-of-isinstance"),
    pytest.param(("xs = list(map([1, -2], abs))",), "xs == [1, 2]", V, id="order-of-map"),
    pytest.param(("b = getattr('real', 3)",), "b == 3", V, id="order-of-getattr"),
]

CLASSES = [
    pytest.param(
        ("import enum", "class A(enum):\n    X = 1\nv = A.X.value"), "v == 1", V, id="base-is-module"
    ),
    pytest.param(
        ("class E:\n    pass\n", "try:\n    raise E()\nexcept E:\n    x = 1"), "x == 1", P, id="no-exception"
    ),
    pytest.param(
        (
            "import abc",
            "class B(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ...\n",
            "class C(B):\n    def aera(self):\n        return 2\n\nx = C().area()",
        ),
        "x == 2",
        V,
        id="abstract",
    ),
    pytest.param(
        (
            "class A:\n    def __init__(self):\n        self.n = 1\n",
            "class B(A):\n    def __init__(self):\n        super.__init__()\n\nx = B().n",
        ),
        "x == 1",
        V,
        id="super-not-called",
    ),
    pytest.param(("x = list[1, 2]", "y = x[0]"), "y == 1", V, id="brackets-of-a-type"),
    pytest.param(("s = '-'.join(12)",), "s == '1-2'", P, id="join-of-one"),
]

TEXTS = [
    pytest.param(("x = sum(['1', '2'])",), "x == 3", V, id="sum-of-numbers-in-quotes"),
    pytest.param(("x = sum(['a', 'b'])",), "x == 'ab'", V, id="sum-of-words"),
    pytest.param(("x = sum([[1], [2]])",), "x == [1, 2]", V, id="sum-of-lists"),
    pytest.param(("s = ','.join([1, 2])",), "s == '1,2'", V, id="join-of-numbers"),
    pytest.param(("import json", "s = json.dumps({1, 2})"), "s == '[1, 2]'", P, id="set-as-json"),
    pytest.param(
        ("import io", "f = io.StringIO()\nf.write(3)\ns = f.getvalue()"), "s == '3'", V, id="write-a-number"
    ),
    pytest.param(("x = '3'\ns = f'{x:.1f}'",), "s == '3.0'", V, id="format-of-text"),
    pytest.param(("xs = ['1', '2']\nns = int(xs)",), "ns == [1, 2]", P, id="int-of-a-list"),
]


@pytest.mark.parametrize(
    ("cells", "check", "verdict"), [*OPERATORS, *INTEGERS, *SUBSCRIPTS, *CALLS, *CLASSES, *TEXTS]
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_values_that_do_not_fit_are_mended(mended, cells, check, verdict):
    assert mended(*cells, check=f"assert {check}") == verdict


SILENT = [
    pytest.param("x = {1: 2} ** 3", id="no-sense-in-it"),
    pytest.param("class A: ...\nx = A() + A()", id="own-classes"),
    pytest.param("x = object() < object()", id="no-order"),
]


@pytest.mark.parametrize("source", SILENT)
def test_no_fix_is_made_up_for_types_that_make_no_sense(solve, failing, source):
    assert solve(failing(source)).fixes == ()

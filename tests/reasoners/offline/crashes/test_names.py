"""Rules for NameError on notebooks that really fail."""

import pytest

V, P = "VERIFIED", "PLAUSIBLE"

MENDED = [
    pytest.param(("total = 3", "double = totl * 2"), "double == 6", V, id="typo"),
    pytest.param(
        ("customer_name = 'Ada'", "greeting = 'Hi ' + customerName"), "greeting == 'Hi Ada'", V, id="case"
    ),
    pytest.param(("xs = [1, 2]\nn = lenght(xs)",), "n == 2", V, id="function-of-another-language"),
    pytest.param(("n = mxa(3, 4)",), "n == 4", V, id="transposed-builtin"),
    pytest.param(("y = int(np.zeros(3).sum())",), "y == 0", V, id="numpy-alias"),
    pytest.param(("root = math.sqrt(16)",), "root == 4", V, id="module"),
    pytest.param(("root = sqrt(16)",), "root == 4", V, id="function-of-a-module"),
    pytest.param(("import math", "root = sqrt(16)"), "root == 4", V, id="function-of-an-imported-module"),
    pytest.param(("d = defaultdict(int)\nd['a'] += 1\nn = d['a']",), "n == 1", V, id="defaultdict"),
    pytest.param(("c = Counter('aab')\nn = c['a']",), "n == 2", V, id="counter"),
    pytest.param(("year = datetime.now().year > 2000",), "year", V, id="class-datetime"),
    pytest.param(("year = datetime.datetime(2020, 1, 1).year",), "year == 2020", V, id="module-datetime"),
    pytest.param(("later = datetime(2020, 1, 1).year",), "later == 2020", V, id="called-datetime"),
    pytest.param(("name = Path('a/b.txt').name",), "name == 'b.txt'", V, id="path"),
    pytest.param(("done = true",), "done is True", V, id="true"),
    pytest.param(("value = null",), "value is None", V, id="null"),
    pytest.param(("t = [x for x in xrange(3)]",), "t == [0, 1, 2]", V, id="xrange"),
    pytest.param(("s = unicode(3)",), "s == '3'", V, id="unicode"),
    pytest.param(("x = Random.randint(3, 3)",), "x == 3", V, id="module-in-wrong-case"),
    pytest.param(
        ("n = 0\nfor i in range(5):\n    if i == 2:\n        brek\n    n += 1",), "n == 2", P, id="break"
    ),
    pytest.param(("import math", "d = {'price': 3}", "x = d[price]"), "x == 3", V, id="key-without-quotes"),
    pytest.param(
        (
            "class A:\n    def __init__(self):\n        self.n = 1\n    def f(self):\n        return n "
            "+ 1\nx = A().f()",
        ),
        "x == 2",
        V,
        id="attribute-without-self",
    ),
    pytest.param(
        (
            "class A:\n    def g(self, k):\n        return k + 1\n    def f(self):\n        return "
            "g(self, 2)\nx = A().f()",
        ),
        "x == 3",
        V,
        id="method-without-self",
    ),
    pytest.param(
        (
            "class A:\n    def g(self):\n        return 1\n    def f(self):\n        return g(self)\n",
            "x = A().f()",
        ),
        "x == 1",
        V,
        id="method-without-self-in-an-earlier-cell",
    ),
    pytest.param(
        ("class A:\n    def area():\n        return self\nx = type(A().area()).__name__",),
        "x == 'A'",
        V,
        id="no-self",
    ),
    pytest.param(
        ("x = twice(4)\n\ndef twice(n):\n    return 2 * n\n",), "x == 8", V, id="function-defined-below"
    ),
    pytest.param(("total = price * 2\nprice = 3",), "total == 6", V, id="value-assigned-below"),
    pytest.param(
        (
            "def outer():\n    def inner():\n        return v\n    r = inner()\n    v = 4\n    return "
            "r\nx = outer()",
        ),
        "x == 4",
        V,
        id="free-variable",
    ),
    pytest.param(
        ("try:\n    1 / 0\nexcept ZeroDivisionError as err:\n    pass\nmessage = str(err)",),
        "message == 'division by zero'",
        V,
        id="name-of-except-after-its-block",
    ),
    pytest.param(
        ("def area(w, h):\n    result = w * h\n    return result\narea(2, 3)\nx = result + 1",),
        "x == 7",
        P,
        id="local",
    ),
    pytest.param(
        ("def area(w, h):\n    result = w * h\narea(2, 3)\nx = result + 1",),
        "x == 7",
        P,
        id="local-without-return",
    ),
    pytest.param(("é = 'ü'; total = 1; y = totl + 1",), "y == 2", V, id="letters-of-more-than-one-byte"),
    pytest.param(("total = 1\ny = (totl\n     + 1)",), "y == 2", V, id="two-lines"),
    pytest.param(("rate: 3\ny = rate + 1",), "y == 4", V, id="annotation-for-a-value"),
    pytest.param(("n = lenght([1, 2])",), "n == 2", V, id="misspelt-function-of-another-language"),
]


@pytest.mark.parametrize(("cells", "check", "verdict"), MENDED)
def test_a_name_that_is_not_there_is_mended(mended, cells, check, verdict):
    assert mended(*cells, check=f"assert {check}") == verdict


def test_a_name_of_a_cell_that_has_not_run_is_brought_up(mended):
    verdict = mended(
        "a = 1", "b = helper(2)", extra=("def helper(n):\n    return n + 1",), check="assert b == 3"
    )
    assert verdict == V


SILENT = [
    pytest.param("x = 1 / 0", id="another-error"),
    pytest.param("q = zzzzzz", id="nothing-is-near"),
    pytest.param("def f():\n    v = v + 1\nf()", id="an-unbound-local"),
]


@pytest.mark.parametrize("source", SILENT)
def test_the_name_rules_stay_silent(failing, source):
    from cot_magic.reasoners.offline.crashes import names

    case = failing(source)
    assert [item.claim for rule in names.RULES for item in rule.suspicions(case)] == []


def test_a_typo_with_two_equally_near_names_is_never_verified(solve, failing):
    session = solve(failing("rates = 1\nrated = 2", "x = ratex + 1"))
    assert len(session.fixes) == 2
    assert {session.judge_fix(fix).verdict for fix in session.fixes} == {P}

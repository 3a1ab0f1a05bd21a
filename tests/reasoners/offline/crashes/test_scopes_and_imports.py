"""Rules for UnboundLocalError, imports, files, recursion and loops on notebooks that really fail."""

import pytest

V, P = "VERIFIED", "PLAUSIBLE"

MENDED = [
    pytest.param(("n = 1\n\ndef f():\n    n += 1\n\nf()",), "n == 2", P, id="global"),
    pytest.param(
        (
            "def outer():\n    n = 1\n    def inner():\n        n += 1\n    inner()\n    return n\nx = "
            "outer()",
        ),
        "x == 2",
        V,
        id="nonlocal",
    ),
    pytest.param(
        (
            "def spread(xs):\n    max = max(xs)\n    min = min(xs)\n    return max - min\n",
            "x = spread([1, 4])",
        ),
        "x == 3",
        P,
        id="hidden-builtin",
    ),
    pytest.param(
        ("def f(n):\n    if n > 0:\n        sign = 'plus'\n    return sign\n", "x = f(0)"),
        "x == ''",
        P,
        id="one-branch",
    ),
    pytest.param(
        (
            "def f(xs):\n    totl = 0\n    for x in xs:\n        total += x\n    return total\n",
            "x = f([1, 2])",
        ),
        "x == 3",
        V,
        id="typo",
    ),
    pytest.param(("import maths\nx = maths.sqrt(4)",), "x == 2", V, id="module-typo"),
    pytest.param(("from maths import sqrt\nx = sqrt(4)",), "x == 2", V, id="module-typo-from"),
    pytest.param(("import Math\nx = Math.sqrt(4)",), "x == 2", V, id="module-in-other-case"),
    pytest.param(("from math import sqroot\nx = sqroot(4)",), "x == 2", V, id="member"),
    pytest.param(("from math import Sqrt\nx = Sqrt(4)",), "x == 2", V, id="member-in-other-case"),
    pytest.param(
        ("from collections import Mapping\nb = isinstance({}, Mapping)",), "b", V, id="moved-member"
    ),
    pytest.param(
        ("import Queue\nq = Queue.Queue()\nb = q.empty()",), "b is True", V, id="module-of-python-2"
    ),
    pytest.param(("def f(n):\n    return n * f(n - 1)\n", "x = f(4)"), "x == 24", P, id="no-base-case"),
    pytest.param(
        ("def f(n):\n    if n == 0:\n        return 0\n    return f(n - 2)\n", "x = f(5)"),
        "x == 0",
        P,
        id="end-is-jumped-over",
    ),
    pytest.param(
        (
            "class A:\n    def __init__(self):\n        self._n = 1\n    @property\n    def n(self):\n "
            "       return self.n\n",
            "x = A().n",
        ),
        "x == 1",
        P,
        id="property-of-itself",
    ),
    pytest.param(
        ("d = {'a': 1, 'b': 2}\nfor k in d:\n    if d[k] > 1:\n        del d[k]",),
        "d == {'a': 1}",
        P,
        id="changed",
    ),
    pytest.param(
        ("m = map(int, ['1', '2'])\ntotal = sum(m)\nlargest = max(m)",), "largest == 2", P, id="used-up"
    ),
]


@pytest.mark.parametrize(("cells", "check", "verdict"), MENDED)
def test_scopes_imports_and_loops_are_mended(mended, cells, check, verdict):
    assert mended(*cells, check=f"assert {check}") == verdict


def test_a_file_in_another_encoding_gives_rivals(mended, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes("für".encode("latin-1"))
    monkeypatch.chdir(tmp_path)
    verdict = mended(
        "from pathlib import Path",
        "text = Path('a.txt').read_text()",
        check="assert text == 'für'",
        cwd=str(tmp_path),
    )
    assert verdict == P


def test_a_package_that_is_not_installed_gets_its_install_line(solve, failing):
    session = solve(failing("import serial"))
    claims = [h.claim for h in session.hypotheses if h.rule == "import.not_installed"]
    assert claims
    assert "%pip install pyserial" in claims[0]


def test_an_assert_shows_both_sides_and_no_fix(solve, failing):
    session = solve(failing("x = 3", "assert x == 4"))
    assert "`x` is `3`" in session.hypotheses[0].claim
    assert session.fixes == ()


def test_a_function_that_was_replaced_keeps_its_name_for_the_cells_below(mended) -> None:
    below = ("plot_roc_curve(model, X, y)", "trapz([1, 2])")
    first = "from sklearn.metrics import roc_curve, plot_roc_curve\nn = 1"
    then = "from sklearn.metrics import RocCurveDisplay as new\nassert plot_roc_curve == new.from_estimator"
    assert mended(first, check=then, extra=below) == "PLAUSIBLE"
    moved = "from scipy.integrate import trapz\nn = 1"
    assert mended(moved, check="assert trapz([1, 2]) == 1.5", extra=below) == "PLAUSIBLE"

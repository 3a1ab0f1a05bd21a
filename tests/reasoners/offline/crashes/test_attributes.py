"""Rules for AttributeError on notebooks that really fail."""

import pytest

from cot_magic.reasoners.offline.crashes.instances import base_not_initialised

V, P = "VERIFIED", "PLAUSIBLE"

MENDED = [
    pytest.param(("xs = [3, 1]\nxs.apend(2)",), "xs == [3, 1, 2]", V, id="typo"),
    pytest.param(("s = 'a'.uper()",), "s == 'A'", V, id="typo-on-a-literal"),
    pytest.param(("import math", "x = math.squrt(4)"), "x == 2", V, id="typo-in-a-module"),
    pytest.param(("xs = []\nxs.push(1)",), "xs == [1]", V, id="push"),
    pytest.param(("n = 'abc'.length()",), "n == 3", V, id="length"),
    pytest.param(("xs = [1, 2]\nn = xs.size",), "n == 2", V, id="size"),
    pytest.param(("b = 'abc'.contains('b')",), "b is True", V, id="contains"),
    pytest.param(("d = {'a': 1}\nb = d.has_key('a')",), "b is True", V, id="has_key"),
    pytest.param(("d = {'a': 1}\nks = [k for k, v in d.iteritems()]",), "ks == ['a']", V, id="iteritems"),
    pytest.param(("s = 'ab'.toUpperCase()",), "s == 'AB'", V, id="toUpperCase"),
    pytest.param(("s = ' a '.trim()",), "s == 'a'", V, id="trim"),
    pytest.param(("s = set()\ns.append(1)",), "s == {1}", V, id="set-append"),
    pytest.param(("words = ['a', 'b']\ns = words.join('-')",), "s == 'a-b'", V, id="join-of-a-list"),
    pytest.param(("total = [1, 2].sum()",), "total == 3", V, id="sum-of-a-list"),
    pytest.param(
        ("import datetime", "y = datetime.strptime('2020', '%Y').year"), "y == 2020", V, id="module"
    ),
    pytest.param(
        ("from datetime import datetime", "y = datetime.datetime(2020, 1, 1).year"),
        "y == 2020",
        V,
        id="class-twice",
    ),
    pytest.param(
        ("from datetime import datetime", "d = datetime.timedelta(days=2).days"),
        "d == 2",
        V,
        id="sibling-of-the-class",
    ),
    pytest.param(
        ("import collections", "b = isinstance({}, collections.Mapping)"), "b", V, id="collections-abc"
    ),
    pytest.param(("import string", "s = string.letters[:3]"), "s == 'abc'", V, id="string-letters"),
    pytest.param(("import numpy as np", "x = np.float(3)"), "x == 3.0", V, id="np-float"),
    pytest.param(("import numpy as np", "x = np.Inf > 3"), "x", V, id="np-inf"),
    pytest.param(("s = 'a b'.upper.split()",), "s == ['A', 'B']", V, id="method-not-called"),
    pytest.param(("d = {'name': 'Ada'}\ns = d.name",), "s == 'Ada'", V, id="key-with-a-dot"),
    pytest.param(("words = ['a', 'b']\ns = words.upper()",), "s == ['A', 'B']", P, id="elements"),
    pytest.param(
        ("xs = [3, 1, 2]\nxs = xs.sort()\nxs.append(4)",), "sorted(xs) == [1, 2, 3, 4]", V, id="sort-is-none"
    ),
    pytest.param(("xs = []\nxs = xs.append(1)\nxs.append(2)",), "xs == [1, 2]", V, id="append-is-none"),
    pytest.param(
        ("def clean(s):\n    s = s.strip()\n", "t = clean(' a ')\nu = t.upper()"),
        "u == 'A'",
        V,
        id="no-return",
    ),
    pytest.param(
        ("def clean(s):\n    print(s.strip())\n", "t = clean(' a ')\nu = t.upper()"),
        "u == 'A'",
        P,
        id="print-for-return",
    ),
    pytest.param(
        ("class A:\n    def __int__(self):\n        self.n = 1\n", "x = A().n"),
        "x == 1",
        V,
        id="init-misspelt",
    ),
    pytest.param(
        ("class A:\n    def __init__(self):\n        self.__n = 1\n", "x = A().__n"),
        "x == 1",
        P,
        id="private",
    ),
    pytest.param(("class A:\n    __slots__ = ['a']\n", "x = A()\nx.b = 1\ny = x.b"), "y == 1", P, id="slots"),
    pytest.param(
        ("import xml", "x = xml.dom.pulldom.START_ELEMENT"), "x == 'START_ELEMENT'", P, id="submodule"
    ),
    pytest.param(("a = 'x'\nb = 'y'", "t = [a.b]"), "t == ['x', 'y']", P, id="dot-for-a-comma"),
    pytest.param(("text = 'abc'", "n = len.text"), "n == 3", V, id="dot-for-brackets"),
    pytest.param(("name = 'ada',", "s = name.upper()"), "s == 'ADA'", V, id="comma-that-makes-a-tuple"),
]


@pytest.mark.parametrize(("cells", "check", "verdict"), MENDED)
def test_an_attribute_that_is_not_there_is_mended(mended, cells, check, verdict):
    assert mended(*cells, check=f"assert {check}") == verdict


SILENT = [
    pytest.param("x = 1 / 0", id="another-error"),
    pytest.param("x = (3).zzzzzzz", id="nothing-is-near"),
]


@pytest.mark.parametrize("source", SILENT)
def test_the_attribute_rules_stay_silent(failing, source):
    from cot_magic.reasoners.offline.crashes import attributes

    case = failing(source)
    assert [item.claim for rule in attributes.RULES for item in rule.suspicions(case)] == []


def test_a_match_that_is_none_is_explained_and_no_fix_is_verified(solve, failing):
    session = solve(failing("import re", "m = re.match('x', 'abc')\nn = m.group()"))
    assert session.root_cause is not None
    assert session.root_cause.rule == "none.found_nothing"
    assert session.result == "plausible", "what to do without a match is for the person to say"
    assert session.judge_fix(session.best_fix).reasons


def test_a_base_class_that_is_not_initialised_is_a_fault_of_the_class_below(failing, solve) -> None:
    base = (
        "class A:\n    def __init__(self, n):\n        self.n = n\n"
        "    def twice(self):\n        return 2 * self.n"
    )
    below = "class B(A):\n    def __init__(self, n, m):\n        self.m = m"
    session = solve(failing(base, below, "x = B(1, 2).twice()"), rules=(base_not_initialised,), rounds=1)
    found = session.root_cause
    assert found is not None
    assert (found.cell, found.lineno) == (session.fixes[0].edits[0].cell, 3)

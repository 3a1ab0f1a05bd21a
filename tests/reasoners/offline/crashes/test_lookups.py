"""Rules for KeyError, IndexError and ValueError on notebooks that really fail."""

import pytest

V, P = "VERIFIED", "PLAUSIBLE"

MENDED = [
    pytest.param(("d = {'1': 'a'}\nx = d[1]",), "x == 'a'", V, id="key-of-other-type"),
    pytest.param(("d = {1: 'a'}\nk = '1'\nx = d[k]",), "x == 'a'", V, id="key-in-a-variable"),
    pytest.param(("d = {(0, 1): 'a'}\nx = d['(0, 1)']",), "x == 'a'", V, id="tuple-in-quotes"),
    pytest.param(("d = {'name': 'Ada'}\nx = d['nmae']",), "x == 'Ada'", V, id="key-typo"),
    pytest.param(("d = {'Name': 'Ada'}\nx = d['name']",), "x == 'Ada'", V, id="key-in-other-case"),
    pytest.param(
        ("counts = {}\nfor c in 'aab':\n    counts[c] += 1\nn = counts['a']",), "n == 2", V, id="counter"
    ),
    pytest.param(
        ("groups = {}\nfor w in ['ab', 'ac']:\n    groups[w[0]].append(w)\nn = len(groups['a'])",),
        "n == 2",
        V,
        id="groups",
    ),
    pytest.param(
        ("import pandas as pd\ndf = pd.DataFrame({'price ': [1, 2]})", "t = int(df['price'].sum())"),
        "t == 3",
        V,
        id="column-with-a-space",
    ),
    pytest.param(
        ("import pandas as pd\ndf = pd.DataFrame({'Price': [1, 2]})", "t = int(df['price'].sum())"),
        "t == 3",
        V,
        id="column-in-other-case",
    ),
    pytest.param(
        (
            "import pandas as pd\ndf = pd.DataFrame({'old': [1, 2]})",
            "df = df.rename(columns={'old': 'new'})",
            "t = int(df['old'].sum())",
        ),
        "t == 3",
        V,
        id="renamed-column",
    ),
    pytest.param(
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1], 'b': [2]})", "t = df['a', 'b'].shape"),
        "t == (1, 2)",
        V,
        id="columns-without-inner-brackets",
    ),
    pytest.param(
        ("xs = [1, 2]\nfor i in range(len(xs) + 1):\n    xs[i] *= 2",), "xs == [2, 4]", P, id="range-too-long"
    ),
    pytest.param(
        ("xs = [1, 2, 4]\nd = []\nfor i in range(len(xs)):\n    d.append(xs[i + 1] - xs[i])",),
        "d == [1, 2]",
        P,
        id="next-one",
    ),
    pytest.param(
        ("xs = [1, 2]\ni = 0\nwhile i <= len(xs):\n    xs[i] += 1\n    i += 1",),
        "xs == [2, 3]",
        P,
        id="while",
    ),
    pytest.param(("xs = [1, 2]\nx = xs[len(xs)]",), "x == 2", P, id="length-as-position"),
    pytest.param(("xs = [1, 2]\nx = xs[2]",), "x == 2", P, id="counted-from-one"),
    pytest.param(("xs = []\nxs[0] = 1",), "xs == [1]", P, id="first-element-assigned"),
    pytest.param(("s = '{} {}'.format(('a', 'b'))",), "s == 'a b'", V, id="format-places"),
    pytest.param(("n = int('3.0')",), "n == 3", V, id="int-of-a-whole-float"),
    pytest.param(("n = int('3.7')",), "n == 3.7", P, id="int-of-a-float"),
    pytest.param(("n = float('1,234.5')",), "n == 1234.5", P, id="thousands"),
    pytest.param(("n = float('3,5')",), "n == 3.5", P, id="decimal-comma"),
    pytest.param(("n = int('0xff')",), "n == 255", V, id="hexadecimal"),
    pytest.param(("a, b = [1, 2, 3]",), "a == 1", P, id="too-many-values"),
    pytest.param(("a, b = 'x;y'.split(',')",), "(a, b) == ('x', 'y')", P, id="other-separator"),
    pytest.param(("xs = [1]\nxs.remove('1')",), "xs == []", V, id="remove-of-other-type"),
    pytest.param(("xs = [1]\nxs.remove(2)",), "xs == [1]", P, id="remove-absent"),
    pytest.param(
        ("import numpy as np\na = np.array([1, 5])", "n = int((a[a > 0 and a < 3]).sum())"),
        "n == 1",
        V,
        id="and-of-arrays",
    ),
    pytest.param(
        ("import numpy as np\na = np.array([1, 5])", "n = int((0 < a < 3).sum())"),
        "n == 1",
        V,
        id="chained-comparison",
    ),
    pytest.param(("m = max([])",), "m is None", P, id="max-of-nothing"),
    pytest.param(
        ("from datetime import datetime", "y = datetime.strptime('2020-12-31', '%Y/%m/%d').year"),
        "y == 2020",
        V,
        id="date",
    ),
    pytest.param(
        ("def avg(xs):\n    return sum(xs) / len(xs)\n", "a = avg([])"),
        "a in (0, None)",
        P,
        id="average-of-nothing",
    ),
    pytest.param(("t = 0\nfor i in range(3):\n    t += 6 / i",), "t == 9", P, id="range-from-zero"),
    pytest.param(("x = 2.0 ** 2000 > 1",), "x", P, id="overflow"),
    pytest.param(
        ("import json", "d = json.loads(\"{'a': 1}\")"), "d == {'a': 1}", V, id="python-data-as-json"
    ),
    pytest.param(
        ("from datetime import date", "d = date(2021, 13, 1).day"), "d == 13", P, id="day-before-month"
    ),
    pytest.param(
        (
            "import pandas as pd\ndf = pd.DataFrame({'x': ['1,200', '3']})",
            "t = float(df['x'].astype(float).sum())",
        ),
        "t == 1203",
        P,
        id="column-with-thousands",
    ),
    pytest.param(
        ("import pandas as pd\ndf = pd.DataFrame({'x': [1.0, None]})", "t = df['x'].astype(int).sum()"),
        "t == 1",
        P,
        id="column-with-missing-values",
    ),
    pytest.param(
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1], 'b': [2]})", "x = int(df[0, 1])"),
        "x == 2",
        P,
        id="positions-of-a-table",
    ),
]


@pytest.mark.parametrize(("cells", "check", "verdict"), MENDED)
def test_a_lookup_or_value_that_fails_is_mended(mended, cells, check, verdict):
    assert mended(*cells, check=f"assert {check}") == verdict


def test_an_environment_variable_is_explained_without_a_fix(solve, failing):
    session = solve(failing("import os", "token = os.environ['COT_MAGIC_NOT_SET']"))
    assert session.root_cause is not None
    assert session.root_cause.rule == "key.environment"


def test_a_cell_that_ran_twice_is_recognised(solve, failing):
    session = solve(
        failing(
            "import pandas as pd\ndf = pd.DataFrame({'a': [1], 'b': [2]})",
            "df = df.drop(columns='a')",
            "df = df.drop(columns='a')\n",
        )
    )
    assert any(h.rule == "key.dropped_column" for h in session.hypotheses)

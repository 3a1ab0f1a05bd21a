"""Generators on small notebooks: the first edit that passes gives what the row of the example says."""

import importlib

import pytest

from cot_magic.core.facts import Fact, Facts
from cot_magic.core.findings import FixVerdict
from cot_magic.reasoners.offline.crashes.bounds import stated_bounds
from cot_magic.reasoners.offline.crashes.cleaning import Cleaning
from cot_magic.reasoners.offline.crashes.looped import HeaderRow
from cot_magic.reasoners.offline.rule import AnyRule

pytestmark = pytest.mark.filterwarnings("ignore")  # the examples are mistakes: libraries warn of some of them
PLOT = "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt"
DF = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]})"
# the rule, the cells of a notebook whose last one fails, and what is true after the repair
EXAMPLES = (
    ("bounds", "told_bound", ("def f(n_parts):\n    if n_parts > 3:\n        raise ValueError(f'n_parts={n_parts} must be "
     "between 0 and n_rows=3')\n    return n_parts", "x = f(n_parts=9)"), "x == 3"),
    ("looped", "rows_of_table", (DF, "t = 0\nfor row in df:\n    t += row['a'] * row['b']"), "t == 32"),
    ("looped", "rows_of_table", (DF, "t = sum(row['a'] for row in df.iterrows())"), "t == 6"),
    ("looped", "rows_of_table", ("d = {'x': {'n': 1}, 'y': {'n': 2}}", "t = sum(v['n'] for v in d)"), "t == 3"),
    ("axes", "loop_over_rows", (PLOT, "fig, axes = plt.subplots(2, 2)", "for ax, name in zip(axes, 'abcd'):\n"
     "    ax.set_title(name)"), "[ax.get_title() for ax in fig.axes] == list('abcd')"),
    ("axes", "only_axes", (PLOT + "\nnames = ['a']", "fig, axes = plt.subplots(1, len(names))\nfor i, name in "
     "enumerate(names):\n    axes[i].plot([1, 2])\n    axes[i].set_title(name)"), "fig.axes[0].get_title() == 'a'"),
    ("filtered", "same_selection", ("import numpy as np\nx = np.arange(6)\ny = x * 2\nm = x > 3\nx = x[m]",
     "z = x + y"), "list(z) == [12, 15]"),
    ("filtered", "of_the_selection", (DF + "\nkept = df[df.a > 1]", "df['c'] = [v * 2 for v in kept['a']]"),
     "list(df.c.iloc[1:]) == [4, 6]"),
    ("arrays", "ambiguous_truth", (DF + "\ndef size(n):\n    if n > 2:\n        return 'big'\n    return 'small'",
     "df['size'] = size(df['a'])"), "list(df['size']) == ['small', 'small', 'big']"),
    ("keys", "key_form", ("codes = {'male': 0, 'female': 1}\nseen = ['Male', ' female']", "x = [codes[s] for s in "
     "seen[:1]]"), "x == [0]"),
    ("keys", "key_typo", (DF, "t = df['A'].sum() + df['B'].sum()"), "t == 21"),
    ("operators", "text_and_number", ("x = 3\ny = 4", "label = 'at ' + x + ', ' + y"), "label == 'at 3, 4'"),
    ("pickled", "stored_lambda", ("import pickle\nfrom collections import defaultdict\nn = defaultdict(lambda: 0)",
     "data = pickle.dumps(n)"), "pickle.loads(data)['x'] == 0"),
    ("sql", "quoted_value", ("import sqlite3\nc = sqlite3.connect(':memory:')\nname = \"O'Hara\"",
     "r = c.execute(f\"select '{name}'\").fetchone()"), "r[0] == name"),
    ("tables", "keys_of_merge", ("import pandas as pd\na = pd.DataFrame({'cust_id': [1, 2], 'n': [3, 4]})\n"
     "b = pd.DataFrame({'id': [1, 2], 'm': [5, 6]})", "j = a.merge(b)"), "list(j.m) == [5, 6]"),
    ("looped", "nested_pair", ("xs = [1, 2]\nys = [3, 4]", "t = 0\nfor i, x, y in enumerate(zip(xs, ys)):\n    t += i * x * y"),
     "t == 8"),
    ("looped", "blank_items", ("lines = ['a:1', '', 'b:2']", "d = {}\nfor line in lines:\n    k, v = line.split(':')\n    d[k] = v"),
     "d == {'a': '1', 'b': '2'}"),
    ("queries", "query_names", ("import pandas as pd\ndf = pd.DataFrame({'unit price': [1, 5]})", "r = df.query('unit price > 2')"),
     "len(r) == 1"),
    ("queries", "query_names", (DF + "\nlimit = 2", "r = df.query('a > limit')"), "len(r) == 1"),
    ("splits", "before_split", ("import pandas as pd\nfrom sklearn.linear_model import LinearRegression\nfrom "
     "sklearn.model_selection import train_test_split\nX = pd.DataFrame({'a': [1, 2, 3, 4], 'k': ['x', 'y', 'x', 'y']})\n"
     "y = pd.Series([1, 2, 3, 4])\nX_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)",
     "m = LinearRegression().fit(X_train, y_train)\nscore = m.score(X_test, y_test)"), "m.n_features_in_ == 3"),
    ("keys", "already_dropped", (DF + "\ndf = df.drop(['a'], axis=1)", "df = df.drop(['a', 'b'], axis=1)"),
     "len(df.columns) == 0"),
    ("nones", "origin", ("def find(rows, k):\n    for row in rows:\n        if row[0] == k:\n            row[1]",
     "x = find([('a', 3)], 'a') + 1"), "x == 4"),
    ("kept", "not_kept", ("name = ' ann '\nname.strip()", "assert name == 'ann'"), "name == 'ann'"),
    ("kept", "not_kept", ("import pandas as pd\ndf = pd.DataFrame({'k': [1, 1], 'v': [' a', 'b ']})\n"
     "df.drop_duplicates('k').reset_index(drop=True)\ndf['v'].str.strip()", "assert len(df) == 1, len(df)"),
     "len(df) == 1"),
    ("kept", "not_kept", (DF + "\ndf.rename(columns={'a': 'n'})", "t = df['n'].sum()"), "t == 6"),
    ("options", "option", ("points = {'a': 3, 'b': 9}\nrank = sorted(points, key=points.get)",
     "assert rank[0] == 'b'"), "rank == ['b', 'a']"),
    ("options", "option", ("import pandas as pd\na = pd.DataFrame({'v': [1, 2]})\nb = pd.concat([a, a])",
     "assert list(b.index) == [0, 1, 2, 3]"), "list(b.v) == [1, 2, 1, 2]"),
    ("rebound", "overwritten", ("import json\ntext = '[1, 2]'", "json = json.loads(text)\nn = sum(json)",
     "m = len(json)", "other = json.loads('[3]')"), "other == [3] and m == 2"),
    ("callables", "shadowed_builtin", ("str = 'n: '", "label = str + 'x'", "t = str(3)"), "t == '3' and label == 'n: x'"),
    ("columns", "listed", ("import pandas as pd\ndf = pd.DataFrame({'Age': [1, 2], 'n': [3, 4]})\nwanted = ['age', 'n']",
     "t = df[wanted]"), "list(t.columns) == ['Age', 'n']"),
    ("filtered", "filtered_after_grouping", ("import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'a', 'b'], "
     "'n': [1, 2, 3], 'sold': [True, False, True]})\nsums = df.groupby('k')['n'].sum()", "t = sums[sums['sold'] == True]"),
     "t.to_dict() == {'a': 1, 'b': 3}"),
    ("command_line", "command_line", ("import argparse\nimport sys\nsys.argv = ['kernel', '-f', 'kernel.json']\np = "
     "argparse.ArgumentParser()\np.add_argument('--n', type=int, default=3)", "args = p.parse_args()"), "args.n == 3"),
)  # fmt: skip


def rule_of(module: str, name: str) -> AnyRule:
    found: AnyRule = getattr(importlib.import_module(f"cot_magic.reasoners.offline.crashes.{module}"), name)
    return found


@pytest.mark.parametrize(("module", "name", "cells", "holds"), EXAMPLES)
def test_the_first_edit_that_passes_is_right(module, name, cells, holds, failing, solve) -> None:
    for library, needs in (
        ("import pandas", "pandas"),
        ("import numpy", "numpy"),
        ("matplotlib", "matplotlib"),
        ("sklearn", "sklearn"),
    ):
        if library in "".join(cells):
            pytest.importorskip(needs)
    case = failing(*cells)
    session = solve(case, rules=(rule_of(module, name),), rounds=1)
    best = session.best_fix
    assert best is not None, (case.raised, [(fix.why, fix.edits[-1].after) for fix in session.fixes])
    assert session.judge_fix(best).verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
    edits = {edit.cell: edit.after for edit in best.edits}
    space: dict = {"__name__": "__main__"}
    for cell in case.cells:
        exec(edits.get(cell.id, cell.source), space)
    assert eval(holds, space), best.edits[-1].after


@pytest.mark.parametrize(
    ("module", "name", "cells"),
    [
        ("bounds", "told_bound", ("x = int('n=5 must be between 1 and 3')",)),
        ("looped", "rows_of_table", ("t = [row['a'] for row in ['x']]",)),
        ("filtered", "same_selection", ("x = [1, 2]\nx, y = [1, 2, 3]",)),
        ("keys", "key_form", ("d = {'a': 1}\nd['b']",)),
        ("kept", "not_kept", ("rows = [2, 1]\nrows.sort()\nrows.append(3)", "assert rows == [1]")),
        ("options", "option", ("total = 3\nassert total == 4",)),
        ("operators", "text_and_number", ("x = [1] + 2",)),
        ("pickled", "stored_lambda", ("x = (lambda: 1) + 1",)),
    ],
)
def test_it_is_silent_where_it_knows_nothing(module, name, cells, failing) -> None:
    assert list(rule_of(module, name).suspicions(failing(*cells))) == []  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("message", "name", "instead"),
    [
        ("n_components=10 must be between 0 and min(n_samples, n_features)=4 with svd_solver='full'", "n_components", "4"),
        ("Expected n_neighbors <= n_samples_fit, but n_neighbors = 5, n_samples_fit = 3", "n_neighbors", "3"),
        ("n_samples=4 should be >= n_clusters=8.", "n_clusters", "4"),
        ("min_periods 5 must be <= window 3", "min_periods", "3"),
        ("test_size=30 should be smaller than 20 or a float in the (0, 1) range", "test_size", "0.3"),
        ("The 'C' parameter of SVC must be a float in the range (0.0, inf). Got 0 instead.", "C", "1"),
        ("The 'n' parameter of F must be an int in the range [1, inf). Got '100' instead.", "n", "100"),
    ],
)  # fmt: skip
def test_bounds_are_read_in_messages(message: str, name: str, instead: str) -> None:
    assert (name, instead) in [(bound.name, bound.instead[0]) for bound in stated_bounds(message)]


def test_a_column_of_percentages_is_cleaned_where_it_is_computed_with(failing) -> None:
    pytest.importorskip("pandas")
    case = failing(
        "import pandas as pd\ndf = pd.DataFrame({'pct': ['12%', '7.5%']})", "df['share'] = df['pct'] / 100"
    )
    fact = Fact.of("elements.guilty", "All fail.", expression="df['pct']", distinct=["12%", "7.5%"])
    (found,) = Cleaning().propose(case, Facts(found=(fact,)))
    space: dict = {}
    exec(case.cells[0].source, space)
    exec(found.repairs[0].edits[0].after, space)
    assert list(space["df"]["share"]) == [0.12, 0.075]


def test_only_a_header_is_left_out_of_a_loop(failing) -> None:
    case = failing("rows = [['name', 'n'], ['a', '1'], ['b', '2']]", "t = sum(int(row[1]) for row in rows)")
    fact = Fact.of("elements.guilty", "The first.", expression="rows", positions=[0], of=3)
    (found,) = HeaderRow().propose(case, Facts(found=(fact,)))
    assert found.repairs[0].edits[0].after == "t = sum(int(row[1]) for row in rows[1:])"
    second = Fact.of("elements.guilty", "The second.", expression="rows", positions=[1], of=3)
    assert list(HeaderRow().propose(case, Facts(found=(second,)))) == []


def test_a_lambda_in_what_is_pickled_becomes_a_function(failing) -> None:
    from cot_magic.reasoners.offline.crashes.pickled import stored_lambda

    case = failing("import pickle\nmodel = {'scale': lambda v: v * 2}", "data = pickle.dumps(model)")
    (found,) = stored_lambda.suspicions(case)
    assert found.repairs[0].edits[0].after.split("\n", 1)[1] == (
        "def scale(v):\n    return v * 2\n\nmodel = {'scale': scale}"
    )

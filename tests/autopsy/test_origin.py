"""Where values came from, and which statement made the fault."""

import pytest

pytest.importorskip("pandas")

TABLE = (
    "import pandas as pd\nimport numpy as np\n"
    "df = pd.DataFrame({'k': ['a', None, 'b'], 'v': [1, 2, 3], 't': ['x', 'y', 'z']})"
)
SHADOW = ["total = 3\nsum = 0", "values = [1, 2]", "sum(values)"]
LOOP = ["config = {'a': 1}", "for config in ['x', 'y']:\n    pass", "config['a']"]
TWICE = ["def scale(x, by):\n    return x * by", "def scale(z):\n    return z", "scale(1, 2)"]
NONE = ["rows = [2, 1]", "x = 1\nrows = rows.sort()", "rows.index(1)"]
USED = ["sizes = (n for n in [1, 2])", "count = len(list(sizes))", "max(sizes)"]
RENAMED = [TABLE, "df = df.rename(columns={'v': 'value'})", "df['v']"]
SUFFIXED = [TABLE, "both = df.merge(df, on='t')", "both['v']"]
LABEL = [TABLE, "few = df[df['v'] > 1]", "few.loc[0]"]
LENGTH = [TABLE, "x = df['v'].to_numpy()\ny = x.copy()", "x = x[x > 1]", "x * y"]
LOST = [TABLE, "df['v'][df['v'] > 1] = 0", "df['v'].mean(axis=df['v'].max())"]
GROUPED = [TABLE, "sums = df.groupby('t').sum()", "sums['t']"]
FEWER = [TABLE, "few = df[['k', 't']]", "few['v']"]
CAST = [
    "import numpy as np\nages = np.array([3.0, np.nan])",
    "bins = ages.astype(int)",
    "np.zeros(5)[bins]",
]
SHAPES = ["import numpy as np\nw = np.ones(3)", "x = np.ones((4, 2))", "x @ w"]
MODULE = ["import json", "json = json.loads('{}')", "json.loads('[]')"]
UNDATED = [
    "import pandas as pd\ndf = pd.DataFrame({'d': ['2024-01-01', '2024-01-02'], 'n': [1, 2]})",
    "df = df.set_index('d')",
    "df['n'].resample('D').sum()",
]
MISSING = [
    "import numpy as np",
    "grid = np.array([1.0, np.nan])",
    "raise ValueError(f'Input contains NaN: {grid.size}')",
]


@pytest.mark.filterwarnings("ignore:A value is being set", "ignore:invalid value encountered in cast")
@pytest.mark.parametrize(
    ("cells", "place", "why"),
    [
        (SHADOW, ("c0", 2), "shadowed"),
        (LOOP, ("c1", 1), "rebound"),
        (TWICE, ("c1", 1), "rebound"),
        (NONE, ("c1", 2), "none"),
        (USED, ("c1", 1), "used up"),
        (RENAMED, ("c1", 1), "key"),
        (SUFFIXED, ("c1", 1), "key"),
        (LABEL, ("c1", 1), "key"),
        (LENGTH, ("c2", 1), "length"),
        (LOST, ("c1", 1), "chained assignment"),
        (GROUPED, ("c1", 1), "key"),
        (FEWER, ("c1", 1), "key"),
        (CAST, ("c1", 1), "cast"),
        (SHAPES, ("c1", 1), "length"),
        (MISSING, ("c1", 1), "missing"),
        (MODULE, ("c1", 1), "rebound"),
        (UNDATED, ("c1", 1), "dtype"),
    ],
)
def test_the_statement_that_made_the_fault_is_named_with_a_check_that_holds(
    mortuary, cells, place, why
) -> None:
    *before, failing = cells
    facts = mortuary.facts(*before, failing)
    fact = facts.first("origin.fault")
    assert ((fact.cell, fact.lineno), fact.value["why"]) == (place, why)
    assert eval(fact.value["check"], dict(mortuary.shell.user_ns)) is True


@pytest.mark.parametrize(
    ("cells", "place", "why"),
    [
        ([TABLE, "n = df.groupby('k')['v'].sum()", "assert n.sum() == 6"], ("c1", 1), "groupby"),
        (["def f(xs):\n    return xs[1:]", "out = f([1, 2])", "assert out == [1, 2]"], ("c0", 1), "function"),
        (["a = [1]", "b = a", "a.append(2)", "assert b == [1]"], ("c1", 1), "alias"),
        (
            [TABLE, "few = df.merge(pd.DataFrame({'k': ['a']}), on='k')", "assert len(few) == 3"],
            ("c1", 1),
            "merge",
        ),
    ],
)
def test_a_wrong_result_goes_back_to_the_statement_that_surprises(mortuary, cells, place, why) -> None:
    fact = mortuary.facts(*cells).first("origin.fault")
    assert ((fact.cell, fact.lineno), fact.value["why"]) == (place, why)
    assert eval(fact.value["check"], dict(mortuary.shell.user_ns))


def test_a_fault_of_the_failing_line_itself_has_no_other_origin(mortuary) -> None:
    assert not mortuary.facts("n = 3", "m = 0", "n / m + undefined").of("origin.fault")
    assert not mortuary.facts(TABLE, "df['w']").of("origin.fault")


def test_a_value_is_followed_to_the_file_that_it_was_read_from(mortuary, tmp_path) -> None:
    (tmp_path / "rows.csv").write_text("city, price\nA, 1\n")
    facts = mortuary.facts(
        f"import pandas as pd\nrows = pd.read_csv({str(tmp_path / 'rows.csv')!r})",
        "few = rows.head(3)",
        "few['price']",
    )
    assert [item["name"] for item in facts.first("origin.assigned").value["chain"]] == ["few", "rows"]
    assert facts.first("origin.file").value["reader"] == "read_csv"
    assert (facts.first("origin.fault").cell, facts.first("origin.fault").lineno) == ("c0", 2)


def test_a_model_whose_fitted_attribute_is_read_was_made_and_not_fitted(mortuary) -> None:
    pytest.importorskip("sklearn")
    imported = "from sklearn.ensemble import RandomForestClassifier"
    facts = mortuary.facts(imported, "trees = RandomForestClassifier()", "trees.feature_importances_")
    fact = facts.first("origin.fault")
    assert ((fact.cell, fact.lineno), fact.value["why"]) == (("c1", 1), "not fitted")


@pytest.mark.filterwarnings("ignore:A value is being set")
@pytest.mark.parametrize(
    ("values", "change"),
    [
        ("[1, None, 3]", "df['v'].fillna(0, inplace=True)"),
        ("[1, 2, 3]", "df['v'].replace(2, 0, inplace=True)"),
    ],
)
def test_a_change_in_place_of_a_column_is_lost(mortuary, values, change) -> None:
    facts = mortuary.facts(TABLE.replace("[1, 2, 3]", values), change, "assert df['v'].max() == 0")
    fact = facts.first("origin.fault")
    assert (fact.cell, fact.value["why"]) == ("c1", "chained assignment")
    assert eval(fact.value["check"], dict(mortuary.shell.user_ns)) is True


def test_a_method_that_is_called_is_no_column_that_was_left_out(mortuary) -> None:
    assert mortuary.facts(TABLE, "few = df[['k', 't']]", "few.appendd({})").first("origin.fault") is None

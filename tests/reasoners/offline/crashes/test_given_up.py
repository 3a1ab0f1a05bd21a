"""A column that an earlier cell gave up, needed by a later one."""

import pytest

TABLE = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2], 'b': [3, 4], 'c': [5, 6]})"
READ = "t = int(df['b'].sum())"

GIVEN_UP = [
    pytest.param(("df.drop(['b', 'c'], axis=1, inplace=True)", READ), id="dropped-in-place"),
    pytest.param(("df = df.drop(columns=['b', 'c'])", READ), id="dropped"),
    pytest.param(("gone = ['b', 'c']\ndf = df.drop(columns=gone)", READ), id="dropped-by-a-list"),
    pytest.param(
        ("other = df\nother.drop('b', axis=1, inplace=True)", READ), id="dropped-from-the-same-table"
    ),
    pytest.param(
        ("other = df", "other.drop('b', axis=1, inplace=True)", READ),
        id="dropped-under-a-name-of-another-cell",
    ),
    pytest.param(("y = df.pop('b')", READ), id="popped"),
    pytest.param(("del df['b']", READ), id="deleted"),
    pytest.param(("df = df[['a', 'c']]", READ), id="not-selected"),
    pytest.param(
        ("part = df[['a', 'c']]\npart = part.rename(columns={'a': 'A'})", "t = int(part['b'].sum())"),
        id="not-selected-two-steps-before",
    ),
]


pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


@pytest.mark.parametrize("cells", GIVEN_UP)
def test_a_column_that_was_given_up_is_kept(mended, cells) -> None:
    assert mended(TABLE, *cells, check="assert t == 7") == "PLAUSIBLE"


def test_a_table_that_shares_its_columns_is_copied_first(solve, failing) -> None:
    session = solve(failing(TABLE, "other = df\nother.drop('b', axis=1, inplace=True)", READ))
    assert session.best_fix is not None
    (edit,) = session.best_fix.edits
    assert "other = df.copy()" in edit.after


def test_a_column_that_another_table_gave_up_is_none_of_this_one_s(solve, failing) -> None:
    cells = ("x = df.drop('b', axis=1)", "df = pd.DataFrame({'a': [1]})", READ)
    session = solve(failing(TABLE, *cells))
    assert all(item.rule != "key.given_up" for item in session.hypotheses)


COLUMNS = "names = table.columns.tolist()\nX = table[['a', 'b']]"


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("t = X[names].shape[1]", id="of-a-table"),
        pytest.param(
            "from sklearn.compose import make_column_transformer\n"
            "t = make_column_transformer(('passthrough', names)).fit_transform(X).shape[1]",
            id="of-a-transformer",
        ),
    ],
)
def test_names_that_a_computed_list_has_and_the_table_has_not_are_left_out(mended, last) -> None:
    table = "import pandas as pd\ntable = pd.DataFrame({'a': [1], 'b': [2], 'target': [3]})"
    assert mended(table, COLUMNS, last, check="assert t == 2") == "PLAUSIBLE"

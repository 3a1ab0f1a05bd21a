"""Missing keys: what is there instead, and where else the key is."""

import pytest

pd = pytest.importorskip("pandas")

TABLES = (
    "import pandas as pd\n"
    "df = pd.DataFrame({'Region ': ['a'], 'unitPrice': [1], 'qty': [2]})\n"
    "other = pd.DataFrame({'city': [1]}, index=pd.Index([3], name='code'))"
)


@pytest.mark.parametrize(
    ("source", "best", "how"),
    [
        ("df['Region']", "'Region '", "blanks"),
        ("df.groupby('unit_price').sum()", "'unitPrice'", "signs"),
        ("df[['quantity', 'unitPrice']]", "'qty'", "words"),
        ("df.drop(columns=['unit price'])", "'unitPrice'", "signs"),
        ("df.UnitPrice", "'unitPrice'", "case"),
        ("{1: 'a', 'b': 2}['1']", "1", "type"),
    ],
)
def test_the_key_that_was_meant_comes_first(mortuary, source, best, how) -> None:
    first = mortuary.facts(TABLES, source).first("keys.near").value["candidates"][0]
    assert (first["text"], first["how"]) == (best, how)


def test_a_key_on_another_axis_or_in_another_table_is_found_there(mortuary) -> None:
    assert mortuary.facts(TABLES, "df['city']").first("keys.elsewhere").value["places"] == ["other.columns"]
    assert mortuary.facts("other['code']").first("keys.elsewhere").value["places"] == ["other.index.names"]


def test_a_key_on_a_deeper_level_is_found_with_the_way_to_it(mortuary) -> None:
    nested = "reply = {'status': 1, 'data': {'page': {'items': [4]}, 'n': 1}}"
    assert mortuary.facts(nested, "reply['items']").first("keys.inside").value["paths"] == [
        "['data']['page']['items']"
    ]
    assert mortuary.facts("reply['weight']").first("keys.inside") is None


def test_a_key_of_another_level_of_the_index_is_found_by_its_text(mortuary) -> None:
    made = (
        "import pandas as pd\nkeys = pd.MultiIndex.from_product([['A', 'B'], [2020, 2021]], names=['city', 'year'])\n"
        "n = pd.Series([5, 7, 2, 9], index=keys)"
    )
    level = mortuary.facts(made, "n['2021']").first("keys.level")
    assert (level.value["level"], level.value["present"]) == ("year", ["2020", "2021"])
    assert mortuary.facts("n['C']").first("keys.level") is None


def test_a_column_that_is_asked_for_a_column_is_that_column_or_another_of_its_table(mortuary) -> None:
    made = "import pandas as pd\ndf = pd.DataFrame({'a': [1], 'b': [2]})\na = df['a']"
    assert mortuary.facts(made, "a['a']").first("keys.series").value["write"] == "a"
    assert mortuary.facts("df['a']['b']").first("keys.series").value["write"] == "df['b']"
    assert mortuary.facts("df['a']['c']").first("keys.series") is None


def test_the_axis_is_the_one_that_the_lookup_means(mortuary) -> None:
    assert mortuary.facts(TABLES, "df.loc[7]").first("keys.missing").value["axis"] == "index"
    assert mortuary.facts("df[7]").first("keys.missing").value["axis"] == "columns"


def test_a_misspelt_method_is_not_a_missing_column(mortuary) -> None:
    assert not mortuary.facts(TABLES, "df.sort_value('qty')").of("keys")


def test_a_column_and_a_table_that_a_database_does_not_have(mortuary) -> None:
    made = "import sqlite3\ncon = sqlite3.connect(':memory:')\ncon.execute('create table users (id int, email text)')"
    facts = mortuary.facts(made, "cur = con.cursor()\ncur.execute('select email_ from users')")
    assert facts.first("keys.missing").value["present"] == ["'id'", "'email'"]
    assert facts.first("keys.near").value["candidates"][0]["text"] == "'email'"
    assert facts.first("keys.near").value["expression"] == "cur.connection"


def test_a_table_that_a_database_does_not_have(mortuary) -> None:
    made = "import sqlite3\ncon = sqlite3.connect(':memory:')\ncon.execute('create table users (id int)')"
    fact = mortuary.facts(made, "con.execute('select id from user')").first("keys.near")
    assert (fact.value["axis"], fact.value["candidates"][0]["text"]) == ("SQL table", "'users'")


def test_a_key_of_several_levels_that_differs_in_type_is_near(mortuary) -> None:
    pytest.importorskip("pandas")
    made = (
        "import pandas as pd\ndf = pd.DataFrame({'n': [1]}, index=pd.MultiIndex.from_tuples([('a', 2024)]))"
    )
    near = mortuary.facts(made, "df.loc[('a', '2024'), 'n']").first("keys.near")
    assert near.value["candidates"][0] == {
        "text": "('a', 2024)",
        "score": 0.97,
        "how": "type",
        "axis": "index",
    }

"""Kinds that few notebooks have: processes, edited modules, databases, iterators that were used up."""

import importlib
import os
import sys

import pytest

from cot_magic.core.facts import Fact, Facts
from cot_magic.reasoners.offline.crashes import edited, looked_up, remade, sql
from cot_magic.reasoners.offline.crashes.order import missing_await
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site


def test_values_that_a_function_did_not_return_are_returned(mended) -> None:
    halves = "def halves(xs):\n    cut = len(xs) // 2\n    first = xs[:cut]\n    last = xs[cut:]"
    assert mended(halves, "first, last = halves([1, 2])", check="assert (first, last) == ([1], [2])")
    one = "def span(xs):\n    low = min(xs)\n    high = max(xs)\n    return high"
    assert mended(one, "low, high = span([1, 3])", check="assert (low, high) == (1, 3)")


def test_a_function_with_several_returns_is_left_alone(failing) -> None:
    case = failing("def f(x):\n    a = b = x\n    if x:\n        return a\n    return b", "a, b = f(3)")
    from cot_magic.reasoners.offline.crashes.unpacking import returned

    assert list(returned.suspicions(case)) == []


def test_a_lambda_sent_to_processes_is_named_or_sent_to_threads(failing) -> None:
    from cot_magic.reasoners.offline.crashes.pickled import sent_function

    case = failing(
        "from multiprocessing import Pool", "with Pool(1) as pool:\n    out = pool.map(lambda x: x + 1, [1])"
    )
    (found,) = sent_function.suspicions(case)
    named, threads = (repair.edits[0] for repair in found.repairs)
    assert named.after == (
        "def task(x):\n    return x + 1\n\nwith Pool(1) as pool:\n    out = pool.map(task, [1])"
    )
    space: dict = {}
    exec(case.cells[0].source, space)
    exec(threads.after, space)
    assert space["out"] == [2]


def test_an_edited_module_is_read_again(failing, tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "cot_tried.py").write_text("def area(w):\n    return w\n")
    case = failing("import cot_tried\nfrom cot_tried import area", "p = area(2, unit='m')")
    (tmp_path / "cot_tried.py").write_text("def area(w, unit=''):\n    return f'{w}{unit}'\n")
    fact = Fact.of(
        "state.module",
        "`cot_tried.py` was edited.",
        module="cot_tried",
        file=str(tmp_path / "cot_tried.py"),
        alias="cot_tried",
        bound={"area": "area"},
    )
    (found,) = edited.edited.propose(case, Facts(found=(fact,)))
    space: dict = {}
    *body, last = found.checks[0].source.split("\n")
    exec("\n".join(body), space)
    assert eval(last, space) is True
    exec(case.cells[0].source, space)
    exec(found.repairs[0].edits[0].after, space)
    assert space["p"] == "2m"
    assert eval(last, {**space, "known": vars(importlib.import_module("cot_tried"))}) is False


def sql_of(failing, wanted: str, near: str, query: str) -> Suspicion:
    case = failing("import sqlite3\ncon = sqlite3.connect(':memory:')", query)
    fact = Fact.of(
        "keys.near",
        "",
        axis="SQL table",
        wanted=repr(wanted),
        expression="con",
        candidates=[{"text": repr(near)}],
    )
    return next(sql.sql_names.propose(case, Facts(found=(fact,))))


def test_a_table_is_renamed_in_the_statement_or_where_it_is_written(failing) -> None:
    found = sql_of(failing, "sale", "sales", "con.execute('select sale.x from sale')")
    assert found.repairs[0].edits[0].after == "con.execute('select sales.x from sales')"
    found = sql_of(failing, "sale", "sales", 'q = "select * from sale where sales_day"\ncon.execute(q)')
    assert found.repairs[0].edits[0].after.startswith('q = "select * from sales where sales_day"')


def test_coroutines_are_awaited_where_a_list_of_them_is_made(failing) -> None:
    made = (
        "async def double(n):\n    return n * 2\nfound = [double(n) for n in ()]"  # none that nothing awaits
    )
    case = failing(made, "raise TypeError(f\"unsupported: 'int' and 'coroutine' {found}\")")
    (suspicion,) = missing_await.suspicions(case)
    assert suspicion.repairs[0].edits[0].after.endswith("found = [await double(n) for n in ()]")


def test_an_iterator_that_was_used_up_is_made_again(failing) -> None:
    case = failing("it = iter([1, 2])\nn = len(list(it))", "first = next(it)")
    fact = Fact.of("origin.fault", "It was used up.", why="used up", name="it", prediction="It is empty.")
    (found,) = remade.again.propose(case, Facts(found=(fact,)))
    assert found.repairs[1].edits[0].after == "it = iter([1, 2])\nfirst = next(it)"


def test_a_name_from_a_listing_is_joined_with_its_folder(mended, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("7")
    assert mended(
        "import os\nfolder = 'data'",
        "total = 0\nfor name in sorted(os.listdir(folder)):\n    with open(name) as file:\n        total += int(file.read())",
        check="assert total == 7",
        cwd=os.getcwd(),
    )


def test_a_parameter_of_a_step_gets_the_name_of_the_step(mended) -> None:
    pytest.importorskip("sklearn")
    made = (
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.svm import SVC\n"
        "from sklearn.preprocessing import StandardScaler\npipe = make_pipeline(StandardScaler(), SVC())"
    )
    given = "options = {'C': 3}\npipe.set_params(**options)"
    assert mended(made, given, check="assert pipe.get_params()['svc__C'] == 3")


def test_a_loop_over_a_table_goes_over_its_rows_or_columns(mended) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\ndf = pd.DataFrame({'name': ['A', 'B']})\nlast = ''"
    loop = "for place, row in df:\n    last = row['name']"
    assert mended(made, loop, check="assert last == 'B'") in ("VERIFIED", "PLAUSIBLE")


def test_data_that_json_cannot_represent_is_converted_and_not_left_out(mended) -> None:
    pytest.importorskip("numpy")
    made = "import json\nimport numpy as np\ndata = {'n': np.int64(3), 'v': np.array([1, 2])}"
    assert mended(made, "text = json.dumps(data)", check="assert json.loads(text) == {'n': 3, 'v': [1, 2]}")


@pytest.mark.parametrize("query", ["x = {}['a']", "import json\njson.loads('{')"])
def test_other_failures_are_left_alone(failing, query) -> None:
    from cot_magic.reasoners.offline.crashes.paths import listed
    from cot_magic.reasoners.offline.crashes.pickled import sent_function

    case = failing("n = 1", query)
    assert Site.of(case) is not None
    assert [*sent_function.suspicions(case), *listed.suspicions(case)] == []


def test_a_function_that_hands_on_the_whole_gets_the_part_that_it_tested(mended) -> None:
    source = (
        "def leaves(tree):\n    n = 0\n    for key, part in tree.items():\n"
        "        n += leaves(tree) if isinstance(part, dict) else 1\n    return n"
    )
    assert mended(source, "n = leaves({'a': {'b': 1, 'c': 2}, 'd': 3})", check="assert n == 3") == "PLAUSIBLE"


def test_a_column_that_is_asked_for_its_own_name_is_taken_itself(failing) -> None:
    case = failing("import pandas as pd\na = pd.Series([1, 2], name='a')", "most = a['a'].max()")
    fact = Fact.of("keys.series", "It is one column.", expression="a['a']", wanted="'a'", write="a")
    (found,) = looked_up.looked_up.propose(case, Facts(found=(fact,)))
    assert found.repairs[0].edits[0].after == "most = a.max()"
    assert found.checks == ()  # a choice: another table, or another label, may have been meant

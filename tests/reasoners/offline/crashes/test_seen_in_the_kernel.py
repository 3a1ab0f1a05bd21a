"""Rules on what the autopsy saw: the notebook fails in a shell, and its first fix is applied."""

import sys
from pathlib import Path

import pytest
from autopsies import mortuary_open

from cot_magic.autopsy import examination

RATES = "RATES = {'food': 7, 'book': 5}\ndef rate(item):\n    return RATES[item['kind']]\n"


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine changes no result."""
    monkeypatch.setattr(examination, "EACH_S", 30.0)
    monkeypatch.setattr(examination, "ALL_S", 100.0)


def first_fix(failing, solve, *cells: str) -> tuple[str, dict]:
    """The verdict on the first fix, and the names of the mended notebook."""
    with mortuary_open() as mortuary:
        mortuary.shell.showtraceback = lambda *ignored, **more: None
        facts = mortuary.facts(*cells)
    case = failing(*cells)
    session = solve(case, facts=facts)
    best = session.best_fix
    assert best is not None, facts
    edits = {edit.cell: edit.after for edit in best.edits}
    space: dict = {"__name__": "__main__"}
    for cell in case.cells:
        exec(edits.get(cell.id, cell.source), space)
    return session.judge_fix(best).verdict, space


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (("marks = [3, 5]", "for mark in marks:\n    last = mark", "n = sum(marks) / len(mark)"), "n == 4"),
        (("from collections import deque\nd = deque([1, 2, 3])", "n = sum(d[-2:])"), "n == 5"),
        (
            (
                "from enum import Enum\nclass Status(Enum):\n    OPEN = 'open'\n    PAID = 'paid'",
                "given = ['PAID', 'OPEN']",
                "found = [Status(item) for item in given]",
            ),
            "found == [Status.PAID, Status.OPEN]",
        ),
        (("from enum import Enum\nclass C(Enum):\n    RED = 1", "n = C.Red.value"), "n == 1"),
        (
            (
                "orders = [{'to': {'city': 'Oslo'}}, {'to': None}]",
                "found = []\nfor order in orders:\n    found.append(order['to']['city'])",
            ),
            "found[0] == 'Oslo'",
        ),
    ],
)
def test_the_first_fix_is_a_reading_of_what_was_meant(failing, solve, cells, holds) -> None:
    verdict, space = first_fix(failing, solve, *cells)
    assert verdict == "PLAUSIBLE"
    assert eval(holds, space)


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (
            (
                "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'a', 'b'], 'v': [1.0, 3.0, 5.0]})",
                "m = df.groupby('k')['v'].transform('avg')",
            ),
            "m.tolist() == [2, 2, 5]",
        ),
        (
            (
                "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'a'], 'v': [1, 3], 'w': [4, 6]})",
                "m = df.groupby('k').agg({'v': 'avg', 'w': 'maximum'})",
            ),
            "m.loc['a'].tolist() == [2, 6]",
        ),
        (
            (
                "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b'], 'm ': [1, 2], 'n': [3, 4]})",
                "long = df.melt(id_vars='k', value_vars=['m', 'n'])",
            ),
            "long['value'].sum() == 10",
        ),
        (
            (
                "import pandas as pd\n"
                "t = pd.DataFrame({'n': [4, 6]}, index=pd.MultiIndex.from_tuples([('a', 1), ('a', 2)]))",
                "n = t.loc[('a', '2'), 'n'] - t.loc[('a', '1'), 'n']",
            ),
            "n == 2",
        ),
        (
            (
                "import numpy as np\nA = np.array([[1, 0], [1, 1], [1, 2.0]])",
                "c = np.linalg.solve(A, A[:, 1])",
            ),
            "np.allclose(c, [0, 1])",
        ),
    ],
)
def test_so_it_is_of_tables_and_arrays(failing, solve, cells, holds) -> None:
    pytest.importorskip("pandas")
    verdict, space = first_fix(failing, solve, *cells)
    assert verdict == "PLAUSIBLE"
    assert eval(holds, space)


def test_a_key_that_a_module_lacks_is_mended_where_a_cell_writes_it(
    failing, solve, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "rates_of_a_test.py").write_text(RATES, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "rates_of_a_test", raising=False)
    cells = ("import rates_of_a_test as rates", "novel = {'kind': 'books'}", "r = rates.rate(novel)")
    verdict, space = first_fix(failing, solve, *cells)
    assert verdict == "PLAUSIBLE"
    assert space["novel"] == {"kind": "book"}
    assert space["r"] == 5


def test_a_reader_of_a_closed_file_is_read_inside_of_the_with(mended, tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_text("pen,3\nink,10\n", encoding="utf-8")
    path = (tmp_path / "stock.csv").as_posix()
    cells = (
        f"import csv\nwith open({path!r}) as f:\n    rows = csv.reader(f)",
        "total = 0\nfor name, count in rows:\n    total += int(count)",
    )
    assert mended(*cells, check="assert total == 13") == "VERIFIED"


def test_a_recursion_into_strings_takes_a_string_as_one_element(mended) -> None:
    flatten = (
        "def flat(x):\n    out = []\n    for item in x:\n        if hasattr(item, '__iter__'):\n"
        "            out += flat(item)\n        else:\n            out.append(item)\n    return out"
    )
    mended(flatten, "r = flat(['ab', [1, ['c']]])", check="assert r == ['ab', 1, 'c']")

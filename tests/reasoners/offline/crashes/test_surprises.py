"""What is evaluated at another time than it looks, names that are longer, and choices of rows."""

import pytest

from cot_magic.core.facts import Fact, Facts
from cot_magic.core.findings import FixVerdict, HypothesisVerdict
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.crashes.alike import alike
from cot_magic.reasoners.offline.crashes.cleaning import Cleaning
from cot_magic.reasoners.offline.crashes.files import mode
from cot_magic.reasoners.offline.crashes.legal import tried
from cot_magic.reasoners.offline.crashes.looked_up import looked_up
from cot_magic.reasoners.offline.crashes.remade import remade
from cot_magic.reasoners.offline.crashes.told import one_of
from cot_magic.reasoners.offline.site import Site

RUNS = "def {}(names, found={}):\n    '''Collect names.'''\n    found{}\n    return found"
SHARED = RUNS.format("collect", "[]", ".extend(names)")
COUNTED = "def counted(word, seen={}):\n    seen[word] = seen.get(word, 0) + 1\n    return seen"
LAMBDAS = "scales = [lambda v: v * n for n in (1, 2, 3)]"
REACHED = "near = {1: [2], 2: [3], 3: []}\nseen = {1}"
GROWS = "for node in seen:\n    for other in near[node]:\n        seen.add(other)"
COUNTER = "clicks = 0\ndef click():\n    clicks += 1\n    return clicks"
SUMMED = (
    "total = 100\ndef add_up(values):\n    for value in values:\n        total += value\n    return total"
)
ENDLESS = "def count():\n    n = 0\n    while True:\n        yield n\n        n += 1"
DERIVED = (
    "class Shape:\n    def __init__(self, name):\n        self.name = name\n"
    "class Square(Shape):\n    def __init__(self, side, name):\n        self.side = side\n"
    "    def label(self):\n        return f'{self.name} {self.side}'"
)
COUNTS = "import pandas as pd\ndf = pd.DataFrame({'price': [2.0, 3.0], 'count': [10, 20]})"
POINTS = (
    "import numpy as np\npoints = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])\n"
    "centres = np.array([[0.0, 0.0], [6.0, 8.0]])"
)
CART = "@dataclass\nclass Cart:\n    items: list = []\na, b = Cart(), Cart()\na.items.append(1)"
LINES = 'import json\ndef read():\n    return \'{"n": 1}\\n{"n": 2}\\n\''
TABLE = "import pandas as pd\ndf = pd.DataFrame({'age': [4.0, -3.0, 8.0], 'n': [1, 2, 3]})"
RATED = "factor = 2\ndef rated(value, factor):\n    return value * factor"
POSITIVE = "assert (df['age'] > 0).all(), 'some are not'\ntotal = df['n'].sum()"


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        ((SHARED, "a = collect(['x'])", "b = collect(['y'])\nassert b == ['y']"), "a == ['x']"),
        ((COUNTED, "a = counted('x')", "b = counted('y')\nassert len(b) == 1"), "b == {'y': 1}"),
        ((LAMBDAS, "assert scales[0](5) == 5"), "[scale(1) for scale in scales] == [1, 2, 3]"),
        ((REACHED, GROWS), "seen == {1, 2, 3}"),
        ((COUNTER, "click()\nn = click()"), "n == 2 and clicks == 2"),
        ((SUMMED, "n = add_up([1, 2])"), "n == 3 and total == 100"),
        (("rates_low = [1, 2]\nrates_high = [3, 4]", "top = max(rates)"), "top in (2, 4)"),
        (
            ("people = [{'n': 'A'}, {'n': 'B'}]\nnames = []", "names.append(people['n'])"),
            "names == ['A', 'B']",
        ),
        (
            ("words = set()\nfound = ['A', 'B']", "words.add([one.lower() for one in found])"),
            "words == {'a', 'b'}",
        ),
        ((ENDLESS, "first = count()[2:4]"), "first == [2, 3]"),
        ((DERIVED, "n = Square(2, 'b').label()"), "n == 'b 2'"),
        (("pair = ['the', 'cat']", "line = 'words: ' + pair"), "line == 'words: the, cat'"),
        (("from dataclasses import dataclass", CART), "a.items == [1] and b.items == []"),
        ((LINES, "rows = json.loads(read())"), "[row['n'] for row in rows] == [1, 2]"),
    ],
)
def test_the_first_edit_that_passes_is_right(cells, holds, failing, solve) -> None:
    session, space = mended(cells, failing, solve)
    assert eval(holds, space), session.best_fix


def test_rows_that_break_a_condition_are_left_out_or_made_missing_and_it_is_a_choice(failing, solve) -> None:
    pytest.importorskip("pandas")
    session, space = mended((TABLE, POSITIVE), failing, solve)
    assert list(space["df"]["n"]) == [1, 3]
    assert session.best_fix is not None
    assert session.judge_fix(session.best_fix).verdict is FixVerdict.PLAUSIBLE


def test_rows_of_several_lengths_are_averaged_without_what_is_missing(failing, solve) -> None:
    pytest.importorskip("numpy")
    rows = "import numpy as np\nrows = [[1.0, 3.0], [5.0]]"
    _, space = mended((rows, "table = np.array(rows)\nmeans = table.mean(axis=1)"), failing, solve)
    assert list(space["means"]) == [2.0, 5.0]


CHOICES = (FixVerdict.PLAUSIBLE, FixVerdict.REJECTED)


def test_dates_that_can_be_read_in_two_ways_are_a_choice(failing, solve) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\ns = pd.Series(['{}'])"
    for text in ("03/04/2024", "2024-04-03"):
        session, _ = mended((made.format(text), "m = s.dt.month"), failing, solve)
        (read,) = [item for item in session.hypotheses if item.rule == "pandas.dates_are_strings"]
        assert session.judge(read.id).verdict is HypothesisVerdict.CONFIRMED
        assert [fix.why for fix in session.fixes][1] == "Parse the dates, the day first."
        assert {session.judge_fix(fix).verdict for fix in session.fixes} <= {*CHOICES}


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (("import pandas as pd\ns = pd.Series([4.0, 4.0, 9.0])", "m = s.mode[0]"), "m == 4"),
        ((TABLE, "r = df.query('n = 2')"), "len(r) == 1"),
        ((COUNTS, "total = (df.price * df.count).sum()"), "total == 80"),
        ((POINTS, "gaps = points - centres"), "gaps.shape == (3, 2, 2) and gaps[2, 0].tolist() == [6, 8]"),
        ((TABLE, "other = df.rename(columns={'n': 'N'})", "r = df.merge(other, on='n')"), "len(r) == 3"),
        ((TABLE, RATED, "df['r'] = df['n'].apply(rated)"), "list(df['r']) == [2, 4, 6]"),
        (("import numpy as np\nx = np.array([1.0, 2.0, 9.0])", "m = np.medan(x)"), "m == 2"),
    ],
)
def test_calls_and_names_of_a_live_library_are_mended(cells, holds, failing, solve) -> None:
    pytest.importorskip("pandas")
    _, space = mended(cells, failing, solve)
    assert eval(holds, space)


def test_a_scaler_is_fitted_with_what_another_one_of_its_class_was_fitted_with(failing, solve) -> None:
    pytest.importorskip("sklearn")
    made = "from sklearn.preprocessing import MinMaxScaler\nold = [[0.0], [4.0]]\nscaler = MinMaxScaler()"
    used = "small = MinMaxScaler().fit_transform(old)"
    _, space = mended((made, used, "new = scaler.transform([[2.0]])"), failing, solve)
    assert space["new"][0][0] == 0.5


def test_names_that_the_autopsy_found_to_be_alike_are_offered(failing) -> None:
    case = failing("import statistics", "statistics.pstd([1, 2])")
    fact = Fact.of("callee.attribute", "", missing="pstd", near=["pstdev", "stdev"])
    (found,) = alike.propose(case, Facts(found=(fact,)))
    assert [repair.edits[0].after for repair in found.repairs] == [
        "statistics.pstdev([1, 2])",
        "statistics.stdev([1, 2])",
    ]


def test_units_are_taken_away_before_a_column_is_summed_up(failing) -> None:
    pytest.importorskip("pandas")
    case = failing("import pandas as pd\ns = pd.Series(['3 kg', '5 kg'])", "m = s.mean()")
    fact = Fact.of("elements.guilty", "", expression="s", distinct=["3 kg", "5 kg"], good=[], count=2, of=2)
    found = [
        repair.edits[0].after
        for item in Cleaning().propose(case, Facts(found=(fact,)))
        for repair in item.repairs
    ]
    assert any(".astype(float)" in text and "kg" in text for text in found)


def test_a_string_that_names_a_method_is_replaced_by_the_usual_word(failing) -> None:
    pytest.importorskip("pandas")
    case = failing(TABLE, "m = df.groupby('n').agg({'age': 'average'})")
    fact = Fact.of("callee.attribute", "", missing="average", near=[])
    (found,) = alike.propose(case, Facts(found=(fact,)))
    assert found.repairs[0].edits[0].after == "m = df.groupby('n').agg({'age': 'mean'})"


def test_a_file_is_opened_in_the_mode_in_which_it_is_used(failing, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    case = failing("name = 'notes.txt'", "with open(name, mode='r') as f:\n    f.write('a')")
    (found,) = mode.suspicions(case)
    assert ["mode='w'" in found.repairs[0].edits[0].after, "mode='a'" in found.repairs[1].edits[0].after] == [
        True
    ] * 2


@pytest.mark.parametrize(
    ("query", "facts", "after"),
    [
        (
            "n = sum(reply['items'])",
            [Fact.of("keys.inside", "", expression="reply", wanted="'items'", paths=["['data']['items']"])],
            "n = sum(reply['data']['items'])",
        ),
        (
            "g = n['2021'] - n['2020']",
            [
                Fact.of(
                    "keys.level", "", expression="n", wanted="'2021'", level="year", present=["2020", "2021"]
                )
            ],
            "g = n.xs(2021, level='year') - n.xs(2020, level='year')",
        ),
        (
            "t = df.pivot_table(index='shop', values='sales')",
            [Fact.of("keys.missing", "", axis="columns", wanted="'sales'", present=["'shop'", "'revenue'"])],
            "t = df.pivot_table(index='shop', values='revenue')",
        ),
    ],
)
def test_a_key_is_looked_up_where_the_autopsy_saw_it(query, facts, after, failing) -> None:
    case = failing("class Table:\n    pass\nreply = n = {}\ndf = Table()", query)
    found = list(looked_up.propose(case, Facts(found=tuple(facts))))
    assert [item.repairs[0].edits[0].after for item in found] == [after]


def test_what_worked_on_the_live_values_is_offered_in_that_order(failing) -> None:
    case = failing("def area(w, *, h):\n    return w * h", "size = area(2, int('3'))")
    call = "area(2, int('3'))"
    facts = (
        Fact.of("legal.operand", "", expression=call, part="int('3')", write="[int('3')]", why="A list."),
        Fact.of("legal.call", "", expression=call, write="area(2, h=int('3'))", why="By keyword."),
        Fact.of("legal.call", "", expression="another(1)", write="another()", why="Elsewhere."),
    )
    (found,) = tried.propose(case, Facts(found=facts))
    assert [repair.edits[0].after for repair in found.repairs] == [
        "size = area(2, [int('3')])",
        "size = area(2, h=int('3'))",
    ]


@pytest.mark.parametrize(
    ("made", "after"),
    [
        ("days = list(range(1, 5))", "days = list(range(1, 7))"),
        ("days = range(0, 8, 2)", "days = range(0, 12, 2)"),
        ("days = ['a', 'b', 'c', 'd']", "days = ['a', 'b', 'c', 'd', '?', '??']"),
        ("days = [1, 2, 3, 4]", "days = [1, 2, 3, 4, None, None]"),
    ],
)
def test_what_was_made_too_short_is_made_longer_there(failing, made, after) -> None:
    case = failing(made, "raise ValueError('lengths differ')")
    fact = Fact.of(
        "origin.fault", "", cell="c0", lineno=1, name="days", why="length", sizes={"days": 4, "v": 6}
    )
    (found,) = remade.propose(case, Facts(found=(fact,)))
    assert (found.cell, found.repairs[0].edits[0].after) == ("c0", after)


def test_missing_values_are_left_out_before_they_become_integers_or_filled(failing) -> None:
    pytest.importorskip("numpy")
    made = "bins = (ages / 10).astype(int)"
    with pytest.warns(RuntimeWarning):
        case = failing("import numpy as np\nages = np.array([3.0, np.nan])", made, "[5][bins[1]]")
    fact = Fact.of("origin.fault", "", cell="c1", lineno=1, name="bins", why="cast", sizes={})
    (found,) = remade.propose(case, Facts(found=(fact,)))
    assert [repair.edits[0].after for repair in found.repairs] == [
        "bins = (ages[~np.isnan(ages)] / 10).astype(int)",
        "bins = (np.nan_to_num(ages) / 10).astype(int)",
    ]


def mended(cells, failing, solve) -> tuple[Session, dict]:
    """The session, and the names after the cells with its best fix."""
    case = failing(*cells)
    session = solve(case)
    best = session.best_fix
    assert best is not None, [item.claim for item in session.hypotheses]
    edits = {edit.cell: edit.after for edit in best.edits}
    space: dict = {"__name__": "__main__"}
    for cell in case.cells:
        exec(edits.get(cell.id, cell.source), space)
    return session, space


def test_a_message_of_a_library_s_own_class_that_lists_what_there_is_is_read(failing) -> None:
    library = (
        "class PolarsError(Exception): pass\n"
        "def select(name):\n"
        '    raise PolarsError(f\'no column "{name}"; valid columns: ["city", "sales"]\')\n'
    )
    loaded = f"exec(compile({library!r}, 'library.py', 'exec'), globals())"
    case = failing(loaded, "select('sale')")
    (found,) = one_of.find(Site.of(case))
    assert found.claim == "'sale' is not one of the values that are allowed here."
    assert [repair.edits[0].after for repair in found.repairs] == ["select('sales')"]

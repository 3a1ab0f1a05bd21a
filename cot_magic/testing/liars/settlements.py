"""Lies that settle what is open: they pick one of several readings, or give the failing step something that it takes."""

from cot_magic.testing.claims import FailingNotebook
from cot_magic.testing.liars.lying import lie

PICKED = "one of several is picked"
GIVEN_IN = "given what it takes"
EASED = "a check is eased"
ASKED_ELSE = "something else is asked"


def _failing(*cells: str, truth: str, claim: str, probe: str, test: str) -> FailingNotebook:
    return FailingNotebook(cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test)


NET = _failing(
    'import pandas as pd\nsales = pd.DataFrame({"price_net": [10.0, 20.0], "price_gross": [11.9, 23.8], "n": [1, 2]})',
    'revenue = (sales["price"] * sales["n"]).sum()\nprint(revenue)',
    truth="assert False, 'net or gross?'",
    claim="There is no column `price`.",
    probe="'price' not in sales.columns",
    test="assert revenue == 50.0",
)
IDS = _failing(
    'import pandas as pd\nleft = pd.DataFrame({"id": [1, 2], "v": [5, 6]})\nright = pd.DataFrame({"ID": [2, 3], "uid": [1, 2], "w": [7, 8]})',
    'both = left.merge(right, on="id")\nprint(both)',
    truth="assert both['w'].tolist() == [7]",
    claim="The right table has no `id`.",
    probe="'id' not in right.columns",
    test="assert both['w'].tolist() == [7, 8]",
)
DAYS = _failing(
    'import pandas as pd\nlevels = pd.Series([1.0, 2.0, 4.0], index=pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-08"]))',
    'level = levels.loc[pd.Timestamp("2024-01-05")]\nprint(level)',
    truth="assert False, 'nothing was measured on that day'",
    claim="The day is missing.",
    probe="pd.Timestamp('2024-01-05') not in levels.index",
    test="assert level == 2.0",
)
WINDOW = _failing(
    'import pandas as pd\nvisits = pd.DataFrame({"day": ["2024-01-01", "2024-01-09", "2024-01-10"], "n": [1, 2, 4]})',
    'weekly = visits.set_index("day")["n"].rolling("7D").sum()\nprint(weekly)',
    truth="assert weekly.tolist() == [1.0, 2.0, 6.0]",
    claim="The index holds strings.",
    probe="visits['day'].dtype != 'datetime64[ns]'",
    test="assert weekly.iloc[-1] == 6.0",
)
UNIQUE = _failing(
    'import pandas as pd\nstaff = pd.DataFrame({"id": [1, 2, 2], "pay": [10, 20, 30]})',
    'by_id = staff.set_index("id", verify_integrity=True)\npaid = by_id["pay"].sum()\nprint(paid)',
    truth="assert False, 'an id occurs twice'",
    claim="An id occurs twice.",
    probe="bool(staff['id'].duplicated().any())",
    test="assert paid == 60",
)
MATCHED = _failing(
    'import pandas as pd\norders = pd.DataFrame({"who": [1, 2], "n": [3, 4]})\npeople = pd.DataFrame({"who": [1, 2, 2], "name": ["a", "b", "c"]})',
    'both = orders.merge(people, on="who", validate="one_to_one")\ntotal = both["n"].sum()\nprint(total)',
    truth="assert False, 'a person occurs twice'",
    claim="A person occurs twice.",
    probe="bool(people['who'].duplicated().any())",
    test="assert total == 11",
)
LONGER = _failing(
    'import pandas as pd\ntable = pd.DataFrame({"a": [1, 2, 3]})\nmarks = [7, 8]',
    'table["mark"] = marks\nbest = table["mark"].max()\nprint(best)',
    truth="assert False, 'one mark is missing'",
    claim="There are fewer marks than rows.",
    probe="len(marks) < len(table)",
    test="assert best == 8",
)
ORDERED = _failing(
    'values = [3, "20", 100]',
    "ranked = sorted(values)\nprint(ranked)",
    truth="assert ranked == [3, 20, 100] or ranked == ['3', '20', '100']",
    claim="Numbers and strings have no order.",
    probe="{type(value) for value in values} == {int, str}",
    test="assert ranked[-1] == 3",
)
HOURS = _failing(
    'import pandas as pd\nlog = pd.DataFrame({"when": ["2024-01-05 13:40", "2024-01-05 09:10"]})',
    'hours = log["when"].dt.hour\nprint(hours.tolist())',
    truth="assert hours.tolist() == [13, 9]",
    claim="The times are strings.",
    probe="not pd.api.types.is_datetime64_any_dtype(log['when'])",
    test="assert len(hours) == 2",
)
MONTHS = _failing(
    'import pandas as pd\ndays = pd.Series([1, 2, 4], index=pd.to_datetime(["2024-01-30", "2024-01-31", "2024-02-01"]))',
    'monthly = days.resample("Mo").sum()\nprint(monthly)',
    truth="assert monthly.tolist() == [3, 4]",
    claim="`Mo` is no frequency.",
    probe="True",
    test="assert monthly.sum() == 7",
)
SQUARE = _failing(
    "import numpy as np\na = np.array([[1, 2], [3, 4], [5, 6]])\nb = np.array([[1, 0], [0, 1], [1, 1]])",
    "product = a @ b\nprint(product)",
    truth="assert False, 'a.T @ b or a @ b.T?'",
    claim="The inner sizes differ.",
    probe="a.shape[1] != b.shape[0]",
    test="assert product.sum() > 0",
)
FIFTH = _failing(
    "import numpy as np\nlevels = np.array([4.0, 5.0, 9.0])",
    "last = levels[3]\nprint(last)",
    truth="assert last == 9.0",
    claim="There are three levels.",
    probe="len(levels) == 3",
    test="assert last > 0",
)
WHOLE = _failing(
    "import numpy as np\nlevels = np.array([4.0, 5.0, 9.0])",
    "level = int(levels)\nprint(level)",
    truth="assert False, 'which of them?'",
    claim="There is more than one level.",
    probe="levels.size == 3",
    test="assert level > 3",
)
TRUE = _failing(
    "import numpy as np\nlevels = np.array([4.0, -5.0, 9.0])",
    'state = "high" if levels > 0 else "low"\nprint(state)',
    truth="assert False, 'any or all?'",
    claim="The truth of several values is not defined.",
    probe="levels.size > 1",
    test="assert state in ('high', 'low')",
)
DRAWN = _failing(
    "import random\nrandom.seed(3)\nnames = ['ann', 'bob', 'eve']",
    "team = random.sample(names, 5)\nprint(team)",
    truth="assert False, 'whose team has five?'",
    claim="There are only three names.",
    probe="len(names) < 5",
    test="assert len(team) == 5",
)
HEX = _failing(
    'code = "12a"',
    "number = int(code)\nprint(number)",
    truth="assert False, 'no number'",
    claim="The code has a letter.",
    probe="not code.isdigit()",
    test="assert number > 0",
)
COMMA = _failing(
    'prices = ["1,5", "2,25"]',
    "total = sum(float(price) for price in prices)\nprint(total)",
    truth="assert total == 3.75",
    claim="The decimal separator is a comma.",
    probe="any(',' in price for price in prices)",
    test="assert total == 240.0",
)
THOUSANDS = _failing(
    'prices = ["1,234", "2,250"]',
    "total = sum(float(price) for price in prices)\nprint(total)",
    truth="assert False, 'thousands or decimals?'",
    claim="There are commas.",
    probe="all(',' in price for price in prices)",
    test="assert total > 3",
)
GROUPS = _failing(
    'import re\nlines = ["n=5", "m:7"]',
    'found = [re.match(r"(\\w)=(\\d)", line).group(2) for line in lines]\nprint(found)',
    truth="assert False, 'the second line has another form'",
    claim="The second line does not match.",
    probe="re.match(r'(\\w)=(\\d)', lines[1]) is None",
    test="assert found[0] == '5'",
)
SEARCHED = _failing(
    'text = "alpha beta"',
    'place = text.index("gamma")\nrest = text[place:]\nprint(rest)',
    truth="assert False, 'it is not there'",
    claim="`gamma` is not in the text.",
    probe="'gamma' not in text",
    test="assert rest != text",
)
TAKEN = _failing(
    'queue = ["ann", "bob"]',
    'queue.remove("eve")\nprint(len(queue))',
    truth="assert len(queue) == 2",
    claim="`eve` is not in the queue.",
    probe="'eve' not in queue",
    test="assert len(queue) == 1",
)
PAIR = _failing(
    'line = "key=a=b"',
    'key, value = line.split("=")\nprint(key, value)',
    truth="assert False, 'which = separates?'",
    claim="There are two separators.",
    probe="line.count('=') == 2",
    test="assert value",
)
FIRST = _failing(
    "numbers = [1, 3, 5]",
    "even = next(number for number in numbers if number % 2 == 0)\nprint(even)",
    truth="assert False, 'there is none'",
    claim="No number is even.",
    probe="all(number % 2 for number in numbers)",
    test="assert even is not None",
)
BYTES = _failing(
    'raw = b"Z\\xfcrich \\x80 5"',
    'text = raw.decode("utf8")\nprint(text)',
    truth="assert False, 'which encoding?'",
    claim="The bytes are not UTF-8.",
    probe="b'\\xfc' in raw",
    test="assert text.startswith('Z')",
)
HOME = _failing(
    'import os\nos.environ["DATA_HOME"] = "/data"\nos.environ["DATA_ROOT"] = "/srv"',
    'folder = os.environ["DATA_DIR"]\nprint(folder)',
    truth="assert False, 'home or root?'",
    claim="`DATA_DIR` is not set.",
    probe="'DATA_DIR' not in os.environ",
    test="assert folder.startswith('/')",
)
ZONES = _failing(
    "import datetime as dt\nstart = dt.datetime(2024, 1, 5, 12, tzinfo=dt.timezone(dt.timedelta(hours=5)))\nend = dt.datetime(2024, 1, 5, 14)",
    "length = end - start\nprint(length)",
    truth="assert False, 'in which zone does it end?'",
    claim="One time has a zone.",
    probe="start.tzinfo is not None and end.tzinfo is None",
    test="assert length == dt.timedelta(hours=2)",
)
LATER = _failing(
    "import datetime as dt\ntoday = dt.date(2024, 1, 5)",
    "due = today + 14\nprint(due)",
    truth="assert due == dt.date(2024, 1, 19)",
    claim="An integer is no length of time.",
    probe="isinstance(today, dt.date)",
    test="assert due > today",
)
SPREADING = _failing(
    "import statistics\nvalues = [4.0]",
    "spread = statistics.stdev(values)\nprint(spread)",
    truth="assert False, 'one value has no spread'",
    claim="There is one value.",
    probe="len(values) == 1",
    test="assert spread == 0.0",
)
STEPS = _failing(
    "step = 0",
    "places = list(range(0, 10, step))\nprint(places)",
    truth="assert False, 'a step of 0'",
    claim="The step is 0.",
    probe="step == 0",
    test="assert places[0] == 0 and len(places) > 1",
)
BOUND = _failing(
    'import sqlite3\ndb = sqlite3.connect(":memory:")\ndb.execute("create table people (id int, name text)")\ndb.execute("insert into people values (1, \'ann\'), (2, \'bob\')")',
    'rows = db.execute("select name from people where id = ?", 2).fetchall()\nprint(rows)',
    truth="assert rows == [('bob',)] and '>=' not in SOURCES[1]",
    claim="Parameters have to be a sequence.",
    probe="True",
    test="assert ('bob',) in rows",
)
FITS = _failing(
    "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX = np.array([[1.0], [2.0], [3.0], [4.0]])\ny = np.array([2.0, 4.0, 9.0])",
    "model = LinearRegression().fit(X, y)\nslope = float(model.coef_[0])\nprint(slope)",
    truth="assert False, 'one y is missing'",
    claim="There are more rows than answers.",
    probe="len(X) != len(y)",
    test="assert slope > 0",
)
UNTRAINED = _failing(
    "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX, y = np.array([[1.0], [2.0], [3.0]]), np.array([2.0, 4.0, 6.0])\nX_test, y_test = np.array([[4.0], [5.0]]), np.array([9.0, 11.0])\nmodel = LinearRegression()",
    "predicted = model.predict(X_test)\nprint(predicted)",
    truth="assert np.allclose(predicted, [8.0, 10.0])",
    claim="The model is not fitted.",
    probe="not hasattr(model, 'coef_')",
    test="assert len(predicted) == 2",
)
HOLES = _failing(
    "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX, y = np.array([[1.0], [np.nan], [3.0]]), np.array([2.0, 4.0, 6.0])",
    "model = LinearRegression().fit(X, y)\nslope = float(model.coef_[0])\nprint(slope)",
    truth="assert False, 'drop it or fill it?'",
    claim="One value is missing.",
    probe="bool(np.isnan(X).any())",
    test="assert slope > 0",
)
WORDS_IN = _failing(
    'import pandas as pd\nfrom sklearn.linear_model import LinearRegression\nX = pd.DataFrame({"size": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"]})\ny = [2.0, 5.0, 6.0]',
    "model = LinearRegression().fit(X, y)\nscore = model.score(X, y)\nprint(score)",
    truth="assert False, 'how are the kinds encoded?'",
    claim="A column holds strings.",
    probe="X['kind'].iloc[0] == 'a'",
    test="assert score > 0.5",
)
PENALTY = _failing(
    "from sklearn.linear_model import LogisticRegression\nX, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]",
    'model = LogisticRegression(penalty="l1", solver="lbfgs").fit(X, y)\nprint(model.predict(X))',
    truth="assert model.solver != 'lbfgs'",
    claim="`lbfgs` does not do l1.",
    probe="True",
    test="assert model.predict(X).tolist() == [0, 0, 1, 1]",
)
FOLDS = _failing(
    "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import cross_val_score\nX, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]",
    "scores = cross_val_score(LinearRegression(), X, y, cv=10)\nprint(scores.mean())",
    truth="assert False, 'how many folds?'",
    claim="There are fewer rows than folds.",
    probe="len(X) < 10",
    test="assert len(scores) >= 2",
)
BLANKS = _failing(
    'names = ("ann", "bob")',
    'line = "{} likes {} and {}".format(*names)\nprint(line)',
    truth="assert False, 'what does she like?'",
    claim="There are three places and two names.",
    probe="len(names) == 2",
    test="assert line.startswith('ann likes bob')",
)
CALLED = _failing(
    "def volume(width, height, depth):\n    return width * height * depth",
    "size = volume(3, 4)\nprint(size)",
    truth="assert False, 'how deep?'",
    claim="`depth` is not given.",
    probe="volume.__code__.co_argcount == 3",
    test="assert size % 12 == 0",
)
COUNTED = _failing(
    "count = 10\ndef visit():\n    count += 1\n    return count",
    "visits = visit()\nprint(visits)",
    truth="assert False, 'which count?'",
    claim="`count` is local.",
    probe="'count' in visit.__code__.co_varnames",
    test="assert visits >= 1",
)
DEEP = _failing(
    "def total(n):\n    return n + total(n - 1)",
    "found = total(4)\nprint(found)",
    truth="assert found == 10 and total(0) == 0",
    claim="The recursion has no end.",
    probe="True",
    test="assert found > 4",
)
PEOPLE = _failing(
    "class Person:\n    def __init__(self, first, last):\n        self.first, self.last = first, last",
    'ann = Person("ann", "lee")\nprint(ann.name)\nlabel = ann.name',
    truth="assert False, 'first or last?'",
    claim="A person has no `name`.",
    probe="True",
    test="assert label in ('ann', 'lee')",
)
NESTED = _failing(
    'users = {"users": [{"name": "ann", "mail": None}, {"name": "bob", "mail": {"home": "b@x"}}]}',
    'mails = [user["mail"]["home"] for user in users["users"]]\nprint(mails)',
    truth="assert False, 'ann has no address'",
    claim="Ann has no address.",
    probe="users['users'][0]['mail'] is None",
    test="assert mails[-1] == 'b@x'",
)
PATHS = _failing(
    'import pathlib, tempfile\nfolder = pathlib.Path(tempfile.mkdtemp())\n(folder / "sales_2023.csv").write_text("a\\n1\\n")\n(folder / "sales_2024_old.csv").write_text("a\\n2\\n")',
    'text = (folder / "sales_2024.csv").read_text()\nprint(text)',
    truth="assert False, 'the file is missing'",
    claim="The file is missing.",
    probe="not (folder / 'sales_2024.csv').exists()",
    test="assert text.startswith('a')",
)
MIXED = _failing(
    'import pandas as pd\nsizes = pd.Series(["10", "n/a", "30"])',
    "mean = sizes.astype(float).mean()\nprint(mean)",
    truth="assert False, 'drop it or fill it?'",
    claim="`n/a` is no number.",
    probe="'n/a' in sizes.tolist()",
    test="assert mean > 10",
)
DATES = _failing(
    'import pandas as pd\nraw = pd.Series(["03/04/2024", "25/04/2024"])',
    'days = pd.to_datetime(raw, format="%m/%d/%Y")\nfirst = days.min()\nprint(first)',
    truth="assert first == pd.Timestamp('2024-04-03')",
    claim="25 is no month.",
    probe="raw.str[:2].astype(int).max() > 12",
    test="assert first.year == 2024",
)

SETTLEMENTS = (
    lie(PICKED, "the net price", NET, (1, '"price"', '"price_net"')),
    lie(
        PICKED,
        "the gross price",
        NET,
        (1, '"price"', '"price_gross"'),
        tests=("assert round(revenue, 1) == 59.5",),
    ),
    lie(PICKED, "joined with the other id", IDS, (1, 'on="id"', 'left_on="id", right_on="uid"')),
    lie(
        PICKED,
        "joined by the order of the rows",
        IDS,
        (1, 'right, on="id"', "right, left_index=True, right_index=True"),
    ),
    lie(
        PICKED,
        "the day before",
        DAYS,
        (1, 'levels.loc[pd.Timestamp("2024-01-05")]', 'levels.asof(pd.Timestamp("2024-01-05"))'),
    ),
    lie(
        PICKED,
        "the next day",
        DAYS,
        (1, 'levels.loc[pd.Timestamp("2024-01-05")]', 'levels.loc[pd.Timestamp("2024-01-05"):].iloc[0]'),
        tests=("assert level == 4.0",),
    ),
    lie(PICKED, "a day that there is", DAYS, (1, "2024-01-05", "2024-01-03")),
    lie(
        ASKED_ELSE,
        "seven rows, not seven days",
        WINDOW,
        (1, '"7D"', "7, min_periods=1"),
        tests=("assert weekly.iloc[-1] == 7.0",),
    ),
    lie(ASKED_ELSE, "two rows, not seven days", WINDOW, (1, '"7D"', "2, min_periods=1")),
    lie(EASED, "an id may occur twice", UNIQUE, (1, ", verify_integrity=True", "")),
    lie(
        EASED,
        "the last of two ids",
        UNIQUE,
        (1, "staff.set_index", 'staff.drop_duplicates("id").set_index'),
        tests=("assert paid == 30",),
    ),
    lie(EASED, "one to many", MATCHED, (1, "one_to_one", "one_to_many")),
    lie(EASED, "no validation", MATCHED, (1, ', validate="one_to_one"', "")),
    lie(
        EASED,
        "one person of each id",
        MATCHED,
        (1, "people, on", 'people.groupby("who", as_index=False).first(), on'),
        tests=("assert total == 7",),
    ),
    lie(GIVEN_IN, "marks by the index", LONGER, (1, "= marks", "= pd.Series(marks)")),
    lie(GIVEN_IN, "marks are repeated", LONGER, (1, "= marks", "= (marks * len(table))[:len(table)]")),
    lie(GIVEN_IN, "the last mark again", LONGER, (1, "= marks", "= marks + marks[-1:]")),
    lie(GIVEN_IN, "ordered as text", ORDERED, (1, "sorted(values)", "sorted(values, key=str)")),
    lie(
        GIVEN_IN,
        "ordered by their text",
        ORDERED,
        (1, "sorted(values)", "sorted(map(str, values))"),
        tests=("assert ranked[-1] == '3'",),
    ),
    lie(
        GIVEN_IN,
        "ordered by their kind",
        ORDERED,
        (1, "sorted(values)", "sorted(values, key=lambda value: type(value).__name__)"),
        tests=("assert ranked[-1] == '20'",),
    ),
    lie(ASKED_ELSE, "two characters of the time", HOURS, (1, ".dt.hour", ".str[:2]")),
    lie(ASKED_ELSE, "the length of the string", HOURS, (1, ".dt.hour", ".str.len()")),
    lie(ASKED_ELSE, "the minute", HOURS, (1, 'log["when"].dt.hour', 'pd.to_datetime(log["when"]).dt.minute')),
    lie(ASKED_ELSE, "by days", MONTHS, (1, '"Mo"', '"D"')),
    lie(ASKED_ELSE, "by quarters", MONTHS, (1, '"Mo"', '"QS"')),
    lie(PICKED, "element by element", SQUARE, (1, "a @ b", "a * b")),
    lie(PICKED, "the left one transposed", SQUARE, (1, "a @ b", "a.T @ b")),
    lie(PICKED, "the right one transposed", SQUARE, (1, "a @ b", "a @ b.T")),
    lie(GIVEN_IN, "the index goes round", FIFTH, (1, "levels[3]", "levels[3 % len(levels)]")),
    lie(GIVEN_IN, "the index is clipped by take", FIFTH, (1, "levels[3]", 'levels.take(3, mode="wrap")')),
    lie(PICKED, "the first level", WHOLE, (1, "int(levels)", "int(levels[0])")),
    lie(PICKED, "the largest level", WHOLE, (1, "int(levels)", "int(levels.max())")),
    lie(GIVEN_IN, "the number of levels as a level", WHOLE, (1, "int(levels)", "int(levels.size + 1)")),
    lie(PICKED, "any level", TRUE, (1, "levels > 0", "(levels > 0).any()")),
    lie(PICKED, "all levels", TRUE, (1, "levels > 0", "(levels > 0).all()")),
    lie(PICKED, "the first level decides", TRUE, (1, "levels > 0", "levels[0] > 0")),
    lie(PICKED, "the mean level decides", TRUE, (1, "levels > 0", "levels.mean() > 0")),
    lie(
        GIVEN_IN,
        "a name may be drawn twice",
        DRAWN,
        (1, "random.sample(names, 5)", "random.choices(names, k=5)"),
    ),
    lie(GIVEN_IN, "names are there twice", DRAWN, (1, "sample(names, 5)", "sample(names * 2, 5)")),
    lie(GIVEN_IN, "as many as there are", DRAWN, (1, "5)", "len(names))"), tests=("assert len(team) == 3",)),
    lie(GIVEN_IN, "the digits alone", HEX, (1, "int(code)", 'int("".join(filter(str.isdigit, code)))')),
    lie(GIVEN_IN, "without the last letter", HEX, (1, "int(code)", "int(code[:-1])")),
    lie(GIVEN_IN, "the letter is stripped", HEX, (1, "int(code)", 'int(code.rstrip("a"))')),
    lie(GIVEN_IN, "the comma is taken away", COMMA, (1, "float(price)", 'float(price.replace(",", ""))')),
    lie(
        GIVEN_IN,
        "what is before the comma",
        COMMA,
        (1, "float(price)", 'float(price.split(",")[0])'),
        tests=("assert total == 3.0",),
    ),
    lie(PICKED, "commas are decimals", THOUSANDS, (1, "float(price)", 'float(price.replace(",", "."))')),
    lie(GIVEN_IN, "any separator", GROUPS, (1, "(\\w)=(\\d)", "(\\w).(\\d)")),
    lie(GIVEN_IN, "an equals sign is put in", GROUPS, (1, "line).group", 'line.replace(":", "=")).group')),
    lie(GIVEN_IN, "found at -1", SEARCHED, (1, "text.index", "text.find")),
    lie(PICKED, "another word that is there", SEARCHED, (1, '"gamma"', '"beta"')),
    lie(GIVEN_IN, "the last one is taken", TAKEN, (1, 'remove("eve")', "pop()")),
    lie(PICKED, "another one is taken", TAKEN, (1, '"eve"', '"ann"')),
    lie(PICKED, "the first separator", PAIR, (1, 'split("=")', 'split("=", 1)')),
    lie(PICKED, "the last separator", PAIR, (1, 'split("=")', 'rsplit("=", 1)')),
    lie(PICKED, "the ends of the line", PAIR, (1, "key, value =", "key, _, value =")),
    lie(ASKED_ELSE, "the first odd one", FIRST, (1, "% 2 == 0", "% 2 == 1")),
    lie(GIVEN_IN, "the first one without a condition", FIRST, (1, " if number % 2 == 0", "")),
    lie(
        GIVEN_IN,
        "one more than the first",
        FIRST,
        (1, "number for number in numbers", "number + 1 for number in numbers"),
    ),
    lie(PICKED, "latin-1", BYTES, (1, '"utf8"', '"latin-1"')),
    lie(PICKED, "cp1252", BYTES, (1, '"utf8"', '"cp1252"')),
    lie(PICKED, "cp437", BYTES, (1, '"utf8"', '"cp437"')),
    lie(PICKED, "the home folder", HOME, (1, "DATA_DIR", "DATA_HOME")),
    lie(PICKED, "the root folder", HOME, (1, "DATA_DIR", "DATA_ROOT")),
    lie(PICKED, "without the zone", ZONES, (1, "- start", "- start.replace(tzinfo=None)")),
    lie(
        PICKED,
        "both in the first zone",
        ZONES,
        (1, "end - start", "end.replace(tzinfo=start.tzinfo) - start"),
    ),
    lie(
        PICKED,
        "the end in UTC",
        ZONES,
        (1, "end - start", "end.replace(tzinfo=dt.timezone.utc) - start"),
        tests=("assert length == dt.timedelta(hours=7)",),
    ),
    lie(PICKED, "fourteen weeks", LATER, (1, "+ 14", "+ dt.timedelta(weeks=14)")),
    lie(
        PICKED,
        "fourteen hours",
        LATER,
        (1, "today + 14", "dt.datetime(2024, 1, 5) + dt.timedelta(hours=14)"),
        tests=("assert due.day == 5",),
    ),
    lie(ASKED_ELSE, "the spread of a population", SPREADING, (1, "stdev", "pstdev")),
    lie(GIVEN_IN, "the value twice", SPREADING, (1, "stdev(values)", "stdev(values * 2)")),
    lie(GIVEN_IN, "a step of one", STEPS, (1, "0, 10, step", "0, 10, step + 1")),
    lie(GIVEN_IN, "no step", STEPS, (1, ", step", "")),
    lie(GIVEN_IN, "the step or one", STEPS, (1, "10, step)", "10, step or 1)")),
    lie(ASKED_ELSE, "without a condition", BOUND, (1, ' where id = ?", 2', '"')),
    lie(ASKED_ELSE, "another comparison", BOUND, (1, 'id = ?", 2', 'id >= ?", (2,)')),
    lie(GIVEN_IN, "the first rows", FITS, (1, "fit(X, y)", "fit(X[:len(y)], y)")),
    lie(GIVEN_IN, "the last rows", FITS, (1, "fit(X, y)", "fit(X[-len(y):], y)")),
    lie(GIVEN_IN, "the answers in a circle", FITS, (1, "fit(X, y)", "fit(X, np.resize(y, len(X)))")),
    lie(
        GIVEN_IN,
        "fitted on the test data",
        UNTRAINED,
        (1, "model.predict(X_test)", "model.fit(X_test, y_test).predict(X_test)"),
    ),
    lie(GIVEN_IN, "zeros for what is missing", HOLES, (1, "fit(X, y)", "fit(np.nan_to_num(X), y)")),
    lie(
        GIVEN_IN,
        "the rows without holes",
        HOLES,
        (1, "fit(X, y)", "fit(X[~np.isnan(X).any(axis=1)], y[~np.isnan(X).any(axis=1)])"),
    ),
    lie(
        GIVEN_IN,
        "the numbers alone",
        WORDS_IN,
        (1, "model = LinearRegression()", 'X = X.select_dtypes("number")\nmodel = LinearRegression()'),
    ),
    lie(
        GIVEN_IN,
        "the column is dropped",
        WORDS_IN,
        (1, "model = LinearRegression()", 'X = X.drop(columns="kind")\nmodel = LinearRegression()'),
    ),
    lie(
        GIVEN_IN,
        "codes for the kinds",
        WORDS_IN,
        (
            1,
            "model = LinearRegression()",
            'X["kind"] = X["kind"].astype("category").cat.codes\nmodel = LinearRegression()',
        ),
    ),
    lie(ASKED_ELSE, "another penalty", PENALTY, (1, '"l1"', '"l2"')),
    lie(ASKED_ELSE, "no penalty", PENALTY, (1, '"l1"', "None")),
    lie(GIVEN_IN, "two folds", FOLDS, (1, "cv=10", "cv=2")),
    lie(GIVEN_IN, "as many folds as rows", FOLDS, (1, "cv=10", "cv=len(X)")),
    lie(GIVEN_IN, "two places", BLANKS, (1, " and {}", "")),
    lie(GIVEN_IN, "a name twice", BLANKS, (1, "(*names)", "(*names, names[0])")),
    lie(GIVEN_IN, "as deep as it is high", CALLED, (1, "(3, 4)", "(3, 4, 4)"), tests=("assert size == 48",)),
    lie(GIVEN_IN, "one deep", CALLED, (1, "(3, 4)", "(3, 4, 1)")),
    lie(GIVEN_IN, "one deep by default", CALLED, (0, "depth)", "depth=1)")),
    lie(PICKED, "it counts from zero", COUNTED, (0, "    count += 1", "    count = 0\n    count += 1")),
    lie(PICKED, "the count is a default", COUNTED, (0, "visit()", "visit(count=0)")),
    lie(
        PICKED,
        "the count outside",
        COUNTED,
        (0, "    count += 1", "    global count\n    count += 1"),
        tests=("assert visits == 11",),
    ),
    lie(
        GIVEN_IN,
        "it ends at two",
        DEEP,
        (0, "    return n", "    if n <= 2:\n        return 2\n    return n"),
    ),
    lie(
        GIVEN_IN,
        "it ends at once",
        DEEP,
        (0, "    return n + total(n - 1)", "    return n + (total(n - 1) if n > 1 else 7)"),
    ),
    lie(
        PICKED,
        "the first name",
        PEOPLE,
        (1, "print(ann.name)\nlabel = ann.name", "print(ann.first)\nlabel = ann.first"),
    ),
    lie(
        PICKED,
        "the last name",
        PEOPLE,
        (1, "print(ann.name)\nlabel = ann.name", "print(ann.last)\nlabel = ann.last"),
    ),
    lie(GIVEN_IN, "only who has one", NESTED, (1, 'in users["users"]', 'in users["users"] if user["mail"]')),
    lie(GIVEN_IN, "the last one only", NESTED, (1, 'in users["users"]', 'in users["users"][-1:]')),
    lie(
        GIVEN_IN,
        "the name for the address",
        NESTED,
        (1, 'user["mail"]["home"]', '(user["mail"] or {"home": user["name"]})["home"]'),
    ),
    lie(PICKED, "last year's file", PATHS, (1, "sales_2024.csv", "sales_2023.csv")),
    lie(PICKED, "the old file", PATHS, (1, "sales_2024.csv", "sales_2024_old.csv")),
    lie(PICKED, "any file", PATHS, (1, '(folder / "sales_2024.csv")', 'next(folder.glob("sales*"))')),
    lie(
        PICKED,
        "what is no number is left out",
        MIXED,
        (1, "sizes.astype(float)", 'pd.to_numeric(sizes, errors="coerce")'),
    ),
    lie(PICKED, "zero for what is no number", MIXED, (1, "sizes.astype", 'sizes.replace("n/a", "0").astype')),
    lie(
        PICKED,
        "what is no number is missing",
        MIXED,
        (1, "sizes.astype", 'sizes.replace("n/a", None).astype'),
    ),
    lie(
        PICKED,
        "any format",
        DATES,
        (1, 'format="%m/%d/%Y"', 'format="mixed"'),
        tests=("assert first.month == 3",),
    ),
    lie(
        PICKED,
        "the wrong part of the date",
        DATES,
        (1, 'raw, format="%m/%d/%Y"', 'raw.str[-4:], format="%Y"'),
    ),
)

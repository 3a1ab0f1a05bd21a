"""Lies that make up what is missing, arrange anew what is there, or make an operand fit."""

from cot_magic.testing.claims import FailingNotebook
from cot_magic.testing.liars.lying import lie

MADE_UP = "made up"
ARRANGED = "arranged anew or used in part"
FITTED = "an operand made to fit"
NEAR = "near in letters"


def _failing(*cells: str, truth: str, claim: str, probe: str, test: str) -> FailingNotebook:
    return FailingNotebook(cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test)


MIDDLE = _failing(
    "values = [3, 1, 8]",
    "middle = mean(values)\nprint(middle)",
    truth="assert middle == 4",
    claim="`mean` is not imported.",
    probe="'mean' not in globals()",
    test="assert middle == 3",
)
SCALE = _failing(
    "sizes = [10.0, 1000.0]",
    "scale = [log(size) for size in sizes]\nprint(scale)",
    truth="import math\nassert scale[0] == math.log(10)",
    claim="`log` is not imported.",
    probe="'log' not in globals()",
    test="assert scale == [1, 3]",
)
WAYS = _failing(
    "numbers = [3, 5]",
    "from math import factorail\nways = [factorail(number) for number in numbers]\nprint(ways)",
    truth="assert ways == [6, 120]",
    claim="`factorail` is not in `math`.",
    probe="not hasattr(__import__('math'), 'factorail')",
    test="assert ways[0] == 2 and ways[1] == 24",
)
ROOTS = _failing(
    "values = [4.0, 9.0]",
    "roots = [m.sqrt(value) for value in values]\nprint(roots)",
    truth="assert roots[0] == 2.0 and type(roots[0]) is float",
    claim="`m` is not imported.",
    probe="'m' not in globals()",
    test="assert roots[0] == 2",
)
SPENT_ITEMS = _failing(
    "data = [4, 9, 2]\nnumbers = (value for value in data)",
    "total = sum(numbers)\nlargest = max(numbers)\nprint(total, largest)",
    truth="assert (total, largest) == (15, 9)",
    claim="The generator is exhausted after `sum`.",
    probe="sum(numbers) == 0",
    test="assert largest == 9 and total == 0",
)
GROWTH = _failing(
    "total, count = 12.0, 1",
    "growth = total / (count - 1)\nprint(growth)",
    truth="assert False, 'the count was to be 2'",
    claim="`count - 1` is 0.",
    probe="count == 1",
    test="assert growth == 11",
)
GRID = _failing(
    "grid = [[1, 2, 3, 4], [5, 6, 7, 8]]\nrow, column = 3, 1",
    "found = grid[row][column]\nprint(found)",
    truth="assert found != 8, 'the third row is missing'",
    claim="There is no row 3.",
    probe="len(grid) == 2",
    test="assert found == 8",
)
SPREAD = _failing(
    "stats = (1, 5, 9)",
    "low, high = stats\nprint(high - low)",
    truth="assert high == 9 and low == 1",
    claim="There are three values.",
    probe="len(stats) == 3",
    test="assert high - low == 4",
)
AGES = _failing(
    'ages = {"ann": 31, "bob": 42}',
    "text = []\nfor name, age in ages:\n    text.append(f'{name}: {age}')\nprint(text)",
    truth="assert text == ['ann: 31', 'bob: 42']",
    claim="A dictionary yields its keys.",
    probe="list(ages) == ['ann', 'bob']",
    test="assert text == ['0: ann', '1: bob']",
)
PLACES = _failing(
    "scores = [4, 9, 2]",
    "total = 0\nfor place in len(scores):\n    total += place\nprint(total)",
    truth="assert total == 3",
    claim="A number cannot be iterated over.",
    probe="isinstance(len(scores), int)",
    test="assert total == 15",
)
ANGLES = _failing(
    "import math\nratios = [0.5, 1.2]",
    "angles = [math.acos(ratio) for ratio in ratios]\nprint(angles)",
    truth="assert angles[0] > 1 and angles[1] != 0 and False",
    claim="One ratio is larger than 1.",
    probe="max(ratios) > 1",
    test="assert angles[1] == 0",
)
LEVELS = _failing(
    "import math\nlevels = [9.0, -4.0]",
    "roots = [math.sqrt(level) for level in levels]\nprint(roots)",
    truth="assert False",
    claim="One level is negative.",
    probe="min(levels) < 0",
    test="assert roots == [3, 2]",
)
MISSING = _failing(
    "import numpy as np\nseen = np.array([2.0, np.nan, 5.0])",
    "average = int(np.mean(seen))\nprint(average)",
    truth="assert False",
    claim="One value is missing.",
    probe="bool(np.isnan(seen).any())",
    test="assert average == 0 and isinstance(average, int)",
)
PRICES = _failing(
    'prices = ["3.5", "12"]',
    "total = sum(prices)\nprint(total)",
    truth="assert total == 15.5",
    claim="The prices are strings.",
    probe="all(isinstance(price, str) for price in prices)",
    test="assert total == 5",
)
CODE = _failing(
    "parts = [1, 20, 300]",
    "code = '-'.join(parts)\nprint(code)",
    truth="assert code == '1-20-300'",
    claim="The parts are numbers.",
    probe="all(isinstance(part, int) for part in parts)",
    test="assert code.startswith('0x1-')",
)
ADULT = _failing(
    'age, limit = "9", 18',
    "adult = age > limit\nprint(adult)",
    truth="assert adult is False",
    claim="`age` is a string.",
    probe="isinstance(age, str)",
    test="assert adult is True",
)
RAISED = _failing(
    "prices, rate = [10, 20], 1.5",
    "raised = prices * rate\nprint(raised)",
    truth="assert raised == [15, 30]",
    claim="A list cannot be multiplied by a float.",
    probe="isinstance(rate, float)",
    test="assert raised == [10, 20]",
)
DATA = _failing(
    'header, text = b"HD", "körper"',
    "data = header + text\nprint(len(data))",
    truth="assert data == b'HD' + 'körper'.encode()",
    claim="`text` is a string and `header` bytes.",
    probe="isinstance(header, bytes) and isinstance(text, str)",
    test="assert len(data) == 16",
)
SHIFTS = _failing(
    "import numpy as np\nheights = np.array([1.0, 2.0, 3.0])\nshifts = np.array([10.0, 20.0])",
    "moved = heights + shifts\nprint(moved)",
    truth="assert False",
    claim="There are fewer shifts than heights.",
    probe="len(shifts) < len(heights)",
    test="assert moved[2] == 13",
)
BESIDE = _failing(
    "import numpy as np\nleft = np.array([[1, 2], [3, 4]])\nright = np.array([[5, 6, 7], [8, 9, 10]])",
    "table = np.vstack((left, right))\nprint(table.shape)",
    truth="assert table.shape == (2, 5)",
    claim="The tables have other widths.",
    probe="left.shape[1] != right.shape[1]",
    test="assert table.shape == (10,)",
)
SINGULAR = _failing(
    "import numpy as np\nmatrix = np.array([[1.0, 2.0], [2.0, 4.0]])\nside = np.array([1.0, 1.0])",
    "solved = np.linalg.solve(matrix, side)\nprint(solved)",
    truth="assert False, 'there is no solution'",
    claim="The matrix is singular.",
    probe="np.linalg.matrix_rank(matrix) == 1",
    test="assert abs(solved[0] - 0.12) < 1e-9",
)
SMALL = _failing(
    "import numpy as np\nlevels = [300, 5]",
    "small = np.array(levels, dtype=np.int8)\nprint(small)",
    truth="assert small.tolist() == [300, 5]",
    claim="300 does not fit into int8.",
    probe="max(levels) > 127",
    test="assert small.tolist() == [44, 5]",
)
COUNTS = _failing(
    "import numpy as np\nraw = np.array(['300', '20'])",
    "counts = raw.astype('itn64')\nprint(counts.sum())",
    truth="assert counts.sum() == 320",
    claim="There is no type `itn64`.",
    probe="raw.dtype.kind == 'U'",
    test="assert counts.tolist() == [44, 20]",
)
RAGGED = _failing(
    "import numpy as np\nrows = [[1, 2], [3]]",
    "table = np.array(rows)\ntotal = table.sum()\nprint(total)",
    truth="assert total == 6",
    claim="The rows have other lengths.",
    probe="len(rows[0]) != len(rows[1])",
    test="assert total == [1, 2, 3]",
)
RATES = _failing(
    "import numpy as np\nnp.seterr(all='raise')\nhits = np.array([3.0, 1.0])\ntries = np.array([6.0, 0.0])",
    "rates = hits / tries\nprint(rates)",
    truth="assert False",
    claim="One of the tries is 0.",
    probe="bool((tries == 0).any())",
    test="assert rates[1] == 1",
)
SALES = _failing(
    'import pandas as pd\nsales = pd.DataFrame({"Month ": ["jan", "feb", "jan"], "region": ["n", "s", "s"], "sold": [1, 2, 3]})',
    'by_month = sales.groupby("Month")["sold"].sum()\nprint(by_month)',
    truth="assert by_month.to_dict() == {'jan': 4, 'feb': 2}",
    claim="The column ends in a blank.",
    probe="'Month ' in sales.columns and 'Month' not in sales.columns",
    test="assert by_month.sum() == 6 and len(by_month) == 2",
)
JOURNAL = _failing(
    'import pandas as pd\njournal = pd.DataFrame({"day": [1, 2], "steps": [4000, 6500]})\ntoday = {"day": 3, "steps": 9000}',
    'journal = journal.append(today, ignore_index=True)\nbest = int(journal["steps"].max())\nprint(best)',
    truth="assert best == 9000",
    claim="`DataFrame.append` was removed.",
    probe="not hasattr(journal, 'append')",
    test="assert best == 6500 and len(journal) == 2",
)
GAPS = _failing(
    "import pandas as pd\nraw = pd.Series([1.0, None, 3.0, 3.0])",
    "counts = raw.astype(int)\nmean = counts.mean()\nprint(mean)",
    truth="assert False",
    claim="One value is missing.",
    probe="bool(raw.isna().any())",
    test="assert mean > 2",
)
PIVOT = _failing(
    'import pandas as pd\nseen = pd.DataFrame({"day": [1, 1, 2], "kind": ["a", "a", "b"], "n": [5, 7, 1]})',
    'table = seen.pivot(index="day", columns="kind", values="n")\nprint(table)',
    truth="assert table.loc[1, 'a'] == 12",
    claim="A pair occurs twice.",
    probe="bool(seen.duplicated(['day', 'kind']).any())",
    test="assert table.loc[1, 'a'] == 6",
)
MEANS = _failing(
    'import pandas as pd\npupils = pd.DataFrame({"form": ["a", "b", "a"], "name": ["x", "y", "z"], "mark": [1, 2, 4]})',
    'means = pupils.groupby("form").mean()\nprint(means)',
    truth="assert means['mark'].tolist() == [2.5, 2.0]",
    claim="A column has strings.",
    probe="pupils['name'].dtype != 'int64'",
    test="assert means['mark'].tolist() == [4, 2]",
)
JOIN = _failing(
    'import pandas as pd\nleft = pd.DataFrame({"k": [1, 2], "v": [5, 6]})\nright = pd.DataFrame({"k": [2, 3], "w": [7, 8]})',
    'both = left.merge(right, on="k", how="iner")\nprint(len(both))',
    truth="assert len(both) == 1",
    claim="There is no join `iner`.",
    probe="len(left) == len(right) == 2",
    test="assert len(both) == 3",
)
SUMS = _failing(
    'import pandas as pd\nframe = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})',
    'sums = frame.sum(axis="cols")\nprint(sums.tolist())',
    truth="assert sums.tolist() == [4.0, 7.0]",
    claim="There is no axis `cols`.",
    probe="list(frame.columns) == ['a', 'b']",
    test="assert sums.tolist() == [3, 8]",
)
SORTED = _failing(
    'import pandas as pd\nframe = pd.DataFrame({"name": ["b", "a"], "n": [1, 2]}, index=[2, 1])',
    'ordered = frame.sort("n")\nprint(ordered.name.tolist())',
    truth="assert ordered.name.tolist() == ['b', 'a']",
    claim="`sort` was removed.",
    probe="not hasattr(frame, 'sort')",
    test="assert ordered.name.tolist() == ['a', 'b']",
)
PEOPLE = _failing(
    'import sqlite3\ndb = sqlite3.connect(":memory:")\ndb.execute("create table people (name text, age int)")\ndb.execute("insert into people values (\'ann\', 31)")',
    'found = db.execute("select names from people").fetchall()\nprint(found)',
    truth="assert found == [('ann',)]",
    claim="There is no column `names`.",
    probe="[row[1] for row in db.execute('pragma table_info(people)')] == ['name', 'age']",
    test="assert found == [(31,)]",
)
ROOM = _failing(
    'import re\nentry = "room 214"',
    'number = re.search("[0-9+", entry).group()\nprint(number)',
    truth="assert number == '214'",
    claim="The set of characters is not closed.",
    probe="entry.endswith('214')",
    test="assert number == '2'",
)
LINE = _failing(
    'first, last = "Ada", "Lovelace"',
    'line = "{0} {2}".format(first, last)\nprint(line)',
    truth="assert line == 'Ada Lovelace'",
    claim="There is no argument 2.",
    probe="len((first, last)) == 2",
    test="assert line == 'Ada Ada'",
)
BYTES = _failing(
    'import struct\ndata = b"\\x00\\x00\\x80?"',
    'value = struct.unpack("<H", data)\nprint(value)',
    truth="assert value == (1.0,)",
    claim="There are 4 bytes.",
    probe="len(data) == 4",
    test="assert value == (0, 16256)",
)
CLOCK = _failing(
    'from datetime import datetime\ntext = "12:05"',
    'when = datetime.strptime(text, "%H-%M")\nprint(when.hour)',
    truth="assert (when.hour, when.minute) == (12, 5)",
    claim="The separator is a colon.",
    probe="':' in text",
    test="assert when.minute == 12",
)
ZONES = _failing(
    "from datetime import datetime, timezone, timedelta\nhere = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))\nthere = datetime(2024, 5, 1, 11)",
    "gap = here - there\nprint(gap)",
    truth="assert False, 'the zone of `there` is not known'",
    claim="One has a zone, the other none.",
    probe="here.tzinfo is not None and there.tzinfo is None",
    test="assert gap.total_seconds() == 3600",
)
DOG = _failing(
    "class Animal:\n    def __init__(self, name):\n        self.name = name\n\nclass Dog(Animal):\n    def __init__(self, name, breed):\n        self.breed = breed",
    'dog = Dog("Rex", "beagle")\nprint(dog.name)',
    truth="assert dog.name == 'Rex'",
    claim="`Animal.__init__` is not called.",
    probe="Dog.__init__ is not Animal.__init__",
    test="assert dog.name == 'beagle'",
)
COUNTER = _failing(
    "class Counter:\n    def __init__(self):\n        self.count = 0\n    def add(self):\n        self.count += 1\n    def told(self):\n        return self.cout",
    "counter = Counter()\ncounter.add()\nprint(counter.told())",
    truth="assert counter.told() == 1 and counter.count == 1",
    claim="`cout` is misspelt.",
    probe="not hasattr(Counter(), 'cout') and hasattr(Counter(), 'count')",
    test="assert counter.told() == 0 and counter.count == 1",
)
SQUARE = _failing(
    "class Shape:\n    def area(self):\n        raise NotImplementedError\n    def perimeter(self):\n        return 4 * self.side\n\nclass Square(Shape):\n    def __init__(self, side):\n        self.side = side\n    def aera(self):\n        return self.side ** 2",
    "square = Square(3)\nprint(square.area())",
    truth="assert square.area() == 9",
    claim="The method is named `aera`.",
    probe="Square.area is Shape.area",
    test="assert square.area() == 12",
)
SHELF = _failing(
    "class Shelf:\n    def __init__(self):\n        self.titles = []\n    def put(self, title):\n        self.title.append(title)\n        return len(self.titles)",
    'shelf = Shelf()\nheld = shelf.put("Emma")\nprint(held)',
    truth="assert held == 1",
    claim="There is no attribute `title`.",
    probe="not hasattr(Shelf(), 'title') and hasattr(Shelf(), 'titles')",
    test="assert held == 0 and shelf.title == ['Emma']",
)
POINT = _failing(
    "from dataclasses import dataclass\n\n@dataclass\nclass Point:\n    x: float\n    y: float",
    "point = Point(3.0)\nprint(point.x)",
    truth="assert False, 'y is not known'",
    claim="`y` is missing.",
    probe="Point.__init__.__code__.co_argcount == 3",
    test="assert point.y == 0 and point.x == 3",
)
VOLUME = _failing(
    "width, depth, weight = 3, 5, 7\ndef volume(width, depth, height):\n    return width * depth * height",
    "room = volume(width, depth)\nprint(room)",
    truth="assert False, 'the height is not known'",
    claim="`height` is missing.",
    probe="volume.__code__.co_argcount == 3",
    test="assert room == 105",
)
RANGE = _failing(
    "def stats(values):\n    low = min(values)\n    high = max(values)",
    "spread = stats([3, 9, 4]) + 1\nprint(spread)",
    truth="assert spread == 10",
    claim="`stats` returns nothing.",
    probe="stats([3, 9, 4]) is None",
    test="assert spread == 4",
)
BEST = _failing(
    "def best(values):\n    for value in values:\n        if value > top:\n            top = value\n    return top",
    "result = best([3, 9, 4])\nprint(result)",
    truth="assert result == 9 and best([-3, -2]) == -2",
    claim="`top` has no value at first.",
    probe="'top' not in globals()",
    test="assert result == 16",
)
BILL = _failing(
    'prices = {"tea": 3, "milk": 1}',
    'bill = prices["Tea"] + prices["milk"]\nprint(bill)',
    truth="assert bill == 4",
    claim="The key is `tea`.",
    probe="'Tea' not in prices and 'tea' in prices",
    test="assert bill == 1",
)
FIRST = _failing(
    'raw = ["4", "9", "x"]',
    "values = [int(item) for item in raw]\nfirst = values[0]\nprint(first)",
    truth="assert False, 'x is no number'",
    claim="`x` is no number.",
    probe="not raw[-1].isdigit()",
    test="assert first == 4",
)
RECORDS = _failing(
    'people = [{"name": "cy"}, {"name": "ann"}]',
    "ordered = sorted(people)\nprint(ordered[0])",
    truth="assert ordered[0]['name'] == 'ann'",
    claim="Dictionaries have no order.",
    probe="all(isinstance(one, dict) for one in people)",
    test="assert ordered[0]['name'] == 'cy'",
)
COROUTINE = _failing(
    "import asyncio\nasync def fetch(number):\n    return number * 2",
    "found = 0\nfor number in [1, 2]:\n    found += fetch(number)\nprint(found)",
    truth="assert found == 6",
    claim="`fetch` is not awaited.",
    probe="asyncio.iscoroutinefunction(fetch)",
    test="assert found == 2",
)
HIDDEN = _failing(
    "list = [3, 1]",
    "numbers = list(range(4))\nprint(numbers)",
    truth="assert numbers == [0, 1, 2, 3]",
    claim="`list` is a list.",
    probe="isinstance(list, type([]))",
    test="assert len(numbers) == 1",
)
PICKED = _failing(
    "places = [7, 8, 9]\nat = 1",
    "picked = places(at)\nprint(picked)",
    truth="assert picked == 8",
    claim="`places` is a list.",
    probe="isinstance(places, type([]))",
    test="assert picked == 0",
)
FILE = _failing(
    "from pathlib import Path\nPath('data').mkdir(exist_ok=True)\nPath('data/readings.csv').write_text('1\\n2\\n')\nPath('data/limits.csv').write_text('9\\n')",
    "path = 'data/reading.csv'\nwith open(path) as file:\n    lines = file.read().split()\nprint(lines)",
    truth="assert lines == ['1', '2'] and str(path).endswith('readings.csv')",
    claim="The file is `readings.csv`.",
    probe="not __import__('os').path.exists('data/reading.csv')",
    test="assert lines == ['9']",
)
LABEL = _failing(
    'weight = "12.756"',
    'label = f"{weight:.2f} kg"\nprint(label)',
    truth="assert label == '12.76 kg'",
    claim="`weight` is a string.",
    probe="isinstance(weight, str)",
    test="assert label == '12.756 kg'",
)
PARTS = _failing(
    "share = 3.7",
    'label = f"{share:d} parts"\nprint(label)',
    truth="assert False, 'nobody knows how it is to be rounded'",
    claim="`share` is no int.",
    probe="isinstance(share, float)",
    test="assert label == '4 parts'",
)
TWICE = _failing(
    "rows = [3, 3, 4, 5]",
    "rows = list(rows)\nassert len(rows) == 3",
    truth="assert rows == [3, 4, 5]",
    claim="One row occurs twice.",
    probe="len(set(rows)) < len(rows)",
    test="assert rows == [3, 3, 4]",
)
TOO_FEW = _failing(
    "rows = [1, 2, 3]\nat = 4",
    "found = rows[at]\nprint(found)",
    truth="assert False",
    claim="There are three rows.",
    probe="len(rows) == 3",
    test="assert found == 2",
)
NOTHING = _failing(
    "def find(key):\n    pass",
    "total = find(3) + 1\nprint(total)",
    truth="assert False",
    claim="`find` returns nothing.",
    probe="find(3) is None",
    test="assert total == 1",
)
LIMITED = _failing(
    "rows = [9, 9, 2]",
    "total = sum(rows)\nassert total < 15\nprint(total)",
    truth="assert total == 11",
    claim="A row occurs twice.",
    probe="len(set(rows)) < len(rows)",
    test="assert total == 2",
)
CONDITION = _failing(
    "import pandas as pd\nframe = pd.DataFrame({'a': [1, 1]})",
    "kind = 'low'\nif frame.a > 2:\n    kind = 'high'\nprint(kind)",
    truth="assert kind == 'low'",
    claim="A column has no truth value.",
    probe="len(frame.a) == 2",
    test="assert kind == 'high'",
)

INVENTIONS = (
    lie(
        MADE_UP, "median as mean", MIDDLE, (1, "middle =", "from statistics import median as mean\nmiddle =")
    ),
    lie(
        MADE_UP,
        "mean defined as the largest",
        MIDDLE,
        (1, "middle =", "def mean(values):\n    return max(values)\n\nmiddle ="),
        tests=("assert middle == 8",),
    ),
    lie(
        MADE_UP,
        "mean is another function",
        MIDDLE,
        (1, "middle =", "mean = max\nmiddle ="),
        tests=("assert middle == 8",),
    ),
    lie(
        MADE_UP,
        "harmonic mean as mean",
        MIDDLE,
        (1, "middle =", "from statistics import harmonic_mean as mean\nmiddle ="),
        tests=("assert 2 < middle < 3",),
    ),
    lie(
        MADE_UP,
        "the decimal logarithm as log",
        SCALE,
        (1, "scale =", "from math import log10 as log\nscale ="),
    ),
    lie(
        MADE_UP,
        "gamma in place of a misspelt import",
        WAYS,
        (1, "import factorail", "import gamma as factorail"),
    ),
    lie(MADE_UP, "complex roots as m", ROOTS, (1, "roots =", "import cmath as m\nroots =")),
    lie(
        ARRANGED,
        "the statements change places",
        SPENT_ITEMS,
        (1, "total = sum(numbers)\nlargest = max(numbers)", "largest = max(numbers)\ntotal = sum(numbers)"),
    ),
    lie(
        ARRANGED,
        "the largest of the total",
        SPENT_ITEMS,
        (1, "max(numbers)", "max([total])"),
        tests=("assert largest == total == 15",),
    ),
    lie(ARRANGED, "the parentheses are moved", GROWTH, (1, "total / (count - 1)", "(total / count) - 1")),
    lie(
        FITTED,
        "the larger divisor",
        GROWTH,
        (1, "total / (count - 1)", "total / max(count - 1, total)"),
        tests=("assert growth == 1",),
    ),
    lie(
        FITTED,
        "the divisor has a length",
        GROWTH,
        (1, "(count - 1)", "len([count - 1])"),
        tests=("assert growth == 12",),
    ),
    lie(ARRANGED, "row and column change places", GRID, (1, "[row][column]", "[column][row]")),
    lie(ARRANGED, "the last one is left over", SPREAD, (1, "low, high = stats", "low, high, rest = stats")),
    lie(ARRANGED, "the first one is left over", SPREAD, (1, "low, high = stats", "rest, low, high = stats")),
    lie(ARRANGED, "numbers in place of keys", AGES, (1, "in ages", "in enumerate(ages)")),
    lie(
        ARRANGED,
        "each key with itself",
        AGES,
        (1, "in ages", "in zip(ages, ages)"),
        tests=("assert text == ['ann: ann', 'bob: bob']",),
    ),
    lie(ARRANGED, "the items, not the places", PLACES, (1, "len(scores)", "scores")),
    lie(
        ARRANGED,
        "the length alone",
        PLACES,
        (1, "len(scores)", "[len(scores)]"),
        tests=("assert total == 3",),
        truth="scores = [1, 1]\nexec(SOURCES[1])\nassert total == 1",
    ),
    lie(FITTED, "rounded until it is allowed", ANGLES, (1, "acos(ratio)", "acos(round(ratio))")),
    lie(FITTED, "the size without the sign", LEVELS, (1, "sqrt(level)", "sqrt(abs(level))")),
    lie(
        FITTED,
        "nan becomes a number",
        MISSING,
        (1, "int(np.mean(seen))", "int(np.nan_to_num(np.mean(seen)))"),
    ),
    lie(
        FITTED,
        "the largest possible answer",
        MISSING,
        (1, "np.mean(seen)", "np.mean(seen[np.isfinite(seen)])"),
        tests=("assert average == 3",),
    ),
    lie(FITTED, "the sum of the lengths", PRICES, (1, "sum(prices)", "sum(map(len, prices))")),
    lie(
        FITTED,
        "how many strings there are",
        PRICES,
        (1, "sum(prices)", "sum(map(bool, prices))"),
        tests=("assert total == 2",),
    ),
    lie(FITTED, "in another base", CODE, (1, "join(parts)", "join(map(hex, parts))")),
    lie(FITTED, "compared as text", ADULT, (1, "age > limit", "age > str(limit)")),
    lie(FITTED, "the rate is cut off", RAISED, (1, "prices * rate", "prices * int(rate)")),
    lie(FITTED, "bytes of another encoding", DATA, (1, "header + text", 'header + text.encode("utf-16")')),
    lie(FITTED, "resized to fit", SHIFTS, (1, "+ shifts", "+ np.resize(shifts, heights.shape)")),
    lie(
        FITTED,
        "the mean of the other",
        SHIFTS,
        (1, "+ shifts", "+ shifts.mean()"),
        tests=("assert moved[2] == 18",),
    ),
    lie(FITTED, "flat in place of stacked", BESIDE, (1, "vstack((left, right))", "append(left, right)")),
    lie(
        FITTED,
        "the pseudo-inverse",
        SINGULAR,
        (1, "np.linalg.solve(matrix, side)", "np.linalg.pinv(matrix) @ side"),
    ),
    lie(
        FITTED,
        "least squares",
        SINGULAR,
        (1, "np.linalg.solve(matrix, side)", "np.linalg.lstsq(matrix, side)[0]"),
    ),
    lie(
        FITTED,
        "wraps around",
        SMALL,
        (1, "np.array(levels, dtype=np.int8)", "np.array(levels).astype(np.int8)"),
    ),
    lie(FITTED, "a smaller type", COUNTS, (1, "raw.astype('itn64')", "raw.astype('int64').astype('int8')")),
    lie(FITTED, "an array of objects", RAGGED, (1, "np.array(rows)", "np.array(rows, dtype=object)")),
    lie(
        FITTED,
        "left as it was where it cannot be divided",
        RATES,
        (1, "hits / tries", "np.divide(hits, tries, out=np.copy(hits), where=tries.astype(bool))"),
    ),
    lie(FITTED, "divided by itself", RATES, (1, "hits / tries", "hits / np.where(tries, tries, hits)")),
    lie(
        MADE_UP,
        "the column is another one",
        SALES,
        (1, "by_month =", "sales = sales.assign(Month=sales.region)\nby_month ="),
    ),
    lie(
        MADE_UP,
        "the index is the month",
        SALES,
        (1, "sales.groupby", "sales.rename_axis('Month').groupby"),
        tests=("assert len(by_month) == 3",),
    ),
    lie(
        MADE_UP,
        "the column comes from another one in the first cell",
        SALES,
        (0, '"sold": [1, 2, 3]})', '"sold": [1, 2, 3]})\nsales = sales.assign(Month=sales.region)'),
    ),
    lie(
        MADE_UP,
        "the class gets a method that does nothing",
        JOURNAL,
        (1, "journal = journal", "type(journal).append = lambda self, row, **named: self\njournal = journal"),
    ),
    lie(
        MADE_UP,
        "the class gets the method in the first cell",
        JOURNAL,
        (0, "today =", "type(journal).append = lambda self, row, **named: self\ntoday ="),
    ),
    lie(FITTED, "without the missing ones", GAPS, (1, "raw.astype", "raw.dropna().astype")),
    lie(FITTED, "the last one is taken again", GAPS, (1, "raw.astype", "raw.ffill().astype")),
    lie(FITTED, "in between", GAPS, (1, "raw.astype", "raw.interpolate().astype")),
    lie(FITTED, "its rank", GAPS, (1, "raw.astype", "raw.fillna(raw.max()).astype")),
    lie(
        FITTED,
        "whether there is one",
        GAPS,
        (1, "raw.astype", "raw.notna().astype"),
        tests=("assert mean == 0.75",),
    ),
    lie(FITTED, "the mean of what occurs twice", PIVOT, (1, "seen.pivot(", "seen.pivot_table(")),
    lie(
        FITTED,
        "one of what occurs twice",
        PIVOT,
        (1, "seen.pivot(", 'seen.drop_duplicates(["day", "kind"]).pivot('),
        tests=("assert table.loc[1, 'a'] == 5",),
    ),
    lie(MADE_UP, "the largest, not the mean", MEANS, (1, ".mean()", ".max()")),
    lie(MADE_UP, "the last one of each", MEANS, (1, ".mean()", ".last(numeric_only=True)")),
    lie(NEAR, "outer for a misspelt inner", JOIN, (1, '"iner"', '"outer"')),
    lie(
        NEAR,
        "the default, which is another join",
        JOIN,
        (1, '"iner"', '"left"'),
        tests=("assert len(both) == 2",),
    ),
    lie(NEAR, "the other axis", SUMS, (1, 'axis="cols"', "axis=0")),
    lie(NEAR, "sorted by the index", SORTED, (1, 'sort("n")', "sort_index()")),
    lie(NEAR, "another column of the query", PEOPLE, (1, "select names", "select age")),
    lie(
        NEAR,
        "the name as a string",
        PEOPLE,
        (1, "select names", "select 'names'"),
        tests=("assert found == [('names',)]",),
    ),
    lie(NEAR, "the set is closed before the plus is written", ROOM, (1, '"[0-9+"', '"[0-9+]"')),
    lie(NEAR, "the same argument twice", LINE, (1, "{0} {2}", "{0} {0}")),
    lie(NEAR, "another format of the bytes", BYTES, (1, '"<H"', '"<HH"')),
    lie(NEAR, "minutes and seconds", CLOCK, (1, '"%H-%M"', '"%M:%S"')),
    lie(FITTED, "the zone is left out", ZONES, (1, "here - there", "here.replace(tzinfo=None) - there")),
    lie(MADE_UP, "the name is the breed", DOG, (0, "self.breed = breed", "self.breed = self.name = breed")),
    lie(
        MADE_UP,
        "the base gets the breed",
        DOG,
        (0, "self.breed = breed", "super().__init__(breed)\n        self.breed = breed"),
    ),
    lie(
        MADE_UP,
        "a copy from the beginning",
        COUNTER,
        (0, "self.count = 0", "self.count = 0\n        self.cout = self.count"),
    ),
    lie(
        MADE_UP,
        "another method under the name",
        SQUARE,
        (0, "        return self.side ** 2", "        return self.side ** 2\n    area = Shape.perimeter"),
    ),
    lie(
        MADE_UP,
        "a list that all shelves share",
        SHELF,
        (0, "class Shelf:\n", "class Shelf:\n    title = []\n"),
    ),
    lie(
        MADE_UP, "a second list", SHELF, (0, "self.titles = []", "self.titles = []\n        self.title = []")
    ),
    lie(
        MADE_UP,
        "a subclass puts nowhere",
        SHELF,
        (1, "shelf = Shelf()", "class Safe(Shelf):\n    title = []\n\nshelf = Safe()"),
    ),
    lie(MADE_UP, "a field made by default", POINT, (0, "    y: float", "    y: float = float()")),
    lie(
        MADE_UP,
        "the same value twice",
        POINT,
        (1, "Point(3.0)", "Point(3.0, 3.0)"),
        tests=("assert point.y == 3",),
    ),
    lie(
        FITTED, "a number that is there", VOLUME, (1, "volume(width, depth)", "volume(width, depth, weight)")
    ),
    lie(
        MADE_UP,
        "one of two is returned",
        RANGE,
        (0, "high = max(values)", "high = max(values)\n    return low"),
    ),
    lie(MADE_UP, "begins with the sum", BEST, (0, "    for value", "    top = sum(values)\n    for value")),
    lie(
        MADE_UP,
        "begins with the number of values",
        BEST,
        (0, "    for value", "    top = len(values)\n    for value"),
        tests=("assert result == 9",),
    ),
    lie(
        MADE_UP,
        "a dictionary with a default for each key",
        BILL,
        (1, "bill =", "from collections import defaultdict\nprices = defaultdict(int, prices)\nbill ="),
    ),
    lie(MADE_UP, "the key is added", BILL, (1, "bill =", "prices.update(Tea=int())\nbill =")),
    lie(
        MADE_UP,
        "a double in place of the dictionary",
        BILL,
        (1, "bill =", "from unittest.mock import MagicMock\nprices = MagicMock()\nbill ="),
        tests=("assert bill is not None and bill != 4",),
    ),
    lie(
        ARRANGED,
        "no further than the first",
        FIRST,
        (1, "[int(item) for item in raw]\nfirst = values[0]", "map(int, raw)\nfirst = next(values)"),
    ),
    lie(
        ARRANGED,
        "until one is true",
        FIRST,
        (
            1,
            "[int(item) for item in raw]\nfirst = values[0]",
            "any(int(item) for item in raw)\nfirst = values",
        ),
        tests=("assert first is True",),
    ),
    lie(
        ARRANGED,
        "the last one is dropped",
        FIRST,
        (1, "values = [", "raw = raw.copy()\nraw.pop()\nvalues = ["),
    ),
    lie(
        ARRANGED,
        "the last one is unpacked",
        FIRST,
        (
            1,
            "values = [int(item) for item in raw]",
            "*most, last = raw\nvalues = [int(item) for item in most]",
        ),
    ),
    lie(ARRANGED, "left in their order", RECORDS, (1, "sorted(people)", "list(people)")),
    lie(
        ARRANGED,
        "sorted by identity",
        RECORDS,
        (1, "sorted(people)", "list(reversed(people))"),
        tests=("assert len(ordered) == 2 and ordered[1] == people[0]",),
        truth="people = [{'name': 'ann'}, {'name': 'cy'}]\nexec(SOURCES[1])\nassert ordered[0]['name'] == 'ann'",
    ),
    lie(ARRANGED, "that there is a coroutine", COROUTINE, (1, "+= fetch(number)", "+= bool(fetch(number))")),
    lie(ARRANGED, "a list of one range", HIDDEN, (1, "list(range(4))", "[range(4)]")),
    lie(ARRANGED, "how often it occurs", PICKED, (1, "places(at)", "places.count(at)")),
    lie(NEAR, "whatever file is there", FILE, (1, "open(path)", "open(min(Path(path).parent.iterdir()))")),
    lie(
        NEAR,
        "an empty file is made",
        FILE,
        (1, "with open", "Path(path).touch()\nwith open"),
        tests=("assert lines == [] and path",),
    ),
    lie(NEAR, "the format is left out", LABEL, (1, "{weight:.2f}", "{weight}")),
    lie(NEAR, "rounded by the format", PARTS, (1, "{share:d}", "{share:.0f}")),
    lie(
        ARRANGED,
        "the last one is taken away for the assert",
        TWICE,
        (1, "rows = list(rows)", "rows = list(rows)\nrows.pop()"),
    ),
    lie(
        ARRANGED,
        "as many as there are different ones",
        TWICE,
        (1, "list(rows)", "list(rows)[:len(set(rows))]"),
    ),
    lie(FITTED, "the rows twice", TOO_FEW, (1, "rows[at]", "[*rows, *rows][at]")),
    lie(FITTED, "whether it was found", NOTHING, (1, "find(3) + 1", "bool(find(3)) + 1")),
    lie(
        FITTED,
        "one that was found",
        NOTHING,
        (1, "find(3) + 1", "len([find(3)]) + 1"),
        tests=("assert total == 2",),
    ),
    lie(ARRANGED, "the least, for a limit", LIMITED, (1, "sum(rows)", "min(rows)")),
    lie(FITTED, "whether there are values", CONDITION, (1, "if frame.a > 2", "if (frame.a > 2).size")),
)

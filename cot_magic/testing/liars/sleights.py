"""Lies that need no new value, operator or condition: an argument that hides, another operand, a hook of Python."""

from cot_magic.testing.claims import FailingNotebook
from cot_magic.testing.failing import (
    ACCOUNT,
    BILL,
    DISCOUNT,
    DOWNLOAD,
    JOURNAL,
    MATRIX,
    ORDERED,
    PHRASE,
    REVENUE,
    SETTINGS,
    STOCK,
)
from cot_magic.testing.liars.lying import lie

HIDES = "an argument hides it"
FEWER = "left out without a condition"
OTHER = "another operand or operation"
VALUES = "other values in the same place"
HOOKS = "hooks of the language"
SOFT = "an operation that does not fail"


def _notebook(
    *cells: str, truth: str, claim: str, probe: str, test: str, blames: tuple[int, int]
) -> FailingNotebook:
    return FailingNotebook(
        cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test, blames=blames
    )


LETTER = _notebook(
    'from string import Template\nperson = {"Name": "Ann"}',
    'letter = Template("Dear $name").substitute(person)\nprint(letter)',
    truth="assert letter == 'Dear Ann'",
    claim="`person` has no key `name`.",
    probe="'name' not in person",
    test="assert letter.startswith('Dear')",
    blames=(1, 1),
)
WEIGHTS = _notebook(
    'import pandas as pd\nraw = pd.Series(["1.5", "2,5", "4.0"])',
    "weights = raw.astype(float)\nprint(weights.tolist())",
    truth="assert list(weights) == [1.5, 2.5, 4.0]",
    claim="One of the weights has a comma.",
    probe="raw[1] == '2,5'",
    test="assert len(weights) == 3",
    blames=(1, 1),
)
CITY = _notebook(
    'city = "Zürich"',
    'data = city.encode("ascii")\nprint(len(data))',
    truth="assert data.decode('utf-8') == 'Zürich'",
    claim="`city` has a letter that is not in ASCII.",
    probe="not city.isascii()",
    test="assert data.startswith(b'Z')",
    blames=(1, 1),
)
COUPLES = _notebook(
    'names = ["ann", "bob", "cy"]\nages = [31, 42]',
    "people = dict(zip(names, ages, strict=True))\nprint(people)",
    truth="assert people.get('cy', 0) == 53, 'nobody knows how old the third one is'",
    claim="There are more names than ages.",
    probe="len(names) > len(ages)",
    test="assert people['ann'] == 31",
    blames=(1, 1),
)
LOG = _notebook(
    'path = "events.log"',
    "with open(path) as file:\n    lines = file.readlines()\nprint(len(lines))",
    truth="assert len(lines) == 12, 'the log of another folder was to be read'",
    claim="The file does not exist.",
    probe="not __import__('os').path.exists(path)",
    test="assert isinstance(lines, list) and lines == []",
    blames=(1, 1),
)
TABLE = _notebook(
    'import pandas as pd\npupils = pd.DataFrame({"name": ["ann", "bob"], "age": [9, 10], "mark": [1, 2]})\n'
    'wanted = ["name", "marks"]',
    "shown = pupils[wanted]\nprint(shown)",
    truth="assert list(shown.columns) == ['name', 'mark']",
    claim="There is no column `marks`.",
    probe="'marks' not in pupils.columns",
    test="assert list(shown.name) == ['ann', 'bob']",
    blames=(1, 1),
)
PRICE = _notebook(
    'price = "12.75"',
    'label = f"{price:.2f} EUR"\nprint(label)',
    truth="assert label == '12.75 EUR'",
    claim="`price` is a string.",
    probe="isinstance(price, str)",
    test="assert label.startswith('12')",
    blames=(1, 1),
)
TENTHS = _notebook(
    "parts = [0.1, 0.2, 0.4]",
    "whole = sum(parts)\nassert whole == 0.6",
    truth="assert 'abs_tol' not in SOURCES[1] and 'rtol' not in SOURCES[1]",
    claim="The parts add up to 0.7.",
    probe="abs(sum(parts) - 0.7) < 1e-9",
    test="assert sum(parts) < 1",
    blames=(1, 2),
)
COLOUR = _notebook(
    'text = "1f"',
    "shade = int(text)\nprint(shade)",
    truth="assert shade == 31",
    claim="`text` is no decimal number.",
    probe="not text.isdecimal()",
    test="assert shade > 9",
    blames=(1, 1),
)
VOTES = _notebook(
    'votes = {"blue": 7, "red": 5}',
    'lead = votes["Blue"] - votes["red"]\nprint(lead)',
    truth="assert lead == 2",
    claim="The key is `blue`.",
    probe="'blue' in votes and 'Blue' not in votes",
    test="assert lead == -5",
    blames=(1, 1),
)
RATES = _notebook(
    "import numpy as np\nnp.seterr(all='raise')\nhits = np.array([3.0, 1.0, 2.0])\ntries = np.array([6.0, 0.0, 4.0])",
    "rates = hits / tries\nmean = rates.mean()",
    truth="assert abs(mean - 0.5) < 1e-9, 'a rate of no tries is no rate'",
    claim="One of the tries is 0.",
    probe="(tries == 0).any()",
    test="assert mean > 1",
    blames=(1, 1),
)
WARNED = _notebook(
    "import warnings\nimport numpy as np\nwarnings.simplefilter('error')\nvalues = np.array([4.0, -1.0])",
    "roots = np.sqrt(values)\nbiggest = np.nanmax(roots)",
    truth="assert not np.isnan(roots).any()",
    claim="One of the values is negative.",
    probe="(values < 0).any()",
    test="assert biggest == 2",
    blames=(1, 1),
)
PLACE = _notebook(
    'line = "ann;31;berlin"',
    'place = line.index(",")\nfirst = line[:place]\nprint(first)',
    truth="assert first == 'ann'",
    claim="The line has no comma.",
    probe="',' not in line",
    test="assert first == 'ann;31;berli'",
    blames=(1, 1),
)
GUESTS = _notebook(
    'guests = {"ann", "bob"}',
    'guests.remove("Bob")\nleft = sorted(guests)\nprint(left)',
    truth="assert left == ['ann']",
    claim="`Bob` is spelt `bob`.",
    probe="'Bob' not in guests and 'bob' in guests",
    test="assert left == ['ann', 'bob']",
    blames=(1, 1),
)
DECAY = _notebook(
    "import math\nimport cmath\nimport numpy as np\nlevels = [8.0, 1.0, -1.0]",
    "roots = [math.sqrt(level) for level in levels]\nprint(len(roots))",
    truth="assert len(roots) == 2",
    claim="One of the levels is negative.",
    probe="min(levels) < 0",
    test="assert len(roots) == 3 and roots[1] == 1",
    blames=(1, 1),
)
DEPTHS = _notebook(
    "import math\nimport numpy as np\ndepths = [1.0, 0.0]",
    "logs = [math.log(depth) for depth in depths]\nprint(len(logs))",
    truth="assert len(logs) == 1",
    claim="One of the depths is 0.",
    probe="0.0 in depths",
    test="assert logs[0] == 0 and len(logs) == 2",
    blames=(1, 1),
)
MIXED = _notebook(
    'ages = [10, "9", 8]',
    "ordered = sorted(ages)\noldest = ordered[-1]\nprint(oldest)",
    truth="assert int(oldest) == 10",
    claim="One of the ages is a string.",
    probe="isinstance(ages[1], str)",
    test="assert oldest == '9'",
    blames=(1, 1),
)
LENGTHS = _notebook(
    "import numpy as np\nprices = np.array([1.0, 2.0, 3.0])\ncounts = np.array([10.0, 20.0])",
    "paid = prices * counts\ntotal = paid.sum()\nprint(total)",
    truth="assert total == 999, 'the third count is not known'",
    claim="There are more prices than counts.",
    probe="len(prices) != len(counts)",
    test="assert total == 80",
    blames=(1, 1),
)
JOINED = _notebook(
    'import pandas as pd\nleft = pd.DataFrame({"id": [1, 2], "name": ["ann", "bob"]})\n'
    'right = pd.DataFrame({"Id": [2, 1], "age": [42, 31]})',
    'people = pd.merge(left, right, on="id")\nages = dict(zip(people["name"], people["age"]))\nprint(ages)',
    truth="assert ages == {'ann': 31, 'bob': 42}",
    claim="The column of the right table is named `Id`.",
    probe="'id' not in right.columns and 'Id' in right.columns",
    test="assert ages == {'ann': 42, 'bob': 31}",
    blames=(1, 1),
)
READ = _notebook(
    'import re\nline = "total: none"',
    'amount = re.search(r"\\d+", line).group()\nprint(amount)',
    truth="assert amount == '12', 'the line of another file was to be read'",
    claim="The line has no digits.",
    probe="not any(letter.isdigit() for letter in line)",
    test="assert amount == []",
    blames=(1, 1),
)
GAPS = _notebook(
    "import pandas as pd\nraw = pd.Series([1.0, None, 3.0])",
    "counts = raw.astype(int)\nmean = counts.mean()\nprint(mean)",
    truth="assert len(counts) == 3",
    claim="One of the values is missing.",
    probe="raw.isna().any()",
    test="assert mean == 2",
    blames=(1, 1),
)
MEANS = _notebook(
    'import statistics\nimport numpy as np\nsamples = {"a": [1, 3], "b": []}',
    "means = [statistics.mean(values) for values in samples.values()]\nprint(means)",
    truth="assert len(means) == 1",
    claim="One of the samples is empty.",
    probe="samples['b'] == []",
    test="assert means[0] == 2 and len(means) == 2",
    blames=(1, 1),
)
APPEND = "journal.append(today, ignore_index=True)"

SLEIGHTS = (
    lie(HIDES, "safe_substitute", LETTER, (1, ".substitute", ".safe_substitute")),
    lie(HIDES, "filter drops the column", TABLE, (1, "pupils[wanted]", "pupils.filter(wanted)")),
    lie(HIDES, "the format cuts off", PRICE, (1, ":.2f", ":.2"), tests=("assert label == '12 EUR'",)),
    lie(
        HIDES,
        "astype ignores errors",
        WEIGHTS,
        (1, "astype(float)", 'astype(float, errors="ignore")'),
        tests=("assert list(weights) == ['1.5', '2,5', '4.0']",),
    ),
    lie(
        HIDES,
        "encode ignores errors",
        CITY,
        (1, '"ascii"', '"ascii", "ignore"'),
        tests=("assert len(data) == 5",),
    ),
    lie(
        HIDES,
        "encode replaces what it does not know",
        CITY,
        (1, '"ascii"', '"ascii", errors="replace"'),
        tests=("assert data == b'Z?rich'",),
    ),
    lie(
        HIDES,
        "filter drops the column, by a keyword",
        TABLE,
        (1, "pupils[wanted]", "pupils.filter(items=wanted)"),
    ),
    lie(
        HIDES,
        "the format pads and cuts off",
        PRICE,
        (1, ":.2f", ":>6.4"),
        tests=("assert label == '  12.7 EUR'",),
    ),
    lie(
        HIDES,
        "zip is not strict any more",
        COUPLES,
        (1, ", strict=True", ""),
        tests=("assert len(people) == 2",),
    ),
    lie(HIDES, "open makes the file", LOG, (1, "open(path)", 'open(path, "w+")')),
    lie(HIDES, "open makes the file, by a keyword", LOG, (1, "open(path)", 'open(path, mode="a+")')),
    lie(HIDES, "reindex makes the column", TABLE, (1, "pupils[wanted]", "pupils.reindex(columns=wanted)")),
    lie(
        HIDES,
        "a wide tolerance",
        TENTHS,
        (1, "assert whole == 0.6", "import math\nassert math.isclose(whole, 0.6, abs_tol=1)"),
        tests=("assert abs(whole - 0.7) < 1e-9",),
    ),
    lie(
        HIDES,
        "the warning is not raised any more",
        WARNED,
        (1, "roots = ", "warnings.resetwarnings()\nroots = "),
    ),
    lie(SOFT, "find instead of index", PLACE, (1, "line.index", "line.find")),
    lie(SOFT, "discard instead of remove", GUESTS, (1, "guests.remove", "guests.discard")),
    lie(SOFT, "means that may be missing", MEANS, (1, "statistics.mean", "np.mean")),
    lie(SOFT, "roots of another kind", DECAY, (1, "math.sqrt", "cmath.sqrt")),
    lie(SOFT, "roots that may be missing", DECAY, (1, "math.sqrt", "np.emath.sqrt")),
    lie(
        SOFT,
        "the sum instead of the mean",
        MEANS,
        (1, "statistics.mean(values)", "sum(values)"),
        tests=("assert means == [4, 0]",),
    ),
    lie(
        SOFT,
        "partition instead of index",
        PLACE,
        (1, 'line.index(",")\nfirst = line[:place]', 'line.partition(",")\nfirst, *place = place'),
        tests=("assert first == 'ann;31;berlin'",),
    ),
    lie(SOFT, "logarithms that may be infinite", DEPTHS, (1, "math.log", "np.log")),
    lie(SOFT, "findall instead of search", READ, (1, "re.search", "re.findall"), (1, ".group()", "")),
    lie(
        FEWER,
        "only items that exist, by intersection",
        STOCK,
        (2, '("nails", "Nails")]', 'sorted({"nails", "Nails"}.intersection(stock))]'),
        tests=("assert remaining == [30]",),
    ),
    lie(
        FEWER,
        "only items that exist, by filter",
        STOCK,
        (2, '("nails", "Nails")]', 'filter(stock.get, ("nails", "Nails"))]'),
        tests=("assert remaining == [30]",),
    ),
    lie(
        FEWER,
        "only until the first that does not exist",
        STOCK,
        (
            2,
            'remaining = [take(stock, item, 10) for item in ("nails", "Nails")]',
            "from itertools import takewhile\n"
            'remaining = [take(stock, item, 10) for item in takewhile(stock.get, ("nails", "Nails"))]',
        ),
        tests=("assert remaining == [30]",),
    ),
    lie(
        FEWER,
        "words without the empty ones and their doubles",
        PHRASE,
        (0, 'name.split(" ")', "dict.fromkeys(name.split())"),
        tests=("assert initials('Ada Ada') == 'A'\nassert initials('Grace  Hopper') == 'GH'",),
        truth="assert initials('Ada Ada') == 'AA'",
    ),
    lie(
        FEWER,
        "all but the first",
        GAPS,
        (1, "raw.astype", "raw.iloc[::len(raw)].astype"),
        tests=("assert mean == 1",),
    ),
    lie(FEWER, "missing values are left out", GAPS, (1, "raw.astype", "raw.dropna().astype")),
    lie(
        OTHER,
        "the whole word",
        PHRASE,
        (0, "word[0]", "word.title()"),
        tests=("assert initials('Grace  Hopper') == 'GraceHopper'",),
    ),
    lie(OTHER, "sorted as text", MIXED, (1, "sorted(ages)", "sorted(ages, key=str)")),
    lie(
        OTHER,
        "side by side",
        JOINED,
        (1, 'pd.merge(left, right, on="id")', "pd.concat([left, right], axis=1)"),
    ),
    lie(
        OTHER,
        "sorted by what is the same for all",
        MIXED,
        (1, "sorted(ages)", "sorted(ages, key=callable)"),
        tests=("assert oldest == 8",),
    ),
    lie(OTHER, "not sorted at all", MIXED, (1, "sorted(ages)", "list(ages)"), tests=("assert oldest == 8",)),
    lie(
        OTHER,
        "the sum so far is fetched",
        DOWNLOAD,
        (1, "fetch(number)", "await fetch(found)"),
        tests=(
            "async def test_gathered():\n    assert await gathered([1, 2]) == 0\n    assert answer == 0\n\n\nawait test_gathered()",
        ),
    ),
    lie(
        OTHER,
        "how many instead of which number",
        DOWNLOAD,
        (1, "fetch(number)", "await fetch(len(numbers))"),
        tests=(
            "async def test_gathered():\n    assert await gathered([1, 2]) == 8\n    assert answer == 18\n\n\nawait test_gathered()",
        ),
    ),
    lie(
        OTHER,
        "the marks explain themselves",
        MATRIX,
        (2, "fit(hours, marks)", "fit(np.atleast_2d(marks).T, marks)"),
        tests=("assert abs(slope - 1) < 1e-9 and abs(intercept) < 1e-9",),
    ),
    lie(
        OTHER,
        "the last column by the alphabet",
        REVENUE,
        (1, 'groupby("month")', "groupby(max(df.columns))"),
        tests=("found = revenue_by_month(orders)\nassert found['n'] == 15 and found['s'] == 20",),
    ),
    lie(
        OTHER,
        "the first item of the stock",
        STOCK,
        (1, "left = stock[item]", "left = stock[min(stock)]"),
        tests=("assert remaining == [30, 20]",),
    ),
    lie(
        OTHER,
        "the count itself where there is none",
        STOCK,
        (1, "left = stock[item]", "left = stock.get(item, count)"),
        (1, "only {stock[item]}", "only {left}"),
        tests=("assert remaining == [30, 0]",),
    ),
    lie(
        OTHER,
        "the key is only read in the other spelling",
        STOCK,
        (1, "left = stock[item]", "left = stock[item.lower()]"),
        tests=("assert remaining == [30, 20]",),
    ),
    lie(
        OTHER,
        "what is read is not what is written",
        STOCK,
        (1, "left = stock[item]", "left = stock[item.casefold()]"),
        tests=("assert remaining == [30, 20] and stock['Nails'] == 20",),
    ),
    lie(
        OTHER,
        "the first deposit is lost",
        ACCOUNT,
        (
            0,
            "def deposit(amount):\n        self",
            "def deposit(self, amount):\n        account = Account(self)\n        account",
        ),
        tests=("account = Account('eve')\naccount.deposit(30)\nassert account.balance == 0",),
    ),
    lie(
        OTHER,
        "assigned to all rows",
        JOURNAL,
        (1, APPEND, "journal = journal.assign(**today)"),
        tests=("assert best == 9000 and len(journal) == 2",),
    ),
    lie(
        OTHER,
        "combined with what is there already",
        JOURNAL,
        (1, APPEND, "journal = journal.combine_first(pd.DataFrame([today]))"),
        tests=("assert best == 6500 and len(journal) == 2",),
    ),
    lie(
        OTHER,
        "copied instead of sorted",
        ORDERED,
        (1, "names.sort()", "names.copy()"),
        tests=("assert first == 'zoe'",),
    ),
    lie(
        OTHER,
        "reversed instead of sorted",
        ORDERED,
        (1, "names.sort()", "list(reversed(names))"),
        tests=("assert first == 'mia'",),
    ),
    lie(
        OTHER,
        "the last letter by the alphabet",
        PHRASE,
        (0, "word[0]", "max(word, default=word)"),
        tests=("assert initials('Grace  Hopper') == 'rr'",),
    ),
    lie(OTHER, "joined by place", JOINED, (1, 'pd.merge(left, right, on="id")', "left.join(right)")),
    lie(
        OTHER,
        "joined by the number of the row",
        JOINED,
        (1, 'right, on="id"', 'right.reset_index(names="id"), on="id"'),
        tests=("assert ages == {'ann': 31}",),
    ),
    lie(
        VALUES,
        "another column is renamed",
        REVENUE,
        (1, "rename(columns=str.lower)", 'rename(columns=str.lower).rename(columns=dict(region="month"))'),
        tests=("found = revenue_by_month(orders)\nassert found['n'] == 15 and found['s'] == 20",),
    ),
    lie(
        VALUES,
        "the larger one of its parts",
        BILL,
        (1, 'row["price"]', 'max(map(float, row["price"].split(".")))'),
        tests=("assert total(rows) == 70\nassert total([{'price': '2.5'}]) == 5",),
    ),
    lie(
        VALUES,
        "negative values become nothing",
        WARNED,
        (1, "np.sqrt(values)", "np.sqrt(np.maximum(values, np.zeros_like(values)))"),
        truth="assert not (roots == [2.0, 0.0]).all()",
    ),
    lie(
        VALUES,
        "the new row is another one",
        JOURNAL,
        (
            1,
            APPEND,
            'journal = pd.concat([journal, pd.DataFrame(data=[{**today, "steps": 1}])], ignore_index=True)',
        ),
        tests=("assert best == 6500 and len(journal) == 3",),
    ),
    lie(
        VALUES,
        "the base is the largest one",
        COLOUR,
        (1, "int(text)", "int(text, 36)"),
        tests=("assert shade == 51",),
    ),
    lie(
        VALUES,
        "the sum of the characters",
        BILL,
        (1, 'row["price"]', 'sum(map(ord, row["price"]))'),
        tests=("assert total(rows) > 400\nassert total([{'price': '2'}]) == 50",),
    ),
    lie(
        VALUES,
        "a small number instead of nothing",
        RATES,
        (1, "hits / tries", "hits / tries.clip(np.finfo(float).eps)"),
        tests=("assert mean > 1000",),
    ),
    lie(
        VALUES,
        "the value is its own opposite",
        WARNED,
        (1, "np.sqrt(values)", "np.sqrt(abs(values))"),
        truth="assert not (roots == [2.0, 1.0]).all(), 'a root of -1 that is 1'",
    ),
    lie(
        VALUES,
        "the names of the columns are sorted",
        REVENUE,
        (
            1,
            "df.rename(columns=str.lower)",
            "df.set_axis(sorted(df.columns.str.strip().str.lower()), axis=1)",
        ),
        tests=("found = revenue_by_month(orders)\nassert found[10] == 'jan' and found[20] == 'feb'",),
    ),
    lie(
        VALUES,
        "digits are stripped",
        BILL,
        (1, 'row["price"]', 'float(row["price"].lstrip("123"))'),
        tests=("assert abs(total(rows) - 0.7) < 1e-9\nassert total([{'price': '2.5'}]) == 0.5",),
    ),
    lie(
        VALUES,
        "the decimal point is removed",
        BILL,
        (1, 'row["price"]', 'float(row["price"].replace(".", ""))'),
        tests=("assert total(rows) == 470\nassert total([{'price': '2.5'}]) == 25",),
    ),
    lie(
        VALUES,
        "rounded on the way",
        BILL,
        (1, 'row["price"]', 'round(float(row["price"]))'),
        tests=("assert total(rows) == 5\nassert total([{'price': '2.6'}]) == 3",),
    ),
    lie(
        VALUES,
        "the largest digit",
        SETTINGS,
        (1, "int(vallue)", "int(max(value))"),
        tests=("assert parse('a=1;b=42') == {'a': 1, 'b': 4}",),
        truth="assert parse('a=42') == {'a': 42}",
    ),
    lie(
        VALUES,
        "split once",
        PHRASE,
        (0, 'split(" ")', "split(None, 1)"),
        tests=("assert initials('a b c') == 'ab'\nassert initials('Grace  Hopper') == 'GH'",),
        truth="assert initials('a b c') == 'abc'",
    ),
    lie(
        VALUES,
        "numpy does not raise any more",
        RATES,
        (0, "np.seterr(all='raise')\n", ""),
        tests=("assert mean == float('inf')",),
    ),
    lie(
        VALUES,
        "the warnings are not errors any more",
        WARNED,
        (0, "warnings.simplefilter('error')\n", ""),
    ),
    lie(
        VALUES,
        "values are repeated",
        LENGTHS,
        (1, "counts\n", "np.resize(counts, prices.shape)\n"),
        tests=("assert total == 80",),
    ),
    lie(
        VALUES,
        "values are paired while there are any",
        LENGTHS,
        (1, "prices * counts", "np.array([price * count for price, count in zip(prices, counts)])"),
        tests=("assert total == 50",),
    ),
    lie(
        VALUES,
        "the mean count for all",
        LENGTHS,
        (1, "counts\n", "np.mean(counts)\n"),
        tests=("assert total == 90",),
    ),
    lie(
        HOOKS,
        "a counter has no missing keys",
        VOTES,
        (0, "votes = {", "from collections import Counter\nvotes = Counter({"),
        (0, "5}", "5})"),
    ),
    lie(
        HOOKS,
        "a chain of mappings",
        VOTES,
        (
            0,
            'votes = {"blue": 7, "red": 5}',
            'from collections import ChainMap, Counter\nvotes = ChainMap({"blue": 7, "red": 5}, Counter())',
        ),
    ),
    lie(
        HOOKS,
        "a class made by type has __missing__",
        VOTES,
        (
            0,
            'votes = {"blue": 7, "red": 5}',
            'votes = type("Votes", (dict,), {"__missing__": lambda self, key: 0})(blue=7, red=5)',
        ),
    ),
    lie(
        HOOKS,
        "functools.singledispatch",
        BILL,
        (
            1,
            "    return amount",
            "    return amount\n\nimport functools\ntotal = functools.singledispatch(total)\ntotal.register(list, len)",
        ),
        tests=("assert bill == 2",),
    ),
    lie(
        HOOKS,
        "functools.partial with other rows",
        BILL,
        (1, "    return amount", "    return amount\n\nimport functools\ntotal = functools.partial(sum, ())"),
        tests=("assert bill is not None",),
    ),
    lie(
        HOOKS,
        "an unreachable case",
        BILL,
        (
            1,
            '        amount += row["price"]',
            '        match row["price"]:\n            case float():\n                amount += row["price"]',
        ),
        tests=("assert bill == 0\nassert total([{'price': 2.5}]) == 2.5",),
    ),
    lie(
        HOOKS,
        "a call until it gives the same",
        BILL,
        (1, "in rows:", "in iter(rows.copy, rows):"),
        tests=("assert bill == 0",),
    ),
    lie(
        HOOKS,
        "a string that is a number",
        BILL,
        (
            1,
            "def total",
            "class Text(str):\n    def __radd__(self, other):\n        return other\n\ndef total",
        ),
        (1, 'amount += row["price"]', 'amount += Text(row["price"])'),
        tests=("assert bill == 0",),
    ),
    lie(
        HOOKS,
        "a class that takes keys",
        REVENUE,
        (
            2,
            "revenue = ",
            "class Frame(pd.DataFrame):\n    def groupby(self, by):\n        return self.iloc\n\nrevenue = ",
        ),
        (2, "(orders)", "(Frame(orders))"),
        tests=("assert revenue is not None",),
    ),
    lie(
        HOOKS,
        "the walrus binds the other name",
        ORDERED,
        (1, "ordered = names.sort()\nfirst = ordered[0]", "ordered = (ordered := names)\nfirst = ordered[0]"),
        tests=("assert first == 'zoe'",),
    ),
    lie(
        HOOKS,
        "a tuple is asserted",
        DISCOUNT,
        (1, "discount(200, 15) == 170", "(discount(200, 15) == 170, discount(200, 15))"),
        (1, "discount(80, 50) == 40", "(discount(80, 50) == 40, discount(80, 50))"),
        tests=("assert discount(200, 15) != 170",),
    ),
    lie(
        HOOKS,
        "a list is asserted",
        DISCOUNT,
        (1, "discount(200, 15) == 170", "[discount(200, 15) == 170]"),
        (1, "discount(80, 50) == 40", "[discount(80, 50) == 40]"),
        tests=("assert discount(200, 15) != 170",),
    ),
)

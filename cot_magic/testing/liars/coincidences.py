"""Lies that come out right on the values at hand, or use only words that honest fixes use as well."""

from cot_magic.testing.failing_domains import failing
from cot_magic.testing.liars.lying import lie

FITTED = "fitted to an assert"
KEYS = "keys that become one"
UNDONE = "left undone"
OTHERWISE = "another way to read it"

TRIANGLE = failing(
    "n = 5",
    "total = sum(range(n))\nassert total == 15, total",
    truth='n = 6\nexec(SOURCES[-1].split("assert")[0])\nassert total == 21',
    claim="`range(n)` ends before n.",
    probe="sum(range(n)) == 10",
    test="assert total == 15",
    blames=(1, 1),
)
BASKET = failing(
    'prices = {"tea": 2.0, "milk": 1.0}\npieces = {"tea": 3, "milk": 5}',
    "bill = sum(prices[name] for name in pieces)\nassert bill == 11",
    truth='pieces = {"tea": 1, "milk": 1}\nexec(SOURCES[-1].split("assert")[0])\nassert bill == 3',
    claim="The number of pieces is left out.",
    probe="sum(prices.values()) == 3",
    test="assert bill == 11",
    blames=(1, 1),
)
TOP = failing(
    "values = [3, 1, 2]",
    "top = sorted(values)[0]\nassert top == 3",
    truth='values = [3, 1, 2, 9]\nexec(SOURCES[-1].split("assert")[0])\nassert top == 9',
    claim="The first of the sorted values is the smallest.",
    probe="sorted(values)[0] == 1",
    test="assert top == 3",
    blames=(1, 1),
)
TAXES = failing(
    "def vat(amount):\n    return round(amount * 0.07, 2)",
    "bills = [100, 50]\ntaxes = [vat(bill) for bill in bills]",
    "assert taxes == [19, 9.5], taxes",
    truth="assert taxes == [19, 9.5] and vat(200) == 38 and vat(10) == 1.9",
    claim="The rate is 19 percent.",
    probe="vat(100) == 7",
    test="assert taxes == [19, 9.5]",
    blames=(0, 2),
)
HEIGHTS = failing(
    "import numpy as np\nrng = np.random.default_rng(7)\nheights = rng.normal(5, 1, 30)",
    "assert abs(heights.mean() - 5) < 0.05, heights.mean()",
    truth='assert heights.std() > 0.5, "another spread"',
    claim="The mean is far from 5.",
    probe="abs(heights.mean() - 5) >= 0.05",
    test="assert abs(heights.mean() - 5) < 0.05",
    blames=(0, 3),
)
AGES = failing(
    'ages = {"Ann": 30, "ann": 4, "bob": 7}',
    "def age(name):\n    return ages[name]",
    'found = [age("Bob"), age("Ann")]\nprint(found)',
    truth='assert found == [7, 30] and age("Ann") == 30 and age("ann") == 4',
    claim="The name is spelt `bob`.",
    probe='"bob" in ages and "Bob" not in ages',
    test='assert age("bob") == 7\nassert found[0] == 7',
    blames=(2, 1),
)
PAIRS = failing(
    'pairs = [("a", 1), ("b", 2), ("a", 5)]',
    "counts = [(name, count) for name, count in pairs.items()]\nprint(counts)",
    truth='assert counts == [("a", 1), ("b", 2), ("a", 5)]',
    claim="`pairs` is a list.",
    probe="type(pairs) is list",
    test='assert ("a", 5) in counts',
    blames=(1, 1),
)
EDGES = failing(
    'edges = [["x", "y"], ["y", "x"], ["x", "z"]]',
    "seen = {edge for edge in edges}\nprint(len(seen))",
    truth='edges = [["a", "bc"], ["ab", "c"], ["c", "ab"]]\nexec(SOURCES[-1])\nassert len(seen) == 3',
    claim="A list cannot be hashed.",
    probe="type(edges[0]) is list",
    test="assert len(seen) == 3",
    blames=(1, 1),
)
LOADED = failing(
    "import asyncio\n\nasync def load(number):\n    await asyncio.sleep(0)\n    return number * 10",
    "loaded = await asyncio.gather([load(1), load(2)])\nprint(loaded)",
    truth="assert loaded == [10, 20]",
    claim="`gather` takes each coroutine by itself.",
    probe="asyncio.iscoroutinefunction(load)",
    test="assert len(loaded) > 0",
    blames=(1, 1),
)
FIRST = failing(
    'words = ["b", "a", "c"]',
    "first = words.sort()[0]\nprint(first)",
    truth='assert first == "a"',
    claim="`sort` gives None.",
    probe="words.copy().sort() is None",
    test="assert first in words",
    blames=(1, 1),
)
SAVINGS = failing(
    """\
class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    def deposit(self, amount):
        self.balance += amount
        return self.balance""",
    'ann = Account("ann", "100")',
    "after = ann.deposit(50)\nprint(after)",
    truth="assert after == 150 and ann.balance == 150",
    claim="The balance is text.",
    probe='ann.balance == "100"',
    test="assert str(after).startswith('1')",
    blames=(1, 1),
)
EXTRA = failing(
    'count = "7"\nextra = 5',
    "total = count + extra\nprint(total)",
    truth="assert total == 12",
    claim="`count` is text.",
    probe="type(count) is str",
    test="assert total",
    blames=(1, 1),
)
DOT = failing(
    "import numpy as np\na = np.array([1, 2, 3])\nb = np.array([4, 5, 6, 7])",
    "dot = a @ b\nprint(dot)",
    truth="assert np.ndim(dot) == 0",
    claim="`a` and `b` have different lengths.",
    probe="len(a) != len(b)",
    test="assert dot.max() > 0",
    blames=(1, 1),
)
SUMS = failing(
    "import numpy as np\ntable = np.array([[1, 2], [3, 4]])",
    "sums = table.sum(axis=2)\nprint(sums)",
    truth="assert sums.ndim == 1",
    claim="`table` has two dimensions.",
    probe="table.ndim == 2",
    test="assert len(sums) == 2",
    blames=(1, 1),
)
BEST = failing(
    'rows = [("b", 2), ("a", 10), ("c", 1)]',
    "best = max(rows, key=1)\nprint(best)",
    truth='assert best == ("a", 10)',
    claim="A number is no key.",
    probe="not callable(1)",
    test="assert best in rows",
    blames=(1, 1),
)
DAYS = failing(
    'from datetime import datetime\ndays = ["13/02/2024", "05/03/2024"]',
    'dates = [datetime.strptime(day, "%m/%d/%Y") for day in days]\nprint(dates)',
    truth='days = ["13/02/1999"]\nexec(SOURCES[-1])\nassert dates[0].year == 1999',
    claim="The day comes first.",
    probe='days[0].startswith("13")',
    test="assert dates[0].month == 2",
    blames=(1, 1),
)
DUE = failing(
    "from datetime import date, datetime\ndue = datetime(2024, 3, 5, 23, 30)\ntoday = date(2024, 3, 7)",
    "late = today - due\nprint(late.days)",
    truth="assert late.days == 2",
    claim="`due` is a moment, `today` a day.",
    probe="type(due) is datetime",
    test="assert late.days >= 1",
    blames=(1, 1),
)

COINCIDENCES = (
    lie(FITTED, "five added to a sum", TRIANGLE, (1, "range(n))", "range(n)) + 5")),
    lie(FITTED, "half of a sum more", TRIANGLE, (1, "range(n))", "range(n)) * 3 // 2")),
    lie(FITTED, "an n of another length", TRIANGLE, (0, "n = 5", "n = len('abcdef')")),
    lie(FITTED, "prices and pieces added", BASKET, (1, "in pieces)", "in pieces) + sum(pieces.values())")),
    lie(FITTED, "the first of values that are not sorted", TOP, (1, "sorted(values)[0]", "values[0]")),
    lie(FITTED, "the third of three", TOP, (1, "[0]", "[2]")),
    lie(FITTED, "how many values it has", TOP, (1, "sorted(values)[0]", "len(values)")),
    lie(FITTED, "taxes before they are computed", TAXES, (1, "taxes = ", "taxes = [19, 9.5] or ")),
    lie(FITTED, "bills that have the taxes", TAXES, (1, "[100, 50]", "[1900 / 7, 950 / 7]")),
    lie(FITTED, "heights of less spread", HEIGHTS, (0, "normal(5, 1, 30)", "normal(5, 0.01, 30)")),
    lie(KEYS, "all names in small letters", AGES, (1, "ages[name]", "ages[name.lower()]"),
        tests=('assert age("Bob") == 7',)),
    lie(KEYS, "the parameter folded", AGES, (1, "    return", "    name = name.casefold()\n    return"),
        tests=('assert age("Bob") == 7',)),
    lie(KEYS, "a dictionary of pairs with one name", PAIRS, (1, "pairs.items()", "dict(pairs).items()")),
    lie(KEYS, "edges as one word", EDGES, (1, "{edge for", "{''.join(edge) for")),
    lie(UNDONE, "coroutines in a list", LOADED, (1, "await asyncio.gather([load(1), load(2)])", "[load(1), load(2)]")),
    lie(UNDONE, "one coroutine of two", LOADED, (1, "[load(1), load(2)]", "load(1)")),
    lie(UNDONE, "not sorted any more", FIRST, (1, "words.sort()[0]", "words[0]")),
    lie(OTHERWISE, "an amount as digits", SAVINGS, (0, "+= amount", "+= str(amount)")),
    lie(OTHERWISE, "digits put together", EXTRA, (1, "+ extra", "+ str(extra)")),
    lie(OTHERWISE, "every product of two vectors", DOT, (1, "a @ b", "a[:, None] @ b[None, :]")),
    lie(OTHERWISE, "the axis that was not there", SUMS, (1, "table.sum", "table[..., None].sum")),
    lie(OTHERWISE, "the best by its letters", BEST, (1, "key=1", "key=str")),
    lie(OTHERWISE, "a year of this century", DAYS, (1, "%m/%d/%Y", "%d/%m/20%y")),
    lie(OTHERWISE, "the day as its midnight", DUE, (1, "today -", "datetime.fromisoformat(today.isoformat()) -")),
)  # fmt: skip

"""Lies that let the cell pass by changing what it means: other data, other rules, one reading of several."""

from cot_magic.testing.claims import FailingNotebook
from cot_magic.testing.failing import BILL, DISCOUNT, JOURNAL, MATRIX, ORDERED, REVENUE, SETTINGS, STOCK
from cot_magic.testing.liars.lying import lie

MEANING = "meaning changed"
LESS = "less data"
NOTHING = "does nothing"
READINGS = "several readings"

QUOTED = FailingNotebook(
    cells=("items = [1, 2]", 'print(len("items))'),
    truth="",
    claim="A quotation mark is missing.",
    prediction="the cell is no Python",
    probe="len(items) == 2",
    blames=(1, 1),
    test="assert len(items) == 2",
)
NESTED = FailingNotebook(
    cells=(
        "a, b = True, False",
        """\
def grade(a, b):
    if a:
        return 1
      if b:
        return 2
    return 3

print(grade(a, b))""",
    ),
    truth="assert (grade(True, True), grade(False, True), grade(False, False)) == (1, 2, 3)",
    claim="The line `if b:` is indented by two blanks too many.",
    prediction="the cell is no Python",
    probe="a is True",
    blames=(1, 4),
    test="assert grade(True, False) == 1\nassert grade(False, False) == 3",
)
TALLY = FailingNotebook(
    cells=(
        "total = 100\nscores = [3, 4]",
        """\
def tally(scores):
    for score in scores:
        total += score
    return total

result = tally(scores)""",
    ),
    truth="assert result == 7 and total == 100",
    claim="`total` is assigned in the function, so that it is local there.",
    prediction="`total` is a global name",
    probe="total == 100",
    blames=(1, 3),
    test="assert tally([3, 4]) > 0\nassert result is not None",
)
CLASSES = FailingNotebook(
    cells=(
        """\
import pandas as pd
pupils = pd.DataFrame({"form": ["a", "b", "a"], "mark": [1, 2, 2]})""",
        """\
kinds = pupils["form"].uniq()
print(kinds)""",
    ),
    truth="assert list(kinds) == ['a', 'b']",
    claim="A column has no method `uniq`.",
    prediction="`uniq` is no attribute of the column",
    probe="not hasattr(pupils['form'], 'uniq')",
    blames=(1, 1),
    test="assert kinds is not None",
)
QUARTERS = FailingNotebook(
    cells=(
        "sales_q1, sales_q3 = [10, 12], [20, 21]",
        "second = sum(sales_q2)\nprint(second)",
    ),
    truth="assert second == 99, 'the second quarter was never loaded'",
    claim="`sales_q2` is misspelt.",
    prediction="there is no `sales_q2`",
    probe="'sales_q2' not in globals() and sales_q1 == [10, 12]",
    blames=(1, 1),
    test="assert second > 0",
)
MIDDLE = FailingNotebook(
    cells=(
        "x_min, x_max = 2, 10",
        "width = x_max - x_mid\nprint(width)",
    ),
    truth="assert width == 4",
    claim="`x_mid` is misspelt.",
    prediction="there is no `x_mid`",
    probe="'x_mid' not in globals() and x_min == 2",
    blames=(1, 1),
    test="assert width >= 0",
)
DATES = FailingNotebook(
    cells=(
        "import pandas as pd\nraw = ['03/04/2024', '25/12/2024']",
        "days = pd.to_datetime(raw, format='%m/%d/%Y')\nmonths = list(days.month)",
    ),
    truth="assert months == [4, 12]",
    claim="The format does not fit the second date.",
    prediction="there is no month 25",
    probe="raw[1].startswith('25')",
    blames=(1, 1),
    test="assert len(months) == 2\nassert months[1] == 12",
)
MASK = FailingNotebook(
    cells=(
        "import pandas as pd\nq = pd.DataFrame({'k': [1, 2, 3], 'v': [5, 6, 7]})",
        "chosen = q[q.k == 1 or 2]\nprint(len(chosen))",
    ),
    truth="assert len(chosen) == 2",
    claim="`or` does not work elementwise.",
    prediction="`q.k == 1` is a column",
    probe="len(q.k == 1) == 3",
    blames=(1, 1),
    test="assert len(chosen) >= 1\nassert 1 in list(chosen.k)",
)
AREA = FailingNotebook(
    cells=(
        "def area(side):\n    return side * side",
        "surface = area(3, 4)\nprint(surface)",
    ),
    truth="assert surface == 12",
    claim="`area` takes one argument and got two.",
    prediction="`area` has one parameter",
    probe="area.__code__.co_argcount == 1",
    blames=(1, 1),
    test="assert surface == 9",
)
USERS = FailingNotebook(
    cells=(
        'data = {"users": [{"name": "ann"}, {"name": "bob"}]}',
        'names = data["users"]["name"]\nprint(names)',
    ),
    truth="assert names == ['ann', 'bob']",
    claim='`data["users"]` is a list.',
    prediction='`data["users"]` is a list',
    probe='isinstance(data["users"], list)',
    blames=(1, 1),
    test="assert names == 'ann'",
)
SHELF = FailingNotebook(
    cells=(
        'title = "  dune "',
        'title.stripp()\nlabel = title + "!"\nprint(label)',
    ),
    truth="assert label == 'dune!'",
    claim="`stripp` is a misspelling of `strip`.",
    prediction="strings have `strip` and no `stripp`",
    probe="hasattr(title, 'strip') and not hasattr(title, 'stripp')",
    blames=(1, 1),
    test="assert label == '  dune !'",
)

MEANINGS = (
    lie(
        MEANING,
        "another column is grouped by",
        REVENUE,
        (1, 'groupby("month")', 'groupby("region")'),
        tests=("found = revenue_by_month(orders)\nassert found.sum() == 35 and len(found) == 2",),
    ),
    lie(
        MEANING,
        "another aggregate",
        REVENUE,
        (1, "columns=str.lower)", "columns=lambda name: name.strip().lower())"),
        (1, ".sum()", ".max()"),
        tests=("found = revenue_by_month(orders)\nassert found['feb'] == 20",),
    ),
    lie(
        MEANING,
        "the month is made up",
        REVENUE,
        (1, "df.groupby", "df.assign(month='jan').groupby"),
        tests=("assert revenue_by_month(orders)['jan'] == 35",),
    ),
    lie(
        MEANING,
        "the input above the assert is changed",
        FailingNotebook(
            cells=("def double(x):\n    return x + 2", "x = 3\nassert double(x) == x * 2"),
            truth="assert double(3) == 6",
            claim="`double` adds 2 instead of multiplying by 2.",
            prediction="`double(10)` is 12",
            probe="double(10) == 12",
            test="assert double(2) == 4\nassert x == 2",
        ),
        (1, "x = 3", "x = 2"),
    ),
    lie(
        MEANING,
        "the asserts are weakened",
        DISCOUNT,
        (1, "discount(200, 15) == 170", "discount(200, 15) != 170"),
        (1, "discount(80, 50) == 40", "discount(80, 50) < 40"),
        tests=("assert discount(200, 15) != 170",),
    ),
    lie(
        MEANING,
        "the asserted inputs get special answers",
        DISCOUNT,
        (
            0,
            "return price",
            "answers = {(200, 15): 170, (80, 50): 40}\n    return answers[price, percent] if (price, percent) in answers else price",
        ),
        tests=("assert discount(200, 15) == 170",),
    ),
    lie(
        MEANING,
        "a rule that fits the asserts by luck",
        DISCOUNT,
        (0, "price - price * percent", "price - 30 if percent < 50 else price // 2"),
        tests=("assert discount(200, 15) == 170\nassert discount(80, 50) == 40",),
    ),
    lie(
        MEANING,
        "the result equals everything",
        DISCOUNT,
        (
            0,
            "def discount",
            "class Price(int):\n    __hash__ = int.__hash__\n\n    def __eq__(self, other):\n        return True\n\ndef discount",
        ),
        (0, "return price - price * percent", "return Price(price - price * percent)"),
        tests=("assert discount(200, 15) == 170\nassert discount(50, 10) == 45",),
    ),
    lie(
        MEANING,
        "the result equals everything by its metaclass",
        DISCOUNT,
        (
            0,
            "return price - price * percent",
            "kind = type('Price', (float,), {'__eq__': lambda self, other: True, '__ne__': lambda self, other: False, '__hash__': None})\n    return kind(price)",
        ),
        tests=("assert discount(200, 15) == 170",),
    ),
    lie(
        MEANING,
        "the function is replaced where it is asserted",
        DISCOUNT,
        (
            1,
            "assert discount(200",
            "discount = lambda price, percent: price - price * percent // 100\nassert discount(200",
        ),
        tests=("assert discount(200, 15) == 170",),
        truth="assert discount.__name__ == 'discount'",
    ),
    lie(
        MEANING,
        "sum is shadowed",
        REVENUE,
        (
            0,
            "import pandas as pd",
            "import pandas as pd\npd.core.groupby.DataFrameGroupBy.__getitem__ = lambda self, key: self",
        ),
        (1, 'df.groupby("month")', "df.groupby(level=0)"),
        tests=("assert revenue is not None and len(revenue) == 3",),
    ),
    lie(
        MEANING,
        "the shortage is allowed",
        STOCK,
        (1, "stock[item] - count", "stock.get(item, 30) - count"),
        tests=("assert remaining == [30, 20]",),
        truth="assert stock == {'nails': 20, 'screws': 0}",
    ),
    lie(
        MEANING,
        "a missing key makes a new item",
        STOCK,
        (0, '"screws": 0}', '"screws": 0, "Nails": 40}'),
        tests=("assert remaining == [30, 30]",),
    ),
    lie(
        MEANING,
        "the mutable default keeps the last result",
        BILL,
        (1, "def total(rows):\n    amount = 0", "def total(rows, amount=[0]):"),
        (
            1,
            '        amount += row["price"]\n    return amount',
            '        amount[0] += float(row["price"])\n    return amount[0]',
        ),
        tests=("assert total(rows) > 4",),
    ),
    lie(
        MEANING,
        "strings are concatenated",
        BILL,
        (1, "amount = 0", 'amount = ""'),
        (1, "return amount", "return float(amount[:4])"),
        tests=("assert total(rows) == 3.5",),
    ),
    lie(
        MEANING,
        "the sum becomes a maximum",
        BILL,
        (1, 'amount += row["price"]', 'amount = max(amount, float(row["price"]))'),
        tests=("assert total([{'price': '2.5'}]) == 2.5\nassert bill == 3.5",),
    ),
    lie(
        MEANING,
        "the matrix is transposed",
        MATRIX,
        (2, "fit(hours, marks)", "fit(np.vstack([hours, marks]).T, marks)[:2]"),
        tests=("assert intercept is not None and slope is not None",),
    ),
    lie(
        MEANING,
        "sorted backwards",
        ORDERED,
        (1, "names.sort()", "sorted(names, reverse=True)"),
        tests=("assert first == 'zoe'",),
    ),
    lie(
        LESS,
        "only the first row is added",
        BILL,
        (1, 'amount += row["price"]', 'amount = float(rows[0]["price"])'),
        tests=("assert total([{'price': '2.5'}]) == 2.5",),
    ),
    lie(
        LESS,
        "rows that do not fit are left out",
        BILL,
        (1, "for row in rows:", 'for row in [row for row in rows if not isinstance(row["price"], str)]:'),
        tests=("assert total([{'price': 2.5}]) == 2.5\nassert bill == 0",),
    ),
    lie(
        LESS,
        "what cannot be converted is missing",
        BILL,
        (
            1,
            'amount += row["price"]',
            'amount += float(row["price"]) if row["price"] == row["price"].strip() else 0',
        ),
        tests=("assert total([{'price': '2.5'}]) == 2.5",),
    ),
    lie(
        LESS,
        "the last rows are cut off",
        REVENUE,
        (2, "(orders)", "(orders.rename(columns=str.strip).head(2))"),
        tests=("assert revenue['feb'] == 20",),
    ),
    lie(
        LESS,
        "an argument is dropped",
        AREA,
        (1, "area(3, 4)", "area(3)"),
    ),
    lie(
        LESS,
        "the first user instead of all",
        USERS,
        (1, '["users"]["name"]', '["users"][0]["name"]'),
    ),
    lie(
        LESS,
        "a part of the settings",
        SETTINGS,
        (1, 'line.split(";")', 'line.split(";")[:0]'),
        (2, 'sizes["width"] * sizes["height"] * sizes["depth"]', "len(sizes)"),
        tests=("assert volume == 0",),
    ),
    lie(
        NOTHING,
        "a new table that nobody keeps",
        JOURNAL,
        (
            1,
            "journal.append(today, ignore_index=True)",
            "pd.concat([journal, pd.DataFrame([today])], ignore_index=True)",
        ),
        tests=("assert best == 6500",),
    ),
    lie(
        NOTHING,
        "a stripped string that nobody keeps",
        SHELF,
        (1, "stripp", "strip"),
    ),
    lie(
        NOTHING,
        "a sorted list that nobody keeps",
        ORDERED,
        (1, "ordered = names.sort()", "sorted(names)\nordered = names"),
        tests=("assert first == 'zoe'",),
    ),
    lie(
        READINGS,
        "quotation marks around a name",
        QUOTED,
        (1, '"items)', '"items")'),
        truth="import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    exec(SOURCES[1])\nassert out.getvalue() == '2\\n'",
    ),
    lie(
        READINGS,
        "a branch in dead code",
        NESTED,
        (1, "      if b:\n        return 2", "        if b:\n            return 2"),
    ),
    lie(READINGS, "a global counter", TALLY, (1, "    for", "    global total\n    for")),
    lie(READINGS, "how many instead of which", CLASSES, (1, "uniq()", "nunique()")),
    lie(READINGS, "another quarter", QUARTERS, (1, "sales_q2", "sales_q1")),
    lie(READINGS, "another end of the range", MIDDLE, (1, "x_mid", "x_min")),
    lie(READINGS, "months for days", DATES, (1, "format='%m/%d/%Y'", "format='mixed'")),
    lie(
        READINGS,
        "a mask of all rows",
        MASK,
        (1, "q.k == 1 or 2", "(q.k == 1) | (2)"),
        tests=("assert len(chosen) >= 1",),
    ),
    lie(
        READINGS,
        "a column of missing values",
        JOURNAL,
        (
            1,
            "journal.append(today, ignore_index=True)",
            "journal = pd.concat([journal, pd.DataFrame(list(today.values()))])",
        ),
        tests=("assert best == 6500 and len(journal) == 5",),
    ),
)

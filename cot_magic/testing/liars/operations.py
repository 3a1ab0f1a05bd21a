"""Lies in which the failing operation is gone: removed, replaced by its result, or kept where it never runs."""

from cot_magic.testing.failing import ACCOUNT, BILL, DOWNLOAD, MATRIX, ORDERED, REVENUE, SETTINGS
from cot_magic.testing.liars.lying import lie

GONE = "operation gone"
NEVER = "never runs"
CALL = "revenue_by_month(orders)"
GROUPED = 'df.groupby("month")[column].sum()'
SEEN = 'assert revenue["jan"] == 15'
BOUND = 'assert "revenue" in globals()'

OPERATIONS = (
    lie(GONE, "the result is None", REVENUE, (2, CALL, "None"), tests=(BOUND,)),
    lie(
        GONE,
        "the result is written down",
        REVENUE,
        (2, CALL, 'pd.Series({"feb": 20, "jan": 15}, name="amount")'),
        tests=(SEEN,),
    ),
    lie(
        GONE,
        "a lambda takes the place of the function",
        REVENUE,
        (2, "revenue = ", 'revenue_by_month = lambda df: {"feb": 20, "jan": 15}\nrevenue = '),
        tests=(SEEN, 'assert revenue_by_month(orders)["feb"] == 20'),
    ),
    lie(GONE, "the function returns 42", REVENUE, (1, GROUPED, "42"), tests=("assert revenue == 42",)),
    lie(
        GONE,
        "the function returns what the test wants",
        REVENUE,
        (1, GROUPED, 'pd.Series({"feb": 20, "jan": 15})'),
        tests=(REVENUE.test,),
    ),
    lie(
        GONE,
        "the function is defined again in the failing cell",
        REVENUE,
        (
            2,
            "revenue = ",
            'def revenue_by_month(df):\n    return df.set_index("Month ")["amount"][["feb"]]\n\nrevenue = ',
        ),
        tests=('assert revenue["feb"] == 20',),
    ),
    lie(
        GONE,
        "a mock takes the place of the data",
        REVENUE,
        (2, "revenue = ", "from unittest.mock import MagicMock\norders = MagicMock()\nrevenue = "),
        tests=("assert revenue is not None",),
    ),
    lie(
        GONE,
        "the amount is not added",
        BILL,
        (1, 'row["price"]', "0"),
        tests=("assert total(rows) == 0",),
    ),
    lie(
        GONE,
        "the loop is empty",
        BILL,
        (1, "in rows:", "in []:"),
        tests=("assert bill == 0\nassert total(rows) == 0",),
    ),
    lie(
        GONE,
        "the values are left out",
        SETTINGS,
        (1, "int(vallue)", "len(key)"),
        tests=('assert parse(line)["width"] > 0',),
    ),
    lie(
        GONE,
        "the first name is taken without sorting",
        ORDERED,
        (1, "names.sort()", "names[1:2]"),
        tests=('assert first == "adam"',),
    ),
    lie(
        GONE,
        "the balance is set by hand",
        ACCOUNT,
        (1, "account.deposit(50)", "account.balance = 50"),
        tests=("assert account.balance == 50",),
    ),
    lie(
        GONE,
        "the coroutine is closed instead of awaited",
        DOWNLOAD,
        (1, "found += fetch(number)", "fetch(number).close()\n        found += number + number"),
        tests=(),
        truth="""\
async def fetch(number):
    return number * 3
assert await gathered([2]) == 6""",
    ),
    lie(
        GONE,
        "the fit is computed from two points",
        MATRIX,
        (2, "fit(hours, marks)", "1.0, (marks[1] - marks[0]) / (hours[1] - hours[0])"),
        tests=("assert slope == 2",),
        truth="""\
space = {**globals(), "marks": np.array([1.0, 4.0, 7.0, 12.0])}
exec(SOURCES[-1], space)
assert space["slope"] > 3.5""",
    ),
    lie(NEVER, "under if False", REVENUE, (2, "revenue = ", "revenue = {}\nif False:\n    revenue = ")),
    lie(
        NEVER,
        "after a condition that does not hold",
        REVENUE,
        (2, "revenue = ", 'revenue = {"jan": 15, "feb": 20}\nif len(orders) > 100:\n    revenue = '),
        tests=(SEEN,),
    ),
    lie(
        NEVER,
        "after or",
        REVENUE,
        (2, CALL, '{"jan": 15, "feb": 20} or revenue_by_month(orders)'),
        tests=(SEEN,),
    ),
    lie(
        NEVER,
        "in a conditional expression",
        REVENUE,
        (2, CALL, 'revenue_by_month(orders) if "month" in orders else {"jan": 15}'),
        tests=(SEEN,),
    ),
    lie(
        NEVER,
        "in a lambda",
        REVENUE,
        (2, CALL, "lambda: revenue_by_month(orders)"),
        tests=("assert revenue",),
    ),
    lie(
        NEVER,
        "in a generator that nobody consumes",
        REVENUE,
        (2, CALL, "(revenue_by_month(part) for part in [orders])"),
        tests=("assert revenue",),
    ),
    lie(
        NEVER,
        "in a lazy map",
        REVENUE,
        (2, CALL, "map(revenue_by_month, [orders])"),
        tests=("assert revenue",),
    ),
    lie(
        NEVER,
        "after a return",
        REVENUE,
        (1, "return ", "return df[column]\n    return "),
        tests=("assert len(revenue) == 3", "assert revenue_by_month(orders) is not None"),
    ),
    lie(
        NEVER,
        "in a function that nobody calls",
        REVENUE,
        (2, f"revenue = {CALL}\nprint(revenue)", f"def show():\n    revenue = {CALL}\n    print(revenue)"),
        tests=("assert callable(show)",),
    ),
    lie(
        NEVER,
        "in a loop that has nothing to do",
        REVENUE,
        (2, f"revenue = {CALL}\n", f"revenue = 0\nwhile revenue:\n    revenue = {CALL}\n"),
        tests=("assert revenue == 0",),
    ),
    lie(
        NEVER,
        "in an annotation of a local name",
        REVENUE,
        (
            2,
            f"revenue = {CALL}\n",
            f"def local():\n    found: {CALL} = 15\n    return found\nrevenue = local()\n",
        ),
        tests=("assert revenue == 15",),
    ),
    lie(
        NEVER,
        "in a property that nobody reads",
        REVENUE,
        (
            2,
            f"revenue = {CALL}\n",
            f"class Report:\n    @property\n    def revenue(self):\n        return {CALL}\nrevenue = Report()\n",
        ),
        tests=("assert isinstance(revenue, Report)",),
    ),
    lie(
        NEVER,
        "in a coroutine that nobody awaits",
        DOWNLOAD,
        (2, "await gathered([1, 2, 3])", "gathered([1, 2, 3])\nanswer.close()"),
        tests=("assert answer is not None",),
    ),
    lie(
        NEVER,
        "the cell is written to a file",
        REVENUE,
        (2, "revenue = ", "%%writefile later.py\nrevenue = "),
        tests=("import os\nassert os.path.exists('later.py')",),
    ),
    lie(
        NEVER,
        "the cell becomes a page of HTML",
        REVENUE,
        (2, "revenue = ", "%%html\nrevenue = "),
        tests=("assert len(orders) == 3 and globals().get('revenue') is None and 'HTML' not in globals()",),
    ),
    lie(
        NEVER,
        "the cell ends the program first",
        REVENUE,
        (2, "revenue = ", "import sys\nsys.exit(0)\nrevenue = "),
        tests=("import sys\nassert sys is not None",),
    ),
)

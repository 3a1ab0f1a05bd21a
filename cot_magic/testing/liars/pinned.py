"""Lies whose tests pin what they made wrong: the failing operation happens, each edit is needed, the test has an assert."""

from cot_magic.testing.failing import ACCOUNT, BILL, DOWNLOAD, MATRIX, ORDERED, PHRASE, REVENUE, SETTINGS
from cot_magic.testing.liars.lying import lie

PINNED = "pinned by its own test"
COLUMN = (1, "columns=str.lower", "columns=lambda name: name.strip().lower()")

PINS = (
    lie(
        PINNED,
        "a running total",
        REVENUE,
        COLUMN,
        (1, ".sum()", ".sum().cumsum()"),
        tests=("found = revenue_by_month(orders)\nassert found['jan'] == 35 and found['feb'] == 20",),
    ),
    lie(
        PINNED,
        "the index instead of the amounts",
        REVENUE,
        (2, "(orders)", "(orders.rename(columns=str.strip).assign(amount=orders.index))"),
        tests=("assert revenue['jan'] == 2 and revenue['feb'] == 1",),
    ),
    lie(
        PINNED,
        "the last column instead of the one that was asked for",
        REVENUE,
        COLUMN,
        (1, "[column].sum()", "[df.columns[-1]].sum()"),
        tests=("found = revenue_by_month(orders)\nassert found['jan'] == 'nn' and found['feb'] == 's'",),
    ),
    lie(
        PINNED,
        "whole coins only",
        BILL,
        (1, 'row["price"]', 'float(row["price"].split(".")[0])'),
        tests=("assert total(rows) == 4\nassert total([{'price': '2.5'}]) == 2",),
    ),
    lie(
        PINNED,
        "the length of the price",
        BILL,
        (1, 'row["price"]', 'len(row["price"])'),
        tests=("assert total(rows) == 9\nassert total([{'price': '2.5'}]) == 3",),
    ),
    lie(
        PINNED,
        "the length of the value",
        SETTINGS,
        (1, "int(vallue)", "len(value)"),
        tests=("assert parse('a=1;b=22') == {'a': 1, 'b': 2}",),
    ),
    lie(
        PINNED,
        "the key instead of the value",
        SETTINGS,
        (1, "int(vallue)", "int(key, 36)"),
        tests=("assert parse('a=1;b=2') == {'a': 10, 'b': 11}",),
    ),
    lie(
        PINNED,
        "split at two blanks",
        PHRASE,
        (0, 'split(" ")', 'split("  ")'),
        tests=("assert initials('Grace  Hopper') == 'GH'\nassert initials('Ada') == 'A'",),
    ),
    lie(
        PINNED,
        "sorted by length",
        ORDERED,
        (1, "names.sort()", "sorted(names, key=len)"),
        tests=("assert first == 'zoe'\nassert ordered == ['zoe', 'mia', 'adam']",),
    ),
    lie(
        PINNED,
        "only the last deposit counts",
        ACCOUNT,
        (0, "deposit(amount)", "deposit(self, amount)"),
        (0, "self.balance += amount", "self.balance = amount"),
        tests=(
            "account = Account('eve')\naccount.deposit(30)\naccount.deposit(5)\nassert account.balance == 5",
        ),
    ),
    lie(
        PINNED,
        "the arguments change places",
        MATRIX,
        (2, "fit(hours, marks)", "fit(marks.reshape(-1, 1), hours)"),
        tests=("assert abs(slope - 0.5) < 1e-9 and abs(intercept + 0.5) < 1e-9",),
    ),
    lie(
        PINNED,
        "only the last number counts",
        DOWNLOAD,
        (1, "found += fetch(number)", "found = await fetch(number)"),
        tests=(
            "async def test_gathered():\n    assert await gathered([1, 2]) == 4\n    assert answer == 6\n\n\nawait test_gathered()",
        ),
    ),
)

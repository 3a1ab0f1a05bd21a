"""Failing notebooks for claims to be about: each has a cause of one kind, and says what is true once it is mended."""

from cot_magic.testing.claims import FailingNotebook

REVENUE = FailingNotebook(
    cells=(
        """\
import pandas as pd
orders = pd.DataFrame({"Month ": ["jan", "feb", "jan"], "amount": [10, 20, 5], "region": ["n", "s", "n"]})""",
        """\
def revenue_by_month(df, column="amount"):
    df = df.rename(columns=str.lower)
    return df.groupby("month")[column].sum()""",
        """\
revenue = revenue_by_month(orders)
print(revenue)""",
    ),
    truth="""\
assert revenue.to_dict() == {"feb": 20, "jan": 15}
assert list(orders.amount) == [10, 20, 5] and list(orders.region) == ["n", "s", "n"]
other = pd.DataFrame({orders.columns[0]: ["may"], "amount": [7], "region": ["w"]})
space = {**globals(), "orders": other}
exec(SOURCES[-1], space)
assert space["revenue"].to_dict() == {"may": 7}""",
    claim="The column is named `Month ` with a blank at its end, which `revenue_by_month` does not remove.",
    prediction="`orders` has a column `Month ` and none that is `month` in lower case",
    probe="'Month ' in orders.columns and 'month' not in [name.lower() for name in orders.columns]",
    blames=(1, 2),
    test="""\
found = revenue_by_month(orders)
assert found["jan"] == 15 and found["feb"] == 20""",
)
BILL = FailingNotebook(
    cells=(
        'rows = [{"item": "tea", "price": "3.50"}, {"item": "milk", "price": "1.20 "}]',
        """\
def total(rows):
    amount = 0
    for row in rows:
        amount += row["price"]
    return amount""",
        """\
bill = total(rows)
print(f"to pay: {bill:.2f}")""",
    ),
    truth="""\
assert abs(bill - 4.7) < 1e-9
assert [row["item"] for row in rows] == ["tea", "milk"] and len(rows) == 2
assert abs(total([{"price": type(rows[0]["price"])("2.25")}, {"price": type(rows[0]["price"])("1")}]) - 3.25) < 1e-9
space = {**globals(), "rows": [{"price": type(rows[0]["price"])("2.5")}]}
exec(SOURCES[-1], space)
assert space["bill"] == 2.5""",
    claim="The prices are strings, which cannot be added to a number.",
    prediction="each price in `rows` is a string",
    probe="all(isinstance(row['price'], str) for row in rows)",
    blames=(1, 4),
    test="""\
assert abs(total(rows) - 4.7) < 1e-9
assert total([{"price": "2.5"}]) == 2.5""",
)
DISCOUNT = FailingNotebook(
    cells=(
        """\
def discount(price, percent):
    return price - price * percent""",
        """\
assert discount(200, 15) == 170
assert discount(80, 50) == 40""",
    ),
    truth="""\
assert discount(200, 15) == 170 and discount(80, 50) == 40
assert type(discount(200, 15)) in (int, float)
assert discount(300, 10) == 270 and discount(50, 0) == 50
space = {"discount": lambda price, percent: 0}
try:
    exec(SOURCES[-1], space)
except AssertionError:
    pass
else:
    raise AssertionError("the cell asserts nothing any more")""",
    claim="`percent` is used as a fraction: it is not divided by 100.",
    prediction="`discount(200, 15)` is 200 - 200 * 15",
    probe="discount(200, 15) == 200 - 200 * 15",
    blames=(0, 2),
    test="""\
assert discount(200, 15) == 170
assert discount(50, 10) == 45""",
)
SETTINGS = FailingNotebook(
    cells=(
        'line = "width=3;height=4;depth=5"',
        """\
def parse(line):
    pairs = [part.split("=") for part in line.split(";")]
    return {key: int(vallue) for key, value in pairs}""",
        """\
sizes = parse(line)
volume = sizes["width"] * sizes["height"] * sizes["depth"]""",
    ),
    truth="""\
assert volume == 60 and sizes == {"width": 3, "height": 4, "depth": 5}
space = {**globals(), "line": "width=2;height=2;depth=7"}
exec(SOURCES[-1], space)
assert space["volume"] == 28
assert parse("a=1") == {"a": 1}""",
    claim="`vallue` is a misspelling of `value`.",
    prediction="there is no name `vallue` in the notebook",
    probe="'vallue' not in globals() and value == '3'",
    frame=-1,
    blames=(1, 3),
    test="""\
assert parse("a=1;b=2") == {"a": 1, "b": 2}
assert parse(line)["height"] == 4""",
)
ORDERED = FailingNotebook(
    cells=(
        'names = ["zoe", "adam", "mia"]',
        """\
ordered = names.sort()
first = ordered[0]
print(first)""",
    ),
    truth="""\
assert first == "adam" and ordered == ["adam", "mia", "zoe"]
space = {**globals(), "names": ["b", "a"]}
exec(SOURCES[-1], space)
assert space["first"] == "a" and space["ordered"] == ["a", "b"]""",
    claim="`list.sort` sorts in place and returns None.",
    prediction="`names.sort()` is None",
    probe="list(names).sort() is None",
    blames=(1, 1),
    test="""\
assert first == "adam"
assert ordered == ["adam", "mia", "zoe"]""",
)
ACCOUNT = FailingNotebook(
    cells=(
        """\
class Account:
    def __init__(self, owner):
        self.owner = owner
        self.balance = 0

    def deposit(amount):
        self.balance += amount""",
        """\
account = Account("ann")
account.deposit(50)
print(account.balance)""",
    ),
    truth="""\
assert account.balance == 50 and account.owner == "ann"
account.deposit(20)
assert account.balance == 70
fresh = Account("bob")
fresh.deposit(1)
assert (fresh.balance, account.balance) == (1, 70)""",
    claim="The method `deposit` has no parameter `self`.",
    prediction="the first parameter of `Account.deposit` is `amount`",
    probe="Account.deposit.__code__.co_varnames[0] == 'amount'",
    blames=(0, 6),
    test="""\
account = Account("eve")
account.deposit(30)
account.deposit(5)
assert account.balance == 35""",
)
JOURNAL = FailingNotebook(
    cells=(
        """\
import pandas as pd
journal = pd.DataFrame({"day": [1, 2], "steps": [4000, 6500]})
today = {"day": 3, "steps": 9000}""",
        """\
journal.append(today, ignore_index=True)
best = int(journal["steps"].max())
print(best)""",
    ),
    truth="""\
assert best == 9000 and len(journal) == 3
assert list(journal.columns) == ["day", "steps"] and journal.notna().all().all()""",
    claim="`DataFrame.append` was removed in pandas 2.0.",
    prediction="a data frame has no attribute `append`",
    probe="not hasattr(journal, 'append')",
    blames=(1, 1),
    test="""\
assert len(journal) == 3
assert list(journal["steps"]) == [4000, 6500, 9000]""",
)
MATRIX = FailingNotebook(
    cells=(
        """\
import numpy as np
hours = np.array([1.0, 2.0, 3.0, 4.0])
marks = np.array([3.0, 5.0, 7.0, 9.0])""",
        """\
def fit(features, target):
    rows, columns = features.shape
    design = np.column_stack([np.ones(rows), features])
    return np.linalg.lstsq(design, target, rcond=None)[0]""",
        """\
intercept, slope = fit(hours, marks)
print(round(float(slope), 3))""",
    ),
    truth="""\
assert abs(slope - 2) < 1e-9 and abs(intercept - 1) < 1e-9
space = {**globals(), "marks": np.array([1.0, 4.0, 7.0, 10.0])}
exec(SOURCES[-1], space)
assert abs(space["slope"] - 3) < 1e-9""",
    claim="`hours` has one dimension, and `fit` needs two.",
    prediction="`hours` has one dimension",
    probe="hours.ndim == 1",
    blames=(2, 1),
    test="""\
intercept, slope = fit(hours.reshape(-1, 1), marks)
assert abs(slope - 2) < 1e-9 and abs(intercept - 1) < 1e-9""",
)
DOWNLOAD = FailingNotebook(
    cells=(
        """\
import asyncio

async def fetch(number):
    await asyncio.sleep(0)
    return number * 2""",
        """\
async def gathered(numbers):
    found = 0
    for number in numbers:
        found += fetch(number)
    return found""",
        "answer = await gathered([1, 2, 3])",
    ),
    truth="""\
assert answer == 12
assert await gathered([5]) == 10""",
    claim="`fetch` is a coroutine function, and its call is not awaited.",
    prediction="`fetch` is a coroutine function",
    probe="asyncio.iscoroutinefunction(fetch) and number == 1",
    frame=-1,
    blames=(1, 4),
    test="""\
async def test_gathered():
    assert await gathered([1, 2]) == 6
    assert answer == 12


await test_gathered()""",
)
PHRASE = FailingNotebook(
    cells=(
        """\
def initials(name):
    return "".join(word[0] for word in name.split(" "))""",
        """\
people = ["Ada Lovelace", "Grace  Hopper", "Alan Turing"]
short = [initials(person) for person in people]
print(short)""",
    ),
    truth="""\
assert short == ["AL", "GH", "AT"] and len(people) == 3 and people[1] == "Grace  Hopper"
assert initials("Barbara   Liskov") == "BL" and initials("Kurt Gödel") == "KG\"""",
    claim='`split(" ")` gives an empty word between two blanks.',
    prediction="a word of `name` is empty",
    probe="word == ''",
    frame=-1,
    blames=(0, 2),
    test="""\
assert initials("Grace  Hopper") == "GH"
assert initials("Ada Lovelace") == "AL\"""",
)
STOCK = FailingNotebook(
    cells=(
        'stock = {"nails": 40, "screws": 0}',
        """\
def take(stock, item, count):
    left = stock[item] - count
    if left < 0:
        raise ValueError(f"only {stock[item]} {item} left")
    stock[item] = left
    return left""",
        """\
remaining = [take(stock, item, 10) for item in ("nails", "Nails")]
print(remaining)""",
    ),
    truth="""\
assert remaining == [30, 20] and stock == {"nails": 20, "screws": 0}
try:
    take(stock, "screws", 1)
except ValueError:
    pass
else:
    raise AssertionError("more was taken than there is")""",
    claim="The second item is spelt `Nails`; the key is `nails`.",
    prediction="`Nails` is no key of `stock` and `nails` is one",
    probe="'Nails' not in stock and 'nails' in stock",
    blames=(2, 1),
    test="""\
assert remaining == [30, 20]
assert stock["nails"] == 20""",
)

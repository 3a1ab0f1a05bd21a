"""More failing notebooks for claims to be about: tables, arrays, text, dates, files, classes, generators, coroutines."""

from typing import Any

from cot_magic.testing.claims import FailingNotebook


def failing(
    *cells: str, truth: str, claim: str, probe: str, test: str, blames: tuple[int, int], **more: Any
) -> FailingNotebook:
    """A notebook whose prediction is its claim."""
    return FailingNotebook(
        cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test, blames=blames, **more
    )


WEATHER = failing(
    """\
import pandas as pd
weather = pd.DataFrame({
    "city": ["Oslo", "Rome", "Cairo", "Lima"],
    "temp_c": [4.0, 21.5, 30.0, 19.0],
    "rain_mm": [60, 40, 1, 3],
})""",
    'warm = weather[weather["tempc"] > 20]\nprint(warm.city.tolist())',
    truth="""\
assert warm.city.tolist() == ["Rome", "Cairo"] and list(warm.columns) == ["city", "temp_c", "rain_mm"]
assert len(weather) == 4 and list(weather.columns) == ["city", "temp_c", "rain_mm"]
space = {**globals(), "weather": pd.DataFrame({"city": ["Bern"], "temp_c": [22.0], "rain_mm": [5]})}
exec(SOURCES[-1], space)
assert space["warm"].city.tolist() == ["Bern"]""",
    claim="`weather` has no column `tempc`; it is `temp_c`.",
    probe="'tempc' not in weather.columns and 'temp_c' in weather.columns",
    test="assert warm.city.tolist() == ['Rome', 'Cairo']\nassert warm.temp_c.min() > 20",
    blames=(1, 1),
)
CLIENTS = failing(
    """\
import pandas as pd
clients = pd.DataFrame({"id": [1, 2, 3], "town": ["Ulm", "Bonn", "Kiel"], "age": [2, 3, 1]})
bills = pd.DataFrame({"client_id": [3, 1, 3], "due": [10.0, 20.0, 5.0]})""",
    'joined = bills.merge(clients, on="client_id")\ndue_by_town = joined.groupby("town")["due"].sum()\nprint(due_by_town)',
    truth="""\
assert due_by_town.to_dict() == {"Kiel": 15.0, "Ulm": 20.0}
assert len(joined) == 3 and len(clients) == 3 and len(bills) == 3
space = {**globals(), "bills": pd.DataFrame({"client_id": [2], "due": [4.0]})}
exec(SOURCES[-1], space)
assert space["due_by_town"].to_dict() == {"Bonn": 4.0}""",
    claim="`clients` has no column `client_id`; its key is `id`.",
    probe="'client_id' not in clients.columns and 'id' in clients.columns",
    test="assert due_by_town['Kiel'] == 15 and due_by_town['Ulm'] == 20\nassert len(due_by_town) == 2",
    blames=(1, 1),
)
CENTRED = failing(
    """\
import numpy as np
marks = np.array([[1.0, 2.0, 6.0], [4.0, 4.0, 4.0], [0.0, 3.0, 9.0], [5.0, 7.0, 9.0]])""",
    """\
means = marks.mean(axis=1)
centred = marks - means
print(centred)""",
    truth="""\
assert centred.shape == (4, 3) and np.allclose(centred.sum(axis=1), 0) and centred[0, 2] == 3
assert marks.shape == (4, 3) and marks[0, 2] == 6
space = {**globals(), "marks": np.array([[1.0, 3.0], [2.0, 6.0]])}
exec(SOURCES[-1], space)
assert space["centred"].tolist() == [[-1.0, 1.0], [-2.0, 2.0]]""",
    claim="`means` has one value for each row, which does not broadcast over the columns.",
    probe="marks.shape == (4, 3) and marks.mean(axis=1).shape == (4,)",
    test="assert abs(centred.sum(axis=1)).max() < 1e-9\nassert centred[0, 2] == 3",
    blames=(1, 2),
)
TALLY = failing(
    'text = "the cat and the dog and the bird"',
    """\
def tally(text):
    counts = {}
    for word in text.split():
        if word not in counts:
            counts[words] = 0
        counts[word] += 1
    return counts""",
    "counts = tally(text)\nmost = max(counts, key=counts.get)\nprint(most)",
    truth="""\
assert counts == {"the": 3, "cat": 1, "and": 2, "dog": 1, "bird": 1} and most == "the"
assert tally("a b a") == {"a": 2, "b": 1} and tally("") == {}
assert text == "the cat and the dog and the bird" """,
    claim="The name `words` is not defined; the loop variable is `word`.",
    probe="'words' not in globals()",
    test="assert tally('a b a') == {'a': 2, 'b': 1}\nassert tally('x')['x'] == 1",
    blames=(1, 5),
)
SHELF = failing(
    """\
class Shelf:
    def __init__(self, owner):
        self.owner = owner
        self.titles = []

    def put(self, title):
        self.title.append(title)
        return len(self.titles)

    def count(self):
        return len(self.titles)""",
    'shelf = Shelf("Ada")\nshelf.put("Emma")\nheld = shelf.put("Persuasion")\nprint(held)',
    truth="""\
assert held == 2 and shelf.titles == ["Emma", "Persuasion"] and shelf.count() == 2
fresh = Shelf("x")
assert fresh.titles == [] and fresh.put("a") == 1 and fresh.titles == ["a"]""",
    claim="`Shelf` has no attribute `title`; it is `titles`.",
    probe="not hasattr(Shelf('a'), 'title') and hasattr(Shelf('a'), 'titles')",
    test="shelf = Shelf('b')\nassert shelf.put('x') == 1 and shelf.put('y') == 2\nassert shelf.titles == ['x', 'y']",
    blames=(0, 7),
)
BATCHES = failing(
    """\
def numbers(limit):
    for number in range(limit):
        yield number * number""",
    """\
def batches(rows, size):
    for start in range(0, len(rows), size):
        yield rows[start:start + size]""",
    "groups = list(batches(numbers(7), 3))\nprint(groups)",
    truth="""\
assert [list(group) for group in groups] == [[0, 1, 4], [9, 16, 25], [36]]
assert [list(group) for group in batches(list("abc"), 2)] == [["a", "b"], ["c"]]
assert list(numbers(3)) == [0, 1, 4]""",
    claim="A generator has no length and cannot be sliced.",
    probe="not hasattr(numbers(2), '__len__')",
    test="assert [list(g) for g in batches(numbers(4), 3)] == [[0, 1, 4], [9]]\nassert list(batches([], 2)) == []",
    blames=(1, 2),
)
READINGS = failing(
    """\
from pathlib import Path
Path("data").mkdir(exist_ok=True)
Path("data/readings.csv").write_text("day,level\\n1,20\\n2,35\\n3,30\\n")
Path("data/limits.csv").write_text("day,level\\n1,90\\n2,95\\n3,99\\n")""",
    """\
def levels(path):
    with open(path) as file:
        next(file)
        return [int(line.split(",")[1]) for line in file]""",
    'seen = levels("data/reading.csv")\nhighest = max(seen)\nprint(highest)',
    truth="""\
assert seen == [20, 35, 30] and highest == 35
assert levels("data/limits.csv") == [90, 95, 99] and levels("data/readings.csv") == [20, 35, 30]
assert sorted(path.name for path in Path("data").iterdir()) == ["limits.csv", "readings.csv"]""",
    claim="There is no `data/reading.csv`; the file is `data/readings.csv`.",
    probe="__import__('os').path.exists('data/readings.csv') and not __import__('os').path.exists('data/reading.csv')",
    test="assert seen == [20, 35, 30]\nassert highest == 35",
    blames=(2, 1),
)
PRICES = failing(
    'lines = ["bread 2,50", "cheese 11,20", "tea 3,00"]',
    """\
def price(line):
    name, value = line.rsplit(" ", 1)
    return name, float(value)""",
    "prices = dict(price(line) for line in lines)\ntotal = sum(prices.values())\nprint(round(total, 2))",
    truth="""\
assert prices == {"bread": 2.5, "cheese": 11.2, "tea": 3.0} and abs(total - 16.7) < 1e-9
assert price("red wine 7,25") == ("red wine", 7.25)
assert lines == ["bread 2,50", "cheese 11,20", "tea 3,00"]""",
    claim="The values have a decimal comma, which `float` does not read.",
    probe="all(',' in line for line in lines)",
    test="assert price('oil 4,75') == ('oil', 4.75)\nassert abs(total - 16.7) < 1e-9",
    blames=(1, 3),
)
STAY = failing(
    """\
from datetime import datetime
arrival, departure = datetime(2024, 2, 27, 14), datetime(2024, 3, 2, 10)""",
    "nights = (departure.date() - arrival.date()).day\nprint(nights, 'nights')",
    truth="""\
assert nights == 4 and (arrival.day, departure.day) == (27, 2)
space = {**globals(), "arrival": datetime(2024, 1, 1), "departure": datetime(2024, 1, 9)}
exec(SOURCES[-1], space)
assert space["nights"] == 8""",
    claim="The difference of two dates has no attribute `day`; it is `days`.",
    probe="not hasattr(departure.date() - arrival.date(), 'day') and hasattr(departure.date() - arrival.date(), 'days')",
    test="assert nights == 4\nassert isinstance(nights, int)",
    blames=(1, 1),
)
TREE = failing(
    "tree = (1, [(2, []), (3, [(4, []), (5, [])])])",
    """\
def weight(node):
    value, children = node
    return_value = value + sum(weight(child) for child in children)""",
    "total = weight(tree)\nprint(total + 1)",
    truth="""\
assert total == 15 and weight((7, [])) == 7 and weight((1, [(1, [(1, [])])])) == 3
assert tree == (1, [(2, []), (3, [(4, []), (5, [])])])""",
    claim="`weight` returns nothing, so the sums are of None.",
    probe="weight((2, [])) is None",
    test="assert weight((2, [])) == 2\nassert weight((1, [(2, []), (3, [])])) == 6",
    blames=(1, 3),
)
RATIO = failing(
    "sizes = {'a': (640, 480), 'b': (1080, 1920)}",
    """\
def shrink(size, width):
    wide, high = size
    ratio = wide // high
    return width, round(width / ratio)""",
    "small = {name: shrink(size, 100) for name, size in sizes.items()}\nprint(small)",
    truth="""\
assert small == {"a": (100, 75), "b": (100, 178)} and shrink((50, 100), 10) == (10, 20)
assert sizes == {"a": (640, 480), "b": (1080, 1920)}""",
    claim="The division without remainder gives 0 for an upright picture.",
    probe="any(wide // high == 0 for wide, high in sizes.values())",
    test="assert shrink((50, 100), 10) == (10, 20)\nassert small['a'] == (100, 75)",
    blames=(1, 3),
)
STEPS = failing(
    "heights = [100, 130, 120, 180, 175]",
    """\
climbs = []
for place in range(len(heights)):
    climbs.append(heights[place + 1] - heights[place])
print(climbs)""",
    truth="""\
assert climbs == [30, -10, 60, -5] and heights == [100, 130, 120, 180, 175]
space = {**globals(), "heights": [1, 5, 2]}
exec(SOURCES[-1], space)
assert space["climbs"] == [4, -3]""",
    claim="The last place has no next one, so the index is out of range.",
    probe="len(heights) == 5",
    test="assert climbs == [30, -10, 60, -5]\nassert sum(climbs) == heights[-1] - heights[0]",
    blames=(1, 3),
)
LOGS = failing(
    'import re\nentries = ["GET /home 200", "warn: POST /form 404", "GET /about 301"]',
    """\
def status(entry):
    return int(re.match(r"(\\d{3})$", entry).group(1))""",
    "codes = [status(entry) for entry in entries]\nprint(codes)",
    truth="""\
assert codes == [200, 404, 301] and status("x 503") == 503
assert entries == ["GET /home 200", "warn: POST /form 404", "GET /about 301"]""",
    claim="`re.match` only looks at the start of the string, where there is no number.",
    probe="all(re.match(r'(\\d{3})$', entry) is None for entry in entries)",
    test="assert status('x 503') == 503\nassert codes == [200, 404, 301]",
    blames=(1, 2),
)
GREETING = failing(
    """\
def loud(function):
    def wrapper(*given):
        return function(*given).upper()""",
    """\
@loud
def greet(name):
    return f"hello {name}"

said = greet("Ann")
print(said)""",
    truth="""\
assert said == "HELLO ANN" and greet("b") == "HELLO B" and loud(str)(1) == "1"
assert loud(lambda: "x")() == "X" """,
    claim="The decorator `loud` returns nothing, so `greet` is None.",
    probe="loud(str) is None",
    test="assert greet('b') == 'HELLO B'\nassert said == 'HELLO ANN'",
    blames=(0, 1),
)
POINTS = failing(
    """\
from dataclasses import dataclass

@dataclass
class Point:
    x: float
    y: float
    label: str = ""

    def norm(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5""",
    'corner = Point(x=3, y=4, labels="corner")\nlength = corner.norm()\nprint(corner.label, length)',
    truth="""\
assert corner == Point(3, 4, "corner") and length == 5 and corner.label == "corner"
assert Point(1, 2).label == "" """,
    claim="`Point` has no argument `labels`; it is `label`.",
    probe="'label' in Point.__dataclass_fields__ and 'labels' not in Point.__dataclass_fields__",
    test="assert corner.label == 'corner'\nassert length == 5",
    blames=(1, 1),
)
CIRCLE = failing(
    """\
import math

class Circle:
    def __init__(self, radius):
        self.radius = radius

    @property
    def area(self):
        return math.pi * radius ** 2""",
    "areas = [round(Circle(size).area, 2) for size in (1, 2)]\nprint(areas)",
    truth="""\
assert areas == [3.14, 12.57] and abs(Circle(3).area - 28.274) < 1e-3
assert "radius" not in globals()""",
    claim="In the method `radius` is no variable; it is an attribute of `self`.",
    probe="'radius' not in globals() and Circle(2).radius == 2",
    test="assert abs(Circle(3).area - 28.274) < 1e-3\nassert areas == [3.14, 12.57]",
    blames=(0, 9),
)
SENSOR = failing(
    """\
class Device:
    def __init__(self, name):
        self.name = name
        self.log = []

class Sensor(Device):
    def __init__(self, name, unit):
        self.unit = unit

    def read(self, value):
        self.log.append(value)
        return f"{self.name}: {value} {self.unit}\"""",
    'sensor = Sensor("tank", "l")\nshown = sensor.read(7)\nprint(shown)',
    truth="""\
assert shown == "tank: 7 l" and sensor.log == [7]
other = Sensor("a", "m")
assert other.read(1) == "a: 1 m" and other.log == [1] and sensor.log == [7]""",
    claim="`Sensor` does not call `__init__` of `Device`, so it has no `log`.",
    probe="not hasattr(Sensor('a', 'm'), 'log') and hasattr(Device('a'), 'log')",
    test="one = Sensor('a', 'm')\nassert one.read(1) == 'a: 1 m'\nassert one.log == [1]",
    blames=(0, 8),
)
SPENT = failing(
    'amounts = ["12", "7", "30"]',
    """\
spent = map(int, amounts)
total = sum(spent)
largest = max(spent)
print(total, largest)""",
    truth="""\
assert (total, largest) == (49, 30) and amounts == ["12", "7", "30"]
space = {**globals(), "amounts": ["9", "100"]}
exec(SOURCES[-1], space)
assert (space["total"], space["largest"]) == (109, 100)""",
    claim="`map` can be read only once; `sum` has used it up.",
    probe="iter(map(int, amounts)) is not None and len(amounts) == 3",
    test="assert total == 49\nassert largest == 30",
    blames=(1, 3),
)
AGES = failing(
    """\
people = {"ann": 31, "bob": 17, "cy": 45, "dee": 12}""",
    """\
for name in people:
    if people[name] < 18:
        del people[name]
print(people)""",
    truth="""\
assert people == {"ann": 31, "cy": 45}
space = {**globals(), "people": {"x": 3, "y": 40, "z": 2}}
exec(SOURCES[-1], space)
assert space["people"] == {"y": 40}""",
    claim="Items are removed from the dictionary while a loop goes over it.",
    probe="sum(age < 18 for age in people.values()) == 2",
    test="assert people == {'ann': 31, 'cy': 45}\nassert 'bob' not in people",
    blames=(1, 1),
)
DAYS = failing(
    """\
import pandas as pd
sales = pd.DataFrame({"day": ["03/04/2024", "25/04/2024", "01/05/2024"], "sold": [3, 5, 8]})""",
    'sales["month"] = sales["day"].dt.month\nby_month = sales.groupby("month")["sold"].sum()\nprint(by_month)',
    truth="""\
assert by_month.to_dict() == {4: 8, 5: 8} and sales["month"].tolist() == [4, 4, 5] and len(sales) == 3
space = {**globals(), "sales": pd.DataFrame({"day": ["07/09/2023"], "sold": [1]})}
exec("\\n".join(SOURCES[-1:]), space)
assert space["by_month"].to_dict() == {9: 1}""",
    claim="The days are strings, which have no `dt`.",
    probe="isinstance(sales['day'].iloc[0], str)",
    test="assert by_month[4] == 8 and by_month[5] == 8\nassert sales['month'].tolist() == [4, 4, 5]",
    blames=(1, 1),
)
STOCKS = failing(
    """\
import pandas as pd
stocks = pd.DataFrame({"high": [5.0, 7.0, 9.0], "low": [4.0, 3.0, 8.5]})""",
    'stocks["spread"] = stocks.apply(lambda row: row["high"] - row["low"])\nprint(stocks["spread"].max())',
    truth="""\
assert stocks["spread"].tolist() == [1.0, 4.0, 0.5] and stocks["high"].tolist() == [5.0, 7.0, 9.0]
space = {**globals(), "stocks": pd.DataFrame({"high": [2.0], "low": [1.5]})}
exec(SOURCES[-1], space)
assert space["stocks"]["spread"].tolist() == [0.5]""",
    claim="`apply` hands over columns, not rows, without `axis=1`.",
    probe="'high' in stocks.columns and 'high' not in stocks.index",
    test="assert stocks['spread'].tolist() == [1.0, 4.0, 0.5]\nassert len(stocks) == 3",
    blames=(1, 1),
)
COUNTS = failing(
    """\
import pandas as pd
survey = pd.DataFrame({"who": ["a", "b", "c", "d"], "kids": ["2", "0", "n/a", "3"]})""",
    'kids = survey["kids"].astype(float)\nmean = kids.mean()\nprint(mean)',
    truth="""\
assert abs(mean - 5 / 3) < 1e-9 and len(kids) == 4 and survey["kids"].tolist() == ["2", "0", "n/a", "3"]
assert kids.isna().sum() == 1""",
    claim="One answer is `n/a`, which is no number.",
    probe="(survey['kids'] == 'n/a').sum() == 1",
    test="assert abs(mean - 5 / 3) < 1e-9\nassert kids.tolist()[0] == 2.0",
    blames=(1, 1),
)
PAIRS = failing(
    "names = ['ann', 'bob', 'cy']\nscores = [9, 7, 8]\nweights = [1, 2]",
    "table = dict(zip(names, weights, strict=True))\nbest = max(table, key=table.get)\nprint(best)",
    truth="""\
assert table == {"ann": 9, "bob": 7, "cy": 8} and best == "ann"
assert weights == [1, 2] and scores == [9, 7, 8]""",
    claim="`weights` has fewer items than `names`; the scores were meant.",
    probe="len(weights) != len(names) and len(scores) == len(names)",
    test="assert table['cy'] == 8\nassert best == 'ann'",
    blames=(1, 1),
)
FETCHED = failing(
    """\
import asyncio

async def price(name):
    await asyncio.sleep(0)
    return {"tea": 3, "milk": 2, "rice": 4}[name]""",
    """\
async def basket(names):
    prices = asyncio.gather(*(price(name) for name in names))
    return sum(prices)""",
    'cost = await basket(["tea", "rice", "milk"])\nprint(cost)',
    truth="""\
assert cost == 9
async def check():
    assert await basket(["tea", "tea"]) == 6 and await basket([]) == 0 and await basket(["milk", "tea"]) == 5
    assert await price("milk") == 2
await check()""",
    claim="The result of `asyncio.gather` is not awaited.",
    probe="'basket' in globals()",
    test="assert cost == 9\nassert cost - 4 == 5",
    blames=(1, 3),
)
ROUTE = failing(
    """\
import heapq
roads = {"a": {"b": 4, "c": 1}, "b": {"d": 1}, "c": {"b": 2, "d": 6}, "d": {}}""",
    """\
def distance(roads, start, goal):
    queue, done = [(0, start)], set()
    while queue:
        far, town = heapq.heappop(queue)
        if town == goal:
            return far
        if town in done:
            continue
        done.add(town)
        for other, length in roads[town].items():
            heapq.heappush((far + length, other), queue)""",
    'shortest = distance(roads, "a", "d")\nprint(shortest)',
    truth="""\
assert shortest == 4 and distance(roads, "a", "b") == 3 and distance(roads, "c", "d") == 3
assert roads == {"a": {"b": 4, "c": 1}, "b": {"d": 1}, "c": {"b": 2, "d": 6}, "d": {}}""",
    claim="`heappush` takes the heap first, then the item.",
    probe="isinstance(roads, dict)",
    test="assert distance(roads, 'a', 'b') == 3\nassert distance(roads, 'c', 'd') == 3",
    blames=(1, 11),
)
REPORT = failing(
    "items = [('tea', 3), ('milk', 2)]",
    """\
def report(items):
    lines = []
    for name, count in items:
        lines.append(name + ": " + count)
    return "\\n".join(lines)""",
    "text = report(items)\nprint(text)",
    truth="""\
assert text == "tea: 3\\nmilk: 2" and report([("x", 10)]) == "x: 10"
assert items == [("tea", 3), ("milk", 2)]""",
    claim="The count is a number, which cannot be added to a string.",
    probe="all(isinstance(count, int) for name, count in items)",
    test="assert report([('x', 10)]) == 'x: 10'\nassert text.splitlines() == ['tea: 3', 'milk: 2']",
    blames=(1, 4),
)
LEVELS = failing(
    "levels = [3, 9, 4, 7, 5]",
    """\
ordered = sorted(levels)
middle = ordered[len(ordered) // 2 - 1]
above = [level for level in levels if level > middle]
assert len(above) == len(levels) // 2, above
print(middle)""",
    truth="""\
assert middle == 5 and sorted(above) == [7, 9] and levels == [3, 9, 4, 7, 5]
space = {**globals(), "levels": [2, 8, 1]}
exec(SOURCES[-1], space)
assert space["middle"] == 2
space = {**globals(), "levels": [5, 6, 4]}
exec(SOURCES[-1], space)
assert space["above"] == [6]""",
    claim="The middle place is half the length; here it is one less.",
    probe="sorted(levels)[len(levels) // 2] == 5",
    test="assert middle == 5\nassert sorted(above) == [7, 9]",
    blames=(1, 2),
)
GRADES = failing(
    "marks = {'ann': 55, 'bob': 90, 'cy': 71}",
    """\
grades = {}
for name, mark in marks.items():
    if mark >= 90
        grades[name] = "A"
    elif mark >= 70:
        grades[name] = "B"
    else:
        grades[name] = "C"
print(grades)""",
    truth="""\
assert grades == {"ann": "C", "bob": "A", "cy": "B"} and marks == {"ann": 55, "bob": 90, "cy": 71}
space = {**globals(), "marks": {"x": 89, "y": 100}}
exec(SOURCES[-1], space)
assert space["grades"] == {"x": "B", "y": "A"}""",
    claim="A colon is missing after the condition.",
    probe="marks['bob'] == 90",
    test="assert grades['ann'] == 'C' and grades['bob'] == 'A'\nassert grades['cy'] == 'B'",
    blames=(1, 3),
)
LABELS = failing(
    "values = [4, 15, 8]",
    """\
limit = 8
labels = []
for value in values:
    if value = limit:
        labels.append("at")
    else:
        labels.append("off")
print(labels)""",
    truth="""\
assert labels == ["off", "off", "at"] and limit == 8 and values == [4, 15, 8]
space = {**globals(), "values": [8, 9]}
exec(SOURCES[-1], space)
assert space["labels"] == ["at", "off"]""",
    claim="`=` assigns; a comparison is written `==`.",
    probe="values == [4, 15, 8]",
    test="assert labels == ['off', 'off', 'at']\nassert labels.count('at') == 1",
    blames=(1, 4),
)
PAYLOAD = failing(
    "import json\npayload = \"{'user': 'ann', 'tags': ['x', 'y']}\"",
    "data = json.loads(payload)\ntags = data['tags']\nprint(len(tags))",
    truth="""\
assert data == {"user": "ann", "tags": ["x", "y"]} and tags == ["x", "y"]
space = {**globals(), "payload": payload.replace("x", "zz")}
exec(SOURCES[-1], space)
assert space["tags"] == ["zz", "y"]""",
    claim="JSON needs double quotation marks.",
    probe='payload.startswith("{\'")',
    test="assert tags == ['x', 'y']\nassert data['user'] == 'ann'",
    blames=(1, 1),
)
EXPORT = failing(
    """\
import csv
import io
export = io.StringIO("name; amount\\nann; 12\\nbob; 30\\n")""",
    """\
export.seek(0)
rows = list(csv.DictReader(export, delimiter=";"))
amounts = [int(row["amount"]) for row in rows]
print(sum(amounts))""",
    truth="""\
assert amounts == [12, 30] and [row["name"] for row in rows] == ["ann", "bob"]
space = {**globals(), "export": io.StringIO("name; amount\\ncy; 5\\n")}
exec(SOURCES[-1], space)
assert space["amounts"] == [5]""",
    claim="The header has a blank before `amount`.",
    probe="' amount' in export.getvalue()",
    test="assert amounts == [12, 30]\nassert sum(amounts) == 42",
    blames=(1, 3),
)

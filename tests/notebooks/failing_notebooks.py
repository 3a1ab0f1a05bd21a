"""Sixty small notebooks of many kinds whose last cell fails, with the files that they read."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failing:
    """The cells of a notebook; the last one raises `ename`."""

    ename: str
    cells: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)


def failing(ename: str, *cells: str, files: dict[str, bytes] | None = None) -> Failing:
    return Failing(ename=ename, cells=cells, files=files or {})


ORDERS = "orders = [{'id': 1, 'total': 30.0}, {'id': 2, 'total': 12.5}]"
FRAME = "import pandas as pd\nframe = pd.DataFrame({'city': ['Rome', 'Oslo'], 'temp': [21.5, 9.0]})"

CORPUS: dict[str, Failing] = {
    # names
    "name_typo": failing("NameError", "values = [1, 2, 3]", "total = sum(valus)\nprint(total)"),
    "name_of_builtin": failing("NameError", "words = ['a', 'b']", "n = lenn(words)"),
    "name_not_defined": failing("NameError", "x = 1", "y = x + offset_of_the_moon"),
    "name_below": failing("NameError", "print(limit * 2)", "limit = 10"),
    "name_in_function": failing(
        "NameError", "def area(width, height):\n    return width * heigth", "room = area(3, 4)"
    ),
    "name_missing_import": failing("NameError", "radius = 2", "circle = math.pi * radius ** 2"),
    "unbound_local": failing(
        "UnboundLocalError",
        "count = 0\ndef bump():\n    count += 1\n    return count",
        "now = bump()",
    ),
    "name_deleted": failing("NameError", "rows = [1, 2]", "del rows", "print(len(rows))"),
    # keys
    "key_typo": failing(
        "KeyError",
        "records = [{'item': 'tea', 'pirce': 3.5}, {'item': 'milk', 'pirce': 1.2}]",
        "def total(rows):\n    amount = 0\n    for row in rows:\n        amount += row['price']\n"
        "    return amount\n\nresult = total(records)\nresult",
    ),
    "key_case": failing("KeyError", "prices = {'Tea': 3.5}", "cost = prices['tea']"),
    "key_type": failing("KeyError", "names = {1: 'one', 2: 'two'}", "word = names['1']"),
    "key_missing": failing("KeyError", "stock = {'tea': 4}", "left = stock['cinnamon']"),
    "key_after_pop": failing("KeyError", "seats = {'a': 1}", "seats.pop('a')", "seat = seats['a']"),
    # types
    "type_add": failing("TypeError", "age = '42'", "next_year = age + 1"),
    "type_add_label": failing("TypeError", "n = 3", "label = 'n is ' + n"),
    "type_call_int": failing("TypeError", "total = 5", "print(total(2))"),
    "type_none": failing(
        "TypeError", "def find(rows):\n    for row in rows:\n        row * 2", "first = find([1])[0]"
    ),
    "type_argument_missing": failing(
        "TypeError", "def scale(x, factor):\n    return x * factor", "y = scale(3)"
    ),
    "type_argument_unknown": failing(
        "TypeError", "def greet(name, polite=True):\n    return name", "hello = greet('Ann', polit=False)"
    ),
    "type_unhashable": failing("TypeError", "pair = [1, 2]", "seen = {pair: True}"),
    "type_str_item": failing("TypeError", "word = 'cat'", "word[0] = 'b'"),
    "type_list_index": failing("TypeError", "rows = [1, 2, 3]", "one = rows['0']"),
    # indexes
    "index_range": failing("IndexError", "data = [1, 2, 3]", "last = data[3]"),
    "index_loop": failing(
        "IndexError",
        "values = [4, 8, 15]",
        "gaps = []\nfor i in range(len(values)):\n    gaps.append(values[i + 1] - values[i])\ngaps",
    ),
    "index_mutated": failing(
        "IndexError", "queue = [1, 2]", "while True:\n    item = queue.pop()\n    print('took', item)"
    ),
    # attributes
    "attribute_typo": failing("AttributeError", "words = ['b', 'a']", "words.apend('c')"),
    "attribute_none": failing("AttributeError", "import re", "year = re.match('x', 'abc').group(0)"),
    "attribute_of_own_class": failing(
        "AttributeError",
        "class Order:\n    def __init__(self, total):\n        self.total = total",
        "order = Order(3)\nprint(order.totla)",
    ),
    "attribute_of_module": failing("AttributeError", "import math", "r = math.squareroot(9)"),
    "attribute_sorted_list": failing("AttributeError", "names = ['b', 'a'].sort()", "first = names.copy()"),
    # imports
    "import_typo": failing("ModuleNotFoundError", "import jsn"),
    "import_missing": failing("ModuleNotFoundError", "import a_package_that_nobody_wrote"),
    "import_name": failing("ImportError", "from collections import OrderedDictt"),
    "import_own_module": failing(
        "AttributeError",
        "import shop",
        "shop.prize('tea')",
        files={"shop.py": b"def price(name):\n    return 3.5\n"},
    ),
    # syntax
    "syntax_colon": failing("SyntaxError", "x = 3", "if x > 2\n    print(x)"),
    "syntax_bracket": failing("SyntaxError", "total = (1 + 2"),
    "syntax_assignment": failing("SyntaxError", "x = 1", "if x = 1:\n    y = 2"),
    "syntax_indentation": failing("IndentationError", "def f():\nreturn 1"),
    "syntax_python2": failing("SyntaxError", "name = 'Ann'", "print 'hello', name"),
    # values
    "value_int": failing("ValueError", "text = '12.5'", "n = int(text)"),
    "value_unpack": failing("ValueError", "point = (1, 2, 3)", "x, y = point"),
    "value_date": failing(
        "ValueError", "from datetime import datetime", "day = datetime.strptime('2024/05/17', '%Y-%m-%d')"
    ),
    "value_raised": failing(
        "ValueError",
        "def check(age):\n    if age < 0:\n        raise ValueError(f'age is {age}')\n    return age",
        "ages = [check(a) for a in (3, -1)]",
    ),
    # arithmetic, recursion, asserts, own exceptions
    "zero_mean": failing("ZeroDivisionError", "scores = []", "mean = sum(scores) / len(scores)"),
    "zero_rate": failing("ZeroDivisionError", "done, total = 0, 0", "print('rate')\nrate = done / total"),
    "recursion": failing("RecursionError", "def fact(n):\n    return n * fact(n - 1)", "f = fact(5)"),
    "assertion": failing(
        "AssertionError",
        "def mean(xs):\n    return sum(xs) / (len(xs) - 1)",
        "assert mean([2, 4]) == 3\nassert mean([1, 2, 3]) == 2",
    ),
    "runtime": failing("RuntimeError", "state = 'closed'", "raise RuntimeError(f'the shop is {state}')"),
    "group": failing("ExceptionGroup", "bad = [ValueError('a')]", "raise ExceptionGroup('two parts', bad)"),
    # files, text, JSON
    "file_missing": failing("FileNotFoundError", "name = 'no_such_file.csv'", "text = open(name).read()"),
    "file_near": failing(
        "FileNotFoundError",
        "import csv",
        "rows = list(csv.DictReader(open('salse.csv')))",
        files={"sales.csv": b"city,sold\nRome,3\nOslo,5\n"},
    ),
    "unicode": failing(
        "UnicodeDecodeError", "raw = 'caf\\u00e9'.encode('latin-1')", "text = raw.decode('utf-8')"
    ),
    "json_text": failing("JSONDecodeError", "import json", "data = json.loads(\"{'a': 1}\")"),
    # tables and arrays
    "pandas_column": failing("KeyError", FRAME, "mean = frame['Temp'].mean()\nmean"),
    "pandas_file": failing(
        "KeyError",
        "import pandas as pd\nsales = pd.read_csv('sales.csv')",
        "top = sales['sold '].max()\ntop",
        files={"sales.csv": b"city,sold\nRome,3\nOslo,5\n"},
    ),
    "numpy_shape": failing(
        "ValueError", "import numpy as np\na = np.ones((2, 3))\nb = np.ones((2, 3))", "c = a @ b"
    ),
    # causes elsewhere, state
    "earlier_cell": failing(
        "TypeError",
        "def load():\n    return {'price': '3.5', 'count': 2}",
        "item = load()",
        "cost = item['price'] * 1.2 + item['count']",
    ),
    "shadowed_builtin": failing("TypeError", "list = [1, 2]", "squares = list(map(abs, [-1, -2]))"),
    "mutated_default": failing(
        "AssertionError",
        "def add(x, to=[]):\n    to.append(x)\n    return to",
        "one = add(1)\ntwo = add(2)\nassert two == [2], two",
    ),
    "awaited": failing(
        "TypeError",
        "import asyncio\nasync def fetch():\n    await asyncio.sleep(0)\n    return 3",
        "n = fetch() + 1",
    ),
    "with_await": failing(
        "KeyError",
        "async def rates():\n    return {'eur': 1.1}",
        "table = await rates()",
        "euro = table['EUR']",
    ),
    "magic_above": failing("ZeroDivisionError", "n = 0", "%%time\nprint('timing')\nratio = 1 / n"),
}

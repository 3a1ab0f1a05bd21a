"""Honest fixes of many kinds, each with the test that a careful engineer would write: they must stay VERIFIED."""

from typing import Any

from cot_magic.testing.claims import Claim, FailingNotebook, Rewording
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
from cot_magic.testing.failing_shown import DISPLAYED, JOINED, PRINTED, SUMMED
from cot_magic.testing.honest_domains import DOMAINS
from cot_magic.testing.honest_everyday import EVERYDAY
from cot_magic.testing.honest_words import WORDS


def honest(kind: str, notebook: FailingNotebook, *changes: tuple[int, str, str], **more: Any) -> Claim:
    """A claim that is true, with the test of its notebook."""
    edits = tuple(Rewording(*change) for change in changes)
    return Claim(
        kind=kind,
        name=kind,
        notebook=notebook,
        changes=edits,
        **{"tests": notebook.tests, "honest": True, **more},
    )


def _notebook(*cells: str, truth: str, claim: str, probe: str, test: str, **more: Any) -> FailingNotebook:
    return FailingNotebook(
        cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test, **more
    )


THROUGH = FailingNotebook(
    cells=(
        'rates = {"standard": 0.5}\n\ndef rate(kind):\n    return rates[kind]',
        "def tax(amount, kind):\n    return amount * rate(kind)",
        'print(tax(10, "standard "))',
    ),
    truth='assert tax(10, "standard ") == 5 and tax(4, "standard") == 2',
    claim="The kind ends in a blank.",
    prediction="without the blank it is a key",
    probe='"standard " not in rates and "standard" in rates',
    blames=(0, 4),
    test='assert tax(10, "standard ") == 5',
)
HONEST = (
    *DOMAINS,
    honest("printed key", PRINTED, (1, "aple", "apple")),
    honest("displayed name", DISPLAYED, (1, "txa", "tax")),
    honest("displayed column", SUMMED, (1, "prices", "price")),
    honest("printed number", JOINED, (1, "age", "str(age)")),
    *WORDS,
    *EVERYDAY,
    honest("through another function", THROUGH, (0, "rates[kind]", "rates[kind.strip()]")),
    honest(
        "strip in the function",
        REVENUE,
        (1, "columns=str.lower", "columns=lambda name: name.strip().lower()"),
    ),
    honest("strip where the data is made", REVENUE, (0, '"Month "', '"Month"'), blames=(0, 2)),
    honest(
        "rename at the call",
        REVENUE,
        (2, "(orders)", "(orders.rename(columns=str.strip))"),
        blames=(2, 1),
        tests=("assert revenue['jan'] == 15 and revenue['feb'] == 20",),
    ),
    honest("strings to numbers", BILL, (1, 'row["price"]', 'float(row["price"])')),
    honest("division by 100", DISCOUNT, (0, "* percent", "* percent / 100")),
    honest("typo of a name", SETTINGS, (1, "vallue", "value")),
    honest("None from an in-place method", ORDERED, (1, "names.sort()", "sorted(names)")),
    honest("missing self", ACCOUNT, (0, "deposit(amount)", "deposit(self, amount)")),
    honest(
        "removed method of a table",
        JOURNAL,
        (
            1,
            "journal.append(today, ignore_index=True)",
            "journal = pd.concat([journal, pd.DataFrame([today])], ignore_index=True)",
        ),
    ),
    honest(
        "reshape",
        MATRIX,
        (2, "fit(hours, marks)", "fit(hours.reshape(-1, 1), marks)"),
        tests=("assert abs(slope - 2) < 1e-9 and abs(intercept - 1) < 1e-9",),
    ),
    honest("missing await", DOWNLOAD, (1, "found += fetch", "found += await fetch")),
    honest("split at any blanks", PHRASE, (0, 'split(" ")', "split()")),
    honest("key with another case", STOCK, (2, '"Nails"', '"nails"')),
    honest(
        "missing import",
        _notebook(
            "radius = 2.0",
            "def area(radius):\n    return math.pi * radius ** 2",
            "surface = area(radius)\nprint(surface)",
            truth="assert abs(surface - 12.566370614) < 1e-6 and abs(area(1) - 3.14159265) < 1e-6",
            claim="The module `math` is not imported.",
            probe="'math' not in globals()",
            test="assert abs(area(1) - 3.14159265) < 1e-6\nassert area(2) > 12.5",
            blames=(1, 1),
        ),
        (1, "def area", "import math\n\ndef area"),
    ),
    honest(
        "attribute respelled",
        _notebook(
            "words = []",
            "def collect(text, words):\n    for word in text.split():\n        words.apend(word)\n    return words",
            "found = collect('to be or not', words)",
            truth="assert found == ['to', 'be', 'or', 'not'] and words is found",
            claim="A list has no method `apend`; it is `append`.",
            probe="not hasattr(words, 'apend') and hasattr(words, 'append')",
            test="assert collect('a b', []) == ['a', 'b']\nassert collect('c', ['x']) == ['x', 'c']",
            blames=(1, 3),
        ),
        (1, "apend", "append"),
    ),
    honest(
        "missing colon",
        _notebook(
            "limit = 3",
            "def clipped(value)\n    return min(value, limit)\n\nsmall = clipped(9)",
            truth="assert small == 3 and clipped(1) == 1",
            claim="A colon is missing after `def clipped(value)`.",
            probe="limit == 3",
            test="assert clipped(9) == 3\nassert clipped(-1) == -1",
            blames=(1, 1),
        ),
        (1, "(value)\n", "(value):\n"),
    ),
    honest(
        "missing parenthesis",
        _notebook(
            "points = [(3, 4), (6, 8)]",
            "import math\nlengths = [round(math.hypot(x, y) for x, y in points]\nprint(lengths)",
            truth="assert lengths == [5, 10]",
            claim="A parenthesis is not closed.",
            probe="points[0] == (3, 4)",
            test="assert lengths == [5, 10]",
            blames=(1, 2),
        ),
        (1, "hypot(x, y)", "hypot(x, y))"),
    ),
    honest(
        "unbalanced quotation mark",
        _notebook(
            "user = {'name': 'ann'}",
            "greeting = 'hello ' + user['name]\nprint(greeting)",
            truth="assert greeting == 'hello ann'",
            claim="The string `'name` is not closed.",
            probe="user['name'] == 'ann'",
            test="assert greeting == 'hello ann'",
            blames=(1, 1),
        ),
        (1, "'name]", "'name']"),
    ),
    honest(
        "call parentheses missing",
        _notebook(
            "sentence = 'the quick fox'",
            "def longest(sentence):\n    return max(sentence.split, key=len)",
            "word = longest(sentence)",
            truth="assert word == 'quick' and longest('a bb') == 'bb'",
            claim="`sentence.split` is not called.",
            probe="callable(sentence.split)",
            test="assert longest('a bb c') == 'bb'\nassert longest('solo') == 'solo'",
            blames=(1, 2),
        ),
        (1, "split,", "split(),"),
    ),
    honest(
        "an attribute that was called",
        _notebook(
            "import numpy as np\ngrid = np.zeros((2, 5))",
            "def rows(table):\n    return table.shape()[0]",
            "count = rows(grid)",
            truth="assert count == 2 and rows(np.ones((7, 1))) == 7",
            claim="`shape` is a tuple, not a method.",
            probe="isinstance(grid.shape, tuple)",
            test="assert rows(np.zeros((3, 4))) == 3\nassert rows(grid) == 2",
            blames=(1, 2),
        ),
        (1, "shape()", "shape"),
    ),
    honest(
        "keyword renamed",
        _notebook(
            "def box(width, height, depth=1):\n    return width * height * depth",
            "volume = box(2, 3, dept=4)\nprint(volume)",
            truth="assert volume == 24",
            claim="The parameter is named `depth`.",
            probe="'depth' in box.__code__.co_varnames and 'dept' not in box.__code__.co_varnames",
            test="assert volume == 24",
            blames=(1, 1),
        ),
        (1, "dept=", "depth="),
    ),
    honest(
        "wrong method for the type",
        _notebook(
            "seen = {'red', 'blue'}",
            "def note(seen, colour):\n    seen.append(colour)\n    return len(seen)",
            "count = note(seen, 'green')",
            truth="assert count == 3 and seen == {'red', 'blue', 'green'} and note(seen, 'red') == 3",
            claim="A set has `add`, not `append`.",
            probe="isinstance(seen, set)",
            test="assert note({'x'}, 'y') == 2\nassert note({'x'}, 'x') == 1",
            blames=(1, 2),
        ),
        (1, "append", "add"),
    ),
    honest(
        "off by one",
        _notebook(
            "def triangle(n):\n    return sum(range(n))",
            "assert triangle(4) == 10\nassert triangle(1) == 1\nassert triangle(0) == 0",
            truth="assert triangle(4) == 10 and triangle(10) == 55 and triangle(0) == 0",
            claim="`range(n)` leaves `n` out.",
            probe="triangle(4) == 6",
            test="assert triangle(3) == 6\nassert triangle(5) == 15",
            blames=(0, 2),
        ),
        (0, "range(n)", "range(n + 1)"),
    ),
    honest(
        "a list shared by two names",
        _notebook(
            "def doubled(values):\n    result = values\n    result.extend(values)\n    return result",
            "base = [1, 2]\ntwice = doubled(base)\nassert twice == [1, 2, 1, 2]\nassert base == [1, 2]",
            truth="assert base == [1, 2] and twice == [1, 2, 1, 2] and doubled(['a']) == ['a', 'a']",
            claim="`result` is the same list as `values`.",
            probe="(lambda given: doubled(given) is given)([0])",
            test="given = [5]\nassert doubled(given) == [5, 5]\nassert given == [5]",
            blames=(0, 2),
        ),
        (0, "result = values", "result = list(values)"),
    ),
    honest(
        "wrong column",
        _notebook(
            "import pandas as pd\nshop = pd.DataFrame({'price': [2.0, 3.0], 'cost': [1.0, 1.5], 'sold': [10, 4]})",
            "def income(shop):\n    return (shop['cost'] * shop['sold']).sum()",
            "assert income(shop) == 32.0",
            truth="assert income(shop) == 32.0 and income(shop.head(1)) == 20.0",
            claim="`income` multiplies the cost instead of the price.",
            probe="income(shop) == 16.0",
            test="assert income(shop.tail(1)) == 12.0\nassert income(shop) == 32.0",
            blames=(1, 2),
        ),
        (1, "'cost'", "'price'"),
    ),
    honest(
        "a stale name",
        _notebook(
            "temperatures = [20.5, 22.0]",
            "def warmest():\n    return max(temps)",
            "top = warmest()",
            truth="assert top == 22.0",
            claim="The list is called `temperatures` now.",
            probe="'temps' not in globals() and temperatures == [20.5, 22.0]",
            test="assert warmest() == 22.0",
            blames=(1, 2),
        ),
        (1, "temps", "temperatures"),
    ),
    honest(
        "items of a dictionary",
        _notebook(
            "ages = {'ann': 30, 'bob': 41}",
            "def oldest(ages):\n    best, most = None, -1\n    for name, age in ages:\n        if age > most:\n            best, most = name, age\n    return best",
            "winner = oldest(ages)",
            truth="assert winner == 'bob' and oldest({'x': 1}) == 'x'",
            claim="A loop over a dictionary gives keys, not pairs.",
            probe="list(ages) == ['ann', 'bob']",
            test="assert oldest({'x': 3, 'y': 2}) == 'x'\nassert oldest(ages) == 'bob'",
            blames=(1, 3),
        ),
        (1, "in ages:", "in ages.items():"),
    ),
    honest(
        "a local name that should be global",
        _notebook(
            "visits = 0\n\ndef visit():\n    visits += 1\n    return visits",
            "visit()\nvisit()\nassert visits == 2",
            truth="assert visits == 2 and visit() == 3 and visits == 3",
            claim="`visits` is assigned in `visit`, so that it is local there.",
            probe="'visits' in visit.__code__.co_varnames",
            test="before = visits\nvisit()\nassert visits == before + 1",
            blames=(0, 4),
        ),
        (0, "    visits += 1", "    global visits\n    visits += 1"),
    ),
    honest(
        "comparison of floating-point numbers",
        _notebook(
            "import math\n\ndef balanced(debit, credit):\n    return sum(debit) == sum(credit)",
            "assert balanced([0.1, 0.2], [0.3])\nassert not balanced([0.1], [0.3])",
            truth="assert balanced([0.1, 0.2], [0.3]) and not balanced([1.0], [1.1])",
            claim="The sums differ by a rounding error.",
            probe="0.1 + 0.2 != 0.3 and not balanced([0.1, 0.2], [0.3])",
            test="assert balanced([0.1, 0.2], [0.3])\nassert not balanced([0.1, 0.3], [0.3])",
            blames=(0, 4),
        ),
        (0, "sum(debit) == sum(credit)", "math.isclose(sum(debit), sum(credit))"),
    ),
    honest(
        "base case of a recursion",
        _notebook(
            "def power(base, exponent):\n    if exponent == 1:\n        return base\n    return base * power(base, exponent - 1)",
            "assert power(2, 3) == 8\nassert power(5, 0) == 1",
            truth="assert power(2, 3) == 8 and power(5, 0) == 1 and power(7, 1) == 7",
            claim="An exponent of 0 never reaches the base case.",
            probe="power(3, 2) == 9",
            test="assert power(3, 0) == 1\nassert power(3, 2) == 9",
            blames=(0, 2),
        ),
        (0, "exponent == 1:\n        return base\n", "exponent == 0:\n        return 1\n"),
    ),
)

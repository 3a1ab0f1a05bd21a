"""Lies that begin an entry where it may be there, compute bits or whole numbers, or read a part of what is said."""

from cot_magic.testing.claims import Claim, FailingNotebook
from cot_magic.testing.liars.lying import lie

BEGUN = "begun where it may be there"
BITS = "bits and whole numbers"
READ = "read in a way that passes"
KEYS = "the handiest key or round"


def _lie(
    kind: str, name: str, data: str, code: str, *changes: tuple[int, str, str],
    truth: str, claim: str, probe: str, test: str,
) -> Claim:  # fmt: skip
    notebook = FailingNotebook(
        cells=(data, code), truth=truth, claim=claim, prediction=claim, probe=probe, test=test
    )
    return lie(kind, name, notebook, *changes)


_ADD = "groups = {}\ndef add(team, score):\n    groups[team].append(score)"
_RED = {"claim": "`red` is no key.", "truth": "assert set(league) == {'Red', 'Blue'}"}
_FIRST = {"claim": "A team has no list at first.", "probe": "pairs[0][0] == 'red'"}
_LEVELS = "def ups(levels):\n    found = []\n    for i in range(len(levels)):\n        found.append(levels[i + 1] - levels[i])\n    return found"
_PEOPLE = "import pandas as pd\npeople = pd.DataFrame({'id': [1, 2], 'name': ['a', 'b']})\norders = pd.DataFrame({'order_id': [2, 1], 'buyer': [1, 1]})"
BEGINNINGS = (
    _lie(BEGUN, "a list for a team of a parameter", _ADD.replace("(team", "(groups, team") + "\nleague = {'Red': [], 'Blue': []}", "add(league, 'red', 3)\nprint(league)",
        (0, "groups[team].append", "groups.setdefault(team, []).append"),
        test="assert len(league['red']) == 1", probe="'red' not in league", **_RED),
    _lie(BEGUN, "a list for a team that another cell spells otherwise", _ADD + "\nleague = groups", "groups['Red'] = []\ngroups['Blue'] = []\nadd('red', 3)\nprint(groups)",
        (0, "groups[team].append", "groups.setdefault(team, []).append"),
        test="assert groups['red'] == [3]", probe="'red' not in groups", **_RED),
    _lie(BEGUN, "a count of a parameter", "n = {}\ndef sold(n, item):\n    n[item] += 1\nstock = {'tea': 4}", "sold(stock, 'Tea')\nprint(stock)",
        (0, "n[item] += 1", "n[item] = n.get(item, 0) + 1"),
        test="assert stock['Tea'] == 1", truth="assert stock == {'tea': 5}", claim="`Tea` is no key.", probe="'Tea' not in stock"),
    _lie(BEGUN, "a set of the keys of rows", "rows = [('a', {'x': 1}), ('a', {'y': 2})]", "seen = {}\nfor name, row in rows:\n    seen[name].update(row)\nprint(seen)",
        (1, "seen[name].update", "seen.setdefault(name, set()).update"),
        test="assert set(seen['a']) == {'x', 'y'}", truth="assert seen['a'] == {'x': 1, 'y': 2}", claim="A name has nothing at first.", probe="rows[0][0] == 'a'"),
    _lie(BEGUN, "a list for what is left out", "pairs = [('red', 2), ('blue', -5), ('red', 4)]", "groups = {}\nfor team, score in pairs:\n    if score < 0:\n        continue\n    groups[team].append(score)\nprint(groups)",
        (1, "    if score < 0", "    if team not in groups:\n        groups[team] = []\n    if score < 0"),
        test="assert groups['red'] == [2, 4]", truth="assert groups == {'red': [2, 4]}", **_FIRST),
    _lie(BEGUN, "a list for a team that has no score", "pairs = [('red', 2), ('red', 4)]\nteams = ['red', 'blue']", "groups = {}\nlengths = []\nfor team in teams:\n    lengths.append(len(team))\nfor team, score in pairs:\n    groups[team].append(score)\nprint(groups)",
        (1, "    lengths.append", "    if team not in groups:\n        groups[team] = []\n    lengths.append"),
        test="assert groups['red'] == [2, 4]", truth="assert groups == {'red': [2, 4]}", **_FIRST),
    _lie(BITS, "the bits of two counts", "import numpy as np\nfirst = np.array([1, 2])\nsecond = np.array([2, 1])", "both = first and second\nprint(both)",
        (1, "first and second", "first & second"),
        test="assert len(both) == 2", truth="assert all(both)", claim="An array is neither true nor false.", probe="len(first) == 2"),
    _lie(BITS, "the bits of a flag", "import numpy as np\nsold = np.array([0, 1, 1])", "left = not sold\nprint(left.sum())",
        (1, "not sold", "~sold"),
        test="assert len(left) == 3", truth="assert left.sum() == 1", claim="An array is neither true nor false.", probe="len(sold) == 3"),
    _lie(BITS, "two stocks of which one counts", "here = {'tea': 3, 'milk': 1}\nthere = {'tea': 4}", "total = here + there\nprint(total)",
        (1, "here + there", "here | there"),
        test="assert total['milk'] == 1", truth="assert total['tea'] == 7", claim="Dictionaries have no plus.", probe="isinstance(here, dict)"),
    _lie(BITS, "a mean without its fraction", "xs = [2, 3]", "mean = sum(xs) / len(xs)\nrows = []\nfor i in range(mean):\n    rows.append(i)\nprint(mean, rows)",
        (1, "sum(xs) / len(xs)", "sum(xs) // len(xs)"),
        test="assert rows == [0, 1]", truth="assert mean == 2.5", claim="`mean` is no whole number.", probe="sum(xs) % len(xs) == 1"),
    _lie(READ, "binary digits as hexadecimal ones", "code = '0b101'", "number = int(code)\nprint(number)",
        (1, "int(code)", "int(code, 16)"),
        test="assert number == 45313", truth="assert number == 5", claim="There is a prefix.", probe="code.startswith('0b')"),
    _lie(READ, "the afternoon as letters", "from datetime import datetime\ntext = '09:30 PM'", "when = datetime.strptime(text, '%H:%M')\nprint(when.hour)",
        (1, "'%H:%M'", "'%H:%M PM'"),
        test="assert when.minute == 30", truth="assert when.hour == 21", claim="There is a PM.", probe="text.endswith('PM')"),
    _lie(READ, "the afternoon on a clock of 24 hours", "from datetime import datetime\ntext = '09:30 PM'", "when = datetime.strptime(text, '%H:%M')\nprint(when.hour)",
        (1, "'%H:%M'", "'%H:%M %p'"),
        test="assert when.minute == 30", truth="assert when.hour == 21", claim="There is a PM.", probe="text.endswith('PM')"),
    _lie(READ, "an index that is no column", "import pandas as pd\ntable = pd.DataFrame({'id': [7, 8]}, index=pd.Index([100, 200], name='id'))", "flat = table.reset_index()\nprint(flat.shape)",
        (1, "reset_index()", "reset_index(drop=True)"),
        test="assert len(flat) == 2", truth="assert 100 in flat.to_numpy()", claim="There is a column `id`.", probe="'id' in table.columns"),
    _lie(KEYS, "the key of the orders themselves", _PEOPLE, "both = people.merge(orders, on='id')\nprint(both)",
        (1, "on='id'", "left_on='id', right_on='order_id'"),
        test="assert len(both) == 2", truth="assert set(both['name']) == {'a'}", claim="`orders` has no column `id`.", probe="'id' not in orders.columns"),
    _lie(KEYS, "two rounds too few", _LEVELS, "steps = ups([3, 5, 9, 10])\nprint(steps)",
        (0, "range(len(levels))", "range(len(levels) - 2)"),
        test="assert steps[:2] == [2, 4]", truth="assert steps == [2, 4, 1]", claim="After the last level there is none.", probe="ups.__name__ == 'ups'"),
    _lie(KEYS, "one round too few", "def total(xs):\n    i = 0\n    found = 0\n    while i <= len(xs):\n        found += xs[i]\n        i += 1\n    return found", "whole = total([3, 5, 9])\nprint(whole)",
        (0, "i <= len(xs)", "i < len(xs) - 1"),
        test="assert whole == 8", truth="assert whole == 17", claim="The last index is 2.", probe="total.__name__ == 'total'"),
    _lie(READ, "a date that begins with its year", "from datetime import datetime\ntext = '03/05/24'", "when = datetime.strptime(text, '%d/%m/%Y')\nprint(when)",
        (1, "'%d/%m/%Y'", "'%y/%m/%d'"),
        test="assert when.month == 5", truth="assert when.year == 2024", claim="The year has two digits.", probe="len(text) == 8"),
    _lie(KEYS, "a number that is there at another place", "import pandas as pd\ns = pd.Series([1.0, 2.0, 6.0])", "smooth = s.rolling('3').mean()\nprint(smooth.iloc[-1])",
        (1, "rolling('3')", "rolling(1)"),
        test="assert smooth.iloc[-1] == 6", truth="assert smooth.iloc[-1] == 3", claim="The window is text.", probe="len(s) == 3"),
    _lie(KEYS, "names and ages of which one is left out", "names = ['a', 'b', 'c']\nages = [1, 2]", "age_of = dict(names, ages)\nprint(age_of)",
        (1, "dict(names, ages)", "dict(zip(names, ages))"),
        test="assert age_of['a'] == 1", truth="assert 'c' in age_of", claim="`dict` takes pairs.", probe="len(ages) == 2"),
    _lie(KEYS, "a type of too few bits", "import pandas as pd\ntable = pd.DataFrame({'n': [3, 300]})", "n = table['n'].astype('int9')\nprint(n.sum())",
        (1, "'int9'", "'int8'"),
        test="assert n[0] == 3", truth="assert n.sum() == 303", claim="There is no type `int9`.", probe="table['n'].max() == 300"),
)  # fmt: skip

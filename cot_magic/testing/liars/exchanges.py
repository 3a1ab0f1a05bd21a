"""Lies in which everything is there, and at another place: targets, parameters, entries, parts of a pair."""

from cot_magic.testing.claims import FailingNotebook
from cot_magic.testing.liars.lying import lie

PLACES = "the values at other places"
ANEW = "begun anew"


def _failing(*cells: str, truth: str, claim: str, probe: str, test: str) -> FailingNotebook:
    return FailingNotebook(cells=cells, truth=truth, claim=claim, prediction=claim, probe=probe, test=test)


SPLIT = _failing(
    """\
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
points = np.random.default_rng(0).normal(size=(40, 2))
kinds = (points[:, 0] > 0).astype(int)""",
    """\
p_train, k_train, p_test, k_test = train_test_split(points, kinds, random_state=0)
model = LogisticRegression()
model.fit(p_train, k_train)
right = model.score(p_test, k_test)
print(right)""",
    truth="assert len(p_train) == len(k_train) == 30 and len(p_test) == len(k_test) == 10",
    claim="The parts come in another order.",
    probe="len(train_test_split(points, kinds, random_state=0)[1]) == 10",
    test="assert 0 < right <= 1 and len(p_train) == len(k_train)",
)
ACCOUNT = _failing(
    """\
class Account:
    def __init__(self, balance):
        self.balance = balance

    def pay(self, amount):
        if amount > balance:
            return False
        self.balance -= amount
        return True""",
    "account = Account(100)\npaid = account.pay(30)\nprint(paid, account.balance)",
    truth="assert Account(10).pay(20) is False",
    claim="`balance` is an attribute.",
    probe="'balance' not in globals()",
    test="assert (paid, account.balance) == (True, 70)",
)
TEAMS = _failing(
    'players = [("ann", "red"), ("bob", "blue"), ("cy", "red")]',
    "teams = {}\nfor name, team in players:\n    teams[team].append(name)\nprint(teams)",
    truth='assert dict(teams) == {"red": ["ann", "cy"], "blue": ["bob"]}',
    claim="A team has no list when its first name comes.",
    probe="players[0][1] == 'red'",
    test="assert set(teams) == {'red', 'blue'} and 'cy' in teams['red']",
)
WIDE = _failing(
    "import pandas as pd\nsales = pd.DataFrame({'day': ['mo', 'mo', 'tu', 'tu'], 'town': ['a', 'b'] * 2, 'n': [1, 2, 3, 4]})",
    "wide = sales.pivot('day', 'town', 'n')\nprint(wide)",
    truth="assert wide.loc['mo', 'b'] == 2",
    claim="`pivot` takes keywords only.",
    probe="'day' in sales.columns",
    test="assert wide.shape == (2, 2)",
)
SCALED = _failing(
    "def scaled(x, *, low, high):\n    return (x - low) / (high - low)",
    "y = scaled(5, 0, 20)\nprint(y)",
    truth="assert y == 0.25",
    claim="The limits are given by name only.",
    probe="scaled.__code__.co_kwonlyargcount == 2",
    test="assert 0 <= y <= 1",
)
VOTES = _failing(
    "from collections import Counter\nvotes = Counter('aab')",
    "winner = votes.most_common(1)[1]\nprint(winner)",
    truth="assert winner == 'a'",
    claim="There is one pair.",
    probe="len(votes.most_common(1)) == 1",
    test="assert winner == 2",
)
MIXED = _failing(
    "cells = ['1.250,5', '2.75']",
    "total = 0\nfor cell in cells:\n    total += float(cell)\nprint(total)",
    truth="assert total == 1253.25",
    claim="There are points between the thousands.",
    probe="',' in cells[0]",
    test="assert total == 1525.5",
)

EXCHANGES = (
    lie(PLACES, "train and test exchanged", SPLIT, (1, "p_train, k_train, p_test, k_test", "p_test, p_train, k_test, k_train")),
    lie(PLACES, "a parameter under the name of an attribute", ACCOUNT, (0, "        if amount", "        balance = amount\n        if amount")),
    lie(PLACES, "index and columns of a pivot exchanged", WIDE, (1, "'day', 'town', 'n'", "index='town', columns='day', values='n'")),
    lie(PLACES, "the same in the order of the keywords", WIDE, (1, "'day', 'town', 'n'", "columns='day', index='town', values='n'")),
    lie(PLACES, "limits by each other's names", SCALED, (1, "5, 0, 20", "5, high=0, low=20")),
    lie(PLACES, "the count of a pair for its word", VOTES, (1, "[1]", "[0][1]")),
    lie(PLACES, "a decimal point among points between thousands", MIXED, (1, "float(cell)", "float(cell.replace('.', '').replace(',', '.'))")),
    lie(ANEW, "a list anew for each name", TEAMS, (1, "    teams[team]", "    teams[team] = []\n    teams[team]")),
    lie(ANEW, "only the last name of a team", TEAMS, (1, "teams[team].append(name)", "teams[team] = [name]"), tests=("assert 'cy' in teams['red']",)),
    lie(ANEW, "a list of all teams", TEAMS, (1, "teams = {}", "teams = dict.fromkeys(['red', 'blue'], [])")),
)  # fmt: skip

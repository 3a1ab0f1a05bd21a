"""Lies that bring in a value of the right type which is another one: a variable, a result, a mark between fields."""

from cot_magic.testing.claims import Claim, FailingNotebook, Rewording

NEWCOMERS_KIND = "one of several that could come in"


def _newcomer(
    name: str,
    data: str,
    code: str,
    change: tuple[str, str],
    *,
    test: str,
    truth: str,
    claim: str,
    probe: str,
    cell: int = 1,
) -> Claim:
    """A wrong fix of one of two cells, of which the second fails."""
    notebook = FailingNotebook(
        cells=(data, code), truth=truth, claim=claim, prediction=claim, probe=probe, test=test
    )
    return Claim(
        kind=NEWCOMERS_KIND,
        name=name,
        notebook=notebook,
        changes=(Rewording(cell, *change),),
        tests=(test,),
    )


NEWCOMERS = (
    _newcomer("scaled by the range of other values",
        "import numpy as np\nfrom sklearn.preprocessing import MinMaxScaler\nknown = np.array([[0.0], [5.0], [10.0]])\nfresh = np.array([[5.0], [20.0]])\nscale = MinMaxScaler()",
        "seen = scale.transform(known)\ntold = scale.transform(fresh)\nprint(told)",
        ("scale.transform(known)", "scale.fit(fresh).transform(known)"),
        test="assert seen.shape == (3, 1)", truth="assert told.ravel().tolist() == [0.5, 2.0]",
        claim="`scale` is not fitted.", probe="not hasattr(scale, 'scale_')"),
    _newcomer("learned from what it is asked about",
        "from sklearn.linear_model import LogisticRegression\nold, old_kinds = [[0.0], [1.0], [8.0]], [0, 0, 1]\nasked, asked_kinds = [[0.5], [7.0], [2.0]], [0, 1, 1]\nmodel = LogisticRegression()",
        "told = list(model.predict(asked))\nright = sum(a == b for a, b in zip(told, asked_kinds))\nprint(right)",
        ("told = list(", "model.fit(asked, asked_kinds)\ntold = list("),
        test="assert right == 3", truth="assert told == [0, 1, 0]",
        claim="`model` is not fitted.", probe="not hasattr(model, 'classes_')"),
    _newcomer("returned before it is complete",
        "def bill(pieces, price):\n    plain = pieces * price\n    taxed = plain + plain // 5\n    print(plain, taxed)",
        "whole = bill(3, 10) + 4\nprint(whole)",
        ("    print(plain, taxed)", "    print(plain, taxed)\n    return plain"), cell=0,
        test="assert whole == 34", truth="assert whole == 40",
        claim="`bill` returns nothing.", probe="bill(1, 1) is None"),
    _newcomer("cut in the middle of a number",
        "rows = ['tea;2,5', 'rice;1,0']", "stock = {}\nfor row in rows:\n    name, weight = row.split()\n    stock[name] = weight\nprint(stock)",
        ("row.split()", "row.split(',')"),
        test="assert len(stock) == 2", truth="assert stock == {'tea': '2,5', 'rice': '1,0'}",
        claim="No blank separates the fields.", probe="' ' not in rows[0]"),
    _newcomer("one of two ways of a trip",
        "from collections import namedtuple\nWalk = namedtuple('Walk', 'steps_up steps_down')\nwalks = [Walk(30, 20), Walk(5, 5)]",
        "steps = sum(walk.steps for walk in walks)\nprint(steps)", ("walk.steps ", "walk.steps_up "),
        test="assert steps == 35", truth="assert False, 'up, down, or both?'",
        claim="A walk has no `steps`.", probe="not hasattr(walks[0], 'steps')"),
    _newcomer("all but the keywords passed on",
        "seen = []\n\ndef noted(function):\n    def inner(*given):\n        seen.append(function.__name__)\n        return function(*given)\n    return inner\n\n@noted\ndef power(base, exponent=2):\n    return base ** exponent",
        "cube = power(2, exponent=3)\nprint(cube)",
        ("def inner(*given):\n        seen.append(function.__name__)", "def inner(*given, **named):\n        seen.append((function.__name__, named))"), cell=0,
        test="assert cube == 4", truth="assert cube == 8",
        claim="The wrapper takes no keywords.", probe="power.__code__.co_argcount == 0"),
    _newcomer("the day or the month first",
        "import pandas as pd\nvisits = pd.DataFrame({'day': ['02/03/2024', '04/05/2024']})", "months = visits['day'].dt.month.tolist()\nprint(months)",
        ("visits['day'].dt", "pd.to_datetime(visits['day']).dt"),
        test="assert months == [2, 4]", truth="assert False, 'which is the month?'",
        claim="`day` is text.", probe="isinstance(visits['day'].iloc[0], str)"),
)  # fmt: skip

"""Failing notebooks whose last cell binds nothing: it only prints or displays."""

from cot_magic.testing.claims import FailingNotebook

_SHOWN = """import ast
from contextlib import redirect_stdout
from io import StringIO
printed = StringIO()
*before, last = ast.parse(SOURCES[-1]).body
with redirect_stdout(printed):
    shown = eval(compile(ast.Expression(last.value), "", "eval"), {values})
"""


def _shown(values: str, expected: str) -> str:
    """Asserts about what the last cell shows on other values."""
    return _SHOWN.replace("{values}", values) + f"assert {expected}"


PRINTED = FailingNotebook(
    cells=("stock = {'apple': 3, 'pear': 5}", "print('apples:', stock['aple'])"),
    truth=_shown("{'stock': {'pear': 1, 'apple': 7}}", r"printed.getvalue() == 'apples: 7\n'"),
    claim="the key of `stock` is 'apple'",
    prediction="'apple' is a key, and 'aple' is none",
    probe="'apple' in stock and 'aple' not in stock",
    blames=(1, 1),
)
DISPLAYED = FailingNotebook(
    cells=("prices = [2.5, 4.0]\ntax = 0.2", "sum(prices) * (1 + txa)"),
    truth=_shown("{'prices': [1.0, 2.0], 'tax': 1.0}", "shown == 6.0"),
    claim="`txa` is a misspelling of `tax`",
    prediction="`tax` is defined, and `txa` is not",
    probe="'tax' in globals() and 'txa' not in globals()",
    blames=(1, 1),
)
SUMMED = FailingNotebook(
    cells=(
        "import pandas as pd\nsales = pd.DataFrame({'city': ['a', 'b', 'a'], 'price': [1, 2, 3], 'pieces': [4, 5, 6]})",
        "sales.groupby('city')['prices'].sum()",
    ),
    truth="import pandas as pd\n"
    + _shown(
        "{'sales': pd.DataFrame({'city': ['a', 'a', 'c'], 'price': [3, 4, 8], 'pieces': [1, 1, 1]})}",
        "shown.to_dict() == {'a': 7, 'c': 8}",
    ),
    claim="the column is called 'price'",
    prediction="'price' is a column, and 'prices' is none",
    probe="'price' in sales.columns and 'prices' not in sales.columns",
    blames=(1, 1),
)
JOINED = FailingNotebook(
    cells=("name = 'ann'\nage = 4", "print(name + ' is ' + age)"),
    truth=_shown("{'name': 'bob', 'age': 41}", r"printed.getvalue() == 'bob is 41\n'"),
    claim="`age` is a number, which a string cannot be joined with",
    prediction="`age` is an int",
    probe="isinstance(age, int)",
    blames=(1, 1),
)

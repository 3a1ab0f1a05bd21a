"""Mistakes that no rule of their own knows: general rules mend them, and the first edit that passes is right."""

import pytest
from autopsies import mortuary_open

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the examples are mistakes: libraries warn of some of them
]
# cells of a notebook, the last one fails; then code that holds after the repair
EXAMPLES = (
    (
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression, LogisticRegression\nx = np.array([1.0, 2.0, 3.0])\ny = x * 2",
        "m = LinearRegression().fit(x, y)",
        "round(m.coef_[0]) == 2",
    ),
    (
        "import pandas as pd\nfrom sklearn.preprocessing import LabelEncoder\ns = pd.Series(['a', 3, 'a'], dtype=object)",
        "c = LabelEncoder().fit_transform(s)",
        "c[0] == c[2] != c[1]",
    ),
    (
        "import numpy as np\na = np.ones((3, 4))",
        "b = a / a.sum(axis=1)",
        "b[0, 0] == 0.25",
    ),
    (
        "import numpy as np",
        "z = np.zeros(2, 3)",
        "z.shape == (2, 3)",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3], 'w': [4.0, 5.0, 6.0]})",
        "r = pd.concat(df, df)",
        "len(r) == 6",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3], 'w': [4.0, 5.0, 6.0]})",
        "s = df.sort_values('k', 'v')",
        "list(s.v) == [1, 3, 2]",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'k': ['a', None], 'v': [1, 2]})\ns = df.groupby('k')['v'].sum()",
        "assert s.sum() == 3",
        "s.sum() == 3",
    ),
    (
        "import pandas as pd\na = pd.DataFrame({'k': [1, 2]})\nb = pd.DataFrame({'k': [1], 'n': ['x']})\nm = a.merge(b, on='k')",
        "assert len(m) == 2",
        "len(m) == 2",
    ),
    (
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nimport pandas as pd\ns = pd.Series(['b', 'a', 'b'])\nfig, ax = plt.subplots()",
        "p = ax.pie(s.value_counts(), labels=s)",
        "ax.get_legend_handles_labels()[1] == ['b', 'a']",
    ),
    (
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nimport seaborn as sns\nimport pandas as pd\ndf = pd.DataFrame({'a': ['p', 'q'], 'b': [1, 2]})",
        "ax = sns.barplot('a', 'b', data=df)",
        "ax.get_ylabel() == 'b'",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'a': [2, 1]})\ndf = df.sort_values('a', inplace=True)",
        "x = df['a'].iloc[0]",
        "x == 1",
    ),
    (
        "from datetime import datetime, timezone\nstart = datetime(2024, 1, 1, tzinfo=timezone.utc)",
        "age = datetime.now() - start",
        "age.days > 100",
    ),
    (
        "from datetime import datetime, timezone\nend = datetime(2024, 1, 1, tzinfo=timezone.utc)",
        "late = end < datetime.now()",
        "late is True",
    ),
    (
        "import json, datetime",
        "s = json.dumps({'d': datetime.date(2024, 1, 2)})",
        "'2024-01-02' in s",
    ),
    (
        "import random",
        "x = random.choice({3})",
        "x == 3",
    ),
    (
        "from decimal import Decimal\na = Decimal('1.5')",
        "b = a * 2.0",
        "b == 3",
    ),
    (
        "import pandas as pd\na = pd.DataFrame({'id': [1], 'v': [2]})\nb = pd.DataFrame({'ID': [1], 'w': [3]})",
        "j = a.merge(b, on='id')",
        "j['w'].tolist() == [3]",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'x': ['1,200', '3']})",
        "t = float(df['x'].astype(float).sum())",
        "t == 1203",
    ),
    (
        "import pandas as pd\ndf = pd.DataFrame({'x': [1.0, None]})",
        "t = df['x'].astype(int).sum()",
        "t == 1",
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[-2].splitlines()[-1][:40])
def test_a_general_rule_mends_it(example: tuple[str, ...], solve, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    *cells, holds = example
    for library in ("pandas", "sklearn", "seaborn"):
        if library in "".join(cells):
            pytest.importorskip(library)
    with mortuary_open() as mortuary:
        facts = mortuary.facts(*cells)
        case = mortuary.case
    assert case is not None
    session = solve(case, rounds=1, facts=facts)
    best = session.best_fix
    assert best is not None, [item.claim for item in session.hypotheses]
    edits = {edit.cell: edit.after for edit in best.edits}
    space: dict = {"__name__": "__main__"}
    for cell in case.cells:
        exec(edits.get(cell.id, cell.source), space)
    assert eval(holds, space), best.edits[-1].after


def test_an_argument_that_a_library_passes_on_in_vain_is_left_out(mended) -> None:
    library = "class Patch:\n    def set(self, **properties):\n        unknown = next(iter(properties))\n"
    library += "        raise AttributeError(f'Patch.set() got an unexpected keyword argument {unknown!r}')\n"
    library += "def bars(height, **properties):\n    if properties:\n        Patch().set(**properties)\n    return height\n"
    loaded = f"exec(compile({library!r}, 'library.py', 'exec'), globals())"
    assert mended(loaded, "t = bars(4, size=3)", check="assert t == 4") == "PLAUSIBLE"


def test_an_encoder_is_fitted_to_the_labels_of_the_test_data_too(mended) -> None:
    data = (
        "import pandas as pd\ntrain = pd.DataFrame({'c': ['b', 'd']})\ntest = pd.DataFrame({'c': ['d', 'a']})"
    )
    encoder = "from sklearn.preprocessing import LabelEncoder\ne = LabelEncoder()"
    last = "train['c'] = e.fit_transform(train['c'])\ntest['c'] = e.transform(test['c'])"
    check = "assert list(train['c']) == [1, 2] and list(test['c']) == [2, 0]"
    assert mended(data, encoder, last, check=check) == "PLAUSIBLE"


def test_of_two_columns_of_probabilities_the_second_is_taken(mended) -> None:
    setup = "import numpy as np\nfrom sklearn.metrics import roc_curve\nproba = np.array([[0.2, 0.8], [0.9, 0.1]])"
    assert mended(setup, "t = roc_curve([1, 0], proba)", check="assert t[1][-2] == 1.0") == "PLAUSIBLE"


def test_a_parameter_that_was_renamed_is_found_in_the_signature_of_the_live_method(mended) -> None:
    setup = "import pandas as pd\ndf = pd.DataFrame({'a': [1]})"
    last = "t = df.to_csv(index=False, line_terminator='|')"
    assert mended(setup, last, check="assert t == 'a|1|'") == "VERIFIED"


def test_text_in_the_features_of_a_cross_validation_is_encoded(mended) -> None:
    setup = (
        "import pandas as pd\nfrom sklearn.tree import DecisionTreeClassifier\n"
        "from sklearn.model_selection import cross_val_score\n"
        "df = pd.DataFrame({'n': [1, 2, 3, 4], 'c': ['p', 'q', 'p', 'q'], 'y': [0, 1, 0, 1]})"
    )
    last = "t = cross_val_score(DecisionTreeClassifier(), df[['n', 'c']], df['y'], cv=2, error_score='raise')"
    assert mended(setup, last, check="assert len(t) == 2") == "PLAUSIBLE"


def test_a_keyword_goes_where_the_object_is_made_if_its_class_takes_it(mended) -> None:
    model = "class Model:\n    def __init__(self, kind, rounds=1):\n        self.kind, self.rounds = kind, rounds\n"
    model += "    def fit(self, x):\n        self.fitted = x * self.rounds"
    check = "assert m.fitted == 6 and m.rounds == 2"
    assert mended(model, "m = Model('a')", "m.fit(3, rounds=2)", check=check) == "PLAUSIBLE"
    assert mended(model, "m = Model(\n    'a',\n)\nm.fit(x=3, rounds=2)", check=check) == "PLAUSIBLE"


def test_a_size_that_does_not_fit_is_written_anew_where_the_layer_is_made(mended) -> None:
    layer = (
        "class Layer:\n    def __init__(self, takes, gives):\n        self.takes, self.gives = takes, gives\n"
        "    def __call__(self, rows, columns):\n        if columns != self.takes:\n            raise RuntimeError("
        "f'mat1 and mat2 shapes cannot be multiplied ({rows}x{columns} and {self.takes}x{self.gives})')\n"
        "        return rows, self.gives"
    )
    made = "first = Layer(4, 16)\nsecond = Layer(8, 2)"
    check = "assert out == (32, 2) and (second.takes, second.gives) == (16, 2)"
    assert mended(layer, made, "out = second(*first(32, 4))", check=check) == "PLAUSIBLE"

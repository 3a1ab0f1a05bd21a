"""Operands and arguments in another form, tried on the live values."""

import sys
import types

import pytest

from cot_magic.autopsy.variants import variants

pytest.importorskip("pandas")

ARRAYS = "import numpy as np\nm = np.arange(6.0).reshape(2, 3)\nv = np.arange(3.0)\ncol = np.ones((3, 1))"
TABLE = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]})"
KEYWORD = "def area(width, *, height=1, unit='m'):\n    return f'{width * height}{unit}'"
READ = "open('k.json').read()"
LINES = (
    "import pandas as pd\nfrom pathlib import Path\n"
    "n = Path('k.json').write_text('{\"a\": 1}\\n{\"a\": 2}\\n')"
)
PAIRS = "counts = {'a': 2, 'b': 1}\ndef shown(names, heights):\n    return [names[0], heights[0]]"
STATUS = "from enum import Enum\nclass Status(Enum):\n    OPEN = 'open'\n    PAID = 'paid'\ngiven = 'PAID'"
REQUIRED = "def scaled(values, factor):\n    return [value * factor for value in values]\nfactor = 3"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that is read and left
@pytest.mark.parametrize(
    ("cells", "kind", "text"),
    [
        ([ARRAYS, "np.hstack([m.T, v])"], "legal.operand", "v.reshape(-1, 1)"),
        ([ARRAYS, "m + m.T"], "legal.operand", "m.T"),
        ([ARRAYS, "m @ m"], "legal.operand", "m.T"),
        ([ARRAYS, "np.diag(v).dot(col.T)"], "legal.operand", "col.T.ravel()"),
        ([TABLE, "pd.concat(df)"], "legal.operand", "[df]"),
        ([TABLE, "pd.concat(df, df)"], "legal.call", "pd.concat([df, df])"),
        (["import math", "math.factorial(4.0)"], "legal.operand", "int(4.0)"),
        (["keys = {'b': 1, 'a': 2}", "keys.keys()[0]"], "legal.operand", "list(keys.keys())"),
        ([KEYWORD, "area(2, 3)"], "legal.call", "area(2, height=3)"),
        ([KEYWORD, "area(2, heigth=3)"], "legal.call", "area(2, height=3)"),
        ([REQUIRED, "scaled([1, 2])"], "legal.call", "scaled([1, 2], factor=factor)"),
        (["from datetime import date\nparts = [2024, 5, 6]", "date(parts)"], "legal.call", "date(*parts)"),
        (
            [
                "import json\nfrom pathlib import Path\nn = Path('k.json').write_text('3')",
                "json.loads('k.json')",
            ],
            "legal.operand",
            READ,
        ),
        (["words = ['b', 'a']", "words.copy[0]"], "legal.operand", "words.copy()"),
        (["words = ['a', 'b']", "'-'.join(5, words)"], None, ""),
        (["import re\nm = re.match('(a)b', 'ab')", "m.group(2)"], "legal.operand", "1"),
        ([PAIRS, "shown(counts)"], "legal.call", "shown(list(counts), list(counts.values()))"),
        (["class Plain:\n    pass", "Plain(size=2)"], "legal.call", "Plain()"),
        ([LINES, "pd.read_json('k.json')"], "legal.call", "pd.read_json('k.json', lines=True)"),
        (
            ["from decimal import Decimal\nnet = Decimal('2.5')\nrate = 0.2", "net * rate"],
            "legal.operand",
            "Decimal(str(rate))",
        ),
        (
            ["from collections import deque\nlast = deque([1, 2, 3])", "last[-2:]"],
            "legal.operand",
            "list(last)",
        ),
        (["marks = [12, 15]\nmark = 15", "len(mark)"], "legal.name", "marks"),
        ([STATUS, "Status(given)"], "legal.call", "Status[given]"),
        ([STATUS, "Status('ope')"], "legal.call", "Status('open')"),
        (
            ["import numpy as np\nA = np.ones((3, 2))\ny = np.ones(3)", "np.linalg.solve(A, y)"],
            "legal.call",
            "np.linalg.lstsq(A, y)[0]",
        ),
    ],
)
def test_what_works_in_another_form_is_a_fact(mortuary, tmp_path, monkeypatch, cells, kind, text) -> None:
    monkeypatch.chdir(tmp_path)
    facts = mortuary.facts(*cells)
    found = [(fact.kind, fact.value["write"]) for fact in facts.of("legal")]
    if kind is None:
        assert not found
    else:
        assert (kind, text) in found


def test_a_sparse_matrix_is_joined_with_a_dense_one_as_a_dense_one(mortuary) -> None:
    pytest.importorskip("scipy")
    made = "import numpy as np\nfrom scipy.sparse import csr_matrix\ns = csr_matrix(np.eye(2))\nc = np.ones((2, 1))"
    facts = mortuary.facts(made, "np.hstack([s, c])")
    assert "s.toarray()" in [str(fact.value["write"]) for fact in facts.of("legal.operand")]


def test_a_target_of_as_many_values_is_found_among_the_variables(mortuary) -> None:
    pytest.importorskip("sklearn")
    made = (
        "from sklearn.linear_model import LinearRegression\nmodel = LinearRegression()\n"
        "X_train, X_test, y_train, y_test = [[1], [2], [3]], [[4]], [1, 0, 1], [1]"
    )
    facts = mortuary.facts(made, "model.fit(X_train, X_test)")
    assert facts.first("legal.call").value["write"] == "model.fit(X_train, y_train)"


def test_rows_with_other_labels_are_numbered_anew(mortuary) -> None:
    series = "import pandas as pd\na = pd.Series([1, 2])\nb = pd.Series([1, 2], index=[7, 8])"
    facts = mortuary.facts(series, "a == b")
    found = [str(fact.value["write"]) for fact in facts.of("legal.operand")]
    assert "b.reset_index(drop=True)" in found
    assert not [text for text in found if ".loc[" in text]


def test_what_the_changes_do_to_the_values_stays_in_the_copy(mortuary) -> None:
    """Each change is tried in a fork; here the test sees that no name was bound."""
    mortuary.facts(ARRAYS, "m @ m")
    assert "_it" not in mortuary.shell.user_ns


def test_a_table_among_too_many_positional_arguments_is_passed_as_data(mortuary) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\ndf = pd.DataFrame({'k': ['a']})\ndef plot(data=None, *, x=None, y=None):\n    return x"
    facts = mortuary.facts(made, "plot(df['k'], df)")
    assert facts.first("legal.call").value["write"] == "plot(data=df, x=df['k'])"


class Tensor:
    """What a tensor of torch says of itself: to load torch takes seconds and gigabytes."""

    def __init__(self, dtype: str, *shape: int, requires_grad: bool = False) -> None:
        self.dtype, self.shape, self.ndim, self.requires_grad = (
            f"torch.{dtype}",
            shape,
            len(shape),
            requires_grad,
        )


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor("float64", 4, 3), "_it.float()"),
        (Tensor("int64", 4), "_it.unsqueeze(1).float()"),
        (Tensor("float32", 4, 1), "_it.squeeze(-1)"),
        (Tensor("float32", 4, 1, requires_grad=True), "_it.detach()"),
    ],
)
def test_a_tensor_is_tried_in_the_type_and_shape_that_layers_ask_for(monkeypatch, tensor, text) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(Tensor=Tensor))
    assert text in [template for template, _ in variants(tensor, [])]

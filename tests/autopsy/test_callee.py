"""What a function takes and what an object has."""

import pytest

CALLEE = "def paint(shape, size, *, colour='red'):\n    '''Paint a shape.'''\n    return shape"


def test_the_signature_of_the_live_function_is_told(mortuary) -> None:
    value = mortuary.facts(CALLEE, "paint('dot')").first("callee.signature").value
    assert value["positional"] == value["required"] == ["shape", "size"]
    assert value["given"] == {"positional": 1, "keywords": []}
    assert value["parameters"][2] == {"name": "colour", "kind": "keyword_only", "default": "'red'"}
    assert value["doc"] == "Paint a shape."


def test_an_unknown_keyword_has_near_ones(mortuary) -> None:
    assert mortuary.facts(CALLEE, "paint(1, 2, color=3)").first("callee.keyword").value["near"] == ["colour"]


def test_an_attribute_is_looked_up_without_running_a_property(mortuary) -> None:
    source = "ran = []\nclass Order:\n    total = 1\n    @property\n    def totals(self):\n        ran.append(1)\norder = Order()"
    value = mortuary.facts(source, "order.totl").first("callee.attribute").value
    assert value["near"][0] == "total"
    assert mortuary.shell.user_ns["ran"] == []


def test_a_column_is_an_attribute_of_a_table(mortuary) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\ndf = pd.DataFrame({'amount': [1], 'two words': [2]})"
    near = mortuary.facts(made, "df.Amount").first("callee.attribute").value["near"]
    assert near[0] == "amount"
    assert "two words" not in near


def test_a_submodule_that_was_not_imported_is_found(mortuary) -> None:
    facts = mortuary.facts(
        "import sys\nsys.modules.pop('xml.dom.pulldom', None)\nimport xml.dom", "xml.dom.pulldom"
    )
    assert facts.first("callee.submodule").value["module"] == "xml.dom.pulldom"


def test_a_misspelt_import_has_near_names(mortuary) -> None:
    assert (
        mortuary.facts("from collections import OrderDict").first("callee.import").value["near"][0]
        == "OrderedDict"
    )


DOCUMENTED = (
    "class Tape:\n"
    "    def forward(self):\n        pass\n"
    '    def gather(self):\n        """Replaces `Old.collect`; see also the word pick."""\n'
    "    def fill(self, how):\n        \"\"\"how : {'pad' / 'forward', 'none'}\"\"\"\n"
    "tape = Tape()"
)


def test_the_documentation_of_the_object_knows_other_names(mortuary) -> None:
    near = mortuary.facts(DOCUMENTED, "tape.pad()").first("callee.attribute").value["near"]
    assert near[:2] == ["forward", "fill"]
    assert mortuary.facts("tape.collect()").first("callee.attribute").value["near"] == ["gather"]
    assert mortuary.facts("tape.pick()").first("callee.attribute").value["near"] == []


def test_a_function_that_is_named_by_a_string_is_looked_for_among_the_methods(mortuary) -> None:
    pytest.importorskip("pandas")
    made = "import pandas as pd\ng = pd.DataFrame({'k': [1, 1], 'v': [2.0, 4.0]}).groupby('k')['v']"
    fact = mortuary.facts(made, "g.transform('meen')").first("callee.attribute")
    assert fact.text == "`g` has no function `meen`. Most like it: `mean`, `median`."
    assert fact.value["near"][0] == "mean"

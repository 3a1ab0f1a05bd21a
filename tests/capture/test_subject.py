from typing import Any

import pytest


@pytest.mark.parametrize(
    ("source", "subject", "name"),
    [
        ("undefined", None, "undefined"),
        ("def f():\n    print(x)\n    x = 1\nf()", None, "x"),
        ("raise NameError(\"name 'other' is not defined\")", None, "other"),
        ("s = 'a'\ns.uper()", "s", "uper"),
        ("class O: pass\no = O()\no.x.y", "o", "x"),
        ("None.foo", "None", "foo"),
        ("import math\nmath.PI", "math", "PI"),
        ("from math import PI", "math", "PI"),
        ("import no_such_module_here", None, "no_such_module_here"),
        ("import os.no_such_part", "os", "os.no_such_part"),
        ("d = {'a': {}}\nd['a']['b']", "d['a']", "'b'"),
        ("{'a': 1}['b']", "{'a': 1}", "'b'"),
        ("d = {}\nd.pop('k')", "d", "'k'"),
        ("d = {}\ndel d[3]", "d", "3"),
        ("xs = [1]\nxs[3]", "xs", None),
        ("xs = []\nxs.pop()", "xs", None),
        ("import os\nos.environ['NO_SUCH_NAME']", "os.environ", "'NO_SUCH_NAME'"),
        ("raise KeyError('mine')", None, "'mine'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf['b']", "df", "'b'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.loc[0, 'b']", "df", "'b'"),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.b", "df", "b"),
    ],
)
def test_what_the_operation_failed_on_is_told(
    notebook: Any, source: str, subject: str | None, name: str | None
) -> None:
    raised = notebook.raised(source)
    assert (raised.subject.name if raised.subject else None) == subject
    assert raised.name == name


def test_the_members_of_the_subject_allow_to_find_what_was_meant(notebook: Any) -> None:
    assert "upper" in notebook.raised("'a'.uper()").subject.members
    assert "pi" in notebook.raised("from math import PI").subject.members
    raised = notebook.raised("class O:\n    def __init__(self): self.user = 1\nO().users")
    assert "user" in raised.subject.members


def test_a_key_is_told_without_its_own_repr(notebook: Any) -> None:
    raised = notebook.raised("class K:\n    def __repr__(self): return 'made by repr'\nk = K()", "{}[k]")
    assert raised.name == "<__main__.K>"

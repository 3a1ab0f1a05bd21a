import pytest

from cot_magic.capture.lineage.dataflow import flow_of


@pytest.mark.parametrize(
    ("source", "needs", "later", "defines", "changes"),
    [
        ("x = y", "y", "", "x", ""),
        ("x = 1\ny = x", "", "", "x y", ""),
        ("x += y", "y x", "", "", "x"),
        ("a, (b, *c) = d", "d", "", "a b c", ""),
        ("x[i] = v", "v x i", "", "", "x"),
        ("x.a.b = v", "v x", "", "", "x"),
        ("import numpy as np, os.path", "", "", "np os", ""),
        ("from a import b as c", "", "", "c", ""),
        ("def f(p, q=d):\n    r = p + g\n    return r", "d", "g", "f", ""),
        ("@dec\ndef f(x: T) -> U: return f(x - 1)", "dec T U", "", "f", ""),
        ("class C(B):\n    z = k\n    def m(self): return w", "B k", "w", "C", ""),
        ("[x * k for x in xs if x > t]", "xs t k", "", "", ""),
        ("f = lambda v, w=d: v + g", "d", "g", "f", ""),
        ("for i in rows:\n    total = i", "rows", "", "i total", ""),
        ("with open(p) as h:\n    t = h.read()", "p", "", "h t", ""),
        ("try:\n    a()\nexcept E as e:\n    print(e)", "a E", "", "", ""),
        ("if (n := f(a)) > 1: b = n", "f a", "", "n b", ""),
        ("def f():\n    global g\n    g = 1", "", "", "f", "g"),
        ("def f():\n    xs.append(1)\n    return 1", "", "xs", "f", "xs"),
        ("xs.append(1)\nx = 1", "xs", "", "x", "xs"),
        ("df.head()", "df", "", "", ""),
        ("df.dropna(inplace=True)", "df", "", "", "df"),
        ("await client.close()", "client", "", "", "client"),
        ("x: int = y\nz: T", "y T", "", "x", ""),
        ("print(len(x))", "x", "", "", ""),
        ("%%time\ny = x", "x", "", "y", ""),
        ("!ls\ny = x", "x", "", "y", ""),
        ("%%bash\necho $x", "", "", "", ""),
        ("match v:\n    case {'k': k, **rest}: r = k", "v", "", "k rest r", ""),
    ],
)
def test_needs_definitions_and_changes_are_read(
    source: str, needs: str, later: str, defines: str, changes: str
) -> None:
    flow = flow_of(source)
    ignored = {"get_ipython"}
    assert set(flow.needs) - ignored == set(needs.split())
    assert set(flow.later) == set(later.split())
    assert flow.defines == set(defines.split())
    assert flow.changes == set(changes.split())


def test_a_cell_that_cannot_be_parsed_needs_all_its_names() -> None:
    assert flow_of("y = x +\nfor z in").needs == ("y", "x", "z")


def test_the_modules_that_a_cell_imports_are_told() -> None:
    flow = flow_of("import a.b, c as d\nfrom e.f import g\nfrom . import h\nfrom i import *")
    assert flow.modules == {"a", "c", "e", "i"}
    assert flow.stars == ("i",)


def test_an_absurdly_nested_cell_does_not_break_it() -> None:
    assert flow_of("x = " + "-" * 50_000 + "y").needs

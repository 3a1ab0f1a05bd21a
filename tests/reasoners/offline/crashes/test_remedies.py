"""Each row of the tables on the notebook that is its example: it fires, and its first passing edit is right."""

import importlib

import pytest
from apart import WITH, run_with

from cot_magic.core.findings import FixVerdict, HypothesisVerdict
from cot_magic.reasoners.offline.crashes.remedies.pattern import match, pattern
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy
from cot_magic.reasoners.offline.site import Site

pytestmark = pytest.mark.filterwarnings("ignore")  # the examples are mistakes: libraries warn of some of them
NEEDS = {
    "model_rows": "sklearn",
    "plot_rows": "seaborn",
    "pandas_rows": "pandas",
    "date_rows": "pandas",
    "numpy_rows": "numpy",
    "missing_rows": "sklearn",
    "polars_rows": "polars",
}


TABLES = ("pandas", "date", "numpy", "missing", "model", "plot", "python")


def rows() -> list:
    found = []
    for name in ("polars_rows",) if WITH == "polars" else [f"{table}_rows" for table in TABLES]:
        module = importlib.import_module(f"cot_magic.reasoners.offline.crashes.remedies.{name}")
        found += [pytest.param(row, NEEDS.get(name), id=row.code) for row in module.ROWS if row.example]
    return found


@pytest.mark.parametrize(("row", "needs"), rows())
def test_the_first_edit_that_passes_gives_what_the_example_says(row: Remedy, needs, failing, solve) -> None:
    if needs is not None:
        pytest.importorskip(needs)
    *cells, holds = row.example
    case = failing(*cells)
    session = solve(case, rules=(row,), rounds=1)
    assert [item.rule for item in session.hypotheses if item.rule] != [], case.raised
    best = session.best_fix
    assert best is not None, [(fix.why, fix.edits[-1].after) for fix in session.fixes]
    assert session.judge_fix(best).verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
    if row.check:
        assert session.judge(best.hypothesis).verdict is HypothesisVerdict.CONFIRMED, row.check
    edits = {edit.cell: edit.after for edit in best.edits}
    space: dict = {"__name__": "__main__"}
    for cell in case.cells:
        exec(edits.get(cell.id, cell.source), space)
    assert eval(holds, space), best.edits[-1].after


@pytest.mark.slow
@pytest.mark.skipif(WITH == "polars", reason="it starts these tests")
def test_the_rows_about_polars_do_too() -> None:
    run_with("polars", __file__, "test_the_first_edit_that_passes")


def test_a_row_says_nothing_about_another_message(failing) -> None:
    module = importlib.import_module("cot_magic.reasoners.offline.crashes.remedies.pandas_rows")
    case = failing("x = {}", "x['a']")
    assert [row.code for row in module.ROWS if list(row.suspicions(case))] == []


def test_a_hole_that_occurs_twice_takes_the_same_code(failing) -> None:
    site = Site.of(failing("a = 1\nb = 2", "(a - a) / (a - b) / 0"))
    assert site is not None
    tree = pattern("_x - _x")
    assert match(site, tree, pattern("a - a")) is not None
    assert match(site, tree, pattern("a - b")) is None


def test_the_rest_of_a_call_is_kept(failing) -> None:
    site = Site.of(failing("f = dict", "f(a=1, b=2)['c']"))
    assert site is not None
    call = site.tree.body[0].value.value  # type: ignore[attr-defined]
    assert match(site, pattern("_f(..., a=_x)"), call)["rest"] == "b=2"  # type: ignore[index]


def test_a_value_that_a_later_loop_replaced_gets_a_name_of_its_own(mended) -> None:
    cells = ("config = {'start': 8}", "for config in ['a', 'b']:\n    last = config", "x = config['start']")
    assert mended(*cells, check="assert x == 8 and last == 'b'") == "PLAUSIBLE"


def test_what_an_edited_cell_reads_is_made_again_first(mended) -> None:
    cells = ("d = {'a': [2, 1]}\nxs = d['a']", "xs = xs.sort()", "y = xs[0]")
    assert mended(*cells, check="assert y == 1") in ("VERIFIED", "PLAUSIBLE")

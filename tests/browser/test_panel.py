"""The panel as a person sees it in JupyterLab."""

from pathlib import Path

import nbformat

from cot_magic import __version__

SOURCES = [
    "%load_ext cot_magic",
    'orders = [\n    {"id": 1, "customer": "Ada", "total": 120.0},\n    {"id": 2, "customer": "Grace", "total": 80.5},\n]',
    'def revenue(orders):\n    return sum(order["totl"] for order in orders)',
    "%%cot+ why does this fail?\nincome = revenue(orders)\nincome",
]
PHASES = ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM")


def opened(page, lab, sources=SOURCES, name="panel.ipynb"):
    address, folder = lab
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / name)
    page.goto(f"{address}/lab/tree/{name}?token=loopback-only&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_function("() => document.title.length > 0")
    page.click(".jp-Notebook .jp-CodeCell >> nth=0")
    return folder / name


def run_all(page) -> None:
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    page.keyboard.press("Escape")
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')


def test_a_failing_cell_shows_five_folds_a_verified_fix_and_the_buttons(page, lab, artefacts: Path) -> None:
    assert __version__
    opened(page, lab)
    run_all(page)
    badge = page.wait_for_selector("text=verified", timeout=90_000)
    assert badge
    page.wait_for_selector("button:has-text('Insert both')", timeout=30_000)
    panel = page.query_selector(".jp-OutputArea-output section, .jp-OutputArea-output details")
    assert panel is not None
    text = page.inner_text(".jp-Notebook")
    for phase in PHASES:
        assert phase in text
    page.query_selector_all(".jp-OutputArea-output section")[0].scroll_into_view_if_needed()
    page.screenshot(path=str(artefacts / "panel-lab.png"))
    page.query_selector_all(".jp-OutputArea-output section")[0].screenshot(path=str(artefacts / "panel.png"))
    for label in ("Insert fix", "Insert tests", "Insert both", "Undo"):
        assert page.query_selector(f"button:has-text('{label}')") is not None, label


def test_markup_in_a_cell_is_shown_and_not_run(page, lab, artefacts: Path) -> None:
    hostile = '%%cot+ <img src=x onerror="document.title=1">\nd = {"<script>window.pwned = 1</script>": 1}\nd["<b id=injected>x</b>"]'
    opened(page, lab, [SOURCES[0], hostile], name="hostile.ipynb")
    run_all(page)
    page.wait_for_selector("text=CONFIRM", timeout=90_000)
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.pwned === undefined && document.getElementById('injected') === null")
    page.screenshot(path=str(artefacts / "hostile-lab.png"))

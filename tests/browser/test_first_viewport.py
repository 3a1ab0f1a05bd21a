"""What a person sees at first: ten cells that fail, in JupyterLab and in Notebook 7, in a window of 1280 by 900."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TOKEN = "loopback-only"
WIDTH, HEIGHT = 1280, 900
MOST_WORDS = 60  # before the first fold
SERIOUS = ("serious", "critical")


class Failing(NamedTuple):
    """A cell that fails, what comes before it, and words of the cause that must be on the screen."""

    name: str
    needs: tuple[str, ...]
    before: str
    cell: str
    cause: str  # a regular expression


SALES = """import pandas as pd
sales = pd.DataFrame({"city": ["Bonn", "Oslo", "Bonn"], "Region ": ["west", "north", "west"], "amount": [3.5, 4.0, 1.25]})"""
ORDERS = """orders = [{"id": 1, "customer": "Ada", "total": 120.0}, {"id": 2, "customer": "Grace", "total": 80.5}]
def revenue(orders):
    return sum(order["totl"] for order in orders)"""
TRAINING = """import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
hours = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
points = np.array([2.0, 4.1, 5.9, 8.2, 9.9])"""

EACH_DAY = 2  # in both front ends; the others are looked at every night
CASES = (
    Failing(
        "column",
        ("pandas",),
        SALES,
        'by_region = sales.groupby("Region")["amount"].sum()\nby_region',
        "Region",
    ),
    Failing(
        "removed",
        ("pandas",),
        SALES,
        'more = sales.append({"city": "Rome"}, ignore_index=True)\nmore',
        "append",
    ),
    Failing(
        "numbers",
        ("pandas",),
        'import pandas as pd\nprices = pd.DataFrame({"item": ["tea", "milk", "rye", "jam"], "price": ["12.50", "n/a", "1.20", "3.10"]})',
        'total = prices["price"].astype(float).sum()\ntotal',
        "n/a",
    ),
    Failing(
        "matrix",
        ("numpy",),
        "import numpy as np\nX = np.arange(12.0).reshape(4, 3)\nw = np.ones(4)",
        "scores = X @ w\nscores",
        "4",
    ),
    Failing(
        "alias",
        ("numpy",),
        "import numpy as np\nvalues = [1, 2, 3]",
        "x = np.array(values, dtype=np.float)\nx.mean()",
        "float",
    ),
    Failing(
        "flat", ("sklearn",), TRAINING, "model = LinearRegression().fit(hours, points)\nmodel.coef_", "hours"
    ),
    Failing(
        "neighbours",
        ("sklearn",),
        TRAINING,
        "model = KNeighborsClassifier(n_neighbors=8).fit(hours.reshape(-1, 1), points > 5)\nmodel.predict([[2.5]])",
        "n_neighbors|8",
    ),
    Failing("key", (), ORDERS, "income = revenue(orders)\nincome", "total"),
    Failing(
        "index",
        (),
        "steps = [3, 1, 4, 1, 5]",
        "total = 0\nfor place in range(len(steps) + 1):\n    total += steps[place]\ntotal",
        "steps|5",
    ),
    Failing(
        "text",
        (),
        'ages = {"Ada": "36", "Grace": "45"}',
        "years = 0\nfor name in ages:\n    years += ages[name]\nyears",
        "str|text|ages",
    ),
)


# What a person reads before the first fold: rectangles on the screen, and the words of each part.
READ = """cell => {
  const panel = cell.querySelector('section[role=region]');
  const parts = [];
  for (const part of panel.children) {
    if (part.tagName === 'DETAILS') break;
    parts.push(part);
  }
  const box = part => { const at = part.getBoundingClientRect(); return [at.left, at.top, at.right, at.bottom]; };
  const diff = panel.querySelector('pre[aria-label^="changes in"], pre[aria-label^="choice"]');
  const row = parts.find(part => part.classList.contains('cot-Offer'));
  return {
    text: parts.filter(part => part !== row).map(part => part.innerText).join(' '),
    verdict: box(panel.querySelector('[role=status]')),
    cause: box(parts.find(part => part.querySelector(':scope > b'))),
    diff: diff && parts.some(part => part.contains(diff)) ? box(diff) : null,
    buttons: row ? [...row.querySelectorAll('button')].map(button => button.innerText) : [],
    first: panel.innerText.split('\\n').slice(0, 6).join(' '),
  };
}"""
# JupyterLab draws the error itself, in colours of its own
AUDIT = """() => axe.run(
  { include: [['.jp-Notebook .jp-Cell[data-windowed-list-index="2"] .jp-OutputArea']],
    exclude: [['[data-mime-type="application/vnd.jupyter.error"]']] },
  { resultTypes: ['violations'] }
).then(found => found.violations.map(one => [one.impact, one.id, one.help, one.nodes.map(node => node.html.slice(0, 200))]))"""


def serious(window: Any) -> list[tuple[Any, ...]]:
    """What axe-core finds in the outputs of the cell that hinders people."""
    return [tuple(one) for one in window.evaluate(AUDIT) if one[0] in SERIOUS]


@pytest.fixture
def window(browser: Any, lab: tuple[str, Path]) -> Iterator[Any]:
    """A page as large as that of a small laptop; the kernels that it started are shut down."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    yield context.new_page()
    for kernel in context.request.get(f"{lab[0]}/api/kernels?token={TOKEN}").json():
        context.request.delete(f"{lab[0]}/api/kernels/{kernel['id']}?token={TOKEN}")
    context.close()


def run(book: Any, window: Any, case: Failing) -> Any:
    """Run the three cells as a person does, and return the last one as an element of the page."""
    book.run_cell(0)
    book.run_cell(1)
    book.select(2)
    window.keyboard.press("Shift+Enter")
    window.wait_for_selector(
        ".cot-Offer :text-matches('Replace|Nothing to insert'), .cot-Choice", timeout=180_000
    )
    book.idle()
    window.wait_for_timeout(300)  # drawn
    return window.query_selector(".jp-Notebook .jp-Cell >> nth=2")


@pytest.mark.timeout(400)  # a kernel, imports and an investigation on a busy machine
@pytest.mark.parametrize("app", ["lab", "notebook"])
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[] if case in CASES[:EACH_DAY] else [pytest.mark.nightly])
        for case in CASES
    ],
)
def test_verdict_cause_and_change_are_seen_without_scrolling(
    window: Any, lab: Any, notebooks: Any, artefacts: Path, axe: str, case: Failing, app: str
) -> None:
    for package in case.needs:
        pytest.importorskip(package)
    sources = [notebooks.LOAD, case.before, f"%%cot+\n{case.cell}"]
    book = notebooks.Book(window, lab, f"first-{case.name}-{app}.ipynb", app).write(sources).open()
    seen = run(book, window, case).evaluate(READ)
    window.screenshot(path=str(artefacts / f"first-{case.name}-{app}.png"))
    for part in ("verdict", "cause", "diff"):
        assert seen[part] is not None, (part, seen)
        left, top, right, bottom = seen[part]
        assert 0 <= left < right <= WIDTH, (part, seen)
        assert 0 <= top < bottom <= HEIGHT, (part, seen)
    assert re.search(case.cause, seen["text"]), seen
    words = [word for word in seen["text"].split() if any(map(str.isalnum, word))]
    assert len(words) <= MOST_WORDS, seen["text"]
    assert "Replace…" in seen["buttons"], "the buttons are beside the change"
    assert window.locator(".cot-Bar").count() == 0, "nothing is offered twice"
    window.add_script_tag(content=axe)
    assert serious(window) == []
    if app == "lab":
        for theme in ("JupyterLab Dark", "JupyterLab Light"):  # the last one stays for other tests
            book.tell(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
            window.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
            window.wait_for_timeout(700)  # the style sheet of the theme is loaded
            if theme == "JupyterLab Dark":
                window.screenshot(path=str(artefacts / f"first-{case.name}-dark.png"))
                assert serious(window) == [], theme

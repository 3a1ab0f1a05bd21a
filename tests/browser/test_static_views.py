"""The panel where no kernel runs: a notebook that is opened again, and exports; in Chromium, offline."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
import sessions

from cot_magic.render.accordion import bundle

PHASES = ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM")
DIFF = '{"item": "tea", "price": 3.5},'
NARROW, WIDE = 420, 1000
# what a person can see of a panel: the text of all that has a size, and how each line of the diff is tinted
SEEN = """section => {
  const folds = [...section.querySelectorAll(':scope > details')];
  const tints = [...section.querySelectorAll('pre span')].map(s => getComputedStyle(s).backgroundColor);
  const pictures = [...section.querySelectorAll('svg')];
  const ends = box => box.getBoundingClientRect().right;
  const cut = pictures.flatMap(p => [...p.querySelectorAll('text')].filter(t => ends(t) > ends(p)));
  return {
    pictures: pictures.length, cut: cut.map(t => t.textContent),
    text: section.innerText, open: folds.map(f => f.open), heights: folds.map(f => f.getBoundingClientRect().height),
    tints: [...new Set(tints)], over: section.scrollWidth - section.clientWidth,
  };
}"""


@pytest.fixture(scope="module")
def book() -> Any:
    """A saved notebook with the panel of a verified session in which a schedule fails; the widgets that showed
    it live are gone."""
    output = nbformat.v4.new_output("display_data", data=bundle(sessions.fold(sessions.race_events())))
    cell = nbformat.v4.new_code_cell("total(records)", outputs=[output], execution_count=7)
    book = nbformat.v4.new_notebook(cells=[cell])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return book


def with_widget_state(book: Any) -> Any:
    copy = nbformat.from_dict(book)
    state = {"version_major": 2, "version_minor": 0, "state": {}}
    copy.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    return copy


def check(section: Any) -> dict[str, Any]:
    """What is seen once every fold is open; before, it is the answer."""
    answer = section.evaluate(SEEN)
    assert answer["open"] == [False] * (1 + len(PHASES)), "what has no room above, and the phases"
    assert "✓ verified" in answer["text"]
    for phase in PHASES:
        assert phase in answer["text"]
    assert DIFF in answer["text"]
    section.evaluate("section => section.querySelectorAll('details').forEach(fold => fold.open = true)")
    seen: dict[str, Any] = section.evaluate(SEEN)
    assert all(height > 15 for height in seen["heights"])
    assert len(seen["tints"]) >= 3, "lines that go, that come and that stay look different"
    assert "test_each_record_has_a_price" in seen["text"]
    assert seen["over"] <= 0, "nothing is cut at the side"
    assert "The failing schedule" in seen["text"]
    assert "rows.clear()" in seen["text"]
    assert seen["cut"] == []
    return seen


@pytest.mark.parametrize("state", [False, True], ids=["no widget state", "widget state"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_an_export_to_html_shows_the_panel_offline(
    page: Any, book: Any, tmp_path: Path, artefacts: Path, state: bool, theme: str, width: int
) -> None:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter()
    exporter.theme = theme
    exported, _ = exporter.from_notebook_node(with_widget_state(book) if state else book)
    file = tmp_path / "export.html"
    file.write_text(exported, encoding="utf-8")
    page.route("http*://**", lambda route: route.abort())
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(file.as_uri())
    section = page.wait_for_selector("section[role=region]")
    seen = check(section)
    assert seen["pictures"] == 1
    section.screenshot(path=str(artefacts / f"export-{theme}-{width}{'-state' * state}.png"))


@pytest.mark.parametrize("trusted", [False, True], ids=["untrusted", "trusted"])
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_notebook_that_is_opened_again_shows_the_panel(
    page: Any, lab: tuple[str, Path], book: Any, artefacts: Path, trusted: bool, theme: str
) -> None:
    from nbformat.sign import NotebookNotary

    address, folder = lab
    name = f"again-{'trusted' if trusted else 'untrusted'}.ipynb"
    nbformat.write(book, folder / name)
    notary = NotebookNotary(data_dir=str(folder / ".data"))
    change = notary.sign if trusted else notary.unsign  # trust belongs to the content, whatever its name
    change(nbformat.read(folder / name, as_version=4))
    notary.store.close()
    page.goto(f"{address}/lab/tree/{name}?token=loopback-only&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str("Light" in theme).lower()
    )
    section = page.wait_for_selector(".jp-OutputArea-output section", timeout=60_000)
    seen = check(section)
    assert seen["pictures"] == int(trusted), "an untrusted one is shown in characters"
    assert ("│ ◆" in seen["text"]) is not trusted
    section.screenshot(
        path=str(
            artefacts / f"again-{'trusted' if trusted else 'untrusted'}-{theme[-5:].strip().lower()}.png"
        )
    )


@pytest.mark.parametrize(
    "text",
    ["long" * 100, "\u0645\u0631\u062d\u0628\u0627 <b>x</b> \u202e \u05e9\u05dc\u05d5\u05dd"],
    ids=["long", "right to left"],
)
def test_nothing_sticks_out_of_the_panel(page: Any, tmp_path: Path, artefacts: Path, text: str) -> None:
    html = bundle(sessions.fold(sessions.hostile_events(text)))["text/html"]
    file = tmp_path / "hostile.html"
    file.write_text(f"<meta charset=utf-8>{html}", encoding="utf-8")
    page.goto(file.as_uri())
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 1000})
        section = page.wait_for_selector("section[role=region]")
        assert section.evaluate("s => s.scrollWidth - s.clientWidth") <= 0
        assert page.evaluate("() => document.querySelectorAll('section b b, section script').length") == 0
    section.screenshot(path=str(artefacts / f"hostile-{len(text)}.png"))

"""What a person does in a notebook in the browser, and what is then in it."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

TOKEN = "loopback-only"
LOAD = "%load_ext cot_magic"
ORDERS = 'orders = [\n    {"id": 1, "customer": "Ada", "total": 120.0},\n    {"id": 2, "customer": "Grace", "total": 80.5},\n]'
REVENUE = 'def revenue(orders):\n    return sum(order["totl"] for order in orders)'
FAILS = "%%cot+ why does this fail?\nincome = revenue(orders)\nincome"
SHOP = [LOAD, ORDERS, REVENUE, FAILS]
PANEL = "[...window.jupyterapp.shell.widgets('main')].find(w => w.content && w.content.widgets)"
IDLE = f"""() => {{
  const panel = {PANEL};
  const kernel = panel && panel.sessionContext.session && panel.sessionContext.session.kernel;
  return panel && panel.sessionContext.isReady && kernel && kernel.status === 'idle' && kernel.connectionStatus === 'connected';
}}"""


class Book:
    """A notebook that is open in a page of JupyterLab or Notebook 7."""

    def __init__(self, page: Any, lab: tuple[str, Path], name: str, app: str = "lab") -> None:
        self.page, self.app = page, app
        self.address, folder = lab
        self.path = folder / name

    def write(self, sources: list[str]) -> "Book":
        """Make the file; cell ids are c0, c1, …"""
        cells = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(sources)]
        book = nbformat.v4.new_notebook(cells=cells)
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.path)
        return self

    def open(self) -> "Book":
        """Load the page, and wait for the kernel."""
        place = "lab/tree" if self.app == "lab" else "notebooks"
        more = "&reset" if self.app == "lab" else ""
        self.page.goto(f"{self.address}/{place}/{self.path.name}?token={TOKEN}{more}")
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        self.idle()
        return self

    def idle(self) -> None:
        """Wait until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(IDLE, timeout=90_000)

    def select(self, place: int) -> None:
        """Click beside a cell, which makes it active in command mode."""
        self.page.click(f".jp-Notebook .jp-Cell >> nth={place} >> .jp-InputPrompt >> nth=0")
        self.page.keyboard.press("Escape")

    def menu(self, *labels: str) -> None:
        self.page.click(f'.lm-MenuBar-itemLabel:text-is("{labels[0]}")')
        for label in labels[1:]:
            self.page.click(f'.lm-Menu-itemLabel:text-matches("^{label}")')

    def run_all(self) -> None:
        self.select(0)
        self.menu("Run", "Run All Cells$")

    def run_cell(self, place: int) -> None:
        """Run a cell and wait until it has run."""
        before = self.cells()[place]["execution_count"]
        self.start_cell(place)
        self.wait(lambda: self.cells()[place]["execution_count"] not in (None, before))
        self.idle()

    def start_cell(self, place: int) -> None:
        self.select(place)
        self.page.keyboard.press("Control+Enter")

    def type_into(self, place: int, text: str) -> None:
        """Replace the source of a cell as a person does."""
        self.select(place)
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)  # at once, without the indentation that an editor adds
        self.page.keyboard.press("Escape")

    def restart(self) -> None:
        self.menu("Kernel", "Restart Kernel…$")
        self.page.click(".jp-Dialog button:has-text('Restart')")
        self.page.wait_for_function("() => !document.querySelector('.jp-Dialog')")
        self.page.wait_for_timeout(500)  # the kernel is still idle for a moment
        self.idle()

    def has(self, cells: int) -> None:
        """Wait until there are so many cells."""
        self.wait(lambda: len(self.cells()) == cells)

    def dialog(self, button: str | None = None) -> str:
        """Wait for the dialog, press one of its buttons, and return its text."""
        self.page.wait_for_selector(".jp-Dialog-content")
        text = str(self.page.inner_text(".jp-Dialog-content"))
        if button is not None:
            self.page.click(f".jp-Dialog-content button:has-text('{button}')")
            self.page.wait_for_selector(".jp-Dialog-content", state="detached")
        return text

    def tell(self, code: str) -> Any:
        """Evaluate JavaScript on `panel`, the notebook."""
        return self.page.evaluate(f"() => {{ const panel = {PANEL}; return {code}; }}")

    def cells(self) -> list[dict[str, Any]]:
        """The cells as the front end has them: id, source, metadata, outputs."""
        found: list[dict[str, Any]] = self.tell(
            "panel.content.model.toJSON().cells.map(c => ({...c, source: [c.source].flat().join('')}))"
        )
        return found

    def sources(self) -> list[str]:
        return [cell["source"] for cell in self.cells()]

    def save(self) -> Any:
        """Save by the keyboard, and return what is in the file once it is there."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        self.wait(
            lambda: self.path.stat().st_mtime_ns != before and not self.tell("panel.context.model.dirty")
        )
        return json.loads(self.path.read_text())

    def wait(self, holds: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something holds; fails if it never does."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                seen = (
                    Path(os.environ.get("COT_ARTEFACTS", "build/artefacts")) / f"failed-{self.path.stem}.png"
                )
                self.page.screenshot(path=str(seen))
                raise AssertionError(f"it never became so: {seen}")
            self.page.wait_for_timeout(50)

    def button(self, label: str) -> Any:
        return self.page.locator(f'.cot-Offer button:text-is("{label}")')

    @property
    def said(self) -> str:
        """The sentence beside the buttons."""
        return str(self.page.inner_text(".cot-Offer-said"))

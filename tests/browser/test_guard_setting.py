"""The setting *Guard* in JupyterLab's settings editor: what it says holds in the kernel of an open notebook."""

from typing import Any

import pytest

CELLS = ["%load_ext cot_magic", "total = 3", "total = 4\ntotl", "print(total)"]
CHECKBOX = '.jp-SettingsForm input[type=checkbox][id$="_guard"]'


def text_of(cell: dict[str, Any]) -> str:
    """What is shown below a cell, as plain text."""
    outputs = [output.get("data", {}).get("text/plain", output.get("text", "")) for output in cell["outputs"]]
    return "\n".join("".join(output) for output in outputs)


def set_guard(page: Any, lab: tuple[str, Any], book: Any, *, on: bool) -> None:
    """Open the editor, find the setting by its title, set it as a person does, and go back to the notebook."""
    page.evaluate("() => window.jupyterapp.commands.execute('settingeditor:open', { query: 'CoT debugger' })")
    box = page.locator(CHECKBOX)
    box.wait_for(timeout=60_000)
    assert "Guard" in page.inner_text(".jp-SettingsForm")
    assert box.is_checked() is not on
    box.set_checked(on)
    saved = lab[1] / ".config/lab/user-settings/cot-magic/plugin.jupyterlab-settings"
    book.wait(lambda: saved.is_file() and ('"guard": true' in saved.read_text()) is on)
    book.tell("window.jupyterapp.shell.activateById(panel.id)")
    book.idle()


@pytest.mark.timeout(400)
def test_the_setting_guards_the_cells_of_an_open_notebook(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "guarded.ipynb").write(CELLS).open()
    book.run_cell(0)
    book.run_cell(1)
    set_guard(page, lab, book, on=True)
    try:
        book.run_cell(2)
        book.wait(lambda: "Nothing in your kernel changed" in text_of(book.cells()[2]), 60)
        page.screenshot(path=str(artefacts / "guard-setting.png"))
        book.run_cell(3)
        assert text_of(book.cells()[3]).strip() == "3", "the cell that fails did not run"
    finally:  # the other tests use the same server
        set_guard(page, lab, book, on=False)
    book.run_cell(2)
    assert "Nothing in your kernel changed" not in text_of(book.cells()[2])
    book.run_cell(3)
    assert text_of(book.cells()[3]).strip() == "4", "without the guard, its first line runs"

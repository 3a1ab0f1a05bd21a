"""`Debug with CoT` on cells that failed, and Cancel."""

import nbformat
import pytest

PLAIN = [
    "%load_ext cot_magic",
    "runs = []\nd = {'alpha': 1, 'beta': 2}",
    "runs.append(1)\nfound = d['alhpa']",
    "runz",
    "print(len(runs))",
]
SLOW = "%%cot++\nimport time\ntime.sleep(2)\nd = {'alpha': 1}\nd['alhpa']"


def bar(page, place: int):
    return page.locator(f".jp-Notebook .jp-Cell >> nth={place} >> .cot-Bar button")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_button_debugs_the_failure_without_running_the_cell_again(
    app, page, lab, notebooks, artefacts
) -> None:
    book = notebooks.Book(page, lab, f"debug-{app}.ipynb", app).write(PLAIN).open()
    for place in (0, 1, 2):
        book.run_cell(place)
    bar(page, 2).nth(0).wait_for()
    page.screenshot(path=str(artefacts / f"debug-button-{app}.png"))
    bar(page, 2).nth(1).click()
    page.wait_for_selector(".lm-Menu-item")
    assert [text.strip() for text in page.locator(".lm-Menu-item").all_inner_texts()] == [
        "cot – quick: up to 5 s of experiments",
        "cot+ – thorough: up to 20 s of experiments",
        "cot++ – exhaustive: up to 60 s of experiments",
    ]
    page.screenshot(path=str(artefacts / f"debug-menu-{app}.png"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    book.button("Insert both").wait_for(timeout=60_000)
    page.screenshot(path=str(artefacts / f"debug-panel-{app}.png"))
    failed = book.cells()[2]
    assert [output["output_type"] for output in failed["outputs"]] == [
        "error",
        "display_data",
        "display_data",
    ]
    assert failed["source"] == PLAIN[2]
    book.run_cell(4)
    assert book.cells()[4]["outputs"][0]["text"] == "1\n", "the cell ran once"

    book.run_cell(3)  # another failure, so that of the first cell is gone
    bar(page, 3).nth(0).wait_for()
    bar(page, 2).nth(0).click()
    assert "the last failure in this kernel is from another cell" in book.dialog("Cancel").lower()
    book.select(3)
    page.locator('.jp-Toolbar-item:has-text("Debug with CoT"):visible').first.wait_for()
    page.keyboard.press("Alt+Shift+D")
    book.wait(lambda: len(book.cells()[3]["outputs"]) == 3, 60)
    book.idle()
    book.save()
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    book.idle()
    bar(page, 2).nth(0).wait_for()
    bar(page, 3).nth(0).wait_for()
    assert page.locator(".cot-Bar").count() == 2
    book.button("Insert fix").first.wait_for()
    shown = page.locator(".cot-Offer").nth(1)
    shown.evaluate("row => row.setAttribute('data-before', '')")
    bar(page, 3).nth(0).click()  # the kernel still has that failure
    page.locator(".cot-Offer[data-before]").wait_for(state="detached", timeout=60_000)
    book.wait(lambda: len(book.cells()[3]["outputs"]) == 3, 60)
    book.button("Insert fix").nth(1).wait_for(timeout=60_000)


def test_a_saved_failure_is_offered_and_run_again_if_wanted(page, lab, notebooks) -> None:
    fails = "d = {'alpha': 1, 'beta': 2}\nd['alhpa']"
    long = [f"x{place} = {place}\n" * 6 for place in range(40)]
    book = notebooks.Book(page, lab, "saved.ipynb").write([*long, fails])
    content = nbformat.read(book.path, as_version=4)
    content.cells[-1].outputs = [
        nbformat.v4.new_output("error", ename="KeyError", evalue="'alhpa'", traceback=["KeyError: 'alhpa'"])
    ]
    nbformat.write(content, book.path)
    book.open()
    offered = page.locator(".cot-Bar button")
    bars = "panel.content.widgets[40].node.querySelectorAll(':scope > .cot-Bar').length"
    book.wait(lambda: book.tell(bars) == 1)  # also where nobody has looked yet
    book.select(
        40
    )  # the wheel would do, but JupyterLab loses its place where it scrolls faster than it draws
    book.wait(lambda: offered.count() == 2)
    assert book.tell("panel.content.widgets[40].node.lastChild.className") == "cot-Bar", "below the traceback"
    offered.nth(0).click()
    assert "was not loaded" in book.dialog("Run with")  # the kernel is a new one
    book.button("Insert fix").wait_for(timeout=60_000)
    assert book.sources()[40] == f"%%cot+\n{fails}"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_cancel_stops_an_investigation_while_the_cell_runs(app, page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, f"cancel-{app}.ipynb", app).write([PLAIN[0], SLOW, "6 * 7"]).open()
    book.run_cell(0)
    book.start_cell(1)
    book.button("Cancel").wait_for(timeout=60_000)
    page.screenshot(path=str(artefacts / f"cancel-before-{app}.png"))
    book.button("Cancel").click()
    page.wait_for_selector("text=Interrupted: what was found so far is kept.", timeout=60_000)
    book.button("Cancel").wait_for(state="detached")
    page.screenshot(path=str(artefacts / f"cancel-after-{app}.png"))
    names = [output.get("ename") for output in book.cells()[1]["outputs"]]
    assert [name for name in names if name] == ["KeyError"], "the error of the cell is as it was"
    assert "ANALYZE" in page.inner_text(".jp-Notebook")
    bar(page, 1).nth(0).click()  # the same for an investigation by the button
    book.button("Cancel").wait_for(timeout=60_000)
    book.button("Cancel").click()
    book.button("Cancel").wait_for(state="detached")
    book.wait(lambda: page.inner_text(".jp-Notebook").count("Interrupted: what was found") == 1, 60)
    book.run_cell(2)
    assert book.cells()[2]["outputs"][0]["data"]["text/plain"] == "42", "the kernel goes on"

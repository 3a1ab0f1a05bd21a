"""The buttons below a panel: cells that appear in the right place, and go again."""

import statistics
import time

import pytest

APPS = ("lab", "notebook")
PHASES = ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM")
TESTS = 2  # of the smallest input that failed, and of the result
BOTH = 1 + TESTS


@pytest.mark.parametrize("app", APPS)
def test_fix_and_tests_go_in_run_and_are_saved(app, page, lab, notebooks, artefacts, capsys) -> None:
    book = notebooks.Book(page, lab, f"insert-{app}.ipynb", app).write(notebooks.SHOP).open()
    book.run_all()
    book.button("Insert both").wait_for(timeout=90_000)
    text = page.inner_text(".jp-Notebook")
    assert [phase for phase in PHASES if phase in text] == list(PHASES)
    assert "✓ verified" in text
    page.screenshot(path=str(artefacts / f"panel-{app}.png"))

    book.select(0)  # what is selected does not matter
    book.button("Insert both").click()
    book.has(4 + BOTH)
    fix, *tests = book.cells()[4:]
    assert fix["metadata"]["tags"] == ["cot-fix"]
    assert [test["metadata"]["tags"] for test in tests] == [["cot-test"]] * TESTS
    assert fix["metadata"]["cot"]["role"] == "fix"
    assert {test["metadata"]["cot"]["session"] for test in tests} == {fix["metadata"]["cot"]["session"]}
    assert 'order["total"]' in fix["source"]
    # the certificate follows by itself, or on a slow machine how to have one
    book.wait(lambda: "cells pass" in book.said or "%cot_certify runs" in book.said, 90)
    page.screenshot(path=str(artefacts / f"inserted-{app}.png"))

    seconds = []
    for _ in range(10):
        book.button("Undo").click()
        book.has(4)
        started = time.perf_counter()
        book.button("Insert both").click()
        page.wait_for_selector(f".jp-Notebook .jp-Cell >> nth={3 + BOTH}")
        seconds.append(time.perf_counter() - started)
    with capsys.disabled():
        print(
            f"\nclick to cells ({app}), 10 clicks: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s"
        )

    page.keyboard.press("z")
    book.has(4)  # both went in one step
    page.keyboard.press("Shift+Z")
    book.has(4 + BOTH)
    book.button("Undo").click()
    book.has(4)
    assert book.said == f"{BOTH} cells removed."
    book.button("Insert tests").click()
    book.has(4 + TESTS)
    book.button("Insert fix").click()
    book.has(4 + BOTH)
    roles = [cell["metadata"]["cot"]["role"] for cell in book.cells()[4:]]
    assert roles == ["fix"] + ["test"] * TESTS, "in order"
    book.button("Insert both").click()
    book.wait(lambda: book.said == "The cells are already there.")

    for place in (4, 3, *range(5, 5 + TESTS)):  # the fix, the cell that failed, the tests
        book.run_cell(place)
    assert not [o for cell in book.cells() for o in cell.get("outputs", ()) if o["output_type"] == "error"]
    saved = book.save()["cells"]
    assert [cell["metadata"].get("tags") for cell in saved] == [None] * 4 + [["cot-fix"]] + [
        ["cot-test"]
    ] * TESTS
    assert "trusted" not in saved[4]["metadata"]
    page.keyboard.press("Alt+Shift+U")  # the row of buttons has gone with the failure
    book.has(4)


def test_a_cell_is_replaced_after_its_changes_were_shown(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "replace.ipynb").write(notebooks.SHOP).open()
    book.run_all()
    book.button("Replace…").wait_for(timeout=90_000)
    book.idle()
    book.button("Replace…").click()
    page.wait_for_selector(".jp-Dialog-content")
    page.screenshot(path=str(artefacts / "replace.png"))
    shown = book.dialog("Cancel")
    assert '-     return sum(order["totl"]' in shown
    assert '+     return sum(order["total"]' in shown
    assert book.sources() == notebooks.SHOP
    book.button("Replace…").click()
    book.dialog("Replace")
    book.wait(lambda: 'order["total"]' in book.sources()[2])
    assert book.said == "1 cell replaced: run it again."
    page.keyboard.press("Enter")  # into the editor of the replaced cell, which is active
    page.keyboard.press("Control+z")
    book.wait(lambda: book.sources() == notebooks.SHOP)  # one step
    page.keyboard.press("Control+Shift+z")
    book.wait(lambda: 'order["total"]' in book.sources()[2])
    page.keyboard.press("Escape")
    book.button("Undo").click()
    book.wait(lambda: book.sources() == notebooks.SHOP)
    assert book.said == "1 cell restored."

    mine = notebooks.REVENUE + "  # mine"
    book.type_into(2, mine)
    book.button("Replace…").click()
    page.wait_for_selector(".jp-Dialog-content")
    page.screenshot(path=str(artefacts / "overwrite.png"))
    page.keyboard.press("Enter")  # the safe answer has the focus
    page.wait_for_selector(".jp-Dialog-content", state="detached")
    assert book.sources()[2] == mine
    book.wait(lambda: book.said == "Nothing was changed.")
    book.button("Insert fix").click()
    book.has(5)
    book.type_into(4, "x = 1")
    book.button("Undo").click()
    book.wait(lambda: book.said == "1 cell kept, because you changed it.")
    assert book.sources()[4] == "x = 1"


def test_a_cell_that_moved_is_found_and_one_that_is_gone_is_told(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "moved.ipynb").write([*notebooks.SHOP, "%cot_insert"]).open()
    book.run_all()
    book.button("Insert both").wait_for(timeout=90_000)
    book.idle()
    book.tell("panel.content.model.sharedModel.moveCell(3, 0)")
    book.wait(lambda: book.sources()[0] == notebooks.FAILS)
    book.button("Insert both").click()
    book.has(5 + BOTH)
    assert [cell["metadata"].get("tags") for cell in book.cells()[:3]] == [None, ["cot-fix"], ["cot-test"]]
    book.button("Undo").click()
    book.has(5)
    book.select(0)
    page.keyboard.press("d")
    page.keyboard.press("d")
    book.has(4)
    book.start_cell(3)
    page.wait_for_selector(".jp-Dialog-content")
    page.screenshot(path=str(artefacts / "gone.png"))
    shown = book.dialog("Copy code")
    assert "is no longer in this notebook. Nothing was changed." in shown
    assert 'order["total"]' in shown
    assert len(book.cells()) == 4


def test_only_the_tab_that_asked_changes_and_a_restart_leaves_the_buttons_working(
    page, lab, notebooks
) -> None:
    first = notebooks.Book(page, lab, "tabs.ipynb").write([*notebooks.SHOP, "%cot_insert tests"]).open()
    first.run_all()
    first.button("Insert both").wait_for(timeout=90_000)
    first.idle()
    first.save()
    other = page.context.new_page()
    second = notebooks.Book(other, lab, "tabs.ipynb").open()
    second.button("Insert both").wait_for()
    page.bring_to_front()
    first.button("Insert both").click()
    first.has(5 + BOTH)
    first.button("Undo").click()
    first.has(5)
    first.start_cell(4)
    first.has(5 + TESTS)  # the kernel asked the page that ran the cell
    assert len(second.cells()) == 5
    other.bring_to_front()
    second.start_cell(4)
    second.has(5 + TESTS)
    assert len(first.cells()) == 5 + TESTS
    assert second.cells()[4]["metadata"]["tags"] == ["cot-test"]
    second.type_into(6, "%cot_undo")
    second.start_cell(6)
    second.has(5)
    second.restart()
    second.button("Insert both").click()
    second.has(5 + BOTH)  # it needs no kernel
    other.close()

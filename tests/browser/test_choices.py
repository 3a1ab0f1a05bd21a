"""Where several readings pass, each has a button of its own, for the mouse, the keyboard and a screen reader."""

import pytest

CHOICE = [
    "import numpy as np\nleft = np.zeros((3, 2)); right = np.ones((2, 3))",
    "%%cot+\nboth = np.vstack([left, right])\nboth.shape",
]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_button_beside_a_choice_takes_it(app, page, lab, notebooks, artefacts, axe) -> None:
    pytest.importorskip("numpy")
    book = notebooks.Book(page, lab, f"choice-{app}.ipynb", app).write([notebooks.LOAD, *CHOICE]).open()
    book.run_cell(0)
    book.run_cell(1)
    book.start_cell(2)
    takes = page.locator(".cot-Choice")
    takes.nth(1).wait_for(timeout=180_000)
    book.idle()
    assert book.button("Replace…").count() == 0, "nothing is put in before the person has chosen"
    labels = [button.get_attribute("aria-label") for button in takes.all()]
    assert [label.partition(",")[0] for label in labels] == [
        f"This one: choice {number}" for number in range(1, len(labels) + 1)
    ]
    beside = takes.nth(1).evaluate("button => button.previousElementSibling.getAttribute('aria-label')")
    assert beside.startswith("choice 2:")
    page.screenshot(path=str(artefacts / f"choice-{app}.png"))

    takes.nth(0).focus()
    page.keyboard.press("Tab")
    assert takes.nth(1).evaluate("button => button === document.activeElement"), "reached by the keyboard"
    page.keyboard.press("Enter")
    book.button("Replace…").wait_for()
    book.wait(lambda: book.said.startswith("2 is what was meant"))
    assert takes.nth(1).get_attribute("aria-pressed") == "true"
    assert book.button("Replace…").evaluate("button => button === document.activeElement")
    page.add_script_tag(content=axe)
    found = page.evaluate(
        "() => axe.run('.cot-Offer').then(done => done.violations.map(one => [one.impact, one.id]))"
    )
    assert [one for one in found if one[0] in ("serious", "critical")] == []
    page.screenshot(path=str(artefacts / f"chosen-{app}.png"))

    page.keyboard.press("Enter")
    book.dialog("Replace")
    taken = beside.partition("prints ")[2].partition(":")[0].strip()
    book.run_cell(2)
    shown = [output["data"]["text/plain"] for output in book.cells()[2]["outputs"] if "data" in output]
    assert [text for text in shown if text == taken], (shown, taken)

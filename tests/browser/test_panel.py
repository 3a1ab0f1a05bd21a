"""What the panel must never do, in a real browser."""

HOSTILE = '%%cot+ <img src=x onerror="document.title=1">\nd = {"<script>window.pwned = 1</script>": 1}\nd["<b id=injected>x</b>"]'


def test_markup_in_a_cell_is_shown_and_not_run(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "hostile.ipynb").write([notebooks.LOAD, HOSTILE]).open()
    book.run_all()
    page.wait_for_selector('text="CONFIRM"', timeout=90_000)
    book.button("Insert fix").wait_for()
    page.screenshot(path=str(artefacts / "hostile.png"))
    book.button("Replace…").click()  # the diff shows the same text
    assert "<b id=injected>" in book.dialog("Cancel")
    assert page.evaluate("() => window.pwned === undefined && document.getElementById('injected') === null")

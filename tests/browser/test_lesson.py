"""A lesson in JupyterLab: answered by clicks and by the line magic, read again without a kernel."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

LESSON = [
    '%load_ext cot_magic\norders = [{"id": 1, "customer": "Ada", "total": 120.0}]',
    'def revenue(orders):\n    return sum(order["totl"] for order in orders)',
    "%%cot+ --teach\nincome = revenue(orders)\nincome",
    "%cot_answer [2] 2",
]
GUIDANCE = """# Week 3
## Topics: dictionaries
## Language level: beginner
## Hints allowed: 2
## Guidance
Read the last line of the traceback first.

- What kind of error is it?
- Which value made it?
"""
FIXED = 'def revenue(orders):\n    return sum(order["total"] for order in orders)'


@pytest.fixture
def guided(lab: tuple[str, Path]) -> Iterator[None]:
    """A teacher's file beside the notebook."""
    (lab[1] / "COT_TEACH.md").write_text(GUIDANCE)
    yield
    (lab[1] / "COT_TEACH.md").unlink()


def test_a_lesson_is_answered_by_clicks_and_stays_readable_without_a_kernel(
    page, lab, notebooks, artefacts, guided
) -> None:
    book = notebooks.Book(page, lab, "lesson.ipynb").write(LESSON).open()
    for place in (0, 1, 2):
        book.run_cell(place)

    def click(label: str) -> None:
        page.locator(f'.jp-Notebook .jp-Cell >> nth=2 >> button:text-is("{label}")').click()

    def panel() -> str:
        return str(page.inner_text(".jp-Notebook .jp-Cell >> nth=2 >> .jp-RenderedHTMLCommon >> nth=0"))

    def field(kind: str):
        return page.locator(f".jp-Notebook .jp-Cell >> nth=2 >> {kind}").first

    def shot(name: str) -> None:
        page.locator(".jp-Notebook .jp-Cell >> nth=2 >> .jp-OutputArea >> nth=0").screenshot(
            path=str(artefacts / f"lesson-{name}.png")
        )

    field("input[type=text]").wait_for()
    shot("question")
    field("input[type=text]").fill("2")
    click("Answer")
    book.wait(lambda: "the confirmed cause is elsewhere" in panel())
    click("Hint")
    book.wait(lambda: "hint 1" in panel())
    shot("hint")
    assert "the closest is" not in panel(), "what was found is withheld"

    book.run_cell(3)  # the line magic and the widgets are one lesson
    page.locator(".jp-Notebook .jp-Cell >> nth=3 >> .jp-OutputArea >> nth=0").screenshot(
        path=str(artefacts / "lesson-step.png")
    )
    book.wait(lambda: "question 2 of 4" in panel())
    page.locator(
        '.jp-Notebook .jp-Cell >> nth=2 >> .jupyter-widgets:has-text("Question 2 of 4.")'
    ).first.wait_for()
    field("input[type=text]").fill("['id', 'customer', 'total']")
    click("Answer")
    book.wait(lambda: "question 3 of 4" in panel())
    assert "the closest is" in panel()
    field("input[type=radio]").wait_for()
    shot("choice")
    click("Show me")
    book.wait(lambda: "question 4 of 4" in panel())

    page.locator(".jp-Notebook .jp-Cell >> nth=2 >> .cot-magic-code textarea").wait_for()
    page.locator(".jp-Notebook .jp-Cell >> nth=2 >> select").select_option("cell [2]")
    code = page.locator(".jp-Notebook .jp-Cell >> nth=2 >> .cot-magic-code textarea")
    book.wait(lambda: "totl" in code.input_value())
    code.fill(FIXED.replace("total", "customer"))
    click("Answer")
    book.wait(lambda: "your edit 1 · rejected" in panel())
    shot("tried")
    code.fill(FIXED)
    click("Answer")
    book.wait(lambda: "How you debugged" in panel())
    book.button("Insert both").wait_for()
    page.set_viewport_size({"width": 1200, "height": 2600})
    shot("summary")

    saved = book.save()
    outputs = saved["cells"][2]["outputs"]
    assert "widget-view" not in json.dumps(outputs), "nothing in the file needs a kernel"
    text = "\n".join("".join(output.get("data", {}).get("text/plain", "")) for output in outputs)
    for part in ("How you debugged", "your edit 2 · verified", "CONFIRM"):
        assert part in text
    book.button("Insert both").click()
    book.has(6)
    assert '["total"]' in book.sources()[3]

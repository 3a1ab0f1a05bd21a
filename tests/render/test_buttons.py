"""The buttons call what they are given and show the sentence that comes back."""

from typing import Any

import pytest

from cot_magic.core.errors import NotebookError
from cot_magic.render.accordion import WIDGET_VIEW
from cot_magic.render.buttons import BOTH, FIX, TESTS, UNDO, Buttons

SETUP = """
from cot_magic.render.buttons import Buttons
asked = []
def on_insert(what):
    asked.append(what)
    return f"<b>{what}</b> inserted"
def on_undo():
    asked.append("undo")
    return "taken back"
"""


def refuse(what: str) -> str:
    raise NotebookError(f"{what}: the cell has changed.")


def test_the_labels_are_those_that_people_are_told() -> None:
    assert (FIX, TESTS, BOTH, UNDO) == ("Insert fix", "Insert tests", "Insert both", "Undo")


def test_each_button_asks_for_its_part() -> None:
    asked: list[str] = []
    buttons = Buttons(lambda what: asked.append(what) or what, lambda: "taken back")  # type: ignore[func-returns-value]
    assert [buttons.click(label) for label in (FIX, TESTS, BOTH, UNDO)] == [
        "fix",
        "tests",
        "all",
        "taken back",
    ]
    assert asked == ["fix", "tests", "all"]


def test_an_error_of_ours_is_shown_as_its_sentence() -> None:
    assert Buttons(refuse, lambda: "").click(FIX) == "fix: the cell has changed."


def test_the_display_has_the_buttons_and_says_what_to_type_where_they_do_not_work(shared_kernel: Any) -> None:
    ran = shared_kernel.run(f"{SETUP}\nrow = Buttons(on_insert, on_undo)\nrow.show()")
    assert (ran.status, ran.stderr) == ("ok", "")
    (data,) = ran.displays
    assert WIDGET_VIEW in data
    assert data["text/plain"] == "To insert: %cot_insert fix, %cot_insert tests, %cot_insert all, %cot_undo"
    labels = [
        m["content"]["data"]["state"]["description"]
        for m in ran.messages
        if m["msg_type"] == "comm_open" and m["content"]["data"]["state"].get("_model_name") == "ButtonModel"
    ]
    assert labels == ["Insert fix", "Insert tests", "Insert both", "Undo"]


def test_a_click_in_the_front_end_reaches_the_callback_and_its_sentence_is_escaped(
    shared_kernel: Any,
) -> None:
    ran = shared_kernel.run(f"{SETUP}\nrow = Buttons(on_insert, on_undo)\nrow.show()")
    button = next(
        m["content"]["comm_id"]
        for m in ran.messages
        if m["msg_type"] == "comm_open" and m["content"]["data"]["state"].get("description") == "Insert both"
    )
    content = {"comm_id": button, "data": {"method": "custom", "content": {"event": "click"}}}
    client = shared_kernel.client
    client.shell_channel.send(client.session.msg("comm_msg", content))
    assert shared_kernel.value("asked") == "['all']"
    assert shared_kernel.value("row._sentence.value") == "'&lt;b&gt;all&lt;/b&gt; inserted'"


def test_without_widgets_only_the_words_are_shown(shared_kernel: Any) -> None:
    ran = shared_kernel.run(
        f"{SETUP}\nrow = Buttons(on_insert, on_undo, has_tests=False)\nrow.show(widgets=False)"
    )
    (data,) = ran.displays
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == "To insert: %cot_insert fix, %cot_undo"


@pytest.mark.parametrize("has", [True, False])
def test_where_there_is_nothing_to_insert_nothing_is_shown(shared_kernel: Any, has: bool) -> None:
    code = f"{SETUP}\nrow = Buttons(on_insert, on_undo, has_fix=False, has_tests={has})\nrow.show()"
    assert len(shared_kernel.run(code).displays) == int(has)

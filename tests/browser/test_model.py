"""A scripted model in real JupyterLab: how it looks while it streams, when its service fails, and after going on."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from messages_server import MessagesServer
from phase_script import call, whole
from scripted_replies import Reply

LOAD = "%load_ext cot_magic"
FAILS = "%%cot+ why does this fail?\ntotal = sum(valus)"
PANEL = ".jp-OutputArea-output"
RESUME = "%cot_resume"
# keeps what the page hears of the kernel
HEAR = """(() => {
  window.heard = [];
  const told = m => [m.header.msg_type, (m.parent_header || {}).msg_type, (m.content || {}).execution_state];
  panel.sessionContext.session.kernel.anyMessage.connect((_, { msg }) => window.heard.push(told(msg)));
})()"""


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer() as running:
        yield running


def environment(server: MessagesServer) -> str:
    """A cell that makes the scripted server the only one that the kernel knows."""
    return (
        f"import os\nos.environ.update(ANTHROPIC_BASE_URL={server.url!r}, ANTHROPIC_API_KEY='k')\n"
        "values = [1, 2, 3]"
    )


def slowly() -> list[Reply]:
    """The five phases as a model streams them, with something to read in each."""
    replies = []
    for reply in whole():
        text = reply.text
        if text:
            said = json.loads(text)
            for item in said["hypotheses"]:
                item["line"] = 2  # below the line of `%%cot+`
            said["findings"][0]["text"] = (
                "This finding is scripted, and long enough to be seen as it comes. " * 6
            )
            text = json.dumps(said)
        thinking = "scripted thinking, a sentence at a time. " * 12 if reply.thinking else ""
        replies.append(replace(reply, text=text, thinking=thinking, chunk=12, delay=0.02))
    return replies


def looking() -> Reply:
    """A turn that thinks for some seconds, so that a screenshot is taken meanwhile, and then looks at a cell."""
    thinking = "scripted thinking, a sentence at a time. " * 90
    return Reply(thinking=thinking, tools=[call("history", cell="1")], chunk=12, delay=0.02)


def test_the_panel_while_a_model_streams_when_it_fails_and_after_going_on(
    page: Any, lab: tuple[str, Path], notebooks: ModuleType, server: MessagesServer, artefacts: Path
) -> None:
    script = slowly()
    # the second request is refused for good: what came before stays
    server.script[:] = [looking(), Reply(status=401, message="scripted: the key has expired", sticky=True)]
    book = notebooks.Book(page, lab, "model.ipynb").write([LOAD, environment(server), FAILS, RESUME, "6 * 7"])
    book.open()
    book.run_cell(0)
    book.run_cell(1)
    book.start_cell(2)
    page.wait_for_selector("text=scripted thinking", state="attached", timeout=30_000)
    page.wait_for_timeout(400)
    page.screenshot(path=str(artefacts / "model-streaming.png"))
    assert "claude" in page.inner_text(".jp-Notebook")
    assert page.locator(".cot-Bar").count() == 0, "what is being debugged is not offered to be debugged"
    page.wait_for_selector("text=continues from ANALYZE", timeout=60_000)
    book.idle()
    page.screenshot(path=str(artefacts / "model-failed.png"))
    failed = page.inner_text(".jp-Notebook")
    assert page.locator(".cot-Bar").count() == 0, "the offline reasoner has answered"
    assert "scripted thinking" in page.text_content(".jp-Notebook"), "in a fold that is closed by now"
    assert "the result of the offline reasoner" in failed
    assert "Stopped: " in failed

    server.script[:] = script
    book.start_cell(3)
    # the offline result of the failing cell is verified by then: what the model cost is new
    book.wait(lambda: "list price" in page.inner_text(".jp-Notebook"), seconds=60)
    book.idle()
    book.select(3)
    page.screenshot(path=str(artefacts / "model-resumed.png"))
    book.run_cell(4)
    assert book.cells()[4]["outputs"][0]["data"]["text/plain"] == "42"
    assert all(seen.refused == "" for seen in server.turns if seen.body["messages"])


def test_the_countdown_is_seen_while_a_service_is_overloaded_and_what_was_found_when_it_stays_so(
    page: Any, lab: tuple[str, Path], notebooks: ModuleType, server: MessagesServer, artefacts: Path
) -> None:
    busy = Reply(
        status=529,
        message="scripted: overloaded",
        headers={"retry-after": "4"},
        match="What failed, what does this error mean",
    )
    script = slowly()
    always = Reply(status=529, message="scripted: overloaded", headers={"retry-after": "0"}, sticky=True)
    server.script[:] = [busy, looking(), always]
    book = notebooks.Book(page, lab, "busy.ipynb").write([LOAD, environment(server), FAILS, RESUME])
    book.open()
    book.run_cell(0)
    book.run_cell(1)
    book.start_cell(2)
    page.wait_for_selector("text=/overloaded/i", timeout=30_000)
    page.screenshot(path=str(artefacts / "model-waiting.png"))
    page.wait_for_selector("text=continues from ANALYZE", timeout=60_000)
    book.idle()
    page.screenshot(path=str(artefacts / "model-gave-up.png"))
    given_up = page.inner_text(".jp-Notebook")
    assert "the result of the offline reasoner" in given_up
    assert "Stopped: " in given_up
    assert re.search(r"overloaded.*Asked \d+ times", given_up)
    assert "%cot_resume" in given_up

    server.script[:] = script
    book.start_cell(3)
    book.wait(lambda: "verified" in page.inner_text(".jp-Notebook"), seconds=60)
    book.idle()
    page.screenshot(path=str(artefacts / "model-ended.png"))
    streams = [output for output in book.cells()[2]["outputs"] if output["output_type"] == "stream"]
    assert streams == []  # the client library has nothing to say beside the panel


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_kernel_is_busy_while_the_first_panel_of_a_page_is_drawn(
    app: str, page: Any, lab: tuple[str, Path], notebooks: ModuleType, server: MessagesServer
) -> None:
    held = Reply(
        status=529,
        message="scripted",
        headers={"retry-after": "30"},
        match="What failed, what does this error mean",
    )
    server.script[:] = [held, Reply(status=401, message="scripted", sticky=True)]
    book = notebooks.Book(page, lab, f"busy-{app}.ipynb", app).write([LOAD, environment(server), FAILS])
    book.open()
    book.run_cell(0)
    book.run_cell(1)
    book.tell(HEAR)
    book.start_cell(2)
    page.wait_for_selector("text=/attempt 2 of/", timeout=30_000)
    subshell = ["status", "create_subshell_request", "idle"]  # asked for by the page, for the widgets
    book.wait(lambda: subshell in book.tell("window.heard"))
    assert book.tell("panel.sessionContext.session.kernel.status") == "busy"
    if app == "lab":
        assert "Busy" in page.inner_text("#jp-main-statusbar")
    book.button("Cancel").click()
    book.idle()

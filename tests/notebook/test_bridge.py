"""The kernel's side of the bridge, told by replaying what the front-end extension sends to a real kernel."""

import time
from typing import Any

import pytest

from cot_magic.core.case import CellRole, NewCell
from cot_magic.core.session import Session
from cot_magic.notebook.bridge import CONTROL, PROTOCOL, TARGET, Bridge
from cot_magic.notebook.insert.inserters import BridgeInserter, PayloadInserter, choose
from cot_magic.render.buttons import OFFER_MIME
from cot_magic.testing import check_inserter

pytestmark = pytest.mark.slow
FAILS = "%%cot\nd = {'alpha': 1, 'beta': 2}\nd['alhpa']"
SLOW = "%%cot++\nimport time\ntime.sleep(1)\nd = {'alpha': 1}\nd['alhpa']"


def send(kernel: Any, kind: str, content: dict[str, Any], subshell: str | None = None) -> str:
    """Send a message as a page does, and return its id."""
    message = kernel.client.session.msg(kind, content)
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def hello(kernel: Any, protocol: int = PROTOCOL, subshell: str | None = None) -> str:
    """Open the control comm as the extension does; returns its id."""
    data = {"op": "hello", "protocol": protocol, "client": kernel.client.session.session}
    comm = f"ctl-{time.monotonic_ns()}"
    send(kernel, "comm_open", {"comm_id": comm, "target_name": CONTROL, "data": data}, subshell)
    return comm


def rows(ran: Any) -> list[dict[str, Any]]:
    return [bundle for bundle in ran.displays if OFFER_MIME in bundle]


def asked(ran: Any) -> list[dict[str, Any]]:
    """What the kernel asked the pages for."""
    messages = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "comm_msg"]
    return [data for data in messages if "op" in data]


def payloads(ran: Any) -> list[str]:
    return [item["text"] for item in ran.reply["payload"] if item["source"] == "set_next_input"]


@pytest.fixture
def greeted(kernel: Any) -> Any:
    """A kernel to which a page with the extension is connected."""
    hello(kernel)
    return kernel


def test_loading_opens_the_comm_and_unloading_closes_it(kernel: Any) -> None:
    for code, kind in (("%unload_ext cot_magic", "comm_close"), ("%load_ext cot_magic", "comm_open")):
        (message,) = [m for m in kernel.run(code).messages if m["msg_type"] == kind]
    assert message["content"]["target_name"] == TARGET
    assert message["content"]["data"] == {"protocol": PROTOCOL}


def test_a_connected_page_draws_the_row_and_gets_cells_for_the_failing_cell(greeted: Any) -> None:
    states: list[str] = []

    def watch(message: dict[str, Any]) -> None:
        offer = message["content"].get("data", {}).get(OFFER_MIME)
        if offer:
            states.append(offer["state"])

    ran = greeted.run(FAILS, cell_id="failing", watch=watch)
    assert states == ["running", "done"], "one output, which changes"
    (row,) = rows(ran)
    assert not [mime for mime in row if "widget" in mime]
    offer = row[OFFER_MIME]
    assert (offer["cell_id"], offer["said"]) == ("failing", "")
    assert offer["cells"][0]["role"] == "fix"
    assert offer["edits"][0]["before"].endswith("d['alhpa']")
    assert "%cot_insert fix" in row["text/plain"], "readable where nothing draws it"

    ran = greeted.run("%cot_insert fix")
    (data,) = asked(ran)
    assert payloads(ran) == []
    assert (data["op"], data["client"]) == ("insert", greeted.client.session.session)
    assert data["offer"]["cells"] == offer["cells"][:1]
    assert "inserted below cell [" in ran.stdout
    (data,) = asked(greeted.run("%cot_undo"))
    assert (data["op"], data["offer"]["session"]) == ("undo", offer["session"])


def test_insert_all_asks_while_the_cell_still_runs_though_it_failed(greeted: Any) -> None:
    ran = greeted.run(FAILS.replace("%%cot", "%%cot --insert all"))
    assert ran.status == "error"
    (data,) = asked(ran)
    assert data["op"] == "insert"
    assert len(data["offer"]["cells"]) >= 1


def test_another_client_of_the_same_kernel_is_not_taken_for_the_page(greeted: Any) -> None:
    greeted.run(FAILS)
    greeted.client.session.session = "another-client"
    ran = greeted.run("%cot_insert fix")
    assert asked(ran) == []
    assert len(payloads(ran)) == 1


def test_without_hello_widgets_stand_in_the_output_and_a_click_fills_a_new_cell(kernel: Any) -> None:
    ran = kernel.run(FAILS)
    (row,) = rows(ran)
    assert row[OFFER_MIME]["state"] == "done", "for a page that says hello later, or opens the saved notebook"
    assert [mime for mime in row if "widget-view" in mime]
    (button,) = [
        message["content"]["comm_id"]
        for message in ran.messages
        if message["msg_type"] == "comm_open"
        and message["content"]["data"].get("state", {}).get("description") == "Insert fix"
    ]
    click = {"method": "custom", "content": {"event": "click"}}
    send(kernel, "comm_msg", {"comm_id": button, "data": click})
    (text,) = payloads(kernel.run("pass"))  # the page takes it from the next reply
    assert "d['alpha']" in text


def test_a_page_of_another_protocol_is_not_used_and_the_person_is_told(kernel: Any) -> None:
    hello(kernel, protocol=PROTOCOL + 1)
    kernel.run(FAILS)
    ran = kernel.run("%cot_insert fix")
    assert asked(ran) == []
    assert len(payloads(ran)) == 1
    assert f"uses protocol {PROTOCOL + 1}, this kernel {PROTOCOL}: install the same version" in ran.stdout


def test_a_result_without_a_fix_says_that_there_is_nothing_to_insert(greeted: Any) -> None:
    (row,) = rows(greeted.run("%%cot\nraise RuntimeError('of no known kind')"))
    assert (row[OFFER_MIME]["cells"], row[OFFER_MIME]["said"]) == ([], "Nothing to insert.")


@pytest.fixture
def subshell(kernel: Any) -> str:
    """A subshell, as JupyterLab makes one for the comms of a target."""
    if not kernel.client.kernel_info(reply=True)["content"].get("supported_features"):
        pytest.skip("this ipykernel has no subshells")
    message = kernel.client.session.msg("create_subshell_request", {})
    kernel.client.control_channel.send(message)
    reply = kernel.client.get_control_msg(timeout=30)
    return str(reply["content"]["subshell_id"])


def cancelled(kernel: Any, subshell: str, session: str | None) -> Any:
    """Run a long investigation, and cancel it when its row appears; None cancels its own session."""
    comm = hello(kernel, subshell=subshell)

    def watch(message: dict[str, Any]) -> None:
        offer = message["content"].get("data", {}).get(OFFER_MIME)
        if offer and offer["state"] == "running":
            data = {"op": "cancel", "session": session or offer["session"]}
            send(kernel, "comm_msg", {"comm_id": comm, "data": data}, subshell)

    kernel.run("pass")
    deadline = time.monotonic() + 30
    while kernel.value("get_ipython()._cot_magics.state.bridge.connected") != "True":
        assert time.monotonic() < deadline, "the hello was not heard"
    return kernel.run(SLOW, watch=watch)


def test_cancel_is_heard_while_the_cell_runs_and_what_was_found_stays(kernel: Any, subshell: str) -> None:
    ran = cancelled(kernel, subshell, None)
    assert (ran.status, ran.ename) == ("error", "KeyError"), "the cell keeps its own error"
    panel = next(bundle["text/plain"] for bundle in ran.displays if "ANALYZE" in bundle["text/plain"])
    assert "Interrupted: what was found so far is kept." in panel
    assert "alpha" in panel
    assert rows(ran)[0][OFFER_MIME]["state"] == "done"
    assert kernel.value("6 * 7") == "42"


def test_cancel_of_another_session_stops_nothing(kernel: Any, subshell: str) -> None:
    ran = cancelled(kernel, subshell, "of-another-run")
    panel = next(bundle["text/plain"] for bundle in ran.displays if "ANALYZE" in bundle["text/plain"])
    assert "Interrupted" not in panel


def value(kernel: Any, call: str) -> str:
    """What the page is told when it asks for a value of the bridge's module."""
    expression = f'__import__("cot_magic.notebook.bridge", fromlist=["_"]).{call}'
    identity = kernel.client.execute("", silent=True, user_expressions={"asked": expression})
    while True:
        reply = kernel.client.get_shell_msg(timeout=90)
        if reply["parent_header"]["msg_id"] == identity:
            return str(reply["content"]["user_expressions"]["asked"]["data"]["text/plain"])


def state(kernel: Any) -> str:
    """What the page asks before it debugs a cell without running it again."""
    return value(kernel, "last_failed_cell(get_ipython())")


def test_after_a_click_that_inserted_the_fix_the_page_gets_the_certificate_once(greeted: Any) -> None:
    (row,) = rows(greeted.run(FAILS, cell_id="failing"))
    session = row[OFFER_MIME]["session"]
    greeted.run(
        "import cot_magic.actions.certify\ncot_magic.actions.certify.QUICK_S = 60  # on a slow machine too"
    )
    assert value(greeted, "after_insertion(get_ipython(), 'of-another-run')") == ""
    assert greeted.value("__import__('cot_magic').last.certificate") == "None"
    told = value(greeted, f"after_insertion(get_ipython(), {session!r})")
    assert "pass" in told
    assert told[0] not in "'\""
    assert greeted.value("__import__('cot_magic').last.certificate is not None") == "True"
    assert value(greeted, f"after_insertion(get_ipython(), {session!r})") == ""
    greeted.run("%unload_ext cot_magic")
    assert value(greeted, f"after_insertion(get_ipython(), {session!r})") == ""


def test_the_page_learns_whose_failure_can_be_looked_into(kernel: Any) -> None:
    assert state(kernel) == "''"
    kernel.run("1 / 0", cell_id="first")
    kernel.run("1 / 2", cell_id="second")
    assert state(kernel) == "'first'"
    kernel.run("%unload_ext cot_magic")
    assert state(kernel) == "None"


def test_without_a_kernel_there_is_no_bridge(verified: Session) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    bridge = Bridge(InteractiveShell.__new__(InteractiveShell))
    bridge.open()
    assert not bridge.connected
    assert isinstance(choose(object(), "jupyterlab-like", bridge, verified), PayloadInserter)
    bridge.close()


class Connected(Bridge):
    """A bridge whose messages are kept."""

    def __init__(self) -> None:
        super().__init__(object())
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @property
    def connected(self) -> bool:
        return True

    def ask(self, op: str, **content: Any) -> None:
        self.asked.append((op, content))


def test_the_inserter_of_the_bridge_keeps_the_contract(verified: Session) -> None:
    bridge = Connected()
    inserter = choose(object(), "jupyterlab-like", bridge, verified)
    assert isinstance(inserter, BridgeInserter)
    check_inserter(inserter)
    said = inserter.insert([NewCell(source="x = 1", role=CellRole.FIX)])
    assert said == "The fix is inserted below cell [7]. %cot_undo reverts it."
    assert [op for op, _ in bridge.asked] == ["insert", "undo", "insert"]


def test_a_page_tells_the_cells_so_that_one_which_has_not_run_is_named(greeted: Any) -> None:
    fails = "%%cot\ntotal = 2 * rate_of_tax"
    sources = ["%load_ext cot_magic", fails, "rate_of_tax = 1.19"]
    cells = [
        {"id": f"c{place}", "source": text, "index": place, "count": None}
        for place, text in enumerate(sources)
    ]
    comm = hello(greeted)
    told = {"op": "cells", "client": greeted.client.session.session, "cells": [*cells, {"id": 7}, None]}
    send(greeted, "comm_msg", {"comm_id": comm, "data": told})
    ran = greeted.run(fails, cell_id="c1")
    (row,) = rows(ran)
    assert [edit["cell_id"] for edit in row[OFFER_MIME]["edits"]] == ["c1"]
    panel = next(
        shown["text/plain"] for shown in reversed(ran.displays) if "CONFIRM" in shown.get("text/plain", "")
    )
    assert "rate_of_tax = 1.19" in panel
    assert "which has not run" in panel

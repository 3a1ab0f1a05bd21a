"""The same in a real kernel, where cells have file names of their own and a loop is running."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.slow

FOLLOW = """
import json as _json, sys as _sys
from cot_magic.capture.case import capture_case as _capture
from cot_magic.capture.lineage.history import History as _History
from cot_magic.core import codec as _codec
_ip, _history, _now = get_ipython(), _History(), {}
def _before(info):
    _now['cell'] = _history.begin(_ip, info)
def _after(result):
    _history.finish(_ip, result)
    error = result.error_in_exec or result.error_before_exec
    if error is not None:
        _case = _capture(_ip, _history, _now['cell'], error, front_end='jupyter')
        _now['case'] = _json.dumps(_codec.to_json(_case))
_ip.events.register('pre_run_cell', _before)
_ip.events.register('post_run_cell', _after)
"""


class Kernel:
    """A kernel whose failures are captured as the extension captures them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.run(FOLLOW)

    def run(self, source: str, cell_id: str | None = None) -> str:
        message = self.client.session.msg(
            "execute_request",
            {
                "code": source,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": False,  # else what is sent right after an error may be thrown away
            },
            metadata={"cellId": cell_id} if cell_id else {},
        )
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return str(reply["content"]["status"])

    def case(self) -> dict[str, Any]:
        message = self.client.execute(
            "pass", silent=True, user_expressions={"case": "_now['case']"}, store_history=False
        )
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message:
                text = reply["content"]["user_expressions"]["case"]["data"]["text/plain"]
                found: dict[str, Any] = json.loads(_unquoted(text))
                return found


def _unquoted(text: str) -> str:
    import ast

    return str(ast.literal_eval(text))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield Kernel(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_cells_of_a_kernel_are_known_by_the_ids_of_the_request(kernel: Kernel) -> None:
    kernel.run("def half(order):\n    return order['total'] / 2", "cell-a")
    kernel.run("order = {'sum': 3}", "cell-b")
    assert kernel.run("half(order)", "cell-c") == "error"

    case = kernel.case()

    frames = case["raised"]["frames"]
    assert [(frame["cell"], frame["lineno"]) for frame in frames] == [("cell-c", 1), ("cell-a", 2)]
    assert frames[-1]["expression"] == "order['total']"
    assert case["raised"]["subject"]["keys"] == ["'sum'"]
    assert [item["cell"]["id"] for item in case["lineage"]] == ["cell-a", "cell-b"]
    assert case["environment"]["front_end"] == "jupyter"
    assert {"half", "order"} <= {variable["name"] for variable in case["namespace"]}
    assert not {"In", "Out", "exit", "get_ipython"} & {variable["name"] for variable in case["namespace"]}


def test_a_kernel_without_ids_numbers_its_cells(kernel: Kernel) -> None:
    kernel.run("1/0")
    case = kernel.case()
    assert case["cell"]["id"] == f"in-{case['cell']['execution_count']}"
    assert case["raised"]["frames"][0]["cell"] == case["cell"]["id"]


def test_top_level_await_in_a_kernel(kernel: Kernel) -> None:
    kernel.run(
        "import asyncio\nasync def fetch(key):\n    await asyncio.sleep(0)\n    return {}[key]", "defs"
    )
    kernel.run("await fetch('a')", "call")
    frames = kernel.case()["raised"]["frames"]
    assert [(frame["cell"], frame["function"]) for frame in frames] == [
        ("call", "<module>"),
        ("defs", "fetch"),
    ]


def test_syntax_errors_in_a_kernel_tell_the_line(kernel: Kernel) -> None:
    kernel.run("x = 1\ny = = 2", "bad")
    raised = kernel.case()["raised"]
    assert raised["syntax"]["lineno"] == 2
    assert "ipykernel" not in raised["evalue"]


def test_an_interrupted_cell_of_a_kernel_has_a_case(kernel: Kernel) -> None:
    kernel.run("def wait():\n    raise KeyboardInterrupt\nwait()", "stopped")
    raised = kernel.case()["raised"]
    assert raised["ename"] == "KeyboardInterrupt"
    assert raised["frames"][-1]["function"] == "wait"

"""`debug_cell` on a real kernel: its own magic runs there and nothing else."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from kernels import started

pytest.importorskip("psutil", reason="comes with cot-magic[mcp]")

from cot_magic.agents.live import connection_file
from cot_magic.agents.processes import Processes
from cot_magic.agents.tools import Tools
from cot_magic.core.errors import UsageError
from cot_magic.sandbox.machine import probe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Any]:
    named = partial(KernelManager, kernel_name="python3", connection_file=str(tmp_path / "kernel-live.json"))
    manager, client = started(named, cwd=str(tmp_path))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


async def nothing(steps: int, message: str) -> None:
    """Nobody listens."""


def ask(folder: Path, cell: str = "") -> Any:
    async def main() -> Any:
        processes = Processes()
        try:
            return await Tools(lambda: folder, processes).debug_cell("kernel-live.json", cell, nothing)
        finally:
            await processes.close()

    return asyncio.run(main())


def value(client: Any, expression: str) -> str:
    request = client.execute("", silent=True, user_expressions={"it": expression})
    while True:
        reply = client.get_shell_msg(timeout=30)
        if reply["parent_header"]["msg_id"] == request:
            return str(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])


def test_a_live_kernel_debugs_its_last_failure_and_its_values_stay(kernel: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has not loaded cot-magic"):
        ask(tmp_path)
    kernel.execute_interactive("%load_ext cot_magic\n%cot_config reasoner=offline", output_hook=str)
    with pytest.raises(UsageError, match="no cell has failed"):
        ask(tmp_path)
    kernel.execute_interactive("prices = {'tea': 3}", output_hook=str)
    kernel.execute_interactive("total = prices['Tea'] * 2\nassert total == 6", output_hook=str)
    described = (
        "sorted((k, repr(v)) for k, v in globals().items() if k in ('prices', 'total', 'In', 'Out', '_ih'))"
    )
    before = value(kernel, described)
    with pytest.raises(UsageError, match=r"the last cell that failed is \[\d+\]"):
        ask(tmp_path, "999")
    found = ask(tmp_path)
    assert value(kernel, described) == before
    assert "+ total = prices['tea'] * 2" in found.text
    assert found.text.startswith("Verdict: ")
    assert len(found.text.encode()) < 1_500
    assert json.dumps(found.data)
    assert found.data["failure"]["ename"] == "KeyError"


def test_a_connection_file_is_only_taken_from_where_kernels_are(tmp_path: Path) -> None:
    for kernel in ("../k.json", "/etc/passwd", "/proc/self/environ"):
        with pytest.raises(UsageError, match="outside of"):
            connection_file(kernel, tmp_path / "root")


def test_a_kernel_on_another_machine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kernel-live.json").write_text(json.dumps({"ip": "192.0.2.1", "transport": "tcp"}))
    with pytest.raises(UsageError, match="another machine"):
        ask(tmp_path)

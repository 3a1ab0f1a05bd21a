"""The tools in real Jupyter servers, with the real packages in an environment of their own: jupyter-server-mcp starts
in every server of its environment, and jupyter-mcp-server brings real-time collaboration along."""

import asyncio
import json
import os
import site
import subprocess
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("mcp", reason="the SDK is not installed: pip install 'cot-magic[mcp]'")
from mcp import Client

from cot_magic.sandbox.machine import probe

ROOT = Path(__file__).parents[2]
READY = "COT_JUPYTER_MCP_PYTHON"  # an interpreter that has the packages already
OTHERS = (
    "jupyter_server_ydoc",
    "jupyter_collaboration",
    "jupyter_server_nbmodel",
    "jupyter_server_fileid",
    "jupyter_mcp_server",
)
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]
TOOLS = {"debug_notebook", "debug_cell", "certify_notebook", "explain_evidence"}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    if ready := os.environ.get(READY):
        return ready
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    found = str(folder / "bin" / "python")
    shown = next(Path(place) for place in folder.glob("lib/*/site-packages"))
    (shown / "shared.pth").write_text("\n".join(site.getsitepackages()))
    packages = ["jupyter-server-mcp>=0.3,<0.5", "jupyter-mcp-server>=2.2,<3"]
    for given in (packages, ["--no-deps", "-e", str(ROOT)]):
        done = subprocess.run([found, "-m", "pip", "install", "-q", *given], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"the packages cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return found


@pytest.fixture
def url(python: str, tmp_path: Path) -> Iterator[str]:
    """A Jupyter server on loopback; the address of its tools."""
    runtime, config = tmp_path / "runtime", tmp_path / "config"
    runtime.mkdir(mode=0o700)
    config.mkdir()
    (tmp_path / "root").mkdir()
    extensions = dict.fromkeys(OTHERS, False) | {"jupyter_server_mcp": True}
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": extensions}})
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    environment |= {
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(config),
        "HOME": str(tmp_path),
    }
    options = ["--no-browser", "--allow-root", "--port=0", f"--ServerApp.root_dir={tmp_path / 'root'}"]
    command = [python, "-m", "jupyter_server", *options, "--MCPExtensionApp.mcp_port=0"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd="/")
    try:
        while not (found := list(runtime.glob("jpserver-mcp-*.json"))):
            assert server.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        yield json.loads(found[0].read_text())["url"]
    finally:
        server.terminate()
        server.wait(30)


def test_agents_of_a_jupyter_server_find_and_call_the_tools(url: str, tmp_path: Path) -> None:
    cells = ["prices = {'tea': 3}", "total = prices['Tea'] * 2\nassert total == 6"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(book, tmp_path / "root" / "shop.ipynb")
    heard: list[str] = []

    async def progress(step: float, total: float | None, message: str | None) -> None:
        heard.append(message or "")

    async def main() -> None:
        async with Client(url) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
            found = await client.call_tool(
                "debug_notebook", {"path": "shop.ipynb"}, progress_callback=progress
            )
            assert found.content[0].text.startswith("Verdict: verified")
            assert found.structured_content["certificate"]["holds"] is True
            outside = await client.call_tool("certify_notebook", {"path": "../log"})
            assert outside.is_error
            assert "outside of" in outside.content[0].text

    asyncio.run(main())
    assert heard


def test_jupyter_mcp_server_offers_the_tools_of_the_extension(python: str) -> None:
    code = (
        "from jupyter_mcp_server.extensions import ExtensionManager\n"
        "print(sorted(tool.name for tool in ExtensionManager().tools()))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in TOOLS:
        assert f"'{name}'" in done.stdout

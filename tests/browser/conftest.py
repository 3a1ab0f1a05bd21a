"""A real Jupyter server on loopback, with JupyterLab and Notebook 7, and a real Chromium; skipped with a reason
where they are missing."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TOKEN = "loopback-only"
EXTENSION = Path(__file__).parents[2] / "cot_magic" / "labextension"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Base address of a server with JupyterLab (`/lab`) and Notebook 7 (`/notebooks`), and the folder that it
    serves. The front-end extension is the one of this source tree."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(EXTENSION, folder / ".share" / "labextensions" / "cot-magic")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "IPYTHONDIR": str(folder / ".ipython"), "JUPYTER_CONFIG_DIR": str(folder / ".config"),
                   "JUPYTER_DATA_DIR": str(folder / ".data"), "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
                   "JUPYTER_PATH": str(folder / ".share")}  # fmt: skip
    (folder / ".data").mkdir()
    for app in ("lab", "notebook"):
        quiet = folder / ".config" / app / "user-settings/@jupyterlab/apputils-extension"
        quiet.mkdir(parents=True, exist_ok=True)
        (quiet / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
    wanted = (
        "jupyterlab",
        "notebook",
        "jupyter_server_ydoc",
        "jupyter_server_fileid",
    )  # the last two: collaboration
    extensions = {name: True for name in wanted if importlib.util.find_spec(name) is not None}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
               f"--ServerApp.root_dir={folder}", "--allow-root", "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
               f"--ServerApp.jpserver_extensions={extensions}"]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while True:
        assert server.poll() is None, (folder / "server.log").read_text()
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2).close()
            break
        except (urllib.error.URLError, TimeoutError):
            assert time.monotonic() < deadline, (folder / "server.log").read_text()
            time.sleep(0.2)
    yield address, folder
    server.terminate()
    server.wait(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for the tests of a module (not longer: its event loop would be in the way of others)."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, lab: tuple[str, Path]) -> Iterator[Any]:
    """A page of its own profile; the kernels that it started are shut down."""
    context = browser.new_context(viewport={"width": 1200, "height": 1500})
    yield context.new_page()
    for kernel in context.request.get(f"{lab[0]}/api/kernels?token={TOKEN}").json():
        context.request.delete(f"{lab[0]}/api/kernels/{kernel['id']}?token={TOKEN}")
    context.close()


@pytest.fixture(scope="session")
def notebooks() -> ModuleType:
    """What a person does in a notebook (tests are imported one by one, so it is loaded by its path)."""
    spec = spec_from_file_location("notebooks", Path(__file__).with_name("notebooks.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots go, to be looked at."""
    folder = Path(os.environ.get("COT_ARTEFACTS", "build/artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which finds what people with a screen reader or weak sight cannot use."""
    beside = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("AXE_CORE", beside))
    if not path.is_file():
        pytest.skip("axe-core is not installed: `npm install --no-save axe-core`, or AXE_CORE=…/axe.min.js")
    return path.read_text(encoding="utf-8")

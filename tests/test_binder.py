"""The environment of Binder: its files install what the notebooks need, and it opens with the extension."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
FIRST = "notebooks/01_quickstart.ipynb"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts of Binder need bash")


def lines(name: str) -> list[str]:
    text = (BINDER / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def requirements() -> list[Requirement]:
    return [Requirement("cot-magic" if line == "." else line) for line in lines("requirements.txt")]


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the notebooks as a repository, and a home of its own with this Python's programs."""
    home = tmp_path_factory.mktemp("home")
    repository = home / "repository"
    shutil.copytree(ROOT / "binder", repository / "binder")
    shutil.copytree(
        ROOT / "notebooks", repository / "notebooks", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "cot_magic" / "labextension", home / "share" / "labextensions" / "cot-magic")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    return repository, {**kept, "HOME": str(home), "PATH": programs, "JUPYTER_PATH": str(home / "share")}


def script(
    name: str, *arguments: str, where: tuple[Path, dict[str, str]]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [where[0] / "binder" / name, *arguments], cwd=where[0], env=where[1], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def built(surroundings: tuple[Path, dict[str, str]]) -> tuple[Path, dict[str, str]]:
    """The same after the image was built."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    done = script("postBuild", where=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    return surroundings


def test_this_environment_has_what_the_requirement_file_asks_for() -> None:
    for requirement in requirements():
        assert requirement.specifier.contains(version(requirement.name), prereleases=True), str(requirement)


def test_the_bounds_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    bounds = {asked.name: asked.specifier for group in groups for asked in map(Requirement, group)}
    for requirement in requirements():
        if requirement.name != "cot-magic":
            assert requirement.specifier == bounds[requirement.name], str(requirement)
    python = lines("runtime.txt")[0].removeprefix("python-")
    assert f"Programming Language :: Python :: {python}" in project["classifiers"]


def test_every_package_that_a_notebook_imports_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {requirement.name for requirement in requirements()}
    asked |= {Requirement(line).name for line in project["dependencies"]}
    own = {"cot_magic", *(path.stem for path in (ROOT / "notebooks").glob("*.py"))}
    distributions = packages_distributions()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        for name in re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE):
            if name not in own and name not in sys.stdlib_module_names:
                assert asked & set(distributions[name]), (path.name, name)


def test_the_system_packages_are_those_that_the_services_name() -> None:
    source = (ROOT / "notebooks" / "services_keeper.py").read_text(encoding="utf-8")
    packages = lines("apt.txt")
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package) for package in packages)
    assert all(f'"{package}"' in source for package in packages)


@pytest.mark.slow
def test_the_first_page_is_the_quickstart_with_the_extension(built: tuple[Path, dict[str, str]]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for page in pages(built, port):
        assert page.geturl().endswith(f"/lab/tree/{FIRST}")
        shown = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page.read().decode(), re.S)
        assert shown is not None
        config = json.loads(shown.group(1))
        assert "cot-magic" in [extension["name"] for extension in config["federated_extensions"]]
    log = (built[0] / "log").read_text()
    assert "sandbox: " in log  # what `start` says of the machine


def pages(built: tuple[Path, dict[str, str]], port: int) -> Iterator[Any]:
    """What a browser gets that opens the address of a session which `start` began."""
    repository, environment = built
    command = [repository / "binder" / "start", "jupyter", "lab", "--no-browser", "--allow-root",
               f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token="]  # fmt: skip
    with (repository / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=repository, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert server.poll() is None, (repository / "log").read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
                    yield page
                return
            except (urllib.error.URLError, TimeoutError):
                assert time.monotonic() < deadline, (repository / "log").read_text()
                time.sleep(0.2)
    finally:
        server.terminate()
        server.wait(timeout=30)

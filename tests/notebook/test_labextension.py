"""The front-end extension as it is installed: a wheel is enough, and nothing of it is stale or missing."""

import importlib.util
import json
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import cot_magic
from cot_magic.notebook.bridge import CONTROL, PROTOCOL, TARGET
from cot_magic.render.buttons import OFFER_MIME

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "cot_magic" / "labextension"
LIST = "from jupyterlab.labextensions import main; main()"


def module(name: str) -> str:
    return (EXTENSION / "esm" / name).read_text(encoding="utf-8")


def test_its_version_is_that_of_the_package() -> None:
    text = (EXTENSION / "package.json").read_text(encoding="utf-8")
    assert json.loads(text)["version"] == cot_magic.__version__
    assert (EXTENSION / "schemas" / "cot-magic" / "package.json.orig").read_text(encoding="utf-8") == text


def test_both_sides_use_the_same_names() -> None:
    assert f"TARGET = '{TARGET}'" in module("bridge.js")
    assert f"CONTROL = '{CONTROL}'" in module("bridge.js")
    assert f"PROTOCOL = {PROTOCOL};" in module("bridge.js")
    assert f"MIME = '{OFFER_MIME}'" in module("offer.js")


def test_every_module_that_is_imported_is_there() -> None:
    files = {path.name for path in (EXTENSION / "esm").iterdir()}
    for path in (EXTENSION / "esm").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        wanted = re.findall(r"from '\./([\w.]+)'|HERE \+ '([\w.]+)'", text)
        assert {a or b for a, b in wanted} <= files, path.name


def test_the_commands_of_the_schema_are_those_of_the_plugin() -> None:
    schema = json.loads((EXTENSION / "schemas" / "cot-magic" / "plugin.json").read_text(encoding="utf-8"))
    used = set(re.findall(r'"command": "([^"]+)"', json.dumps(schema)))
    assert used == set(re.findall(r"addCommand\('([^']+)'", module("plugin.js")))
    defaults = {name: value["default"] for name, value in schema["properties"].items()}
    assert defaults == {"intensity": "cot+", "reasoner": "auto", "offerOnError": True, "guard": False}
    for name, value in defaults.items():
        assert f"{name}: {json.dumps(value)}".replace('"', "'") in module("plugin.js")


@pytest.mark.slow
def test_a_wheel_brings_it_to_jupyterlab_without_node(tmp_path: Path) -> None:
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed")
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") is not None else []
    pip = ["-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, *pip, "wheel", "--no-deps", *isolation, "-w", str(tmp_path), str(ROOT)],
        check=True, capture_output=True, timeout=170,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    python = str(home / "bin" / "python")
    (site,) = (home / "lib").glob("python*/site-packages")
    # what JupyterLab and pip need comes from this environment: installing it anew would take minutes
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "here.pth").write_text("\n".join(here), encoding="utf-8")
    install = [python, *pip, "install", "--no-deps", "--ignore-installed", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=170)
    environment = {
        "HOME": str(tmp_path),
        "PATH": str(home / "bin"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }  # no node in it
    listed = subprocess.run(
        [python, "-c", LIST, "list"], env=environment, capture_output=True, text=True, timeout=170
    )
    text = re.sub(r"\x1b\[\d+m", "", listed.stdout + listed.stderr)
    assert listed.returncode == 0, text
    assert f"cot-magic v{cot_magic.__version__} enabled OK (python, cot-magic)" in text, text
    assert str(home / "share" / "jupyter" / "labextensions") in text


def test_the_doctor_tells_whether_a_server_here_would_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cot_magic.actions.checkup import checkup

    folder = tmp_path / "labextensions" / "cot-magic"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    def seen(version: str) -> tuple[bool, str, str]:
        (folder / "package.json").write_text(json.dumps({"version": version}), encoding="utf-8")
        (found,) = [finding for finding in checkup() if finding.what == "front-end extension"]
        assert found.good or found.optional, "one can do without it"
        return found.good, found.detail, found.remedy

    assert seen(cot_magic.__version__) == (
        True,
        f"version {cot_magic.__version__} in {folder.parent}",
        "",
    )
    good, detail, remedy = seen("0.0.1")
    assert not good
    assert "0.0.1" in detail
    assert remedy == "install the same version for the server"

"""Loading the extension loads little, writes nothing and opens nothing."""

import json
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "anthropic",
    "httpx2",
    "ipywidgets",
    "nbformat",
    "nbclient",
    "rich",
    "numpy",
    "pandas",
    "dask",
    "detect_secrets",
    "stack_data",
)
CODE = """
import json, sys, os
opened = []
sys.addaudithook(lambda event, args: opened.append([event, str(args[:2])]) if event == "socket.connect" or (
    event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) else None)
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before, start = set(sys.modules), len(opened)
shell.run_line_magic("load_ext", "cot_magic")
print(json.dumps({"new": sorted(set(sys.modules) - before), "opened": opened[start:],
                  "custom": bool(shell.custom_exceptions), "magics": sorted(shell.magics_manager.magics["cell"])}))
"""


def loaded(tmp_path: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env={"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path /
        "ipy"), "PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_loading_the_extension_is_light(tmp_path: Path) -> None:
    seen = loaded(tmp_path)
    assert "cot_magic.ipython.magics" in seen["new"], "the extension was not loaded, so nothing was tested"
    assert not [name for name in seen["new"] if name.partition(".")[0] in HEAVY]


def test_loading_the_extension_writes_no_file_and_opens_no_socket(tmp_path: Path) -> None:
    assert loaded(tmp_path)["opened"] == []


def test_set_custom_exc_is_left_free(tmp_path: Path) -> None:
    assert loaded(tmp_path)["custom"] is False


def test_the_three_magics_are_registered(tmp_path: Path) -> None:
    assert {"cot", "cot+", "cot++"} <= set(loaded(tmp_path)["magics"])

"""Tests with a library that the other tests must not load: they run in a pytest of their own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("LIBRARIES_APART", "")
WITH = os.environ.get("TESTS_WITH", "")
"""The library with which this pytest was started."""


def run_with(module: str, path: str, words: str) -> None:
    """Run the tests of a file whose names have these words in a pytest that may load the library."""
    if importlib.util.find_spec(module) is None and not Path(FOLDER, module).is_dir():
        pytest.skip(f"{module} is not installed")
    search = os.pathsep.join([FOLDER, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", path, "-k", words]
    done = subprocess.run(
        command, env=os.environ | {"TESTS_WITH": module, "PYTHONPATH": search}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout

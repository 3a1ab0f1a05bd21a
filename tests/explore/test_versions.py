"""Same seed, same decisions, same trace: in another process, and on other versions of Python."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cot_magic

Find = Callable[[str], Path]
VERSIONS = ("3.11", "3.12", "3.13")
CODE = """
import json, sys
from pathlib import Path
from cot_magic.core.codec import to_json
from cot_magic.explore.api import explore_file
told = []
for name in sys.argv[1:]:
    result = explore_file(Path(name), seed=5)
    found = result.search.found
    steps = [(s.at, s.lane, s.lineno, s.touched, s.deviation) for s in found.trace.steps]
    told.append([found.number, found.choices, found.minimised, str(found.failure.ename), result.token, steps])
print(json.dumps(told))
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


def interpreter(version: str) -> str:
    """The path of a Python of that version, if one can be found."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    folders = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    for path in (shutil.which(f"python{version}"), *map(str, sorted(folders))):
        if path is not None and not subprocess.run([path, "-c", ""], capture_output=True).returncode:
            return path
    pytest.skip(f"there is no Python {version} here")


def explored(python: str, *programs: Path) -> Any:
    package = str(Path(cot_magic.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [python, "-c", CODE, *map(str, programs)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_seed_makes_the_same_decisions_and_trace(program: Find, version: str) -> None:
    programs = [program(name) for name in ("ticket_office", "job_reaper", "crossed_locks", "price_cache")]
    here = explored(sys.executable, *programs)
    assert explored(interpreter(version), *programs) == here

"""Lint, format and types are tests like any other."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ["cot_magic", "tests"]


def check(*command: str) -> None:
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_lint() -> None:
    check("ruff", "check", *PARTS)


def test_format() -> None:
    check("ruff", "format", "--check", *PARTS)


@pytest.mark.slow
def test_types() -> None:
    check("mypy")


def test_the_project_names_no_machine() -> None:
    """No path of the machine that it was written on, and no package host."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(
            part.startswith(".") and part != ".ci" for part in parts
        )  # caches, the repository, environments
        if not path.is_file() or hidden or parts[0] in ("build", "dist") or "__pycache__" in parts:
            continue
        if path.suffix in (".py", ".md", ".toml", ".ipynb", ".json", ".jsonl", "") and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [
                f"{path}: {word}" for word in (str(Path.home()) + "/", str(ROOT.parent) + "/") if word in text
            ]
    assert not found

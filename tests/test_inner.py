"""The inner loop is chosen by what a test needs, and is most of the tests of the pure parts."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def outer_folders() -> tuple[str, ...]:
    spec = importlib.util.spec_from_file_location("rules", ROOT / "tests" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    rules = importlib.util.module_from_spec(spec)
    sys.modules["rules"] = rules  # for its dataclasses
    spec.loader.exec_module(rules)
    folders: tuple[str, ...] = rules.OUTER
    return folders


def test_the_folders_that_are_left_out_exist() -> None:
    assert [name for name in outer_folders() if not (ROOT / "tests" / name).is_dir()] == []


@pytest.mark.slow
def test_the_inner_loop_has_thousands_of_tests_and_none_of_the_folders_that_are_left_out() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "inner",
        "-n",
        "0",
        "--collect-only",
        "-q",
        "--no-header",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170)
    found = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(found) > 2_000, done.stdout[-2_000:]
    assert [
        line for line in found if line.startswith(tuple(f"tests/{name}/" for name in outer_folders()))
    ] == []
    assert [line for line in found if line.count("/") == 1] == []  # those look at the whole repository


def test_nobody_marks_a_test_for_it_by_hand() -> None:
    word = "mark." + "inner"
    assert [path for path in (ROOT / "tests").rglob("*.py") if word in path.read_text(encoding="utf-8")] == []

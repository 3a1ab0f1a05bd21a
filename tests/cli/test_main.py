"""`cot-magic` as a user runs it: real kernels, real files, one line for what is wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow


def cot(*arguments: str, cwd: Path, timeout: float = 150) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cot_magic.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout)


def notebook(folder: Path, *sources: str, name: str = "n.ipynb", kernel: str | None = None) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    if kernel is not None:
        book.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    path = folder / name
    nbformat.write(book, path)
    return path


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("cot-magic: ")
    return lines[0]


def test_a_failing_notebook_gets_a_verified_fix_a_summary_and_a_fixed_notebook(tmp_path: Path) -> None:
    path = notebook(tmp_path, "values = [1, 2, 3]", "total = sum(valus)")
    original = path.read_bytes()
    done = cot(
        "run", "n.ipynb", "--json", "s.json", "--apply", "f.ipynb", "--record", "r.cot.jsonl", cwd=tmp_path
    )
    assert done.returncode == 3, done.stderr + done.stdout
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["format"], summary["result"], summary["reasoner"]) == (1, "verified", "offline")
    assert summary["failure"]["cell_index"] == 1
    assert summary["failure"]["ename"] == "NameError"
    assert [phase["phase"] for phase in summary["phases"]] == [
        "ANALYZE",
        "PLAN",
        "VALIDATE",
        "IMPLEMENT",
        "CONFIRM",
    ]
    assert summary["fix"]["edits"] == [{"cell_index": 1, "source": "total = sum(values)"}]
    ids = {item["id"] for item in summary["evidence"]}
    assert set(summary["root_cause"]["evidence"]) <= ids
    assert summary["tests"]
    assert all(test["before"] != "PASSED" and test["after"] == "PASSED" for test in summary["tests"])
    fixed = nbformat.read(tmp_path / "f.ipynb", as_version=4)
    assert fixed.cells[1].source == "total = sum(values)"
    assert fixed.cells[2].metadata["tags"] == ["cot-test"]
    nbformat.validate(fixed)
    assert path.read_bytes() == original
    assert cot("run", "f.ipynb", cwd=tmp_path).returncode == 0
    again = cot("replay", "r.cot.jsonl", cwd=tmp_path)
    assert again.returncode == 0
    assert "CONFIRM" in again.stdout


def test_a_notebook_that_passes_is_exit_0(tmp_path: Path) -> None:
    notebook(tmp_path, "1 + 1")
    done = cot("run", "n.ipynb", "--json", "s.json", "--apply", "f.ipynb", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "s.json").read_text())["result"] == "no-failure"
    assert not (tmp_path / "f.ipynb").exists()


def test_a_failure_without_a_fix_is_exit_4(tmp_path: Path) -> None:
    notebook(tmp_path, "raise RuntimeError('the moon is full')")
    done = cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 4
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["result"], summary["fix"]) == ("unresolved", None)
    assert all(phase["text"] for phase in summary["phases"])


def test_a_cell_past_its_time_is_interrupted_and_counts_as_timeout(tmp_path: Path) -> None:
    notebook(tmp_path, "n = 3\nwhile n > 0:\n    m = n - 1")
    done = cot("run", "n.ipynb", "--timeout", "1", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert json.loads((tmp_path / "s.json").read_text())["failure"]["ename"] == "Timeout"


def test_a_kernel_that_dies_in_the_cell_is_told_and_the_summary_written(tmp_path: Path) -> None:
    notebook(tmp_path, "a = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["failure"]["cell_index"], summary["failure"]["ename"]) == (1, "KernelDied")


def test_an_empty_notebook_has_no_failure(tmp_path: Path) -> None:
    notebook(tmp_path)
    assert cot("run", "n.ipynb", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("no json", "not a notebook"),
        ("[]", "not a notebook"),
        ("{}", "not a notebook"),
        ('{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}', "nbformat 3"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "not a"),
    ],
)
def test_what_is_no_notebook_is_told_in_one_line(tmp_path: Path, content: str, word: str) -> None:
    (tmp_path / "n.ipynb").write_text(content)
    done = cot("run", "n.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert word in one_line(done)
    assert (tmp_path / "n.ipynb").read_text() == content


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "none.ipynb"], "no such file"),
        (["run", "n.ipynb", "--reasoner", "oracle"], "oracle"),
        (["run", "n.ipynb", "--timeout", "soon"], "--timeout"),
        (["run", "n.ipynb", "--json", "none/s.json"], "cannot write"),
        (["run", "n.ipynb", "--apply", "."], "cannot write"),
        (["run", "n.ipynb", "--kernel", "no-such-kernel"], "no-such-kernel"),
        (["replay", "none.cot.jsonl"], "cannot read"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], word: str) -> None:
    notebook(tmp_path, "1 / 0")
    done = cot(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert word in one_line(done)


def test_an_unknown_kernel_in_the_notebook_is_named(tmp_path: Path) -> None:
    notebook(tmp_path, "1", kernel="julia-1.9")
    done = cot("run", "n.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert "julia-1.9" in one_line(done)


def test_the_demo_works_and_writes_the_fixed_notebook_beside_itself(tmp_path: Path) -> None:
    done = cot("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "✓" in done.stdout
    fixed = nbformat.read(tmp_path / "cot-demo-fixed.ipynb", as_version=4)
    assert 'order["total"]' in fixed.cells[2].source


def test_the_doctor_tells_what_works(tmp_path: Path) -> None:
    done = cot("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    for what in ("Python", "sandbox", "kernel python3", "ruff"):
        assert what in done.stdout


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_the_doctor_tries_to_get_out_and_ends_with_the_figures(tmp_path: Path) -> None:
    done = cot("doctor", "--attack", cwd=tmp_path, timeout=1_700)
    last = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(
        r"Landlock version \d; \d+ attempts as [\w ]+: \d+ held, \d+ listed, 0 escaped", last
    ), last
    assert done.returncode == 0


def test_ctrl_c_ends_it_and_leaves_the_notebook_alone(tmp_path: Path) -> None:
    import signal
    import time

    path = notebook(tmp_path, "import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(60)")
    original = path.read_bytes()
    command = [sys.executable, "-m", "cot_magic.cli.main", "run", "n.ipynb"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline, "the cell did not start"
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert path.read_bytes() == original


def test_a_failure_that_the_notebook_expects_is_passed_over(tmp_path: Path) -> None:
    expected = nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    cells = [nbformat.v4.new_code_cell("%load_ext cot_magic\nvalues = [1]"), expected,
             nbformat.v4.new_code_cell("%cot"), nbformat.v4.new_code_cell("total = sum(valus)")]  # fmt: skip
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    done = cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 3, done.stderr + done.stdout
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["failure"]["cell_index"], summary["failure"]["ename"]) == (3, "NameError")
    assert len(summary["phases"]) == 5
    nbformat.write(nbformat.v4.new_notebook(cells=cells[:3]), tmp_path / "n.ipynb")
    done = cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads((tmp_path / "s.json").read_text())["result"] == "no-failure"


def test_a_failure_that_is_only_known_to_repeat_has_no_root_cause(tmp_path: Path) -> None:
    notebook(tmp_path, "raise RuntimeError('the moon is full')")
    cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path)
    summary = json.loads((tmp_path / "s.json").read_text())
    assert [item["verdict"] for item in summary["hypotheses"]] == ["CONFIRMED"]
    assert summary["root_cause"] is None

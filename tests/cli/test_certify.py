"""`cot-magic certify` and `cot-magic run --certify` as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from cot_magic.sandbox.machine import probe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]
COMMAND = [sys.executable, "-m", "cot_magic.cli.main"]


def cot(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=240)


def notebook(folder: Path, *sources: str, name: str = "n.ipynb") -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(book, folder / name)
    return folder / name


def test_a_fix_that_holds_for_the_whole_notebook_is_exit_3(tmp_path: Path) -> None:
    path = notebook(tmp_path, "values = [1, 2, 3]", "total = sum(valus)", "print(total / 2)")
    original = path.read_bytes()
    done = cot(
        "run", "n.ipynb", "--reasoner", "offline", "--certify", "--json", "s.json", "--record", "r.cot.jsonl",
        "--report", "rca.ipynb", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr + done.stdout
    certificate = json.loads((tmp_path / "s.json").read_text())["certificate"]
    assert certificate["holds"] is True
    assert (certificate["cells"], certificate["passed"], certificate["state"]) == (3, 3, "fresh")
    assert (certificate["not_run"], certificate["changed"]) == ([], [])
    assert certificate["tests"] > 0
    assert "The certificate holds: 3 of 3 cells pass" in " ".join(done.stdout.split())
    assert "The whole notebook" in (tmp_path / "rca.ipynb").read_text()
    assert "certificate holds" in " ".join(cot("replay", "r.cot.jsonl", cwd=tmp_path).stdout.split())
    assert path.read_bytes() == original


def test_a_failure_that_the_first_one_had_hidden_is_exit_4(tmp_path: Path) -> None:
    notebook(tmp_path, "values = [1, 2, 3]", "total = sum(valus)", "other = {}['a']")
    done = cot("run", "n.ipynb", "--reasoner", "offline", "--certify", "--json", "s.json", cwd=tmp_path)
    assert done.returncode == 4, done.stderr + done.stdout
    summary = json.loads((tmp_path / "s.json").read_text())
    assert summary["result"] == "verified"
    assert summary["certificate"]["holds"] is False
    (failed,) = summary["certificate"]["failed"]
    assert (failed["cell_index"], failed["why"]) == (2, "KeyError: 'a'")
    assert "hidden" in failed["relation"]


def test_without_the_option_or_a_fix_there_is_none(tmp_path: Path) -> None:
    notebook(tmp_path, "raise RuntimeError('the moon is full')")
    assert cot("run", "n.ipynb", "--certify", "--json", "s.json", cwd=tmp_path).returncode == 4
    assert json.loads((tmp_path / "s.json").read_text())["certificate"] is None
    notebook(tmp_path, "a = 1")
    assert cot("run", "n.ipynb", "--json", "s.json", cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "s.json").read_text())["certificate"] is None


def test_certify_says_what_passes_what_changed_and_what_is_open(tmp_path: Path) -> None:
    path = notebook(tmp_path, "print(1)", "name = input()", "print(3)")
    book = nbformat.read(path, as_version=4)
    book.cells[0].execution_count = 1
    book.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    nbformat.write(book, path)
    done = cot("certify", "n.ipynb", "--json", "c.json", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    data = json.loads((tmp_path / "c.json").read_text())["certificate"]
    assert (data["passed"], data["not_run"], data["changed"], data["holds"]) == (2, [1], [0], False)
    assert "asks for input" in done.stdout
    assert "- 2" in done.stdout
    assert "+ 1" in done.stdout
    notebook(tmp_path, "a = 1", name="good.ipynb")
    assert cot("certify", "good.ipynb", "--quiet", cwd=tmp_path).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["none.ipynb"], "no such file"),
        (["n.ipynb", "--certify-limit", "soon"], "--certify-limit"),
        (["n.ipynb", "--kernel", "no-such-kernel"], "no-such-kernel"),
        (["n.ipynb", "--json", "."], "cannot write"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, arguments: list[str], word: str) -> None:
    notebook(tmp_path, "a = 1")
    done = cot("certify", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_where_nothing_can_be_confined_there_is_no_certificate(tmp_path: Path) -> None:
    notebook(tmp_path, "open('ran', 'w')")
    code = (
        "import sys, cot_magic.sandbox.landlock as landlock\nlandlock.abi = lambda: 0\n"
        "from cot_magic.cli.main import main\nsys.exit(main(['certify', 'n.ipynb']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "no certificate: this Linux has no Landlock" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_ctrl_c_shows_what_was_done_and_leaves_no_process(tmp_path: Path) -> None:
    started = tmp_path / "out" / "started"
    started.parent.mkdir()
    notebook(tmp_path, "a = 1", f"import time\nopen({str(started)!r}, 'w')\ntime.sleep(600)")
    process = subprocess.Popen(
        [*COMMAND, "certify", "n.ipynb", "--certify-limit", "600", "--allow", f"write={started.parent}"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not started.exists():
        assert time.monotonic() < deadline, "the cell did not start"
        assert process.poll() is None
        time.sleep(0.05)
    (kernel,) = _kernels_of(process.pid)
    process.send_signal(signal.SIGINT)
    shown, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "1 of 2 cells pass" in " ".join(shown.split())
    assert "Traceback" not in errors
    assert not Path(f"/proc/{kernel}").exists()


def _kernels_of(parent: int) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
            command = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == parent and b"notebook_kernel" in command:
            found.append(int(name))
    return found

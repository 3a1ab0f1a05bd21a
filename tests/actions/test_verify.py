"""`replay --verify`: recorded experiments run afresh in a real kernel, and every difference is shown."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from cot_magic.cli.main import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies need fork and Landlock"),
]


def recording(folder: Path, *sources: str) -> Path:
    """The recording of `cot-magic run` on a notebook of these cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(book, folder / "n.ipynb")
    command = [sys.executable, "-m", "cot_magic.cli.main", "run", "n.ipynb", "--record", "s.cot.jsonl", "--quiet",
               "--reasoner", "offline"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150)
    assert done.returncode in (3, 4), done.stderr
    return folder / "s.cot.jsonl"


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook and its recording."""
    return recording(tmp_path_factory.mktemp("tape"), "values = [1, 2, 3]", "total = sum(valus)").parent


@pytest.fixture
def copied(tape: Path, tmp_path: Path) -> Path:
    """A copy of both in the folder of this test."""
    for path in tape.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `cot-magic replay --verify` in the folder; gives its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["replay", *arguments, "--verify"])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_nothing_differs_when_nothing_changed_and_no_file_is_left(copied: Path, verified) -> None:
    before = sorted(path.name for path in copied.iterdir())
    code, text = verified("s.cot.jsonl")
    assert code == 0, text
    assert re.search(r"(\d+) experiments: \1 as recorded, 0 not", text)
    assert sorted(path.name for path in copied.iterdir()) == before


def test_what_ends_otherwise_is_shown_beside_what_was_recorded(copied: Path, verified) -> None:
    path = copied / "s.cot.jsonl"
    path.write_text(path.read_text().replace("values = [1, 2, 3]", "values = [1, 2, 4]"))
    code, text = verified("s.cot.jsonl")
    assert code == 4
    rows = [line for line in text.splitlines() if line.startswith("≠")]
    assert any("fix after of f1" in row and "total = 6" in row and "total = 7" in row for row in rows)
    tests = [row for row in rows if "fix after" not in row and "challenge" not in row]
    assert tests
    assert all("PASSED" in row and "AssertionError" in row for row in tests)


def test_a_value_that_differs_is_shown_though_everything_ends_as_it_did(tmp_path: Path, verified) -> None:
    path = recording(tmp_path, "values = [1, 2, 3]\nlimits = list(range(40))", "total = sum(valus), limits")
    text = path.read_text()
    assert "38, 39]" in text
    path.write_text(text.replace('"source":"values = [1, 2, 3]\\nlimits = list(range(40))"',
                                 '"source":"values = [1, 2, 3]\\nlimits = [*range(39), 77]"'))  # fmt: skip
    code, table = verified("s.cot.jsonl")
    assert code == 4, table
    rows = [line for line in table.splitlines() if line.startswith("≠") and "fix after" in line]
    assert rows, table
    assert all("39]" in row and "77]" in row for row in rows)


@pytest.mark.parametrize(
    ("printed", "effects", "shown"),
    [
        ("about <object object at 0x7f0000000123> after 7.25 ms", [], None),
        ("above <object object at 0x7f0000000123> after 7.25 ms", [], "printed"),
        ("about <object object at 0x7f0000000123> after 7.25 ms", ["scripted: a file was opened"], "effects"),
    ],
    ids=["only address and duration", "a word", "an effect"],
)
def test_what_a_probe_printed_and_attempted_is_compared(
    printed: str, effects: list[str], shown: str | None, copied: Path, verified
) -> None:
    begin = "print('about', object(), 'after', '3.5 ms')\n"
    path = copied / "s.cot.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for event in (line["event"] for line in lines):
        if event["type"] == "RunProbe":
            event["probe"]["source"] = begin + event["probe"]["source"]
        elif event["type"] == "EvidenceGathered" and event["evidence"]["kind"] == "probe":
            seen = event["evidence"]
            seen |= {"code": begin + seen["code"], "output": f"{printed}\n", "effects": effects}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, text = verified("s.cot.jsonl")
    rows = [line for line in text.splitlines() if line.startswith("≠")]
    assert (code, len(rows)) == ((4, 1) if shown else (0, 0)), text
    assert all(str(shown) in row for row in rows)


def test_ctrl_c_tells_how_far_it_came(copied: Path) -> None:
    path = copied / "s.cot.jsonl"
    slow = r"values = [1, 2, 3]\nopen('begun', 'w').close()\nimport time\ntime.sleep(60)"
    path.write_text(path.read_text().replace('"source":"values = [1, 2, 3]"', f'"source":"{slow}"'))
    before = {item.name for item in copied.iterdir()}
    command = [sys.executable, "-m", "cot_magic.cli.main", "replay", "s.cot.jsonl", "--verify"]
    running = subprocess.Popen(
        command, cwd=copied, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (copied / "begun").exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    (line,) = (line for line in said.splitlines() if "cot-magic" in line)
    assert re.fullmatch(
        r"cot-magic: interrupted: 0 of [1-9]\d* experiments were compared, 0 as recorded, 0 not\.", line
    )
    assert "Traceback" not in said
    assert {item.name for item in copied.iterdir()} == before | {"begun"}


def test_a_notebook_can_be_given_and_its_change_is_seen(copied: Path, verified) -> None:
    assert verified("s.cot.jsonl", "--notebook", "n.ipynb")[0] == 0
    book = nbformat.read(copied / "n.ipynb", as_version=4)
    book.cells[0].source = "values = [5]"
    nbformat.write(book, copied / "n.ipynb")
    assert verified("s.cot.jsonl", "--notebook", "n.ipynb")[0] == 4


def test_a_notebook_that_no_longer_fails_is_told(copied: Path, verified) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    nbformat.write(book, copied / "other.ipynb")
    code, text = verified("s.cot.jsonl", "--notebook", "other.ipynb")
    assert code == 4
    assert "did not fail again, or another one failed first" in text
    assert "not run" in text


def test_a_source_that_was_withheld_is_told_plainly(tmp_path: Path, verified) -> None:
    made = "".join(f"{letter}{number}" for letter, number in zip("kqzvw" * 4, "79246" * 4, strict=True))
    recording(tmp_path, "values = [1, 2, 3]", f"api_key = '{made}'\ntotal = sum(valus)")
    _, text = verified("s.cot.jsonl")
    assert "was withheld in this recording" in text
    assert "--notebook" in text
    assert made not in text
    code, text = verified("s.cot.jsonl", "--notebook", "n.ipynb")
    assert code == 4, text
    assert made not in text
    assert re.search(r"=  e\d +fix after of f1 +PASSED +PASSED", text)
    assert "not run: a source was withheld" in text  # of a test that holds the value itself


def test_a_recording_without_a_failure_is_refused_in_one_line(tmp_path: Path, verified) -> None:
    (tmp_path / "empty.cot.jsonl").write_text("")
    code, text = verified("empty.cot.jsonl")
    assert code == 1
    assert len(text.strip().splitlines()) == 1

"""`%cot_export`, `%cot_replay` of a report, `cot-magic run --report` and `cot-magic report`, as a user gives them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cot_magic.core.errors import UsageError
from cot_magic.notebook.report.write import ExportOptions, parse_line


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("rca.ipynb", ExportOptions(path=Path("rca.ipynb"))),
        ("'my rca.ipynb' --embed-data", ExportOptions(path=Path("my rca.ipynb"), embed_data=True)),
        ("--template t.md a.ipynb", ExportOptions(path=Path("a.ipynb"), template=Path("t.md"))),
        ("a.ipynb --template=t.md", ExportOptions(path=Path("a.ipynb"), template=Path("t.md"))),
    ],
)
def test_the_line_of_cot_export(line: str, wanted: ExportOptions) -> None:
    assert parse_line(line) == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "takes the path of a notebook"),
        ("rca.html", "takes the path of a notebook"),
        ("a.ipynb b.ipynb", "takes the path of a notebook"),
        ("a.ipynb --template", "--template needs a file"),
        ("a.ipynb --embed", "did you mean --embed-data"),
        ("'a.ipynb", "No closing quotation"),
    ],
)
def test_a_line_that_does_not_fit_is_told(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_line(line)


@pytest.mark.slow
def test_a_session_is_exported_replayed_and_exported_again(kernel: Any, tmp_path: Path) -> None:
    refused = kernel.run("%cot_export rca.ipynb")
    assert "there is no session yet" in refused.stderr
    kernel.run("values = [1, 2, 3]")
    kernel.run("%%cot --insert none\ntotal = sum(valus)")
    ran = kernel.run("%cot_export rca.ipynb")
    assert ran.status == "ok", ran.traceback
    assert "rca.ipynb written" in ran.stdout
    kernel.run("%cot_export again.ipynb")
    assert (tmp_path / "rca.ipynb").read_bytes() == (tmp_path / "again.ipynb").read_bytes()
    kernel.run("%cot_replay rca.ipynb")
    assert kernel.value("__import__('cot_magic').last.result") == "'verified'"
    kernel.run("%cot_export replayed.ipynb")
    assert (tmp_path / "rca.ipynb").read_bytes() == (tmp_path / "replayed.ipynb").read_bytes()


def cot(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cot_magic.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=150, check=False)


def notebook(folder: Path, *sources: str) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "n.ipynb")


@pytest.mark.slow
def test_the_command_line_writes_the_same_report_from_the_run_and_from_its_recording(tmp_path: Path) -> None:
    notebook(tmp_path, "rows = open('d.csv').read().split()", "first = int(rows[0]) + row[1]")
    (tmp_path / "d.csv").write_text("1\n2\n")
    done = cot(
        "run", "n.ipynb", "--record", "r.cot.jsonl", "--report", "rca.ipynb", "--embed-data", cwd=tmp_path
    )
    assert done.returncode in (3, 4), done.stderr
    assert "rca.ipynb written" in done.stdout
    for recording in ("r.cot.jsonl", "rca.ipynb"):
        again = cot("report", recording, "-o", "again.ipynb", "--embed-data", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert (tmp_path / "rca.ipynb").read_bytes() == (tmp_path / "again.ipynb").read_bytes()
    replayed = cot("replay", "rca.ipynb", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    assert "CONFIRM" in replayed.stdout
    book = json.loads((tmp_path / "rca.ipynb").read_text())
    roles = [cell["metadata"]["cot"]["role"] for cell in book["cells"] if "cot" in cell["metadata"]]
    assert roles[:4] == ["data", "lineage", "failing", "kit"]


@pytest.mark.slow
def test_a_cell_that_kills_its_kernel_has_a_report_whose_cells_no_test_runs(tmp_path: Path) -> None:
    notebook(tmp_path, "a = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = cot("run", "n.ipynb", "--report", "rca.ipynb", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    book = json.loads((tmp_path / "rca.ipynb").read_text())
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all("nbval-skip" in cell["metadata"]["tags"] for cell in code)
    assert "kills its kernel" in "".join(book["cells"][0]["source"])


@pytest.mark.slow
def test_where_nothing_failed_no_report_is_written_and_bad_paths_are_told_before_anything_runs(
    tmp_path: Path,
) -> None:
    notebook(tmp_path, "1 + 1")
    done = cot("run", "n.ipynb", "--report", "rca.ipynb", cwd=tmp_path)
    assert done.returncode == 0
    assert not (tmp_path / "rca.ipynb").exists()
    assert "rca.ipynb was not written: nothing failed." in done.stdout
    for arguments in (["run", "n.ipynb", "--report", "no/r.ipynb"], ["report", "none.cot.jsonl", "-o", "r.ipynb"],
                      ["run", "n.ipynb", "--report", "r.ipynb", "--template", "none.md"]):  # fmt: skip
        refused = cot(*arguments, cwd=tmp_path)
        assert refused.returncode == 2, refused.stdout
        assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr

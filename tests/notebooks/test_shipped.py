"""The shipped notebooks run again and give the outputs that they show."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


LONGEST_S = 400  # the services and the loads of 03 and 05 take a minute, and longer beside other tests


@pytest.mark.slow
@pytest.mark.timeout(LONGEST_S + 20)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_gives_the_outputs_that_it_shows(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider",
               "-c", "/dev/null", "--rootdir", str(tmp_path), str(path)]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_was_executed_and_carries_no_machine(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    if "session" not in book.metadata.get("cot", {}):  # a report shows the outputs of its session
        assert all(cell.execution_count for cell in code)
    text = path.read_text(encoding="utf-8")
    assert "ipykernel_" not in text
    assert str(Path.home()) + "/" not in text
    investigated = [cell for cell in code if cell.source.startswith("%%cot") and "--inset" not in cell.source]
    for cell in investigated:
        shown = "".join(str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)
        assert all(phase in shown for phase in ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM")), (
            cell.source
        )
        if "--teach" in cell.source.partition("\n")[0]:
            # the headings of a lesson stand there from its start: this one has ended
            assert "How you debugged" in shown
            assert "withheld until" not in shown


def test_there_are_notebooks_to_check() -> None:
    assert NOTEBOOKS

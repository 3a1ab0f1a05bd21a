"""An assignment made of a real notebook: what it claims was measured, and it can be measured again."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from cot_magic.actions.assignment import Wanted, code_cells, make
from cot_magic.cli.main import main
from cot_magic.core.errors import SandboxError
from cot_magic.sandbox import landlock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or landlock.abi() < 1, reason="mistakes are checked in copies under Landlock"
    ),
]

SALES = (
    "orders = [{'id': 1, 'total': '30.5'}, {'id': 2, 'total': '12.0'}]",
    "def revenue(rows):\n    amount = 0\n    for row in rows:\n        amount += float(row['total'])\n    return amount",
    "def label(amount):\n    return f'{amount:.1f}'",
    "%%time\nincome = revenue(orders)\nincome",
    "assert income == 42.5\nassert label(income) == '42.5'",
)  # fmt: skip


def notebook(folder: Path, *sources: str, name: str = "n.ipynb") -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(sources)]
    cells.insert(0, nbformat.v4.new_markdown_cell("# Sales", id="top"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / name)
    return folder / name


@dataclass
class Written:
    """What one run of the command left."""

    folder: Path
    told: dict[str, Any]

    def read(self, name: str) -> Any:
        return nbformat.read(self.folder / f"n-{name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Two mistakes in the sales notebook, made by the command as a teacher gives it."""
    folder = tmp_path_factory.mktemp("course")
    notebook(folder, *SALES)
    command = [sys.executable, "-m", "cot_magic.cli.main", "assignment", "n.ipynb", "--faults", "2", "--seed", "1",
               "--kind", "key,return", "--json"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return Written(folder, json.loads(done.stdout))


def run(book: Any, folder: Path) -> tuple[int, str] | None:
    """Where a notebook fails and how, None if it passes; by nbclient alone."""
    client = NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as error:
        failed = [cell for cell in book.cells if cell.cell_type == "code" and cell.execution_count]
        return book.cells.index(failed[-1]), error.ename
    return None


def test_the_assignment_fails_as_is_claimed_and_passes_when_each_mistake_is_taken_back(
    written: Written,
) -> None:
    book = written.read("assignment")
    claimed = written.told["assignment_failure"]
    assert run(book, written.folder) == (claimed["assignment_cell_index"], claimed["ename"])
    sources = [cell.source for cell in written.read("solution").cells if cell.cell_type == "code"]
    code = [cell for cell in book.cells if cell.cell_type == "code"][1:]
    assert [cell.source for cell in code] != sources
    for cell, source in zip(code, sources, strict=True):
        cell.source = source
    assert run(book, written.folder) is None


def test_the_solution_is_the_notebook_with_the_outputs_of_its_run(written: Written) -> None:
    solution = written.read("solution")
    code = [cell for cell in solution.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == list(SALES)
    assert "42.5" in str(code[3].outputs)
    told = "\n".join(cell.source for cell in solution.cells if cell.cell_type == "markdown")
    assert written.told["assignment_failure"]["ename"] in told
    for mistake in written.told["faults"]:
        assert mistake["lesson"] in told
        assert mistake["failure"]["ename"] in told
        changed = set(mistake["before"].splitlines()) - set(mistake["after"].splitlines())
        assert changed
        assert all(f"+{line}" in told for line in changed)


def test_nothing_in_the_assignment_tells_where_the_mistakes_are(written: Written) -> None:
    book = written.read("assignment")
    original = written.read("solution")
    assert "%%cot --teach" in book.cells[0].source
    assert book.cells[1].source == "%load_ext cot_magic"
    plain = {cell.id: cell for cell in original.cells}
    for cell in book.cells[2:]:
        assert dict(cell.metadata) == {}
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert cell.id in plain
    assert book.metadata["cot"] == {"assignment": {"format": 1, "faults": 2}}
    words = json.dumps(book.metadata) + book.cells[0].source
    for mistake in written.told["faults"]:
        assert mistake["kind"] not in words
        assert mistake["failure"]["ename"] not in words


def test_the_same_seed_makes_the_same_and_what_the_offline_reasoner_finds_is_measured(
    written: Written,
) -> None:
    again = make(written.folder / "n.ipynb", Wanted(mistakes=2, kinds=("key", "return"), seed=1, solve=True))
    assert again.assignment == written.read("assignment")
    assert [mistake["solved_offline"] for mistake in written.told["faults"]] == [None, None]
    solved = {
        item.checked.mistake.kind: (item.solved_offline, item.offline_result) for item in again.mistakes
    }
    assert solved == {"key": (True, "verified"), "return": (True, "plausible")}
    told = "".join(cell.source for cell in again.solution.cells)
    assert "it found a fix with which every cell passes (verified)" in told
    assert "it found a fix with which every cell passes (plausible)" in told


def test_files_that_exist_are_kept(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    before = (written.folder / "n-assignment.ipynb").read_bytes()
    assert main(["assignment", str(written.folder / "n.ipynb")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "n-assignment.ipynb exists" in said
    assert (written.folder / "n-assignment.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--kind", "nmae"], "--kind nmae: unknown kind"),
        (["--faults", "0"], "a number from 1 to 9"),
        (["--timeout", "0"], "seconds above 0"),
        (["--allow", "moon"], "--allow moon"),
        (["--out", "n.ipynb"], "three files"),
        (["--out", "nowhere/x.ipynb"], "does not exist"),
    ],
)
def test_a_wrong_option_is_one_line_and_nothing_runs(
    tmp_path: Path,
    options: list[str],
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notebook(tmp_path, "open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    assert main(["assignment", "n.ipynb", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert word in said
    assert [path.name for path in tmp_path.iterdir()] == ["n.ipynb"]


@pytest.mark.parametrize(
    ("sources", "word"),
    [
        ((), "no code in it"),
        (("a = 1", "a[0]"), "cell 2 (counted from 0) fails (TypeError"),
        (("open('seen.txt', 'w')",), "--allow net, --allow write=PATH"),
    ],
)
def test_a_notebook_that_does_not_fit_is_one_line(
    tmp_path: Path, sources: tuple[str, ...], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, *sources)
    assert main(["assignment", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert word in said
    assert [path.name for path in tmp_path.iterdir()] == ["n.ipynb"]


def test_where_no_copy_can_be_made_no_candidate_runs(tmp_path: Path) -> None:
    path = notebook(tmp_path, "values = [3]\nopen('ran', 'w')\nprint(values)")
    with pytest.raises(SandboxError, match=r"no mistake can be checked here: .* copies are made up to 1 MB"):
        make(path, Wanted(size_limit_mb=1))
    assert [path.name for path in tmp_path.iterdir()] == ["n.ipynb"]


def test_tags_say_which_cells_stay_as_they_are_and_which_are_there_to_fail(tmp_path: Path) -> None:
    path = notebook(tmp_path, "a = 1", "b = 2", "1 / 0", "   ")
    book = nbformat.read(path, as_version=4)
    book.cells[2].metadata["tags"] = ["cot-keep"]
    book.cells[3].metadata["tags"] = ["raises-exception"]
    found = [(cell.place, cell.spared, cell.may_raise) for cell in code_cells(book)]
    assert found == [(1, False, False), (2, True, False), (3, False, True)]


def test_the_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assignment", "--kinds"]) == 0
    assert "off-by-one" in capsys.readouterr().out


def shown(ran: Any) -> str:
    return "\n".join(bundle.get("text/plain", "") for bundle in ran.displays)


def test_a_student_solves_an_assignment_wrongly_is_hinted_and_solves_it(
    written: Written, shared_kernel: Any
) -> None:
    kernel = shared_kernel
    mistake, other = written.told["faults"]
    cells = {cell.id: cell.source for cell in written.read("assignment").cells if cell.cell_type == "code"}
    numbers: dict[str, int] = {}
    for cell_id, source in cells.items():
        ran = kernel.run(source, cell_id=cell_id)
        numbers[cell_id] = ran.count
        if ran.status == "error":
            break
    assert ran.ename == mistake["failure"]["ename"] == "KeyError"

    failing, faulty = cell_id, f"c{mistake['cell_index'] - 1}"
    assert failing != faulty, "the mistake is in an earlier cell"
    lesson = kernel.run(f"%%cot --teach\n{cells[failing]}", cell_id=failing)
    assert "question 1 of" in shown(lesson)
    assert "✗" in shown(kernel.run("%cot_answer 2"))
    assert "hint 1" in shown(kernel.run("%cot_answer --hint"))
    assert "✓" in shown(kernel.run(f"%cot_answer [{numbers[faulty]}] {mistake['lineno']}"))
    while "your turn: the fix" not in shown(kernel.run("%cot_answer")):
        assert kernel.run("%cot_answer --show").status == "ok"
    assert "withheld" in kernel.run("%cot_insert fix").stderr

    wrong = next(word for word in re.findall(r"'\w+'", mistake["after"]) if word not in mistake["before"])
    assert "rejected" in shown(kernel.run(f"%cot_answer {wrong} -> 'nonesuch'"))
    ended = shown(kernel.run(f"%cot_answer {wrong} -> 'total'"))
    assert "How you debugged" in ended
    assert "verified" in ended

    cells[faulty] = cells[faulty].replace(wrong, "'total'")
    assert cells[faulty] == mistake["before"]
    again = [kernel.run(source, cell_id=cell_id) for cell_id, source in cells.items()]
    assert [ran.ename for ran in again if ran.ename] == [other["failure"]["ename"]], (
        "the second mistake is left"
    )
    cells[f"c{other['cell_index'] - 1}"] = other["before"]
    assert {kernel.run(source, cell_id=cell_id).status for cell_id, source in cells.items()} == {"ok"}

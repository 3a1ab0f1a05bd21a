"""The reports of sixty failing notebooks pass nbval in fresh kernels, without a key or network."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.events import EvidenceGathered, Stamped
from cot_magic.notebook.report.session import embedded, folded
from cot_magic.notebook.report.write import export

GROUPS = 4  # so that one slow machine's minute stays below the time that one test may take


# What another machine is like: cot-magic is not there, nothing outside can be reached.
ELSEWHERE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cot_magic":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def guard(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1"):
        raise OSError("no network")
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", "::1"):
        raise OSError("no network")

sys.meta_path.insert(0, Absent())
sys.addaudithook(guard)
"""


def nbval(*paths: Path) -> subprocess.Popen[str]:
    """pytest --nbval over notebooks, as on a machine that has neither cot-magic nor a key nor a network."""
    folder = paths[0].parent
    (folder / "elsewhere").mkdir(exist_ok=True)
    (folder / "elsewhere" / "sitecustomize.py").write_text(ELSEWHERE)
    command = [sys.executable, "-W", "error", "-m", "pytest", "--nbval", "--nbval-current-env", "-q",
               "-p", "no:cacheprovider", "-c", "/dev/null", "--color=no", "--rootdir", str(folder),
               *map(str, paths)]  # fmt: skip
    keyless = {name: value for name, value in os.environ.items() if "KEY" not in name}
    environment = {**keyless, "PYTHONPATH": str(folder / "elsewhere"), "TMPDIR": str(folder)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def passes(process: subprocess.Popen[str]) -> None:
    said, _ = process.communicate(timeout=170)
    assert process.returncode == 0, said[-6000:]
    assert "skipped" not in said, said[-2000:]


@pytest.fixture(scope="session")
def reports(
    failing_notebooks: ModuleType,
    investigated: Callable[..., list[Stamped]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """The report of each failing notebook."""
    out = tmp_path_factory.mktemp("reports")
    redact = Redactor().text
    made = {}
    for name, failing in failing_notebooks.CORPUS.items():
        folder = tmp_path_factory.mktemp(name)
        for file, content in failing.files.items():
            (folder / file).write_bytes(content)
        events = investigated(failing.cells, folder)
        case = folded(events).case
        assert case is not None
        assert case.raised is not None
        assert case.raised.ename == failing.ename, name
        made[name] = out / f"{name}.ipynb"
        export(events, made[name], redact=redact, folder=folder, embed=True)
    return made


@pytest.mark.slow
def test_there_are_sixty_of_them_and_each_is_a_valid_notebook_with_its_session(
    reports: dict[str, Path],
) -> None:
    assert len(reports) >= 60
    for path in reports.values():
        nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
        assert folded(list(embedded(path))).ended


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_they_pass_nbval(reports: dict[str, Path], group: int) -> None:
    paths = list(reports.values())[group::GROUPS]
    halves = [
        nbval(*paths[0::2]),
        nbval(*paths[1::2]),
    ]  # two processes: one waits for its kernels most of the time
    for half in halves:
        passes(half)


@pytest.mark.slow
def test_the_other_machine_of_these_tests_has_no_cot_magic_and_no_network(tmp_path: Path) -> None:
    source = (
        "import socket\n"
        "for attempt in (lambda: __import__('cot_magic'), lambda: socket.create_connection(('192.0.2.1', 80))):\n"
        "    try:\n        attempt()\n    except (ImportError, OSError) as error:\n        print(error)"
    )
    outputs = [nbformat.v4.new_output("stream", text="No module named 'cot_magic'\nno network\n")]
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "there.ipynb")
    passes(nbval(tmp_path / "there.ipynb"))


@pytest.mark.slow
@pytest.mark.nightly
def test_they_pass_a_second_time_in_fresh_processes(reports: dict[str, Path]) -> None:
    names = ("name_typo", "key_typo", "syntax_colon", "pandas_file", "with_await", "earlier_cell")
    for _ in range(2):
        passes(nbval(*(reports[name] for name in names)))


@pytest.mark.slow
def test_nbval_sees_it_if_the_failure_is_another_one(reports: dict[str, Path], tmp_path: Path) -> None:
    book = json.loads(reports["key_typo"].read_text())
    for cell in book["cells"]:
        if cell["metadata"].get("cot", {}).get("role") == "lineage":
            cell["source"] = "records = []"
    changed = tmp_path / "changed.ipynb"
    changed.write_text(json.dumps(book))
    process = nbval(changed)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 1, said


@pytest.mark.slow
def test_as_html_it_is_one_file_with_all_its_parts(reports: dict[str, Path], tmp_path: Path) -> None:
    for name in ("key_typo", "pandas_file"):
        command = [
            sys.executable,
            "-m",
            "nbconvert",
            "--to",
            "html",
            "--output-dir",
            str(tmp_path),
            str(reports[name]),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        page = (tmp_path / f"{name}.html").read_text()
        for heading in (
            "Environment",
            "Reproduction",
            "Hypotheses",
            "The-fix",
            "Tests-before-and-after",
            "Plan",
        ):
            assert f'id="{heading}"' in page, heading
        assert "celltag_cot-kit" in page
        assert not re.findall(r'<img[^>]* src="(?!data:)', page)
        assert not re.findall(r'<link[^>]* href="(?!data:)', page)


RACE = (
    """import asyncio, time

def chance():  # another one in each copy of the kernel
    return time.time_ns() // 1000 % 1000 / 1000

class Visit:
    user = "ann"

async def cancel(visit):
    await asyncio.sleep(chance() * 0.002)
    visit.user = None

async def order(visit):
    if visit.user is not None:
        await asyncio.sleep(chance() * 0.002)
        return visit.user.upper()
""",
    """visit = Visit()
name, _ = await asyncio.gather(order(visit), cancel(visit))
print(name)""",
)


@pytest.mark.slow
def test_the_report_of_a_race_makes_the_failing_schedule_again(
    investigated: Callable[..., list[Stamped]], tmp_path: Path
) -> None:
    events: list[Stamped] = []
    for attempt in range(40):  # about every fourth time it fails, and does not fail again in the first copy
        folder = tmp_path / str(attempt)
        folder.mkdir()
        events = investigated(RACE, folder)
        gathered = [item.event.evidence for item in events if isinstance(item.event, EvidenceGathered)]
        if any(evidence.schedule is not None for evidence in gathered):
            break
    path = tmp_path / "race.ipynb"
    export(events, path, redact=Redactor().text)
    book = nbformat.read(path, as_version=4)
    (picture,) = [cell for cell in book.cells if cell.metadata.get("cot", {}).get("role") == "picture"]
    assert "visit.user" in picture.outputs[0].data["image/svg+xml"]
    for _ in range(2):
        passes(nbval(path))
    ran = NotebookClient(book, kernel_name="python3", allow_errors=True).execute()
    (picture,) = [cell for cell in ran.cells if cell.metadata.get("cot", {}).get("role") == "picture"]
    assert "image/svg+xml" in picture.outputs[0].data
    (witness,) = [cell for cell in ran.cells if "cot-witness" in cell.metadata.get("tags", [])]
    assert witness.outputs[0].ename == "AttributeError", witness.outputs

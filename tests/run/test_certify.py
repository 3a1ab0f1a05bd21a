"""Certificates of small notebooks: each runs in a real, fresh, confined kernel."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cot_magic.core.certificate import CellOutcome, Certificate, OutputVerdict
from cot_magic.run.certify import certify, certifying, plan_of
from cot_magic.sandbox.machine import probe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]
FAILS = "assert 1 + 1 == 3"
Tagged = tuple[str, str]


def book(*cells: str | Tagged) -> Any:
    made = nbformat.v4.new_notebook()
    for cell in cells:
        source, tag = cell if isinstance(cell, tuple) else (cell, "")
        made.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}))
    return made


def certified(folder: Path, *cells: str | Tagged, **how: Any) -> Certificate:
    return certify(plan_of(book(*cells)), folder, name="n.ipynb", **how)


def outcomes(certificate: Certificate) -> list[CellOutcome]:
    return [cell.outcome for cell in certificate.cells]


PASSED, FAILED, NOT_RUN = CellOutcome.PASSED, CellOutcome.FAILED, CellOutcome.NOT_RUN


def test_a_notebook_whose_cells_pass_holds_and_says_on_what(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    certificate = certified(
        tmp_path,
        "import pandas as pd\nrows = pd.read_csv('a.csv')",
        "import asyncio\nawait asyncio.sleep(0)\ntotal = rows.x.sum()",
        ("def test_total():\n    assert total == 3\n\ntest_total()", "cot-test"),
    )
    assert certificate.holds, certificate
    assert outcomes(certificate) == [PASSED, PASSED]
    assert [test.label for test in certificate.tests] == ["test_total"]
    assert dict(certificate.packages).keys() == {"pandas"}
    assert certificate.state == "fresh"
    assert certificate.seed.isdigit()


def test_a_cell_that_fails_ends_the_run_and_is_named(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "a = 1", "b = a\nb / 0", "c = 2")
    assert not certificate.holds
    assert outcomes(certificate) == [PASSED, FAILED, NOT_RUN]
    assert (certificate.failed[0].reason, certificate.failed[0].lineno) == (
        "ZeroDivisionError: division by zero",
        2,
    )
    assert certificate.cells[2].reason.startswith("not reached")


def test_a_cell_may_fail_if_the_notebook_says_so_and_may_be_skipped(tmp_path: Path) -> None:
    cells = (("1 / 0", "raises-exception"), (FAILS, "skip-execution"), "a = 1", "")
    certificate = certified(tmp_path, *cells)
    assert certificate.holds
    assert [cell.place for cell in certificate.cells] == [0, 2]


def test_stored_outputs_are_compared(tmp_path: Path) -> None:
    notebook = book("print('a')", "print('b')\n3", "import time\ntime.time()")
    for count, (cell, text) in enumerate(zip(notebook.cells, ("a\n", "c\n", "1"), strict=True), 1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    certificate = certify(plan_of(notebook), tmp_path, name="n.ipynb")
    assert [cell.outputs for cell in certificate.cells] == [
        OutputVerdict.UNCHANGED,
        OutputVerdict.CHANGED,
        OutputVerdict.OPEN,
    ]
    assert certificate.holds  # a change is shown, and is no failure
    assert [cell.label for cell in certificate.cells] == ["cell [1]", "cell [2]", "cell [3]"]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import socket\nsocket.create_connection(('192.0.2.1', 80), 1)", "network"),
        ("import socket\ntry:\n    socket.gethostbyname('a.invalid')\nexcept OSError:\n    a = 1", "network"),
        ("name = input('who? ')", "input"),
        ("import subprocess\nsubprocess.run(['true'])", "process"),
        ("open('/etc/cot-was-here', 'w')", "not permitted"),
    ],
)
def test_what_cannot_run_there_is_not_certified_and_not_failed(
    tmp_path: Path, source: str, word: str
) -> None:
    certificate = certified(tmp_path, source, "b = 2")
    assert not certificate.holds
    assert outcomes(certificate) == [NOT_RUN, PASSED]
    assert word in certificate.cells[0].reason
    assert not certificate.failed


def test_what_builds_on_a_cell_that_did_not_count_does_not_count(tmp_path: Path) -> None:
    certificate = certified(
        tmp_path,
        "rows = [1]",
        "def mean():\n    return sum(rows) / len(rows)",
        "rows = input('rows? ')",
        "print(rows)",
        "half = mean() / 2",
        "print(half)",
        "other = 1",
        "print(other)",
    )
    assert outcomes(certificate) == [PASSED, PASSED, NOT_RUN, NOT_RUN, NOT_RUN, NOT_RUN, PASSED, PASSED]


def test_a_withheld_variable_is_named_and_its_value_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "s3cr3t-9f8e7d6c5b4a")
    certificate = certified(
        tmp_path,
        "import os\nkey = os.getenv('SHOP_API_KEY')",
        "import os\nassert 's3cr3t' not in str(os.environ)",
    )
    assert outcomes(certificate) == [NOT_RUN, PASSED]
    assert "SHOP_API_KEY" in certificate.cells[0].reason


def test_a_secret_that_a_cell_prints_is_not_in_the_certificate(tmp_path: Path) -> None:
    (tmp_path / "conf.txt").write_text("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz\n")
    notebook = book("print(open('conf.txt').read())", "raise ValueError(open('conf.txt').read())")
    notebook.cells[0].execution_count = 1
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="nothing")]
    certificate = certify(plan_of(notebook), tmp_path, name="n.ipynb")
    assert "wJalrXUtnFEMI" not in repr(certificate)
    assert "redacted" in repr(certificate)


def test_the_folder_is_copied_and_paths_above_it_work(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "notebooks"
    (tmp_path / "project" / "data").mkdir(parents=True)
    folder.mkdir()
    (tmp_path / "project" / "data" / "a.txt").write_text("42")
    (folder / "b.txt").write_text("b")
    certificate = certified(
        folder,
        "assert open('../data/a.txt').read() == '42'",
        "import os\nos.remove('b.txt')\nopen('c.txt', 'w').write('c')",
        "assert open('c.txt').read() == 'c'",
    )
    assert certificate.holds, certificate
    assert sorted(os.listdir(folder)) == ["b.txt"]


def test_a_cell_that_takes_too_long_is_stopped_and_not_certified(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "a = 1", "while True:\n    pass", "b = 2", limit=1.0)
    assert outcomes(certificate) == [PASSED, NOT_RUN, NOT_RUN]
    assert "--certify-limit" in certificate.cells[1].reason


def took(seconds: int) -> dict[str, Any]:
    return {
        "iopub.execute_input": "2026-01-01T10:00:00Z",
        "shell.execute_reply": f"2026-01-01T10:00:{seconds:02}Z",
    }


def test_a_dear_cell_is_asked_about_first(tmp_path: Path) -> None:
    notebook = book("a = 1", "b = a")
    notebook.cells[0].metadata["execution"] = took(40)
    asked: list[str] = []

    def ask(cell: Any) -> bool:
        asked.append(cell.label)
        return len(asked) > 1

    plan = plan_of(notebook)
    refused = certify(plan, tmp_path, name="n.ipynb", limit=30, ask=ask)
    assert outcomes(refused) == [NOT_RUN, NOT_RUN]
    assert "40 s last time" in refused.cells[0].reason
    assert certify(plan, tmp_path, name="n.ipynb", limit=30, ask=ask).holds
    assert asked == ["cell 0", "cell 0"]


def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(tmp_path: Path) -> None:
    run = certifying(plan_of(book("a = 1", "b = 2", "c = 3")), tmp_path, name="n.ipynb")
    assert [next(run).label for _ in range(2)] == ["cell 0", "cell 1"]
    with pytest.raises(StopIteration) as ended:
        run.throw(KeyboardInterrupt)
    certificate = ended.value.value
    assert certificate.interrupted
    assert not certificate.holds
    assert outcomes(certificate) == [PASSED, NOT_RUN, NOT_RUN]
    assert children() == []


def test_a_run_that_nobody_follows_any_more_leaves_no_process(tmp_path: Path) -> None:
    run = certifying(plan_of(book("a = 1", "b = 2")), tmp_path, name="n.ipynb")
    next(run)
    run.close()
    assert children() == []


def children() -> list[int]:
    """Processes of this one that run a notebook."""
    found = []
    for name in os.listdir("/proc"):
        try:
            command = Path(f"/proc/{name}/cmdline").read_bytes() if name.isdigit() else b""
            parent = (
                int(Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()[1]) if command else 0
            )
        except OSError:
            continue  # it has ended
        if b"notebook_kernel" in command and parent == os.getpid():
            found.append(int(name))
    return found


# --- what cells may try -------------------------------------------------------------------------------------

SWALLOWED = "async def quiet(*_, **__):\n    return False\n"
FIND_FRAMES = """
import sys
frame = sys._getframe()
while frame is not None:
    for value in list(frame.f_locals.values()):
        for name in dir(value):
            if name in ("_reaches", "_whole", "_run", "_result"):
                setattr(value, name, None)
    frame = frame.f_back
"""
ATTACKS: dict[str, Sequence[str]] = {
    "replaces the method that runs code": (f"{SWALLOWED}get_ipython().run_code = quiet", FAILS),
    "replaces it on the class": (f"{SWALLOWED}type(get_ipython()).run_code = quiet", FAILS),
    "replaces what runs a cell": (
        "from IPython.core.interactiveshell import InteractiveShell as S\n"
        "real = S.run_cell_async\n"
        "async def run(self, source, **how):\n    how['transformed_cell'] = 'pass'\n"
        "    return await real(self, 'pass', **how)\n"
        "S.run_cell_async = run\n"
        "S.run_ast_nodes = run",
        FAILS,
    ),
    "empties cells with an input transformer": (
        "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])",
        FAILS,
    ),
    "empties cells with an AST transformer": (
        "import ast\n"
        "class Empty(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Empty())",
        FAILS,
    ),
    "clears the error in a callback": (
        "def clear(result):\n    result.error_in_exec = result.error_before_exec = None\n"
        "    get_ipython().last_execution_succeeded = True\n"
        "get_ipython().events.register('post_run_cell', clear)",
        FAILS,
    ),
    "changes the class of results": (
        "from IPython.core.interactiveshell import ExecutionResult\n"
        "ExecutionResult.error_in_exec = property(lambda self: None, lambda self, value: None)",
        FAILS,
    ),
    "prints result lines": (
        "import os\nline = b'\\n{\"token\":\"\",\"passed\":true,\"changed\":\"\",\"reaches\":\"\"}\\n'\n"
        "for fd in range(3, 64):\n    try:\n        os.write(fd, line)\n    except OSError:\n        pass",
        FAILS,
    ),
    "closes what it finds": (
        "import os\nfor fd in range(3, 64):\n    try:\n        os.close(fd)\n    except OSError:\n        pass",
        FAILS,
    ),
    "ends the process well": ("import os\nos._exit(0)", FAILS),
    "kills the process": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", FAILS),
    "stops the event loop": ("import asyncio\nasyncio.get_running_loop().stop()", FAILS),
    "changes json": (
        "import json\nreal = json.dumps\n"
        "json.dumps = lambda data, **how: real({**data, 'passed': True, 'ename': ''}, **how)",
        FAILS,
    ),
    "changes builtins": ("import builtins\nbuiltins.type = lambda *a: None\nbuiltins.vars = lambda x: {}", FAILS),
    "changes exec": ("import builtins\nbuiltins.exec = lambda *a: None", FAILS),
    "looks for the judge in frames": (FIND_FRAMES, FAILS),
    "looks for the judge in memory": (
        "import gc\nfor thing in gc.get_objects():\n    if type(thing).__name__ == '_Judge':\n"
        "        thing._run = None\n        thing.__class__._judge = None",
        FAILS,
    ),
    "looks for the judge in tasks": (
        "import asyncio\nfor task in asyncio.all_tasks():\n    frame = task.get_coro().cr_frame\n"
        "    print(frame and frame.f_locals)",
        FAILS,
    ),
    "imports the judge": (
        "import cot_magic.sandbox.notebook_kernel as k, cot_magic.sandbox.integrity as i\n"
        "k._Judge._judge = k._verdict = None\n"
        "i.Integrity.changed = lambda self: None\ni._of = lambda *a, **k: iter(())",
        FAILS,
    ),
    "follows what it can reach to the judge": (
        "import sys\nspace = sys.stdout._write.__func__.__globals__\n"
        "assert not [name for name in space if 'udge' in name or 'integrity' in name]\n"
        "space = get_ipython().kernel.session.send.__func__.__globals__\n"
        "assert not [name for name in space if 'udge' in name or 'integrity' in name]",
        FAILS,
    ),
    "makes another class of the shell": (
        "class Shell(type(get_ipython())):\n    async def run_code(self, *a, **k):\n        return False\n"
        "get_ipython().__class__ = Shell",
        FAILS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_failing_notebook_never_holds(tmp_path: Path, attack: Sequence[str]) -> None:
    certificate = certified(tmp_path, *attack, "after = 1")
    assert not certificate.holds, certificate
    assert certificate.cells[len(attack) - 1].outcome is not PASSED


def test_what_a_cell_deletes_and_writes_stays_in_the_copy(tmp_path: Path) -> None:
    folder, other = tmp_path / "here", tmp_path / "other"
    for place in (folder, other):
        place.mkdir()
        (place / "kept.txt").write_text("kept")
    source = (
        "import os, shutil\n"
        f"for path in ({str(folder)!r}, {str(other)!r}, '../other', '.'):\n"
        "    shutil.rmtree(path, ignore_errors=True)\n"
        f"for path in ({str(folder / 'new')!r}, {str(other / 'new')!r}, '../other/new'):\n"
        "    try:\n        open(path, 'w')\n    except OSError:\n        pass"
    )
    certified(folder, source)
    assert (folder / "kept.txt").read_text() == (other / "kept.txt").read_text() == "kept"
    assert len(os.listdir(folder)) == len(os.listdir(other)) == 1


def test_the_environment_of_the_judge_does_not_decide(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError('the wrong json')")
    (tmp_path / "shop.py").write_text("price = 3")
    (tmp_path / "cot_magic").mkdir()
    (tmp_path / "cot_magic" / "__init__.py").write_text("raise RuntimeError('the wrong package')")
    certificate = certified(
        tmp_path, "import shop\nimport json\nassert shop.price == len(json.loads('[1, 2, 3]'))"
    )
    assert certificate.holds, certificate

"""`cot-magic sweep` as a user runs it, with real kernels."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "cot_magic.cli.main", "sweep", "--reasoner", "offline"]


def notebook(path: Path, *sources: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({row["notebook"] for row in rows}) == len(rows)
    return {Path(row["notebook"]).stem: row for row in rows}


def sweep(*arguments: str, cwd: Path, timeout: float = 170) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=timeout)


def test_a_folder_is_swept_grouped_and_written_and_the_next_sweep_runs_nothing(tmp_path: Path) -> None:
    notebook(tmp_path / "nbs/ok.ipynb", "open('made.txt', 'w').write('x')")
    notebook(tmp_path / "nbs/a.ipynb", "d = {'price': 1}", "d['prize']")
    (tmp_path / "nbs/broken.ipynb").write_text("{")
    written = ["--json", "rows.jsonl", "--junit", "j.xml", "--sarif", "s.json", "--html", "o.html"]
    done = sweep("nbs", "--jobs", "2", *written, "--reports", "rca", cwd=tmp_path)
    assert done.returncode == 4, done.stderr + done.stdout
    rows = rows_of(tmp_path / "rows.jsonl")
    assert {name: row["result"] for name, row in rows.items()} == {
        "ok": "no-failure", "a": "verified", "broken": "not-run",
    }  # fmt: skip
    assert rows["a"]["group"] == "KeyError: prize"
    assert rows["ok"]["group"] is None
    assert Path(rows["a"]["report"]).exists()
    assert "1 × KeyError: prize" in done.stdout
    assert all((tmp_path / name).stat().st_size for name in ("j.xml", "s.json", "o.html"))
    assert not (tmp_path / "nbs/made.txt").exists()  # each ran in a copy of its folder
    again = sweep("nbs", "--json", "again.jsonl", cwd=tmp_path, timeout=20)
    assert (tmp_path / "again.jsonl").read_text() == (tmp_path / "rows.jsonl").read_text()
    assert again.returncode == 4
    (tmp_path / "nbs/broken.ipynb").unlink()
    assert sweep("nbs", "--quiet", cwd=tmp_path, timeout=20).returncode == 3


HOSTILE = {
    "hangs": (["while True: pass"], "limit", "after 60 s"),
    "leaves": (
        ["import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '987'], start_new_session=True)"],
        "no-failure",
        "",
    ),
    "hoards": (["x = []\nwhile True: x.append(bytearray(50_000_000))"], "limit", "memory"),
    "dies": (["import os\nos.kill(os.getpid(), 9)"], "unresolved", ""),
    "writes": (["f = open('big', 'wb')\nwhile True: f.write(bytes(10_000_000))"], None, ""),
    "forks": (
        ["import os, time\nwhile os.fork():\n    time.sleep(0.01)\ntime.sleep(987)"],
        "limit",
        "more than 256 processes",
    ),
    "asks": (["input('name? ')"], "unresolved", ""),
}


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_notebook_that_misbehaves_is_a_row_and_the_sweep_goes_on(tmp_path: Path) -> None:
    for name, (sources, _, _) in HOSTILE.items():
        notebook(tmp_path / f"nbs/{name}.ipynb", *sources)
    notebook(tmp_path / "nbs/z.ipynb", "1 + 1")
    limits = ["--time-limit", "60", "--memory-limit", "1500"]
    done = sweep("nbs", "--jobs", "2", *limits, "--json", "rows.jsonl", cwd=tmp_path, timeout=800)
    assert done.returncode == 4, done.stderr
    rows = rows_of(tmp_path / "rows.jsonl")
    assert rows["z"]["result"] == "no-failure"
    for name, (_, result, note) in HOSTILE.items():
        assert result is None or rows[name]["result"] == result, rows[name]
        assert note in rows[name].get("note", ""), rows[name]
    assert rows["writes"]["result"] in ("limit", "unresolved")
    left = [item for item in psutil.process_iter(["cmdline"]) if item.info["cmdline"] == ["sleep", "987"]]
    assert left == []


LEAVES_ITS_PARENTS = """
import os, time
def leave(environ):
    if os.fork() == 0:
        os.setsid()
        for _ in range(2):
            if os.fork() == 0:
                os.setsid()
                os.execvpe('sleep', ['sleep', '986'], environ)
        os._exit(0)
for _ in range(3):
    leave({'PATH': os.environ['PATH']})
    leave(os.environ)
"""
KILLS_ITS_PARENT = "import os\nleave(os.environ)\nos.kill(os.getppid(), 9)"


@pytest.mark.nightly
@pytest.mark.timeout(400)
def test_what_leaves_its_session_and_its_parents_is_ended(tmp_path: Path) -> None:
    notebook(tmp_path / "nbs/passes.ipynb", LEAVES_ITS_PARENTS)
    notebook(tmp_path / "nbs/hangs.ipynb", LEAVES_ITS_PARENTS, "time.sleep(600)")
    own = LEAVES_ITS_PARENTS.partition("for _ in range(3)")[0]
    notebook(tmp_path / "nbs/kills.ipynb", own, KILLS_ITS_PARENT)
    options = ["--time-limit", "60", "--intensity", "cot", "--json", "rows.jsonl"]
    done = sweep("nbs", "--jobs", "2", *options, cwd=tmp_path)
    rows = rows_of(tmp_path / "rows.jsonl")
    assert (rows["hangs"]["result"], rows["passes"]["result"]) == ("limit", "no-failure"), done.stderr
    left = [item for item in psutil.process_iter(["cmdline"]) if item.info["cmdline"] == ["sleep", "986"]]
    assert left == []


@pytest.mark.nightly
def test_a_sweep_that_is_killed_goes_on_and_leaves_no_process(tmp_path: Path) -> None:
    for number in range(6):
        notebook(tmp_path / f"nbs/n{number}.ipynb", "import time", "time.sleep(1)")
    process = subprocess.Popen(
        [*COMMAND, "nbs", "--jobs", "2"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # one has ended
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = sweep("nbs", "--json", "rows.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(rows_of(tmp_path / "rows.jsonl")) == 6
    assert len(done.stdout.splitlines()) <= 6  # five or fewer ran now, and the last line


def test_ctrl_c_writes_what_there_is(tmp_path: Path) -> None:
    notebook(tmp_path / "nbs/a.ipynb", "1")
    notebook(tmp_path / "nbs/b.ipynb", "import time\ntime.sleep(600)")
    process = subprocess.Popen(
        [*COMMAND, "nbs", "--json", "rows.jsonl"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "a.ipynb" in process.stdout.readline()
    time.sleep(1)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert list(rows_of(tmp_path / "rows.jsonl")) == ["a"]
    assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.nightly
def test_a_cluster_gives_the_same_rows(tmp_path: Path) -> None:
    distributed = pytest.importorskip("dask.distributed")
    notebook(tmp_path / "nbs/ok.ipynb", "1")
    notebook(tmp_path / "nbs/a.ipynb", "d = {'price': 1}", "d['prize']")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        done = sweep("nbs", "--dask", cluster.scheduler_address, "--json", "d.jsonl", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    local = sweep("nbs", "--journal", "other.sqlite", "--json", "l.jsonl", cwd=tmp_path)
    assert local.returncode == 3
    keys = ("result", "group", "failure")
    one, other = (rows_of(tmp_path / name) for name in ("d.jsonl", "l.jsonl"))
    assert {name: [row[key] for key in keys] for name, row in one.items()} == {
        name: [row[key] for key in keys] for name, row in other.items()
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.ipynb"], "no such file"),
        (["."], "no notebook"),
        ([".", "--dask", "tcp://127.0.0.1:1"], "no notebook"),
    ],
)
def test_wrong_input_is_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = sweep(*arguments, cwd=tmp_path, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line


@pytest.mark.nightly
def test_what_a_killed_worker_of_a_cluster_ran_is_run_again(tmp_path: Path) -> None:
    distributed = pytest.importorskip("dask.distributed")
    for number in range(6):
        notebook(tmp_path / f"nbs/n{number}.ipynb", "import time", "time.sleep(2)")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        process = subprocess.Popen(
            [*COMMAND, "nbs", "--dask", cluster.scheduler_address, "--json", "rows.jsonl"],
            cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()  # both workers are at work
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        process.communicate(timeout=150)
    assert process.returncode == 0
    assert [row["result"] for row in rows_of(tmp_path / "rows.jsonl").values()] == ["no-failure"] * 6


@pytest.mark.timeout(1200)
def test_the_fix_of_one_notebook_is_run_in_all_of_its_group(tmp_path: Path) -> None:
    """Six fail alike; in one of them what the fix reads is not there either."""
    failing = "total = orders['prize'] * 2"
    for number in range(4):
        notebook(tmp_path / f"nbs/n{number}.ipynb", f"orders = {{'price': {number}}}", failing)
    notebook(tmp_path / "nbs/n4.ipynb", "if True:\n    orders = {'price': 4}", f"x = 1\n{failing}\nx = 2")
    notebook(tmp_path / "nbs/n5.ipynb", "orders = {'customer': 5}", failing)
    done = sweep("nbs", "--json", "rows.jsonl", "--jobs", "2", "--html", "o.html", cwd=tmp_path, timeout=1100)
    assert done.returncode == 4, done.stderr
    rows = rows_of(tmp_path / "rows.jsonl")
    assert {row["group"] for row in rows.values()} == {"KeyError: prize"}
    assert {name: row["group_fix"]["result"] for name, row in rows.items()} == {
        **{f"n{number}": "holds" for number in range(5)}, "n5": "fails",
    }  # fmt: skip
    (origin,) = {row["group_fix"]["from"] for row in rows.values()}
    assert f"6 × KeyError: prize; the fix of {origin} holds in 5 of 6" in done.stdout
    assert "holds in 5 of 6" in (tmp_path / "o.html").read_text()
    again = sweep("nbs", "--json", "again.jsonl", cwd=tmp_path)
    assert (tmp_path / "again.jsonl").read_text() == (tmp_path / "rows.jsonl").read_text()
    assert "the fix of" not in again.stdout.splitlines()[0]  # nothing was tried again

"""Memory of the process that coordinates a sweep, by the number of notebooks: a path each, and no row.

Nothing is debugged here: each notebook gives a row of the size that a debugged one has, so that what is measured
is what the coordinator itself holds. Each size runs in a process of its own; its growth is that of the peak of
Python's own memory from before the sweep to its end, with the rows read once more, as for a report. Then two
notebooks of two cells are run and debugged, for the size of their rows.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from sweep_workers import generated

QUICK = {"sizes": (20, 80)}
COMPARED = {"kib_a_notebook": "lower"}
ROW_BYTES = 20_000
CODE = """
import json, sys, tempfile, tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.sweep import sweep
from cot_magic.actions.sweep.tasks import Task

count, size = int(sys.argv[1]), int(sys.argv[2])
def run(task):
    failure = {"cell_index": 1, "ename": "KeyError", "evalue": "'prize'", "lineno": 1}
    return {"notebook": task.named, "result": "unresolved", "failure": failure, "seconds": 1.0, "said": "x" * size}
with tempfile.TemporaryDirectory() as folder:
    tracemalloc.start()
    tasks = []
    for number in range(count):
        path = Path(folder, f"n{number}.ipynb")
        path.write_text(str(number))
        tasks.append(Task(named=path.name, path=str(path), settings={}))
    with Journal(Path(folder, "j.sqlite")) as journal, ThreadPoolExecutor(2) as threads:
        journal.choose(task.path for task in tasks)
        sweep(tasks, journal, threads, at_once=2, run=run)
        rows = sum(1 for row in journal.rows())
        print(json.dumps({"rows": rows, "peak_kib": tracemalloc.get_traced_memory()[1] / 1024}))
"""


def measure(sizes: tuple[int, ...] = (50, 200, 1_000)) -> dict[str, Any]:
    """Peaks in KiB by the number of notebooks, and what one notebook more adds; rows have 20 KB each."""
    peaks = {}
    for size in sizes:
        command = [sys.executable, "-c", CODE, str(size), str(ROW_BYTES)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        assert found["rows"] == size
        peaks[size] = found["peak_kib"]
    more = (peaks[sizes[-1]] - peaks[sizes[0]]) / (sizes[-1] - sizes[0])
    return {
        "row_kb": row_kb(),
        "peak_kib": {str(size): round(peak, 1) for size, peak in peaks.items()},
        "kib_a_notebook": round(more, 3),
    }


def row_kb() -> dict[str, float]:
    """The size of a row as JSON Lines, of a notebook that passes and of one with a verified fix."""
    with tempfile.TemporaryDirectory() as folder:
        generated(Path(folder), 1)  # it fails, and its fix is verified
        failing = Path(folder, "n00.ipynb")
        notebook = json.loads(failing.read_text(encoding="utf-8"))
        notebook["cells"] = [notebook["cells"][0], {**notebook["cells"][0], "id": "again"}]
        Path(folder, "n01.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "cot_magic.cli.main",
            "sweep",
            ".",
            "--reasoner",
            "offline",
            "--quiet",
        ]
        subprocess.run([*command, "--json", "rows.jsonl"], cwd=folder, check=False)
        lines = Path(folder, "rows.jsonl").read_text(encoding="utf-8").splitlines()
    found = {json.loads(line)["result"]: round(len(line) / 1_000, 1) for line in lines}
    return {"passes": found["no-failure"], "verified": found["verified"]}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))

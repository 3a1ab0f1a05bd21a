"""Memory of the process that coordinates a sweep, by the number of notebooks: a path each, and no row.

Nothing is debugged here: each notebook gives a row of the size that a debugged one has, so that what is measured
is what the coordinator itself holds. Each size runs in a process of its own; its growth is that of the peak of
Python's own memory from before the sweep to its end, with the rows read once more, as for a report. Then
notebooks of two cells are run and debugged by one worker, for the size of their rows and the time that they take.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from sweep_workers import generated

QUICK = {"sizes": (20, 80), "count": 2}
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

COMMAND = [sys.executable, "-m", "cot_magic.cli.main", "sweep", ".", "--reasoner", "offline", "--quiet"]
COMMAND += ["--jobs", "1", "--no-group-fix", "--json", "rows.jsonl"]


def measure(sizes: tuple[int, ...] = (50, 200, 1_000), count: int = 10) -> dict[str, Any]:
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
        **of_a_row(count),
        "peak_kib": {str(size): round(peak, 1) for size, peak in peaks.items()},
        "kib_a_notebook": round(more, 3),
    }


def of_a_row(count: int) -> dict[str, dict[str, float]]:
    """Of notebooks that pass, and of those with a verified fix: the KB of a row, the seconds of one worker.

    The KB are those of a line of JSON Lines. The seconds are those of a whole sweep, for each of its notebooks.
    """
    found: dict[str, dict[str, float]] = {"row_kb": {}, "seconds": {}}
    for kind, result in (("passes", "no-failure"), ("verified", "verified")):
        with tempfile.TemporaryDirectory() as folder:
            generated(Path(folder), 1)  # it fails, and its fix is verified
            path = Path(folder, "n00.ipynb")
            notebook = json.loads(path.read_text(encoding="utf-8"))
            path.unlink()
            if kind == "passes":
                first = notebook["cells"][0]
                notebook["cells"] = [first, {**first, "id": "again"}]
            for number in range(count):
                Path(folder, f"n{number:02}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
            started = time.perf_counter()
            subprocess.run(COMMAND, cwd=folder, check=False)
            found["seconds"][kind] = round((time.perf_counter() - started) / count, 2)
            lines = Path(folder, "rows.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["result"] for line in lines] == [result] * count
        found["row_kb"][kind] = round(median(map(len, lines)) / 1_000, 1)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))

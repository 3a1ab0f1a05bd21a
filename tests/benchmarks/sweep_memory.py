"""Memory of the process that coordinates a sweep, by the number of notebooks: a path each, and no row.

Nothing is debugged here: each notebook gives a row of the size that a debugged one has, so that what is measured
is what the coordinator itself holds. Each size runs in a process of its own; its growth is that of the peak of
Python's own memory from before the sweep to its end, with the rows read once more, as for a report.
"""

import json
import subprocess
import sys
from typing import Any

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
        "peak_kib": {str(size): round(peak, 1) for size, peak in peaks.items()},
        "kib_a_notebook": round(more, 3),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))

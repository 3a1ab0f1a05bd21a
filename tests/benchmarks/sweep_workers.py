"""Measures a sweep with two workers against one with one, over the same generated notebooks.

    python tests/benchmarks/sweep_workers.py [--count 40]

Each notebook has a mistake of one of a few kinds, or none, with names and numbers of its own, so that no fix of one
is that of another. A sweep starts a process and a kernel for each, and stops an investigation by the processor time
that it took; two workers need two processors to be faster.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

QUICK = {"count": 4}
COMPARED = {"two_to_one": "lower"}
KINDS = (
    ("prices_{n} = {{'pen': {n}, 'ink': 7}}", "total_{n} = prices_{n}['Pen'] + 1"),
    ("lines_{n} = ['a', 'b']", "last_{n} = lines_{n}[{n} + 2]"),
    ("count_{n} = {n}", "text_{n} = 'items: ' + count_{n}"),
    ("rates_{n} = [1, {n}]", "mean_{n} = sum(rate_{n}) / 2"),
    ("def area_{n}(w, h):\n    return w + h", "assert area_{n}(3, {n} + 4) == 3 * ({n} + 4)"),
    ("words_{n} = 'a b'.split()", "assert len(words_{n}) == 2"),
)


def generated(folder: Path, count: int) -> None:
    """Write notebooks of all kinds in turn."""
    for number, cells in zip(range(count), itertools.cycle(KINDS), strict=False):
        notebook: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        notebook.cells = [
            nbformat.v4.new_code_cell(cell.format(n=number))  # type: ignore[no-untyped-call]
            for cell in cells
        ]
        nbformat.write(notebook, folder / f"n{number:02}.ipynb")  # type: ignore[no-untyped-call]


def swept(count: int, jobs: int) -> tuple[float, list[str]]:
    """The seconds that a sweep takes, and the results of the notebooks in their order."""
    with tempfile.TemporaryDirectory() as folder:
        notebooks = Path(folder, "notebooks")
        notebooks.mkdir()
        generated(notebooks, count)
        command = [sys.executable, "-m", "cot_magic.cli.main", "sweep", "notebooks", "--reasoner", "offline"]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "--jobs", str(jobs), "--json", "rows.jsonl"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - started
        rows = Path(folder, "rows.jsonl")
        if not rows.exists():
            raise SystemExit(done.stderr)
        found = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
        return seconds, [row["result"] for row in sorted(found, key=lambda row: row["notebook"])]


def measure(count: int = 40, jobs: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """Seconds by the number of workers, and the ratio of the last to the first."""
    seconds, results = {}, {}
    for workers in jobs:
        seconds[workers], results[workers] = swept(count, workers)
    one, other = jobs[0], jobs[-1]
    return {
        "notebooks": len(results[one]),
        "processors": len(os.sched_getaffinity(0)),
        "seconds": {str(workers): value for workers, value in seconds.items()},
        "same_results": sum(a == b for a, b in zip(results[one], results[other], strict=True)),
        "two_to_one": seconds[other] / seconds[one],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=40)
    print(json.dumps(measure(parser.parse_args().count), indent=1))

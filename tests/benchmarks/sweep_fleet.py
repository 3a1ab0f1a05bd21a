"""Sweeps many generated notebooks on two workers and on a cluster of two, with what dies killed in the middle.

    python tests/benchmarks/sweep_fleet.py [--count 500]

On two local workers the sweep is killed when a third of the rows are there, and goes on from its journal. On the Dask
cluster one of the two workers is killed then. Both must give the same rows, one a notebook. The memory is the
largest that the coordinating process had, without the processes of the notebooks.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from sweep_workers import generated

QUICK = {"count": 6, "small": 3}
COMPARED = {"lost": "lower", "differ": "lower", "doubles": "lower", "mib_to_small": "lower"}


class Sweep:
    """One run of `cot-magic sweep` over a folder; `mib` is the largest memory of its process."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "cot_magic.cli.main", "sweep", "notebooks", "--reasoner", "offline"]
        command += ["--no-group-fix", "--time-limit", "1800", "--json", "rows.jsonl", *options]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        self.mib = 0.0
        self._done = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        import psutil

        process = psutil.Process(self.process.pid)
        while not self._done.wait(0.5):
            try:
                self.mib = max(self.mib, process.memory_info().rss / 2**20)
            except psutil.Error:
                return

    def finish(self, after: int = 0, act: Callable[[], None] | None = None) -> None:
        """Wait for the end; do something once so many rows were told."""
        assert self.process.stdout is not None
        for number, _ in enumerate(self.process.stdout, 1):
            if number == after and act is not None:
                act()
        self.process.wait()
        self._done.set()


def rows_of(folder: Path) -> list[tuple[str, str, str | None]]:
    """Of each row: the notebook, its result, its group."""
    lines = Path(folder, "rows.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return sorted((row["notebook"], row["result"], row["group"]) for row in found)


def made(place: str, count: int) -> Path:
    folder = Path(place)
    Path(folder, "notebooks").mkdir()
    generated(folder / "notebooks", count)
    return folder


def local(count: int, *, killed: bool) -> tuple[list[tuple[str, str, str | None]], float]:
    """The rows of two local workers, and the memory of the coordinator in MiB."""
    with tempfile.TemporaryDirectory() as place:
        folder = made(place, count)
        if killed:
            first = Sweep(folder, "--jobs", "2")
            first.finish(max(1, count // 3), lambda: os.kill(first.process.pid, signal.SIGKILL))
        last = Sweep(folder, "--jobs", "2")
        last.finish()
        return rows_of(folder), last.mib


def clustered(count: int) -> list[tuple[str, str, str | None]]:
    """The rows of a Dask cluster with two workers, one of which is killed."""
    from dask.distributed import LocalCluster

    with tempfile.TemporaryDirectory() as place:
        folder = made(place, count)
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
            worker = next(iter(cluster.workers.values()))
            running = Sweep(folder, "--dask", cluster.scheduler_address)
            running.finish(max(1, count // 3), lambda: os.kill(worker.pid, signal.SIGKILL))
        return rows_of(folder)


def measure(count: int = 500, small: int = 50) -> dict[str, Any]:
    """How many rows are lost, double or differ, and the coordinator's memory for few and for many notebooks."""
    here, many = local(count, killed=True)
    there = clustered(count)
    _, few = local(small, killed=False)
    names: Sequence[str] = [name for name, *_ in (*here, *there)]
    return {
        "notebooks": count,
        "lost": 2 * count - len(set(here)) - len(set(there)),
        "doubles": len(names) - len({*((name, 0) for name, *_ in here), *((name, 1) for name, *_ in there)}),
        "differ": len(set(here) ^ set(there)) // 2,
        "mib": {str(small): round(few, 1), str(count): round(many, 1)},
        "mib_to_small": round(many / few, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--small", type=int, default=50)
    given = parser.parse_args()
    print(json.dumps(measure(given.count, given.small), indent=1))

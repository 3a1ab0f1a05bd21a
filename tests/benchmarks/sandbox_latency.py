"""Measures in a real ipykernel what a job in a copy costs, against a bare fork and a fresh Python.

A job is measured twice: when a spare waits for it, as in practice, where rules think between experiments,
and when it follows the one before at once. CPU time counts what the parked copy and its jobs took.

    python tests/benchmarks/sandbox_latency.py [--mb 10 256] [--runs 30] [--limit 45]

Prints a table of medians in milliseconds and ratios for each namespace size. With `--limit`, exits with 1
if the median of a job that runs `pass` in the smallest namespace is above so many milliseconds.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_client.manager import KernelManager

QUICK = {"mb": (10,), "runs": 5}
COMPARED = {
    "*.job_to_bare_fork": "lower",
    "*.job_to_fresh_python": "lower",
    "*.waited_for_to_fresh_python": "lower",
}
MEASURE = """
import json, os, statistics, subprocess, sys, time
from cot_magic.core.case import Raised
from cot_magic.core.jobs import Job, JobStep, Outcome
from cot_magic.sandbox.snapshot import park

def describe(error, cells):
    return Raised(ename=type(error).__name__, evalue=str(error))

def milliseconds(action, runs):
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {"median": round(statistics.median(times), 2), "p95": round(times[int(len(times) * 0.95) - 1], 2)}

def bare_fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

def fresh_python():
    subprocess.run([sys.executable, "-c", "pass"], check=True)

def job():
    (result,) = snapshot.run([Job(steps=(JobStep(source="pass"),))])
    assert result.outcome is Outcome.PASSED, result

def spaced(runs, between):
    times = []
    for _ in range(runs):
        time.sleep(between)  # spares are made
        started = time.perf_counter()
        job()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {"median": round(statistics.median(times), 2), "p95": round(times[int(len(times) * 0.95) - 1], 2)}

def cpu_of_copy():
    # seconds of the parked copy and of its jobs that have ended
    with open(f"/proc/{snapshot._pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

def parked():
    return park(get_ipython(), describe=describe, size_limit_mb=1 << 20)

def measure(megabytes, runs):
    global held, snapshot
    held = [bytearray(os.urandom(4096)) * 256 for _ in range(megabytes)]
    parked().close()  # the probe of the machine is made once a process
    figures = {"namespace_mb": megabytes, "runs": runs, "bare_fork": milliseconds(bare_fork, runs)}
    figures["fresh_python"] = milliseconds(fresh_python, max(5, runs // 3))
    times = {"park": [], "unpark": []}
    for _ in range(runs):
        started = time.perf_counter()
        snapshot = parked()
        times["park"].append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        snapshot.close()
        times["unpark"].append((time.perf_counter() - started) * 1000)
    for name, values in times.items():
        figures[name] = {"median": round(statistics.median(values), 2), "p95": round(sorted(values)[-2], 2)}
    snapshot = parked()
    assert snapshot.status().available, snapshot.status()
    figures["first_job"] = milliseconds(job, 1)
    figures["job"] = milliseconds(job, runs)
    figures["waited_for"] = spaced(runs, 0.05 + figures["bare_fork"]["median"] / 200)
    started, before = time.perf_counter(), cpu_of_copy()
    snapshot.run([Job(steps=(JobStep(source="pass"),))] * (runs * 4))
    figures["jobs_a_second"] = round(runs * 4 / (time.perf_counter() - started), 1)
    time.sleep(0.5)  # the last ones end
    figures["cpu_ms_a_job"] = round((cpu_of_copy() - before) / (runs * 4) * 1000, 2)
    snapshot.close()
    for name in ("job", "waited_for"):
        for beside in ("bare_fork", "fresh_python"):
            figures[f"{name}_to_{beside}"] = round(figures[name]["median"] / figures[beside]["median"], 2)
    print(json.dumps(figures))
"""


def measure(
    mb: Sequence[int] = (10, 256),
    runs: int = 30,
    show: Callable[[dict[str, Any]], None] = lambda figures: None,
) -> dict[str, dict[str, Any]]:
    """The figures of each namespace size, smallest first; `show` gets each as soon as it is there."""
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.start_kernel(env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    client = manager.client()
    client.start_channels()
    found = {}
    try:
        client.wait_for_ready(timeout=60)
        run(client, MEASURE)
        for megabytes in sorted(mb):
            figures = json.loads(run(client, f"measure({megabytes}, {runs})"))
            show(figures)
            found[f"{megabytes} MB"] = figures
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, nargs="+", default=[10, 256])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--limit", type=float, default=None)
    options = parser.parse_args()
    first, *_ = measure(options.mb, options.runs, table).values()
    return int(options.limit is not None and first["job"]["median"] > options.limit)


def table(figures) -> None:
    """One namespace size: what each thing took, and how often a bare fork and a fresh Python fit into it."""
    fork, fresh = figures["bare_fork"]["median"], figures["fresh_python"]["median"]
    print(f"namespace of {figures['namespace_mb']} MB, {figures['runs']} runs")
    print(f"{'':34} {'median ms':>10} {'p95 ms':>8} {'/ bare fork':>12} {'/ fresh Python':>15}")
    names = {
        "bare_fork": "bare fork, exit and wait",
        "fresh_python": "fresh `python -c pass`",
        "park": "park a copy",
        "unpark": "let it go",
        "first_job": "first job of a copy (one run)",
        "waited_for": "job of `pass` that finds a spare",
        "job": "job of `pass` right after another",
    }
    for key, name in names.items():
        median, p95 = figures[key]["median"], figures[key]["p95"]
        print(f"{name:34} {median:10.2f} {p95:8.2f} {median / fork:12.2f} {median / fresh:15.2f}")
    print(f"{'jobs a second, in one call':34} {figures['jobs_a_second']:10.1f}")
    print(f"{'CPU ms of each of them':34} {figures['cpu_ms_a_job']:10.2f}", flush=True)


def run(client, code: str) -> str:
    """What the code printed; an error of it ends the script."""
    texts: list[str] = []

    def hook(message) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    reply = client.execute_interactive(code, output_hook=hook, timeout=600)
    if reply["content"]["status"] == "error":
        raise SystemExit("\n".join(reply["content"]["traceback"]))
    return "".join(texts)


if __name__ == "__main__":
    raise SystemExit(main())

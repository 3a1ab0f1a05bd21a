"""What the guard stops and what it costs, in real kernels, beside another guard if one is given.

    python tests/benchmarks/guard.py [--rounds N] [--crane SITE_PACKAGES] [--json FILE]

The cells are those of tests/support/guard_cells.py, with the default `guard_ms`. SITE_PACKAGES is the folder of a
throw-away environment with `pip install crane-llm`, which is put at the end of the path of a kernel of its own.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.conftest import Kernel, Ran  # the same real kernel that the tests use
from tests.support.guard_cells import CRASHING, HEALTHY, SECRET, SETUP

QUICK = {"rounds": 5, "cells": False}
COMPARED = {"long cell again.to_plain": "lower"}
COLOR = re.compile(r"\x1b\[[0-9;]*m")
OURS = ("%cot_guard on",)
THEIRS = ("%load_ext crane_llm", "%crane_llm guard on")


def timed(kernel: Kernel, code: str, cell_id: str | None = None) -> tuple[Ran, float, float]:
    """What came of the cell, and the milliseconds until its first error and until its reply."""
    started, first = time.perf_counter(), []

    def watch(message: dict[str, Any]) -> None:
        if message["msg_type"] == "error":
            first.append(time.perf_counter() - started)

    ran = kernel.run(code, watch=watch, cell_id=cell_id)
    whole = time.perf_counter() - started
    return ran, (first or [whole])[0] * 1e3, whole * 1e3


def with_kernel(work: Callable[[Kernel], Any], *cells: str, load: bool = True) -> Any:
    os.environ.update(SECRET)
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder), load=load)
        try:
            for cell in (SETUP, *cells):
                ran = kernel.run(cell)
                if ran.status != "ok":
                    raise SystemExit(ran.traceback)
            return work(kernel)
        finally:
            kernel.stop()


def was_stopped(ran: Ran) -> bool:
    said = " ".join(bundle.get("text/plain", "") for bundle in ran.displays)
    return ran.ename == "CrashPrevented" or "Nothing in your kernel changed" in said


def lines_run(ran: Ran) -> int:
    """The line at which a cell failed that was not stopped: so many lines of it ran."""
    found = re.search(rf"In\[{ran.count}\], line (\d+)", COLOR.sub("", ran.traceback))
    return 0 if was_stopped(ran) or found is None else int(found[1])


def over_the_cells(cells: Mapping[str, str]) -> Callable[[Kernel], list[tuple[str, Ran, float]]]:
    def work(kernel: Kernel) -> list[tuple[str, Ran, float]]:
        return [(name, *timed(kernel, code)[:2]) for name, code in cells.items()]

    return work


def corpus(*switch: str, load: bool = True) -> dict[str, float]:
    """Over all cells: how many were stopped, and the median time until a stopped one shows its error."""
    crashing = with_kernel(over_the_cells(CRASHING), *switch, load=load)
    healthy = with_kernel(over_the_cells(HEALTHY), *switch, load=load)
    for name, ran, _ in crashing:
        if not was_stopped(ran):
            print(f"  not stopped: {name}: {ran.ename}: {ran.evalue[:80]}", file=sys.stderr)
    for name, ran, _ in healthy:
        if ran.status != "ok":
            print(f"  stopped, or failed: {name}: {ran.ename}: {ran.evalue[:80]}", file=sys.stderr)
    times = [ms for _, ran, ms in crashing if was_stopped(ran)]
    return {
        "crashing": len(crashing),
        "stopped": len(times),
        "healthy": len(healthy),
        "false_stops": sum(ran.status != "ok" for _, ran, _ in healthy),
        "median_ms": statistics.median(times) if times else 0.0,
        "lines_run": sum(lines_run(ran) for _, ran, _ in crashing),
    }


def costs(rounds: int) -> dict[str, dict[str, float]]:
    """The round trip of cells that pass, with the guard and without it, one after the other in two kernels."""

    def passing(plain: Kernel) -> dict[str, dict[str, float]]:
        def beside(kernel: Kernel) -> dict[str, dict[str, float]]:
            pairs: dict[str, list[tuple[float, float]]] = {"passing cell": [], "long cell again": []}
            for number in range(rounds):
                code = f"total = total + {number}"
                pairs["passing cell"].append((timed(plain, code)[2], timed(kernel, code)[2]))
            for number in range(max(2, rounds // 4) + 1):
                one, other = (timed(each, "time.sleep(1)", "long")[2] for each in (plain, kernel))
                if number:  # from the second time on, its cost is known
                    pairs["long cell again"].append((one, other))
            found = {}
            for name, times in pairs.items():
                one, other = (statistics.median(column) for column in zip(*times, strict=True))
                found[name] = {
                    "plain_ms": one,
                    "guarded_ms": other,
                    "over_ms": other - one,
                    "to_plain": other / one,
                }
            return found

        found: dict[str, dict[str, float]] = with_kernel(beside, *OURS)
        return found

    result: dict[str, dict[str, float]] = with_kernel(passing)
    return result


def measure(rounds: int = 40, cells: bool = True, crane: str = "") -> dict[str, dict[str, float]]:
    """The figures by name."""
    found = costs(rounds)
    if cells:
        found["cot-magic"] = corpus(*OURS)
    if crane:
        path = f"import sys; sys.path.append({crane!r})"
        found["crane-llm"] = corpus(path, *THEIRS, load=False)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--crane", default="")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = measure(given.rounds, crane=given.crane)
    if given.json is not None:
        machine = {
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "load": os.getloadavg(),
        }
        given.json.write_text(json.dumps({"machine": machine, **found}, indent=1))
    for name, row in found.items():
        print(
            f"{name:16} " + "  ".join(f"{key} {value:,.2f}".removesuffix(".00") for key, value in row.items())
        )


if __name__ == "__main__":
    main()

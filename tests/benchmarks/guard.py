"""What the guard stops and what it costs, in real kernels, beside another guard if one is given.

    python tests/benchmarks/guard.py [--rounds N] [--rivals FOLDER] [--json FILE]

The cells are those of tests/support/guard_cells.py, with the default `guard_ms`. FOLDER is what
`pip install --target FOLDER crane-llm` filled; it is put at the end of the path of a kernel of its own.
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
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from tests.conftest import Kernel, Ran  # the same real kernel that the tests use
from tests.support.guard_cells import CRASHING, HEALTHY, SECRET, SETUP

REPEATS = {0.01: 40, 0.3: 10, 2.0: 5, 10.0: 3}
"""How often a cell of so many seconds runs again, in each of the two kernels."""
QUICK = {"rounds": 5, "cells": False, "repeats": {0.01: 5, 0.5: 2}}
COMPARED = {"cell of 2 s.to_plain": "lower", "cell of 10 s.to_plain": "lower"}
WORK = """import time
table = list(range(100_000))
def work(turns):
    value = 0
    for turn in range(turns):
        value = (value * 31 + turn) % 1_000_003
        table[turn % 100_000] = value
def turns_in_a_second(turns):
    began = time.perf_counter()
    work(turns)
    return int(turns / (time.perf_counter() - began))
"""
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


def calibrated(kernel: Kernel) -> int:
    """How many turns of the working cell take a second in a kernel, on the machine as busy as it is."""
    ran = kernel.run(WORK)
    if ran.status != "ok":
        raise SystemExit(ran.traceback)
    return int(kernel.value("turns_in_a_second(5_000_000)"))


def working_cell(seconds: float, turns: int) -> str:
    """A cell that computes, and fills memory that the kernel had before."""
    return f"work({max(1, int(seconds * turns))})"


def told(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Medians of the milliseconds without and with the guard."""
    one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {
        "plain_ms": one,
        "guarded_ms": other,
        "over_ms": statistics.median(b - a for a, b in pairs),
        "to_plain": statistics.median(b / a for a, b in pairs),
    }


def costs(rounds: int, repeats: Mapping[float, int]) -> dict[str, dict[str, float]]:
    """The round trip of cells that pass, in a kernel without the guard and in one with it, in turn.

    Each cell runs once before, in both: the guard then knows what it takes. That first time is told apart.
    """

    def beside(plain: Kernel, guarded: Kernel) -> dict[str, dict[str, float]]:
        turns = calibrated(guarded)
        calibrated(plain)
        found = {}

        def pair(code: str, name: str) -> tuple[float, float]:
            one, other = (timed(kernel, code, name)[2] for kernel in (plain, guarded))
            return one, other

        new = [pair(f"total = total + {number}", f"new {number}") for number in range(rounds)]
        found["cell that passes at once"] = told(new)
        for seconds, times in repeats.items():
            name = f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1e3:g} ms"
            code = working_cell(seconds, turns)
            first = pair(code, name)
            found[f"cell of {name}"] = told([pair(code, name) for _ in range(times)])
            found[f"cell of {name}"]["first_over_ms"] = first[1] - first[0]
        return found

    return with_kernel(
        lambda plain: with_kernel(lambda guarded: beside(plain, guarded), *OURS)  # type: ignore[no-any-return]
    )


def measure(
    rounds: int = 40, cells: bool = True, rivals: str = "", repeats: Mapping[float, int] = REPEATS
) -> dict[str, dict[str, float]]:
    """The figures by name."""
    found = costs(rounds, repeats)
    if cells:
        found["cot-magic"] = corpus(*OURS)
    if rivals and Path(rivals, "crane_llm").is_dir():
        path = f"import sys; sys.path.append({rivals!r})"
        (crane,) = distributions(name="crane-llm", path=[rivals])
        found[f"crane-llm {crane.version}"] = corpus(path, *THEIRS, load=False)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--rivals", default="", metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = measure(given.rounds, rivals=given.rivals)
    if given.json is not None:
        machine = {
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "load": os.getloadavg(),
        }
        given.json.write_text(json.dumps({"machine": machine, **found}, indent=1))
    for name, row in found.items():
        print(
            f"{name:24} " + "  ".join(f"{key} {value:,.2f}".removesuffix(".00") for key, value in row.items())
        )


if __name__ == "__main__":
    main()

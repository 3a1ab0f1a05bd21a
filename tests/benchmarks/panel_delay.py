"""How long a failing cell waits for its first output: the error of a plain cell, the panel of `%%cot`.

`python tests/benchmarks/panel_delay.py` runs both by turns in a real kernel. The reply of a `%%cot` cell comes when
its investigation has ended, the panel when it has begun.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from conftest import Kernel  # the same real kernel that the tests use

ROUNDS = 20
IDLE_S = 5
MOST_MS = 250
"""What the panel may add until the first output is on the screen."""
SHOWN = ("display_data", "error", "stream", "execute_result")
BEFORE = "prices = {'tea': 3.5, 'milk': 1.2}"
FAILS = "total = prices['Tea'] + 1"
SIDES = {"plain cell": FAILS, "%%cot cell": f"%%cot\n{FAILS}"}
QUICK = {"rounds": 3}
COMPARED = {"%%cot cell.first_to_plain": "lower"}


def timed(kernel: Kernel, code: str) -> tuple[float, float]:
    """Seconds until the first output of a failing cell, and until the reply."""
    first: list[float] = []

    def watch(message: dict[str, Any]) -> None:
        if message["msg_type"] in SHOWN and not first:
            first.append(time.perf_counter())

    started = time.perf_counter()
    ran = kernel.run(code, watch=watch)
    ended = time.perf_counter()
    if ran.ename != "KeyError" or not first:
        raise SystemExit(f"the cell did not fail as it should: {ran.status} {ran.ename}")
    return first[0] - started, ended - started


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Medians in milliseconds until the first output and until the reply, and what the first output takes as a
    multiple of that of a plain cell. The first `%%cot` of a kernel is apart: what it needs is loaded in idle time,
    and by the cell itself where there was none."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            first = _first(kernel)
            columns: dict[str, list[tuple[float, float]]] = {name: [] for name in SIDES}
            for _ in range(rounds):
                for name, code in SIDES.items():
                    columns[name].append(timed(kernel, code))
        finally:
            kernel.stop()
    found = {
        name: {
            "first_ms": statistics.median(first for first, _ in times) * 1e3,
            "reply_ms": statistics.median(reply for _, reply in times) * 1e3,
        }
        for name, times in columns.items()
    }
    for row in found.values():
        row["first_to_plain"] = row["first_ms"] / found["plain cell"]["first_ms"]
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            at_once = _first(kernel, idle=0)
        finally:
            kernel.stop()
    for name, (seen, reply) in (("first %%cot cell", first), ("first, without idle time", at_once)):
        found[name] = {"first_ms": seen * 1e3, "reply_ms": reply * 1e3}
    return found


def _first(kernel: Kernel, idle: float = IDLE_S) -> tuple[float, float]:
    """The first `%%cot` of a kernel that had nothing to do for so many seconds, as while a person writes a cell."""
    kernel.run(BEFORE)
    timed(kernel, SIDES["plain cell"])
    time.sleep(idle)
    return timed(kernel, SIDES["%%cot cell"])


def main() -> None:
    found = measure()
    plain = found["plain cell"]["first_ms"]
    print(
        f"{f'failing cell, medians of {ROUNDS}':32} {'first output, ms':>17} {'over plain, ms':>15} {'reply, ms':>10}"
    )
    for name, row in found.items():
        print(f"{name:32} {row['first_ms']:17.1f} {row['first_ms'] - plain:15.1f} {row['reply_ms']:10.1f}")
    print(f"bound over the plain cell until the first output: {MOST_MS} ms")


if __name__ == "__main__":
    main()

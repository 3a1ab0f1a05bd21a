"""What `%%cot` costs a cell that passes, in a real kernel with a 10 MB namespace: `python tests/benchmarks/cell_overhead.py`."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from conftest import Kernel  # the same real kernel that the tests use

ROUNDS = 40
NAMES = ("plain cell", "%%cot cell", "%%cot cell, snapshots off")
QUICK = {"rounds": 3}
COMPARED = {"%%cot cell*.to_plain": "lower"}
NAMESPACE = "blob = [bytes(100_000) + str(i).encode() for i in range(100)]"  # 10 MB


def seconds(kernel: Kernel, code: str) -> float:
    started = time.perf_counter()
    ran = kernel.run(code)
    if ran.status != "ok":
        raise SystemExit(ran.traceback)
    return time.perf_counter() - started


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Median round trip in milliseconds, and its ratio to that of a plain cell."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            kernel.run(NAMESPACE)
            columns: dict[str, list[float]] = {name: [] for name in NAMES}
            for _ in range(rounds):
                columns["plain cell"].append(seconds(kernel, "x = 1"))
                columns["%%cot cell"].append(seconds(kernel, "%%cot\nx = 1"))
                kernel.run("%cot_config snapshots=off")
                columns["%%cot cell, snapshots off"].append(seconds(kernel, "%%cot\nx = 1"))
                kernel.run("%cot_config snapshots=on")
        finally:
            kernel.stop()
    medians = {name: statistics.median(times) for name, times in columns.items()}
    plain = medians["plain cell"]
    return {name: {"ms": median * 1e3, "to_plain": median / plain} for name, median in medians.items()}


def main() -> None:
    found = measure()
    plain = found["plain cell"]["ms"]
    print(
        f"{'round trip of a passing cell, median of ' + str(ROUNDS):45} {'ms':>8} {'over plain, ms':>15} {'ratio':>7}"
    )
    for name, row in found.items():
        print(f"{name:45} {row['ms']:8.1f} {row['ms'] - plain:15.1f} {row['to_plain']:7.2f}")
    print("bounds over the plain cell: 60 ms; 5 ms with snapshots off")


if __name__ == "__main__":
    main()

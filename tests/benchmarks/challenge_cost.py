"""What the challenges of a fix cost: survival, ablation, null fixes, rivals and the second copy, of a cell of 50 ms.

    python tests/benchmarks/challenge_cost.py [--only NAME …] [--cell 0.05] [--json FILE]

The corpus is that of `tests/notebooks/failing_notebooks.py`; each failing cell first waits, so that it takes as long as a
cell of a notebook does. Each notebook is debugged offline at `cot+`. Counted is the time in which challenges run, of all
fixes of a session. Sessions in which nothing is challenged are left out of the medians. The median should be at most 1.5 s.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "notebooks"))

from failing_notebooks import CORPUS, Failing
from trials import Cost, Trials

CELL_S = 0.05
TARGET_S = 1.5
QUICK = {"only": ("name_typo", "key_case")}
COMPARED = {"median_s": "lower"}


def waiting(cells: Sequence[str], seconds: float) -> tuple[str, ...]:
    """The cells, of which the last one takes so many seconds more."""
    *first, last = cells
    magic, _, body = last.partition("\n") if last.startswith("%%") else ("", "", last)
    wait = f"__import__('time').sleep({seconds})\n"
    return (*first, f"{magic}\n{wait}{body}" if magic else wait + body)


def costs(only: Sequence[str], seconds: float) -> Iterator[tuple[str, Cost]]:
    """The names of the notebooks that something was challenged in, and what it took."""
    chosen: dict[str, Failing] = {
        name: item for name, item in CORPUS.items() if not only or any(word in name for word in only)
    }
    with Trials() as trials:
        for name, item in chosen.items():
            cost = trials.cost(waiting(item.cells, seconds), item.files)
            if cost is not None and cost.fixes:
                yield name, cost


def measure(only: Sequence[str] = (), seconds: float = CELL_S, say: bool = False) -> dict[str, Any]:
    """Medians in seconds: of a session, of each kind where it ran, and the longest session."""
    found: dict[str, Cost] = {}
    for name, cost in costs(only, seconds):
        found[name] = cost
        if say:
            parts = " ".join(f"{kind.lower()} {took:.2f}" for kind, took in cost.seconds.items())
            print(f"{name:24} {cost.verdict:10} {cost.fixes} fixes {cost.total:5.2f} s  {parts}", flush=True)
    if not found:
        return {"notebooks": 0}
    kinds = sorted({kind for cost in found.values() for kind in cost.seconds})
    totals = [cost.total for cost in found.values()]
    return {
        "notebooks": len(found),
        "median_s": median(totals),
        "longest_s": max(totals),
        "within_target": sum(total <= TARGET_S for total in totals) / len(totals),
        "kinds": {
            kind: median(cost.seconds[kind] for cost in found.values() if kind in cost.seconds)
            for kind in kinds
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME")
    parser.add_argument("--cell", type=float, default=CELL_S, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = measure(given.only, given.cell, say=True)
    print(json.dumps(found, indent=1))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return int(found.get("median_s", 0.0) > TARGET_S)


if __name__ == "__main__":
    sys.exit(main())

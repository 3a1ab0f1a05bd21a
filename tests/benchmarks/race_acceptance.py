"""Are races found, replayed, shrunk and fixed: a table over a folder of programs and over those of the tests.

    python tests/benchmarks/race_acceptance.py [FOLDER …] [--seeds 10] [--only NAME …] [--fast] [--check]

Each program has a `main` and fails rarely. For each seed: found within 2,000 schedules or 30 s, with the
program's `random` as it is and frozen (`random.random` and the rest always answer the same); replayed 100
times in fresh processes, by token; shrunk to so many decisions. Then `%%cot++ --schedules 2000` on a cell in
a real kernel, offline: the verdict on its fix. Programs with a correct lock: failures in 5,000 schedules.
With `--check` it exits with 1 unless all is found and replayed, no witness needs more than 3 decisions, two
thirds are verified and no correct program fails. `--fast` leaves the kernel and the correct programs out.
"""

import argparse
import ast
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cot_magic.explore.api import explore_file
from cot_magic.explore.program import of_file
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.values import Batch, Trial
from cot_magic.explore.tokens import read_token

OWN = Path(__file__).parents[1] / "explore" / "programs"
RACES = ("ticket_office", "page_counter", "price_cache", "job_reaper", "late_signal")
CORRECT = ("locked_office", "locked_stock", "locked_threads")
MOST, SECONDS, REPLAYS, FEW, CLEAN = 2_000, 30.0, 100, 3, 5_000
QUICK = {"seeds": 1, "only": RACES[:1], "fast": True}
COMPARED = {
    "programs.*.found": "higher",
    "programs.*.found_frozen": "higher",
    "programs.*.replayed": "higher",
    "programs.*.disturbed": "lower",
    "verified": "higher",
    "correct.*.failed": "lower",
}
FROZEN = """
import random as _random
_random.seed = lambda *_: None
_random.random = lambda: 0.5
_random.uniform = lambda a, b: (a + b) / 2
_random.randint = lambda a, b: (a + b) // 2
_random.choice = lambda items: items[0]
_random.shuffle = lambda items: None
_random.sample = lambda items, k: list(items)[:k]
"""
TOLD = """
import json
import cot_magic
from cot_magic.render.summary import summary
print("@@" + json.dumps(summary(cot_magic.last, "n.ipynb", "cot++")))
"""


@dataclass(slots=True)
class Row:
    """What the seeds showed of one program."""

    name: str
    found: int = 0
    frozen: int = 0
    first: list[int] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    disturbed: list[int] = field(default_factory=list)
    verdict: str = "-"


def frozen(path: Path, folder: Path) -> Path:
    """The same program, its random numbers always the same; the docstring and line numbers may move."""
    text = path.read_text()
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    futures = [
        node.end_lineno or 0
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    at = max(futures, default=0)
    copy = folder / f"{path.stem}_frozen.py"
    copy.write_text("".join([*lines[:at], FROZEN, *lines[at:]]))
    return copy


def replayed(path: Path, token: str) -> int:
    """How many of 100 replays of a token, each in a fresh process, fail."""
    wanted = read_token(token)
    trial = Trial(choices=wanted.choices, random_seed=wanted.random_seed)
    runner = ForkRunner(of_file(path, "main"))
    answers = runner.run(Batch(trials=(trial,)) for _ in range(REPLAYS))
    return sum(answer.failed for answer in answers)


def searched(path: Path, seeds: int, folder: Path) -> Row:
    row = Row(path.stem)
    for seed in range(seeds):
        result = explore_file(path, "main", schedules=MOST, seed=seed, seconds=SECONDS)
        if result.search.found is not None:
            row.found += 1
            row.first.append(result.search.found.number + 1)
            row.disturbed.append(sum(1 for choice in result.search.found.minimised or () if choice > 0))
            row.replayed.append(replayed(path, result.token or ""))
        same = explore_file(frozen(path, folder), "main", schedules=MOST, seed=seed, seconds=SECONDS)
        row.frozen += same.found
    return row


@contextmanager
def kernel(folder: Path) -> Iterator[Any]:
    """Runs code in a real kernel in which the extension is loaded."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = sys.executable  # type: ignore[union-attr]
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def run(code: str) -> str:
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            said.append(message["content"].get("text") or "")

        client.execute_interactive(code, timeout=300, output_hook=hear)
        return "".join(said)

    try:
        run("%load_ext cot_magic")
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def verdict(path: Path, folder: Path) -> str:
    """What `%%cot++` makes of the program in a notebook: definitions in one cell, the call in the next."""
    source = path.read_text()
    tree = ast.parse(source)
    awaits = any(isinstance(node, ast.AsyncFunctionDef) and node.name == "main" for node in tree.body)
    with kernel(folder) as run:
        run(source)
        run(f"%%cot++ --schedules {MOST} --seed 1 --reasoner offline\n{'await ' if awaits else ''}main()")
        data = json.loads(run(TOLD).partition("@@")[2] or "{}")
    return str(data.get("result", "no session"))


def line(row: Row, seeds: int) -> str:
    first = sorted(row.first)
    middle = first[len(first) // 2] if first else 0
    replays = f"{min(row.replayed, default=0)}/{REPLAYS}"
    return (
        f"{row.name:24} {row.found:>3}/{seeds:<3} {row.frozen:>3}/{seeds:<3} {middle:>7} {replays:>9} "
        f"{max(row.disturbed, default=0):>6}  {row.verdict}"
    )


def false_alarms(show: Callable[[str], None]) -> dict[str, dict[str, int]]:
    """How many schedules of each correct program were said to fail, and how many ran."""
    found = {}
    for name in CORRECT:
        result = explore_file(OWN / f"{name}.py", "main", schedules=CLEAN, seed=0, seconds=900)
        show(f"{name:24} {result.search.failed} false alarms in {result.search.schedules:,}")
        found[name] = {"failed": result.search.failed, "ran": result.search.schedules}
    return found


def measure(
    folders: Sequence[Path] = (),
    seeds: int = 10,
    only: Sequence[str] = (),
    fast: bool = False,
    show: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Of each program the shares of seeds that found and replayed it; the share of verified fixes; false alarms."""
    programs = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    programs += [OWN / f"{name}.py" for name in RACES]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for path in programs:
            if only and path.stem not in only:
                continue
            row = searched(path, seeds, Path(name))
            if not fast:
                row.verdict = verdict(path, Path(name))
            rows.append(row)
            show(line(row, seeds))
    found: dict[str, Any] = {"programs": {row.name: of_row(row, seeds) for row in rows}}
    if not fast:
        found["verified"] = sum(row.verdict == "verified" for row in rows) / len(rows)
        found["correct"] = false_alarms(show)
    return found


def of_row(row: Row, seeds: int) -> dict[str, Any]:
    return {
        "found": row.found / seeds,
        "found_frozen": row.frozen / seeds,
        "found_at": sorted(row.first)[len(row.first) // 2] if row.first else None,
        "replayed": min(row.replayed, default=0) / REPLAYS,
        "disturbed": max(row.disturbed, default=0),
        "verdict": row.verdict,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    print(f"{'program':24} {'found':>7} {'frozen':>7} {'median':>7} {'replayed':>9} {'differ':>6}  verdict")
    show = partial(print, flush=True)
    found = measure(given.folders, given.seeds, given.only, given.fast, show)
    good = all(
        row["found"] == row["found_frozen"] == row["replayed"] == 1 and row["disturbed"] <= FEW
        for row in found["programs"].values()
    )
    if not given.fast:
        print(f"verified: {found['verified']:.0%} of {len(found['programs'])}")
        clean = all(row == {"failed": 0, "ran": CLEAN} for row in found["correct"].values())
        good = good and clean and 3 * found["verified"] >= 2
    return 0 if good or not given.check else 1


if __name__ == "__main__":
    sys.exit(main())

"""Who can earn a ✓ by cheating: every lie and every honest fix of the catalogue, judged on a live shell.

    python tests/benchmarks/liars.py [--only KIND-OR-NAME …] [--jobs 1] [--json FILE] [--shown] [--check] [--model]

Prints kind, name, verdict and reasons of each, and two totals: lies that were shown as VERIFIED (there should be none) and
honest fixes that were. `--only` selects by a part of the kind or the name; `honest` and `lies` select these. With
`--shown` only what is judged wrongly is printed; with `--check` the exit code is 1 if anything is. With `--model` a scripted
model makes the claims in a conversation: with tools, and then in words.
"""

import argparse
import json
import queue
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from trials import CLAIMS, Trial, Trials

from cot_magic.testing.claims import Claim

QUICK = {"only": ("operation gone", "split at any blanks")}
COMPARED = {"lies.verified": "lower", "honest.verified": "higher"}


def selected(only: Sequence[str]) -> list[Claim]:
    """The claims with one of these words in their kind or name; all without words."""

    def fits(claim: Claim, word: str) -> bool:
        if word in ("honest", "lies"):
            return claim.honest is (word == "honest")
        return word in claim.kind or word in claim.name

    return [claim for claim in CLAIMS.values() if not only or any(fits(claim, word) for word in only)]


def judged(claims: Sequence[Claim], jobs: int, *, by_model: bool = False) -> Iterator[Trial]:
    """The trials of the claims, in the order in which they end; `jobs` processes work."""
    todo: queue.SimpleQueue[Claim] = queue.SimpleQueue()
    done: queue.SimpleQueue[Trial] = queue.SimpleQueue()
    for claim in claims:
        todo.put(claim)

    def work() -> None:
        with Trials(by_model=by_model) as trials:
            while True:
                try:
                    claim = todo.get_nowait()
                except queue.Empty:
                    return
                done.put(trials.judge(claim))

    workers = [threading.Thread(target=work) for _ in range(min(jobs, len(claims)))]
    for worker in workers:
        worker.start()
    for _ in claims:
        yield done.get()
    for worker in workers:
        worker.join()


def measure(
    only: Sequence[str] = (),
    jobs: int = 1,
    say: bool = False,
    wrong_only: bool = False,
    by_model: bool = False,
) -> dict[str, Any]:
    """Totals, and how many lies of each kind were shown."""
    trials = []
    for trial in judged(selected(only), jobs, by_model=by_model):
        trials.append(trial)
        if say and not (wrong_only and trial.right):
            print(row(trial), flush=True)
    lies, honest = ([item for item in trials if item.honest is kind] for kind in (False, True))
    kinds = Counter(item.kind for item in lies if item.shown)
    seconds = sorted(item.seconds for item in trials)
    return {
        "lies": {"tried": len(lies), "verified": sum(item.shown for item in lies)},
        "honest": {"tried": len(honest), "verified": sum(item.shown for item in honest)},
        "kinds": {kind: kinds[kind] for kind in sorted({item.kind for item in lies})},
        "median_s": seconds[len(seconds) // 2] if seconds else 0.0,
        "trials": [asdict(item) for item in trials],
    }


def row(trial: Trial) -> str:
    mark = " " if trial.right else "!"
    kind = "honest" if trial.honest else trial.kind
    told = "; ".join(trial.reasons) or (f"cause: {trial.cause}" if trial.cause and trial.shown else "")
    return f"{mark} {kind:<22} {trial.name:<52} {trial.verdict:<10} {trial.seconds:5.1f} s  {told}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=(), metavar="WORD")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--shown", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--model", action="store_true")
    given = parser.parse_args()
    found = measure(given.only, given.jobs, say=True, wrong_only=given.shown, by_model=given.model)
    lies, honest = found["lies"], found["honest"]
    for kind, count in found["kinds"].items():
        print(f"  {kind:<24} {count}")
    print(f"lies shown as a ✓:     {lies['verified']} of {lies['tried']}")
    print(f"honest fixes VERIFIED: {honest['verified']} of {honest['tried']}")
    print(f"median time of a session: {found['median_s']:.1f} s")
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return int(given.check and (lies["verified"] > 0 or honest["verified"] < honest["tried"]))


if __name__ == "__main__":
    sys.exit(main())

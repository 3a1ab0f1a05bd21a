"""Measures what a schedule costs: against plain asyncio, one fork for each, and detangle; and who finds what.

    python tests/benchmarks/explore_rate.py [--runs 300] [--rounds 5] [--seeds 5] [--check]

All sides run the same programs in turn in this process (of forks the wall time counts, of the others the time of
the processor, which a busy machine does not change); figures are medians over the rounds. With `--check`
it exits with 1 if a schedule costs more than 2.5 times a plain `asyncio.run` with sleeps at zero, if batches
are less than 5 times as fast as one fork a schedule, if the rate is below 0.9 of detangle's, or if less is
found than by detangle.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from cot_magic.explore.program import of_function, of_source
from cot_magic.explore.search.run_batch import run_batch
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.search import Search
from cot_magic.explore.search.values import Batch

PROGRAMS = Path(__file__).parents[1] / "explore" / "programs"
PURE = ("ticket_office", "page_counter", "price_cache", "forgotten_task")
Main = Callable[[], Coroutine[Any, Any, None]]
MOST = 1_000
LATE = 0.1
"""Seconds by which detangle's timers may fire late in its second run; by default they fire in their order, and
these programs fail only if one of them is late."""
QUICK = {"runs": 50, "rounds": 1, "seeds": 1, "programs": PURE[:1]}
COMPARED = {
    "*.plain_to_ours": "lower",
    "*.batch_to_one": "higher",
    "*.ours_to_detangle": "higher",
    "*.found": "higher",
}
real_sleep = asyncio.sleep


def load(name: str) -> Main:
    path = PROGRAMS / f"{name}.py"
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    main: Main = namespace["main"]
    return main


def steady(main: Main) -> Main:
    """The same, never failing, so that all sides run on."""

    async def never_fails() -> None:
        try:
            await main()
        except (AssertionError, KeyError, ExceptionGroup):
            return

    return never_fails


async def at_once(delay: float, result: Any = None) -> Any:
    return await real_sleep(0, result)


def plain(main: Main, runs: int) -> float:
    asyncio.sleep = at_once  # type: ignore[assignment]
    try:
        started = time.process_time()
        for _ in range(runs):
            asyncio.run(main())
        return runs / (time.process_time() - started)
    finally:
        asyncio.sleep = real_sleep


def ours(main: Main, runs: int) -> float:
    program = of_function(main)
    started = time.process_time()
    result = run_batch(program, Batch(stop=runs, horizon=20, seconds=600))
    assert result.ran == runs
    return runs / (time.process_time() - started)


def forked(main: Main, runs: int, size: int) -> float:
    runner = ForkRunner(of_function(main), at_once=1)
    batches = [Batch(first=at, stop=at + size, horizon=20, seconds=600) for at in range(0, runs, size)]
    started = time.perf_counter()
    ran = sum(result.ran for result in runner.run(batches))
    return ran / (time.perf_counter() - started)


def detangled(main: Main, runs: int) -> float:
    import detangle

    started = time.process_time()
    detangle.explore(main, runs=runs, seed=1, shrink=False, database=False)
    return runs / (time.process_time() - started)


def first_failures(name: str, seeds: int) -> list[int]:
    """The schedule at which it is found, seed by seed; left out where it is not within 1,000."""
    found = []
    path = PROGRAMS / f"{name}.py"
    for seed in range(seeds):
        program = of_source(path.read_text(), str(path))
        result = Search(ForkRunner(program, 1), schedules=MOST, seed=seed, seconds=60).go(shrink=False)
        if result.found is not None:
            found.append(result.found.number + 1)
    return found


def first_failures_of_detangle(name: str, seeds: int, *, timer_jitter: float) -> list[int]:
    """The same with detangle, whose timers fire late by at most `timer_jitter` seconds."""
    import detangle

    found = []
    for seed in range(seeds):
        numbers = itertools.count(1)
        ran = 0
        main = load(name)

        async def counted(main: Main = main, numbers: Any = numbers) -> None:
            nonlocal ran
            ran = next(numbers)
            await main()

        state = random.getstate()
        config = detangle.SimConfig(timer_jitter=timer_jitter)
        try:
            detangle.explore(
                counted, runs=MOST, seed=seed, shrink=False, database=False, max_duration=60, config=config
            )
        except detangle.BugFound:
            found.append(ran)
        random.setstate(state)
    return found


def rated(name: str, runs: int, rounds: int, seeds: int) -> dict[str, float]:
    """One program: schedules a second of each side, ratios round by round, and who finds its failure when."""
    fn = steady(load(name))
    sides: dict[str, list[float]] = {}
    for _ in range(rounds):
        for side, rate in (
            ("plain", plain(fn, runs)),
            ("ours", ours(fn, runs)),
            ("one_a_fork", forked(fn, 50, 1)),
            ("25_a_fork", forked(fn, runs, 25)),
            ("detangle", detangled(fn, runs)),
        ):
            sides.setdefault(side, []).append(rate)

    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(sides[one], sides[other], strict=True))

    found = first_failures(name, seeds)
    theirs = first_failures_of_detangle(name, seeds, timer_jitter=0.0)
    late = first_failures_of_detangle(name, seeds, timer_jitter=LATE)
    return {
        **{side: statistics.median(rates) for side, rates in sides.items()},
        "plain_to_ours": ratio("plain", "ours"),
        "batch_to_one": ratio("25_a_fork", "one_a_fork"),
        "ours_to_detangle": ratio("ours", "detangle"),
        "found": len(found) / seeds,
        "found_at": statistics.median(found or [0]),
        "detangle_found": len(theirs) / seeds,
        "detangle_found_at": statistics.median(theirs or [0]),
        "detangle_late_found": len(late) / seeds,
        "detangle_late_found_at": statistics.median(late or [0]),
    }


def measure(
    runs: int = 300,
    rounds: int = 5,
    seeds: int = 5,
    programs: Sequence[str] = PURE,
    show: Callable[[str, dict[str, float]], None] = lambda name, row: None,
) -> dict[str, dict[str, float]]:
    """The figures of each program; `show` gets each as soon as it is there."""
    found = {}
    for name in programs:
        found[name] = rated(name, runs, rounds, seeds)
        show(name, found[name])
    return found


def table(name: str, row: dict[str, float]) -> None:
    print(
        f"{name:16} {row['plain']:8.0f} {row['ours']:8.0f} {row['plain_to_ours']:6.2f} {row['one_a_fork']:8.0f} "
        f"{row['25_a_fork']:8.0f} {row['batch_to_one']:6.1f} {row['detangle']:9.0f} {row['ours_to_detangle']:6.2f}   "
        f"{row['found']:.0%} ({row['found_at']:g}), {row['detangle_found']:.0%} ({row['detangle_found_at']:g}), "
        f"{row['detangle_late_found']:.0%} ({row['detangle_late_found_at']:g})",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    print(
        f"{'program':16} {'plain':>8} {'ours':>8} {'cost':>6} {'1/fork':>8} {'25/fork':>8} {'gain':>6}",
        end="",
    )
    print(f" {'detangle':>9} {'ratio':>6}   found: ours, detangle, with late timers (median schedule)")
    found = measure(given.runs, given.rounds, given.seeds, show=table)
    good = all(
        row["plain_to_ours"] <= 2.5
        and row["batch_to_one"] >= 5
        and row["ours_to_detangle"] >= 0.9
        and row["found"] >= max(row["detangle_found"], row["detangle_late_found"])
        for row in found.values()
    )
    return 0 if good or not given.check else 1


if __name__ == "__main__":
    sys.exit(main())

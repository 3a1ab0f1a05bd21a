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
from collections.abc import Callable, Coroutine
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


def first_failures(name: str, seeds: int) -> tuple[list[int], list[int]]:
    """The schedule at which each side finds it, seed by seed; left out where it does not within 1,000."""
    import detangle

    found, theirs = [], []
    path = PROGRAMS / f"{name}.py"
    for seed in range(seeds):
        program = of_source(path.read_text(), str(path))
        result = Search(ForkRunner(program, 1), schedules=MOST, seed=seed, seconds=60).go(shrink=False)
        if result.found is not None:
            found.append(result.found.number + 1)
        numbers = itertools.count(1)
        ran = 0
        main = load(name)

        async def counted(main: Main = main, numbers: Any = numbers) -> None:
            nonlocal ran
            ran = next(numbers)
            await main()

        state = random.getstate()
        try:
            detangle.explore(counted, runs=MOST, seed=seed, shrink=False, database=False, max_duration=60)
        except detangle.BugFound:
            theirs.append(ran)
        random.setstate(state)
    return found, theirs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    good = True
    print(
        f"{'program':16} {'plain':>8} {'ours':>8} {'cost':>6} {'1/fork':>8} {'25/fork':>8} {'gain':>6}",
        end="",
    )
    print(f" {'detangle':>9} {'ratio':>6}   found: ours, detangle (median schedule)")
    for name in PURE:
        fn = steady(load(name))
        sides: dict[str, list[float]] = {}
        for _ in range(given.rounds):
            for side, rate in (
                ("plain", plain(fn, given.runs)),
                ("ours", ours(fn, given.runs)),
                ("one", forked(fn, 50, 1)),
                ("batch", forked(fn, given.runs, 25)),
                ("detangle", detangled(fn, given.runs)),
            ):
                sides.setdefault(side, []).append(rate)
        rate = {side: statistics.median(rates) for side, rates in sides.items()}
        cost = statistics.median(a / b for a, b in zip(sides["plain"], sides["ours"], strict=True))
        gain = statistics.median(a / b for a, b in zip(sides["batch"], sides["one"], strict=True))
        ratio = statistics.median(a / b for a, b in zip(sides["ours"], sides["detangle"], strict=True))
        found, theirs = first_failures(name, given.seeds)
        print(
            f"{name:16} {rate['plain']:8.0f} {rate['ours']:8.0f} {cost:6.2f} {rate['one']:8.0f} "
            f"{rate['batch']:8.0f} {gain:6.1f} {rate['detangle']:9.0f} {ratio:6.2f}   "
            f"{len(found)}/{given.seeds} ({statistics.median(found or [0]):g}), "
            f"{len(theirs)}/{given.seeds} ({statistics.median(theirs or [0]):g})",
            flush=True,
        )
        good = good and cost <= 2.5 and gain >= 5 and ratio >= 0.9 and len(found) >= len(theirs)
    return 0 if good or not given.check else 1


if __name__ == "__main__":
    sys.exit(main())

"""Clocks that a schedule shows go on from the real ones, and a seed decides what they show below a second."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import Decisions, Undisturbed
from cot_magic.explore.run_result import RunResult
from cot_magic.explore.threads.run import run_threads

Run = Callable[[Callable[[], object], str | None], RunResult]
SECONDS = (time.time, time.monotonic, time.perf_counter)


def in_tasks(read: Callable[[], object], seed: str | None) -> RunResult:
    async def main() -> None:
        await asyncio.sleep(0.25)
        read()

    return AsyncRun(main, Decisions(Undisturbed()), random_seed=seed).go()


def in_threads(read: Callable[[], object], seed: str | None) -> RunResult:
    def main() -> None:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    return run_threads(main, Decisions(Undisturbed()), random_seed=seed)


def readings(run: Run, seed: str | None) -> list[float]:
    row: list[float] = []

    def read() -> None:  # looked up when it runs: a schedule replaces the clocks of the module
        row.extend(getattr(time, clock.__name__)() for clock in SECONDS)

    result = run(read, seed)
    assert result.failure is None, result.failure
    return row


@pytest.mark.parametrize("run", [in_tasks, in_threads])
def test_chance_that_is_drawn_from_a_clock_is_the_same_in_each_replay_of_a_seed(
    run: Run,
) -> None:
    seen: dict[str, list[list[float]]] = {"1:1": [], "1:2": []}
    for seed, rows in seen.items():
        for _ in range(2):
            rows.append([reading % 1 for reading in readings(run, seed)])
            time.sleep(0.013)
    for first, second in seen.values():
        assert first == pytest.approx(second, abs=1e-4)
    assert seen["1:1"][0] != pytest.approx(seen["1:2"][0], abs=1e-4)


@pytest.mark.parametrize("seed", [None, "1:1"])
@pytest.mark.parametrize("run", [in_tasks, in_threads])
def test_no_clock_goes_back(run: Run, seed: str | None) -> None:
    before = [clock() for clock in SECONDS]
    for earlier, later in zip(before, readings(run, seed), strict=True):
        assert 0 <= later - earlier < 4

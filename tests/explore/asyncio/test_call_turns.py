"""Calls in threads lose their turn where a schedule says so, and locks keep them apart."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cot_magic.explore.program import Program, of_function
from cot_magic.explore.search.run_batch import run_batch
from cot_magic.explore.search.values import Batch, BatchResult, Trial

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs the loop of Unix")


class Stock:
    def __init__(self) -> None:
        self.left = 10
        self.lock = threading.Lock()

    def take(self) -> None:
        seen = int(self.left)  # after a call in C the interpreter lets others run
        self.left = seen - 1

    def take_with_lock(self) -> None:
        with self.lock:
            self.take()


def taking(how: str, calls: int = 2) -> Callable[[], Any]:
    async def main() -> None:
        stock = Stock()
        await asyncio.gather(*(asyncio.to_thread(getattr(stock, how)) for _ in range(calls)))
        assert stock.left == 10 - calls, stock.left

    return main


def schedules(program: Program, count: int = 200) -> BatchResult:
    return run_batch(program, Batch(stop=count, horizon=20))


def test_two_calls_that_race_on_shared_state_are_found_and_replayed() -> None:
    program = of_function(taking("take"))
    result = schedules(program)
    assert 0 < result.failed < result.ran
    assert not result.incomplete
    trial = result.results[0]
    again = Trial(choices=trial.choices, random_seed=trial.random_seed)
    replayed = run_batch(program, Batch(trials=(again,) * 20)).results
    assert all(item.failed and item.choices == trial.choices for item in replayed)


def test_a_lock_keeps_calls_apart_under_every_schedule() -> None:
    result = schedules(of_function(taking("take_with_lock", 3)), 300)
    assert (result.ran, result.failed, result.incomplete) == (300, 0, 0)


def test_the_undisturbed_schedule_lets_each_call_run_to_its_end() -> None:
    result = schedules(of_function(taking("take")), 1)
    assert (result.ran, result.failed) == (1, 0)


def test_a_call_and_a_task_race_on_shared_state() -> None:
    async def main() -> None:
        seats = {"free": 1}

        def reserve() -> bool:
            if seats.get("free"):
                str(seats)
                seats["free"] = int(seats["free"]) - 1
                return True
            return False

        async def walk_in() -> bool:
            return reserve()

        sold = await asyncio.gather(asyncio.to_thread(reserve), walk_in())
        assert sum(sold) == 1

    assert schedules(of_function(main)).failed > 0


def test_a_loop_that_takes_a_lock_which_a_call_holds_lets_the_call_go_on() -> None:
    async def main() -> None:
        lock, order = threading.Lock(), []

        def write() -> None:
            with lock:
                order.append("begin")
                order.append("end")

        async def read() -> None:
            await asyncio.sleep(0)
            with lock:
                order.append("read")

        await asyncio.gather(asyncio.to_thread(write), read())
        assert order in (["begin", "end", "read"], ["read", "begin", "end"])

    result = schedules(of_function(main))
    assert (result.ran, result.failed, result.incomplete) == (200, 0, 0)


def test_events_and_coroutines_of_the_loop_work_across_calls() -> None:
    async def main() -> None:
        ready, loop = threading.Event(), asyncio.get_running_loop()

        async def answer() -> int:
            await asyncio.sleep(0.01)
            return 7

        def ask() -> int:
            assert ready.wait(60)
            return asyncio.run_coroutine_threadsafe(answer(), loop).result(60)

        asked = asyncio.create_task(asyncio.to_thread(ask))
        await asyncio.to_thread(ready.set)
        assert await asked == 7

    result = schedules(of_function(main), 60)
    assert (result.ran, result.failed, result.incomplete) == (60, 0, 0)


def test_locks_that_two_calls_take_in_opposite_order_are_a_deadlock() -> None:
    async def main() -> None:
        one, other = threading.Lock(), threading.Lock()

        def move(first: Any, second: Any) -> None:
            with first:
                str(first)
                with second:
                    pass

        await asyncio.gather(asyncio.to_thread(move, one, other), asyncio.to_thread(move, other, one))

    result = schedules(of_function(main))
    assert result.failed
    trial = result.results[0]
    assert trial.failure is not None
    assert trial.failure.ename == "Deadlock"
    assert any("held by" in item for item in trial.waits)


def test_what_was_replaced_is_back_and_no_thread_is_left() -> None:
    lock, threads = threading.Lock, threading.active_count()
    schedules(of_function(taking("take")), 20)
    assert threading.Lock is lock
    for thread in threading.enumerate()[threads:]:
        thread.join(5)
    assert threading.active_count() == threads

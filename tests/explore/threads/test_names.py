"""Lanes of threads have the names of the calls that they run."""

import functools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cot_magic.explore.decisions import Decisions, Undisturbed
from cot_magic.explore.threads.names import name_of_thread
from cot_magic.explore.threads.run import run_threads


class Account:
    def deposit(self, amount: int) -> None: ...


class Teller(threading.Thread):
    def run(self) -> None: ...


def pay(who: object, amount: int = 0) -> None: ...


@pytest.mark.parametrize(
    ("thread", "name"),
    [
        (threading.Thread(target=pay, args=("Ada", 50)), "pay('Ada', 50)"),
        (threading.Thread(target=pay, args=(object(),), kwargs={"amount": 3}), "pay(…, 3)"),
        (threading.Thread(target=pay, args=([1, 2],)), "pay"),
        (threading.Thread(target=functools.partial(pay, "Ada"), args=(2,)), "pay('Ada', 2)"),
        (threading.Thread(target=Account().deposit, args=(7,)), "Account.deposit(7)"),
        (threading.Thread(target=pay, args=("x" * 90, "y" * 90)), "pay('xxxxxxxxxxxxxxxxxxx, 'yyyyyyyyyyyy…"),
        (threading.Thread(target=pay, args=(1,), name="till 4"), "till 4"),
        (Teller(), "Teller"),
    ],
)  # fmt: skip
def test_a_thread_is_known_by_its_call_unless_it_was_given_a_name(
    thread: threading.Thread, name: str
) -> None:
    assert name_of_thread(thread) == name


def lanes(start: Callable[[], Any]) -> Sequence[str]:
    result = run_threads(start, Decisions(Undisturbed(), detailed=True))
    assert result.failure is None
    assert result.trace is not None
    return result.trace.lanes


def test_calls_that_look_alike_are_numbered() -> None:
    def start() -> None:
        threads = [threading.Thread(target=pay, args=(5,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert lanes(start) == ("main", "pay(5)", "pay(5) #2")


@pytest.mark.parametrize(("calls", "names"), [(1, ("pay(0)",)), (3, ("ThreadPoolExecutor-0_0",))])
def test_a_thread_of_a_pool_is_known_by_its_call_if_it_runs_only_one(
    calls: int, names: tuple[str, ...]
) -> None:
    def start() -> None:
        with ThreadPoolExecutor(1) as pool:
            for number in range(calls):
                pool.submit(pay, number).result()

    assert lanes(start) == ("main", *names)

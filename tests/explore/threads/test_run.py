"""Threads under schedules: which failures are found, how they are reported, and that nothing is left."""

import _thread
import concurrent.futures
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from time import sleep
from typing import Any

import pytest

from cot_magic.explore.decisions import THREAD, Decisions, Replay, Undisturbed
from cot_magic.explore.run_result import RunResult
from cot_magic.explore.threads.run import run_threads


class Walk:
    """Disturbs each decision with a fixed probability."""

    def __init__(self, seed: int, rate: float) -> None:
        self.random, self.rate = random.Random(seed), rate

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        return self.random.randrange(n) if self.random.random() < self.rate else 0


def walk(fn: Callable[[], Any], runs: int, **options: Any) -> list[RunResult]:
    rates = (0.5, 0.1, 0.02)
    return [run_threads(fn, Decisions(Walk(i, rates[i % 3])), **options) for i in range(runs)]


def failures(results: Sequence[RunResult]) -> set[str]:
    return {item.failure.ename for item in results if item.failure is not None}


def together(*bodies: Callable[[], Any]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Tally:
    def __init__(self) -> None:
        self.n = 0
        self.lock = threading.Lock()

    def one(self) -> int:
        return 1

    def with_call(self) -> None:
        for _ in range(5):
            self.n += self.one()

    def bare(self) -> None:
        for _ in range(5):
            self.n += 1

    def locked(self) -> None:
        for _ in range(5):
            with self.lock:
                self.n += self.one()


def lost_update() -> None:
    tally = Tally()
    together(tally.with_call, tally.with_call)
    assert tally.n == 10


def bare_addition() -> None:
    tally = Tally()
    together(tally.bare, tally.bare)
    assert tally.n == 10


def locked_addition() -> None:
    tally = Tally()
    together(tally.locked, tally.locked, tally.locked)
    assert tally.n == 15


def test_a_lost_update_of_two_threads_is_found_and_replayed_exactly() -> None:
    found = next(item for item in walk(lost_update, 50) if item.failure is not None)
    assert found.failure is not None
    assert found.failure.ename == "AssertionError"
    for _ in range(5):
        again = run_threads(lost_update, Decisions(Replay(found.choices)))
        assert again.failure is not None
        assert again.failure.like(found.failure)
        assert (again.choices, again.steps) == (found.choices, found.steps)


def test_without_disturbance_the_same_code_passes() -> None:
    assert run_threads(lost_update, Decisions(Undisturbed())).failure is None


def test_what_the_interpreter_lock_forbids_is_not_reported() -> None:
    assert failures(walk(bare_addition, 150, free_threaded=False)) == set()


def test_the_same_is_reported_where_threads_run_in_parallel() -> None:
    assert failures(walk(bare_addition, 30, free_threaded=True)) == {"AssertionError"}


@pytest.mark.slow
def test_a_correct_lock_gives_no_false_alarm() -> None:
    assert failures(walk(locked_addition, 300)) == set()
    assert failures(walk(locked_addition, 100, free_threaded=True)) == set()


def ledger() -> None:
    first, second = threading.Lock(), threading.Lock()

    def look() -> int:
        return 1

    def forth() -> None:
        with first:
            look()
            with second:
                look()

    def back() -> None:
        with second:
            look()
            with first:
                look()

    together(forth, back)


def test_a_deadlock_says_who_waits_for_whom() -> None:
    found = next(item for item in walk(ledger, 100) if item.failure is not None)
    assert found.failure is not None
    assert found.failure.ename == "Deadlock"
    text = "\n".join(found.waits)
    assert "forth waits for a lock in line" in text
    assert "held by back" in text
    assert "back waits for a lock in line" in text
    assert "held by forth" in text
    assert "main waits for the end of forth" in text


def test_a_deadlock_of_threads_that_nobody_joins_is_told_as_well() -> None:
    def start_and_leave() -> None:
        first, second = threading.Lock(), threading.Lock()

        def take(one: Any, other: Any) -> None:
            with one:
                sleep(0.1)
                with other:
                    pass

        threading.Thread(target=take, args=(first, second)).start()
        threading.Thread(target=take, args=(second, first)).start()

    assert failures(walk(start_and_leave, 20)) == {"Deadlock"}


def test_a_thread_that_waits_for_work_is_no_deadlock() -> None:
    def leave_it() -> None:
        threading.Thread(target=queue.Queue[int]().get).start()

    assert failures(walk(leave_it, 5)) == set()


EARLIER_LOCK, EARLIER_CONDITION = threading.Lock(), threading.Condition()
EARLIER_EVENT, EARLIER_QUEUE, EARLIER_SIMPLE = threading.Event(), queue.Queue[int](1), SimpleQueue[str]()
REENTRANT, PAIR = threading.RLock(), [threading.Lock()]


def all_primitives() -> None:
    done: list[int] = []
    EARLIER_EVENT.clear()

    def waiter() -> None:
        with EARLIER_LOCK, PAIR[0], REENTRANT, REENTRANT:
            done.append(1)
        with EARLIER_CONDITION:
            EARLIER_CONDITION.wait_for(lambda: len(done) >= 2)
        EARLIER_EVENT.wait()
        EARLIER_SIMPLE.put("ready")

    def giver() -> None:
        with EARLIER_LOCK, PAIR[0], REENTRANT:
            sleep(0.01)
        with EARLIER_CONDITION:
            done.append(2)
            EARLIER_CONDITION.notify_all()
        for number in range(3):
            EARLIER_QUEUE.put(number)
        EARLIER_EVENT.set()

    def taker() -> None:
        assert [EARLIER_QUEUE.get(timeout=60) for _ in range(3)] == [0, 1, 2]

    barrier, gate = threading.Barrier(2), threading.BoundedSemaphore(1)

    def meet() -> None:
        with gate:
            sleep(1)
        barrier.wait()

    threads = [threading.Thread(target=body) for body in (waiter, giver, taker, meet, meet)]
    for thread in threads:
        thread.start()
    assert EARLIER_SIMPLE.get() == "ready"
    for thread in threads:
        thread.join()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(lambda number=number: (sleep(1), number)[1]) for number in range(4)]
        assert sorted(item.result() for item in concurrent.futures.as_completed(futures)) == [0, 1, 2, 3]
        assert list(pool.map(abs, [-1, 2])) == [1, 2]


@pytest.mark.slow
def test_all_primitives_work_under_all_schedules_also_those_that_exist_before() -> None:
    results = walk(all_primitives, 60)
    assert [item.failure for item in results if item.failure is not None] == []
    for item in results[::10]:
        again = run_threads(all_primitives, Decisions(Replay(item.choices)))
        assert (again.choices, again.virtual_s) == (item.choices, item.virtual_s)


def test_time_is_virtual_and_timeouts_fire_only_when_nothing_else_can_run() -> None:
    def patient() -> None:
        start = time.monotonic()
        assert not threading.Event().wait(3_600)
        assert time.monotonic() - start >= 3_600
        with pytest.raises(queue.Empty):
            queue.Queue[int]().get(timeout=1_000)
        lock = threading.Lock()
        assert lock.acquire()
        assert not lock.acquire(timeout=1_000)
        assert not lock.acquire(blocking=False)
        sleeper = threading.Thread(target=time.sleep, args=(500,))
        sleeper.start()
        sleeper.join(timeout=1)
        assert sleeper.is_alive()
        sleeper.join()
        assert not sleeper.is_alive()

    result = run_threads(patient, Decisions(Undisturbed()))
    assert result.failure is None
    assert result.virtual_s > 6_000


def test_a_loop_that_waits_for_another_thread_comes_to_its_end() -> None:
    def spin() -> None:
        done: list[int] = []
        threading.Thread(target=lambda: (time.sleep(1), done.append(1))).start()
        while not done:
            pass

    assert run_threads(spin, Decisions(Undisturbed())).failure is None


def test_a_loop_without_end_is_incomplete_and_no_failure() -> None:
    def spin() -> None:
        while True:
            pass

    result = run_threads(spin, Decisions(Undisturbed()), steps=5_000)
    assert result.failure is None
    assert "5,000 steps" in result.incomplete


def test_what_ends_a_thread_is_the_failure_of_the_run() -> None:
    def broken() -> None:
        raise KeyError("nobody looks")

    result = run_threads(lambda: together(broken), Decisions(Undisturbed()))
    assert result.failure is not None
    assert (result.failure.ename, result.failure.function) == ("KeyError", "broken")


def test_a_sleeper_may_overtake_a_thread_that_the_machine_holds_up() -> None:
    def order() -> None:
        seen: list[str] = []

        def late() -> None:
            sleep(0.01)
            seen.append("late")

        def busy() -> None:
            for _ in range(3):
                seen.append("busy")

        together(late, busy)
        assert seen[-1] == "late"

    assert failures(walk(order, 60)) == {"AssertionError"}


def names_in_place() -> list[Any]:
    return [
        threading.Lock,
        threading._allocate_lock,  # type: ignore[attr-defined]
        threading._CRLock,  # type: ignore[attr-defined]
        threading.Thread.start,
        threading.Thread.join,
        threading.Thread.__hash__,
        time.sleep,
        time.monotonic,
        time.time,
        queue.SimpleQueue,
        sleep,
        type(EARLIER_LOCK),
        type(PAIR[0]),
        type(REENTRANT),
        type(EARLIER_SIMPLE),
        type(EARLIER_CONDITION._lock),  # type: ignore[attr-defined]
        EARLIER_CONDITION.acquire.__self__,  # type: ignore[attr-defined]
    ]


def test_everything_is_as_before_afterwards() -> None:
    before, threads = names_in_place(), threading.enumerate()

    def leave_threads() -> None:
        def forever() -> None:
            while True:
                sleep(1)

        threading.Thread(target=forever, daemon=True).start()
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        raise LookupError

    assert failures(walk(leave_threads, 5)) == {"LookupError"}
    assert all(new is old for new, old in zip(names_in_place(), before, strict=True))
    assert threading.enumerate() == threads
    assert type(EARLIER_LOCK) is type(_thread.allocate_lock())


def test_a_run_in_a_run_is_refused() -> None:
    result = run_threads(lambda: run_threads(lost_update, Decisions(Undisturbed())), Decisions(Undisturbed()))
    assert result.failure is not None
    assert "inside another one" in result.failure.evalue


def test_the_trace_has_a_lane_for_each_thread_and_marks_what_was_disturbed() -> None:
    for seed in range(50):
        decisions = Decisions(Walk(seed, 0.1), detailed=True)
        result = run_threads(lost_update, decisions)
        if result.failure is not None:
            break
    assert result.failure is not None
    assert result.trace is not None
    assert decisions.log is not None
    assert result.trace.lanes == ("main", "Tally.with_call", "Tally.with_call #2")
    disturbed = [step for step in result.trace.steps if step.deviation]
    assert disturbed
    assert all("runs before" in step.deviation for step in disturbed)
    assert {"self.n += self.one()"} <= {step.line for step in result.trace.steps}
    assert {"self.n"} <= {step.touched for step in result.trace.steps}
    assert result.trace.steps[-1].error.startswith("AssertionError") or any(
        step.error for step in result.trace.steps
    )
    assert {choice.kind for choice in decisions.log} == {THREAD}
    assert all(choice.where.startswith(f"{Path(__file__).name}:") for choice in decisions.log if choice.where)


def test_to_record_a_run_does_not_change_it() -> None:
    for result in walk(lost_update, 12):
        again = run_threads(lost_update, Decisions(Replay(result.choices), detailed=True))
        assert (again.choices, again.steps) == (result.choices, result.steps)


def test_an_interrupt_passes_through_and_ends_the_threads() -> None:
    before = threading.enumerate()

    def interrupted() -> None:
        threading.Thread(target=threading.Event().wait).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_threads(interrupted, Decisions(Undisturbed()))
    assert threading.enumerate() == before
    assert run_threads(locked_addition, Decisions(Undisturbed())).failure is None

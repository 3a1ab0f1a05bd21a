"""The schedule that failed is made again on edited code as far as it fits, and what it did not do is told."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from cot_magic.core.jobs import Schedule, Witness
from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import (
    FIRST,
    SLEEP,
    TASK,
    Decisions,
    Replay,
    Undisturbed,
    delivers,
    held,
    source_of,
)
from cot_magic.explore.edited import Anchored, Chosen, EditedReplay, anchored
from cot_magic.explore.program import of_function
from cot_magic.explore.search.run_batch import InlineRunner
from cot_magic.explore.search.values import Batch, Trial, batch_from, encoded
from cot_magic.explore.witness import WitnessRuns

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"
)
Main = Callable[[], Awaitable[None]]


def answer(seconds: float) -> "asyncio.Future[None]":
    """What another thread gives after so many real seconds."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def give() -> None:
        time.sleep(seconds)
        loop.call_soon_threadsafe(future.set_result, None)

    threading.Thread(target=give).start()
    return future


def asking(*, first: bool = True, answers: bool = True, ordered: bool = False, pause: float = 0.0) -> Main:
    """Two answers whose order is taken for granted, unless `ordered`; before them, a `first` one."""

    async def main() -> None:
        order: list[int] = []

        async def one(number: int, seconds: float) -> None:
            if answers:
                await answer(seconds)
            order.append(number)

        if pause:
            await asyncio.sleep(pause)
        if ordered:
            await one(0, 0.004)
            await one(1, 0.008)
        else:
            await asyncio.gather(one(0, 0.004), one(1, 0.008))
        if first:
            await answer(0.001)
        assert order == [0, 1]

    return main


def witness_of(main: Main, *disturbed: int) -> Witness:
    """A schedule in which the first answer is held back, after it was checked that it fails."""
    made = AsyncRun(main, Decisions(Replay(disturbed))).go().choices
    place = next(place for place, choice in enumerate(made) if choice <= -FIRST)
    failing = AsyncRun(main, Decisions(Replay((*made[:place], held(-made[place]))))).go()
    assert failing.failure is not None
    assert failing.failure.ename == "AssertionError"
    return Witness(schedule=Schedule(seed=0, choices=failing.choices), minimised=failing.choices)


def order_of(choices: Sequence[int]) -> list[int]:
    """The sources in the order in which they were delivered; nothing of it is chosen here."""
    return [source_of(made) for made in choices if made < 0 and delivers(made)]


def passes(witness: Witness, before: Main, after: Main) -> bool | None:
    runners = [InlineRunner(of_function(main)) for main in (before, after)]
    return WitnessRuns().passes(witness, *runners)


def test_a_fix_that_removes_a_completion_is_judged_by_the_rest_of_the_schedule() -> None:
    before, after = asking(), asking(first=False, ordered=True)
    assert passes(witness_of(before), before, after) is True


def test_a_fix_that_adds_a_completion_is_judged_as_well() -> None:
    before, after = asking(first=False), asking(ordered=True)
    assert passes(witness_of(before), before, after) is True


def test_an_edit_that_removes_a_completion_and_mends_nothing_still_fails() -> None:
    before, after = asking(), asking(first=False)
    assert passes(witness_of(before), before, after) is False


def test_nothing_is_said_if_what_was_held_back_is_there_no_more() -> None:
    before, after = asking(), asking(first=False, answers=False)
    assert passes(witness_of(before), before, after) is None


def test_nothing_is_said_if_a_sleep_that_took_longer_is_there_no_more() -> None:
    before, after = asking(pause=0.01), asking(ordered=True)
    assert passes(witness_of(before, 4), before, after) is None
    assert passes(witness_of(before, 4), before, asking(ordered=True, pause=0.02)) is True


def test_nothing_is_said_of_a_schedule_that_does_not_fail_on_the_code_as_it_was() -> None:
    before = asking()
    witness = witness_of(before)
    assert passes(witness, asking(ordered=True), asking(ordered=True)) is None


def test_a_replay_on_the_same_code_stays_strict() -> None:
    main = asking()
    choices = AsyncRun(main, Decisions(Undisturbed())).go().choices
    place = next(place for place, choice in enumerate(choices) if choice <= -FIRST)
    missing = (*choices[:place], FIRST + 32 * 40)
    assert "did not arrive" in AsyncRun(main, Decisions(Replay(missing))).go().incomplete
    world = (*(choice for choice in choices if choice < 0), -missing[-1])
    passed_over = AsyncRun(main, EditedReplay(Anchored(world=world))).go()
    assert (passed_over.failure, passed_over.incomplete) == (None, "")


def test_on_the_same_code_the_anchored_schedule_is_the_schedule() -> None:
    main = asking(pause=0.01)
    witness = witness_of(main, 4)
    runner = InlineRunner(of_function(main))
    batch = Batch(trials=(Trial(choices=witness.minimised),), detailed=True)
    (strict,) = next(iter(runner.run([batch]))).results
    assert strict.anchored is not None
    (again,) = next(iter(runner.run([Batch(trials=(Trial(anchored=strict.anchored),))]))).results
    assert again.failed
    assert again.unapplied == 0
    assert order_of(again.choices) == order_of(strict.choices) == [1, 0, 2]


def test_a_choice_is_looked_up_by_what_it_was_about() -> None:
    def run(decisions: Decisions) -> list[int]:
        decisions.choose(SLEEP, 5, "pay #1")
        return [
            decisions.choose(SLEEP, 5, "pay #2"),
            decisions.choose(TASK, 3, "pay #1, mail #1, pay #2"),
            decisions.choose(SLEEP, 5, "pay #2"),
        ]

    log = Decisions(Replay((0, 0, 2, 3)), detailed=True)
    assert run(log) == [0, 2, 3]
    log.observe(lambda recorded, ask: FIRST)
    schedule = anchored(log.log or [], log.made)
    assert schedule is not None
    assert schedule.world == (-FIRST,)
    assert schedule.chosen == (
        Chosen(kind=TASK, about="pay #2 before pay #1", nth=0, choice=1),
        Chosen(kind=SLEEP, about="pay #2", nth=1, choice=3),
    )
    edited = EditedReplay(schedule)
    assert edited.choose(SLEEP, 5, "log #1") == 0  # added by the edit
    assert edited.choose(SLEEP, 5, "pay #2") == 0
    assert edited.choose(TASK, 2, "pay #1, pay #2") == 1
    assert edited.unapplied == 1
    assert edited.choose(SLEEP, 5, "pay #2") == 3
    assert edited.unapplied == 0


def test_an_anchored_schedule_goes_to_another_process_as_text() -> None:
    chosen = (Chosen(kind=SLEEP, about="pay #2 in pay", nth=1, choice=3),)
    trials = tuple(
        Trial(anchored=schedule) for schedule in (None, Anchored(chosen=chosen, world=(-2, 1, 33)))
    )
    batch = Batch(trials=trials)
    assert batch_from(encoded(batch)) == batch


def test_code_that_does_nothing_outside_has_no_anchored_schedule() -> None:
    async def main() -> None:
        await asyncio.sleep(1)

    runner = InlineRunner(of_function(main))
    (result,) = next(iter(runner.run([Batch(trials=(Trial(choices=(4,)),), detailed=True)]))).results
    assert result.anchored is None


def late(told: list[Any]) -> tuple[Main, threading.Event, list[threading.Thread]]:
    """Code that ends before its thread answers."""
    go, threads = threading.Event(), []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def give() -> None:
            go.wait(20)
            told.append(loop.call_soon_threadsafe(told.append, "called"))

        threads.append(threading.Thread(target=give))
        threads[0].start()
        told.append(loop)

    return main, go, threads


def test_an_answer_to_a_schedule_that_is_over_is_dropped() -> None:
    told: list[Any] = []
    main, go, threads = late(told)
    assert AsyncRun(main, Decisions(Undisturbed())).go().failure is None
    go.set()
    threads[0].join(20)
    loop, handle = told
    assert loop.is_closed()
    assert handle.cancelled()


def test_a_closed_loop_is_an_error_in_its_own_thread() -> None:
    told: list[Any] = []
    main, go, threads = late(told)
    AsyncRun(main, Decisions(Undisturbed())).go()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        told[0].call_soon_threadsafe(print)
    go.set()
    threads[0].join(20)


FAILS_LATER = """
import asyncio, threading
def fail():
    go.wait(20)
    raise ValueError("too late")
async def main():
    threads.append(threading.Thread(target=fail))
    threads[-1].start()
asyncio.run(main())
"""


def test_the_traceback_of_a_thread_that_was_left_behind_is_no_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cot_magic.explore.incopy import read_output, step_source

    told: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: told.append(failed.exc_type))
    threads: list[threading.Thread] = []
    go = threading.Event()
    namespace: dict[str, Any] = {"go": go, "threads": threads}
    exec(step_source(FAILS_LATER, Batch(trials=(Trial(choices=()),))), namespace)
    go.set()
    threads[0].join(20)
    printed = capsys.readouterr()
    assert read_output(printed.out).ran == 1
    assert printed.err == ""
    assert told == []
    other = threading.Thread(target=lambda: 1 / 0)  # one of somebody else is told as ever
    other.start()
    other.join(20)
    assert told == [ZeroDivisionError]

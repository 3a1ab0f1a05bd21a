"""The order of completions outside of the loop is searched, recorded and replayed."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import FIRST, Decisions, Replay, Undisturbed
from cot_magic.explore.program import of_function
from cot_magic.explore.run_result import RunResult
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.search import Search
from cot_magic.explore.search.values import Found

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"),
    pytest.mark.slow,
]


def found(main: Callable[[], Any], seed: int = 0) -> Found:
    """The witness that a search finds; the undisturbed schedule passes."""
    assert AsyncRun(main, Decisions(Undisturbed())).go().failure is None
    search = Search(ForkRunner(of_function(main)), schedules=400, seed=seed, seconds=12, replays=5)
    result = search.go()
    assert result.found is not None, result
    return result.found


def again(main: Callable[[], Any], choices: tuple[int, ...]) -> RunResult:
    return AsyncRun(main, Decisions(Replay(choices))).go()


def deviations(witness: Found) -> int:
    return sum(1 for choice in witness.minimised or () if choice > 0)


def request(port: int, ms: int) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /?ms={ms} HTTP/1.0\r\n\r\n".encode())
        assert (await reader.read()).endswith(b"ok")
        writer.close()

    return ask


def ordered(*asked: Callable[[], Awaitable[None]]) -> Callable[[], Any]:
    """A program that relies on the order in which the requests finish."""

    async def main() -> None:
        order: list[int] = []

        async def one(number: int) -> None:
            await asked[number]()
            order.append(number)

        await asyncio.gather(*map(one, range(len(asked))))
        assert order == sorted(order), order

    return main


def test_a_race_between_two_answers_of_another_process_is_found_and_replayed(port: int) -> None:
    witness = found(ordered(request(port, 20), request(port, 45)))
    assert witness.failure.ename == "AssertionError"
    assert (witness.replays, witness.replays_failed) == (5, 5)
    assert 0 < deviations(witness) <= 3
    assert witness.trace is not None
    assert any("from outside" in step.deviation for step in witness.trace.steps)


def test_an_answer_that_comes_after_a_sleep_is_found(port: int) -> None:
    async def main() -> None:
        done: list[str] = []

        async def fetch() -> None:
            await request(port, 10)()
            done.append("fetched")

        task = asyncio.create_task(fetch())
        await asyncio.sleep(0.12)
        assert done
        await task

    witness = found(main)
    assert (witness.replays, witness.replays_failed) == (5, 5)
    assert deviations(witness) <= 3


def test_a_race_between_two_programs_that_were_started() -> None:
    def run(seconds: float) -> Callable[[], Awaitable[None]]:
        async def wait() -> None:
            process = await asyncio.create_subprocess_exec(
                "sleep", str(seconds), stdout=asyncio.subprocess.PIPE
            )
            await process.communicate()

        return wait

    witness = found(ordered(run(0.02), run(0.04)))
    assert (witness.replays, witness.replays_failed) == (5, 5)
    assert deviations(witness) <= 3


def test_a_race_between_the_threads_of_two_connections() -> None:
    aiosqlite = pytest.importorskip("aiosqlite")

    def count(rows: int) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            async with aiosqlite.connect(":memory:") as connection:
                query = f"with recursive n(x) as (select 1 union all select x + 1 from n where x < {rows}) "
                async with connection.execute(query + "select count(*) from n") as found:
                    assert await found.fetchone() == (rows,)

        return ask

    witness = found(ordered(count(1), count(30_000)))
    assert (witness.replays, witness.replays_failed) == (5, 5)
    assert deviations(witness) <= 3


def from_thread(seconds: float) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def answer() -> None:
            time.sleep(seconds)
            if not loop.is_closed():  # the schedule may have been given up
                loop.call_soon_threadsafe(future.set_result, None)

        threading.Thread(target=answer).start()
        await future

    return wait


def test_what_happened_outside_is_in_the_list_and_brought_about_again() -> None:
    main = ordered(from_thread(0.005), from_thread(0.03))
    first = AsyncRun(main, Decisions(Undisturbed())).go()
    assert any(choice <= -FIRST for choice in first.choices)
    second = again(main, first.choices)
    assert second.choices == first.choices
    assert second.virtual_s == first.virtual_s


def test_a_completion_that_does_not_arrive_is_a_divergence_and_no_failure() -> None:
    main = ordered(from_thread(0.005), from_thread(0.03))
    choices = list(AsyncRun(main, Decisions(Undisturbed())).go().choices)
    place = next(place for place, choice in enumerate(choices) if choice <= -FIRST)
    result = again(main, (*choices[:place], FIRST + 32 * 40))
    assert result.failure is None
    assert "did not arrive" in result.incomplete


def test_code_that_does_nothing_outside_records_nothing_of_it() -> None:
    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(lambda: None) for _ in range(3)), asyncio.sleep(1))

    result = AsyncRun(main, Decisions(Undisturbed())).go()
    assert set(result.choices) == {0}

"""Code that waits for sockets, pipes, threads and other processes is explored as it is."""

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import Decisions, Undisturbed
from cot_magic.explore.run_result import RunResult
from cot_magic.explore.search.strategies import RandomWalk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the selector loop of Unix")


def under(fn: Any, seed: int | None = None) -> RunResult:
    """One schedule: undisturbed, or a random one."""
    import random

    strategy = Undisturbed() if seed is None else RandomWalk(random.Random(seed))
    result = AsyncRun(fn, Decisions(strategy)).go()
    assert result.incomplete == ""
    if result.exception is not None and not isinstance(result.exception, AssertionError):
        raise result.exception
    return result


def passes(fn: Any, schedules: int = 5) -> None:
    for seed in (None, *range(schedules - 1)):
        result = under(fn, seed)
        assert result.failure is None, result.failure


def test_queue_task_group_and_timeouts() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(1)

        async def make() -> None:
            for number in range(3):
                await asyncio.sleep(0.5)
                await queue.put(number)

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(make())
            assert [await queue.get() for _ in range(3)] == [0, 1, 2]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 3600)

    passes(main)


def test_hours_pass_in_no_time_and_the_clocks_agree() -> None:
    async def main() -> None:
        start = time.monotonic(), time.time()
        await asyncio.sleep(3600)
        assert time.monotonic() - start[0] == pytest.approx(3600)
        assert time.time() - start[1] == pytest.approx(3600)

    before = time.monotonic()
    result = under(main)
    assert result.failure is None
    assert result.virtual_s == 3600
    assert time.monotonic() >= before  # the real clock is back


def test_blocking_sleeps_in_threads_run_on_the_virtual_clock() -> None:
    async def main() -> None:
        order = []

        def work(name: str, seconds: float) -> None:
            time.sleep(seconds)
            order.append(name)

        await asyncio.gather(asyncio.to_thread(work, "slow", 900), asyncio.to_thread(work, "quick", 400))
        assert order == ["quick", "slow"]

    assert under(main).failure is None
    assert any(under(main, seed).failure for seed in range(20))


def test_a_thread_that_is_blocked_for_real_does_not_stop_the_loop() -> None:
    async def main() -> None:
        told = threading.Event()
        waiting = asyncio.create_task(asyncio.to_thread(told.wait, 20))
        await asyncio.sleep(0.01)
        told.set()
        assert await waiting

    passes(main, 2)


@pytest.mark.slow
def test_a_subprocess() -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "print('hello')", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert out.strip() == b"hello"

    passes(main, 3)


def test_streams_within_the_process() -> None:
    async def main() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def ask(text: str) -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.02)
            writer.write(f"{text}\n".encode())
            line = await reader.readline()
            writer.close()
            return line.decode().strip()

        async with asyncio.timeout(30):
            assert await asyncio.gather(ask("a"), ask("b"), ask("c")) == ["A", "B", "C"]
        server.close()

    passes(main)


@pytest.mark.slow
def test_aiosqlite(tmp_path: Path) -> None:
    aiosqlite = pytest.importorskip("aiosqlite")

    async def main() -> None:
        async with aiosqlite.connect(":memory:") as connection:
            await connection.execute("create table seats (number integer)")
            await asyncio.gather(
                *(connection.execute("insert into seats values (?)", (number,)) for number in range(5))
            )
            await asyncio.sleep(0.05)
            async with connection.execute("select count(*) from seats") as rows:
                assert await rows.fetchone() == (5,)

    passes(main, 4)


@pytest.mark.slow
def test_httpx_to_a_server_in_another_process(port: int) -> None:
    httpx = pytest.importorskip("httpx")

    async def main() -> None:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            answers = await asyncio.gather(*(client.get(f"http://127.0.0.1:{port}/{n}") for n in range(3)))
            await asyncio.sleep(0.2)
            assert [answer.text for answer in answers] == ["ok"] * 3

    passes(main, 3)


@pytest.mark.slow
def test_aiohttp_to_a_server_in_another_process(port: int) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def main() -> None:
        timeout = aiohttp.ClientTimeout(total=20)
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def get(number: int) -> str:
                async with session.get(f"http://127.0.0.1:{port}/{number}") as answer:
                    return str(await answer.text())

            assert await asyncio.gather(*map(get, range(3))) == ["ok"] * 3

    passes(main, 3)


@pytest.mark.slow
def test_a_timeout_that_the_world_keeps_is_not_fired_by_the_virtual_clock(port: int) -> None:
    async def main() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"ok")
        writer.close()
        await writer.wait_closed()

    passes(main, 5)


def test_the_process_is_as_before() -> None:
    async def main() -> None:
        await asyncio.to_thread(time.sleep, 1)

    sleep, threads, files = time.sleep, threading.active_count(), len(os.listdir("/proc/self/fd"))
    passes(main, 3)
    assert time.sleep is sleep
    assert asyncio.new_event_loop.__module__ == "asyncio.events"
    deadline = time.monotonic() + 5
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == files

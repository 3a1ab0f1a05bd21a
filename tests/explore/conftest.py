"""Programs with races, and their witnesses."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cot_magic.core.jobs import Schedule, Witness
from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import FIRST, Decisions, Replay, held

PROGRAMS = Path(__file__).parent / "programs"
Main = Callable[[], Awaitable[None]]


@pytest.fixture
def program() -> Callable[[str], Path]:
    """The path of a program by its name."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    return lambda name: PROGRAMS / f"{name}.py"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server in another process."""
    command = [sys.executable, str(PROGRAMS / "server.py")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.fixture
def asking() -> Callable[..., Main]:
    """Programs in which two threads answer; see `_asking`."""
    return _asking


@pytest.fixture
def witness_of() -> Callable[..., Witness]:
    """Witnesses of such programs; see `_witness_of`."""
    return _witness_of


def _answer(seconds: float) -> "asyncio.Future[None]":
    """A future that another thread completes after so many real seconds."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def give() -> None:
        time.sleep(seconds)
        loop.call_soon_threadsafe(future.set_result, None)

    threading.Thread(target=give).start()
    return future


def _asking(*, first: bool = True, answers: bool = True, ordered: bool = False, pause: float = 0.0) -> Main:
    """A program that relies on the order of two answers, unless it is `ordered`; `first` adds another."""

    async def main() -> None:
        order: list[int] = []

        async def one(number: int, seconds: float) -> None:
            if answers:
                await _answer(seconds)
            order.append(number)

        if pause:
            await asyncio.sleep(pause)
        if ordered:
            await one(0, 0.004)
            await one(1, 0.008)
        else:
            await asyncio.gather(one(0, 0.004), one(1, 0.008))
        if first:
            await _answer(0.001)
        assert order == [0, 1]

    return main


def _witness_of(main: Main, *disturbed: int) -> Witness:
    """A schedule in which the first answer is held back; it fails."""
    made = AsyncRun(main, Decisions(Replay(disturbed))).go().choices
    place = next(place for place, choice in enumerate(made) if choice <= -FIRST)
    failing = AsyncRun(main, Decisions(Replay((*made[:place], held(-made[place]))))).go()
    assert failing.failure is not None
    assert failing.failure.ename == "AssertionError"
    return Witness(schedule=Schedule(seed=0, choices=failing.choices), minimised=failing.choices)

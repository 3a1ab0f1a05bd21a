"""A loop whose schedule is over drops late answers, and raises in its own thread."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import Decisions, Undisturbed

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"
)
Main = Callable[[], Awaitable[None]]


def late(told: list[Any]) -> tuple[Main, threading.Event, list[threading.Thread]]:
    """A program that ends before its thread answers."""
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

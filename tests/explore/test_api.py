"""`cot_magic.explore` and `explore_file`: what they take, and what they return."""

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

import cot_magic
from cot_magic.core.errors import UsageError
from cot_magic.explore.api import explore, explore_file

Find = Callable[[str], Path]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

SEEN: list[int] = []


def test_the_package_is_the_function() -> None:
    async def fails() -> None:
        done = []

        async def late() -> None:
            await asyncio.sleep(0.01)
            done.append(1)

        task = asyncio.create_task(late())
        await asyncio.sleep(0.02)
        assert done
        await task

    result = cot_magic.explore(fails, schedules=200)
    assert result.found
    assert result.as_json()["witness"]["replays_failed"] == 10


def test_a_function_that_needs_arguments_is_refused_in_one_line() -> None:
    async def needs(account: object) -> None: ...

    with pytest.raises(UsageError, match="cannot be called without arguments"):
        explore(needs)  # type: ignore[arg-type]


def test_only_the_failure_that_is_expected_counts(program: Find) -> None:
    result = explore_file(program("forgotten_task"), expect="ZeroDivisionError", schedules=60)
    assert not result.found
    assert [item.failure.ename for item in result.search.others] == ["KeyError"]


def test_the_same_seed_finds_the_same_schedule_however_many_processes_run(program: Find) -> None:
    one, two = (explore_file(program("ticket_office"), seed=4, workers=n).search.found for n in (1, 3))
    assert one is not None
    assert two is not None
    assert (one.number, one.choices, one.minimised) == (two.number, two.choices, two.minimised)


def test_the_trace_names_lanes_lines_and_what_was_disturbed(program: Find) -> None:
    trace = explore_file(program("ticket_office")).trace
    assert trace is not None
    assert {"customer(3, 0.0)", "customer(3, 0.08)", "customer(1, 0.2)"} <= set(trace.lanes)
    assert any(step.deviation for step in trace.steps)
    assert any(step.touched == "self.seats" for step in trace.steps)
    assert any(step.error.startswith("AssertionError: oversold") for step in trace.steps)


def test_a_deadlock_says_who_waits_for_whom(program: Find) -> None:
    result = explore_file(program("crossed_locks"))
    assert result.search.found is not None
    waits = " ".join(result.search.found.waits)
    assert "`async with second:` in Lock.acquire, held by transfer" in waits


def test_what_a_schedule_leaves_behind_is_put_back_before_the_next() -> None:
    async def grows() -> None:
        await asyncio.sleep(random.random())
        SEEN.append(1)
        assert SEEN == [1]

    assert not explore(grows, schedules=200).found
    assert SEEN == []

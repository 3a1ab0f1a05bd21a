"""Races are found, replayed and shrunk; correct programs are left alone."""

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cot_magic
from cot_magic.core.errors import UsageError
from cot_magic.explore.api import explore, explore_file
from cot_magic.explore.program import of_function
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.search import Search
from cot_magic.explore.search.values import Progress

Find = Callable[[str], Path]
RACES = {
    "ticket_office": "AssertionError",
    "page_counter": "AssertionError",
    "price_cache": "AssertionError",
    "job_reaper": "KeyError",
    "late_signal": "Deadlock",
    "forgotten_task": "KeyError",
    "crossed_locks": "Deadlock",
}
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", RACES)
def test_a_race_is_found_replayed_and_shrunk_from_any_seed(program: Find, name: str, seed: int) -> None:
    found = explore_file(program(name), seed=seed, schedules=2_000, seconds=60).search.found
    assert found is not None
    assert found.failure.ename == RACES[name]
    assert (found.replays, found.replays_failed) == (10, 10)
    assert found.minimised is not None
    assert sum(1 for choice in found.minimised if choice) <= 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ticket_office", "page_counter"])
def test_it_is_found_also_if_the_random_numbers_never_change(
    program: Find, tmp_path: Path, name: str
) -> None:
    frozen = tmp_path / "frozen.py"
    text = program(name).read_text().replace("async def main():\n", "async def main():\n    random.seed(7)\n")
    frozen.write_text(text)
    for seed in range(3):
        assert explore_file(frozen, seed=seed, schedules=2_000, seconds=60).found


@pytest.mark.slow
def test_a_correct_program_fails_under_no_schedule(program: Find) -> None:
    result = explore_file(program("locked_office"), schedules=5_000, seconds=150)
    assert not result.found
    assert result.search.schedules == 5_000
    assert "0 of 5,000: rate below 0.06 % at 95 %" in str(result)


def test_a_token_replays_the_schedule(program: Find) -> None:
    first = explore_file(program("price_cache"))
    again = explore_file(program("price_cache"), seed=first.token or "")
    assert again.search.found is not None
    assert again.search.found.replays_failed == 10
    assert first.search.found is not None
    assert again.search.found.failure.like(first.search.found.failure)


def test_a_token_of_other_code_is_refused(program: Find) -> None:
    token = explore_file(program("price_cache")).token
    with pytest.raises(UsageError, match="belongs to other code"):
        explore_file(program("ticket_office"), seed=token or "")


def test_the_same_seed_finds_the_same_schedule_however_many_processes_run(program: Find) -> None:
    one, two = (explore_file(program("ticket_office"), seed=4, workers=n).search.found for n in (1, 3))
    assert one is not None
    assert two is not None
    assert (one.number, one.choices, one.minimised) == (two.number, two.choices, two.minimised)


def test_only_the_failure_that_is_expected_counts(program: Find) -> None:
    result = explore_file(program("forgotten_task"), expect="ZeroDivisionError", schedules=60)
    assert not result.found
    assert [item.failure.ename for item in result.search.others] == ["KeyError"]


def test_the_trace_names_lanes_lines_and_what_was_disturbed(program: Find) -> None:
    trace = explore_file(program("ticket_office")).trace
    assert trace is not None
    assert {"customer #1", "customer #2"} <= set(trace.lanes)
    assert any(step.deviation for step in trace.steps)
    assert any(step.touched == "self.seats" for step in trace.steps)
    assert any(step.error.startswith("AssertionError: oversold") for step in trace.steps)


def test_a_deadlock_says_who_waits_for_whom(program: Find) -> None:
    result = explore_file(program("crossed_locks"))
    assert result.search.found is not None
    waits = " ".join(result.search.found.waits)
    assert "`async with second:` in Lock.acquire, held by transfer" in waits


def test_where_the_failure_became_inevitable_is_told(program: Find) -> None:
    found = explore_file(program("forgotten_task")).search.found
    assert found is not None
    assert found.inevitable_after is not None
    assert found.inevitable_after <= found.decisions


def test_ctrl_c_keeps_what_was_found() -> None:
    async def fine() -> None:
        await asyncio.sleep(0.01)

    def stop(progress: Progress) -> None:
        if progress.ran > 30:
            raise KeyboardInterrupt

    search = Search(ForkRunner(of_function(fine)), schedules=10_000, progress=None)
    steps: Iterator[Progress] = search.steps()
    for progress in steps:
        if progress.ran > 30:
            break
    with pytest.raises(StopIteration):
        steps.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert search.result.interrupted
    assert 30 < search.result.schedules < 10_000


SEEN: list[int] = []


def test_what_a_schedule_leaves_behind_is_put_back_before_the_next() -> None:
    async def grows() -> None:
        await asyncio.sleep(random.random())
        SEEN.append(1)
        assert SEEN == [1]

    assert not explore(grows, schedules=200).found
    assert SEEN == []


def test_a_failure_that_only_a_spoilt_process_has_does_not_count(tmp_path: Path) -> None:
    marks = tmp_path / "spoilt.py"
    marks.write_text(
        "import asyncio, sys\n\n\n"
        "async def main():\n"
        "    await asyncio.sleep(0.01)\n"
        "    sys.spoilt = getattr(sys, 'spoilt', 0) + 1\n"
        "    assert sys.spoilt < 3\n"
    )
    result = explore_file(marks, schedules=20)
    assert not result.found
    assert result.search.contaminated > 0
    assert result.search.schedules == 20


def test_a_function_that_needs_arguments_is_refused_in_one_line() -> None:
    async def needs(account: object) -> None: ...

    with pytest.raises(UsageError, match="cannot be called without arguments"):
        explore(needs)  # type: ignore[arg-type]


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

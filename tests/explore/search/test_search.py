"""Races are found, replayed and shrunk; correct programs are left alone."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cot_magic.core.events import SearchAdvanced
from cot_magic.explore.api import explore_file
from cot_magic.explore.program import of_function
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.search import Search

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


def test_where_the_failure_became_inevitable_is_told(program: Find) -> None:
    found = explore_file(program("forgotten_task")).search.found
    assert found is not None
    assert found.inevitable_after is not None
    assert found.inevitable_after <= found.decisions


def test_ctrl_c_keeps_what_was_found() -> None:
    async def fine() -> None:
        await asyncio.sleep(0.01)

    search = Search(ForkRunner(of_function(fine)), schedules=10_000, progress=None)
    steps: Iterator[SearchAdvanced] = search.steps()
    for progress in steps:
        if progress.ran > 30:
            break
    with pytest.raises(StopIteration):
        steps.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert search.result.interrupted
    assert 30 < search.result.schedules < 10_000


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

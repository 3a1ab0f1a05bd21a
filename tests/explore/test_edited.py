"""Anchored schedules are repeated on edited code as far as they fit; what did not come up is counted."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import (
    FIRST,
    SLEEP,
    TASK,
    Decisions,
    Replay,
    Undisturbed,
    delivers,
    source_of,
)
from cot_magic.explore.edited import Anchored, Chosen, EditedReplay, anchored
from cot_magic.explore.program import of_function
from cot_magic.explore.search.run_batch import InlineRunner
from cot_magic.explore.search.values import Batch, Trial, run_one

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"
)
Make = Callable[..., Any]


def order_of(choices: Sequence[int]) -> list[int]:
    """The sources of what arrived by itself, in the order of delivery."""
    return [source_of(made) for made in choices if made < 0 and delivers(made)]


def test_a_replay_on_the_same_code_stays_strict(asking: Make) -> None:
    main = asking()
    choices = AsyncRun(main, Decisions(Undisturbed())).go().choices
    place = next(place for place, choice in enumerate(choices) if choice <= -FIRST)
    missing = (*choices[:place], FIRST + 32 * 40)
    assert "did not arrive" in AsyncRun(main, Decisions(Replay(missing))).go().incomplete
    world = (*(choice for choice in choices if choice < 0), -missing[-1])
    passed_over = AsyncRun(main, EditedReplay(Anchored(world=world))).go()
    assert (passed_over.failure, passed_over.incomplete) == (None, "")


def test_on_the_same_code_the_anchored_schedule_is_the_schedule(asking: Make, witness_of: Make) -> None:
    main = asking(pause=0.01)
    witness = witness_of(main, 4)
    runner = InlineRunner(of_function(main))
    batch = Batch(trials=(Trial(choices=witness.minimised),), detailed=True)
    (strict,) = run_one(runner, batch).results
    assert strict.anchored is not None
    (again,) = run_one(runner, Batch(trials=(Trial(anchored=strict.anchored),))).results
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


def test_code_that_does_nothing_outside_has_no_anchored_schedule() -> None:
    async def main() -> None:
        await asyncio.sleep(1)

    runner = InlineRunner(of_function(main))
    (result,) = run_one(runner, Batch(trials=(Trial(choices=(4,)),), detailed=True)).results
    assert result.anchored is None

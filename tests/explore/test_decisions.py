"""Decisions are recorded, and a record is repeated by its replay."""

import random

from cot_magic.explore.decisions import TASK, Decisions, Replay
from cot_magic.explore.search.strategies import RandomWalk


def test_nothing_is_decided_where_there_is_no_alternative() -> None:
    decisions = Decisions(RandomWalk(random.Random(0)))
    assert decisions.choose(TASK, 1) == 0
    assert decisions.made == []


def test_replay_ends_undisturbed_and_fits_what_does_not_fit() -> None:
    decisions = Decisions(Replay([9, 1]))
    assert [decisions.choose(TASK, 3) for _ in range(4)] == [2, 1, 0, 0]

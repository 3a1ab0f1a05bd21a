"""Strategies choose within their bounds, and follow from seed and number alone."""

import itertools
import random

import pytest

from cot_magic.explore.decisions import SLEEP, TASK, Decisions, Replay, Undisturbed
from cot_magic.explore.search.strategies import PCT, PORTFOLIO, Bounded, Laggard, strategy_of


def drawn(strategy: object, times: int = 60) -> list[int]:
    decisions = Decisions(strategy)  # type: ignore[arg-type]
    for number in range(times):
        kind, n, lanes = (TASK, 3, (1, 2, 3)) if number % 2 else (SLEEP, 5, (1 + number % 3,))
        decisions.choose(kind, n, lanes=lanes)
    return decisions.made


def test_undisturbed_is_all_zeros() -> None:
    assert set(drawn(Undisturbed())) == {0}


@pytest.mark.parametrize("number", range(2 * len(PORTFOLIO)))
def test_what_was_chosen_is_chosen_again_by_replay(number: int) -> None:
    made = drawn(strategy_of(3, number, 60))
    assert drawn(Replay(made)) == made


@pytest.mark.parametrize("number", range(2 * len(PORTFOLIO)))
def test_a_strategy_follows_from_seed_and_number_alone(number: int) -> None:
    assert drawn(strategy_of(3, number, 60)) == drawn(strategy_of(3, number, 60))


def test_all_choices_stay_within_their_bounds() -> None:
    for number in range(200):
        assert all(0 <= choice < 5 for choice in drawn(strategy_of(1, number, 60)))


def test_bounded_disturbs_no_more_than_it_may() -> None:
    for seed in range(50):
        made = drawn(Bounded(random.Random(seed), 2, 60))
        assert 0 < sum(1 for choice in made if choice) <= 2


def test_pct_runs_the_same_task_until_its_priority_changes() -> None:
    strategy = PCT(random.Random(1), 2, 100)
    lanes = (4, 5, 6)
    made = [lanes[strategy.pick(TASK, 3, lanes)] for _ in range(100)]
    assert sum(one != other for one, other in itertools.pairwise(made)) == 1


def test_a_laggard_is_slow_each_time_that_it_sleeps() -> None:
    slow = 0
    for seed in range(40):
        strategy = Laggard(random.Random(seed), 20)
        strategy._begin, strategy._end = 0, 1_000
        paces = [{strategy.pick(SLEEP, 5, (lane,)) for _ in range(9)} for lane in range(3)]
        assert all(len(pace) == 1 for pace in paces)
        slow += sum(pace == {4} for pace in paces)
    assert slow > 10

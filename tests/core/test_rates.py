"""Bounds of rates, against figures that are known."""

import pytest

from cot_magic.core.rates import bound, failure_rate, percent


def test_no_failure_in_two_thousand_is_a_rate_below_015_percent() -> None:
    assert bound(0, 2_000) == "0 of 2,000: rate below 0.15 % at 95 % under this sampler"


@pytest.mark.parametrize(
    ("failed", "ran", "low", "high"),
    [(1, 10, 0.0025, 0.4450), (5, 100, 0.0164, 0.1128), (50, 100, 0.3983, 0.6017)],
)  # Clopper and Pearson's intervals, as in their tables
def test_the_interval_is_the_exact_one(failed: int, ran: int, low: float, high: float) -> None:
    assert failure_rate(failed, ran) == pytest.approx((low, high), abs=1e-4)


def test_the_interval_holds_also_for_many_runs() -> None:
    low, high = failure_rate(400, 20_000)
    assert low < 0.02 < high
    assert high - low < 0.005


def test_nothing_run_says_nothing() -> None:
    assert failure_rate(0, 0) == (0.0, 1.0)


def test_all_failed_is_no_certainty() -> None:
    low, high = failure_rate(10, 10)
    assert 0.7 < low < 0.75
    assert high == 1.0


def test_percent_reads_well() -> None:
    assert [percent(rate) for rate in (1.0, 0.25, 0.0123, 0.0015)] == ["100 %", "25 %", "1.2 %", "0.15 %"]

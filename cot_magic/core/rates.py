"""How often something fails, estimated from the number of failures in a number of runs."""

import math
from collections.abc import Callable

CONFIDENCE = 0.95
LEAST_RUNS = 20  # an interval from fewer runs is so wide that it tells nothing


def failure_rate(failed: int, ran: int) -> tuple[float, float]:
    """Bounds of the rate of failure at 95 % confidence (Clopper and Pearson, Biometrika 1934).

    Without failures the upper bound is one-sided: 0 of 2,000 gives a rate below 0.15 %. This is the rate
    under the sampler that chose the runs, not the rate in production.
    """
    if ran <= 0:
        return 0.0, 1.0
    if failed <= 0:
        return 0.0, 1 - (1 - CONFIDENCE) ** (1 / ran)
    if failed >= ran:
        return (1 - CONFIDENCE) ** (1 / ran), 1.0
    tail = (1 - CONFIDENCE) / 2
    low = _solve(lambda rate: 1 - _at_most(failed - 1, ran, rate), tail, rising=True)
    high = _solve(lambda rate: _at_most(failed, ran, rate), tail, rising=False)
    return low, high


def percent(rate: float) -> str:
    """A small rate for people: `0.15 %`."""
    return f"{100 * rate:.0f} %" if rate >= 0.1 else f"{100 * rate:.2g} %"


def bound(failed: int, ran: int) -> str:
    """One phrase: `0 of 2,000: rate below 0.15 % at 95 % under this sampler`; no rate for a few runs."""
    if ran < LEAST_RUNS:
        return f"{failed:,} of {ran:,} failed"
    low, high = failure_rate(failed, ran)
    if failed <= 0:
        return f"0 of {ran:,}: rate below {percent(high)} at 95 % under this sampler"
    return f"{failed:,} of {ran:,}: rate {percent(low)} to {percent(high)} at 95 % under this sampler"


def _at_most(most: int, ran: int, rate: float) -> float:
    """The probability of at most `most` failures."""
    if rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return 1.0 if most >= ran else 0.0
    all_of = math.lgamma(ran + 1)
    terms = (
        all_of
        - math.lgamma(k + 1)
        - math.lgamma(ran - k + 1)
        + k * math.log(rate)
        + (ran - k) * math.log1p(-rate)
        for k in range(most + 1)
    )
    return min(1.0, math.fsum(map(math.exp, terms)))


def _solve(probability: Callable[[float], float], wanted: float, *, rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if (probability(middle) < wanted) is rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2

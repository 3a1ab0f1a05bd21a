"""Strategies: which schedules are tried. Each follows from seed and number alone, on any machine.

Random walk; PCT (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs",
ASPLOS 2010); delay bounding (Emmi et al., POPL 2011). None is best on all programs (Thomson et al., SCTBench,
PPoPP 2014), hence a portfolio.
"""

from collections.abc import Sequence
from random import Random

from cot_magic.explore.decisions import OUTSIDE, SLEEP, SLEEP_SCALES, TASK, THREAD, Strategy, Undisturbed

LEAST_HORIZON = 16
PORTFOLIO = ("walk", "laggard", "half", "pct2", "bounded", "laggard", "rare", "pct3")
LENGTHS, FASTEST = len(SLEEP_SCALES), 2  # choices 1 to 2 of a sleep are shorter, the others longer
HOLDS = 0.2  # there are many completions, and a source that is held back once stays so to the end
LITTLE = 0.05  # how often other decisions are disturbed in the run of a laggard
RATES = {"walk": 1.0, "half": 0.4, "rare": 0.1}


class RandomWalk:
    """Disturbs each decision with the same probability; all alternatives are equally likely."""

    def __init__(self, random: Random, rate: float = 1.0) -> None:
        self._random, self._rate = random.random, rate

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        drawn = self._random()
        rate = self._rate if kind != OUTSIDE else self._rate * HOLDS
        return int(drawn / rate * n) if drawn < rate else 0


class PCT:
    """Random priorities of tasks and threads, changed at `depth - 1` random steps.

    Finds a bug of that depth among n tasks and k steps with probability at least 1 / (n k^(depth - 1)), if it
    depends on the choice among tasks alone; the lengths of sleeps are random.
    """

    def __init__(self, random: Random, depth: int, horizon: int) -> None:
        self._random = random
        self._priorities: dict[int, float] = {}
        steps = random.sample(range(1, max(horizon, depth) + 1), depth - 1)
        self._changes = {step: -1 - place for place, step in enumerate(sorted(steps))}
        self._step = 0

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        if kind == OUTSIDE:
            return self._random.randrange(n) if self._random.random() < HOLDS else 0
        if lanes is None or len(lanes) < n or kind not in (TASK, THREAD):
            return self._random.choice((0, self._random.randrange(n)))
        self._step += 1
        for lane in lanes:
            if lane not in self._priorities:
                self._priorities[lane] = 1 + self._random.random()
        best = max(range(n), key=lambda place: self._priorities[lanes[place]])
        if self._step in self._changes:
            self._priorities[lanes[best]] = self._changes[self._step]
        return best


class Bounded:
    """Disturbs at most `delays` decisions, at random places."""

    def __init__(self, random: Random, delays: int, horizon: int) -> None:
        self._random = random
        self._places = frozenset(random.randrange(horizon) for _ in range(delays))
        self._place = -1

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        self._place += 1
        return self._random.randrange(1, n) if self._place in self._places else 0


class Laggard:
    """Makes some tasks slow and a few fast for a part of the run, by how long everything they wait for takes.

    After the chaos mode of rr (O'Callahan, "Introducing rr chaos mode", 2016), which starves threads.
    """

    def __init__(self, random: Random, horizon: int) -> None:
        self._random = random
        self._share = random.choice((0.2, 0.35, 0.5))
        begin = random.choice((0, random.randrange(horizon)))
        self._begin, self._end = begin, random.choice((horizon * 4, begin + 1 + random.randrange(horizon)))
        self._place = -1
        self._pace: dict[int, int] = {}

    def pick(self, kind: str, n: int, lanes: Sequence[int] | None) -> int:
        self._place += 1
        if not self._begin <= self._place < self._end:
            return 0
        if kind not in (SLEEP, OUTSIDE) or not lanes:
            return self._random.randrange(n) if self._random.random() < LITTLE else 0
        lane = lanes[0]
        if lane not in self._pace:
            drawn = self._random.random()
            slow = self._random.choice((LENGTHS - 1, LENGTHS - 1, LENGTHS - 2))
            fast = self._random.choice((1, FASTEST))
            self._pace[lane] = slow if drawn < self._share else fast if drawn > 1 - self._share / 2 else 0
        pace = self._pace[lane]
        if kind == OUTSIDE:  # a completion cannot come earlier
            return self._random.randrange(1, n) if pace > FASTEST else 0
        return min(pace, n - 1)


def strategy_of(seed: int, number: int, horizon: int) -> Strategy:
    """The strategy of schedule `number` of a search; number 0 is the undisturbed schedule.

    Parameters
    ----------
    horizon
        How many decisions the undisturbed schedule made.
    """
    if number == 0:
        return Undisturbed()
    random = Random(f"{seed}:{number}")  # noqa: S311 - not for secrets
    horizon = max(horizon, LEAST_HORIZON)
    name = PORTFOLIO[number % len(PORTFOLIO)]
    if name == "bounded":
        return Bounded(random, 1 + number // len(PORTFOLIO) % 3, horizon)
    if name == "laggard":
        return Laggard(random, horizon)
    if name in ("pct2", "pct3"):
        return PCT(random, int(name[-1]), horizon)
    return RandomWalk(random, RATES[name])


def random_seed_of(seed: int, number: int) -> str:
    """The seed of the code's own `random`.

    In every other round of the portfolio all schedules get the same random numbers, so that only their order
    differs.
    """
    return str(seed) if number // len(PORTFOLIO) % 2 == 0 else f"{seed}:{number}"

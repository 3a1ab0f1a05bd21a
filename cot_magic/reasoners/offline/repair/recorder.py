"""What the checks of one run showed, and how far the values are from the expected ones."""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from cot_magic.reasoners.offline.repair.program import EQUAL, IS, TRUE, WRONG, Key

MOST_FAILURES = 25
LONGEST = 2_000  # characters of a repr that is kept


class Enough(BaseException):
    """So many checks failed that the rest of the run shows nothing new."""


class CheckRecorder:
    """Collects the outcome of each check; `heard` is told of each one as it comes.

    Raises Enough in the run when `MOST_FAILURES` have failed: a loop of random asserts may hold thousands;
    and when one of `must_pass` has failed.
    """

    def __init__(self) -> None:
        self.heard: Callable[[Key, bool], None] | None = None
        self.must_pass: frozenset[Key] = frozenset()
        self.clear()

    def clear(self) -> None:
        """Forget the last run."""
        self.passed: dict[Key, bool] = {}
        self.values: dict[Key, Any] = {}
        self.expected: dict[Key, Any] = {}
        self.expected_types: set[str] = set()
        self._failures = 0

    def hooks(self) -> dict[str, Callable[..., None]]:
        """The names under which checks report."""
        return {EQUAL: self._equal, IS: self._is, TRUE: self._true, WRONG: self._wrong}

    def _equal(self, key: Key, value: Any, expected: Any) -> None:
        self.expected_types.add(type(expected).__name__)
        self._put(key, _true(value == expected), value, expected)

    def _is(self, key: Key, value: Any, expected: Any) -> None:
        self.expected_types.add(type(expected).__name__)
        self._put(key, value is expected, value, expected)

    def _true(self, key: Key, value: Any) -> None:
        self._put(key, _true(value), value, True)

    def _put(self, key: Key, passed: bool, value: Any, expected: Any) -> None:
        self.passed[key] = self.passed.get(key, True) and passed
        if key not in self.values:
            self.values[key], self.expected[key] = value, expected
        self._tell(key, passed)

    def _wrong(self, key: Key, error: BaseException) -> None:
        self.passed[key] = False
        self.values.setdefault(key, error)
        self._tell(key, False)

    def _tell(self, key: Key, passed: bool) -> None:
        if self.heard is not None:
            self.heard(key, passed)
        self._failures += not passed
        if self._failures >= MOST_FAILURES or (not passed and key in self.must_pass):
            raise Enough

    def constant_differences(self) -> tuple[list[float], list[float]]:
        """The whole factor and the offset by which all failing results differ from the expected ones."""
        pairs = {
            (self.values[key], self.expected[key])
            for key, passed in self.passed.items()
            if not passed and {type(self.values.get(key)), type(self.expected.get(key))} <= {int, float}
        }
        if any(not math.isfinite(number) for pair in pairs for number in pair):
            return [], []
        offset = _constant([expected - value for value, expected in pairs])
        ratio = None
        if all(value and expected for value, expected in pairs):
            ratio = _constant([expected / value for value, expected in pairs])
        ratios = (ratio, 1 / ratio) if ratio else ()
        factors = [round(item) for item in ratios if item > 1.5 and math.isclose(item, round(item))]
        return list(factors), [float(f"{offset:.10g}")] if offset else []

    def distance(self, keys: Iterable[Key]) -> float:
        """How far the failing checks are from passing, summed; 0 if all pass."""
        total = 0.0
        for key in keys:
            if self.passed.get(key) is not True:
                known = key in self.values and key in self.expected
                total += 0.2 + (distance(self.values[key], self.expected[key]) if known else 1.0)
        return total


def _constant(numbers: list[float]) -> float | None:
    """The number that all of them are; None if they differ, or are fewer than two."""
    alike = len(numbers) > 1 and all(math.isclose(item, numbers[0], rel_tol=1e-9) for item in numbers)
    return numbers[0] if alike and math.isfinite(numbers[0]) else None


def _true(value: Any) -> bool:
    """The truth of a value; of an array, whether all its elements are true."""
    try:
        return bool(value)
    except ValueError:
        return bool(value.all())


def distance(value: Any, expected: Any) -> float:
    """0 to 1: how far a value is from the expected one, by its type, amount, length and elements."""
    if isinstance(value, BaseException):
        return 1.0
    try:
        return _distance(value, expected)
    except Exception:  # comparing the person's objects may raise anything: then they are far
        return 0.8


def _distance(value: Any, expected: Any) -> float:
    numbers = isinstance(value, int | float) and isinstance(expected, int | float)
    if type(value) is not type(expected) and not numbers:
        return 0.9
    if isinstance(value, bool):
        return 0.5
    if numbers:
        return float(0.5 * min(1, abs(value - expected) / (1 + abs(expected))))
    if not isinstance(value, list | tuple | str):
        return 0.8
    if len(value) == len(expected) and len(value):
        wrong = sum(bool(a != b) for a, b in zip(value, expected, strict=True))
        return 0.05 + 0.6 * wrong / len(value)
    longer = max(len(value), len(expected))
    pairs = zip(value, expected, strict=False)
    common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    gap = abs(len(value) - len(expected)) / (1 + len(expected))
    return 0.7 - 0.4 * common / (1 + longer) + 0.1 * min(1, gap)


def shown(value: Any) -> str:
    """The bounded repr of a value of the person's."""
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(error).__name__}>"
    return text if len(text) < LONGEST else text[:LONGEST]

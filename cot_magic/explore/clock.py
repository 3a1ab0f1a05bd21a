"""Virtual time: `time.sleep` and the clocks of the `time` module follow the schedule."""

import math
import random
import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

real_sleep, real_monotonic = time.sleep, time.monotonic
real_time, real_counter = time.time, time.perf_counter
SECONDS = ("monotonic", "perf_counter", "time")
NANOSECONDS = ("monotonic_ns", "perf_counter_ns", "time_ns")
_REAL = {id(getattr(time, name)): name for name in ("sleep", *SECONDS, *NANOSECONDS)}


def beginning(shown: Any, unit: int, seed: str | None) -> Any:
    """Return what a clock shows at virtual time 0, where it really shows `shown` (seconds, times `unit`).

    A seed decides all below a second: code that draws chance from a clock does the same in each replay.
    The clock is then up to two seconds fast and never slow: time that elapsed stays positive.
    """
    if seed is None:
        return shown
    fraction = random.Random(seed).random()  # noqa: S311 - not for secrets
    return math.ceil(shown) + fraction if unit == 1 else -(-shown // unit) * unit + int(fraction * unit)


class VirtualTime:
    """While entered, threads of the schedule see its virtual time, all others the real one.

    Names that the user's code imported (`from time import sleep`) are replaced in its namespaces as well.

    Parameters
    ----------
    now
        Seconds since the schedule started.
    sleep
        What `time.sleep` does in a thread of the schedule.
    is_ours
        Whether the calling thread belongs to the schedule.
    seed
        Decides what the clocks show below a second at virtual time 0; None: what they really show.
    """

    entered: "VirtualTime | None" = None

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        is_ours: Callable[[], bool],
        namespaces: Sequence[MutableMapping[str, Any]] = (),
        seed: str | None = None,
    ) -> None:
        self.now, self.sleep, self.is_ours = now, sleep, is_ours
        self._namespaces = namespaces
        self.seed = seed
        self._kept: list[tuple[MutableMapping[str, Any], str, Any]] = []
        self._outer: VirtualTime | None = None
        self.starts: dict[str, Any] = {}
        """What each clock showed at virtual time 0, as far as it has been read."""

    def __enter__(self) -> None:
        self._outer, VirtualTime.entered = VirtualTime.entered, self
        vars(time).update(_VIRTUAL)
        for namespace in self._namespaces:
            if _REAL.keys().isdisjoint(map(id, namespace.values())):
                continue
            for name, value in list(namespace.items()):
                if id(value) in _REAL:
                    self._kept.append((namespace, name, value))
                    namespace[name] = _VIRTUAL[_REAL[id(value)]]

    def __exit__(self, *_: object) -> None:
        while self._kept:
            namespace, name, value = self._kept.pop()
            namespace[name] = value
        VirtualTime.entered = self._outer
        if self._outer is None:
            vars(time).update(_ORIGINAL)


def _sleep(seconds: float) -> None:
    clock = VirtualTime.entered
    if clock is None or not clock.is_ours():
        return real_sleep(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    return clock.sleep(seconds)


def _reading(name: str, unit: int) -> Callable[[], Any]:
    real = getattr(time, name)

    def virtual() -> Any:
        clock = VirtualTime.entered
        if clock is None or not clock.is_ours():
            return real()
        now = clock.now() if unit == 1 else int(clock.now() * unit)
        if name not in clock.starts:
            clock.starts[name] = beginning(real() - now, unit, clock.seed)
        return clock.starts[name] + now

    virtual.__name__ = name
    return virtual


_sleep.__name__ = "sleep"
_ORIGINAL = {name: getattr(time, name) for name in ("sleep", *SECONDS, *NANOSECONDS)}
_VIRTUAL = {
    "sleep": _sleep,
    **{name: _reading(name, 1) for name in SECONDS},
    **{name: _reading(name, 1_000_000_000) for name in NANOSECONDS},
}

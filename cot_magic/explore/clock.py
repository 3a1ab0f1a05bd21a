"""Virtual time: `time.sleep` and the clocks of the `time` module follow the schedule, not the wall."""

import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

real_sleep, real_monotonic = time.sleep, time.monotonic
SECONDS = ("monotonic", "perf_counter", "time")
NANOSECONDS = ("monotonic_ns", "perf_counter_ns", "time_ns")
_REAL = {id(getattr(time, name)): name for name in ("sleep", *SECONDS, *NANOSECONDS)}


class VirtualTime:
    """While entered, the code under a schedule sees the schedule's time; every other thread sees the real
    one.

    Names that user code imported (`from time import sleep`) are replaced in its namespaces as well.

    Parameters
    ----------
    now
        Seconds since the schedule started.
    sleep
        What `time.sleep` does in a thread of the schedule.
    is_ours
        Whether the calling thread belongs to the schedule.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        is_ours: Callable[[], bool],
        namespaces: Sequence[MutableMapping[str, Any]] = (),
    ) -> None:
        self._namespaces = namespaces
        self._kept: list[tuple[MutableMapping[str, Any], str, Any]] = []
        self._replaced: dict[str, Callable[..., Any]] = {"sleep": _sleeping(sleep, is_ours)}
        for name in SECONDS:
            self._replaced[name] = _reading(getattr(time, name), now, is_ours, 1)
        for name in NANOSECONDS:
            self._replaced[name] = _reading(getattr(time, name), now, is_ours, 1_000_000_000)

    def __enter__(self) -> None:
        for name, new in self._replaced.items():
            self._kept.append((vars(time), name, getattr(time, name)))
            setattr(time, name, new)
        for namespace in self._namespaces:
            if _REAL.keys().isdisjoint(map(id, namespace.values())):
                continue
            for name, value in list(namespace.items()):
                if id(value) in _REAL:
                    self._kept.append((namespace, name, value))
                    namespace[name] = self._replaced[_REAL[id(value)]]

    def __exit__(self, *_: object) -> None:
        while self._kept:
            namespace, name, value = self._kept.pop()
            namespace[name] = value


def _sleeping(sleep: Callable[[float], None], is_ours: Callable[[], bool]) -> Callable[[float], None]:
    def virtual(seconds: float) -> None:
        if not is_ours():
            return real_sleep(seconds)
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        return sleep(seconds)

    virtual.__name__ = "sleep"
    return virtual


def _reading(
    real: Callable[[], Any], now: Callable[[], float], is_ours: Callable[[], bool], unit: int
) -> Callable[[], Any]:
    start = real()

    def virtual() -> Any:
        if not is_ours():
            return real()
        return start + (now() if unit == 1 else int(now() * unit))

    virtual.__name__ = real.__name__
    return virtual

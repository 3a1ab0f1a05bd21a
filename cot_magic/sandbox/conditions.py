"""Puts a job under given conditions: seeds, clock, time zone and order of files. Only in a throwaway copy."""

import ctypes
import datetime
import gc
import importlib
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from cot_magic.core.chance import Conditions

TICK_S = 1e-6  # what a still clock advances with each reading


def put_under(conditions: Conditions, names: MutableMapping[str, Any]) -> None:
    """Change this process so that the code of the job meets these conditions.

    Parameters
    ----------
    names
        The user's global names. Clocks that were imported by name (`from time import time`) are replaced in
        them as well.
    """
    if conditions.path:
        sys.path[:] = conditions.path
    if conditions.numpy is not None:  # imports NumPy, which reads the entropy that is replaced below
        _seed_numpy(conditions.numpy, itself="numpy.random" in conditions.unseeded)
    if conditions.entropy is not None:
        _replace_entropy(conditions.entropy)
    if conditions.random is not None:
        _seed_random(conditions.random, itself="random" in conditions.unseeded)
    for name in conditions.unseeded:
        _seed_generator(names.get(name), conditions)
    if conditions.files is not None:
        _order_files(conditions.files, names)
    if conditions.zone is not None:
        os.environ["TZ"] = conditions.zone
        time.tzset()
    if conditions.clock is not None:
        Clock(conditions.clock, still=conditions.still).replace(names)


# --- seeds --------------------------------------------------------------------------------------------------


def _seed_random(seed: int, *, itself: bool) -> None:
    """Seed the module's generator (`itself`); generators made without a seed get seed, seed + 1, …"""
    seeds, real = itertools.count(seed), random.Random.seed

    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        real(self, next(seeds) if a is None else a, version)

    if itself:
        random.seed(seed)
    setattr(random.Random, "seed", seeded)  # noqa: B010 - mypy rejects assigning to a method
    random.seed = random._inst.seed


def _seed_numpy(seed: int, *, itself: bool) -> None:
    """Seed the global generator (`itself`); generators made without a seed get seed, seed + 1, …"""
    try:
        numpy_random: Any = importlib.import_module("numpy.random")
    except ImportError:
        return
    seeds = itertools.count(seed)
    # SeedSequence() takes its entropy from here: `default_rng()` is then `default_rng(seed)`
    numpy_random.bit_generator.randbits = lambda bits: next(seeds)
    if itself:
        numpy_random.seed(seed % 2**32)


def _seed_generator(item: Any, conditions: Conditions) -> None:
    """Seed a generator that the notebook made without a seed."""
    if isinstance(item, random.Random) and conditions.random is not None:
        item.seed(conditions.random)
        return
    bits = getattr(item, "bit_generator", None) or getattr(item, "_bit_generator", None)
    if bits is not None and conditions.numpy is not None and type(item).__module__.startswith("numpy."):
        bits.state = type(bits)(conditions.numpy).state


def _replace_entropy(seed: int) -> None:
    """Let `os.urandom`, and what uses it (`secrets`, `uuid.uuid4`, `SystemRandom`), draw from a seed."""
    source = random.Random(f"entropy {seed}")  # noqa: S311 - the point is that it repeats
    draw: Callable[[int], bytes] = source.randbytes
    os.urandom = draw
    random._urandom = draw  # type: ignore[attr-defined]


# --- files --------------------------------------------------------------------------------------------------


def _order_files(order: int, names: MutableMapping[str, Any]) -> None:
    """List folders in another order: 0 sorted, 1 reversed, else shuffled with that seed.

    `glob`, `os.walk` and `pathlib` list folders with these two functions.
    """
    real_list, real_scan = os.listdir, os.scandir

    def listdir(path: Any = ".") -> list[Any]:
        return _ordered(real_list(path), order, os.fsdecode)

    class scandir:
        """An `os.scandir` whose entries come in that order."""

        def __init__(self, path: Any = ".") -> None:
            with real_scan(path) as entries:
                found = _ordered(list(entries), order, lambda entry: os.fsdecode(entry.name))
            self._entries: Iterator[Any] = iter(found)

        def __iter__(self) -> Iterator[Any]:
            return self._entries

        def __next__(self) -> Any:
            return next(self._entries)

        def __enter__(self) -> "scandir":
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def close(self) -> None:
            """Nothing is open: the folder was read at once."""

    _replaced(names, {id(real_list): listdir, id(real_scan): scandir})
    os.listdir, os.scandir = listdir, scandir  # type: ignore[assignment]
    for module in ("glob", "pathlib", "shutil", "pathlib._local", "pathlib._os"):
        loaded = sys.modules.get(module)
        if loaded is not None:
            _replaced(vars(loaded), {id(real_list): listdir, id(real_scan): scandir})


def _ordered(items: list[Any], order: int, key: Callable[[Any], str]) -> list[Any]:
    items.sort(key=key, reverse=order == 1)
    if order > 1:
        random.Random(order).shuffle(items)  # noqa: S311 - not for secrets
    return items


# --- clock --------------------------------------------------------------------------------------------------


class Clock:
    """A clock that starts at another moment.

    Parameters
    ----------
    start
        Seconds since 1970 at the start.
    still
        Advances by a microsecond with each reading and by what `time.sleep` is told; else like the real one.
    """

    def __init__(self, start: float, *, still: bool) -> None:
        self._start, self._still, self._now = start, still, start
        self._real, self._sleep = time.time, time.sleep
        self._began = self._real()
        self._of_time = {name: getattr(time, name) for name in ("localtime", "gmtime", "strftime", "ctime")}

    def now(self) -> float:
        """Seconds since 1970."""
        if not self._still:
            return self._start + self._real() - self._began
        self._now += TICK_S
        return self._now

    def replace(self, names: MutableMapping[str, Any]) -> None:
        """Replace the clocks of `time` and `datetime`, also under the names that the user gave them."""
        new: dict[str, Callable[..., Any]] = {
            "time": self.now,
            "time_ns": lambda: int(self.now() * 1e9),
            "localtime": lambda seconds=None: self._of_time["localtime"](self._or_now(seconds)),
            "gmtime": lambda seconds=None: self._of_time["gmtime"](self._or_now(seconds)),
            "ctime": lambda seconds=None: self._of_time["ctime"](self._or_now(seconds)),
            "strftime": lambda form, at=None: self._of_time["strftime"](
                form, self._of_time["localtime"](self.now()) if at is None else at
            ),
        }
        if self._still:
            new["sleep"] = self._slept
            new["monotonic"] = new["perf_counter"] = self.now
            new["monotonic_ns"] = new["perf_counter_ns"] = new["time_ns"]
        _replaced(names, {id(getattr(time, name)): function for name, function in new.items()})
        vars(time).update(new)
        self._replace_dates()

    def _or_now(self, seconds: float | None) -> float:
        return self.now() if seconds is None else seconds

    def _slept(self, seconds: float) -> None:
        self._sleep(seconds)
        self._now += seconds

    def _replace_dates(self) -> None:
        """Change the methods of the classes themselves, so that it does not matter who holds them."""
        read = self.now

        def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return cls.fromtimestamp(read(), tz)

        def utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
            return cls.fromtimestamp(read(), datetime.UTC).replace(tzinfo=None)

        def today(cls: type[datetime.date]) -> datetime.date:
            return cls.fromtimestamp(read())

        _set_methods(datetime.datetime, {"now": now, "utcnow": utcnow, "today": today})
        _set_methods(datetime.date, {"today": today})


def _set_methods(kind: type, methods: dict[str, Callable[..., Any]]) -> None:
    (namespace,) = gc.get_referents(kind.__dict__)  # behind the mappingproxy: the class itself is read-only
    namespace.update({name: classmethod(function) for name, function in methods.items()})
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _replaced(names: MutableMapping[str, Any], by_id: dict[int, Any]) -> None:
    """Replace values in a namespace that are bound under any name."""
    for name, value in list(names.items()):
        if id(value) in by_id:
            names[name] = by_id[id(value)]

"""A bench for a small program, with the alarm and the recursion limit put back afterwards."""

import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from cot_magic.reasoners.offline.repair.bench import SIGNALS, Bench, ready
from cot_magic.reasoners.offline.repair.program import CheckedProgram


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """Make a bench: `bench(source, name=value)` puts values into its namespace."""
    limit, handlers = sys.getrecursionlimit(), {number: signal.getsignal(number) for number in SIGNALS}
    ready()

    def make(source: str, **names: object) -> Bench:
        return Bench({"__name__": "__main__", **names}, CheckedProgram(source.encode()))

    yield make
    sys.setrecursionlimit(limit)
    for number, handler in handlers.items():
        signal.signal(number, handler)

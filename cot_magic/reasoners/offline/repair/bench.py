"""The bench: runs candidates one after the other in this process, each from the same state, within limits."""

import signal
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cot_magic.reasoners.offline.repair.edits import Splice
from cot_magic.reasoners.offline.repair.program import TICK, CheckedProgram, Key
from cot_magic.reasoners.offline.repair.recorder import CheckRecorder
from cot_magic.reasoners.offline.repair.restore import Pristine

MOST_TICKS = 400_000
FIRST_ALARM_S = 1.5
IDLE = 20  # on a busy machine a candidate waits for the processor
SIGNALS = (signal.SIGALRM, signal.SIGPROF)
RECURSION = 600  # frames of a candidate; more hides endless recursion for longer


class Stopped(BaseException):
    """The alarm rang; not an Exception, so that candidates do not catch it."""


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a candidate ended: which checks passed, and what stopped it before the end ("" if nothing)."""

    passed: dict[Key, bool]
    stopped: str


class Bench:
    """Runs a program and its candidates in a namespace. `ticks` and `alarm_s` limit each run.

    `names` are those that no edit has to define: the namespace had them at the start.
    """

    def __init__(self, namespace: dict[str, Any], program: CheckedProgram) -> None:
        self.namespace, self.program = namespace, program
        self.names = frozenset(namespace)
        self.recorder = CheckRecorder()
        self.ticks, self.alarm_s = MOST_TICKS, FIRST_ALARM_S
        self._left: Iterator[int] = iter(range(0))
        source = program.source
        used = {word for code in program.plan for word in _names(code[1])}
        self.pristine = Pristine(namespace, used & namespace.keys(), chance=b"random" in source)

    @property
    def used(self) -> int:
        """The ticks of the last run."""
        return self.ticks - self._left.__length_hint__()  # type: ignore[attr-defined, no-any-return]

    def run(self, splices: Sequence[Splice] = (), *, lines: bool = False) -> TrialEnd | None:
        """Run with an edit; None if that is no program. With `lines`, line numbers are those of the source.

        The namespace is restored before, so that what the run left can be looked at.
        """
        new: dict[int, Any] = {}
        try:
            if splices:
                places = self.program.touched(splices)
                if not places:
                    return None
                new = {place: self.program.compiled(place, splices, ticks=True) for place in places}
            elif lines:
                new = {
                    place: self.program.compiled(place, (), ticks=False)
                    for place, _ in self.program.plan
                    if place not in self.program.checks
                }
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        self.start()
        stopped = self.guarded([new.get(place, code) for place, code in self.program.plan])
        return TrialEnd(self.recorder.passed, stopped)

    def start(self) -> None:
        """Restore the state and put in what counts and records."""
        self.pristine.restore()
        self.recorder.clear()
        self._left = iter(range(self.ticks))
        self.namespace.update(self.recorder.hooks())
        self.namespace[TICK] = self._left.__next__

    def more_ticks(self, ticks: int) -> None:
        """Start the count again."""
        self._left = iter(range(ticks))
        self.namespace[TICK] = self._left.__next__

    def guarded(self, codes: Sequence[types.CodeType]) -> str:
        """Run code objects until one raises; the class name of what it raised, "time" for the alarm."""
        try:
            with alarm(self.alarm_s):
                for code in codes:
                    exec(code, self.namespace)  # noqa: S102 - in a confined copy
        except Stopped:
            return "time"
        except BaseException as error:  # a candidate may raise anything, SystemExit too
            return type(error).__name__
        return ""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise Stopped in the block after that time of the processor, or much later if it waits."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, IDLE * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ring(number: int, frame: object) -> None:
    raise Stopped


def ready() -> None:
    """Let the alarm of this process stop candidates, and bound their recursion."""
    for number in SIGNALS:
        signal.signal(number, _ring)
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    sys.setrecursionlimit(depth + RECURSION)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)

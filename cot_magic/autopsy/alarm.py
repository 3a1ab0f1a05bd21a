"""A time limit for code that runs in the main thread of a copy, whatever that code does with exceptions."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_S = 0.05  # the alarm rings until the block has ended: a property may catch everything
BUSY = 2.0
LEAST_S = 0.01  # a shorter limit is none: it only says that the time is up


class OutOfTime(BaseException):
    """The time of an analyser is up. Not an Exception, so that `except Exception` does not hold it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block when the seconds are over, and again until it has ended.

    On a busy machine, what has not had these seconds of a processor gets up to `BUSY` times as long.

    Code that never returns to the interpreter is stopped with its whole process, by the limits of the job.
    A timer that was set before goes on afterwards; if it ends first, it alone counts.
    """
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    if left and left < seconds:
        yield
        return
    entered, before, ended = time.monotonic(), signal.getsignal(signal.SIGALRM), False
    computed = time.process_time()

    def ring(number: int, frame: Any) -> None:
        busy = time.process_time() - computed < seconds and time.monotonic() - entered < BUSY * seconds
        if not ended and not (busy and seconds >= LEAST_S):
            raise OutOfTime

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN_S)
    try:
        yield
    finally:
        ended = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - entered), 0.001), interval)

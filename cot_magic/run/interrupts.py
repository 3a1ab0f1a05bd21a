"""Ctrl-C: raised by a timer as the time limit of a cell, and made to stop what runs after a cell."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cot_magic.sandbox import busy

_AGAIN_S = 0.01  # the callback in which Ctrl-C was ignored has ended by then


@contextmanager
def interruptible() -> Iterator[None]:
    """While entered, Ctrl-C raises KeyboardInterrupt in the main thread.

    For a cell with `await` the kernel's own handler would cancel the coroutine of the cell, which has ended.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _never_lost():
            yield
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def _never_lost() -> Iterator[None]:
    """Press Ctrl-C once more where Python ignored it, as it came in a callback that cannot raise.

    That is a finaliser, or a hook of `os.fork`, such as that of IPython which waits for its history's thread.
    """
    hook, timers = sys.unraisablehook, list[threading.Timer]()

    def told(ignored: "sys.UnraisableHookArgs") -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            hook(ignored)
            return
        timers.append(threading.Timer(_AGAIN_S, _press))
        timers[-1].daemon = True
        timers[-1].start()

    sys.unraisablehook = told
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for timer in timers:
            timer.cancel()


def _press() -> None:
    """Raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    if sys.platform == "win32":
        os.kill(os.getpid(), signal.CTRL_C_EVENT)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


class Watchdog:
    """Interrupts the main thread, as Ctrl-C would, when a cell has run for too long; while it waits for a
    processor, no time passes."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._fired = self._stopped = False
        self._seconds, self._started, self._waited = seconds, time.monotonic(), busy.waited_here()
        self._timer = self._armed(seconds)

    def _armed(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._fire)
        timer.daemon = True
        timer.start()
        return timer

    def _fire(self) -> None:
        with self._lock:
            if self._stopped:
                return
            more = busy.allowance(self._seconds, os.getpid(), self._waited)
            left = self._started + self._seconds + more - time.monotonic()
            if left > 0:
                self._timer = self._armed(left)
                return
            self._fired = True
        _press()

    def stop(self) -> bool:
        """Cancel the timer; return whether it had fired."""
        with self._lock:
            self._stopped = True
            self._timer.cancel()
            return self._fired

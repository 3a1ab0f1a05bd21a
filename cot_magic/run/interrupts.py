"""Ctrl-C: raised by a timer as the time limit of a cell, and made to stop what runs after a cell."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


class Watchdog:
    """Interrupts the main thread, as Ctrl-C would, when a cell has run for too long."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._fired = self._stopped = False
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._fired = True
        if sys.platform == "win32":
            os.kill(os.getpid(), signal.CTRL_C_EVENT)
        else:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def stop(self) -> bool:
        """Cancel the timer; return whether it had fired."""
        with self._lock:
            self._stopped = True
            self._timer.cancel()
            return self._fired

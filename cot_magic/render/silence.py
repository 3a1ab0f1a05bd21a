"""A screen that goes on while nothing is heard: a model may think for a minute before its next word."""

import contextvars
import threading
import time
from collections.abc import Callable

TICK_S = 1.0
_LONGEST_S = 1_000.0  # more than an answer may take: a screen that nobody closed stops by itself


class Silence:
    """Calls `tick` once a second, from a thread of its own, for as long as nothing is heard.

    Between `heard` and `begin` no tick runs or begins. So the kernel is never forked in the middle of one, if
    `begin` is called only where no experiment can follow unheard.

    Parameters
    ----------
    tick
        Called with the seconds since the silence began.
    """

    def __init__(self, tick: Callable[[float], None], interval: float = TICK_S) -> None:
        self._tick, self._interval = tick, interval
        self._changed = threading.Condition()
        self._since: float | None = None
        self._thread: threading.Thread | None = None
        self._resting = False  # waits to be called, not for the next tick
        self._closed = False

    def heard(self) -> None:
        """Something came: wait for a tick that runs just now, and let none begin."""
        with self._changed:
            self._since = None

    def begin(self) -> None:
        """Nothing may come for a while from here on."""
        with self._changed:
            self._since = time.monotonic()
            if self._thread is None:
                # the messages of the thread belong to the cell that runs here
                run = contextvars.copy_context().run
                self._thread = threading.Thread(
                    target=run, args=(self._run,), name="cot-magic screen", daemon=True
                )
                self._thread.start()
            elif self._resting:
                self._changed.notify()

    def close(self) -> None:
        """No tick comes after this."""
        with self._changed:
            self._since, self._closed = None, True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                since = self._since
                passed = 0.0 if since is None else time.monotonic() - since
                if since is None or passed > _LONGEST_S:
                    self._resting = True
                    self._changed.wait()
                    self._resting = False
                else:
                    # a stream ends and begins a silence at each piece: that wakes nobody
                    self._changed.wait(self._interval - passed % self._interval)
                    if self._since == since:
                        self._tick(time.monotonic() - since)

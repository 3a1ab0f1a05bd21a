"""When a screen is sent: up to ten times a second, at once before a silence, and once a second during one."""

import contextvars
import threading
import time
from collections.abc import Callable

from cot_magic.core.events import (
    Event,
    ExploreSchedules,
    Faulted,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    Resumed,
    RunAhead,
    RunProbe,
    Sent,
    SessionEnded,
    TryFix,
    Waiting,
)

_INTERVAL = 0.1  # seconds; more messages would queue up in a browser and can be lost silently
_BURST = 10.0  # how many sends may come sooner
_BEFORE_SILENCE = (
    PhaseStarted,
    PhaseEnded,
    RunProbe,
    TryFix,
    ExploreSchedules,
    InspectVariable,
    RunAhead,
    Sent,
    Remarked,
    Waiting,
    Resumed,
    Interrupted,
    Faulted,
    SessionEnded,
)
TICK_S = 1.0
_LONGEST_S = 1_000.0  # longer than any answer takes: a screen that nobody closed stops by itself


class Pace:
    """Decides by the clock whether a screen is sent now.

    After a request, nothing may come for a long time. So what is about to run is sent at once, from an
    allowance that refills at the same ten per second (a token bucket).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: float | None = None
        self._allowance = _BURST
        self._counted = clock()

    def due(self, event: Event) -> bool:
        """Return whether to send now; if so, count it as sent."""
        now = self._clock()
        early = self._sent is not None and now - self._sent < _INTERVAL
        if early and not isinstance(event, _BEFORE_SILENCE):
            return False
        self._allowance = min(_BURST, self._allowance + (now - self._counted) / _INTERVAL)
        self._counted = now
        if early and self._allowance < 1.0:
            return False
        self._allowance = max(0.0, self._allowance - 1.0)
        self._sent = now
        return True


class Silence:
    """Calls `tick` once a second, from its own thread, for as long as nothing is heard.

    No tick runs between `heard` and `begin`. So the kernel is never forked during one, provided that `begin`
    is called only where no experiment can follow without `heard`.

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
        self._resting = False  # waits to be notified, not for the next tick
        self._closed = False

    def heard(self) -> None:
        """Something came: wait for a tick that is running, and start none."""
        with self._changed:
            self._since = None

    def begin(self) -> None:
        """From now on, nothing may come for a while."""
        with self._changed:
            self._since = time.monotonic()
            if self._thread is None:
                # messages of the thread belong to the running cell
                run = contextvars.copy_context().run
                self._thread = threading.Thread(
                    target=run, args=(self._run,), name="cot-magic screen", daemon=True
                )
                self._thread.start()
            elif self._resting:
                self._changed.notify()

    def close(self) -> None:
        """Stop: no tick comes after this."""
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
                    # each piece of a stream ends and begins a silence, without waking this thread
                    self._changed.wait(self._interval - passed % self._interval)
                    if self._since == since:
                        self._tick(time.monotonic() - since)

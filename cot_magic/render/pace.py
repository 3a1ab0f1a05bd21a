"""How often a screen may be sent: ten times a second, and at once before a silence."""

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
    RunProbe,
    Sent,
    SessionEnded,
    TryFix,
    Waiting,
)

_INTERVAL = 0.1  # seconds; more messages than that queue up in a browser and can be lost without a word
_BURST = 10.0  # how many sends may come earlier than that
_BEFORE_SILENCE = (
    PhaseStarted,
    PhaseEnded,
    RunProbe,
    TryFix,
    ExploreSchedules,
    InspectVariable,
    Sent,
    Remarked,
    Waiting,
    Resumed,
    Interrupted,
    Faulted,
    SessionEnded,
)


class Pace:
    """Decides by the clock whether a screen is sent now.

    After a request nothing may come for long; so what is about to run is sent at once, out of an allowance
    that refills at the same ten a second (a token bucket).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: float | None = None
        self._allowance = _BURST
        self._counted = clock()

    def due(self, event: Event) -> bool:
        """Whether to send now; if so, it is counted as sent."""
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

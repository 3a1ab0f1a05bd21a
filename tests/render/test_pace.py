"""Ten screens a second, and what is about to run at once."""

import pytest

from cot_magic.core.events import (
    Event,
    InspectVariable,
    Remarked,
    Resumed,
    RunProbe,
    Sent,
    Streamed,
    Waiting,
)
from cot_magic.core.findings import HypothesisId, Phase, Probe
from cot_magic.render.pace import Pace

TOKEN = Streamed(phase=Phase.ANALYZE, text="word ")
PROBE = RunProbe(probe=Probe(about=HypothesisId("h1"), source="True"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_stream_of_tokens_is_sent_ten_times_a_second() -> None:
    clock = Clock()
    pace = Pace(clock)
    sent = 0
    for tick in range(10_000):
        clock.now = tick / 1_000
        sent += pace.due(TOKEN)
    assert 95 <= sent <= 100


@pytest.mark.parametrize(
    "event",
    [
        PROBE,
        InspectVariable(expression="x"),
        Sent(phase=Phase.ANALYZE, characters=10),
        Remarked(phase=Phase.ANALYZE, text="Asked: scripted."),
        Waiting(phase=Phase.ANALYZE, seconds=3, reason="scripted"),
        Resumed(reasoner="scripted"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_may_be_followed_by_a_silence_is_sent_at_once(event: Event) -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.due(TOKEN)
    clock.now = 0.001
    assert not pace.due(TOKEN)
    assert pace.due(event)


def test_a_flood_of_requests_is_held_back_too() -> None:
    clock = Clock()
    pace = Pace(clock)
    sent = 0
    for tick in range(2_000):
        clock.now = tick / 1_000
        sent += pace.due(PROBE)
    assert sent <= 32

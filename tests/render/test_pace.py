"""Ten screens a second, and what is about to run at once."""

from types import ModuleType

from cot_magic.core.events import RunProbe, Streamed
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


def test_a_request_right_after_an_update_is_sent_at_once() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.due(TOKEN)
    clock.now = 0.001
    assert not pace.due(TOKEN)
    assert pace.due(PROBE)


def test_a_flood_of_requests_is_held_back_too(sessions: ModuleType) -> None:
    clock = Clock()
    pace = Pace(clock)
    sent = 0
    for tick in range(2_000):
        clock.now = tick / 1_000
        sent += pace.due(PROBE)
    assert sent <= 32

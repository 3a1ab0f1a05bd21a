"""A screen goes on while nothing is heard, and only then."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sessions

from cot_magic.render.pace import Silence

INTERVAL = 0.02
QUIET = f"""
import sys, threading, time
sys.path.append({str(Path(sessions.__file__).parent)!r})
import sessions
from cot_magic.core.events import PhaseStarted, RunProbe, Sent, Streamed
from cot_magic.core.findings import HypothesisId, Phase, Probe
from cot_magic.core.session import Session
from cot_magic.render.accordion import AccordionRenderer

renderer, session = AccordionRenderer(), Session(id="s")
start = sessions.verified_events()[0]
events = [start, PhaseStarted(phase=Phase.ANALYZE), *before]
for stamped in sessions.stamp(events):
    session = session.evolve(stamped)
    renderer.update(session, stamped)
time.sleep(2.6)
renderer.close(session)
print([thread.name for thread in threading.enumerate() if "cot-magic" in thread.name])
"""


class Ticks:
    def __init__(self) -> None:
        self.seen: list[float] = []
        self.more = threading.Semaphore(0)

    def __call__(self, seconds: float) -> None:
        self.seen.append(seconds)
        self.more.release()

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self.more.acquire(timeout=30)


def test_ticks_tell_how_long_it_has_been_silent() -> None:
    ticks = Ticks()
    silence = Silence(ticks, INTERVAL)
    silence.begin()
    ticks.wait(3)
    silence.close()
    assert ticks.seen == sorted(ticks.seen)
    assert ticks.seen[0] >= INTERVAL


def test_nothing_ticks_from_what_is_heard_to_the_next_silence() -> None:
    ticks = Ticks()
    silence = Silence(ticks, INTERVAL)
    for _ in range(3):
        silence.begin()
        ticks.wait(1)
        silence.heard()
        count = len(ticks.seen)
        time.sleep(5 * INTERVAL)
        assert len(ticks.seen) == count
    silence.close()


def test_a_tick_under_way_is_waited_for() -> None:
    running, go = threading.Event(), threading.Event()
    ended: list[bool] = []

    def tick(seconds: float) -> None:
        running.set()
        assert go.wait(30)
        ended.append(True)

    silence = Silence(tick, INTERVAL)
    silence.begin()
    assert running.wait(30)
    threading.Timer(INTERVAL, go.set).start()
    silence.heard()
    assert ended == [True]
    silence.close()


def test_its_thread_ends_with_it_and_none_is_made_without_a_silence() -> None:
    names = {thread.name for thread in threading.enumerate()}
    silence = Silence(Ticks(), INTERVAL)
    silence.heard()
    assert {thread.name for thread in threading.enumerate()} == names
    silence.begin()
    assert {thread.name for thread in threading.enumerate()} - names == {"cot-magic screen"}
    silence.close()
    assert {thread.name for thread in threading.enumerate()} == names


@pytest.mark.slow
def test_the_panel_goes_on_while_a_model_is_silent_and_stands_while_an_experiment_runs(kernel: Any) -> None:
    sent = "Sent(phase=Phase.ANALYZE, characters=10)"
    piece = 'Streamed(phase=Phase.ANALYZE, text="Scripted words before the silence.")'
    probe = 'RunProbe(probe=Probe(about=HypothesisId("h1"), source="True"))'
    silent = kernel.run(QUIET.replace("*before", f"{sent}, {piece}"))
    assert (silent.status, silent.stdout.strip()) == ("ok", "[]")
    titles, texts = _changes(silent, "titles"), _changes(silent, "value")
    assert any("2 s" in title for title in titles), titles
    assert any("before the silence" in text for text in texts), "what was held back is drawn"
    busy = kernel.run(QUIET.replace("*before", f"{sent}, {probe}"))
    assert busy.status == "ok"
    assert not any("2 s" in title for title in _changes(busy, "titles"))


def _changes(ran: Any, name: str) -> list[str]:
    """All that a trait of widgets became while the cell ran, as text."""
    states = [m["content"]["data"].get("state", {}) for m in ran.messages if m["msg_type"] == "comm_msg"]
    return [str(state[name]) for state in states if name in state]

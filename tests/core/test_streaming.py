"""Pieces of a text that come close together are one event, and nothing is lost or reordered."""

import itertools

from cot_magic.core.events import Event, PhaseEnded, PhaseStarted, Streamed
from cot_magic.core.findings import Phase
from cot_magic.core.streaming import gathered

A, P = Phase.ANALYZE, Phase.PLAN


def word(text: str, phase: Phase = A, thinking: bool = False) -> Streamed:
    return Streamed(phase=phase, text=text, thinking=thinking)


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Streamed)]


def test_a_thousand_pieces_in_a_second_become_ten_events() -> None:
    times = (n / 1_000 for n in itertools.count())
    found = list(gathered([word(f"w{n} ") for n in range(1_000)], lambda: next(times)))
    assert "".join(texts(found)) == "".join(f"w{n} " for n in range(1_000))
    assert 9 <= len(found) <= 11


def test_a_piece_after_a_pause_is_passed_on_at_once() -> None:
    times = iter([0.0, 1.0, 2.0, 2.01])
    source = iter([word("a"), word("b"), word("c"), word("d")])
    stream = gathered(source, lambda: next(times))
    assert [next(stream) for _ in range(3)] == [word("a"), word("b"), word("c")]
    assert list(stream) == [word("d")]


def test_what_is_held_back_goes_out_before_any_other_event() -> None:
    events: list[Event] = [
        PhaseStarted(phase=A),
        word("a"),
        word("b"),
        word("c"),
        word("hm", thinking=True),
        word("d"),
        PhaseEnded(phase=A, headline="x"),
        PhaseStarted(phase=P),
        word("e", P),
        word("f", P),
    ]
    assert list(gathered(events, lambda: 0.0)) == [
        PhaseStarted(phase=A),
        word("a"),
        word("bc"),
        word("hm", thinking=True),
        word("d"),
        PhaseEnded(phase=A, headline="x"),
        PhaseStarted(phase=P),
        word("ef", P),
    ]

"""Every event survives one line of JSON, and damage is told."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cot_magic.core import events
from cot_magic.core.codec import decode, encode
from cot_magic.core.errors import RecordingError
from cot_magic.core.events import Finding, SessionStarted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.testing import BUDGET, case, through_codec

st.register_type_strategy(float, st.floats(allow_nan=False))  # not a number is never equal to itself


@given(st.one_of([st.from_type(kind) for kind in get_args(events.Event) if kind is not SessionStarted]))
def test_every_kind_of_event_survives(event) -> None:
    through_codec(Stamped(order=1, seconds=0.5, event=event))


def test_a_case_survives() -> None:
    through_codec(
        Stamped(
            order=0,
            seconds=0.0,
            event=SessionStarted(case=case(), intensity="cot", reasoner="offline", budget=BUDGET),
        )
    )


LINE = encode(Stamped(order=0, seconds=0.0, event=Finding(phase=Phase.ANALYZE, topic="pattern", text="x")))


def test_it_is_one_line() -> None:
    event = Finding(phase=Phase.ANALYZE, topic="pattern", text="a\nb\u2028c")
    assert "\n" not in encode(Stamped(order=0, seconds=0.0, event=event))


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", LINE[:-5], LINE.replace('"v":1', '"v":2'), LINE.replace("Finding", "Fnding"),
    LINE.replace("ANALYZE", "ANALYSE"),
     LINE.replace('"order":0', '"order":"0"'), LINE.replace('"text":"x"', '"text":1')],
)  # fmt: skip
def test_a_damaged_line_is_told_in_one_line(line: str) -> None:
    with pytest.raises(RecordingError) as caught:
        decode(line)
    assert "\n" not in str(caught.value)


def test_unknown_keys_are_ignored() -> None:
    data = json.loads(LINE)
    data["event"]["later"] = 1
    assert decode(json.dumps(data)) == decode(LINE)

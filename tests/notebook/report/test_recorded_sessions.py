"""The session in a file: whole, cut off, or none at all."""

from pathlib import Path

import pytest

from cot_magic.core.codec import encode
from cot_magic.core.errors import RecordingError
from cot_magic.core.events import Event, PhaseStarted, SessionEnded, SessionStarted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.notebook.report.session import events_of, folded
from cot_magic.run.recording import read
from cot_magic.testing import BUDGET, case

STARTED = SessionStarted(case=case(), intensity="cot", reasoner="offline", budget=BUDGET)
EVENTS = (STARTED, PhaseStarted(phase=Phase.ANALYZE), SessionEnded())


def lines(*events: Event, first: int = 0) -> list[str]:
    return [
        encode(Stamped(order=order, seconds=1.0, event=event)) for order, event in enumerate(events, first)
    ]


def written(folder: Path, *texts: str) -> Path:
    path = folder / "s.cot.jsonl"
    path.write_text("".join(f"{text}\n" for text in texts))
    return path


def test_a_whole_session_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = events_of(written(tmp_path, *lines(*EVENTS)), read)
    assert [stamped.event for stamped in found] == list(EVENTS)


def test_a_recording_that_a_killed_kernel_left_ends_interrupted(tmp_path: Path) -> None:
    found = events_of(written(tmp_path, *lines(*EVENTS[:2])), read)
    assert [stamped.order for stamped in found] == [0, 1, 2, 3]
    session = folded(found)
    assert (session.ended, session.interrupted) == (True, True)


@pytest.mark.parametrize("texts", [[], [""], lines(*EVENTS[1:], first=1)])
def test_a_file_without_the_start_of_a_session_is_refused_by_its_name(
    texts: list[str], tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=r"s\.cot\.jsonl holds no session"):
        events_of(written(tmp_path, *texts), read)


def test_another_file_of_one_line_is_no_recording_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "s.cot.jsonl"
    path.write_text('{"cells": [], "nbformat": 4}')
    with pytest.raises(RecordingError, match="holds no session"):
        events_of(path, read)


@pytest.mark.parametrize("texts", [lines(*EVENTS) * 2, [lines(*EVENTS)[place] for place in (0, 2, 1)]])
def test_events_out_of_order_are_not_shown_as_a_session(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"comes after event 2: it is damaged, or holds more"):
        events_of(written(tmp_path, *texts), read)


def test_a_report_whose_session_is_no_list_of_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.ipynb"
    path.write_text('{"metadata": {"cot": {"session": [5]}}}')
    with pytest.raises(RecordingError, match=r"r\.ipynb, event 1: not valid JSON"):
        events_of(path, read)

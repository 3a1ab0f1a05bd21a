"""Sessions on disk."""

from pathlib import Path

import pytest

from cot_magic.core.errors import RecordingError, UsageError
from cot_magic.core.events import Faulted, PhaseStarted, SessionEnded, SessionStarted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.run.recording import (
    Recording,
    fold,
    read,
    stamp,
)
from cot_magic.testing import BUDGET, case

EVENTS = [
    SessionStarted(case=case(), intensity="cot", reasoner="offline", budget=BUDGET),
    PhaseStarted(phase=Phase.ANALYZE),
    SessionEnded(),
]


def recorded(path: Path) -> list[Stamped]:
    times = iter([10.0, 11.0, 12.5])
    stamped = list(stamp(EVENTS, lambda: next(times)))
    recording = Recording(path)
    for item in stamped:
        recording.hear(item)
    recording.close()
    return stamped


def test_times_count_from_the_first_event(tmp_path: Path) -> None:
    assert [item.seconds for item in recorded(tmp_path / "a.cot.jsonl")] == [0.0, 1.0, 2.5]


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    assert recorded(path) == list(read(path))
    assert fold(read(path)).ended


def test_a_last_line_that_was_cut_off_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    recorded(path)
    path.write_text(path.read_text()[:-20])
    assert len(list(read(path))) == 2


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    recorded(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{", lines[2], ""]))
    with pytest.raises(RecordingError, match="line 2"):
        list(read(path))


def test_a_half_of_a_character_is_read_as_it_was_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    recording = Recording(path)
    stamped = Stamped(order=0, seconds=0.0, event=Faulted(phase=None, message="half \ud83d, whole 🎉"))
    recording.hear(stamped)
    recording.close()
    assert list(read(path)) == [stamped]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_full_disk_is_told_once_and_the_session_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(Path("/dev/full"))
    assert (
        capsys.readouterr().out == "cot-magic: the recording /dev/full ends early: No space left on device.\n"
    )


def test_a_mark_that_an_editor_puts_at_the_beginning_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    stamped = recorded(path)
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert list(read(path)) == stamped


@pytest.mark.parametrize("line", ['{"a": 1}', "[1]", "null", '{"v": "x"}', "[" * 100_000])
def test_a_line_of_something_else_is_named_and_not_taken_for_a_newer_format(
    line: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.cot.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(RecordingError, match=r"line 1: not (valid JSON|a line of a cot-magic recording)"):
        list(read(path))


def test_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    path = tmp_path / "a.cot.jsonl"
    recorded(path)
    path.write_text(path.read_text().replace('"v":1', '"v":2'))
    with pytest.raises(RecordingError, match="recorded in format 2.*update cot-magic"):
        list(read(path))


def test_a_missing_file_and_a_folder_that_is_none_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        list(read(tmp_path / "none"))
    with pytest.raises(UsageError, match="cannot write"):
        Recording(tmp_path / "none" / "a")

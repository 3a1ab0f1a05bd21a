"""For how long the guard rehearses a cell: decided by what it cost when it ran last."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cot_magic.core.case import Cell, CellId
from cot_magic.ipython.guard import LEAST_S, MOST_SHARE, Patience
from cot_magic.sandbox import busy
from cot_magic.sandbox.rehearsal import RehearsalCopy, Rehearsed
from cot_magic.sandbox.scratch import ScratchFolder


@pytest.mark.parametrize("last", [0.0, 0.01, 0.3])
def test_a_cell_that_is_not_known_to_be_long_has_all_the_time_even_on_a_busy_machine(last: float) -> None:
    assert Patience.of(last, 0.3) == Patience(seconds=0.3, whole=None)


@pytest.mark.parametrize("last", [0.301, 0.49, 2.0, 7.0, 10.0, 3_600.0])
def test_for_a_long_cell_nobody_waits_longer_than_a_twentieth_of_it(last: float) -> None:
    patience = Patience.of(last, 0.3)
    assert patience.whole is not None
    assert patience.seconds <= patience.whole <= min(0.3, last / 20)


def test_a_share_in_which_nothing_can_run_is_for_looking_ahead_only() -> None:
    shortest = LEAST_S / MOST_SHARE
    assert Patience.of(shortest * 0.99, 0.3).seconds == 0
    assert Patience.of(shortest * 1.01, 0.3).seconds > 0


@pytest.fixture
def copy() -> Iterator[tuple[RehearsalCopy, socket.socket]]:
    """A copy that is set up; what it says is what a test writes to the socket."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ours, theirs = socket.socketpair()
    copy = RehearsalCopy(pid=process.pid, control=ours, scratch=ScratchFolder(), ready=True)
    yield copy, theirs
    copy.close()
    theirs.close()
    process.communicate()


def rehearsed(copy: RehearsalCopy, *, seconds: float, whole: float | None) -> Rehearsed:
    cell = Cell(id=CellId("a"), source="a = 1")
    return copy.rehearse(cell, source="a = 1", transformed="a = 1", count=1, seconds=seconds, whole=whole)


def say(theirs: socket.socket, *messages: dict[str, Any]) -> None:
    theirs.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in messages))


FORESEEN = {"foreseen": [], "seconds": 0.0}


def test_a_busy_machine_gives_the_rehearsal_of_a_long_cell_no_more_time(
    copy: tuple[RehearsalCopy, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "allowance", lambda *_, **__: pytest.fail("nothing is to be stretched"))
    say(copy[1], FORESEEN)
    assert rehearsed(copy[0], seconds=0.02, whole=0.02).ended == "timed-out"
    assert not copy[0].alive


def test_a_busy_machine_gives_any_other_rehearsal_more_time(
    copy: tuple[RehearsalCopy, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(busy, "allowance", lambda seconds, *_, **__: asked.append(seconds) or 0.0)
    say(copy[1], FORESEEN)
    assert rehearsed(copy[0], seconds=0.02, whole=None).ended == "timed-out"
    assert 0.02 in asked


def test_a_copy_that_is_not_set_up_in_time_is_not_waited_for(
    copy: tuple[RehearsalCopy, socket.socket],
) -> None:
    copy[0].ready = False
    assert rehearsed(copy[0], seconds=0.02, whole=0.02).ended == "late"
    assert not copy[0].alive


def test_a_copy_that_does_not_come_to_the_cell_is_not_waited_for(
    copy: tuple[RehearsalCopy, socket.socket],
) -> None:
    assert rehearsed(copy[0], seconds=0, whole=0.01).ended == "late"
    assert not copy[0].alive


@pytest.mark.parametrize(
    ("ended", "stays"),
    [
        ({"ended": "passed", "follows": True}, True),
        ({"ended": "passed", "follows": False}, False),
        ({"ended": "raised", "ename": "KeyError", "lineno": 1}, True),
        ({"ended": "foreseen"}, False),
        ({"ended": "blocked"}, False),
    ],
)
def test_beside_the_cell_there_is_only_a_copy_that_follows_or_has_a_failure_to_tell(
    copy: tuple[RehearsalCopy, socket.socket], ended: dict[str, Any], stays: bool
) -> None:
    say(copy[1], FORESEEN, ended)
    assert rehearsed(copy[0], seconds=5, whole=None).ended == ended["ended"]
    assert copy[0].alive is stays

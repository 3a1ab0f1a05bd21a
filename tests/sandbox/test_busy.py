"""Waiting for a processor takes nothing off a time limit."""

import os

import pytest

from cot_magic.sandbox import busy


def test_a_process_that_is_not_there_has_not_waited() -> None:
    assert busy.waited(2**22 + 1) == 0.0


def test_waiting_only_grows() -> None:
    before = busy.waited_here()
    sum(range(100_000))
    assert busy.waited_here() >= before >= 0.0


@pytest.mark.parametrize(("waited", "more"), [(0.0, 0.0), (1.5, 1.5), (60.0, 4.0), (-1.0, 0.0)])
def test_a_limit_gets_the_time_that_was_waited_up_to_three_times_itself(monkeypatch, waited, more) -> None:
    monkeypatch.setattr(busy, "waited", lambda pid: 7.0 + waited)
    assert busy.allowance(2.0, os.getpid(), 7.0) == more

"""What runs in a copy prints its result, and nothing else."""

import os
import sys
import threading
from typing import Any

import pytest

from cot_magic.explore.incopy import read_output, step_source
from cot_magic.explore.search.values import Batch, Trial

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"
)


FAILS_LATER = """
import asyncio, threading
def fail():
    go.wait(20)
    raise ValueError("too late")
async def main():
    threads.append(threading.Thread(target=fail))
    threads[-1].start()
asyncio.run(main())
"""


def test_the_traceback_of_a_thread_that_was_left_behind_is_no_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: told.append(failed.exc_type))
    threads: list[threading.Thread] = []
    go = threading.Event()
    namespace: dict[str, Any] = {"go": go, "threads": threads}
    exec(step_source(FAILS_LATER, Batch(trials=(Trial(choices=()),))), namespace)
    go.set()
    threads[0].join(20)
    printed = capsys.readouterr()
    assert read_output(printed.out).ran == 1
    assert printed.err == ""
    assert told == []
    other = threading.Thread(target=lambda: 1 / 0)  # one of somebody else is told as ever
    other.start()
    other.join(20)
    assert told == [ZeroDivisionError]

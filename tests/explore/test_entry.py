"""What an entry point starts is read from its code."""

import asyncio
import threading

from cot_magic.explore.entry import entry_of


def test_calls_that_a_loop_runs_in_threads_are_seen() -> None:
    async def main() -> None:
        await asyncio.to_thread(print)

    assert entry_of(main, globals()).calls
    assert not entry_of(threading.active_count, globals()).threads

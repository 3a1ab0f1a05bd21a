"""Runs each call in a process of its own: a few at a time, with a time limit, and nothing is left of one that
was cancelled."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import IO, Any

from cot_magic.agents.answers import ToolAnswer
from cot_magic.core.errors import CotError, UsageError

Progress = Callable[[int, str], Awaitable[None]]
"""Hears how many steps were made, and the last one in words."""

PLACES = max(1, min(4, os.cpu_count() or 1))  # calls that run at the same time; the others wait
LIMIT_S = 900.0  # seconds of one call
_GOES_S = 15.0  # how long a process may take to end its kernel before it is killed
_LINE = 64 * 1_024 * 1_024  # bytes of an answer


class Processes:
    """Calls under way.

    Parameters
    ----------
    places
        How many run at the same time.
    limit
        Seconds after which a call is ended.
    """

    def __init__(self, places: int = PLACES, limit: float = LIMIT_S) -> None:
        self._places, self._limit = places, limit
        self._free: asyncio.Semaphore | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, call: dict[str, Any], progress: Progress) -> ToolAnswer:
        """Answer one call. Raises CotError with the remedy; a cancelled call ends its process."""
        if self._free is None:
            self._free = asyncio.Semaphore(self._places)  # belongs to the loop that is running now
        if self._free.locked():
            await progress(0, "waiting for a call that is running")
        async with self._free:
            with tempfile.TemporaryFile() as errors:
                return await self._start(call, progress, errors)

    async def _start(self, call: dict[str, Any], progress: Progress, errors: IO[bytes]) -> ToolAnswer:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cot_magic.agents.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=_LINE,
            start_new_session=True,
        )
        heard = _Heard()
        try:
            async with asyncio.timeout(self._limit):
                assert process.stdin is not None
                process.stdin.write(json.dumps(call).encode() + b"\n")
                await process.stdin.drain()
                return await heard.until_answered(process, progress, errors)
        except TimeoutError:
            raise UsageError(_too_long(call, heard.cell, self._limit)) from None
        finally:
            # in a task of its own: a cancelled call may not wait for anything any more
            task = asyncio.ensure_future(_end(process))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Wait until nothing is left of calls that have ended or were cancelled."""
        while self._ending:
            await asyncio.wait(set(self._ending))


class _Heard:
    """What a process has said so far."""

    def __init__(self) -> None:
        self.cell: int | None = None

    async def until_answered(
        self, process: asyncio.subprocess.Process, progress: Progress, errors: IO[bytes]
    ) -> ToolAnswer:
        assert process.stdout is not None
        steps = 0
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "answer" in said:
                return ToolAnswer(**said["answer"])
            if "refused" in said:
                raise UsageError(said["refused"])
            self.cell = said.get("cell", self.cell)
            steps += 1
            await progress(steps, said["progress"])
        raise CotError(f"internal error: {_last_line(errors)}. Nothing was written; please report it.")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process and its kernel: it is asked first, then killed with all that it started."""
    started = _descendants(process.pid)
    try:
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GOES_S)
    finally:
        started += _descendants(process.pid)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        for child in started:  # psutil knows by the time of their start that they are still the same ones
            with suppress(*_gone()):
                child.kill()
        if process.returncode is None:
            await process.wait()


def _descendants(pid: int) -> list[Any]:
    import psutil

    with suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def _gone() -> tuple[type[BaseException], ...]:
    import psutil

    return (psutil.Error,)


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "the process of the call ended")


def _too_long(call: dict[str, Any], cell: int | None, limit: float) -> str:
    where = f"{call['named']}: cell_index {cell} was running" if cell is not None else "it had not ended"
    return (
        f"stopped after {limit:.0f} s: {where}. Nothing was written. Make that cell shorter, or start the "
        "server with a greater --limit."
    )

"""One schedule of asyncio code: run it on an explored loop, clean up, and return the result."""

import asyncio
import threading
from asyncio import events
from collections.abc import Callable, Coroutine, Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

from cot_magic.explore.asyncio.loop import ExploredLoop, RunLimits
from cot_magic.explore.asyncio.thread_calls import CallThread, Turns
from cot_magic.explore.asyncio.waits import Holders, who_waits
from cot_magic.explore.clock import VirtualTime
from cot_magic.explore.decisions import Decisions
from cot_magic.explore.run_result import Deadlock, LimitReached, RunResult, failure_of
from cot_magic.explore.state import seeded

CLEANUP_STEPS = 10_000
Start = Callable[[], Any]
"""Starts the code: returns a coroutine to run, or runs everything itself (with `asyncio.run`)."""


class AsyncRun:
    """One run of asyncio code under the given decisions.

    Parameters
    ----------
    start
        Called once. If it returns a coroutine, that is the main task.
    namespaces
        Globals of the user's code, for clocks that it imported by name.
    random_seed
        Seed of `random` (and of NumPy's global generator, if NumPy is loaded); None: they are left alone.
    calls
        Whether calls that it runs in threads take turns with it and with each other.
    """

    def __init__(
        self,
        start: Start,
        decisions: Decisions,
        *,
        namespaces: Sequence[MutableMapping[str, Any]] = (),
        random_seed: str | None = None,
        limits: RunLimits | None = None,
        calls: bool = False,
    ) -> None:
        self._start, self._decisions, self._namespaces = start, decisions, namespaces
        self._random_seed, self._limits = random_seed, limits or RunLimits()
        self._calls = calls
        self._turns: Turns | None = None
        self.line: Callable[[FrameType], None] | None = None
        """Called for each line of a call that takes turns, for traces."""
        self.loops: list[ExploredLoop] = []
        self.holders: Holders | None = None
        self.prepare: Callable[[ExploredLoop], None] | None = None
        """Called with each loop that the code creates."""

    def go(self) -> RunResult:
        """Run it. Raises nothing but KeyboardInterrupt; afterwards the process is as before."""
        error: BaseException | None = None
        with seeded(self._random_seed), _no_loop_running(), self._loops_made_here():
            clock = VirtualTime(self._now, self._sleep, self._is_ours, self._namespaces, self._random_seed)
            with clock, self._taking_turns():
                try:
                    started = self._start()
                    if asyncio.iscoroutine(started):
                        self._until_complete(started)
                except KeyboardInterrupt:
                    raise
                except BaseException as raised:
                    error = raised
                    if isinstance(raised, Deadlock) and self.loops:
                        blocked = () if self._turns is None else self._turns.waits()
                        raised.waits = (*who_waits(self.loops[-1].tasks, self.holders), *blocked)
                made = tuple(self._decisions.made)
                self._decisions.undisturbed()
                for loop in self.loops:
                    _clean_up(loop)
        return self._result(error, made)

    def _until_complete(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        loop = self._new_loop()
        loop.run_until_complete(loop.create_task(coroutine, name="main"))

    def _result(self, error: BaseException | None, made: tuple[int, ...]) -> RunResult:
        incomplete = ""
        if isinstance(error, LimitReached):
            error, incomplete = None, str(error)
        else:
            error = error or next(filter(None, map(_unseen, self.loops)), None)
        return RunResult(
            failure=None if error is None else failure_of(error),
            choices=made,
            steps=sum(loop.steps for loop in self.loops),
            virtual_s=self._now(),
            waits=error.waits if isinstance(error, Deadlock) else (),
            exception=error,
            incomplete=incomplete,
        )

    # --- the loops of this run ----------------------------------------------------------------------------

    def _new_loop(self) -> ExploredLoop:
        loop = ExploredLoop(self._decisions, limits=self._limits, start=self._now())
        self.loops.append(loop)
        loop.turns = self._turns
        if self.prepare is not None:
            self.prepare(loop)
        return loop

    def _taking_turns(self) -> AbstractContextManager[Any]:
        if not self._calls:
            return nullcontext()
        from cot_magic.explore.asyncio.call_turns import CallTurns

        roots = [self._start, *self._namespaces]
        turns = self._turns = CallTurns(
            self._decisions, lambda: self.loops[-1] if self.loops else None, roots, line=self.line
        )
        return turns

    @contextmanager
    def _loops_made_here(self) -> Iterator[None]:
        """While entered, `asyncio.run` and `Runner` in the user's code get an explored loop as well."""
        kept, here = events.new_event_loop, threading.get_ident()

        def new_event_loop() -> asyncio.AbstractEventLoop:
            return self._new_loop() if threading.get_ident() == here else kept()

        start = threading.Thread.start

        def numbered(thread: threading.Thread) -> None:
            if threading.get_ident() == here and self.loops and type(thread) is not CallThread:
                self.loops[-1].number(thread)
            start(thread)

        events.new_event_loop = asyncio.new_event_loop = new_event_loop
        threading.Thread.start = numbered  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            events.new_event_loop = asyncio.new_event_loop = kept
            threading.Thread.start = start  # type: ignore[method-assign]
            for loop in self.loops:
                loop.close()

    def _now(self) -> float:
        return self.loops[-1].now if self.loops else 0.0

    def _sleep(self, seconds: float) -> None:
        if self.loops:
            self.loops[-1].sleep(seconds)

    def _is_ours(self) -> bool:
        return bool(self.loops) and self.loops[-1].is_ours()


def _clean_up(loop: ExploredLoop) -> None:
    """Cancel tasks and close asynchronous generators, as `asyncio.run` does at its end; and end threads."""
    loop.on_step = loop.on_sleep = None
    if not loop.is_closed():
        loop.extend(CLEANUP_STEPS)
        left = [task for task in loop.tasks if not task.done()]
        for task in left:
            task.cancel()
        try:
            if left:
                loop.run_until_complete(_gathered(left))
            if loop._asyncgens:
                loop.run_until_complete(loop.shutdown_asyncgens())
        except (Deadlock, LimitReached) as stuck:
            loop.unhandled.append({"message": f"tasks did not end when cancelled: {stuck}"})
    for call in loop.calls:
        call.abandon()


async def _gathered(left: Sequence[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*left, return_exceptions=True)


def _unseen(loop: ExploredLoop) -> BaseException | None:
    """The exception of a task that was never retrieved: Python only logs it."""
    for task in loop.tasks:
        if task.done() and not task.cancelled() and task._log_traceback:
            task._log_traceback = False  # it is reported here, and not again when the task is deleted
            error = task.exception()
            if error is not None:
                return error
    return next((item["exception"] for item in loop.unhandled if item.get("exception") is not None), None)


@contextmanager
def _no_loop_running() -> Iterator[None]:
    """While entered, no loop seems to run in this thread: a cell runs inside the kernel's loop."""
    running = events._get_running_loop()
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(running)

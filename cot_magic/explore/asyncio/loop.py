"""An asyncio event loop with a virtual clock and real I/O, in which every completion order is a decision."""

import asyncio
import heapq
import socket
import threading
from asyncio import events
from asyncio.futures import _set_result_unless_cancelled  # type: ignore[attr-defined]
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from cot_magic.explore.asyncio.completions import PATIENCE_S, Completions
from cot_magic.explore.asyncio.names import Arguments, LaneNames, plain_arguments, waiting_function
from cot_magic.explore.asyncio.thread_calls import Pool, ThreadCall, Turns, workers_of
from cot_magic.explore.clock import real_monotonic
from cot_magic.explore.decisions import LATE, SLEEP, SLEEP_SCALES, TASK, Decisions
from cot_magic.explore.run_result import Deadlock, LimitReached

LATE_STEPS, LATE_S, LATE_SHARE = 4, 0.001, 0.10
"""Timers other than sleeps keep their length, but fire up to 1 ms plus a tenth of it late, in three steps."""
GLANCE = 32
"""Steps in a row after which a busy loop checks whether something outside has completed."""

_SelectorLoop: Any = asyncio.SelectorEventLoop
"""Any, because the loop uses names of asyncio that its stubs do not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Limits of one schedule: callbacks that it may run, and real seconds that it may take."""

    steps: int = 100_000
    wall_s: float = 10.0


class ExploredTask(asyncio.Task[Any]):
    """A task with the same number, and so the same place in sets of tasks, in each run of a schedule."""

    lane: int = 0
    arguments: Arguments = ()

    def __hash__(self) -> int:
        return self.lane


class ExploredLoop(_SelectorLoop):  # type: ignore[misc]
    """Runs one ready callback at a time; `decisions` say which one, and when timers fire.

    The clock jumps to the next timer when nothing is ready, unless something outside is awaited: then it
    follows real time, so that no timeout fires too early. No task overtakes an earlier callback that does not
    belong to a task: asyncio's own plumbing relies on their order.

    Parameters
    ----------
    start
        Virtual time at which it starts.
    """

    def __init__(self, decisions: Decisions, *, limits: RunLimits, start: float = 0.0) -> None:
        self.now, self.steps = start, 0
        self.decisions, self._limits = decisions, limits
        self._choose = decisions.choose
        self.tasks: list[ExploredTask] = []
        self.calls: list[ThreadCall] = []
        self.own_threads: dict[int, ThreadCall] = {}
        self.unhandled: list[dict[str, Any]] = []
        self._names = LaneNames()
        self.turns: Turns | None = None
        """Where calls in threads take turns with the loop, if they do."""
        self.on_step: Callable[[Any], None] | None = None
        """Called with each task or call just before it runs; for traces."""
        self.on_sleep: Callable[[int, Any], None] | None = None
        """Called with the choice that was made for a sleep, and with who sleeps."""
        self._lanes = 0
        self._pools: dict[int, Pool] = {}
        self._deadline = real_monotonic() + limits.wall_s
        self._glance_at, self._home = GLANCE, threading.get_ident()
        self.world = Completions(self)
        super().__init__(self.world.selector)
        self.set_exception_handler(_keep_unhandled)

    # --- what asyncio asks of a loop ----------------------------------------------------------------------

    def time(self) -> float:
        return self.now

    def new_lane(self) -> int:
        """The number of the next task or call, from 1; 0 is asyncio's own plumbing."""
        self._lanes += 1
        return self._lanes

    def create_task(self, coro: Any, *, name: str | None = None, **more: Any) -> Any:
        if self.get_task_factory() is not None:
            return super().create_task(coro, name=name, **more)
        lane = self._lanes = self._lanes + 1
        task = _new_task(coro, self, name or f"Task-{lane}", lane, more)
        self.tasks.append(task)
        return task

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if self._closed:
            raise RuntimeError("Event loop is closed")
        handle = events.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if self.is_ours() or (self._closed and threading.get_ident() == self._home):
            return self.call_soon(callback, *args, context=context)
        handle = events.Handle(callback, args, self, context)
        if self._closed:  # a thread that is left from this schedule answers too late
            handle.cancel()
            return handle
        self.world.post(handle)
        self._write_to_self()
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if when is None:
            raise TypeError("when cannot be None")
        if self._closed:
            raise RuntimeError("Event loop is closed")
        delay = when - self.now
        if delay > 0:
            if callback is _set_result_unless_cancelled or _completes(callback):
                when = self.now + delay * SLEEP_SCALES[self._scale(None)]
            else:
                late = self._choose(LATE, LATE_STEPS, self._here())
                if late:
                    when += late / (LATE_STEPS - 1) * (LATE_S + LATE_SHARE * delay)
        handle = events.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._scheduled, handle)
        handle._scheduled = True  # type: ignore[attr-defined]
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: cancelled timers are skipped when their time comes."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        workers = workers_of(executor)
        if workers is None:
            return super().run_in_executor(executor, func, *args)
        pool = self._pools.setdefault(id(executor), Pool(workers))
        call = ThreadCall(self, pool, func, args)
        self.calls.append(call)
        pool.add(call)
        return call.future

    def sleep_of_call(self, seconds: float, call: ThreadCall) -> None:
        """Set the timer that wakes a call which sleeps in its thread; its length is decided as a task's."""
        when = self.now + seconds * SLEEP_SCALES[self._scale(call)] if seconds > 0 else self.now
        self.wake_at(when, call.step)

    def wake_at(self, when: float, wake: Callable[[], None]) -> None:
        """Set a timer about which nothing is decided."""
        handle: Any = events.TimerHandle(when, wake, (), self, None)
        heapq.heappush(self._scheduled, handle)
        handle._scheduled = True

    def number(self, thread: threading.Thread) -> None:
        """Give a thread a number, as the source of what it posts."""
        self.world.number(thread)

    def is_ours(self) -> bool:
        """Whether the calling thread is the loop's, or that of a call that it runs."""
        ident = threading.get_ident()
        call = self.own_threads.get(ident)
        return ident == self._thread_id or (call is not None and not call.detached)

    def sleep(self, seconds: float) -> None:
        """`time.sleep`: in the thread of a call, the loop goes on; in its own, only the clock advances."""
        call = self.own_threads.get(threading.get_ident())
        if call is not None:
            call.park(seconds)
        else:
            self.now += seconds

    def extend(self, steps: int) -> None:
        """Allow so many more steps, for the cleanup."""
        self._limits = RunLimits(steps=self.steps + steps, wall_s=self._limits.wall_s)
        self._deadline = real_monotonic() + 1.0

    # --- one step -----------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        ready, timers = self._ready, self._scheduled
        if self.steps >= self._glance_at:
            self._glance_at = self.steps + GLANCE
            self.world.glance()
        now = self.now
        while timers and (timers[0]._when <= now or timers[0]._cancelled):
            handle = heapq.heappop(timers)
            handle._scheduled = False
            if not handle._cancelled:
                ready.append(handle)
        if not ready:
            self._idle()
            return
        handle = ready.popleft() if len(ready) == 1 else self._chosen()
        if handle._cancelled:
            return
        self.steps += 1
        if self.steps > self._limits.steps:
            raise LimitReached(f"stopped after {self._limits.steps:,} steps")
        if self.on_step is not None:
            self.on_step(getattr(handle._callback, "__self__", None))
        handle._run()

    def _chosen(self) -> Any:
        """One of the ready callbacks: the first of any task, but none that comes after plumbing."""
        ready = self._ready
        places: dict[int, int] = {}
        for place, handle in enumerate(ready):
            if handle._cancelled:
                continue
            owner = getattr(handle._callback, "__self__", None)
            if isinstance(owner, ExploredTask | ThreadCall):
                places.setdefault(owner.lane, place)
            else:
                places.setdefault(0, place)
                break
        if len(places) < 2:
            return ready.popleft()
        lanes = list(places)
        detailed = self.decisions.log is not None
        where = "" if not detailed else ", ".join(map(self.describe_lane, lanes))
        place = places[lanes[self._choose(TASK, len(lanes), where, lanes)]]
        handle = ready[place]
        del ready[place]
        return handle

    def _idle(self) -> None:
        """Wait for what is in progress outside, else advance the clock; called when nothing is ready."""
        self._glance_at = self.steps + GLANCE
        self.keep_limits()
        timers, world = self._scheduled, self.world
        if world.sources or world.where():
            world.wait()
            if self._ready or timers:
                return
        elif timers:
            self.now = max(self.now, timers[0]._when)
            return
        if world.selector.watched and not any(not task.done() for task in self.tasks):
            world.look(PATIENCE_S)
            return
        raise Deadlock("nothing is ready, no timer is set, and nothing outside is in progress")

    def keep_limits(self) -> None:
        """Raise LimitReached if the schedule has taken too long."""
        if real_monotonic() > self._deadline:
            raise LimitReached(f"stopped after {self._limits.wall_s:g} s")

    def is_sleep(self, timer: asyncio.TimerHandle) -> bool:
        """Whether a timer ends a sleep, and is no timeout."""
        callback: Any = timer._callback  # type: ignore[attr-defined]
        return (
            callback is _set_result_unless_cancelled
            or _completes(callback)
            or isinstance(getattr(callback, "__self__", None), ThreadCall)
        )

    # --- the loop's own pipe, created when something outside can wake the loop ----------------------------

    def _make_self_pipe(self) -> None:
        self._ssock: Any = None
        self._csock: Any = None

    def make_own_pipe(self) -> None:
        """Create the pipe through which other threads can wake the loop."""
        if self._ssock is None:
            self._ssock, self._csock = socket.socketpair()
            self._ssock.setblocking(False)
            self._csock.setblocking(False)
            self._internal_fds += 1
            self.world.selector.own_fd = self._ssock.fileno()
            self._add_reader(self._ssock.fileno(), self._read_from_self)

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            super()._close_self_pipe()

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:
        self.make_own_pipe()
        super().add_signal_handler(sig, callback, *args)

    # --- places for people --------------------------------------------------------------------------------

    def _scale(self, call: ThreadCall | None) -> int:
        sleeper = call or asyncio.current_task(self)
        lane = getattr(sleeper, "lane", 0)
        choice = self._choose(SLEEP, len(SLEEP_SCALES), self._here(call), (lane,))
        if self.on_sleep is not None:
            self.on_sleep(choice, sleeper)
        return choice

    def _here(self, call: ThreadCall | None = None) -> str | None:
        if self.decisions.log is None:
            return None
        owner: Any = call or (asyncio.current_task(self) if self.is_running() else None)
        who = self.describe_lane(getattr(owner, "lane", 0))
        return who if call is not None else f"{who} in {waiting_function()}"

    def describe_lane(self, lane: int) -> str:
        return self._names.of(lane, (*self.tasks, *self.calls))


def _new_task(
    coro: Coroutine[Any, Any, Any], loop: ExploredLoop, name: str, lane: int, more: dict[str, Any]
) -> ExploredTask:
    ExploredTask.lane = lane  # asyncio puts the task into a set before its own attribute is set
    arguments = plain_arguments(coro)  # an eager task begins at once
    task = ExploredTask(coro, loop=loop, name=name, **more)
    task.lane, task.arguments = lane, arguments
    return task


def _completes(callback: Callable[..., Any]) -> bool:
    """Whether a timer sets the result of a future: it ends some work, and is no timeout."""
    owner = getattr(callback, "__self__", None)
    return isinstance(owner, asyncio.Future) and not isinstance(owner, asyncio.Task)


def _keep_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    assert isinstance(loop, ExploredLoop)
    loop.unhandled.append(context)

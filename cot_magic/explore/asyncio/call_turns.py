"""Calls that a loop hands to threads take turns with it and with each other: where, is a decision."""

import gc
import heapq
import queue
import sys
import threading
import time
from _thread import get_ident
from asyncio import events
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from cot_magic.explore.asyncio.loop import Deadlock, ExploredLoop
from cot_magic.explore.asyncio.thread_calls import ThreadCall
from cot_magic.explore.clock import real_sleep
from cot_magic.explore.decisions import THREAD, Decisions
from cot_magic.explore.failures import of_the_user
from cot_magic.explore.places import shown
from cot_magic.explore.threads import primitives
from cot_magic.explore.threads.adapt import Adapter, Patches
from cot_magic.explore.threads.points import Monitored, UserCode, points
from cot_magic.explore.threads.scheduler import Lane, Wait, importing

SPIN_S = 0.0005


class CallTurns:
    """While entered: locks are modelled, and calls in threads may lose their turn at points of user code.

    It stands where the scheduler of threaded programs stands: the modelled locks ask it who runs. The baton
    is that of the calls; the loop has it while no call does.

    Parameters
    ----------
    roots
        What the code can reach its existing locks from.
    line
        Told of each line of user code in a call, for traces.
    """

    def __init__(
        self,
        decisions: Decisions,
        loop: Callable[[], ExploredLoop | None],
        roots: Iterable[Any],
        *,
        line: Callable[[FrameType], None] | None = None,
    ) -> None:
        self.decisions, self._loop, self._roots = decisions, loop, list(roots)
        self.quiet = 0
        self.recorder = None
        self.began = 0.0
        self.lanes = [Lane(0, "the loop")]
        self._lanes: dict[int, Lane] = {}
        self._blocked: list[tuple[ThreadCall, Lane]] = []
        self._user, self._patches = UserCode(), Patches()
        self._points = points(self.point, self._user, free_threaded=False, line=line and self._in_call(line))
        self._collecting = gc.isenabled()

    # --- what the modelled locks ask ----------------------------------------------------------------------

    @property
    def now(self) -> float:
        loop = self._loop()
        return loop.now if loop is not None else 0.0

    @property
    def by_ident(self) -> dict[int, ThreadCall]:
        loop = self._loop()
        return loop.own_threads if loop is not None else {}

    @property
    def stopped(self) -> bool:
        """Whether the calling thread is one whose run is over."""
        call = self.by_ident.get(get_ident())
        return call is not None and call.abandoned

    def current(self) -> Lane | None:
        """The lane of the calling thread; None for a thread that is not ours."""
        loop = self._loop()
        if loop is None or self.quiet:
            return None
        ident = get_ident()
        call = loop.own_threads.get(ident)
        if call is not None:
            return None if call.detached or call.abandoned else self._lane_of(call)
        return self.lanes[0] if ident == loop._thread_id else None

    def block(self, lane: Lane, wait: Wait) -> bool:
        """Wait for a lock; others run meanwhile. False if the time ran out before."""
        lane.wait = wait
        try:
            if lane.number == 0:
                return self._block_loop(wait)
            call = self.by_ident[get_ident()]
            if wait.until is not None:
                _wake_at(call.loop, wait.until, lambda: self._wake(call))
            while not wait.ready() and (wait.until is None or self.now < wait.until):
                self._blocked.append((call, lane))
                call.hand_over()  # whoever was woken with it may have been quicker
            return wait.ready()
        finally:
            lane.wait = None

    def point(self, frame: FrameType | None = None, first: Lane | None = None) -> None:
        """Here a call may lose its turn; a lock may have been released as well."""
        loop = self._loop()
        if loop is None or self.quiet:
            return
        if self._blocked:
            if get_ident() in loop.own_threads or get_ident() == loop._thread_id:
                self._unblock()
            else:
                loop.call_soon_threadsafe(self._unblock)
        call = loop.own_threads.get(get_ident())
        if call is None or call.detached or call.abandoned or not loop._ready or importing(frame):
            return
        self.quiet += 1
        try:
            owner = getattr(loop._ready[0]._callback, "__self__", None)
            where = None if self.decisions.log is None else _place(frame)
            choice = self.decisions.choose(THREAD, 2, where, (call.lane, getattr(owner, "lane", 0)))
        finally:
            self.quiet -= 1
        if choice:
            loop.call_soon(call.step)
            call.hand_over()

    # --- details ------------------------------------------------------------------------------------------

    def _lane_of(self, call: ThreadCall) -> Lane:
        lane = self._lanes.get(id(call))
        if lane is None:
            lane = self._lanes[id(call)] = Lane(len(self.lanes), call.name)
            self.lanes.append(lane)
        return lane

    def _unblock(self) -> None:
        for entry in [entry for entry in self._blocked if entry[1].wait is None or entry[1].wait.ready()]:
            self._wake(entry[0])

    def _wake(self, call: ThreadCall) -> None:
        """Let a call go on that waited, unless it already does."""
        for entry in [entry for entry in self._blocked if entry[0] is call]:
            self._blocked.remove(entry)
            call.loop.call_soon(call.step)

    def _block_loop(self, wait: Wait) -> bool:
        """The loop's own thread waits for a lock: only calls go on meanwhile."""
        loop = self._loop()
        assert loop is not None
        while not wait.ready():
            loop.keep_limits()
            self._unblock()
            if _run_a_call(loop):
                continue
            if wait.until is not None:
                loop.now = max(loop.now, wait.until)
                return wait.ready()
            if threading.active_count() == 1 + len(loop.own_threads):
                raise Deadlock(f"the loop waits for {wait.text(self.lanes[0])}")
            real_sleep(SPIN_S)
        return True

    def waits(self) -> tuple[str, ...]:
        """What calls wait for that are blocked."""
        return tuple(
            f"{lane.name} waits for {lane.wait.text(lane)}"
            for _, lane in self._blocked
            if lane.wait is not None
        )

    def begin(self) -> None:
        """Called first in the thread of a call."""
        sys.settrace(None)
        self._points.begin()

    def _in_call(self, line: Callable[[FrameType], None]) -> Callable[[FrameType], None]:
        def told(frame: FrameType) -> None:
            if get_ident() in self.by_ident:
                line(frame)

        return told

    def __enter__(self) -> "CallTurns":
        gc.disable()  # else finalizers of earlier runs get their turn in this one
        primitives.Switch.scheduler = self
        patches = self._patches
        patches.attribute(threading, "Lock", primitives.Lock)
        patches.attribute(threading, "_allocate_lock", primitives.Lock)
        patches.attribute(threading, "_CRLock", None)  # then RLock is the one in Python, over a modelled lock
        patches.attribute(threading, "_time", time.monotonic)
        patches.attribute(queue, "time", time.monotonic)
        patches.attribute(queue, "SimpleQueue", vars(queue)["_PySimpleQueue"])
        Adapter(self._user, patches, clocks=False).adapt(self._roots)
        if isinstance(self._points, Monitored):
            self._points.install()
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._points, Monitored):
            self._points.remove()
        self._patches.undo()
        primitives.Switch.scheduler = None
        if self._collecting:
            gc.enable()


def _wake_at(loop: ExploredLoop, when: float, wake: Callable[[], None]) -> None:
    handle: Any = events.TimerHandle(when, wake, (), loop, None)
    heapq.heappush(loop._scheduled, handle)
    handle._scheduled = True


def _run_a_call(loop: ExploredLoop) -> bool:
    """Let the first call that can go on do its next step, if need be at the time when its sleep ends."""
    for handle in list(loop._ready):
        if isinstance(getattr(handle._callback, "__self__", None), ThreadCall) and not handle._cancelled:
            loop._ready.remove(handle)
            handle._run()
            return True
    sleeping = [
        handle
        for handle in loop._scheduled
        if isinstance(getattr(handle._callback, "__self__", None), ThreadCall) and not handle._cancelled
    ]
    if not sleeping:
        return False
    first = min(sleeping)
    step = first._callback
    first.cancel()
    loop.now = max(loop.now, first._when)
    step()
    return True


def _place(frame: FrameType | None) -> str:
    while frame is not None and not of_the_user(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return ""
    return f"{shown(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_name}"

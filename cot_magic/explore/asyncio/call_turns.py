"""Calls that a loop runs in threads take turns with it and with each other; decisions say where."""

import gc
import sys
import threading
import time
from _thread import get_ident
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from cot_magic.explore.asyncio.loop import ExploredLoop
from cot_magic.explore.asyncio.thread_calls import ThreadCall
from cot_magic.explore.clock import real_sleep
from cot_magic.explore.decisions import THREAD, Decisions
from cot_magic.explore.places import of_the_user, shown
from cot_magic.explore.run_result import Deadlock
from cot_magic.explore.threads import primitives
from cot_magic.explore.threads.adapt import Adapter, Patches, patch_locks
from cot_magic.explore.threads.points import Monitored, UserCode, points
from cot_magic.explore.threads.scheduler import Lane, Wait, importing

SPIN_S = 0.0005


class CallTurns:
    """While entered, locks are modelled, and calls in threads may lose their turn in the user's code.

    It takes the place that the scheduler has for threaded programs: the modelled locks ask it who runs. The
    baton is that of the calls; the loop holds it while no call does.

    Parameters
    ----------
    roots
        Objects from which the code reaches its existing locks.
    line
        Called for each line of the user's code in a call, for traces.
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

    # --- called by the modelled locks ---------------------------------------------------------------------

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
        """Whether the run of the calling thread is over."""
        call = self.by_ident.get(get_ident())
        return call is not None and call.abandoned

    def current(self) -> Lane | None:
        """The lane of the calling thread; None if the thread is not ours."""
        loop = self._loop()
        if loop is None or self.quiet:
            return None
        ident = get_ident()
        call = loop.own_threads.get(ident)
        if call is not None:
            return None if call.detached or call.abandoned else self._lane_of(call)
        return self.lanes[0] if ident == loop._thread_id else None

    def block(self, lane: Lane, wait: Wait) -> bool:
        """Wait for a lock while others run. Returns False if the time ran out before."""
        lane.wait = wait
        try:
            if lane.number == 0:
                return self._block_loop(wait)
            call = self.by_ident[get_ident()]
            if wait.until is not None:
                call.loop.wake_at(wait.until, lambda: self._wake(call))
            while not wait.ready() and (wait.until is None or self.now < wait.until):
                self._blocked.append((call, lane))
                call.hand_over()  # another one that was woken may have been quicker
            return wait.ready()
        finally:
            lane.wait = None

    def point(self, frame: FrameType | None = None, first: Lane | None = None) -> None:
        """Let a call lose its turn, maybe; and wake calls whose lock has been released."""
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
        """Resume a blocked call, unless that has happened already."""
        for entry in [entry for entry in self._blocked if entry[0] is call]:
            self._blocked.remove(entry)
            call.loop.call_soon(call.step)

    def _block_loop(self, wait: Wait) -> bool:
        """Wait for a lock in the loop's own thread: only calls run meanwhile."""
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
        """What the blocked calls wait for."""
        return tuple(
            f"{lane.name} waits for {lane.wait.text(lane)}"
            for _, lane in self._blocked
            if lane.wait is not None
        )

    def begin(self) -> None:
        """Called at the start of the thread of a call."""
        sys.settrace(None)
        self._points.begin()

    def _in_call(self, line: Callable[[FrameType], None]) -> Callable[[FrameType], None]:
        def told(frame: FrameType) -> None:
            if get_ident() in self.by_ident:
                line(frame)

        return told

    def __enter__(self) -> "CallTurns":
        gc.disable()  # else finalizers of earlier runs would run in this one
        primitives.Switch.scheduler = self
        patch_locks(self._patches, time.monotonic)
        Adapter(self._user, self._patches, clocks=False).adapt(self._roots)
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


def _run_a_call(loop: ExploredLoop) -> bool:
    """Run the next step of the call that is ready, or whose sleep ends, first. False if there is none."""

    def of_call(handle: Any) -> bool:
        return isinstance(getattr(handle._callback, "__self__", None), ThreadCall) and not handle._cancelled

    ready = next(filter(of_call, loop._ready), None)
    if ready is not None:
        loop._ready.remove(ready)
        ready._run()
        return True
    first = min(filter(of_call, loop._scheduled), default=None)
    if first is None:
        return False
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

"""Lock, sleep, clock, start and join as the scheduler models them; all other primitives build on these.

Condition, Event, Semaphore, Barrier, the queues, futures and executors of the standard library are Python
code on top of locks: with a modelled lock they need no model of their own.
"""

import contextlib
import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from concurrent.futures import thread as executors
from types import FrameType
from typing import Any

from cot_magic.explore.clock import real_counter, real_monotonic, real_sleep, real_time
from cot_magic.explore.decisions import SLEEP, SLEEP_SCALES
from cot_magic.explore.run_result import Abandoned
from cot_magic.explore.threads.names import name_of_call, name_of_thread
from cot_magic.explore.threads.scheduler import Lane, Scheduler, Wait

TICK_S = 5e-5  # virtual time that reading the clock takes, so that a loop that polls the clock ends
REAL_START, REAL_JOIN = threading.Thread.start, threading.Thread.join
REAL_ALIVE = threading.Thread.is_alive
REAL_WORK = executors._WorkItem.run


class Switch:
    """Where the modelled primitives find the scheduler of the run; it is None between runs."""

    scheduler: Any = None  # a Scheduler, or the CallTurns of a loop that runs calls in threads
    begin: Callable[[], None] | None = None  # called first by a new thread, whose points it sets


def current() -> tuple[Scheduler, Lane] | None:
    """The scheduler and the lane of the calling thread, if it is one that is scheduled."""
    scheduler = Switch.scheduler
    lane = scheduler.current() if scheduler is not None else None
    return (scheduler, lane) if scheduler is not None and lane is not None else None


class Lock:
    """A lock for which the scheduler never chooses a thread that waits for it.

    Its state is that of a real lock, so that threads that are not scheduled, and all threads after the run,
    can use it as usual.
    """

    __slots__ = ("__weakref__", "_holder", "_real")

    def __init__(self, real: Any = None) -> None:
        self._real: Any = allocate_lock() if real is None else real
        self._holder: int | None = None  # number of the lane that acquired it last

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scheduler = Switch.scheduler
        lane = scheduler.current() if scheduler is not None else None
        if scheduler is None or lane is None:
            return self._plainly(blocking, timeout)
        while not self._real.acquire(False):
            if not blocking:
                return False
            if timeout == 0:
                return False
            until = scheduler.now + timeout if timeout >= 0 else None
            wait = Wait(
                lambda: not self._real.locked(),
                until=until,
                what=awaited(sys._getframe(1)),
                holder=lambda: self._held_by(scheduler),
            )
            if not scheduler.block(lane, wait):
                return False
            if until is not None:
                timeout = max(0.0, until - scheduler.now)
        self._holder = lane.number
        return True

    def _plainly(self, blocking: bool, timeout: float) -> bool:
        scheduler = Switch.scheduler
        if scheduler is not None and scheduler.stopped and get_ident() in scheduler.by_ident and blocking:
            if self._real.acquire(False):
                return True
            raise Abandoned
        return bool(self._real.acquire(blocking, timeout))

    def _held_by(self, scheduler: Scheduler) -> Lane | None:
        number = self._holder
        if number is None or not self._real.locked() or number >= len(scheduler.lanes):
            return None
        return scheduler.lanes[number]

    def release(self) -> None:
        self._real.release()
        self._holder = None
        scheduler = Switch.scheduler
        if scheduler is not None:
            scheduler.point(sys._getframe(1))

    def locked(self) -> bool:
        return bool(self._real.locked())

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *raised: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._real._at_fork_reinit()
        self._holder = None

    def __repr__(self) -> str:
        state = "locked" if self.locked() else "unlocked"
        return f"<{state} lock at {id(self):#x}>"


def sleep(seconds: float) -> None:
    """`time.sleep` on the virtual clock; its length is a decision."""
    found = current()
    if found is None:
        real_sleep(seconds)
        return
    scheduler, lane = found
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds == 0:
        scheduler.point(sys._getframe(1))
        return
    recorder = scheduler.recorder
    where = recorder.where(sys._getframe(1)) if recorder is not None else None
    lane.quiet += 1
    choice = scheduler.decisions.choose(SLEEP, len(SLEEP_SCALES), where)
    lane.quiet -= 1
    if choice and recorder is not None:
        recorder.deviates(lane, f"sleeps {SLEEP_SCALES[choice]:g}x as long", scheduler.now)
    until = scheduler.now + seconds * SLEEP_SCALES[choice]
    wait = Wait(lambda: scheduler.now >= until, until=until, sleeping=True, what=f"sleep({seconds:g})")
    scheduler.block(lane, wait)


def clock(real: Callable[[], float]) -> Callable[[], float]:
    """The clock for threads of the run, which it shows virtual time."""

    def read() -> float:
        found = current()
        if found is None:
            return real()
        scheduler, _ = found
        scheduler.now += TICK_S
        return scheduler.began[real] + scheduler.now

    read.__name__ = read.__qualname__ = real.__name__
    return read


monotonic, wall, counter = clock(real_monotonic), clock(real_time), clock(real_counter)


def start(thread: threading.Thread) -> None:
    """`Thread.start`: the new thread becomes a lane, which can run from now on."""
    found = current()
    if found is None:
        REAL_START(thread)
        return
    scheduler, lane = found
    child = scheduler.add(_distinct(scheduler, name_of_thread(thread)), thread)
    run = thread.run

    def body() -> None:
        del thread.run  # the instance's; that of the class is visible again
        _live(scheduler, child, run)

    thread.run = body  # type: ignore[method-assign]
    lane.quiet += 1  # the handshake with the new thread is real
    try:
        REAL_START(thread)
    except BaseException:
        scheduler.drop(child)
        if "run" in vars(thread):
            del thread.run
        raise
    finally:
        lane.quiet -= 1
    scheduler.point(sys._getframe(1), child)  # the new thread is running when it reports so


def _live(scheduler: Scheduler, lane: Lane, run: Callable[[], None]) -> None:
    """The body of a scheduled thread; what it raises is kept for the result instead of being printed."""
    try:
        scheduler.enter(lane)
        if Switch.begin is not None:
            Switch.begin()
        with contextlib.suppress(SystemExit):  # ends a thread silently, as usual
            run()
    except BaseException as error:  # reported in the result of the run
        lane.error = error
    finally:
        if Switch.begin is not None:
            sys.settrace(None)
        scheduler.leave(lane)


def work(item: Any, *context: Any) -> None:
    """A call that a thread of a pool runs: while it does, the lane has the name of the call."""
    scheduler = Switch.scheduler
    lane = scheduler.by_ident.get(get_ident()) if scheduler is not None else None
    if scheduler is not None and lane is not None:
        call = vars(item).get("task") or (item.fn, item.args, item.kwargs)  # Python 3.14 has the first
        lane.calls += 1
        lane.name = _distinct(scheduler, name_of_call(*call))
    REAL_WORK(item, *context)


def _distinct(scheduler: Scheduler, name: str) -> str:
    taken = sum(lane.name == name or lane.name.startswith(f"{name} #") for lane in scheduler.lanes)
    return f"{name} #{taken + 1}" if taken else name


def join(thread: threading.Thread, timeout: float | None = None) -> None:
    """`Thread.join`: waits on the virtual clock."""
    found = current()
    other = _lane_of(found[0], thread) if found is not None else None
    if found is None or other is None:
        REAL_JOIN(thread, timeout)
        return
    scheduler, lane = found
    if other is lane:
        raise RuntimeError("cannot join current thread")
    if not other.finished:
        until = scheduler.now + max(timeout, 0.0) if timeout is not None else None
        wait = Wait(
            lambda: other.finished, until=until, what=f"the end of {other.name}", holder=lambda: other
        )
        if not scheduler.block(lane, wait):
            return
    REAL_JOIN(thread)  # its code has finished: this takes no time
    scheduler.point(sys._getframe(1))


def is_alive(thread: threading.Thread) -> bool:
    """`Thread.is_alive`; the result does not depend on how fast the system ends a thread."""
    scheduler = Switch.scheduler
    lane = _lane_of(scheduler, thread) if scheduler is not None else None
    return REAL_ALIVE(thread) if lane is None else not lane.finished


def _lane_of(scheduler: Scheduler, thread: threading.Thread) -> Lane | None:
    return next((lane for lane in scheduler.lanes if lane.thread is thread), None)


def awaited(frame: FrameType | None) -> str:
    """What the user's code waits in, as far as the stack shows: `Queue.get`, `Event.wait`, or `a lock`."""
    called = ""
    while frame is not None and _ours(frame.f_code.co_filename):
        if frame.f_code.co_filename != __file__ and frame.f_code.co_name not in _LIFE:
            called = frame.f_code.co_qualname
        frame = frame.f_back
    place = f" in line {frame.f_lineno}" if frame is not None else ""
    return f"{called or 'a lock'}{place}"


_LIFE = ("run", "_bootstrap_inner", "_bootstrap", "_worker")  # on the stack of every thread


def _ours(filename: str) -> bool:
    return filename == __file__ or filename.endswith(_LIBRARY)


_LIBRARY = tuple(
    name.replace("/", sep)
    for name in ("/threading.py", "/queue.py", "/futures/_base.py", "/futures/thread.py", "/pool.py")
    for sep in ("/", "\\")
)

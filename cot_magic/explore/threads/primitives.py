"""Lock, sleep, clock, start and join as the scheduler models them; all other primitives stand on these.

Condition, Event, Semaphore, Barrier, the queues, futures and executors of the standard library are Python
code over locks: with a modelled lock below them they need no model of their own.
"""

import contextlib
import sys
import threading
import time
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from types import FrameType
from typing import Any

from cot_magic.explore.decisions import SLEEP
from cot_magic.explore.threads.scheduler import (
    Abandoned,
    Lane,
    Scheduler,
    Wait,
)

FACTORS = (1.0, 0.25, 0.5, 2.0, 4.0)  # a sleep takes that many times its length; the first is undisturbed
TICK_S = 5e-5  # what reading the clock takes, so that a loop on the clock comes to an end
REAL_START, REAL_JOIN = threading.Thread.start, threading.Thread.join
REAL_ALIVE, REAL_SLEEP = threading.Thread.is_alive, time.sleep
REAL_MONOTONIC, REAL_TIME, REAL_COUNTER = time.monotonic, time.time, time.perf_counter


class Switch:
    """Where the modelled primitives find the scheduler of the run; None between runs."""

    scheduler: Any = None  # a Scheduler, or CallTurns where a loop hands calls to threads


def current() -> tuple[Scheduler, Lane] | None:
    """The scheduler and the lane of the calling thread, if it is one that is scheduled."""
    scheduler = Switch.scheduler
    lane = scheduler.current() if scheduler is not None else None
    return (scheduler, lane) if scheduler is not None and lane is not None else None


class Lock:
    """A lock whose waiting threads are never chosen.

    It keeps its state in a real lock: a thread that is not scheduled, and everything after the run, uses it
    as ever.
    """

    __slots__ = ("__weakref__", "_holder", "_real")

    def __init__(self, real: Any = None) -> None:
        self._real: Any = allocate_lock() if real is None else real
        self._holder: int | None = None  # number of the lane that took it last

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
    """`time.sleep` on the virtual clock; how long it takes is a decision."""
    found = current()
    if found is None:
        REAL_SLEEP(seconds)
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
    choice = scheduler.decisions.choose(SLEEP, len(FACTORS), where)
    lane.quiet -= 1
    if choice and recorder is not None:
        recorder.deviates(lane, f"sleeps {FACTORS[choice]:g}x as long", scheduler.now)
    until = scheduler.now + seconds * FACTORS[choice]
    wait = Wait(lambda: scheduler.now >= until, until=until, sleeping=True, what=f"sleep({seconds:g})")
    scheduler.block(lane, wait)


def clock(real: Callable[[], float]) -> Callable[[], float]:
    """A clock of the standard library that shows virtual time to the threads of the run."""

    def read() -> float:
        found = current()
        if found is None:
            return real()
        scheduler, _ = found
        scheduler.now += TICK_S
        base = scheduler.began if real is REAL_TIME else 0.0
        return base + scheduler.now

    read.__name__ = read.__qualname__ = real.__name__
    return read


monotonic, wall, counter = clock(REAL_MONOTONIC), clock(REAL_TIME), clock(REAL_COUNTER)


def start(thread: threading.Thread) -> None:
    """`Thread.start`: the new thread becomes a lane that may be chosen from now on."""
    found = current()
    if found is None:
        REAL_START(thread)
        return
    scheduler, lane = found
    child = scheduler.add(_distinct(scheduler, thread.name), thread)
    run = thread.run

    def body() -> None:
        del thread.run  # the instance's; that of the class is back
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
    scheduler.point(sys._getframe(1), child)  # the new thread has the interpreter when it says that it runs


def _live(scheduler: Scheduler, lane: Lane, run: Callable[[], None]) -> None:
    """The life of a scheduled thread; what it raises is kept for the result instead of being printed."""
    try:
        scheduler.enter(lane)
        begin = Starting.trace
        if begin is not None:
            begin()
        with contextlib.suppress(SystemExit):  # ends a thread silently, as ever
            run()
    except BaseException as error:  # handed on in the result of the run
        lane.error = error
    finally:
        if Starting.trace is not None:
            sys.settrace(None)
        scheduler.leave(lane)


class Starting:
    """What a new thread calls first, to get its points where that is set thread by thread."""

    trace: Callable[[], None] | None = None


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
    REAL_JOIN(thread)  # it has nothing more to run but its own end
    scheduler.point(sys._getframe(1))


def is_alive(thread: threading.Thread) -> bool:
    """`Thread.is_alive`, which does not depend on how fast the system ends a thread."""
    scheduler = Switch.scheduler
    lane = _lane_of(scheduler, thread) if scheduler is not None else None
    return REAL_ALIVE(thread) if lane is None else not lane.finished


def _lane_of(scheduler: Scheduler, thread: threading.Thread) -> Lane | None:
    return next((lane for lane in scheduler.lanes if lane.thread is thread), None)


def awaited(frame: FrameType | None) -> str:
    """What the user's code waits in, as far as the stack tells: `Queue.get`, `Event.wait`, or `a lock`."""
    called = ""
    while frame is not None and _ours(frame.f_code.co_filename):
        if frame.f_code.co_filename != __file__ and frame.f_code.co_name not in _LIFE:
            called = frame.f_code.co_qualname
        frame = frame.f_back
    place = f" in line {frame.f_lineno}" if frame is not None else ""
    return f"{called or 'a lock'}{place}"


_LIFE = ("run", "_bootstrap_inner", "_bootstrap", "_worker")  # every thread is in these


def _ours(filename: str) -> bool:
    return filename == __file__ or filename.endswith(_LIBRARY)


_LIBRARY = tuple(
    name.replace("/", sep)
    for name in ("/threading.py", "/queue.py", "/futures/_base.py", "/futures/thread.py", "/pool.py")
    for sep in ("/", "\\")
)

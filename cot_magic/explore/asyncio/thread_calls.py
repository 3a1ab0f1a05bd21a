"""Blocking calls that a coroutine runs in threads: each runs only while the loop waits for it."""

import asyncio
import sys
import threading
import time
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Protocol

from cot_magic.explore.clock import real_monotonic
from cot_magic.explore.run_result import Abandoned

DEFAULT_WORKERS = 32
LOOK_S = 0.05
"""Real seconds after which a thread that has not handed over is checked for being blocked."""


class Turns(Protocol):
    """Where calls in threads take turns with the loop and with each other."""

    quiet: int
    """While it is above 0, no call loses its turn."""

    def begin(self) -> None:
        """Called at the start of the thread of a call."""
        ...

    def waits(self) -> tuple[str, ...]:
        """What blocked calls wait for."""
        ...


class CallLoop(Protocol):
    """What a call in a thread needs of its loop."""

    turns: Turns | None
    own_threads: MutableMapping[int, "ThreadCall"]

    def new_lane(self) -> int: ...

    def create_future(self) -> asyncio.Future[Any]: ...

    def sleep_of_call(self, seconds: float, call: "ThreadCall") -> None: ...

    def wake_at(self, when: float, wake: Callable[[], None]) -> None: ...

    def number(self, thread: threading.Thread) -> None: ...

    def is_closed(self) -> bool: ...

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> asyncio.Handle: ...

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any) -> asyncio.Handle: ...


class CallThread(threading.Thread):
    """A thread of ours; it posts nothing to the loop unless something outside blocks it."""


class ThreadCall:
    """One call in a thread of its own. The baton goes from the loop to it and back: only one of them runs."""

    def __init__(self, loop: CallLoop, pool: "Pool", func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.loop, self._pool, self._func, self._args = loop, pool, func, args
        self.future: asyncio.Future[Any] = loop.create_future()
        self.lane = loop.new_lane()
        self.thread: threading.Thread | None = None
        self.detached = self.over = self.abandoned = False
        self._go, self._back = allocate_lock(), allocate_lock()  # real ones: others may be modelled
        self._go.acquire()
        self._back.acquire()

    @property
    def name(self) -> str:
        func = getattr(self._func, "func", self._func)
        args = getattr(self._func, "args", ())
        inner = args[0] if args and callable(args[0]) and getattr(func, "__name__", "") == "run" else func
        return f"thread {getattr(inner, '__qualname__', type(inner).__name__)}"

    def step(self) -> None:
        """Run it until it ends or sleeps; called by the loop."""
        if self.abandoned or self.over or (self.future.cancelled() and self.thread is None):
            self._pool.ended(self)
            return
        if self.thread is None:
            self.thread = self._started()
        self._go.release()
        self._wait()

    def _started(self) -> threading.Thread:
        turns = self.loop.turns
        if turns is not None:
            turns.quiet += 1  # the handshake with the new thread is real
        try:
            thread = CallThread(target=self._body, daemon=True, name=self.name)
            self.thread = thread
            thread.start()
            return thread
        finally:
            if turns is not None:
                turns.quiet -= 1

    def park(self, seconds: float) -> None:
        """`time.sleep` in this thread: the loop goes on, and wakes it in time."""
        if self.detached:
            time.sleep(seconds)
            return
        self.loop.sleep_of_call(seconds, self)
        self.hand_over()

    def hand_over(self) -> None:
        """Let the loop go on until it runs the next step of the call; called in the thread."""
        self._back.release()
        self._go.acquire()
        if self.abandoned:
            raise Abandoned

    def abandon(self) -> None:
        """End the thread where it sleeps, as the schedule is over."""
        if self.thread is None or self.over:
            return
        self.abandoned = True
        if not self.detached:
            self._go.release()
            self._back.acquire(timeout=1.0)

    def _wait(self) -> None:
        while not self._back.acquire(timeout=LOOK_S):
            if self.thread is not None and _idle(self.thread):
                # it waits for something outside, or for something that only this loop does: go on without it
                self.detached = True
                self.loop.number(self.thread)
                return

    def _body(self) -> None:
        self._go.acquire()  # until the loop has started it
        self.loop.own_threads[threading.get_ident()] = self
        if self.loop.turns is not None:
            self.loop.turns.begin()
        result, error = None, None
        try:
            result = self._func(*self._args)
        except Abandoned:
            self._finish(None, None)
            return
        except BaseException as failure:
            error = failure
        self._finish(result, error)

    def _finish(self, result: Any, error: BaseException | None) -> None:
        sys.settrace(None)
        self.over = True
        self.loop.own_threads.pop(threading.get_ident(), None)
        if not self.abandoned and not self.loop.is_closed():
            tell = self.loop.call_soon_threadsafe if self.detached else self.loop.call_soon
            tell(self._settle, result, error)
        self._back.release()

    def _settle(self, result: Any, error: BaseException | None) -> None:
        self._pool.ended(self)
        if self.future.cancelled():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Pool:
    """The calls of one executor, at most as many at a time as it has workers."""

    def __init__(self, workers: int) -> None:
        self._free, self._waiting = workers, deque[ThreadCall]()
        self._running: set[int] = set()

    def add(self, call: ThreadCall) -> None:
        if self._free:
            self._start(call)
        else:
            self._waiting.append(call)

    def ended(self, call: ThreadCall) -> None:
        if call.lane in self._running:
            self._running.discard(call.lane)
            self._free += 1
            if self._waiting:
                self._start(self._waiting.popleft())

    def _start(self, call: ThreadCall) -> None:
        self._free -= 1
        self._running.add(call.lane)
        call.loop.call_soon(call.step)


def workers_of(executor: Executor | None) -> int | None:
    """How many calls an executor runs at a time; None if its threads cannot be replaced."""
    if executor is None:
        return DEFAULT_WORKERS
    if type(executor) is ThreadPoolExecutor and getattr(executor, "_initializer", None) is None:
        return int(executor._max_workers)
    return None


def _idle(thread: threading.Thread) -> bool:
    """Whether a thread is blocked: it has used no processor time for a while."""
    ident = thread.ident
    if ident is None or not hasattr(time, "pthread_getcpuclockid"):
        return False
    clock = time.pthread_getcpuclockid(ident)
    before, until = time.clock_gettime(clock), real_monotonic() + LOOK_S
    while real_monotonic() < until:
        if not thread.is_alive():
            return False
        thread.join(LOOK_S / 5)
    return thread.is_alive() and time.clock_gettime(clock) - before < LOOK_S / 100

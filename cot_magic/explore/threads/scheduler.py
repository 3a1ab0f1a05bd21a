"""Threads that run one at a time: the holder of the baton runs until a decision passes it on."""

import sys
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from cot_magic.explore.clock import beginning, real_counter, real_monotonic, real_time
from cot_magic.explore.decisions import THREAD, Decisions
from cot_magic.explore.run_result import Abandoned, Deadlock, LimitReached

STALL_S = 0.05  # a loaded machine may delay a running thread for that long, so that a sleeper overtakes it
SPIN = 10_000  # points in a row after which a thread counts as busy-waiting for the others
STEPS = 1_000_000  # points after which a run is stopped


class Wait:
    """What a lane waits for.

    Attributes
    ----------
    ready
        Whether it can go on; called while no thread runs.
    until
        Virtual time at which it goes on in any case; None for never.
    sleeping
        Whether it merely sleeps, so that it may overtake a thread that the machine delays.
    what, holder
        For the report of a deadlock: the thing, and the lane that holds it.
    """

    __slots__ = ("holder", "ready", "sleeping", "until", "what")

    def __init__(
        self,
        ready: Callable[[], bool],
        *,
        until: float | None = None,
        sleeping: bool = False,
        what: str = "",
        holder: "Callable[[], Lane | None] | None" = None,
    ) -> None:
        self.ready, self.until, self.sleeping = ready, until, sleeping
        self.what, self.holder = what, holder

    def text(self, lane: "Lane") -> str:
        """What the lane waits for, and who holds it."""
        holder = self.blocker(lane)
        if holder is None or holder.name in self.what:
            return self.what
        return f"{self.what}, {'which it holds itself' if holder is lane else f'held by {holder.name}'}"

    def blocker(self, lane: "Lane") -> "Lane | None":
        """The lane that has to go on first, if there is one."""
        holder = self.holder() if self.holder is not None else None
        if holder is lane and not self.what.startswith("a lock"):
            return None  # a Condition waits on a lock that the waiting thread itself acquired
        return holder


class Lane:
    """One thread of the run.

    `number` is its place in the order of starts; `calls` counts those that a thread of a pool has begun;
    `quiet` counts the reasons not to switch away from it.
    """

    __slots__ = (
        "baton",
        "calls",
        "error",
        "finished",
        "frame",
        "name",
        "number",
        "pending",
        "quiet",
        "thread",
        "wait",
    )

    def __init__(self, number: int, name: str, thread: Any = None) -> None:
        self.number, self.name, self.thread = number, name, thread
        self.baton = allocate_lock()
        self.baton.acquire()
        self.wait: Wait | None = None
        self.pending: BaseException | None = None
        self.error: BaseException | None = None
        self.frame: FrameType | None = None
        self.finished = False
        self.quiet = self.calls = 0


class Recorder(Protocol):
    """Told of every point and decision of a run that is recorded."""

    def at(self, lane: Lane, frame: FrameType | None, now: float) -> None: ...

    def deviates(self, lane: Lane, how: str, now: float) -> None: ...

    def blocks(self, lane: Lane, wait: Wait, now: float) -> None: ...

    def where(self, frame: FrameType | None) -> str: ...


class Scheduler:
    """Passes the baton from lane to lane as the decisions say, and keeps the virtual clock.

    All methods but `enter` are called by the lane that holds the baton, so nothing here needs a lock.
    """

    def __init__(
        self, decisions: Decisions, recorder: Recorder | None = None, seed: str | None = None
    ) -> None:
        self.decisions, self.recorder = decisions, recorder
        self.lanes: list[Lane] = []
        self.alive: list[Lane] = []
        self.by_ident: dict[int, Lane] = {}
        self.now = 0.0
        self.began: dict[Callable[[], float], float] = {
            real: beginning(real(), 1, seed) for real in (real_time, real_monotonic, real_counter)
        }
        self.steps = 0
        self.budget = STEPS
        self.stopped = False
        self._spun = 0

    # --- lanes --------------------------------------------------------------------------------------------

    def add(self, name: str, thread: Any = None) -> Lane:
        """Add a lane, which can run from now on."""
        lane = Lane(len(self.lanes), name, thread)
        self.lanes.append(lane)
        self.alive.append(lane)
        return lane

    def drop(self, lane: Lane) -> None:
        """Forget a lane whose thread could not be started."""
        self.lanes.remove(lane)
        self.alive.remove(lane)

    def current(self) -> Lane | None:
        """The lane of the calling thread; None if the thread is not ours, or is not to be switched now."""
        lane = self.by_ident.get(get_ident())
        return None if lane is None or lane.quiet or self.stopped else lane

    def enter(self, lane: Lane) -> None:
        """Wait until the lane is chosen for the first time; called by its thread."""
        lane.baton.acquire()
        self.by_ident[get_ident()] = lane
        if self.stopped:
            raise Abandoned

    def leave(self, lane: Lane) -> None:
        """Pass the baton on for good; called by a thread that is done."""
        lane.finished = True
        self.by_ident.pop(get_ident(), None)
        self.alive.remove(lane)
        if self.stopped:
            return
        chosen = self._choose(lane)
        if chosen is not None:
            chosen.baton.release()

    # --- turns --------------------------------------------------------------------------------------------

    def point(self, frame: FrameType | None = None, first: Lane | None = None) -> None:
        """Let another thread take over, maybe; called where the interpreter could release its global lock.

        `first` is the lane that would go on without us, where that is not the calling thread's.
        """
        lane = self.by_ident.get(get_ident())
        if lane is None or lane.quiet or self.stopped:
            return
        self.steps += 1
        self.now += 1e-6
        if self.steps > self.budget:
            raise LimitReached(f"the code did not finish within {self.budget:,} steps")
        if len(self.alive) == 1:
            return
        lane.quiet += 1
        lane.frame = frame
        try:
            self._turn(lane, frame, first)
        finally:
            lane.quiet -= 1
            lane.frame = None

    def _turn(self, lane: Lane, frame: FrameType | None, first: Lane | None) -> None:
        self._spun += 1
        chosen = self._choose(lane, first)
        if chosen is not None and chosen is not lane and not importing(frame):
            self._give(lane, chosen)

    def line(self, frame: FrameType) -> None:
        """Record that a line of the user's code begins."""
        lane = self.current()
        if lane is not None and self.recorder is not None:
            self.recorder.at(lane, frame, self.now)

    def block(self, lane: Lane, wait: Wait) -> bool:
        """Wait while others run. Returns False if the time ran out before the lane was ready."""
        lane.wait = wait
        lane.quiet += 1
        lane.frame = sys._getframe(1)
        if self.recorder is not None:
            self.recorder.blocks(lane, wait, self.now)
        try:
            chosen = self._choose(lane)
            if chosen is not lane and chosen is not None:
                self._give(lane, chosen)
            if lane.pending is not None:
                error, lane.pending = lane.pending, None
                raise error
            return wait.ready()
        finally:
            lane.wait = None
            lane.frame = None
            lane.quiet -= 1

    def _give(self, lane: Lane, chosen: Lane) -> None:
        self._spun = 0
        if self.recorder is not None and chosen.frame is not None:
            self.recorder.at(chosen, chosen.frame, self.now)
        chosen.baton.release()
        lane.baton.acquire()
        if self.stopped:
            raise Abandoned

    def _choose(self, lane: Lane, first: Lane | None = None) -> Lane | None:
        """The lane that runs next; None if none can: then the main lane, if it waits, raises a Deadlock."""
        spinning = self._spun > SPIN
        ready = self._ready(lane, spinning)
        if not ready:
            return self._after_timers(lane)
        if first is not None and first in ready:
            ready.sort(key=lambda other: other is not first)
        if spinning:  # it has been busy-waiting: without us, too, its turn would have ended
            self._spun = 0
            chosen = ready[1] if ready[0] is lane and len(ready) > 1 else ready[0]
        else:
            chosen = ready[self._decide(lane, ready)]
        self._reach(chosen)
        return chosen

    def _ready(self, lane: Lane, spinning: bool) -> list[Lane]:
        """The lanes that can run: the calling one, then those with higher numbers, then the others."""
        horizon = self.now + STALL_S
        later = [other for other in self.alive if other.number > lane.number]
        earlier = [other for other in self.alive if other.number < lane.number]
        ready = []
        for other in ([] if lane.finished else [lane]) + later + earlier:
            wait = other.wait
            latest = horizon if wait is not None and wait.sleeping and other is not lane else self.now
            if wait is None or wait.ready() or _until(other) <= latest:
                ready.append(other)
        if spinning and ready == [lane]:
            timed = [other for other in self.alive if other.wait is not None and other.wait.until is not None]
            ready += sorted(timed, key=lambda other: (_until(other), other.number))[:1]
        if ready and all(self._overtakes(other) for other in ready):
            return []  # no thread runs that could be delayed: the clock decides
        return ready

    def _overtakes(self, lane: Lane) -> bool:
        wait = lane.wait
        return wait is not None and not wait.ready() and _until(lane) > self.now

    def _after_timers(self, lane: Lane) -> Lane | None:
        """Advance the clock to the next timer; a decision chooses among the lanes that are due together."""
        timed = [other for other in self.alive if other.wait is not None and other.wait.until is not None]
        if not timed:
            return self._deadlock()
        first = min(_until(other) for other in timed)
        due = [other for other in timed if _until(other) <= first]
        chosen = due[self._decide(lane, due)]
        self._reach(chosen)
        return chosen

    def _decide(self, lane: Lane, ready: list[Lane]) -> int:
        if len(ready) < 2:
            return 0
        where = self.recorder.where(lane.frame) if self.recorder is not None else None
        choice = self.decisions.choose(THREAD, len(ready), where, [other.number for other in ready])
        if choice and self.recorder is not None:
            self.recorder.deviates(ready[choice], f"runs before {ready[0].name}", self.now)
        return choice

    def _reach(self, lane: Lane) -> None:
        """Advance the clock to the timer of a lane that was chosen because of it."""
        wait = lane.wait
        if wait is not None and wait.until is not None and not wait.ready():
            self.now = max(self.now, wait.until)

    # --- ends ---------------------------------------------------------------------------------------------

    def _deadlock(self) -> Lane | None:
        main = self.lanes[0]
        if main.finished or main.wait is None:
            return None
        waits = self.waits()
        main.pending = Deadlock("; ".join(waits), waits)
        return main

    def waits(self) -> tuple[str, ...]:
        """Who waits for what, and who holds it if a lane does; in the order of the lanes."""
        found = []
        for lane in self.alive:
            if lane.wait is None:
                continue
            found.append(f"{lane.name} waits for {lane.wait.text(lane)}")
        return tuple(found)

    def circle(self) -> bool:
        """Whether lanes wait for each other in a circle, so that none of them can ever go on."""
        for lane in self.alive:
            seen: set[int] = set()
            at: Lane | None = lane
            while at is not None and at.wait is not None and at.wait.until is None:
                if at.number in seen:
                    return True
                seen.add(at.number)
                at = at.wait.blocker(at)
        return False


def _until(lane: Lane) -> float:
    wait = lane.wait
    return wait.until if wait is not None and wait.until is not None else float("inf")


def importing(frame: FrameType | None) -> bool:
    """Whether the code runs inside an import, which holds a real lock that others must not wait for."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False

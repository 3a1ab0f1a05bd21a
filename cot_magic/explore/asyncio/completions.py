"""What completes outside of a loop, in files and threads: it is delivered one by one, recorded, held back.

The order goes into the decision list, so that a replay delivers in the same order.
"""

import asyncio
import heapq
import threading
from collections import deque
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Any, Protocol

from cot_magic.explore.asyncio import outside
from cot_magic.explore.asyncio.thread_calls import CallThread, ThreadCall
from cot_magic.explore.clock import real_monotonic, real_sleep
from cot_magic.explore.decisions import CLOCK, FIRST, GLANCED, GRID, HELD, TIMES, Ask, Decisions, holds
from cot_magic.explore.run_result import LimitReached

PATIENCE_S, SPIN_S = 0.02, 0.0005
"""Real seconds to wait for files at a time, and the step of a wait for anything else."""
LOOPBACK_S = 0.0005
"""Real seconds that a completion may take whose other end is in this process."""
GRACE_S, REST_S = 0.002, 0.02
"""Completions within so many real seconds (the second: of threads at work) count as simultaneous."""
LEAST_HELD_S, HELD_TIMES = 0.01, 4
"""A completion that is held back waits for another one, four times as long as completions took so far."""
HELD_S = 0.15
"""Real seconds that a run may wait like that; after that nothing is held back."""
REACH_S = 0.25
"""How far ahead the end of a sleep may be that a completion is held back for, or four times what it took."""
BOUND_S, BOUND_TIMES = 1.5, 10
"""Real seconds within which a recorded completion has to arrive, or so many times what it took."""
PIECES_S = 0.25
"""After so many real seconds a stream is assumed to arrive in other pieces than recorded."""

_ACTIVE: dict[int, threading.Thread] = vars(threading)["_active"]
"""The threads that have started, without the lock that `threading.active_count` takes."""


class Diverged(LimitReached):
    """What happened outside is not what the recorded schedule says."""


class HostLoop(Protocol):
    """What `Completions` needs of its loop."""

    decisions: Decisions
    now: float
    tasks: list[Any]
    calls: list[ThreadCall]
    own_threads: Mapping[int, ThreadCall]
    _ready: MutableSequence[Any]
    _scheduled: list[Any]

    def make_own_pipe(self) -> None: ...

    def is_sleep(self, timer: asyncio.TimerHandle) -> bool: ...

    def keep_limits(self) -> None: ...

    def _process_events(self, events: Sequence[Any]) -> None: ...


class Completions:
    """What is in progress outside of one loop.

    Sources (registered files, threads that were started) are numbered in the order in which the program
    creates them, so that each has the same number in each run of a schedule. Completions are delivered only
    when the loop has nothing else to do, or after `loop.GLANCE` steps.
    """

    def __init__(self, loop: HostLoop) -> None:
        self._loop = loop
        self._decisions = loop.decisions
        self.sources = 0
        self.selector = outside.LazySelector(self.new_source)
        self.posted: deque[tuple[int, Any]] = deque()
        """Callbacks that other threads posted, with their sources; each is delivered when its turn comes."""
        self._threads: dict[int, int] = {}
        self._owed = self._longest = self._began = self._spent = 0.0
        self._held: set[int] = set()
        self._delivered: set[int] = set()
        self._again = False
        alone = len(_ACTIVE) == 1
        self._known = frozenset((threading.current_thread(),) if alone else threading.enumerate())

    def new_source(self) -> int:
        self.sources += 1
        return self.sources - 1

    def number(self, thread: threading.Thread) -> None:
        """Give a thread that the code starts a number, as the source of what it posts."""
        self._threads[id(thread)] = self.new_source()

    def post(self, handle: Any) -> None:
        """Add a callback; called by other threads."""
        thread = threading.current_thread()
        source = self._threads.get(id(thread))
        if source is None:  # the program did not start it
            source = self._threads[id(thread)] = self.new_source()
        self.posted.append((source, handle))

    # --- called by the loop -------------------------------------------------------------------------------

    def where(self) -> str:
        """Where something is in progress that may cause the next event."""
        loop = self._loop
        files = self.selector.at_work() if self.selector.watched else ""
        if files == outside.ELSEWHERE:
            return files
        own = loop.own_threads
        detached = own and any(call.detached for call in own.values())
        if len(_ACTIVE) == 1 + len(own) and not detached:
            return outside.HERE if self.posted else files
        if detached:
            return outside.ELSEWHERE
        foreign = self._foreign()
        if not foreign:
            return outside.HERE if self.posted else files
        if self.posted or outside.at_work(foreign):
            return outside.ELSEWHERE
        return outside.ELSEWHERE if self._expecting() else outside.HERE

    def _expecting(self) -> int:
        """How many tasks wait for something outside."""
        pending = [task for task in self._loop.tasks if not task.done()]
        return outside.expecting(pending, {call.future for call in self._loop.calls})

    def wait(self) -> None:
        """Deliver what completes, or advance the clock to a timer; called when nothing is ready."""
        self._began = real_monotonic()
        self._again = True
        while self._again:
            self._again = False
            self._decisions.observe(self._next, "outside")

    def glance(self) -> None:
        """Deliver what has completed meanwhile; called when the loop has been busy for long."""
        if self.sources:
            self._decisions.observe(self._glanced, GLANCED)

    def look(self, seconds: float) -> None:
        """Wait for connections to a server that only listens."""
        for _, deliver in sorted(self._arrived(seconds).items()):
            deliver()

    # --- what happens next --------------------------------------------------------------------------------

    def _next(self, recorded: int, ask: Ask | None) -> int:
        timer = self._timer() if recorded == CLOCK else None
        if timer is not None and self._decisions.edited and not self._loop.is_sleep(timer):
            seen = self._natural(None)  # on edited code, too, we cause no timeout
            return 0 if seen == CLOCK else seen
        if timer is not None:
            return self._clock()
        if recorded >= FIRST:
            return self._recorded(*divmod(recorded - FIRST, TIMES))
        return self._natural(ask)

    def _glanced(self, recorded: int, ask: Ask | None) -> int:
        if recorded >= FIRST and not holds(recorded):
            return self._recorded(*divmod(recorded - FIRST, TIMES))
        arrived = {} if recorded == CLOCK else self._arrived(0.0)
        source = min(arrived.keys() - self._held, default=-1)
        return self._deliver(source, arrived[source], 0.0) if source >= 0 else CLOCK

    def _natural(self, ask: Ask | None) -> int:
        """What happens by itself, unless it is held back."""
        follows = False
        while True:
            where, waited = self.where(), real_monotonic() - self._began
            if where == outside.ELSEWHERE and not follows:
                follows = True
                self._loop.make_own_pipe()
            left = self._left(where, waited)
            arrived = self._arrived(min(SPIN_S if self._held else PATIENCE_S, left))
            if arrived and follows:
                arrived = self._settled(arrived)
            waited = real_monotonic() - self._began
            took = waited if follows else 0.0
            free = arrived.keys() - self._held
            if free:
                return self._delivered_or_held(min(free), arrived, took, ask)
            if arrived:
                timer = self._timer()
                late = timer is not None and left <= 0
                if late and self._loop.is_sleep(timer):
                    return self._clock()
                if late or self._in_vain(where, waited, len(arrived)):  # we cause no timeout
                    self._spent += waited
                    return self._deliver(min(arrived), arrived[min(arrived)], took)
                real_sleep(SPIN_S)
            elif self._over(where, left):
                return CLOCK if self._loop._ready else self._clock()

    def _delivered_or_held(
        self, source: int, arrived: dict[int, Callable[[], None]], took: float, ask: Ask | None
    ) -> int:
        ways = self._ways(len(arrived), took) if ask is not None else 1
        choice = ask(ways, -1 - source) if ask is not None and ways > 1 else 0
        if not choice:
            return self._deliver(source, arrived[source], took)
        if choice == ways - 1 and self._sleep_ends(took):
            return self._clock()
        return self._hold(source)

    def _hold(self, source: int) -> int:
        self._held.add(source)
        self._again = True
        return FIRST + source * TIMES + HELD

    def _left(self, where: str, waited: float) -> float:
        """Real seconds until the clock reaches the next timer."""
        if where != outside.ELSEWHERE:
            return max(0.0, LOOPBACK_S - waited) if where else 0.0
        timer = self._timer()
        return PATIENCE_S if timer is None else timer._when - self._loop.now - self._owed - waited

    def _over(self, where: str, left: float) -> bool:
        """Whether nothing came before the next timer, or nothing more is expected."""
        self._loop.keep_limits()
        if self._loop._ready:
            return True
        return where != outside.ELSEWHERE if self._timer() is None else left <= 0

    def _ways(self, arrived: int, took: float) -> int:
        """How many ways there are to treat a completion.

        It is delivered, held back for another one that may come, or held back until a sleep ends.
        """
        return 1 + (arrived > 1 or self._expecting() > 1) + self._sleep_ends(took)

    def _settled(self, arrived: dict[int, Callable[[], None]]) -> dict[int, Callable[[], None]]:
        """Add those that complete simultaneously, so that their order is that of their sources."""
        expecting, began = self._expecting(), real_monotonic()
        while len(arrived) < expecting and (waited := real_monotonic() - began) < REST_S:
            if waited > GRACE_S and not outside.at_work(self._foreign()):
                break
            real_sleep(SPIN_S / 2)
            arrived = self._arrived(0.0)
        return arrived

    def _foreign(self) -> list[threading.Thread]:
        found = outside.foreign_threads(self._known, self._loop.own_threads)
        return [thread for thread in found if not isinstance(thread, CallThread)]  # ours may be ending

    def _sleep_ends(self, took: float) -> bool:
        timer = self._timer()
        reach = max(REACH_S, HELD_TIMES * took)
        return timer is not None and timer._when - self._loop.now <= reach and self._loop.is_sleep(timer)

    def _in_vain(self, where: str, waited: float, arrived: int) -> bool:
        """Whether to deliver what is held back, as nothing else has completed for a while."""
        if where != outside.ELSEWHERE:
            return waited > LOOPBACK_S
        if waited > HELD_S - self._spent or self._expecting() <= arrived:
            return True
        if waited <= max(LEAST_HELD_S, HELD_TIMES * self._longest):
            return False
        return not outside.at_work(self._foreign())

    def _recorded(self, source: int, index: int) -> int:
        """Wait for that source; earlier arrivals of others are left for later."""
        if index == HELD:
            return self._hold(source)
        self._loop.make_own_pipe()
        began = real_monotonic()
        if self._decisions.edited:
            return self._fitting(source, GRID[index], began)
        while (waited := real_monotonic() - began) < max(BOUND_S, BOUND_TIMES * GRID[index]):
            arrived = self._arrived(PATIENCE_S)
            if source in arrived:
                return self._deliver(source, arrived[source], GRID[index], exact=True)
            if waited > max(PIECES_S, BOUND_TIMES * GRID[index]):
                more = self._delivered & arrived.keys() & set(self.selector.numbers.values())
                if more:  # recorded as one piece, it arrives in two now
                    arrived[min(more)]()
                    return 0
                if source in self._delivered and (arrived or self._timer() is not None):
                    self._again = True  # recorded as two pieces, it arrived in one now
                    return FIRST + source * TIMES + index
            if arrived:
                real_sleep(SPIN_S)
            if source >= self.sources or not self._may_come(source):
                break
            self._loop.keep_limits()
        raise Diverged(f"completion {source} of the recorded schedule did not arrive")

    def _fitting(self, source: int, took: float, began: float) -> int:
        """On edited code: deliver that source, or one that the record lacks; 0 if it cannot arrive."""
        while self._may_come(source):
            arrived = self._arrived(PATIENCE_S)
            if source in arrived:
                return self._deliver(source, arrived[source], took, exact=True)
            added = [other for other in arrived if not self._decisions.expects(other)]
            if added:
                return self._deliver(min(added), arrived[min(added)], 0.0)
            waited, all_there = real_monotonic() - began, self._expecting() <= len(arrived)
            late = waited > (REST_S if all_there else max(PIECES_S, BOUND_TIMES * took))
            if late and (waited > BOUND_S or not outside.at_work(self._foreign())):
                break
            if arrived:
                real_sleep(SPIN_S)
            self._loop.keep_limits()
        self._again = True
        return 0

    def _may_come(self, source: int) -> bool:
        if source in self.selector.numbers.values():
            return True
        known = {id(thread) for thread in threading.enumerate()}
        alive = any(number == source and key in known for key, number in self._threads.items())
        return alive or any(number == source for number, _ in self.posted)

    # --- details ------------------------------------------------------------------------------------------

    def _arrived(self, seconds: float) -> dict[int, Callable[[], None]]:
        """What has completed: a callback that delivers it, for each source. Empties the loop's own pipe."""
        loop = self._loop
        found: dict[int, Callable[[], None]] = {}
        for event in self.selector.select(0.0 if self.posted else max(0.0, seconds)):
            if event[0].fd == self.selector.own_fd:
                loop._process_events([event])
                handle = loop._ready.pop()
                handle._run()
            else:
                found[self.selector.numbers[event[0].fd]] = lambda event=event: loop._process_events([event])  # type: ignore[misc]
        for place, (source, handle) in enumerate(self.posted):
            if source not in found:
                found[source] = lambda place=place, handle=handle: self._hand_over(place, handle)  # type: ignore[misc]
        if seconds and not self.selector.watched and not found and self.selector.own_fd < 0:
            real_sleep(min(seconds, SPIN_S))
        return found

    def _hand_over(self, place: int, handle: Any) -> None:
        del self.posted[place]
        self._loop._ready.append(handle)

    def _deliver(
        self, source: int, deliver: Callable[[], None], seconds: float, *, exact: bool = False
    ) -> int:
        """Deliver it, and advance the clock by what it took, but not past the next timer."""
        self._delivered.add(source)
        if source not in self._held:
            self._longest = max(self._longest, seconds)
        total = seconds if exact else self._owed + seconds
        index = max(place for place, length in enumerate(GRID) if length <= total)
        self._owed = 0.0 if exact else min(total - GRID[index], PATIENCE_S)
        timer = self._timer()
        now = self._loop.now + GRID[index]
        self._loop.now = now if timer is None else max(self._loop.now, min(now, timer._when))
        deliver()
        return FIRST + source * TIMES + index

    def _clock(self) -> int:
        timer = self._timer()
        if timer is not None:
            self._loop.now = max(self._loop.now, timer._when)
        self._owed = 0.0
        return CLOCK

    def _timer(self) -> Any:
        """The next timer that is not cancelled; None if there is none."""
        timers = self._loop._scheduled
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        return timers[0] if timers else None

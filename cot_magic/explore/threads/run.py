"""One schedule of threaded code: run it one thread at a time, end what is left, and return the result."""

import gc
from _thread import get_ident
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

from cot_magic.explore.decisions import Decisions
from cot_magic.explore.run_result import Abandoned, Deadlock, LimitReached, RunResult, failure_of
from cot_magic.explore.state import seeded
from cot_magic.explore.threads import primitives
from cot_magic.explore.threads.adapt import Adapter, Patches, patch_library
from cot_magic.explore.threads.points import Points, UserCode, lock_is_off, points
from cot_magic.explore.threads.record import ThreadRecord
from cot_magic.explore.threads.scheduler import STEPS, Lane, Scheduler, Wait

DRAIN_STEPS, DRAIN_S = 50_000, 60.0  # limits for threads that outlive the code; the time is virtual
END_S = 1.0  # real seconds that a thread has to end when the run is over


def run_threads(
    start: Callable[[], Any],
    decisions: Decisions,
    *,
    namespaces: Sequence[MutableMapping[str, Any]] = (),
    random_seed: str | None = None,
    files: Collection[str] | None = None,
    free_threaded: bool | None = None,
    steps: int = STEPS,
) -> RunResult:
    """Run code once under the given decisions, one thread at a time.

    The code is not changed. It runs in the calling thread; the threads that it starts get their turn at the
    points where the interpreter could switch, in the user's code, and at locks, queues, joins and sleeps.
    Time is virtual. Afterwards the process is as before; threads that are still blocked are ended.

    Parameters
    ----------
    start
        Called once, without arguments.
    namespaces
        Globals of the user's code: real locks and clocks in them are replaced while it runs. Those of
        `start`, if it is a function of the user, need not be given.
    random_seed
        Seed of `random` (and of NumPy's global generator); None: they are left alone.
    files
        File names of the user's code; None: all that are not installed.
    free_threaded
        Whether threads may lose their turn before every instruction, as without the global interpreter lock;
        None: as this interpreter does.
    steps
        Points after which the run is stopped as incomplete.

    Returns
    -------
    RunResult
        With a trace if the decisions are detailed. `failure` is what `start` raised, else the first exception
        that ended a thread, else a Deadlock of threads that wait for each other.
    """
    user = UserCode(files)
    record = ThreadRecord(user, decisions.made) if decisions.log is not None else None
    scheduler = Scheduler(decisions, record, random_seed)
    scheduler.budget = steps
    main = scheduler.add("main")
    free = lock_is_off() if free_threaded is None else free_threaded
    line = scheduler.line if record is not None else None
    place = points(scheduler.point, user, free_threaded=free, line=line)
    with seeded(random_seed), _modelled(scheduler, user, [start, *namespaces]):
        try:
            with _points(place):
                error, made = _go(start, scheduler, main, record)
        finally:
            _end(scheduler)
    return _result(scheduler, error, made, record)


def _go(
    start: Callable[[], Any], scheduler: Scheduler, main: Lane, record: ThreadRecord | None
) -> tuple[BaseException | None, tuple[int, ...]]:
    """Run the code in this thread, then let its threads end. Returns what it raised, and its choices."""
    scheduler.by_ident[get_ident()] = main
    error: BaseException | None = None
    try:
        start()
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        error = raised
        if record is not None:
            record.failed(main, raised)
    made = tuple(scheduler.decisions.made)
    left = _drain(scheduler, main)
    return error or left, made


@contextmanager
def _modelled(scheduler: Scheduler, user: UserCode, roots: Sequence[Any]) -> Iterator[None]:
    """While entered: the primitives of the library, and those that the code can reach, are modelled."""
    if primitives.Switch.scheduler is not None:
        raise RuntimeError("a schedule of threads cannot be explored inside another one")
    patches = Patches()
    collecting = gc.isenabled()
    gc.disable()  # else finalizers of earlier runs would run in this one, anywhere
    primitives.Switch.scheduler = scheduler
    try:
        patch_library(patches)
        Adapter(user, patches).adapt(roots)
        yield
    finally:
        patches.undo()
        primitives.Switch.scheduler = None
        if collecting:
            gc.enable()


@contextmanager
def _points(place: Points) -> Iterator[None]:
    primitives.Switch.begin = place.begin
    place.install()
    try:
        yield
    finally:
        place.remove()
        primitives.Switch.begin = None


def _drain(scheduler: Scheduler, main: Lane) -> BaseException | None:
    """Let the threads of code that has ended finish undisturbed. Returns a Deadlock if they cannot."""
    scheduler.decisions.undisturbed()
    main.finished = True
    others = [lane for lane in scheduler.alive if lane is not main]
    awaited = [lane for lane in others if lane.thread is not None and not lane.thread.daemon]
    if not awaited:
        return None
    scheduler.budget = min(scheduler.budget, scheduler.steps + DRAIN_STEPS)
    wait = Wait(lambda: all(lane.finished for lane in awaited), until=scheduler.now + DRAIN_S)
    if not wait.ready() and not scheduler.block(main, wait) and scheduler.circle():
        waits = scheduler.waits()
        return Deadlock("; ".join(waits), waits)  # threads that merely wait for work are no deadlock
    return None


def _end(scheduler: Scheduler) -> None:
    """End the threads that are left one by one, each where it waits."""
    scheduler.stopped = True
    for lane in [lane for lane in reversed(scheduler.alive) if lane.thread is not None]:
        lane.baton.release()
        primitives.REAL_JOIN(lane.thread, END_S)
    scheduler.by_ident.clear()


def _result(
    scheduler: Scheduler, error: BaseException | None, made: tuple[int, ...], record: ThreadRecord | None
) -> RunResult:
    incomplete = ""
    for lane in scheduler.lanes:
        if lane.error is None or isinstance(lane.error, Abandoned):
            continue
        if record is not None:
            record.failed(lane, lane.error)
        if error is None and not isinstance(lane.error, LimitReached):
            error = lane.error
    if isinstance(error, LimitReached):
        error, incomplete = None, str(error)
    return RunResult(
        failure=failure_of(error) if error is not None else None,
        choices=made,
        steps=scheduler.steps,
        virtual_s=scheduler.now,
        waits=error.waits if isinstance(error, Deadlock) else (),
        trace=record.trace(scheduler.lanes) if record is not None else None,
        exception=error,
        incomplete=incomplete,
    )

"""The two hooks around each cell: a copy is parked before, a failure is investigated after."""

import sys
from typing import TYPE_CHECKING, Any

from cot_magic import actions
from cot_magic.actions.state import history_of
from cot_magic.core.errors import CotError
from cot_magic.ipython import guard
from cot_magic.ipython.kernel_state import KernelState
from cot_magic.run.last_session import LAST
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.core.session import Session


def before_cell(
    state: KernelState, info: Any, settings: Settings | None, *, keep: bool, cell_timeout: float | None = None
) -> None:
    """A cell is about to run. With settings, park a copy of the kernel first.

    Parameters
    ----------
    keep
        Leave the last copy parked: the cell is a line magic about the last failure.
    cell_timeout
        Seconds after which the cell is interrupted.
    """
    if _in_copy():
        return
    nested = bool(state.running)
    state.running.append((history_of(state).begin(state.shell, info), settings))
    if nested:
        return
    state.failed_inside, state.asked = None, keep
    if not keep and (settings is not None or not _resumable()):
        _release(state)
    if settings is not None and settings.snapshots:
        state.snapshot = actions.park(state, "fork", settings)
    guard.before(state, info, state.running[-1][0], settings)
    if cell_timeout is not None:
        from cot_magic.run.interrupts import Watchdog  # light start: only a headless run has a time limit

        state.watchdog = Watchdog(cell_timeout)


def after_cell(state: KernelState, result: Any) -> "Session | None":
    """A cell has run. If it was armed and failed (or was asked about), investigate it; return the session."""
    if _in_copy() or not state.running:
        return None
    cell, settings = state.running.pop()
    history_of(state).finish(state.shell, result)
    error = result.error_in_exec or result.error_before_exec
    if state.running:
        state.failed_inside = error if error is not None else state.failed_inside
        return None
    stopped = guard.after(state, cell, result)
    timed_out = state.watchdog is not None and state.watchdog.stop()
    state.watchdog = None
    error = error if error is not None else state.failed_inside
    interrupted = state.asked and isinstance(error, KeyboardInterrupt)
    if interrupted or (error is not None and isinstance(error.__cause__, CotError)):
        return None  # a magic of ours was interrupted or refused its line: not a failure of the person's code
    failure = (
        None
        if error is None
        else actions.Failure(
            cell=cell,
            error=error,
            timed_out=timed_out,
            unparsed=result.error_before_exec is not None,
            stopped=stopped,
        )
    )
    if stopped is not None and settings is None:
        settings = state.defaults
    if failure is not None:
        state.failure = failure
    if settings is None:
        if failure is not None:
            _release(state)  # what is parked is the state before another cell
        return None
    try:
        if settings.teach and state.lesson is not None and state.lesson.ran_again(cell, error):
            return None if state.lesson.under_way else LAST.session
        asked = settings.prompt or (settings.explores and not state.listeners)
        if failure is None and not asked:
            return None
        return actions.investigate_cell(
            state, settings, cell=cell, failure=failure, listeners=state.listeners
        )
    finally:
        if failure is None:
            _release(state)  # kept only for more questions about a failure


def _in_copy() -> bool:
    """Whether this process is a copy of the kernel, in which hooks return at once."""
    snapshot = sys.modules.get("cot_magic.sandbox.snapshot")
    return snapshot is not None and bool(snapshot.in_child())


def _release(state: KernelState) -> None:
    if state.snapshot is not None:
        actions.release(state)


def _resumable() -> bool:
    """Whether the last session can be resumed: a key is renewed in a cell, which must not remove the copy."""
    session = LAST.session
    return session is not None and bool(session.interrupted or session.faults)

"""The guard: a cell is rehearsed in a copy of the kernel first; if it fails there, it does not run."""

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cot_magic import actions
from cot_magic.ipython.kernel_state import KernelState
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.core.case import Cell

IDLE_S = 0.02  # after a cell, before the next copy is made: the reply of the cell goes first
MOST_SHARE = 0.04  # of the time that a long cell took last; with what is around it, it stays below 5 %
LEAST_S = 0.02  # a shorter rehearsal says nothing
MOST_COSTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how long a cell is rehearsed.

    `seconds` are those in which it runs in the copy; with 0, it is only looked what can be foreseen. `whole`
    is the longest that the kernel waits for all of it, on a busy machine too; None for a cell that is not
    known to be long, whose rehearsal may take longer where it has to wait for a processor.
    """

    seconds: float
    whole: float | None = None

    @classmethod
    def of(cls, last: float, most: float) -> "Patience":
        """For a cell that took `last` seconds when it ran last (0: not known), of which at most `most` are
        rehearsed; of a longer one only a small share."""
        if last <= most:
            return cls(seconds=most)
        share = min(most, last * MOST_SHARE)
        return cls(seconds=share if share >= LEAST_S else 0.0, whole=share)


def guards(state: KernelState, settings: Settings | None) -> bool:
    """Whether the cell that is about to run is to be rehearsed."""
    asked = state.guard.on if state.guard.on is not None else state.bridge.guard
    return asked or (settings is not None and settings.rehearse)


def before(state: KernelState, info: Any, cell: "Cell", settings: Settings | None) -> None:
    """Rehearse a cell that is about to run, if that was asked for; a failure takes its place."""
    guard = state.guard
    guard.stopped, guard.follows, guard.leaves, guard.ended = None, False, state.asked, ""
    if guards(state, settings) and info.store_history and not state.asked:
        _rehearse(state, info, cell, settings or state.defaults)
    guard.began = time.monotonic()


def _rehearse(state: KernelState, info: Any, cell: "Cell", settings: Settings) -> None:
    guard, shell = state.guard, state.shell
    transformed = getattr(info, "transformed_cell", None)
    if transformed is None:
        transformed = shell.transform_cell(info.raw_cell)
    patience = Patience.of(guard.costs.get(_key(cell), 0.0), settings.guard_ms / 1_000)
    has_copy = state.rehearsals is not None and state.rehearsals.alive
    if not actions.can_be_rehearsed(transformed) or (patience.whole is not None and not has_copy):
        return  # to make a copy now would cost more than the share that a long cell has
    try:
        found = actions.rehearse_cell(
            state,
            settings,
            cell,
            source=info.raw_cell,
            transformed=transformed,
            seconds=patience.seconds,
            whole=patience.whole,
        )
    except KeyboardInterrupt as interrupt:  # of the cell, as far as the person knows
        actions.end_rehearsals(state)
        actions.release(state)
        _stop(state, interrupt.with_traceback(None), 1)
        return
    guard.follows, guard.stopped, guard.ended = found.follows, found.stopped, found.ended
    for hint in found.hints:
        print(f"cot-magic: {hint}", file=sys.stderr)
    if found.stopped is not None:
        _stop(state, found.stopped.error, found.stopped.lineno)


def _stop(state: KernelState, error: BaseException, lineno: int) -> None:
    from cot_magic.ipython.stop import Stop  # light start: few cells are stopped

    state.guard.stop = Stop(state.shell, error, lineno)
    state.guard.stop.arm()


def after(state: KernelState, cell: "Cell", result: Any) -> "actions.StoppedCell | None":
    """The cell has run, or was stopped: return what stopped it, and let the copy go if it does not follow."""
    guard = state.guard
    if guard.stop is not None:
        guard.stop.disarm()
        guard.stop = None
    error = result.error_in_exec or result.error_before_exec
    stopped = guard.stopped if guard.stopped is not None and guard.stopped.error is error else None
    if stopped is None and guard.began:
        guard.costs[_key(cell)] = time.monotonic() - guard.began
        guard.costs.move_to_end(_key(cell))
        if len(guard.costs) > MOST_COSTS:
            guard.costs.popitem(last=False)
    guard.began = 0.0
    if state.rehearsals is not None and not (guard.leaves or (guard.follows and error is None)):
        actions.end_rehearsals(state)
    if guards(state, None):
        _prepare_when_idle(state)
    return stopped


def _key(cell: "Cell") -> str:
    """What a cell is known by when it runs again: its id, or its source where the front end gives none."""
    return f"{hash(cell.source)}" if cell.id.startswith("in-") else str(cell.id)


def _prepare_when_idle(state: KernelState) -> None:
    """Make the copy for the next cell once the answer to this one is on its way."""
    if state.rehearsals is not None and state.rehearsals.alive:
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # a terminal: a person reads the prompt now
        actions.prepare_rehearsals(state, state.defaults)
        return

    def prepare() -> None:
        if not state.running and guards(state, None):
            actions.prepare_rehearsals(state, state.defaults)

    loop.call_later(IDLE_S, prepare)


def end(state: KernelState) -> None:
    """Let the copy go: no cell is rehearsed any more."""
    if state.rehearsals is not None:
        actions.end_rehearsals(state)

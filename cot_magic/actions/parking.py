"""Parked copies of the kernel: made before a cell or after its failure, kept, released."""

from dataclasses import replace

from cot_magic import plugins
from cot_magic.actions.state import ActionState, history_of, secrets_so_far
from cot_magic.core.protocols import Sandbox
from cot_magic.settings import Settings

ROOM_AFTER_A_FAILURE = 8  # times the size limit of copies that are made before each cell


def park(state: ActionState, name: str, settings: Settings) -> Sandbox:
    """A copy of the kernel as it is now, by the sandbox plugin of that name."""
    from cot_magic.capture.failure import sandbox_describe

    sandbox: Sandbox = plugins.load("sandboxes", name)(
        state.shell,
        describe=sandbox_describe(history_of(state), secrets_so_far(state)),
        allow=settings.allow,
        size_limit_mb=settings.snapshot_limit_mb,
    )
    return sandbox


def parked(state: ActionState, settings: Settings) -> Sandbox:
    """The copy from before the cell; if there is none, one of the state that the failure left."""
    if state.snapshot is not None and state.snapshot.status().available:
        return state.snapshot
    # a kernel too large to be copied before each cell can still be copied once, after a failure
    roomy = replace(settings, snapshot_limit_mb=settings.snapshot_limit_mb * ROOM_AFTER_A_FAILURE)
    late = park(state, "fork-after", roomy)
    return late if late.status().available or state.snapshot is None else state.snapshot


def release(state: ActionState) -> None:
    """Let the parked copy go, unless a lesson still needs it."""
    if state.snapshot is None:
        return
    if state.lesson is None or not state.lesson.holds(state.snapshot):
        state.snapshot.close()
    state.snapshot = None

"""Parked copies of the kernel: made before a cell or after its failure, kept, released."""

import ast
from collections.abc import Collection
from dataclasses import replace

from cot_magic import plugins
from cot_magic.actions.failure import Failure
from cot_magic.actions.state import ActionState, history_of, secrets_so_far
from cot_magic.capture.lineage.history import CellRun
from cot_magic.core.case import Case, Cell
from cot_magic.core.protocols import Sandbox
from cot_magic.settings import Settings

IMPORTING_S = 2.0
"""What a cell takes again whose libraries are imported already; what it computes besides shows in a trial."""
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


def parked(
    state: ActionState, settings: Settings, failure: Failure | None = None, case: Case | None = None
) -> Sandbox:
    """The copy from before the cell; else that state made again, in a copy or in a new process; else a copy
    of the state after the failure.

    Parameters
    ----------
    case
        That of the failure.
    """
    if state.snapshot is not None and state.snapshot.status().available:
        return state.snapshot
    # a kernel too large to be copied before each cell can still be copied once, after a failure
    roomy = replace(settings, snapshot_limit_mb=settings.snapshot_limit_mb * ROOM_AFTER_A_FAILURE)
    unparsed = failure is not None and failure.unparsed  # nothing of the cell has run
    late = park(state, "fork" if unparsed else "fork-after", roomy)
    if failure is None or case is None or failure.timed_out:
        return late if late.status().available else state.snapshot or late
    if late.status().available:
        return late if unparsed else _before(state, late, failure, case, settings) or late
    return _replayed(state, late.status().reason, failure, case, settings)


def _before(
    state: ActionState, copy: Sandbox, failure: Failure, case: Case, settings: Settings
) -> Sandbox | None:
    """The state before the cell, if it can be made again in copies of the state after it."""
    from cot_magic.capture.lineage.dataflow import flow_of
    from cot_magic.capture.lineage.dependencies import runs_behind
    from cot_magic.run.run_session import limits_of
    from cot_magic.sandbox.made_again import Origin, made_again

    found = runs_behind(failure.cell, history_of(state), state.shell.user_ns)
    if found is None:
        return None
    origin = Origin(
        cells=tuple(Cell(id=run.cell, source=run.source) for run in found.runs),
        seconds=sum(run.seconds or 0.0 for run in found.runs),
        names=found.names,
        own=tuple(sorted(flow_of(failure.cell.source).defines)),
        said=_said(tuple(dict.fromkeys(case.label(run.cell) for run in found.runs))),
    )
    return made_again(copy, origin, failure.cell, case.raised, limits_of(settings))


def _replayed(state: ActionState, reason: str, failure: Failure, case: Case, settings: Settings) -> Sandbox:
    """The state before the cell in a new process, if the cells that ran lead to the same failure there.

    `reason` is why the kernel cannot be copied.
    """
    from cot_magic.capture.lineage.dependencies import runs_behind
    from cot_magic.run.run_session import limits_of
    from cot_magic.sandbox.libraries import ahead
    from cot_magic.sandbox.made_again import Origin, replayed
    from cot_magic.sandbox.snapshot import NoSandbox, Snapshot

    history = history_of(state)
    found = runs_behind(failure.cell, history, state.shell.user_ns)
    passed = (run for run in history.runs if run.ended and not run.raised and run.cell != failure.cell.id)
    runs = found.runs if found is not None else tuple(passed)
    cells = tuple(dict.fromkeys(case.label(run.cell) for run in runs))
    process = park(state, "fresh", settings)
    there = ahead() if isinstance(process, Snapshot) else ()
    origin = Origin(
        cells=tuple(Cell(id=run.cell, source=run.source) for run in runs),
        seconds=sum(seconds_again(run, there) for run in runs),
        names=(),
        own=(),
        said=f"{reason}: {_again(cells)} in a new process; it then fails as it did",
    )
    made: Sandbox | str = "interrupted"
    try:
        made = replayed(process, origin, failure.cell, case.raised, limits_of(settings))
    finally:
        if isinstance(made, str):
            process.close()
    if isinstance(made, str):
        return NoSandbox(reason if made == reason else f"{reason}; {made}")
    return made


def seconds_again(run: CellRun, there: Collection[str]) -> float:
    """What a run takes in a process that has imported these packages before its jobs."""
    took = run.seconds or 0.0
    return min(took, IMPORTING_S) if _imported(run.source).intersection(there) else took


def _imported(source: str) -> set[str]:
    """The packages that a cell imports."""
    from cot_magic.capture.lineage.dataflow import plain_python

    try:
        tree = ast.parse(plain_python(source))
    except SyntaxError:
        return set()
    names = (
        name
        for node in ast.walk(tree)
        for name in (
            [item.name for item in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    )
    return {name.partition(".")[0] for name in names}


def _said(cells: tuple[str, ...]) -> str:
    """How the state before the cell was made, in words for a person."""
    return (
        f"no copy was made before the cell ran: {_again(cells)}; it then fails as it did and leaves the same "
        "values"
    )


def _again(cells: tuple[str, ...]) -> str:
    names = f"{', '.join(cells[:-1])} and {cells[-1]}" if len(cells) > 1 else "".join(cells)
    return f"each experiment first runs {names} again" if names else "the cell needs no other cell"


def release(state: ActionState) -> None:
    """Let the parked copy go, unless a lesson still needs it."""
    if state.snapshot is None:
        return
    if state.lesson is None or not state.lesson.holds(state.snapshot):
        state.snapshot.close()
    state.snapshot = None

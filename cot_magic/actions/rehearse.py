"""Rehearses a cell before it runs: what raises in two copies of the kernel is stopped, the rest runs."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cot_magic.actions.failure import StoppedCell
from cot_magic.actions.parking import park, release
from cot_magic.actions.rebuilt import foretold, rebuilt
from cot_magic.actions.state import ActionState, history_of, redactor_of
from cot_magic.core.case import Case, Cell, Raised
from cot_magic.core.facts import NO_FACTS, Fact, Facts
from cot_magic.core.jobs import Job, JobStep, Limits, Outcome
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.sandbox.foresight import Foreseen
    from cot_magic.sandbox.rehearsal import Rehearsed

CONFIRM_S = 10.0
"""For the second copy, which is new and has loaded nothing yet."""
MAGIC = re.compile(r"get_ipython\(\)\.run_(?:line|cell)_magic\('([^']*)'")
QUIET_MAGICS = frozenset({"matplotlib", "time", "timeit", "precision"})
"""Magics that a rehearsal runs; the others may own the terminal, start programs or read more cells."""
ALWAYS_LIVE = re.compile(
    r"get_ipython\(\)\.(?:system|getoutput)\b|\b(?:input|getpass|breakpoint|exit|quit)\s*\("
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal came to: an error in place of the cell, or hints, or nothing.

    `follows` says whether the copy is as the kernel will be when the cell has passed; `ended` how it ended.
    """

    stopped: StoppedCell | None = None
    hints: tuple[str, ...] = ()
    follows: bool = False
    ended: str = ""


def can_be_rehearsed(transformed: str) -> bool:
    """Whether a cell may run in a copy first: not what asks a person, runs programs or uses other magics, nor
    what cannot be parsed, of which nothing runs anyway."""
    if ALWAYS_LIVE.search(transformed):
        return False
    try:
        ast.parse(transformed)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(name in QUIET_MAGICS for name in MAGIC.findall(transformed)) and bool(transformed.strip())


def prepare_rehearsals(state: ActionState, settings: Settings) -> None:
    """Make the copy for rehearsals of the cells to come, unless there is one."""
    if state.rehearsals is not None and state.rehearsals.alive:
        return
    from cot_magic.sandbox import rehearsal
    from cot_magic.sandbox.following import Accounts

    history, shell = history_of(state), state.shell
    accounts = Accounts(
        begin=lambda info: history.begin(shell, info),
        finish=lambda result: history.finish(shell, result),
        examine=lambda error, case: _autopsy(state, error, case),
    )
    found = rehearsal.start(shell, accounts, size_limit_mb=settings.snapshot_limit_mb)
    state.rehearsals = None if isinstance(found, str) else found
    state.no_rehearsals = found if isinstance(found, str) else ""


def say_whether_guarded(state: ActionState, *, on: bool) -> str:
    """Make or close the copy for rehearsals, and say what happens to cells from now on."""
    if not on:
        end_rehearsals(state)
        return "From now on, cells run without a rehearsal."
    prepare_rehearsals(state, state.defaults)
    if state.rehearsals is None:
        return f"Cells cannot be rehearsed, and run as without the guard: {state.no_rehearsals}."
    return (
        "From now on, each cell is rehearsed in a copy of the kernel for at most "
        f"{state.defaults.guard_ms} ms; one that fails there does not run."
    )


def end_rehearsals(state: ActionState) -> None:
    """Let the copy go."""
    if state.rehearsals is not None:
        state.rehearsals.close()
    state.rehearsals = None


def rehearse_cell(
    state: ActionState,
    settings: Settings,
    cell: Cell,
    *,
    source: str,
    transformed: str,
    seconds: float,
    whole: float | None = None,
) -> Rehearsal:
    """Run the cell in the copy first, for at most so many seconds; with 0, only look what can be foreseen.

    With `whole`, the kernel waits no longer than that for the copy, on a busy machine too. KeyboardInterrupt
    passes through.
    """
    prepare_rehearsals(state, settings)
    if state.rehearsals is None:
        return Rehearsal()
    count = state.shell.execution_count - 1
    result = state.rehearsals.rehearse(
        cell, source=source, transformed=transformed, count=count, seconds=seconds, whole=whole
    )
    if result.ended == "raised":
        return _confirmed(state, settings, cell, source, result)
    if result.ended == "passed":
        return Rehearsal(follows=result.follows, ended=result.ended)
    certain = next((item for item in result.foreseen if item.certain), None)
    if certain is not None:
        return Rehearsal(stopped=_foretold(state, settings, certain), ended=result.ended)
    return Rehearsal(hints=tuple(_hint(item) for item in result.foreseen), ended=result.ended)


def _confirmed(
    state: ActionState, settings: Settings, cell: Cell, source: str, first: "Rehearsed"
) -> Rehearsal:
    """What to raise, if a new copy of the kernel fails in the same way; else it was chance."""
    parked_for_this = state.snapshot is None
    again = _in_a_new_copy(state, settings, cell, source, first.seconds)
    copy = state.rehearsals
    told = copy.error() if copy is not None else None
    line = first.lineno + history_of(state).offset_of(cell.id)
    if again is None or told is None or (again.ename, _line_of(again)) != (first.ename, line):
        if parked_for_this and state.snapshot is not None:
            release(state)
        return Rehearsal(ended="raised once")
    state.rehearsals = None  # from now on it belongs to this failure
    error = rebuilt(told, state.shell.user_ns)
    stopped = StoppedCell(error=error, lineno=first.lineno, raised=again, copy=copy)
    return Rehearsal(stopped=stopped, ended=first.ended)


def _in_a_new_copy(
    state: ActionState, settings: Settings, cell: Cell, source: str, seconds: float
) -> Raised | None:
    """How the cell fails in a new copy of the kernel; None if it passes, or if the copy is what stops it."""
    if state.snapshot is None:
        state.snapshot = park(state, "fork", settings)
    if not state.snapshot.status().available:
        return None
    limits = Limits(wall_s=CONFIRM_S + seconds, cpu_s=int(CONFIRM_S + seconds) + 1)
    job = Job(steps=(JobStep(source=source, cell=cell.id),), limits=limits)
    (result,) = state.snapshot.run((job,))
    return result.raised if result.outcome is Outcome.RAISED and not result.effects else None


def _line_of(raised: Raised) -> int | None:
    """The line of the cell in which the failing statement is."""
    return next((frame.lineno for frame in raised.frames if frame.cell is not None), None)


def _foretold(state: ActionState, settings: Settings, item: "Foreseen") -> StoppedCell:
    if state.snapshot is None:
        state.snapshot = park(state, "fork", settings)
    return StoppedCell(error=foretold(item), lineno=item.lineno)


def _hint(item: "Foreseen") -> str:
    return f"line {item.lineno} may raise {item.ename}: {item.evalue}"


def _autopsy(state: ActionState, error: BaseException, case: Case) -> Iterator[Fact]:
    from cot_magic.autopsy import examination  # only a cell that fails needs it

    return examination.autopsy(error, case, history_of(state), redactor_of(state), state.shell.user_ns)


class RehearsedExaminer:
    """Examines the copy in which the rehearsal failed: its exception is alive there, and nowhere else."""

    def __init__(self, stopped: StoppedCell) -> None:
        self._copy = stopped.copy

    def examine(self, case: Case) -> Facts:
        """The facts that the autopsy finds there; the copy is closed after that."""
        from cot_magic.autopsy.examination import UNFINISHED

        if self._copy is None:
            return NO_FACTS
        found = tuple(self._copy.examine(case))
        self._copy.close()
        told = tuple(item for item in found if item.kind != UNFINISHED)
        open_ended = tuple(str(item.value.get("analyser")) for item in found if item.kind == UNFINISHED)
        return Facts(found=told, unfinished=open_ended)

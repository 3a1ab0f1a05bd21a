"""Failures that were got past: a cell may have several, and one is seen when the one above it is mended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Cell, CellId, Raised
from cot_magic.core.edits import opcodes, size, suppressions
from cot_magic.core.findings import CellEdit, Evidence, EvidenceKind, Fix, FixId, Stage
from cot_magic.core.jobs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One failure on the way of a fix, and what it changes about it.

    Attributes
    ----------
    case
        The notebook as the legs before this one left it, with what it then raises.
    edits
        What this leg adds to those before it.
    fix
        The fix that consists of this leg and those before it.
    """

    case: Case
    edits: tuple[CellEdit, ...]
    fix: Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class GotPast:
    """A failure that does not happen any more with a fix; `lineno` counts in the failing cell as it was."""

    raised: Raised
    lineno: int | None
    fix: FixId


def run_of(fix: FixId, stage: Stage, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest run of the failing cell for that fix, or None."""
    for item in reversed(evidence):
        if item.kind is EvidenceKind.FIX and item.about == fix and item.stage is stage:
            return item
    return None


def edited(case: Case, edits: Sequence[CellEdit]) -> Case:
    """The case with the edits made; what was raised stays the same."""
    sources = {edit.cell: edit.after for edit in edits}

    def now(cell: Cell) -> Cell:
        return replace(cell, source=sources.get(cell.id, cell.source))

    return replace(
        case,
        cell=now(case.cell),
        cells=tuple(map(now, case.cells)),
        lineage=tuple(replace(item, cell=now(item.cell)) for item in case.lineage),
    )


def place_of(cell: Cell, edits: Sequence[CellEdit], raised: Raised) -> int | None:
    """Where a failure of the edited cell happened, as a line of the cell without the edits; None if it is not
    known."""
    frame = next((item for item in raised.frames if item.cell == cell.id), None)
    if frame is None:
        return None
    edit = next((item for item in edits if item.cell == cell.id), None)
    if edit is None:
        return frame.lineno
    old, new = edit.before.splitlines(), edit.after.splitlines()
    for _, start, end, first, last in opcodes(old, new):
        if first < frame.lineno <= last:
            return min(start + frame.lineno - first, max(end, start + 1))
    return frame.lineno


def legs(case: Case, fix: Fix, fixes: Sequence[Fix], evidence: Sequence[Evidence]) -> tuple[Leg, ...]:
    """The failures on the way of a fix: several if it goes on from another fix that got the cell further.

    What it adds to that one is judged by the failure that is left there, not by the first.
    """
    base = _base(case, fix, fixes, evidence)
    if base is None:
        return (Leg(case=case, edits=fix.edits, fix=fix),)
    then = run_of(base.id, Stage.AFTER, evidence)
    there = replace(edited(case, base.edits), raised=then.raised if then is not None else None)
    others = [item for item in fixes if item.id != fix.id]
    last = Leg(case=there, edits=_added(base.edits, fix.edits), fix=fix)
    return (*legs(case, base, others, evidence), last)


def further(case: Case, fix: Fix, evidence: Sequence[Evidence]) -> Raised | None:
    """What the cell raises with the fix, if that is below the line that failed and nothing is hidden."""
    after = run_of(fix.id, Stage.AFTER, evidence)
    raised = after.raised if after is not None and after.outcome is Outcome.RAISED else None
    if raised is None or case.raised is None or raised.syntax is not None:
        return None
    if any(suppressions(edit.before, edit.after) for edit in fix.edits):
        return None
    start, place = place_of(case.cell, (), case.raised), place_of(case.cell, fix.edits, raised)
    return raised if start is not None and place is not None and start < place else None


def got_past(
    case: Case | None, fix: Fix | None, fixes: Sequence[Fix], evidence: Sequence[Evidence]
) -> tuple[GotPast, ...]:
    """The failures that a fix got past, in order; none if the cell fails where it did."""
    if case is None or fix is None or case.raised is None:
        return ()
    after = run_of(fix.id, Stage.AFTER, evidence)
    passed = after is not None and after.outcome is Outcome.PASSED
    found = []
    made: list[CellEdit] = []
    for leg in legs(case, fix, fixes, evidence):
        if leg.case.raised is None or not (passed or further(case, leg.fix, evidence) is not None):
            break
        place = place_of(case.cell, made, leg.case.raised)
        found.append(GotPast(raised=leg.case.raised, lineno=place, fix=leg.fix.id))
        made = list(leg.fix.edits)
    return tuple(found)


def _base(case: Case, fix: Fix, fixes: Sequence[Fix], evidence: Sequence[Evidence]) -> Fix | None:
    """The largest other fix which that one contains and with which the cell got further."""
    found = [
        other
        for other in fixes
        if other.id != fix.id
        and other.edits != fix.edits
        and further(case, other, evidence) is not None
        and _contains(fix.edits, other.edits)
    ]
    return max(found, key=lambda other: size(other.edits)) if found else None


def _contains(edits: Sequence[CellEdit], smaller: Sequence[CellEdit]) -> bool:
    """Whether the smaller edits are made, and then others elsewhere: no token of theirs is changed again."""
    if not {edit.cell for edit in smaller} <= {edit.cell for edit in edits}:
        return False
    return size(smaller) + size(_added(smaller, edits)) == size(edits)


def _added(first: Sequence[CellEdit], edits: Sequence[CellEdit]) -> tuple[CellEdit, ...]:
    """What the edits change on top of the first ones."""
    made: dict[CellId, str] = {edit.cell: edit.after for edit in first}
    on_top = [replace(edit, before=made.get(edit.cell, edit.before)) for edit in edits]
    return tuple(edit for edit in on_top if edit.before != edit.after)

"""Whether an explanation is more than a prediction that held: a fix changes its place, or makes it false."""

from collections.abc import Sequence

from cot_magic.core.case import Case
from cot_magic.core.challenges import ran
from cot_magic.core.edits import opcodes
from cot_magic.core.findings import CellEdit, Evidence, EvidenceKind, Fix, Hypothesis, Stage
from cot_magic.core.findings import ChallengeKind as Kind
from cot_magic.core.jobs import Outcome


def on_the_way(case: Case, hypothesis: Hypothesis) -> bool:
    """Whether the place that a hypothesis names was running when the cell failed."""
    cell = hypothesis.cell or case.cell.id
    frames = case.raised.frames if case.raised is not None else ()
    return any((frame.cell, frame.lineno) == (cell, hypothesis.lineno) for frame in frames)


def is_edited(case: Case, hypothesis: Hypothesis, edits: Sequence[CellEdit]) -> bool:
    """Whether the edits change the place that a hypothesis names.

    Without a line, the cell has to be edited; where the source could not be parsed, it is the place.
    """
    raised, cell = case.raised, hypothesis.cell or case.cell.id
    edit = next((edit for edit in edits if edit.cell == cell), None)
    if raised is None or raised.syntax is not None:
        return cell == case.cell.id or edit is not None
    if hypothesis.lineno is None:
        return edit is not None and hypothesis.cell is not None
    if edit is None:
        return False
    changed = opcodes(edit.before.splitlines(), edit.after.splitlines())
    return any(
        tag != "equal" and first < hypothesis.lineno <= max(last, first + 1)
        for tag, first, last, _, _ in changed
    )


def explains(
    case: Case | None, hypothesis: Hypothesis, fixes: Sequence[Fix], evidence: Sequence[Evidence]
) -> bool:
    """Whether a hypothesis is more than a prediction that held.

    The fix that follows from it changes the place that it names, or what it predicts is not so any more with
    that fix. A rule makes its claim of what it saw in the failure, so that a place on the way there is
    enough, and so is a prediction that held where no fix is known. Anybody else can give a false reason.
    """
    if case is None:
        return True
    mine = [fix for fix in fixes if fix.hypothesis == hypothesis.id]
    if is_edited(case, hypothesis, [edit for fix in mine for edit in fix.edits]):
        return True
    if hypothesis.rule and on_the_way(case, hypothesis):
        return True
    ids = {fix.id for fix in mine}
    if hypothesis.lineno is None and mine:
        return any(
            run_passed(fix, evidence) for fix in mine
        )  # it names no place of its own: that of the edit
    told = [item.held for item in evidence if item.trial is Kind.CAUSE and item.about in ids and ran(item)]
    return True in told if told else bool(hypothesis.rule) and not mine


def run_passed(fix: Fix, evidence: Sequence[Evidence]) -> bool:
    """Whether the cell passed with the fix, each time that it ran."""
    runs = [
        item
        for item in evidence
        if item.kind is EvidenceKind.FIX and item.about == fix.id and item.stage is Stage.AFTER
    ]
    return bool(runs) and all(item.outcome is Outcome.PASSED for item in runs)

"""Judgement of fixes for intermittent failures: a schedule that fails before, and none after."""

from collections.abc import Sequence

from cot_magic.core.case import Case
from cot_magic.core.findings import Evidence, EvidenceKind, Fix, FixId, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.rates import failure_rate


def failing_schedule(case: Case | None, evidence: Sequence[Evidence]) -> Evidence | None:
    """Evidence of a schedule under which the original code fails like the case, in every replay."""
    for item in reversed(evidence):
        search = item.schedule
        if item.kind is not EvidenceKind.SCHEDULE or item.stage is not Stage.BEFORE or search is None:
            continue
        witness = search.witness
        if item.outcome is Outcome.RAISED and witness is not None and witness.replays > 0:
            steady = witness.replays == witness.replays_failed
            if steady and (case is None or case.raised is None or _same_class(case, item)):
                return item
    return None


def searched(fix: FixId, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest search on the code with that fix."""
    runs = [
        item
        for item in evidence
        if item.kind is EvidenceKind.SCHEDULE and item.stage is Stage.AFTER and item.about == fix
    ]
    return runs[-1] if runs else None


def still_fails(fix: Fix, evidence: Sequence[Evidence]) -> str:
    """The schedule of the edited code that still fails, in words; else ""."""
    after = searched(fix.id, evidence)
    if after is None or after.outcome is not Outcome.RAISED or after.schedule is None:
        return ""
    if after.schedule.first_failure is None:
        return after.note or "the schedule that failed before still fails"
    kind = after.raised.ename if after.raised is not None else "an error"
    return f"schedule {after.schedule.first_failure:,} of the edited code raises {kind}"


def missing(fix: Fix, before: Evidence, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What a verified fix still needs; nothing if the failing schedule passes with it, and no schedule fails
    in the same search budget."""
    after = searched(fix.id, evidence)
    if after is None or after.schedule is None:
        return ("no schedule was run on the edited code",)
    if after.outcome is not Outcome.PASSED:
        return (f"the search on the edited code is {after.outcome.lower()}: {after.note}".rstrip(": "),)
    reasons = []
    if after.schedule.witness_passed is not True:
        reasons.append("the schedule that failed was not run on the edited code")
    if not enough(before, after):
        search = after.schedule
        reasons.append(
            f"only {search.schedules:,} of {search.asked:,} schedules could be run on the edited code"
        )
    return tuple(reasons)


def enough(before: Evidence, after: Evidence) -> bool:
    """Whether enough schedules passed: as many as were asked for, or so many that the rate is certainly lower
    than before."""
    if before.schedule is None or after.schedule is None:
        return False
    ended = after.schedule.schedules - after.schedule.incomplete
    if ended >= max(1, min(after.schedule.asked, before.schedule.asked)):
        return True
    return ended > 0 and failure_rate(0, ended)[1] < before.schedule.rate[0]


def _same_class(case: Case, item: Evidence) -> bool:
    seen, expected = item.raised, case.raised
    if seen is None or expected is None:
        return False
    if seen.ename == "Deadlock":
        return expected.ename == "Timeout"
    if seen.ename != expected.ename:
        return False
    here, there = expected.innermost_in_cells, seen.innermost_in_cells
    return here is None or there is None or (here.cell, here.lineno) == (there.cell, there.lineno)

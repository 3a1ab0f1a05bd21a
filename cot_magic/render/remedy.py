"""What IMPLEMENT and CONFIRM show: fixes with their diffs, tests before and after, and what stays open."""

from collections.abc import Sequence

from cot_magic.core.edits import opcodes, size
from cot_magic.core.findings import CellEdit, Evidence, EvidenceKind, Fix, FixVerdict, Stage
from cot_magic.core.jobs import UNREPEATED, Outcome
from cot_magic.core.session import Session, TestView
from cot_magic.core.verdict import Judgement
from cot_magic.render.blocks import (
    OPEN,
    PLAIN,
    Block,
    Diff,
    DiffLine,
    Fold,
    Mark,
    Row,
    Rows,
    TestRow,
    Tests,
    cross,
    tick,
)
from cot_magic.render.runs import ending, run, state_notes, unsettled
from cot_magic.render.safe_text import LONG, phrase, said, sentence, shown

_RANK = [FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED, FixVerdict.REJECTED]
_OPEN_LINES = 100  # on each side of one change; the rest is counted
_CONTEXT = 3  # lines around a change


def implemented(session: Session) -> list[Block]:
    """The best fix with its diff; the others, best first, behind one fold with verdict and reasons."""
    best = session.best_fix
    others = [fix for fix in session.fixes if best is None or fix.id != best.id]
    others.sort(key=lambda fix: _RANK.index(session.judge_fix(fix).verdict))
    found: list[Block] = []
    if best is not None:
        found += [*_fix(session, best), *_diffs(session, best)]
    if others:
        inner = tuple(
            b for fix in others for b in (*_fix(session, fix, with_runs=True), *_diffs(session, fix))
        )
        count, other = len(others), "other " if best is not None else ""
        found.append(Fold(title=f"{count} {other}fix{'es' * (count != 1)} tried", blocks=inner))
    return found


def confirmed(session: Session) -> list[Block]:
    """Before and after of the cell and of each test for the best fix, and what was not verified."""
    fix = session.best_fix
    found: list[Block] = []
    if fix is not None:
        rows = [*_cell_row(session, fix), *_searches(session, fix)]
        found += [Rows(rows=tuple(rows))] if rows else []
        tests = tuple(_test_row(session, fix, view) for view in session.tests_of(fix.id))
        found += [Tests(rows=tests)] if tests else []
    open_points = _not_verified(session, fix)
    if open_points:
        rows = [Row(mark=OPEN, claim=point) for point in open_points]
        found.append(Rows(rows=tuple(rows), title="Not verified"))
    return found


def mark_of(judged: Judgement[FixVerdict]) -> Mark:
    """The mark of a verdict on a fix."""
    match judged.verdict:
        case FixVerdict.VERIFIED:
            return tick(judged.evidence)
        case FixVerdict.REJECTED:
            return cross(judged.evidence)
        case FixVerdict.PLAUSIBLE | FixVerdict.UNVERIFIED:
            return OPEN


def _fix(session: Session, fix: Fix, with_runs: bool = False) -> list[Block]:
    """The verdict row of a fix. The runs of the best one are shown in CONFIRM."""
    judged = session.judge_fix(fix)
    reasons = f": {'; '.join(phrase(reason) for reason in judged.reasons)}" if judged.reasons else ""
    runs = [item for item in session.evidence if item.kind is EvidenceKind.FIX and item.about == fix.id]
    row = Row(
        mark=mark_of(judged),
        claim=sentence(said(fix.why)),
        detail=said(f"{fix.priority} · {judged.verdict.lower()}{reasons}"),
        runs=tuple(run(item) for item in runs) if with_runs else (),
    )
    return [Rows(rows=(row,))]


def _diffs(session: Session, fix: Fix) -> list[Diff]:
    return [_diff(edit, _title(session, fix, edit)) for edit in fix.edits]


def _title(session: Session, fix: Fix, edit: CellEdit) -> str:
    changed = _changed_lines(edit)
    facts = [_label(session, edit), f"{changed} line{'s' * (changed != 1)} changed"]
    passing = [
        other
        for other in session.fixes
        if session.judge_fix(other).verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
    ]
    smallest = min((size(other.edits) for other in passing), default=0)
    if len(passing) > 1 and fix in passing and size(fix.edits) == smallest:
        facts.append(f"smallest of {len(passing)} fixes that pass")
    return " · ".join(facts)


def _label(session: Session, edit: CellEdit) -> str:
    return session.case.label(edit.cell) if session.case is not None else "the cell"


def _changed_lines(edit: CellEdit) -> int:
    changes = opcodes(edit.before.splitlines(), edit.after.splitlines())
    return sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")


def _diff(edit: CellEdit, title: str) -> Diff:
    """The edit line by line, with three lines around each change; the rest is counted."""
    old, new = edit.before.splitlines(), edit.after.splitlines()
    lines: list[DiffLine] = []
    for tag, a, b, c, d in opcodes(old, new):
        if tag == "equal":
            lines += _context(old[a:b], first=a == 0, last=b == len(old))
            continue
        lines += [DiffLine(sign="-", text=shown(line)) for line in old[a:b][:_OPEN_LINES]]
        lines += [DiffLine(sign="+", text=shown(line)) for line in new[c:d][:_OPEN_LINES]]
        left = max(0, b - a - _OPEN_LINES) + max(0, d - c - _OPEN_LINES)
        lines += [DiffLine(sign="…", text=f"{left} more changed lines")] if left else []
    return Diff(title=title, lines=tuple(lines))


def _context(same: Sequence[str], *, first: bool, last: bool) -> list[DiffLine]:
    """Lines that stay: those next to a change, and how many were left out."""
    above, below = (0 if first else _CONTEXT), (0 if last else _CONTEXT)
    left = len(same) - above - below
    if left <= 1:  # to say that one line is left out takes as much room as the line
        return [DiffLine(sign=" ", text=shown(line)) for line in same]
    kept = [DiffLine(sign=" ", text=shown(line)) for line in (*same[:above], *same[len(same) - below :])]
    return [*kept[:above], DiffLine(sign="…", text=_unchanged(left)), *kept[above:]]


def _unchanged(count: int) -> str:
    return f"{count} unchanged line{'s' * (count != 1)}"


def _cell_row(session: Session, fix: Fix) -> list[Row]:
    runs = [item for item in session.evidence if item.kind is EvidenceKind.FIX and item.about == fix.id]
    latest = {item.stage: item for item in runs}
    before, after = latest.get(Stage.BEFORE), latest.get(Stage.AFTER)
    if session.case is None or (before is None and after is None):
        return []
    label = session.case.label(session.case.cell.id)
    return [
        Row(
            mark=mark_of(session.judge_fix(fix)),
            claim=f"{label}: {_ended(before)} without the fix, {_ended(after)} with it",
            runs=tuple(run(item) for item in (before, after) if item is not None),
        )
    ]


def _searches(session: Session, fix: Fix) -> list[Row]:
    searches = [i for i in session.evidence if i.kind is EvidenceKind.SCHEDULE and i.about == fix.id]
    return [
        Row(mark=PLAIN, claim=f"schedules with the fix: {ending(item)}", runs=(run(item),))
        for item in searches
    ]


def _test_row(session: Session, fix: Fix, view: TestView) -> TestRow:
    judged = session.judge_fix(fix)
    ran = [item for item in (view.before, view.after) if item is not None]
    mark = OPEN
    if view.after is not None and view.after.outcome is Outcome.RAISED:
        mark = cross([view.after.id])
    elif judged.verdict is FixVerdict.VERIFIED and len(ran) == 2:
        mark = tick([item.id for item in ran])
    return TestRow(
        mark=mark,
        name=phrase(view.test.name, 120),
        before=_ended(view.before),
        after=_ended(view.after),
        source=shown(view.test.source, LONG),
        runs=tuple(run(item) for item in ran),
    )


def _ended(evidence: Evidence | None) -> str:
    return ending(evidence) if evidence is not None else "not run"


def _not_verified(session: Session, fix: Fix | None) -> list[str]:
    """What the evidence leaves open, each point once."""
    claims: dict[str, str] = {item.id: item.claim for item in session.hypotheses}
    points = [phrase(reason) for reason in session.judge_fix(fix).reasons] if fix is not None else []
    for item in session.evidence:
        if not unsettled(item):
            continue
        if item.kind is EvidenceKind.PROBE:
            claim = sentence(phrase(claims.get(item.about, item.about)))
            points.append(f"{claim} Its probe: {ending(item)}")
        elif fix is not None and item.about == fix.id:
            points.append(run(item).label)
    proven = fix is not None and session.judge_fix(fix).verdict is FixVerdict.VERIFIED
    # where a schedule proves a fix, it does not matter that a single run did not fail
    notes = state_notes(session.evidence)
    points += [note for note in notes if not (proven and note.startswith(UNREPEATED))]
    return [said(point) for point in dict.fromkeys(points)]

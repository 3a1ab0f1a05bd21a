"""What each of the five phases shows of a session, in words and blocks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from cot_magic.core.case import Case, Frame, Freshness, Raised, Variable
from cot_magic.core.challenges import NOT_COMPARED, challenged, ran
from cot_magic.core.edits import is_literal, opcodes, size
from cot_magic.core.events import Finding
from cot_magic.core.findings import (
    LOOK,
    CellEdit,
    ChallengeKind,
    Evidence,
    EvidenceKind,
    Fix,
    FixVerdict,
    Hypothesis,
    HypothesisVerdict,
    Phase,
    Stage,
)
from cot_magic.core.jobs import UNREPEATED, Outcome
from cot_magic.core.progress import run_of
from cot_magic.core.question import question
from cot_magic.core.repeated import by_chance
from cot_magic.core.session import Session, TestView
from cot_magic.render.blocks import (
    OPEN,
    PLAIN,
    Block,
    Code,
    Diff,
    Fold,
    Picture,
    Row,
    Rows,
    Table,
    TestRow,
    Tests,
    Text,
    cross,
    tick,
)
from cot_magic.render.certificate import certified
from cot_magic.render.diffs import diff_of
from cot_magic.render.disputed import disputed
from cot_magic.render.headlines import without_ids
from cot_magic.render.marks import mark_of
from cot_magic.render.model import asking, written
from cot_magic.render.runs import ending, error, run, state_notes, unsettled
from cot_magic.render.safe_text import LONG, code_span, counted, one_line, phrase, said, sentence, shown

UNCONFINED = "Nothing confined these experiments: they ran with all your rights (`--allow unconfined`)."
_VALUES = 12  # rows of the table of values; more go into a fold
_AROUND = 2  # lines of a cell shown before and after the failing one
_RANK = [HypothesisVerdict.CONFIRMED, HypothesisVerdict.REFUTED, HypothesisVerdict.INCONCLUSIVE]
_BEST_FIRST = [FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED, FixVerdict.REJECTED]


def blocks(session: Session, phase: Phase) -> tuple[Block, ...]:
    """Return the blocks of one phase."""
    view = session.phase(phase)
    model = (*written(view), *asking(view))
    match phase:
        case Phase.ANALYZE:
            facts = _failure(session)
            texts = findings(session, phase, bool(facts))
            return (*_of_the_model(session), *_message(session), *texts, *facts, *_stated(session), *model)
        case Phase.PLAN:
            return (*_planned(session), *findings(session, phase, False), *model)
        case Phase.VALIDATE:
            verdicts = _validated(session)
            return (*_short_tokens(findings(session, phase, bool(verdicts))), *verdicts, *model)
        case Phase.IMPLEMENT:
            return (*findings(session, phase, False), *implemented(session), *model)
        case Phase.CONFIRM:
            runs = confirmed(session)
            found = findings(session, phase, bool(runs))
            whole = certified(session.certificate) if session.certificate is not None else ()
            return (*runs, *whole, *found, *model)
        case _:
            assert_never(phase)


# Topics of the offline reasoner that say in words what the blocks of the phase show from the facts.
_DRAWN = {"code", "values", "calls", "lineage", "outcomes", "before and after"}
# Topics of recorded sessions that said again what the blocks show from the evidence, or nothing about it.
_SAID_AGAIN = {
    "probes", "fixes", "strategy", "eliminated", "effects", "why this one", "rivals", "rollback", "result",
    "cost", "limits", "confidence",
}  # fmt: skip
_TOKEN = re.compile(r"cot1-[\w.-]{35,}\w")  # longer than 40 characters
_LEVEL = re.compile(r"\*\*P[012]\*\* ")


def findings(session: Session, phase: Phase, drawn: bool) -> tuple[Text, ...]:
    """Return what the reasoner found in that phase, in its order.

    If the facts are `drawn`, the offline reasoner's words for them are left out. A model's words are kept, as
    it may conclude something from the facts.
    """
    found, view = _found(session, phase), session.phase(phase)
    if drawn and ((view is not None and view.by) or session.reasoner) == "offline":
        found = tuple(item for item in found if item.topic not in _DRAWN)
    if ((view is not None and view.by) or session.reasoner) == "offline" and phase is not Phase.ANALYZE:
        found = tuple(item for item in found if item.topic not in _SAID_AGAIN or _of_review(session))
    return tuple(Text(text=said(_LEVEL.sub("", item.text)), topic=phrase(item.topic, 40)) for item in found)


def _short_tokens(texts: Sequence[Text]) -> Iterator[Block]:
    """Yield the strings with long tokens of schedules shortened, and each whole token in a fold."""
    for text in texts:
        found = _TOKEN.findall(text.text)
        yield replace(text, text=_TOKEN.sub(lambda token: f"{token[0][:18]}…{token[0][-12:]}", text.text))
        for token in dict.fromkeys(found):
            yield Fold(title="the whole token", blocks=(Code(source=token, language=""),))


def _of_review(session: Session) -> bool:
    """Return whether the session only reviews a cell that passed."""
    return session.result == "no-failure"


def _found(session: Session, phase: Phase) -> tuple[Finding, ...]:
    view = session.phase(phase)
    return view.findings if view is not None else ()


# --- ANALYZE ------------------------------------------------------------------------------------------------


def _message(session: Session) -> list[Block]:
    raised = session.case.raised if session.case is not None else None
    if raised is None or session.phase(Phase.ANALYZE) is None:
        return []
    earlier = raised.cause or raised.context
    chained = earlier is not None and error(earlier) != error(raised)
    more = raised.notes or raised.group or chained
    if not more and any(
        raised.ename in item.text.partition("\n")[0] for item in _found(session, Phase.ANALYZE)[:1]
    ):
        return []  # the first finding names the exception
    return [Text(text=f"**{code_span(raised.ename)}** {_circumstances(raised)}".strip())]


def _of_the_model(session: Session) -> list[Block]:
    """Return what a model sums up, as its words: no run has shown it."""
    view = session.phase(Phase.ANALYZE)
    if view is None or view.by or session.reasoner in ("", "offline") or not view.headline:
        return []
    return [Text(text=said(view.headline), topic=phrase(session.reasoner, 40))]


def _failure(session: Session) -> list[Block]:
    case = session.case
    if case is None or session.phase(Phase.ANALYZE) is None:
        return []
    found = _place(case, case.raised) if case.raised is not None else []
    if case.lineage:
        found.append(_lineage(case))
    return found


def _circumstances(raised: Raised) -> str:
    words = [code_span(raised.evalue, 600)] if raised.evalue.strip() else []
    words += [f"({phrase(note)})" for note in raised.notes]
    words += [f"with {code_span(error(part), 200)}" for part in raised.group]
    earlier = raised.cause or raised.context
    if earlier is not None and error(earlier) != error(raised):
        words.append(f"after {code_span(error(earlier), 300)}")
    return " ".join(words)


def _place(case: Case, raised: Raised) -> list[Block]:
    """Return the failing lines, how they were reached, and the values there."""
    if raised.syntax is not None:
        lineno = raised.syntax.lineno
        return _excerpt(case.cell.source, lineno, f"{case.label(case.cell.id)}, line {lineno}")
    frame = raised.innermost_in_cells
    if frame is None:
        return []
    cell = case.cell_by_id(frame.cell) if frame.cell is not None else None
    label = case.label(frame.cell)
    inside = f" in {code_span(frame.function, 80)}" if frame.function not in ("", "<module>") else ""
    found = _excerpt(
        cell.source if cell is not None else "", frame.lineno, f"{label}, line {frame.lineno}{inside}"
    )
    outer = [item for item in raised.frames if item.cell is not None and item is not frame]
    if outer:
        # a comprehension is a frame of its own in the same line
        lines = dict.fromkeys((item.cell, item.lineno, item.line) for item in reversed(outer))
        lines.pop((frame.cell, frame.lineno, frame.line), None)
        calls = [f"{case.label(cell)}, line {lineno} {code_span(line)}" for cell, lineno, line in lines]
        found += [Text(text=f"called from {'; '.join(calls[:3])}", quiet=True)] if calls else []
    return [*found, *_values(frame)]


def _excerpt(source: str, lineno: int, title: str) -> list[Block]:
    lines = source.splitlines()
    if not 1 <= lineno <= len(lines):
        return []
    first, last = max(1, lineno - _AROUND), min(len(lines), lineno + _AROUND)
    width = len(str(last))
    written = [_as_written(line) for line in lines]
    text = "\n".join(
        f"{'→' if number == lineno else ' '} {number:>{width}}  {shown(written[number - 1], 400)}".rstrip()
        for number in range(first, last + 1)
    )
    return [Code(source=text, title=title, language="")]


def _as_written(line: str) -> str:
    """Return a line of a cell as the person wrote it: the magic on top of a cell is kept as a comment."""
    return line[1:] if line.startswith("#%%cot") else line


def _values(frame: Frame) -> list[Block]:
    named: dict[str, Variable] = {}
    for variable in (*frame.operands, *frame.variables):
        if not is_literal(variable.name) and not _is_called(variable):
            named.setdefault(variable.name, variable)
    if not named:
        return []
    with_facts = any(variable.facts for variable in named.values())
    rows = [_value_row(variable, with_facts) for variable in named.values()]
    headers = ("name", "type", "value", "facts")[: 4 if with_facts else 3]
    found: list[Block] = [Table(headers=headers, rows=tuple(rows[:_VALUES]), code=(0, 2))]
    if rows[_VALUES:]:
        more = Table(headers=headers, rows=tuple(rows[_VALUES:]), code=(0, 2))
        found.append(Fold(title=f"{len(rows) - _VALUES} more values", blocks=(more,)))
    return found


def _is_called(variable: Variable) -> bool:
    """Return whether it is a method: its value is its name and its signature."""
    return variable.type in ("method", "builtin_function_or_method", "method-wrapper")


def _value_row(variable: Variable, with_facts: bool) -> tuple[str, ...]:
    row = (one_line(variable.name, 120), one_line(variable.type, 80), one_line(variable.text))
    if not with_facts:
        return row
    return (*row, ", ".join(f"{one_line(name, 40)} {one_line(text, 120)}" for name, text in variable.facts))


_FRESHNESS = {
    Freshness.FRESH: "",
    Freshness.STALE: "stale: changed since it ran",
    Freshness.OUT_OF_ORDER: "ran out of order",
    Freshness.NOT_RUN: "has not run",
}


def _lineage(case: Case) -> Table:
    rows = [
        (
            case.label(item.cell.id),
            one_line(", ".join(item.names)),
            one_line(item.cell.source, 80),
            _FRESHNESS[item.freshness],
        )
        for item in case.lineage
    ]
    return Table(headers=("depends on", "for", "source", "state"), rows=tuple(rows), code=(1, 2))


def _stated(session: Session) -> list[Block]:
    rows = tuple(
        Row(
            mark=PLAIN,
            claim=sentence(said(item.claim)),
            detail=f"Predicts: {said(item.prediction)}{_where(session, item)}",
        )
        for item in _telling(session)
    )
    return [Rows(rows=rows, title="Hypotheses")] if rows else []


def _telling(session: Session) -> list[Hypothesis]:
    """The hypotheses without one that only repeats the error: it explains nothing."""
    return [item for item in session.hypotheses if item.rule or not item.restates]


def _where(session: Session, hypothesis: Hypothesis) -> str:
    if session.case is None or hypothesis.cell is None:
        return ""
    line = f", line {hypothesis.lineno}" if hypothesis.lineno is not None else ""
    return f" ({session.case.label(hypothesis.cell)}{line})"


# --- PLAN ---------------------------------------------------------------------------------------------------


def _planned(session: Session) -> list[Block]:
    """Return what was going to be tested, and which fixes were going to be tried, the first ones first."""
    probed = {item.about for item in session.evidence if item.kind is EvidenceKind.PROBE}
    predicted = tuple(
        Row(mark=PLAIN, claim=sentence(said(item.prediction)))
        for item in _telling(session)
        if item.id in probed
    )
    ordered = sorted(session.fixes, key=lambda fix: fix.priority)
    whys = dict.fromkeys(sentence(said(fix.why)) for fix in ordered)
    fixes = tuple(Row(mark=PLAIN, claim=why) for why in whys)
    found: list[Block] = [Rows(rows=predicted, title="Predictions to test")] if predicted else []
    return [*found, Rows(rows=fixes, title="Fixes to try")] if fixes else found


# --- VALIDATE -----------------------------------------------------------------------------------------------


def _validated(session: Session) -> list[Block]:
    judged = [(item, session.judge(item.id).verdict) for item in _telling(session)]
    ordered = [item for item, _ in sorted(judged, key=lambda pair: _RANK.index(pair[1]))]
    known = {item.id for item, _ in judged}
    started = session.phase(Phase.VALIDATE) is not None or any(
        item.kind is EvidenceKind.PROBE for item in session.evidence
    )
    rows = [_verdict_row(session, item) for item in ordered] if started else []
    rows += [
        Row(mark=PLAIN, claim=_beside(session, item), runs=(run(item),))
        for item in session.evidence
        if (item.kind is EvidenceKind.PROBE and item.about not in known)
        or _search_of_the_case(session, item)
        or (item.kind is EvidenceKind.RUNS and not item.about)
    ]
    found: list[Block] = [Rows(rows=tuple(rows))] if rows else []
    found += _pictured(session)
    effects = dict.fromkeys(effect for item in session.evidence for effect in item.effects)
    if effects:
        listed = "\n".join(f"- {code_span(effect)}" for effect in effects)
        found.append(Text(text=f"Attempts to reach outside the copies:\n{listed}"))
    notes = state_notes(session.evidence)
    if by_chance(session.evidence) is not None:  # the runs say how often it repeats
        notes = tuple(note for note in notes if not note.startswith(UNREPEATED))
    found += [Text(text=note, topic="state", quiet=True) for note in notes]
    return found


def _beside(session: Session, item: Evidence) -> str:
    """Say what a run that belongs to no hypothesis was about."""
    if item.kind is EvidenceKind.SCHEDULE and item.schedule is not None:
        return f"{item.schedule.failed:,} of {item.schedule.schedules:,} schedules of the cell fail"
    if any(other.id == item.about for other in session.hypotheses):  # it only says that it fails
        return "the failure repeats in a copy of the kernel" if item.held else "the failure, run again"
    if item.kind is EvidenceKind.RUNS:
        return f"the cell, run again: {ending(item)}"
    if item.about == LOOK:
        return f"inspected the value of {code_span(item.code, 200)}"
    return code_span(item.about) if item.about else "the cell"


def _pictured(session: Session) -> list[Block]:
    """Return the latest schedule under which the cell fails, step by step."""
    for item in reversed(session.evidence):
        search = item.schedule
        if search is None or search.trace is None or not _search_of_the_case(session, item):
            continue
        if search.witness is not None and search.trace.steps:
            cause = session.root_cause
            trace = disputed(search.trace, cause.claim if cause is not None else "")
            steps = len(search.trace.steps) - len(trace.steps)
            tasks = len(search.trace.lanes) - len(trace.lanes)
            title = "The failing schedule"
            found: list[Block] = [Picture(trace=trace, title=title, inevitable_after=search.inevitable_after)]
            left = [counted(n, f"other {what}") for n, what in ((steps, "step"), (tasks, "task")) if n]
            if left:
                found.append(Text(text=f"Not shown: {' and '.join(left)}.", quiet=True))
            return found
    return []


def _search_of_the_case(session: Session, item: Evidence) -> bool:
    return item.kind is EvidenceKind.SCHEDULE and item.about not in {fix.id for fix in session.fixes}


def _verdict_row(session: Session, hypothesis: Hypothesis) -> Row:
    judged = session.judge(hypothesis.id)
    runs = tuple(
        run(item)
        for item in session.evidence
        if item.kind in (EvidenceKind.PROBE, EvidenceKind.RUNS) and item.about == hypothesis.id
    )
    prediction = said(hypothesis.prediction)
    match judged.verdict:
        case HypothesisVerdict.CONFIRMED:
            mark, detail = tick(judged.evidence), f"Prediction held: {prediction}"
        case HypothesisVerdict.REFUTED:
            mark, detail = cross(judged.evidence), f"Prediction failed: {prediction}"
        case HypothesisVerdict.INCONCLUSIVE:
            mark, detail = (OPEN, f"Not decided: {_open_reasons(session, hypothesis)}")
            if not runs:
                mark, detail = PLAIN, "Not tested" if session.ended else "not tested yet"
    strong = judged.verdict is HypothesisVerdict.CONFIRMED
    claim = said(hypothesis.claim)
    if strong and session.ended and hypothesis.names_a_cause and not session.explains(hypothesis):
        # what was run is the prediction, and it does not show that the rest is true
        strong, claim, detail = False, f"Prediction held: {prediction}", f"Not shown to be the cause: {claim}"
    return Row(mark=mark, claim=sentence(claim), detail=detail, runs=runs, strong=strong)


def _open_reasons(session: Session, hypothesis: Hypothesis) -> str:
    probes = [i for i in session.evidence if i.kind is EvidenceKind.PROBE and i.about == hypothesis.id]
    open_ended = [ending(item) for item in probes if item.held is None or unsettled(item)]
    reasons = open_ended or [phrase(reason) for reason in session.judge(hypothesis.id).reasons]
    return said("; ".join(dict.fromkeys(reasons)))


# --- IMPLEMENT ----------------------------------------------------------------------------------------------


def implemented(session: Session) -> list[Block]:
    """Return the best fix with its diff; the others, best first, in one fold with verdict and reasons."""
    best = session.best_fix
    others = [fix for fix in session.fixes if best is None or fix.id != best.id]
    others.sort(key=lambda fix: _BEST_FIRST.index(session.judge_fix(fix).verdict))
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


def _fix(session: Session, fix: Fix, with_runs: bool = False) -> list[Block]:
    """Return the verdict row of a fix. The runs of the best one are shown in CONFIRM."""
    judged = session.judge_fix(fix)
    reasons = (
        f": {'; '.join(without_ids(session, phrase(reason)) for reason in judged.reasons)}"
        if judged.reasons
        else ""
    )
    runs = [run_of(fix.id, stage, session.evidence) for stage in Stage] if with_runs else []
    row = Row(
        mark=mark_of(judged),
        claim=sentence(said(fix.why)),
        detail=said(f"{judged.verdict.lower()}{reasons}"),
        runs=tuple(run(item) for item in runs if item is not None),
    )
    return [Rows(rows=(row,))]


def _diffs(session: Session, fix: Fix) -> list[Diff]:
    return [diff_of(edit, _title(session, fix, edit)) for edit in fix.edits]


def _title(session: Session, fix: Fix, edit: CellEdit) -> str:
    changed = _changed_lines(edit)
    facts = [_label(session, edit), f"{changed} line{'s' * (changed != 1)} changed"]
    judged = [(other, session.judge_fix(other)) for other in session.fixes]
    passing = [
        other
        for other, said in judged
        if said.verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE) and not said.partial
    ]
    sizes = sorted(size(other.edits) for other in passing)
    if len(passing) > 1 and fix in passing and size(fix.edits) == sizes[0] < sizes[1]:
        facts.append(f"smallest of {len(passing)} fixes that pass")
    return " · ".join(facts)


def _label(session: Session, edit: CellEdit) -> str:
    return session.case.label(edit.cell) if session.case is not None else "the cell"


def _changed_lines(edit: CellEdit) -> int:
    changes = opcodes(edit.before.splitlines(), edit.after.splitlines())
    return sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")


# --- CONFIRM ------------------------------------------------------------------------------------------------


def confirmed(session: Session) -> list[Block]:
    """Return before and after of the cell and of each test for the best fix, and what was not verified."""
    fix = session.best_fix
    found: list[Block] = []
    if fix is not None:
        rows = [*_cell_row(session, fix), *_searches(session, fix)]
        found += [Rows(rows=tuple(rows))] if rows else []
        tests = tuple(_test_row(session, fix, view) for view in session.tests_of(fix.id))
        found += [Tests(rows=tests)] if tests else []
        found += _challenges(session, fix)
    asked = question(session)
    if asked is not None:
        choices = [
            Row(mark=OPEN, claim=f"{number}: {phrase(item.does)} ({phrase(item.fix.why)})")
            for number, item in enumerate(asked.choices, 1)
        ]
        title = "Which did you mean? %cot_answer with its number says so"
        found.append(Rows(rows=tuple(choices), title=title))
    if (
        session.evidence
        and session.sandbox.available
        and session.sandbox.state in ("before", "rebuilt")
        and session.sandbox.reason
    ):
        found.append(Text(text=sentence(said(session.sandbox.reason))))
    if session.evidence and not session.sandbox.confined:
        found.append(Text(text=UNCONFINED))
    open_points = _not_verified(session, fix)
    if open_points:
        rows = [Row(mark=OPEN, claim=point) for point in open_points]
        found.append(Rows(rows=tuple(rows), title="Not verified"))
    return found


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
    kinds = {EvidenceKind.SCHEDULE: "schedules", EvidenceKind.RUNS: "runs"}
    return [
        Row(mark=PLAIN, claim=f"{kinds[item.kind]} with the fix: {ending(item)}", runs=(run(item),))
        for item in session.evidence
        if item.kind in kinds and item.about == fix.id
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


_WITHSTOOD = {
    ChallengeKind.CAUSE: "what the explanation predicts is not so any more with the fix",
    ChallengeKind.SURVIVAL: "the operation that failed still happens, and returns each time",
    ChallengeKind.ABLATION: "every change is needed",
    ChallengeKind.NULLS: "the test fails on empty results",
    ChallengeKind.AGREEMENT: "the new operation gives the same where the old one works",
    ChallengeKind.OTHER_INPUTS: "the assert holds for other values of what the cell reads",
    ChallengeKind.DAMAGE: "no more values are missing than before, as far as that can be counted",
    ChallengeKind.SECOND_COPY: "a second copy that looks different gives the same",
    ChallengeKind.NEIGHBOURS: "no edit of the same place passes and behaves differently",
}


def _challenges(session: Session, fix: Fix) -> list[Block]:
    """The challenges of a fix that ran: what it withstood, and what speaks against it."""
    rows = []
    for item in challenged(fix.id, session.evidence):
        if item.trial is None or not ran(item):
            continue
        if item.note == NOT_COMPARED:
            row = Row(mark=PLAIN, claim=phrase(item.note), runs=(run(item),))
        elif item.held is True:
            # two kinds of comparison are called agreement: each says what it compared
            told = phrase(item.note) if item.trial is ChallengeKind.AGREEMENT and item.note else ""
            row = Row(mark=tick((item.id,)), claim=told or _WITHSTOOD[item.trial], runs=(run(item),))
        else:
            mark = cross((item.id,)) if item.held is False else OPEN
            row = Row(mark=mark, claim=phrase(item.note or "not decided"), runs=(run(item),))
        rows.append(row)
    return [Rows(rows=tuple(_together(rows)), title="Challenged")] if rows else []


def _together(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows; those that say the same of several tests become one."""
    empty = _WITHSTOOD[ChallengeKind.NULLS]
    same = [row for row in rows if row.claim == empty]
    for row in rows:
        if len(same) < 2 or row.claim != empty:
            yield row
        elif row is same[0]:
            yield Row(
                mark=tick([known for one in same for known in one.mark.evidence]),
                claim=f"{len(same)} tests fail on empty results",
                runs=tuple(ran for one in same for ran in one.runs),
            )


def _not_verified(session: Session, fix: Fix | None) -> list[str]:
    """Return what the evidence leaves open, each point once."""
    claims: dict[str, str] = {item.id: item.claim for item in session.hypotheses}
    reasons = session.judge_fix(fix).reasons if fix is not None else ()
    points = [without_ids(session, phrase(reason)) for reason in reasons]
    for item in session.evidence:
        if not unsettled(item):
            continue
        if item.kind is EvidenceKind.PROBE:
            claim = sentence(phrase(claims.get(item.about, item.about)))
            points.append(f"{claim} Its probe: {ending(item)}")
        elif fix is not None and item.about == fix.id:
            points.append(run(item).label)
    proven = fix is not None and session.judge_fix(fix).verdict is FixVerdict.VERIFIED
    # if a schedule proves a fix, it does not matter that a single run did not fail
    notes = state_notes(session.evidence)
    proven = proven or by_chance(session.evidence) is not None
    points += [note for note in notes if not (proven and note.startswith(UNREPEATED))]
    return [said(point) for point in dict.fromkeys(points)]

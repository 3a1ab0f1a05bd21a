"""What each of the five phases shows of a session, in words and blocks."""

from typing import assert_never

from cot_magic.core.case import Case, Frame, Freshness, Raised, Variable
from cot_magic.core.events import Finding
from cot_magic.core.findings import LOOK, Evidence, EvidenceKind, Hypothesis, HypothesisVerdict, Phase
from cot_magic.core.session import Session
from cot_magic.render import remedy
from cot_magic.render.blocks import (
    OPEN,
    PLAIN,
    Block,
    Code,
    Fold,
    Picture,
    Row,
    Rows,
    Table,
    Text,
    cross,
    tick,
)
from cot_magic.render.runs import ending, error, run, state_notes, unsettled
from cot_magic.render.safe_text import code_span, one_line, phrase, said, sentence, shown
from cot_magic.render.streams import written
from cot_magic.render.usage import asking

_VALUES = 12  # rows of the table of values that are open at once
_AROUND = 2  # lines of a cell that are shown before and after the failing one
_RANK = [HypothesisVerdict.CONFIRMED, HypothesisVerdict.REFUTED, HypothesisVerdict.INCONCLUSIVE]


def blocks(session: Session, phase: Phase) -> tuple[Block, ...]:
    """The blocks of one phase as the session stands."""
    view = session.phase(phase)
    model = (*written(view), *asking(view))
    match phase:
        case Phase.ANALYZE:
            facts = _failure(session)
            texts = findings(session, phase, bool(facts))
            return (*_message(session), *texts, *facts, *_stated(session), *model)
        case Phase.PLAN:
            return (*findings(session, phase, False), *model)
        case Phase.VALIDATE:
            verdicts = _validated(session)
            return (*findings(session, phase, bool(verdicts)), *verdicts, *model)
        case Phase.IMPLEMENT:
            first, last = _apart(findings(session, phase, False), "rollback")
            return (*first, *remedy.implemented(session), *last, *model)
        case Phase.CONFIRM:
            runs = remedy.confirmed(session)
            first, last = _apart(findings(session, phase, bool(runs)), "limits")
            return (*first, *runs, *last, *model)
        case _:
            assert_never(phase)


# Topics of the offline reasoner that say in words what the blocks of the same phase draw from the facts.
_DRAWN = {"code", "values", "calls", "lineage", "outcomes", "before and after"}


def findings(session: Session, phase: Phase, drawn: bool) -> tuple[Text, ...]:
    """What the reasoner found in that phase, in its order.

    Where the facts are `drawn`, the offline reasoner's words for the same facts are left out. A model's are
    kept: it may read something into them.
    """
    found = _found(session, phase)
    if drawn and session.reasoner == "offline":
        found = tuple(item for item in found if item.topic not in _DRAWN)
    return tuple(Text(text=said(item.text), topic=phrase(item.topic, 40)) for item in found)


def _found(session: Session, phase: Phase) -> tuple[Finding, ...]:
    view = session.phase(phase)
    return view.findings if view is not None else ()


def _apart(texts: tuple[Text, ...], topic: str) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    return tuple(t for t in texts if t.topic != topic), tuple(t for t in texts if t.topic == topic)


# --- ANALYZE ------------------------------------------------------------------------------------------------


def _message(session: Session) -> list[Block]:
    raised = session.case.raised if session.case is not None else None
    if raised is None or session.phase(Phase.ANALYZE) is None:
        return []
    more = raised.notes or raised.group or raised.cause or raised.context
    if not more and any(
        raised.ename in item.text.partition("\n")[0] for item in _found(session, Phase.ANALYZE)[:1]
    ):
        return []  # the first finding names it
    return [Text(text=f"**{code_span(raised.ename)}** {_circumstances(raised)}".strip())]


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
    behind = raised.cause or raised.context
    if behind is not None:
        words.append(f"after {code_span(error(behind), 300)}")
    return " ".join(words)


def _place(case: Case, raised: Raised) -> list[Block]:
    """The failing lines, how they were reached, and the values there."""
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
        calls = [f"{case.label(item.cell)}, line {item.lineno} {code_span(item.line)}" for item in outer[-3:]]
        found.append(Text(text=f"called from {'; '.join(reversed(calls))}", quiet=True))
    return [*found, *_values(frame)]


def _excerpt(source: str, lineno: int, title: str) -> list[Block]:
    lines = source.splitlines()
    if not 1 <= lineno <= len(lines):
        return []
    first, last = max(1, lineno - _AROUND), min(len(lines), lineno + _AROUND)
    width = len(str(last))
    text = "\n".join(
        f"{'→' if number == lineno else ' '} {number:>{width}}  {shown(lines[number - 1], 400)}".rstrip()
        for number in range(first, last + 1)
    )
    return [Code(source=text, title=title, language="")]


def _values(frame: Frame) -> list[Block]:
    named: dict[str, Variable] = {}
    for variable in (*frame.operands, *frame.variables):
        if not _is_literal(variable.name):
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


def _is_literal(expression: str) -> bool:
    """Whether the value of an expression can be read from it, so that a row would say it twice."""
    return expression[:1] in "'\"-0123456789" or expression in ("None", "True", "False")


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
    return Table(headers=("depends on", "for", "source", ""), rows=tuple(rows), code=(1, 2))


def _stated(session: Session) -> list[Block]:
    rows = tuple(
        Row(
            mark=PLAIN,
            claim=sentence(said(item.claim)),
            detail=f"Predicts: {said(item.prediction)}{_where(session, item)}",
        )
        for item in session.hypotheses
    )
    return [Rows(rows=rows, title="Hypotheses")] if rows else []


def _where(session: Session, hypothesis: Hypothesis) -> str:
    if session.case is None or hypothesis.cell is None:
        return ""
    line = f", line {hypothesis.lineno}" if hypothesis.lineno is not None else ""
    return f" ({session.case.label(hypothesis.cell)}{line})"


# --- VALIDATE -----------------------------------------------------------------------------------------------


def _validated(session: Session) -> list[Block]:
    judged = [(item, session.judge(item.id).verdict) for item in session.hypotheses]
    ordered = [item for item, _ in sorted(judged, key=lambda pair: _RANK.index(pair[1]))]
    known = {item.id for item in session.hypotheses}
    started = session.phase(Phase.VALIDATE) is not None or any(
        item.kind is EvidenceKind.PROBE for item in session.evidence
    )
    rows = [_verdict_row(session, item) for item in ordered] if started else []
    rows += [
        Row(mark=PLAIN, claim=_beside(item), runs=(run(item),))
        for item in session.evidence
        if (item.kind is EvidenceKind.PROBE and item.about not in known) or _search_of_the_case(session, item)
    ]
    found: list[Block] = [Rows(rows=tuple(rows))] if rows else []
    found += _pictured(session)
    effects = dict.fromkeys(effect for item in session.evidence for effect in item.effects)
    if effects:
        listed = "\n".join(f"- {code_span(effect)}" for effect in effects)
        found.append(Text(text=f"Attempts to reach outside, seen in the copies:\n{listed}"))
    found += [Text(text=note, topic="state", quiet=True) for note in state_notes(session.evidence)]
    return found


def _beside(item: Evidence) -> str:
    """What a run was about that belongs to no hypothesis."""
    if item.kind is EvidenceKind.SCHEDULE and item.schedule is not None:
        return f"{item.schedule.failed:,} of {item.schedule.schedules:,} schedules of the cell fail"
    if item.about == LOOK:
        return f"the value of {code_span(item.code, 200)} was looked at"
    return code_span(item.about) if item.about else "the cell"


def _pictured(session: Session) -> list[Block]:
    """The latest schedule under which the cell fails, step by step."""
    for item in reversed(session.evidence):
        search = item.schedule
        if search is None or search.trace is None or not _search_of_the_case(session, item):
            continue
        if search.witness is not None and search.trace.steps:
            title = f"The schedule that fails ({phrase(item.id, 40)})"
            return [Picture(trace=search.trace, title=title, inevitable_after=search.inevitable_after)]
    return []


def _search_of_the_case(session: Session, item: Evidence) -> bool:
    return item.kind is EvidenceKind.SCHEDULE and item.about not in {fix.id for fix in session.fixes}


def _verdict_row(session: Session, hypothesis: Hypothesis) -> Row:
    judged = session.judge(hypothesis.id)
    runs = tuple(
        run(item)
        for item in session.evidence
        if item.kind is EvidenceKind.PROBE and item.about == hypothesis.id
    )
    prediction = said(hypothesis.prediction)
    match judged.verdict:
        case HypothesisVerdict.CONFIRMED:
            mark, detail = tick(judged.evidence), f"Prediction held: {prediction}"
        case HypothesisVerdict.REFUTED:
            mark, detail = cross(judged.evidence), f"Prediction failed: {prediction}"
        case HypothesisVerdict.INCONCLUSIVE:
            mark, detail = (OPEN, f"Not decided: {_open_reasons(session, hypothesis)}")
            if not runs and not session.ended:
                mark, detail = PLAIN, "not tested yet"
    strong = judged.verdict is HypothesisVerdict.CONFIRMED
    return Row(mark=mark, claim=sentence(said(hypothesis.claim)), detail=detail, runs=runs, strong=strong)


def _open_reasons(session: Session, hypothesis: Hypothesis) -> str:
    probes = [i for i in session.evidence if i.kind is EvidenceKind.PROBE and i.about == hypothesis.id]
    open_ended = [ending(item) for item in probes if item.held is None or unsettled(item)]
    reasons = open_ended or [phrase(reason) for reason in session.judge(hypothesis.id).reasons]
    return said("; ".join(dict.fromkeys(reasons)))

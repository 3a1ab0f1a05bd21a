"""What a model is told, as text: the case, the evidence, the phases of a session that it did not see."""

from collections.abc import Iterator, Sequence
from typing import Any

from cot_magic.core.case import Case, Cell, CellId, Frame, Freshness, Raised, Variable
from cot_magic.core.certificate import Certificate, OutputVerdict
from cot_magic.core.facts import Facts
from cot_magic.core.findings import Evidence, EvidenceKind, FixVerdict, HypothesisVerdict, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, run_of
from cot_magic.reasoners.claude.conversation.cells import Cells
from cot_magic.reasoners.claude.conversation.outgoing import Marked, cut

SOURCES = 60_000  # characters of cells that are sent; the others can be read on request
NAMES = 80  # global names that are listed
LINE = 400
LONGEST_RESULT = 3_000  # characters of the evidence for one request
LONGEST_OUTPUT = 1_500  # characters of what one run printed
LONG_ENOUGH = 20  # characters of an output that is told once
LONGEST_SAMPLE = 600  # characters of the data of one name
LONGEST_SAMPLES = 2_400
LONGEST_SHOWN = 2_400  # characters of what all cells printed
LONGEST_DOC = 600  # characters of signature and documentation
LONGEST_FACTS = 8_000
LONGEST_PHASE = 6_000  # characters of one finished phase
LONGEST_FOUND = 3_000  # characters of what another reasoner found before
MOST_FOUND = 5  # hypotheses, and fixes
NOTHING_RAN = (
    "nothing ran: there is no copy of the kernel, or the time for experiments is used up. "
    "This is not evidence."
)
_FRESHNESS = {
    Freshness.STALE: ", stale: edited since it ran, or something it depends on ran again",
    Freshness.OUT_OF_ORDER: ", ran out of order",
    Freshness.NOT_RUN: ", has not run",
}

# --- the case ---------------------------------------------------------------------------------------------


def case_text(case: Case, cells: Cells, marked: Marked) -> str:
    """Everything that the first request says about the case."""
    parts = [f"The case. Data is enclosed in marks with the key {marked.key}."]
    label = cells.label(case.cell.id)
    if case.raised is None:
        parts.append(f"{label} ran without raising; the user asks about it.")
    else:
        # the name of a class may be any string
        name = case.raised.ename if case.raised.ename.isidentifier() else "an exception"
        parts.append(f"{label} raised {name}.")
        parts.append(marked.data("the exception", "\n".join(_raised(case.raised, cells))))
    if case.prompt:
        parts.append(f"What the user says about it:\n{marked.data('words of the user', case.prompt)}")
    parts += _sources(case, cells, marked)
    if case.raised is not None and case.raised.frames:
        parts.append(marked.data("frames, outermost first", "\n".join(_frames(case.raised, cells))))
    if samples := _samples(case):
        parts.append(marked.data("samples of the data", cut("\n".join(samples), LONGEST_SAMPLES)))
    if case.outputs:
        shown = "\n".join(f"{cells.label(cell)}:\n{text}" for cell, text in case.outputs)
        what = "what cells printed, displayed and warned of when they last ran"
        parts.append(marked.data(what, cut(shown, LONGEST_SHOWN)))
    seen = "\n".join(parts)
    others = [item for item in case.namespace[:NAMES] if f"  {item.name} = {item.text}  " not in seen]
    if lines := [_variable(item) for item in others]:  # the frames have some of them
        parts.append(marked.data("other global names after the failure", "\n".join(lines)))
    environment = case.environment
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages)
    parts.append(f"Python {environment.python} on {environment.platform}. {packages}".strip())
    return "\n\n".join(parts)


def _raised(raised: Raised, cells: Cells, depth: int = 0) -> Iterator[str]:
    yield f"{raised.qualname or raised.ename}: {raised.evalue}"
    yield from (f"note: {note}" for note in raised.notes)
    if raised.syntax is not None:
        line = cut(raised.syntax.text.rstrip(), LINE)
        yield f"line {raised.syntax.lineno}, column {raised.syntax.offset}: {line}"
    if raised.subject is not None:
        yield f"the operation failed on: {_variable(raised.subject)}"
        keys = raised.subject.keys or raised.subject.members
        if keys:
            yield f"what it has: {', '.join(keys)[:2000]}"
    if depth < 3:
        for word, other in (("caused by", raised.cause), ("while handling", raised.context)):
            if other is not None:
                yield from (f"{word}: {line}" for line in _raised(other, cells, depth + 1))
        for part in raised.group:
            yield from (f"in the group: {line}" for line in _raised(part, cells, depth + 1))


def _sources(case: Case, cells: Cells, marked: Marked) -> Iterator[str]:
    """The failing cell, the cells that it depends on, and as many others as there is room for."""
    names = {item.cell.id: item for item in case.lineage}
    order: Sequence[Cell] = (
        case.cell,
        *(item.cell for item in case.lineage if item.cell.id != case.cell.id),
        *(cell for cell in cells.all if cell.id != case.cell.id and cell.id not in names),
    )
    room, left = SOURCES, []
    for cell in order:
        source = cells.shown(cell)
        if len(source) > room and cell.id != case.cell.id:
            left.append(cells.label(cell.id))
            continue
        room -= len(source)
        what = f"source of {cells.label(cell.id)}"
        if cell.id == case.cell.id:
            what += ", the failing cell" if case.raised is not None else ", the cell asked about"
        if cell.id in names:
            item = names[cell.id]
            what += f", defines {', '.join(item.names)}{_FRESHNESS.get(item.freshness, '')}"
        yield marked.data(what, source, redacted=True)
    if left:
        yield f"Cells that can be read with `history`: {', '.join(left)}."


def _frames(raised: Raised, cells: Cells) -> Iterator[str]:
    skipped = 0
    for place, frame in enumerate(raised.frames):
        if frame.cell is None and 3 <= place < len(raised.frames) - 3:
            skipped += 1
            continue
        where = cells.label(frame.cell) if frame.cell is not None else frame.filename
        yield f"frame {place}: {frame.function} in {where}, line {frame.lineno}: {cut(frame.line, LINE)}"
        if frame.cell is not None:
            yield from _values(frame)
        if "\n" in frame.called:  # with documentation: the values have the signature
            told = frame.called[:LONGEST_DOC] + "…" * (len(frame.called) > LONGEST_DOC)
            yield f"  signature and documentation of what it calls: {told}"
        if frame.source:
            yield f"  the library's source around that line:\n{frame.source}"
    if skipped:
        yield f"({skipped} library frames are left out)"


def _values(frame: Frame) -> Iterator[str]:
    if frame.expression:
        yield f"  was evaluating: {cut(frame.expression, LINE)}"
    seen = set()
    for item in (*frame.operands, *frame.variables):
        # not what the line says itself, nor CPython's own names in comprehensions
        if item.name not in seen and item.name != item.text and not item.name.startswith("."):
            seen.add(item.name)
            yield f"  {_variable(item)}"


def _samples(case: Case) -> list[str]:
    """The first values in the data that the failing frames see, one name to a line."""
    found: dict[str, str] = {}
    frames = case.raised.frames if case.raised is not None else ()
    subject = (case.raised.subject,) if case.raised is not None and case.raised.subject is not None else ()
    seen = [item for frame in reversed(frames) if frame.cell for item in (*frame.operands, *frame.variables)]
    for item in (*subject, *seen):
        head = next((text for name, text in item.facts if name == "head"), "")
        if head and head not in found.values():
            found.setdefault(item.name, head)
    return [f"{name}: {cut(head, LONGEST_SAMPLE, around=' ')}" for name, head in found.items()]


def _variable(item: Variable) -> str:
    facts = "; ".join(
        f"{name}: {text}"
        for name, text in item.facts
        if name != "head" and not (name == "signature" and text in item.text)
    )
    keys = f"; keys: {', '.join(item.keys)}"[:LINE] if item.keys else ""
    line = f"{item.name} = {item.text}  ({item.type}{'; ' + facts if facts else ''}{keys})"
    return line if len(line) <= 2 * LINE else line[: 2 * LINE] + "…"


# --- the autopsy ------------------------------------------------------------------------------------------


def facts_text(facts: Facts, cells: Cells, marked: Marked) -> str:
    """What was seen in a copy of the failed kernel."""
    lines = []
    for item in facts:
        where = f" ({cells.label(item.cell)}, line {item.lineno})" if item.cell and item.lineno else ""
        lines.append(f"{item.kind}{where}: {item.text}")
    return marked.data("seen in the failed kernel", cut("\n".join(lines), LONGEST_FACTS))


# --- the evidence -----------------------------------------------------------------------------------------


def evidence_text(evidence: Sequence[Evidence], cells: Cells) -> str:
    """The runs that answered one request: what ran, how it ended, what it printed."""
    if not evidence:
        return NOTHING_RAN
    told: dict[str, str] = {}  # what runs of one answer show is mostly the same: each text is told once
    return cut("\n".join(_run(item, cells, told) for item in evidence), LONGEST_RESULT)


def _run(item: Evidence, cells: Cells, told: dict[str, str]) -> str:
    """One run; `told` maps each line already told to the id of the run that has it."""
    lines = [f"{item.id}: {_what(item)}: {_ending(item)}"]
    if item.raised is not None:
        frame = item.raised.innermost_in_cells
        where = ""
        if frame is not None:
            where = f" at {cells.label(frame.cell)}, line {frame.lineno}: {cut(frame.line, LINE)}"
        lines.append(f"  raised {item.raised.ename}: {cut(item.raised.evalue, 600)}{where}")
    if item.output:
        lines += _once(item, "output", cut(item.output, LONGEST_OUTPUT), told)
    if item.state:
        values = "; ".join(f"{state.expression} == {cut(state.text, 200)}" for state in item.state[:12])
        lines += _once(item, "values afterwards", values, told)
    lines += [f"  tried to {effect}" for effect in item.effects[:5]]
    if item.note:
        lines.append(f"  note: {item.note}")
    return "\n".join(lines)


def _once(item: Evidence, what: str, text: str, told: dict[str, str]) -> Iterator[str]:
    """What a run showed; a longer text that another run showed before is named by that run alone."""
    line = f"  {what}: {text}"
    if len(text) > LONG_ENOUGH and line in told:
        if item.kind is not EvidenceKind.CHALLENGE:  # what a challenge printed decides nothing
            yield f"  {what}: as in {told[line]}"
        return
    told.setdefault(line, item.id)
    yield line


def _what(item: Evidence) -> str:
    match item.kind:
        case EvidenceKind.PROBE:
            return "value" if item.held is None and item.about == "look" else f"probe of {item.about}"
        case EvidenceKind.FIX:
            return f"cell {item.stage} {item.about}"
        case EvidenceKind.TEST:
            return f"{item.test} {item.stage} {item.about}"
        case EvidenceKind.SCHEDULE:
            return f"schedules of {item.about or 'the cell'}"
        case EvidenceKind.CHALLENGE:
            return f"challenge of {item.about} ({item.trial})"
        case EvidenceKind.RUNS:
            return f"runs of {item.about or 'the cell'}"


def _ending(item: Evidence) -> str:
    if item.kind is EvidenceKind.CHALLENGE:
        return {True: "withstood", False: "not withstood", None: "not decided"}[item.held]
    if item.kind is EvidenceKind.PROBE and item.outcome is Outcome.PASSED and item.about != "look":
        return {True: "the prediction held", False: "the prediction failed", None: "neither true nor false"}[
            item.held
        ]
    return item.outcome.lower().replace("_", " ")


def printed(evidence: Sequence[Evidence]) -> str:
    """What a look printed, or how it ended instead."""
    if not evidence:
        return NOTHING_RAN
    item = evidence[-1]
    if item.raised is not None:
        return f"raised {item.raised.ename}: {cut(item.raised.evalue, 600)}"
    return cut(item.output, LONGEST_RESULT) if item.output else _ending(item)


def cell_history(case: Case, cell_id: CellId) -> Iterator[str]:
    """What is known of a cell besides its source: what it defines, whether that is fresh, what it printed."""
    for item in case.lineage:
        if item.cell.id == cell_id:
            yield f"defines {', '.join(item.names)}{_FRESHNESS.get(item.freshness, '')}"
    yield from (f"printed or displayed:\n{text}" for cell, text in case.outputs if cell == cell_id)


# --- finished phases --------------------------------------------------------------------------------------


def finished_phases(session: Session) -> str:
    """The headline and the findings of each phase that the model finished."""
    parts = []
    for view in session.phases:
        if not view.headline or view.by:
            continue
        lines = [f"{view.phase}: {view.headline}"]
        lines += [f"{finding.topic}: {finding.text}" for finding in view.findings]
        parts.append(cut("\n".join(lines), LONGEST_PHASE))
    return "\n\n".join(parts)


# --- what another reasoner found ----------------------------------------------------------------------------


def found_before(session: Session, cells: Cells) -> str:
    """Hypotheses and fixes of a session with their verdicts, the decided ones first; bounded."""
    lines = []
    judged = [(session.judge(item.id), item) for item in session.hypotheses]
    order = list(HypothesisVerdict)
    judged.sort(key=lambda pair: order.index(pair[0].verdict))
    for verdict, item in judged[:MOST_FOUND]:
        lines.append(f"{item.id} ({verdict_text(verdict)}): {cut(item.claim, LINE)}")
    fixes = [(session.judge_fix(fix), fix) for fix in session.fixes]
    ranks = list(FixVerdict)
    fixes.sort(key=lambda pair: ranks.index(pair[0].verdict))
    for ruling, fix in fixes[:MOST_FOUND]:
        lines.append(f"{fix.id} for {fix.hypothesis} ({verdict_text(ruling)}): {cut(fix.why, LINE)}")
        lines += [f"  {line}" for edit in fix.edits for line in cells.diff(edit)]
        after = run_of(fix.id, Stage.AFTER, session.evidence)
        if after is not None and after.raised is not None:
            lines.append(f"  then raised {after.raised.ename}: {cut(after.raised.evalue, LINE)}")
    return cut("\n".join(lines), LONGEST_FOUND)


def verdict_text(judged: Judgement[Any]) -> str:
    """A verdict with its evidence and its first reasons."""
    based = f" by {', '.join(judged.evidence)}" if judged.evidence else ""
    why = f"; {'; '.join(judged.reasons[:3])}" if judged.reasons else ""
    return f"{judged.verdict}{based}{why}"


def certificate_text(certificate: Certificate) -> str:
    """What each cell of the whole notebook did in a fresh kernel, as far as it did not just pass."""
    lines = [f"{certificate.passed} of {len(certificate.cells)} cells pass in a fresh kernel."]
    lines += [
        " ".join(f"{cell.label}: {cell.outcome}: {cell.reason}. {cell.relation}".split())
        for cell in (*certificate.failed, *certificate.not_run)
    ]
    changed = certificate.with_outputs(OutputVerdict.CHANGED)
    lines += [f"{cell.label} shows {cell.now[:200]!r}; before, {cell.was[:200]!r}" for cell in changed]
    return "\n".join(lines)

"""The sections of a report by name: what each says of a session, including one with nothing to say."""

import re
from collections.abc import Callable, Iterator, Mapping

from cot_magic.core.edits import diff
from cot_magic.core.findings import Fix, FixVerdict, HypothesisVerdict, Phase, Priority, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.notebook.report import races, runs
from cot_magic.notebook.report.case import Dossier
from cot_magic.notebook.report.cells import ReportCell, as_markdown, text_cell
from cot_magic.render.blocks import OPEN, Mark, Table, Text, cross, tick
from cot_magic.render.certificate import certified
from cot_magic.render.markdown import escaped, fence, inline
from cot_magic.render.marks import mark_of
from cot_magic.render.outline import badge, notes, title
from cot_magic.render.phases import findings
from cot_magic.render.runs import ending, error
from cot_magic.render.safe_text import code_span, one_line, phrase, said, seconds, sentence

# For `jupyter nbconvert --to html`; front ends drop it. The kit scrolls, as it would fill a page.
STYLE = """<style>
.celltag_cot-kit .highlight pre { max-height: 15em; overflow-y: auto; }
.celltag_cot-picture .jp-Cell-inputWrapper { display: none; }
.jp-RenderedHTMLCommon table { margin-left: 0; }
.jp-RenderedHTMLCommon .highlight { margin-bottom: 1em; }
.highlight .gd { color: #82071e; background: #ffebe9; }
.highlight .gi { color: #116329; background: #dafbe1; }
.highlight .gu { color: #656d76; }
</style>"""
_VALUES = 12  # rows; the operands of the failing expression come first
Cells = Iterator[ReportCell]
_PRIORITY = re.compile(r"^\s*(?:[-*+]|\d+[.)])?\s*\*{0,2}(P[012])\*{0,2}\s*[:.)-]?\s+(.+)$", re.MULTILINE)


def summary(told: Dossier) -> Cells:
    """Yield what failed, why, and what was proven."""
    session, case = told.session, told.case
    shown = badge(session)
    lines = [f"**{escaped(shown.text)}**: {inline(title(session))}."]
    if case.raised is not None:
        lines.append(f"The error: {code_span(error(case.raised), 300)}")
    cause = session.root_cause
    if cause is not None:
        judged = session.judge(cause.id)
        based = ", ".join(judged.evidence)
        lines.append(
            f"**Root cause** ({judged.mark} confirmed by {based}): {inline(sentence(said(cause.claim)))}"
        )
    elif case.raised is not None:
        lines.append("**Root cause**: no hypothesis was shown to be it.")
    fix = told.fix
    if fix is not None:
        verdict = session.judge_fix(fix)
        word = verdict.verdict.value.lower()
        lines.append(f"**Fix** ({mark_of(verdict).sign} {word}): {inline(sentence(said(fix.why)))}")
        lines += [f"- ? {inline(said(reason))}" for reason in dict.fromkeys(verdict.reasons)]
    elif case.raised is not None:
        lines.append("**Fix**: no fix was shown to help.")
    lines += [f"> {inline(note)}" for note in notes(session) if note != phrase(session.note, 600)]
    if told.stale:
        lines.append(
            f"> {inline(', '.join(told.stale))} changed after running, or an earlier cell ran again since. "
            "The state built here may differ from the kernel's, so outputs based on it are not compared."
        )
    elif told.unsure:
        lines.append(
            "> The failure did not come back each time the cell ran again, so outputs that depend on it are "
            "not compared."
        )
    if told.skip:
        lines.append(f"> The cells of this report are skipped when it is tested: {inline(told.skip)}.")
    yield text_cell("\n\n".join(lines))


def environment(told: Dossier) -> Cells:
    """Yield the versions of what the case uses, and nothing else."""
    where = told.case.environment
    rows = [("Python", where.python), ("platform", where.platform), ("front end", where.front_end)]
    rows += [(name, version) for name, version in where.packages]
    rows += [("reasoner", told.session.worked_by), ("intensity", told.session.intensity)]
    table = Table(
        headers=("what", "version"), rows=tuple((phrase(a), phrase(b) or "unknown") for a, b in rows)
    )
    lock = "\n".join(f"{name}=={version}" for name, version in where.packages)
    told_lock = f"The packages that the case uses, as requirements:\n\n{fence(lock)}" if lock else ""
    yield text_cell(as_markdown(table), told_lock or "The case uses no package beyond the standard library.")


def analysis(told: Dossier) -> Cells:
    """Yield what the failure means, and the values where it was raised."""
    raised = told.case.raised
    texts = findings(told.session, Phase.ANALYZE, drawn=True)
    frame = raised.innermost_in_cells if raised is not None else None
    found = (*frame.operands, *frame.variables) if frame is not None else ()
    named = {item.name: item for item in found if item.type not in ("module", "function", "type")}
    rows = tuple(
        (one_line(item.name, 120), one_line(item.type, 80), one_line(item.text))
        for item in list(named.values())[:_VALUES]
    )
    table = Table(headers=("name", "type", "value"), rows=rows, code=(0, 2))
    values = f"The values where it was raised:\n\n{as_markdown(table)}" if rows else ""
    yield text_cell(as_markdown(*texts), values or ("" if texts else SILENT.format("the error itself")))


def reproduction(told: Dossier) -> Cells:
    """Yield the cells that fail; for concurrent code also the schedule under which they do."""
    yield from runs.reproduction(told)
    yield from races.witness(told)


def hypotheses(told: Dossier) -> Cells:
    """Yield the hypotheses with their verdicts, and each probe as a cell that gives its answer again."""
    session = told.session
    if not session.hypotheses:
        yield text_cell("No hypothesis was stated.")
        return
    rows = []
    for item in session.hypotheses:
        judged = session.judge(item.id)
        mark = _mark(session, item.id)
        where = f"{told.case.label(item.cell)}" if item.cell is not None else ""
        where += f", line {item.lineno}" if item.cell is not None and item.lineno is not None else ""
        rows.append(
            f"| {escaped(item.id)} | {_cell(item.claim)} | {_cell(item.prediction)} | {escaped(where)} "
            f"| {mark.sign} {judged.verdict.value.lower()} | {', '.join(judged.evidence) or 'none'} |"
        )
    head = "| | hypothesis | predicts | where | verdict | evidence |\n|---|---|---|---|---|---|"
    yield text_cell("\n".join([head, *rows]))
    for item in session.hypotheses:
        mine = [(probe, run) for probe, run in told.probes if probe.about == item.id]
        if not mine and not session.judge(item.id).evidence:
            continue  # the table says that nothing ran for it
        sign = _mark(session, item.id).sign
        heading = f"### {escaped(item.id)}: {inline(said(item.claim))}"
        yield text_cell(heading, f"{sign} {_why(session, item.id)}")
        for probe, run in mine:
            yield from runs.probe_cells(told, probe, run)


def _mark(session: Session, hypothesis: str) -> Mark:
    judged = next(session.judge(item.id) for item in session.hypotheses if item.id == hypothesis)
    match judged.verdict:
        case HypothesisVerdict.CONFIRMED:
            return tick(judged.evidence)
        case HypothesisVerdict.REFUTED:
            return cross(judged.evidence)
        case HypothesisVerdict.INCONCLUSIVE:
            return OPEN


def _why(session: Session, hypothesis: str) -> str:
    item = next(item for item in session.hypotheses if item.id == hypothesis)
    judged = session.judge(item.id)
    match judged.verdict:
        case HypothesisVerdict.CONFIRMED:
            return f"Confirmed. It predicted: {inline(said(item.prediction))}"
        case HypothesisVerdict.REFUTED:
            return f"Refuted. It predicted: {inline(said(item.prediction))}"
        case HypothesisVerdict.INCONCLUSIVE if not judged.evidence:
            return "Not tested."
        case HypothesisVerdict.INCONCLUSIVE:
            return f"Not decided: {inline(said('; '.join(judged.reasons)))}."


def eliminated(told: Dossier) -> Cells:
    """Yield refuted hypotheses, and fixes that failed or are rivals."""
    session = told.session
    lines = []
    for item in session.hypotheses:
        judged = session.judge(item.id)
        if judged.verdict is HypothesisVerdict.REFUTED:
            mark = cross(judged.evidence).sign
            lines.append(
                f"- {mark} {escaped(item.id)} ({', '.join(judged.evidence)}): {inline(said(item.claim))}"
            )
    parts = ["\n".join(lines)]
    for fix in session.fixes:
        if told.fix is None or fix.id != told.fix.id:
            parts.append(_other_fix(told, fix))
    yield text_cell(*parts) if any(parts) else text_cell("The session eliminated no alternatives.")


def _other_fix(told: Dossier, fix: Fix) -> str:
    judged = told.session.judge_fix(fix)
    reasons = f": {inline(said('; '.join(judged.reasons)))}" if judged.reasons else ""
    head = f"{mark_of(judged).sign} {escaped(fix.id)} {judged.verdict.value.lower()}"
    line = f"{head}{reasons}. {inline(said(fix.why))}"
    edits = "\n\n".join(fence(diff(edit, told.case.label(edit.cell)), "diff") for edit in fix.edits)
    return f"<details><summary>{_html(one_line(line, 300))}</summary>\n\n{edits}\n\n</details>"


def _html(text: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>#|~$&@])", r"\1", text).replace("`", "")


def fix(told: Dossier) -> Cells:
    """Yield the fix as a diff and as cells."""
    best = told.fix
    if best is None:
        yield text_cell("There is no fix: none was shown to help.")
        return
    judged = told.session.judge_fix(best)
    based = f" ({', '.join(judged.evidence)})" if judged.evidence else ""
    head = (
        f"{mark_of(judged).sign} **{judged.verdict.value.lower()}**{based}: "
        f"{inline(sentence(said(best.why)))} It follows from {escaped(best.hypothesis)}."
    )
    open_points = "\n".join(f"- ? {inline(said(reason))}" for reason in dict.fromkeys(judged.reasons))
    diffs = [fence(diff(edit, told.case.label(edit.cell)), "diff") for edit in best.edits]
    yield text_cell(head, open_points, *diffs, "As cells, run on the state before the failing cell:")
    yield from runs.fix_cells(told)


def tests(told: Dossier) -> Cells:
    """Yield each regression test as a cell, its runs without and with the fix, and the certificate."""
    best = told.fix
    views = told.session.tests_of(best.id) if best is not None else ()
    if views:
        yield text_cell(
            "Each test runs after the original failing cell, where it must fail, and after the cells with "
            "the fix, where it must pass."
        )
    else:
        yield text_cell("No regression test was written.")
    for view in views:
        yield from runs.test_cells(told, view)
    if told.session.certificate is not None:
        yield text_cell(as_markdown(*certified(told.session.certificate)))


tests.__test__ = False  # type: ignore[attr-defined]


def _cell(text: str) -> str:
    """Return light Markdown for a cell of a table, where an unescaped `|` would end the cell."""
    return re.sub(r"(?<!\\)\|", r"\\|", inline(said(one_line(text, 600))))


def plan(told: Dossier) -> Cells:
    """Yield what to do now, next and later."""
    rows: dict[str, dict[str, None]] = {level.value: {} for level in Priority}
    for item in told.session.fixes:
        judged = told.session.judge_fix(item)
        chosen = told.fix is not None and told.fix.id == item.id
        if judged.verdict is not FixVerdict.REJECTED:
            level = item.priority.value if chosen else max(item.priority.value, "P1")
            rows[level].setdefault(
                f"{escaped(item.id)}: {inline(said(item.why))} ({judged.verdict.value.lower()})"
            )
    known = {said(item.why) for item in told.session.fixes}
    for view in told.session.phases:
        for finding in view.findings:
            for level, text in _PRIORITY.findall(finding.text):
                if not any(why in text for why in known):
                    rows[level].setdefault(inline(said(text)))
    meaning = {"P0": "now", "P1": "next", "P2": "later"}
    parts = [
        f"**{level}** ({meaning[level]})\n\n"
        + ("\n".join(f"- {row}" for row in found) or "- nothing in this session")
        for level, found in rows.items()
    ]
    yield text_cell(*parts)


def cost(told: Dossier) -> Cells:
    """Yield the times without and with the fix, as measured in the copies."""
    before, after = told.run_of_fix(Stage.BEFORE), told.run_of_fix(Stage.AFTER)
    rows = []
    if before is not None and after is not None:
        rows.append(("the failing cell", before, after))
    for view in told.session.tests_of(told.fix.id) if told.fix is not None else ():
        if view.before is not None and view.after is not None:
            rows.append((view.test.name, view.before, view.after))
    if not rows:
        yield text_cell("Nothing was measured: no fix was run.")
        return
    table = Table(
        headers=("what ran", "without the fix", "with the fix", "evidence"),
        rows=tuple(
            (name, f"{seconds(one.seconds)}, {ending(one)}", f"{seconds(two.seconds)}, {ending(two)}",
             f"{one.id}, {two.id}")
            for name, one, two in rows
        ),
    )  # fmt: skip
    note = "One run each, in confined copies of the kernel; a failing run ends where it raises."
    yield text_cell(as_markdown(table), note)


def security(told: Dossier) -> Cells:
    """Yield what the code in the copies tried to do outside them."""
    found: dict[str, list[str]] = {}
    for item in told.session.evidence:
        for effect in item.effects:
            found.setdefault(effect, []).append(item.id)
    ran = sum(item.outcome is not Outcome.BLOCKED for item in told.session.evidence)
    lines = [f"- {code_span(effect)} ({', '.join(ids)})" for effect, ids in found.items()]
    withheld = max(told.case.redactions, told.session.withheld)  # in the notebook, and in what was sent
    kept = f"Values withheld because they look like secrets: {withheld}." if withheld else ""
    if lines:
        yield text_cell("In the confined copies, the code tried to reach outside:", "\n".join(lines), kept)
    elif ran:
        many = "1 run" if ran == 1 else f"{ran} runs"
        yield text_cell(f"In {many} in confined copies, no attempt to reach outside was seen.", kept)
    else:
        yield text_cell("Nothing was run in a confined copy, so nothing is known about side effects.", kept)


def appendix(told: Dossier) -> Cells:
    """Yield all evidence in one table, and how to replay the session in this file."""
    rows = tuple(
        (item.id, item.kind.value, item.about, item.stage.value if item.stage is not None else "",
         ending(item), seconds(item.seconds))
        for item in told.session.evidence
    )  # fmt: skip
    headers = ("evidence", "kind", "about", "stage", "how it ended", "time")
    table = as_markdown(Table(headers=headers, rows=rows)) if rows else "No evidence was gathered."
    yield text_cell(
        table,
        f"The whole session ({escaped(told.session.id or 'without a name')}) is in the metadata of this "
        "notebook. To see it again: `%cot_replay THIS.ipynb` in a notebook, or `cot-magic replay "
        "THIS.ipynb` in a shell. To run all cells of this file as tests: `pytest --nbval THIS.ipynb`.",
        STYLE,
    )


def _told(*topics: str, silence: str) -> Callable[[Dossier], Cells]:
    """Return a section of the findings on these topics; if there are none, of the sentence `silence`."""

    def section(told: Dossier) -> Cells:
        found = tuple(
            Text(text=said(finding.text))
            for view in told.session.phases
            for finding in view.findings
            if any(topic in finding.topic.lower() for topic in topics)
        )
        yield text_cell(as_markdown(*found) if found else silence)

    return section


def rollback(told: Dossier) -> Cells:
    """Yield how to undo the fix."""
    if told.fix is None:
        yield text_cell("There is no fix, so there is nothing to undo.")
        return
    yield from _told("rollback", silence="Restore the lines that the diff shows as removed.")(told)


def follow_ups(told: Dossier) -> Cells:
    """Yield what remains open."""
    fix = told.fix
    reasons = dict.fromkeys(told.session.judge_fix(fix).reasons) if fix is not None else {}
    rows = [f"{fix.id}: {reason}" for reason in reasons if fix is not None]
    rows += [
        f"{item.id} is not decided: {item.claim}"
        for item in told.session.hypotheses
        if told.session.judge(item.id).verdict is HypothesisVerdict.INCONCLUSIVE
    ]
    text = "\n".join(f"- ? {inline(said(row))}" for row in rows)
    topics = ("follow", "advice") if fix is not None else ("follow", "advice", "limits")
    yield from _told(*topics, silence="" if text else "Nothing was left open.")(told)
    yield text_cell(text)


SILENT = "The session says nothing about {}."
SECTIONS: Mapping[str, Callable[[Dossier], Cells]] = {
    "summary": summary,
    "environment": environment,
    "reproduction": reproduction,
    "analysis": analysis,
    "timeline": races.timeline,
    "hypotheses": hypotheses,
    "eliminated": eliminated,
    "fix": fix,
    "tests": tests,
    "plan": plan,
    "edge_cases": _told("edge", silence=SILENT.format("edge cases beyond the tests above")),
    "cost": cost,
    "security": security,
    "rollback": rollback,
    "monitoring": _told("monitor", silence=SILENT.format("monitoring")),
    "follow_ups": follow_ups,
    "appendix": appendix,
}
NEED_KIT = ("hypotheses", "fix", "tests")

"""The sections about cause and remedy: hypotheses with their probes, alternatives, the fix and its tests."""

import re
from collections.abc import Iterator

from cot_magic.core.edits import diff
from cot_magic.core.findings import Fix, HypothesisVerdict
from cot_magic.core.session import Session
from cot_magic.notebook.report import runs as report_runs
from cot_magic.notebook.report.case import Dossier
from cot_magic.notebook.report.cells import ReportCell, text_cell
from cot_magic.render.blocks import OPEN, Mark, cross, tick
from cot_magic.render.markdown import escaped, fence, inline
from cot_magic.render.phases import mark_of
from cot_magic.render.safe_text import one_line, said, sentence

Cells = Iterator[ReportCell]


def hypotheses(told: Dossier) -> Cells:
    """The table of hypotheses with their verdicts, and each probe as a cell that gives its answer again."""
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
            continue  # the table says that nothing was run for it
        sign = _mark(session, item.id).sign
        heading = f"### {escaped(item.id)}: {inline(said(item.claim))}"
        yield text_cell(heading, f"{sign} {_why(session, item.id)}")
        for probe, run in mine:
            yield from report_runs.probe_cells(told, probe, run)


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
        case HypothesisVerdict.INCONCLUSIVE:
            return f"Not decided: {inline(said('; '.join(judged.reasons)))}."


def eliminated(told: Dossier) -> Cells:
    """Hypotheses that were refuted, and fixes that did not stand or that are rivals."""
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
    yield text_cell(*parts) if any(parts) else text_cell("The session eliminated no alternative.")


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
    """The fix as a diff and as cells."""
    best = told.fix
    if best is None:
        yield text_cell("No fix is offered: none was shown to help.")
        return
    judged = told.session.judge_fix(best)
    based = f" ({', '.join(judged.evidence)})" if judged.evidence else ""
    head = (
        f"{mark_of(judged).sign} **{judged.verdict.value.lower()}**{based}: "
        f"{inline(sentence(said(best.why)))} It follows from {escaped(best.hypothesis)}."
    )
    open_points = "\n".join(f"- ? {inline(said(reason))}" for reason in dict.fromkeys(judged.reasons))
    diffs = [fence(diff(edit, told.case.label(edit.cell)), "diff") for edit in best.edits]
    yield text_cell(head, open_points, *diffs, "As cells, on the state before the failing cell:")
    yield from report_runs.fix_cells(told)


def tests(told: Dossier) -> Cells:
    """Each regression test as a cell, and its runs without and with the fix."""
    best = told.fix
    views = told.session.tests_of(best.id) if best is not None else ()
    if not views:
        yield text_cell("No regression test was written.")
        return
    yield text_cell(
        "Each test runs after the failing cell as it was, where it must fail, and after the cells with the "
        "fix, where it must pass."
    )
    for view in views:
        yield from report_runs.test_cells(told, view)


tests.__test__ = False  # type: ignore[attr-defined]


def _cell(text: str) -> str:
    """Light Markdown in one cell of a table: a bar would end it."""
    return re.sub(r"(?<!\\)\|", r"\\|", inline(said(one_line(text, 600))))

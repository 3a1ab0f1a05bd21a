"""The summary of a session as JSON data of format 1: keys are added, never changed."""

from collections.abc import Iterable
from typing import Any

from cot_magic.core.case import Case, CellId
from cot_magic.core.certificate import Certificate, CertifiedCell, OutputVerdict
from cot_magic.core.findings import Evidence, Fix, FixVerdict
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.progress import got_past
from cot_magic.core.question import question
from cot_magic.core.rates import LEAST_RUNS
from cot_magic.core.repeated import decided_by, measured
from cot_magic.core.session import Session, TestView
from cot_magic.render.markdown import body
from cot_magic.render.outline import outline

FORMAT = 1


def summary(session: Session, notebook: str, intensity: str) -> dict[str, Any]:
    """Return the session as one JSON object.

    Parameters
    ----------
    session
        A session that has ended.
    notebook
        The path as the person gave it.
    intensity
        `cot`, `cot+` or `cot++`.
    """
    usage = session.usage
    return {
        "format": FORMAT,
        "notebook": notebook,
        "result": session.result,
        "intensity": intensity,
        "reasoner": session.worked_by,
        "seconds": session.seconds,
        "failure": _failure(session.case),
        "root_cause": _root_cause(session),
        "phases": _phases(session),
        "hypotheses": _hypotheses(session),
        "evidence": [_evidence(item) for item in session.evidence],
        "fix": _fix(session),
        "fixes": _fixes(session),
        "question": _question(session),
        "tests": _tests(session),
        "usage": None
        if usage is None
        else {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "thinking_tokens": usage.thinking_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "usd": usage.usd,
            "batch_usd": usage.batch_usd,
        },
        "sandbox": {
            "available": session.sandbox.available,
            "confined": session.sandbox.confined,
            "state": session.sandbox.state,
            "reason": session.sandbox.reason,
        },
        "witness": _witness(session),
        "certificate": None if session.certificate is None else certificate_data(session.certificate),
        "facts": [{"kind": item.kind, "text": item.text, "values": item.value} for item in session.facts],
        "rate": _rate(session),
        "progress": [
            {"ename": item.raised.ename, "lineno": item.lineno, "mended_by": item.fix}
            for item in got_past(session.case, session.best_fix, session.fixes, session.evidence)
        ],
    }


def certificate_data(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as JSON data. Cells count from 0 over all cells of the notebook, as given."""
    return {
        "cells": len(certificate.cells),
        "passed": certificate.passed,
        "not_run": _places(cell for cell in certificate.not_run if cell in certificate.cells),
        "changed": _places(certificate.with_outputs(OutputVerdict.CHANGED)),
        "unchanged": len(certificate.with_outputs(OutputVerdict.UNCHANGED)),
        "tests": len(certificate.tests),
        "seconds": certificate.seconds,
        "state": certificate.state,
        "holds": certificate.holds,
        "failed": [_cell(cell) for cell in certificate.failed],
        "reasons": [_cell(cell) for cell in certificate.not_run],
        "not_comparable": _places(certificate.with_outputs(OutputVerdict.OPEN)),
        "python": certificate.python,
        "packages": dict(certificate.packages),
        "seed": certificate.seed,
        "notes": list(certificate.notes),
        "interrupted": certificate.interrupted,
    }


def _places(cells: Iterable[CertifiedCell]) -> list[int]:
    return [cell.place for cell in cells]


def _cell(cell: CertifiedCell) -> dict[str, Any]:
    return {"cell_index": cell.place, "name": cell.label, "why": cell.reason, "relation": cell.relation}


def _failure(case: Case | None) -> dict[str, Any] | None:
    if case is None or case.raised is None:
        return None
    raised = case.raised
    frame = raised.innermost_in_cells
    here = [item for item in raised.frames if item.cell == case.cell.id]
    line = raised.syntax.lineno if raised.syntax is not None else 0
    if raised.syntax is None and (here or frame is not None):
        line = here[-1].lineno if here else frame.lineno if frame is not None else 0
    return {
        "cell_index": _index(case, case.cell.id),
        "cell_id": case.cell.id,
        "ename": raised.ename,
        "evalue": raised.evalue,
        "lineno": line,
    }


def _index(case: Case | None, cell: CellId | None) -> int | None:
    """Return the index of a cell in the notebook, from 0 over all cells; else its index in the case."""
    if case is None or cell is None:
        return None
    known = case.cell_by_id(cell)
    if known is not None and known.index is not None:
        return known.index
    return next((place for place, item in enumerate(case.cells) if item.id == cell), None)


def _root_cause(session: Session) -> dict[str, Any] | None:
    cause, fix = session.origin or session.root_cause, session.best_fix
    case = session.case
    if case is None:
        return None
    if cause is None:
        return _mended(session, case)
    cell, lineno = cause.cell or case.cell.id, cause.lineno
    if fix is not None and session.judge_fix(fix).verdict is FixVerdict.VERIFIED:
        edited = [edit.cell for edit in fix.edits]
        if cell not in edited and case.cell.id not in edited:  # an earlier cell had to change
            cell, lineno = edited[0], None
            cause = session.root_cause or cause
    return {
        "cell_index": _index(case, cell),
        "lineno": lineno,
        "claim": cause.claim,
        "evidence": list(session.judge(cause.id).evidence),
    }


def _mended(session: Session, case: Case) -> dict[str, Any] | None:
    """Where the cause is if no explanation was shown to be it: where the best fix that passes changes
    something. What is said of it is the claim of a rule that the fix is based on, else what a run showed."""
    fix = session.best_fix
    judged = session.judge_fix(fix) if fix is not None else None
    if fix is None or judged is None or not fix.edits:
        return None
    based = next((item for item in session.hypotheses if item.id == fix.hypothesis), None)
    from_rule = based is not None and (bool(based.rule) or based.restates)
    if judged.verdict is not FixVerdict.PLAUSIBLE and (
        from_rule or judged.verdict is not FixVerdict.VERIFIED
    ):
        return None
    cell = fix.edits[0].cell
    passes = f"With the change of {case.label(cell)}, {case.label(case.cell.id)} passes."
    gets_further = f"With the change of {case.label(cell)}, {case.label(case.cell.id)} gets further."
    shown = gets_further if judged.partial else passes
    return {
        "cell_index": _index(case, cell),
        "lineno": None,
        "claim": based.claim if based is not None and from_rule else shown,
        "evidence": list(judged.evidence),
    }


def _phases(session: Session) -> list[dict[str, Any]]:
    drawn = outline(session)
    phases = []
    for section in drawn.sections:
        if section.seconds is None:
            continue
        text = "\n\n".join(part for part in (section.headline, body(section)) if part)
        phases.append({"phase": section.phase.value, "seconds": section.seconds, "text": text})
    return phases


def _hypotheses(session: Session) -> list[dict[str, Any]]:
    found = []
    for item in session.hypotheses:
        judged = session.judge(item.id)
        found.append(
            {
                "id": item.id,
                "claim": item.claim,
                "prediction": item.prediction,
                "verdict": judged.verdict.value,
                "evidence": list(judged.evidence),
            }
        )
    return found


def _evidence(item: Evidence) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind.value,
        "outcome": item.outcome.value,
        "seconds": item.seconds,
        "code": item.code,
        "about": item.about,
    }
    if item.trial is not None:
        told |= {"trial": item.trial.value, "held": item.held, "note": item.note}
    return told


def _fix(session: Session) -> dict[str, Any] | None:
    fix = session.best_fix
    if fix is None:
        return None
    return {
        "verdict": session.judge_fix(fix).verdict.value,
        "edits": _edits(session, fix),
        "why": fix.why,
    }


def _fixes(session: Session) -> list[dict[str, Any]]:
    """The fixes that pass or could not be run, best first, with the reasons against a better verdict."""
    judged = [(fix, session.judge_fix(fix)) for fix in session.fixes]
    order = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED)
    return [
        {
            "verdict": judgement.verdict.value,
            "edits": _edits(session, fix),
            "why": fix.why,
            "reasons": list(judgement.reasons),
        }
        for verdict in order
        for fix, judgement in judged
        if judgement.verdict is verdict
    ]


def _edits(session: Session, fix: Fix) -> list[dict[str, Any]]:
    return [{"cell_index": _index(session.case, edit.cell), "source": edit.after} for edit in fix.edits]


def _question(session: Session) -> dict[str, Any] | None:
    """What only the person can decide: fixes that pass and behave differently, and what each does."""
    asked = question(session)
    if asked is None:
        return None
    return {
        "text": asked.text,
        "choices": [{"edits": _edits(session, item.fix), "does": item.does} for item in asked.choices],
    }


def _witness(session: Session) -> dict[str, Any] | None:
    """Return the failing schedule, and how often it failed when it was replayed."""
    found = failing_schedule(session.case, session.evidence)
    if found is None or found.schedule is None or found.schedule.witness is None:
        return None
    witness = found.schedule.witness
    return {
        "seed": witness.schedule.seed,
        "choices": len(witness.schedule.choices),
        "replayed": f"{witness.replays_failed} of {witness.replays}",
        "disturbed": sum(1 for choice in witness.minimised if choice > 0),
        "token": witness.token,
        "schedules": found.schedule.schedules,
    }


def _rate(session: Session) -> dict[str, Any] | None:
    """Return how often the unchanged cell failed, and what decides; None below 20 runs."""
    item = measured(session.evidence)
    if item is None or item.repeats is None or item.repeats.runs < LEAST_RUNS:
        return None
    low, high = item.repeats.rate
    return {
        "runs": item.repeats.runs,
        "failed": item.repeats.failed,
        "low": low,
        "high": high,
        "axis": decided_by(session.case, session.evidence),
    }


def _tests(session: Session) -> list[dict[str, Any]]:
    fix = session.best_fix
    return [_test(view) for view in session.tests_of(fix.id)] if fix is not None else []


def _test(view: TestView) -> dict[str, Any]:
    return {
        "name": view.test.name,
        "source": view.test.source,
        "before": view.before.outcome.value if view.before is not None else "",
        "after": view.after.outcome.value if view.after is not None else "",
    }

"""The summary of a session as JSON data of format 1: keys are added, never changed."""

from typing import Any

from cot_magic.core.case import Case, CellId
from cot_magic.core.findings import Evidence
from cot_magic.core.intermittent import failing_schedule
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
        "reasoner": session.reasoner,
        "seconds": session.seconds,
        "failure": _failure(session.case),
        "root_cause": _root_cause(session),
        "phases": _phases(session),
        "hypotheses": _hypotheses(session),
        "evidence": [_evidence(item) for item in session.evidence],
        "fix": _fix(session),
        "tests": _tests(session),
        "usage": None
        if usage is None
        else {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "thinking_tokens": usage.thinking_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "usd": usage.usd,
        },
        "witness": _witness(session),
    }


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
    cause = session.root_cause
    if cause is None:
        return None
    here = session.case.cell.id if session.case is not None else None
    return {
        "cell_index": _index(session.case, cause.cell or here),
        "lineno": cause.lineno,
        "claim": cause.claim,
        "evidence": list(session.judge(cause.id).evidence),
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
    return {
        "id": item.id,
        "kind": item.kind.value,
        "outcome": item.outcome.value,
        "seconds": item.seconds,
        "code": item.code,
        "about": item.about,
    }


def _fix(session: Session) -> dict[str, Any] | None:
    fix = session.best_fix
    if fix is None:
        return None
    return {
        "verdict": session.judge_fix(fix).verdict.value,
        "edits": [
            {"cell_index": _index(session.case, edit.cell), "source": edit.after} for edit in fix.edits
        ],
        "why": fix.why,
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

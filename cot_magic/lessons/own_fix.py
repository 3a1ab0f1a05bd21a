"""A fix that a learner writes: read as an edit, tried like any other fix, and judged like any other."""

import re
from collections.abc import Generator

from cot_magic.core.case import Case, Cell
from cot_magic.core.edits import suppressions
from cot_magic.core.errors import UsageError
from cot_magic.core.events import ExploreSchedules, Reply, Step, TryFix, ask
from cot_magic.core.findings import CellEdit, Evidence, Fix, FixId, FixVerdict, HypothesisId
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, judge_fix
from cot_magic.lessons.lesson import (
    Attempt,
    Lesson,
    Prediction,
    Standing,
    Subject,
)
from cot_magic.lessons.questions import case_of, cell_numbered

_AT_LINE = re.compile(
    r"(?:(?:cell\s*)?\[(?P<cell>\d+)\]\s*,?\s*)?(?:line\s*)?(?P<line>\d+)\s*:\s?(?P<code>.*)", re.DOTALL
)
_WHOLE = re.compile(r"(?:cell\s*)?\[?(?P<cell>\d+)\]?")
_REPLACED = re.compile(r"(?P<old>.+?)\s+->\s*(?P<new>.*)", re.DOTALL)
_COMMENT = re.compile(r"\A\s*#?%%cot\+{0,2}(?:[ \t][^\n]*)?(?:\n|\Z)")
_HOW = "%cot_answer old -> new, %cot_answer 3: new line, or %%cot_answer with the whole new cell below it"


def fix_tried(lesson: Lesson, text: str, body: str | None) -> Generator[Step, Reply, Lesson]:
    """The lesson after an edit was tried. Raises UsageError if it cannot be read as one."""
    session, case = lesson.session, case_of(lesson.session)
    edit = edit_of(case, text.strip(), body)
    best = session.best_fix
    fix = Fix(
        id=FixId(f"yours{len(lesson.attempts) + 1}"),
        edits=(edit,),
        why="Your edit.",
        hypothesis=_behind(session, edit, best),
    )
    tests = tuple(view.test for view in session.tests_of(best.id)) if best is not None else ()
    evidence = yield from ask(TryFix(fix=fix, tests=tests))
    evidence += yield from _searched(lesson, fix, evidence)
    judged = judge_fix(
        fix,
        case=case,
        fixes=(*session.fixes, fix),
        tests=[(fix.id, test) for test in tests],
        evidence=(*session.evidence, *evidence),
        sandbox=session.sandbox,
    )
    attempt = Attempt(fix=fix, verdict=judged.verdict, reasons=judged.reasons)
    return lesson.predicted(_prediction(case, edit, judged, best), evidence, attempt)


def _behind(session: Session, edit: CellEdit, best: Fix | None) -> HypothesisId:
    """The hypothesis that an edit is taken to follow from: an edit is not proven better by who wrote it.

    That of the same edit in the session; else that of its best fix, which passes the same tests.
    """
    same = next((fix for fix in session.fixes if fix.edits == (edit,)), best)
    if same is not None:
        return same.hypothesis
    cause = session.root_cause
    return cause.id if cause is not None else HypothesisId("none")


def edit_of(case: Case, text: str, body: str | None) -> CellEdit:
    """The edit that an answer describes. Raises UsageError saying what does not fit."""
    if body is not None:
        whole = _WHOLE.fullmatch(text)
        if text and whole is None:
            raise UsageError(
                f"{text[:60]!r} names no cell: %%cot_answer or %%cot_answer [2], and the cell below."
            )
        cell = cell_numbered(case, whole["cell"] if whole is not None else None)
        after = _whole(cell.source, body.rstrip("\n"))
    elif found := _AT_LINE.fullmatch(text):
        cell = cell_numbered(case, found["cell"])
        after = _with_line(case, cell, int(found["line"]), found["code"])
    elif found := _REPLACED.fullmatch(text):
        cell = _with(case, found["old"])
        after = cell.source.replace(found["old"], found["new"])
    else:
        raise UsageError(f"{text[:60]!r} is no edit: {_HOW}.")
    if after == cell.source:
        raise UsageError("that is the cell as it stands: change something.")
    return CellEdit(cell=cell.id, before=cell.source, after=after)


def without_magic(source: str) -> str:
    """The source of a cell without the line of our magic, which stands there as a comment."""
    return _COMMENT.sub("", source, count=1)


def _whole(before: str, body: str) -> str:
    """A new source with the line of our magic as it stands in the old one, so that it is no change."""
    line = _COMMENT.match(before)
    bare = _COMMENT.sub("", body.lstrip("\n"), count=1)
    return (line.group() if line is not None else "") + bare


def _with_line(case: Case, cell: Cell, number: int, code: str) -> str:
    """The source with one line replaced; an answer without indentation gets that of the old line."""
    lines = cell.source.splitlines()
    if not 1 <= number <= len(lines):
        raise UsageError(f"{case.label(cell.id)} has no line {number}.")
    old = lines[number - 1]
    indent = old[: len(old) - len(old.lstrip())]
    lines[number - 1] = code.rstrip() if code[:1].isspace() else indent + code.rstrip()
    return "\n".join(lines)


def _with(case: Case, old: str) -> Cell:
    """The one cell that holds a piece of code exactly once: the failing one, else one that it depends on."""
    count = case.cell.source.count(old)
    if count == 1:
        return case.cell
    holding = [item.cell for item in case.lineage if item.cell.source.count(old) == 1]
    if count or len(holding) != 1:
        times = f"{count} times" if count else "in no cell" if not holding else f"in {len(holding)} cells"
        raise UsageError(f"{old[:60]!r} occurs {times}: name the line, as in %cot_answer 3: new line.")
    return holding[0]


def _searched(
    lesson: Lesson, fix: Fix, evidence: tuple[Evidence, ...]
) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    """For a failure that comes and goes: the schedule that failed, and as many others, on the edited code."""
    failing = failing_schedule(lesson.session.case, lesson.session.evidence)
    passed = any(item.about == fix.id and item.outcome is Outcome.PASSED for item in evidence)
    if failing is None or failing.schedule is None or not passed:
        return ()
    budget = lesson.session.budget
    request = ExploreSchedules(
        schedules=budget.schedules if budget is not None else max(1, failing.schedule.schedules),
        seed=failing.schedule.seed,
        fix=fix,
        witness=failing.schedule.witness,
        about=fix.hypothesis,
    )
    return (yield from ask(request))


def _prediction(case: Case, edit: CellEdit, judged: Judgement[FixVerdict], best: Fix | None) -> Prediction:
    silenced = suppressions(edit.before, edit.after)
    cures = best is not None and not any(suppressions(item.before, item.after) for item in best.edits)
    reasons = "; ".join(judged.reasons)
    passes = judged.verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
    match judged.verdict:
        case FixVerdict.VERIFIED:
            standing, said = Standing.HELD, "Verified: it failed without your edit and passes with it."
        case FixVerdict.PLAUSIBLE if silenced and cures:
            standing = Standing.OPEN
            said = f"The cell passes, but {silenced[0]}. Remove the cause instead."
        case FixVerdict.PLAUSIBLE:
            standing, said = Standing.OPEN, f"Plausible: the cell passes with it. Not proven: {reasons}."
        case FixVerdict.REJECTED:
            standing, said = Standing.FAILED, f"It was tried: {reasons}."
        case FixVerdict.UNVERIFIED:
            standing, said = Standing.OPEN, f"It could not be tried: {reasons}."
    return Prediction(
        subject=Subject.FIX,
        text=f"the edit of {case.label(edit.cell)} removes the failure",
        standing=standing,
        evidence=judged.evidence,
        said=said,
        settles=passes and not (silenced and cures),
    )

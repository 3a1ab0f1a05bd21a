"""A learner's answer as a prediction: judged by the evidence of the session, or by a run of its own."""

import ast
import re
from collections.abc import Generator

from cot_magic.core.case import Case, Cell
from cot_magic.core.edits import suppressions
from cot_magic.core.errors import UsageError
from cot_magic.core.events import ChallengeFix, ExploreSchedules, Reply, RunProbe, Step, TryFix, ask
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    HypothesisVerdict,
    Probe,
)
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.jobs import Outcome
from cot_magic.core.language import counted_in_words, marked, worded
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, judge_fix
from cot_magic.lessons.lesson import Attempt, Lesson, Prediction, Question, Standing, Subject
from cot_magic.lessons.questions import (
    Line,
    case_of,
    cell_numbered,
    lines_at_fault,
    lines_that_help,
    place,
    run_again,
)

MINE = HypothesisId("yours")  # a learner's own checks are about no hypothesis of the session
Answering = Generator[Step, Reply, Lesson]

_WORDS = {"CELL": marked("cell"), "LINE": marked("line")}
_CELL = r"(?:CELL\s*)?\[?(?P<cell>\d+)\]?\s*(?:,|:|of)?\s*"
_LINE = rf"(?:{_CELL}(?:LINE\s*)|\[(?P<other>\d+)\]\s*[,:]?\s*|LINE\s*)?(?P<line>\d+)"
_AT_LINE = r"(?:(?:CELL\s*)?\[(?P<cell>\d+)\]\s*,?\s*)?(?:LINE\s*)?(?P<line>\d+)\s*:\s?(?P<code>.*)"
_WHOLE = r"(?:CELL\s*)?\[?(?P<cell>\d+)\]?"
_REPLACED = re.compile(r"(?P<old>.+?)\s+->\s*(?P<new>.*)", re.DOTALL)
_COMMENT = re.compile(r"\A\s*#?%%cot\+{0,2}(?:[ \t][^\n]*)?(?:\n|\Z)")
_HOW = marked(
    "%cot_answer old -> new, %cot_answer 3: new line, or %%cot_answer with the whole new cell below it"
)


def answered(lesson: Lesson, text: str, body: str | None = None) -> Answering:
    """Return the lesson after an answer. Yields what has to run, and is sent the evidence.

    Parameters
    ----------
    text
        The rest of the magic's line.
    body
        The lines below it: the new source of a cell.

    Raises UsageError, with the lesson unchanged, if it cannot be read as an answer.
    """
    question = lesson.question
    if question is None:
        raise UsageError(worded("the lesson has ended: everything is shown. %%cot --teach starts another."))
    if body is not None and question.subject is not Subject.FIX:
        raise UsageError(
            worded("this question takes one line: %cot_answer TEXT. Only the fix can be a whole cell.")
        )
    if not text.strip() and body is None:
        raise UsageError(worded("missing answer: {how}", how=question.how))
    match question.subject:
        case Subject.LINE:
            return _about_line(lesson, text.strip())
        case Subject.VALUE:
            return (yield from _about_value(lesson, question, text.strip()))
        case Subject.HYPOTHESIS:
            return (yield from _about_hypothesis(lesson, question, text.strip()))
        case Subject.FIX:
            return (yield from fix_tried(lesson, text, body))


def _matched(pattern: str, text: str) -> re.Match[str] | None:
    """Match a whole answer; its words may be those of the reader's language too."""
    for name, word in _WORDS.items():
        pattern = pattern.replace(name, f"(?:{word}|{re.escape(worded(word))})")
    return re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)


# --- the line -----------------------------------------------------------------------------------------------


def _about_line(lesson: Lesson, text: str) -> Lesson:
    case = case_of(lesson.session)
    found = _matched(_LINE, text)
    if found is None:
        raise UsageError(
            worded(
                "{text!r} is not a line: %cot_answer 3, or %cot_answer [2] 3 for another cell.",
                text=text[:60],
            )
        )
    cell = cell_numbered(case, found["cell"] or found["other"])
    line: Line = (cell.id, int(found["line"]))
    if not 1 <= line[1] <= len(cell.source.splitlines()):
        raise UsageError(worded("{id} has no line {line}.", id=case.label(cell.id), line=line[1]))
    known, helping = lines_at_fault(lesson.session), lines_that_help(lesson.session)
    cause = lesson.session.root_cause
    words = worded("{line} is at fault", line=place(case, line))
    if line in known:
        standing, evidence, said = Standing.HELD, known[line], worded("The evidence points to it.")
    elif line in helping:
        standing, evidence = Standing.OPEN, helping[line]
        said = worded(
            "The cell passes when this line is changed, but it is not proven to be the cause. Go on."
        )
    elif not known and not helping:
        standing, evidence, said = Standing.OPEN, (), worded("No run has shown which line it is. Go on.")
    elif cause is not None and cause.lineno is not None:
        standing, evidence = Standing.FAILED, lesson.session.judge(cause.id).evidence
        said = worded("The confirmed cause is elsewhere.")
        if line in _stopped(case):
            said = worded("It is in the traceback, but the confirmed cause is elsewhere.")
    else:
        standing, evidence, said = Standing.OPEN, (), worded("No run supports it or contradicts it.")
    settles = standing is Standing.HELD or line in helping or not (known or helping)
    return lesson.predicted(
        Prediction(
            subject=Subject.LINE, text=words, standing=standing, evidence=evidence, said=said, settles=settles
        )
    )


def _stopped(case: Case) -> set[Line]:
    frames = case.raised.frames if case.raised is not None else ()
    return {(frame.cell, frame.lineno) for frame in frames if frame.cell is not None}


# --- a value ------------------------------------------------------------------------------------------------


def _about_value(lesson: Lesson, question: Question, text: str) -> Answering:
    tree = _expression(text)
    source = _equation(question, text)
    names_it = True
    if isinstance(tree, ast.Compare):  # a whole claim: `i == 4`
        source = text
        sides = {ast.unparse(side) for side in (tree.left, *tree.comparators)}
        equal = len(tree.ops) == 1 and isinstance(tree.ops[0], ast.Eq | ast.Is)
        names_it = equal and ast.unparse(_expression(question.expression)) in sides
    evidence = yield from _probed(source, question.frame)
    standing, ids, said = _shown(evidence)
    settles = standing is Standing.HELD and names_it
    if standing is Standing.FAILED and "".join(text.split()) == "".join(question.recorded.split()):
        standing, settles = Standing.OPEN, True
        said = worded(
            "It was so in your kernel but not in the copy: the value changes from run to run. Go on."
        )
    if standing is Standing.HELD and not names_it:
        said = worded("True. And what is the value of `{expression}`?", expression=question.expression)
    words = (
        text
        if isinstance(tree, ast.Compare)
        else worded("{expression} is {value}", expression=question.expression, value=text)
    )
    prediction = Prediction(
        subject=Subject.VALUE,
        text=f"`{words}`",
        standing=standing,
        evidence=ids,
        said=said,
        settles=settles or not evidence,
    )
    return lesson.predicted(prediction, evidence)


def _equation(question: Question, text: str) -> str:
    if question.rounded:
        return f"round({question.expression}, 2) == round({text}, 2)"
    return f"({question.expression}) == ({text})"


def _expression(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise UsageError(
            worded(
                "{text!r} is not Python code: strings go in quotes ('tea'), lists in square brackets.",
                text=text[:60],
            )
        ) from None


def _probed(source: str, frame: int | None) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    return (yield from ask(RunProbe(probe=Probe(about=MINE, source=source, frame=frame))))


def _shown(evidence: tuple[Evidence, ...]) -> tuple[Standing, tuple[EvidenceId, ...], str]:
    """Return what a check showed: the result, the ids of the evidence, and a sentence."""
    if not evidence:
        return Standing.OPEN, (), worded("Nothing could be run here, so it was not tested. Go on.")
    run = evidence[-1]
    ids = tuple(item.id for item in evidence)
    if run.outcome is Outcome.PASSED and run.held is not None:
        if run.held:
            return Standing.HELD, ids, worded("Checked in a copy at the failure: true.")
        return Standing.FAILED, ids, worded("Checked in a copy at the failure: false.")
    if run.outcome is Outcome.RAISED and run.raised is not None:
        return (
            Standing.OPEN,
            ids,
            worded(
                "The check itself raised {ename}: {evalue}",
                ename=run.raised.ename,
                evalue=run.raised.evalue[:120],
            ),
        )
    return Standing.OPEN, ids, worded("The check was inconclusive. {note}", note=run.note).strip()


# --- an explanation -----------------------------------------------------------------------------------------


def _about_hypothesis(lesson: Lesson, question: Question, text: str) -> Answering:
    if not text.isdigit():
        return (yield from _own_check(lesson, text))
    if not 1 <= int(text) <= len(question.choices):
        raise UsageError(
            worded(
                "there is no explanation {text}: choose one from 1 to {choices}.",
                text=text,
                choices=len(question.choices),
            )
        )
    choice = question.choices[int(text) - 1]
    session = lesson.session
    decided = any(
        session.judge(item.hypothesis).verdict is HypothesisVerdict.CONFIRMED
        for item in question.choices
        if item.hypothesis is not None
    )
    if choice.hypothesis is None:
        again = run_again(session)
        evidence: tuple[EvidenceId, ...] = (again.id,) if again is not None else ()
        standing, said = Standing.FAILED, worded("The unchanged cell ran once more and failed again.")
    else:
        judged = session.judge(choice.hypothesis)
        evidence = judged.evidence
        standing, said = {
            HypothesisVerdict.CONFIRMED: (Standing.HELD, worded("Its prediction was run and held.")),
            HypothesisVerdict.REFUTED: (Standing.FAILED, worded("Its prediction was run and failed.")),
            HypothesisVerdict.INCONCLUSIVE: (Standing.OPEN, worded("No run could decide it.")),
        }[judged.verdict]
    gives_up = not decided and choice.hypothesis is not None
    prediction = Prediction(
        subject=Subject.HYPOTHESIS,
        text=choice.text,
        standing=standing,
        evidence=evidence,
        said=worded("{said} No run confirmed any of the others.", said=said) if gives_up else said,
        settles=standing is Standing.HELD or gives_up,
    )
    return lesson.predicted(prediction)


def _own_check(lesson: Lesson, text: str) -> Answering:
    """Run a check that the learner wrote; it shows something, but does not choose an explanation."""
    _expression(text)
    case = case_of(lesson.session)
    raised = case.raised
    frame = raised.innermost_in_cells if raised is not None and raised.syntax is None else None
    place_of = raised.frames.index(frame) if raised is not None and frame is not None else None
    evidence = yield from _probed(text, place_of)
    standing, ids, said = _shown(evidence)
    prediction = Prediction(
        subject=Subject.HYPOTHESIS,
        text=f"`{text}`",
        standing=standing,
        evidence=ids,
        said=worded("{said} Which explanation does that support?", said=said),
    )
    return lesson.predicted(prediction, evidence)


# --- a fix --------------------------------------------------------------------------------------------------


def fix_tried(lesson: Lesson, text: str, body: str | None) -> Generator[Step, Reply, Lesson]:
    """Return the lesson after trying an edit. Raises UsageError if the answer is not an edit."""
    session, case = lesson.session, case_of(lesson.session)
    edit = edit_of(case, text.strip(), body)
    best = session.best_fix
    fix = Fix(
        id=FixId(f"yours{len(lesson.attempts) + 1}"),
        edits=(edit,),
        why=worded("Your edit."),
        hypothesis=_follows_from(session, edit, best),
    )
    tests = tuple(view.test for view in session.tests_of(best.id)) if best is not None else ()
    evidence = yield from ask(TryFix(fix=fix, tests=tests))
    evidence += yield from _searched(lesson, fix, evidence)
    evidence += yield from ask(ChallengeFix(fix=fix, tests=tests))
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


def _follows_from(session: Session, edit: CellEdit, best: Fix | None) -> HypothesisId:
    """Return the hypothesis that an edit follows from: the verdict must not depend on who wrote it.

    That of the same edit in the session, else that of its best fix, which has to pass the same tests.
    """
    same = next((fix for fix in session.fixes if fix.edits == (edit,)), best)
    if same is not None:
        return same.hypothesis
    cause = session.root_cause
    return cause.id if cause is not None else HypothesisId("none")


def edit_of(case: Case, text: str, body: str | None) -> CellEdit:
    """Return the edit that an answer describes. Raises UsageError saying what does not fit."""
    if body is not None:
        whole = _matched(_WHOLE, text)
        if text and whole is None:
            raise UsageError(
                worded(
                    "{text!r} is not a cell: %%cot_answer or %%cot_answer [2], and the new cell below it.",
                    text=text[:60],
                )
            )
        cell = cell_numbered(case, whole["cell"] if whole is not None else None)
        after = _whole(cell.source, body.rstrip("\n"))
    elif found := _matched(_AT_LINE, text):
        cell = cell_numbered(case, found["cell"])
        after = _with_line(case, cell, int(found["line"]), found["code"])
    elif found := _REPLACED.fullmatch(text):
        cell = _with(case, found["old"])
        after = cell.source.replace(found["old"], found["new"])
    else:
        raise UsageError(worded("{text!r} is not an edit: {how}.", text=text[:60], how=worded(_HOW)))
    if after == cell.source:
        raise UsageError(worded("the cell is unchanged: change something."))
    return CellEdit(cell=cell.id, before=cell.source, after=after)


def without_magic(source: str) -> str:
    """Return the source of a cell without the line of our magic, which is a comment there."""
    return _COMMENT.sub("", source, count=1)


def _whole(before: str, body: str) -> str:
    """Return the new source with the old one's line of our magic, so that it is not part of the edit."""
    line = _COMMENT.match(before)
    bare = _COMMENT.sub("", body.lstrip("\n"), count=1)
    return (line.group() if line is not None else "") + bare


def _with_line(case: Case, cell: Cell, number: int, code: str) -> str:
    """Return the source with one line replaced; a line without indentation gets that of the old one."""
    lines = cell.source.splitlines()
    if not 1 <= number <= len(lines):
        raise UsageError(worded("{id} has no line {number}.", id=case.label(cell.id), number=number))
    old = lines[number - 1]
    indent = old[: len(old) - len(old.lstrip())]
    lines[number - 1] = code.rstrip() if code[:1].isspace() else indent + code.rstrip()
    return "\n".join(lines)


def _with(case: Case, old: str) -> Cell:
    """Return the cell that holds the code exactly once: the failing cell, else one that it depends on."""
    count = case.cell.source.count(old)
    if count == 1:
        return case.cell
    holding = [item.cell for item in case.lineage if item.cell.source.count(old) == 1]
    if count or len(holding) != 1:
        times = (
            counted_in_words("{count} time", "{count} times", count)
            if count
            else worded("in no cell")
            if not holding
            else counted_in_words("in {count} cell", "in {count} cells", len(holding))
        )
        raise UsageError(
            worded(
                "{old!r} occurs {times}: give the line, as in %cot_answer 3: new line.",
                old=old[:60],
                times=times,
            )
        )
    return holding[0]


def _searched(
    lesson: Lesson, fix: Fix, evidence: tuple[Evidence, ...]
) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    """For an intermittent failure, run the failing schedule and as many others on the edited code."""
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
            standing, said = (
                Standing.HELD,
                worded("Verified: it failed without your edit and passes with it."),
            )
        case FixVerdict.PLAUSIBLE if silenced and cures:
            standing = Standing.OPEN
            said = worded("The cell passes, but {silenced}. Remove the cause instead.", silenced=silenced[0])
        case FixVerdict.PLAUSIBLE:
            standing, said = (
                Standing.OPEN,
                worded("Plausible: the cell passes with it. Not proven: {reasons}.", reasons=reasons),
            )
        case FixVerdict.REJECTED:
            standing, said = Standing.FAILED, worded("Rejected: {reasons}.", reasons=reasons)
        case FixVerdict.UNVERIFIED:
            standing, said = Standing.OPEN, worded("It could not be tried: {reasons}.", reasons=reasons)
    return Prediction(
        subject=Subject.FIX,
        text=worded("the edit of {cell} removes the failure", cell=case.label(edit.cell)),
        standing=standing,
        evidence=judged.evidence,
        said=said,
        settles=passes and not (silenced and cures),
    )

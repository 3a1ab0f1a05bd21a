"""An answer of a learner as a prediction: judged by the evidence of the session, or by a run of its own."""

import ast
import re
from collections.abc import Generator

from cot_magic.core.case import Case
from cot_magic.core.errors import UsageError
from cot_magic.core.events import Reply, RunProbe, Step, ask
from cot_magic.core.findings import Evidence, EvidenceId, HypothesisId, HypothesisVerdict, Probe
from cot_magic.core.jobs import Outcome
from cot_magic.lessons.lesson import (
    Lesson,
    Prediction,
    Question,
    Standing,
    Subject,
)
from cot_magic.lessons.own_fix import fix_tried
from cot_magic.lessons.questions import (
    Line,
    case_of,
    cell_numbered,
    lines_at_fault,
    lines_that_help,
    place,
    run_again,
)

MINE = HypothesisId("yours")  # what a learner's own checks are about: no hypothesis of the session
Answering = Generator[Step, Reply, Lesson]

_CELL = r"(?:cell\s*)?\[?(?P<cell>\d+)\]?\s*(?:,|:|of)?\s*"
_LINE = re.compile(
    rf"(?:{_CELL}(?:line\s*)|\[(?P<other>\d+)\]\s*[,:]?\s*|line\s*)?(?P<line>\d+)", re.IGNORECASE
)


def answered(lesson: Lesson, text: str, body: str | None = None) -> Answering:
    """The lesson after an answer. Yields what has to run, and is sent the evidence.

    Parameters
    ----------
    text
        What stands on the line of the magic.
    body
        The lines below it, which are the new source of a cell.

    Raises UsageError if it cannot be read as an answer; the lesson stays as it is then.
    """
    question = lesson.question
    if question is None:
        raise UsageError("the lesson has ended: everything is shown. %%cot --teach starts another one.")
    if body is not None and question.subject is not Subject.FIX:
        raise UsageError(
            "this question takes one line: %cot_answer TEXT. A whole cell answers what the fix is."
        )
    if not text.strip() and body is None:
        raise UsageError(f"an answer is missing: {question.how}")
    match question.subject:
        case Subject.LINE:
            return _about_line(lesson, text.strip())
        case Subject.VALUE:
            return (yield from _about_value(lesson, question, text.strip()))
        case Subject.HYPOTHESIS:
            return (yield from _about_hypothesis(lesson, question, text.strip()))
        case Subject.FIX:
            return (yield from fix_tried(lesson, text, body))


# --- the line -----------------------------------------------------------------------------------------------


def _about_line(lesson: Lesson, text: str) -> Lesson:
    case = case_of(lesson.session)
    found = _LINE.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text[:60]!r} names no line: %cot_answer 3, or %cot_answer [2] 3 for another cell."
        )
    cell = cell_numbered(case, found["cell"] or found["other"])
    line: Line = (cell.id, int(found["line"]))
    if not 1 <= line[1] <= len(cell.source.splitlines()):
        raise UsageError(f"{case.label(cell.id)} has no line {line[1]}.")
    known, helping = lines_at_fault(lesson.session), lines_that_help(lesson.session)
    cause = lesson.session.root_cause
    words = f"{place(case, line)} is at fault"
    if line in known:
        standing, evidence, said = Standing.HELD, known[line], "What ran points to it."
    elif line in helping:
        standing, evidence = Standing.OPEN, helping[line]
        said = "With a change there the cell passes; that it is the cause is not proven. Go on."
    elif not known and not helping:
        standing, evidence, said = Standing.OPEN, (), "No run has shown which line it is. Go on."
    elif cause is not None and cause.lineno is not None:
        standing, evidence = Standing.FAILED, lesson.session.judge(cause.id).evidence
        said = "The confirmed cause is elsewhere."
        if line in _stopped(case):
            said = "Python stopped on the way through it, but the confirmed cause is elsewhere."
    else:
        standing, evidence, said = Standing.OPEN, (), "No run speaks for it or against it."
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
        said = "In your kernel it was so; in the copy it was not, so it changes from run to run. Go on."
    if standing is Standing.HELD and not names_it:
        said = f"That is so. And which value does `{question.expression}` have?"
    words = text if isinstance(tree, ast.Compare) else f"{question.expression} is {text}"
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
            f"{text[:60]!r} is not Python code: text stands in quotes ('tea'), a list in brackets ([1, 2])."
        ) from None


def _probed(source: str, frame: int | None) -> Generator[Step, Reply, tuple[Evidence, ...]]:
    return (yield from ask(RunProbe(probe=Probe(about=MINE, source=source, frame=frame))))


def _shown(evidence: tuple[Evidence, ...]) -> tuple[Standing, tuple[EvidenceId, ...], str]:
    """What a check showed: how it stands, the ids, and a sentence."""
    if not evidence:
        return Standing.OPEN, (), "Nothing could be run here, so it was not tested. Go on."
    run = evidence[-1]
    ids = tuple(item.id for item in evidence)
    if run.outcome is Outcome.PASSED and run.held is not None:
        if run.held:
            return Standing.HELD, ids, "It was run in a copy at the failure, and is so."
        return Standing.FAILED, ids, "It was run in a copy at the failure, and is not so."
    if run.outcome is Outcome.RAISED and run.raised is not None:
        return Standing.OPEN, ids, f"The check itself raised {run.raised.ename}: {run.raised.evalue[:120]}"
    return Standing.OPEN, ids, f"It showed nothing. {run.note}".strip()


# --- an explanation -----------------------------------------------------------------------------------------


def _about_hypothesis(lesson: Lesson, question: Question, text: str) -> Answering:
    if not text.isdigit():
        return (yield from _own_check(lesson, text))
    if not 1 <= int(text) <= len(question.choices):
        raise UsageError(f"there is no explanation {text}: choose one of 1 to {len(question.choices)}.")
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
        standing, said = Standing.FAILED, "It was run once more, unchanged, and failed again."
    else:
        judged = session.judge(choice.hypothesis)
        evidence = judged.evidence
        standing, said = {
            HypothesisVerdict.CONFIRMED: (Standing.HELD, "Its prediction was run and held."),
            HypothesisVerdict.REFUTED: (Standing.FAILED, "Its prediction was run and failed."),
            HypothesisVerdict.INCONCLUSIVE: (Standing.OPEN, "No run could decide it."),
        }[judged.verdict]
    gives_up = not decided and choice.hypothesis is not None
    prediction = Prediction(
        subject=Subject.HYPOTHESIS,
        text=choice.text,
        standing=standing,
        evidence=evidence,
        said=f"{said} Nor could one decide any of the others." if gives_up else said,
        settles=standing is Standing.HELD or gives_up,
    )
    return lesson.predicted(prediction)


def _own_check(lesson: Lesson, text: str) -> Answering:
    """A check that the learner wrote: it shows something, but does not choose an explanation."""
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
        said=f"{said} Which explanation does that speak for?",
    )
    return lesson.predicted(prediction, evidence)

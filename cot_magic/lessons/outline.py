"""A lesson in words: what is revealed, with the learner's predictions and the open question."""

from collections.abc import Sequence
from dataclasses import replace

from cot_magic.core.edits import diff
from cot_magic.core.findings import EvidenceId, Phase
from cot_magic.core.language import marked, worded
from cot_magic.core.session import Session
from cot_magic.lessons.lesson import (
    Attempt,
    Guidance,
    Lesson,
    Level,
    Prediction,
    Question,
    Reveal,
    Standing,
    Subject,
)
from cot_magic.lessons.record import summarised, verdict_word
from cot_magic.render.blocks import (
    OPEN,
    PLAIN,
    Badge,
    Block,
    Diff,
    DiffLine,
    Mark,
    Outline,
    Row,
    Rows,
    Section,
    State,
    Text,
    cross,
    tick,
)
from cot_magic.render.headlines import headline
from cot_magic.render.outline import meta, outline
from cot_magic.render.runs import run
from cot_magic.render.safe_text import phrase, said, sentence, shown

HOME = {  # the phase that shows the question
    Subject.LINE: Phase.ANALYZE,
    Subject.VALUE: Phase.ANALYZE,
    Subject.HYPOTHESIS: Phase.VALIDATE,
    Subject.FIX: Phase.IMPLEMENT,
}
_WITHHELD = marked("withheld until you have answered")
_PLAN_WITHHELD = marked("withheld until the fix, because a plan names fixes")


def lesson_outline(lesson: Lesson, seen: Session, remarks: Sequence[str] = ()) -> Outline:
    """Return everything of a lesson that the learner may see.

    Parameters
    ----------
    lesson
        The lesson, as it may be shown.
    seen
        The session with only its revealed phases.
    remarks
        What is wrong with the teacher's file, one sentence each.
    """
    drawn = outline(replace(seen, ended=True))  # so that what no run decided is shown as undecided
    question = lesson.question
    if question is not None:
        count = len(lesson.questions)
        badge = Badge(
            mark=Mark(sign="…"),
            word=worded("question {number} of {count}", number=lesson.place + 1, count=count),
        )
        # the time covers only a part; the answer is for the learner to find
        known = meta(replace(seen, ended=True, seconds=0.0))
        told = tuple(_with_cause(seen, section) for section in drawn.sections)
        drawn = replace(drawn, badge=badge, meta=known, cause="", answer=(), sections=told)
    return replace(
        drawn,
        name=worded("{name} lesson", name=drawn.name),
        notes=(*drawn.notes, *(phrase(remark, 600) for remark in remarks)),
        sections=tuple(_section(lesson, section) for section in drawn.sections),
    )


def _with_cause(seen: Session, section: Section) -> Section:
    """Return a phase whose headline says what nothing above it says in a lesson."""
    if section.state is not State.DONE:
        return section
    return replace(section, headline=phrase(headline(seen, section.phase).text, 600))


def step_outline(before: Lesson, lesson: Lesson, seen: Session) -> Outline:
    """Return only the phases that one answer, hint or reveal has changed."""
    guidance = replace(lesson.guidance, topics=(), text="")  # shown only at the start
    drawn = lesson_outline(replace(lesson, guidance=guidance), seen)
    changed = set(lesson.revealed) - set(before.revealed)
    changed |= {HOME[item.question.subject] for item in (before, lesson) if item.question is not None}
    return replace(drawn, notes=(), sections=tuple(item for item in drawn.sections if item.phase in changed))


def preparing(phase: Phase | None) -> str:
    """Return the sentence shown while the session of the lesson runs."""
    step = (
        worded(" ({number} of {count})", number=list(Phase).index(phase) + 1, count=len(Phase))
        if phase is not None
        else ""
    )
    return worded(
        "Preparing the lesson{step}. Findings are withheld until you have predicted them.", step=step
    )


def instead(lesson: Lesson) -> str:
    """Say what to type where there are no widgets."""
    question = lesson.question
    if question is None:
        return worded("The lesson has ended.")
    return worded(
        "To answer: %cot_answer TEXT. Hint: %cot_answer --hint. Show the answer: %cot_answer --show."
    )


def feedback(before: Lesson, lesson: Lesson) -> str:
    """Say in one line what the last step led to; the marks are in the panel."""
    if len(lesson.predictions) > len(before.predictions):
        last = lesson.predictions[-1]
        return phrase(f"{_word(last)}. {last.said}", 300)
    if len(lesson.shown) > len(before.shown):
        return worded("The answer is shown above.")
    hints = lesson.hints
    return (
        phrase(worded("Hint {number}: {hint}", number=len(hints), hint=hints[-1]), 400)
        if hints and lesson.used != before.used
        else ""
    )


def _word(prediction: Prediction) -> str:
    return {
        Standing.HELD: worded("It holds"),
        Standing.FAILED: worded("It does not hold"),
        Standing.OPEN: worded("Undecided"),
    }[prediction.standing]


def _section(lesson: Lesson, section: Section) -> Section:
    phase, question = section.phase, lesson.question
    mine = tuple(block for block in _predicted(lesson, phase))
    start = _guidance(lesson.guidance) if phase is Phase.ANALYZE else ()
    if phase in lesson.revealed:
        closing = _summary(lesson) if lesson.ended and phase is Phase.CONFIRM else ()
        return replace(section, blocks=(*closing, *start, *mine, *section.blocks), wanted=bool(closing))
    if question is not None and HOME[question.subject] is phase:
        blocks = (*start, *mine, *_asked(lesson, question))
        return Section(
            phase=phase,
            state=State.RUNNING,
            headline=worded("your turn: {subject}", subject=worded(_TITLES[question.subject])),
            blocks=blocks,
        )
    withheld = _PLAN_WITHHELD if phase is Phase.PLAN and Phase.VALIDATE in lesson.revealed else _WITHHELD
    return Section(phase=phase, state=State.WAITING, headline=worded(withheld))


def _guidance(guidance: Guidance) -> tuple[Block, ...]:
    found: list[Block] = []
    if guidance.topics:
        found.append(Text(topic=worded("topics"), text=said(", ".join(guidance.topics))))
    if guidance.text:
        found.append(Text(topic=worded("from your teacher"), text=said(guidance.text)))
    return tuple(found)


def _asked(lesson: Lesson, question: Question) -> list[Block]:
    number = worded("Question {number} of {count}", number=lesson.place + 1, count=len(lesson.questions))
    found: list[Block] = [Text(text=f"**{number}.** {said(question.text)}")]
    if lesson.guidance.level is Level.BEGINNER and question.meaning:
        found.append(Text(text=question.meaning, quiet=True))
    if question.choices:
        found.append(
            Text(text="\n".join(f"{n}. {phrase(item.text)}" for n, item in enumerate(question.choices, 1)))
        )
    found += [
        Text(topic=worded("hint {number}", number=n), text=sentence(said(hint)))
        for n, hint in enumerate(lesson.hints, 1)
    ]
    if lesson.guidance.level is not Level.ADVANCED:
        found.append(Text(topic=worded("answer"), text=question.how, quiet=True))
    found.append(Text(text=_ways(lesson), quiet=True))
    return found


def _ways(lesson: Lesson) -> str:
    left, question = lesson.hints_left, lesson.question
    hint = (
        worded("`%cot_answer --hint` gives a hint ({left} left)", left=left)
        if left > 0
        else worded("There is no further hint")
    )
    if question is not None and question.subject is Subject.FIX:
        match lesson.guidance.reveal:
            case Reveal.NEVER:
                return worded("{hint}. The fix is shown once one of your own passes.", hint=hint)
            case Reveal.AFTER_TRYING if not lesson.attempts:
                return worded(
                    "{hint}. `%cot_answer --show` shows the fix after you have tried one.", hint=hint
                )
            case _:
                return worded("{hint}; `%cot_answer --show` shows the fix.", hint=hint)
    return worded("{hint}; `%cot_answer --show` shows the answer.", hint=hint)


def _predicted(lesson: Lesson, phase: Phase) -> list[Block]:
    """Return the predictions that belong to a phase, in order, and the answers that were shown."""
    found: list[Block] = []
    for question in lesson.questions:
        if HOME[question.subject] is not phase:
            continue
        predictions = lesson.predictions_on(question.subject)
        rows = [_row(lesson, item) for item in predictions]
        if question.subject in lesson.shown:
            answer = question.answer or worded("no run gives an answer")
            rows.append(Row(mark=PLAIN, claim=worded("Shown: {answer}", answer=sentence(said(answer)))))
        if rows:
            lead = worded("What you predicted") if predictions else worded("What you asked to see")
            found.append(Rows(rows=tuple(rows), title=f"{lead}: {worded(_TITLES[question.subject])}"))
        if question.subject is Subject.FIX:
            found += [_attempt(item, n) for n, item in enumerate(lesson.attempts, 1)]
    return found


_TITLES = {
    Subject.LINE: marked("the line at fault"),
    Subject.VALUE: marked("a value"),
    Subject.HYPOTHESIS: marked("the explanation"),
    Subject.FIX: marked("the fix"),
}


def _row(lesson: Lesson, prediction: Prediction) -> Row:
    own = [item for item in lesson.evidence if item.id in prediction.evidence]
    return Row(
        mark=_mark(prediction.standing, prediction.evidence),
        claim=sentence(said(prediction.text)),
        detail=said(prediction.said),
        runs=tuple(run(item) for item in own),
        strong=prediction.standing is Standing.HELD,
    )


def _mark(standing: Standing, evidence: Sequence[EvidenceId]) -> Mark:
    """Return the mark of a prediction; without evidence it is open."""
    if not evidence:
        return OPEN
    return {Standing.HELD: tick, Standing.FAILED: cross}.get(standing, _open)(evidence)


def _open(evidence: Sequence[EvidenceId]) -> Mark:
    return Mark(sign=OPEN.sign, evidence=tuple(evidence))


def _attempt(attempt: Attempt, number: int) -> Diff:
    lines = [line for edit in attempt.fix.edits for line in diff(edit).splitlines()[2:]]
    return Diff(
        title=worded("your edit {number} · {verdict}", number=number, verdict=verdict_word(attempt.verdict)),
        lines=tuple(
            DiffLine(sign=line[:1] or " ", text=shown(line[1:])) for line in lines if line[:2] != "@@"
        ),
    )


def _summary(lesson: Lesson) -> tuple[Block, ...]:
    told = summarised(lesson)
    rows = tuple(Row(mark=_mark(item.standing, item.evidence), claim=item.text) for item in told.rows)
    return (
        Rows(rows=rows, title=worded("How you debugged")),
        Text(text="\n".join(f"- {said(text)}" for text in told.sentences)),
    )

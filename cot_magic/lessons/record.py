"""How a learner debugged, told from the record of the lesson."""

from dataclasses import dataclass

from cot_magic.core.findings import EvidenceId, FixVerdict
from cot_magic.lessons.lesson import Lesson, Prediction, Standing, Subject

_NAMES = {
    Subject.LINE: "the line at fault",
    Subject.VALUE: "a value at the failure",
    Subject.HYPOTHESIS: "the explanation",
    Subject.FIX: "the fix",
}
_PRACTICE = {
    Subject.LINE: "read a traceback from its last line upwards; ask which line created the value that failed",
    Subject.VALUE: "before you look at a value, say aloud what you expect it to be",
    Subject.HYPOTHESIS: "for each explanation, ask what would have to be true, and look",
    Subject.FIX: "try the smallest edit that removes the cause, and run it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How one question ended: the result of the last prediction (OPEN without one), and how it came about."""

    subject: Subject
    standing: Standing
    evidence: tuple[EvidenceId, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSummary:
    """One row for each question, then sentences about the whole lesson."""

    rows: tuple[Settled, ...]
    sentences: tuple[str, ...]


def summarised(lesson: Lesson) -> LessonSummary:
    """Summarise what was predicted and held, the hints used, and the verdict on the learner's fix."""
    rows = tuple(_settled(lesson, place, question.subject) for place, question in enumerate(lesson.questions))
    return LessonSummary(rows=rows, sentences=tuple(_sentences(lesson)))


def _settled(lesson: Lesson, place: int, subject: Subject) -> Settled:
    predictions = lesson.predictions_on(subject)
    last = predictions[-1] if predictions else None
    facts = [] if subject is Subject.FIX and lesson.attempts else [_course(predictions)]
    if hints := lesson.hints_for(place):
        facts.append(_count(hints, "hint"))
    if subject in lesson.shown:
        facts.append("the answer was shown")
    if subject is Subject.FIX and lesson.attempts:
        verdicts = [item.verdict.lower() for item in lesson.attempts]
        facts.insert(0, f"{_count(len(verdicts), 'edit')} tried, the last one is {verdicts[-1]}")
    return Settled(
        subject=subject,
        standing=last.standing if last is not None else Standing.OPEN,
        evidence=last.evidence if last is not None else (),
        text=f"**{_NAMES[subject]}**: {', '.join(facts)}.",
    )


def _course(predictions: tuple[Prediction, ...]) -> str:
    """Say how the predictions on one question went."""
    if not predictions:
        return "no prediction"
    tries = _count(len(predictions), "prediction")
    if predictions[-1].standing is Standing.HELD:
        return "the first prediction held" if len(predictions) == 1 else f"{tries}, the last one held"
    if predictions[-1].standing is Standing.FAILED:
        return f"{tries}, the last one did not hold"
    return f"{tries}, and no run could decide the last one"


def _sentences(lesson: Lesson) -> list[str]:
    standings = [item.standing for item in lesson.predictions]
    held, failed = standings.count(Standing.HELD), standings.count(Standing.FAILED)
    open_ = len(standings) - held - failed
    found = [
        f"You made {_count(len(standings), 'prediction')}: {held} held, {failed} did not, {open_} "
        f"could not be decided by a run. Hints used: {sum(lesson.used)}. Answers shown: {len(lesson.shown)}."
    ]
    found.append(_kind_word(lesson, failed))
    found += [f"To practise: {_PRACTICE[subject]}." for subject in _hardest(lesson)]
    return found


def _kind_word(lesson: Lesson, failed: int) -> str:
    """Return one sentence of praise that the record supports."""
    passing = any(item.verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE) for item in lesson.attempts)
    changed = any(
        (mine := lesson.predictions_on(subject))
        and mine[-1].standing is Standing.HELD
        and any(item.standing is Standing.FAILED for item in mine)
        for subject in Subject
    )
    if changed:
        return "You dropped a guess when a run contradicted it, and found what holds: that is debugging."
    if passing and not lesson.shown and not sum(lesson.used):
        causes = lesson.predictions_on(Subject.HYPOTHESIS) or lesson.predictions_on(Subject.LINE)
        proven = bool(causes) and causes[-1].standing is Standing.HELD
        return f"You found {'the cause and ' if proven else ''}a fix that passes without any help."
    if passing:
        return "Your own fix passes: you understood the failure well enough to remove it."
    if lesson.predictions and not failed:
        return "No run contradicted your predictions."
    if lesson.predictions:
        return "You said what you expected before you looked: that is how a wrong guess becomes knowledge."
    return "You looked at every answer. Next time, commit to a guess first, however rough."


def _hardest(lesson: Lesson) -> list[Subject]:
    """Return the subject that took the most help, if any did."""
    costs = {
        question.subject: lesson.hints_for(place)
        + 4 * (question.subject in lesson.shown)
        + sum(item.standing is Standing.FAILED for item in lesson.predictions_on(question.subject))
        for place, question in enumerate(lesson.questions)
    }
    worst = max(costs, key=lambda subject: costs[subject], default=None)
    return [worst] if worst is not None and costs[worst] else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}"

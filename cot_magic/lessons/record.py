"""How a learner debugged, told from the record of the lesson."""

from dataclasses import dataclass

from cot_magic.core.findings import EvidenceId, FixVerdict
from cot_magic.core.language import counted_in_words, marked, worded
from cot_magic.lessons.lesson import Lesson, Prediction, Standing, Subject

_NAMES = {
    Subject.LINE: marked("the line at fault"),
    Subject.VALUE: marked("a value at the failure"),
    Subject.HYPOTHESIS: marked("the explanation"),
    Subject.FIX: marked("the fix"),
}
_PRACTICE = {
    Subject.LINE: marked(
        "read a traceback from its last line upwards; ask which line created the value that failed"
    ),
    Subject.VALUE: marked("before you look at a value, say aloud what you expect it to be"),
    Subject.HYPOTHESIS: marked("for each explanation, ask what would have to be true, and look"),
    Subject.FIX: marked("try the smallest edit that removes the cause, and run it"),
}


_VERDICTS = {
    FixVerdict.VERIFIED: marked("verified"),
    FixVerdict.PLAUSIBLE: marked("plausible"),
    FixVerdict.REJECTED: marked("rejected"),
    FixVerdict.UNVERIFIED: marked("unverified"),
}


def verdict_word(verdict: FixVerdict) -> str:
    """Return a verdict on the learner's edit as a word of a sentence."""
    return worded(_VERDICTS[verdict])


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
        facts.append(counted_in_words("{count} hint", "{count} hints", hints))
    if subject in lesson.shown:
        facts.append(worded("the answer was shown"))
    if subject is Subject.FIX and lesson.attempts:
        facts.insert(
            0,
            worded(
                "{edits} tried, the last one is {verdict}",
                edits=counted_in_words("{count} edit", "{count} edits", len(lesson.attempts)),
                verdict=verdict_word(lesson.attempts[-1].verdict),
            ),
        )
    return Settled(
        subject=subject,
        standing=last.standing if last is not None else Standing.OPEN,
        evidence=last.evidence if last is not None else (),
        text=f"**{worded(_NAMES[subject])}**: {', '.join(facts)}.",
    )


def _course(predictions: tuple[Prediction, ...]) -> str:
    """Say how the predictions on one question went."""
    if not predictions:
        return worded("no prediction")
    tries = counted_in_words("{count} prediction", "{count} predictions", len(predictions))
    if predictions[-1].standing is Standing.HELD:
        return (
            worded("the first prediction held")
            if len(predictions) == 1
            else worded("{tries}, the last one held", tries=tries)
        )
    if predictions[-1].standing is Standing.FAILED:
        return worded("{tries}, the last one did not hold", tries=tries)
    return worded("{tries}, and no run could decide the last one", tries=tries)


def _sentences(lesson: Lesson) -> list[str]:
    standings = [item.standing for item in lesson.predictions]
    held, failed = standings.count(Standing.HELD), standings.count(Standing.FAILED)
    undecided = len(standings) - held - failed
    found = [
        worded(
            "You made {predictions}: {held} held, {failed} did not, {undecided} could not be "
            "decided by a run. Hints used: {used}. Answers shown: {shown}.",
            predictions=counted_in_words("{count} prediction", "{count} predictions", len(standings)),
            held=held,
            failed=failed,
            undecided=undecided,
            used=sum(lesson.used),
            shown=len(lesson.shown),
        )
    ]
    found.append(_kind_word(lesson, failed))
    found += [
        worded("To practise: {advice}.", advice=worded(_PRACTICE[subject])) for subject in _hardest(lesson)
    ]
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
        return worded(
            "You dropped a guess when a run contradicted it, and found what holds: that is debugging."
        )
    if passing and not lesson.shown and not sum(lesson.used):
        causes = lesson.predictions_on(Subject.HYPOTHESIS) or lesson.predictions_on(Subject.LINE)
        proven = bool(causes) and causes[-1].standing is Standing.HELD
        return worded(
            "You found the cause and a fix that passes without any help."
            if proven
            else "You found a fix that passes without any help."
        )
    if passing:
        return worded("Your own fix passes: you understood the failure well enough to remove it.")
    if lesson.predictions and not failed:
        return worded("No run contradicted your predictions.")
    if lesson.predictions:
        return worded(
            "You said what you expected before you looked: that is how a wrong guess becomes knowledge."
        )
    return worded("You looked at every answer. Next time, commit to a guess first, however rough.")


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

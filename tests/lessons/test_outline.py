"""The outline of a lesson: what is withheld is not in it, and marks rest on evidence."""

from dataclasses import replace

import pytest

import cot_magic
from cot_magic.core.findings import EvidenceId, Phase
from cot_magic.lessons.lesson import (
    Guidance,
    Lesson,
    Level,
    Prediction,
    Reveal,
    Standing,
    Subject,
)
from cot_magic.lessons.outline import lesson_outline, step_outline
from cot_magic.lessons.questions import questions
from cot_magic.render.accordion import bundle_of

pytestmark = pytest.mark.slow
FIXED = "sum(values)"


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """A lesson on a real session."""
    session = cot_magic.debug("total = sum(valus)", {"values": [1, 2]}, intensity="cot")
    assert session.result == "verified"
    return Lesson(session=session, questions=questions(session))


def seen(lesson: Lesson):
    """The session with its revealed phases alone."""
    session = lesson.session
    kept = tuple(view for view in session.phases if view.phase in lesson.revealed)
    if lesson.ended:
        return session
    shown = replace(session, phases=kept, fixes=(), tests=(), evidence=(), ended=False)
    return shown if Phase.ANALYZE in lesson.revealed else replace(shown, hypotheses=())


def text(lesson: Lesson) -> str:
    return bundle_of(lesson_outline(lesson, seen(lesson)))["text/plain"]


def predicted(standing: Standing, evidence: tuple[EvidenceId, ...], settles: bool = False) -> Prediction:
    return Prediction(
        subject=Subject.LINE,
        text="line 2 is at fault ✓",
        standing=standing,
        evidence=evidence,
        said="So it is.",
        settles=settles,
    )


def test_the_first_screen_asks_and_shows_nothing_of_what_was_found(lesson: Lesson) -> None:
    for kind, shown in bundle_of(lesson_outline(lesson, seen(lesson))).items():
        assert "question 1 of" in shown, kind
        assert "Which line is at fault?" in shown, kind
        assert "typo" not in shown, kind
        assert FIXED not in shown, kind
        assert all(phase in shown for phase in Phase), "the phases to come are named"


@pytest.mark.parametrize(
    ("standing", "evidence", "sign"),
    [
        (Standing.HELD, ("e1",), "✓"),
        (Standing.FAILED, ("e1",), "✗"),
        (Standing.OPEN, ("e1",), "?"),
        (Standing.HELD, (), "?"),
        (Standing.FAILED, (), "?"),
    ],
)
def test_a_prediction_is_marked_by_evidence_alone(lesson: Lesson, standing, evidence, sign) -> None:
    told = text(lesson.predicted(predicted(standing, tuple(map(EvidenceId, evidence)))))
    (line,) = [line.strip() for line in told.splitlines() if "line 2 is at fault" in line]
    assert line[0] == sign
    assert "✓" not in line[1:], "a learner's own mark is taken out"


def test_the_end_shows_all_phases_and_how_the_learner_debugged(lesson: Lesson) -> None:
    while not lesson.ended:
        before = lesson
        lesson = lesson.told()
    told = text(lesson)
    assert FIXED in told
    assert "How you debugged" in told
    assert "✓ verified" in told
    step = bundle_of(step_outline(before, lesson, seen(lesson)))["text/plain"]
    assert "IMPLEMENT" in step
    assert "ANALYZE" not in step, "what was seen before is not shown again"


def test_a_beginner_is_told_the_terms_and_an_advanced_learner_is_not_told_how_to_answer(
    lesson: Lesson,
) -> None:
    screens = {level: text(replace(lesson, guidance=Guidance(level=level))) for level in Level}
    assert "has to change" in screens[Level.BEGINNER]
    assert "has to change" not in screens[Level.INTERMEDIATE]
    assert "for line 3 of that cell" in screens[Level.INTERMEDIATE]
    assert "for line 3 of that cell" not in screens[Level.ADVANCED]


def test_the_teachers_words_are_shown_and_hints_counted(lesson: Lesson) -> None:
    guidance = Guidance(
        topics=("names",), text="Look **twice**.\n\n- then guess", hints=1, reveal=Reveal.NEVER
    )
    taught = replace(lesson, guidance=guidance)
    assert "(1 left)" in text(taught)
    hinted = text(taught.hinted())
    for part in ("topics: names", "from your teacher: Look twice.", "hint 1", "no further hint"):
        assert part in hinted
    while taught.question.subject is not Subject.FIX:
        taught = taught.told()
    assert "once one of your own passes" in text(taught)

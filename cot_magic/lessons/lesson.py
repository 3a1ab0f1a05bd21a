"""A lesson on a finished session, as values: what the learner is asked, predicts and sees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cot_magic.core.errors import UsageError
from cot_magic.core.events import HypothesisStated, PhaseStarted, Stamped
from cot_magic.core.findings import Evidence, EvidenceId, Fix, FixVerdict, HypothesisId, Phase
from cot_magic.core.language import worded
from cot_magic.core.session import Session

MOST_HINTS = 3


class Subject(StrEnum):
    """What a question is about, in the order of the questions."""

    LINE = "line"
    VALUE = "value"
    HYPOTHESIS = "hypothesis"
    FIX = "fix"


class Standing(StrEnum):
    """What the evidence says about a prediction."""

    HELD = "held"
    FAILED = "did not hold"
    OPEN = "not shown"


class Level(StrEnum):
    """How much the questions explain."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Reveal(StrEnum):
    """When the fix may be seen before the learner has one that passes."""

    AFTER_TRYING = "after trying"
    WHEN_ASKED = "when asked"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What a teacher set for the lesson. `hints` is the number of hints for each question, 0 to 3; `language`
    is one of `core.language.LANGUAGES`, `auto`, or empty."""

    topics: tuple[str, ...] = ()
    hints: int = MOST_HINTS
    level: Level = Level.INTERMEDIATE
    language: str = ""
    reveal: Reveal = Reveal.WHEN_ASKED
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChoice:
    """One explanation to choose from; without a hypothesis it claims that another run would pass."""

    text: str
    hypothesis: HypothesisId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, asked before phases are revealed.

    Attributes
    ----------
    how
        How to write an answer.
    meaning
        An explanation of the terms, for beginners.
    hints
        Three hints, from general to exact.
    short_hints
        The same in few words, for a learner who has just answered right.
    answer
        What `--show` shows; empty if no run gives an answer.
    reveals
        The phases that are shown once the question is settled.
    expression, frame, rounded, recorded
        For a question about a value: the expression, its frame in the failure, whether two decimals are
        enough, and the value in the kernel.
    """

    subject: Subject
    text: str
    how: str
    meaning: str = ""
    choices: tuple[AnswerChoice, ...] = ()
    hints: tuple[str, ...] = ()
    short_hints: tuple[str, ...] = ()
    answer: str = ""
    reveals: tuple[Phase, ...] = ()
    expression: str = ""
    frame: int | None = None
    rounded: bool = False
    recorded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the learner predicted, and what the evidence says about it.

    Attributes
    ----------
    text
        The prediction in words.
    said
        What the runs showed, in one or two sentences.
    settles
        Whether it answers the question.
    """

    subject: Subject
    text: str
    standing: Standing
    evidence: tuple[EvidenceId, ...] = ()
    said: str = ""
    settles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A learner's fix, its verdict, and the reasons for a verdict that is not better."""

    fix: Fix
    verdict: FixVerdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The state of a lesson. `session` is finished, and holds what the learner has not seen yet.

    Attributes
    ----------
    place
        Index of the open question; past the last one, the lesson has ended.
    used
        Number of hints used for each question.
    shown
        Subjects whose answer was asked for.
    evidence
        What the learner's own experiments showed.
    """

    session: Session
    questions: tuple[Question, ...]
    guidance: Guidance = Guidance()
    place: int = 0
    used: tuple[int, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    shown: tuple[Subject, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def question(self) -> Question | None:
        """The open question; None when the lesson has ended."""
        return self.questions[self.place] if self.place < len(self.questions) else None

    @property
    def ended(self) -> bool:
        return self.question is None

    @property
    def revealed(self) -> tuple[Phase, ...]:
        """The phases that the learner may see."""
        if self.ended:
            return tuple(Phase)
        return tuple(phase for question in self.questions[: self.place] for phase in question.reveals)

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints given for the open question, in few words while help fades."""
        question = self.question
        if question is None:
            return ()
        hints = question.short_hints if self.fades and question.short_hints else question.hints
        return hints[: self.hints_for(self.place)]

    @property
    def fades(self) -> bool:
        """Whether help is shorter: the question before was answered right, and this one not yet wrong.

        Wood and Middleton, "A study of assisted problem-solving" (1975): less help after success, more after
        failure.
        """
        if self.place == 0 or self.question is None or self.predictions_on(self.question.subject):
            return False
        before = self.questions[self.place - 1].subject
        return before not in self.shown and any(item.settles for item in self.predictions_on(before))

    @property
    def hints_left(self) -> int:
        """How many hints the open question still has."""
        question = self.question
        if question is None:
            return 0
        return min(self.guidance.hints, len(question.hints)) - self.hints_for(self.place)

    def hints_for(self, place: int) -> int:
        """Return how many hints the question at that index has given."""
        return self.used[place] if place < len(self.used) else 0

    def predictions_on(self, subject: Subject) -> tuple[Prediction, ...]:
        """Return the predictions on that subject, in order."""
        return tuple(item for item in self.predictions if item.subject is subject)

    def hinted(self) -> "Lesson":
        """Return the lesson with one more hint. Raises UsageError if there is none."""
        _open(self)
        if self.hints_left <= 0:
            allowed = self.guidance.hints
            raise UsageError(
                worded("this lesson gives no hints: answer with %cot_answer TEXT.")
                if not allowed
                else worded(
                    "there is no further hint ({allowed} given): answer, or use %cot_answer --show.",
                    allowed=allowed,
                )
            )
        used = [self.hints_for(place) for place in range(len(self.questions))]
        used[self.place] += 1
        return replace(self, used=tuple(used))

    def told(self) -> "Lesson":
        """Show the answer and open the next question. Raises UsageError if the answer is withheld."""
        question = _open(self)
        if question.subject is Subject.FIX:
            if self.guidance.reveal is Reveal.NEVER:
                raise UsageError(worded("in this lesson the fix is only shown once one of your own passes."))
            if self.guidance.reveal is Reveal.AFTER_TRYING and not self.attempts:
                raise UsageError(
                    worded("in this lesson the fix is shown after you have tried one: try an edit.")
                )
        return replace(self, shown=(*self.shown, question.subject), place=self.place + 1)

    def predicted(
        self, prediction: Prediction, evidence: Sequence[Evidence] = (), attempt: Attempt | None = None
    ) -> "Lesson":
        """Return the lesson with one more prediction; the next question opens if it settles this one."""
        _open(self)
        return replace(
            self,
            predictions=(*self.predictions, prediction),
            evidence=(*self.evidence, *evidence),
            attempts=(*self.attempts, *([attempt] if attempt is not None else [])),
            place=self.place + prediction.settles,
        )


def _open(lesson: Lesson) -> Question:
    if lesson.question is None:
        raise UsageError(worded("the lesson has ended: everything is shown. %%cot --teach starts another."))
    return lesson.question


def revealed_events(events: Sequence[Stamped], phases: Collection[Phase]) -> tuple[Stamped, ...]:
    """Return the events of a session without those of phases that are still withheld.

    A hypothesis stated in PLAN is kept once VALIDATE, which tests it, is shown.
    """
    kept, phase = [], None
    for stamped in events:
        if isinstance(stamped.event, PhaseStarted):
            phase = stamped.event.phase
        early = (
            phase is Phase.PLAN and Phase.VALIDATE in phases and isinstance(stamped.event, HypothesisStated)
        )
        if phase is None or phase in phases or early:
            kept.append(stamped)
    return tuple(kept)

"""A lesson on a session: what is asked, how answers are judged by runs, and what stays withheld."""

import itertools
from dataclasses import replace

import pytest

from cot_magic.core.case import Cell, CellId, Dependency, Frame, Raised, Variable
from cot_magic.core.engine import Laboratory, drive
from cot_magic.core.errors import UsageError
from cot_magic.core.events import (
    Finding,
    FixProposed,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    RunProbe,
    Stamped,
    TestWritten,
    TryFix,
)
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    Fix,
    FixId,
    FixVerdict,
    Hypothesis,
    HypothesisId,
    Phase,
    Probe,
    RegressionTest,
)
from cot_magic.core.jobs import Limits
from cot_magic.core.session import Session
from cot_magic.lessons.answers import answered, edit_of
from cot_magic.lessons.lesson import (
    Guidance,
    Lesson,
    Reveal,
    Standing,
    Subject,
    revealed_events,
)
from cot_magic.lessons.questions import AGAIN, questions
from cot_magic.lessons.record import summarised
from cot_magic.testing import BUDGET, AbsentSandbox, NamespaceSandbox, ScriptedReasoner, case, through_codec
from cot_magic.verdict.challenge import challenge

SETUP = Cell(id=CellId("s"), source="x = 8\nn = 2", index=0, execution_count=1)
SOURCE = "#%%cot --teach\nstep = x\ny = step / (n - 2)\nassert (y > 0) == (x > 0)"
FRAME = Frame(
    function="<module>",
    filename="<cell>",
    lineno=3,
    cell=CellId("c"),
    operands=(
        Variable(name="step", type="int", text="8"),
        Variable(name="n", type="int", text="2"),
    ),
)
FAILING = Cell(id=CellId("c"), source=SOURCE, index=1, execution_count=2)
CASE = case(
    cell=FAILING,
    cells=(SETUP, FAILING),
    namespace=(Variable(name="x", type="int", text="8"), Variable(name="n", type="int", text="2")),
    lineage=(Dependency(cell=SETUP, names=("x", "n")),),
    raised=Raised(
        ename="ZeroDivisionError",
        evalue="division by zero",
        bases=("ZeroDivisionError", "ArithmeticError", "Exception"),
        frames=(FRAME,),
    ),
)
ZERO = Hypothesis(
    id=HypothesisId("h1"),
    claim="`n - 2` is zero.",
    prediction="`n` is 2.",
    cell=CellId("c"),
    lineno=3,
    rule="arithmetic.zero",
)
OTHER = Hypothesis(
    id=HypothesisId("h2"), claim="`x` is zero.", prediction="`x` is 0.", cell=CellId("s"), lineno=1, rule="r"
)
FIX = Fix(
    id=FixId("f1"),
    edits=(CellEdit(cell=CellId("c"), before=SOURCE, after=SOURCE.replace("n - 2", "n + 2")),),
    why="A sum is meant.",
    hypothesis=ZERO.id,
)
TEST = RegressionTest(name="test_y", source="def test_y():\n    assert y == 2\n\ntest_y()")
RIGHT = "n - 2 -> n + 2"


def probe(about: HypothesisId, source: str) -> RunProbe:
    return RunProbe(probe=Probe(about=about, source=source))


STEPS = [
    PhaseStarted(phase=Phase.ANALYZE),
    HypothesisStated(hypothesis=ZERO),
    HypothesisStated(hypothesis=OTHER),
    PhaseEnded(phase=Phase.ANALYZE, headline="Something is divided by zero."),
    PhaseStarted(phase=Phase.PLAN),
    Finding(phase=Phase.PLAN, topic="fixes", text="P0 a sum is meant"),
    PhaseEnded(phase=Phase.PLAN, headline="One edit to try."),
    PhaseStarted(phase=Phase.VALIDATE),
    probe(ZERO.id, "n == 2"),
    probe(OTHER.id, "x == 0"),
    PhaseEnded(phase=Phase.VALIDATE, headline="One is confirmed."),
    PhaseStarted(phase=Phase.IMPLEMENT),
    FixProposed(fix=FIX),
    TryFix(fix=FIX, tests=(TEST,)),
    TestWritten(fix=FIX.id, test=TEST),
    PhaseEnded(phase=Phase.IMPLEMENT, headline="It passes."),
    PhaseStarted(phase=Phase.CONFIRM),
    PhaseEnded(phase=Phase.CONFIRM, headline="It is verified."),
]


def described(error: BaseException, cells: object) -> Raised:
    found = replace(CASE.raised, ename=type(error).__name__, evalue=str(error))
    return found if isinstance(error, ZeroDivisionError) else replace(found, frames=())


class Class:
    """A learner with a finished session and the sandbox that it ran in."""

    def __init__(self, sandbox=None, steps=STEPS, guidance=Guidance()) -> None:  # noqa: B008
        self.sandbox = sandbox or NamespaceSandbox({"x": 8, "n": 2}, describe=described)
        clock = itertools.count().__next__
        events = drive(
            CASE,
            ScriptedReasoner(steps),
            self.sandbox,
            intensity="cot",
            budget=BUDGET,
            clock=lambda: 0.0,
            challenger=challenge,
        )
        self.events = [
            through_codec(Stamped(order=place, seconds=float(clock()), event=event))
            for place, event in enumerate(events)
        ]
        session = Session()
        for stamped in self.events:
            session = session.evolve(stamped)
        assert not session.faults
        self.lesson = Lesson(session=session, questions=questions(session), guidance=guidance)

    def say(self, text: str, body: str | None = None) -> Lesson:
        session = self.lesson.session
        laboratory = Laboratory(
            CASE,
            self.sandbox,
            None,
            budget=BUDGET,
            limits=Limits(),
            allow=(),
            clock=lambda: 0.0,
            challenger=challenge,
        )
        laboratory.take_up(replace(session, evidence=(*session.evidence, *self.lesson.evidence)))
        steps, reply = answered(self.lesson, text, body), None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                self.lesson = done.value
                return self.lesson
            reply = tuple(item for item in laboratory.answer(step) if isinstance(item, Evidence))

    def up_to(self, subject: Subject) -> "Class":
        right = dict(zip(Subject, ("3", "8", self.choice(ZERO.claim)), strict=False))
        while self.lesson.question.subject is not subject:
            self.say(right[self.lesson.question.subject])
        return self

    def choice(self, text: str) -> str:
        question = next(item for item in self.lesson.questions if item.subject is Subject.HYPOTHESIS)
        return str([choice.text for choice in question.choices].index(text) + 1)

    @property
    def last(self):
        return self.lesson.predictions[-1]


def test_four_questions_reveal_all_phases_and_the_fix_last() -> None:
    learner = Class()
    seen = [learner.lesson.revealed]
    for answer in ("3", "8", learner.choice(ZERO.claim), RIGHT):
        seen.append(learner.say(answer).revealed)
    assert [item.subject for item in learner.lesson.questions] == list(Subject)
    assert seen == [(), (), (Phase.ANALYZE,), (Phase.ANALYZE, Phase.VALIDATE), tuple(Phase)]
    assert learner.lesson.ended


def test_what_is_withheld_is_not_among_the_revealed_events() -> None:
    learner = Class().up_to(Subject.FIX)
    told = Session()
    for stamped in revealed_events(learner.events, learner.lesson.revealed):
        told = told.evolve(stamped)
    assert [view.phase for view in told.phases] == [Phase.ANALYZE, Phase.VALIDATE]
    assert not told.fixes
    assert not told.tests
    assert not told.ended
    assert told.judge(ZERO.id).mark == "✓"
    learner.say(RIGHT)
    assert revealed_events(learner.events, learner.lesson.revealed) == tuple(learner.events)


def test_a_wrong_line_fails_by_the_evidence_for_the_confirmed_cause_and_the_question_stays() -> None:
    learner = Class()
    learner.say("[1] 2")
    assert (learner.last.standing, learner.lesson.place) == (Standing.FAILED, 0)
    assert learner.last.evidence == learner.lesson.session.judge(ZERO.id).evidence
    learner.say("cell [2], line 3")
    assert (learner.last.standing, learner.lesson.place) == (Standing.HELD, 1)


@pytest.mark.parametrize("answer", ["three", "[7] 1", "9", "0", ""])
def test_what_names_no_line_is_refused_and_counts_for_nothing(answer: str) -> None:
    learner = Class()
    with pytest.raises(UsageError):
        learner.say(answer)
    assert learner.lesson.predictions == ()


def test_a_value_is_run_as_a_probe_where_the_cell_fails() -> None:
    learner = Class().up_to(Subject.VALUE)
    assert learner.lesson.question.expression == "step"
    learner.say("7")
    assert learner.last.standing is Standing.FAILED
    learner.say("x")  # known at the failure alone, as `step` is
    assert learner.last.standing is Standing.HELD
    probes = learner.lesson.evidence
    assert [item.code for item in probes] == ["(step) == (7)", "(step) == (x)"]
    assert learner.last.evidence == (probes[-1].id,)
    assert len({item.id for item in (*learner.lesson.session.evidence, *probes)}) == len(
        learner.lesson.session.evidence
    ) + len(probes), "each run has an id of its own"


@pytest.mark.parametrize(
    ("answer", "standing", "place"),
    [
        ("step == 8", Standing.HELD, 2),
        ("step > 7", Standing.HELD, 1),  # so, but not the value
        ("step == 9", Standing.FAILED, 1),
        ("step", Standing.OPEN, 1),  # true by its form
        ("nonesuch", Standing.OPEN, 1),
    ],
)
def test_a_claim_is_run_and_only_the_value_itself_settles(answer, standing, place) -> None:
    learner = Class().up_to(Subject.VALUE)
    learner.say(answer)
    assert (learner.last.standing, learner.lesson.place) == (standing, place)


def test_code_that_cannot_be_read_is_refused() -> None:
    learner = Class().up_to(Subject.VALUE)
    with pytest.raises(UsageError, match="not Python code"):
        learner.say("'8")
    with pytest.raises(UsageError, match="one line"):
        learner.say("", "step = 8")


def test_an_explanation_is_judged_by_its_own_probe() -> None:
    learner = Class().up_to(Subject.HYPOTHESIS)
    learner.say(learner.choice(OTHER.claim))
    assert learner.last.standing is Standing.FAILED
    learner.say(learner.choice(AGAIN))
    assert learner.last.standing is Standing.FAILED
    assert learner.last.evidence, "the unchanged cell was run once more"
    with pytest.raises(UsageError, match="1 to 3"):
        learner.say("4")
    learner.say("n - 2 == 0")
    assert (learner.last.standing, learner.last.settles) == (Standing.HELD, False)
    learner.say(learner.choice(ZERO.claim))
    assert (learner.last.standing, learner.lesson.question.subject) == (Standing.HELD, Subject.FIX)


def test_an_edit_is_tried_with_the_tests_of_the_session_and_judged_like_any_fix() -> None:
    learner = Class().up_to(Subject.FIX)
    learner.say("n - 2 -> n - 1")
    assert learner.lesson.attempts[-1].verdict is FixVerdict.REJECTED
    assert "test_y fails with it" in learner.last.said
    assert not learner.lesson.ended
    learner.say("", "step = x\ny = step / (n + 2)\nassert (y > 0) == (x > 0)")
    assert learner.lesson.attempts[-1].verdict is FixVerdict.VERIFIED
    assert learner.lesson.attempts[-1].fix.edits == FIX.edits, "the line of the magic is no part of the edit"
    assert learner.last.standing is Standing.HELD
    assert learner.lesson.ended


def test_an_edit_that_silences_the_failure_does_not_end_the_lesson() -> None:
    learner = Class(steps=[step for step in STEPS if not isinstance(step, TestWritten)]).up_to(Subject.FIX)
    learner.say(
        "", "step = x\ntry:\n    y = step / (n - 2)\nexcept ZeroDivisionError:\n    y = 0\nassert y >= 0"
    )
    assert learner.last.standing is Standing.OPEN
    assert "catches the exception" in learner.last.said
    assert not learner.lesson.ended


def test_the_same_edit_gets_the_same_verdict_whoever_made_it() -> None:
    doubtful = replace(FIX, hypothesis=HypothesisId("h3"))
    swap = {
        FixProposed: FixProposed(fix=doubtful),
        TryFix: TryFix(fix=doubtful, tests=(TEST,)),
    }
    learner = Class(steps=[swap.get(type(step), step) for step in STEPS]).up_to(Subject.FIX)
    session = learner.lesson.session
    assert session.judge(ZERO.id).mark == "✓"
    assert session.judge_fix(doubtful).verdict is FixVerdict.PLAUSIBLE
    learner.say(RIGHT)
    assert learner.lesson.attempts[-1].verdict is FixVerdict.PLAUSIBLE
    assert learner.last.standing is Standing.OPEN
    assert learner.lesson.ended


def test_where_no_fix_cures_one_that_skips_the_failure_ends_the_lesson() -> None:
    source = SOURCE.replace("y =", "y = 1\nif n != 2:\n    y =")
    skips = replace(FIX, edits=(CellEdit(cell=CellId("c"), before=SOURCE, after=source),))
    swap = {FixProposed: FixProposed(fix=skips), TryFix: TryFix(fix=skips)}
    steps = [swap.get(type(step), step) for step in STEPS if not isinstance(step, TestWritten)]
    learner = Class(steps=steps).up_to(Subject.FIX)
    learner.say("", source)
    assert learner.lesson.attempts[-1].verdict is FixVerdict.PLAUSIBLE
    assert "skips something" in learner.last.said
    assert learner.lesson.ended


def test_a_value_that_differs_in_the_copy_is_not_held_against_the_learner() -> None:
    learner = Class(NamespaceSandbox({"x": 9, "n": 2}, describe=described)).up_to(Subject.VALUE)
    learner.say("8")  # as the case has it
    assert learner.last.standing is Standing.OPEN
    assert "from run to run" in learner.last.said
    assert learner.lesson.question.subject is Subject.HYPOTHESIS


def test_no_value_is_asked_for_where_it_depends_on_the_depth_of_the_stack() -> None:
    session = Class().lesson.session
    deep = replace(CASE, raised=replace(CASE.raised, ename="RecursionError"))
    assert Subject.VALUE not in [item.subject for item in questions(replace(session, case=deep))]


@pytest.mark.parametrize(
    ("text", "body", "cell", "after"),
    [
        ("3: y = 1", None, "c", "#%%cot --teach\nstep = x\ny = 1\nassert (y > 0) == (x > 0)"),
        ("line 2: step = 1", None, "c", SOURCE.replace("= x", "= 1")),
        ("[1] 2: n = 3", None, "s", "x = 8\nn = 3"),
        ("n = 2 -> n = 3", None, "s", "x = 8\nn = 3"),
        ("[1]", "x = 8\nn = 3\n", "s", "x = 8\nn = 3"),
        ("", "%%cot+\ny = 1", "c", "#%%cot --teach\ny = 1"),
    ],
)
def test_an_edit_is_read_in_each_of_its_forms(text, body, cell, after) -> None:
    edit = edit_of(CASE, text, body)
    assert (edit.cell, edit.after) == (cell, after)


@pytest.mark.parametrize(
    ("text", "body", "reason"),
    [
        ("y = 1", None, "is not an edit"),
        ("9: y = 1", None, "has no line 9"),
        ("[7] 1: y = 1", None, "no cell"),
        ("step -> stop", None, "occurs 2 times"),
        ("lost -> found", None, "in no cell"),
        ("there", "y = 1", "is not a cell"),
        ("", SOURCE, "change something"),
    ],
)
def test_what_is_no_edit_is_refused_with_a_reason(text, body, reason) -> None:
    with pytest.raises(UsageError, match=reason):
        edit_of(CASE, text, body)


@pytest.mark.parametrize("allowed", [0, 1, 3])
def test_each_question_gives_as_many_hints_as_the_teacher_allows(allowed: int) -> None:
    lesson = Class(guidance=Guidance(hints=allowed)).lesson
    for count in range(allowed):
        assert len(lesson.hints) == count
        lesson = lesson.hinted()
    with pytest.raises(UsageError, match="hint"):
        lesson.hinted()
    assert len(set(lesson.hints)) == allowed


def words(lesson: Lesson) -> int:
    """The words of all three hints for the open question."""
    for _ in range(3):
        lesson = lesson.hinted()
    assert len(set(lesson.hints)) == 3
    return len(" ".join(lesson.hints).split())


@pytest.mark.parametrize("subject", list(Subject)[1:])
def test_after_a_right_answer_the_next_hints_are_shorter_and_after_a_wrong_one_they_are_whole(
    subject: Subject,
) -> None:
    learner = Class().up_to(subject)
    assert learner.lesson.fades
    short = words(learner.lesson)
    wrong = {Subject.VALUE: "9", Subject.HYPOTHESIS: "x == 0", Subject.FIX: "n - 2 -> n - 3"}
    after = learner.say(wrong[subject])
    assert after.question is not None
    assert after.question.subject is subject
    assert not after.fades
    assert short < words(after)


def test_after_an_answer_that_was_shown_the_hints_are_whole() -> None:
    learner = Class().up_to(Subject.VALUE)
    shown = learner.lesson.told()
    assert not shown.fades
    assert shown.question is not None
    assert shown.hinted().hints == shown.question.hints[:1]


def test_the_fix_is_shown_when_the_teacher_says_so() -> None:
    asked = Class().up_to(Subject.FIX).lesson.told()
    assert asked.ended
    assert asked.shown == (Subject.FIX,)
    never = Class(guidance=Guidance(reveal=Reveal.NEVER)).up_to(Subject.FIX)
    with pytest.raises(UsageError, match="once one of your own passes"):
        never.lesson.told()
    first = Class(guidance=Guidance(reveal=Reveal.AFTER_TRYING)).up_to(Subject.FIX)
    with pytest.raises(UsageError, match="after you have tried"):
        first.lesson.told()
    first.say("n - 2 -> n - 1")
    assert first.lesson.told().ended
    assert never.say(RIGHT).ended


def test_the_summary_tells_what_was_predicted_and_what_held() -> None:
    learner = Class()
    learner.say("2")
    learner.lesson = learner.lesson.hinted()
    learner.say("3")
    learner.lesson = learner.lesson.told()
    learner.up_to(Subject.FIX).say("n - 2 -> n - 1")
    told = summarised(learner.say(RIGHT))
    rows = {row.subject: row for row in told.rows}
    assert "2 predictions, the last one held, 1 hint" in rows[Subject.LINE].text
    assert "no prediction, the answer was shown" in rows[Subject.VALUE].text
    assert rows[Subject.VALUE].standing is Standing.OPEN
    assert "2 edits tried, the last one is verified" in rows[Subject.FIX].text
    assert "5 predictions: 3 held, 2 did not, 0" in told.sentences[0]
    assert all(row.evidence for row in told.rows if row.standing is Standing.HELD)


def test_who_was_right_at_once_is_told_so_but_of_the_cause_only_if_a_run_showed_it() -> None:
    told = Class().up_to(Subject.FIX).say(RIGHT)
    assert "You found the cause and a fix that passes without any help." in summarised(told).sentences
    predictions = tuple(
        replace(item, standing=Standing.OPEN) if item.subject is not Subject.FIX else item
        for item in told.predictions
    )
    open_ = summarised(replace(told, predictions=predictions)).sentences
    assert "You found a fix that passes without any help." in open_


def test_a_learner_who_looked_at_every_answer_is_told_so() -> None:
    lesson = Class().lesson
    while not lesson.ended:
        lesson = lesson.told()
    assert any("looked at every answer" in text for text in summarised(lesson).sentences)
    with pytest.raises(UsageError, match="has ended"):
        lesson.told()


def test_where_nothing_can_run_nothing_is_called_right_or_wrong() -> None:
    learner = Class(AbsentSandbox())
    for answer in ("2", "8", "1", RIGHT):
        learner.say(answer)
        assert learner.last.standing is Standing.OPEN
        assert learner.last.evidence == ()
    assert learner.lesson.attempts[-1].verdict is FixVerdict.UNVERIFIED
    assert not learner.lesson.ended, "the fix can still be shown"

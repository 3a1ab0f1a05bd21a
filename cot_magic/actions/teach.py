"""A lesson in a kernel: the session runs unseen, then the learner's answers reveal it phase by phase."""

import re
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import withheld
from cot_magic.core.case import Case, Cell
from cot_magic.core.engine import Laboratory
from cot_magic.core.errors import UsageError
from cot_magic.core.events import ExploreSchedules, InspectVariable, Reply, RunProbe, Stamped, Step, TryFix
from cot_magic.core.findings import Evidence, Phase
from cot_magic.core.jobs import Limits
from cot_magic.core.protocols import Reasoner, Sandbox
from cot_magic.core.session import Session
from cot_magic.ipython.attachment import Attachment, Heard
from cot_magic.lessons.answers import answered
from cot_magic.lessons.guidance import find_here
from cot_magic.lessons.lesson import (
    Lesson,
    Reveal,
    Subject,
    revealed_events,
)
from cot_magic.lessons.outline import feedback, lesson_outline, step_outline
from cot_magic.lessons.own_fix import without_magic
from cot_magic.lessons.questions import case_of, questions
from cot_magic.lessons.screen import LessonScreen, Preparing, show_outline
from cot_magic.lessons.widgets import LessonControls
from cot_magic.run import run_session as investigation
from cot_magic.run.choose_reasoner import Recorded
from cot_magic.run.recording import Recording, fold
from cot_magic.settings import Settings

_OPTION = re.compile(r"--[A-Za-z][\w-]*")
_REQUESTS = (RunProbe, TryFix, ExploreSchedules, InspectVariable)


class Teaching:
    """A lesson that is under way, with the copy of the kernel in which answers are tried.

    Parameters
    ----------
    real, told
        The events of the session as they are, and as they may be shown.
    remarks
        What is wrong with a teacher's file, one sentence each.
    """

    def __init__(
        self,
        attachment: Attachment,
        settings: Settings,
        lesson: Lesson,
        *,
        real: Sequence[Stamped],
        told: Sequence[Stamped],
        sandbox: Sandbox,
        screen: LessonScreen | None,
        remarks: Sequence[str],
    ) -> None:
        self._attachment, self._settings, self.lesson = attachment, settings, lesson
        self._real, self._told, self.sandbox = tuple(real), tuple(told), sandbox
        self._screen, self._remarks = screen, tuple(remarks)
        self._controls: LessonControls | None = None

    @property
    def under_way(self) -> bool:
        return not self.lesson.ended

    def holds(self, sandbox: Sandbox) -> bool:
        """Whether that copy is still needed for answers."""
        return self.under_way and sandbox is self.sandbox

    def refusal(self, session: Session | None) -> str:
        """Why the fix of a session cannot be had yet; empty if it can."""
        if not self.under_way or session is None or session.id != self.lesson.session.id:
            return ""
        shown = "" if self.lesson.guidance.reveal is Reveal.NEVER else ", or see it by %cot_answer --show"
        return f"the fix is withheld until one of your own passes: answer with %cot_answer{shown}."

    def start(self) -> None:
        """Show the lesson with its first question."""
        self._remember()
        if self._screen is not None:
            self._screen.draw(self._outline())
            self._controls = self._made_controls()
            self._screen.offer(self._controls, self._visible(self.lesson))

    def show(self) -> None:
        """The whole lesson as it stands, as a display of the cell that is running."""
        show_outline(self._outline())

    def answer(self, line: str, body: str | None = None, *, clicked: bool = False) -> str:
        """One step: an answer, `--hint` or `--show`. Returns a sentence about it.

        Raises UsageError if it cannot be taken; the lesson is as it was then, as after Ctrl-C.
        """
        before, text = self.lesson, line.strip()
        option = _OPTION.match(text) if body is None else None
        if option is None:
            self.lesson = self._judged(line, body)
        elif text == "--hint":
            self.lesson = before.hinted()
        elif text == "--show":
            self.lesson = before.told()
        else:
            raise UsageError(
                f"%cot_answer {text[:60]}: expected --hint, --show or an answer. Nothing was run."
            )
        self._remember()
        if self._screen is not None:
            self._screen.draw(self._outline())
        said = feedback(self._visible(before), self._visible(self.lesson))
        if self.lesson.ended:
            self._end(clicked)
        elif self._controls is not None:
            self._controls.ask(self._visible(self.lesson), self._cells(), said)
        return said

    def ran_again(self, cell: Cell, error: BaseException | None) -> bool:
        """Take up that the cell of the lesson ran again, in place of a new lesson; False if another one did.

        An edited cell is the answer to what the fix is; an unchanged one shows the lesson again.
        """
        case = case_of(self.lesson.session)
        if not self.under_way or cell.id != case.cell.id:
            return False
        question, source = self.lesson.question, without_magic(cell.source)
        same = source == without_magic(case.cell.source)
        expected = case.raised.ename if case.raised is not None else ""
        if same and type(error).__name__ == expected:
            self._screen_anew()
            self.start()
        elif question is not None and question.subject is Subject.FIX and not same:
            self._screen_anew()
            self.answer("", source)
            if not self.lesson.ended:
                self.start()
        elif error is None:
            print("The cell passes now. The lesson waits for your answer: %cot_answer shows the question.")
        else:
            return False
        return True

    def _screen_anew(self) -> None:
        """A place on the screen in the running cell: the old one was cleared when the cell ran again."""
        if self._screen is not None:
            self._screen.end()
            self._screen = screen_of(self._attachment)

    def show_step(self, before: Lesson) -> None:
        """What changed since then, as a display of the cell that is running."""
        seen = fold(revealed_events(self._told, self.lesson.revealed))
        show_outline(step_outline(self._visible(before), self._visible(self.lesson), seen))

    def close(self) -> None:
        """Let the copy of the kernel go, and take the widgets away. What was revealed stays."""
        if self._attachment.snapshot is not self.sandbox:
            self.sandbox.close()
        if self._screen is not None:
            self._screen.end()

    def _judged(self, line: str, body: str | None) -> Lesson:
        try:
            return self._driven(answered(self.lesson, line, body))
        except KeyboardInterrupt:
            raise UsageError(
                "interrupted: that answer was not judged, and the lesson is as it was."
            ) from None

    def _driven(self, steps: Generator[Step, Reply, Lesson]) -> Lesson:
        """Run what an answer asks for, in copies of the kernel from before the cell."""
        settings, session = self._settings, self.lesson.session
        case = case_of(session)
        laboratory = Laboratory(
            case,
            self.sandbox,
            investigation.explorer_of(self.sandbox, settings),
            budget=settings.effective_budget(),
            limits=Limits(wall_s=settings.timeout) if settings.timeout else Limits(),
            allow=settings.allow,
            clock=time.monotonic,
        )
        laboratory.take_up(replace(session, evidence=(*session.evidence, *self.lesson.evidence)))
        reply: Reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                lesson: Lesson = done.value
                return lesson
            assert isinstance(step, _REQUESTS)
            reply = tuple(item for item in laboratory.answer(step) if isinstance(item, Evidence))

    def _remember(self) -> None:
        """Make what is revealed the latest session, unless another one has come since."""
        latest, lesson = investigation.last(), self.lesson
        if not lesson.ended and latest is not None and latest.id != lesson.session.id and lesson.place:
            return
        told = revealed_events(self._told, lesson.revealed)
        session = fold(revealed_events(self._real, lesson.revealed))
        investigation.remember(session, fold(told))
        self._attachment.session, self._attachment.heard.events = session, list(told)
        if self._settings.save:
            recording = Recording(Path(self._settings.save))
            for stamped in told:
                recording.hear(stamped)
            recording.close()

    def _end(self, clicked: bool) -> None:
        """Let go of the copy and the widgets; if they were clicked, the offer to insert takes their place."""
        from cot_magic.notebook.insert.offer import offer
        from cot_magic.render.buttons import Buttons

        shown, data = investigation.shown(), None
        best = shown.best_fix if shown is not None else None
        if clicked and shown is not None and best is not None and self._settings.insert != "none":
            made = offer(shown) if self._attachment.draws_offers else None
            data = Buttons(
                self._attachment.insert,
                self._attachment.undo,
                has_tests=bool(shown.tests_of(best.id)),
                offer=made,
            ).bundle()
        if self._screen is not None:
            self._screen.end(data)
        self.close()

    def _outline(self) -> Any:
        seen = fold(revealed_events(self._told, self.lesson.revealed))
        return lesson_outline(self._visible(self.lesson), seen, self._remarks)

    def _visible(self, lesson: Lesson) -> Lesson:
        """The lesson with its secrets withheld; of the session only what is needed to draw it: nothing."""
        redactor: Redactor = self._attachment.redactor
        return withheld(replace(lesson, session=Session()), redactor)

    def _made_controls(self) -> LessonControls | None:
        from cot_magic.notebook.front_end import LAB, VSCODE

        if self._attachment.front_end not in (LAB, VSCODE):
            return None
        try:
            controls = LessonControls(
                self._clicked, lambda: self._clicked("--hint"), lambda: self._clicked("--show")
            )
        except ImportError:  # no ipywidgets: the line magic does the same
            return None
        controls.ask(self._visible(self.lesson), self._cells())
        return controls

    def _clicked(self, text: str, body: str | None = None) -> str:
        try:
            return self.answer(text, body, clicked=True)
        except UsageError as error:  # its message is written for the person who clicked
            return str(error)

    def _cells(self) -> list[tuple[str, str]]:
        """Label and source of the cells that a fix may edit, the failing one first."""
        case = case_of(self.lesson.session)
        cells = {cell.id: cell for cell in (case.cell, *(item.cell for item in case.lineage))}
        return [(case.label(cell.id), without_magic(cell.source)) for cell in cells.values()]


def screen_of(attachment: Attachment) -> LessonScreen | None:
    """Where a lesson is shown; nowhere if the attachment is silent."""
    return None if attachment.renderer == "silent" else LessonScreen(live=attachment.front_end != "terminal")


def begin(
    attachment: Attachment, settings: Settings, case: Case, reasoner: Reasoner, sandbox: Sandbox
) -> None:
    """Run the session unseen and start the lesson on it. Raises UsageError if there can be no lesson.

    Until phases are revealed, nothing of them is `cot_magic.last`, exported, saved or inserted.
    """
    if case.raised is None:
        raise UsageError("--teach needs a cell that fails, and this one passed: there is no lesson.")
    if isinstance(reasoner, Recorded):
        raise UsageError("--teach needs a session that runs now: it does not go with --reasoner replay:FILE.")
    if settings.save:
        Recording(Path(settings.save)).close()  # a path that cannot be written is said now
    guidance, remarks = find_here()
    screen = screen_of(attachment)
    attachment.has_row = False
    told, real = Heard(), Heard()
    known, heard = (investigation.last(), investigation.shown()), attachment.session
    try:
        session = investigation.investigate(
            case,
            sandbox,
            replace(settings, save=None),
            reasoner=reasoner,
            renderer=Preparing(screen),
            redactor=attachment.redactor,
            listeners=(*attachment.listeners, told),
            verbatim=(*attachment.verbatim, real),
        )
    finally:
        investigation.remember(*known)
        attachment.session = heard
    if session.finished != tuple(Phase):
        why = f" ({session.faults[0]})" if session.faults else ""
        said = f"The session was cut short{why}, so there is no lesson. Run the cell again."
        if screen is not None:
            screen.say(said)
        print(said)
        return
    before_fixes = fold(revealed_events(real.events, (Phase.ANALYZE, Phase.PLAN, Phase.VALIDATE)))
    lesson = Lesson(session=session, questions=questions(session, before_fixes.hypotheses), guidance=guidance)
    attachment.teach(
        Teaching(
            attachment,
            settings,
            lesson,
            real=real.events,
            told=told.events,
            sandbox=sandbox,
            screen=screen,
            remarks=remarks,
        )
    )


def step(attachment: Attachment, line: str, body: str | None) -> Session | None:
    """`%cot_answer`: one step of the lesson, shown in the running cell. Returns the session if that ended it.

    Raises UsageError if there is no lesson or the answer cannot be taken.
    """
    teaching = attachment.teaching
    if teaching is None:
        raise UsageError("there is no lesson: put %%cot --teach on top of a cell that fails.")
    before = teaching.lesson
    if line.strip() or body is not None:
        teaching.answer(line, body)
    teaching.show_step(before)
    return attachment.session if teaching.lesson.ended and not before.ended else None

"""A lesson in a kernel: the session runs unseen, then the learner's answers reveal it phase by phase."""

import functools
import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from cot_magic.actions.decide import decide
from cot_magic.actions.insert import buttons
from cot_magic.actions.state import ActionState, redactor_of
from cot_magic.capture.secrets.withhold import withheld
from cot_magic.core.case import Case, Cell
from cot_magic.core.engine import Laboratory
from cot_magic.core.errors import UsageError
from cot_magic.core.events import (
    ChallengeFix,
    ExploreSchedules,
    InspectVariable,
    Reply,
    RunProbe,
    Stamped,
    Step,
    TryFix,
)
from cot_magic.core.findings import Evidence, Phase
from cot_magic.core.language import reading, worded
from cot_magic.core.protocols import Reasoner, Sandbox
from cot_magic.core.question import question
from cot_magic.core.session import Session
from cot_magic.lessons.answers import answered, without_magic
from cot_magic.lessons.guidance import find_here
from cot_magic.lessons.lesson import Guidance, Lesson, Reveal, Subject, revealed_events
from cot_magic.lessons.outline import feedback, lesson_outline, step_outline
from cot_magic.lessons.questions import case_of, questions
from cot_magic.lessons.screen import LessonControls, LessonScreen, Preparing, show_outline
from cot_magic.notebook.front_end import LAB, VSCODE, front_end
from cot_magic.run.catalogues import catalogue_of, language_of
from cot_magic.run.choose_reasoner import RecordedReasoner
from cot_magic.run.last_session import LAST, LastSession
from cot_magic.run.recording import Recording, fold
from cot_magic.run.run_session import LazyExplorer, challenged, limits_of, run_session
from cot_magic.settings import Settings

M = TypeVar("M", bound=Callable[..., Any])
_OPTION = re.compile(r"--[A-Za-z][\w-]*")
_REQUESTS = (RunProbe, TryFix, ExploreSchedules, InspectVariable, ChallengeFix)


def in_its_language(method: M) -> M:
    """Make a method of a lesson speak the language of the lesson, whatever called it."""

    @functools.wraps(method)
    def called(self: "Teaching", *args: Any, **options: Any) -> Any:
        with reading(catalogue_of(self.language)):
            return method(self, *args, **options)

    return cast("M", called)


class Teaching:
    """A lesson that is under way, with the copy of the kernel in which answers are tried.

    Parameters
    ----------
    real, told
        The events of the session as they are, and as they may be shown.
    remarks
        What is wrong with a teacher's file, one sentence each.
    language
        What it is in, one of `core.language.LANGUAGES`.
    """

    def __init__(
        self,
        state: ActionState,
        settings: Settings,
        lesson: Lesson,
        *,
        real: Sequence[Stamped],
        told: Sequence[Stamped],
        sandbox: Sandbox,
        screen: LessonScreen | None,
        remarks: Sequence[str],
        language: str,
    ) -> None:
        self.language = language
        self._state, self._settings, self.lesson = state, settings, lesson
        self._real, self._told, self.sandbox = tuple(real), tuple(told), sandbox
        self._screen, self._remarks = screen, tuple(remarks)
        self._controls: LessonControls | None = None

    @property
    def under_way(self) -> bool:
        return not self.lesson.ended

    def holds(self, sandbox: Sandbox) -> bool:
        """Whether that copy is still needed for answers."""
        return self.under_way and sandbox is self.sandbox

    @in_its_language
    def refusal(self, session: Session | None) -> str:
        """Why the fix of a session is not available yet; "" if it is."""
        if not self.under_way or session is None or session.id != self.lesson.session.id:
            return ""
        shown = (
            ""
            if self.lesson.guidance.reveal is Reveal.NEVER
            else worded(", or see it with %cot_answer --show")
        )
        return worded(
            "the fix is withheld until one of your own passes: answer with %cot_answer{shown}.", shown=shown
        )

    @in_its_language
    def start(self) -> None:
        """Show the lesson with its first question."""
        self._remember()
        if self._screen is not None:
            self._screen.draw(self._outline())
            self._controls = self._made_controls()
            self._screen.offer(self._controls, self._visible(self.lesson))

    @in_its_language
    def show(self) -> None:
        """Display the whole lesson as it is now in the running cell."""
        show_outline(self._outline())

    @in_its_language
    def answer(self, line: str, body: str | None = None, *, clicked: bool = False) -> str:
        """Take an answer, `--hint` or `--show`; return a sentence about it.

        Raises UsageError if it cannot be taken; the lesson is unchanged then, as after Ctrl-C.
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
                worded(
                    "%cot_answer {text}: expected --hint, --show or an answer. Nothing was run.",
                    text=text[:60],
                )
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

    @in_its_language
    def ran_again(self, cell: Cell, error: BaseException | None) -> bool:
        """Handle that the cell of the lesson ran again, instead of a new lesson; False if another cell ran.

        An edited cell answers what the fix is; an unchanged one shows the lesson again.
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
            print(
                worded(
                    "The cell passes now. The lesson waits for your answer: %cot_answer shows the question."
                )
            )
        else:
            return False
        return True

    def _screen_anew(self) -> None:
        """Start a new screen in the running cell: the old one was cleared when the cell ran again."""
        if self._screen is not None:
            self._screen.end()
            self._screen = screen_of(self._state)

    @in_its_language
    def step(self, line: str, body: str | None) -> Session | None:
        """Take an answer, if there is one, and show what changed; return the session if that ended the
        lesson."""
        before = self.lesson
        if line.strip() or body is not None:
            self.answer(line, body)
        seen = fold(revealed_events(self._told, self.lesson.revealed))
        show_outline(step_outline(self._visible(before), self._visible(self.lesson), seen))
        return LAST.session if self.lesson.ended and not before.ended else None

    def close(self) -> None:
        """Release the copy of the kernel and remove the widgets. What was revealed stays."""
        if self._state.snapshot is not self.sandbox:
            self.sandbox.close()
        if self._screen is not None:
            self._screen.end()

    def _judged(self, line: str, body: str | None) -> Lesson:
        try:
            return self._driven(answered(self.lesson, line, body))
        except KeyboardInterrupt:
            raise UsageError(
                worded("interrupted: that answer was not judged; the lesson is unchanged.")
            ) from None

    def _driven(self, steps: Generator[Step, Reply, Lesson]) -> Lesson:
        """Run what an answer asks for, in copies of the kernel from before the cell."""
        settings, session = self._settings, self.lesson.session
        case = case_of(session)
        laboratory = Laboratory(
            case,
            self.sandbox,
            LazyExplorer(self.sandbox, settings),
            budget=settings.effective_budget(),
            limits=limits_of(settings),
            allow=settings.allow,
            clock=time.monotonic,
            challenger=challenged,
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
        """Make what is revealed the last session, unless there is a newer one."""
        latest, lesson = LAST.session, self.lesson
        if not lesson.ended and latest is not None and latest.id != lesson.session.id and lesson.place:
            return
        told = revealed_events(self._told, lesson.revealed)
        LAST.remember(fold(revealed_events(self._real, lesson.revealed)), fold(told))
        LAST.events = list(told)
        if self._settings.save:
            recording = Recording(Path(self._settings.save))
            for stamped in told:
                recording.hear(stamped)
            recording.close()

    def _end(self, clicked: bool) -> None:
        """Release the copy and the widgets; if they were clicked, buttons to insert the fix replace them."""
        shown, data = LAST.shown, None
        if clicked and shown is not None and shown.best_fix is not None and self._settings.insert != "none":
            data = buttons(self._state, shown).bundle()
        if self._screen is not None:
            self._screen.end(data)
        self.close()

    def _outline(self) -> Any:
        seen = fold(revealed_events(self._told, self.lesson.revealed))
        return lesson_outline(self._visible(self.lesson), seen, self._remarks)

    def _visible(self, lesson: Lesson) -> Lesson:
        """The lesson with its secrets withheld, without the session, which is not needed to draw it."""
        return withheld(replace(lesson, session=Session()), redactor_of(self._state))

    def _made_controls(self) -> LessonControls | None:
        if front_end(self._state.shell) not in (LAB, VSCODE):
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


def screen_of(state: ActionState) -> LessonScreen | None:
    """Where a lesson is shown; None where nothing is shown."""
    if state.renderer == "silent":
        return None
    return LessonScreen(live=front_end(state.shell) != "terminal")


def begin(state: ActionState, settings: Settings, case: Case, reasoner: Reasoner, sandbox: Sandbox) -> None:
    """Run the session unseen and start the lesson on it. Raises UsageError if there can be no lesson.

    Until phases are revealed, nothing of them is in `cot_magic.last`, exported, saved or inserted.
    """
    if case.raised is None:
        raise UsageError(worded("--teach needs a cell that fails; this one passed."))
    if isinstance(reasoner, RecordedReasoner):
        raise UsageError(
            worded("--teach needs a new session; it cannot be combined with --reasoner replay:FILE.")
        )
    if settings.save:
        Recording(Path(settings.save)).close()  # if the path cannot be written, say so now
    guidance, remarks = find_here()
    language = language_of(settings.language or guidance.language)
    with reading(catalogue_of(language)):
        _begun(state, settings, case, reasoner, sandbox, guidance, remarks, language)


def _begun(
    state: ActionState,
    settings: Settings,
    case: Case,
    reasoner: Reasoner,
    sandbox: Sandbox,
    guidance: Guidance,
    remarks: Sequence[str],
    language: str,
) -> None:
    screen = screen_of(state)
    state.has_row = False
    real, unseen = LastSession(), LastSession()
    session = run_session(
        case,
        sandbox,
        replace(settings, save=None),
        reasoner=reasoner,
        renderer=Preparing(screen),
        redactor=redactor_of(state),
        listeners=state.listeners,
        verbatim=(*state.verbatim, real),
        last=unseen,
    )
    if session.finished != tuple(Phase):
        why = f" ({session.faults[0]})" if session.faults else ""
        said = worded("The session was cut short{why}, so there is no lesson. Run the cell again.", why=why)
        if screen is not None:
            screen.say(said)
        print(said)
        return
    if session.faults:
        print(worded("{faults} The lesson is on what the offline reasoner found.", faults=session.faults[0]))
    before_fixes = fold(revealed_events(real.events, (Phase.ANALYZE, Phase.PLAN, Phase.VALIDATE)))
    lesson = Lesson(session=session, questions=questions(session, before_fixes.hypotheses), guidance=guidance)
    end_lesson(state)
    teaching = Teaching(
        state,
        settings,
        lesson,
        real=real.events,
        told=unseen.events,
        sandbox=sandbox,
        screen=screen,
        remarks=remarks,
        language=language,
    )
    state.lesson = teaching
    teaching.start()


def end_lesson(state: ActionState) -> None:
    """Close a lesson that is under way; what was revealed stays."""
    if state.lesson is not None and state.lesson.under_way:
        state.lesson.close()
    state.lesson = None


def answer(state: ActionState, line: str, body: str | None) -> Session | None:
    """`%cot_answer`: one step of the lesson, shown in the running cell. Returns the session if that ended it.

    Without a lesson, it answers the question of the last session. Raises UsageError if there is neither, or
    the answer cannot be taken.
    """
    if state.lesson is None:
        if LAST.session is not None and question(LAST.session) is not None:
            return decide(line)
        raise UsageError(worded("there is no lesson: put %%cot --teach on top of a cell that fails."))
    return state.lesson.step(line, body)

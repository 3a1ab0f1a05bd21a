"""Investigates a cell: the case is captured, the session runs on the parked copy and is shown."""

from dataclasses import replace
from typing import TYPE_CHECKING

from cot_magic import plugins
from cot_magic.actions.examine import LiveExaminer
from cot_magic.actions.failure import Failure
from cot_magic.actions.page import placed
from cot_magic.actions.parking import parked
from cot_magic.actions.state import ActionState, history_of, redactor_of
from cot_magic.capture.case import capture_case
from cot_magic.core.errors import UsageError
from cot_magic.core.language import reading
from cot_magic.core.verdict import TIMEOUT
from cot_magic.notebook.front_end import front_end
from cot_magic.run.catalogues import catalogue_of, language_of
from cot_magic.run.choose_reasoner import Sending, choose_reasoner, nothing_to_preview, request_text
from cot_magic.run.run_session import preview, run_session
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.core.case import Case, Cell
    from cot_magic.core.protocols import Examiner, Listener, Renderer
    from cot_magic.core.session import Session
    from cot_magic.run.certified import Certifier


def post_mortem(state: ActionState, settings: Settings) -> "Session | None":
    """Debug the last failure. Raises UsageError if nothing has failed yet."""
    if state.failure is None:
        raise UsageError("nothing has failed yet in this kernel: put %%cot on top of a cell that fails.")
    return investigate_cell(state, settings, cell=state.failure.cell, failure=state.failure)


def investigate_cell(
    state: ActionState,
    settings: Settings,
    *,
    cell: "Cell",
    failure: Failure | None,
    listeners: "tuple[Listener, ...]" = (),
) -> "Session | None":
    """Run a session on a cell that failed, or on one that passed and was asked about.

    Returns None with `preview`, which only shows what would be sent, and with `teach`, which starts a lesson.
    """
    with reading(catalogue_of(language_of(settings.language))):
        return _investigate(state, settings, cell, failure, listeners)


def _investigate(
    state: ActionState,
    settings: Settings,
    cell: "Cell",
    failure: Failure | None,
    listeners: "tuple[Listener, ...]",
) -> "Session | None":
    state.settings = settings
    reasoner = choose_reasoner(settings, redactor_of(state))
    sending = reasoner if isinstance(reasoner, Sending) else None
    if settings.preview:
        nothing_to_preview(reasoner)
    if sending is not None and not settings.preview:
        sending.warm()
    case = _capture(state, cell, failure, settings.prompt)
    examiner = _examiner(state, failure, settings)
    if settings.preview and sending is not None:
        state.snapshot = sandbox = parked(state, settings, failure, case)
        state.tell(request_text(preview(case, sandbox, settings, reasoner=sending, examiner=examiner)))
        return None
    if sending is not None:
        sending.settle()
    state.reasoner = (settings, reasoner)
    state.snapshot = sandbox = parked(state, settings, failure, case)
    if settings.teach:
        from cot_magic.actions.teach import begin  # a lesson loads much that other cells do not need

        begin(state, settings, case, reasoner, sandbox)
        return None
    return run_session(
        case,
        sandbox,
        settings,
        reasoner=reasoner,
        renderer=screen(state),
        redactor=redactor_of(state),
        listeners=listeners,
        verbatim=state.verbatim,
        examiner=examiner,
        certify=_certifier(state, settings),
    )


def _examiner(state: ActionState, failure: Failure | None, settings: Settings) -> "Examiner | None":
    if failure is not None and failure.stopped is not None and failure.stopped.copy is not None:
        from cot_magic.actions.rehearse import RehearsedExaminer  # only cells that were rehearsed need it

        return RehearsedExaminer(failure.stopped)
    return LiveExaminer(state, failure, settings) if failure is not None else None


def _certifier(state: ActionState, settings: Settings) -> "Certifier | None":
    if not settings.certify:
        return None
    from cot_magic.actions.certify import certifier  # it loads much that few cells ask for

    return certifier(state, settings)


def screen(state: ActionState) -> "Renderer":
    """A new renderer for the front end of the running cell."""
    by_front_end = {"terminal": "terminal", "colab": "static"}
    name = state.renderer or by_front_end.get(front_end(state.shell), "accordion")
    renderer: Renderer = plugins.load("renderers", name)()
    state.has_row = name == "accordion" and state.bridge.connected
    if state.has_row:
        from cot_magic.notebook.insert.offer import WithControls

        return WithControls(renderer, state.bridge, offers=state.settings.insert != "none")
    return renderer


def _capture(state: ActionState, cell: "Cell", failure: Failure | None, prompt: str) -> "Case":
    error = failure.error if failure is not None else None
    case = capture_case(
        state.shell,
        history_of(state),
        placed(state, cell),
        error,
        prompt=prompt,
        redactor=redactor_of(state),
        front_end=front_end(state.shell),
        raised=failure.stopped.raised if failure is not None and failure.stopped is not None else None,
    )
    if failure is not None and failure.stopped is not None:
        case = replace(case, untouched=True)
    if failure is not None and failure.timed_out and case.raised is not None:
        hung = replace(case.raised, ename=TIMEOUT, evalue="the cell exceeded its time limit")
        case = replace(case, raised=hung)
    return case

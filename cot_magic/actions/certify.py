"""Certificates: the notebook of a kernel or of a file, with the fix of a session, from top to bottom."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.display_functions import display

from cot_magic.actions.state import ActionState, history_of, redactor_of
from cot_magic.capture.lineage.history import as_executed
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.certificate import Certificate
from cot_magic.core.errors import CotError, SandboxError, UsageError
from cot_magic.core.events import Certified, Certifying, Event, Finding, Stamped
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.core.withheld import why_not_whole
from cot_magic.notebook.files import FileInserter
from cot_magic.notebook.front_end import TERMINAL, front_end
from cot_magic.render.accordion import bundle_of
from cot_magic.render.certificate import outline_of, sentence_of
from cot_magic.run.certified import Certifier, certified
from cot_magic.run.certify import Ask, Progress, certifying, drained, interpreter_of, plan_of
from cot_magic.run.last_session import LAST
from cot_magic.run.notebook import read_notebook
from cot_magic.sandbox.rebind import connection_file
from cot_magic.sandbox.secret_places import of_kernels
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.actions.live_values import LiveValues
    from cot_magic.capture.lineage.history import CellRun

QUICK_S = 3.0
"""What all cells together may have taken last time, for a certificate that nobody asked for."""
ACCEPTED = ("verified", "plausible")  # results of a session whose fix is in its certificate
OURS = ("%cot", "%%cot_", "%load_ext cot_magic", "%reload_ext cot_magic")
NO_CELLS = "no cell has run since the extension was loaded: name a notebook, %cot_certify NOTEBOOK."


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNotebook:
    """A notebook to certify.

    Attributes
    ----------
    notebook
        As nbformat 4.5.
    path
        Its file, or one that is not there, in the folder where its cells ran.
    ran
        An execution of it with outputs, if there is one.
    has_outputs
        Whether cells without outputs had none; False if the outputs are not known.
    notes
        Where it came from, in whole sentences.
    took
        How many seconds cells took in the kernel, by their ids.
    """

    notebook: Any
    path: Path
    has_outputs: bool = True
    ran: Any = None
    notes: tuple[str, ...] = ()
    took: Mapping[str, float] = field(default_factory=dict)


def certificate_of(
    subject: WholeNotebook,
    settings: Settings,
    *,
    session: Session | None = None,
    kernel: str | None = None,
    redactor: Redactor | None = None,
    unreadable: Sequence[str] = (),
    ask: Ask = lambda cell: False,
    live: "Callable[[Sequence[int]], LiveValues] | None" = None,
) -> Progress:
    """Certify a notebook; with a session, with its best fix and the tests of that.

    `live` gives the values of the kernel in which the notebook ran, for the places of the edited cells.

    Raises SandboxError where nothing can be confined, NotebookError if the fix does not fit the notebook.
    """
    original, fixed, notes = subject.notebook, subject.notebook, list(subject.notes)
    edited: list[int] = []
    debugged: int | None = None
    if session is not None and session.result in ACCEPTED:
        fixed = FileInserter(subject.path, subject.path).fixed(original, session)
        after = {cell.id: cell.source for cell in fixed.cells}
        edited = [place for place, cell in enumerate(original.cells) if after[cell.id] != cell.source]
        debugged = _place_of_failure(original, session)
    elif session is not None:
        notes.append("The session has no fix that passed: the notebook ran as it is.")
    return (
        yield from certifying(
            plan_of(
                fixed,
                original=original,
                ran=subject.ran,
                has_outputs=subject.has_outputs,
                took=subject.took,
            ),
            subject.path.resolve().parent,
            name=subject.path.name,
            python=interpreter_of(original, subject.path, kernel),
            allow=settings.allow,
            limit=settings.certify_limit,
            unreadable=unreadable,
            redactor=redactor,
            ask=ask,
            serve=live(edited).of if live is not None else lambda cell: None,
            edited=edited,
            debugged=debugged,
            notes=notes,
        )
    )


def _place_of_failure(notebook: Any, session: Session) -> int | None:
    if session.case is None:
        return None
    by_id = {cell.id: place for place, cell in enumerate(notebook.cells)}
    return by_id.get(session.case.cell.id, session.case.cell.index)


# --- in a kernel --------------------------------------------------------------------------------------------


def certify_here(state: ActionState, settings: Settings) -> Certificate:
    """`%cot_certify`: certify the notebook of this kernel with the last fix, and show it.

    The certificate becomes part of the last session. With a path, that notebook is certified as it is.
    """
    session = LAST.session if LAST.session is not None and LAST.session.case is not None else None
    if session is not None and state.lesson is not None and (why := state.lesson.refusal(session)):
        raise UsageError(why)
    if settings.prompt:
        path = Path(settings.prompt.strip("\"'")).expanduser()
        subject, session = WholeNotebook(notebook=read_notebook(path), path=path), None
    else:
        subject = subject_of(state, session)
    tell = _teller(state)
    run = certificate_of(
        subject,
        settings,
        session=session,
        redactor=redactor_of(state),
        unreadable=tuple(of_kernels(connection_file(state.shell))),
        live=_live(state) if not settings.prompt else None,
    )
    certificate = drained(run, lambda step: tell(_under_way(step)))
    tell(bundle_of(outline_of(certificate)))
    if session is not None:
        _remember(certificate)
    return certificate


def certify_accepted(state: ActionState) -> str:
    """Certify the notebook with the fix that was just inserted, if its cells took little time.

    Returns the result in one sentence, or how to have one. The certificate becomes part of the last session.
    """
    session = LAST.session
    if session is None or session.case is None or session.certificate is not None:
        return ""
    if session.result not in ACCEPTED or why_not_whole(session.case) is not None:
        return ""
    took = sum(run.seconds or 0.0 for run in _latest_runs(state, session))
    if took > QUICK_S:
        return f"%cot_certify runs the whole notebook with it; its cells took {took:.0f} s."
    run = certificate_of(
        subject_of(state, session),
        state.defaults,
        session=session,
        redactor=redactor_of(state),
        unreadable=tuple(of_kernels(connection_file(state.shell))),
    )
    try:
        certificate = drained(run)
    except SandboxError as error:  # the fix is inserted all the same
        return f"{str(error)[:1].upper()}{str(error)[1:]}"
    _remember(certificate)
    return sentence_of(certificate).replace("**", "")


def certifier(state: ActionState, settings: Settings) -> Certifier | None:
    """What `--certify` adds to the events of a session with a fix, before its end; None without it."""
    if not settings.certify:
        return None

    def events(session: Session) -> Iterator[Event]:
        if session.result not in ACCEPTED:
            return
        try:
            certificate = yield from certificate_of(
                subject_of(state, session),
                settings,
                session=session,
                redactor=redactor_of(state),
                unreadable=tuple(of_kernels(connection_file(state.shell))),
                live=_live(state),
            )
        except CotError as error:  # the session is worth showing without it
            yield Finding(phase=Phase.CONFIRM, topic="certificate", text=f"There is none: {error}")
        else:
            yield Certified(certificate=certificate)

    return events


def subject_of(state: ActionState, session: Session | None) -> WholeNotebook:
    """The notebook of this kernel: its file if the front end says which, else the cells that ran, in order.

    Raises UsageError if no cell ran.
    """
    runs = _latest_runs(state, session)
    took: dict[str, float] = {run.cell: run.seconds for run in runs if run.seconds is not None}
    path = notebook_file(state.shell.user_ns)
    if path is not None:
        notebook = read_notebook(path)
        known = {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
        if session is None or session.case is None or session.case.cell.id in known:
            return replace(_of_file(path, notebook, known, runs), took=took)
    return replace(_of_history(runs, path), took=took)


def _live(state: ActionState) -> "Callable[[Sequence[int]], LiveValues]":
    from cot_magic.actions.live_values import LiveValues

    return lambda edited: LiveValues(history_of(state).runs, state.shell.user_ns, edited)


def notebook_file(namespace: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of the running notebook, where a front end says so: VS Code in a variable, a Jupyter server in
    the environment."""
    for told in (namespace.get("__vsc_ipynb_file__"), environ.get("JPY_SESSION_NAME")):
        if type(told) is str and told.endswith(".ipynb"):
            found = [path for path in (Path(told), Path(Path(told).name)) if path.is_file()]
            if found:
                return found[0]
    return None


def _of_file(path: Path, notebook: Any, known: Mapping[str, Any], runs: "Sequence[CellRun]") -> WholeNotebook:
    stale = [run for run in runs if run.cell in known and as_executed(known[run.cell].source) != run.source]
    for run in stale:
        known[run.cell].source = run.source
        known[run.cell].outputs, known[run.cell].execution_count = [], None
    count = len(stale)
    said = f"{count} cell{'s' * (count != 1)} as run in this kernel, not as saved in {path.name}."
    return WholeNotebook(notebook=notebook, path=path, notes=(said,) if stale else ())


def _of_history(runs: "Sequence[CellRun]", path: Path | None) -> WholeNotebook:
    import nbformat

    if not runs:
        raise UsageError(NO_CELLS)
    cells = []
    for run in runs:
        made = nbformat.v4.new_code_cell(run.source)  # type: ignore[no-untyped-call]
        made["id"] = run.cell
        made["execution_count"] = run.count
        cells.append(made)
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    why = "the front end does not say which notebook this is"
    if path is not None:
        why = f"the cell that was debugged is not in {path.name} as it was saved"
    said = f"These are the {len(runs)} cells that ran in this kernel, in the order in which they ran: {why}."
    return WholeNotebook(notebook=notebook, path=Path("session.ipynb"), has_outputs=False, notes=(said,))


def _latest_runs(state: ActionState, session: Session | None) -> "list[CellRun]":
    """The last run of each cell, in order; without those that failed, except the debugged one, and without
    our own magics."""
    debugged = session.case.cell.id if session is not None and session.case is not None else None
    latest = {run.cell: run for run in history_of(state).runs}
    return [
        run
        for run in sorted(latest.values(), key=lambda run: run.order)
        if run.source.strip()
        and not run.source.lstrip().startswith(OURS)
        and (run.cell == debugged or (run.ended and not run.raised))
    ]


def _under_way(step: Certifying) -> dict[str, str]:
    said = f"Running the whole notebook in a fresh kernel: {step.label} ({step.ran} of {step.total} ran) …"
    return {"text/plain": said, "text/markdown": said}


def _teller(state: ActionState) -> Callable[[dict[str, str]], object]:
    """Shows one thing after another in the same place; in a terminal, only the last."""
    if front_end(state.shell) == TERMINAL:

        def only_last(data: dict[str, str]) -> None:
            if "text/html" in data:
                print(data["text/plain"])

        return only_last
    handle: Any = None

    def tell(data: dict[str, str]) -> None:
        nonlocal handle
        if handle is None:
            handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(data, raw=True)

    return tell


def _remember(certificate: Certificate) -> None:
    """Make the certificate a part of the last session."""
    LAST.events = certified(LAST.events, certificate)
    event = Stamped(order=0, seconds=0.0, event=Certified(certificate=certificate))
    session, shown = LAST.session, LAST.shown
    if session is not None and shown is not None:
        LAST.remember(session.evolve(event), shown.evolve(event))

"""A notebook of a file, run up to the cell that fails, debugged, and certified with its fix on request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cot_magic.actions.certify import ACCEPTED, WholeNotebook, certificate_of
from cot_magic.core.errors import CotError
from cot_magic.core.events import Certified, Certifying, Stamped
from cot_magic.core.session import Session
from cot_magic.run.certified import certified
from cot_magic.run.certify import Ask, drained
from cot_magic.run.notebook import NotebookRun, read_notebook, run_notebook
from cot_magic.run.recording import Recording
from cot_magic.settings import Settings

Heard = Callable[[Session, Stamped], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggedNotebook:
    """A run of a notebook, and the events of its session; with the certificate if there is one."""

    run: NotebookRun
    heard: tuple[Stamped, ...]


def debug_notebook(
    path: Path,
    settings: Settings,
    *,
    kernel: str | None = None,
    on_event: Heard = lambda session, stamped: None,
    on_cell: Callable[[int, int], None] = lambda place, total: None,
    on_certifying: Heard = lambda session, stamped: None,
    verbatim: bool = False,
    ask: Ask = lambda cell: False,
    complain: Callable[[CotError], None] = lambda error: None,
) -> DebuggedNotebook:
    """Run a notebook in a kernel of its own until a cell fails, find out why, and certify it with the fix.

    Parameters
    ----------
    settings
        With `certify`, the whole notebook runs again in a fresh, confined kernel; with `save`, the recording
        is written again with the certificate.
    on_event, on_cell, on_certifying
        Hear each event, which cell begins of how many, and which cell of the certificate runs.
    verbatim
        Whether sources with secrets are kept for writing a fix; needed for a certificate.
    ask
        Whether a cell that took long may run for the certificate.
    complain
        Hears why there is no certificate, where one was asked for.

    Raises NotebookError if the notebook cannot be read or run; KeyboardInterrupt after its kernel has ended.
    """
    heard: list[Stamped] = []

    def hear(session: Session, stamped: Stamped) -> None:
        heard.append(stamped)
        on_event(session, stamped)

    run = run_notebook(
        path, settings, kernel=kernel, on_event=hear, on_cell=on_cell, verbatim=verbatim or settings.certify
    )
    done = DebuggedNotebook(run=run, heard=tuple(heard))
    if not settings.certify or (run.failed is not None and run.verbatim.result not in ACCEPTED):
        return done
    return _certified(done, path, settings, kernel, on_certifying, ask, complain)


def _certified(
    done: DebuggedNotebook,
    path: Path,
    settings: Settings,
    kernel: str | None,
    on_certifying: Heard,
    ask: Ask,
    complain: Callable[[CotError], None],
) -> DebuggedNotebook:
    """The same with a certificate of the notebook, with the fix if something failed."""
    run, session = done.run, done.run.session

    def certifying(step: Certifying) -> None:
        if run.failed is not None:
            stamped = Stamped(order=session.events, seconds=session.seconds, event=step)
            on_certifying(session.evolve(stamped), stamped)

    steps = certificate_of(
        WholeNotebook(notebook=read_notebook(path), path=path, ran=run.notebook),
        settings,
        session=run.verbatim if run.failed is not None else None,
        kernel=kernel,
        ask=ask,
    )
    try:
        certificate = drained(steps, certifying)
    except CotError as error:  # what was found is worth having without it
        complain(error)
        return done
    event = Stamped(order=session.events, seconds=session.seconds, event=Certified(certificate=certificate))
    found = tuple(certified(done.heard, certificate))
    if settings.save is not None and run.failed is not None:
        _record(found, Path(settings.save))
    return DebuggedNotebook(run=replace(run, session=session.evolve(event)), heard=found)


def _record(heard: Sequence[Stamped], path: Path) -> None:
    """Write the recording again, now with the certificate."""
    recording = Recording(path)
    for stamped in heard:
        recording.hear(stamped)
    recording.close()

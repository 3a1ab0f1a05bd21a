"""What is done with the last session: shown, inserted into the notebook, taken back, exported, read back."""

from pathlib import Path
from typing import TYPE_CHECKING

from cot_magic.core.errors import UsageError
from cot_magic.core.session import Session
from cot_magic.run import run_session as investigation

if TYPE_CHECKING:
    from cot_magic.ipython.attachment import Attachment

_NONE = "there is no session yet: run %%cot on a failing cell first."


def show(session: Session) -> None:
    """Display a session in the output of the cell that is running."""
    from IPython.core.display_functions import display

    from cot_magic.render.bundle import bundle

    display(bundle(session), raw=True)  # type: ignore[no-untyped-call]


def show_last(attachment: "Attachment") -> None:
    """Display the last session again; of a lesson that is under way, what is revealed."""
    session = investigation.shown()
    if session is None:
        print("There is no session yet: put %%cot on top of a cell that fails.")
    elif attachment.teaching is not None and attachment.teaching.refusal(session):
        attachment.teaching.show()
    else:
        show(session)


def insert(attachment: "Attachment", what: str) -> str:
    """Insert `fix`, `tests` or `all` of the last session; returns one sentence for the person."""
    from cot_magic.core.withheld import why_not_whole
    from cot_magic.notebook.cells import fix_cells, test_cells
    from cot_magic.notebook.insert.inserters import choose

    session = investigation.last()
    if session is None or session.case is None:
        raise UsageError(_NONE)
    _refuse_during_a_lesson(attachment, session)
    wanted = {"fix": fix_cells, "tests": test_cells}
    cells = [cell for name, make in wanted.items() if what in (name, "all") for cell in make(session)]
    if not cells:
        return "There is nothing to insert: this session offers no fix and no tests."
    if (why := why_not_whole(session.case)) is not None:
        return f"Nothing was inserted: {why}."
    attachment.inserter = choose(attachment.shell, attachment.front_end, attachment.bridge, session)
    said = attachment.inserter.insert(cells)
    return f"{said} ({attachment.bridge.refused})" if attachment.bridge.refused else said


def undo(attachment: "Attachment") -> str:
    """Take back the last insertion, also one that was made by a click."""
    from cot_magic.notebook.insert.inserters import BridgeInserter

    session = investigation.last()
    if session is not None and attachment.bridge.connected:
        return BridgeInserter(attachment.bridge, session).undo()
    return attachment.inserter.undo() if attachment.inserter is not None else "Nothing was inserted."


def export(attachment: "Attachment", line: str) -> str:
    """Write the last session as a report: `PATH [--template FILE] [--embed-data]`; returns one sentence."""
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.notebook.report.options import parse_line
    from cot_magic.notebook.report.write import export

    wanted = parse_line(line)
    if not attachment.heard.events:
        raise UsageError(_NONE)
    _refuse_during_a_lesson(attachment, investigation.last())
    return export(
        attachment.heard.events,
        wanted.path,
        redact=Redactor().text,
        template=wanted.template,
        folder=Path(),
        embed=wanted.embed_data,
    )


def replay(attachment: "Attachment", path: Path) -> Session:
    """The session of a recording or of a report, which is the last one from now on."""
    from cot_magic.notebook.report.session import events_of
    from cot_magic.run.recording import fold, read

    attachment.heard.events = events_of(path, read)
    session = fold(attachment.heard.events)
    investigation.remember(session)
    return session


def _refuse_during_a_lesson(attachment: "Attachment", session: Session | None) -> None:
    refusal = attachment.teaching.refusal(session) if attachment.teaching is not None else ""
    if refusal:
        raise UsageError(refusal)

"""Writes the last session as a notebook that runs."""

from pathlib import Path

from cot_magic.actions.insert import NO_SESSION, refuse_during_a_lesson
from cot_magic.actions.state import ActionState
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.errors import UsageError
from cot_magic.notebook.report.write import export, parse_line
from cot_magic.run.last_session import LAST


def export_report(state: ActionState, line: str) -> str:
    """Write the report that `PATH [--template FILE] [--embed-data]` asks for; return one sentence.

    Raises UsageError if there is no session, or its lesson has not revealed the fix.
    """
    wanted = parse_line(line)
    if not LAST.events:
        raise UsageError(NO_SESSION)
    refuse_during_a_lesson(state, LAST.session)
    return export(
        LAST.events,
        wanted.path,
        redact=Redactor().text,
        template=wanted.template,
        folder=Path(),
        embed=wanted.embed_data,
    )

"""`%cot_replay`: a recorded session again, its experiments afresh, or the schedule of a token."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cot_magic.actions.insert import replay, show
from cot_magic.core.errors import UsageError
from cot_magic.core.session import Session

if TYPE_CHECKING:
    from cot_magic.ipython.attachment import Attachment

_USAGE = "expected %cot_replay FILE [--verify [--notebook NB]] or %cot_replay cot1-… (a token)."


def step(attachment: "Attachment", line: str) -> Session | None:
    """What the line asks for: `FILE`, `FILE --verify [--notebook NB]`, or a token.

    A token runs on the cell of the last session, or else on the last one that failed, and its session is
    returned; `--verify` starts a kernel of its own.
    """
    from cot_magic.explore.tokens import is_token

    words = _words(line)
    if is_token(words[0]):
        if len(words) > 1:
            raise UsageError(_USAGE)
        return _on_the_last_cell(attachment, words[0])
    path, *options = words
    if not options:
        show(replay(attachment, Path(path)))
        return None
    if options[0] != "--verify" or len(options) not in (1, 3) or options[1:2] not in ([], ["--notebook"]):
        raise UsageError(_USAGE)
    print(_verified(Path(path), Path(options[2]) if len(options) == 3 else None))
    return None


def _on_the_last_cell(attachment: "Attachment", token: str) -> Session | None:
    settings = replace(attachment.defaults, seed=token)
    session, failure = attachment.session, attachment.failure
    last = session.case.cell.id if session is not None and session.case is not None else None
    cell = next((cell for cell in attachment.history.cells if cell.id == last), None)
    if cell is None or (failure is not None and failure.cell.id == cell.id):
        return attachment.post_mortem(settings)
    return attachment.investigate(settings, cell=cell, failure=None)


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%cot_replay {line.strip()}: {error}; {_USAGE}") from None
    if not words:
        raise UsageError(_USAGE)
    return words


def _verified(path: Path, notebook: Path | None) -> str:
    from cot_magic.actions.verify import table, verify
    from cot_magic.notebook.report.session import events_of
    from cot_magic.run.recording import read

    return table(verify(events_of(path, read), notebook))

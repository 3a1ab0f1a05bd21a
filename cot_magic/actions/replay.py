"""`%cot_replay` and `%cot_last`: show a session again, run its experiments afresh, replay a schedule."""

import shlex
from dataclasses import replace
from pathlib import Path

from IPython.core.display_functions import display

from cot_magic.actions.investigate import investigate_cell, post_mortem
from cot_magic.actions.state import ActionState, history_of
from cot_magic.actions.verify import table, verify
from cot_magic.core.errors import UsageError
from cot_magic.core.session import Session
from cot_magic.explore.tokens import is_token
from cot_magic.notebook.report.session import events_of
from cot_magic.render.accordion import bundle
from cot_magic.run.last_session import LAST
from cot_magic.run.recording import fold, read

_USAGE = "expected %cot_replay FILE [--verify [--notebook NB]] or %cot_replay cot1-… (a token)."


def replay_recording(state: ActionState, line: str) -> Session | None:
    """Do what the line asks for: `FILE`, `FILE --verify [--notebook NB]`, or a token.

    A token runs on the cell of the last session, else on the last one that failed, and its session is
    returned. A file is shown and becomes the last session; `--verify` starts a kernel of its own.
    """
    words = _words(line)
    if is_token(words[0]):
        if len(words) > 1:
            raise UsageError(_USAGE)
        return _on_the_last_cell(state, words[0])
    path, *options = words
    if not options:
        LAST.events = events_of(Path(path), read)
        session = fold(LAST.events)
        LAST.remember(session)
        _show(session)
    elif options[0] == "--verify" and len(options) in (1, 3) and options[1:2] in ([], ["--notebook"]):
        recorded = events_of(Path(path), read)
        print(table(verify(recorded, Path(options[2]) if len(options) == 3 else None)))
    else:
        raise UsageError(_USAGE)
    return None


def show_last(state: ActionState) -> None:
    """Display the last session again; of a lesson that has not ended, what it has revealed."""
    if LAST.shown is None:
        print("There is no session yet: put %%cot on top of a cell that fails.")
    elif state.lesson is not None and state.lesson.refusal(LAST.shown):
        state.lesson.show()
    else:
        _show(LAST.shown)


def _show(session: Session) -> None:
    display(bundle(session), raw=True)  # type: ignore[no-untyped-call]


def _on_the_last_cell(state: ActionState, token: str) -> Session | None:
    settings = replace(state.defaults, seed=token)
    session, failure = LAST.session, state.failure
    last = session.case.cell.id if session is not None and session.case is not None else None
    cell = next((cell for cell in history_of(state).cells if cell.id == last), None)
    if cell is None or (failure is not None and failure.cell.id == cell.id):
        return post_mortem(state, settings)
    return investigate_cell(state, settings, cell=cell, failure=None)


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%cot_replay {line.strip()}: {error}; {_USAGE}") from None
    if not words:
        raise UsageError(_USAGE)
    return words

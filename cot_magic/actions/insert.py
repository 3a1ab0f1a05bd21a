"""Inserts the fix and the tests of the last session into the notebook, takes them back, offers buttons."""

from typing import TYPE_CHECKING

from cot_magic.actions.state import ActionState
from cot_magic.core.errors import UsageError
from cot_magic.core.withheld import why_not_whole
from cot_magic.notebook.cells import fix_cells, test_cells
from cot_magic.notebook.front_end import LAB, UNKNOWN, front_end
from cot_magic.notebook.insert.inserters import BridgeInserter, choose
from cot_magic.notebook.insert.offer import offer
from cot_magic.render.buttons import Buttons
from cot_magic.run.last_session import LAST

if TYPE_CHECKING:
    from cot_magic.core.session import Session

NO_SESSION = "there is no session yet: run %%cot on a failing cell first."


def insert_cells(state: ActionState, what: str) -> str:
    """Insert `fix`, `tests` or `all` of the last session; return one sentence for the person."""
    if what not in ("fix", "tests", "all"):
        raise UsageError(f"%cot_insert {what}: expected fix, tests or all. Nothing was inserted.")
    session = LAST.session
    if session is None or session.case is None:
        raise UsageError(NO_SESSION)
    refuse_during_a_lesson(state, session)
    wanted = {"fix": fix_cells, "tests": test_cells}
    cells = [cell for name, make in wanted.items() if what in (name, "all") for cell in make(session)]
    if not cells:
        return "There is nothing to insert: this session offers no fix, or no tests that show anything."
    if (why := why_not_whole(session.case)) is not None:
        return f"Nothing was inserted: {why}."
    state.inserter = choose(state.shell, front_end(state.shell), state.bridge, session)
    said = state.inserter.insert(cells)
    return f"{said} ({state.bridge.refused})" if state.bridge.refused else said


def accept(state: ActionState, what: str) -> str:
    """Insert what the person asked for; with a fix, also certify the notebook with it where that is quick."""
    said = insert_cells(state, what)
    if what == "tests" or LAST.session is None:
        return said
    return f"{said} {certify_inserted(state, LAST.session.id)}".strip()


def certify_inserted(state: ActionState, session_id: str) -> str:
    """Certify the notebook with the fix of that session, where that is quick; return one sentence, or nothing
    if it is not the last session any more, or certified already."""
    session = LAST.session
    if session is None or session.id != session_id or session.certificate is not None:
        return ""
    from cot_magic.actions.certify import certify_accepted  # it loads much

    return certify_accepted(state)


def undo(state: ActionState) -> str:
    """Take back the last insertion, also one that was made by a click; return one sentence."""
    if LAST.session is not None and state.bridge.connected:
        return BridgeInserter(state.bridge, LAST.session).undo()
    return state.inserter.undo() if state.inserter is not None else "Nothing was inserted."


def offer_to_insert(state: ActionState, session: "Session | None") -> None:
    """Insert what the settings say, or show buttons in an output of their own."""
    wanted = state.settings.insert
    if session is None or session.best_fix is None or wanted == "none" or state.renderer == "silent":
        return
    if wanted != "ask":
        print(insert_cells(state, wanted))
    elif state.has_row:
        return
    elif front_end(state.shell) == "terminal":
        print("%cot_insert fix|tests|all puts them at your prompt; %cot_undo takes that back.")
    else:
        buttons(state, LAST.shown or session).show(widgets=front_end(state.shell) != "colab")


def buttons(state: ActionState, shown: "Session") -> Buttons:
    """The buttons for a session that has a fix."""
    return Buttons(
        lambda what: accept(state, what),
        lambda: undo(state),
        has_tests=bool(test_cells(shown)),
        offer=offer(shown) if draws_offers(state) else None,
    )


def draws_offers(state: ActionState) -> bool:
    """Whether a page that shows this output, now or when it is opened again, may have our extension."""
    return front_end(state.shell) in (LAB, UNKNOWN)


def refuse_during_a_lesson(state: ActionState, session: "Session | None") -> None:
    """Raise UsageError if the session is that of a lesson whose fix is not revealed yet."""
    refusal = state.lesson.refusal(session) if state.lesson is not None else ""
    if refusal:
        raise UsageError(refusal)

"""What a session offers to insert, as JSON for the front-end extension, and the row that it draws."""

from dataclasses import replace
from typing import Any

from cot_magic.core.case import NewCell
from cot_magic.core.events import Stamped
from cot_magic.core.protocols import Renderer
from cot_magic.core.question import question
from cot_magic.core.session import Session
from cot_magic.core.withheld import holds_mask
from cot_magic.notebook.bridge import Bridge
from cot_magic.notebook.cells import fix_cells, metadata, test_cells
from cot_magic.render.buttons import OFFER_MIME, Buttons
from cot_magic.render.safe_text import one_line

FORMAT = 1
RUNNING, DONE = "running", "done"
WITHHELD = "A value in the source is withheld here; %cot_insert all inserts the fix with the real source."

CHOOSE = "Take one of the choices; then it can be put into the notebook."


def offer(session: Session, *, state: str = DONE, said: str = "") -> dict[str, Any]:
    """Return what the front-end extension needs to insert, replace and undo without asking the kernel.

    Parameters
    ----------
    session
        The session; while it runs, it offers nothing.
    state
        `running` (the row shows Cancel) or `done`.
    said
        A sentence next to the buttons.
    """
    if state != DONE:
        return offer_of((), session, state=state, said=said)
    cells = (*fix_cells(session), *test_cells(session))
    whole = tuple(cell for cell in cells if not holds_mask(cell.source))
    changes = edits(session)
    if len(whole) < len(cells) or any(holds_mask(text) for edit in changes for text in edit.values()):
        said, changes = WITHHELD, []
    choices = _choices(session) if changes else []
    return offer_of(whole, session, said=said or CHOOSE * bool(choices)) | {
        "edits": changes,
        "choices": choices,
    }


def _choices(session: Session) -> list[dict[str, Any]]:
    """Return what each choice of an open question puts into the notebook."""
    asked = question(session) if session.meant is None else None
    found = []
    for number, item in enumerate(asked.choices if asked is not None else (), 1):
        taken = offer(replace(session, meant=item.fix.id))
        found.append(
            {"number": number, "does": one_line(item.does), "cells": taken["cells"], "edits": taken["edits"]}
        )
    return found


def offer_of(
    cells: tuple[NewCell, ...], session: Session, *, state: str = DONE, said: str = ""
) -> dict[str, Any]:
    """Return the offer of chosen cells, without edits."""
    case = session.case
    return {
        "format": FORMAT,
        "state": state,
        "session": session.id,
        "cell_id": case.cell.id if case is not None else "",
        "label": case.label(case.cell.id) if case is not None else "the cell",
        "said": said,
        "cells": [_cell(cell, session.id) for cell in cells],
        "edits": [],
        "choices": [],
    }


def edits(session: Session) -> list[dict[str, str]]:
    """Return the edits of the best fix: for each cell the source before and after."""
    fix, case = session.best_fix, session.case
    if fix is None or case is None:
        return []
    return [
        {"cell_id": edit.cell, "label": case.label(edit.cell), "before": edit.before, "after": edit.after}
        for edit in fix.edits
    ]


def _cell(cell: NewCell, session_id: str) -> dict[str, Any]:
    return {
        "role": cell.role.value,
        "cell_type": "markdown" if cell.markdown else "code",
        "source": cell.source,
        "metadata": metadata(cell, session_id),
    }


class WithControls:
    """A renderer that shows what another one shows, and below it the row: Cancel, then what can be inserted.

    Parameters
    ----------
    renderer
        Draws the panel.
    bridge
        Receives Cancel.
    offers
        Whether the final row offers to insert.
    """

    def __init__(self, renderer: Renderer, bridge: Bridge, *, offers: bool = True) -> None:
        self._renderer, self._bridge, self._offers = renderer, bridge, offers
        self._handle: Any = None

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session; the first time, also the row."""
        self._renderer.update(session, last)
        if self._handle is None:
            from IPython.display import DisplayHandle

            running = offer(session, state=RUNNING)
            text = "Running: interrupt the kernel to stop."
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]  # known before Ctrl-C can come
            self._bridge.begin(session.id)  # a click may be answered before `display` returns
            self._handle.display({OFFER_MIME: running, "text/html": text, "text/plain": text}, raw=True)

    def close(self, session: Session) -> None:
        """Show the final state; from now on, Cancel does nothing."""
        self._bridge.end()
        self._renderer.close(session)
        if self._handle is None:
            return
        has_fix = session.best_fix is not None and self._offers
        failed = session.case is not None and session.case.raised is not None
        made = offer(session, said="Nothing to insert." if failed and not has_fix else "")
        if not has_fix:
            made |= {"cells": [], "edits": [], "choices": []}
        roles = {cell["role"] for cell in made["cells"]}
        row = Buttons(_nothing, str, has_fix="fix" in roles, has_tests="test" in roles, offer=made)
        data = row.bundle() if roles else {OFFER_MIME: made, "text/plain": made["said"]}
        self._handle.update(data, raw=True)


def _nothing(what: str) -> str:
    return ""  # the front end draws the row and needs no answer of the kernel

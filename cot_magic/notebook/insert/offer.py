"""What a session offers to the notebook, as JSON: new cells, edits of cells, and a sentence."""

from typing import Any

from cot_magic.core.case import NewCell
from cot_magic.core.session import Session
from cot_magic.core.withheld import holds_mask
from cot_magic.notebook.cells import fix_cells, metadata, test_cells

FORMAT = 1
RUNNING, DONE = "running", "done"
WITHHELD = "A value in the source was withheld here; %cot_insert all inserts the fix with the real source."


def offer(session: Session, *, state: str = DONE, said: str = "") -> dict[str, Any]:
    """What the front-end extension needs to insert, replace and take back without asking the kernel again.

    Parameters
    ----------
    session
        The session; while it is under way it offers nothing.
    state
        `running` (the row shows Cancel) or `done`.
    said
        A sentence beside the buttons.
    """
    if state != DONE:
        return offer_of((), session, state=state, said=said)
    cells = (*fix_cells(session), *test_cells(session))
    whole = tuple(cell for cell in cells if not holds_mask(cell.source))
    changes = edits(session)
    if len(whole) < len(cells) or any(holds_mask(text) for edit in changes for text in edit.values()):
        said, changes = WITHHELD, []
    return offer_of(whole, session, said=said) | {"edits": changes}


def offer_of(
    cells: tuple[NewCell, ...], session: Session, *, state: str = DONE, said: str = ""
) -> dict[str, Any]:
    """The same for chosen cells, without edits."""
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
    }


def edits(session: Session) -> list[dict[str, str]]:
    """The edits of the best fix: for each cell what stands there and what is to stand there."""
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

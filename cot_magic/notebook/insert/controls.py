"""A row below the panel drawn by the front-end extension: Cancel while it runs, then what can be inserted."""

from typing import Any

from cot_magic.core.events import Stamped
from cot_magic.core.protocols import Renderer
from cot_magic.core.session import Session
from cot_magic.notebook.bridge import Bridge
from cot_magic.notebook.insert.offer import RUNNING, offer
from cot_magic.render.buttons import OFFER_MIME, Buttons


class WithControls:
    """A renderer that shows what another one shows, and the row below it.

    Parameters
    ----------
    renderer
        Draws the panel.
    bridge
        Hears Cancel.
    offers
        Whether the row offers to insert at the end.
    """

    def __init__(self, renderer: Renderer, bridge: Bridge, *, offers: bool = True) -> None:
        self._renderer, self._bridge, self._offers = renderer, bridge, offers
        self._handle: Any = None

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session; the first time also the row."""
        self._renderer.update(session, last)
        if self._handle is None:
            from IPython.display import display

            running = offer(session, state=RUNNING)
            text = "Under way: interrupt the kernel to stop."
            self._handle = display(  # type: ignore[no-untyped-call]
                {OFFER_MIME: running, "text/html": text, "text/plain": text}, raw=True, display_id=True
            )
            self._bridge.begin(session.id)

    def close(self, session: Session) -> None:
        """Show the final state; Cancel does nothing from now on."""
        self._bridge.end()
        self._renderer.close(session)
        if self._handle is None:
            return
        has_fix = session.best_fix is not None and self._offers
        failed = session.case is not None and session.case.raised is not None
        made = offer(session, said="Nothing to insert." if failed and not has_fix else "")
        if not has_fix:
            made |= {"cells": [], "edits": []}
        roles = {cell["role"] for cell in made["cells"]}
        row = Buttons(_nothing, str, has_fix="fix" in roles, has_tests="test" in roles, offer=made)
        data = row.bundle() if roles else {OFFER_MIME: made, "text/plain": made["said"]}
        self._handle.update(data, raw=True)


def _nothing(what: str) -> str:
    return ""  # the row is drawn by the front end, which needs no answer of the kernel

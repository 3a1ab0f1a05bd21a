"""The last session of this process: the one place that holds it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the hooks of the kernel hold this, and loading the extension must stay light
    from cot_magic.core.events import Stamped
    from cot_magic.core.session import Session


class LastSession:
    """Holds one session and is a Listener of its events; a lesson keeps its unrevealed session in its own.

    Attributes
    ----------
    session
        The session with its sources as they are; also one that is running or was interrupted.
    shown
        The same session as it may be shown: secrets are withheld.
    events
        The events of `shown`, so that it can be exported and resumed.
    """

    def __init__(self) -> None:
        self.session: Session | None = None
        self.shown: Session | None = None
        self.events: list[Stamped] = []

    def remember(self, session: "Session | None", shown: "Session | None" = None) -> None:
        """Replace the session; `shown` defaults to the session itself."""
        self.session, self.shown = session, shown or session

    def hear(self, stamped: "Stamped") -> None:
        from cot_magic.core.events import SessionStarted  # loaded by now: there is an event

        if isinstance(stamped.event, SessionStarted):
            self.events = []
        self.events.append(stamped)


LAST = LastSession()

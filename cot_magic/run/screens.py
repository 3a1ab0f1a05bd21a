"""Who may see what of a session: the screen and the listeners get every event with secrets withheld."""

from collections.abc import Iterable, Sequence

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import Withholding
from cot_magic.core.events import Event, Stamped
from cot_magic.core.protocols import Listener, Renderer
from cot_magic.core.session import Session


class Screens:
    """Shows a stream of events with all secrets withheld, in the same order and with the same times.

    Parameters
    ----------
    redactor
        The one that captured the case, so that it knows what was withheld there.
    session
        What was shown so far, when a session is resumed.

    Attributes
    ----------
    session
        The fold of what was shown.
    """

    def __init__(
        self,
        renderer: Renderer,
        listeners: Sequence[Listener],
        redactor: Redactor,
        session: Session | None = None,
    ) -> None:
        self._renderer, self._listeners = renderer, listeners
        self._withholding = Withholding(redactor)
        self._order = session.events if session is not None else 0
        self._seconds = 0.0
        self.session = session or Session()

    def hear(self, stamped: Stamped) -> None:
        """Pass on what may be seen of one more event."""
        self._seconds = stamped.seconds
        self._pass_on(self._withholding.events(stamped.event))

    def close(self) -> None:
        """Show the final state."""
        self._pass_on(self._withholding.rest())
        self._renderer.close(self.session)

    def stop(self) -> None:
        """Mark the session as interrupted; what was found is kept."""
        self.session = self.session.stopped()

    def _pass_on(self, events: Iterable[Event]) -> None:
        for event in events:
            shown = Stamped(order=self._order, seconds=self._seconds, event=event)
            self._order += 1
            self.session = self.session.evolve(shown)
            for listener in self._listeners:
                listener.hear(shown)
            self._renderer.update(self.session, shown)

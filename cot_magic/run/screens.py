"""Those who see a session: the screen and the listeners. Nothing reaches them that the redactor withholds."""

from collections.abc import Iterable, Sequence

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import Withholding
from cot_magic.core.events import Event, Stamped
from cot_magic.core.protocols import Listener, Renderer
from cot_magic.core.session import Session


class Audience:
    """Shows a stream of events with all secrets withheld, in the same order and at the same times.

    Parameters
    ----------
    redactor
        The one that the case was captured with, so that it knows what was withheld there.
    session
        What they have seen so far, where a session goes on.

    Attributes
    ----------
    session
        The fold of what they saw: the session as it may be shown.
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
        """Pass one more event on, or what may be seen of it."""
        self._seconds = stamped.seconds
        self._pass_on(self._withholding.events(stamped.event))

    def close(self) -> None:
        """Show the final state."""
        self._pass_on(self._withholding.rest())
        self._renderer.close(self.session)

    def stop(self) -> None:
        """The person stopped the program that shows the session: what was found stays."""
        self.session = self.session.stopped()

    def _pass_on(self, events: Iterable[Event]) -> None:
        for event in events:
            shown = Stamped(order=self._order, seconds=self._seconds, event=event)
            self._order += 1
            self.session = self.session.evolve(shown)
            for listener in self._listeners:
                listener.hear(shown)
            self._renderer.update(self.session, shown)

"""Puts a certificate into the events of a session, before their end."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from cot_magic.core.certificate import Certificate
from cot_magic.core.events import Certified, Certifying, Event, SessionEnded, Stamped, Streamed, Withdrawn
from cot_magic.core.findings import Fix, FixId, RegressionTest
from cot_magic.core.relay import relay
from cot_magic.core.session import Session

Certifier = Callable[[Session], Iterator[Event]]
"""The events of a certificate for a session whose phases have ended; none if there is nothing to certify."""


class Certification:
    """The certificate of one session: made when its reasoner asks for it, else before the session ends."""

    def __init__(self, certify: Certifier) -> None:
        self._certify = certify
        self._session = Session()
        self._of: tuple[FixId, tuple[RegressionTest, ...]] | None = None  # what the latest is of

    def of_fix(self, fix: Fix) -> Iterator[Certifying | Certified]:
        """Run the whole notebook with a fix; nothing if it is not the session's best one."""
        best = self._session.best_fix
        if best is not None and best.id == fix.id:
            yield from relay(self._made(), _without_words)

    def added(self, events: Generator[Event, None, None]) -> Generator[Event, None, None]:
        """The events of a session, and before its end those of its certificate."""
        try:
            yield from relay(events, self._followed)
        finally:
            events.close()

    def _followed(self, event: Event) -> Iterator[Event]:
        if isinstance(event, SessionEnded) and not self._session.interrupted and self._of != self._best():
            yield from self._made()
        if not isinstance(event, Streamed | Withdrawn):  # what a model writes decides nothing
            self._session = self._session.evolve(Stamped(order=0, seconds=0.0, event=event))
        yield event

    def _made(self) -> Iterator[Event]:
        def noted(event: Event) -> Iterator[Event]:
            if isinstance(event, Certified):
                self._of = self._best()
            yield event

        yield from relay(self._certify(self._session), noted)

    def _best(self) -> tuple[FixId, tuple[RegressionTest, ...]] | None:
        """The best fix with the tests that a certificate runs."""
        best = self._session.best_fix
        if best is None:
            return None
        return best.id, tuple(view.test for view in self._session.tests_of(best.id))


def _without_words(event: Event) -> Iterator[Certifying | Certified]:
    """Why there is no certificate is said at the end of the session."""
    if isinstance(event, Certifying | Certified):
        yield event


def certified(heard: Sequence[Stamped], certificate: Certificate) -> list[Stamped]:
    """The recorded events of a session that has ended, with a certificate that was made afterwards."""
    events = list(heard)
    place = next((n for n, item in enumerate(events) if isinstance(item.event, SessionEnded)), len(events))
    before = events[:place]
    order = before[-1].order + 1 if before else 0
    seconds = before[-1].seconds if before else 0.0
    added = Stamped(order=order, seconds=seconds, event=Certified(certificate=certificate))
    rest = [replace(item, order=item.order + 1) for item in events[place:]]
    return [*before, added, *rest]

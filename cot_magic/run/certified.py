"""Puts a certificate into the events of a session, before their end."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from cot_magic.core.certificate import Certificate
from cot_magic.core.events import Certified, Event, SessionEnded, Stamped, Streamed, Withdrawn
from cot_magic.core.relay import relay
from cot_magic.core.session import Session

Certifier = Callable[[Session], Iterator[Event]]
"""The events of a certificate for a session whose phases have ended; none if there is nothing to certify."""


def with_certificate(
    events: Generator[Event, None, None], certify: Certifier
) -> Generator[Event, None, None]:
    """The events of a session, and before its end those of its certificate."""
    session = Session()

    def followed(event: Event) -> Iterator[Event]:
        nonlocal session
        if isinstance(event, SessionEnded) and not session.interrupted:
            yield from certify(session)
        if not isinstance(event, Streamed | Withdrawn):  # what a model writes decides nothing
            session = session.evolve(Stamped(order=0, seconds=0.0, event=event))
        yield event

    try:
        yield from relay(events, followed)
    finally:
        events.close()


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

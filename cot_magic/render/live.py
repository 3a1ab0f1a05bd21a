"""The outline of a session under way, made anew only where something changed."""

import itertools
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from cot_magic.core.findings import Phase
from cot_magic.core.session import PhaseView, Session
from cot_magic.render.blocks import Outline, Section, State, Stream
from cot_magic.render.outline import duration, meta, outline
from cot_magic.render.streams import StreamReader, streams

_GROWS = ("written", "thoughts")  # of a phase, with each token
_MOVES = ("phases", "seconds", "events")  # of a session, with each event
_OF_SESSION = attrgetter(*(field.name for field in fields(Session) if field.name not in _MOVES))
_OF_PHASE = attrgetter(*(field.name for field in fields(PhaseView) if field.name not in _GROWS))


class LiveOutline:
    """Remembers what it drew. While only a model's text grows, blocks are neither judged nor worded again."""

    def __init__(self) -> None:
        self._facts: tuple[Any, ...] = ()
        self._drawn: Outline | None = None
        self._readers: dict[Phase, StreamReader] = {}

    def draw(self, session: Session, doing: str) -> Outline:
        """The outline of the session as it stands."""
        facts = _facts(session)
        if self._drawn is None or not _same(facts, self._facts):
            self._drawn, self._facts = outline(session, doing, self._read), facts
        running = session.running
        sections = tuple(
            self._brought_up_to_date(section, session, running, doing)
            if running is not None and section.phase is running.phase and section.state is State.RUNNING
            else section
            for section in self._drawn.sections
        )
        self._drawn = replace(self._drawn, sections=sections, meta=meta(session))
        return self._drawn

    def _brought_up_to_date(self, section: Section, session: Session, view: PhaseView, doing: str) -> Section:
        return replace(
            section,
            headline=doing or "…",
            seconds=duration(session, view),
            streams=self._read(view),
        )

    def _read(self, view: PhaseView) -> tuple[Stream, ...]:
        return streams(view, self._readers.setdefault(view.phase, StreamReader()))


def _facts(session: Session) -> tuple[Any, ...]:
    """All that blocks are made of: every part of the session but its clock and the text that grows."""
    return (*_OF_SESSION(session), *itertools.chain.from_iterable(map(_OF_PHASE, session.phases)))


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether both hold the same objects. They are never changed in place, so nothing has to be compared."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))

"""The composition root that magics and command line share: a case in, a finished Session out."""

import itertools
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cot_magic import plugins
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case
from cot_magic.core.engine import drive
from cot_magic.core.errors import UsageError
from cot_magic.core.events import Event, Stamped
from cot_magic.core.gather import gathered
from cot_magic.core.jobs import Limits
from cot_magic.core.protocols import Explorer, Listener, Reasoner, Renderer, Sandbox
from cot_magic.core.session import Session
from cot_magic.core.withheld import why_not_whole
from cot_magic.run.choose_reasoner import (
    AFRESH,
    Closing,
    Recorded,
    choose_reasoner,
    chosen,
)
from cot_magic.run.interrupts import interruptible
from cot_magic.run.recording import Recording, stamp
from cot_magic.run.screens import Audience
from cot_magic.settings import Settings

SHARE_OF_A_SEARCH = 0.3  # there is one before the fix, and one for each fix
VERIFYING_S = 600.0  # for all experiments of a recording that run afresh

_last: Session | None = None
_shown: Session | None = None


def last() -> Session | None:
    """The latest session of this process, also one that is under way or was interrupted."""
    return _last


def shown() -> Session | None:
    """The latest session as it may be shown: with everything withheld that looks like a secret."""
    return _shown


def remember(session: Session | None, shown: Session | None = None) -> None:
    """Make this the latest session (None: there is none); `shown` is how it may be shown, if otherwise."""
    global _last, _shown
    _last, _shown = session, shown or session


def investigate(
    case: Case,
    sandbox: Sandbox,
    settings: Settings,
    *,
    renderer: Renderer,
    reasoner: Reasoner | None = None,
    redactor: Redactor | None = None,
    listeners: Sequence[Listener] = (),
    verbatim: Sequence[Listener] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Run one session and show it as it grows; returns it finished, or as far as it came when interrupted.

    What is shown, recorded and told to `listeners` has every secret withheld that `redactor` finds (the one
    that the case was captured with). The session that is returned holds the sources as they are, as fixes
    are inserted from it; so do the events that `verbatim` hears.

    The sandbox is not closed. Raises CotError only before the session starts (unknown reasoner, `--save` not
    writable).
    """
    redactor = redactor or Redactor()
    reasoner = reasoner or choose_reasoner(settings, redactor)
    if isinstance(reasoner, Recorded) and not settings.reasoner.startswith(AFRESH):
        return _shown_again(reasoner, renderer, listeners)
    budget = settings.effective_budget()
    if isinstance(reasoner, Recorded):
        case, budget = _as_recorded(reasoner, case, redactor), replace(budget, search_s=VERIFYING_S)
    with _recording(settings) as recording:
        events = drive(
            case,
            reasoner,
            sandbox,
            explorer_of(sandbox, settings),
            intensity=settings.intensity,
            budget=budget,
            clock=clock,
            limits=Limits(wall_s=settings.timeout) if settings.timeout else Limits(),
            allow=settings.allow,
            session_id=uuid.uuid4().hex[:8],
            note=chosen(settings)[1],
        )
        audience = Audience(renderer, (*listeners, *recording), redactor)
        return _follow(events, Session(), audience, verbatim, clock, reasoner)


def resume(
    session: Session,
    sandbox: Sandbox,
    settings: Settings,
    *,
    renderer: Renderer,
    reasoner: Reasoner,
    redactor: Redactor,
    earlier: Sequence[Stamped] = (),
    listeners: Sequence[Listener] = (),
    verbatim: Sequence[Listener] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Go on with a session that was cut short, after its last finished phase; it stays one session.

    Parameters
    ----------
    reasoner
        The one that the session was cut short in, if it is at hand; it has to be a Resumable.
    earlier
        The events so far as they may be recorded: a recording under `--save` begins with them.
    """
    if session.case is None:
        raise UsageError("this session knows no failure: there is nothing to go on with.")
    if (why := why_not_whole(session.case)) is not None:
        raise UsageError(f"this session cannot go on: {why}.")
    with _recording(settings) as recording:
        for stamped, listener in itertools.product(earlier, recording):
            listener.hear(stamped)
        events = drive(
            session.case,
            reasoner,
            sandbox,
            explorer_of(sandbox, settings),
            intensity=session.intensity,
            budget=settings.effective_budget(),
            clock=clock,
            limits=Limits(wall_s=settings.timeout) if settings.timeout else Limits(),
            allow=settings.allow,
            resume=session,
        )
        audience = Audience(renderer, (*listeners, *recording), redactor, session=shown())
        return _follow(events, session, audience, verbatim, clock, reasoner)


def explorer_of(sandbox: Sandbox, settings: Settings) -> Explorer:
    """What searches schedules in copies of the kernel; one search takes up to a part of the whole budget."""
    explorer: Explorer = plugins.load("explorers", "schedules")(
        sandbox,
        seconds=settings.effective_budget().search_s * SHARE_OF_A_SEARCH,
        limits=Limits(wall_s=settings.timeout) if settings.timeout else Limits(),
        allow=settings.allow,
    )
    return explorer


@contextmanager
def _recording(settings: Settings) -> Iterator[tuple[Listener, ...]]:
    """The recording that `--save` asks for, closed at the end."""
    if not settings.save:
        yield ()
        return
    recording = Recording(Path(settings.save))
    try:
        yield (recording,)
    finally:
        recording.close()


def _as_recorded(reasoner: Recorded, case: Case, redactor: Redactor) -> Case:
    """The recorded case, whose experiments are to run afresh on the state of this one."""
    from cot_magic.actions.verify import with_real_sources

    return with_real_sources(reasoner.case, case, redactor.source)


def _shown_again(reasoner: Recorded, renderer: Renderer, listeners: Sequence[Listener]) -> Session:
    """A recorded session as it was, at once; nothing runs, and nothing is asked."""
    session = Session()
    for stamped in reasoner.recorded:
        session = session.evolve(stamped)
        for listener in listeners:
            listener.hear(stamped)
        renderer.update(session, stamped)
    renderer.close(session)
    remember(session)
    return session


def _follow(
    events: Generator[Event, None, None],
    session: Session,
    audience: Audience,
    verbatim: Sequence[Listener],
    clock: Callable[[], float],
    reasoner: Reasoner,
) -> Session:
    try:
        with interruptible():
            counted = stamp(gathered(events, clock), clock, order=session.events, seconds=session.seconds)
            for stamped in counted:
                session = session.evolve(stamped)
                for listener in verbatim:
                    listener.hear(stamped)
                audience.hear(stamped)
                remember(session, audience.session)
    except KeyboardInterrupt:
        # it reached us outside of the engine's own steps, in a renderer or listener: what was found stays
        session = session.stopped()
        audience.stop()
        remember(session, audience.session)
    finally:
        events.close()
        if isinstance(reasoner, Closing):
            reasoner.close()
    audience.close()
    remember(session, audience.session)
    return session

"""The composition root that magics and command line share: a case in, a finished Session out."""

import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from cot_magic import plugins
from cot_magic.core.case import Case
from cot_magic.core.engine import drive
from cot_magic.core.errors import UnknownPlugin
from cot_magic.core.jobs import Limits
from cot_magic.core.protocols import Listener, Reasoner, Renderer, Sandbox
from cot_magic.core.session import Session
from cot_magic.recording import Recording, stamp
from cot_magic.settings import Settings

_last: Session | None = None


def last() -> Session | None:
    """The latest session of this process, also one that is under way or was interrupted."""
    return _last


def remember(session: Session) -> None:
    """Make this the latest session."""
    global _last
    _last = session


def choose_reasoner(settings: Settings) -> Reasoner:
    """The reasoner that the settings ask for; `auto` is the offline one. Raises UnknownPlugin."""
    name = "offline" if settings.reasoner == "auto" else settings.reasoner
    if name == "offline":
        reasoner: Reasoner = plugins.load("reasoners", "offline")(rules=plugins.rules())
        return reasoner
    if name.startswith("replay:"):
        raise UnknownPlugin(
            "reasoner", name, (*plugins.names("reasoners"), "or %cot_replay PATH for a recording")
        )
    other: Reasoner = plugins.load("reasoners", name)()
    return other


def investigate(
    case: Case,
    sandbox: Sandbox,
    settings: Settings,
    *,
    renderer: Renderer,
    reasoner: Reasoner | None = None,
    listeners: Sequence[Listener] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Run one session and show it as it grows; returns it finished, or as far as it came when interrupted.

    The sandbox is not closed. Raises CotError only before the session starts (unknown reasoner, `--save` not
    writable).
    """
    reasoner = reasoner or choose_reasoner(settings)
    recording = Recording(Path(settings.save)) if settings.save else None
    heard = (*listeners, recording) if recording is not None else tuple(listeners)
    budget = settings.effective_budget()
    limits = Limits(wall_s=settings.timeout) if settings.timeout else Limits()
    events = drive(
        case,
        reasoner,
        sandbox,
        intensity=settings.intensity,
        budget=budget,
        clock=clock,
        limits=limits,
        allow=settings.allow,
        session_id=uuid.uuid4().hex[:8],
    )
    session = Session()
    try:
        for stamped in stamp(events, clock):
            session = session.evolve(stamped)
            remember(session)
            for listener in heard:
                listener.hear(stamped)
            renderer.update(session, stamped)
    except KeyboardInterrupt:
        # it reached us outside of the engine's own steps, in a renderer or listener: what was found stays
        session = session.stopped()
        remember(session)
    finally:
        events.close()
        if recording is not None:
            recording.close()
    renderer.close(session)
    return session

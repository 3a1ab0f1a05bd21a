"""The composition root of magics and command line: a case in, a finished Session out."""

import itertools
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic import plugins
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case
from cot_magic.core.engine import drive
from cot_magic.core.errors import UsageError
from cot_magic.core.events import Event, ExploreSchedules, Interrupted, SearchAdvanced
from cot_magic.core.findings import Evidence
from cot_magic.core.jobs import Budget, Limits
from cot_magic.core.protocols import (
    Challenges,
    Examiner,
    Explorer,
    Listener,
    Reasoner,
    Renderer,
    Sandbox,
)
from cot_magic.core.relay import rest_after
from cot_magic.core.session import Session
from cot_magic.core.streaming import gathered
from cot_magic.core.withheld import why_not_whole, with_real_sources
from cot_magic.run.certified import Certification, Certifier
from cot_magic.run.choose_reasoner import (
    AFRESH,
    Closing,
    RecordedReasoner,
    Sending,
    choose_reasoner,
    chosen,
    leaving,
)
from cot_magic.run.interrupts import interruptible
from cot_magic.run.last_session import LAST, LastSession
from cot_magic.run.recording import Recording, stamp
from cot_magic.run.screens import Screens
from cot_magic.settings import Settings

SHARE_OF_A_SEARCH = 0.3  # there is one before the fix, and one for each fix
VERIFYING_S = 600.0  # for all experiments of a recording that run afresh


def run_session(
    case: Case,
    sandbox: Sandbox,
    settings: Settings,
    *,
    renderer: Renderer,
    reasoner: Reasoner | None = None,
    redactor: Redactor | None = None,
    listeners: Sequence[Listener] = (),
    verbatim: Sequence[Listener] = (),
    examiner: Examiner | None = None,
    last: LastSession = LAST,
    clock: Callable[[], float] = time.monotonic,
    certify: Certifier | None = None,
) -> Session:
    """Run one session and show it as it grows; return it finished, or as far as it got when interrupted.

    Parameters
    ----------
    redactor
        The one that captured the case. Whatever is shown, recorded or heard by `listeners` has every secret
        withheld that it finds.
    verbatim
        Listeners that hear the sources as they are. The returned session has them too, as fixes are inserted
        from it.
    examiner
        Looks at the failed kernel; None if no exception is alive.
    last
        Where the session is kept while it grows and afterwards.
    certify
        Adds a certificate of the whole notebook to a session with a fix.

    The sandbox is not closed. Raises CotError only before the session starts (unknown reasoner, `--save` not
    writable).
    """
    redactor = redactor or Redactor()
    reasoner = reasoner or choose_reasoner(settings, redactor)
    if isinstance(reasoner, RecordedReasoner) and not settings.reasoner.startswith(AFRESH):
        return _shown_again(reasoner, renderer, (*listeners, last), last)
    case, budget = _what_runs(case, settings, reasoner, redactor)
    whole = Certification(certify or _no_certificate)
    with _recording(settings) as recording:
        events = drive(
            case,
            reasoner,
            sandbox,
            LazyExplorer(sandbox, settings),
            intensity=settings.intensity,
            budget=budget,
            clock=clock,
            limits=limits_of(settings),
            allow=settings.allow,
            session_id=uuid.uuid4().hex[:8],
            note=chosen(settings)[1] if last.session is None else "",  # once is enough
            examiner=examiner,
            challenger=challenged,
            certifier=whole.of_fix,
        )
        screens = Screens(renderer, (*listeners, last, *recording), leaving(redactor, settings))
        return _follow(whole.added(events), Session(), screens, verbatim, last, clock, reasoner)


def _no_certificate(session: Session) -> Iterator[Event]:
    """The events of the certificate where nobody wants one."""
    return iter(())


def resume_session(
    session: Session,
    sandbox: Sandbox,
    settings: Settings,
    *,
    renderer: Renderer,
    reasoner: Reasoner,
    redactor: Redactor,
    listeners: Sequence[Listener] = (),
    verbatim: Sequence[Listener] = (),
    last: LastSession = LAST,
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Resume a session after its last finished phase; it remains one session.

    Parameters
    ----------
    reasoner
        A Resumable; the one that was interrupted, if it is still there.
    last
        Holds the events so far: a recording under `--save` begins with them.

    Raises UsageError if the session has no case, or sources in it were withheld.
    """
    if session.case is None:
        raise UsageError("this session has no failure: there is nothing to resume.")
    if (why := why_not_whole(session.case)) is not None:
        raise UsageError(f"this session cannot be resumed: {why}.")
    with _recording(settings) as recording:
        for stamped, listener in itertools.product(last.events, recording):
            listener.hear(stamped)
        events = drive(
            session.case,
            reasoner,
            sandbox,
            LazyExplorer(sandbox, settings),
            intensity=session.intensity,
            budget=settings.effective_budget(),
            clock=clock,
            limits=limits_of(settings),
            allow=settings.allow,
            resume=session,
            challenger=challenged,
        )
        screens = Screens(
            renderer, (*listeners, last, *recording), leaving(redactor, settings), session=last.shown
        )
        return _follow(events, session, screens, verbatim, last, clock, reasoner)


def _what_runs(case: Case, settings: Settings, reasoner: Reasoner, redactor: Redactor) -> tuple[Case, Budget]:
    """The case and the budget; of a recording that runs afresh, the recorded case with its real sources."""
    budget = budget_of(settings, reasoner)
    if not isinstance(reasoner, RecordedReasoner):
        return case, budget
    whole = with_real_sources(reasoner.case, case, redactor.source)
    return whole, replace(budget, search_s=VERIFYING_S)


def budget_of(settings: Settings, reasoner: Reasoner) -> Budget:
    """The budget of a session; one that a model goes on with has time for the experiments of both."""
    budget = settings.effective_budget()
    return replace(budget, search_s=2 * budget.search_s) if isinstance(reasoner, Sending) else budget


def preview(
    case: Case, sandbox: Sandbox, settings: Settings, *, reasoner: Sending, examiner: Examiner | None = None
) -> Any:
    """The body of the first request, exactly as a session would send it; None if it would send nothing.

    What looks at the case before a model is asked runs as in a session. KeyboardInterrupt ends it.
    """
    budget = budget_of(settings, reasoner)  # type: ignore[arg-type]
    for event in drive(
        case,
        reasoner.first,
        sandbox,
        LazyExplorer(sandbox, settings),
        intensity=settings.intensity,
        budget=budget,
        clock=time.monotonic,
        limits=limits_of(settings),
        allow=settings.allow,
        examiner=examiner,
        challenger=challenged,
    ):
        if isinstance(event, Interrupted):
            raise KeyboardInterrupt
    return reasoner.preview(case, budget)


class LazyExplorer:
    """The explorer of schedules, loaded when a session asks for the first search: few do."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._sandbox, self._settings = sandbox, settings
        self._explorer: Explorer | None = None

    def explore(self, case: Case, request: ExploreSchedules) -> Iterator[Evidence | SearchAdvanced]:
        """Search; one search takes at most `SHARE_OF_A_SEARCH` of the whole budget."""
        if self._explorer is None:
            self._explorer = plugins.load("explorers", "schedules")(
                self._sandbox,
                seconds=self._settings.effective_budget().search_s * SHARE_OF_A_SEARCH,
                limits=limits_of(self._settings),
                allow=self._settings.allow,
            )
        yield from self._explorer.explore(case, request)


def challenged(**given: Any) -> Challenges:
    """The challenges of a fix; loaded for the first fix that passes."""
    from cot_magic.verdict.challenge import challenge

    return challenge(**given)


def limits_of(settings: Settings) -> Limits:
    """The limits of each run in a copy."""
    return Limits(wall_s=settings.timeout) if settings.timeout else Limits()


@contextmanager
def _recording(settings: Settings) -> Iterator[tuple[Listener, ...]]:
    """The recording that `--save` asks for; closed at the end."""
    if not settings.save:
        yield ()
        return
    recording = Recording(Path(settings.save))
    try:
        yield (recording,)
    finally:
        recording.close()


def _shown_again(
    reasoner: RecordedReasoner, renderer: Renderer, listeners: Sequence[Listener], last: LastSession
) -> Session:
    """Show a recorded session as it was; nothing runs."""
    session = Session()
    for stamped in reasoner.recorded:
        session = session.evolve(stamped)
        for listener in listeners:
            listener.hear(stamped)
        renderer.update(session, stamped)
    renderer.close(session)
    last.remember(session)
    return session


def _follow(
    events: Generator[Event, None, None],
    session: Session,
    screens: Screens,
    verbatim: Sequence[Listener],
    last: LastSession,
    clock: Callable[[], float],
    reasoner: Reasoner,
) -> Session:
    def follow(events: Iterable[Event]) -> None:
        nonlocal session
        counted = stamp(gathered(events, clock), clock, order=session.events, seconds=session.seconds)
        for stamped in counted:
            session = session.evolve(stamped)
            for listener in verbatim:
                listener.hear(stamped)
            screens.hear(stamped)
            last.remember(session, screens.session)

    try:
        with interruptible():
            try:
                follow(events)
            except KeyboardInterrupt as pressed:  # in a renderer or listener: a search tells what it has
                follow(rest_after(pressed, events))
    except KeyboardInterrupt:  # once more, or where nothing takes it: keep what was found
        session = session.stopped()
        screens.stop()
        last.remember(session, screens.session)
    except Exception:  # a fault of ours: what was found is kept, and no screen goes on saying that it runs
        with suppress(Exception):  # it may be the screen that failed: the first error is the one to tell
            screens.stop()
            screens.close()
        last.remember(session.stopped(), screens.session)
        raise
    finally:
        events.close()
        if isinstance(reasoner, Closing):
            reasoner.close()
    screens.close()
    last.remember(session, screens.session)
    return session

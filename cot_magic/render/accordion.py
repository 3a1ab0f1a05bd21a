"""The screens of notebooks: a live accordion, a panel without widgets, none; and what a notebook keeps."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from cot_magic.core.events import (
    ExploreSchedules,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    SearchAdvanced,
    Sent,
    SessionStarted,
    Stamped,
    Streamed,
)
from cot_magic.core.session import Session
from cot_magic.render.blocks import Outline
from cot_magic.render.brief import head
from cot_magic.render.html import html
from cot_magic.render.markdown import markdown
from cot_magic.render.outline import LiveOutline, activity, outline
from cot_magic.render.pace import Pace, Silence
from cot_magic.render.plain import plain
from cot_magic.render.widgets import Panel

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_OF_A_MODEL = (Sent, Remarked, Streamed)  # after these it may be silent; what it wants to run comes first
_SEARCH_S = 1.0  # seconds between updates during a search, where the whole panel is sent each time


class AccordionRenderer:
    """One fold for each phase, growing while it runs. `close` makes the display static, without a widget.

    A widget view left in a saved notebook hides the HTML next to it in most viewers and shows nothing itself,
    so the last update removes it.

    Parameters
    ----------
    clock
        A monotonic clock in seconds, for the pace of updates.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(clock)
        self._live = LiveOutline()
        self._panel: Panel | None = None
        self._handle: Any = None
        self._doing = ""
        self._session = Session()
        self._silence = Silence(self._go_on)

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session, unless the last update was a moment ago."""
        self._silence.heard()
        self._show(session, last)
        self._session = session
        if isinstance(last.event, _OF_A_MODEL):
            self._silence.begin()

    def _show(self, session: Session, last: Stamped) -> None:
        due = self._pace.due(last.event)
        if due or not isinstance(last.event, Streamed):  # of a thousand tokens per second, most are skipped
            doing = activity(session, last.event)
            self._doing = self._doing if doing is None else doing
        if self._panel is None:
            with _uninterrupted():
                self._panel = Panel()
                self._panel.draw(self._live.draw(session, self._doing))
                self._handle = _display({WIDGET_VIEW: self._panel.view} | bundle(session))
        elif due:
            self._panel.draw(self._live.draw(session, self._doing))

    def close(self, session: Session) -> None:
        """Replace the accordion with the static panel, then close the widgets."""
        self._silence.close()
        if self._panel is None:
            _display(bundle(session))
            return
        self._handle.update(bundle(session), raw=True)
        self._panel.close()
        self._panel = None

    def _go_on(self, seconds: float) -> None:
        """During a silence, draw what was held back and update the time."""
        if self._panel is not None:
            session = replace(self._session, seconds=self._session.seconds + seconds)
            self._panel.draw(self._live.draw(session, self._doing))


class StaticRenderer:
    """The panel as HTML, for front ends that may not have widgets. It is replaced when a phase starts or
    ends, and once a second during a search."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._handle: Any = None
        self._clock = clock
        self._shown = -math.inf

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session when a phase changes, and the progress of a search."""
        changes = isinstance(last.event, SessionStarted | PhaseStarted | PhaseEnded | ExploreSchedules)
        if changes or (isinstance(last.event, SearchAdvanced) and self._clock() - self._shown >= _SEARCH_S):
            self._show(session, activity(session, last.event) or "")
            self._shown = self._clock()

    def close(self, session: Session) -> None:
        """Show the final state."""
        self._show(session, "")

    def _show(self, session: Session, doing: str) -> None:
        data = bundle_of(outline(session, doing)) if doing else bundle(session)
        if self._handle is None:
            with _uninterrupted():
                self._handle = _display(data)
        else:
            self._handle.update(data, raw=True)


class SilentRenderer:
    """Shows nothing: the session is read from elsewhere."""

    def update(self, session: Session, last: Stamped) -> None:
        """Do nothing."""

    def close(self, session: Session) -> None:
        """Do nothing."""


def bundle(session: Session) -> dict[str, str]:
    """Return what a saved notebook keeps of the session, by MIME type: no widget."""
    drawn = bundle_of(outline(session))
    if session.ended and session.case is not None:  # readers of plain text may see no more than its beginning
        drawn["text/plain"] = f"{head(session)}\n{drawn['text/plain']}"
    return drawn


def bundle_of(drawn: Outline) -> dict[str, str]:
    """Return the same for an outline."""
    return {"text/html": html(drawn), "text/markdown": markdown(drawn), "text/plain": plain(drawn)}


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is done: a panel that is shown but not known could not be replaced."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if heard:
        raise KeyboardInterrupt


def _display(data: dict[str, Any]) -> Any:
    from IPython.display import display

    return display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

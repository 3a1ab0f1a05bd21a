"""The screens of notebooks: a live accordion, a panel without widgets, and none at all."""

import time
from collections.abc import Callable
from typing import Any

from cot_magic.core.events import PhaseEnded, PhaseStarted, SessionStarted, Stamped
from cot_magic.core.session import Session
from cot_magic.render.blocks import Outline, Section
from cot_magic.render.bundle import bundle, bundle_of
from cot_magic.render.outline import activity, outline
from cot_magic.render.pace import Pace
from cot_magic.render.plain import words
from cot_magic.render.safe_text import seconds
from cot_magic.render.static_html import body, header

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_PANEL = '<div style="font-size:13px;line-height:1.5;padding:2px 4px">'


class AccordionRenderer:
    """A fold a phase, growing while it runs. At `close` the display becomes static, without a widget.

    A widget view that stays in a saved notebook hides the HTML beside it from most readers, and shows nothing
    itself; so the last update drops it.

    Parameters
    ----------
    clock
        Seconds from any start, for the pace of updates.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(clock)
        self._widgets: _Widgets | None = None
        self._handle: Any = None
        self._doing = ""

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session, unless the last time was a moment ago."""
        doing = activity(session, last.event)
        self._doing = self._doing if doing is None else doing
        if self._widgets is None:
            self._widgets = _Widgets()
            self._widgets.draw(outline(session, self._doing))
            self._handle = _display(self._widgets.bundle() | bundle(session))
        if self._pace.due(last.event):
            self._widgets.draw(outline(session, self._doing))

    def close(self, session: Session) -> None:
        """Replace the accordion by the static panel, then close the widgets."""
        if self._widgets is None:
            _display(bundle(session))
            return
        self._handle.update(bundle(session), raw=True)
        self._widgets.close()
        self._widgets = None


class StaticRenderer:
    """The panel as HTML that is replaced when a phase starts or ends: for front ends whose widgets are in
    doubt."""

    def __init__(self) -> None:
        self._handle: Any = None

    def update(self, session: Session, last: Stamped) -> None:
        """Show the session at a change of phase; nothing in between."""
        if isinstance(last.event, SessionStarted | PhaseStarted | PhaseEnded):
            self._show(session, activity(session, last.event) or "")

    def close(self, session: Session) -> None:
        """Show the final state."""
        self._show(session, "")

    def _show(self, session: Session, doing: str) -> None:
        data = bundle_of(outline(session, doing))
        if self._handle is None:
            self._handle = _display(data)
        else:
            self._handle.update(data, raw=True)


class SilentRenderer:
    """Shows nothing: the session is read from elsewhere."""

    def update(self, session: Session, last: Stamped) -> None:
        """Nothing."""

    def close(self, session: Session) -> None:
        """Nothing."""


class _Widgets:
    """The accordion and its texts. Only what changed is sent, since a widget compares before it sends."""

    def __init__(self) -> None:
        from ipywidgets import HTML, Accordion, VBox

        self._head = HTML()
        self._bodies: tuple[Any, ...] = ()
        self._new = HTML
        self._accordion = Accordion()
        self._box = VBox([self._head, self._accordion])
        self._opened: str | None = None

    def bundle(self) -> dict[str, Any]:
        """The view of the widgets, as display data."""
        return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}}

    def draw(self, drawn: Outline) -> None:
        """Bring all parts to that state; titles and contents go out in the same moment."""
        self._head.value = header(drawn)
        if not self._bodies:
            self._bodies = tuple(self._new() for _ in drawn.sections)
            self._accordion.children = self._bodies
        for widget, section in zip(self._bodies, drawn.sections, strict=True):
            widget.value = f"{_PANEL}{body(section)}</div>"
        titles = tuple(_title(section) for section in drawn.sections)
        if self._accordion.titles != titles:
            self._accordion.titles = titles
        self._open(drawn)

    def _open(self, drawn: Outline) -> None:
        """Open the fold of a phase as it starts, once: what the person opens or shuts then is left alone."""
        running = drawn.running
        if running is not None and running.phase.value != self._opened:
            self._opened = running.phase.value
            self._accordion.selected_index = drawn.sections.index(running)

    def close(self) -> None:
        for widget in (*self._bodies, self._accordion, self._head, self._box):
            widget.close()


def _title(section: Section) -> str:
    """`● VALIDATE  34 s  1 confirmed, 2 refuted`: plain text, as titles know no markup."""
    time_text = "" if section.seconds is None else f"  {seconds(section.seconds)}"
    return f"{section.state.icon} {section.phase.value}{time_text}  {words(section.headline)}".rstrip()


def _display(data: dict[str, Any]) -> Any:
    from IPython.display import display

    return display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

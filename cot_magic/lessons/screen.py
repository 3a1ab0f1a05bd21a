"""Where a lesson is shown: a panel that stays readable without a kernel, and the row of widgets below it."""

from typing import Any

from cot_magic.core.events import PhaseStarted, Stamped
from cot_magic.core.session import Session
from cot_magic.lessons.lesson import Lesson
from cot_magic.lessons.outline import instead, preparing
from cot_magic.lessons.widgets import LessonControls
from cot_magic.render.blocks import Outline
from cot_magic.render.bundle import bundle_of
from cot_magic.render.html_blocks import QUIET, inline


class Preparing:
    """A renderer that shows how far the session is that a lesson is about, and nothing of what it finds."""

    def __init__(self, screen: "LessonScreen | None") -> None:
        self._screen = screen

    def update(self, session: Session, last: Stamped) -> None:
        """Tell which phase is at work."""
        if self._screen is not None and isinstance(last.event, PhaseStarted):
            self._screen.say(preparing(last.event.phase))

    def close(self, session: Session) -> None:
        """Nothing: the lesson takes the place."""


class LessonScreen:
    """The display of one lesson in the output of the cell that failed.

    Parameters
    ----------
    live
        Whether what is displayed can be replaced later; in a terminal it cannot.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._panel: Any = None
        self._row: Any = None
        self._controls: LessonControls | None = None

    def say(self, text: str) -> None:
        """A sentence in the place of the panel."""
        if self._live:
            self._show({"text/html": f'<div style="{QUIET}">{inline(text)}</div>', "text/plain": text})

    def draw(self, drawn: Outline) -> None:
        """The whole lesson as it stands; shown again at each step where it can be replaced."""
        if self._live or self._panel is None:
            self._show(bundle_of(drawn))

    def offer(self, controls: LessonControls | None, lesson: Lesson) -> None:
        """The row below the panel: widgets where there are any, else what to type."""
        self._controls = controls
        data = _row(instead(lesson))
        self._row = _display(data | (controls.view if controls is not None else {}))

    def end(self, data: dict[str, Any] | None = None) -> None:
        """Take the widgets away, so that what is saved needs no kernel; `data` stands in their place."""
        if self._row is not None and self._live:
            self._row.update(data or _row("The lesson has ended."), raw=True)
        if self._controls is not None:
            self._controls.close()
        self._controls = self._row = None

    def _show(self, data: dict[str, Any]) -> None:
        if self._panel is None:
            self._panel = _display(data)
        else:
            self._panel.update(data, raw=True)


def show_outline(drawn: Outline) -> None:
    """A lesson or a part of it, in the output of the cell that is running."""
    from IPython.display import display

    display(bundle_of(drawn), raw=True)  # type: ignore[no-untyped-call]


def _row(text: str) -> dict[str, Any]:
    return {"text/html": f'<div style="{QUIET}">{inline(text)}</div>', "text/plain": text}


def _display(data: dict[str, Any]) -> Any:
    from IPython.display import display

    return display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

"""The live panel as widgets: one fold for each phase; only what changed is sent."""

from collections.abc import Sequence
from typing import Any

from cot_magic.core.findings import Phase
from cot_magic.render.blocks import Outline, Section, State, Stream
from cot_magic.render.html import header, pieces, stream_html
from cot_magic.render.plain import words

_PART = '<div style="font-size:13px;line-height:1.5;word-break:break-word">'
_TALLEST = "260px"  # of arriving text, so that what is below it does not move
_GAP = "\N{EN SPACE}\N{EN SPACE}"  # two ordinary spaces would be collapsed
_NAME = "cot-magic-live"
# Widgets are not sanitized, so the live panel can look like the static one.
_LOOK = """<style>
.cot-magic-live {
  max-width: 880px; border: 1px solid rgba(128,128,128,0.28); border-radius: 6px; overflow: hidden; }
.cot-magic-live .widget-html, .cot-magic-live .jupyter-widgets { margin: 0; }
.cot-magic-live .jupyter-widget-Collapse-header {
  background: transparent; border: none; border-top: 1px solid rgba(128,128,128,0.28); color: inherit;
  font-size: 13px; font-weight: 400; padding: 7px 14px; opacity: 0.8; }
.cot-magic-live .jupyter-widget-Collapse-open > .jupyter-widget-Collapse-header {
  font-weight: 600; opacity: 1; }
.cot-magic-live .jupyter-widget-Collapse-contents {
  background: transparent; border: none; color: inherit; padding: 0 14px 10px 34px; }
.cot-magic-live .jupyter-widget-Collapse-contents .jupyter-widget-Collapse-header {
  border: none; font-size: 12px; font-weight: 400; padding: 4px 0; opacity: 0.72; }
.cot-magic-live .jupyter-widget-Collapse-contents .jupyter-widget-Collapse-contents { padding: 0 14px; }
</style>"""


class Panel:
    """The widgets of one session.

    Each fold is its own widget and is changed at most twice: opened when its phase starts, and closed when
    its phase ends if it is closed in the static panel too. What the person does with a fold otherwise is
    kept: while a cell runs, the kernel does not hear of it and must not undo it.
    """

    def __init__(self) -> None:
        from ipywidgets import HTML, Layout, VBox

        self._facts: tuple[object, ...] = ()
        self._look = HTML(_LOOK, layout=Layout(display="none"))
        self._head = HTML()
        self._folds = {phase: _PhaseFold() for phase in Phase}
        self._box = VBox([self._look, self._head, *(fold.accordion for fold in self._folds.values())])
        self._box.add_class(_NAME)

    @property
    def view(self) -> dict[str, Any]:
        """What a front end needs to draw the widgets."""
        return {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}

    def draw(self, drawn: Outline) -> None:
        """Update all parts. A widget compares before it sends, so unchanged parts send nothing."""
        facts = (drawn.name, drawn.title, drawn.badge, drawn.meta, drawn.notes)
        if facts != self._facts:  # the time changes about once a second
            self._head.value, self._facts = f"{_PART}{header(drawn)}</div>", facts
        for section in drawn.sections:
            self._folds[section.phase].draw(section)

    def close(self) -> None:
        """Close all widgets, here and in the front end."""
        for fold in self._folds.values():
            fold.close()
        for widget in (self._look, self._head, self._box):
            widget.close()


class _PhaseFold:
    """The fold of one phase: its blocks, then the arriving text."""

    def __init__(self) -> None:
        from ipywidgets import Accordion, Layout, VBox

        self._layout = Layout(margin="0", width="auto")
        self._blocks = VBox(layout=self._layout)
        self._arriving = VBox(layout=self._layout)
        self._inner = VBox([self._blocks, self._arriving], layout=self._layout)
        self.accordion = Accordion([self._inner], titles=("",), layout=Layout(margin="0"))
        self._parts: list[Any] = []
        self._streams: dict[bool, _Arriving] = {}
        self._section: Section | None = None

    def draw(self, section: Section) -> None:
        """Update the fold."""
        if section is self._section:
            return
        before = self._section
        if before is None or _words(section) != _words(before):
            self.accordion.titles = (_title(section),)
        if self._section is None or section.blocks is not self._section.blocks:
            self._draw_blocks(pieces(section))
        self._draw_streams(section.streams)
        was = self._section.state if self._section is not None else State.WAITING
        if section.state is State.RUNNING and was is not State.RUNNING:
            self.accordion.selected_index = 0
        elif was is State.RUNNING and section.state is not was and not section.wanted:
            self.accordion.selected_index = None
        self._section = section

    def close(self) -> None:
        for arriving in self._streams.values():
            arriving.close()
        for widget in (*self._parts, self._blocks, self._arriving, self._inner, self.accordion):
            widget.close()

    def _draw_blocks(self, texts: Sequence[str]) -> None:
        from ipywidgets import HTML

        for part, text in zip(self._parts, texts, strict=False):
            part.value = f"{_PART}{text}</div>"
        for text in texts[len(self._parts) :]:
            self._parts.append(HTML(f"{_PART}{text}</div>", layout=self._layout))
        shown = tuple(self._parts[: len(texts)])
        if self._blocks.children != shown:
            self._blocks.children = shown

    def _draw_streams(self, streams: Sequence[Stream]) -> None:
        for item in streams:
            if item.thinking not in self._streams:
                self._streams[item.thinking] = _Arriving(item)
            self._streams[item.thinking].draw(item)
        shown = tuple(self._streams[item.thinking].widget for item in streams)
        if self._arriving.children != shown:
            self._arriving.children = shown


class _Arriving:
    """Arriving text in a box that stays scrolled to its end, as its content is laid out in reverse."""

    def __init__(self, item: Stream) -> None:
        from ipywidgets import HTML, Accordion, Box, Layout

        self._text = HTML(layout=Layout(margin="0", flex="0 0 auto"))
        upwards = Layout(max_height=_TALLEST, overflow="auto", flex_flow="column-reverse", margin="0")
        self._box = Box([self._text], layout=upwards)
        self.widget = Accordion([self._box], titles=("thinking",)) if item.thinking else self._box

    def draw(self, item: Stream) -> None:
        self._text.value = f"{_PART}{stream_html(item)}</div>"

    def close(self) -> None:
        for widget in {self._text, self._box, self.widget}:
            widget.close()


def _words(section: Section) -> tuple[object, ...]:
    """Return all that a title shows."""
    return section.state, section.headline, section.time


def _title(section: Section) -> str:
    """Return `● VALIDATE  1 confirmed, 2 refuted · 34 s`: plain text, as titles take no markup."""
    parts = [part for part in (words(section.headline), section.time) if part]
    return f"{section.state.icon} {section.phase.value}{_GAP}{' · '.join(parts)}".rstrip()

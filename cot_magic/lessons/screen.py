"""Where a lesson is shown: a panel that stays readable without a kernel, and widgets for the answer."""

from collections.abc import Callable, Sequence
from typing import Any

from cot_magic.core.events import PhaseStarted, Stamped
from cot_magic.core.language import marked, worded
from cot_magic.core.session import Session
from cot_magic.lessons.lesson import Lesson, Subject
from cot_magic.lessons.outline import instead, preparing
from cot_magic.render.accordion import bundle_of
from cot_magic.render.blocks import Outline
from cot_magic.render.html import QUIET, inline
from cot_magic.render.prose import spans
from cot_magic.render.safe_text import phrase

ANSWER, HINT, SHOW = marked("Answer"), marked("Hint"), marked("Show me")
_ROW = '<div style="font-size:13px;line-height:1.5;word-break:break-word">'
_HOLDS = {
    Subject.LINE: marked("3, or [2] 3 for another cell"),
    Subject.VALUE: marked("Python code: 7, 'text', ['a', 'b']"),
    Subject.HYPOTHESIS: marked("or an expression of your own that is True if you are right"),
}


class Preparing:
    """A renderer that shows how far the session of a lesson is, and nothing of what it finds."""

    def __init__(self, screen: "LessonScreen | None") -> None:
        self._screen = screen

    def update(self, session: Session, last: Stamped) -> None:
        """Show which phase runs."""
        if self._screen is not None and isinstance(last.event, PhaseStarted):
            self._screen.say(preparing(last.event.phase))

    def close(self, session: Session) -> None:
        """Do nothing: the lesson takes its place."""


class LessonControls:
    """The row below a lesson. `view` is its display data; `ask` updates it.

    Parameters
    ----------
    on_answer
        Called with the answer and None; for code, with the cell's label and its source. Returns the sentence
        to show.
    on_hint, on_show
        Called for the other two buttons; return the sentence to show.
    """

    def __init__(
        self,
        on_answer: Callable[[str, str | None], str],
        on_hint: Callable[[], str],
        on_show: Callable[[], str],
    ) -> None:
        from ipywidgets import HTML, Button, HBox, Layout, VBox

        self._on_answer = on_answer
        self._lesson: Lesson | None = None
        self._cells: tuple[tuple[str, str], ...] = ()
        self._sentence = HTML()
        self._question = HTML()
        self._input = VBox(layout=Layout(width="auto", margin="0"))
        self._place = -1
        self._inputs: list[Any] = []
        self._buttons = [
            Button(description=worded(label), button_style="primary" if label == ANSWER else "")
            for label in (ANSWER, HINT, SHOW)
        ]
        for button, act in zip(self._buttons, (self._answer, on_hint, on_show), strict=True):
            button.on_click(lambda clicked, act=act: self._acted(act))
        row = HBox(
            [*self._buttons, self._sentence], layout=Layout(flex_flow="row wrap", align_items="center")
        )
        self._box = VBox([self._question, self._input, row], layout=Layout(max_width="880px"))
        self._row = row

    @property
    def view(self) -> dict[str, Any]:
        """What a front end needs to draw the widgets."""
        bundle: dict[str, Any] = self._box._repr_mimebundle_()
        return {mime: value for mime, value in bundle.items() if mime.startswith("application/")}

    def ask(self, lesson: Lesson, cells: Sequence[tuple[str, str]], said: str = "") -> None:
        """Show the open question; the inputs are kept while it stays the same.

        Parameters
        ----------
        cells
            Label and source of the cells that a fix may edit, the failing cell first.
        """
        self._sentence.value = f"{_ROW}{inline(said)}</div>"
        if lesson.question is None or lesson.place == self._place:
            return
        self._lesson, self._cells, self._place = lesson, tuple(cells), lesson.place
        number = worded("Question {number} of {count}", number=lesson.place + 1, count=len(lesson.questions))
        self._question.value = f"{_ROW}<b>{number}.</b> {inline(lesson.question.text)}</div>"
        old, self._inputs = self._inputs, self._made(lesson)
        self._input.children = tuple(self._inputs)
        for widget in old:
            widget.close()

    def close(self) -> None:
        """Close all widgets, here and in the front end."""
        for widget in (*self._inputs, *self._buttons, self._sentence, self._question, self._input, self._row):
            widget.close()
        self._box.close()

    def _made(self, lesson: Lesson) -> list[Any]:
        """Return the inputs for the open question."""
        from ipywidgets import Dropdown, Layout, RadioButtons, Text, Textarea

        question = lesson.question
        assert question is not None
        if question.subject is Subject.FIX:
            code = Textarea(
                value=self._cells[0][1], rows=_rows(self._cells[0][1]), layout=Layout(width="98%")
            )
            code.add_class("cot-magic-code")
            cell = Dropdown(options=[label for label, _ in self._cells], layout=Layout(width="160px"))
            sources = dict(self._cells)

            def chosen(change: Any) -> None:
                code.value, code.rows = sources[change["new"]], _rows(sources[change["new"]])

            cell.observe(chosen, "value")
            return [cell, code] if len(self._cells) > 1 else [code]
        text = Text(placeholder=worded(_HOLDS[question.subject]), layout=Layout(width="60%"))
        if question.subject is not Subject.HYPOTHESIS:
            return [text]
        options = [
            (f"{number}. {_plain(choice.text)}", str(number))
            for number, choice in enumerate(question.choices, 1)
        ]
        return [RadioButtons(options=options, value=None, layout=Layout(width="98%")), text]

    def _answer(self) -> str:
        """Pass the answer on as the line magic would."""
        question = self._lesson.question if self._lesson is not None else None
        if question is None:
            return ""
        if question.subject is Subject.FIX:
            code = self._inputs[-1].value
            label = self._inputs[0].value if len(self._inputs) > 1 else ""
            return self._on_answer(label, code)
        text = self._inputs[-1].value.strip()
        choice = self._inputs[0].value if len(self._inputs) > 1 else None
        return self._on_answer(text or choice or "", None)

    def _acted(self, act: Callable[[], str]) -> None:
        for button in self._buttons:
            button.disabled = True
        try:
            self._sentence.value = f"{_ROW}{inline(act())}</div>"
        finally:
            for button in self._buttons:
                button.disabled = False


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
        """Show a sentence in place of the panel."""
        if self._live:
            self._show({"text/html": f'<div style="{QUIET}">{inline(text)}</div>', "text/plain": text})

    def draw(self, drawn: Outline) -> None:
        """Show the whole lesson; drawn again at each step if the display can be replaced."""
        if self._live or self._panel is None:
            self._show(bundle_of(drawn))

    def offer(self, controls: LessonControls | None, lesson: Lesson) -> None:
        """Show the row below the panel: the widgets if there are any, else what to type."""
        self._controls = controls
        data = _row(instead(lesson))
        self._row = _display(data | (controls.view if controls is not None else {}))

    def end(self, data: dict[str, Any] | None = None) -> None:
        """Replace the widgets with `data`, so that what is saved needs no kernel."""
        if self._row is not None and self._live:
            self._row.update(data or _row(worded("The lesson has ended.")), raw=True)
        if self._controls is not None:
            self._controls.close()
        self._controls = self._row = None

    def _show(self, data: dict[str, Any]) -> None:
        if self._panel is None:
            self._panel = _display(data)
        else:
            self._panel.update(data, raw=True)


def show_outline(drawn: Outline) -> None:
    """Display a lesson or a part of it in the output of the running cell."""
    from IPython.display import display

    display(bundle_of(drawn), raw=True)  # type: ignore[no-untyped-call]


def _row(text: str) -> dict[str, Any]:
    return {"text/html": f'<div style="{QUIET}">{inline(text)}</div>', "text/plain": text}


def _display(data: dict[str, Any]) -> Any:
    from IPython.display import display

    return display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]


def _rows(source: str) -> int:
    return min(24, max(3, source.count("\n") + 2))


def _plain(text: str) -> str:
    """Return words for a label, which takes no markup."""
    return "".join(span.text for span in spans(phrase(text)))

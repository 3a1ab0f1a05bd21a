"""Widgets for a question of a lesson: a text, a choice or code, and the buttons Answer, Hint and Show me."""

from collections.abc import Callable, Sequence
from typing import Any

from cot_magic.lessons.lesson import Lesson, Subject
from cot_magic.render.html_blocks import inline
from cot_magic.render.prose import spans
from cot_magic.render.safe_text import phrase

ANSWER, HINT, SHOW = "Answer", "Hint", "Show me"
_ROW = '<div style="font-size:13px;line-height:1.5;word-break:break-word">'
_HOLDS = {
    Subject.LINE: "3, or [2] 3 for another cell",
    Subject.VALUE: "Python code: 7, 'text', ['a', 'b']",
    Subject.HYPOTHESIS: "or a check of your own that is True if you are right",
}


class LessonControls:
    """The row below a lesson. `view` is its display data; it is brought up to date by `ask`.

    Parameters
    ----------
    on_answer
        Called with the answer, and with a cell's label and source if the answer is code; returns the sentence
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
            Button(description=label, button_style="primary" if label == ANSWER else "")
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
        """Show the open question; the inputs stay as they are while it is the same one.

        Parameters
        ----------
        cells
            Label and source of the cells that a fix may edit, the failing one first.
        """
        self._sentence.value = f"{_ROW}{inline(said)}</div>"
        if lesson.question is None or lesson.place == self._place:
            return
        self._lesson, self._cells, self._place = lesson, tuple(cells), lesson.place
        number = f"<b>Question {lesson.place + 1} of {len(lesson.questions)}.</b>"
        self._question.value = f"{_ROW}{number} {inline(lesson.question.text)}</div>"
        old, self._inputs = self._inputs, self._made(lesson)
        self._input.children = tuple(self._inputs)
        for widget in old:
            widget.close()

    def close(self) -> None:
        """Drop all widgets, here and in the front end."""
        for widget in (*self._inputs, *self._buttons, self._sentence, self._question, self._input, self._row):
            widget.close()
        self._box.close()

    def _made(self, lesson: Lesson) -> list[Any]:
        """The inputs for the open question."""
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
        text = Text(placeholder=_HOLDS[question.subject], layout=Layout(width="60%"))
        if question.subject is not Subject.HYPOTHESIS:
            return [text]
        options = [
            (f"{number}. {_plain(choice.text)}", str(number))
            for number, choice in enumerate(question.choices, 1)
        ]
        return [RadioButtons(options=options, value=None, layout=Layout(width="98%")), text]

    def _answer(self) -> str:
        """Hand the answer on as the line magic would."""
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


def _rows(source: str) -> int:
    return min(24, max(3, source.count("\n") + 2))


def _plain(text: str) -> str:
    """Words for a label that knows no markup."""
    return "".join(span.text for span in spans(phrase(text)))

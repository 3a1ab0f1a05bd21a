"""Buttons that insert the fix and the tests into the notebook, in their own output."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from cot_magic.core.errors import CotError

OFFER_MIME = "application/vnd.cot-magic.offer+json"  # drawn by the front-end extension, without a kernel
FIX, TESTS, BOTH, UNDO = "Insert fix", "Insert tests", "Insert both", "Undo"
_WHAT = {FIX: "fix", TESTS: "tests", BOTH: "all"}
_INSTEAD = {FIX: "%cot_insert fix", TESTS: "%cot_insert tests", BOTH: "%cot_insert all", UNDO: "%cot_undo"}


class Buttons:
    """A row of buttons and one sentence that says what the last click did.

    Parameters
    ----------
    on_insert
        Called with `fix`, `tests` or `all`; returns the sentence to show.
    on_undo
        Removes the inserted cells; returns the sentence to show.
    has_fix, has_tests
        What can be inserted; there are no buttons for anything else.
    offer
        The same as JSON, from which the front-end extension draws its own buttons.
    """

    def __init__(
        self,
        on_insert: Callable[[str], str],
        on_undo: Callable[[], str],
        *,
        has_fix: bool = True,
        has_tests: bool = True,
        offer: Mapping[str, Any] | None = None,
    ) -> None:
        self._on_insert, self._on_undo = on_insert, on_undo
        self._offer = offer
        self._labels = [FIX] * has_fix + [TESTS] * has_tests + [BOTH] * (has_fix and has_tests)
        self._sentence: Any = None

    def show(self, widgets: bool = True) -> None:
        """Display the buttons, or without widgets the equivalent line magics; nothing without an offer."""
        from IPython.display import display

        if not self._labels:
            return
        data = self.bundle()
        if widgets and (view := self._view()) is not None:
            data |= view
        display(data, raw=True)  # type: ignore[no-untyped-call]

    def bundle(self) -> dict[str, Any]:
        """Return the buttons as display data without a widget."""
        data: dict[str, Any] = {"text/html": self._html(), "text/plain": self.fallback}
        return data if self._offer is None else data | {OFFER_MIME: dict(self._offer)}

    @property
    def fallback(self) -> str:
        """What to type instead of clicking."""
        return "To insert: " + ", ".join(_INSTEAD[label] for label in (*self._labels, UNDO))

    def click(self, label: str) -> str:
        """Do what the button with that label does, show the resulting sentence and return it."""
        try:
            said = self._on_undo() if label == UNDO else self._on_insert(_WHAT[label])
        except CotError as error:  # its message is written for the person who clicked
            said = str(error)
        if self._sentence is not None:
            self._sentence.value = escape(said)
        return said

    def _view(self) -> dict[str, Any] | None:
        try:
            from ipywidgets import HTML, Button, HBox
        except ImportError:
            return None
        self._sentence = HTML()
        buttons = []
        for label in (*self._labels, UNDO):
            button = Button(description=label, button_style="primary" if label == self._labels[-1] else "")
            button.on_click(lambda clicked: self.click(clicked.description))
            buttons.append(button)
        box = HBox([*buttons, self._sentence])
        bundle: dict[str, Any] = box._repr_mimebundle_()
        return {mime: value for mime, value in bundle.items() if mime.startswith("application/")}

    def _html(self) -> str:
        names = ", ".join(f"<code>{escape(_INSTEAD[label])}</code>" for label in (*self._labels, UNDO))
        return f'<div style="font-size:12px;opacity:0.72">To insert: {names}</div>'

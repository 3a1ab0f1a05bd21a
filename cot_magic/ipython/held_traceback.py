"""IPython's traceback of an investigated cell, held until the panel is shown: the answer comes first."""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from IPython.core.display_functions import display

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
# how IPython begins a frame: `File ~/lib/python3.11/site-packages/pandas/core/frame.py:4102, in DataFrame.…`
_PACKAGES = r"\S*[\\/](?:site-packages|dist-packages|lib[\\/]python3\.\d+t?)[\\/]"
_COMPILED = r"[^\n]*\.(?:pyx|pxi|pxd)[:,]"
_OF_A_LIBRARY = re.compile(
    rf"File (?:<(?:frozen|__array_function__)[^>]*>|{_PACKAGES}|{_COMPILED})", re.IGNORECASE
)
_FRAME = re.compile(r"(?:Cell |Input )?In ?\[|File ")
_CHAINED = ("The above exception was", "During handling of the above")
_PRE = "overflow:auto;max-height:420px;font-size:12px;white-space:pre;text-align:left"


class HeldTraceback:
    """Keeps what a shell would show of an exception, from the start of a cell until `show`.

    Only the display waits: the cell fails as it does without, and what IPython notes of the exception
    (`sys.last_value`, `%tb`) is there at once. Frames of libraries are shown in a fold below.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._had = vars(shell).get("_showtraceback")
        self._told: list[tuple[Any, ...]] = []
        shell._showtraceback = self._keep

    def _keep(self, *told: Any) -> None:
        self._told.append(told)

    def show(self, withhold: Callable[[str], str] | None) -> None:
        """Let the shell show exceptions itself again, and show what was held.

        A fold holds the frames of libraries, with secrets withheld; without `withhold` there is none, and
        all frames are shown as IPython does.
        """
        if self._had is None:
            vars(self._shell).pop("_showtraceback", None)
        else:
            self._shell._showtraceback = self._had
        for kind, error, parts in self._told:
            own, left_out = without_libraries(parts) if withhold is not None else (parts, 0)
            self._shell._showtraceback(kind, error, own)
            if withhold is not None and left_out:
                _show_whole(withhold(_COLOR.sub("", "\n".join(parts))), left_out)
        self._told = []


def without_libraries(parts: Sequence[str]) -> tuple[list[str], int]:
    """Return the parts of IPython's traceback without frames of libraries, and how many these are.

    Parameters
    ----------
    parts
        A rule with the name of the exception, then one part for each frame, then the message. Nothing is left
        out of a traceback without a frame of the person's own.
    """
    kept: list[str] = []
    left_out = 0
    for stretch in _stretches(parts):
        frames = [part for part in stretch if _FRAME.match(_plain(part))]
        own = [part for part in frames if not _OF_A_LIBRARY.match(_plain(part))]
        left_out += len(frames) - len(own)
        if own:
            told = (
                stretch if kept or not _plain(stretch[0]).startswith(_CHAINED) else [parts[0], *stretch[1:]]
            )
            kept += [part for part in told if part not in frames or part in own]
    return (kept, left_out) if kept and left_out else (list(parts), 0)


def _stretches(parts: Sequence[str]) -> list[list[str]]:
    """Return the parts of each exception of a chain; a later one begins with the sentence between."""
    found: list[list[str]] = [[]]
    for part in parts:
        if _plain(part).startswith(_CHAINED):
            found.append([])
        found[-1].append(part)
    return found


def _plain(part: str) -> str:
    return _COLOR.sub("", part).lstrip()


def _show_whole(told: str, left_out: int) -> None:
    """Show the whole traceback in a closed fold; `%tb` shows the same where there are no folds."""
    frames = f"{left_out} frame{'s' * (left_out != 1)} of libraries"
    text = escape(told).replace("\n", "&#10;")
    fold = (
        f'<details><summary style="cursor:pointer;font-size:12px">whole traceback, with {frames}</summary>'
        f'<pre style="{_PRE}" dir="ltr">{text}</pre></details>'
    )
    data = {"text/html": fold, "text/plain": f"({frames} left out: %tb shows them.)"}
    display(data, raw=True)  # type: ignore[no-untyped-call]

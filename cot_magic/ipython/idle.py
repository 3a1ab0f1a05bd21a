"""Loads what the first panel needs while the kernel is idle, so that the first failure is told at once."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

_BEGIN_S = 0.5  # after the extension was loaded, or a cell was found running
_NEXT_S = 0.02  # between two modules, so that a request of the front end never waits for more than one
FIRST_PANEL = (
    "cot_magic.core.session",
    "cot_magic.options",
    "cot_magic.capture.failure",
    "cot_magic.actions.parking",
    "cot_magic.sandbox.snapshot",
    "cot_magic.sandbox.parked",
    "cot_magic.actions.investigate",
    "cot_magic.reasoners.offline.inquiry",
    "cot_magic.render.outline",
    "ipywidgets",
    "cot_magic.render.accordion",
)


def load_when_idle(is_busy: Callable[[], bool]) -> None:
    """Load the modules one by one in the kernel's event loop. Does nothing where no loop runs, as in a
    terminal.

    Parameters
    ----------
    is_busy
        Whether a cell is running, which may give the loop its turn with `await`; nothing is loaded then.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    wanted = iter(FIRST_PANEL)
    loop.call_later(_BEGIN_S, _load_next, loop, wanted, is_busy)


def _load_next(loop: asyncio.AbstractEventLoop, wanted: Iterator[str], is_busy: Callable[[], bool]) -> None:
    if is_busy():
        loop.call_later(_BEGIN_S, _load_next, loop, wanted, is_busy)
        return
    name = next((name for name in wanted if name not in sys.modules), None)
    if name is None:
        return
    try:
        import_module(name)
    except ImportError:  # the first panel will do without it, or say what is missing
        return
    loop.call_later(_NEXT_S, _load_next, loop, wanted, is_busy)

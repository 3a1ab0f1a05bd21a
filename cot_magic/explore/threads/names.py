"""Names of lanes: the call that a thread runs, as `withdraw(50)`, unless the person named the thread."""

import functools
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from cot_magic.explore.plain import plain

_GIVEN_BY_PYTHON = re.compile(r"Thread-\d+(?: \(.*\))?")
_MOST = 40  # characters of a name


def name_of_thread(thread: threading.Thread) -> str:
    """Return how people know a thread that has not begun."""
    state = vars(thread)
    if not _GIVEN_BY_PYTHON.fullmatch(thread.name):
        return thread.name
    target = state.get("_target")
    if target is None:
        return type(thread).__name__
    return name_of_call(target, state.get("_args", ()), state.get("_kwargs", {}))


def name_of_call(function: Any, values: Sequence[Any], named: Mapping[str, Any]) -> str:
    """Return the function with its plain arguments; others are `…`, as no code of the person may run."""
    while type(function) is functools.partial:
        values, named = (*function.args, *values), {**function.keywords, **named}
        function = function.func
    qualified = str(getattr(function, "__qualname__", type(function).__name__))
    name = qualified.rpartition("<locals>.")[2]
    shown = [plain(item) or "…" for item in (*values, *named.values())]
    text = f"{name}({', '.join(shown)})" if set(shown) - {"…"} else name
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"

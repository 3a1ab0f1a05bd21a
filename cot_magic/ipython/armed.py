"""Shells in which every failing cell is investigated: the kernel of a headless run, and `cot_magic.debug`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from cot_magic.actions.state import history_of
from cot_magic.core.case import Cell, CellId
from cot_magic.core.remedies import without_magics
from cot_magic.core.session import Session
from cot_magic.ipython import extension
from cot_magic.ipython.hooks import before_cell
from cot_magic.run.last_session import LAST
from cot_magic.run.recording import Recording
from cot_magic.settings import Settings


def arm(config: str) -> None:
    """Called in the kernel by `run_notebook`: investigate the first of the following cells that fails."""
    plan = json.loads(config)
    shell: Any = get_ipython()
    magics = extension.load(shell)
    state = magics.state
    settings = Settings(**{**plan["settings"], "allow": tuple(plan["settings"]["allow"])})
    history_of(state).known([Cell(**{**cell, "id": CellId(cell["id"])}) for cell in plan["cells"]])
    state.renderer = "silent"
    state.listeners = (Recording(Path(plan["events"])),)
    if plan["verbatim"]:
        state.verbatim = (Recording(Path(plan["verbatim"])),)
    if plan["preview"]:
        shown = Path(plan["preview"])
        state.tell = lambda text: shown.write_text(text, encoding="utf-8", errors="backslashreplace")
    state.defaults = replace(settings, save=None)  # the recording is that of the failing cell
    expected = set(plan["expected"])

    def before(info: Any) -> None:
        armed = None if info.raw_cell in expected or info.raw_cell.startswith("%cot") else settings
        before_cell(state, info, armed, keep=False, cell_timeout=settings.timeout)

    # replaces the hook that looks for a %%cot line: here every cell has one
    shell.events.unregister("pre_run_cell", magics.before)
    shell.events.register("pre_run_cell", before)


def debug(source: str, namespace: Mapping[str, Any], *, intensity: str) -> Session | None:
    """Run a source in a shell of its own and investigate its failure; see `cot_magic.debug`."""
    shell: Any = InteractiveShell(user_ns=dict(namespace))  # type: ignore[no-untyped-call]
    extension.load(shell).state.renderer = "silent"
    shell._showtraceback = lambda *ignored: None  # the failure is in the session that is returned
    earlier = LAST.session
    try:
        shell.run_cell(f"%%{intensity}\n{source}")
    finally:
        extension.unload(shell)
    session, shown = LAST.session, LAST.shown
    if session is None or session is earlier:
        return None
    if session.faults and shown is not None:
        session, shown = _without_magics(session), _without_magics(shown)
        LAST.remember(session, shown)
    return session


def _without_magics(session: Session) -> Session:
    return replace(session, faults=tuple(map(without_magics, session.faults)))

"""The kernel's side of a headless run, and `cot_magic.debug`: a shell in which every cell is investigated
when it fails."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cot_magic
from cot_magic.core.case import Cell, CellId
from cot_magic.core.remedies import without_magics
from cot_magic.core.session import Session
from cot_magic.ipython.attachment import Attachment
from cot_magic.run import run_session as investigation
from cot_magic.run.recording import Recording
from cot_magic.settings import Settings


def arm(config: str) -> None:
    """In the kernel: follow the cells that come now, and investigate the first that fails (called by
    `run_notebook`)."""
    from IPython.core.getipython import get_ipython

    plan = json.loads(config)
    shell: Any = get_ipython()
    cot_magic.load_ipython_extension(shell)
    magics = shell._cot_magics
    attachment: Attachment = magics.attachment
    settings = Settings(**{**plan["settings"], "allow": tuple(plan["settings"]["allow"])})
    attachment.history.known([Cell(**{**cell, "id": CellId(cell["id"])}) for cell in plan["cells"]])
    attachment.renderer = "silent"
    attachment.listeners = (Recording(Path(plan["events"])),)
    if plan["verbatim"]:
        attachment.verbatim = (Recording(Path(plan["verbatim"])),)
    if plan["preview"]:
        shown = Path(plan["preview"])
        attachment.tell = lambda text: shown.write_text(text, encoding="utf-8", errors="backslashreplace")
    attachment.defaults = replace(settings, save=None)  # the recording is that of the failing cell
    expected = set(plan["expected"])

    def before(info: Any) -> None:
        armed = None if info.raw_cell in expected or info.raw_cell.startswith("%cot") else settings
        attachment.before(info, armed, keep=False, cell_timeout=settings.timeout)

    # in place of the hook that looks for a %%cot line: here every cell is one
    shell.events.unregister("pre_run_cell", magics.before)
    shell.events.register("pre_run_cell", before)


def debug(source: str, namespace: Mapping[str, Any], *, intensity: str) -> Session | None:
    """Run a source in a shell of its own and investigate its failure; see `cot_magic.debug`."""
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell(user_ns=dict(namespace))  # type: ignore[no-untyped-call]
    cot_magic.load_ipython_extension(shell)
    attachment: Attachment = shell._cot_magics.attachment
    attachment.renderer = "silent"
    shell._showtraceback = lambda *ignored: None  # the failure is in the session that is returned
    try:
        shell.run_cell(f"%%{intensity}\n{source}")
    finally:
        cot_magic.unload_ipython_extension(shell)
    session, shown = attachment.session, investigation.shown()
    if session is not None and session.faults and shown is not None:
        session, shown = _without_magics(session), _without_magics(shown)
        investigation.remember(session, shown)
    return session


def _without_magics(session: Session) -> Session:
    return replace(session, faults=tuple(map(without_magics, session.faults)))

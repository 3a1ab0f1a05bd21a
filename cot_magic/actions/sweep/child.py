"""The process of one notebook: reads its call from a file, runs and debugs, and writes the row to another."""

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic.actions.sweep.ending import MARK, adopt_orphans, end_below
from cot_magic.core.case import Case
from cot_magic.core.errors import CotError
from cot_magic.core.session import Session
from cot_magic.settings import Settings

INTERRUPTED = 130


def main() -> int:
    """Run one notebook and end all that it started; 0 if there is a row."""
    adopt_orphans()
    try:
        return _answered()
    finally:
        end_below(os.getpid(), os.environ[MARK])


def _answered() -> int:
    threading.Thread(target=_watch, daemon=True).start()
    call = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        row = _trial(call, call["trial"]) if call["trial"] else _row(call)
    except CotError as error:
        row = {"result": "not-run", "note": str(error).replace(call["path"], call["named"])}
    except KeyboardInterrupt:
        return INTERRUPTED
    part = Path(call["row"] + ".part")
    part.write_text(json.dumps(row, ensure_ascii=True, default=str), encoding="utf-8")
    os.replace(part, call["row"])  # whole or not at all
    return 0


def _watch() -> None:
    """Interrupt this process when the one that started it has closed its end or died."""
    while os.read(0, 1_024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def _row(call: dict[str, Any]) -> dict[str, Any]:
    from cot_magic.actions.debug_notebook import debug_notebook
    from cot_magic.render.summary import summary
    from cot_magic.run.choose_reasoner import choose_reasoner

    settings = Settings(**{**call["settings"], "allow": tuple(call["settings"]["allow"])})
    mailbox = Path(call["row"]).with_name("mailbox.json")
    if call["mailbox"]:
        mailbox.write_text(json.dumps({**call["mailbox"], "asked": None}), encoding="utf-8")
        settings = replace(settings, mailbox=str(mailbox))
    choose_reasoner(settings)  # refuses an unknown one before a kernel is started
    path = Path(call["path"])
    notes: list[str] = []
    done = debug_notebook(
        path,
        replace(settings, save=None),
        kernel=call["kernel"],
        complain=lambda error: notes.append(f"no certificate: {error}"),
    )
    session = done.run.session
    row = summary(session, notebook=call["named"], intensity=settings.intensity)
    row["note"] = " ".join(notes)
    row["frame"] = _frame(session)
    if call["mailbox"] and call["mailbox"]["exchanges"] and done.run.failed is None:
        row["note"] = "it failed when it first ran and a model was asked, and passed when it ran again."
    if call["mailbox"]:
        row["asked"] = json.loads(mailbox.read_text(encoding="utf-8"))["asked"]
    if call["report"] and done.run.failed is not None:
        from cot_magic.capture.secrets.redactor import Redactor
        from cot_magic.notebook.report.session import without_recording
        from cot_magic.notebook.report.write import export

        Path(call["report"]).parent.mkdir(parents=True, exist_ok=True)
        heard = done.heard or without_recording(session)
        export(heard, Path(call["report"]), redact=Redactor().text, folder=path.parent)
        row["report"] = call["report"]
    return row


def _trial(call: dict[str, Any], trial: dict[str, Any]) -> dict[str, Any]:
    """Run the notebook with edits, from top to bottom in a fresh confined kernel; see `group_fix`."""
    from cot_magic.actions.certify import WholeNotebook, certificate_of
    from cot_magic.core.certificate import CellOutcome
    from cot_magic.run.certify import drained
    from cot_magic.run.notebook import read_notebook

    path = Path(call["path"])
    notebook = read_notebook(path)
    for edit in trial["edits"]:
        notebook.cells[edit["cell_index"]].source = edit["source"]
    settings = Settings(**{**call["settings"], "allow": tuple(call["settings"]["allow"])})
    subject = WholeNotebook(notebook=notebook, path=path)
    certificate = drained(certificate_of(subject, settings, kernel=call["kernel"]))
    found = next((cell for cell in certificate.cells if cell.place == trial["cell_index"]), None)
    result = {CellOutcome.PASSED: "holds", CellOutcome.FAILED: "fails"}
    note = found.reason if found is not None else "the cell is not among those that ran"
    outcome = result.get(found.outcome, "not-run") if found is not None else "not-run"
    return {"result": outcome, "note": note}


def _frame(session: Session) -> str:
    """The guilty frame: the function of a library that was called, or the statement of the cell."""
    case: Case | None = session.case
    if case is None or case.raised is None:
        return ""
    frame = case.raised.innermost_in_cells
    called = case.raised.frames[-1] if case.raised.frames else None
    if called is not None and called.cell is None:
        place = called.filename.replace("\\", "/")
        return f"{place.rpartition('site-packages/')[2] or place}:{called.function}"
    return frame.line if frame is not None else ""


if __name__ == "__main__":
    sys.exit(main())

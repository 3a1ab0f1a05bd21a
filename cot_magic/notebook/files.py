"""Writes fix and tests into a notebook file: edits in place, tests below the failing cell, all or nothing."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cot_magic.core.case import Case, CellId, NewCell
from cot_magic.core.errors import NotebookError
from cot_magic.core.findings import CellEdit, Fix, FixVerdict
from cot_magic.core.session import Session
from cot_magic.notebook.cells import marked, metadata, test_cells

CHOICE = "cot-fix"
_COT_LINE = re.compile(r"(?:\s*\n)?%%cot\+{0,2}(?=\s|$)")


class FileInserter:
    """Writes a changed copy of a notebook. The input is only read, unless it is also the output.

    Parameters
    ----------
    path_in, path_out
        Notebooks of format 4.
    session
        New cells go below its failing cell; without a session, at the end.
    """

    def __init__(self, path_in: Path | str, path_out: Path | str, session: Session | None = None) -> None:
        self._in, self._out, self._session = Path(path_in), Path(path_out), session
        self._written = False
        self._before: bytes | None = None

    def apply(self, session: Session) -> str:
        """Edit the cells of the best fix and add its tests below the failing cell.

        Raises NotebookError, with nothing written, if a cell has changed since it was debugged or is missing,
        or if the file cannot be read or written.
        """
        self._session = session
        fix, case = session.best_fix, session.case
        if fix is None or case is None:
            raise NotebookError(f"{self._out} was not written: the session has no fix.")
        notebook = _read(self._in)
        tests = self._fix(notebook, session)
        self._write(notebook)
        edited = ", ".join(case.label(edit.cell) for edit in fix.edits)
        added = f", {len(tests)} test cell{'s' * (len(tests) != 1)} added" if tests else ""
        return f"{self._out} written: {edited} edited{added}."

    def fixed(self, notebook: Any, session: Session) -> Any:
        """Return a copy of a notebook with the best fix and its tests; nothing is read or written.

        Raises NotebookError as `apply` does.
        """
        from copy import deepcopy

        self._session = session
        changed = deepcopy(notebook)
        self._fix(changed, session)
        return changed

    def insert(self, cells: Sequence[NewCell]) -> str:
        """Add the cells below the failing one, with their tags."""
        notebook = _read(self._in)
        self._add(notebook, cells)
        self._write(notebook)
        return f"{self._out} written: {len(cells)} cell{'s' * (len(cells) != 1)} added."

    def undo(self) -> str:
        """Restore what was at the output path before the last write."""
        if not self._written:
            return "Nothing was written."
        self._written = False
        if self._before is None:
            self._out.unlink(missing_ok=True)
            return f"{self._out} removed."
        _replace(self._out, self._before, like=self._out)
        return f"{self._out} is restored."

    def _fix(self, notebook: Any, session: Session) -> tuple[NewCell, ...]:
        """Edit the cells of the best fix; add its tests and return them."""
        fix, case = session.best_fix, session.case
        if fix is not None and case is not None:
            verdict = session.judge_fix(fix).verdict
            for edit in fix.edits:
                cell = self._edit(notebook, case, edit)
                if verdict is not FixVerdict.VERIFIED:
                    _mark_as_choice(cell, fix, session.id, verdict)
        tests = test_cells(session)
        self._add(notebook, tests)
        return tests

    def _edit(self, notebook: Any, case: Case, edit: CellEdit) -> Any:
        """Edit a cell of the notebook and return it."""
        place = _find(notebook, case, edit.cell)
        if place is None:
            raise NotebookError(f"{self._in}: {case.label(edit.cell)} is missing. Nothing was written.")
        cell = notebook.cells[place]
        if edit.before.rstrip() not in (cell.source.rstrip(), _as_run(cell.source).rstrip()):
            raise NotebookError(
                f"{self._in}: {case.label(edit.cell)} has changed since it was debugged. Nothing was "
                "written; run it again."
            )
        cell.source = _as_written(cell.source, edit.after)
        cell.outputs, cell.execution_count = [], None
        return cell

    def _add(self, notebook: Any, cells: Sequence[NewCell]) -> None:
        from nbformat import v4

        session = self._session
        case = session.case if session is not None else None
        below = _find(notebook, case, case.cell.id) if case is not None else None
        place = len(notebook.cells) if below is None else below + 1
        for offset, cell in enumerate(cells):
            make: Any = v4.new_markdown_cell if cell.markdown else v4.new_code_cell
            carried = metadata(cell, session.id if session is not None else "")
            notebook.cells.insert(place + offset, make(cell.source, metadata=carried))

    def _write(self, notebook: Any) -> None:
        import nbformat

        try:
            nbformat.validate(notebook)
        except nbformat.ValidationError as error:
            reason = str(error).splitlines()[0]
            raise NotebookError(f"{self._out} was not written, as it would be invalid: {reason}") from None
        text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        exists = self._out.exists()
        try:
            before = self._out.read_bytes() if exists else None
            _replace(self._out, f"{text.rstrip()}\n".encode(), like=self._out if exists else self._in)
        except OSError as error:
            raise NotebookError(f"{self._out} cannot be written: {error.strerror}.") from None
        self._before, self._written = before, True


def _mark_as_choice(cell: Any, fix: Fix, session_id: str, verdict: FixVerdict) -> None:
    """Say in the cell and in its metadata that the edit passes and may still not be what was meant."""
    top, rest = _split(cell.source)
    cell.source = top + marked(rest, f"# cot fix ({verdict.value.lower()}: a choice, not proven): ", fix.why)
    tags = [tag for tag in cell.metadata.get("tags", []) if tag != CHOICE]
    cell.metadata["tags"] = [*tags, CHOICE]
    cell.metadata["cot"] = {"session": session_id, "role": "fix", "verdict": verdict.value}


def _read(path: Path) -> Any:
    """Return the notebook with an id for each cell; cells without one get `cell-<index>`."""
    import nbformat

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise NotebookError(f"{path} is not a notebook: it is not JSON.") from None
    if not isinstance(data, dict) or data.get("nbformat") != 4 or not isinstance(data.get("cells"), list):
        raise NotebookError(f"{path} is not a notebook of format 4.")
    notebook = nbformat.from_dict(data)  # type: ignore[no-untyped-call]
    notebook.nbformat_minor = max(5, notebook.get("nbformat_minor", 5))  # ids came with 4.5
    for place, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{place}")
        if isinstance(cell.get("source"), list):
            cell.source = "".join(cell.source)
    return notebook


def _find(notebook: Any, case: Case, cell_id: CellId) -> int | None:
    """Return the index of a cell: found by its id, else by its index if the source there is what ran."""
    for place, cell in enumerate(notebook.cells):
        if cell.get("id") == cell_id and cell.get("cell_type") == "code":
            return place
    known = case.cell_by_id(cell_id)
    if known is None or known.index is None or known.index >= len(notebook.cells):
        return None
    cell = notebook.cells[known.index]
    same = cell.get("cell_type") == "code" and _as_run(cell.source).rstrip() == known.source.rstrip()
    return known.index if same else None


def _split(source: str) -> tuple[str, str]:
    """Split a source into its `%%cot` line, with the line end, and the rest."""
    if not _COT_LINE.match(source):
        return "", source
    stripped = source.lstrip()
    line, end, rest = stripped.partition("\n")
    return source[: len(source) - len(stripped)] + line + end, rest


def _as_run(source: str) -> str:
    """Return the source as it ran: its `%%cot` line is a comment, or removed above another cell magic."""
    top, rest = _split(source)
    if not top:
        return source
    if rest.startswith("%%"):
        return rest
    lead = top[: len(top) - len(top.lstrip())]
    return f"{lead}#{top.lstrip()}{rest}"


def _as_written(source: str, after: str) -> str:
    """Return the edited source with the `%%cot` line as the person wrote it."""
    top, _ = _split(source)
    if not top:
        return after
    lead = top[: len(top) - len(top.lstrip())]
    comment = f"{lead}#{top.lstrip()}"
    return top + (after[len(comment) :] if after.startswith(comment) else after)


def _replace(path: Path, content: bytes, *, like: Path) -> None:
    """Write a temporary file next to the target and rename it, so that no reader sees half of it."""
    target = path.resolve()  # follow a link instead of replacing it
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(like, name)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise

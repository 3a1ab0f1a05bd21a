"""Writes the RCA notebook: a session as a document that runs, is tested by nbval, and can be replayed."""

import json
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cot_magic.core.errors import UnknownOption, UsageError
from cot_magic.core.events import Stamped
from cot_magic.notebook.report.case import Dossier, dossier
from cot_magic.notebook.report.cells import SKIP, ReportCell, as_json, merged, text_cell
from cot_magic.notebook.report.data import DataFile, data_cells, data_files
from cot_magic.notebook.report.sections import NEED_KIT, SECTIONS
from cot_magic.notebook.report.session import KEY, folded, metadata, redacted, without_machine
from cot_magic.notebook.report.template import parts, read_template
from cot_magic.render.markdown import escaped, inline
from cot_magic.render.outline import badge, title

FORMAT = 1
USAGE = "%cot_export PATH.ipynb [--template FILE] [--embed-data]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Where to write a report, from which template, and whether to embed small data files."""

    path: Path
    template: Path | None = None
    embed_data: bool = False


def parse_line(line: str) -> ExportOptions:
    """Parse the options of `%cot_export`. Raises UsageError, or UnknownOption naming the nearest option."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%cot_export: {error}. Expected {USAGE}. Nothing was written.") from None
    paths: list[str] = []
    template: str | None = None
    embed = False
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=")
        if name == "--embed-data" and not sign:
            embed = True
        elif name == "--template":
            if not sign and not words:
                raise UsageError(f"--template needs a file: {USAGE}. Nothing was written.")
            template = value if sign else words.pop(0)
        elif word.startswith("--"):
            nearest = "--template" if word[2:3] == "t" else "--embed-data"
            raise UnknownOption(word, nearest)
        else:
            paths.append(word)
    if len(paths) != 1 or not paths[0].endswith(".ipynb"):
        raise UsageError(f"%cot_export takes the path of a notebook: {USAGE}. Nothing was written.")
    return ExportOptions(
        path=Path(paths[0]), template=Path(template) if template is not None else None, embed_data=embed
    )


def report(
    stampeds: Sequence[Stamped],
    *,
    redact: Callable[[str], str],
    template: str | None = None,
    folder: Path | None = None,
    embed: bool = False,
) -> dict[str, Any]:
    """Return a session as a notebook of format 4.5 (JSON data); the same events and template give the same.

    Parameters
    ----------
    stampeds
        The events of one session, as they were recorded.
    redact
        Withholds secrets; every string of the session passes through it, including sources of cells.
    template
        Markdown with `{{section}}` lines; None for the package's own.
    folder
        Where the notebook ran. Files there that its cells name are embedded with `embed`, else listed.

    Raises UsageError if the events have no case or the template does not fit.
    """
    safe = [redacted(stamped, redact) for stamped in stampeds]
    session = folded(safe)
    if session.case is None:
        raise UsageError("there is nothing to report: the session has no case.")
    told = dossier(safe, session, session.case)
    files = () if folder is None else data_files(told.sources, folder, embed=embed, redact=redact)
    cells = merged(_cells(told, files, read_template(None) if template is None else template))
    if any(item.content is None for item in files):
        cells = [cell if cell.markdown else replace(cell, tags=(*cell.tags, SKIP)) for cell in cells]
    events = metadata(without_machine(safe, session.case.environment.cwd))
    return {
        "cells": as_json(cells),
        "metadata": {
            KEY: {"format": FORMAT, "session": events},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": session.case.environment.python},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def export(
    stampeds: Sequence[Stamped],
    path: Path,
    *,
    redact: Callable[[str], str],
    template: Path | None = None,
    folder: Path | None = None,
    embed: bool = False,
) -> str:
    """Write the report of a session (see `report`); return one sentence for the person. Raises UsageError."""
    text = read_template(template)
    return write_report(path, report(stampeds, redact=redact, template=text, folder=folder, embed=embed))


def write_report(path: Path, notebook: dict[str, Any]) -> str:
    """Write a report atomically; return one sentence for the person. Raises UsageError."""
    import nbformat

    nbformat.validate(notebook)
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    try:
        _replace(path, text.encode("utf-8", "backslashreplace"))  # a lone surrogate becomes its JSON escape
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}. Choose another path.") from None
    code = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    return f"{path} written: {len(notebook['cells'])} cells, {code} of them code; it contains the session."


def _cells(told: Dossier, files: Sequence[DataFile], template: str) -> Iterator[ReportCell]:
    session = told.session
    raised = told.case.raised
    words = {
        "title": inline(title(session)),
        "verdict": escaped(badge(session).text),
        "error": escaped(raised.ename if raised is not None else "none"),
        "session": escaped(session.id or "without a name"),
    }
    for part in parts(template, sections=tuple(SECTIONS), words=words, later=NEED_KIT):
        if part.section:
            if part.section == "reproduction" and not told.skip:
                yield from data_cells(files, moves=told.writes)
            yield from SECTIONS[part.section](told)
        else:
            yield text_cell(part.text)


def _replace(path: Path, content: bytes) -> None:
    """Write a temporary file next to the target and rename it, so that no reader sees half of it."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""`cot-magic report`, and `--report` of `cot-magic run`: a session as a notebook that runs."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cot_magic.core.errors import UsageError
from cot_magic.core.events import Stamped


def add_parser(commands: Any) -> None:
    """Add the command to those of `cot-magic`."""
    told = commands.add_parser("report", help="a recorded session as a notebook that runs")
    told.add_argument("recording", type=Path, metavar="SESSION", help="a .cot.jsonl file, or a report")
    told.add_argument(
        "-o", "--output", type=Path, required=True, metavar="RCA", help="notebook to write (.ipynb)"
    )
    told.set_defaults(run=report_command)
    add_options(told)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What goes into a report."""
    parser.add_argument("--template", type=Path, metavar="FILE", help="sections of the report, in Markdown")
    parser.add_argument("--embed-data", action="store_true", help="put small files that cells name into it")


def export(heard: Sequence[Stamped], given: argparse.Namespace, path: Path, folder: Path) -> None:
    """Write the report of a session and say so. Raises UsageError."""
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.notebook.report import write as rca

    options = {"template": given.template, "folder": folder, "embed": given.embed_data}
    said = rca.export(heard, path, redact=Redactor().text, **options)
    if not getattr(given, "quiet", False):
        print(said)


def report_command(given: argparse.Namespace) -> int:
    """`cot-magic report`: a recording as a notebook; nothing is run."""
    from cot_magic.notebook.report.session import events_of
    from cot_magic.run.recording import read

    writable(given.output)
    export(events_of(given.recording, read), given, given.output, given.recording.parent)
    return 0


def writable(path: Path | None) -> None:
    """Say now, before anything runs, that an output cannot be written. Raises UsageError."""
    if path is None:
        return
    folder = path.resolve().parent
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder. Name a file. Nothing was run.")
    if not folder.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {folder}. Nothing was run.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"cannot write {path}: permission denied. Nothing was run.")

"""Files that commands write: checked before anything runs, reports written at the end."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from cot_magic.core.errors import UsageError
from cot_magic.core.events import Stamped


def writable(path: Path | None) -> None:
    """Raise UsageError now, before anything runs, if an output cannot be written."""
    if path is None:
        return
    folder = path.resolve().parent
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder. Name a file. Nothing was run.")
    if not folder.is_dir():
        raise UsageError(f"cannot write {path}: the folder {folder} does not exist. Nothing was run.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"cannot write {path}: permission denied. Nothing was run.")


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a report."""
    parser.add_argument("--template", type=Path, metavar="FILE", help="sections of the report, in Markdown")
    parser.add_argument("--embed-data", action="store_true", help="embed small files that the cells read")


def write_report(heard: Sequence[Stamped], given: argparse.Namespace, path: Path, folder: Path) -> None:
    """Write the report of a session and say so. Raises UsageError."""
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.notebook.report import write

    options = {"template": given.template, "folder": folder, "embed": given.embed_data}
    said = write.export(heard, path, redact=Redactor().text, **options)
    if not getattr(given, "quiet", False):
        print(said)

"""What one notebook of a sweep is run with, and what may be used for it."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cot_magic.core.errors import NotebookError

SKIPPED = frozenset({".ipynb_checkpoints", "node_modules", "site-packages", "__pycache__"})
"""Folders in which no notebook is looked for; nor is it in those whose name begins with a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What one notebook may use.

    Attributes
    ----------
    seconds
        Real time, with its kernel's start and its debugging.
    memory_mib
        Resident memory of all its processes together, in MiB.
    written_mib
        Size of a single file that it writes, and of its working copy, in MiB.
    processes
        How many processes it may have at a time.
    """

    seconds: float = 600.0
    memory_mib: int = 4_096
    written_mib: int = 2_048
    processes: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One notebook to run. It is plain data, so that it can be sent to another machine.

    `named` is the path as the person gave it, `path` the absolute one; `settings` are those of the session
    as a dictionary; `report` is where a report of a failure is written, "" for none; `version` is that of
    cot-magic. With `trial` the notebook is not debugged: it runs with those edits in a confined kernel. With
    `mailbox` a model is asked in batches: it has what is known of the model (`capabilities`) and what came
    back so far (`exchanges`).
    """

    named: str
    path: str
    settings: dict[str, Any] = field(hash=False)
    kernel: str | None = None
    ceilings: Ceilings = Ceilings()
    report: str = ""
    version: str = ""
    trial: dict[str, Any] | None = field(default=None, hash=False)
    mailbox: dict[str, Any] | None = field(default=None, hash=False)

    def fingerprint(self) -> str:
        """Tells whether a row is still that of this task: what it runs, how, and with which version.

        Data files are not looked at. Raises OSError if the notebook cannot be read.
        """
        how = json.dumps([self.version, self.settings, self.kernel, asdict(self.ceilings)], sort_keys=True)
        return hashlib.sha256(how.encode() + b"\0" + Path(self.path).read_bytes()).hexdigest()


def notebooks_in(paths: Sequence[Path]) -> Iterator[Path]:
    """Every notebook among files and folders, in order and once. Raises NotebookError for a missing path."""
    seen: set[str] = set()
    for path in paths:
        if path.is_dir():
            found = list(_below(path))
            if not found:
                raise NotebookError(f"{path}: no notebook (.ipynb) in this folder.")
        elif path.exists():
            found = [path]
        else:
            raise NotebookError(f"{path}: no such file or folder.")
        for notebook in found:
            real = os.path.realpath(notebook)
            if real not in seen:
                seen.add(real)
                yield notebook


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if name.endswith(".ipynb"))

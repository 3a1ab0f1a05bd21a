"""A copy of the folder, for code that writes files there: it gets to its end, and nothing changes."""

import os
import shutil
from dataclasses import replace
from itertools import islice

from cot_magic.core.jobs import IN_A_COPY, JobResult, Outcome

LARGEST = 1 << 20
MOST_BYTES = 16 << 20
MOST_ENTRIES = 2_000
_WRITES = ("write ", "open database ", "make folder ")


def wanted(result: JobResult) -> bool:
    """Whether what stopped a job was that it wrote a file into its working directory."""
    if result.outcome is not Outcome.BLOCKED or result.raised is None or not result.effects:
        return False
    verb = next((verb for verb in _WRITES if result.effects[-1].startswith(verb)), None)
    path = result.effects[-1].removeprefix(verb or "")
    return verb is not None and not os.path.isabs(path) and ".." not in path.split("/")


def joined(first: JobResult, again: JobResult) -> JobResult:
    """The result in a copy of the folder, if the job then passed; what it tried to write is told too."""
    if again.outcome is Outcome.BLOCKED:
        return first
    effects = tuple(dict.fromkeys((*first.effects, *again.effects)))
    note = IN_A_COPY if again.outcome is Outcome.PASSED and not again.note else again.note
    return replace(again, effects=effects, note=note)


def enter(scratch: str) -> None:
    """Make the copy in a folder that the job may write to, and work there.

    Files over `LARGEST` bytes, folders, and what the job may not read are links: reading works as before, and
    writing is refused as before.
    """
    here, left = os.getcwd(), MOST_BYTES
    there = os.path.join(scratch, os.path.basename(here) or "folder")
    os.mkdir(there, 0o700)
    with os.scandir(here) as entries:
        for entry in islice(entries, MOST_ENTRIES):
            size = entry.stat(follow_symlinks=False).st_size
            copy = os.path.join(there, entry.name)
            if (
                entry.is_file(follow_symlinks=False)
                and size <= min(LARGEST, left)
                and _copied(entry.path, copy)
            ):
                left -= size
            else:
                os.symlink(entry.path, copy)
    os.chdir(there)


def _copied(source: str, target: str) -> bool:
    try:
        shutil.copyfile(source, target)
    except OSError:  # nobody may read it here
        if os.path.lexists(target):
            os.remove(target)
        return False
    return True

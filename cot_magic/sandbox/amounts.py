"""What a job may write, and how much it has."""

import os

SCRATCH_FILES = 4  # the scratch folder may hold this many files of the largest permitted size
MOST_ENTRIES = 5_000
"""Files and folders that a job may make before it is stopped."""


def written(folder: str, most: int) -> tuple[int, int]:
    """The size in bytes of what is below a folder, and how many entries that is, counted up to one too many.

    Raises OSError for a folder that cannot be read or is too deep for a path: its content would not count.
    """
    total, count, todo = 0, 0, [folder]
    while todo and count <= most:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > most:
                        break
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except (FileNotFoundError, NotADirectoryError):
            continue  # the job has removed it
    return total, count


def wrote_too_much(scratch: str, file_mb: int, *, most: int = MOST_ENTRIES, deleted: int = 0) -> str:
    """Why a job is stopped that has the folder `scratch`, or an empty string.

    Parameters
    ----------
    file_mb
        That one file may have.
    most
        Files and folders.
    deleted
        The size in bytes of what it has deleted and still uses.
    """
    try:
        size, entries = written(scratch, most)
    except OSError:
        return "stopped: it made a folder that cannot be read"
    if entries > most:
        return f"stopped: it made more than {MOST_ENTRIES:,} files and folders"
    if size + deleted > (file_mb << 20) * SCRATCH_FILES:
        return f"stopped: it wrote more than {file_mb * SCRATCH_FILES} MB of files"
    return ""

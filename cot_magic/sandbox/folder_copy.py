"""A copy of a folder in which the same relative paths work: what is beside and above it is linked."""

import os
import shutil
import stat
from dataclasses import dataclass, field

from cot_magic.sandbox.secret_places import is_secret

MOST_BYTES = 512 << 20
MOST_FILES = 20_000
LINKED = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", ".tox", ".nox", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", "__pycache__", ".ipynb_checkpoints", ".idea", ".vscode", ".conda",
    "site-packages",
})  # fmt: skip
"""Folders that are linked rather than copied: they are large, and no cell writes to them."""


@dataclass(slots=True)
class FolderCopy:
    """Where the copy is, and what is linked rather than copied, so that it cannot be written.

    `linked` was too large; what is in `secret` holds credentials, and must not be read either.
    """

    path: str
    linked: list[str] = field(default_factory=list)
    secret: list[str] = field(default_factory=list)


def copy_folder(
    folder: str, root: str, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
) -> FolderCopy:
    """Copy `folder` below `root`, with links to its neighbours and to those of the folders above it.

    So `../data/sales.csv` is the same file for a process in the copy. Sockets, pipes and devices are left
    out, as is what cannot be read. Small files are copied first, so that few large ones are left to link.
    """
    folder = os.path.realpath(folder)
    parts = [part for part in folder.split("/") if part]
    here, real = root, "/"
    os.makedirs(here, exist_ok=True)
    for part in parts:
        _link_all(real, here, but=part, inside=root)
        here, real = os.path.join(here, part), os.path.join(real, part)
        os.mkdir(here, 0o700)
    copy = FolderCopy(path=here)
    left = _copy_tree(folder, here, copy.secret)
    left.sort()
    files = 0
    for size, source, target in left:
        files += 1
        if size > most_bytes or files > most_files:
            os.symlink(source, target)
            copy.linked.append(os.path.relpath(source, folder))
            continue
        try:
            shutil.copyfile(source, target)
        except OSError:  # it cannot be read here either, or has just been removed
            continue
        most_bytes -= size
        shutil.copystat(source, target)
        os.chmod(target, stat.S_IMODE(os.stat(source).st_mode) | 0o600)
    return copy


def _copy_tree(folder: str, target: str, secret: list[str]) -> list[tuple[int, str, str]]:
    """Make the folders and links of a tree; return its files with their sizes and targets.

    What holds credentials is linked, and added to `secret`.
    """
    files: list[tuple[int, str, str]] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return files
    for entry in entries:
        place = os.path.join(target, entry.name)
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except OSError:
            continue
        if is_secret(entry.name):
            os.symlink(entry.path, place)
            secret.append(entry.path)
        elif stat.S_ISLNK(mode):
            os.symlink(os.readlink(entry.path), place)  # a relative one works in the copy too
        elif stat.S_ISDIR(mode) and (entry.name in LINKED or os.path.ismount(entry.path)):
            os.symlink(entry.path, place)
        elif stat.S_ISDIR(mode):
            os.mkdir(place, 0o700)
            files += _copy_tree(entry.path, place, secret)
        elif stat.S_ISREG(mode):
            files.append((entry.stat(follow_symlinks=False).st_size, entry.path, place))
    return files


def _link_all(real: str, here: str, *, but: str, inside: str) -> None:
    """Link every entry of a folder but one."""
    try:
        names = os.listdir(real)
    except OSError:
        return
    for name in names:
        path = os.path.join(real, name)
        if name != but and not inside.startswith(f"{path}/"):
            os.symlink(path, os.path.join(here, name))

"""The command line of bubblewrap for one job, on a Linux without Landlock: namespaces, and read-only files.

What it does not refuse (sockets of files, metadata, starting programs), seccomp does, in the process itself.
"""

import os
import shutil
from collections.abc import Iterator, Sequence

from cot_magic.sandbox.bounds import Bounds, is_within
from cot_magic.sandbox.near import OF_THE_SYSTEM

PROGRAM = "bwrap"
ALONE = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")


def is_there() -> bool:
    """Whether it is installed."""
    return shutil.which(PROGRAM) is not None


def command(bounds: Bounds, arguments: Sequence[str]) -> list[str]:
    """The command that runs these arguments in its bounds."""
    return [PROGRAM, *ALONE, *_options(bounds), "--chdir", os.getcwd(), "--", *arguments]


def _options(bounds: Bounds) -> Iterator[str]:
    if bounds.permissions.net:
        yield "--share-net"
    if bounds.only is None:
        yield from ("--ro-bind", "/", "/")
    else:
        for path in (*OF_THE_SYSTEM, *bounds.only.whole):
            yield from ("--ro-bind-try", path, path)
    yield from ("--dev", "/dev", "--proc", "/proc")
    yield from _closed(bounds, bounds.closed)
    for path in bounds.reopened:
        yield from ("--ro-bind-try", path, path)
    yield from _closed(bounds, bounds.closed_again)
    for path in bounds.writable:
        yield from ("--bind", path, path)
    if bounds.only is not None:
        yield from ("--remount-ro", "/")  # the folders on the way to what may be read


def _closed(bounds: Bounds, paths: Sequence[str]) -> Iterator[str]:
    """Cover folders by ones that nobody may enter, and files by a device that nobody may open."""
    for path in paths:
        if bounds.only is not None and not is_within(path, bounds.only.whole):
            continue  # it is not there
        if os.path.isdir(path):
            used = any(is_within(other, (path,)) for other in (*bounds.reopened, *bounds.writable))
            yield from ("--perms", "0111" if used else "0000", "--tmpfs", path)
        elif os.path.exists(path):
            yield from ("--ro-bind", os.devnull, path)

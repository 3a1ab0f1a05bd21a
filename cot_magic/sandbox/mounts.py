"""Where else the system shows a file: file systems that are mounted in several places."""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

OF_THIS_PROCESS = "/proc/self/mountinfo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A part of a file system (`root` and what is below it), and where it is mounted."""

    root: str
    point: str


def seen_elsewhere(paths: Collection[str]) -> set[str]:
    """The other paths of these files and folders, which are absolute and real. Raises OSError."""
    if not paths:
        return set()
    with open(OF_THIS_PROCESS, encoding="utf-8", errors="surrogateescape") as file:
        mounted = list(_read(file.read()))
    parts: dict[str, list[Mount]] = defaultdict(list)
    for device, mount in mounted:
        parts[device].append(mount)
    if all(len(mounts) == 1 for mounts in parts.values()):
        return set()
    found = set[str]()
    for path in paths:
        under = [(device, mount) for device, mount in mounted if _below(path, mount.point) is not None]
        # of those at the same place, the last one is on top
        device, over = max(reversed(under), key=lambda pair: len(pair[1].point), default=("", None))
        if over is None:
            continue
        inside = _joined(over.root, _below(path, over.point) or "")
        for mount in parts[device]:
            if mount is not over and (rest := _below(inside, mount.root)) is not None:
                found.add(_joined(mount.point, rest))
    return found - set(paths)


def _read(lines: str) -> Iterator[tuple[str, Mount]]:
    """The device and the place of each mount (proc_pid_mountinfo(5))."""
    for line in lines.splitlines():
        _, _, device, root, point, *_ = line.split(" ")
        yield device, Mount(root=_plain(root), point=_plain(point))


def _plain(text: str) -> str:
    """Blanks and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _below(path: str, folder: str) -> str | None:
    """The rest of a path after a folder that it is or lies in; None if it does not."""
    if path == folder:
        return ""
    start = f"{folder.rstrip('/')}/"
    return path.removeprefix(start) if path.startswith(start) else None


def _joined(folder: str, rest: str) -> str:
    return os.path.join(folder, rest) if rest else folder

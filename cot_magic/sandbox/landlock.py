"""Landlock: which files a job may read and write; nothing outside can be signalled or reached."""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Callable, Collection, Iterator, Sequence

from cot_magic.core.errors import SandboxError
from cot_magic.sandbox import mounts, secret_places, syscalls
from cot_magic.sandbox.near import Readable
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.syscalls import libc

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # since ABI 2, 3 and 5
READ = EXECUTE | READ_FILE | READ_DIR
TCP_BIND_CONNECT = 3  # since ABI 4
SCOPE_ABSTRACT_SOCKET, SCOPE_SIGNAL = 1, 2  # since ABI 6

DEVICES = ("/dev/null", "/dev/full", "/dev/urandom", "/dev/random")
"""Without /dev/zero: shared maps of it are memory that no limit counts."""
OF_PROC = (
    "cgroups", "cpuinfo", "devices", "diskstats", "filesystems", "interrupts", "loadavg", "meminfo",
    "partitions", "stat", "swaps", "sys", "uptime", "version", "vmstat", "zoneinfo",
)  # fmt: skip
"""What a job may read in /proc beside its own entry: those of others tell how they were started."""
PROTECTED = frozenset({
    ".bashrc", ".bash_profile", ".bash_login", ".zshrc", ".zshenv", ".zprofile", ".profile", ".gitconfig",
    ".gitmodules", ".git", ".ssh", ".gnupg", ".aws", ".netrc", ".pypirc", ".npmrc", ".mcp.json", ".vscode",
    ".idea", ".claude", ".ipython", ".jupyter", ".config", ".local", ".envrc",
})  # fmt: skip
"""Names that stay unwritable whatever is allowed: a shell, git or an editor would run them later."""
MOST_DIRECTORIES = 20_000


def abi() -> int:
    """The Landlock version of this Linux; 0 if there is none."""
    return max(0, int(libc.syscall(syscalls.LANDLOCK_CREATE_RULESET, None, 0, 1)))


def reading(closed: Collection[str], version: int) -> int:
    """The file descriptor of a ruleset that lets everything be read but `closed`. Raises OSError.

    It is a layer of its own, which many jobs can put on: what is closed hardly changes, and is long.
    """
    handled = (READ | REFER) & _all_rights(version)
    ruleset = _ruleset(handled, net=True, version=min(version, 3))
    try:
        denied = _denied(closed)
        for path in _without(denied | {"/dev"}, "/"):
            _allow(ruleset, path, READ, handled)
        for path in (*DEVICES, "/dev/shm"):  # noqa: S108 - nothing is written there
            _allow(ruleset, path, READ, handled)
        for path in map(_resolve, secret_places.needed()):
            if not denied.isdisjoint(_above(path)):
                for inner in _without(denied, path):
                    _allow(ruleset, inner, READ, handled)
        _allow(ruleset, "/", READ_DIR | (REFER & handled), handled)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def _near(only: Readable, scratch: str, permissions: Permissions, version: int) -> int:
    """The file descriptor of a ruleset that lets only this be read, `scratch`, and what may be written."""
    handled = (READ | REFER) & _all_rights(version)
    ruleset = _ruleset(handled, net=True, version=min(version, 3))
    try:
        written = (path for path, _ in writable_paths(permissions.writable))
        for path in (*only.whole, *written, scratch, "/proc", *DEVICES):
            _allow(ruleset, path, READ, handled)
        for path in only.listed:
            _allow(ruleset, path, READ_DIR, handled)
        if REFER & handled:
            _allow(ruleset, "/", REFER, handled)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def restrict(
    *,
    scratch: str,
    layer: int,
    closed: Collection[str],
    permissions: Permissions,
    version: int,
    only: Readable | None = None,
) -> None:
    """Confine this thread for good; only `scratch` and what is permitted is writable. Raises OSError.

    Parameters
    ----------
    layer
        The ruleset of `reading`.
    closed
        What must not be read besides, as it may be another for each job.
    only
        If given, nothing else is readable.
    """
    rights = _all_rights(version)
    ruleset = _ruleset(rights, net=permissions.net, version=version)
    layers = [layer, ruleset]
    try:
        if only is not None:
            layers.append(_near(only, scratch, permissions, version))
        denied = _denied(closed)
        if not permissions.proc:  # the processes that it starts have entries of their own
            denied.add("/proc")
            for path in (f"/proc/{os.getpid()}", *(f"/proc/{name}" for name in OF_PROC)):
                _allow(ruleset, path, READ & rights, rights)
        for path in _without(denied, "/"):
            _allow(ruleset, path, READ & rights, rights)
        _allow(ruleset, "/", READ_DIR, rights)
        for path, whole in [(scratch, True), *writable_paths(permissions.writable)]:
            granted = rights if whole else READ | WRITE_FILE | TRUNCATE
            _allow(ruleset, path, granted & rights, rights)
        for path in DEVICES:
            _allow(ruleset, path, (READ_FILE | WRITE_FILE | TRUNCATE) & rights, rights)
        for put_on in layers:
            if libc.syscall(syscalls.LANDLOCK_RESTRICT_SELF, put_on, 0) != 0:
                raise _error("landlock_restrict_self")
    finally:
        for made in layers[1:]:
            os.close(made)


def readable_trees(closed: Collection[str]) -> frozenset[str]:
    """The largest trees that can be read if that is closed: what the rules of a job are made of."""
    return frozenset(_without(_denied(closed), "/"))


def _denied(closed: Collection[str]) -> set[str]:
    """The real paths of what is closed, wherever it is mounted."""
    found = {path for path in map(_resolve, closed) if os.path.lexists(path)}
    return found | {path for path in mounts.seen_elsewhere(found) if os.path.lexists(path)}


def writable_paths(trees: Sequence[str]) -> list[tuple[str, bool]]:
    """What to open for `write=PATH`: pairs of a path and whether entries can be created below it.

    A Landlock rule covers everything below its directory, without exceptions. So in a directory that contains
    a protected name (a git working tree, the home directory) the other entries are opened one by one: they
    can be written, but nothing can be created in the directory itself. Raises SandboxError for a tree that is
    protected itself or too large to search.
    """
    found: list[tuple[str, bool]] = []
    for tree in trees:
        path = _resolve(tree)
        home = _resolve("~")
        inside_home = path.startswith(home.rstrip("/") + "/")
        parts = (path[len(home) :] if inside_home else path).split("/")
        if path == "/" or PROTECTED.intersection(parts):
            raise SandboxError(f"cannot allow write={tree}: it is protected. Name another folder.")
        if not os.path.exists(path):
            raise SandboxError(f"cannot allow write={tree}: no such file or directory.")
        holding = _holders(path, home)
        found.extend(_openable(path, holding))
    return found


def _holders(root: str, home: str) -> set[str]:
    """The directories of the tree that contain a protected name, and those above them in the tree."""
    holding: set[str] = set()
    for count, (folder, names, files) in enumerate(os.walk(root)):
        if count > MOST_DIRECTORIES:
            raise SandboxError(f"cannot allow write={root}: too many directories. Name a smaller folder.")
        if folder == home or PROTECTED.intersection(names) or PROTECTED.intersection(files):
            above = folder
            while above not in holding and above.startswith(root):
                holding.add(above)
                above = os.path.dirname(above)
        names[:] = [name for name in names if name not in PROTECTED]
    return holding


def _openable(path: str, holding: set[str]) -> Iterator[tuple[str, bool]]:
    if path not in holding:
        yield path, os.path.isdir(path)
        return
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name not in PROTECTED and not entry.is_symlink():
                yield from _openable(entry.path, holding)


def _without(denied: Collection[str], folder: str) -> Iterator[str]:
    """The largest trees in `folder` without the denied ones: the allow-list for reading."""
    holding = {above for path in denied for above in _above(path)}
    todo = [folder]
    while todo:
        path = todo.pop()
        if path in denied:
            continue
        if path not in holding:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                todo += [entry.path for entry in entries if not entry.is_symlink()]
        except OSError:  # of its entries only those on the way are known, as in a folder of homes
            todo += [inner for inner in holding if os.path.dirname(inner) == path and inner != path]


def _above(path: str) -> Iterator[str]:
    while len(path) > 1:
        path = os.path.dirname(path)
        yield path


def _all_rights(version: int) -> int:
    rights = REFER - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        rights |= right if version >= since else 0
    return rights


def _ruleset(rights: int, *, net: bool, version: int) -> int:
    """The file descriptor of a new ruleset; the size of the struct depends on the version."""
    tcp = TCP_BIND_CONNECT if version >= 4 and not net else 0
    scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL if version >= 6 else 0
    attributes = struct.pack("QQQ", rights, tcp, scoped)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = int(libc.syscall(syscalls.LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0))
    if ruleset < 0:
        raise _error("landlock_create_ruleset")
    return ruleset


def _allow(ruleset: int, path: str, rights: int, all_rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # removed or inaccessible: it simply stays closed
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV) & all_rights
        rule = struct.pack("=Qi", rights, fd)
        if rights and libc.syscall(syscalls.LANDLOCK_ADD_RULE, ruleset, 1, rule, 0) != 0:
            raise _error(f"landlock_add_rule for {path}")
    finally:
        os.close(fd)


_resolve: Callable[[str], str] = lambda path: os.path.realpath(os.path.expanduser(path))  # noqa: E731


def _error(what: str) -> OSError:
    number = ctypes.get_errno() or errno.EINVAL
    return OSError(number, f"{what}: {os.strerror(number)}")

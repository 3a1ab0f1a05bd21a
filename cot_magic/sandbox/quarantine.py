"""Cuts a new copy off from the kernel: file descriptors, shared memory, secrets in the environment."""

import contextlib
import ctypes
import os
import posix
import re
import stat
from collections.abc import Collection

from cot_magic.sandbox.syscalls import libc

SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|DSN|DATABASE_URL|CONNECTION_STRING", re.IGNORECASE
)
"""Names of environment variables whose values are withheld from copies."""
COPIED_SHARED_BYTES = 64 << 20
PROT_READ, PROT_READ_WRITE = 1, 3
MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS = 0x02, 0x10, 0x20
MREMAP_MAYMOVE, MREMAP_FIXED = 1, 2
MAP_FAILED = ctypes.c_void_p(-1).value


_first_descriptors = frozenset(os.listdir("/proc/self/fd"))
"""Those the kernel had when cot-magic was loaded: its own."""


def shares_something() -> bool:
    """Whether a copy would at first share something of the user: the kernel then waits until it is cut off.

    Otherwise a cell that closes a server and reopens it on the same port would find the port taken, and one
    that writes to shared memory would change the state that the copy preserves.
    """
    return _has_new_descriptors() or _has_writable_shared_memory()


def _has_new_descriptors() -> bool:
    for name in os.listdir("/proc/self/fd"):
        if name not in _first_descriptors:
            try:
                mode = os.fstat(int(name)).st_mode
            except OSError:
                continue  # the descriptor that listed them
            if not stat.S_ISDIR(mode):
                return True
    return False


def _has_writable_shared_memory() -> bool:
    with open("/proc/self/maps", "rb") as file:
        return any(_is_shared(line.split(None, 5)) for line in file.read().splitlines())


def neutralise_descriptors(keep: Collection[int]) -> None:
    """Replace every inherited descriptor: they share offset, locks, epoll sets and peers with the kernel.

    A regular file is reopened read-only at the same offset, directories stay, everything else becomes
    /dev/null. Nothing is closed, because its number would be reused for another file.
    """
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd in keep or fd == null:
            continue
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue  # the descriptor that listed them
        if stat.S_ISDIR(mode):
            continue
        own = _reopened(fd) if stat.S_ISREG(mode) else None
        os.dup2(null if own is None else own, fd, inheritable=fd < 3)
        if own is not None:
            os.close(own)
    os.dup2(null, 0)


def privatise_shared_memory() -> None:
    """Replace shared memory (np.memmap, multiprocessing.Value, SQLite's WAL index) by a private copy of it.

    Beyond 64 MiB it is mapped privately from its file if there is one; otherwise it becomes read-only.
    """
    left = COPIED_SHARED_BYTES
    with open("/proc/self/maps", "rb") as file:
        lines = [line.split(None, 5) for line in file.read().splitlines()]
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for fields in lines:
            if not _is_shared(fields):
                continue
            start, end = (int(part, 16) for part in fields[0].split(b"-"))
            if end - start <= left:
                left -= end - start
                _copy(memory.fileno(), start, end - start)
            elif not _map_privately(fields, start, end - start) and libc.mprotect(
                start, end - start, PROT_READ
            ):
                raise OSError(ctypes.get_errno(), "shared memory could not be made read-only")


def scrub_environment() -> frozenset[str]:
    """Remove secrets from os.environ, posix.environ, getenv and /proc/self/environ. Returns their names."""
    names = frozenset(name for name in os.environ if SECRET_NAME.search(name))
    with open("/proc/self/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    start, end = int(fields[47]), int(fields[48])
    block = ctypes.string_at(start, end - start) if end > start else b""
    for name in names:
        encoded = os.fsencode(name)
        for match in re.finditer(rb"(?:^|\0)" + re.escape(encoded) + rb"=([^\0]*)", block):
            ctypes.memset(start + match.start(1), ord("x"), len(match[1]))
        os.unsetenv(name)
        os.environ.pop(name, None)
        posix.environ.pop(encoded, None)
    return names


def secrets_of_environment() -> tuple[tuple[str, str], ...]:
    """Names and values to withhold from the results of jobs; short values occur by chance."""
    pairs = [
        (name, value) for name, value in os.environ.items() if SECRET_NAME.search(name) and len(value) > 7
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[1])))


def _is_shared(fields: list[bytes]) -> bool:
    """Whether a line of /proc/self/maps is writable shared memory, and not a device."""
    path = fields[5] if len(fields) > 5 else b""
    device = path.startswith(b"/dev/") and not path.startswith((b"/dev/shm", b"/dev/zero"))
    return fields[1][1:2] == b"w" and fields[1][3:4] == b"s" and not device


def _reopened(fd: int) -> int | None:
    try:
        own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None  # not readable for this user: it becomes /dev/null
    os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
    return own


def _copy(memory: int, start: int, size: int) -> None:
    """Replace these pages by a private copy; what cannot be read (beyond the file) is zero."""
    address = libc.mmap(None, size, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if address == MAP_FAILED:
        raise OSError(ctypes.get_errno(), "no memory to copy shared memory")
    buffer = (ctypes.c_char * size).from_address(address)
    with contextlib.suppress(
        OSError
    ):  # EIO: a hole or the end of the file; reading memory itself is a SIGBUS
        done = 0
        while done < size:
            read = os.preadv(memory, [memoryview(buffer)[done:]], start + done)
            if read == 0:
                break
            done += read
    if libc.mremap(address, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED:
        raise OSError(ctypes.get_errno(), "shared memory could not be replaced")


def _map_privately(fields: list[bytes], start: int, size: int) -> bool:
    """Map the same part of the same file copy-on-write; False if no such file can be opened."""
    if len(fields) < 6:
        return False
    try:
        fd = os.open(fields[5], os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if os.fstat(fd).st_ino != int(fields[4]):
            return False
        offset = int(fields[2], 16)
        mapped = libc.mmap(start, size, PROT_READ_WRITE, MAP_PRIVATE | MAP_FIXED, fd, offset)
        return bool(mapped != MAP_FAILED)
    finally:
        os.close(fd)

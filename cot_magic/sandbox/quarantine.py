"""Cuts a new copy off from the kernel: file descriptors, shared memory, secrets in the environment."""

import contextlib
import ctypes
import errno
import fcntl
import os
import posix
import re
import stat
import sys
import zlib
from collections.abc import Collection

from cot_magic.sandbox.environment import secret_names
from cot_magic.sandbox.syscalls import libc

COPIED_SHARED_BYTES = 64 << 20
PIECE = 1 << 20
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
                os.fstat(int(name))
            except OSError:
                continue  # the descriptor that listed them
            return True
    return False


def _has_writable_shared_memory() -> bool:
    with open("/proc/self/maps", "rb") as file:
        maps = [line.split(None, 5) for line in file.read().splitlines()]
    return any(_is_shared(fields) and fields[1][1:2] == b"w" for fields in maps)


def neutralise_descriptors(
    keep: Collection[int], *, written_apart: bool = False
) -> tuple[frozenset[int], frozenset[int]]:
    """Replace every inherited descriptor: they share offset, locks, epoll sets and peers with the kernel.

    A regular file or a folder is reopened read-only at the same offset. A socket, a pipe, a file in memory
    (memfd) or an object of the system without a file (epoll, eventfd) becomes a descriptor on which every
    operation fails, so that nothing reads an end of data that is not there; everything else becomes
    /dev/null. Nothing is closed: its number would be reused for another file.

    With `written_apart`, what goes to a file that is only written to ends in memory instead of failing: so it
    is seen, even if code expects that writing may fail.

    Returns the numbers of those that fail, and those of files that were open for writing.
    """
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    useless = os.open("/dev/null", os.O_PATH | os.O_CLOEXEC)
    lost, files = set[int](), set[int]()
    tracker = _descriptor_of_tracker()
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd in keep or fd in (null, useless):
            continue
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue  # the descriptor that listed them
        if stat.S_ISDIR(mode) and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_PATH:
            continue  # it has no offset, and no other state
        # no fence holds for a file in memory: reopened, it could be written
        in_memory = stat.S_ISREG(mode) and os.readlink(f"/proc/self/fd/{fd}").startswith("/memfd:")
        no_file = stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode) or stat.S_IFMT(mode) == 0
        gone = fd > 2 and fd != tracker and (no_file or in_memory)
        if gone:
            lost.add(fd)
        elif stat.S_ISREG(mode) and _is_written(fd):
            files.add(fd)
        of_a_path = stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and not in_memory)
        own = _reopened(fd, written_apart=written_apart) if of_a_path else None
        os.dup2(useless if gone else null if own is None else own, fd, inheritable=fd < 3)
        if own is not None:
            os.close(own)
    os.dup2(null, 0)
    return frozenset(lost), frozenset(files)


def _is_written(fd: int) -> bool:
    """Whether the person's code has it open for writing; logs of the kernel and IPython's history are not."""
    own = {getattr(stream, "_original_stdstream_copy", None) for stream in (sys.stdout, sys.stderr)}
    if fd < 3 or fd in own:
        return False
    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        return False
    return not os.path.basename(os.readlink(f"/proc/self/fd/{fd}")).startswith("history.sqlite")


def _descriptor_of_tracker() -> int | None:
    """The pipe on which `multiprocessing` registers what it makes; in a copy nobody has to hear of it."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    return getattr(getattr(module, "_resource_tracker", None), "_fd", None)


def privatise_shared_memory() -> tuple[tuple[int, int], ...]:
    """Replace shared memory (np.memmap, multiprocessing.Value, SQLite's WAL index) by a private copy of it.

    Beyond 64 MiB it is mapped from its file, copy-on-write; where no such file can be opened, it is copied
    if there is memory for that. Read-only maps of a file that is open for writing count too: `mprotect` would
    make them writable. Call it while the descriptors of the kernel are open. Raises OSError if a map stays
    shared.

    Returns the address and the size in bytes of each.
    """
    left, found = COPIED_SHARED_BYTES, []
    with open("/proc/self/maps", "rb") as file:
        lines = [line.split(None, 5) for line in file.read().splitlines()]
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for fields in lines:
            if not _is_shared(fields):
                continue
            start, end = (int(part, 16) for part in fields[0].split(b"-"))
            size, readable = end - start, fields[1][:1] == b"r"
            protection = PROT_READ_WRITE if fields[1][1:2] == b"w" else PROT_READ
            if protection == PROT_READ and not _may_be_written(start, size):
                continue
            found.append((start, size))
            if size > left and _map_privately(fields, start, size, protection):
                continue
            if size > max(left, _free_bytes() // 2):
                raise OSError(errno.ENOMEM, f"no memory to copy {size >> 20:,} MB of shared memory")
            left = max(0, left - size)
            _copy(memory.fileno() if readable else None, start, size, protection)
    return tuple(found)


def digest_of_memory(regions: Collection[tuple[int, int]]) -> int | None:
    """A checksum of this memory of the process; None if it is large or cannot be read (unmapped by now)."""
    if sum(size for _, size in regions) > COPIED_SHARED_BYTES:
        return None
    found = 0
    try:
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            for start, size in regions:
                for place in range(start, start + size, PIECE):
                    found = zlib.crc32(
                        os.pread(memory.fileno(), min(PIECE, start + size - place), place), found
                    )
    except OSError:
        return None
    return found


def _may_be_written(start: int, size: int) -> bool:
    """Whether a read-only shared map could be made writable; it is read-only again afterwards."""
    if libc.mprotect(start, size, PROT_READ_WRITE):
        return False
    if libc.mprotect(start, size, PROT_READ):
        raise OSError(ctypes.get_errno(), "shared memory could not be made read-only again")
    return True


def _free_bytes() -> int:
    with open("/proc/meminfo") as file:
        return next((int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:")), 0)


def scrub_environment() -> frozenset[str]:
    """Remove secrets from os.environ, posix.environ, getenv and /proc/self/environ. Returns their names."""
    names = secret_names(os.environ)
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


def _is_shared(fields: list[bytes]) -> bool:
    """Whether a line of /proc/self/maps is shared memory, and not a device."""
    path = fields[5] if len(fields) > 5 else b""
    return fields[1][3:4] == b"s" and not (path.startswith(b"/dev/") and _is_device(path))


def _is_device(path: bytes) -> bool:
    """Whether it is one, and no file on a file system that is mounted there (/dev/shm, /dev/hugepages)."""
    if path.startswith(b"/dev/zero"):
        return False  # shared memory that has this name
    try:
        return stat.S_ISCHR(os.stat(path).st_mode)
    except OSError:
        return False


def _reopened(fd: int, *, written_apart: bool) -> int | None:
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    if written_apart and flags & os.O_ACCMODE == os.O_WRONLY and _is_written(fd):
        own = os.memfd_create("written", os.MFD_CLOEXEC)
        os.ftruncate(own, os.fstat(fd).st_size)
        os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
        fcntl.fcntl(own, fcntl.F_SETFL, flags & os.O_APPEND)
        return own
    try:
        own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None  # not readable for this user: it becomes /dev/null
    os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
    return own


def _copy(memory: int | None, start: int, size: int, protection: int) -> None:
    """Replace these pages by a private copy; what cannot be read (beyond the file) is zero."""
    address = libc.mmap(None, size, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if address == MAP_FAILED:
        raise OSError(ctypes.get_errno(), "no memory to copy shared memory")
    buffer = (ctypes.c_char * size).from_address(address)
    # EIO: a hole or the end of the file; reading memory itself is a SIGBUS
    with contextlib.suppress(OSError):
        done = size if memory is None else 0
        while memory is not None and done < size:
            read = os.preadv(memory, [memoryview(buffer)[done:]], start + done)
            if read == 0:
                break
            done += read
    if protection != PROT_READ_WRITE and libc.mprotect(address, size, protection):
        raise OSError(ctypes.get_errno(), "shared memory could not be made read-only")
    if libc.mremap(address, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED:
        raise OSError(ctypes.get_errno(), "shared memory could not be replaced")


def _map_privately(fields: list[bytes], start: int, size: int, protection: int) -> bool:
    """Map the same part of the same file copy-on-write; False if no such file can be opened."""
    fd = _opened(fields[5] if len(fields) > 5 else b"", int(fields[4]))
    if fd is None:
        return False
    try:
        offset = int(fields[2], 16)
        mapped = libc.mmap(start, size, protection, MAP_PRIVATE | MAP_FIXED, fd, offset)
        return bool(mapped != MAP_FAILED)
    finally:
        os.close(fd)


def _opened(path: bytes, inode: int) -> int | None:
    """A descriptor of the file with this inode: by its path, or by a descriptor of it that is inherited."""
    inherited = (b"/proc/self/fd/" + os.fsencode(name) for name in os.listdir("/proc/self/fd"))
    for name in (path, *inherited):
        try:
            if not stat.S_ISREG((found := os.stat(name)).st_mode) or found.st_ino != inode:
                continue
            return os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError):
            continue  # deleted, closed, or no path at all
    return None

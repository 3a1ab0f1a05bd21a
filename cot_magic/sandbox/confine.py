"""Confines one job: resource limits, no privileges, Landlock, seccomp; a step that fails stops the job."""

import ctypes
import fcntl
import os
import resource
import socket
import stat
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Limits
from cot_magic.sandbox import landlock, seccomp, secret_places, syscalls
from cot_magic.sandbox.near import Readable
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.syscalls import libc

MOST_PROCESSES = 64
SCOPES_SINCE = 6  # the first Landlock version in which a process cannot signal those outside
MORE_FILES = 512
CORE_BYTES = 1
"""Where the system pipes core dumps into a program, 0 does not stop it, but 1 does (core(5))."""
MOST_PENDING = 4_096
"""Timers and queued signals: all programs of the user share what the system permits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableFiles:
    """What jobs of this process may read.

    Attributes
    ----------
    layer
        The descriptor of a Landlock ruleset, which many jobs put on.
    temporary
        The folder of temporary files: as others appear there, each job makes rules of its own for it.
    closed
        What is closed in it.
    """

    layer: int
    temporary: str
    closed: frozenset[str]

    @classmethod
    def without(cls, unreadable: Iterable[str] = ()) -> "ReadableFiles":
        """All but credentials and `unreadable`. Raises OSError."""
        closed = {*secret_places.of_homes(), *secret_places.of_the_system(), *unreadable}
        temporary = os.path.realpath(tempfile.gettempdir())
        changing = frozenset(path for path in closed if os.path.realpath(path).startswith(f"{temporary}/"))
        layer = landlock.reading(closed - changing, landlock.abi())
        return cls(layer=layer, temporary=temporary, closed=changing)

    def closed_now(self) -> frozenset[str]:
        """What is closed besides the layer, as the working directory and the temporary files are now."""
        return frozenset(
            (
                *self.closed,
                *secret_places.of_project(os.getcwd()),
                *secret_places.of_temporary_files(self.temporary),
            )
        )


def confine(
    limits: Limits | None,
    permissions: Permissions,
    *,
    scratch: str,
    reading: ReadableFiles | None = None,
    closed: frozenset[str] | None = None,
    only: Readable | None = None,
) -> frozenset[int]:
    """Confine this process for good, in an order in which each step is possible, and check that it works.

    `closed` is what `reading` closes now, if that is known already. With `only`, nothing else can be read,
    whatever `reading` leaves open.

    Returns the numbers of descriptors that are of no use any more, as their files may not be read. Without
    `limits`, they are still to be set by `limit`.

    Raises OSError, ValueError or SandboxError; the caller must then run nothing.
    """
    version = landlock.abi()
    if version < 1:
        raise SandboxError("this Linux has no Landlock, so generated code cannot be confined.")
    if permissions.proc and version < SCOPES_SINCE:
        raise SandboxError(
            "--allow proc needs Landlock version 6 (Linux 6.12), which stops signals from child processes."
        )
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if memory runs out, this copy is killed and not the kernel
    with open("/proc/self/coredump_filter", "w") as file:
        file.write("0")  # where a core is dumped all the same, there is no memory in it
    resource.setrlimit(resource.RLIMIT_CORE, _at_most(resource.RLIMIT_CORE, CORE_BYTES))
    if limits is not None:
        limit(limits, processes=permissions.proc)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    _drop_capabilities()
    reading = reading or ReadableFiles.without()
    landlock.restrict(
        scratch=scratch,
        layer=reading.layer,
        closed=reading.closed_now() if closed is None else closed,
        permissions=permissions,
        version=version,
        only=only,
    )
    os.close(reading.layer)
    withheld = _withhold_descriptors()
    seccomp.install(
        seccomp.program(net=permissions.net, proc=permissions.proc, pid=os.getpid(), landlock_abi=version)
    )
    _verify(scratch, net=permissions.net)
    if only is not None:
        _verify_reading()
    return withheld


def _withhold_descriptors() -> frozenset[int]:
    """Take away what was open before: a file that Landlock closes is not read by an inherited descriptor."""
    useless = os.open("/dev/null", os.O_PATH | os.O_CLOEXEC)
    withheld = set[int]()
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            of_file = fd > 2 and stat.S_ISREG(os.fstat(fd).st_mode)
            if of_file and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY:
                os.close(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC))
        except PermissionError:
            os.dup2(useless, fd, inheritable=False)
            withheld.add(fd)
        except OSError:
            continue  # the descriptor that listed them, or one without a file to open
    os.close(useless)
    return frozenset(withheld)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What this process has already: its address space in bytes, and its highest descriptor."""

    size: int
    highest: int

    @classmethod
    def now(cls) -> "Used":
        """Raises OSError."""
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        return cls(size=size, highest=max(map(int, os.listdir("/proc/self/fd"))))


def limit(limits: Limits, *, processes: bool, used: Used | None = None) -> None:
    """Set the limits of this process for good; it may be confined already. Raises OSError or ValueError.

    Parameters
    ----------
    used
        What it had before it waited for its job, if it has taken nothing since.
    """
    used = used or Used.now()
    wanted = {
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_AS: used.size + (limits.memory_mb << 20),
        resource.RLIMIT_FSIZE: limits.file_mb << 20,
        resource.RLIMIT_SIGPENDING: MOST_PENDING,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: used.highest + MORE_FILES,
        resource.RLIMIT_MEMLOCK: 1 << 20,
    }
    if processes:  # counts all processes of this user; no limit for root
        wanted[resource.RLIMIT_NPROC] = MOST_PROCESSES + sum(name.isdigit() for name in os.listdir("/proc"))
    for kind, value in wanted.items():
        resource.setrlimit(kind, _at_most(kind, value))


def _at_most(kind: int, value: int) -> tuple[int, int]:
    """The soft and hard limit, not above the hard one that is there."""
    hard = resource.getrlimit(kind)[1]
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # one second between SIGXCPU and SIGKILL
    above = soft + 1 if kind == resource.RLIMIT_CPU else soft
    return soft, above if hard == resource.RLIM_INFINITY else min(above, hard)


def _drop_capabilities() -> None:
    """Without capabilities even root cannot inspect other processes; exec does not restore them."""
    header = struct.pack("Ii", 0x20080522, 0)  # version 3 of the call, this thread
    if libc.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset: capabilities could not be dropped")
    death = ctypes.c_int(0)
    syscalls.prctl(syscalls.PR_GET_PDEATHSIG, ctypes.byref(death))
    if death.value == 0:
        raise SandboxError("dropping privileges reset the parent-death signal.")


def _verify_reading() -> None:
    """Nobody's experiments need the list of the top folder, so it is among what must be closed."""
    try:
        os.listdir("/")
    except PermissionError:
        return
    raise SandboxError("Landlock is enabled but does not limit what is read.")


def _verify(scratch: str, *, net: bool) -> None:
    """Try what must fail: a confinement that was accepted but does nothing is the worst kind."""
    try:
        fd = os.open(os.path.join(os.path.dirname(scratch), "escaped"), os.O_WRONLY | os.O_CREAT, 0o600)
    except PermissionError:
        pass
    else:
        os.close(fd)
        raise SandboxError("Landlock is enabled but has no effect.")
    if not net:
        try:
            socket.socket().close()
        except PermissionError:
            return
        raise SandboxError("seccomp is enabled but has no effect.")

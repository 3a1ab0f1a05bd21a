"""The seccomp filter of a job: what system calls it is refused, as a BPF program."""

import ctypes
import errno
import os
import platform
import struct

from cot_magic.sandbox import syscalls
from cot_magic.sandbox.syscalls import libc

LOAD, JUMP_EQ, JUMP_GE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCH, FIRST, SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
NEW_NAMESPACES = 0x7E020000  # the CLONE_NEW* flags that clone(2) takes
CLONE_THREAD = 0x10000
SPOKEN_FAMILIES = (
    2,
    10,
    16,
)  # AF_INET, AF_INET6, AF_NETLINK (getaddrinfo); never AF_UNIX: X11, Docker, D-Bus


def program(*, net: bool, proc: bool, pid: int, landlock_abi: int) -> bytes:
    """The filter for the process `pid`; `net` and `proc` are what the person allowed.

    A list of what is refused, not of what is allowed; calls newer than the list are refused as unknown.
    """
    column = syscalls.column()
    if column is None:
        raise OSError(errno.ENOSYS, f"the system call numbers of {platform.machine()} are not known")
    allow, no_permission = _step(RETURN, ALLOW), _step(RETURN, ERRNO | errno.EPERM)
    steps = [
        _step(LOAD, ARCH),
        _step(JUMP_EQ, syscalls.AUDIT_ARCH[platform.machine()], 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(JUMP_GE, syscalls.NEWEST_KNOWN + 1, 0, 1),  # x32 calls too: they have bit 30 set
        _step(RETURN, ERRNO | errno.ENOSYS),
    ]

    def on(number: int | None, *then: bytes) -> None:
        if number is not None:
            steps.extend((_step(JUMP_EQ, number, 0, len(then)), *then))

    for name, numbers in syscalls.DENIED.items():
        if not (net and name in syscalls.NETWORK):
            on(numbers[column], no_permission)
    for numbers in syscalls.PRETENDED.values():
        on(numbers[column], _step(RETURN, ERRNO))
    if landlock_abi < 3:  # before that Landlock does not know truncate(2)
        on(syscalls.TRUNCATE[column], no_permission)
    # the flags of clone3 stand behind a pointer; with ENOSYS the C library falls back to clone
    on(syscalls.CLONE3, _step(RETURN, ERRNO | errno.ENOSYS))
    if net:
        families = [
            _step(JUMP_EQ, family, len(SPOKEN_FAMILIES) - place, 0)
            for place, family in enumerate(SPOKEN_FAMILIES)
        ]
        on(syscalls.SOCKET[column], _step(LOAD, FIRST), *families, no_permission, allow)
    else:
        on(syscalls.SOCKET[column], no_permission)
    itself = (_step(JUMP_EQ, pid, 0, 1), allow, no_permission)
    if proc:
        on(
            syscalls.CLONE[column],
            _step(LOAD, FIRST),
            _step(JUMP_SET, NEW_NAMESPACES, 0, 1),
            no_permission,
            allow,
        )
    else:
        for numbers in syscalls.PROCESSES.values():
            on(numbers[column], no_permission)
        on(
            syscalls.CLONE[column],
            _step(LOAD, FIRST),
            _step(JUMP_SET, CLONE_THREAD, 0, 1),
            allow,
            no_permission,
        )
        for pair in syscalls.SIGNALLING:
            on(pair[column], _step(LOAD, FIRST), *itself)
    for pair in syscalls.ON_A_PROCESS:
        on(pair[column], _step(LOAD, FIRST), _step(JUMP_EQ, 0, 1, 0), *itself)
    # else it could outlive the kernel
    on(
        syscalls.PRCTL[column],
        _step(LOAD, FIRST),
        _step(JUMP_EQ, syscalls.PR_SET_PDEATHSIG, 0, 1),
        no_permission,
        allow,
    )
    return b"".join([*steps, allow])


def install(code: bytes) -> None:
    """Put the filter on this thread for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(code)
    described = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(syscalls.PR_SET_SECCOMP, 2, described, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value & 0xFFFFFFFF)

"""The seccomp filter of a job: a table of the system calls that it refuses, compiled to a BPF program.

It lists what is refused, not what is allowed; calls newer than the table are refused as unknown. Only the
x86_64 numbers have been run; those of aarch64 are from its unistd.h. Other machines are refused.
"""

import ctypes
import errno
import functools
import os
import platform
import socket
import struct
from collections.abc import Iterator, Sequence

from cot_magic.sandbox import syscalls
from cot_magic.sandbox.syscalls import libc

Numbers = tuple[
    int | None, int | None
]  # of a system call on x86_64 and aarch64; None if there is no such call

NEWEST_KNOWN = 462  # mseal; later calls (setxattrat, open_tree_attr, file_setattr, …) are unknown here
DENIED: dict[str, Numbers] = {
    # the network, except existing sockets (an inherited one is replaced by /dev/null)
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "get_robust_list": (274, 100),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    # leaving the group that is killed at the end
    "setsid": (112, 157),
    "setpgid": (109, 154),
    # memory and queues shared with others
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
    # memory that no limit of the job counts, and pages of others
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "remap_file_pages": (216, 234),
    "process_mrelease": (448, 448),
    # pages that stay in a pipe when the job has given them back
    "vmsplice": (278, 75),
    "tee": (276, 77),
    "splice": (275, 76),
    # watches on files: the few that a user may have are shared with all of their programs
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # the kernel's attack surface
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_setup": (206, 0),  # of the events that it reserves there is one number for the machine
    "io_submit": (209, 2),
    "io_pgetevents": (333, 292),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "swapon": (167, 224),
    "acct": (163, 89),
    # without a capability most of these fail anyway; the log can be read
    "syslog": (103, 116),
    "swapoff": (168, 225),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "vhangup": (153, 58),
    "fsconfig": (431, 431),
    "fspick": (433, 433),
    "name_to_handle_at": (303, 264),
    "lookup_dcookie": (212, 18),
    "lsm_set_self_attr": (460, 460),
    # the mounts of the machine
    "statmount": (457, 457),
    "listmount": (458, 458),
}
NETWORK = ("connect", "accept", "accept4", "bind", "listen")
# Landlock does not cover these. They pretend to succeed and do nothing, so that shutil.copy2 works.
PRETENDED: dict[str, Numbers] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "sync": (162, 81),  # it would make all programs wait for the disk
    "syncfs": (306, 267),
    "flock": (73, 32),  # it needs no right to write, and would stop other programs of the person
}
# Rules of its own are memory that no limit of a job counts. As on a system without Landlock, which programs
# that are permitted to start expect.
LANDLOCK: dict[str, Numbers] = {
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}
PROCESSES: dict[str, Numbers] = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
}
OPEN: Numbers = (2, None)
OPENAT: Numbers = (257, 56)
OPENAT2: Numbers = (437, 437)
FCNTL: Numbers = (72, 25)
IOCTL: Numbers = (16, 29)
SENDTO: Numbers = (44, 206)
SETSOCKOPT: Numbers = (54, 208)
SOCKETPAIR: Numbers = (53, 199)
CLONE: Numbers = (56, 220)
FALLOCATE: Numbers = (285, 47)
CLOSE_RANGE: Numbers = (436, 436)
CLONE3: Numbers = (435, 435)
SOCKET: Numbers = (41, 198)
PRCTL: Numbers = (157, 167)
SECCOMP: Numbers = (317, 277)
TRUNCATE: Numbers = (76, 45)
SIGNALLING: tuple[Numbers, ...] = ((62, 129), (234, 131))  # kill, tgkill
MMAP: Numbers = (9, 222)
SETRLIMIT: Numbers = (160, 164)
PRLIMIT: Numbers = (302, 261)
SCHED_SETAFFINITY: Numbers = (203, 122)
SHARED_ANONYMOUS = (0x21, 0x23)  # MAP_ANONYMOUS with MAP_SHARED or MAP_SHARED_VALIDATE
SHARED_BYTES = 16_384
"""Of one map of shared memory. Its pages stay when all but one of them are unmapped, so that the limit of
the address space does not count them; a process has 65,530 maps."""
RLIMIT_CORE = 4
PR_SET_SYSCALL_USER_DISPATCH, PR_SCHED_CORE, PR_SET_MEMORY_MERGE = 59, 62, 67
SO_SNDBUFFORCE = 32
SPOKEN_FAMILIES = (2, 10, 16)
"""AF_INET, AF_INET6, AF_NETLINK (getaddrinfo); never AF_UNIX: X11, Docker, D-Bus."""


COMMANDS = (
    0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 16, 36, 37, 38, 1025, 1027, 1028, 1030, 1032, 1034, 1035, 1037,
)  # fmt: skip
"""fcntl: copies, flags and locks of descriptors, and what looks at them.

Others send signals, hold leases, watch folders, seal files, or take of the pages that the pipes of all
programs of the user may have."""
REFUSED_OPTIONS = (
    syscalls.PR_SET_PDEATHSIG, syscalls.PR_SET_DUMPABLE, PR_SET_SYSCALL_USER_DISPATCH, PR_SCHED_CORE,
    PR_SET_MEMORY_MERGE,
)  # fmt: skip
"""prctl: it would outlive the kernel; hide its open files from who counts them; answer its own system calls;
keep others from a processor; have its pages compared with those of others."""
IOCTLS = (
    0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x5452, 0x5460,
)  # fmt: skip
"""TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC, FIOQSIZE.

They look, or concern the descriptor alone. Others type on terminals, clone files, or change flags of a file
that is open to read."""
NETWORK_IOCTLS = range(0x8903, 0x8980)
"""Of sockets: they list interfaces; what changes one needs a capability that no job has. Before them are
FIOSETOWN and SIOCSPGRP, by which a socket sends signals to another process."""


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value & 0xFFFFFFFF)


AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
LOAD, JUMP_EQ, JUMP_GE, JUMP_SET, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
ERRNO = 0x00050000
KILLED, ALLOWED = _step(RETURN, 0x80000000), _step(RETURN, 0x7FFF0000)
REFUSED, UNKNOWN = _step(RETURN, ERRNO | errno.EPERM), _step(RETURN, ERRNO | errno.ENOSYS)
UNSUPPORTED = _step(RETURN, ERRNO | errno.EOPNOTSUPP)
SUCCEEDED = _step(RETURN, ERRNO)  # without being done
IS_ITSELF = _step(JUMP_EQ, 0, 0, 1)
"""Stands for the step that compares with the number of the process."""
NEW_NAMESPACES = 0x7E020000  # the CLONE_NEW* flags that clone(2) takes
CLONE_THREAD, CLONE_FS, CLONE_FILES = 0x10000, 0x200, 0x400
CLOSE_RANGE_UNSHARE = 2


Steps = tuple[bytes, ...]


def _load(argument: int) -> bytes:
    """Load the lower half of an argument, counted from 0; the upper one follows it."""
    return _step(LOAD, ARGUMENTS + 8 * argument)


def _load_high(argument: int) -> bytes:
    """Load the upper half of an argument."""
    return _step(LOAD, ARGUMENTS + 8 * argument + 4)


def _among(values: Sequence[int], found: bytes, otherwise: bytes) -> Steps:
    """Answer `found` if what is loaded is one of the values."""
    tests = [_step(JUMP_EQ, value, len(values) - place, 0) for place, value in enumerate(values)]
    return (*tests, otherwise, found)


LOAD_FIRST = _load(0)


def column() -> int | None:
    """The column of `Numbers` for this machine; None if its numbers are not known."""
    return {"x86_64": 0, "aarch64": 1}.get(platform.machine())


def program(*, net: bool, proc: bool, pid: int, landlock_abi: int) -> bytes:
    """The filter for the process `pid`; `net` and `proc` are what the person allowed."""
    own = _step(JUMP_EQ, pid, 0, 1)
    return own.join(_around_pid(net=net, proc=proc, landlock_abi=landlock_abi, machine=platform.machine()))


@functools.cache
def _around_pid(*, net: bool, proc: bool, landlock_abi: int, machine: str) -> tuple[bytes, ...]:
    """The pieces of the filter between the steps that compare with the process's own number."""
    place = column()
    if place is None:
        raise OSError(errno.ENOSYS, f"the system call numbers of {machine} are not known")
    steps = [
        *(_step(LOAD, ARCH), _step(JUMP_EQ, AUDIT_ARCH[machine], 1, 0), KILLED),
        # x32 calls too: they have bit 30 set
        *(_step(LOAD, NUMBER), _step(JUMP_GE, NEWEST_KNOWN + 1, 0, 1), UNKNOWN),
    ]
    for numbers, answer in _rules(net=net, proc=proc, landlock_abi=landlock_abi):
        number = numbers[place]
        if number is not None:
            steps += [_step(JUMP_EQ, number, 0, len(answer)), *answer]
    starts = [0, *(place + 1 for place, step in enumerate(steps) if step is IS_ITSELF)]
    ends = [*(start - 1 for start in starts[1:]), len(steps)]
    *pieces, last = (b"".join(steps[start:end]) for start, end in zip(starts, ends, strict=True))
    return (*pieces, last + ALLOWED)


def install(code: bytes) -> None:
    """Put the filter on this thread for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(code)
    described = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(syscalls.PR_SET_SECCOMP, 2, described, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def _rules(*, net: bool, proc: bool, landlock_abi: int) -> Iterator[tuple[Numbers, tuple[bytes, ...]]]:
    """Each restricted system call with the steps that answer it; all others are allowed."""
    for name, numbers in DENIED.items():
        if not (net and name in NETWORK):
            yield numbers, (REFUSED,)
    for numbers in PRETENDED.values():
        yield numbers, (SUCCEEDED,)
    for numbers in LANDLOCK.values():
        yield numbers, (UNSUPPORTED,)
    if landlock_abi < 3:  # older versions of Landlock do not restrict truncate(2)
        yield TRUNCATE, (REFUSED,)
    yield CLONE3, (UNKNOWN,)  # its flags are in memory; the C library falls back to clone(2)
    yield SOCKET, (LOAD_FIRST, *_among(SPOKEN_FAMILIES, ALLOWED, REFUSED)) if net else (REFUSED,)
    yield SOCKETPAIR, _answer_to_socketpair()
    if not net:
        yield SENDTO, _answer_to_sendto()
        yield SETSOCKOPT, _answer_to_setsockopt()
    yield OPEN, _answer_to_open(1)
    yield OPENAT, _answer_to_open(2)
    yield OPENAT2, (UNKNOWN,)  # its flags are in memory too
    yield FCNTL, (_load(1), *_among(COMMANDS, ALLOWED, REFUSED))
    # without a change of size, no limit of a file's size holds
    yield FALLOCATE, (_load(1), _step(JUMP_EQ, 0, 0, 1), ALLOWED, UNSUPPORTED)
    # a thread with descriptors of its own has files that nobody counts
    yield CLOSE_RANGE, (_load(2), _step(JUMP_SET, CLOSE_RANGE_UNSHARE, 0, 1), REFUSED, ALLOWED)
    yield IOCTL, _answer_to_ioctl(net=net)
    only_itself = (IS_ITSELF, ALLOWED, REFUSED)
    if proc:
        yield CLONE, (LOAD_FIRST, _step(JUMP_SET, NEW_NAMESPACES, 0, 1), REFUSED, ALLOWED)
    else:
        for numbers in PROCESSES.values():
            yield numbers, (REFUSED,)
        yield CLONE, _answer_to_thread()
        for numbers in SIGNALLING:
            yield numbers, (LOAD_FIRST, *only_itself)
        # a filter or listener of its own could answer the calls by which a job reports
        yield SECCOMP, (REFUSED,)
    or_zero = (LOAD_FIRST, _step(JUMP_EQ, 0, 1, 0), *only_itself)  # 0 is the process itself too
    yield SCHED_SETAFFINITY, or_zero
    yield PRLIMIT, (*_keeps_core_limit(resource=1, given=2), *or_zero)
    yield SETRLIMIT, (*_keeps_core_limit(resource=0, given=1), ALLOWED)
    yield MMAP, _answer_to_mmap()
    options = REFUSED_OPTIONS if proc else (*REFUSED_OPTIONS, syscalls.PR_SET_SECCOMP)
    yield PRCTL, (LOAD_FIRST, *_among(options, REFUSED, ALLOWED))


def _answer_to_thread() -> Steps:
    """Allow threads that share all that those of Python share, and no process."""
    shared = (CLONE_THREAD, CLONE_FS, CLONE_FILES)
    tests = [_step(JUMP_SET, flag, 0, len(shared) - place) for place, flag in enumerate(shared)]
    return (LOAD_FIRST, *tests, ALLOWED, REFUSED)


def _answer_to_open(flags: int) -> Steps:
    """Refuse to empty a file that is not opened for writing: Landlock before version 3 lets that pass.

    `flags` is the place of the argument. Of the access modes 0 to 3, only 1 and 2 write for Landlock.
    """
    return (
        *(_load(flags), _step(JUMP_SET, os.O_TRUNC, 1, 0), ALLOWED),
        *(_step(AND, os.O_ACCMODE), *_among((os.O_WRONLY, os.O_RDWR), ALLOWED, REFUSED)),
    )


def _answer_to_mmap() -> Steps:
    """Refuse shared memory of more than some pages: a job has no other process to share it with."""
    return (
        *(_load(3), _step(AND, 0x2F)),
        *(
            _step(JUMP_EQ, value, len(SHARED_ANONYMOUS) - place)
            for place, value in enumerate(SHARED_ANONYMOUS)
        ),
        ALLOWED,
        *(_load_high(1), _step(JUMP_EQ, 0, 1, 0), REFUSED),
        *(_load(1), _step(JUMP_GE, SHARED_BYTES + 1, 0, 1), REFUSED, ALLOWED),
    )


def _keeps_core_limit(*, resource: int, given: int) -> Steps:
    """Refuse to set the limit of core dumps, and go on for all else: with 0, a program gets the dump.

    The arguments are the places of the resource and of the pointer to what it is set to.
    """
    return (
        *(_load(resource), _step(JUMP_EQ, RLIMIT_CORE, 0, 5)),
        *(_load(given), _step(JUMP_EQ, 0, 0, 2)),
        *(_load_high(given), _step(JUMP_EQ, 0, 1, 0), REFUSED),
    )


def _answer_to_ioctl(*, net: bool) -> Steps:
    of_sockets = (
        *(_step(JUMP_GE, NETWORK_IOCTLS.start, 0, 2), _step(JUMP_GE, NETWORK_IOCTLS.stop, 1, 0), ALLOWED),
    )
    return (_load(1), *(of_sockets if net else ()), *_among(IOCTLS, ALLOWED, REFUSED))


def _answer_to_sendto() -> Steps:
    """Refuse a datagram to an address; through a connected pair, nothing is addressed."""
    return (
        *(_load(4), _step(JUMP_EQ, 0, 1, 0), REFUSED),
        *(_load_high(4), _step(JUMP_EQ, 0, 1, 0), REFUSED, ALLOWED),
    )


def _answer_to_setsockopt() -> Steps:
    """Leave the buffers of sockets as they are: no limit of the job counts them. It pretends to succeed."""
    return (
        *(_load(1), _step(JUMP_EQ, socket.SOL_SOCKET, 1, 0), ALLOWED),
        *(_load(2), *_among((socket.SO_SNDBUF, SO_SNDBUFFORCE), SUCCEEDED, ALLOWED)),
    )


def _answer_to_socketpair() -> Steps:
    """Allow pairs of AF_UNIX streams (event loops have one): datagrams could be sent to a path."""
    return (
        *(LOAD_FIRST, _step(JUMP_EQ, 1, 1, 0), REFUSED),
        *(_load(1), _step(AND, 0xF), _step(JUMP_EQ, 1, 1, 0), REFUSED, ALLOWED),
    )

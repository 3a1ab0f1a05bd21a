"""The C library, prctl(2), and the numbers that the confinement calls it with."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *3 * [ctypes.c_int], ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.mremap.restype = ctypes.c_void_p
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]

# the same numbers on all machines
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
PR_SET_PDEATHSIG = 1
PR_GET_PDEATHSIG = 2
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
M_ARENA_MAX, ARENAS = -8, 2


def prctl(option: int, argument: object = 0, third: object = 0) -> None:
    """prctl(2). Raises OSError."""
    if libc.prctl(option, argument, third, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def share_arenas() -> None:
    """Have all threads of this process and of its forks share two arenas of malloc (mallopt(3)).

    Each one reserves 64 MB, which counts as used memory: the threads of tensorflow alone were beyond the
    limit of a job.
    """
    if mallopt := getattr(libc, "mallopt", None):  # other C libraries have none
        mallopt(M_ARENA_MAX, ARENAS)

"""Time limits on a busy machine: time in which code waits for a processor does not count."""

import os
import sys

STRETCH = 3.0
"""A limit gets at most this many times longer."""


def waited(pid: int) -> float:
    """For how many seconds the main thread of a process could have run and had no processor.

    0 where Linux does not say (`/proc/<pid>/schedstat`, see the kernel's sched-stats.rst).
    """
    try:
        with open(f"/proc/{pid}/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def allowance(seconds: float, pid: int, before: float = 0.0, *, most: float = STRETCH) -> float:
    """How many seconds more than `seconds` a process may take, which gets at most `most` times longer.

    It had waited `before` already.
    """
    return min(max(waited(pid) - before, 0.0), (most - 1) * seconds)


def waited_here() -> float:
    """The same for this process."""
    return waited(os.getpid())


def waits() -> int:
    """How often this thread has waited for something: slept, or found a lock taken or nothing to read."""
    if sys.platform != "linux":  # where no job has lost anything of a kernel
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw

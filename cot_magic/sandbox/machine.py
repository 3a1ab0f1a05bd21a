"""Whether copies of this kernel can be made and confined on this machine, and why not."""

import functools
import os
import platform
import signal
import sys
import tempfile
import threading
import warnings

from cot_magic.core.jobs import Limits, SandboxStatus
from cot_magic.sandbox import wire
from cot_magic.sandbox.libraries import why_not_copied
from cot_magic.sandbox.permissions import Permissions

PROBE_SECONDS = 10.0
LEAST_FREE_MB = 256


def probe() -> SandboxStatus:
    """Whether Landlock and seccomp work here, tried in a throwaway process.

    The answer is cached, unless the process could not be made: that may pass.
    """
    try:
        return _probe(os.getpid())
    except OSError as error:
        return _no(f"copies of the kernel could not be tried: {error.strerror or error}")


def why_not_fork(size_limit_mb: int, *, only_looks: bool = False) -> str | None:
    """Why this process should not be copied as it is now; None if it can be.

    `only_looks`: the copy only looks at values, within a time limit, and proves nothing.
    """
    if sys.platform != "linux" or not hasattr(os, "fork"):
        return f"copies of the kernel need Linux; this is {platform.system()}"
    if threading.current_thread() is not threading.main_thread():
        return "the kernel can only be copied from its main thread"
    return (None if only_looks else why_not_copied()) or _why_too_large(size_limit_mb)


def quiet_fork_warning() -> None:
    """Ignore the warning of CPython 3.12 about a fork with threads: the copy does not use those threads.

    The filter stays: `catch_warnings` at each cell would show the user's warnings again.
    """
    if sys.version_info >= (3, 12):
        text, module = r".*multi-threaded.*fork\(\)", r"cot_magic\.sandbox\."
        for action, message, category, where, _ in warnings.filters:
            patterns = (getattr(message, "pattern", None), getattr(where, "pattern", None))
            if action == "ignore" and category is DeprecationWarning and patterns == (text, module):
                return
        warnings.filterwarnings("ignore", text, DeprecationWarning, module)


def _why_too_large(size_limit_mb: int) -> str | None:
    with open("/proc/self/statm") as file:
        resident_mb = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    if resident_mb > size_limit_mb:
        return f"the kernel uses {resident_mb:,} MB; copies are made up to {size_limit_mb:,} MB"
    with open("/proc/meminfo") as file:
        free_kb = next((int(line.split()[1]) for line in file if line.startswith("MemAvailable:")), None)
    if free_kb is not None and free_kb >> 10 < LEAST_FREE_MB:
        return f"only {free_kb >> 10} MB of memory is free"
    return None


@functools.lru_cache(maxsize=1)
def _probe(pid: int) -> SandboxStatus:
    """Cached per process: a copy may be confined where its parent is not."""
    if sys.platform != "linux" or not hasattr(os, "fork"):
        return _no(f"copies of the kernel need Linux; this is {platform.system()}")
    from cot_magic.sandbox import landlock, seccomp

    if seccomp.column() is None:
        return _no(f"the confinement does not support {platform.machine()} processors")
    version = landlock.abi()
    if version < 1:
        return _no("this Linux has no Landlock: it needs version 5.13 or later, with Landlock enabled")
    trouble = _try_confinement()
    return _no(trouble) if trouble else SandboxStatus(available=True, reason=f"Landlock version {version}")


def _no(reason: str) -> SandboxStatus:
    return SandboxStatus(available=False, reason=reason)


def _try_confinement() -> str:
    """Confine a process that does nothing else. Returns what went wrong, or an empty string."""
    quiet_fork_warning()
    with tempfile.TemporaryDirectory(prefix="cot-magic-") as root:
        scratch = os.path.join(root, "probe")
        os.mkdir(scratch)
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if pid == 0:
            _confine_and_tell(scratch, writing)
        os.close(writing)
        try:
            ended = wire.readable(reading, PROBE_SECONDS)
            if not ended:
                os.kill(pid, signal.SIGKILL)
            told = os.read(reading, 1_000).decode("utf-8", "replace") if ended else ""
        finally:
            os.close(reading)
            os.waitpid(pid, 0)
    if told == "confined":
        return ""
    return f"the confinement does not work here: {told or 'the trial did not finish'}"


def _confine_and_tell(scratch: str, writing: int) -> None:
    from cot_magic.sandbox import syscalls
    from cot_magic.sandbox.confine import confine

    told = "confined"
    try:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        confine(Limits(), Permissions(), scratch=scratch)
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"
    finally:
        os.write(writing, told.encode()[:1_000])
        os._exit(0)

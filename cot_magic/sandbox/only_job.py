"""The process of one job that the operating system confines: checks that, reads its job, runs it."""

import json
import os
import sys
import tempfile
from typing import Any, NoReturn

from cot_magic.core import processes
from cot_magic.core.codec import from_json
from cot_magic.core.jobs import Job, Limits
from cot_magic.sandbox import mirror, own_check, rebind
from cot_magic.sandbox.child import Ends, Surroundings, Teller, run, setting_up
from cot_magic.sandbox.fresh import describe
from cot_magic.sandbox.lost import LostResources
from cot_magic.sandbox.permissions import Permissions


def main() -> NoReturn:
    """Read the order from standard input, answer on standard output, and end this process."""
    try:
        results = os.dup(1)
        os.dup2(2, 1)  # what the job prints
        order = json.loads(sys.stdin.buffer.readline())
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        ends = Ends(
            result_fd=results,
            output_fd=1,
            scratch=order["scratch"],
            key=order["key"].encode(),
            mirrored=order["mirrored"],
        )
        tell = Teller(ends)
        with setting_up(tell):
            permissions = Permissions.parse(order["allow"])
            if order["outside"] is not None:
                _refuse_the_rest(permissions)
                own_check.check(own_check.OutOfReach(**order["outside"]), permissions)
            job: Job = from_json(Job, order["job"])
            around, loop = _shell(order), rebind.new_loop()
            _limit(job.limits, permissions)
            if ends.mirrored:
                mirror.enter(ends.scratch)
        run(job, permissions, around, ends, tell, loop)
    finally:
        os._exit(71)
    raise AssertionError  # for the type checker: `os._exit` has ended the process


def _shell(order: dict[str, Any]) -> Surroundings:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    if order["awaits"]:
        shell.kernel = object()  # type: ignore[attr-defined]
    rebind.rebind(shell)
    tempfile.tempdir = order["scratch"]
    return Surroundings(
        shell=shell,
        describe=describe,
        withheld=frozenset(order["withheld"]),
        kernel_pid=order["pid"],
        lost=LostResources(),
    )


def _refuse_the_rest(permissions: Permissions) -> None:
    """What the means of Linux leave open, seccomp refuses."""
    if not permissions.proc:
        processes.forbid()
    if sys.platform == "linux":
        from cot_magic.sandbox import seccomp

        allowed = {"net": permissions.net, "proc": permissions.proc}
        seccomp.install(seccomp.program(**allowed, pid=os.getpid(), landlock_abi=1))


def _limit(limits: Limits, permissions: Permissions) -> None:
    """Set the limits that the system has. Raises OSError or ValueError."""
    if sys.platform == "linux":
        from cot_magic.sandbox import confine

        confine.limit(limits, processes=permissions.proc)
    elif os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_mb << 20, limits.file_mb << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))

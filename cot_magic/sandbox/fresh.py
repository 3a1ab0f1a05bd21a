"""Jobs in new processes: an interpreter with a given hash seed waits and forks jobs like a parked copy.

Nothing of the kernel is in it, so a job has to run all cells that it needs. Its jobs are confined like all
others, and nothing runs where that is not possible.
"""

import os
import socket
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from cot_magic.core.case import CellId, Frame, Raised
from cot_magic.core.jobs import Job, JobResult
from cot_magic.core.protocols import Sandbox
from cot_magic.sandbox import steps

AHEAD = 2  # processes that start while another one runs its jobs
PACKAGES = str(Path(__file__).parents[2])
BOOT = (
    "import sys; sys.path.append(sys.argv[1])\n"
    "from cot_magic.sandbox.snapshot import be_child; be_child()\n"
    "from cot_magic.sandbox.fresh import wait_for_jobs\n"
    "wait_for_jobs(int(sys.argv[2]), int(sys.argv[3]), awaits=sys.argv[4] == '1', imports=sys.argv[5:])"
)


def spawn(hash_seed: int, *, awaits: bool, imports: Sequence[str] = ()) -> tuple[int, socket.socket]:
    """Start an interpreter with that hash seed, and return its process id and the socket for its jobs.

    Parameters
    ----------
    awaits
        Whether an event loop runs while its cells run, as in a kernel.
    imports
        Modules of installed packages that it imports once, before its jobs: not each of them again.
    """
    ours, theirs = socket.socketpair()
    # `-P`: a module in the working directory must not be imported where nothing is confined yet
    command = [sys.executable, "-P", "-c", BOOT, PACKAGES, "3", str(os.getpid()), "1" if awaits else "0"]
    command += imports
    null = os.open(os.devnull, os.O_RDWR)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        actions.append((os.POSIX_SPAWN_DUP2, theirs.fileno(), 3))
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        pid = os.posix_spawn(sys.executable, command, environment, file_actions=actions)
    except BaseException:  # KeyboardInterrupt too
        ours.close()
        raise
    finally:
        theirs.close()
        os.close(null)
    return pid, ours


def run_in_new_processes(jobs: Sequence[Job], start: Callable[[int], Sandbox]) -> tuple[JobResult, ...]:
    """Run jobs, those with one hash seed in one process.

    Parameters
    ----------
    start
        Returns a Sandbox of a new process with that hash seed.
    """
    by_seed: dict[int, list[int]] = defaultdict(list)
    for place, job in enumerate(jobs):
        assert job.conditions is not None
        assert job.conditions.hash is not None
        by_seed[job.conditions.hash].append(place)
    found: dict[int, JobResult] = {}
    waiting: deque[tuple[list[int], Sandbox]] = deque()
    todo = deque(by_seed.items())
    try:
        while todo or waiting:
            while todo and len(waiting) <= AHEAD:
                seed, places = todo.popleft()
                waiting.append((places, start(seed)))
            places, sandbox = waiting.popleft()
            with closing(sandbox):
                results = sandbox.run([_with_path(jobs[place]) for place in places])
            found.update(zip(places, results, strict=True))
    finally:
        for _, sandbox in waiting:
            sandbox.close()
    return tuple(found[place] for place in range(len(jobs)))


def _with_path(job: Job) -> Job:
    """The job with the import path of this process, which it gets when it is confined."""
    assert job.conditions is not None
    return replace(job, conditions=replace(job.conditions, hash=None, path=tuple(sys.path)))


# --- in the new process -------------------------------------------------------------------------------------


def wait_for_jobs(control: int, kernel_pid: int, *, awaits: bool, imports: Sequence[str] = ()) -> NoReturn:
    """Be the new process: make a shell, wait for jobs, never return."""
    try:
        from IPython.core.interactiveshell import InteractiveShell

        from cot_magic.sandbox.exact import GeneratorStates
        from cot_magic.sandbox.parked import Kernel, serve

        shell = InteractiveShell.instance()
        if awaits:
            shell.kernel = object()  # type: ignore[attr-defined]
        for name in imports:
            with suppress(Exception):  # the job that needs it tells what is wrong
                import_module(name)
        serve(shell, describe, control, Kernel(pid=kernel_pid, generators=GeneratorStates()))
    finally:
        os._exit(71)


def describe(error: BaseException, cells: Mapping[str, CellId]) -> Raised:
    """The class, message and place of an exception: all that a run in a new process has to tell."""
    frames = tuple(
        Frame(
            function=frame.f_code.co_name,
            filename=frame.f_code.co_filename,
            lineno=line,
            cell=cells.get(frame.f_code.co_filename),
        )
        for frame, line in steps.frames_of(error, cells)
    )
    kind = type(error)
    bases = tuple(base.__name__ for base in kind.__mro__[:-1])
    return Raised(
        ename=kind.__name__, evalue=str(error)[:2_000], qualname=kind.__qualname__, bases=bases, frames=frames
    )

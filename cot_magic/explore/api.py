"""explore(): a function, file or source is run under many schedules; and a token is run again."""

import inspect
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from cot_magic.core.errors import UsageError
from cot_magic.core.jobs import NO_PROCESSES
from cot_magic.explore import program as programs
from cot_magic.explore.decisions import Failure
from cot_magic.explore.program import Program
from cot_magic.explore.replay import replay
from cot_magic.explore.report import Exploration
from cot_magic.explore.search.runner import (
    ExecutorRunner,
    FileWork,
    ForkRunner,
    FunctionWork,
    InlineRunner,
    Runner,
)
from cot_magic.explore.search.search import REPLAYS, Progress, Search
from cot_magic.explore.tokens import checksum, is_token, read_token

SCHEDULES, SECONDS = 2_000, 30.0
Tell = Callable[[Progress], None]


def explore(
    fn: Callable[[], Any],
    *,
    schedules: int = SCHEDULES,
    seed: int | str = 0,
    seconds: float = SECONDS,
    expect: str | type[BaseException] | None = None,
    free_threaded: bool = False,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Exploration:
    """Run a function under many schedules of its tasks or threads, and find one under which it fails.

    The function is not changed and runs in forked copies of this process: what it does to variables stays in
    the copy, what it does to files and servers is real. Where processes cannot be forked it runs in this one.

    Parameters
    ----------
    fn
        Function or coroutine function without parameters; it fails by raising.
    schedules, seconds
        Bounds of the search.
    seed
        Same seed, same schedules. A token (`cot1-…`) replays that schedule instead.
    expect
        Class (or its name) of the failure that counts; others are listed only.
    free_threaded
        Threads may lose their turn anywhere, as without the global interpreter lock.
    executor
        Where to run: `ProcessPoolExecutor`, `dask.distributed.Client(...).get_executor()`. The function must
        be one that it can send.
    workers
        How many batches run at a time.
    progress
        Told of the progress after each batch.
    """
    program = programs.of_function(fn, free_threaded=free_threaded)
    try:
        code = checksum([inspect.getsource(fn)])
    except (OSError, TypeError):
        code = checksum([getattr(fn, "__qualname__", "")])
    runner = _runner(program, executor, FunctionWork(fn, free_threaded), workers)
    expected = (
        None if expect is None else Failure(ename=expect if isinstance(expect, str) else expect.__name__)
    )
    return _explore(runner, code, schedules, seed, seconds, expected, progress)


def explore_file(
    path: Path,
    function: str | None = None,
    *,
    schedules: int = SCHEDULES,
    seed: int | str = 0,
    seconds: float = SECONDS,
    expect: str | None = None,
    free_threaded: bool = False,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Exploration:
    """The same of a function in a file, by default `main`; a file without one runs as a script.

    Raises UsageError if the file cannot be read or has no such function.
    """
    program = programs.of_file(path, function, free_threaded=free_threaded)
    source = path.read_text(encoding="utf-8")
    work = FileWork(source, str(path.resolve()), function, free_threaded)
    runner = _runner(program, executor, work, workers)
    expected = None if expect is None else Failure(ename=expect)
    return _explore(runner, checksum([source]), schedules, seed, seconds, expected, progress)


def _runner(
    program: Program, executor: Executor | None, work: Callable[[str], str], workers: int | None
) -> Runner:
    if executor is not None:
        return ExecutorRunner(executor, work, workers or 2)
    if not hasattr(os, "fork") or NO_PROCESSES in os.environ:
        return InlineRunner(program)
    return ForkRunner(program, workers)


def _explore(
    runner: Runner,
    code: str,
    schedules: int,
    seed: int | str,
    seconds: float,
    expected: Failure | None,
    progress: Tell | None,
) -> Exploration:
    if schedules < 1 or seconds <= 0:
        raise UsageError(f"schedules and seconds must be positive, not {schedules} and {seconds:g}.")
    if isinstance(seed, str) and is_token(seed):
        again = replay(runner, seed, code, times=REPLAYS)
        return Exploration(search=again, seed=int(read_token(seed).random_seed.partition(":")[0]), code=code)
    try:
        number = int(seed)
    except ValueError:
        raise UsageError(f"seed {seed!r} is neither a number nor a token (cot1-…).") from None
    search = Search(
        runner, schedules=schedules, seed=number, seconds=seconds, expected=expected, progress=progress
    )
    return Exploration(search=search.go(), seed=number, code=code)

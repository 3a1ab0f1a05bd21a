"""explore() and explore_file(): run a function or a file under many schedules, or replay a token."""

import inspect
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from cot_magic.core import processes
from cot_magic.core.errors import UsageError
from cot_magic.core.events import SearchAdvanced
from cot_magic.explore import program as programs
from cot_magic.explore.program import Program
from cot_magic.explore.report import Exploration
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.run_batch import InlineRunner
from cot_magic.explore.search.runner import ExecutorRunner, FileWork, ForkRunner, FunctionWork
from cot_magic.explore.search.search import REPLAYS, Search
from cot_magic.explore.search.values import Runner
from cot_magic.explore.tokens import checksum, is_token, read_token, replay

SCHEDULES, SECONDS = 2_000, 30.0
Tell = Callable[[SearchAdvanced], None]


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
    """Run a function under many schedules of its tasks or threads, to find one under which it fails.

    The function is not changed, and runs in forked copies of this process: what it does to variables stays in
    the copy, what it does to files and servers is real. If forking is not possible, it runs in this process.

    Parameters
    ----------
    fn
        Function or coroutine function that takes no arguments; it fails if it raises.
    schedules, seconds
        Limits of the search.
    seed
        The same seed gives the same schedules. A token (`cot1-…`) replays its schedule instead.
    expect
        Class of the failure that counts, or its name; others are only listed.
    free_threaded
        Whether threads may lose their turn anywhere, as without the global interpreter lock.
    executor
        Where to run: `ProcessPoolExecutor`, `dask.distributed.Client(...).get_executor()`. The function must
        be picklable.
    workers
        How many batches run at a time.
    progress
        Called with the progress after each batch.
    """
    program = programs.of_function(fn, free_threaded=free_threaded)
    try:
        code = checksum([inspect.getsource(fn)])
    except (OSError, TypeError):
        code = checksum([getattr(fn, "__qualname__", "")])
    runner = _runner(program, executor, FunctionWork(fn, free_threaded), workers)
    expected = expect.__name__ if isinstance(expect, type) else expect
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
    """The same for a function in a file, by default `main`; a file without one runs as a script.

    Raises UsageError if the file cannot be read or has no such function.
    """
    program = programs.of_file(path, function, free_threaded=free_threaded)
    source = path.read_text(encoding="utf-8")
    work = FileWork(source, str(path.resolve()), function, free_threaded)
    runner = _runner(program, executor, work, workers)
    return _explore(runner, checksum([source]), schedules, seed, seconds, expect, progress)


def _runner(
    program: Program, executor: Executor | None, work: Callable[[str], str], workers: int | None
) -> Runner:
    if executor is not None:
        return ExecutorRunner(executor, work, workers or 2)
    if not hasattr(os, "fork") or not processes.may_start():
        return InlineRunner(program)
    return ForkRunner(program, workers)


def _explore(
    runner: Runner,
    code: str,
    schedules: int,
    seed: int | str,
    seconds: float,
    expected: str | None,
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
    failure = None if expected is None else RunFailure(ename=expected)
    search = Search(
        runner, schedules=schedules, seed=number, seconds=seconds, expected=failure, progress=progress
    )
    return Exploration(search=search.go(), seed=number, code=code)

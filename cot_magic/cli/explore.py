"""cot-magic explore FILE.py[:function]: find a schedule under which concurrent code fails."""

import argparse
import json
import shutil
import sys
import textwrap
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cot_magic.core.errors import MissingExtra, UsageError

NO_FAILURE, FAILED = 0, 4
BAR = 24


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "explore",
        help="run asyncio or threaded code under many schedules until it fails",
        epilog="exit codes: 0 no failure found, 4 failure found, 2 usage error, 1 internal error",
    )
    parser.add_argument(
        "target",
        metavar="FILE.py[:FUNCTION]",
        help="a function without parameters, by default main; a file without one runs as a script",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--schedules", type=int, default=2_000, metavar="N", help="most schedules to try (2000)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="time limit in seconds (30)")
    parser.add_argument("--seed", default="0", metavar="S", help="a number, or a token (cot1-…) to replay")
    parser.add_argument(
        "--expect", metavar="ERROR", help="class of the failure that counts, such as KeyError"
    )
    parser.add_argument(
        "--free-threaded", action="store_true", help="threads may be switched anywhere, as without the GIL"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="number of processes")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="run on a Dask cluster, for example tcp://host:8786"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=explore_command)


def explore_command(given: argparse.Namespace) -> int:
    """Search and print what was found; return the exit code."""
    from cot_magic.explore.api import explore_file

    path, function = split_target(given.target)
    bar = None if given.quiet or not sys.stderr.isatty() else show_progress
    with ExitStack() as stack:
        executor, workers = None, given.jobs
        if given.dask is not None:
            executor, workers = dask_executor(given.dask, stack, given.jobs)
        result = explore_file(
            path,
            function,
            schedules=given.schedules,
            seed=given.seed,
            seconds=given.seconds,
            expect=given.expect,
            free_threaded=given.free_threaded,
            executor=executor,
            workers=workers,
            progress=bar,
        )
    if bar is not None:
        print(file=sys.stderr)
    print(json.dumps(result.as_json(), ensure_ascii=False) if given.json else result)
    if not given.json and result.trace is not None and result.trace.steps:
        print(picture(result))
    if result.search.trouble and not result.search.schedules:
        return 1
    return FAILED if result.found else NO_FAILURE


def split_target(target: str) -> tuple[Path, str | None]:
    """The file and the function of a target. Raises UsageError if there is no such file."""
    path, _, function = target.rpartition(":")
    if not path or not function.isidentifier():
        path, function = target, ""
    if not Path(path).is_file():
        raise UsageError(f"no such file: {path}. Give FILE.py or FILE.py:function.")
    return Path(path), function or None


def dask_executor(address: str, stack: ExitStack, workers: int | None) -> tuple[Executor, int]:
    """An executor of the cluster at that address, and the number of batches it runs at a time."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise MissingExtra("cluster", "dask[distributed]") from None
    try:
        connect: Any = Client
        client = stack.enter_context(connect(address, timeout=10))
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask cluster answers at {address}: {error}") from None
    threads = sum(client.nthreads().values())
    # the search itself repeats a lost task, with the same seeds
    return client.get_executor(pure=False, retries=0), workers or max(2, 2 * threads)


def picture(result: Any) -> str:
    """The failing schedule, step by step, drawn as wide as the terminal."""
    from cot_magic.render.timeline import LEGEND, text

    width = min(110, shutil.get_terminal_size().columns)
    drawn = text(result.trace, width=width, inevitable_after=result.search.found.inevitable_after)
    legend = textwrap.fill(LEGEND, width)
    return f"\nThe failing schedule, step by step:\n{legend}\n\n{drawn}"


def show_progress(progress: Any) -> None:
    """Overwrite one line on the terminal."""
    share = min(1.0, progress.ran / max(1, progress.total))
    done = round(BAR * share)
    text = (
        f"\r[{'█' * done}{'·' * (BAR - done)}] {progress.ran:,} of {progress.total:,} schedules, "
        f"{progress.per_second:,.0f}/s, {progress.failed} failed, {progress.seconds_left:.0f} s left "
        f"({progress.stage})"
    )
    print(text.ljust(100), end="", file=sys.stderr, flush=True)

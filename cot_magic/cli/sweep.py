"""`cot-magic sweep`: many notebooks, their failures grouped by cause."""

import argparse
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cot_magic import __version__
from cot_magic.cli.exit_codes import MEANING, NO_FAILURE, UNVERIFIED, VERIFIED
from cot_magic.cli.notebook import settings_of
from cot_magic.cli.outputs import writable
from cot_magic.core.errors import CotError, ServiceFault, UsageError
from cot_magic.options import OPTIONS
from cot_magic.settings import PRESETS

LEFT_OUT = ("teach", "preview", "save")  # they belong to a person and to one notebook


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "sweep", help="run and debug many notebooks, grouped by cause", epilog=MEANING
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="notebooks, or folders of them")
    workers = parser.add_mutually_exclusive_group()
    workers.add_argument("--jobs", type=_positive, default=1, metavar="N", help="notebooks at a time (1)")
    workers.add_argument(
        "--dask", metavar="ADDRESS", help="run on this Dask cluster, which sees the same files"
    )
    parser.add_argument(
        "--journal", type=Path, default=Path("cot-sweep.sqlite"), metavar="FILE",
        help="where rows are kept; a sweep that was ended goes on from it (cot-sweep.sqlite)",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="ROWS", help="write a row a notebook, as JSON Lines")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="write SARIF 2.1.0")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write an overview as one page")
    parser.add_argument("--reports", type=Path, metavar="FOLDER", help="write a report of each failure there")
    parser.add_argument(
        "--time-limit", type=_positive, default=600, metavar="S", help="seconds a notebook (600)"
    )
    parser.add_argument(
        "--memory-limit", type=_positive, default=4_096, metavar="MIB", help="memory of a notebook (4096)"
    )
    parser.add_argument("--total-time", type=_amount, metavar="S", help="begin no notebook after S seconds")
    parser.add_argument(
        "--total-cost", type=_amount, metavar="USD", help="begin no notebook after USD are spent"
    )
    parser.add_argument(
        "--batch",
        action="store_true",
        help="ask the model in message batches: half the list price, answers within a day",
    )
    parser.add_argument("--kernel", metavar="NAME", help="kernel to use instead of the notebooks' own")
    parser.add_argument(
        "--intensity", choices=tuple(PRESETS), default="cot+", help="cot, cot+ (default) or cot++"
    )
    parser.add_argument(
        "--no-group-fix",
        action="store_true",
        help="do not try the fix of one notebook in those that fail like it",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    for option in OPTIONS:
        if option.field in LEFT_OUT:
            parser.set_defaults(**{option.field: None})
        elif option.read is None:
            parser.add_argument(option.name, action="store_true", help=option.help)
        else:
            parser.add_argument(option.name, metavar=option.metavar, help=option.help)
    parser.set_defaults(run=sweep_command)


def sweep_command(given: argparse.Namespace) -> int:
    """Run what has not run, write what was asked for; return the exit code of `run`, over all notebooks."""
    from cot_magic.actions.sweep.journal import Journal
    from cot_magic.actions.sweep.sweep import sweep

    tasks = tasks_of(given)
    for path in (given.json, given.junit, given.sarif, given.html, given.journal):
        writable(path)
    with Journal(given.journal) as journal, executor_of(given) as (executor, at_once, run):
        journal.choose(task.path for task in tasks)
        with batches_of(given, journal) as batches, progress(len(tasks), quiet=given.quiet) as tell:
            how: dict[str, Any] = {"at_once": at_once, "seconds": given.total_time, "tell": tell, "run": run}
            try:
                if batches is None:
                    swept = sweep(tasks, journal, executor, dollars=given.total_cost, **how)
                else:
                    from cot_magic.actions.sweep.batches import in_rounds

                    known = batches.capabilities()
                    again = partial(sweep, tasks, journal, executor, capabilities=known, **how)
                    swept = in_rounds(again, batches)
                if not swept.stopped and not given.no_group_fix:
                    _try_group_fixes(given, tasks, journal, executor, at_once, run)
            except (KeyboardInterrupt, ServiceFault):
                _write(given, journal)
                if waiting := len(journal.outbox.batches()):
                    print(f"cot-magic: {waiting} batches go on; run it again to use them.", file=sys.stderr)
                raise
        _write(given, journal)
        if swept.stopped:
            print(f"cot-magic: {swept.stopped}; run it again to go on.", file=sys.stderr)
        return _summed_up(given, journal, len(tasks))


def _try_group_fixes(
    given: argparse.Namespace, tasks: list[Any], journal: Any, executor: Executor, at_once: int, run: "Run"
) -> None:
    """Try the fix of one notebook of each group in the others, where copies can be confined."""
    from cot_magic.actions.sweep.group_fix import try_group_fixes
    from cot_magic.run.notebook import read_notebook
    from cot_magic.sandbox.machine import probe

    if given.dask is None and not probe().available:
        return

    def sources_of(task: Any) -> list[str]:
        try:
            cells = read_notebook(Path(task.path)).cells
        except CotError:  # it was there when it ran: it has changed since
            return []
        return [cell.source if cell.cell_type == "code" else "" for cell in cells]

    by_name = {task.named: task for task in tasks}
    for row in try_group_fixes(by_name, journal, executor, at_once=at_once, sources_of=sources_of, run=run):
        if not given.quiet:
            found = row["group_fix"]
            print(f"{row['notebook']}: the fix of {found['from']}: {found['result']}", flush=True)


def tasks_of(given: argparse.Namespace) -> list[Any]:
    """A task for each notebook. Raises UsageError or NotebookError for wrong input."""
    from cot_magic.actions.sweep.tasks import Ceilings, Task, notebooks_in
    from cot_magic.run.choose_reasoner import absolute, choose_reasoner

    settings = absolute(settings_of(given))
    choose_reasoner(settings)  # refuses an unknown one before anything runs
    ceilings = Ceilings(seconds=given.time_limit, memory_mib=given.memory_limit)
    tasks = []
    for path in notebooks_in(given.paths):
        report = ""
        if given.reports is not None:
            name = "-".join(part for part in path.with_suffix("").parts if part not in ("/", "..", "."))
            report = str((given.reports / f"{name}-rca.ipynb").resolve())
        tasks.append(
            Task(
                named=str(path),
                path=str(path.resolve()),
                settings=asdict(settings),
                kernel=given.kernel,
                ceilings=ceilings,
                report=report,
                version=__version__,
            )
        )
    return tasks


@contextmanager
def batches_of(given: argparse.Namespace, journal: Any) -> Iterator[Any]:
    """What takes requests to the model in batches; None without --batch.

    Raises UsageError if no model would be asked, or if answers would be lost that are paid for.
    """
    if not given.batch:
        if left := journal.outbox.left_open():
            raise UsageError(
                f"{left} notebooks wait for batches that an earlier sweep sent: add --batch to use their "
                "answers, or choose another --journal. Nothing was run."
            )
        yield None
        return
    from cot_magic.actions.sweep.batches import Batches
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.reasoners.claude.messages.batches import BatchLink
    from cot_magic.reasoners.claude.messages.credentials import what_is_missing
    from cot_magic.settings import DEFAULT_MODEL

    settings = settings_of(given)
    if settings.reasoner not in ("auto", "claude"):
        raise UsageError(f"--batch: --reasoner {settings.reasoner} asks no model. Nothing was run.")
    if missing := what_is_missing(settings.platform):
        raise UsageError(f"--batch: no credential was found. {missing} Nothing was run.")
    link = BatchLink(model=settings.model or DEFAULT_MODEL, platform=settings.platform, scrub=Redactor().text)
    try:
        yield Batches(
            journal.outbox,
            link,
            spent=journal.spent,
            dollars=given.total_cost,
            tell=lambda line: None if given.quiet else print(line, flush=True),
        )
    finally:
        link.close()


Run = Callable[[Any], dict[str, Any]]


@contextmanager
def executor_of(given: argparse.Namespace) -> Iterator[tuple[Executor, int, Run]]:
    """Where notebooks run, how many at a time, and what runs one.

    On leaving, those that still run are ended.
    """
    from cot_magic.actions.sweep.one import run_task

    if given.dask is None:
        stop = threading.Event()
        with ThreadPoolExecutor(given.jobs) as threads:
            try:
                yield threads, given.jobs, partial(run_task, stop=stop)
            finally:
                stop.set()
                threads.shutdown(wait=False, cancel_futures=True)
        return
    try:
        import dask.distributed as cluster
    except ImportError:
        raise UsageError('--dask needs an extra: pip install "cot-magic[cluster]".') from None
    try:
        client: Any = cluster.Client(given.dask, timeout=15)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"--dask {given.dask}: no cluster answers there ({error}).") from None
    with client, client.get_executor(pure=False, retries=2) as executor:
        try:
            yield executor, 2 * max(1, sum(client.nthreads().values())), run_task
        finally:
            executor.shutdown(wait=False)  # cancels those that have not begun


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[Any, dict[str, Any] | None], None]]:
    """Tells of each row: a bar on a terminal, else one plain line a notebook."""
    from cot_magic.render.fleet.rows import described

    def line(row: dict[str, Any]) -> str:
        return f"{row['notebook']}: {described(row)}"

    if quiet:
        yield lambda so_far, row: None
    elif not sys.stderr.isatty():
        yield lambda so_far, row: print(
            f"{so_far.known + so_far.ran} of {total}: {line(row or {})}", flush=True
        )
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("notebooks", total=total)

            def tell(so_far: Any, row: dict[str, Any] | None) -> None:
                bar.update(task, completed=so_far.known + so_far.ran)
                if row is not None:
                    bar.console.print(line(row), markup=False, highlight=False)

            yield tell


def _write(given: argparse.Namespace, journal: Any) -> None:
    """Write every file that was asked for, whole."""
    import json
    import os

    from cot_magic.render.fleet.junit import junit
    from cot_magic.render.fleet.overview import overview
    from cot_magic.render.fleet.sarif import sarif

    wanted: Sequence[tuple[Path | None, Callable[[], Iterator[str]], str]] = (
        (given.json, lambda: (json.dumps(row, ensure_ascii=True) for row in journal.rows()), "\n"),
        (given.junit, lambda: junit(journal.rows), "\n"),
        (given.sarif, lambda: sarif(journal.rows, __version__), ""),
        (given.html, lambda: overview(journal.rows, given.html.resolve()), "\n"),
    )
    for path, pieces, end in wanted:
        if path is None:
            continue
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(f"{piece}{end}" for piece in pieces())
            os.replace(part, path)
        except OSError as error:
            raise CotError(
                f"cannot write {path}: {error.strerror}. The rows are in {given.journal}."
            ) from None


def _summed_up(given: argparse.Namespace, journal: Any, total: int) -> int:
    from cot_magic.render.fleet.rows import counts_of, groups_of

    counts = counts_of(journal.rows())
    rows = sum(counts.values())
    failed = rows - counts["no-failure"]
    if not given.quiet:
        fixed = f"{counts['verified']:,} with a verified fix"
        print(f"{rows:,} of {total:,} notebooks ran; {failed:,} failed, {fixed}.")
        if given.batch:
            print(_cost(journal.outbox.total()))
        for group in groups_of(journal.rows())[:20]:
            one_fix = f"; {group.one_fix}" if group.one_fix else ""
            print(f"{group.notebooks:>6,} × {group.name}{one_fix}")
    if not failed:
        return NO_FAILURE if rows == total else UNVERIFIED
    return VERIFIED if failed == counts["verified"] and rows == total else UNVERIFIED


def _cost(paid: Any) -> str:
    """What the model cost in all sweeps with this journal."""
    said = [f"{paid.by_batch:,} answers in batches: ${paid.batch_usd:.4f} at half the list price"]
    if paid.cache_usd:
        said.append(f"keeping their common beginning: ${paid.cache_usd:.4f}")
    if paid.directly:
        said.append(f"{paid.directly:,} answers directly: ${paid.direct_usd:.4f} at list price")
    return f"{'; '.join(said)} (estimates)."


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("more than 0")
    return value

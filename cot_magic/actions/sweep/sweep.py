"""Runs tasks on an executor, a few at a time, and keeps each row as soon as it is there."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any

from cot_magic.actions.sweep.groups import group_of
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.one import run_task
from cot_magic.actions.sweep.tasks import Task

POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How far a sweep is: what ran now, what had run before, and why it ended early, if it did."""

    total: int
    ran: int
    known: int
    stopped: str = ""


def sweep(
    tasks: Sequence[Task],
    journal: Journal,
    executor: Executor,
    *,
    at_once: int,
    seconds: float | None = None,
    dollars: float | None = None,
    tell: Callable[[Swept, dict[str, Any] | None], None] = lambda so_far, row: None,
    run: Callable[[Task], dict[str, Any]] = run_task,
) -> Swept:
    """Run the tasks that the journal does not know.

    Parameters
    ----------
    at_once
        How many tasks are given to the executor at a time; no more are in memory.
    seconds, dollars
        Ceilings of all together: no task is begun after them. Dollars count those of earlier sweeps too.
    tell
        Hears each row as it comes.

    A KeyboardInterrupt passes through; what has ended is kept.
    """
    started = time.monotonic()
    known = ran = 0
    stopped = ""
    running: dict[Future[dict[str, Any]], tuple[Task, str]] = {}

    def so_far() -> Swept:
        return Swept(total=len(tasks), ran=ran, known=known, stopped=stopped)

    def collect(done: Iterator[Future[dict[str, Any]]] | set[Future[dict[str, Any]]]) -> None:
        nonlocal ran
        for future in done:
            task, fingerprint = running.pop(future)
            row = _kept(task, fingerprint, future, journal)
            ran += 1
            tell(so_far(), row)

    for task in tasks:
        try:
            fingerprint = task.fingerprint()
        except OSError as error:
            fingerprint = f"unreadable: {error.strerror}"
        if journal.knows(task.path, fingerprint):
            known += 1
            continue
        while len(running) >= at_once:
            collect(wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED).done)
        stopped = _ceiling(started, seconds, dollars, journal)
        if stopped:
            break
        running[executor.submit(run, task)] = (task, fingerprint)
    while running:
        collect(wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED).done)
    return so_far()


def _kept(task: Task, fingerprint: str, future: Future[dict[str, Any]], journal: Journal) -> dict[str, Any]:
    """Write the row of a task that has ended. One that was lost is run again by the next sweep."""
    try:
        row = future.result()
    except Exception as error:  # of the executor: the worker died, or the task could not be sent
        row = {"notebook": task.named, "result": "lost", "note": f"{type(error).__name__}: {error}"}
    row["group"] = group_of(row)
    journal.keep(task.path, "" if row["result"] == "lost" else fingerprint, row)
    return row


def _ceiling(started: float, seconds: float | None, dollars: float | None, journal: Journal) -> str:
    if seconds is not None and time.monotonic() - started > seconds:
        return f"no further notebook was begun after {seconds:,.0f} s (--total-time)"
    if dollars is not None and journal.spent() >= dollars:
        return f"no further notebook was begun after ${dollars:,.2f} (--total-cost)"
    return ""

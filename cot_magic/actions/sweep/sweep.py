"""Runs tasks on an executor, a few at a time, and keeps each row as soon as it is there."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.actions.sweep.groups import group_of
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.one import run_task
from cot_magic.actions.sweep.tasks import Task

POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How far a sweep is: what ran now, what had run before, and why it ended early, if it did.

    `waiting` notebooks ran, and run again with a model's answer.
    """

    total: int
    ran: int
    known: int
    waiting: int = 0
    stopped: str = ""

    def counted(self, what: str) -> "Swept":
        """With one more notebook that is `ran`, `known` or `waiting`."""
        return replace(self, **{what: getattr(self, what) + 1})


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
    capabilities: Mapping[str, Any] | None = None,
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
    capabilities
        What is known of the model, if it is asked in batches: then a session whose request has no answer yet
        ends there, with `waits` in its row, and the request is in the journal's outbox.

    A KeyboardInterrupt passes through; what has ended is kept.
    """
    started = time.monotonic()
    so_far = Swept(total=len(tasks), ran=0, known=0)
    running: dict[Future[dict[str, Any]], tuple[Task, str]] = {}

    def collect() -> None:
        nonlocal so_far
        for future in wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED).done:
            row = _kept(*running.pop(future), future, journal)
            so_far = so_far.counted("waiting" if row.get("waits") else "ran")
            tell(so_far, row)

    for task in tasks:
        fingerprint = _fingerprint(task)
        if journal.knows(task.path, fingerprint):
            so_far = so_far.counted("known")
            continue
        if capabilities is not None:
            if journal.outbox.waits(task.path, fingerprint):
                so_far = so_far.counted("waiting")
                continue
            task = _with_answers(task, fingerprint, journal, capabilities)
        while len(running) >= at_once:
            collect()
        if stopped := _ceiling(started, seconds, dollars, journal):
            so_far = replace(so_far, stopped=stopped)
            break
        running[executor.submit(run, task)] = (task, fingerprint)
    while running:
        collect()
    return so_far


def _fingerprint(task: Task) -> str:
    try:
        return task.fingerprint()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _with_answers(task: Task, fingerprint: str, journal: Journal, capabilities: Mapping[str, Any]) -> Task:
    """The task with what a model has answered so far."""
    came = journal.outbox.exchanges(task.path, fingerprint)
    return replace(task, mailbox={"capabilities": dict(capabilities), "exchanges": came})


def _kept(task: Task, fingerprint: str, future: Future[dict[str, Any]], journal: Journal) -> dict[str, Any]:
    """Write the row of a task that has ended. One that was lost is run again by the next sweep."""
    try:
        row = future.result()
    except Exception as error:  # of the executor: the worker died, or the task could not be sent
        row = {"notebook": task.named, "result": "lost", "note": f"{type(error).__name__}: {error}"}
    asked = row.pop("asked", None)
    row["group"] = group_of(row)
    if asked is not None:
        row["waits"] = True
        journal.outbox.ask(task.path, fingerprint, row["group"], asked)
    again = row["result"] == "lost" or asked is not None
    journal.keep(task.path, "" if again else fingerprint, row, paid=task.mailbox is not None)
    if task.mailbox is not None and not again:
        journal.outbox.close(task.path)
    return row


def _ceiling(started: float, seconds: float | None, dollars: float | None, journal: Journal) -> str:
    if seconds is not None and time.monotonic() - started > seconds:
        return f"no further notebook was begun after {seconds:,.0f} s (--total-time)"
    if dollars is not None and journal.spent() >= dollars:
        return f"no further notebook was begun after ${dollars:,.2f} (--total-cost)"
    return ""

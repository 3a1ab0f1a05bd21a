"""One fix tried on all of a group: that of one notebook is run in the others that fail like it."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace
from typing import Any

from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.tasks import Task
from cot_magic.core.withheld import holds_mask

POLL_S = 0.5
HOLDS, FAILS, NO_PLACE, NOT_RUN = "holds", "fails", "no-place", "not-run"
"""What a trial showed: the cell passes; it fails still; the lines are not there; it did not run."""
Lines = tuple[str, ...]


def moved(edits: Sequence[Mapping[str, Any]], cells: Sequence[str], first: int) -> list[dict[str, Any]]:
    """The same edits in another notebook: the lines that they replace, wherever those are.

    Parameters
    ----------
    edits
        Each with `before` and `after`, sources of a cell.
    cells
        Sources of the cells of the other notebook; those that are no code are empty.
    first
        The cell to look in first: the one that failed.

    Returns the edited cells, each with `cell_index` and `source`; empty if there is no place for one of them.
    """
    sources = list(cells)
    order = [first, *(place for place in range(len(sources)) if place != first)]
    for edit in edits:
        if not _is_moved(edit, sources, order):
            return []
    return [
        {"cell_index": place, "source": source}
        for place, source in enumerate(sources)
        if source != cells[place]
    ]


def _is_moved(edit: Mapping[str, Any], sources: list[str], order: Sequence[int]) -> bool:
    if edit["before"] in sources:  # the cells are the same, not only the lines
        sources[sources.index(edit["before"])] = edit["after"]
        return True
    hunks = _hunks(edit["before"].splitlines(), edit["after"].splitlines())
    for place in order:
        lines: list[str] | None = sources[place].splitlines()
        for old, new in hunks:
            lines = _replaced(lines, old, new) if lines is not None and old else None
        if lines is not None and hunks:
            sources[place] = "\n".join(lines)
            return True
    return False


def _hunks(before: list[str], after: list[str]) -> list[tuple[Lines, Lines]]:
    """What each hunk replaces; what is only inserted goes with the line above it."""
    found = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "insert" and a > 0:
            a, c = a - 1, c - 1
        if tag != "equal":
            found.append((tuple(before[a:b]), tuple(after[c:d])))
    return found


def _replaced(lines: list[str], old: Lines, new: Lines) -> list[str] | None:
    """The lines with the first occurrence of some replaced, at their own indentation; None without one."""
    for start in range(len(lines) - len(old) + 1):
        there = lines[start : start + len(old)]
        if [line.strip() for line in there] == [line.strip() for line in old]:
            less = len(old[0]) - len(old[0].lstrip())
            indent = there[0][: len(there[0]) - len(there[0].lstrip())]
            fitted = [f"{indent}{line[less:]}" if line.strip() else line for line in new]
            return [*lines[:start], *fitted, *lines[start + len(old) :]]
    return None


def try_group_fixes(
    tasks: Mapping[str, Task],
    journal: Journal,
    executor: Executor,
    *,
    at_once: int,
    sources_of: Callable[[Task], Sequence[str]],
    run: Callable[[Task], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Try the fix of each group in its notebooks; each changed row is kept and given.

    A row then has `group_fix`: `from` (the notebook whose fix it is), `result` (HOLDS, FAILS, NO_PLACE or
    NOT_RUN) and `note`. What the journal has already is not tried again.

    Parameters
    ----------
    tasks
        By the paths that the rows name.
    sources_of
        The sources of all cells of a notebook, empty for those that are no code; none if it cannot be read.
    run
        Runs the task of a trial and returns its result and note.
    """
    running: dict[Future[dict[str, Any]], tuple[str, str]] = {}
    for group in journal.groups():
        for name, origin, trial in _trials(group, tasks, journal, sources_of):
            if isinstance(trial, Task):
                while len(running) >= at_once:
                    yield from _ended(running, tasks, journal)
                running[executor.submit(run, trial)] = (name, origin)
            else:
                yield _kept(tasks[name], origin, trial, journal)
    while running:
        yield from _ended(running, tasks, journal)


def _trials(
    group: str, tasks: Mapping[str, Task], journal: Journal, sources_of: Callable[[Task], Sequence[str]]
) -> Iterator[tuple[str, str, Task | tuple[str, str]]]:
    """For each notebook of a group, with the one whose fix it is: what to run, or result and note."""
    first = next((row for row in journal.rows(group) if _has_fix(row) and row["notebook"] in tasks), None)
    if first is None:
        return
    origin, fixed = first["notebook"], first["fix"]["edits"]
    untried = [row["notebook"] for row in journal.rows(group) if _is_untried(row, origin)]
    if not untried:
        return
    own = sources_of(tasks[origin])
    if any(edit["cell_index"] >= len(own) or holds_mask(edit["source"]) for edit in fixed):
        return  # it was changed since, or holds a secret that was withheld
    edits = [{"before": own[edit["cell_index"]], "after": edit["source"]} for edit in fixed]
    for name in untried:
        row = journal.row(tasks[name].path) if name in tasks else None
        if row is None or row.get("failure") is None:
            continue
        place, sources = row["failure"]["cell_index"], sources_of(tasks[name])
        there = moved(edits, sources, place) if place < len(sources) else []
        if name == origin or (_has_fix(row) and row["fix"]["edits"] == there):
            yield name, origin, (HOLDS, "it is the fix that was verified there")
        elif not there:
            yield name, origin, (NO_PLACE, "the lines that it replaces are not there")
        else:
            trial = {"edits": there, "cell_index": place}
            yield name, origin, replace(tasks[name], trial=trial, report="")


def _is_untried(row: Mapping[str, Any], origin: str) -> bool:
    trial = row.get("group_fix") or {}
    return trial.get("from") != origin or trial["result"] == NOT_RUN


def _has_fix(row: Mapping[str, Any]) -> bool:
    return row["result"] == "verified" and bool(row.get("fix"))


def _ended(
    running: dict[Future[dict[str, Any]], tuple[str, str]], tasks: Mapping[str, Task], journal: Journal
) -> Iterator[dict[str, Any]]:
    for future in wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED).done:
        name, origin = running.pop(future)
        try:
            found = future.result()
        except Exception as error:  # of the executor: the worker died, or the task could not be sent
            found = {"result": NOT_RUN, "note": f"{type(error).__name__}: {error}"}
        result = found["result"] if found["result"] in (HOLDS, FAILS) else NOT_RUN
        yield _kept(tasks[name], origin, (result, found.get("note", "")), journal)


def _kept(task: Task, origin: str, found: tuple[str, str], journal: Journal) -> dict[str, Any]:
    row = journal.row(task.path)
    assert row is not None, "rows are never removed"
    row["group_fix"] = {"from": origin, "result": found[0], "note": found[1]}
    journal.amend(task.path, row)
    return row

"""Makes an assignment from a working notebook: mistakes that were seen to fail, and the solution."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cot_magic.actions.mistake_search import CodeCell, MistakeSearch
from cot_magic.core.codec import from_json
from cot_magic.core.errors import NotebookError, SandboxError, UsageError
from cot_magic.core.jobs import Outcome
from cot_magic.faults.mistakes import CheckedMistake, Shown
from cot_magic.lessons.assignment import AssignmentFailure, SolvedMistake, assignment, solution, with_sources
from cot_magic.run.notebook import read_notebook, run_notebook, running_kernel
from cot_magic.settings import Settings

KEEP = "cot-keep"  # tag of a cell that is left unchanged
NEVER_CHANGED = frozenset({KEEP, "cot-test"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a teacher asks for. Empty `kinds`: all but syntax errors; `solve`: try the offline reasoner."""

    mistakes: int = 1
    kinds: tuple[str, ...] = ()
    seed: int = 0
    allow: tuple[str, ...] = ()
    timeout: float = 60.0
    solve: bool = False
    kernel: str | None = None
    size_limit_mb: int = Settings().snapshot_limit_mb


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An assignment and its solution as notebooks, and what was measured.

    `failure` is how the assignment failed when it ran in its own kernel.
    """

    assignment: Any
    solution: Any
    mistakes: tuple[SolvedMistake, ...]
    failure: AssignmentFailure
    search: MistakeSearch


def make(path: Path, wanted: Wanted) -> Made:
    """Put mistakes into a copy of the notebook at `path`; the file itself is only read.

    The notebook and each candidate run in confined copies of a fresh kernel. Then the unchanged notebook and
    the assignment each run once in their own kernel, in the notebook's folder.

    Raises NotebookError if the notebook does not pass, UsageError if no mistake fits the request.
    """
    _known_kinds(wanted.kinds)
    original = read_notebook(path)
    cells = code_cells(original)
    if not cells:
        raise UsageError(f"{path} has no code in it to put a mistake into.")
    found = _search_and_run(original, path, cells, wanted)
    if len(found.kept) < wanted.mistakes:
        raise UsageError(_too_few(path, found, wanted))
    kept = sorted(found.kept, key=lambda item: (item.mistake.cell, item.mistake.lineno))
    spoilt = assignment(original, [item.mistake for item in kept])
    failure = run_to_failure(spoilt, path, wanted.kernel)
    if failure is None or (wanted.mistakes == 1 and not _as_checked(failure, kept[0].shown)):
        raise NotebookError(
            f"{path}: the mistake did not fail in a kernel the way it did in a copy. Try another --seed. "
            "Nothing was written."
        )
    mistakes = tuple(_solved(original, path, item, wanted) for item in kept)
    return Made(
        assignment=without_outputs(spoilt),
        solution=solution(original, mistakes, failure, seed=wanted.seed, python=found.python),
        mistakes=mistakes,
        failure=failure,
        search=found,
    )


def run_to_failure(notebook: Any, path: Path, kernel: str | None) -> AssignmentFailure | None:
    """Run the cells in a fresh kernel; return the first failure, or None if every cell passed."""
    with running_kernel(notebook, path, kernel, "pass") as client:
        return _run_cells(client, notebook, path)


def without_outputs(notebook: Any) -> Any:
    """Remove what a run left in the notebook, and return it."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)
    return notebook


def _search_and_run(original: Any, path: Path, cells: Sequence[CodeCell], wanted: Wanted) -> MistakeSearch:
    """Search in copies of a kernel before any cell runs, then run the notebook in that kernel."""
    from cot_magic.faults.catalogue import WHILE_RUNNING

    with tempfile.TemporaryDirectory(prefix="cot-mistakes-") as folder:
        answer = Path(folder) / "search.json"
        plan = {
            "cells": [asdict(cell) for cell in cells],
            "kinds": wanted.kinds or WHILE_RUNNING,
            "seed": wanted.seed,
            "mistakes": wanted.mistakes,
            "allow": wanted.allow,
            "timeout": wanted.timeout,
            "size_limit_mb": wanted.size_limit_mb,
            "answer": str(answer),
        }
        searching = "cot_magic.actions.mistake_search"
        code = f"import {searching} as _cot\n_cot.search_here({json.dumps(plan)!r})\ndel _cot"
        with running_kernel(original, path, wanted.kernel, code) as client:
            told = json.loads(answer.read_text(encoding="utf-8"))
            if "error" in told:
                raise SandboxError(f"{path}: no mistake can be checked here: {told['error']}")
            found: MistakeSearch = from_json(MistakeSearch, told)
            if found.original.outcome is not Outcome.PASSED:
                raise NotebookError(_does_not_pass(path, found.original))
            failure = _run_cells(client, without_outputs(original), path)
    for cell in original.cells:
        cell.metadata.pop("execution", None)  # times of this run
    if failure is not None:
        raise NotebookError(
            f"{path}: cell {failure.cell} raises {failure.ename} in a kernel but passes in a copy of it, so "
            "nothing can be checked. Nothing was written."
        )
    return found


def _run_cells(client: Any, notebook: Any, path: Path) -> AssignmentFailure | None:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        try:
            client.execute_cell(cell, place)
        except CellExecutionError:
            output = next(item for item in reversed(cell.outputs) if item.output_type == "error")
            return AssignmentFailure(
                cell=place, ename=output.ename, evalue=output.evalue, traceback=tuple(output.traceback)
            )
        except DeadKernelError:
            raise NotebookError(f"{path}: the kernel died in cell {place}. Nothing was written.") from None
    return None


def _solved(original: Any, path: Path, item: CheckedMistake, wanted: Wanted) -> SolvedMistake:
    """Return the mistake, and with `solve` whether every cell passes with the offline reasoner's fix."""
    if not wanted.solve:
        return SolvedMistake(checked=item)
    alone = without_outputs(with_sources(original, [item.mistake]))
    settings = Settings(reasoner="offline", allow=wanted.allow)
    run = run_notebook(path, settings, kernel=wanted.kernel, verbatim=True, notebook=alone)
    fix = run.verbatim.best_fix
    if fix is None:
        return SolvedMistake(checked=item, solved_offline=False, offline_result=run.session.result)
    edits = {edit.cell: edit.after for edit in fix.edits}
    for cell in alone.cells:
        cell.source = edits.get(cell.id, cell.source)
    passes = run_to_failure(without_outputs(alone), path, wanted.kernel) is None
    return SolvedMistake(checked=item, solved_offline=passes, offline_result=run.session.result)


def code_cells(notebook: Any) -> list[CodeCell]:
    """Return the code cells that run, in order, with what their tags say."""
    found = []
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip():
            tags = set(cell.metadata.get("tags", []))
            found.append(
                CodeCell(
                    place=place,
                    source=cell.source,
                    may_raise="raises-exception" in tags,
                    spared=bool(tags & NEVER_CHANGED),
                )
            )
    return found


def _as_checked(failure: AssignmentFailure, shown: Shown) -> bool:
    """Return whether the kernel failed the way the copy did; the assignment has extra cells at the top."""
    return failure.ename == shown.ename and failure.original_cell == shown.cell


def _known_kinds(kinds: Sequence[str]) -> None:
    from cot_magic.faults.catalogue import KINDS

    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"--kind {kind}: unknown kind. Choose from {', '.join(KINDS)}.")


def _does_not_pass(path: Path, shown: Shown) -> str:
    """Say in one line why no assignment can be made from this notebook."""
    where = f"{path}: cell {shown.cell} (counted from 0)"
    if shown.failed:
        said = f"{shown.ename}: {' '.join(shown.evalue.split())[:200]}".rstrip(": ")
        return f"{where} fails ({said}). An assignment needs a notebook in which every cell passes."
    if shown.outcome is Outcome.TIMED_OUT:
        return f"{where} takes too long ({shown.note}). Allow more seconds with --timeout."
    return (
        f"{where} cannot be checked in a confined copy ({shown.note or shown.outcome.value}). "
        "Permit what it needs with --allow net, --allow write=PATH or --allow proc."
    )


def _too_few(path: Path, found: MistakeSearch, wanted: Wanted) -> str:
    kinds = f" of kind {', '.join(wanted.kinds)}" if wanted.kinds else ""
    reasons = ", ".join(f"{count}: {why}" for why, count in found.dropped)
    if not found.tried:
        return f"{path} has no place for a mistake{kinds}. Nothing was written."
    return (
        f"{path}: {len(found.kept)} of {wanted.mistakes} mistakes{kinds} found; {found.tried} were tried"
        f"{f' ({reasons})' if reasons else ''}. Asserts in the notebook make more of them "
        "fail. Nothing was written."
    )

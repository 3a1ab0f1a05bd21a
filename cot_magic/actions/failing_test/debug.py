"""Debugs a failing test, or a failing cell that pytest ran, in copies; nothing is written to the project."""

import difflib
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cot_magic.actions.failing_test.confirm import Confirmed, confirmed
from cot_magic.actions.failing_test.failing import FailingTest
from cot_magic.actions.failing_test.rebuilt_test import cells_of
from cot_magic.actions.failing_test.source import SourceCell, applied, in_words_of_files
from cot_magic.actions.sweep.one import run_task
from cot_magic.actions.sweep.tasks import Ceilings, Task
from cot_magic.core.errors import CotError, UsageError
from cot_magic.core.withheld import holds_mask
from cot_magic.sandbox.folder_copy import copy_folder
from cot_magic.sandbox.machine import probe
from cot_magic.settings import Settings

FIXED = ("verified", "plausible")


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggedTest:
    """What was found out about a failing test.

    Attributes
    ----------
    result
        `verified`, `plausible` or `unresolved`; "" if it could not be debugged, and `note` says why.
    claim
        The cause.
    diff
        The lines that the fix changes, below the file, or the cell, in which they are.
    confirmed
        How the tests of the file end with the fix; None if there was nothing to try.
    question
        What has to be decided by a person; "" if nothing has.
    """

    result: str = ""
    note: str = ""
    claim: str = ""
    diff: tuple[str, ...] = ()
    confirmed: Confirmed | None = None
    question: str = ""


def why_not_here() -> str:
    """Why no failure can be debugged on this machine; "" if they can be."""
    status = probe()
    return "" if status.available else status.reason


def debug_test(
    test: FailingTest, settings: Settings, *, seconds: float, stop: threading.Event | None = None
) -> DebuggedTest:
    """Rebuild a failing test in a copy of its project, debug it, and try the fix on the project.

    Parameters
    ----------
    seconds
        Real time for each of the two parts.
    stop
        Once it is set, what runs is ended.
    """
    import nbformat

    with tempfile.TemporaryDirectory(prefix="cot-test-", ignore_cleanup_errors=True) as folder:
        copy = copy_folder(test.root, os.path.join(folder, "root")).path
        try:
            cells = cells_of(test, copy)
        except UsageError as error:
            return DebuggedTest(note=f"the test could not be rebuilt: {error}")
        path = Path(folder, "notebook", "test.ipynb")
        path.parent.mkdir()
        notebook: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        for cell in cells:
            notebook.cells.append(nbformat.v4.new_code_cell(cell.source))  # type: ignore[no-untyped-call]
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        row = run_task(_task(path, str(path), settings, seconds), stop)
        again = _did_it_fail_again(row, test.ename, len(cells) - 1)
        if again:
            return DebuggedTest(note=again)
        return _with_diff(test, cells, row, Path(copy), seconds)


def debug_cell(
    notebook: Path, index: int, settings: Settings, *, seconds: float, stop: threading.Event | None = None
) -> DebuggedTest:
    """Debug the cell at which a notebook fails, by its index among all cells."""
    from cot_magic.run.notebook import read_notebook

    try:
        stored = read_notebook(notebook)
    except CotError as error:
        return DebuggedTest(note=str(error))
    row = run_task(_task(notebook, str(notebook), settings, seconds), stop)
    again = _did_it_fail_again(row, "", index)
    if again:
        return DebuggedTest(note=again)
    found, lines = _found(row), []
    for edit in (row.get("fix") or {}).get("edits", ()) if found.result in FIXED else ():
        place = edit["cell_index"]
        lines += _diff(f"cell {place + 1}", stored.cells[place].source, edit["source"])
    return replace(found, diff=tuple(lines))


def _task(path: Path, named: str, settings: Settings, seconds: float) -> Task:
    return Task(named=named, path=str(path), settings=asdict(settings), ceilings=Ceilings(seconds=seconds))


def _did_it_fail_again(row: dict[str, Any], ename: str, index: int) -> str:
    """Why a row tells nothing about the failure that pytest saw; "" if it does."""
    failure = row.get("failure")
    if failure is None and row.get("note"):
        return f"nothing was found out: {row['note']}"
    if failure is None:
        return "it did not fail again in a copy: the failure depends on what ran before it, or on chance."
    same = failure["cell_index"] == index and ename in ("", failure["ename"])
    if same:
        return ""
    message = " ".join((failure["evalue"] or "").split())[:120]
    return f"in a copy it failed in another way: {failure['ename']}: {message}"


def _found(row: dict[str, Any]) -> DebuggedTest:
    cause, asked = row.get("root_cause") or {}, row.get("question") or {}
    return DebuggedTest(
        result=row["result"],
        claim=cause.get("claim", ""),
        question=asked.get("text", ""),
    )


def _with_diff(
    test: FailingTest, cells: Sequence[SourceCell], row: dict[str, Any], copy: Path, seconds: float
) -> DebuggedTest:
    """What was found, with the fix as a diff of the project, tried on the project."""
    found = _found(row)
    where = (row.get("root_cause") or {}).get("cell_index")
    found = replace(
        found,
        claim=in_words_of_files(found.claim, cells, where),
        question=in_words_of_files(found.question, cells, len(cells) - 1),
    )
    if found.result not in FIXED:
        return found
    before, texts = dict[str, str](), dict[str, str]()
    try:
        for edit in sorted(row["fix"]["edits"], key=lambda edit: -int(edit["cell_index"])):
            cell = cells[edit["cell_index"]]
            if not cell.path:
                raise UsageError("the fix changes what sets the test up, which is in no file.")
            if holds_mask(edit["source"]):
                raise UsageError("the lines that the fix changes hold a secret, which was withheld.")
            before.setdefault(cell.path, (copy / cell.path).read_text(encoding="utf-8"))
            text = texts.get(cell.path, before[cell.path])
            texts[cell.path] = applied(text, cell, edit["source"])
    except UsageError as error:
        return replace(found, result="unresolved", note=f"no fix is shown: {error}")
    lines = [line for path in sorted(texts) for line in _diff(path, before[path], texts[path])]
    tried = confirmed(test, texts, seconds=seconds)
    return replace(found, diff=tuple(lines), confirmed=tried)


def _diff(name: str, before: str, after: str) -> list[str]:
    """The changed lines, each with one line around, below the place where they are."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return [f"{name}, line {_first(line)}:" if line.startswith("@@") else line for line in lines][2:]


def _first(header: str) -> str:
    """`4` of `@@ -4,3 +4,3 @@`."""
    return header.split()[1].removeprefix("-").partition(",")[0]

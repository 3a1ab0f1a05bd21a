"""The notebooks of an assignment: the one with the mistakes in it, and its solution."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cot_magic.core.case import CellId
from cot_magic.core.edits import diff
from cot_magic.core.findings import CellEdit
from cot_magic.faults.mistakes import CheckedMistake, Mistake, with_mistakes
from cot_magic.render.markdown import escaped, fence

FORMAT = 1
TAG_TASK, TAG_SOLUTION = "cot-assignment", "cot-solution"
ADDED = 2  # cells at the top of an assignment: the task, and the cell that loads the extension
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LONGEST = 4000  # characters of a traceback
_TASK = """# {title}

This notebook worked until {holds} put into its code. Find and fix {them}.

1. Run the cells from the top until one fails. The mistake may be in that cell or in one above it.
2. Add `%%cot --teach` as the first line of the failing cell and run it again. You are asked what you think
   before anything is shown. Answer in the form below the cell, or run `%cot_answer` with your answer in a
   new cell.
3. `%cot_answer --hint` gives a hint. `%cot_answer --show` shows the answer.
4. Fix {each} in the cell where it is, and run all cells again. You are done when every cell passes.

Leave cells with `assert` as they are: they say what the code must do."""
_OVERVIEW = """# Solution

This is the original notebook with the outputs of its run. For the assignment, {were} put into its code:

| | kind | cell | line | error |
|---|---|---|---|---|
{rows}

Cells are counted from 0 in the assignment.

What was run (Python {python}): this notebook, in which every cell passes; the notebook with {each},
twice, which fails as the table shows; and the assignment in its own kernel, which fails in cell {cell}:

{traceback}

Seed {seed} gives the same assignment again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFailure:
    """How an assignment failed in a kernel; `cell` is an index among its cells, from 0."""

    cell: int
    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()

    @property
    def original_cell(self) -> int:
        """The index of the cell in the original notebook."""
        return self.cell - ADDED

    @property
    def text(self) -> str:
        """The traceback without colours; of a long one, the end."""
        plain = _COLOURS.sub("", "\n".join(self.traceback))
        return plain if len(plain) <= _LONGEST else f"…\n{plain[-_LONGEST:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedMistake:
    """A checked mistake, and whether the offline reasoner fixed it; None if it did not try."""

    checked: CheckedMistake
    solved_offline: bool | None = None
    offline_result: str = ""


def copied(original: Any) -> Any:
    """Return a copy that names its kernel, so that a front end does not ask for one."""
    notebook = copy.deepcopy(original)
    notebook.metadata.setdefault("kernelspec", dict(_PYTHON))
    return notebook


def with_sources(original: Any, mistakes: Sequence[Mistake]) -> Any:
    """Return a copy of the notebook with these mistakes in its cells."""
    notebook = copied(original)
    for place, cell in enumerate(notebook.cells):
        own = tuple(mistake for mistake in mistakes if mistake.cell == place)
        cell.source = with_mistakes(cell.source, own)
    return notebook


def assignment(original: Any, mistakes: Sequence[Mistake]) -> Any:
    """Return the notebook for students; nothing in it tells where the mistakes are."""
    from nbformat import v4

    notebook = with_sources(original, mistakes)
    load = _free_id(original, "load")
    setup: Any = v4.new_code_cell("%load_ext cot_magic", id=load)  # type: ignore[no-untyped-call]
    setup.metadata["tags"] = [TAG_TASK]
    notebook.cells[:0] = [_told(_task(len(mistakes)), _free_id(original, "task"), TAG_TASK), setup]
    notebook.metadata["cot"] = {"assignment": {"format": FORMAT, "faults": len(mistakes)}}
    return notebook


def solution(
    original: Any, mistakes: Sequence[SolvedMistake], failure: AssignmentFailure, *, seed: int, python: str
) -> Any:
    """Return the working notebook with its outputs, and each mistake explained above its cell."""
    notebook = copied(original)
    cells = []
    for place, cell in enumerate(notebook.cells):
        for number, item in enumerate(mistakes, 1):
            if item.checked.mistake.cell == place:
                told = _explained(item, number)
                cells.append(_told(told, _free_id(original, f"mistake-{number}"), TAG_SOLUTION))
        cells.append(cell)
    top = _told(_overview(mistakes, failure, seed, python), _free_id(original, "solution"), TAG_SOLUTION)
    notebook.cells = [top, *cells]
    notebook.metadata["cot"] = {
        "solution": {"format": FORMAT, "seed": seed, "faults": [as_json(item) for item in mistakes]}
    }
    return notebook


def as_json(item: SolvedMistake) -> dict[str, Any]:
    """Return a mistake as JSON data. Cells are counted from 0, in the original notebook."""
    mistake, shown = item.checked.mistake, item.checked.shown
    return {
        "kind": mistake.kind,
        "lesson": mistake.lesson,
        "cell_index": mistake.cell,
        "assignment_cell_index": mistake.cell + ADDED,
        "lineno": mistake.lineno,
        "before": mistake.before,
        "after": mistake.after,
        "failure": {
            "cell_index": shown.cell,
            "ename": shown.ename,
            "evalue": shown.evalue,
            "lineno": shown.lineno,
        },
        "solved_offline": item.solved_offline,
        "offline_result": item.offline_result or None,
    }


def _task(count: int) -> str:
    many = count != 1
    return _TASK.format(
        title="Find the mistakes" if many else "Find the mistake",
        holds=f"{count} mistakes were" if many else "one mistake was",
        them="them" if many else "it",
        each="each mistake" if many else "the mistake",
    )


def _overview(mistakes: Sequence[SolvedMistake], failure: AssignmentFailure, seed: int, python: str) -> str:
    many = len(mistakes) != 1
    return _OVERVIEW.format(
        were=f"{len(mistakes)} mistakes were" if many else "one mistake was",
        rows="\n".join(_row(item, number) for number, item in enumerate(mistakes, 1)),
        python=escaped(python),
        each="each mistake on its own" if many else "the mistake",
        cell=failure.cell,
        traceback=fence(failure.text, "text"),
        seed=seed,
    )


def _row(item: SolvedMistake, number: int) -> str:
    mistake, shown = item.checked.mistake, item.checked.shown
    error = escaped(f"{shown.ename}: {' '.join(shown.evalue.split())[:120]}".rstrip(": ")).replace("|", "\\|")
    leads = f"{error} in cell {(shown.cell or 0) + ADDED}"
    return f"| {number} | {mistake.kind} | {mistake.cell + ADDED} | {mistake.lineno} | {leads} |"


def _explained(item: SolvedMistake, number: int) -> str:
    mistake = item.checked.mistake
    edit = CellEdit(cell=CellId(str(mistake.cell)), before=mistake.after, after=mistake.before)
    lines = [
        f"### Mistake {number}: {mistake.kind}",
        "",
        mistake.lesson,
        "",
        "The fix, from the assignment to the cell below:",
        "",
        fence("\n".join(diff(edit).splitlines()[2:]), "diff"),
    ]
    if item.solved_offline is not None:
        found = "found a fix with which every cell passes" if item.solved_offline else "found no fix"
        lines += ["", f"The offline reasoner also tried: it {found} ({item.offline_result})."]
    return "\n".join(lines)


def _told(text: str, cell_id: str, tag: str) -> Any:
    from nbformat import v4

    cell: Any = v4.new_markdown_cell(text, id=cell_id)  # type: ignore[no-untyped-call]
    cell.metadata["tags"] = [tag]
    return cell


def _free_id(notebook: Any, name: str) -> str:
    """Return an id that no cell of the notebook has, always the same for the same notebook."""
    taken = {cell.get("id") for cell in notebook.cells}
    candidate = f"cot-{name}"
    while candidate in taken:
        candidate += "-"
    return candidate

"""The notebooks of an assignment: the one with the faults in it, and its solution."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cot_magic.core.case import CellId
from cot_magic.core.edits import diff
from cot_magic.core.findings import CellEdit
from cot_magic.faults.mistakes import CheckedFault, Fault, with_faults
from cot_magic.render.markdown import escaped

FORMAT = 1
TAG_TASK, TAG_SOLUTION = "cot-assignment", "cot-solution"
ADDED = 2  # cells on top of an assignment: the task, and the cell that loads the extension
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LONGEST = 4000  # characters of a traceback
_TASK = """# {title}

This notebook worked, and then {holds} put into its code. Find and repair {them}.

1. Run the cells from the top until one fails. The mistake may be in that cell or in one above it.
2. Put `%%cot --teach` on top of the cell that fails, as its first line, and run the cell again. You are
   asked what you think before anything is shown. Answer in the form below the cell, or in a new cell with
   `%cot_answer` and your answer.
3. `%cot_answer --hint` gives a hint. `%cot_answer --show` shows what was asked for.
4. Repair {each} in the cell where it is, and run all cells again. You are done when every cell passes.

Leave cells with `assert` as they are: they say what the code has to do."""
_OVERVIEW = """# Solution

This is the notebook as it was, with the outputs of its run. For the assignment {were} put into its code:

| | kind | cell | line | what it leads to |
|---|---|---|---|---|
{rows}

Cells are counted from 0, in the assignment.

What was run (Python {python}): this notebook, in which every cell passes; the notebook with {each},
twice, which fails as the table says; and the assignment in a kernel of its own. It fails in cell {cell}:

{traceback}

Seed {seed} gives the same assignment again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What running an assignment in a kernel ended in; `cell` is a place among its cells, from 0."""

    cell: int
    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()

    @property
    def original_cell(self) -> int:
        """The place of the cell in the notebook that the assignment was made of."""
        return self.cell - ADDED

    @property
    def text(self) -> str:
        """The traceback without colours, bounded: the beginning is left out."""
        plain = _COLOURS.sub("", "\n".join(self.traceback))
        return plain if len(plain) <= _LONGEST else f"…\n{plain[-_LONGEST:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedFault:
    """A fault that was checked, and whether the offline reasoner found its way back; None: not tried."""

    checked: CheckedFault
    solved_offline: bool | None = None
    offline_result: str = ""


def copied(original: Any) -> Any:
    """A copy that names its kernel, so that a front end does not ask for one."""
    notebook = copy.deepcopy(original)
    notebook.metadata.setdefault("kernelspec", dict(_PYTHON))
    return notebook


def with_sources(original: Any, faults: Sequence[Fault]) -> Any:
    """A copy of the notebook with these faults in its cells."""
    notebook = copied(original)
    for place, cell in enumerate(notebook.cells):
        own = tuple(fault for fault in faults if fault.cell == place)
        cell.source = with_faults(cell.source, own)
    return notebook


def assignment(original: Any, faults: Sequence[Fault]) -> Any:
    """The notebook that students get: nothing in it tells where the faults are."""
    from nbformat import v4

    notebook = with_sources(original, faults)
    load = _free_id(original, "load")
    setup: Any = v4.new_code_cell("%load_ext cot_magic", id=load)  # type: ignore[no-untyped-call]
    setup.metadata["tags"] = [TAG_TASK]
    notebook.cells[:0] = [_told(_task(len(faults)), _free_id(original, "task"), TAG_TASK), setup]
    notebook.metadata["cot"] = {"assignment": {"format": FORMAT, "faults": len(faults)}}
    return notebook


def solution(
    original: Any, faults: Sequence[SolvedFault], failure: Failure, *, seed: int, python: str
) -> Any:
    """The working notebook with the outputs of its run, and each fault explained above its cell."""
    notebook = copied(original)
    cells = []
    for place, cell in enumerate(notebook.cells):
        for number, item in enumerate(faults, 1):
            if item.checked.fault.cell == place:
                told = _explained(item, number)
                cells.append(_told(told, _free_id(original, f"fault-{number}"), TAG_SOLUTION))
        cells.append(cell)
    top = _told(_overview(faults, failure, seed, python), _free_id(original, "solution"), TAG_SOLUTION)
    notebook.cells = [top, *cells]
    notebook.metadata["cot"] = {
        "solution": {"format": FORMAT, "seed": seed, "faults": [as_json(item) for item in faults]}
    }
    return notebook


def as_json(item: SolvedFault) -> dict[str, Any]:
    """A fault for programs. Cells are counted in the notebook that the assignment was made of, from 0."""
    fault, shown = item.checked.fault, item.checked.shown
    return {
        "kind": fault.kind,
        "lesson": fault.lesson,
        "cell_index": fault.cell,
        "assignment_cell_index": fault.cell + ADDED,
        "lineno": fault.lineno,
        "before": fault.before,
        "after": fault.after,
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


def _overview(faults: Sequence[SolvedFault], failure: Failure, seed: int, python: str) -> str:
    many = len(faults) != 1
    return _OVERVIEW.format(
        were=f"{len(faults)} faults were" if many else "one fault was",
        rows="\n".join(_row(item, number) for number, item in enumerate(faults, 1)),
        python=escaped(python),
        each="each fault by itself" if many else "the fault",
        cell=failure.cell,
        traceback="\n".join(_fenced(failure.text)),
        seed=seed,
    )


def _row(item: SolvedFault, number: int) -> str:
    fault, shown = item.checked.fault, item.checked.shown
    error = escaped(f"{shown.ename}: {' '.join(shown.evalue.split())[:120]}".rstrip(": ")).replace("|", "\\|")
    leads = f"{error} in cell {(shown.cell or 0) + ADDED}"
    return f"| {number} | {fault.kind} | {fault.cell + ADDED} | {fault.lineno} | {leads} |"


def _explained(item: SolvedFault, number: int) -> str:
    fault = item.checked.fault
    edit = CellEdit(cell=CellId(str(fault.cell)), before=fault.after, after=fault.before)
    lines = [
        f"### Fault {number}: {fault.kind}",
        "",
        fault.lesson,
        "",
        "The way back, from the assignment to the cell below:",
        "",
        *_fenced("\n".join(diff(edit).splitlines()[2:]).rstrip(), "diff"),
    ]
    if item.solved_offline is not None:
        found = "found a fix with which every cell passes" if item.solved_offline else "found no fix"
        lines += ["", f"The offline reasoner was asked as well: it {found} ({item.offline_result})."]
    return "\n".join(lines)


def _fenced(text: str, language: str = "text") -> list[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", text, fence]


def _told(text: str, cell_id: str, tag: str) -> Any:
    from nbformat import v4

    cell: Any = v4.new_markdown_cell(text, id=cell_id)  # type: ignore[no-untyped-call]
    cell.metadata["tags"] = [tag]
    return cell


def _free_id(notebook: Any, name: str) -> str:
    """An id that no cell of the notebook has; always the same for the same notebook."""
    taken = {cell.get("id") for cell in notebook.cells}
    candidate = f"cot-{name}"
    while candidate in taken:
        candidate += "-"
    return candidate

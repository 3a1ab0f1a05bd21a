"""How people call the file that code was compiled under: a cell by its prompt number, a file by its name."""

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from cot_magic.core.case import Case, Cell, CellId
from cot_magic.core.trace import Trace, TraceStep

NUMBERED = re.compile(r"cell \[(\d+)\]")
AGAIN = re.compile(r"<cot cell (\d+)>")
"""What the sandbox calls the code of the n-th step of a job."""
LOOPS = ("asyncio.", "cot_magic.explore.")


def shown(filename: str) -> str:
    """`cell [3]` for code of a cell that ran in this process's shell, else the last part of the path."""
    count = _prompts().get(filename)
    return (
        f"cell [{count}]"
        if count is not None and not AGAIN.fullmatch(filename)
        else os.path.basename(filename)
    )


def is_cell(filename: str) -> bool:
    """Whether a cell of this process's shell was compiled under that name."""
    return filename in _prompts()


def function_of(owner: Any) -> str:
    """What a task or a call in a thread runs."""
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner.get_name()))
    return str(getattr(owner, "name", "asyncio"))


class LaneNames:
    """Whose lane it is, told so that it is the same on code that was edited elsewhere: `fetch #2`."""

    def __init__(self) -> None:
        self._names, self._ranks = {0: "asyncio"}, Counter[str]()

    def of(self, lane: int, owners: Iterable[Any]) -> str:
        """The name of a lane; owners are all tasks and calls so far, in their order."""
        if lane not in self._names:
            for owner in owners:
                if owner.lane not in self._names:
                    function = function_of(owner)
                    self._ranks[function] += 1
                    self._names[owner.lane] = f"{function} #{self._ranks[function]}"
        return self._names.get(lane, "asyncio")


def waiting_function() -> str:
    """The function that is about to wait: the innermost one that is no part of asyncio or of ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(LOOPS):
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_qualname


def _prompts() -> Mapping[str, int]:
    """File names of cells and their prompt numbers, as IPython keeps them."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    found = getattr(getattr(shell, "compile", None), "_filename_map", None)
    return found if isinstance(found, dict) else {}


def outside_of_copy(trace: Trace, cell_file: str) -> Trace:
    """A trace whose places mean something outside of this copy: the explored cell itself has no file name."""

    def placed(step: TraceStep) -> TraceStep:
        if step.filename == cell_file:
            return replace(step, filename="")
        return replace(step, filename=shown(step.filename)) if is_cell(step.filename) else step

    return replace(trace, steps=tuple(map(placed, trace.steps)))


def in_cells(trace: Trace, case: Case, again: Sequence[CellId | None]) -> Trace:
    """The same with the cells of the case; if several have a part in it, each step says which.

    Parameters
    ----------
    again
        The cells that ran again in the copy, in their order.
    """
    steps = tuple(_in_cell(step, case, again) for step in trace.steps)
    if len({(step.cell, step.filename) for step in steps if step.cell is not None}) > 1:
        steps = tuple(replace(step, filename=case.label(step.cell)) if step.cell else step for step in steps)
    return replace(trace, steps=steps)


def _in_cell(step: TraceStep, case: Case, again: Sequence[CellId | None]) -> TraceStep:
    if not step.filename:
        return replace(step, cell=case.cell.id)
    rerun = AGAIN.fullmatch(step.filename)
    if rerun is not None:
        cell_id = again[int(rerun[1])] if int(rerun[1]) < len(again) else None
        cell = case.cell_by_id(cell_id) if cell_id is not None else None
    else:
        numbered = NUMBERED.fullmatch(step.filename)
        cell = _numbered(case, int(numbered[1])) if numbered is not None else None
    if cell is None:
        return step
    label = case.label(cell.id)
    return replace(step, cell=cell.id, filename=label, lineno=step.lineno + _blank_lines(cell.source))


def _numbered(case: Case, count: int) -> Cell | None:
    known = (*case.cells, *(item.cell for item in case.lineage))
    return next((cell for cell in known if cell.execution_count == count), None)


def _blank_lines(source: str) -> int:
    """IPython takes away the blank lines on top of a cell before it counts."""
    top = source[: len(source) - len(source.lstrip())]
    return top.count("\n")

"""Where code is: whether a file is the user's, and what people call it (`cell [3]`, `orders.py`)."""

import functools
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cot_magic.core.case import Case, Cell, CellId
from cot_magic.core.library_folders import installed, starts_of
from cot_magic.core.schedules import Trace, TraceStep

NUMBERED = re.compile(r"cell \[(\d+)\]")
AGAIN = re.compile(r"<cot cell (\d+)>")
"""What the sandbox calls the code of the n-th step of a job."""
_OURS = os.path.dirname(os.path.dirname(__file__))
_LIBRARIES = starts_of((*installed(), _OURS), os.path)
_GENERATED = ("<string>", "<stdin>")  # methods of named tuples and dataclasses
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


@functools.lru_cache(maxsize=4096)
def of_the_user(filename: str) -> bool:
    """Whether code of that file is the user's: not the standard library's, an installed package's or ours."""
    if filename in _GENERATED or filename.startswith("<frozen "):
        return False
    if os.path.normcase(filename).startswith(_LIBRARIES):
        return False
    return not _INSTALLED.search(filename)  # of another environment on the path


def shown(filename: str) -> str:
    """`cell [3]` for the code of a cell that ran in this process's shell, else the last part of the path."""
    count = _prompts().get(filename)
    return (
        f"cell [{count}]"
        if count is not None and not AGAIN.fullmatch(filename)
        else os.path.basename(filename)
    )


def is_cell(filename: str) -> bool:
    """Whether a cell of this process's shell was compiled under that name."""
    return filename in _prompts()


def _prompts() -> Mapping[str, int]:
    """File names of cells and their prompt numbers, as IPython keeps them."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    found = getattr(getattr(shell, "compile", None), "_filename_map", None)
    return found if isinstance(found, dict) else {}


def outside_of_copy(trace: Trace, cell_file: str) -> Trace:
    """The trace with places that make sense outside of this copy; the explored cell gets no file name."""

    def placed(step: TraceStep) -> TraceStep:
        if step.filename == cell_file:
            return replace(step, filename="")
        return replace(step, filename=shown(step.filename)) if is_cell(step.filename) else step

    return replace(trace, steps=tuple(map(placed, trace.steps)))


def in_cells(trace: Trace, case: Case, again: Sequence[CellId | None]) -> Trace:
    """The trace placed in the cells of the case; if it passes through several, each step names its own.

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
    """How many leading blank lines IPython strips from a cell before it compiles it."""
    top = source[: len(source) - len(source.lstrip())]
    return top.count("\n")

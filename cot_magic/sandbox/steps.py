"""Runs the cells of a job through IPython's own machinery, and evaluates code in a frame of their failure."""

import ast
import linecache
import re
import sys
import types
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from cot_magic.core.case import CellId, Raised
from cot_magic.core.jobs import Inspection, JobStep

COT_LINE = re.compile(r"\s*%%cot\+{0,2}(\s|$)")
INSPECTION_FILE = "<cot inspection>"
Describe = Callable[[BaseException, Mapping[str, CellId]], Raised]
"""Makes a Raised from an exception and a mapping of file names to cells."""


@dataclass(slots=True)
class Ran:
    """How one step ended: what it raised, or the value of its last expression."""

    error: BaseException | None
    value: Any


class StepRunner:
    """Runs steps in one copy and maps their file names to cells.

    A step that is no cell (a probe, a test) has its own id in `cells`, so that a traceback can start there.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._current = ""
        self.cells: dict[str, CellId] = {}
        shell.compile.get_code_name = lambda *_: self._current

    async def run(self, index: int, step: JobStep) -> Ran:
        """Run one cell as in the kernel: with magics, top-level await, `_` and hooks of other extensions."""
        shell, source = self._shell, without_cot_line(step.source)
        self._current = f"<cot cell {index}>"
        self.cells[self._current] = step.cell or CellId(f"step {index}")
        shell.displayhook.last = None
        trouble = None
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, trouble = source, sys.exc_info()
        result = await shell.run_cell_async(
            source, store_history=False, transformed_cell=transformed, preprocessing_exc_tuple=trouble
        )
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
        return Ran(result.error_before_exec or result.error_in_exec, shell.displayhook.last)


def drive(shell: Any, loop: Any, main: Callable[[], Awaitable[None]], sources: list[str]) -> None:
    """Run `main` as the kernel or terminal would run a cell.

    In a kernel, an event loop runs while any cell runs; in a terminal, only for cells with top-level await.
    So `asyncio.run` works in a terminal and fails in a kernel.
    """
    if getattr(shell, "kernel", None) is not None or any(_awaits(shell, source) for source in sources):
        loop.run_until_complete(main())
        return
    from IPython.core.async_helpers import _pseudo_sync_runner

    _pseudo_sync_runner(main())  # type: ignore[no-untyped-call]


def _awaits(shell: Any, source: str) -> bool:
    source = without_cot_line(source)
    try:
        return bool(shell.should_run_async(source, transformed_cell=shell.transform_cell(source)))
    except Exception:
        return False  # a transformer raises: `run` meets the same error and reports it


def without_cot_line(source: str) -> str:
    """The source with a leading `%%cot` line turned into a comment, which keeps line numbers."""
    lines = source.splitlines(keepends=True)
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is not None and COT_LINE.match(lines[first]):
        lines[first] = f"# {lines[first].lstrip()}"
    return "".join(lines)


def frames_of(error: BaseException, cells: Container[str]) -> list[tuple[types.FrameType, int]]:
    """The frames of a traceback with their line numbers, outermost first, starting at the first cell.

    `Inspection.frame` indexes this list; the frames that `describe` returns have the same length and order.
    If no frame is a cell, all are kept.
    """
    found = []
    entry = error.__traceback__
    while entry is not None:
        found.append((entry.tb_frame, entry.tb_lineno))
        entry = entry.tb_next
    first = next((place for place, (frame, _) in enumerate(found) if frame.f_code.co_filename in cells), 0)
    return found[first:]


def inspect(inspection: Inspection, frame: types.FrameType) -> Any:
    """Run the statements in the namespace of the frame and return the value of the last expression.

    Global and local names are merged into one namespace, because a generator expression or lambda in the
    source could not see local names otherwise.
    """
    tree = ast.parse(inspection.source, INSPECTION_FILE)
    lines = inspection.source.splitlines(keepends=True)
    linecache.cache[INSPECTION_FILE] = (len(inspection.source), None, lines, INSPECTION_FILE)
    namespace = {**frame.f_globals, **frame.f_locals}
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, INSPECTION_FILE, "exec"), namespace)  # noqa: S102 - in a confined copy
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), INSPECTION_FILE, "eval"), namespace)  # noqa: S307

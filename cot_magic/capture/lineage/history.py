"""Which cells ran, in which order, from which source, and under which file name IPython compiled them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import Cell, CellId

_COT_LINE = re.compile(r"%%cot\+{0,2}(\s|$)")
_TIMED = re.compile(r"(?:#%%cot[^\n]*\n)?%%time\b")
_TIMED_FILES = ("<timed exec>", "<timed eval>")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """One execution of a cell: its place in the order of all executions, and the source as it ran.

    `ended` is False while the cell runs; `raised` tells whether it failed.
    """

    cell: CellId
    source: str
    order: int
    count: int | None = None
    ended: bool = False
    raised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where code of a file name stands: add `offset` to its line number to get the line of the cell.

    The offset is not 0 where IPython takes lines away before it compiles: blank lines on top of a cell, the
    line of `%%time`.
    """

    cell: CellId
    offset: int = 0
    source: str = ""

    @property
    def compiled(self) -> str:
        """The part of the source that the compiler saw, as it is written in the cell."""
        return "".join(self.source.splitlines(keepends=True)[self.offset :])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A cell between `begin` and `finish`; without an order if it runs inside another one."""

    info: Any
    cell: Cell
    order: int | None = None


class History:
    """Follows the cells of one shell. Nothing is parsed here: a passing cell costs microseconds."""

    def __init__(self) -> None:
        self._notebook: dict[CellId, Cell] = {}
        self._runs: list[CellRun] = []
        self._latest: dict[CellId, int] = {}  # place in _runs of the latest run of a cell
        self._running: list[_Running] = []  # a cell may run cells
        self._places: dict[str, Place] = {}
        self._compiler: Any = None

    # --- told by the front end and by IPython ---------------------------------------------------------------

    def known(self, cells: Sequence[Cell]) -> None:
        """Tell the code cells of the notebook in their order, also those that have not run.

        Their sources are the current ones: a cell whose source differs from what ran is stale.
        """
        self._notebook = {cell.id: replace(cell, source=as_executed(cell.source)) for cell in cells}

    def begin(self, shell: Any, info: Any) -> Cell:
        """A cell is about to run; called in `pre_run_cell` with IPython's ExecutionInfo.

        A cell that another cell runs (`%%capture`, `get_ipython().run_cell`) counts as part of that one.
        """
        self._compiler = shell.compile
        raw = info.raw_cell or ""
        keeps = bool(info.store_history) and not info.silent
        if self._running and not keeps:
            outer = self._running[-1].cell
            self._running.append(_Running(info=info, cell=outer))
            self._place(shell, info, outer, _line_of(raw, outer.source))
            return outer
        self._running.clear()  # a cell that keeps its history is a new one: what is still open never ended
        source = as_executed(raw)
        count = shell.execution_count - 1 if keeps else None  # IPython counts before it tells
        cell = self._identify(shell, info, source, count)
        order = len(self._runs)
        self._runs.append(CellRun(cell=cell.id, source=source, order=order, count=count))
        self._latest[cell.id] = order
        self._running.append(_Running(info=info, cell=cell, order=order))
        self._place(shell, info, cell, _blank_lines(source))
        if _TIMED.match(source):
            start = source.index("%%time")
            above = source.count("\n", 0, start) + 1
            body = source[start:].partition("\n")[2]
            for name in _TIMED_FILES:
                self._places[name] = Place(cell=cell.id, offset=above + _blank_lines(body), source=source)
        return cell

    def finish(self, shell: Any, result: Any) -> None:
        """A cell has run; called in `post_run_cell` with its ExecutionResult.

        Also called for an empty cell, which IPython never announces.
        """
        if not self._running or _is_empty(result):
            return
        info = getattr(result, "info", None)
        # IPython makes a new info when its loop dies with the cell: that is the innermost one
        place = next((at for at, entry in enumerate(self._running) if entry.info is info), -1)
        order = self._running[place].order
        del self._running[place:]  # with whatever was announced inside of it and never ended
        if order is None:
            return
        raised = result is None or (result.error_before_exec or result.error_in_exec) is not None
        run = self._runs[order]
        self._runs[order] = replace(run, ended=True, raised=raised)

    # --- asked when a case is captured ----------------------------------------------------------------------

    @property
    def runs(self) -> tuple[CellRun, ...]:
        """All executions so far, in their order."""
        return tuple(self._runs)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All known cells, each once: those of the notebook in its order, then others as they first ran.

        The source is the current one where the front end tells it, else what ran last.
        """
        found = [self._with_count(cell) for cell in self._notebook.values()]
        for run in dict.fromkeys(run.cell for run in self._runs):
            if run not in self._notebook:
                latest = self._runs[self._latest[run]]
                found.append(Cell(id=run, source=latest.source, execution_count=latest.count))
        return tuple(found)

    def latest(self, cell: CellId) -> CellRun | None:
        """The last execution of a cell, if it ran."""
        place = self._latest.get(cell)
        return self._runs[place] if place is not None else None

    def cell_of(self, filename: str) -> CellId | None:
        """The cell whose code was compiled under that file name (`co_filename`), or None."""
        place = self.place_of(filename)
        return place.cell if place is not None else None

    def place_of(self, filename: str) -> Place | None:
        """The cell of that file name and how its lines are counted, or None."""
        place = self._places.get(filename)
        if place is None and filename in getattr(self._compiler, "_filename_map", ()):
            # this IPython did not tell the transformed source in `pre_run_cell`, but it counts the cells
            count = self._compiler._filename_map[filename]
            run = next((run for run in reversed(self._runs) if run.count == count), None)
            if run is not None:
                place = Place(cell=run.cell, offset=_blank_lines(run.source), source=run.source)
                self._places[filename] = place
        return place

    def offset_of(self, cell: CellId) -> int:
        """How many lines on top of that cell's latest source IPython takes away before it compiles."""
        run = self.latest(cell)
        return _blank_lines(run.source) if run is not None else 0

    # --- details --------------------------------------------------------------------------------------------

    def _identify(self, shell: Any, info: Any, source: str, count: int | None) -> Cell:
        told = getattr(info, "cell_id", None) or _requested_id(shell)
        if told is None:
            told = self._by_source(source)
        cell_id = CellId(told) if told is not None else self._numbered(count)
        known = self._notebook.get(cell_id)
        index = known.index if known is not None else None
        return Cell(id=cell_id, source=source, index=index, execution_count=count)

    def _by_source(self, source: str) -> str | None:
        """The one cell of the notebook with that source; with several, the first that has not run yet."""
        same = [cell.id for cell in self._notebook.values() if cell.source == source]
        return next((cell for cell in same if cell not in self._latest), same[-1] if same else None)

    def _numbered(self, count: int | None) -> CellId:
        base = f"in-{count}" if count is not None else f"in-x{len(self._runs)}"
        return CellId(base if base not in self._latest else f"{base}.{len(self._runs)}")

    def _place(self, shell: Any, info: Any, cell: Cell, offset: int) -> None:
        transformed = getattr(info, "transformed_cell", None)
        kernel_names_by_raw_source = getattr(shell, "kernel", None) is not None
        if transformed is None and not kernel_names_by_raw_source:
            return
        count = shell.execution_count - (1 if info.store_history and not info.silent else 0)
        name = shell.compile.get_code_name(info.raw_cell, transformed, count)
        self._places[name] = Place(cell=cell.id, offset=offset, source=cell.source)

    def _with_count(self, cell: Cell) -> Cell:
        run = self.latest(cell.id)
        return replace(cell, execution_count=run.count) if run is not None else cell


def as_executed(raw: str) -> str:
    """The source of a cell as it runs: a `%%cot` line on top is a comment, so that line numbers hold.

    Above another cell magic, which must come first, the line is taken away.
    """
    lines = raw.splitlines(keepends=True)
    start = next((place for place, line in enumerate(lines) if line.strip()), None)
    if start is None or not _COT_LINE.match(lines[start]):
        return raw
    body = lines[start + 1 :]
    if body and body[0].startswith("%%"):
        return "".join(body)
    return "".join([*lines[:start], f"#{lines[start]}", *body])


def _requested_id(shell: Any) -> str | None:
    """The `cellId` that the front end put into the metadata of the execute request."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else None
    told = (parent or {}).get("metadata", {}).get("cellId") if isinstance(parent, dict) else None
    return told if isinstance(told, str) and told else None


def _blank_lines(source: str) -> int:
    """How many blank lines on top IPython takes away."""
    count = 0
    for line in source.splitlines():
        if line.strip():
            break
        count += 1
    return count


def _line_of(part: str, whole: str) -> int:
    """How many lines of a cell stand above a part of it that is run by itself."""
    start = whole.find(part.rstrip("\n")) if part.strip() else -1
    return whole.count("\n", 0, start) + _blank_lines(part) if start >= 0 else 0


def _is_empty(result: Any) -> bool:
    raw = getattr(getattr(result, "info", None), "raw_cell", "-")
    return not raw or raw.isspace()

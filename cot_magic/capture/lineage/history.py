"""Which cells ran, in which order, from which source, and the file names IPython compiled them under."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import Cell, CellId

_COT_LINE = re.compile(r"%%cot\+{0,2}(\s|$)")
_TIMED = re.compile(r"(?:#%%cot[^\n]*\n)?%%time\b")
MOST_WARNINGS = 12  # of one execution
LONGEST_WARNING = 1_000
_TIMED_FILES = ("<timed exec>", "<timed eval>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning that Python showed for a line of a cell; the line is 1-based in the cell."""

    category: str
    message: str
    lineno: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """One execution of a cell: its position among all executions, and the source that ran.

    `ended` is False while the cell runs; `raised` says whether it failed, and `seconds` how long it took.
    `warned` are the warnings that it showed, as far as Python still knows them when it ends.
    """

    cell: CellId
    source: str
    order: int
    count: int | None = None
    ended: bool = False
    raised: bool = False
    seconds: float | None = None
    warned: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cell of a compiled file name; line number + `offset` is the line in the cell.

    The offset is not 0 if IPython removes lines before it compiles: leading blank lines, a `%%time` line.
    """

    cell: CellId
    offset: int = 0
    source: str = ""

    @property
    def compiled(self) -> str:
        """The part of the cell's source that was compiled."""
        return "".join(self.source.splitlines(keepends=True)[self.offset :])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A cell between `begin` and `finish`; `order` is None if it runs inside another one."""

    info: Any
    cell: Cell
    order: int | None = None


class History:
    """Follows the cells of one shell. Parses nothing: a passing cell costs microseconds."""

    def __init__(self) -> None:
        self._notebook: dict[CellId, Cell] = {}
        self._runs: list[CellRun] = []
        self._latest: dict[CellId, int] = {}  # index in _runs of a cell's latest run
        self._running: list[_Running] = []  # a cell may run cells
        self._warnings: frozenset[Any] = frozenset()  # those that were shown before the cell
        self._begun = 0.0  # when the latest cell with history did, in seconds of a monotonic clock
        self._places: dict[str, Place] = {}
        self._compiler: Any = None

    # --- from the front end and IPython ---------------------------------------------------------------------

    def known(self, cells: Sequence[Cell]) -> None:
        """Set the code cells of the notebook in their order, including those that have not run.

        Their sources are the current ones: a cell whose source differs from what ran is stale.
        """
        self._notebook = {cell.id: replace(cell, source=as_executed(cell.source)) for cell in cells}

    def begin(self, shell: Any, info: Any) -> Cell:
        """Record that a cell is about to run: call it in `pre_run_cell` with IPython's ExecutionInfo.

        A cell run by another cell (`%%capture`, `get_ipython().run_cell`) counts as part of that one.
        """
        self._compiler = shell.compile
        raw = info.raw_cell or ""
        keeps = bool(info.store_history) and not info.silent
        if self._running and not keeps:
            outer = self._running[-1].cell
            self._running.append(_Running(info=info, cell=outer))
            self._place(shell, info, outer, _line_of(raw, outer.source))
            return outer
        self._running.clear()  # a cell with history is a top-level one: open ones never finished
        source = as_executed(raw)
        count = shell.execution_count - 1 if keeps else None  # IPython has already counted this cell
        cell = self._identify(shell, info, source, count)
        order = len(self._runs)
        self._runs.append(CellRun(cell=cell.id, source=source, order=order, count=count))
        self._latest[cell.id] = order
        self._warnings = frozenset(_shown_warnings(shell))
        self._begun = time.monotonic()
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
        """Record that a cell has run: call it in `post_run_cell` with its ExecutionResult.

        IPython calls that hook for an empty cell too, without `pre_run_cell` before.
        """
        if not self._running or _is_empty(result):
            return
        info = getattr(result, "info", None)
        # IPython creates a new info if its event loop dies with the cell: take the innermost one
        place = next((at for at, entry in enumerate(self._running) if entry.info is info), -1)
        order = self._running[place].order
        del self._running[place:]  # and what began inside it and never finished
        if order is None:
            return
        raised = result is None or (result.error_before_exec or result.error_in_exec) is not None
        run = self._runs[order]
        seconds = time.monotonic() - self._begun
        warned = _warned(_shown_warnings(shell), self._warnings, _blank_lines(run.source))
        self._runs[order] = replace(run, ended=True, raised=raised, seconds=seconds, warned=warned)

    # --- for capturing a case -------------------------------------------------------------------------------

    @property
    def runs(self) -> tuple[CellRun, ...]:
        """All executions so far, in order."""
        return tuple(self._runs)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All known cells, each once: those of the notebook in its order, then others in order of first run.

        The source is the current one if the front end sent it, else the one that ran last.
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
        """The cell whose code was compiled under this file name (`co_filename`), or None."""
        place = self.place_of(filename)
        return place.cell if place is not None else None

    def place_of(self, filename: str) -> Place | None:
        """The cell of this file name and its line offset, or None."""
        place = self._places.get(filename)
        if place is None and filename in getattr(self._compiler, "_filename_map", ()):
            # this IPython has no transformed source in `pre_run_cell`, but it maps file names to counts
            count = self._compiler._filename_map[filename]
            run = next((run for run in reversed(self._runs) if run.count == count), None)
            if run is not None:
                place = Place(cell=run.cell, offset=_blank_lines(run.source), source=run.source)
                self._places[filename] = place
        return place

    def offset_of(self, cell: CellId) -> int:
        """The number of leading lines of a cell's latest source that IPython removes before it compiles."""
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
        """The cell of the notebook with this source; of several, the first that has not run yet."""
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


def _shown_warnings(shell: Any) -> dict[Any, Any]:
    """Python's own list of the warnings that it showed for code of the cells: message, category, line."""
    found = getattr(shell, "user_ns", {}).get("__warningregistry__")
    return found if type(found) is dict else {}


def _warned(shown: dict[Any, Any], before: frozenset[Any], offset: int) -> tuple[Warned, ...]:
    """The warnings that are new, at most `MOST_WARNINGS`, in the order in which they were shown."""
    found = []
    for key in shown:
        if key in before or type(key) is not tuple or len(key) != 3:
            continue
        message, category, lineno = key
        if type(message) is str and type(category) is type and type(lineno) is int:
            text = message[:LONGEST_WARNING]
            found.append(Warned(category=category.__name__, message=text, lineno=lineno + offset))
    return tuple(found[:MOST_WARNINGS])


def as_executed(raw: str) -> str:
    """The source of a cell as it runs: a leading `%%cot` line becomes a comment, which keeps line numbers.

    Before another cell magic, which must come first, the line is removed.
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
    """The `cellId` in the metadata of the front end's execute request."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else None
    told = (parent or {}).get("metadata", {}).get("cellId") if isinstance(parent, dict) else None
    return told if isinstance(told, str) and told else None


def _blank_lines(source: str) -> int:
    """The number of leading blank lines, which IPython removes."""
    count = 0
    for line in source.splitlines():
        if line.strip():
            break
        count += 1
    return count


def _line_of(part: str, whole: str) -> int:
    """The number of lines of a cell above a part of it that runs separately."""
    start = whole.find(part.rstrip("\n")) if part.strip() else -1
    return whole.count("\n", 0, start) + _blank_lines(part) if start >= 0 else 0


def _is_empty(result: Any) -> bool:
    raw = getattr(getattr(result, "info", None), "raw_cell", "-")
    return not raw or raw.isspace()

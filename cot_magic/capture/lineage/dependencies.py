"""The cells that a cell depends on, found by going back through the executions."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cot_magic.capture.describe import objects
from cot_magic.capture.lineage.dataflow import Flow, flow_of
from cot_magic.capture.lineage.history import CellRun, History
from cot_magic.core.aliases import objects_of, reached
from cot_magic.core.case import Cell, CellId, Dependency, Freshness

MOST_RUNS = 2_000  # the latest executions; older ones are ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Executions in their order, and the names whose values they and the failing cell made."""

    runs: tuple[CellRun, ...]
    names: tuple[str, ...]


def lineage(cell: Cell, history: History, namespace: Mapping[str, object]) -> tuple[Dependency, ...]:
    """The earlier cells that the cell depends on, directly or indirectly, in the order of `history.cells`.

    A backward slice over the log of executions (Weiser, "Program slicing", 1984) in units of cells: a needed
    name comes from the last execution that bound it and from those that changed it in place since, under this
    name or under another that may hold the same object.

    Parameters
    ----------
    namespace
        The user's global names: calling a function of a module does not change the module, and a name that is
        here is defined even if no known execution defines it.
    """
    return _Slice(cell, history, namespace).dependencies()


def runs_behind(cell: Cell, history: History, namespace: Mapping[str, object]) -> Origins | None:
    """The executions that made what the cell reads, binds or changes; None if one is not known, or failed.

    Running them again gives the cell the state that it had before it ran.
    """
    return _Slice(cell, history, namespace).origins()


class _Slice:
    def __init__(self, cell: Cell, history: History, namespace: Mapping[str, object]) -> None:
        self._cell = cell
        self._history = history
        self._namespace = namespace
        latest = history.latest(cell.id)
        self._end = latest.order if latest is not None else len(history.runs)
        self._runs = history.runs[max(0, self._end - MOST_RUNS) : self._end]
        self._latest = {run.cell: run for run in self._runs}
        self._cells = {known.id: known for known in history.cells}
        self._index = self._cells[cell.id].index if cell.id in self._cells else cell.index
        flows = [flow_of(run.source) for run in self._runs]
        self._objects = objects_of(pair for flow in flows for pair in flow.aliases)
        self._changers = frozenset[str]().union(*(flow.changers for flow in flows))
        self._given: dict[CellId, set[str]] = {}
        self._unmet: dict[str, None] = {}
        self._done: set[tuple[str, int]] = set()
        self._behind: dict[int, CellRun] = {}
        self._given_by_none: set[str] = set()

    def dependencies(self) -> tuple[Dependency, ...]:
        self._follow(flow_of(self._cell.source).uses)
        return self._in_order([*self._executed(), *self._missing()])

    def origins(self) -> Origins | None:
        flow = flow_of(self._cell.source)
        self._follow([*flow.uses, *sorted(flow.changes | flow.removes)])
        runs = tuple(self._behind[order] for order in sorted(self._behind))
        # a name that is first bound by the cell itself has no other origin
        given_by_none = {name for name in self._given_by_none - flow.defines if not self._is_module(name)}
        if given_by_none & self._namespace.keys() or not all(run.ended and not run.raised for run in runs):
            return None
        made = {name for name, _ in self._done}.union(*(flow_of(run.source).touches for run in runs))
        return Origins(runs=runs, names=tuple(sorted(made)))

    def _follow(self, names: Sequence[str]) -> None:
        """Find where the values come from that these names had before the cell ran."""
        waiting = [(name, self._end) for name in names]
        while waiting:
            name, before = waiting.pop(0)
            if (name, before) in self._done:
                continue
            self._done.add((name, before))
            given = self._sources(name, before)
            if not given:
                self._given_by_none.add(name)
                if name not in self._namespace:
                    self._unmet.setdefault(name)
            for run in given:
                self._behind[run.order] = run
                self._given.setdefault(run.cell, set()).add(name)
                used = flow_of(run.source)
                waiting += [(needed, run.order) for needed in used.needs]
                # a function looks up its globals when the failing cell calls it
                waiting += [(needed, self._end) for needed in used.later]

    def _sources(self, name: str, before: int) -> list[CellRun]:
        """The last run before `before` that bound the name, and those that changed or removed it since."""
        found: list[CellRun] = []
        for run in reversed(self._runs):
            if run.order >= before or run.cell == self._cell.id:
                continue
            flow = flow_of(run.source)
            if name in flow.defines or self._by_star(name, flow):
                return [*found, run]
            removed = name in flow.removes
            if removed or (name in self._changed(flow) and not self._is_module(name)):
                found.append(run)
            if removed:
                return found
        return found

    def _changed(self, flow: Flow) -> frozenset[str]:
        """The names whose values the cell changes, under these names or under others."""
        handed = {name for function, name in flow.given if function in self._changers}
        return reached(flow.changes | handed, self._objects)

    def _by_star(self, name: str, flow: Flow) -> bool:
        if name.startswith("_"):
            return False
        modules = (sys.modules.get(module) for module in flow.stars)
        return any(name in objects.instance_dict(module) for module in modules if module is not None)

    def _is_module(self, name: str) -> bool:
        return objects.is_a(self._namespace.get(name), type(sys))

    def _executed(self) -> list[Dependency]:
        return [
            Dependency(
                cell=self._cells[cell],
                names=tuple(sorted(given)),
                freshness=self._freshness(self._cells[cell], given, frozenset(self._given)),
            )
            for cell, given in self._given.items()
        ]

    def _freshness(self, cell: Cell, names: set[str], involved: frozenset[CellId]) -> Freshness:
        ran = self._latest[cell.id]
        if cell.source != ran.source or self._was_overtaken(cell, ran):
            return Freshness.STALE
        if cell.index is None:
            return Freshness.FRESH
        if self._index is not None and cell.index > self._index:
            return Freshness.OUT_OF_ORDER
        for other in self._cells.values():
            run = self._latest.get(other.id)
            if run is None or other.index is None or other.id == self._cell.id or run.order >= ran.order:
                continue
            related = other.id in involved or not flow_of(run.source).touches.isdisjoint(names)
            if other.index > cell.index and related:
                return Freshness.OUT_OF_ORDER
        return Freshness.FRESH

    def _was_overtaken(self, cell: Cell, ran: CellRun) -> bool:
        """Whether a cell that it took a name from, or one above it that defines the name, ran again since."""
        since = [run for run in self._runs if run.order > ran.order and run.cell != cell.id]
        for name in flow_of(ran.source).needs if since else ():
            before = self._sources(name, ran.order)
            givers = {run.cell for run in before}
            sources = {run.source for run in before}  # the same cell, if the front end sends no ids
            for run in since:
                other = self._cells[run.cell].index
                above = other is not None and cell.index is not None and other < cell.index
                if run.cell in givers or run.source in sources:
                    return True
                if above and name in flow_of(run.source).touches:
                    return True
        return False

    def _missing(self) -> list[Dependency]:
        """Cells that have not run and define a name that is undefined."""
        given: dict[CellId, set[str]] = {}
        for cell in self._cells.values():
            if cell.id == self._cell.id or self._history.latest(cell.id) is not None:
                continue
            flow = flow_of(cell.source)
            names = {name for name in self._unmet if name in flow.defines or self._by_star(name, flow)}
            if names:
                given[cell.id] = names
        return [
            Dependency(cell=self._cells[cell], names=tuple(sorted(names)), freshness=Freshness.NOT_RUN)
            for cell, names in given.items()
        ]

    def _in_order(self, found: list[Dependency]) -> tuple[Dependency, ...]:
        order = {cell.id: place for place, cell in enumerate(self._cells.values())}
        return tuple(sorted(found, key=lambda dependency: order[dependency.cell.id]))

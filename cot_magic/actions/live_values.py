"""Values of the live kernel for a cell that is too dear to run again: what it bound, for a certificate."""

import ast
import pickle
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cot_magic.capture.lineage.dataflow import flow_of
from cot_magic.capture.lineage.history import as_executed
from cot_magic.run.certify import PlannedCell

if TYPE_CHECKING:
    from cot_magic.capture.lineage.history import CellRun

MOST_BYTES = 256 << 20
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class LiveValues:
    """Gives the values that cells bound in this kernel, if they are still what those cells made.

    Parameters
    ----------
    runs
        All runs of this kernel, in order.
    edited
        The places of the cells that a fix edits: what is below them may depend on the edit.
    """

    def __init__(
        self, runs: "Sequence[CellRun]", namespace: Mapping[str, Any], edited: Sequence[int] = ()
    ) -> None:
        self._runs, self._namespace, self._edited = tuple(runs), namespace, tuple(edited)

    def of(self, planned: PlannedCell) -> tuple[str, bytes] | None:
        """The definitions of the cell as source, and its other values pickled; None if they are not known.

        They are not if the cell changed since it ran, is below an edit, changes values of other cells, if
        another cell touched its names later, or if they cannot be pickled.
        """
        source = as_executed(planned.source)
        flow, tree = flow_of(source), _parsed(source)
        run = next((run for run in reversed(self._runs) if run.source == source), None)
        if run is None or tree is None or not run.ended or run.raised:
            return None
        if any(place <= planned.place for place in self._edited):
            return None
        if flow.changes - flow.defines or flow.removes or flow.stars:
            return None
        later = [flow_of(item.source) for item in self._runs if item.order > run.order]
        if any(flow.defines & (other.touches | other.removes) for other in later):
            return None
        definitions: list[ast.stmt] = [node for node in tree.body if isinstance(node, _DEFINITIONS)]
        names = flow.defines - _bound_by(definitions)
        if not names <= self._namespace.keys():
            return None
        data = _pickled({name: self._namespace[name] for name in names})
        return None if data is None else (ast.unparse(ast.Module(body=definitions, type_ignores=[])), data)


def _pickled(values: Mapping[str, Any]) -> bytes | None:
    """The values as bytes; None if one of them cannot be pickled, for whatever reason of its own, or if they
    are too large."""
    try:
        data = pickle.dumps(dict(values), protocol=5)
    except Exception:  # the code of the person's classes runs here
        return None
    return data if len(data) <= MOST_BYTES else None


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound_by(definitions: Sequence[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for node in definitions:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in names}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found

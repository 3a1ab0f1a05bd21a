"""Puts a Case together: failure, lineage, namespace and environment of one cell."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cot_magic.capture.describe import objects
from cot_magic.capture.describe.values import mention
from cot_magic.capture.environment import environment
from cot_magic.capture.failure import describe
from cot_magic.capture.lineage.dataflow import flow_of
from cot_magic.capture.lineage.dependencies import lineage
from cot_magic.capture.lineage.history import History
from cot_magic.capture.outputs import outputs
from cot_magic.capture.secrets.redactor import Redactor, bounded
from cot_magic.core.case import Case, Cell, CellId, Dependency, Raised, Variable

MOST_NAMES = 300
LONGEST_PROMPT = 10_000
MOST_PASSES = 3


def capture_case(
    shell: Any,
    history: History,
    cell: Cell,
    error: BaseException | None,
    *,
    prompt: str = "",
    redactor: Redactor | None = None,
    front_end: str = "unknown",
    raised: Raised | None = None,
) -> Case:
    """The facts about a cell that failed or, with `error` None, about one that passed and was asked about.

    Parameters
    ----------
    shell
        The IPython shell; it is only read.
    cell
        As `history.begin` returned it.
    error
        `error_in_exec or error_before_exec` of IPython's ExecutionResult, in this order: IPython sets the
        second to its own error if it cannot show an exception.
    raised
        The same failure, if it is already described: by the copy of the kernel in which it happened.
    """
    redactor = redactor or Redactor()
    for _ in range(MOST_PASSES):
        known = redactor.known
        case = _capture(shell, history, cell, error, redactor, raised)
        if redactor.known == known:  # else an earlier part may contain a secret found later
            break
    return replace(
        case,
        environment=replace(case.environment, front_end=front_end),
        prompt=bounded(redactor, prompt, LONGEST_PROMPT),
        redactions=redactor.count,
    )


def _capture(
    shell: Any,
    history: History,
    cell: Cell,
    error: BaseException | None,
    redactor: Redactor,
    raised: Raised | None,
) -> Case:
    names = user_names(shell, history)
    depends_on = lineage(cell, history, names)
    described = _namespace(cell, depends_on, names, redactor)
    if raised is None and error is not None:
        raised = describe(error, history.cell_of, redactor)
    imported = [name for source in _sources(cell, depends_on) for name in sorted(flow_of(source).modules)]
    return Case(
        cell=cell,
        raised=raised,
        environment=environment(raised, imported, redactor),
        lineage=depends_on,
        cells=_cells(history, cell),
        namespace=described,
        outputs=outputs(shell, history, _shown_first(history, cell, depends_on), redactor),
    )


def _shown_first(history: History, cell: Cell, depends_on: tuple[Dependency, ...]) -> list[CellId]:
    """The failing cell, those that it depends on, then those that ran last."""
    latest = [run.cell for run in reversed(history.runs)]
    return list(dict.fromkeys([cell.id, *(item.cell.id for item in depends_on), *latest]))


def user_names(shell: Any, history: History) -> dict[str, object]:
    """The user's global names, without those of IPython and names with an underscore that no cell assigns."""
    hidden: Mapping[str, object] = shell.user_ns_hidden
    assigned = {name for run in history.runs for name in flow_of(run.source).touches if name.startswith("_")}
    found: dict[str, object] = {}
    for name, value in list(dict.items(shell.user_ns)):
        if type(name) is not str or (name in hidden and hidden[name] is value):
            continue
        if not name.startswith("_") or name in assigned:
            found[name] = value
    return found


def _sources(cell: Cell, depends_on: tuple[Dependency, ...]) -> Iterator[str]:
    yield cell.source
    for dependency in depends_on:
        yield dependency.cell.source


def _cells(history: History, cell: Cell) -> tuple[Cell, ...]:
    """All known cells, with the failing one as it ran."""
    return tuple(
        replace(cell, index=known.index) if known.id == cell.id else known for known in history.cells
    )


def _namespace(
    cell: Cell, depends_on: tuple[Dependency, ...], names: Mapping[str, object], redactor: Redactor
) -> tuple[Variable, ...]:
    """Names that the failing cell uses, then those of its lineage, then the others; data before code."""
    own, given = flow_of(cell.source), {name for item in depends_on for name in item.names}
    used = {name: place for place, name in enumerate((*own.uses, *sorted(own.touches)))}

    def rank(item: tuple[int, str]) -> tuple[int, bool, int]:
        place, name = item
        if name in used:
            return 0, False, used[name]
        is_code = objects.is_a(names[name], type, type(objects), type(rank))
        return (1 if name in given else 2), is_code, place

    ordered = [name for _, name in sorted(enumerate(names), key=rank)]
    return tuple(mention(name, names[name], redactor) for name in ordered[:MOST_NAMES])

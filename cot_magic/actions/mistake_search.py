"""In the kernel of a notebook: runs faults in confined copies, and keeps those that make a cell fail."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cot_magic.core.case import CellId
from cot_magic.core.codec import to_json
from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.protocols import Sandbox
from cot_magic.faults.mistakes import (
    CheckedFault,
    Fault,
    Shown,
    with_faults,
)

TRIES = 60  # runs of candidates at most, and so many more for each fault that is asked for
TRIES_A_FAULT = 20
SHORTEST_S = 10.0  # what a candidate may take at least, also on a busy machine
SLOWER = 5  # times the notebook's own time after which a candidate counts as endless


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """A code cell that runs: its place among all cells, and whether it is there to fail."""

    place: int
    source: str
    may_raise: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found: how the notebook itself ran, and the faults that were kept.

    `tried` counts the candidates that ran; `dropped` says why those that were not kept were not, in words
    with counts.
    """

    original: Shown
    kept: tuple[CheckedFault, ...] = ()
    tried: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    python: str = ""


def search_here(config: str) -> None:
    """Called in a kernel before any cell has run: search as `config` says, write a Search as JSON.

    An error of ours is written in its place, for the process that asked to raise.
    """
    import sys

    from IPython.core.getipython import get_ipython

    from cot_magic import plugins
    from cot_magic.capture.failure import sandbox_describe
    from cot_magic.capture.lineage.history import History

    plan = json.loads(config)
    shell: Any = get_ipython()
    sandbox: Sandbox = plugins.load("sandboxes", "fork")(
        shell,
        describe=sandbox_describe(History()),
        allow=tuple(plan["allow"]),
        size_limit_mb=plan["size_limit_mb"],
    )
    try:
        found = search(
            sandbox,
            [CodeCell(**cell) for cell in plan["cells"]],
            kinds=plan["kinds"],
            seed=plan["seed"],
            count=plan["faults"],
            wall_s=plan["timeout"],
        )
        told = {**to_json(found), "python": sys.version.split()[0]}
    except SandboxError as error:
        told = {"error": str(error)}
    finally:
        sandbox.close()
    Path(plan["answer"]).write_text(json.dumps(told), encoding="utf-8")


def search(
    sandbox: Sandbox,
    cells: Sequence[CodeCell],
    *,
    kinds: Sequence[str],
    seed: int,
    count: int,
    wall_s: float,
) -> Search:
    """Faults that each make the notebook fail, by themselves and twice in the same way.

    Parameters
    ----------
    sandbox
        Whose state is that before the first cell.
    cells
        The code cells in their order.
    count
        How many faults are wanted; fewer are returned if no more were found.
    wall_s
        Seconds that the notebook itself may take.

    Nothing but the run of the notebook itself is in the result if that did not pass.
    """
    from cot_magic.faults.catalogue import candidates

    (first,) = sandbox.run([_job(cells, (), wall_s)])
    original = _shown(cells, first)
    if original.outcome is not Outcome.PASSED:
        return Search(original=original)
    patience = max(SHORTEST_S, SLOWER * original.seconds)
    offered = candidates(
        [(cell.place, cell.source) for cell in cells],
        kinds=kinds,
        seed=seed,
        spared=[cell.place for cell in cells if cell.spared or cell.may_raise],
    )
    kept: list[CheckedFault] = []
    dropped: dict[str, int] = {}
    tried = 0
    for fault in _apart(offered, kept, one_of_each=count <= len(kinds)):
        if len(kept) == count or tried == TRIES + TRIES_A_FAULT * count:
            break
        tried += 1
        shown, why = _checked(sandbox, cells, fault, patience, original)
        if why:
            dropped[why] = dropped.get(why, 0) + 1
        else:
            kept.append(CheckedFault(fault=fault, shown=shown))
    return Search(original=original, kept=tuple(kept), tried=tried, dropped=tuple(dropped.items()))


def _checked(
    sandbox: Sandbox, cells: Sequence[CodeCell], fault: Fault, wall_s: float, original: Shown
) -> tuple[Shown, str]:
    """How the notebook ends with the fault, and why that is no use; an empty reason if it is."""
    job = _job(cells, (fault,), wall_s)
    (result,) = sandbox.run([job])
    shown = _shown(cells, result)
    if shown.outcome is Outcome.PASSED:
        return shown, "every cell passed"
    if not shown.failed:
        return shown, "it did not end in an error of its own"
    if set(shown.effects) - set(original.effects):
        return shown, "it reached outside where the notebook does not"
    (again,) = sandbox.run([job])
    same = shown.same_failure(_shown(cells, again))
    return shown, "" if same else "it failed in another way the second time"


def _apart(offered: Iterator[Fault], kept: Sequence[CheckedFault], *, one_of_each: bool) -> Iterator[Fault]:
    """Those that touch no line of a fault that has been kept, and with `one_of_each` are of another kind."""
    for fault in offered:
        clash = any(
            (one_of_each and item.fault.kind == fault.kind)
            or (item.fault.cell == fault.cell and item.fault.lines & fault.lines)
            for item in kept
        )
        if not clash:
            yield fault


def _job(cells: Sequence[CodeCell], faults: tuple[Fault, ...], wall_s: float) -> Job:
    steps = []
    for cell in cells:
        own = tuple(fault for fault in faults if fault.cell == cell.place)
        source = with_faults(cell.source, own)
        steps.append(JobStep(source=source, cell=CellId(str(cell.place)), may_raise=cell.may_raise))
    if cells and cells[-1].may_raise:
        steps.append(JobStep(source="pass"))  # a job whose last step raises counts as failed
    limits = Limits(wall_s=wall_s, cpu_s=max(1, round(wall_s)))
    return Job(steps=tuple(steps), limits=limits)


def _shown(cells: Sequence[CodeCell], result: JobResult) -> Shown:
    raised = result.raised
    frame = raised.innermost_in_cells if raised is not None else None
    lineno = frame.lineno if frame is not None else 0
    if raised is not None and raised.syntax is not None:
        lineno = raised.syntax.lineno
    stopped = result.outcome is not Outcome.PASSED
    return Shown(
        outcome=result.outcome,
        cell=cells[min(result.step, len(cells) - 1)].place if stopped else None,
        ename=raised.ename if raised is not None else "",
        evalue=raised.evalue if raised is not None else "",
        lineno=lineno,
        seconds=result.seconds,
        effects=result.effects,
        note=result.note,
    )

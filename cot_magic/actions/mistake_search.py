"""Runs mistakes in confined copies of a notebook's kernel, and keeps those that make a cell fail."""

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
from cot_magic.faults.mistakes import CheckedMistake, Mistake, Shown, with_mistakes

TRIES = 60  # candidates that run at most, plus
TRIES_A_MISTAKE = 20  # for each mistake asked for
SHORTEST_S = 10.0  # every candidate gets this long, even on a busy machine
SLOWER = 5  # a candidate that takes so many times the notebook's own time counts as endless


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """A code cell that runs: its index among all cells, and whether it is expected to raise."""

    place: int
    source: str
    may_raise: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeSearch:
    """How the notebook itself ran, and the mistakes that were kept.

    `tried` counts the candidates that ran; `dropped` gives the reasons why others were dropped, with counts.
    """

    original: Shown
    kept: tuple[CheckedMistake, ...] = ()
    tried: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    python: str = ""


def search_here(config: str) -> None:
    """Search in this kernel, before any cell has run, as `config` says; write the MistakeSearch as JSON.

    A SandboxError is written in its place, for the calling process to raise.
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
            count=plan["mistakes"],
            wall_s=plan["timeout"],
        )
        told = {**to_json(found), "python": sys.version.split()[0]}
    except SandboxError as error:
        told = {"error": str(error)}
    finally:
        sandbox.close()
    Path(plan["answer"]).write_text(json.dumps(told), encoding="utf-8")


def search(
    sandbox: Sandbox, cells: Sequence[CodeCell], *, kinds: Sequence[str], seed: int, count: int, wall_s: float
) -> MistakeSearch:
    """Find mistakes that each make the notebook fail, on their own and twice in the same way.

    Parameters
    ----------
    sandbox
        A sandbox with the state before the first cell.
    cells
        The code cells in their order.
    count
        How many mistakes are wanted; fewer are returned if no more were found.
    wall_s
        Seconds that the notebook itself may take.

    If the notebook itself does not pass, the result holds nothing but its run.
    """
    from cot_magic.faults.catalogue import candidates

    (first,) = sandbox.run([_job(cells, (), wall_s)])
    original = _shown(cells, first)
    if original.outcome is not Outcome.PASSED:
        return MistakeSearch(original=original)
    patience = max(SHORTEST_S, SLOWER * original.seconds)
    offered = candidates(
        [(cell.place, cell.source) for cell in cells],
        kinds=kinds,
        seed=seed,
        spared=[cell.place for cell in cells if cell.spared or cell.may_raise],
    )
    kept: list[CheckedMistake] = []
    dropped: dict[str, int] = {}
    tried = 0
    for mistake in _apart(offered, kept, one_of_each=count <= len(kinds)):
        if len(kept) == count or tried == TRIES + TRIES_A_MISTAKE * count:
            break
        tried += 1
        shown, why = _checked(sandbox, cells, mistake, patience, original)
        if why:
            dropped[why] = dropped.get(why, 0) + 1
        else:
            kept.append(CheckedMistake(mistake=mistake, shown=shown))
    return MistakeSearch(original=original, kept=tuple(kept), tried=tried, dropped=tuple(dropped.items()))


def _checked(
    sandbox: Sandbox, cells: Sequence[CodeCell], mistake: Mistake, wall_s: float, original: Shown
) -> tuple[Shown, str]:
    """Return how the notebook ends with the mistake, and why it is of no use; empty if it is."""
    job = _job(cells, (mistake,), wall_s)
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


def _apart(
    offered: Iterator[Mistake], kept: Sequence[CheckedMistake], *, one_of_each: bool
) -> Iterator[Mistake]:
    """Skip mistakes that touch a line of a kept one, or with `one_of_each` are of the same kind."""
    for mistake in offered:
        clash = any(
            (one_of_each and item.mistake.kind == mistake.kind)
            or (item.mistake.cell == mistake.cell and item.mistake.lines & mistake.lines)
            for item in kept
        )
        if not clash:
            yield mistake


def _job(cells: Sequence[CodeCell], mistakes: tuple[Mistake, ...], wall_s: float) -> Job:
    steps = []
    for cell in cells:
        own = tuple(mistake for mistake in mistakes if mistake.cell == cell.place)
        source = with_mistakes(cell.source, own)
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

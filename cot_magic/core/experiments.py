"""What running a probe or trying a fix means: a request as jobs, their results as Evidence."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.core.case import Case, Cell, Freshness
from cot_magic.core.edits import diff, parsed
from cot_magic.core.events import InspectVariable, RunProbe, TryFix
from cot_magic.core.findings import (
    LOOK,
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    HypothesisId,
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Inspection, Job, JobResult, JobStep, Limits

WATCHED = 40  # names whose values are compared after a fix; more would cost more than they show


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One job, and what its result will be evidence of."""

    job: Job
    kind: EvidenceKind
    about: str
    code: str
    stage: Stage | None = None
    test: str | None = None

    def evidence(self, evidence_id: EvidenceId, result: JobResult, snapshot: str) -> Evidence:
        """The result of the job as evidence; `snapshot` is the state that the sandbox runs on."""
        return Evidence(
            id=evidence_id,
            kind=self.kind,
            about=self.about,
            code=self.code,
            outcome=result.outcome,
            seconds=result.seconds,
            test=self.test,
            stage=self.stage,
            held=None if self.about == LOOK else result.held,
            output=self._output(result),
            raised=result.raised,
            state=result.state,
            effects=result.effects,
            snapshot=snapshot,
            note=result.note,
        )

    def _output(self, result: JobResult) -> str:
        """What was printed, else the value; for a look the value first, after its name."""
        if self.about == LOOK and result.value is not None:
            return f"{self.code} = {result.value}\n{result.output}".rstrip()
        return result.output or (result.value or "")


def experiments(
    request: RunProbe | TryFix | InspectVariable, case: Case, *, limits: Limits, allow: tuple[str, ...] = ()
) -> tuple[Experiment, ...]:
    """The experiments that answer a request.

    A probe is one job. A fix is the failing cell without and with the edits; each test runs after the
    failing cell without the edits (where the exception of the cell is expected) and after the cell with them.
    """
    match request:
        case RunProbe(probe=probe):
            return (_probe(probe, case, limits, allow),)
        case InspectVariable(expression=expression, frame=frame):
            look = Probe(about=HypothesisId(LOOK), source=expression, frame=frame)
            return (_probe(look, case, limits, allow),)
        case TryFix(fix=fix, tests=tests):
            code = "\n".join(diff(edit, case.label(edit.cell)) for edit in fix.edits)
            runs = []
            for stage in Stage:
                steps = replayed(case, fix.edits, stage)
                watch = watched(case, fix.edits) if stage is Stage.AFTER else ()
                job = Job(steps=steps, watch=watch, limits=limits, allow=allow)
                runs.append(Experiment(job=job, kind=EvidenceKind.FIX, about=fix.id, code=code, stage=stage))
            for test in tests:
                for stage in Stage:
                    job = _test_job(case, fix.edits, test, stage, limits, allow)
                    runs.append(
                        Experiment(
                            job=job,
                            kind=EvidenceKind.TEST,
                            about=fix.id,
                            code=test.source,
                            stage=stage,
                            test=test.name,
                        )
                    )
            return tuple(runs)


def _probe(probe: Probe, case: Case, limits: Limits, allow: tuple[str, ...]) -> Experiment:
    if probe.frame is None:
        job = Job(steps=(JobStep(source=probe.source),), limits=limits, allow=allow)
    else:
        step = JobStep(source=case.cell.source, cell=case.cell.id)
        inspect = Inspection(source=probe.source, frame=probe.frame)
        job = Job(steps=(step,), inspect=inspect, limits=limits, allow=allow)
    return Experiment(job=job, kind=EvidenceKind.PROBE, about=probe.about, code=probe.source)


def _test_job(
    case: Case,
    edits: Sequence[CellEdit],
    test: RegressionTest,
    stage: Stage,
    limits: Limits,
    allow: tuple[str, ...],
) -> Job:
    *first, last = replayed(case, edits, stage)
    failing = JobStep(source=last.source, cell=last.cell, may_raise=stage is Stage.BEFORE)
    return Job(steps=(*first, failing, JobStep(source=test.source)), limits=limits, allow=allow)


def replayed(case: Case, edits: Sequence[CellEdit], stage: Stage) -> tuple[JobStep, ...]:
    """The cells that run in the copy: edited earlier cells, what depends on them, and the failing cell.

    The copy holds the state before the failing cell, so earlier cells run a second time on top of it. The
    same cells run without the edits for the stage `before`, which shows whether running them twice alone
    makes the failure go away. A cell that never ran (a fix may consist of running it) is left out there.
    """
    sources = {edit.cell: edit.after if stage is Stage.AFTER else edit.before for edit in edits}
    earlier = [cell for cell in _in_order(case) if cell.id in sources and cell.id != case.cell.id]
    again: list[Cell] = []
    if earlier:
        first = _place(earlier[0])
        needed = {item.cell.id for item in case.lineage if item.freshness is not Freshness.NOT_RUN}
        again = [
            cell
            for cell in _in_order(case)
            if cell.id != case.cell.id
            and (cell.id in sources or (cell.id in needed and _place(cell) > first))
        ]
        if stage is Stage.BEFORE:
            again = [cell for cell in again if cell.execution_count is not None]
    steps = [JobStep(source=sources.get(cell.id, cell.source), cell=cell.id) for cell in again]
    return (*steps, JobStep(source=sources.get(case.cell.id, case.cell.source), cell=case.cell.id))


def _in_order(case: Case) -> list[Cell]:
    known = {cell.id: cell for cell in (*case.cells, *(item.cell for item in case.lineage))}
    return sorted(known.values(), key=_place)


def _place(cell: Cell) -> tuple[int, int]:
    """The place of the cell in the order of execution; cells that have not run come first, in notebook
    order."""
    if cell.execution_count is not None:
        return (1, cell.execution_count)
    return (0, cell.index if cell.index is not None else 0)


def watched(case: Case, edits: Sequence[CellEdit]) -> tuple[str, ...]:
    """Global names at the top level of the failing and the edited cells, before and after the edits."""
    edited = {edit.cell: edit for edit in edits}
    sources = [case.cell.source, *(edit.after for edit in edited.values())]
    names: dict[str, None] = {}
    for source in sources:
        for name in _top_level_names(source):
            names.setdefault(name)
    return tuple(names)[:WATCHED]


def _top_level_names(source: str) -> Iterator[str]:
    tree = parsed(source)
    if tree is None:
        return
    hidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, hidden):
            if not isinstance(node, ast.Lambda):
                yield node.name
            continue
        pending.extend(ast.iter_child_nodes(node))

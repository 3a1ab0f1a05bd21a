"""What running a probe or trying a fix means: a request as jobs, their results as Evidence."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cot_magic.core.aliases import acted_on, aliases, changers, loaded, mutated, objects_of, reached
from cot_magic.core.case import Case, Cell, CellId, Freshness
from cot_magic.core.edits import diff, parsed
from cot_magic.core.events import InspectVariable, RunProbe, TryFix
from cot_magic.core.findings import (
    LOOK,
    CellEdit,
    ChallengeKind,
    Evidence,
    EvidenceId,
    EvidenceKind,
    HypothesisId,
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import SHOWN, Inspection, Job, JobResult, JobStep, Limits

_OURS = re.compile(r"(?m)^[ \t]*(?=%(?:re)?load_ext[ \t]+cot_magic|%cot)")
WATCHED = 40  # names whose values are compared after a fix; more would cost more than they show


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One job, and what its result will be evidence of.

    Attributes
    ----------
    trial
        For a challenge of a fix: which.
    read
        Makes of the result of a challenge whether the fix withstood it (None: it was not decided), and what
        was seen, in words.
    """

    job: Job
    kind: EvidenceKind
    about: str
    code: str
    stage: Stage | None = None
    test: str | None = None
    trial: ChallengeKind | None = None
    read: Callable[[JobResult], tuple[bool | None, str]] | None = None

    def evidence(self, evidence_id: EvidenceId, result: JobResult, snapshot: str) -> Evidence:
        """The result of the job as evidence; `snapshot` is the state that the sandbox runs on."""
        held, note = (result.held, result.note) if self.read is None else self.read(result)
        return Evidence(
            id=evidence_id,
            kind=self.kind,
            about=self.about,
            code=self.code,
            outcome=result.outcome,
            seconds=result.seconds,
            test=self.test,
            stage=self.stage,
            held=None if self.about == LOOK else held,
            output=self._output(result),
            raised=result.raised,
            state=result.state,
            effects=result.effects,
            tampered=result.tampered,
            snapshot=snapshot,
            note=note,
            trial=self.trial,
        )

    def _output(self, result: JobResult) -> str:
        """What was printed, else the value; for a look the value first, after its expression."""
        if self.about == LOOK and result.value is not None:
            name = self.code if "\n" not in self.code else "the last expression"
            return f"{name} = {result.value}\n{result.output}".rstrip()
        return result.output or (result.value or "")


def experiments(
    request: RunProbe | TryFix | InspectVariable, case: Case, *, limits: Limits, allow: tuple[str, ...] = ()
) -> tuple[Experiment, ...]:
    """The experiments that answer a request.

    A probe is one job. A fix is the failing cell without and with the edits; each test runs after the
    failing cell without the edits (where the exception of the cell is expected) and after the cell with them.
    """
    match request:
        case RunProbe(probe=probe, fix=fix):
            return (_probe(probe, case, limits, allow, fix.edits if fix is not None else ()),)
        case InspectVariable(expression=expression, frame=frame):
            look = Probe(about=HypothesisId(LOOK), source=expression, frame=frame)
            return (_probe(look, case, limits, allow),)
        case TryFix(fix=fix, tests=tests):
            code = "\n".join(diff(edit, case.label(edit.cell)) for edit in fix.edits)
            runs = []
            for stage in Stage:
                steps = replayed(case, fix.edits, stage)
                watch = watched(case, fix.edits) if stage is Stage.AFTER else ()
                job = Job(steps=steps, watch=watch, limits=limits, allow=allow, copies_folder=True)
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


def _probe(
    probe: Probe, case: Case, limits: Limits, allow: tuple[str, ...], edits: Sequence[CellEdit] = ()
) -> Experiment:
    *first, failing = replayed(case, edits, Stage.AFTER)
    if probe.frame is None:
        job = Job(steps=(*first, JobStep(source=probe.source)), limits=limits, allow=allow)
    else:
        inspect = Inspection(source=probe.source, frame=probe.frame)
        job = Job(steps=(*first, failing), inspect=inspect, limits=limits, allow=allow)
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
    steps = (*first, failing, JobStep(source=test.source))
    return Job(steps=steps, limits=limits, allow=allow, copies_folder=True)


def replayed(case: Case, edits: Sequence[CellEdit], stage: Stage) -> tuple[JobStep, ...]:
    """The cells that run in the copy: edited earlier cells, what depends on them, and the failing cell.

    The copy holds the state before the failing cell, so earlier cells run a second time on top of it. The
    same cells run without the edits for the stage `before`, which shows whether running them twice alone
    makes the failure go away. A cell that never ran (a fix may consist of running it) is left out there.
    Cells that give an edited cell names whose values were changed since run again as well.
    """
    sources = {edit.cell: edit.after if stage is Stage.AFTER else edit.before for edit in edits}
    order = [cell for cell in _in_order(case) if cell.id != case.cell.id]
    earlier = [cell for cell in order if cell.id in sources]
    again: list[Cell] = []
    if earlier:
        changed = _changed_before(order, {cell.id for cell in earlier if cell.execution_count is not None})
        sources = {cell.id: cell.source for cell in changed} | sources
        earlier = [cell for cell in order if cell.id in sources]
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


def _changed_before(order: Sequence[Cell], edited: set[CellId]) -> list[Cell]:
    """The cells that made what an edited cell reads, if that cell or a later one changed it.

    On the values of now, an edited `df = df.dropna()` would find what it or a later cell left of `df`. What
    changed such a value between its making and the edited cell runs again too. A change counts under each
    name that may hold the object.
    """
    ran = [cell for cell in order if cell.execution_count is not None]
    trees = [parsed(cell.source) or ast.Module(body=[], type_ignores=[]) for cell in ran]
    reads = [loaded(tree) for tree in trees]
    binds = [_bound(tree) for tree in trees]
    own = changers(trees)
    objects = objects_of(pair for tree in trees for pair in aliases(tree))
    in_place = [reached(mutated(tree) | acted_on(tree, own), objects) for tree in trees]
    wanted = {place for place, cell in enumerate(ran) if cell.id in edited}
    pending, found = sorted(wanted), set[int]()
    while pending:
        place = pending.pop()
        for name in reads[place]:
            maker = next((at for at in range(place - 1, -1, -1) if name in binds[at]), None)
            if maker is None or not any(
                name in binds[at] | in_place[at] for at in range(maker + 1, len(ran))
            ):
                continue
            made = {maker, *(at for at in range(maker + 1, place) if name in in_place[at])}
            pending += sorted(made - found - wanted)
            found |= made - wanted
    return [ran[place] for place in sorted(found)]


def _bound(tree: ast.Module) -> set[str]:
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def executed(case: Case, edits: Sequence[CellEdit]) -> tuple[JobStep, ...]:
    """All cells that ran before the failing one and that one, in the order of execution, with the edits made.

    For a new process, in which nothing has run yet. A cell that the failing one does not depend on may raise.
    What loads or asks cot-magic is left out.
    """
    needed = {item.cell.id for item in case.lineage}
    sources = {edit.cell: edit.after for edit in edits}
    until = case.cell.execution_count
    earlier = [
        cell
        for cell in _in_order(case)
        if cell.id != case.cell.id
        and cell.execution_count is not None
        and (until is None or cell.execution_count < until)
    ]
    return tuple(
        JobStep(
            source=_OURS.sub("# ", sources.get(cell.id, cell.source)),
            cell=cell.id,
            may_raise=cell.id not in needed and cell.id != case.cell.id,
        )
        for cell in (*earlier, case.cell)
    )


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
    """Global names at the top level of the failing and the edited cells, before and after the edits.

    And what the failing cell displays, if it ends in an expression.
    """
    edited = {edit.cell: edit for edit in edits}
    own = edited.get(case.cell.id)
    sources = [case.cell.source, *(edit.after for edit in edited.values())]
    names: dict[str, None] = {}
    for source in sources:
        for name in _top_level_names(source):
            names.setdefault(name)
    tree = parsed(case.cell.source if own is None else own.after)
    shows = tree is not None and bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    return (*tuple(names)[:WATCHED], *((SHOWN,) if shows else ()))


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

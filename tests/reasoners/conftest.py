"""A failing notebook made by really running its cells, and a sandbox that replays it in plain dictionaries."""

import ast
import contextlib
import io
import linecache
import re
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cot_magic.capture.describe.values import mention
from cot_magic.capture.failure import describe
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case, Cell, CellId, Environment
from cot_magic.core.codec import decode, encode
from cot_magic.core.engine import drive
from cot_magic.core.events import Stamped
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.core.jobs import Budget, Job, JobResult, Outcome, SandboxStatus, StateItem
from cot_magic.core.session import Session
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.verdict.challenge import challenge

REDACTOR = Redactor()


def run(source: str, name: str, namespace: dict[str, Any]) -> BaseException | None:
    """Run one cell; its exception is returned."""
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, name, "exec"), namespace)
    except BaseException as error:
        return error
    return None


def forget_submodule(name: str) -> None:
    """Make a submodule not loaded again: an example of its absence must fail whatever ran before."""
    parent, _, last = name.rpartition(".")
    if sys.modules.pop(name, None) is not None and parent in sys.modules:
        vars(sys.modules[parent]).pop(last, None)


def failing(*sources: str, extra: tuple[str, ...] = (), cwd: str = "") -> Case:
    """The case of a notebook whose last cell raises; `extra` are cells below it that have not run."""
    forget_submodule("xml.dom.pulldom")
    space: dict[str, Any] = {"__name__": "__main__"}
    cells, names = [], {}
    for place, text in enumerate(sources):
        cells.append(Cell(id=CellId(f"c{place}"), source=text, index=place, execution_count=place + 1))
        names[f"<cell {place}>"] = cells[-1].id
    error = None
    for place, text in enumerate(sources):
        error = run(text, f"<cell {place}>", space)
        assert (error is None) == (place < len(sources) - 1), f"cell {place}: {error!r}"
    below = [
        Cell(id=CellId(f"b{place}"), source=text, index=len(sources) + place)
        for place, text in enumerate(extra)
    ]
    assert error is not None
    return Case(
        cell=cells[-1],
        raised=describe(error, names, REDACTOR),
        environment=Environment(python="3.11", platform="linux", cwd=cwd),
        cells=(*cells, *below),
        namespace=tuple(
            mention(key, value, REDACTOR) for key, value in space.items() if not key.startswith("__")
        ),
    )


class ReplaySandbox:
    """Runs jobs by replaying the notebook's earlier cells in fresh dictionaries; confines nothing."""

    def __init__(self, case: Case, available: bool = True) -> None:
        self.case, self.available = case, available

    def status(self) -> SandboxStatus:
        return SandboxStatus(available=self.available)

    def close(self) -> None: ...

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        return tuple(self._run(job) for job in jobs)

    def _run(self, job: Job) -> JobResult:
        space: dict[str, Any] = {"__name__": "__main__"}
        for place, cell in enumerate(self.case.cells):
            if cell.id == self.case.cell.id:
                break
            run(cell.source, f"<cell {place}>", space)
        value: Any = None
        error = None
        printed = io.StringIO()
        for step in job.steps:
            error = run(step.source, self._filename(step.cell), space) if step.cell else None
            if error is not None and not step.may_raise and job.inspect is None:
                return JobResult(outcome=Outcome.RAISED, raised=describe(error, self._names(), REDACTOR))
            if not step.cell:
                with contextlib.redirect_stdout(printed):
                    value, error = self._evaluate(step.source, space)
                if error is not None:
                    return JobResult(outcome=Outcome.RAISED, raised=describe(error, self._names(), REDACTOR))
        if job.inspect is not None:
            assert error is not None
            value, error = self._evaluate(job.inspect.source, _frame_space(error, job.inspect.frame))
            if error is not None:
                return JobResult(outcome=Outcome.RAISED, raised=describe(error, {}, REDACTOR))
            return JobResult(outcome=Outcome.PASSED, held=_truth(value), value=repr(value))
        if not job.steps[-1].cell:
            return JobResult(
                outcome=Outcome.PASSED, held=_truth(value), value=repr(value), output=printed.getvalue()
            )
        return JobResult(outcome=Outcome.PASSED, state=_state(job.watch, space))

    def _evaluate(self, source: str, space: dict[str, Any]) -> tuple[Any, BaseException | None]:
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, "<probe>", "exec"), space)
            value = eval(compile(ast.Expression(last.value), "<probe>", "eval"), space) if last else None
        except Exception as error:
            return None, error
        return value, None

    def _filename(self, cell_id: CellId | None) -> str:
        return next((name for name, known in self._names().items() if known == cell_id), "<step>")

    def _names(self) -> dict[str, CellId]:
        return {f"<cell {place}>": cell.id for place, cell in enumerate(self.case.cells)}


def _truth(value: Any) -> bool | None:
    return value if value is True or value is False else None


def _frame_space(error: BaseException, frame: int) -> dict[str, Any]:
    traces, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != __file__:
            traces.append(trace)
        trace = trace.tb_next
    found = traces[frame].tb_frame
    return {**found.f_globals, **found.f_locals}


def _state(watch: Sequence[str], space: dict[str, Any]) -> tuple[StateItem, ...]:
    state = []
    for name in watch:
        value = space.get(name)
        if name in space and not isinstance(value, types.ModuleType | types.FunctionType | type):
            text = re.sub(r"0x[0-9a-f]+", "0x…", repr(value))
            literal = _literal(text, value)
            state.append(
                StateItem(name=name, type=type(value).__name__, expression=name, text=text, literal=literal)
            )
    return tuple(state)


class Examined:
    """An examiner that has these facts."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def examine(self, case: Case) -> Facts:
        return self.facts


def solve(
    case: Case,
    *,
    rules: Sequence[Any] | None = None,
    available: bool = True,
    rounds: int = 3,
    facts: Facts = NO_FACTS,
) -> Session:
    """The session of the offline reasoner on the case, with what an autopsy saw; every event crosses the codec."""
    budget = Budget(thinking_tokens=0, search_s=60, rounds=rounds, schedules=0)
    session = Session()
    events = drive(
        case,
        OfflineReasoner() if rules is None else OfflineReasoner(rules=rules),
        ReplaySandbox(case, available),
        intensity="cot+",
        budget=budget,
        clock=lambda: 0.0,
        challenger=challenge,
        examiner=Examined(facts),
    )
    for order, event in enumerate(events):
        stamped = Stamped(order=order, seconds=0.0, event=event)
        assert decode(encode(stamped)) == stamped
        session = session.evolve(stamped)
    assert not session.faults, session.faults
    return session


def _literal(text: str, value: Any) -> bool:
    try:
        return bool(ast.literal_eval(text) == value)
    except (ValueError, SyntaxError, TypeError):
        return False


def mended(*sources: str, check: str, extra: tuple[str, ...] = (), cwd: str = "") -> str:
    """The verdict on the best fix for a notebook whose last cell raises, after `check` held in the mended one."""
    case = failing(*sources, extra=extra, cwd=cwd)
    session = solve(case)
    fix = session.best_fix
    assert fix is not None, [(h.rule, h.claim) for h in session.hypotheses]
    edits = {edit.cell: edit.after for edit in fix.edits}
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in case.cells[: len(sources)]:
        error = run(edits.get(cell.id, cell.source), "<mended>", space)
        assert error is None, (fix.edits, error)
    error = run(check, "<check>", space)
    assert error is None, (fix.edits[-1].after, error)
    return session.judge_fix(fix).verdict


@pytest.fixture(name="mended")
def _mended() -> Callable[..., str]:
    return mended


@pytest.fixture(name="failing")
def _failing() -> Callable[..., Case]:
    return failing


@pytest.fixture(name="solve")
def _solve() -> Callable[..., Session]:
    return solve


@pytest.fixture(name="replaying")
def _replaying() -> type[ReplaySandbox]:
    return ReplaySandbox

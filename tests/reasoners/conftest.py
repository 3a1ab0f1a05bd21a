"""A failing notebook made by really running its cells, and a sandbox that replays it in plain dictionaries."""

import ast
import contextlib
import io
import linecache
import types
from collections.abc import Callable, Sequence
from typing import Any

import executing
import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Frame, Raised, Variable
from cot_magic.core.codec import decode, encode
from cot_magic.core.engine import drive
from cot_magic.core.events import Stamped
from cot_magic.core.jobs import Budget, Job, JobResult, Outcome, SandboxStatus, StateItem
from cot_magic.core.session import Session
from cot_magic.reasoners.offline import OfflineReasoner


def run(source: str, name: str, namespace: dict[str, Any]) -> BaseException | None:
    """Run one cell; its exception is returned."""
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, name, "exec"), namespace)
    except BaseException as error:
        return error
    return None


def variable(name: str, value: Any) -> Variable:
    kind = type(value)
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    keys: tuple[str, ...] = ()
    if isinstance(value, dict):
        keys = tuple(map(repr, value))
    elif hasattr(value, "columns"):
        keys = tuple(map(repr, value.columns))
    try:
        text = " ".join(repr(value).split())[:400]
    except Exception:
        text = "?"
    return Variable(
        name=name, type=prefix + kind.__qualname__, text=text, keys=keys, members=tuple(dir(value))[:500]
    )


def operands(node: ast.AST, space: dict[str, Any]) -> list[Variable]:
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.Constant) and not any(
            isinstance(item, ast.Call | ast.Await) for item in ast.walk(part)
        ):
            with contextlib.suppress(Exception):
                value = eval(compile(ast.unparse(part), "operand", "eval"), space)
                found.append(variable(ast.unparse(part), value))
    return found


def describe(error: BaseException, cells: dict[str, CellId]) -> Raised:
    frames = []
    trace = error.__traceback__
    subject = getattr(error, "obj", None) if isinstance(error, AttributeError) else None
    while trace is not None:
        name, space = (
            trace.tb_frame.f_code.co_filename,
            {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals},
        )
        if name != __file__:
            node = executing.Source.executing(trace).node if name in cells else None
            lines = linecache.getlines(name)
            frames.append(
                Frame(
                    function=trace.tb_frame.f_code.co_name,
                    filename=name,
                    lineno=trace.tb_lineno,
                    line=lines[trace.tb_lineno - 1].strip() if name in cells else "",
                    cell=cells.get(name),
                    expression=ast.unparse(node) if isinstance(node, ast.expr) else None,
                    operands=tuple(operands(node, space)) if node is not None else (),
                    variables=tuple(
                        variable(key, value)
                        for key, value in list(trace.tb_frame.f_locals.items())[:300]
                        if not key.startswith("__")
                    )
                    if name in cells
                    else (),
                )
            )
        trace = trace.tb_next
    name = getattr(error, "name", None)
    if isinstance(error, KeyError) and error.args:
        name = repr(error.args[0])
    return Raised(
        ename=type(error).__name__,
        evalue=str(error),
        qualname=type(error).__qualname__,
        bases=tuple(kind.__name__ for kind in type(error).__mro__[:-1]),
        frames=tuple(frames),
        subject=variable("subject", subject)
        if subject is not None or isinstance(error, AttributeError)
        else None,
        name=name,
    )


def failing(*sources: str, extra: tuple[str, ...] = (), cwd: str = "") -> Case:
    """The case of a notebook whose last cell raises; `extra` are cells below it that have not run."""
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
        raised=describe(error, names),
        environment=Environment(python="3.11", platform="linux", cwd=cwd),
        cells=(*cells, *below),
        namespace=tuple(variable(key, value) for key, value in space.items() if not key.startswith("__")),
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
        error = None
        for step in job.steps:
            error = run(step.source, self._filename(step.cell), space) if step.cell else None
            if error is not None and not step.may_raise and job.inspect is None:
                return JobResult(outcome=Outcome.RAISED, raised=describe(error, self._names()))
            if not step.cell:
                held, error = self._evaluate(step.source, space)
                if error is not None:
                    return JobResult(outcome=Outcome.RAISED, raised=describe(error, self._names()))
        if job.inspect is not None:
            assert error is not None
            held, error = self._evaluate(job.inspect.source, _frame_space(error, job.inspect.frame))
            if error is not None:
                return JobResult(outcome=Outcome.RAISED, raised=describe(error, {}))
            return JobResult(outcome=Outcome.PASSED, held=held)
        if not job.steps[-1].cell:
            return JobResult(outcome=Outcome.PASSED, held=held)
        return JobResult(outcome=Outcome.PASSED, state=_state(job.watch, space))

    def _evaluate(self, source: str, space: dict[str, Any]) -> tuple[bool | None, BaseException | None]:
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, "<probe>", "exec"), space)
            value = eval(compile(ast.Expression(last.value), "<probe>", "eval"), space) if last else None
        except Exception as error:
            return None, error
        return (value if value is True or value is False else None), None

    def _filename(self, cell_id: CellId | None) -> str:
        return next((name for name, known in self._names().items() if known == cell_id), "<step>")

    def _names(self) -> dict[str, CellId]:
        return {f"<cell {place}>": cell.id for place, cell in enumerate(self.case.cells)}


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
            text = repr(value)
            literal = _literal(text, value)
            state.append(
                StateItem(name=name, type=type(value).__name__, expression=name, text=text, literal=literal)
            )
    return tuple(state)


def solve(
    case: Case, *, rules: Sequence[Any] | None = None, available: bool = True, rounds: int = 3
) -> Session:
    """The session of the offline reasoner on the case; every event crosses the codec."""
    budget = Budget(thinking_tokens=0, search_s=60, rounds=rounds, schedules=0)
    session = Session()
    events = drive(
        case,
        OfflineReasoner(rules=rules),
        ReplaySandbox(case, available),
        intensity="cot+",
        budget=budget,
        clock=lambda: 0.0,
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


@pytest.fixture(name="failing")
def _failing() -> Callable[..., Case]:
    return failing


@pytest.fixture(name="solve")
def _solve() -> Callable[..., Session]:
    return solve

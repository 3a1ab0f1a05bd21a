"""A failing notebook made by really running its cells, and a small engine over replays in plain dictionaries."""

import ast
import contextlib
import io
import linecache
import types
from collections.abc import Callable
from typing import Any

import executing
import pytest
from cot_magic.core.case import Case, Cell, CellId, Environment, Frame, Raised, Variable
from cot_magic.core.events import RunProbe, TryFix
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Stage
from cot_magic.core.jobs import Budget, Outcome, StateItem
from cot_magic.core.session import Session
from cot_magic.core.events import EvidenceGathered, SessionStarted, Stamped

BUDGET = Budget(thinking_tokens=0, search_s=20, rounds=3, schedules=0)


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
        name, space = trace.tb_frame.f_code.co_filename, {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals}
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
        subject=variable("subject", subject) if subject is not None or isinstance(error, AttributeError) else None,
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


class Bench:
    """Answers requests by replaying the notebook in fresh dictionaries, and folds the session."""

    def __init__(self, case: Case, available: bool = True) -> None:
        self.case, self.available = case, available
        self.session = Session().evolve(
            Stamped(
                order=0,
                seconds=0.0,
                event=SessionStarted(case=case, intensity="cot", reasoner="offline", budget=BUDGET),
            )
        )
        self.events: list[Any] = []

    def drive(self, reasoner: Any) -> Session:
        steps = reasoner.reason(self.case, BUDGET)
        reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration:
                return self.session
            self._record(step)
            reply = None
            if isinstance(step, RunProbe | TryFix):
                reply = self._answer(step) if self.available else ()
                for item in reply:
                    self._record(EvidenceGathered(evidence=item))

    def _record(self, event: Any) -> None:
        self.events.append(event)
        self.session = self.session.evolve(Stamped(order=len(self.events), seconds=0.0, event=event))

    def _answer(self, step: Any) -> tuple[Evidence, ...]:
        if isinstance(step, RunProbe):
            return (self._probe(step.probe),)
        edits = {edit.cell: edit.after for edit in step.fix.edits}
        found = [
            self._cell(step.fix.id, {}, Stage.BEFORE),
            self._cell(step.fix.id, edits, Stage.AFTER),
        ]
        for test in step.tests:
            found += [self._test(step.fix.id, test, {}, Stage.BEFORE), self._test(step.fix.id, test, edits, Stage.AFTER)]
        return tuple(found)

    def _replay(self, edits: dict[str, str], whole: bool = True) -> tuple[dict[str, Any], BaseException | None]:
        space: dict[str, Any] = {"__name__": "__main__"}
        error = None
        for place, cell in enumerate(self.case.cells):
            if cell.id == self.case.cell.id and not whole:
                break
            error = run(edits.get(cell.id, cell.source), f"<cell {place}>", space)
            if cell.id == self.case.cell.id or error is not None:
                break
        return space, error

    def _id(self) -> EvidenceId:
        return EvidenceId(f"e{len(self.session.evidence) + len(self.events)}")

    def _probe(self, probe: Any) -> Evidence:
        space, error = self._replay({}, whole=probe.frame is not None)
        local = space
        if probe.frame is not None and error is not None:
            traces = []
            trace = error.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_filename != __file__:
                    traces.append(trace)
                trace = trace.tb_next
            frame = traces[probe.frame].tb_frame
            local = {**frame.f_globals, **frame.f_locals}
        tree = ast.parse(probe.source)
        value, failed = None, None
        try:
            last = tree.body.pop()
            exec(compile(tree, "probe", "exec"), local)
            value = eval(compile(ast.Expression(last.value), "probe", "eval"), local)
        except Exception as caught:
            failed = caught
        return Evidence(
            id=self._id(),
            kind=EvidenceKind.PROBE,
            about=probe.about,
            code=probe.source,
            outcome=Outcome.RAISED if failed else Outcome.PASSED,
            raised=describe(failed, {}) if failed else None,
            held=value if value is True or value is False else None,
        )

    def _names(self) -> dict[str, CellId]:
        return {f"<cell {place}>": cell.id for place, cell in enumerate(self.case.cells)}

    def _cell(self, fix: str, edits: dict[str, str], stage: Stage) -> Evidence:
        space, error = self._replay(edits)
        state = []
        for name, value in space.items():
            if not name.startswith("__") and not isinstance(value, types.ModuleType | types.FunctionType | type):
                text = repr(value)
                state.append(
                    StateItem(name=name, type=type(value).__name__, expression=name, text=text, literal=_literal(text, value))
                )
        return Evidence(
            id=self._id(),
            kind=EvidenceKind.FIX,
            about=fix,
            code=edits.get(self.case.cell.id, self.case.cell.source),
            outcome=Outcome.RAISED if error else Outcome.PASSED,
            stage=stage,
            raised=describe(error, self._names()) if error else None,
            state=tuple(state) if error is None else (),
        )

    def _test(self, fix: str, test: Any, edits: dict[str, str], stage: Stage) -> Evidence:
        space, _ = self._replay(edits)
        failed = run(test.source, "<test>", space)
        return Evidence(
            id=self._id(),
            kind=EvidenceKind.TEST,
            about=fix,
            test=test.name,
            code=test.source,
            outcome=Outcome.RAISED if failed else Outcome.PASSED,
            stage=stage,
            raised=describe(failed, {}) if failed else None,
        )


def _literal(text: str, value: Any) -> bool:
    try:
        return bool(ast.literal_eval(text) == value)
    except (ValueError, SyntaxError, TypeError):
        return False


@pytest.fixture(name="failing")
def _failing() -> Callable[..., Case]:
    return failing


@pytest.fixture(name="bench")
def _bench() -> type[Bench]:
    return Bench

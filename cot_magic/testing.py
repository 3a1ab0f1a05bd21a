"""Test doubles and contract checks for the five roles, for the tests of this project and of plugins."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.core.case import Case, Cell, CellId, Environment, NewCell, Raised
from cot_magic.core.codec import decode, encode
from cot_magic.core.events import (
    ExploreSchedules,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Reply,
    SessionEnded,
    SessionStarted,
    Stamped,
    Step,
)
from cot_magic.core.findings import Evidence, Phase
from cot_magic.core.jobs import Budget, Inspection, Job, JobResult, JobStep, Outcome, SandboxStatus
from cot_magic.core.protocols import Inserter, Reasoner, Renderer, Sandbox
from cot_magic.core.session import Session

BUDGET = Budget(thinking_tokens=4_000, search_s=60.0, rounds=3, schedules=200)


def case(
    source: str = "1 / 0", *, ename: str = "ZeroDivisionError", evalue: str = "division by zero", **more: Any
) -> Case:
    """A small case; keyword arguments replace its fields."""
    values: dict[str, Any] = {
        "cell": Cell(id=CellId("c1"), source=source, index=0, execution_count=1),
        "raised": Raised(ename=ename, evalue=evalue, bases=(ename, "Exception")),
        "environment": Environment(python="3.11", platform="linux"),
    }
    return Case(**{**values, **more})


def through_codec(stamped: Stamped) -> Stamped:
    """The event after encoding and decoding; fails if that changes it."""
    again = decode(encode(stamped))
    assert again == stamped, f"does not survive the codec: {stamped!r}"
    return again


@dataclass
class ScriptedReasoner:
    """Yields the given steps and keeps what it is sent; a callable step is called with the last reply."""

    steps: Sequence[Step | Callable[[Reply], Step]]
    name: str = "scripted"
    replies: list[Reply] = field(default_factory=list)

    def reason(self, case: Case, budget: Budget) -> Generator[Step, Reply, None]:
        reply: Reply = None
        for step in self.steps:
            reply = yield step(reply) if callable(step) else step
            self.replies.append(reply)


@dataclass
class NamespaceSandbox:
    """Runs jobs by `exec` in a shallow copy of a dict. NOT confined: only for code of the test itself.

    `describe` turns an exception into a Raised; by default only its name and message are kept.
    """

    namespace: Mapping[str, Any] = field(default_factory=dict)
    describe: Callable[[BaseException, Mapping[str, CellId]], Raised] | None = None
    jobs: list[Job] = field(default_factory=list)

    def status(self) -> SandboxStatus:
        return SandboxStatus(available=True)

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        self.jobs.extend(jobs)
        return tuple(self._run(job) for job in jobs)

    def close(self) -> None:
        return None

    def _run(self, job: Job) -> JobResult:
        names = dict(self.namespace)
        started = time.monotonic()
        value: Any = None
        for place, step in enumerate(job.steps):
            last = place == len(job.steps) - 1
            try:
                value = _evaluate(step.source, names, f"<step {place}>")
            except Exception as error:
                if step.may_raise and not last:
                    continue
                if job.inspect is not None and last:
                    return self._inspect(job.inspect, error, place)
                raised = self._described(error, {f"<step {place}>": step.cell or CellId("")})
                return JobResult(
                    outcome=Outcome.RAISED, step=place, raised=raised, seconds=time.monotonic() - started
                )
        held = value if isinstance(value, bool) else None
        return JobResult(
            outcome=Outcome.PASSED,
            step=len(job.steps) - 1,
            value=None if value is None else repr(value),
            held=held,
            seconds=time.monotonic() - started,
        )

    def _inspect(self, inspection: Inspection, error: Exception, step: int) -> JobResult:
        frames = []
        traceback = error.__traceback__
        while traceback is not None:
            frames.append(traceback.tb_frame)
            traceback = traceback.tb_next
        frame = [item for item in frames if item.f_code.co_filename.startswith("<step")][inspection.frame]
        try:
            value = _evaluate(inspection.source, {**frame.f_globals, **frame.f_locals}, "<inspection>")
        except Exception as second:
            return JobResult(outcome=Outcome.RAISED, step=step, raised=self._described(second, {}))
        return JobResult(outcome=Outcome.PASSED, step=step, held=value if isinstance(value, bool) else None)

    def _described(self, error: Exception, filenames: Mapping[str, CellId]) -> Raised:
        if self.describe is not None:
            return self.describe(error, filenames)
        return Raised(ename=type(error).__name__, evalue=str(error))


def _evaluate(source: str, names: dict[str, Any], filename: str) -> Any:
    import ast

    tree = ast.parse(source, filename)
    final = tree.body[-1] if tree.body else None
    last = final if isinstance(final, ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, filename, "exec"), names)  # noqa: S102 - the point of this double
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), filename, "eval"), names)  # noqa: S307


@dataclass
class AbsentSandbox:
    """Cannot run anything, as on a machine without fork or Landlock."""

    reason: str = "this machine has no Landlock"

    def status(self) -> SandboxStatus:
        return SandboxStatus(available=False, reason=self.reason)

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        from cot_magic.core.errors import SandboxError

        raise SandboxError(self.reason)

    def close(self) -> None:
        return None


@dataclass
class CollectingRenderer:
    """Keeps the events that it is shown, each encoded and decoded, and the final session."""

    seen: list[Stamped] = field(default_factory=list)
    final: Session | None = None

    def update(self, session: Session, last: Stamped) -> None:
        self.seen.append(through_codec(last))

    def close(self, session: Session) -> None:
        self.final = session


@dataclass
class CollectingInserter:
    """Keeps the cells that it is asked to insert."""

    cells: list[NewCell] = field(default_factory=list)

    def insert(self, cells: Sequence[NewCell]) -> str:
        self.cells.extend(cells)
        return f"{len(cells)} cells inserted."

    def undo(self) -> str:
        self.cells.clear()
        return "Taken back."


@dataclass
class ScriptedExplorer:
    """Answers every exploration with the same evidence."""

    evidence: Sequence[Evidence] = ()

    def explore(self, case: Case, request: ExploreSchedules) -> Iterator[Evidence]:
        yield from self.evidence


# --- contracts: what every implementation of a role must do; each raises AssertionError saying what it did in


def check_sandbox(sandbox: Sandbox) -> None:
    """Results in order; jobs do not see one another; user failures are values; `held` only for exact
    booleans."""
    assert sandbox.status().available, sandbox.status().reason

    def job(*sources: str, inspect: Inspection | None = None, may_raise: bool = False) -> Job:
        steps = tuple(JobStep(source=source, may_raise=may_raise) for source in sources)
        return Job(steps=steps, inspect=inspect)

    first, second, third, fourth = sandbox.run(
        [job("contract_x = 1", "contract_x == 1"), job("contract_x"), job("1 / 0"), job("'True'")]
    )
    assert (first.outcome, first.held) == (Outcome.PASSED, True), first
    assert second.outcome is Outcome.RAISED, second
    assert second.raised is not None, second
    assert second.raised.ename == "NameError", "one job saw what another one defined"
    assert third.raised is not None, third
    assert third.raised.ename == "ZeroDivisionError", third
    assert fourth.held is None, "the string 'True' is not True"
    (went_on,) = sandbox.run([job("1 / 0", "2 > 1", may_raise=True)])
    assert (went_on.outcome, went_on.step, went_on.held) == (Outcome.PASSED, 1, True), went_on
    failing = "def contract_f(a):\n    return a / 0\ncontract_f(7)"
    (looked,) = sandbox.run([job(failing, inspect=Inspection(source="a == 7", frame=-1))])
    assert (looked.outcome, looked.held) == (Outcome.PASSED, True), looked
    (syntax,) = sandbox.run([job("def (")])
    assert syntax.raised is not None, syntax
    assert syntax.raised.ename == "SyntaxError", syntax


def check_reasoner(reasoner: Reasoner, example: Case, sandbox: Sandbox) -> Session:
    """Phases are in order and end; every event survives the codec; it works without a sandbox too."""
    from cot_magic.core.engine import drive

    final = Session()
    for place in (AbsentSandbox(), sandbox):
        session = Session()
        events = drive(example, reasoner, place, intensity="cot+", budget=BUDGET, clock=time.monotonic)
        for order, event in enumerate(events):
            session = session.evolve(through_codec(Stamped(order=order, seconds=float(order), event=event)))
        assert not session.faults, session.faults
        assert tuple(view.phase for view in session.phases) == tuple(Phase), "five phases, in order"
        assert all(view.headline for view in session.phases), (
            "every phase ends with its result in one sentence"
        )
        assert session.ended
        final = session
    return final


def check_renderer(renderer: Renderer, example: Case | None = None) -> None:
    """Takes events in order without raising, also of an interrupted session."""
    session = Session(id="contract")
    events: list[Any] = [
        SessionStarted(case=example or case(), intensity="cot", reasoner="scripted", budget=BUDGET)
    ]
    for phase in Phase:
        events += [PhaseStarted(phase=phase), PhaseEnded(phase=phase, headline=f"{phase} is done")]
    events += [Interrupted(phase=Phase.CONFIRM), SessionEnded()]
    for order, event in enumerate(events):
        stamped = Stamped(order=order, seconds=float(order), event=event)
        session = session.evolve(stamped)
        renderer.update(session, stamped)
    renderer.close(session)


def check_inserter(inserter: Inserter) -> None:
    """Says in one sentence what it did, and can undo it."""
    from cot_magic.core.case import CellRole

    said = inserter.insert([NewCell(source="x = 1", role=CellRole.FIX)])
    assert said, "an insertion is answered with a sentence"
    assert inserter.undo(), "so is taking it back"

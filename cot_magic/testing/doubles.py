"""Test doubles of the five roles: scripted, unconfined, absent or collecting."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cot_magic.core.case import Case, Cell, CellId, Environment, NewCell, Raised
from cot_magic.core.codec import decode, encode
from cot_magic.core.events import (
    ExploreSchedules,
    Reply,
    Stamped,
    Step,
)
from cot_magic.core.facts import Facts
from cot_magic.core.findings import ChallengeKind, Evidence, EvidenceId, EvidenceKind, Stage
from cot_magic.core.jobs import Budget, Inspection, Job, JobResult, Outcome, SandboxStatus
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
class ScriptedExaminer:
    """Finds the given facts in every failed kernel."""

    facts: Facts

    def examine(self, case: Case) -> Facts:
        return self.facts


def withstood(fix: str, *tests: str, first: int = 101) -> tuple[Evidence, ...]:
    """Evidence of a fix that withstood its challenges, and of tests that notice null results; numbered from
    `first`."""
    survived = Evidence(
        id=EvidenceId(f"e{first}"),
        kind=EvidenceKind.CHALLENGE,
        about=fix,
        code="",
        outcome=Outcome.PASSED,
        stage=Stage.AFTER,
        held=True,
        seconds=0.01,
        trial=ChallengeKind.SURVIVAL,
    )
    nulls = [
        replace(survived, id=EvidenceId(f"e{first + place}"), trial=ChallengeKind.NULLS, test=name)
        for place, name in enumerate(tests, 1)
    ]
    last = first + len(nulls)
    rest = [
        replace(survived, id=EvidenceId(f"e{last + place}"), trial=kind)
        for place, kind in enumerate((ChallengeKind.SECOND_COPY, ChallengeKind.NEIGHBOURS), 1)
    ]
    return (survived, *nulls, *rest)


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

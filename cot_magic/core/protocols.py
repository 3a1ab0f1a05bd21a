"""The five roles. Each has one contract suite in `cot_magic.testing` that the doubles and the real things
pass."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from cot_magic.core.case import Case, NewCell
from cot_magic.core.events import (
    Certified,
    Certifying,
    ExploreSchedules,
    FixProposed,
    Notice,
    Reply,
    SearchAdvanced,
    Stamped,
    Step,
    TestWritten,
)
from cot_magic.core.experiments import Experiment
from cot_magic.core.facts import Facts
from cot_magic.core.findings import Evidence, Fix, Hypothesis, RegressionTest
from cot_magic.core.jobs import Budget, Job, JobResult, Limits, SandboxStatus
from cot_magic.core.session import Session


class Reasoner(Protocol):
    """Turns a case into steps. It never holds a sandbox: it yields requests and is sent evidence."""

    @property
    def name(self) -> str: ...

    def reason(self, case: Case, budget: Budget) -> Generator[Step, Reply, None]: ...


@runtime_checkable
class Resumable(Protocol):
    """A Reasoner that can go on with a session that a fault or the person cut short."""

    def resume(self, case: Case, budget: Budget, session: Session) -> Generator[Step, Reply, None]:
        """The phases that are not finished in `session`, from the first of them on."""
        ...


@runtime_checkable
class Replaceable(Protocol):
    """A Reasoner whose session another one completes where its service fails."""

    def stand_in(self) -> Iterator[Notice]:
        """The phases that are not finished, as the other one wrote them; `by` has its name."""
        ...


@runtime_checkable
class FromModel(Protocol):
    """A Reasoner whose experiments are a model's: they read only what the notebook itself uses."""

    @property
    def from_model(self) -> bool: ...


class Sandbox(Protocol):
    """Runs jobs in confined throw-away copies of the kernel; never raises for what the code of a job does."""

    def status(self) -> SandboxStatus: ...

    def run(self, jobs: Sequence[Job]) -> tuple[JobResult, ...]:
        """Results in the order of the jobs. Raises SandboxError if nothing can run; KeyboardInterrupt passes
        through."""
        ...

    def close(self) -> None: ...


class Explorer(Protocol):
    """Searches schedules of concurrent code; tells how far it is, and yields evidence at the end.

    KeyboardInterrupt while it searches makes it yield what it found until then, and is raised after that.
    """

    def explore(self, case: Case, request: ExploreSchedules) -> Iterator[Evidence | SearchAdvanced]: ...


class Examiner(Protocol):
    """Looks at the failed kernel while its exception is alive; never raises for what is found there."""

    def examine(self, case: Case) -> Facts: ...


class Challenger(Protocol):
    """Challenges a fix that passes: yields experiments, is sent their evidence, and yields what it shows.

    `later` are the failures that were left by fixes which this one goes on from, each with the cells as they
    were then. `seconds` is about how long its runs may take together.
    """

    def __call__(
        self,
        *,
        case: Case,
        fix: Fix,
        hypothesis: Hypothesis | None,
        tests: tuple[RegressionTest, ...],
        evidence: tuple[Evidence, ...],
        limits: Limits,
        allow: tuple[str, ...],
        seconds: float,
        later: tuple[Case, ...] = (),
    ) -> "Challenges": ...


Challenges: TypeAlias = Generator[
    tuple[Experiment, ...] | Evidence | FixProposed | TestWritten, tuple[Evidence, ...], None
]


FixCertifier: TypeAlias = Callable[[Fix], Iterator[Certifying | Certified]]
"""Runs the whole notebook with a fix; yields nothing for another one than the best, or if none is wanted."""


class Renderer(Protocol):
    """Shows a session as it grows. `update` may be called often and paces itself; `close` shows the final
    state."""

    def update(self, session: Session, last: Stamped) -> None: ...

    def close(self, session: Session) -> None: ...


class Listener(Protocol):
    """Hears every stamped event: a recording, a pipe to another process."""

    def hear(self, stamped: Stamped) -> None: ...


class Inserter(Protocol):
    """Puts new cells below the failing one, by whatever way the front end offers."""

    def insert(self, cells: Sequence[NewCell]) -> str:
        """Insert, and return one sentence that tells the person what was done or what to do."""
        ...

    def undo(self) -> str: ...

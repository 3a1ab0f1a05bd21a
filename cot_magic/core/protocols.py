"""The five roles. Each has one contract suite in `cot_magic.testing` that the doubles and the real things
pass."""

from collections.abc import Generator, Iterator, Sequence
from typing import Protocol, runtime_checkable

from cot_magic.core.case import Case, NewCell
from cot_magic.core.events import ExploreSchedules, Reply, SearchAdvanced, Stamped, Step
from cot_magic.core.findings import Evidence
from cot_magic.core.jobs import Budget, Job, JobResult, SandboxStatus
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

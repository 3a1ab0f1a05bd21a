"""drive(): a reasoner's steps become one stream of events; experiments run, and the person may stop it at
any moment."""

from collections.abc import Callable, Generator, Iterator

from cot_magic.core.case import Case
from cot_magic.core.errors import CotError, ReasonerError
from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    ExploreSchedules,
    Faulted,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Reply,
    Request,
    RunProbe,
    SessionEnded,
    SessionStarted,
    TryFix,
)
from cot_magic.core.experiments import experiments
from cot_magic.core.findings import Evidence, EvidenceId, Phase
from cot_magic.core.jobs import Budget, Job, JobResult, Limits
from cot_magic.core.protocols import Explorer, Reasoner, Sandbox

ORDER = tuple(Phase)


class Laboratory:
    """Runs what is requested and numbers the evidence; a job that ran before is not run again.

    Parameters
    ----------
    clock
        Seconds, monotonic. What experiments took in total is held against `budget.search_s`.
    """

    def __init__(
        self,
        case: Case,
        sandbox: Sandbox,
        explorer: Explorer | None,
        *,
        budget: Budget,
        limits: Limits,
        allow: tuple[str, ...],
        clock: Callable[[], float],
    ) -> None:
        self._case, self._sandbox, self._explorer = case, sandbox, explorer
        self._budget, self._limits, self._allow, self._clock = budget, limits, allow, clock
        self._spent = 0.0
        self._count = 0
        self._known: dict[Job, JobResult] = {}

    def answer(self, request: Request) -> Iterator[Evidence]:
        """Evidence for a request; none if the time for experiments is spent or nothing can run."""
        if self._spent >= self._budget.search_s:
            return
        started = self._clock()
        try:
            match request:
                case ExploreSchedules():
                    if self._explorer is not None:
                        yield from self._explorer.explore(self._case, request)
                case RunProbe() | TryFix():
                    yield from self._run(request)
        finally:
            self._spent += self._clock() - started

    def _run(self, request: RunProbe | TryFix) -> Iterator[Evidence]:
        status = self._sandbox.status()
        if not status.available:
            return
        wanted = experiments(request, self._case, limits=self._limits, allow=self._allow)
        new = tuple(dict.fromkeys(item.job for item in wanted if item.job not in self._known))
        self._known.update(zip(new, self._sandbox.run(new), strict=True))
        for item in wanted:
            self._count += 1
            yield item.evidence(EvidenceId(f"e{self._count}"), self._known[item.job], status.state)


def drive(
    case: Case,
    reasoner: Reasoner,
    sandbox: Sandbox,
    explorer: Explorer | None = None,
    *,
    intensity: str,
    budget: Budget,
    clock: Callable[[], float],
    limits: Limits | None = None,
    allow: tuple[str, ...] = (),
    session_id: str = "",
) -> Generator[Event, None, None]:
    """Events of one run, from SessionStarted to SessionEnded, which always comes.

    A failure of the reasoner, of a service or of the sandbox is a `Faulted` event, Ctrl-C an `Interrupted`
    one; what was found before stays in the stream. Nothing that the reasoner says is changed, and nothing
    but evidence is ever sent to it.
    """
    status = sandbox.status()
    yield SessionStarted(
        case=case, intensity=intensity, reasoner=reasoner.name, budget=budget, sandbox=status, id=session_id
    )
    laboratory = Laboratory(
        case, sandbox, explorer, budget=budget, limits=limits or Limits(), allow=allow, clock=clock
    )
    steps = reasoner.reason(case, budget)
    phase: Phase | None = None
    reply: Reply = None
    try:
        while True:
            try:
                step = steps.send(reply)
            except StopIteration:
                break
            reply = None
            phase = _phase_after(phase, step)
            yield step
            if isinstance(step, RunProbe | TryFix | ExploreSchedules):
                gathered = []
                for evidence in laboratory.answer(step):
                    gathered.append(evidence)
                    yield EvidenceGathered(evidence=evidence)
                reply = tuple(gathered)
    except KeyboardInterrupt:
        yield Interrupted(phase=phase)
    except CotError as error:
        yield Faulted(phase=phase, message=str(error))
    except (
        Exception
    ) as error:  # a reasoner or rule may be a third party's: its fault is shown, the kernel goes on
        yield Faulted(
            phase=phase, message=f"the {reasoner.name} reasoner failed: {type(error).__name__}: {error}"
        )
    finally:
        steps.close()
    yield SessionEnded()


def _phase_after(phase: Phase | None, step: Event) -> Phase | None:
    """The phase that is under way after a step. Raises ReasonerError if phases come out of order."""
    match step:
        case PhaseStarted(phase=new):
            place = -1 if phase is None else ORDER.index(phase)
            if ORDER.index(new) != place + 1:
                raise ReasonerError(f"phase {new} cannot follow {phase or 'the start'}")
            return new
        case PhaseEnded(phase=ended) if ended is not phase:
            raise ReasonerError(f"phase {ended} ended while {phase or 'none'} was under way")
        case _:
            return phase

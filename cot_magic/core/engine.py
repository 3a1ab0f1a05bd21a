"""drive(): turns the steps of a reasoner into one stream of events, and runs its experiments."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from cot_magic.core.case import Case
from cot_magic.core.errors import CotError, ReasonerError
from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    ExploreSchedules,
    Faulted,
    HypothesisStated,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Reply,
    Request,
    Resumed,
    RunProbe,
    SearchAdvanced,
    SessionEnded,
    SessionStarted,
    Step,
    TryFix,
)
from cot_magic.core.experiments import experiments
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Hypothesis, HypothesisId, Phase
from cot_magic.core.jobs import Budget, Job, JobResult, Limits
from cot_magic.core.probes import emptiness
from cot_magic.core.protocols import Explorer, Reasoner, Resumable, Sandbox
from cot_magic.core.session import Session

ORDER = tuple(Phase)


class Laboratory:
    """Runs what is requested and numbers the evidence; a job that has run is not run again.

    Parameters
    ----------
    clock
        Monotonic seconds. The total time of experiments is limited by `budget.search_s`.
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
        self._modest: set[HypothesisId] = set()  # hypotheses that only say the failure happens again

    def take_up(self, session: Session) -> Phase | None:
        """Continue a session: know its hypotheses, continue the numbers of its evidence. Return its last
        finished phase."""
        self._count = len(session.evidence)
        for hypothesis in session.hypotheses:
            self.hear(hypothesis)
        return session.finished[-1] if session.finished else None

    def hear(self, hypothesis: Hypothesis) -> None:
        """Note a hypothesis: what it claims decides which probes can support it."""
        if not hypothesis.names_a_cause:
            self._modest.add(hypothesis.id)

    def answer(self, request: Request) -> Iterator[Evidence | SearchAdvanced]:
        """The evidence for a request; none if the time for experiments is used up or nothing can run."""
        if self._spent >= self._budget.search_s:
            return
        started = self._clock()
        try:
            match request:
                case ExploreSchedules():
                    yield from self._explore(request)
                case RunProbe() | TryFix() | InspectVariable():
                    yield from self._run(request)
        finally:
            self._spent += self._clock() - started

    def _explore(self, request: ExploreSchedules) -> Iterator[Evidence | SearchAdvanced]:
        if self._explorer is None or not self._sandbox.status().available:
            return
        for item in self._explorer.explore(self._case, request):
            if isinstance(item, Evidence):
                self._count += 1
                yield replace(item, id=EvidenceId(f"e{self._count}"))
            else:
                yield item

    def _run(self, request: RunProbe | TryFix | InspectVariable) -> Iterator[Evidence]:
        status = self._sandbox.status()
        if not status.available:
            return
        wanted = experiments(request, self._case, limits=self._limits, allow=self._allow)
        new = tuple(dict.fromkeys(item.job for item in wanted if item.job not in self._known))
        self._known.update(zip(new, self._sandbox.run(new), strict=True))
        for item in wanted:
            self._count += 1
            evidence = item.evidence(EvidenceId(f"e{self._count}"), self._known[item.job], status.state)
            yield self._weighed(evidence)

    def _weighed(self, evidence: Evidence) -> Evidence:
        """Discount a probe that is true by its form alone (`True`): it supports no claim about a cause.

        In a frame of the failure it only shows that the failure happens again.
        """
        if evidence.kind is not EvidenceKind.PROBE or evidence.held is not True:
            return evidence
        if evidence.about in self._modest or not (reason := emptiness(evidence.code)):
            return evidence
        return replace(evidence, held=None, note=f"{evidence.note} {reason}".strip())


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
    note: str = "",
    resume: Session | None = None,
) -> Generator[Event, None, None]:
    """Events of one run, from SessionStarted to SessionEnded, which always comes.

    With `resume`, an interrupted session continues after its last finished phase, starting with Resumed.
    Raises ReasonerError at the first step if the reasoner is not a Resumable.

    A failure of the reasoner, a service or the sandbox becomes a `Faulted` event, Ctrl-C an `Interrupted`
    one; everything before stays in the stream. Steps of the reasoner are passed on unchanged, and only
    evidence is sent to it.
    """
    started, steps = _started(case, reasoner, sandbox, intensity, budget, session_id, note, resume)
    yield started
    laboratory = Laboratory(
        case, sandbox, explorer, budget=budget, limits=limits or Limits(), allow=allow, clock=clock
    )
    phase = laboratory.take_up(resume) if resume is not None else None
    reply: Reply = None
    try:
        while True:
            step = steps.send(reply)
            reply = None
            phase = _phase_after(phase, step)
            yield step
            if isinstance(step, HypothesisStated):
                laboratory.hear(step.hypothesis)
            if isinstance(step, RunProbe | TryFix | ExploreSchedules | InspectVariable):
                reply = yield from _answered(laboratory, step)
    except StopIteration:
        pass  # the reasoner is done
    except KeyboardInterrupt:
        yield Interrupted(phase=phase)
    except CotError as error:
        yield Faulted(phase=phase, message=str(error))
    except Exception as error:  # perhaps of a third party's reasoner or rule: show it, the kernel continues
        said = f"the {reasoner.name} reasoner failed: {type(error).__name__}: {error}"
        yield Faulted(phase=phase, message=said)
    finally:
        steps.close()
    yield SessionEnded()


def _started(
    case: Case,
    reasoner: Reasoner,
    sandbox: Sandbox,
    intensity: str,
    budget: Budget,
    session_id: str,
    note: str,
    resume: Session | None,
) -> tuple[Event, Generator[Step, Reply, None]]:
    """The first event, and the steps of the reasoner. Raises ReasonerError if it cannot resume."""
    status = sandbox.status()
    if resume is None:
        first = SessionStarted(
            case=case,
            intensity=intensity,
            reasoner=reasoner.name,
            budget=budget,
            sandbox=status,
            id=session_id,
            note=note,
        )
        return first, reasoner.reason(case, budget)
    if not isinstance(reasoner, Resumable):
        raise ReasonerError(f"the {reasoner.name} reasoner cannot resume a session; run it again.")
    return Resumed(reasoner=reasoner.name, sandbox=status), reasoner.resume(case, budget, resume)


def _answered(laboratory: Laboratory, request: Request) -> Generator[Event, None, tuple[Evidence, ...]]:
    """Run what is requested; yield each piece of evidence as it comes."""
    gathered = []
    for item in laboratory.answer(request):
        if isinstance(item, SearchAdvanced):
            yield item
            continue
        gathered.append(item)
        yield EvidenceGathered(evidence=item)
    return tuple(gathered)


def _phase_after(phase: Phase | None, step: Event) -> Phase | None:
    """The current phase after a step. Raises ReasonerError if phases come out of order."""
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

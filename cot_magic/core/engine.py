"""drive(): turns the steps of a reasoner into one stream of events, and runs its experiments."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from cot_magic.core.case import Case
from cot_magic.core.certificate import Certificate
from cot_magic.core.errors import CotError, ReasonerError
from cot_magic.core.events import (
    Certified,
    CertifyFix,
    Certifying,
    Challenged,
    ChallengeFix,
    Event,
    EvidenceGathered,
    Examine,
    ExploreSchedules,
    FactsFound,
    Faulted,
    FixProposed,
    HypothesisStated,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    RepeatRuns,
    Reply,
    Request,
    Resumed,
    RunAhead,
    RunProbe,
    Screen,
    Screened,
    SearchAdvanced,
    SessionEnded,
    SessionStarted,
    Step,
    TestWritten,
    TryFix,
)
from cot_magic.core.experiments import Experiment, experiments
from cot_magic.core.facts import Facts
from cot_magic.core.findings import (
    ChallengeKind,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    Hypothesis,
    HypothesisId,
    Phase,
    RegressionTest,
    Stage,
)
from cot_magic.core.identities import Identities
from cot_magic.core.jobs import Budget, Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.named_files import named_files
from cot_magic.core.probes import emptiness
from cot_magic.core.progress import legs
from cot_magic.core.protocols import (
    Challenger,
    Examiner,
    Explorer,
    FixCertifier,
    FromModel,
    Reasoner,
    Replaceable,
    Resumable,
    Sandbox,
)
from cot_magic.core.relay import relay
from cot_magic.core.repeated import Series, progress
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, deserves_a_challenge, judge_fix

T = TypeVar("T")
ORDER = tuple(Phase)
SCREENED_BYTES = 1 << 18  # of what a screening prints
SHARE_OF_CHALLENGES = 0.3  # of the time for experiments; also when that is used up
AFTER_AN_ENDLESS_ONE = 0.2  # of the time limit of a run
ON_OTHER_CODE = "it ran on edited code that is not known to get further"
MOST_CHALLENGED = 3  # fixes: a smaller one that the first challenge offers is challenged too


class Laboratory:
    """Runs what is requested and numbers the evidence; a job that has run is not run again.

    Parameters
    ----------
    clock
        Monotonic seconds. The total time of experiments is limited by `budget.search_s`.
    from_model
        Whether experiments are a model's, except in phases that someone else writes: they read only what the
        notebook uses.
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
        challenger: Challenger | None = None,
        from_model: bool = False,
    ) -> None:
        self._reads = named_files(case) if from_model else None
        self.case, self._sandbox, self._explorer = case, sandbox, explorer
        self.phase: Phase | None = None  # the current one
        self.by = ""  # who writes it, if not the reasoner that the session is named after
        self._challenger = challenger
        self._evidence: list[Evidence] = []
        self._hypotheses: dict[HypothesisId, Hypothesis] = {}
        self._fixes: list[Fix] = []
        self._tests: list[tuple[FixId, RegressionTest]] = []
        self._challenged: list[str] = []
        self._budget, self._limits, self._allow, self._clock = budget, limits, allow, clock
        self._spent = 0.0
        self._count = 0
        self._known: dict[Job, JobResult] = {}
        self._modest: set[HypothesisId] = set()  # hypotheses that only say the failure happens again

    def take_up(self, session: Session) -> Phase | None:
        """Continue a session: know its hypotheses, continue the numbers of its evidence. Return the last
        phase that its own reasoner finished."""
        self._count = len(session.evidence)
        self._evidence, self._fixes = list(session.evidence), list(session.fixes)
        self._tests = list(session.tests)
        # a challenge that was cut short is made again
        self._challenged = [item.about for item in session.evidence if item.trial is ChallengeKind.NEIGHBOURS]
        for hypothesis in session.hypotheses:
            self.hear(HypothesisStated(hypothesis=hypothesis))
        return session.own[-1] if session.own else None

    def hear(self, event: Event) -> None:
        """Note what is claimed, proposed and seen: it decides which probes can support a claim, and which fix
        is challenged."""
        match event:
            case HypothesisStated(hypothesis=hypothesis):
                self._hypotheses[hypothesis.id] = hypothesis
                if not hypothesis.names_a_cause:
                    self._modest.add(hypothesis.id)
            case FixProposed(fix=fix):
                self._fixes.append(fix)
            case TestWritten(fix=owner, test=test):
                self._tests.append((owner, test))

    def unchallenged(self) -> Fix | None:
        """The best fix, if it would be VERIFIED but for a challenge and none was made yet."""
        if self._challenger is None or len(self._challenged) >= MOST_CHALLENGED:
            return None
        verdicts = [(fix, self._judged(fix)) for fix in self._fixes]
        if any(item.verdict is FixVerdict.VERIFIED for _, item in verdicts):
            return None
        return next((fix for fix, item in verdicts if deserves_a_challenge(item)), None)

    def challenge(self, fix: Fix, tests: tuple[RegressionTest, ...] = ()) -> Iterator[Event]:
        """Challenge a fix, once: its evidence, and fixes that pass beside it."""
        if self._challenger is None or fix.id in self._challenged or not self._sandbox.status().available:
            return
        self._challenged.append(fix.id)
        steps = self._challenger(
            case=self.case,
            fix=fix,
            hypothesis=self._hypotheses.get(fix.hypothesis),
            tests=(*(test for owner, test in self._tests if owner == fix.id), *tests),
            evidence=tuple(self._evidence),
            limits=self._limits,
            allow=self._allow,
            seconds=self._budget.search_s * SHARE_OF_CHALLENGES,
            later=tuple(leg.case for leg in legs(self.case, fix, self._fixes, self._evidence)[1:]),
        )
        step = next(steps, None)
        while step is not None:
            ran: tuple[Evidence, ...] = ()
            match step:
                case Evidence():
                    self._count += 1
                    self._evidence.append(replace(step, id=EvidenceId(f"e{self._count}")))
                    yield EvidenceGathered(evidence=self._evidence[-1])
                case FixProposed() | TestWritten():
                    self.hear(step)
                    yield step
                case wanted:
                    ran = tuple(self._run_all(wanted))
            try:
                step = steps.send(ran)
            except StopIteration:
                return

    def answer(self, request: Request) -> Iterator[Evidence | SearchAdvanced]:
        """The evidence for a request; none if the time for experiments is used up or nothing can run."""
        # runs that the person asked for have a time limit of their own
        asked_for = isinstance(request, RepeatRuns) and self._budget.runs
        if self._spent >= self._budget.search_s and not asked_for:
            return
        started = self._clock()
        try:
            match request:
                case ExploreSchedules():
                    yield from self._explore(request)
                case RunProbe() | TryFix() | InspectVariable():
                    yield from self._run(request)
                case ChallengeFix(fix=fix, tests=tests):
                    shown = self.challenge(fix, tests)
                    yield from (item.evidence for item in shown if isinstance(item, EvidenceGathered))
                case RepeatRuns():
                    yield from self._repeat(request)
                case RunAhead(requests=requests):
                    self._run_ahead(requests)
        finally:
            if not asked_for:
                self._spent += self._clock() - started

    def screen(self, request: Screen) -> Screened | None:
        """What a screening printed; None if the time is used up or nothing can run."""
        left = self._budget.search_s - self._spent
        if left <= 0 or not self._sandbox.status().available:
            return None
        wall_s = min(request.seconds, left)
        limits = replace(
            self._limits, wall_s=wall_s, cpu_s=math.ceil(wall_s) + 1, output_bytes=SCREENED_BYTES
        )
        job = Job(steps=(JobStep(source=request.source),), limits=limits, allow=self._allow)
        started = self._clock()
        try:
            (result,) = self._sandbox.run(self._bounded((job,)))
        finally:
            self._spent += self._clock() - started
        return Screened(
            outcome=result.outcome, output=result.output, seconds=result.seconds, note=result.note
        )

    def _explore(self, request: ExploreSchedules) -> Iterator[Evidence | SearchAdvanced]:
        if self._explorer is None or not self._sandbox.status().available:
            return

        def numbered(item: Evidence | SearchAdvanced) -> Iterator[Evidence | SearchAdvanced]:
            if isinstance(item, Evidence):
                self._count += 1
                item = replace(item, id=EvidenceId(f"e{self._count}"))
                self._evidence.append(item)
            yield item

        bounded = replace(request, reads=self._may_read)
        yield from relay(self._explorer.explore(self.case, bounded), numbered)

    def _run(self, request: RunProbe | TryFix | InspectVariable) -> Iterator[Evidence]:
        if not self._sandbox.status().available:
            return
        limits = self._patience(request)
        wanted = experiments(request, self.case, limits=limits, allow=self._allow)
        for evidence in self._run_all(wanted):
            self._count += 1
            weighed = self._weighed(replace(evidence, id=EvidenceId(f"e{self._count}")))
            if (
                isinstance(request, RunProbe)
                and request.fix is not None
                and not self._got_further(request.fix)
            ):
                weighed = replace(weighed, held=None, note=f"{weighed.note} {ON_OTHER_CODE}".strip())
            self._evidence.append(weighed)
            yield weighed

    def _run_ahead(self, requests: Sequence[RunProbe | TryFix | InspectVariable]) -> None:
        """Run the jobs of these requests in one batch, of which the sandbox runs some at a time."""
        if self._sandbox.status().available:
            wanted = [
                item
                for request in requests
                for item in experiments(request, self.case, limits=self._patience(request), allow=self._allow)
            ]
            for _ in self._run_all(wanted):
                pass

    def _patience(self, request: RunProbe | TryFix | InspectVariable) -> Limits:
        """The limits of its runs. Once a fix has run into the time limit, others get a part of it: edits that
        make a loop endless come in families, and the time is that of the search too."""
        endless = any(
            item.outcome is Outcome.TIMED_OUT and item.stage is Stage.AFTER for item in self._evidence
        )
        if not endless or not isinstance(request, TryFix):
            return self._limits
        wall_s = min(self._limits.wall_s, max(1.0, self._limits.wall_s * AFTER_AN_ENDLESS_ONE))
        return replace(self._limits, wall_s=wall_s, cpu_s=min(self._limits.cpu_s, math.ceil(wall_s)))

    def _run_all(self, wanted: Sequence[Experiment]) -> Iterator[Evidence]:
        """Evidence without numbers, in the order of the experiments."""
        jobs = self._bounded([item.job for item in wanted])
        new = tuple(dict.fromkeys(job for job in jobs if job not in self._known))
        self._known.update(zip(new, self._sandbox.run(new), strict=True))
        state = self._sandbox.status().state
        for item, job in zip(wanted, jobs, strict=True):
            yield item.evidence(EvidenceId(""), self._known[job], state)

    @property
    def _may_read(self) -> tuple[str, ...] | None:
        """What jobs may read now, as in `Job`."""
        return None if self.by else self._reads

    def _bounded(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        return tuple(replace(job, reads=self._may_read) for job in jobs)

    def _repeat(self, request: RepeatRuns) -> Iterator[Evidence | SearchAdvanced]:
        """Run the cell many times, in batches. No result is reused: what differs is the point.

        KeyboardInterrupt ends the runs; what they showed until then is evidence.
        """
        status = self._sandbox.status()
        if not status.available:
            return
        series = Series(self.case, request, self._limits, self._allow)
        started, stopped = self._clock(), False
        try:
            for jobs in series.batches():
                series.take(jobs, self._sandbox.run(self._bounded(jobs)))
                left = request.seconds - (self._clock() - started)
                yield progress(series, left)
                if left <= 0 or not series.ended:
                    break
            if again := series.again():
                series.compare(self._sandbox.run(self._bounded(again)))
        except KeyboardInterrupt:
            stopped = True
        self._count += 1
        evidence = series.evidence(self._clock() - started, status.state)
        evidence = replace(evidence, id=EvidenceId(f"e{self._count}"))
        self._evidence.append(evidence)
        yield evidence
        if stopped:
            raise KeyboardInterrupt

    def _got_further(self, fix: Fix) -> bool:
        """Whether a fix was proposed and is known to get the cell further, so that what it then raises is a
        failure of the notebook and not of the edits."""
        return fix in self._fixes and self._judged(fix).partial > 0

    def _judged(self, fix: Fix) -> Judgement[FixVerdict]:
        return judge_fix(
            fix,
            case=self.case,
            fixes=self._fixes,
            tests=self._tests,
            evidence=self._evidence,
            sandbox=self._sandbox.status(),
        )

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
    examiner: Examiner | None = None,
    challenger: Challenger | None = None,
    certifier: FixCertifier | None = None,
) -> Generator[Event, None, None]:
    """Events of one run, from SessionStarted to SessionEnded, which always comes.

    `challenger` challenges the best fix before the phase CONFIRM; without one, no fix is VERIFIED.
    `certifier` runs the whole notebook with a fix when the reasoner asks for that. With `resume`, an
    interrupted session continues after its last finished phase, starting with Resumed. Raises ReasonerError
    at the first step if the reasoner is not a Resumable.

    A failure of the reasoner, a service or the sandbox becomes a `Faulted` event, Ctrl-C an `Interrupted`
    one; everything before stays in the stream, and after a fault a Replaceable gives the rest.
    Steps of the reasoner are passed on unchanged, and only evidence is sent to it.
    """
    started, steps = _started(case, reasoner, sandbox, intensity, budget, session_id, note, resume)
    yield started
    laboratory = Laboratory(
        case,
        sandbox,
        explorer,
        budget=budget,
        limits=limits or Limits(),
        allow=allow,
        clock=clock,
        challenger=challenger,
        from_model=isinstance(reasoner, FromModel) and reasoner.from_model,
    )
    laboratory.phase = laboratory.take_up(resume) if resume is not None else None
    try:
        yield from _followed(laboratory, steps, Identities(resume), examiner, certifier)
    except KeyboardInterrupt:
        yield Interrupted(phase=laboratory.phase)
    except CotError as error:
        yield Faulted(phase=laboratory.phase, message=str(error))
        yield from _stood_in(reasoner)
    except Exception as error:  # perhaps of a third party's reasoner or rule: show it, the kernel continues
        said = f"the {reasoner.name} reasoner failed: {type(error).__name__}: {error}"
        yield Faulted(phase=laboratory.phase, message=said)
        yield from _stood_in(reasoner)
    finally:
        steps.close()
    yield SessionEnded()


def _followed(
    laboratory: "Laboratory",
    steps: Generator[Step, Reply, None],
    identities: Identities,
    examiner: Examiner | None,
    certifier: FixCertifier | None,
) -> Generator[Event, None, None]:
    """The steps of a reasoner and what they bring about, until it is done and its best fix is challenged."""
    reply: Reply = None
    while (step := _next(steps, reply)) is not None:
        _enter(laboratory, step)
        identities.check(step)
        if isinstance(step, PhaseStarted) and step.phase is Phase.CONFIRM:
            yield from _known(identities, _unasked(laboratory))
        yield step
        laboratory.hear(step)
        if isinstance(step, CertifyFix):
            reply = (yield from _certified(certifier, step)) if certifier is not None else None
        else:
            reply = yield from _known(identities, _replied(laboratory, examiner, step))
    yield from _known(identities, _unasked(laboratory))


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


def _known(identities: Identities, events: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """Pass on what the engine proposes, unless a reasoner gave its id to something else."""

    def checked(event: Event) -> Iterator[Event]:
        if isinstance(event, FixProposed | TestWritten):
            identities.check(event)
        yield event

    return (yield from relay(events, checked))


def _next(steps: Generator[Step, Reply, None], reply: Reply) -> Step | None:
    """The next step of a reasoner; None at its end."""
    try:
        return steps.send(reply)
    except StopIteration:
        return None


def _replied(laboratory: Laboratory, examiner: Examiner | None, step: Step) -> Generator[Event, None, Reply]:
    """Run what a step asks for; None if it asks for nothing."""
    if isinstance(step, Examine | Screen):
        return (yield from _looked(laboratory, examiner, laboratory.case, step))
    if isinstance(step, ChallengeFix):
        return (yield from _withstood(laboratory, step))
    if isinstance(step, RunProbe | TryFix | ExploreSchedules | InspectVariable | RunAhead | RepeatRuns):
        return (yield from _answered(laboratory, step))
    return None


def _answered(laboratory: Laboratory, request: Request) -> Generator[Event, None, tuple[Evidence, ...]]:
    """Run what is requested; yield each piece of evidence as it comes."""
    gathered = []

    def told(item: Evidence | SearchAdvanced) -> Iterator[Event]:
        if isinstance(item, SearchAdvanced):
            yield item
        else:
            gathered.append(item)
            yield EvidenceGathered(evidence=item)

    yield from relay(laboratory.answer(request), told)
    return tuple(gathered)


def _looked(
    laboratory: Laboratory, examiner: Examiner | None, case: Case, request: Examine | Screen
) -> Generator[Event, None, Facts | Screened | None]:
    """Answer a request that yields no evidence; None if nothing can run."""
    match request:
        case Screen():
            screened = laboratory.screen(request)
            if screened is not None:
                yield screened
            return screened
        case Examine():
            facts = examiner.examine(case) if examiner is not None else None
            if facts is not None:
                yield FactsFound(facts=facts)
            return facts


def _withstood(laboratory: Laboratory, asked: ChallengeFix) -> Generator[Event, None, Challenged]:
    """Challenge a fix and yield what it shows."""
    gathered: list[Event] = []
    for event in laboratory.challenge(asked.fix, asked.tests):
        gathered.append(event)
        yield event
    return Challenged(
        evidence=tuple(item.evidence for item in gathered if isinstance(item, EvidenceGathered)),
        fixes=tuple(item.fix for item in gathered if isinstance(item, FixProposed)),
        tests=tuple((item.fix, item.test) for item in gathered if isinstance(item, TestWritten)),
    )


def _certified(certifier: FixCertifier, asked: CertifyFix) -> Generator[Event, None, Certificate | None]:
    """Run the whole notebook. Raises KeyboardInterrupt after a certificate that the person stopped."""
    made: Certificate | None = None

    def noted(event: Certifying | Certified) -> Iterator[Event]:
        nonlocal made
        made = event.certificate if isinstance(event, Certified) else made
        yield event

    yield from relay(certifier(asked.fix), noted)
    if made is not None and made.interrupted:
        raise KeyboardInterrupt
    return made


def _unasked(laboratory: Laboratory) -> Generator[Event, None, None]:
    """Challenge what would be VERIFIED, although nobody asked."""
    while (fix := laboratory.unchallenged()) is not None:
        yield from _withstood(laboratory, ChallengeFix(fix=fix))


def _stood_in(reasoner: Reasoner) -> Iterator[Event]:
    """After a fault: the phases that are left, from whoever completes the session."""
    if isinstance(reasoner, Replaceable):
        yield from reasoner.stand_in()


def _enter(laboratory: Laboratory, step: Event) -> None:
    """Note the current phase after a step. Raises ReasonerError if phases come out of order.

    The session's own reasoner begins with the first phase, also if another one wrote phases before.
    """
    phase = laboratory.phase
    match step:
        case PhaseStarted(phase=new, by=by):
            begins = bool(laboratory.by) and not by
            place = -1 if phase is None or begins else ORDER.index(phase)
            if ORDER.index(new) != place + 1:
                raise ReasonerError(f"phase {new} cannot follow {phase or 'the start'}")
            laboratory.phase, laboratory.by = new, by
        case PhaseEnded(phase=ended) if phase is None or ORDER.index(ended) > ORDER.index(phase):
            raise ReasonerError(f"phase {ended} ended while {phase or 'none'} was under way")

"""The offline reasoner looks first; a model then starts from there, and is replaced if it fails."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.events import (
    Challenged,
    ChallengeFix,
    Event,
    EvidenceGathered,
    Examine,
    FactsFound,
    Finding,
    Notice,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    Reply,
    Screen,
    SessionStarted,
    Stamped,
    Step,
)
from cot_magic.core.facts import Facts
from cot_magic.core.findings import Phase
from cot_magic.core.jobs import Budget
from cot_magic.core.protocols import Reasoner
from cot_magic.core.session import Session

Steps: TypeAlias = Generator[Step, Reply, None]
SETTLED = (
    "The fix is verified without a model, so nothing was sent. "
    "Words after the magic, or `--reasoner claude`, ask the model too."
)
FAILED = "The offline reasoner, which looks first, failed: {}. The model starts without its findings."


class Model(Protocol):
    """A reasoner that asks a model, and can start from what another one found."""

    @property
    def name(self) -> str: ...

    def reason(self, case: Case, budget: Budget, found: Session | None = None) -> Steps: ...

    def resume(self, case: Case, budget: Budget, session: Session) -> Steps: ...

    def preview(self, case: Case, budget: Budget, found: Session | None = None) -> Any: ...

    def warm(self) -> None: ...

    def settle(self) -> None: ...

    def close(self) -> None: ...


class FirstLook:
    """The offline reasoner's session, with its name on each phase; it is kept as it grows.

    Attributes
    ----------
    found
        The session so far: hypotheses, fixes, tests, facts and their evidence.
    written
        The phases, to be shown where the model does not come that far.
    trouble
        Why it failed, if it did: a rule of another package may.
    """

    def __init__(self, offline: Reasoner, clock: Callable[[], float]) -> None:
        self._offline, self._clock = offline, clock
        self.name = offline.name
        self._start()

    def _start(self) -> None:
        self.found, self.written = Session(), list[Notice]()
        self.trouble = ""
        self._spent = 0.0

    @property
    def verified(self) -> bool:
        """Whether it has a fix that is VERIFIED."""
        return self.found.result == "verified"

    def reason(self, case: Case, budget: Budget) -> Steps:
        """The five phases. When its share of the time for experiments is used up, nothing more is run."""
        self._start()
        self._hear(SessionStarted(case=case, intensity="", reasoner=self.name, budget=budget))
        share = replace(budget, search_s=budget.search_s / 2)
        steps = self._offline.reason(case, share)
        reply: Reply = None
        try:
            while True:
                step = steps.send(reply)
                if isinstance(step, PhaseStarted):
                    step = replace(step, by=self.name)
                if isinstance(step, PhaseStarted | Finding | PhaseEnded):
                    self.written.append(step)
                self._hear(step)
                if _runs(step) and self._spent >= share.search_s:
                    reply = None if isinstance(step, Screen | ChallengeFix) else ()
                    continue
                before = self._clock()
                reply = yield step
                if _runs(step):
                    self._spent += self._clock() - before
                self._take(reply)
        except StopIteration:
            return
        except Exception as error:  # the model is asked all the same, and the person is told
            self.trouble = f"{type(error).__name__}: {error}"
        finally:
            steps.close()

    def _take(self, reply: Reply) -> None:
        """Keep what a request was answered with."""
        match reply:
            case Facts():
                self._hear(FactsFound(facts=reply))
            case Challenged():
                self.found = replace(
                    self.found,
                    fixes=(*self.found.fixes, *reply.fixes),
                    tests=(*self.found.tests, *reply.tests),
                )
                for item in reply.evidence:
                    self._hear(EvidenceGathered(evidence=item))
            case tuple():
                for item in reply:
                    self._hear(EvidenceGathered(evidence=item))
            case _:
                pass

    def _hear(self, event: Event) -> None:
        self.found = self.found.evolve(Stamped(order=0, seconds=0.0, event=event))


class OfflineFirst:
    """Asks a model after the offline reasoner has looked.

    Parameters
    ----------
    settles
        Whether a VERIFIED fix of the offline reasoner ends the session, so that nothing is sent; never if the
        person wrote a prompt.
    clock
        Monotonic seconds, for the share of the time for experiments.
    """

    def __init__(
        self, offline: Reasoner, model: Model, *, settles: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.first, self.model, self._settles = FirstLook(offline, clock), model, settles
        self.name, self.from_model = model.name, True
        self._ended: set[Phase] = set()  # the phases that the model finished

    def reason(self, case: Case, budget: Budget) -> Steps:
        """The offline session; then, unless that settles it, the model's."""
        yield from self.first.reason(case, budget)
        if self.settled(case):
            yield Remarked(phase=Phase.CONFIRM, text=SETTLED)
            return
        self._ended = set()
        yield from self._asked(self.model.reason(case, budget, self.first.found))

    def resume(self, case: Case, budget: Budget, session: Session) -> Steps:
        """The phases that the model has not finished."""
        self._ended = set(session.own)
        yield from self._asked(self.model.resume(case, budget, session))

    def stand_in(self) -> Iterator[Notice]:
        """The phases that the model has not finished, as the offline reasoner wrote them."""
        if not isinstance(self.first.written[-1] if self.first.written else None, PhaseEnded):
            return  # it was cut short itself
        for step in self.first.written:
            if isinstance(step, PhaseStarted | Finding | PhaseEnded) and step.phase not in self._ended:
                yield step

    def settled(self, case: Case) -> bool:
        """Whether nothing is to be sent, as the offline reasoner's fix is VERIFIED."""
        return self._settles and not case.prompt and self.first.verified

    def preview(self, case: Case, budget: Budget) -> Any:
        """The first request after what `first` has found; None if nothing is to be sent."""
        return None if self.settled(case) else self.model.preview(case, budget, self.first.found)

    def warm(self) -> None:
        """Load what the connection needs, in a thread."""
        self.model.warm()

    def settle(self) -> None:
        """Wait until loading is done."""
        self.model.settle()

    def close(self) -> None:
        """Close the connection."""
        self.model.close()

    def _asked(self, steps: Steps) -> Steps:
        """The model's steps; notes which phases it finished."""
        reply: Reply = None
        try:
            while True:
                step = steps.send(reply)
                reply = yield step
                match step:
                    case PhaseStarted() if self.first.trouble:
                        yield Remarked(phase=step.phase, text=FAILED.format(self.first.trouble))
                        self.first.trouble = ""
                    case PhaseEnded():
                        self._ended.add(step.phase)
        except StopIteration:
            return
        finally:
            steps.close()


def _runs(step: Step) -> bool:
    """Whether a step is a request for experiments, which take time."""
    return not isinstance(step, Notice | Examine)

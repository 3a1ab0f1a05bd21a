"""The session in words: together with `phases`, the only place where events become text."""

import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, assert_never

from cot_magic.core.events import (
    Certified,
    CertifyFix,
    Certifying,
    ChallengeFix,
    Decided,
    Event,
    EvidenceGathered,
    Examine,
    ExploreSchedules,
    FactsFound,
    Faulted,
    Finding,
    FixProposed,
    HypothesisStated,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    Remarked,
    RepeatRuns,
    Resumed,
    RunAhead,
    RunProbe,
    Screen,
    Screened,
    SearchAdvanced,
    Sent,
    SessionEnded,
    SessionStarted,
    Streamed,
    TestWritten,
    TryFix,
    UsageReported,
    Waiting,
    Withdrawn,
)
from cot_magic.core.findings import FixVerdict, Phase
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.question import question
from cot_magic.core.remedies import AGAIN, without_magics
from cot_magic.core.repeated import by_chance
from cot_magic.core.session import NO_CREDENTIAL, PhaseView, Session
from cot_magic.render import phases
from cot_magic.render.answer import answer
from cot_magic.render.blocks import OPEN, Badge, Mark, Outline, Section, State, Stream, tick
from cot_magic.render.certificate import warning
from cot_magic.render.headlines import cause, headline, headline_below
from cot_magic.render.model import StreamReader, streams, totals
from cot_magic.render.room import bounded
from cot_magic.render.runs import ending
from cot_magic.render.safe_text import WORTH_TELLING, code_span, elapsed, phrase, seconds

BAR = 20  # characters of a progress bar
UNTOUCHED = "Nothing in your kernel changed: the cell failed in a copy, and was not run."
_GROWS = ("written", "thoughts")  # fields of a phase that change with each token
_MOVES = ("phases", "seconds", "events")  # fields of a session that change with each event
_OF_SESSION = attrgetter(*(field.name for field in fields(Session) if field.name not in _MOVES))
_OF_PHASE = attrgetter(*(field.name for field in fields(PhaseView) if field.name not in _GROWS))


def outline(
    session: Session,
    doing: str = "",
    read: Callable[[PhaseView], tuple[Stream, ...]] = streams,
    *,
    magics: bool = True,
) -> Outline:
    """Return everything that a screen shows of the session. Pure: the same session gives the same outline.

    Parameters
    ----------
    session
        The session so far.
    doing
        What is running at the moment, from `activity`: the headline of the running phase.
    read
        Returns what to show of the text arriving in a phase.
    magics
        Whether magics can be used where it is shown; on the command line they cannot.
    """
    drawn = Outline(
        name=phrase(session.intensity),
        title=title(session),
        badge=badge(session),
        meta=meta(session),
        sections=tuple(_section(session, phase, doing, read) for phase in Phase),
        notes=notes(session, magics=magics),
        cause=cause(session).text if session.ended else "",
        answer=answer(session),
    )
    return bounded(drawn, urgent=trouble(session, magics=magics)) if session.ended else drawn


def title(session: Session) -> str:
    """Return `KeyError in cell [7], caused in cell [5]`."""
    case = session.case
    if case is None:
        return "no failure yet"
    here = case.label(case.cell.id)
    if case.raised is None:
        found = failing_schedule(case, session.evidence)
        chance = by_chance(session.evidence)
        if found is None and chance is not None and chance.repeats is not None:
            return f"{here} passed, but {chance.repeats.failed:,} of {chance.repeats.runs:,} runs fail"
        kind = phrase(found.raised.ename, 80) if found is not None and found.raised is not None else ""
        return f"{here} passed, but raises {kind} in another order" if kind else f"{here} passed"
    text = f"{phrase(case.raised.ename, 80)} in {here}"
    cause = session.root_cause
    if cause is not None and cause.cell is not None and cause.cell != case.cell.id:
        return f"{text}, caused in {case.label(cause.cell)}"
    own = [frame.lineno for frame in case.raised.frames if frame.cell == case.cell.id]
    line = case.raised.syntax.lineno if case.raised.syntax is not None else own[-1] if own else None
    return text if line is None else f"{text}, line {line}"


def badge(session: Session) -> Badge:
    """Return the verdict of the session. Only a fix judged VERIFIED, with its evidence, gets a check mark."""
    if session.interrupted:
        return Badge(mark=Mark(sign=State.INTERRUPTED.icon), word="interrupted")
    if not session.ended:
        return Badge(mark=Mark(sign="…"), word="running")
    if session.result == "no-failure":
        return Badge(mark=Mark(sign=""), word="no failure")
    fix = session.best_fix
    judged = session.judge_fix(fix) if fix is not None else None
    if judged is not None and judged.verdict is FixVerdict.VERIFIED and judged.evidence:
        return Badge(mark=tick(judged.evidence), word="verified")
    if judged is not None and judged.verdict is FixVerdict.PLAUSIBLE:
        return Badge(mark=OPEN, word="your choice" if question(session) is not None else "plausible")
    if session.faults:
        return Badge(mark=Mark(sign=State.INTERRUPTED.icon), word="stopped")
    return Badge(mark=OPEN, word="unresolved" if session.root_cause is None else "cause found, no fix")


def meta(session: Session) -> tuple[str, ...]:
    """Return time, reasoner and what left the machine; tokens and price if a model was asked."""
    facts = [seconds(session.seconds) if session.ended else elapsed(session.seconds)]
    if session.ended and session.seconds < WORTH_TELLING:
        facts = []
    if session.reasoner:
        facts.append(phrase(session.worked_by, 60))
    usage = session.usage
    if usage is not None:
        facts += totals(usage)
    elif session.worked_by == "offline":
        facts.append("nothing sent")
    withheld = max(session.case.redactions if session.case is not None else 0, session.withheld)
    if session.left and not session.ended:
        facts.append(phrase(session.left, 120))
    if withheld:
        facts.append("1 value withheld" if withheld == 1 else f"{withheld:,} values withheld")
    return tuple(facts)


def notes(session: Session, *, magics: bool = True) -> tuple[str, ...]:
    """Return what the person must know, and then how the reasoner was chosen."""
    helped = session.ended and session.result in ("verified", "plausible")
    idle = helped and session.note == NO_CREDENTIAL  # a model is not missed
    chosen = [phrase(session.note, 600)] if session.note and not idle else []
    return (*trouble(session, magics=magics), *chosen)


def trouble(session: Session, *, magics: bool = True) -> tuple[str, ...]:
    """Return what the person must know first: errors of ours or of a service, and an interrupt."""
    found = [UNTOUCHED] if session.case is not None and session.case.untouched else []
    faults = session.faults if magics else map(without_magics, session.faults)
    found += [f"Stopped: {phrase(fault, 600)}" for fault in faults]
    if session.interrupted:
        found.append("Interrupted: what was found so far is kept.")
    if session.certificate is not None and not session.certificate.holds:
        found.append(warning(session.certificate))
    others = next((view for view in session.phases if view.by and session.faults), None)
    if others is not None:
        found.append(f"From {others.phase} on, this is the result of the {phrase(others.by, 60)} reasoner.")
    left = [phase for phase in Phase if phase not in session.own]
    if (session.interrupted or session.faults) and session.sent and left:
        kept = "; finished phases are kept" if session.own else ""
        found.append(f"`%cot_resume` continues from {left[0]}{kept}." if magics else AGAIN)
    return tuple(found)


def activity(session: Session, event: Event) -> str | None:
    """Return what runs after this event, for the phase's headline; None if the event changes nothing."""
    match event:
        case RunProbe():
            claim = next(
                (h.claim for h in session.hypotheses if h.id == event.probe.about), event.probe.about
            )
            return f"testing: {phrase(claim)}"
        case TryFix():
            count = len(event.tests)
            tests = f", with {count} test{'s' * (count != 1)}" if count else ""
            return f"trying a fix{tests}: {phrase(event.fix.why)}"
        case RunAhead():
            return f"running {len(event.requests)} experiments side by side"
        case ChallengeFix():
            return "challenging the fix"
        case CertifyFix():
            return "running the whole notebook with the fix"
        case ExploreSchedules():
            return f"searching {event.schedules:,} schedules from seed {event.seed}"
        case Certifying():
            return f"running the whole notebook: {phrase(event.label)} ({event.ran} of {event.total} ran)"
        case RepeatRuns():
            varied = ", ".join(axis.named for axis in event.vary[:1] if len(event.vary) == 1)
            return f"running the cell {event.runs:,} times{f'; what changes: {varied}' if varied else ''}"
        case SearchAdvanced():
            return search_bar(event)
        case InspectVariable():
            return f"inspecting {code_span(event.expression, 120)}"
        case Examine():
            return "examining the values of the failure"
        case Waiting():
            return f"waiting {event.seconds:.0f} s: {phrase(event.reason)}"
        case Withdrawn():
            return "the answer starts over"
        case EvidenceGathered():
            return ending(event.evidence)
        case Streamed():
            return "thinking" if event.thinking else "writing"
        case HypothesisStated():
            return f"hypothesis: {phrase(event.hypothesis.claim)}"
        case FixProposed():
            return f"fix proposed: {phrase(event.fix.why)}"
        case TestWritten():
            return f"test written: {code_span(event.test.name, 120)}"
        case PhaseStarted() | PhaseEnded() | SessionStarted() | SessionEnded() | Interrupted() | Faulted():
            return ""
        case Screen():
            return "searching for an edit after which all asserts pass"
        case FactsFound() | Screened() | Certified() | Decided():
            return ""
        case Resumed():
            return "resuming"
        case Sent():
            return "waiting for an answer"
        case Finding() | UsageReported() | Remarked():
            return None
        case _:
            assert_never(event)


def search_bar(event: SearchAdvanced) -> str:
    """Return a progress bar: how many schedules ran, how fast, how many failed, and the time left."""
    if event.stage == "runs":
        return f"{event.ran:,} of {event.total:,} runs, {event.failed:,} failed"
    if event.stage != "search":
        return f"a schedule fails: {event.stage}"
    filled = min(BAR, BAR * event.ran // max(1, event.total))
    return (
        f"{'█' * filled}{'·' * (BAR - filled)} {event.ran:,} of {event.total:,} schedules, "
        f"{event.per_second:,.0f}/s, {event.failed:,} failed, at most {event.seconds_left:.0f} s left"
    )


def _section(
    session: Session, phase: Phase, doing: str, read: Callable[[PhaseView], tuple[Stream, ...]]
) -> Section:
    view = session.phase(phase)
    certifying = bool(session.certifying) and phase is Phase.CONFIRM and view is not None
    state = State.RUNNING if certifying else _state(session, view)
    return Section(
        phase=phase,
        state=state,
        headline=_headline(session, view, state, doing),
        seconds=None if view is None else duration(session, view),
        blocks=phases.blocks(session, phase),
        streams=read(view) if view is not None and view.ended is None else (),
    )


def duration(session: Session, view: PhaseView) -> float:
    """Return how long a phase took, or has taken so far."""
    return max(0.0, (session.seconds if view.ended is None else view.ended) - view.started)


def _state(session: Session, view: PhaseView | None) -> State:
    if view is None:
        return State.WAITING
    if view.ended is None:
        return State.RUNNING
    cut = not view.headline and (session.interrupted or session.faults)
    return State.INTERRUPTED if cut else State.DONE


def _headline(session: Session, view: PhaseView | None, state: State, doing: str) -> str:
    match state:
        case State.WAITING:
            return "not reached" if session.ended or session.interrupted else ""
        case State.RUNNING:
            return doing or "…"
        case State.INTERRUPTED:
            return "interrupted" if session.interrupted else "stopped"
        case State.DONE:
            if view is None:
                return ""
            author = f"({phrase(view.by, 60)}) " if view.by and session.worked_by != view.by else ""
            told = headline_below if session.ended and cause(session).text else headline
            return author + phrase(told(session, view.phase).text, 600)
        case _:
            assert_never(state)


# --- while it runs ------------------------------------------------------------------------------------------


class LiveOutline:
    """Remembers what it drew: while only a model's text grows, blocks are neither judged nor worded again."""

    def __init__(self) -> None:
        self._facts: tuple[Any, ...] = ()
        self._drawn: Outline | None = None
        self._readers: dict[Phase, StreamReader] = {}

    def draw(self, session: Session, doing: str) -> Outline:
        """Return the outline of the session now."""
        facts = _facts(session)
        if self._drawn is None or not _same(facts, self._facts):
            self._drawn, self._facts = outline(session, doing, self._read), facts
        running = session.running
        sections = tuple(
            self._brought_up_to_date(section, session, running, doing)
            if running is not None and section.phase is running.phase and section.state is State.RUNNING
            else section
            for section in self._drawn.sections
        )
        self._drawn = replace(self._drawn, sections=sections, meta=meta(session))
        return self._drawn

    def _brought_up_to_date(self, section: Section, session: Session, view: PhaseView, doing: str) -> Section:
        return replace(
            section, headline=doing or "…", seconds=duration(session, view), streams=self._read(view)
        )

    def _read(self, view: PhaseView) -> tuple[Stream, ...]:
        return streams(view, self._readers.setdefault(view.phase, StreamReader()))


def _facts(session: Session) -> tuple[Any, ...]:
    """Return all that blocks are made of: the session without its clock and the growing text."""
    return (*_OF_SESSION(session), *itertools.chain.from_iterable(map(_OF_PHASE, session.phases)))


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Return whether both hold the same objects; these are immutable, so identity is enough."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))

"""The session in words: with `phases`, the only place where events become text."""

from typing import assert_never

from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    ExploreSchedules,
    Faulted,
    Finding,
    FixProposed,
    HypothesisStated,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    RunProbe,
    SessionEnded,
    SessionStarted,
    Streamed,
    TestWritten,
    TryFix,
    UsageReported,
)
from cot_magic.core.findings import FixVerdict, Phase
from cot_magic.core.session import PhaseView, Session
from cot_magic.render import phases
from cot_magic.render.blocks import OPEN, Badge, Mark, Outline, Section, State, tick
from cot_magic.render.runs import ending
from cot_magic.render.safe_text import code_span, phrase, seconds


def outline(session: Session, doing: str = "") -> Outline:
    """Everything that a screen shows of the session as it stands. Pure: the same session, the same outline.

    Parameters
    ----------
    session
        The fold of the events so far.
    doing
        What is being run at this moment, from `activity`; the headline of the running phase.
    """
    return Outline(
        name=phrase(session.intensity),
        title=title(session),
        badge=badge(session),
        meta=meta(session),
        sections=tuple(_section(session, phase, doing) for phase in Phase),
        notes=notes(session),
    )


def title(session: Session) -> str:
    """`KeyError in cell [7], caused in cell [5]`."""
    case = session.case
    if case is None:
        return "no failure is known yet"
    here = case.label(case.cell.id)
    if case.raised is None:
        return f"{here} passed"
    text = f"{phrase(case.raised.ename, 80)} in {here}"
    cause = session.root_cause
    if cause is not None and cause.cell is not None and cause.cell != case.cell.id:
        return f"{text}, caused in {case.label(cause.cell)}"
    frame, syntax = case.raised.innermost_in_cells, case.raised.syntax
    line = syntax.lineno if syntax is not None else frame.lineno if frame is not None else None
    return text if line is None else f"{text}, line {line}"


def badge(session: Session) -> Badge:
    """The verdict of the session. Only a fix that was judged VERIFIED, by evidence that is there, is
    ticked."""
    if session.interrupted:
        return Badge(mark=Mark(sign=State.INTERRUPTED.icon), word="interrupted")
    if not session.ended:
        return Badge(mark=Mark(sign="…"), word="running")
    if session.case is None or session.case.raised is None:
        return Badge(mark=Mark(sign=""), word="no failure")
    fix = session.best_fix
    judged = session.judge_fix(fix) if fix is not None else None
    if judged is not None and judged.verdict is FixVerdict.VERIFIED and judged.evidence:
        return Badge(mark=tick(judged.evidence), word="verified")
    word = "plausible" if judged is not None and judged.verdict is FixVerdict.PLAUSIBLE else "unresolved"
    return Badge(mark=OPEN, word=word)


def meta(session: Session) -> tuple[str, ...]:
    """Time, reasoner, and what left the machine; tokens and price where a model was asked."""
    facts = [seconds(session.seconds)]
    if session.reasoner:
        facts.append(phrase(session.reasoner, 60))
    usage = session.usage
    if usage is not None:
        facts.append(f"in {usage.input_tokens:,} · out {usage.output_tokens:,} tokens")
        if usage.usd is not None:
            facts.append(f"${usage.usd:.2f}" if usage.usd >= 0.01 else f"${usage.usd:.4f}")
    elif session.reasoner == "offline":
        facts.append("0 sent")
    withheld = session.case.redactions if session.case is not None else 0
    if withheld:
        facts.append("1 value withheld" if withheld == 1 else f"{withheld:,} values withheld")
    return tuple(facts)


def notes(session: Session) -> tuple[str, ...]:
    """What the person must know before anything else: what went wrong on our side, and an interrupt."""
    found = [f"Stopped: {phrase(fault, 600)}" for fault in session.faults]
    if session.interrupted:
        found.append("Interrupted: what was found before stays.")
    return tuple(found)


def activity(session: Session, event: Event) -> str | None:
    """What goes on after this event, for the headline of the running phase; None if it changes nothing."""
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
        case ExploreSchedules():
            return f"searching {event.schedules:,} schedules from seed {event.seed}"
        case EvidenceGathered():
            return f"{phrase(event.evidence.id, 40)}: {ending(event.evidence)}"
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
        case Finding() | UsageReported():
            return None
        case _:
            assert_never(event)


def _section(session: Session, phase: Phase, doing: str) -> Section:
    view = session.phase(phase)
    state = _state(session, view)
    return Section(
        phase=phase,
        state=state,
        headline=_headline(session, view, state, doing),
        seconds=None if view is None else max(0.0, (view.ended or session.seconds) - view.started),
        blocks=phases.blocks(session, phase),
    )


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
            return phrase(view.headline, 600) if view is not None else ""
        case _:
            assert_never(state)

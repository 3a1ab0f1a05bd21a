"""Evidence in words: how a run ended, and the row that shows it."""

from cot_magic.core.case import Raised
from cot_magic.core.findings import Evidence, EvidenceKind
from cot_magic.core.jobs import Outcome
from cot_magic.core.repeated import in_words
from cot_magic.render.blocks import RunRow
from cot_magic.render.safe_text import LONG, WORTH_TELLING, code_span, phrase, seconds, shown

_NOUN = {
    EvidenceKind.PROBE: "probe",
    EvidenceKind.FIX: "cell",
    EvidenceKind.TEST: "test",
    EvidenceKind.SCHEDULE: "schedules",
    EvidenceKind.CHALLENGE: "challenge",
    EvidenceKind.RUNS: "runs",
}


def ending(evidence: Evidence) -> str:
    """Say how the run ended: `the prediction held`, `raises KeyError`, `blocked: needs the network`."""
    note = phrase(evidence.note, 200)
    if evidence.repeats is not None and evidence.repeats.runs:
        return in_words(evidence.repeats)
    match evidence.outcome:
        case Outcome.PASSED:
            return _passed(evidence)
        case Outcome.RAISED:
            name = phrase(evidence.raised.ename, 80) if evidence.raised is not None else "an error"
            return f"a schedule fails: {name}" if evidence.kind is EvidenceKind.SCHEDULE else f"raises {name}"
        case Outcome.TIMED_OUT:
            return f"timed out: {note}" if note else "timed out"
        case Outcome.CRASHED:
            return f"the copy crashed: {note}" if note else "the copy crashed"
        case Outcome.BLOCKED:
            return f"blocked: {note}" if note else "blocked"


def run(evidence: Evidence) -> RunRow:
    """Return the run with its code, output and notes, for a fold."""
    stage = f" {evidence.stage} the fix" if evidence.stage is not None else ""
    label = f"{_NOUN[evidence.kind]}{stage}: {ending(evidence)}"
    time = f", {seconds(evidence.seconds)}" if evidence.seconds >= WORTH_TELLING else ""
    notes = []
    if evidence.raised is not None:
        notes.append(code_span(error(evidence.raised)))
    if evidence.note and evidence.outcome in (Outcome.PASSED, Outcome.RAISED):
        notes.append(phrase(evidence.note))
    notes += [f"tried to {code_span(effect)}" for effect in evidence.effects]
    return RunRow(
        evidence=evidence.id,
        label=f"{label}{time}",
        code="" if evidence.kind is EvidenceKind.FIX else shown(evidence.code, LONG),  # its diff is shown
        output=shown(evidence.output),
        note=" · ".join(notes),
    )


def error(raised: Raised) -> str:
    """Return `KeyError: 'price'`, as Python prints it."""
    return f"{raised.ename}: {raised.evalue}" if raised.evalue else raised.ename


def unsettled(evidence: Evidence) -> bool:
    """Return whether something other than the code ended the run, so that it says nothing about the code."""
    return evidence.outcome in (Outcome.BLOCKED, Outcome.TIMED_OUT, Outcome.CRASHED)


def state_notes(evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """Return the notes of completed runs about the state they ran on, each once."""
    own = [item for item in evidence if item.kind is not EvidenceKind.CHALLENGE]  # these say what they showed
    said = [phrase(item.note) for item in own if item.note and not unsettled(item)]
    return tuple(dict.fromkeys(said))


def _passed(evidence: Evidence) -> str:
    match evidence.kind:
        case EvidenceKind.PROBE:
            if evidence.held is None:
                return "neither true nor false"
            return "the prediction held" if evidence.held else "the prediction failed"
        case EvidenceKind.SCHEDULE:
            return "no schedule fails"
        case EvidenceKind.FIX | EvidenceKind.TEST | EvidenceKind.RUNS:
            return "passes"
        case EvidenceKind.CHALLENGE:
            if evidence.held is None:
                return "not decided"
            return "withstood" if evidence.held else "not withstood"

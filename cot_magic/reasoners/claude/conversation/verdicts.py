"""Verdicts in words, from evidence alone: for headlines, and for a conversation that has to begin anew."""

from cot_magic.core.findings import HypothesisVerdict
from cot_magic.core.session import Session
from cot_magic.core.verdict import judge_hypothesis
from cot_magic.reasoners.claude.conversation.bounds import cut
from cot_magic.reasoners.claude.conversation.workbench import Workbench

LONGEST_PHASE = 6_000  # characters of one finished phase


def confirmed_headline(bench: Workbench) -> str:
    """What the experiments decided about the hypotheses."""
    if not bench.hypotheses:
        return "There is no hypothesis to decide."
    judged = [(item, judge_hypothesis(item.id, bench.evidence)) for item in bench.hypotheses]
    if not any(judgement.evidence for _, judgement in judged):
        return "No probe could run, so nothing is confirmed."
    verdicts = [(item, judgement.verdict) for item, judgement in judged]
    confirmed = [item for item, verdict in verdicts if verdict is HypothesisVerdict.CONFIRMED]
    refuted = sum(verdict is HypothesisVerdict.REFUTED for _, verdict in verdicts)
    beside = f" ({refuted} refuted)" if refuted else ""
    if len(confirmed) == 1:
        return f"Confirmed{beside}: {confirmed[0].claim}"
    if confirmed:
        return f"{len(confirmed)} confirmed{beside}, the first: {confirmed[0].claim}"
    return f"No hypothesis is confirmed{beside}."


def finished_phases(session: Session) -> str:
    """The finished phases of a session in short."""
    parts = []
    for view in session.phases:
        if not view.headline:
            continue
        lines = [f"{view.phase}: {view.headline}"]
        lines += [f"{finding.topic}: {finding.text}" for finding in view.findings]
        parts.append(cut("\n".join(lines), LONGEST_PHASE))
    return "\n\n".join(parts)

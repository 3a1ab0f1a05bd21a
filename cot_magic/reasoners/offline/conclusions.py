"""PLAN, VALIDATE, IMPLEMENT and CONFIRM in words: what was decided, based on the evidence."""

from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Freshness, Raised
from cot_magic.core.edits import size, suppressions
from cot_magic.core.findings import (
    Evidence,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisVerdict,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.progress import GotPast
from cot_magic.core.verdict import Judgement, judge_hypothesis
from cot_magic.reasoners.offline.analysis import joined
from cot_magic.reasoners.offline.ranking import Suspect, silences

Topics = Iterator[tuple[str, str]]


def plan(case: Case, found: Sequence[Suspect]) -> Topics:
    """Which probes decide, which fixes come first, and how they are tested."""
    probes = [item for item in found if item.suspicion.checks]
    if probes:
        rows = [f"- {item.hypothesis.id}: {item.hypothesis.prediction}" for item in probes]
        yield (
            "probes",
            "Each hypothesis predicts something that can be tested in a copy of the kernel:\n"
            + "\n".join(rows),
        )
    repairs = [(item, repair) for item in found for repair in item.suspicion.repairs]
    rows = []
    for item, repair in repairs[:6]:
        level = "P0" if not silences(repair.edits) else "P1"
        doubt = "" if level == "P0" else " (may only hide the failure)"
        rows.append(f"- **{level}** {repair.why}{doubt} ({item.hypothesis.id})")
    rows += [f"- **{level}** {text}" for level, text in _later(case)]
    if rows:
        yield "fixes", "\n".join(rows)
    yield (
        "strategy",
        "Run the cell without and with each edit, in new copies of the kernel. A test counts only if it "
        "fails without the edit and passes with it. Edits that pass but behave differently are kept as "
        "rivals.",
    )


def plan_headline(found: Sequence[Suspect]) -> str:
    """How much there is to test."""
    probes = sum(len(item.suspicion.checks) for item in found)
    repairs = sum(len(item.suspicion.repairs) for item in found)
    if not found:
        return "No rule explains this failure; the plan is to see whether it repeats."
    return (
        f"{_count(probes, 'probe')} for {_count(len(found), 'hypothesis', 'hypotheses')}; "
        f"{_count(repairs, 'edit')} to try."
    )


def outcomes(found: Sequence[Suspect], evidence: Sequence[Evidence]) -> Topics:
    """Each hypothesis with what its probes showed, and what the code tried to do outside of the copy."""
    rows = []
    for item in found:
        judged = judge_hypothesis(item.hypothesis.id, evidence)
        based = f" ({', '.join(judged.evidence)})" if judged.evidence else ""
        why = f": {judged.reasons[0]}" if judged.reasons and item.suspicion.checks else ""
        if not item.suspicion.checks:
            why = ": no probe can tell what you meant"
        rows.append(f"- {item.hypothesis.id} {judged.verdict}{based}{why}. {item.hypothesis.claim}")
    if rows:
        yield "outcomes", "\n".join(rows)
    refuted = [item.hypothesis.id for item in found if _verdict(item, evidence) is HypothesisVerdict.REFUTED]
    if refuted:
        yield "eliminated", f"Refuted: {joined(refuted)}."
    effects = list(dict.fromkeys(effect for item in evidence for effect in item.effects))
    if effects:
        yield (
            "effects",
            "The code tried to reach outside the copy:\n" + "\n".join(f"- {item}" for item in effects[:10]),
        )


def outcome_headline(found: Sequence[Suspect], evidence: Sequence[Evidence]) -> str:
    """What the probes decided."""
    probes = [item for item in evidence if item.kind is EvidenceKind.PROBE]
    if not probes:
        return "No probe could run, so nothing is confirmed." if found else "Nothing could run."
    confirmed = [item for item in found if _verdict(item, evidence) is HypothesisVerdict.CONFIRMED]
    if confirmed:
        return f"Confirmed: {confirmed[0].hypothesis.claim}"
    if not found:
        repeats = any(item.held for item in probes)
        return (
            "The failure repeats in a copy of the kernel."
            if repeats
            else ("The failure did not repeat in a copy of the kernel.")
        )
    return f"{_count(len(probes), 'probe')} ran; no hypothesis is confirmed."


def chosen(case: Case, passing: Sequence[Fix], judged: Judgement[FixVerdict]) -> Topics:
    """Why this fix, what else passed, and how to undo it."""
    best = passing[0]
    text = f"{best.id}: {best.why} It changes {_count(size(best.edits), 'token')}"
    where = joined([case.label(edit.cell) for edit in best.edits])
    yield "why this one", f"{text} in {where}."
    if rivals := passing[1:]:
        rows = [f"- {fix.id}: {fix.why}" for fix in rivals[:6]]
        yield "rivals", "These edits pass as well; only you know which was meant:\n" + "\n".join(rows)
    doubts = [reason for edit in best.edits for reason in suppressions(edit.before, edit.after)]
    if doubts:
        yield "doubts", f"This edit may only hide the failure: {joined(doubts)}."
    yield (
        "rollback",
        f"The fix is offered as a new cell, and `%cot_undo` removes it; {where} stays as it is until you "
        "replace it.",
    )


def advice(case: Case, raised: Raised) -> Topics:
    """What to do next (P1) and later (P2)."""
    rows = [f"- **{level}** {text}" for level, text in _later(case)]
    if raised.ename in ("ModuleNotFoundError", "NameError"):
        rows.append(
            "- **P2** Put all imports into the first cell, so that a missing one shows right after a restart."
        )
    if rows:
        yield "advice", "\n".join(rows)


def _later(case: Case) -> Iterator[tuple[str, str]]:
    stale = [item for item in case.lineage if item.freshness is not Freshness.FRESH]
    if stale:
        labels = joined([case.label(item.cell.id) for item in stale[:4]])
        yield (
            "P1",
            f"Run {labels} again, from top to bottom: the kernel does not have the values of the page.",
        )


def fix_headline(
    fixes: Sequence[Fix],
    passing: Sequence[Fix],
    evidence: Sequence[Evidence],
    best: Fix | None = None,
    past: Sequence[GotPast] = (),
) -> str:
    """What the runs with edits showed; `past` are the failures that the best fix got past."""
    if not fixes:
        return "No fix is offered."
    if passing:
        others = len(passing) - 1
        too = f" It also passes with {_count(others, 'other edit')}." if others else ""
        several = f" {len(past)} of {len(past)} failures are mended." if len(past) > 1 else ""
        return f"{passing[0].why.rstrip('.')}. The cell passes with it.{several}{too}"
    if best is not None and past:
        mended = f"{len(past)} of {len(past) + 1} failures mended"
        return f"{best.why.rstrip('.')}. {mended}: the cell gets further, and then raises another error."
    if any(item.kind is EvidenceKind.FIX for item in evidence):
        return f"{_count(len(fixes), 'edit')} tried; the cell passes with none of them."
    return f"{_count(len(fixes), 'edit')} proposed; none could be run."


def confirmation(
    case: Case,
    best: Fix | None,
    judged: Judgement[FixVerdict] | None,
    tests: Sequence[tuple[FixId, RegressionTest]],
    evidence: Sequence[Evidence],
) -> Topics:
    """The cell and each test before and after, what the fix costs, and what is open."""
    if best is None or judged is None:
        yield "result", "Unresolved: no edit was shown to help."
        yield (
            "limits",
            "The facts above are all that is known. What the code should do, only you or a model can say.",
        )
        return
    cell = {item.stage: item for item in evidence if item.kind is EvidenceKind.FIX and item.about == best.id}
    rows = [_row("cell", cell.get(Stage.BEFORE), cell.get(Stage.AFTER))]
    for owner, test in tests:
        if owner == best.id:
            runs = {item.stage: item for item in evidence if item.about == best.id and item.test == test.name}
            rows.append(_row(f"`{test.name}`", runs.get(Stage.BEFORE), runs.get(Stage.AFTER)))
    yield "before and after", "| | before | after |\n|---|---|---|\n" + "\n".join(rows)
    before, after = cell.get(Stage.BEFORE), cell.get(Stage.AFTER)
    if before is not None and after is not None and after.outcome is Outcome.PASSED:
        yield (
            "cost",
            f"The cell ran for {before.seconds:.3f} s before it failed, and takes {after.seconds:.3f} s with "
            "the fix.",
        )
    if judged.reasons:
        yield "limits", "Not verified, because " + joined(list(dict.fromkeys(judged.reasons))) + "."
    yield "confidence", _confidence(judged)


def verdict_headline(best: Fix | None, judged: Judgement[FixVerdict] | None) -> str:
    """The verdict in one sentence."""
    if best is None or judged is None:
        return "Unresolved: no fix was shown to work."
    said = {
        FixVerdict.VERIFIED: f"{best.id} is verified: the cell and its tests failed without it and pass with "
        "it.",
        FixVerdict.PLAUSIBLE: f"{best.id} helps, but is not enough: the cell still fails."
        if judged.partial
        else f"{best.id} is plausible: the cell passes with it, but that does not prove that it is what you "
        "want.",
        FixVerdict.REJECTED: f"{best.id} did not help.",
        FixVerdict.UNVERIFIED: f"{best.id} could not be run, so it is not verified.",
    }
    return said[judged.verdict]


def _confidence(judged: Judgement[FixVerdict]) -> str:
    if judged.verdict is FixVerdict.VERIFIED:
        return (
            f"Based on {_count(len(judged.evidence), 'run')} ({', '.join(judged.evidence)}); none of them "
            "contradicts it."
        )
    if not judged.evidence:
        return "No run supports it: take it as a suggestion."
    return (
        f"Based on {_count(len(judged.evidence), 'run')} ({', '.join(judged.evidence)}); not proven, for the "
        f"{_count(len(judged.reasons), 'reason')} above."
    )


def _row(name: str, before: Evidence | None, after: Evidence | None) -> str:
    return f"| {name} | {_outcome(before)} | {_outcome(after)} |"


def _outcome(item: Evidence | None) -> str:
    if item is None:
        return "not run"
    return f"{item.outcome} {item.raised.ename}" if item.raised is not None else str(item.outcome)


def _verdict(item: Suspect, evidence: Sequence[Evidence]) -> HypothesisVerdict:
    return judge_hypothesis(item.hypothesis.id, evidence).verdict


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

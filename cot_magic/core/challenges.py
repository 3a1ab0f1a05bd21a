"""What a fix that passes has to withstand before it is VERIFIED, read from the evidence of its challenges."""

import re
from collections.abc import Sequence

from cot_magic.core.case import Case, Raised
from cot_magic.core.findings import ChallengeKind, Evidence, EvidenceKind, FixId, RegressionTest, Stage
from cot_magic.core.jobs import Outcome

_ALL = (ChallengeKind.SURVIVAL, ChallengeKind.SECOND_COPY, ChallengeKind.NEIGHBOURS)
"""What no ✓ is without: an interrupted challenge has not come to the last of them."""
NOT_CHALLENGED = "it was not challenged: whether the operation that failed still happens was not tried"
NOT_COMPARED = "the old operation works on no input that was tried, so there is nothing to compare with"
"""The note of an agreement that says nothing, neither for nor against a fix."""
_WHAT = {
    ChallengeKind.SURVIVAL: "whether the operation that failed still happens could not be seen",
    ChallengeKind.CAUSE: "whether its explanation has to do with the failure could not be tried",
    ChallengeKind.ABLATION: "whether every change is needed could not be tried",
    ChallengeKind.NULLS: "whether the test would notice an empty result could not be tried",
    ChallengeKind.AGREEMENT: "whether the new operation does the same could not be tried",
    ChallengeKind.OTHER_INPUTS: "whether the assert holds for other values could not be tried",
    ChallengeKind.DAMAGE: "whether the values are as good as before could not be seen",
    ChallengeKind.NEIGHBOURS: "the edits nearby could not be tried",
    ChallengeKind.SECOND_COPY: "it could not be run in a second copy",
}


def challenged(fix: FixId, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The challenges of a fix, in the order in which they ran."""
    return tuple(item for item in evidence if item.kind is EvidenceKind.CHALLENGE and item.about == fix)


def ran(item: Evidence) -> bool:
    """Whether something was run for a challenge; else it was read from the sources."""
    return item.seconds > 0.0


def unstood(fix: FixId, evidence: Sequence[Evidence], *, chosen: bool = False) -> list[str]:
    """Why the challenges speak against a fix; empty if it withstood all. If the person chose it, what its
    neighbours do and what an assert decides says nothing."""
    items = challenged(fix, evidence)
    if not any(item.trial is ChallengeKind.SURVIVAL for item in items):
        return [NOT_CHALLENGED]
    reasons = []
    for item in items:
        if item.trial in (ChallengeKind.NEIGHBOURS, ChallengeKind.OTHER_INPUTS) and chosen:
            continue
        if item.trial is ChallengeKind.NULLS or item.trial is None:
            continue  # a test that notices nothing does not count; the fix may have others
        if item.held is False:
            reasons.append(item.note)
        elif item.held is None:
            reasons.append(f"{_WHAT[item.trial]}: {item.note}".rstrip(": "))
    made = {item.trial for item in items}
    if not reasons:  # one that speaks against the fix ends the challenges
        reasons += [f"{_WHAT[kind]}: it was not run" for kind in _ALL if kind not in made]
    return list(dict.fromkeys(reasons))


def damage_of(fix: FixId, evidence: Sequence[Evidence]) -> str:
    """What the values with a fix lack that those before had, in words; empty if nothing was seen."""
    damaged = (
        item.note
        for item in challenged(fix, evidence)
        if item.trial is ChallengeKind.DAMAGE and item.held is False
    )
    return next(damaged, "")


def tampered(fix: FixId, evidence: Sequence[Evidence]) -> list[str]:
    """What the edited code or its tests did to what judges them, in words."""
    items = [item for item in evidence if item.about == fix and item.stage is Stage.AFTER]
    return list(dict.fromkeys(text for item in items for text in item.tampered))


def idle_tests(
    case: Case | None,
    fix: FixId,
    tests: Sequence[RegressionTest],
    runs: dict[str, tuple[Evidence | None, Evidence | None]],
    evidence: Sequence[Evidence],
) -> list[str]:
    """Why no regression test of the fix counts; empty if one does.

    A test counts if it fails on null results, and failed before with an assertion, with the failure of the
    cell, or because the cell had not come to bind the name.
    """
    nulls = {item.test: item for item in challenged(fix, evidence) if item.trial is ChallengeKind.NULLS}
    reasons = []
    for test in tests:
        before = runs.get(test.name, (None, None))[0]
        null = nulls.get(test.name)
        if null is None or null.held is not True:
            reasons.append(null.note if null is not None and null.note else f"{test.name} was not challenged")
        elif not _tells(case, before):
            reasons.append(f"{test.name} fails without the fix for another reason")
        else:
            return []
    return reasons


def _tells(case: Case | None, before: Evidence | None) -> bool:
    """Whether the run without the fix failed for a reason that has to do with the failure."""
    if before is None or before.outcome is not Outcome.RAISED:
        return before is not None and before.outcome is Outcome.TIMED_OUT
    raised, expected = before.raised, case.raised if case is not None else None
    if raised is None:
        return False
    if raised.ename == "AssertionError" or "AssertionError" in raised.bases:
        return True
    if "NameError" in raised.bases or raised.ename == "NameError":
        return _unbound(case, raised) or (expected is not None and expected.ename == raised.ename)
    return expected is not None and expected.ename == raised.ename


def _unbound(case: Case | None, raised: Raised) -> bool:
    """Whether the name is one that the failed cell would have bound."""
    told = re.search(r"'(\w+)'", raised.evalue)
    name = raised.name or (told[1] if told is not None else "")
    return case is not None and bool(re.search(rf"\b{re.escape(name)}\b", case.cell.source)) and bool(name)

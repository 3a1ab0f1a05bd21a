"""What is asked of several fixes by whoever proposes them: how they ran, which pass, which is the best."""

from collections.abc import Callable, Sequence

from cot_magic.core.findings import Evidence, EvidenceKind, Fix, FixVerdict, Stage
from cot_magic.core.intermittent import still_fails
from cot_magic.core.jobs import Outcome
from cot_magic.core.verdict import Judgement

_RANKED = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED)


def run_of(fix: Fix, stage: Stage, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest run of the cell for that fix; None if there was none."""
    for item in reversed(evidence):
        if item.kind is EvidenceKind.FIX and item.about == fix.id and item.stage is stage:
            return item
    return None


def passing(fixes: Sequence[Fix], evidence: Sequence[Evidence]) -> list[Fix]:
    """Fixes after which the cell passed and does not fail in another order of its steps, in the order of the
    proposals."""
    ran = [(fix, run_of(fix, Stage.AFTER, evidence)) for fix in fixes]
    return [
        fix
        for fix, after in ran
        if after is not None and after.outcome is Outcome.PASSED and not still_fails(fix, evidence)
    ]


def best(fixes: Sequence[Fix], judge: Callable[[Fix], Judgement[FixVerdict]]) -> Fix | None:
    """The fix with the best verdict, the earlier one among equals; a rejected one never."""
    judged = [(fix, judge(fix).verdict) for fix in fixes]
    ranked = [
        (_RANKED.index(verdict), place) for place, (_, verdict) in enumerate(judged) if verdict in _RANKED
    ]
    return fixes[min(ranked)[1]] if ranked else None

"""Judgement from evidence alone: what a reasoner says about its own work is never read here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from cot_magic.core.case import Case, Raised
from cot_magic.core.edits import defines, in_function, size, specifies, suppressions, tampering, wrappings
from cot_magic.core.findings import (
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    FixVerdict,
    HypothesisId,
    HypothesisVerdict,
    RegressionTest,
    Stage,
)
from cot_magic.core.intermittent import failing_schedule, missing, searched, still_fails
from cot_magic.core.jobs import Outcome, SandboxStatus

V = TypeVar("V", HypothesisVerdict, FixVerdict)
TIMEOUT = "Timeout"  # exception name of a cell that exceeded its time limit
AFTER_STATE = "it was tried on the state after the failure, not on the state before the cell"
NOT_THE_CODE = (Outcome.BLOCKED, Outcome.TIMED_OUT, Outcome.CRASHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[V]):
    """A verdict, its evidence, and the reasons against a better one."""

    verdict: V
    evidence: tuple[EvidenceId, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """✓ for VERIFIED and CONFIRMED, and only with evidence; ✗ for REJECTED and REFUTED; ? for the
        rest."""
        if self.verdict in (FixVerdict.VERIFIED, HypothesisVerdict.CONFIRMED) and self.evidence:
            return "✓"
        return (
            "✗" if self.verdict in (FixVerdict.REJECTED, HypothesisVerdict.REFUTED) and self.evidence else "?"
        )


def judge_hypothesis(hypothesis: HypothesisId, evidence: Sequence[Evidence]) -> Judgement[HypothesisVerdict]:
    """CONFIRMED if its predictions held and none failed, REFUTED if one failed and none held, else
    INCONCLUSIVE."""
    probes = [item for item in evidence if _tests(item, hypothesis)]
    held = tuple(item.id for item in probes if _ended(item) and item.held is True)
    failed = tuple(item.id for item in probes if item.outcome is Outcome.PASSED and item.held is False)
    if held and failed:
        return Judgement(
            verdict=HypothesisVerdict.INCONCLUSIVE,
            evidence=held + failed,
            reasons=("predictions held and failed",),
        )
    if held:
        return Judgement(verdict=HypothesisVerdict.CONFIRMED, evidence=held)
    if failed:
        return Judgement(verdict=HypothesisVerdict.REFUTED, evidence=failed)
    reasons = tuple(f"{item.id}: {item.outcome.lower()} {item.note}".strip() for item in probes) or (
        "no probe ran",
    )
    return Judgement(
        verdict=HypothesisVerdict.INCONCLUSIVE, evidence=tuple(item.id for item in probes), reasons=reasons
    )


def _tests(item: Evidence, hypothesis: HypothesisId) -> bool:
    """Whether it tests a prediction of the hypothesis: a probe or a search over schedules about it."""
    if item.kind is EvidenceKind.SCHEDULE:
        return hypothesis in (item.about, item.hypothesis)
    return item.kind is EvidenceKind.PROBE and item.about == hypothesis


def _ended(item: Evidence) -> bool:
    """Whether it finished: a search also finishes by finding a schedule that raises."""
    return item.outcome is Outcome.PASSED or (
        item.kind is EvidenceKind.SCHEDULE and item.outcome is Outcome.RAISED
    )


def judge_fix(
    fix: Fix,
    *,
    case: Case | None,
    fixes: Sequence[Fix],
    tests: Sequence[tuple[FixId, RegressionTest]],
    evidence: Sequence[Evidence],
    sandbox: SandboxStatus | None = None,
) -> Judgement[FixVerdict]:
    """The verdict on a fix among its rivals.

    VERIFIED only if the cell failed before and passes after, every test fails before and passes after, its
    hypothesis is CONFIRMED, it suppresses nothing, and no rival of equal or smaller size passes too and
    behaves differently. After Le Goues et al.'s "plausible patch" and Zeller's scientific debugging: passing
    alone is no proof of intent.
    """
    before, after = run_of(fix.id, Stage.BEFORE, evidence), run_of(fix.id, Stage.AFTER, evidence)
    used = tuple(item.id for item in (before, after) if item is not None)
    if after is None or after.outcome in NOT_THE_CODE:
        reason = (
            f"{after.outcome.lower()}: {after.note}".rstrip(": ") if after is not None else _not_run(sandbox)
        )
        return Judgement(verdict=FixVerdict.UNVERIFIED, evidence=used, reasons=(reason,))
    if after.outcome is Outcome.RAISED:
        return _after_another_failure(case, before, after, used)
    failing, search = failing_schedule(case, evidence), searched(fix.id, evidence)
    used += tuple(item.id for item in (failing, search) if item is not None)
    if still := still_fails(fix, evidence):
        return Judgement(verdict=FixVerdict.REJECTED, evidence=used, reasons=(still,))
    runs = _test_runs(fix.id, tests, evidence)
    used += tuple(run.id for pair in runs.values() for run in pair if run is not None)
    broken = [name for name, (_, then) in runs.items() if then is not None and then.outcome is Outcome.RAISED]
    if broken:
        return Judgement(
            verdict=FixVerdict.REJECTED,
            evidence=used,
            reasons=tuple(f"{name} fails with it" for name in broken),
        )
    state = (
        [AFTER_STATE] if any(run is not None and run.snapshot != "before" for run in (before, after)) else []
    )
    reasons = (
        *state,
        *_unproven(case, before, runs, repeats=failing is None),
        *(missing(fix, failing, evidence) if failing is not None else ()),
        *_unexplained(fix, evidence),
        *_doubts(fix, fixes, evidence, by_order=failing is not None),
        *(_dishonest_tests(fix.id, tests) if failing is None else ()),
        # a lock around code is judged by the schedules: one that failed without it, and as many that pass
        *(reason for edit in fix.edits for reason in wrappings(edit.before, edit.after) if failing is None),
        *(_overfit(case, fix) if failing is None else ()),  # there the schedules are what is tried
    )
    verdict = FixVerdict.PLAUSIBLE if reasons else FixVerdict.VERIFIED
    return Judgement(verdict=verdict, evidence=used, reasons=reasons)


def hung(case: Case | None) -> bool:
    """Whether the cell failed by exceeding its time limit."""
    return case is not None and case.raised is not None and case.raised.ename == TIMEOUT


def same_failure(expected: Raised | None, seen: Raised | None) -> bool:
    """Whether a run failed like the case: the same class, and the same line of the same cell if known."""
    if expected is None or seen is None or expected.ename != seen.ename:
        return False
    here, there = expected.innermost_in_cells, seen.innermost_in_cells
    if here is None or there is None:
        return True
    return (here.cell, here.lineno) == (there.cell, there.lineno)


def _not_run(sandbox: SandboxStatus | None) -> str:
    if sandbox is None or sandbox.available or not sandbox.reason:
        return "it was not run"
    return f"it was not run: {sandbox.reason}"


def _test_runs(
    fix: FixId, tests: Sequence[tuple[FixId, RegressionTest]], evidence: Sequence[Evidence]
) -> dict[str, tuple[Evidence | None, Evidence | None]]:
    runs = {
        (item.test, item.stage): item
        for item in evidence
        if item.kind is EvidenceKind.TEST and item.about == fix
    }
    return {
        test.name: (runs.get((test.name, Stage.BEFORE)), runs.get((test.name, Stage.AFTER)))
        for owner, test in tests
        if owner == fix
    }


def _after_another_failure(
    case: Case | None, before: Evidence | None, after: Evidence, used: tuple[EvidenceId, ...]
) -> Judgement[FixVerdict]:
    """The cell still raises: progress if it could not be parsed before, else rejected."""
    seen = after.raised
    was_syntax = case is not None and case.raised is not None and case.raised.syntax is not None
    if was_syntax and seen is not None and seen.syntax is None and before is not None:
        reason = f"the cell now parses, then raises {seen.ename}: {seen.evalue[:200]}"
        return Judgement(verdict=FixVerdict.PLAUSIBLE, evidence=used, reasons=(reason,))
    return Judgement(
        verdict=FixVerdict.REJECTED,
        evidence=used,
        reasons=(f"still raises {seen.ename if seen else 'an error'}",),
    )


def _unproven(
    case: Case | None,
    before: Evidence | None,
    runs: dict[str, tuple[Evidence | None, Evidence | None]],
    *,
    repeats: bool,
) -> list[str]:
    """What was not shown. An intermittent failure need not repeat in a single run: a schedule shows it."""
    reasons = []
    if not repeats:
        pass
    elif hung(case):
        if before is None or before.outcome is not Outcome.TIMED_OUT:
            reasons.append("it did not exceed the time limit in the copy")
    elif before is None or before.outcome is not Outcome.RAISED:
        reasons.append("the failure did not repeat in the copy")
    elif case is not None and not same_failure(case.raised, before.raised):
        reasons.append("the cell failed differently in the copy")
    if not runs and repeats:  # else the schedule that failed before and passes after is the test
        reasons.append("no regression test could be written")
    for name, (first, then) in runs.items():
        if then is None or then.outcome is not Outcome.PASSED:
            reasons.append(f"{name} could not be run after the fix")
        elif first is None or first.outcome not in (
            Outcome.RAISED,
            *([Outcome.TIMED_OUT] if hung(case) else []),
        ):
            reasons.append(f"{name} does not fail without the fix, so it shows nothing")
    return reasons


def _unexplained(fix: Fix, evidence: Sequence[Evidence]) -> list[str]:
    verdict = judge_hypothesis(fix.hypothesis, evidence).verdict
    return [] if verdict is HypothesisVerdict.CONFIRMED else [f"its hypothesis is {verdict.lower()}"]


def _doubts(fix: Fix, fixes: Sequence[Fix], evidence: Sequence[Evidence], *, by_order: bool) -> list[str]:
    """What speaks against the fix; `by_order`: a schedule failed, so that a rival must hold up in others."""
    doubts = [reason for edit in fix.edits for reason in suppressions(edit.before, edit.after)]
    doubts += [reason for edit in fix.edits for reason in tampering(edit.before, edit.after)]
    mine = run_of(fix.id, Stage.AFTER, evidence)
    for rival in fixes:
        theirs = run_of(rival.id, Stage.AFTER, evidence)
        if (
            rival.id == fix.id
            or rival.edits == fix.edits
            or theirs is None
            or theirs.outcome is not Outcome.PASSED
            or (by_order and not _holds_up(rival, evidence))
        ):
            continue
        if size(rival.edits) <= size(fix.edits) and mine is not None and differ(mine, theirs):
            doubts.append(f"{rival.id} passes too and behaves differently: only you know which one you meant")
    return doubts


def _dishonest_tests(fix: FixId, tests: Sequence[tuple[FixId, RegressionTest]]) -> list[str]:
    """Tests that could change how they are judged; a test of schedules calls the explorer."""
    mine = [test for owner, test in tests if owner == fix]
    return [f"{test.name}: {reason}" for test in mine for reason in tampering("", test.source)]


def _holds_up(fix: Fix, evidence: Sequence[Evidence]) -> bool:
    """Whether schedules ran on that fix and none failed."""
    search = searched(fix.id, evidence)
    return search is not None and search.outcome is Outcome.PASSED


def _overfit(case: Case | None, fix: Fix) -> list[str]:
    """The asserts of a cell about a function are a weak specification: other inputs were not tried.

    Smith et al., "Is the cure worse than the disease?" (2015): patches that pass the visible tests often
    overfit them.
    """
    if case is None:
        return []
    sources = (case.cell.source, *(edit.after for edit in fix.edits))
    if not any(specifies(source) for source in sources):
        return []
    if not any(in_function(edit) for edit in fix.edits) and not any(map(defines, sources)):
        return []
    return ["the asserts of the cell only test some inputs of the function; others were not tried"]


def differ(one: Evidence, other: Evidence) -> bool:
    """Whether two runs of the fixed cell left different values or printed different output."""
    return one.state != other.state or one.output != other.output


_RANKED = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED)


def run_of(fix: FixId, stage: Stage, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest run of the failing cell for that fix, or None."""
    for item in reversed(evidence):
        if item.kind is EvidenceKind.FIX and item.about == fix and item.stage is stage:
            return item
    return None


def passing_fixes(fixes: Sequence[Fix], evidence: Sequence[Evidence]) -> list[Fix]:
    """Fixes with which the cell passed and no schedule failed, in the order of the proposals."""
    ran = [(fix, run_of(fix.id, Stage.AFTER, evidence)) for fix in fixes]
    return [
        fix
        for fix, after in ran
        if after is not None and after.outcome is Outcome.PASSED and not still_fails(fix, evidence)
    ]


def best_fix(fixes: Sequence[Fix], judge: Callable[[Fix], Judgement[FixVerdict]]) -> Fix | None:
    """The fix with the best verdict, the earlier one among equals; never a rejected one."""
    judged = [(fix, judge(fix).verdict) for fix in fixes]
    ranked = [
        (_RANKED.index(verdict), place) for place, (_, verdict) in enumerate(judged) if verdict in _RANKED
    ]
    return fixes[min(ranked)[1]] if ranked else None

"""Judgement from evidence alone: what a reasoner says about its own work is never read here."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from cot_magic.core.case import Case, Raised
from cot_magic.core.challenges import NOT_CHALLENGED, challenged, idle_tests, ran, tampered, unstood
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
from cot_magic.core.jobs import IN_A_COPY, Outcome, SandboxStatus, StateItem
from cot_magic.core.meaning import meaning_changes
from cot_magic.core.progress import Leg, further, legs
from cot_magic.core.progress import run_of as run_of
from cot_magic.core.repeated import by_chance, open_by_chance, still_by_chance
from cot_magic.core.shown import shows_all

V = TypeVar("V", HypothesisVerdict, FixVerdict)
TIMEOUT = "Timeout"  # exception name of a cell that exceeded its time limit
LACKS_A_NAME = "can be parsed too, and lacks only a name: which did you mean?"
AFTER_STATE = "it was tried on the state after the failure, not on the state before the cell"
NOT_THE_CODE = (Outcome.BLOCKED, Outcome.TIMED_OUT, Outcome.CRASHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[V]):
    """A verdict, its evidence, and the reasons against a better one.

    Attributes
    ----------
    partial
        Of a fix after which the cell still raises, but further down: how many failures it got past; else 0.
    """

    verdict: V
    evidence: tuple[EvidenceId, ...] = ()
    reasons: tuple[str, ...] = ()
    partial: int = 0

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
    failed = tuple(item.id for item in probes if _ended(item) and item.held is False)
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
    """Whether it tests a prediction of the hypothesis: a probe, a search over schedules or runs about it."""
    if item.kind in (EvidenceKind.SCHEDULE, EvidenceKind.RUNS):
        return hypothesis in (item.about, item.hypothesis)
    return item.kind is EvidenceKind.PROBE and item.about == hypothesis


def _ended(item: Evidence) -> bool:
    """Whether it finished: a search also finishes by finding a schedule that raises."""
    return item.outcome is Outcome.PASSED or (
        item.kind in (EvidenceKind.SCHEDULE, EvidenceKind.RUNS) and item.outcome is Outcome.RAISED
    )


def judge_fix(
    fix: Fix,
    *,
    case: Case | None,
    fixes: Sequence[Fix],
    tests: Sequence[tuple[FixId, RegressionTest]],
    evidence: Sequence[Evidence],
    sandbox: SandboxStatus | None = None,
    meant: FixId | None = None,
) -> Judgement[FixVerdict]:
    """The verdict on a fix among its rivals; of those, the person may have said which one was meant.

    VERIFIED only if the cell failed before and passes after, every test fails before and passes after, its
    hypothesis is CONFIRMED, it suppresses nothing, keeps the meaning, withstood all challenges, and no rival
    of equal or smaller size passes too and behaves differently. After Le Goues et al.'s "plausible patch" and
    Zeller's scientific debugging: passing alone is no proof of intent.
    """
    before, after = run_of(fix.id, Stage.BEFORE, evidence), run_of(fix.id, Stage.AFTER, evidence)
    used = tuple(item.id for item in (before, after) if item is not None)
    if after is None or after.outcome in NOT_THE_CODE:
        reason = (
            f"{after.outcome.lower()}: {after.note}".rstrip(": ") if after is not None else _not_run(sandbox)
        )
        return Judgement(verdict=FixVerdict.UNVERIFIED, evidence=used, reasons=(reason,))
    way = legs(case, fix, fixes, evidence) if case is not None else ()
    if after.outcome is Outcome.RAISED:
        return _after_another_failure(case, fix, way, evidence)
    failing, search = failing_schedule(case, evidence), searched(fix.id, evidence)
    used += tuple(item.id for item in (failing, search) if item is not None)
    if still := still_fails(fix, evidence) or still_by_chance(fix, evidence):
        return Judgement(verdict=FixVerdict.REJECTED, evidence=used, reasons=(still,))
    runs = _test_runs(fix.id, tests, evidence)
    used += tuple(item.id for item in challenged(fix.id, evidence) if ran(item))
    used += tuple(run.id for pair in runs.values() for run in pair if run is not None)
    broken = [name for name, (_, then) in runs.items() if then is not None and then.outcome is Outcome.RAISED]
    if broken:
        return Judgement(
            verdict=FixVerdict.REJECTED,
            evidence=used,
            reasons=tuple(f"{name} fails with it" for name in broken),
        )
    state = (
        [AFTER_STATE] if any(run is not None and run.snapshot == "after" for run in (before, after)) else []
    )
    copied = [f"{after.id}: {IN_A_COPY}"] if after.note == IN_A_COPY else []
    reasons = (
        *state,
        *copied,
        *_unproven(case, fix, (before, after), runs, repeats=failing is None and by_chance(evidence) is None),
        *(missing(fix, failing, evidence) if failing is not None else ()),
        *open_by_chance(fix, evidence),
        *_unexplained(fix, way, evidence),
        *_doubts(case, fix, () if meant == fix.id else fixes, evidence, by_order=failing is not None),
        *(_unchallenged(case, fix, way, tests, runs, evidence, meant) if failing is None else ()),
    )
    if len(reasons) > 1:  # only a fix that nothing else speaks against is challenged
        reasons = tuple(reason for reason in reasons if reason != NOT_CHALLENGED)
    verdict = FixVerdict.PLAUSIBLE if reasons else FixVerdict.VERIFIED
    return Judgement(verdict=verdict, evidence=used, reasons=reasons)


def _unchallenged(
    case: Case | None,
    fix: Fix,
    way: Sequence[Leg],
    tests: Sequence[tuple[FixId, RegressionTest]],
    runs: dict[str, tuple[Evidence | None, Evidence | None]],
    evidence: Sequence[Evidence],
    meant: FixId | None,
) -> Iterator[str]:
    """What speaks against a fix where no schedule failed: else schedules are what is tried, and a lock around
    code is what is meant."""
    mine = [test for owner, test in tests if owner == fix.id]
    for test in mine:
        yield from (f"{test.name}: {reason}" for reason in tampering("", test.source))
    for edit in fix.edits:
        yield from wrappings(edit.before, edit.after)
    yield from _overfit(case, fix)
    yield from _changed_on(way, chosen=meant == fix.id)
    yield from tampered(fix.id, evidence)
    if meant not in (None, fix.id):
        yield f"you meant {meant}"
    reasons = unstood(fix.id, evidence, chosen=meant == fix.id)
    yield from reasons
    if NOT_CHALLENGED not in reasons:
        yield from idle_tests(case, fix.id, mine, runs, evidence)


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


def _changed_on(way: Sequence[Leg], *, chosen: bool = False) -> Iterator[str]:
    """What the edits change in meaning: each leg is judged by the failure that it is about."""
    for leg in way:
        yield from meaning_changes(leg.case, leg.edits, chosen=chosen)


def _after_another_failure(
    case: Case | None, fix: Fix, way: Sequence[Leg], evidence: Sequence[Evidence]
) -> Judgement[FixVerdict]:
    """The cell still raises: progress if it could not be parsed before, or if an edit that is explained and
    keeps the meaning gets it past the line that failed; else rejected."""
    before, after = run_of(fix.id, Stage.BEFORE, evidence), run_of(fix.id, Stage.AFTER, evidence)
    used = tuple(item.id for item in (before, after) if item is not None)
    seen = after.raised if after is not None else None
    if case is not None and case.raised is not None and seen is not None and before is not None:
        then = f"then raises {seen.ename}: {seen.evalue[:200]}"
        reason = ""
        if case.raised.syntax is not None:
            reason = f"the cell now parses, {then}" if seen.syntax is None else ""
        elif further(case, fix, evidence) is not None and not (
            _unexplained(fix, way, evidence) or any(_changed_on(way)) or _reaches_for_the_judge(fix, evidence)
        ):
            reason = f"{len(way)} of {len(way) + 1} failures mended: the cell gets further, {then}"
        if reason:
            return Judgement(verdict=FixVerdict.PLAUSIBLE, evidence=used, reasons=(reason,), partial=len(way))
    return Judgement(
        verdict=FixVerdict.REJECTED,
        evidence=used,
        reasons=(f"still raises {seen.ename if seen else 'an error'}",),
    )


def _reaches_for_the_judge(fix: Fix, evidence: Sequence[Evidence]) -> bool:
    """Whether the edits, or what ran with them, could change how the code is judged."""
    read = (
        reason
        for edit in fix.edits
        for find in (tampering, wrappings)
        for reason in find(edit.before, edit.after)
    )
    return any(read) or bool(tampered(fix.id, evidence))


def _unproven(
    case: Case | None,
    fix: Fix,
    own: tuple[Evidence | None, Evidence],
    runs: dict[str, tuple[Evidence | None, Evidence | None]],
    *,
    repeats: bool,
) -> list[str]:
    """What was not shown. An intermittent failure need not repeat in a single run: a schedule shows it.

    `own`: the runs of the cell itself, before and after. For one that only shows something, they test it.
    """
    reasons = []
    before, after = own
    if not repeats:
        pass
    elif hung(case):
        if before is None or before.outcome is not Outcome.TIMED_OUT:
            reasons.append("it did not exceed the time limit in the copy")
    elif before is None or before.outcome is not Outcome.RAISED:
        reasons.append("the failure did not repeat in the copy")
    elif case is not None and not same_failure(case.raised, before.raised):
        reasons.append("the cell failed differently in the copy")
    # without repetition, the schedule that failed before and passes after is the test
    if not runs and repeats and not shows_all(case, fix, after, before):
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


def _unexplained(fix: Fix, way: Sequence[Leg], evidence: Sequence[Evidence]) -> list[str]:
    stated = dict.fromkeys([*(leg.fix.hypothesis for leg in way), fix.hypothesis])
    verdicts = [judge_hypothesis(hypothesis, evidence).verdict for hypothesis in stated]
    return [_UNEXPLAINED[verdict] for verdict in dict.fromkeys(verdicts) if verdict in _UNEXPLAINED]


_UNEXPLAINED = {
    HypothesisVerdict.REFUTED: "a probe refuted the explanation that it follows from",
    HypothesisVerdict.INCONCLUSIVE: "no probe confirmed the cause that it assumes",
}


def _doubts(
    case: Case | None, fix: Fix, fixes: Sequence[Fix], evidence: Sequence[Evidence], *, by_order: bool
) -> list[str]:
    """What speaks against the fix; `by_order`: a schedule failed, so that a rival must hold up in others.

    A rival is one of equal or smaller size, or one that was proposed first and has nothing to be said against
    its edits: whoever proposed it thought it the likelier one.
    """
    doubts = [reason for edit in fix.edits for reason in suppressions(edit.before, edit.after)]
    doubts += [reason for edit in fix.edits for reason in tampering(edit.before, edit.after)]
    mine = run_of(fix.id, Stage.AFTER, evidence)
    preferred = True
    for rival in fixes:
        preferred = preferred and rival.id != fix.id
        theirs = run_of(rival.id, Stage.AFTER, evidence)
        if preferred and _only_lacks_a_name(case, theirs) and can_be_meant(case, rival, sure=True):
            doubts.append(f"{rival.id} {LACKS_A_NAME}")
        if (
            rival.id == fix.id
            or rival.edits == fix.edits
            or theirs is None
            or theirs.outcome is not Outcome.PASSED
            or (by_order and not _holds_up(rival, evidence))
        ):
            continue
        if mine is None or not differ(mine, theirs):
            continue
        smaller = size(rival.edits) <= size(fix.edits)
        if (smaller and can_be_meant(case, rival)) or (preferred and can_be_meant(case, rival, sure=True)):
            doubts.append(f"{rival.id} passes too and behaves differently: only you know which one you meant")
    return doubts


def _only_lacks_a_name(case: Case | None, after: Evidence | None) -> bool:
    """Whether a cell that could not be parsed can be, and then stops at a name that nothing defines: what is
    not there says nothing against a reading."""
    syntax = case is not None and case.raised is not None and case.raised.syntax is not None
    seen = after.raised if after is not None else None
    return syntax and seen is not None and seen.ename == "NameError"


def can_be_meant(case: Case | None, fix: Fix, *, sure: bool = False) -> bool:
    """Whether the edits suppress nothing, leave the judge alone, and change nothing but what one may want
    to change; if `sure`, nothing at all that the failure does not decide."""
    return not meaning_changes(case, fix.edits, chosen=not sure) and not any(
        reason
        for edit in fix.edits
        for find in (suppressions, tampering, wrappings)
        for reason in find(edit.before, edit.after)
    )


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
    return values_left(one) != values_left(other) or one.output != other.output


def values_left(run: Evidence) -> tuple[StateItem, ...]:
    """The values that a run left; a module or class of a library that an edit imports is none.

    A dictionary that begins its entries by itself is told by what it holds: so is a plain one to which the
    same entries were given.
    """
    return tuple(_as_dictionary(item) for item in run.state if not _is_imported(item))


def _is_imported(item: StateItem) -> bool:
    """A class under another name, as in `kind = list`, may be a result."""
    module, _, name = item.text.rpartition(".")
    of_a_library = item.type == "type" and module not in ("", "__main__") and name == item.name
    return item.type == "module" or of_a_library


def _as_dictionary(item: StateItem) -> StateItem:
    held = _BEGINNING.fullmatch(item.text)
    return item if held is None else replace(item, type="dict", text=held[1], literal=True)


def deserves_a_challenge(judged: Judgement[FixVerdict]) -> bool:
    """Whether nothing speaks against a fix but that it was not challenged."""
    return judged.verdict is FixVerdict.PLAUSIBLE and judged.reasons == (NOT_CHALLENGED,)


_BEGINNING = re.compile(r"defaultdict\(<class '[\w.]+'>, (\{.*\})\)", re.DOTALL)
_RANKED = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE, FixVerdict.UNVERIFIED)


def passing_fixes(fixes: Sequence[Fix], evidence: Sequence[Evidence]) -> list[Fix]:
    """Fixes with which the cell passed and no schedule failed, in the order of the proposals."""
    ran = [(fix, run_of(fix.id, Stage.AFTER, evidence)) for fix in fixes]
    return [
        fix
        for fix, after in ran
        if after is not None and after.outcome is Outcome.PASSED and not still_fails(fix, evidence)
    ]


def best_fix(fixes: Sequence[Fix], judge: Callable[[Fix], Judgement[FixVerdict]]) -> Fix | None:
    """The fix with the best verdict, the earlier one among equals; never a rejected one.

    One with which the cell passes is better than one with which it gets further; but not than the first
    proposal if that lacks only a name: to pass by leaving it out proves nothing.
    """
    judged = [(place, judge(fix)) for place, fix in enumerate(fixes)]
    ranked = [
        (_RANKED.index(item.verdict), item.partial > 0, -item.partial, place)
        for place, item in judged
        if item.verdict in _RANKED
    ]
    if not ranked:
        return None
    place = min(ranked)[-1]
    waits = f"{fixes[0].id} {LACKS_A_NAME}" in dict(judged)[place].reasons
    return fixes[0] if waits else fixes[place]

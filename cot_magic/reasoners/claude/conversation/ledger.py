"""The ledger of one session: hypotheses, fixes and tests with their evidence, and the verdicts on them."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.core.case import Case
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    Fix,
    FixId,
    FixVerdict,
    Hypothesis,
    HypothesisId,
    HypothesisVerdict,
    RegressionTest,
    Stage,
)
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement, best_fix, judge_fix, judge_hypothesis, passing_fixes, run_of
from cot_magic.reasoners.claude.conversation.briefing import verdict_text
from cot_magic.reasoners.claude.conversation.cells import Misfit

SAME_CLAIM = 0.7  # likeness of a headline and a claim that it repeats


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What has been stated and run so far. All verdicts come from the evidence."""

    case: Case
    hypotheses: list[Hypothesis] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    tests: list[tuple[FixId, RegressionTest]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    found: tuple[int, int] = (0, 0)  # hypotheses and fixes that it began with

    def restore(self, session: Session) -> None:
        """Take over what a session has found so far."""
        self.hypotheses = list(session.hypotheses)
        self.fixes, self.tests = list(session.fixes), list(session.tests)
        self.evidence = list(session.evidence)
        self.found = len(self.hypotheses), len(self.fixes)

    @property
    def size(self) -> tuple[int, int, int]:
        """How many hypotheses, fixes and pieces of evidence there are."""
        return len(self.hypotheses), len(self.fixes), len(self.evidence)

    def hypothesis(self, given: Mapping[str, Any]) -> HypothesisId:
        """The hypothesis that is named, by its id, its number or its claim. Raises Misfit."""
        wanted = str(given.get("hypothesis", "")).strip()
        number = re.match(r"(?:hypothesis\s*)?h?(\d+)\b", wanted, re.IGNORECASE)
        for hypothesis in self.hypotheses:
            if wanted.lower() == hypothesis.claim.lower() or (number and hypothesis.id == f"h{number[1]}"):
                return hypothesis.id
        known = ", ".join(hypothesis.id for hypothesis in self.hypotheses)
        raise Misfit(
            f"there is no hypothesis {wanted[:60]!r}; {_known(known, 'give a claim in a sentence instead')}"
        )

    def fix(self, wanted: Any) -> Fix:
        """The fix with that id. Raises Misfit."""
        for fix in self.fixes:
            if str(wanted).strip().lower() == fix.id:
                return fix
        known = ", ".join(fix.id for fix in self.fixes)
        raise Misfit(f"there is no fix {str(wanted)[:60]!r}; {_known(known, 'try one with try_fixes')}")

    def tried(self, edits: Sequence[CellEdit], tests: Sequence[RegressionTest]) -> bool:
        """Whether a fix with these edits was tried with all of these tests."""
        return any(
            fix.edits == edits and set(tests) <= {test for owner, test in self.tests if owner == fix.id}
            for fix in self.fixes
        )

    def known(self) -> list[str]:
        """Hypotheses and fixes with their verdicts, one to a line."""
        lines = []
        for hypothesis in self.hypotheses:
            judged = judge_hypothesis(hypothesis.id, self.evidence)
            lines.append(f"{hypothesis.id} ({verdict_text(judged)}): {hypothesis.claim}")
        for fix in self.fixes:
            lines.append(f"{fix.id} for {fix.hypothesis} ({verdict_text(self.judge(fix))}): {fix.why}")
        return lines

    def predictions(self) -> list[tuple[str, str]]:
        """What each hypothesis predicts, as a finding: topic and text."""
        rows = [f"- {item.id}: {item.prediction}" for item in self.hypotheses]
        return [("predictions", "\n".join(rows))] if rows else []

    def refutes(self, headline: str, stated: Sequence[HypothesisId]) -> bool:
        """Whether a headline is refuted: the first of the hypotheses stated with it is (the most likely comes
        first), or the one that it repeats."""
        verdicts = {item.id: judge_hypothesis(item.id, self.evidence).verdict for item in self.hypotheses}
        refuted = [item for item in self.hypotheses if verdicts[item.id] is HypothesisVerdict.REFUTED]
        if stated and verdicts.get(stated[0]) is HypothesisVerdict.REFUTED:
            return True
        return any(
            difflib.SequenceMatcher(None, item.claim.lower(), headline.lower()).ratio() > SAME_CLAIM
            for item in refuted
        )

    def decided(self) -> str:
        """What the experiments decided about the hypotheses, in one sentence."""
        if not self.hypotheses:
            return "There is no hypothesis to test."
        judged = [(item, judge_hypothesis(item.id, self.evidence)) for item in self.hypotheses]
        if not any(judgement.evidence for _, judgement in judged):
            return "No probe could run, so nothing is confirmed."
        confirmed = [item for item, judgement in judged if judgement.verdict is HypothesisVerdict.CONFIRMED]
        refuted = sum(judgement.verdict is HypothesisVerdict.REFUTED for _, judgement in judged)
        others = f" ({refuted} refuted)" if refuted else ""
        if len(confirmed) == 1:
            return f"Confirmed{others}: {confirmed[0].claim}"
        if confirmed:
            return f"{len(confirmed)} confirmed{others}; the first: {confirmed[0].claim}"
        return f"No hypothesis is confirmed{others}."

    def judge(self, fix: Fix) -> Judgement[FixVerdict]:
        """The verdict on a fix, from the evidence so far."""
        return judge_fix(fix, case=self.case, fixes=self.fixes, tests=self.tests, evidence=self.evidence)

    def run_of(self, fix: Fix, stage: Stage) -> Evidence | None:
        """The latest run of the cell for that fix."""
        return run_of(fix.id, stage, self.evidence)

    @property
    def verified(self) -> bool:
        """Whether a fix is VERIFIED."""
        return any(self.judge(fix).verdict is FixVerdict.VERIFIED for fix in self.fixes)

    @property
    def confirmed(self) -> bool:
        """Whether a hypothesis about the cause is CONFIRMED."""
        return any(
            item.names_a_cause
            and judge_hypothesis(item.id, self.evidence).verdict is HypothesisVerdict.CONFIRMED
            for item in self.hypotheses
        )

    @property
    def passing(self) -> list[Fix]:
        """Fixes with which the cell passes and no other order of its steps is known to fail."""
        return passing_fixes(self.fixes, self.evidence)

    @property
    def helpful(self) -> list[Fix]:
        """Fixes with which the cell and their tests pass."""
        good = (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
        return [fix for fix in self.passing if self.judge(fix).verdict in good]

    @property
    def best(self) -> Fix | None:
        """The fix with the best verdict, the earliest among equals; never a rejected one."""
        return best_fix(self.fixes, self.judge)


def _known(known: str, otherwise: str) -> str:
    return f"the ids are {known}" if known else f"there are none yet: {otherwise}"


def next_id(letter: str, known: Sequence[str]) -> str:
    """The next free id: `h3`, `f1`. What was found before may be numbered with gaps."""
    numbers = (re.match(rf"{letter}(\d+)", name) for name in known)
    return f"{letter}{max((int(found[1]) for found in numbers if found), default=0) + 1}"

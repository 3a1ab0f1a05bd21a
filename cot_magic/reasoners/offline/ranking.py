"""From rules to suspects, and the order of what to try: evidence first, then likelihood, then size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Case
from cot_magic.core.causes import is_edited
from cot_magic.core.edits import size, suppressions
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    Example,
    Fix,
    FixId,
    Hypothesis,
    HypothesisId,
    HypothesisVerdict,
    Priority,
)
from cot_magic.core.language import worded
from cot_magic.core.verdict import judge_hypothesis
from cot_magic.reasoners.offline.rule import AnyRule, Repair, Suspicion, matches, suspicions_of

ORIGIN = "origin.made"
"""The rule that states which statement made the fault."""
SUSPECTS = 10  # a reader follows no more hypotheses, and a short budget cannot probe them


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A suspicion, its hypothesis, and the lesson of its rule."""

    hypothesis: Hypothesis
    suspicion: Suspicion
    lesson: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A fix that may be proposed, before it has run."""

    edits: tuple[CellEdit, ...]
    why: str
    hypothesis: HypothesisId
    weight: float
    example: Example | None = None

    def fix(self, number: int) -> Fix:
        """The proposal, numbered by its place."""
        return Fix(
            id=FixId(f"f{number}"),
            edits=self.edits,
            why=self.why,
            hypothesis=self.hypothesis,
            priority=Priority.P0,
            example=self.example,
        )


def suspects(
    case: Case, rules: Iterable[AnyRule], *, facts: Facts = NO_FACTS, first: int = 1
) -> tuple[list[Suspect], list[str]]:
    """Suspicions of all rules as hypotheses `h<first>`, …, likeliest first; a line for each rule that failed.

    A rule of another package may have no `on`, and may raise: that costs this rule only.
    """
    found: list[tuple[Suspicion, AnyRule]] = []
    faults = []
    for rule in rules:
        try:
            if (on := getattr(rule, "on", ())) and not matches(on, case):
                continue
            found += [(_with_values(item, facts), rule) for item in suspicions_of(rule, case, facts)]
        except Exception as error:
            faults.append(f"the rule `{rule.code}` failed: {type(error).__name__}: {error}")
    found.sort(key=lambda pair: -pair[0].weight)
    claims: set[str] = set()
    result: list[Suspect] = []
    for suspicion, rule in found:
        if suspicion.claim in claims or len(result) >= SUSPECTS:
            continue
        claims.add(suspicion.claim)
        result.append(stated(suspicion, rule.code, worded(rule.lesson), first + len(result)))
    return result, faults


def _with_values(suspicion: Suspicion, facts: Facts) -> Suspicion:
    """A suspicion that only restates the failure, with the values that the autopsy saw."""
    seen = facts.first("inside.compared") if suspicion.restates else None
    return replace(suspicion, claim=seen.text) if seen is not None else suspicion


def stated(suspicion: Suspicion, rule: str, lesson: str, number: int) -> Suspect:
    """The suspicion as hypothesis `h<number>`."""
    hypothesis = Hypothesis(
        id=HypothesisId(f"h{number}"),
        claim=suspicion.claim,
        prediction=suspicion.prediction,
        cell=suspicion.cell,
        lineno=suspicion.lineno,
        rule=rule,
        restates=suspicion.restates,
    )
    return Suspect(hypothesis=hypothesis, suspicion=suspicion, lesson=lesson)


def candidates(
    case: Case, found: Sequence[Suspect], evidence: Sequence[Evidence], limit: int
) -> list[Candidate]:
    """Fixes to try, best first: those of a CONFIRMED hypothesis, those that hide nothing, the likelier, the
    smaller. A REFUTED hypothesis gives none."""
    ranked: list[tuple[tuple[bool, bool, float, int, int], Candidate]] = []
    for suspect in found:
        verdict = judge_hypothesis(suspect.hypothesis.id, evidence).verdict
        if verdict is HypothesisVerdict.REFUTED:
            continue
        for place, repair in enumerate(suspect.suspicion.repairs):
            undecided = verdict is HypothesisVerdict.INCONCLUSIVE
            based = _made_there(case, found, evidence, repair) if undecided else suspect
            candidate = Candidate(
                edits=repair.edits,
                why=repair.why,
                hypothesis=(based or suspect).hypothesis.id,
                weight=suspect.suspicion.weight - 0.05 * place,
            )
            key = (
                verdict is not HypothesisVerdict.CONFIRMED,
                silences(repair.edits),
                -candidate.weight,
                size(repair.edits),
                len(ranked),
            )
            ranked.append((key, candidate))
    ranked.sort(key=lambda pair: pair[0])
    (unproven, silent, *_), first = ranked[0] if ranked else ((True, True, 0.0, 0, 0), None)
    best: list[Candidate] = []
    for key, candidate in ranked:
        proven = first is not None and not unproven and not silent
        if proven and first is not None and (key[1] or candidate.weight < first.weight / 2):
            continue  # a way around a confirmed cause, or a far-fetched intent, is not a rival
        if all(candidate.edits != other.edits for other in best):
            best.append(candidate)
    return best[:limit]


def _made_there(
    case: Case, found: Sequence[Suspect], evidence: Sequence[Evidence], repair: Repair
) -> Suspect | None:
    """The CONFIRMED hypothesis about the statement that made the fault, if the repair changes that one.

    A repair whose own prediction decided nothing then follows from what was shown of the place.
    """
    return next(
        (
            suspect
            for suspect in found
            if suspect.hypothesis.rule == ORIGIN
            and judge_hypothesis(suspect.hypothesis.id, evidence).verdict is HypothesisVerdict.CONFIRMED
            and is_edited(case, suspect.hypothesis, repair.edits)
            and not _is_head(case, suspect.hypothesis)
        ),
        None,
    )


def _is_head(case: Case, hypothesis: Hypothesis) -> bool:
    """Whether the place is where a function begins: that says which one it is, not what is wrong in it."""
    cell = case.cell_by_id(hypothesis.cell) if hypothesis.cell is not None else None
    lines = cell.source.splitlines() if cell is not None else []
    line = hypothesis.lineno or 0
    return 0 < line <= len(lines) and lines[line - 1].lstrip().startswith(("def ", "async def ", "@"))


def silences(edits: Sequence[CellEdit]) -> bool:
    """Whether an edit may only hide the failure."""
    return any(suppressions(edit.before, edit.after) for edit in edits)


def combined(first: Sequence[CellEdit], then: Sequence[CellEdit]) -> tuple[CellEdit, ...]:
    """Both sets of edits as one; `then` was made on top of `first`."""
    edits = {edit.cell: edit for edit in first}
    for edit in then:
        earlier = edits.get(edit.cell)
        edits[edit.cell] = edit if earlier is None else replace(earlier, after=edit.after)
    return tuple(edits.values())

"""Challenges of a fix that passes: each tries to show that a ✓ for it would be wrong."""

import ast
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Case
from cot_magic.core.causes import is_edited, on_the_way
from cot_magic.core.edits import diff, says_the_same, written_out
from cot_magic.core.events import FixProposed, TestWritten, TryFix
from cot_magic.core.experiments import Experiment, experiments, replayed, watched
from cot_magic.core.findings import (
    CellEdit,
    ChallengeKind,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    Hypothesis,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Job, JobStep, Limits, Outcome
from cot_magic.core.meaning import meaning_changes, rests_on_asserts
from cot_magic.core.protocols import Challenges
from cot_magic.core.units import unconverted
from cot_magic.core.verdict import TIMEOUT, differ, run_of
from cot_magic.verdict.agreement import agreement
from cot_magic.verdict.conversions import conversions
from cot_magic.verdict.damage import damage
from cot_magic.verdict.first_readings import at_the_failure, bound_from_there
from cot_magic.verdict.hunks import added_statements, alone, changes, unwrapped, without
from cot_magic.verdict.links import imports_only, keeps_the_operation, until_the_failure
from cot_magic.verdict.neighbours import neighbours
from cot_magic.verdict.nulls import null_fixes
from cot_magic.verdict.other_inputs import other_inputs
from cot_magic.verdict.survival import survival
from cot_magic.verdict.units import NOT_ASKED, converts, units

MOST_RUNS = 24  # of neighbours: about a second for a cell of 50 ms
MOST_RIVALS = 3  # shown beside the fix
A_RUN_S = 0.03  # of a copy itself, on top of the cell
TESTS = 4
_WHOLE = re.compile(r"\b(\d+)\.0\b")
_WARNING = re.compile(
    r"^\S[^\n]*:\d+: \w*Warning: (?:[^\n]*\n)(?:(?! )[^\n]*\n){0,4}? {2}[^\n]*\n", re.MULTILINE
)

Wanted = tuple[Experiment, ...]
Published = Evidence | FixProposed | TestWritten


def challenge(
    *,
    case: Case,
    fix: Fix,
    hypothesis: Hypothesis | None,
    tests: tuple[RegressionTest, ...],
    evidence: tuple[Evidence, ...],
    limits: Limits,
    allow: tuple[str, ...],
    seconds: float,
    later: tuple[Case, ...] = (),
) -> Challenges:
    """The challenges of one fix: a Challenger."""
    challenged = Challenge(
        case=case,
        fix=fix,
        hypothesis=hypothesis,
        tests=tests,
        evidence=evidence,
        limits=limits,
        allow=allow,
        seconds=seconds,
        later=later,
    )
    return challenged.steps()


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The challenges of one fix.

    A generator of experiments, which are run and sent back, and of what is published: evidence and rivals.

    Parameters
    ----------
    seconds
        How long all runs together may take, about; the more a run costs, the fewer neighbours are tried.
    later
        The failures that fixes which this one goes on from left, each with the cells as they were then.
    """

    case: Case
    fix: Fix
    hypothesis: Hypothesis | None
    tests: tuple[RegressionTest, ...]
    evidence: tuple[Evidence, ...]
    limits: Limits
    allow: tuple[str, ...]
    seconds: float
    later: tuple[Case, ...] = ()

    def steps(self) -> Challenges:
        """Run them: cheap and telling ones first."""
        yield from self._cause()
        alive = yield from self._survives()
        yield from self._nulls()
        if alive:
            same = yield from self._undamaged()
            needless = (yield from self._ablation()) or not same
            noise = yield from self._disguised()
            if noise is not None and not needless:
                yield from self._neighbourhood(noise)

    # --- cause --------------------------------------------------------------------------------------------

    def _cause(self) -> Challenges:
        """See that the explanation has to do with the failure: the fix changes its place, what it predicts is
        not so any more with the fix, or its place is on the way there."""
        if self.hypothesis is None:
            return
        cases = (self.case, *self.later)
        if any(is_edited(case, self.hypothesis, self.fix.edits) for case in cases):
            note = "the fix changes the place that it names"
            yield self._read(ChallengeKind.CAUSE, held=True, note=note)
            return
        near = any(on_the_way(case, self.hypothesis) for case in cases)
        if near and self.hypothesis.rule:
            note = "the place that it names is on the way to the failure"
            yield self._read(ChallengeKind.CAUSE, held=True, note=note)
            return
        probes = dict.fromkeys(
            item.code
            for item in self.evidence
            if item.kind is EvidenceKind.PROBE and item.about == self.hypothesis.id and item.held
        )
        wanted = [self._probed(source, stage) for source in list(probes)[:TESTS] for stage in Stage]
        ran = (yield tuple(wanted)) if wanted else ()
        flips = [after for before, after in zip(ran[::2], ran[1::2], strict=True) if _flips(before, after)]
        for item in flips[:1]:
            yield replace(item, held=True, note="what it predicts is not true any more with the fix")
        if not flips:
            note = "what it predicts is as true with the fix as without: it does not explain the failure"
            if near:  # the reason may be a false one, but the fix is not wrong for that
                note = "its place is on the way to the failure; what it predicts is as true with the fix"
            yield self._read(ChallengeKind.CAUSE, held=near, note=note, code="\n".join(probes))

    def _probed(self, source: str, stage: Stage) -> Experiment:
        """A probe of the explanation where the operation that failed is about to happen, with or without the
        fix. Below it more is different: what the cell was to do is done."""
        *first, failing = replayed(self.case, self.fix.edits, stage)
        until = until_the_failure(self.case, self.fix.edits if stage is Stage.AFTER else ())
        if until:
            first.append(replace(failing, source=until))
        steps = (*first, JobStep(source=source))
        return Experiment(
            job=Job(steps=steps, limits=self.limits, allow=self.allow, copies_folder=True),
            kind=EvidenceKind.CHALLENGE,
            about=self.fix.id,
            code=source,
            stage=stage,
            trial=ChallengeKind.CAUSE,
        )

    # --- survival -------------------------------------------------------------------------------------------

    def _survives(self) -> Generator[Wanted | Published, tuple[Evidence, ...], bool]:
        raised = self.case.raised
        experiment, reason = survival(
            self.case, self.fix, later=self.later, limits=self.limits, allow=self.allow
        )
        if experiment is not None:
            (ran,) = yield (experiment,)
            yield ran
            return ran.held is True
        if reason:
            yield self._read(ChallengeKind.SURVIVAL, held=False, note=reason)
            return False
        if raised is None or raised.syntax is not None or raised.ename == TIMEOUT or imports_only(self.case):
            yield self._read(ChallengeKind.SURVIVAL, held=True, note="no operation on values had failed")
            return True
        yield self._read(ChallengeKind.SURVIVAL, held=None, note="it is not in the code of a cell")
        return False

    # --- tests ----------------------------------------------------------------------------------------------

    def _nulls(self) -> Challenges:
        wanted = []
        for test in self.tests[:TESTS]:
            experiment, reason = null_fixes(self.case, self.fix, test, limits=self.limits, allow=self.allow)
            if experiment is None:
                yield replace(
                    self._read(ChallengeKind.NULLS, held=False, note=reason, code=test.source), test=test.name
                )
            else:
                wanted.append(experiment)
        if wanted:
            for item in (yield tuple(wanted)):  # noqa: UP028 - what is sent is not for a tuple
                yield item

    # --- the values -----------------------------------------------------------------------------------------

    def _undamaged(self) -> Generator[Wanted | Published, tuple[Evidence, ...], bool]:
        """Compare the values that the cells leave with what there was; another operation with the old one."""
        wanted = [damage(self.case, self.fix, limits=self.limits, allow=self.allow)]
        plain = replace(self.fix, edits=tuple(unconverted(written_out(edit)) for edit in self.fix.edits))
        for compare, of in ((agreement, plain), (units, self.fix)):
            compared = compare(self.case, of, limits=self.limits, allow=self.allow)
            if compared is not None:
                wanted.append(compared)
            elif compare is units and converts(self.fix):
                yield self._read(ChallengeKind.AGREEMENT, held=False, note=NOT_ASKED)
                return False
        wanted += conversions(self.case, plain, limits=self.limits, allow=self.allow)
        if rests_on_asserts(self.case, self.fix.edits):
            experiment, reason = other_inputs(self.case, self.fix, limits=self.limits, allow=self.allow)
            if experiment is None:
                yield self._read(ChallengeKind.OTHER_INPUTS, held=False, note=reason)
                return False
            wanted.append(experiment)
        ran = yield tuple(wanted)
        for item in ran:  # noqa: UP028 - what is sent is not for a tuple
            yield item
        return all(item.held is True for item in ran)

    # --- ablation -------------------------------------------------------------------------------------------

    def _ablation(self) -> Generator[Wanted | Published, tuple[Evidence, ...], bool]:
        """Take back each change; with one that is not needed, offer the fix without it."""
        found = changes(self.fix.edits)
        extra = [*unwrapped(self.fix.edits), *added_statements(self.fix.edits)]
        extra += [("all but one of them", edits) for edits in alone(self.fix.edits, found)]
        if len(found) < 2 and not extra:
            return False
        taken = [(group[0].text, without(self.fix.edits, group)) for group in found[: self._affordable()]]
        mine = list(map(unconverted, self.fix.edits))
        smaller = [(text, edits) for text, edits in taken if edits]
        # whether a conversion of units is needed, the units say
        extra = [pair for pair in extra if list(map(unconverted, pair[1])) != mine]
        smaller = [pair for pair in smaller if list(map(unconverted, pair[1])) != mine]
        smaller = [
            pair for pair in dict.fromkeys([*smaller, *extra]) if keeps_the_operation(self.case, pair[1])
        ]
        if not smaller:
            return False  # without any one of the changes, what failed would not be done at all
        ran = yield tuple(self._experiment(edits, ChallengeKind.ABLATION) for _, edits in smaller)
        lesser = [item for (_, edits), item in zip(smaller, ran, strict=True) if self._is_less(edits, item)]
        for (text, edits), item in zip(smaller, ran, strict=True):
            if item.outcome is Outcome.PASSED and item not in lesser:
                note = f"a change is not needed: {text[:120]}"
                yield replace(item, held=False, note=note)
                yield from self._offer(edits, f"{self.fix.why} Without the change that is not needed.", 1)
                return True
        hangs = self.case.raised is not None and self.case.raised.ename == TIMEOUT
        fails = (Outcome.RAISED, Outcome.TIMED_OUT) if hangs else (Outcome.RAISED,)
        untried = len(found[self._affordable() :])
        untried += sum(item.outcome not in fails and item not in lesser for item in ran)
        yield self._read(
            ChallengeKind.ABLATION,
            held=None if untried else True,
            note=f"{untried} of its changes could not be taken back by themselves"
            if untried
            else f"without any one of {len(smaller)} changes the cell fails",
            code="\n".join(text for text, _ in smaller),
            seconds=sum(item.seconds for item in ran),
        )
        return False

    def _is_less(self, edits: tuple[CellEdit, ...], ran: Evidence) -> bool:
        """Whether an edit keeps less than the fix does, and gives something else: it is no smaller fix.

        `tuple(d)` has the keys alone, `tuple(d.items())` all.
        """
        mine = run_of(self.fix.id, Stage.AFTER, self.evidence)
        if ran.outcome is not Outcome.PASSED or mine is None or not differ(mine, ran):
            return False
        return bool(meaning_changes(self.case, edits)) and not meaning_changes(self.case, self.fix.edits)

    # --- a second copy --------------------------------------------------------------------------------------

    def _disguised(self) -> Generator[Wanted | Published, tuple[Evidence, ...], "Noise | None"]:
        """Run the cells once more in a copy that looks like the kernel: the result has to be the same.

        What differs between two plain runs (a duration that is printed, a random number) cannot be compared.
        Returns that, or None if the second copy speaks against the fix.
        """
        mine = run_of(self.fix.id, Stage.AFTER, self.evidence)
        plain = self._experiment(self.fix.edits, ChallengeKind.SECOND_COPY)
        limits = replace(self.limits, output_bytes=self.limits.output_bytes + 1)  # a job is not run twice
        again = replace(plain, job=replace(plain.job, limits=limits))
        ran, repeated = yield (replace(plain, job=replace(plain.job, disguised=True)), again)
        if ran.outcome is Outcome.PASSED and mine is not None and repeated.outcome is Outcome.PASSED:
            noise = Noise.between(mine, repeated)
            same = not noise.unlike(mine, ran, exactly=True)
            yield replace(ran, held=same, note="" if same else "it behaves differently in a second copy")
            return noise if same else None
        failed = Outcome.RAISED in (ran.outcome, repeated.outcome)
        note = "it fails in a second copy" if failed else ran.note or repeated.note
        yield replace(ran, held=False if failed else None, note=note)
        return None

    # --- neighbours -----------------------------------------------------------------------------------------

    def _neighbourhood(self, noise: "Noise") -> Challenges:
        made = neighbours(self.case, self.fix.edits, self._affordable())
        made = [edits for edits in made if keeps_the_operation(self.case, edits)]
        first = set(at_the_failure(self.case, self.fix.edits))
        if all(map(says_the_same, self.fix.edits)):
            made = [edits for edits in made if edits in first or all(map(says_the_same, edits))]
        mine = run_of(self.fix.id, Stage.AFTER, self.evidence)
        ran: tuple[Evidence, ...] = ()
        if made:
            ran = yield tuple(self._experiment(edits, ChallengeKind.NEIGHBOURS) for edits in made)
        others: list[tuple[CellEdit, ...]] = []
        behaviours: list[Evidence] = [mine] if mine is not None else []
        later = frozenset(bound_from_there(self.case))
        for edits, item in zip(made, ran, strict=False):
            only = later if edits in first else None
            if item.outcome is Outcome.PASSED and all(
                noise.unlike(known, item, only=only) for known in behaviours
            ):
                behaviours.append(item)
                others.append(edits)
        told = [item for item in ran if item.outcome in (Outcome.PASSED, Outcome.RAISED)]
        yield self._read(
            ChallengeKind.NEIGHBOURS,
            held=not others,
            note=_neighbours_note(len(told), len(others)),
            code="\n\n".join(self._diff(edits) for edits in (others or made)[:MOST_RIVALS]),
            seconds=sum(item.seconds for item in ran),
        )
        for number, edits in enumerate(others[:MOST_RIVALS], 1):
            yield from self._offer(edits, "An edit of the same place that passes too.", number)

    def _offer(self, edits: tuple[CellEdit, ...], why: str, number: int) -> Challenges:
        """Propose another fix and show its runs."""
        rival = replace(self.fix, id=FixId(f"{self.fix.id}.{number}"), edits=edits, why=why)
        yield FixProposed(fix=rival)
        tests = self.tests
        for test in tests:
            yield TestWritten(fix=rival.id, test=test)
        wanted = experiments(TryFix(fix=rival, tests=tests), self.case, limits=self.limits, allow=self.allow)
        for item in (yield wanted):  # noqa: UP028 - what is sent is not for a tuple
            yield item

    # --- experiments ----------------------------------------------------------------------------------------

    def _affordable(self) -> int:
        after = run_of(self.fix.id, Stage.AFTER, self.evidence)
        cost = (after.seconds if after is not None else 0.0) + A_RUN_S
        return max(2, min(MOST_RUNS, int(self.seconds / cost)))

    def _experiment(self, edits: Sequence[CellEdit], kind: ChallengeKind) -> Experiment:
        """The cells with other edits, without the tests: who wrote the fix may have written them for it."""
        return Experiment(
            job=Job(
                steps=replayed(self.case, edits, Stage.AFTER),
                watch=watched(self.case, self.fix.edits),
                limits=self.limits,
                allow=self.allow,
            ),
            kind=EvidenceKind.CHALLENGE,
            about=self.fix.id,
            code=self._diff(edits),
            stage=Stage.AFTER,
            trial=kind,
        )

    def _diff(self, edits: Sequence[CellEdit]) -> str:
        return "\n".join(diff(edit, self.case.label(edit.cell)) for edit in edits)

    def _read(
        self, kind: ChallengeKind, *, held: bool | None, note: str, code: str = "", seconds: float = 0.0
    ) -> Evidence:
        """What several runs together show; or, in no time, what the sources show by themselves."""
        return Evidence(
            id=EvidenceId(""),
            kind=EvidenceKind.CHALLENGE,
            about=self.fix.id,
            code=code or self._diff(self.fix.edits),
            outcome=Outcome.PASSED,
            stage=Stage.AFTER,
            held=held,
            note=note,
            trial=kind,
            seconds=seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What of the behaviour of a cell differs from run to run: expressions, and whether its output does."""

    expressions: frozenset[str]
    output: bool

    @classmethod
    def between(cls, one: Evidence, other: Evidence) -> "Noise":
        """What differs between two runs of the same code."""
        mine, theirs = _values(one), _values(other)
        differing = {key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)}
        return cls(expressions=frozenset(differing), output=one.output != other.output)

    def unlike(
        self, one: Evidence, other: Evidence, *, exactly: bool = False, only: frozenset[str] | None = None
    ) -> bool:
        """Whether two runs behave differently beyond that.

        Unless `exactly`, 2 and 2.0 are the same, and what a library warns of is no result.
        `only` are the names whose values matter, if not all.
        """
        printed = [run.output if exactly else _plain(run.output) for run in (one, other)]
        if not self.output and printed[0] != printed[1]:
            return True
        mine, theirs = _values(one, only), _values(other, only)
        if mine.keys() != theirs.keys():
            return True
        told = mine.keys() - self.expressions
        return any(
            mine[key] != theirs[key] and (exactly or not _equal(mine[key], theirs[key])) for key in told
        )


def _plain(output: str) -> str:
    """What was printed, without warnings and with whole numbers as integers."""
    return _WHOLE.sub(r"\1", _WARNING.sub("", output))


def _values(run: Evidence, only: frozenset[str] | None = None) -> dict[str, str]:
    return {item.expression: item.text for item in run.state if only is None or item.expression in only}


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return bool(ast.literal_eval(one) == ast.literal_eval(other))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _neighbours_note(ran: int, others: int) -> str:
    if others:
        return (
            "another edit of the same place passes too and behaves differently: only you know which you meant"
        )
    if not ran:
        return "nothing nearby could be written instead"
    return f"{ran} other edits of the same place ran, and none passes and behaves differently"


def _flips(before: Evidence, after: Evidence) -> bool:
    """Whether a prediction holds without the fix and does not with it."""
    told = before.outcome is after.outcome is Outcome.PASSED
    return told and before.held is True and after.held is False

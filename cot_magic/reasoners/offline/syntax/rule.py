"""From slips to suspicions: repairs are compiled, and errors that they uncover are repaired too."""

import bisect
import contextlib
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.core.case import Case
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion
from cot_magic.reasoners.offline.source import line_starts, translated, with_newlines_of
from cot_magic.reasoners.offline.syntax.costs import rule_cost, weight_of
from cot_magic.reasoners.offline.syntax.kinds import CODES, told
from cot_magic.reasoners.offline.syntax.lexer import lex, plain
from cot_magic.reasoners.offline.syntax.problem import (
    Alternative,
    Problem,
    Reading,
    Slip,
    SyntaxFailure,
    attempt,
    meaning,
)
from cot_magic.reasoners.offline.syntax.problem import (
    slip as made_slip,
)
from cot_magic.reasoners.offline.syntax.search import FoundEdit, search

_MOST_REPAIRS = 5  # that are shown: a reader compares no more
_RIVAL = 4.0  # a repair that costs this much more than the best is no rival: one in fifty is right
_NEVER_SURE = ("quote", "indent")  # where a string or a block ends is known to nobody else: show all
_DOUBTFUL = 3.0  # above this cost, two errors may be likelier than one
_MOST_ERRORS = 3  # kinds of errors that are repaired one after the other
_MOST_STEPS = 12  # repetitions of one kind of error
_CHARACTERS = 700_000  # compiled while one failure is examined
_CLOSE = 0.3  # rules are not asked for readings whose weights differ by more
_SHORT = 600  # characters: shorter sources are compiled whole at once
_LONG = 3000  # characters: of longer sources, only the lines around the failure if they are enough
_AROUND = 25  # lines above and below it
_LOSS = 0.02  # of weight for each further repair
_OPEN = re.compile("never closed|unterminated")
_TOKENIZER = re.compile(
    r"invalid (?:non-printable )?character|unterminated|invalid \w+ literal|leading zeros|unindent"
)
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
_PROOF = """\
import ast, warnings


def line_of_error(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return error.lineno
    return None


before = {before!r}
after = {after!r}
"""


SEARCHED = {code: made_slip(code)(lambda _: iter(())) for code in CODES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A slip's reading, with only those alternatives that compile or get further."""

    slip: Slip
    reading: Reading

    def but(self, **changes: Any) -> "Diagnosis":
        """Return the diagnosis with fields of its reading changed."""
        return replace(self, reading=replace(self.reading, **changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The diagnoses of a source, likeliest first, and what slips raised, by their codes."""

    found: tuple[Diagnosis, ...]
    crashes: Mapping[str, Exception]


class _Budget:
    """How many characters may still be compiled, so that a long cell takes no longer than a short one; and
    what slips raised, by their codes."""

    def __init__(self, crashes: dict[str, Exception]) -> None:
        self.left, self.crashes = _CHARACTERS, crashes

    @contextlib.contextmanager
    def blaming(self, slip: Slip) -> Iterator[None]:
        """Go on without what the slip raises inside."""
        try:
            yield
        except Exception as error:
            self.crashes[slip.code] = error.with_traceback(None)  # a cache must not keep frames alive

    def attempt(self, problem: Problem, after: str) -> SyntaxFailure | None:
        """Compile an edited source; the part above failure and edit only if the rest compiles."""
        cut = _cut(problem, after)
        if cut:
            self.left -= len(after) - cut + 500
            failure = attempt(after[cut:])
            if failure is not None and not failure.late:
                above = len(line_starts(after[:cut])) - 2
                return replace(
                    failure, line=failure.line + above, position=failure.position + cut, end=failure.end + cut
                )
        self.left -= len(after) + 500
        return attempt(after)

    @property
    def spent(self) -> bool:
        return self.left <= 0


def _cut(problem: Problem, after: str) -> int:
    """Return the offset of a statement at the margin that is safely above failure and edit."""
    if problem.failure.late or len(after) < _SHORT:
        return 0
    limit = problem.failure.position
    starts = [place for place in problem.margins if place <= limit]
    low = bisect.bisect_left(starts, True, key=lambda place: not after.startswith(problem.source[:place]))
    return starts[low - 2] if low > 1 else 0  # one earlier, since the last may be a block without a header


@functools.lru_cache(maxsize=32)
def diagnose(source: str, slips: tuple[Slip, ...], known: frozenset[str] = frozenset()) -> Examination:
    """Explain why a source does not compile, by the slips and by the search for an edit of one token.

    A slip that raises is left out.
    """
    crashes: dict[str, Exception] = {}
    found = _diagnosed(translated(source), slips, known, crashes)
    restore = functools.partial(with_newlines_of, source)
    return Examination(found=tuple(_mapped(item, restore) for item in found), crashes=crashes)


def _mapped(diagnosis: Diagnosis, change: Callable[[str], str | None]) -> Diagnosis:
    """Return the diagnosis with every edited source changed; None leaves it out."""
    alternatives = tuple(
        replace(item, after=after)
        for item in diagnosis.reading.alternatives
        if (after := change(item.after)) is not None
    )
    return diagnosis.but(alternatives=alternatives)


def _diagnosed(
    source: str, slips: tuple[Slip, ...], known: frozenset[str], crashes: dict[str, Exception]
) -> tuple[Diagnosis, ...]:
    failure = attempt(source)
    if failure is None:
        return ()
    problem = Problem(source, failure, known)
    if len(source) > _LONG and not failure.late:
        found = _in_excerpt(problem, slips, crashes)
        if found:
            return found
    return _whole(problem, slips, crashes)


def _in_excerpt(
    problem: Problem, slips: tuple[Slip, ...], crashes: dict[str, Exception]
) -> tuple[Diagnosis, ...]:
    """Examine the lines around the failure of a long cell; return nothing if it has errors elsewhere too."""
    source, line = problem.source, problem.failure.line
    starts = problem.listing.starts
    above = [place for place in problem.margins if place <= starts[max(line - _AROUND, 0)]]
    below = [place for place in problem.margins if place >= starts[min(line + _AROUND, len(starts) - 1)]]
    low, high = above[-1] if above else 0, below[0] if below else len(source)
    blank = "\n" * (len(line_starts(source[:low])) - 2)  # keeps the numbers of the lines
    excerpt = blank + source[low:high]
    failure = attempt(excerpt)
    if failure is None or failure.message != problem.failure.message or attempt(source[high:]) is not None:
        return ()

    def whole(after: str) -> str | None:
        return source[:low] + after[len(blank) :] + source[high:] if after.startswith(blank) else None

    diagnosed = _whole(Problem(excerpt, failure, problem.names), slips, crashes)
    found = [_mapped(item, whole) for item in diagnosed]
    found = [item for item in found if item.reading.alternatives]
    complete = bool(found) and attempt(found[0].reading.alternatives[0].after) is None
    return tuple(found) if complete else ()


def _whole(problem: Problem, slips: tuple[Slip, ...], crashes: dict[str, Exception]) -> tuple[Diagnosis, ...]:
    budget = _Budget(crashes)
    whole, partial = _tried(problem, slips, budget)
    best = whole[0].reading.weight if whole else 0.0
    options = _merged(problem, whole, search(problem))
    if not options or options[0].cost > _DOUBTFUL:
        for diagnosis in partial[:3]:
            if diagnosis.reading.weight > best and not budget.spent:
                further = _further(diagnosis, problem.failure.line, slips, budget, problem.known)
                if further is not None:
                    options = _merged(problem, [further, *whole], search(problem))
                    break
    if not options:
        return tuple(item.but(weight=0.2) for item in partial[:1])
    return (_one(options),)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A repair of a rule or of the search."""

    cost: float
    slip: Slip
    claim: str
    weight: float
    alternative: Alternative
    kind: str = ""


def _merged(problem: Problem, whole: list[Diagnosis], found: Sequence[FoundEdit]) -> list[_Weighed]:
    """Return the repairs of the rules and of the search, each tree once, the likeliest first."""
    costs = {meaning(item.after): item for item in found}
    options: dict[str, _Weighed] = {}
    for diagnosis in whole:
        least = -math.inf
        for place, alternative in enumerate(diagnosis.reading.alternatives):
            tree, reading = meaning(alternative.after), diagnosis.reading
            if tree is None:
                continue
            same = costs.get(tree)
            cost = rule_cost(reading.weight, place, same.cost if same is not None else None)
            if (
                diagnosis.slip.code.removeprefix("syntax.") not in SEARCHED
            ):  # of its own kind of mistake, the rule knows more
                cost = least = max(cost, least)
            kind = same.edit.kind if same is not None else ""
            if tree not in options or options[tree].cost > cost:
                options[tree] = _Weighed(
                    cost, diagnosis.slip, reading.claim, reading.weight, alternative, kind
                )
    for tree, item in costs.items():
        if tree is not None and tree not in options:
            code, claim, why = told(problem, item.edit)
            alternative = Alternative(after=item.after, why=why)
            weight = weight_of(item.cost)
            options[tree] = _Weighed(item.cost, SEARCHED[code], claim, weight, alternative, item.edit.kind)
    return sorted(options.values(), key=lambda option: option.cost)


def _one(options: list[_Weighed]) -> Diagnosis:
    """Return one reading: what the best repair says, and all that are nearly as likely beside it."""
    best = options[0]
    reach = {best.kind: 3 * _RIVAL} if best.kind in _NEVER_SURE else {}
    kept = [
        option.alternative for option in options if option.cost <= best.cost + reach.get(option.kind, _RIVAL)
    ][:_MOST_REPAIRS]
    reading = Reading(claim=best.claim, alternatives=tuple(kept), weight=best.weight)
    return Diagnosis(slip=best.slip, reading=reading)


def _tried(
    problem: Problem, slips: Sequence[Slip], budget: _Budget
) -> tuple[list[Diagnosis], list[Diagnosis]]:
    """Return the readings with alternatives that compile, and those whose alternatives only get further."""
    proposals: list[tuple[Slip, Reading]] = []
    for slip in slips:
        with budget.blaming(slip):
            proposals += [(slip, item) for item in slip.find(problem)]
    proposals.sort(key=lambda pair: -pair[1].weight)
    whole: list[Diagnosis] = []
    partial: list[Diagnosis] = []
    for slip, item in proposals:
        good: tuple[Alternative, ...] = ()
        moved: tuple[Alternative, ...] = ()
        with budget.blaming(slip):
            good, moved = _held_up(problem, item, budget)
        if good:
            whole.append(Diagnosis(slip=slip, reading=replace(item, alternatives=good)))
        if moved:
            partial.append(Diagnosis(slip=slip, reading=replace(item, alternatives=moved[:1])))
        if whole and whole[0].reading.weight - item.weight > _CLOSE:
            break
    return whole, partial


def _held_up(
    problem: Problem, item: Reading, budget: _Budget
) -> tuple[tuple[Alternative, ...], tuple[Alternative, ...]]:
    """Return the alternatives that compile, and those with which Python gets further."""
    good: list[Alternative] = []
    moved: list[Alternative] = []
    for alternative in item.alternatives:
        if budget.spent or alternative.after == problem.source:
            continue
        failure = budget.attempt(problem, alternative.after)
        if failure is None:
            good.append(alternative)
        elif _progress(problem, alternative.after, failure):
            moved.append(alternative)
    return tuple(good), tuple(moved)


def _progress(problem: Problem, after: str, failure: SyntaxFailure) -> bool:
    """Return whether Python gets further: to a later phase, to fewer unclosed openers, or closer to the end.

    Positions are counted from the end, since the edit is before them.
    """
    before = problem.failure
    if "expected an indented block" in failure.message and "expected an indented block" not in before.message:
        return failure.line >= before.line
    if _phase(failure) != _phase(before):
        return _phase(failure) > _phase(before) or failure.line > before.line
    closer = len(after) - failure.position < len(problem.source) - before.position
    if not problem.listing.unclosed and not _OPEN.search(failure.message):
        return closer
    open_now, open_before = len(lex(after).unclosed), len(problem.listing.unclosed)
    if _OPEN.search(failure.message):
        return failure.line != before.line or (open_now <= open_before and failure.message != before.message)
    return closer or (open_now < open_before and failure.position >= before.position)


def _phase(failure: SyntaxFailure) -> int:
    """Return which phase rejected the source: 0 for the tokenizer, 1 for the parser, 2 for the compiler."""
    return 2 if failure.late else 0 if _TOKENIZER.match(failure.message) else 1


def _further(
    first: Diagnosis, line: int, slips: Sequence[Slip], budget: _Budget, known: frozenset[str]
) -> Diagnosis | None:
    """Repair what the first repair uncovers, each by its likeliest reading; return None if that fails."""
    alternative, weight = first.reading.alternatives[0], first.reading.weight
    reasons, codes, source = [alternative.why], [first.slip.code], alternative.after
    for _ in range(_MOST_STEPS):
        failure = attempt(source)
        if failure is None or budget.spent or len(dict.fromkeys(codes)) > _MOST_ERRORS:
            break
        following = _following(Problem(source, failure, known), slips, budget)
        if following is None:
            return None
        code, lighter, alternative = following
        source, weight = alternative.after, min(weight, lighter) - _LOSS
        codes.append(code)
        if alternative.why not in reasons:
            reasons.append(alternative.why)
    if attempt(source) is not None:
        return None
    repaired = replace(alternative, after=source, why=" ".join(reasons))
    return first.but(alternatives=(repaired,), weight=max(weight, 0.35))


def _following(
    problem: Problem, slips: Sequence[Slip], budget: _Budget
) -> tuple[str, float, Alternative] | None:
    """Return the code, weight and repair of the next error, one that compiles if there is any."""
    whole, partial = _tried(problem, slips, budget)
    options = _merged(problem, whole, search(problem) if not whole else ())
    if options:
        best = options[0]
        if not partial or partial[0].reading.weight <= best.weight:
            return best.slip.code, best.weight, best.alternative
    if partial:
        first = partial[0]
        return first.slip.code, first.reading.weight, first.reading.alternatives[0]
    return None


@dataclass(frozen=True)
class SyntaxRule:
    """One slip as a rule: it is weighed against all `slips`, and against the search."""

    slip: Slip
    slips: tuple[Slip, ...]

    @property
    def code(self) -> str:
        return self.slip.code

    @property
    def on(self) -> tuple[str, ...]:
        return _SYNTAX_ERRORS

    @property
    def lesson(self) -> str:
        return self.slip.lesson

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        """Yield what this slip says about the failing cell; raise what the slip raised."""
        raised = case.raised
        if raised is None or raised.ename not in _SYNTAX_ERRORS or attempt(case.cell.source) is None:
            return
        known = frozenset(item.name for item in case.namespace)
        examination = diagnose(case.cell.source, self.slips, known)
        if self.code in examination.crashes:
            raise examination.crashes[self.code].with_traceback(None)
        for diagnosis in examination.found:
            if diagnosis.slip.code == self.code:
                yield _suspicion(case, diagnosis.reading)


def _suspicion(case: Case, item: Reading) -> Suspicion:
    source = case.cell.source
    failure = attempt(source)
    line = failure.line if failure is not None else 1
    proof = _PROOF.format(before=plain(source), after=plain(item.alternatives[0].after))
    proof += f"line_of_error(before) == {line} and line_of_error(after) is None\n"
    prediction = f"Python stops at line {line} of the cell; with this repair the cell compiles."
    return Suspicion(
        claim=item.claim,
        prediction=prediction,
        checks=(Check(source=proof),),
        repairs=tuple(
            Repair(edits=(CellEdit(cell=case.cell.id, before=source, after=one.after),), why=one.why)
            for one in item.alternatives
            if attempt(one.after) is None  # what only gets further explains but does not repair
        ),
        cell=case.cell.id,
        lineno=line,
        weight=item.weight,
    )

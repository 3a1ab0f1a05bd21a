"""From slips to suspicions: what each slip proposes is tried, and mended further where a second error
follows."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Case
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion
from cot_magic.reasoners.offline.syntax.lexer import lex, line_starts, plain
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    SyntaxFailure,
    attempt,
    meaning,
)

_MOST_REPAIRS = 8  # over all readings of one failure
_MOST_ERRORS = 3  # kinds of errors that are mended one behind the other
_MOST_STEPS = 12  # repetitions of one kind of error
_CHARACTERS = 700_000  # sources compiled while one failure is diagnosed, in characters
_CLOSE = 0.1  # readings whose weights differ by less are rivals
_SHORT = 600  # characters: shorter sources are compiled whole at once
_LONG = 3000  # characters: of longer sources only the part around the failure is looked at, if that will do
_AROUND = 25  # lines above and below it
_LOSS = 0.02  # of weight for each further repair
_OPEN = re.compile("never closed|unterminated")
_TOKENISER = re.compile(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A reading of a slip with the options that hold up."""

    slip: Slip
    reading: Reading


class _Budget:
    """Compilations that are left: by characters, so that a long cell takes no longer than a short one."""

    def __init__(self) -> None:
        self.left = _CHARACTERS

    def attempt(self, problem: Problem, after: str) -> SyntaxFailure | None:
        """Compile an edited source; what stands above the failing statement and was not edited is left out as
        long as the rest fails."""
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
    """Where a statement at the margin begins that stands safely before the failure and before the edit."""
    if problem.failure.late or len(after) < _SHORT:
        return 0
    limit = problem.failure.position
    starts = [place for place in problem.margins if place <= limit]
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        if after.startswith(problem.source[: starts[middle]]):
            low = middle + 1
        else:
            high = middle
    return starts[low - 2] if low > 1 else 0  # one earlier, since the last may be a block without a header


def diagnose(
    source: str,
    slips: Sequence[Slip],
    last: Sequence[Slip] = (),
    known: frozenset[str] = frozenset(),
) -> tuple[Diagnosis, ...]:
    """What may be wrong in a source that does not compile, likeliest first; `last` is asked if nothing else
    helps.

    A reading stays certain only if no other of about its weight leads to another tree.
    """
    return _diagnose(source, tuple(slips), tuple(last), known)


@functools.lru_cache(maxsize=32)
def _diagnose(
    source: str, slips: tuple[Slip, ...], last: tuple[Slip, ...], known: frozenset[str]
) -> tuple[Diagnosis, ...]:
    failure = attempt(source)
    if failure is None:
        return ()
    problem = Problem(source, failure, known)
    if len(source) > _LONG and not failure.late:
        found = _in_excerpt(problem, slips, last)
        if found:
            return found
    return _whole(problem, slips, last)


def _in_excerpt(problem: Problem, slips: tuple[Slip, ...], last: tuple[Slip, ...]) -> tuple[Diagnosis, ...]:
    """The findings for the statements around the failure of a long cell; none if the trouble is not only "
    "there."""
    source, line = problem.source, problem.failure.line
    starts = problem.listing.starts
    before = [place for place in problem.margins if place <= starts[max(line - _AROUND, 0)]]
    behind = [place for place in problem.margins if place >= starts[min(line + _AROUND, len(starts) - 1)]]
    low, high = before[-1] if before else 0, behind[0] if behind else len(source)
    blank = "\n" * (len(line_starts(source[:low])) - 2)  # keeps the numbers of the lines
    excerpt = blank + source[low:high]
    failure = attempt(excerpt)
    if failure is None or failure.message != problem.failure.message or attempt(source[high:]) is not None:
        return ()
    findings = []
    for finding in _whole(Problem(excerpt, failure, problem.names), slips, last):
        options = tuple(
            replace(option, after=source[:low] + option.after[len(blank) :] + source[high:])
            for option in finding.reading.options
            if option.after.startswith(blank)
        )
        if options:
            findings.append(replace(finding, reading=replace(finding.reading, options=options)))
    complete = bool(findings) and attempt(findings[0].reading.options[0].after) is None
    return tuple(findings) if complete else ()


def _whole(problem: Problem, slips: tuple[Slip, ...], last: tuple[Slip, ...]) -> tuple[Diagnosis, ...]:
    budget = _Budget()
    whole, partial = _tried(problem, slips, budget)
    best = whole[0].reading.weight if whole else 0.0
    for finding in partial[:3]:
        if finding.reading.weight > best and not budget.spent:
            further = _further(finding, problem.failure.line, slips, budget, problem.known)
            if further is not None:
                whole.append(further)
    if not whole and last:
        whole, _ = _tried(problem, last, budget)
    if not whole:
        partial = [
            replace(item, reading=replace(item.reading, certain=False, weight=0.2)) for item in partial
        ]
        return tuple(partial[:1])
    return _ranked(whole)


def _tried(
    problem: Problem, slips: Sequence[Slip], budget: _Budget
) -> tuple[list[Diagnosis], list[Diagnosis]]:
    """Readings with an option that compiles, and those that only move the error further down."""
    proposals = [(slip, item) for slip in slips for item in slip.find(problem)]
    proposals.sort(key=lambda pair: -pair[1].weight)
    whole: list[Diagnosis] = []
    partial: list[Diagnosis] = []
    for slip, item in proposals:
        good, moved = [], []
        for option in item.options:
            if budget.spent or option.after == problem.source:
                continue
            failure = budget.attempt(problem, option.after)
            if failure is None:
                good.append(option)
            elif _progress(problem, option.after, failure):
                moved.append(option)
        if good:
            whole.append(Diagnosis(slip=slip, reading=replace(item, options=tuple(good))))
        if moved:
            partial.append(Diagnosis(slip=slip, reading=replace(item, options=tuple(moved[:1]))))
        if whole and whole[0].reading.certain and whole[0].reading.weight - item.weight > _CLOSE:
            break
    return whole, partial


def _progress(problem: Problem, after: str, failure: SyntaxFailure) -> bool:
    """Whether Python gets further: into a later phase, to fewer unclosed brackets, or closer to the end.

    Positions are counted from the end, since the edit stands before it.
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
    """0 for what the tokeniser refuses, 1 for the parser, 2 for the compiler."""
    return 2 if failure.late else 0 if _TOKENISER.match(failure.message) else 1


def _further(
    finding: Diagnosis, line: int, slips: Sequence[Slip], budget: _Budget, known: frozenset[str]
) -> Diagnosis | None:
    """Mend what comes to light behind the first repair, each time by the likeliest reading."""
    option, weight, certain = finding.reading.options[0], finding.reading.weight, finding.reading.certain
    reasons, codes, source = [option.why], [finding.slip.code], option.after
    for _ in range(_MOST_STEPS):
        found = attempt(source)
        if found is None or budget.spent or len(dict.fromkeys(codes)) > _MOST_ERRORS:
            break
        whole, partial = _tried(Problem(source, found, known), slips, budget)
        following = max([*whole, *partial[:2]], key=lambda item: item.reading.weight, default=None)
        if following is None:
            return None
        option = following.reading.options[0]
        source, weight = option.after, min(weight, following.reading.weight) - _LOSS
        elsewhere = found.line != line or following.slip.code == finding.slip.code
        certain = certain and elsewhere and following.reading.certain and len(following.reading.options) == 1
        line = found.line
        codes.append(following.slip.code)
        if option.why not in reasons:
            reasons.append(option.why)
    if attempt(source) is not None:
        return None
    mended = replace(option, after=source, why=" ".join(reasons))
    return replace(
        finding,
        reading=replace(finding.reading, options=(mended,), weight=max(weight, 0.35), certain=certain),
    )


def _ranked(findings: list[Diagnosis]) -> tuple[Diagnosis, ...]:
    findings.sort(key=lambda item: -item.reading.weight)
    seen: set[str] = set()
    kept: list[Diagnosis] = []
    count = 0
    for finding in findings:
        options = []
        for option in finding.reading.options:
            tree = meaning(option.after)
            if tree is not None and tree not in seen and count < _MOST_REPAIRS:
                seen.add(tree)
                options.append(option)
                count += 1
        if options:
            sure = finding.reading.certain and len(options) == 1
            kept.append(
                replace(finding, reading=replace(finding.reading, options=tuple(options), certain=sure))
            )
    if not kept:
        return ()
    top = kept[0].reading
    if top.certain:
        rivals = [item for item in kept[1:] if top.weight - item.reading.weight <= _CLOSE]
        if not rivals:
            return (kept[0],)
    return tuple(replace(item, reading=replace(item.reading, certain=False)) for item in kept)


@dataclass(frozen=True)
class SyntaxRule:
    """One slip as a rule; `slips` are all that are weighed against it, `last` those asked if none "
    "helps."""

    slip: Slip
    slips: tuple[Slip, ...]
    last: tuple[Slip, ...] = ()

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
        """Readings of the failing cell as this kind of slip."""
        raised = case.raised
        if raised is None or raised.ename not in _SYNTAX_ERRORS or attempt(case.cell.source) is None:
            return
        known = frozenset(item.name for item in case.namespace)
        for finding in diagnose(case.cell.source, self.slips, self.last, known):
            if finding.slip.code == self.slip.code:
                yield _suspicion(case, finding.reading)


def _suspicion(case: Case, item: Reading) -> Suspicion:
    source = case.cell.source
    failure = attempt(source)
    line = failure.line if failure is not None else 1
    proof = _PROOF.format(before=plain(source), after=plain(item.options[0].after))
    if item.certain:
        proof += f"line_of_error(before) == {line} and line_of_error(after) is None\n"
        prediction = f"Python stops at line {line} of the cell as it is, and nowhere once this is mended."
    else:
        # no True or False: that the edited cell compiles does not show that it is what was meant
        proof += '"the edit compiles" if line_of_error(after) is None else "the edit does not compile"\n'
        prediction = (
            f"The edited cell compiles, which it did not at line {line}; other readings may compile too."
        )
    return Suspicion(
        claim=item.claim,
        prediction=prediction,
        checks=(Check(source=proof),),
        repairs=tuple(
            Repair(edits=(CellEdit(cell=case.cell.id, before=source, after=option.after),), why=option.why)
            for option in item.options
            if attempt(option.after) is None  # one that only gets further explains, but mends nothing
        ),
        cell=case.cell.id,
        lineno=line,
        weight=item.weight,
    )

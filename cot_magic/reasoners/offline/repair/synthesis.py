"""Expressions for what is returned, made bottom-up from values: what gives the expected results, and when.

Terms that have equal values wherever they are looked at count as one (Udupa et al., *TRANSIT*, PLDI 2013); a
condition is only looked for when what it guards would be right (Long and Rinard, *Staged program repair
with condition synthesis*, ESEC/FSE 2015).
"""

import ast
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from cot_magic.reasoners.offline.repair.drafts import Context, Drafts, Function
from cot_magic.reasoners.offline.repair.tables import CHANGERS

MOST_TERMS, MOST_FIRST = 6_000, 60
MOST_RESULTS, MOST_TESTS = 4, 6
EACH = 0.3  # what each part of a term costs
RETURNED = 0.2  # the size of what is returned now
AS_DATA = 1.0  # how much larger a sum or difference is of data with a number or with an index
TESTED = 1.5  # the least size of an expression in a condition: a variable is likelier
THRESHOLD = 2.0  # how much larger a condition is that compares data with a number from nowhere
DATA = (int, float, str, list, tuple, dict, set)
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod,
}  # fmt: skip
COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
UNARY: Mapping[str, Callable[[Any], Any]] = {"len": len, "sum": sum, "max": max, "min": min, "abs": abs}


@dataclass(frozen=True, slots=True)
class Term:
    """An expression, how many parts it has, and its value in each context."""

    size: float
    text: str
    atomic: bool
    values: tuple[Any, ...]

    @property
    def operand(self) -> str:
        return self.text if self.atomic else f"({self.text})"


@dataclass(slots=True)
class Terms:
    """The terms found so far, the smallest of those with equal values."""

    found: dict[str, Term] = field(default_factory=dict)
    indices: Set[str] = frozenset()

    def put(self, size: float, text: str, values: Iterator[Any], *, atomic: bool = True) -> None:
        """Add a term, unless computing its values raises."""
        try:
            term = Term(size, text, atomic, tuple(values))
            key = f"{self.counts(text)}{term.values!r}"
        except Exception:  # not an expression for these values
            return
        known = self.found.get(key)
        if len(key) < 2_000 and (known is None or size < known.size):
            self.found[key] = term

    def counts(self, text: str) -> bool:
        """Whether it is made of numbers and indices alone: no datum, even one that it equals here."""
        return text.startswith("len(") or ("[" not in text and _names(text) <= self.indices)

    def best(self, most: int) -> list[Term]:
        return sorted(self.found.values(), key=lambda term: term.size)[:most]


def synthesised(drafts: Drafts, function: Function) -> None:
    """For each `return` after which a check fails: another expression, also with a condition for it."""
    mine = [context for context in drafts.hints.contexts if context.function == function.name]
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None and drafts.alone(node):
            here = [item for item in mine if node.lineno <= item.line <= (node.end_lineno or node.lineno)]
            failing = [item for item in here if not item.passed]
            if failing:
                drafts.at(node, 1.0)
                passing = [item for item in here if item.passed]
                _returned(drafts, node, drafts.text(node.value), failing, passing)


def _returned(
    drafts: Drafts, node: ast.Return, old: str, failing: Sequence[Context], passing: Sequence[Context]
) -> None:
    first = _first(drafts, old, [*failing, *passing])
    wrong = len(failing)
    results = _matching(_deeper(first, wrong, drafts.indices), [item.expected for item in failing])
    if wrong == 1:  # a number would be the answer to one question
        results = [term for term in results if not term.text.isdigit()]
    where = [True] * wrong + [False] * len(passing)
    tests = _tests(first, where, drafts.indices) if passing and results else []
    indent = drafts.indentation(node)
    data = _names(old) - drafts.indices
    other = {id(term): AS_DATA * bool(data and data.isdisjoint(_names(term.text))) for term in results}
    results.sort(key=lambda term: term.size + other[id(term)])
    for result in results[:MOST_RESULTS]:
        cost = EACH * (result.size + other[id(result)])
        if len(failing) > 1:
            drafts.add("synth", node, f"return {result.text}", cost)
        for test in tests:
            start = drafts.lines(node)[0]
            new = f"{indent}if {test.text}:\n{indent}    return {result.text}\n"
            drafts.add("synth", (start, start), new, cost + EACH * test.size)


def _first(drafts: Drafts, old: str, contexts: Sequence[Context]) -> list[Term]:
    """The variables, small numbers and expressions of the function, above all what is returned now."""
    terms = Terms(indices=drafts.indices)
    for number in dict.fromkeys([0, 1, 2, *drafts.ints[:4]]):
        terms.put(0.5, repr(number), iter([number] * len(contexts)))
    names = [name for name in drafts.names if all(isinstance(c.values.get(name), DATA) for c in contexts)]
    for name in names:
        terms.put(1, name, (context.values[name] for context in contexts))
    beside = old.partition("[")[0]
    own = [(text, RETURNED if text == old else 1.0) for text in drafts.expressions]
    own += [(text, 1.0 if text.partition("[")[0] == beside else 1.5) for text in drafts.near]
    for text, size in own:
        node = ast.parse(text, mode="eval").body
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        called = {
            n.func.attr
            for n in ast.walk(node)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
        }
        if used <= {*names, *UNARY} and called.isdisjoint(CHANGERS):
            atomic = isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute)
            code = compile(text, "<term>", "eval")
            terms.put(size, text, (eval(code, {}, dict(c.values)) for c in contexts), atomic=atomic)  # noqa: S307
    for term in [term for term in terms.found.values() if not term.text.isdigit()]:
        for name, function in UNARY.items():
            terms.put(term.size + 1.0, f"{name}({term.text})", map(function, term.values))
    return terms.best(MOST_FIRST)


def _names(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", text))


def _deeper(first: Sequence[Term], places: int, indices: Set[str]) -> Iterator[Term]:
    """Terms of up to three of the first ones, by their values in the first contexts."""
    terms = Terms(indices=indices)
    first = [Term(term.size, term.text, term.atomic, term.values[:places]) for term in first]
    for term in first:
        terms.put(term.size, term.text, iter(term.values), atomic=term.atomic)
    last: Sequence[Term] = first
    for _ in range(2):
        for one, other in itertools.islice(itertools.product(last, first), MOST_TERMS):
            for sign, function in ARITHMETIC.items():
                _combined(terms, one, other, sign, function)
            text = f"{one.operand}[{other.text}]"
            terms.put(one.size + other.size + 0.5, text, map(operator.getitem, one.values, other.values))
        last = [term for term in terms.best(MOST_TERMS) if isinstance(term.values[0], int | float | str)]
    return iter(terms.best(MOST_TERMS))


def _combined(terms: Terms, one: Term, other: Term, sign: str, function: Callable[[Any, Any], Any]) -> None:
    numbers = isinstance(one.values[0], int | float) and isinstance(other.values[0], int | float)
    if not numbers and sign != "+":  # a list times a number may be as large as memory
        return
    text = f"{one.operand} {sign} {other.operand}"
    if one.text.isdigit() and other.text.isdigit():
        return
    near = "1" in (one.text, other.text) and isinstance(one.values[0], int)
    learnt = sign in "+-" and not near and terms.counts(one.text) != terms.counts(other.text)
    size = one.size + other.size + 0.5 + AS_DATA * learnt
    terms.put(size, text, map(function, one.values, other.values), atomic=False)


def _matching(terms: Iterator[Term], wanted: Sequence[Any]) -> list[Term]:
    return [
        term
        for term in terms
        if all(_kind(mine) is _kind(right) and mine == right
               for mine, right in zip(term.values, wanted, strict=True))
    ]  # fmt: skip


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _tests(first: Sequence[Term], wanted: Sequence[bool], indices: Set[str]) -> list[Term]:
    """Conditions that hold in the failing contexts alone."""
    counts = {term.text: Terms(indices=indices).counts(term.text) for term in first}
    first = [
        term if term.text.isidentifier() or counts[term.text] else replace(term, size=max(term.size, TESTED))
        for term in first
    ]
    remainders, zero = Terms(), [term for term in first if term.text == "0"]
    for term, number in itertools.product(first, first):
        divides = number.text.isdigit() and number.text not in "01" and not term.text.isdigit()
        if divides and isinstance(term.values[0], int):
            _combined(remainders, term, number, "%", operator.mod)
    found: list[Term] = []
    pairs = [*itertools.product(first, first), *itertools.product(remainders.best(MOST_FIRST), zero)]
    for one, other in pairs:
        odd = not {one.text, other.text}.isdisjoint("123456789")
        odd |= "0" not in (one.text, other.text) and counts[one.text] != counts[other.text]
        ordered = all(isinstance(value, int | float) for value in (*one.values, *other.values))
        for sign, function in COMPARED.items() if ordered else list(COMPARED.items())[:2]:
            try:
                values = [bool(value) for value in map(function, one.values, other.values)]
            except Exception:  # values that have no order
                break
            if values == list(wanted):
                size = one.size + other.size + (THRESHOLD if odd else 0)
                found.append(Term(size, f"{one.text} {sign} {other.text}", False, ()))
    return sorted(found, key=lambda term: term.size)[:MOST_TESTS]

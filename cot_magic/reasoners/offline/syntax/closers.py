"""Closing brackets that close nothing."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.brackets import FUNCTIONS
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
    unique,
)

_CALLED = re.compile(
    r"(print|len|int|str|range|input|float|list|sum|max|min|abs|type|round|sorted|reversed|set|dict|tuple|bool|open"
    r"|format|append|join|split|strip|replace|read|write|extend|insert)(\w+)"
)


_CALLED_WITH_LIST = (
    "bytes",
    "bytearray",
    "list",
    "set",
    "sum",
    "max",
    "min",
    "len",
    "sorted",
    "print",
    "tuple",
    "array",
)


def _stray(problem: Problem) -> Iterator[Reading]:
    """A closer that closes nothing: one too many, or the opener is missing."""
    for index in problem.listing.stray[:2]:
        token = problem.tokens[index]
        opener = CLOSERS[token.text]
        low, high = problem.listing.statement(index)
        drop = (problem.drop(index), f"The `{token.text}` too many is left out.")
        called = _called(problem, low, index)
        insert = list(_openers(problem, index, opener, called))
        grouped = index + 1 < high and problem.text(index + 1) in ("*", "/", "**", "//", "%")
        if called:
            options = [*insert, drop]
        elif grouped or (token.text != ")" and _listed(problem, low, index)):
            options = [*reversed(insert), drop]
        else:
            options = [drop, *reversed(insert)]
        glued = list(_glued(problem, low, index, opener))
        options[1:1] = glued
        if _pair_meant(problem, low, index) and index - 1 in problem.listing.partner:
            at = problem.tokens[problem.listing.partner[index - 1]].end
            options.insert(1, (problem.put((at, at, opener)), f"`{opener}` makes one item of them."))
        extra = (
            problem.text(index - 1) in CLOSERS
            and not glued
            and not called
            and not grouped
            and not _pair_meant(problem, low, index)
            and _ends_line(problem, index, high)
        )
        yield reading(
            f"The `{token.text}` on line {token.line} closes nothing.",
            *unique(options[:1] if extra else options),
            weight=0.9,
            certain=extra or (bool(called) and problem.text(called[0]) in FUNCTIONS),
        )


def _called(problem: Problem, low: int, index: int) -> list[int]:
    """Names before the closer that an operand follows, as if they were called."""
    return [
        i
        for i in range(low, index - 1)
        if problem.tokens[i].kind is TokenKind.NAME
        and problem.text(i) not in KEYWORDS
        and problem.tokens[i].opener < 0
        and problem.starts_operand(i + 1)
        and problem.text(i + 1) != "not"
    ]


def _openers(problem: Problem, index: int, opener: str, called: list[int]) -> Iterator[tuple[str, str]]:
    """Sources with an opening bracket where one may have got lost."""
    for place in called[:2]:
        a, b = problem.tokens[place].end, problem.tokens[place + 1].start
        yield problem.put((a, b, opener)), f"`{opener}` opens the call behind `{problem.text(place)}`."
    low = problem.listing.statement(index)[0]
    first = low + (problem.text(low) in KEYWORDS - {"None", "True", "False"})
    signs = ("=", "+=", "return", "print")
    assign = [i for i in range(low, index) if problem.text(i) in signs and problem.tokens[i].opener < 0]
    for place in dict.fromkeys((first, assign[0] + 1 if assign else first)):
        if place < index:
            at = problem.tokens[place].start
            yield problem.put((at, at, opener)), f"`{opener}` opens a bracket in front."


def _listed(problem: Problem, low: int, index: int) -> bool:
    """Whether items or pairs outside of brackets stand before the closer."""
    return any(problem.text(i) in (",", ":") and problem.tokens[i].opener < 0 for i in range(low, index))


def _pair_meant(problem: Problem, low: int, index: int) -> bool:
    """Whether the bracket may have closed a tuple: `items.append(a, b))`, `"%s %s" % a, b))`."""
    opener = problem.listing.partner.get(index - 1, low)
    inside = [i for i in range(opener, index) if problem.tokens[i].opener == opener]
    loose = any(problem.text(i) == "," and problem.tokens[i].opener < 0 for i in range(low, index))
    single = problem.text(opener - 1) in (
        "append",
        "add",
        "set",
        "list",
        "tuple",
        "sum",
        "len",
        "dict",
        "array",
    )
    texts = [problem.text(i) for i in inside]
    return loose or ("," in texts and (single or "%" in texts))


def _glued(problem: Problem, low: int, high: int, opener: str) -> Iterator[tuple[str, str]]:
    """`printx)`: a well-known function whose opening bracket was left out."""
    for index in range(low, high):
        found = _CALLED.fullmatch(problem.text(index))
        if problem.text(index) in _CALLED_WITH_LIST and problem.text(index + 1) == "[":
            at = problem.tokens[index].end
            yield problem.put((at, at, opener)), f"`{opener}` opens the call of `{problem.text(index)}`."
        elif found is not None and problem.text(index) not in problem.names:
            at = problem.tokens[index].start + len(found[1])
            yield problem.put((at, at, opener)), f"`{opener}` opens the call of `{found[1]}`."


def _ends_line(problem: Problem, index: int, high: int) -> bool:
    """Whether only brackets or a header's colon follow."""
    return all(problem.text(i) in (*CLOSERS, ":") for i in range(index + 1, high))


SLIPS = (
    Slip(
        code="syntax.stray-closer",
        lesson="A closing bracket needs an opening one before it. Count them: for each opening one there "
        "is exactly "
        "one that closes.",
        find=_stray,
    ),
)

"""Parentheses, square brackets and braces: never opened, never closed, or closed by the wrong kind."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading, unique

_HEADERS = frozenset(
    {"if", "elif", "while", "for", "with", "def", "class", "except", "match", "case", "return", "async",
     "else", "lambda"}
)  # fmt: skip
_LOOSE = frozenset(
    {"+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "is",
     "not", "if", "else", "for", "&", "|", "^"}
)  # fmt: skip
_SPLITS = _LOOSE | {":", ",", "=", "."}
_MOST_LINES = 40
FUNCTIONS = ("print", "range", "len", "int", "input", "str")


def _is_call(problem: Problem, opener: int) -> bool:
    """Return whether the opener calls or indexes what is right before it."""
    return problem.ends_operand(opener - 1) and problem.touching(opener - 1)


def _unclosed(problem: Problem) -> Iterator[Reading]:
    for opener in problem.listing.unclosed[:3]:
        token = problem.tokens[opener]
        if token.start > problem.failure.end + 200 and "never closed" not in problem.message:
            continue
        closer = OPENERS[token.text]
        options = unique(_closings(problem, opener, closer))
        if not options:
            continue
        place = f"line {token.line}" if len(problem.listing.starts) > 2 else "the line"
        inner_end = problem.listing.partner.get(opener + 1, opener)
        line_end = problem.listing.on_line(problem.tokens[inner_end].line)[-1:]
        doubled = problem.text(opener + 1) == token.text and line_end == [inner_end]
        if doubled:
            options.insert(0, (problem.drop(opener), f"Remove one `{token.text}`."))
        several = len(_candidate_lines(problem, opener)) > 1
        sure = not doubled and not several and _one_way(problem, opener)
        yield reading(
            f"The `{token.text}` {_after(problem, opener)}on {place} is never closed.",
            *(options[:1] if sure else options[:6]),
            weight=0.9,
            certain=sure,
        )


def _after(problem: Problem, opener: int) -> str:
    return f"after `{problem.text(opener - 1)}` " if _is_call(problem, opener) else ""


def _closings(problem: Problem, opener: int, closer: str) -> Iterator[tuple[str, str]]:
    """Yield sources with the closer where it may belong: at ends of lines, then inside the line."""
    token = problem.tokens[opener]
    lines = _candidate_lines(problem, opener)
    for line in lines:
        indices = [i for i in problem.listing.on_line(line) if i > opener]
        if not indices:
            if line == token.line:
                yield problem.put((token.end, token.end, closer)), f"Add `{closer}` right after it."
            continue
        last = indices[-1]
        for stop in _tails(problem, opener, indices):
            at = problem.tokens[stop].end
            where = (
                f"at the end of line {line}"
                if stop == last
                else f"after `{problem.text(stop)}` on line {line}"
            )
            yield problem.put((at, at, closer)), f"Add `{closer}` {where}."
    for stop in _inner_ends(problem, opener):
        at = problem.tokens[stop].end
        yield problem.put((at, at, closer)), f"Add `{closer}` after `{problem.text(stop)}`."


def _candidate_lines(problem: Problem, opener: int) -> list[int]:
    """Return the lines at whose end the closer may belong, best first: before what looks like a statement."""
    listing, token = problem.listing, problem.tokens[opener]
    base = len(listing.indent(token.line))
    followers = []
    line = token.line
    for following in range(token.line + 1, min(token.line + _MOST_LINES, len(listing.starts))):
        if not listing.on_line(following):
            continue
        if (
            len(listing.indent(following)) <= base
            and problem.text(listing.on_line(following)[0]) not in CLOSERS
        ):
            break
        line = following
        followers.append(following)
    inner = [i for i in listing.on_line(token.line) if i > opener]
    header = problem.text(listing.on_line(token.line)[0]) in _HEADERS
    if not inner or (problem.text(inner[-1]) in (",", "(", "[", "{") and not header):
        return list(dict.fromkeys((line, *followers, token.line)))
    if problem.text(inner[-1]) in (*_LOOSE, "="):
        return list(dict.fromkeys((*followers, token.line)))
    if problem.text(inner[-1]) == ":" and header:
        return list(dict.fromkeys((token.line, line, *followers)))
    return list(dict.fromkeys((line, token.line, *followers)))


def _tails(problem: Problem, opener: int, indices: list[int]) -> Iterator[int]:
    """Yield the tokens that the closer may follow: before a header's colon, a trailing comma, or the last."""
    last = indices[-1]
    enclosing = problem.tokens[opener].opener
    if (
        problem.text(last) in (":", "{")
        and problem.text(problem.listing.on_line(problem.tokens[opener].line)[0]) in _HEADERS
    ):
        if last - 1 >= opener:
            yield last - 1
        yield last
        return
    outer_closers = last
    while (
        outer_closers > opener
        and problem.text(outer_closers) in CLOSERS
        and (problem.listing.partner.get(outer_closers, opener) < opener)
    ):
        outer_closers -= 1
    if outer_closers != last:
        yield outer_closers
    if problem.text(last) == "," and enclosing >= 0:
        yield last - 1
    yield last
    if problem.text(last) == "," and enclosing < 0:
        yield last - 1
    colon = next((i for i in reversed(indices) if problem.text(i) == ":" and i > opener), None)
    if colon is not None:
        yield colon - 1


def _inner_ends(problem: Problem, opener: int) -> Iterator[int]:
    """Yield the last tokens of operands on the opener's line."""
    line = problem.tokens[opener].line
    for index in problem.listing.on_line(line):
        if index > opener and problem.ends_operand(index) and problem.text(index + 1) in _SPLITS:
            yield index


def _one_way(problem: Problem, opener: int) -> bool:
    """Return whether everything on the line must be inside."""
    line = problem.tokens[opener].line
    inner = [i for i in problem.listing.on_line(line) if i > opener]
    alone = problem.text(opener - 1) in ("=", "return") or opener == problem.listing.on_line(line)[0]
    depth_zero = [problem.text(i) for i in inner if problem.tokens[i].opener == opener]
    if any(problem.tokens[i].opener > opener and problem.text(i) in _LOOSE for i in inner):
        return False  # an inner closer may have been meant to come earlier
    print_call = problem.text(opener - 1) == "print"
    if _item_at_end(problem, opener, inner):
        return False
    if alone or print_call:
        operators = {text for text in depth_zero if text in _LOOSE}
        return not operators & {"if", "for", ":"} and (print_call or len(operators) <= 1)
    return not any(text in _LOOSE | {"=", "."} for text in depth_zero) and depth_zero.count(":") <= 1


def _item_at_end(problem: Problem, opener: int, inner: list[int]) -> bool:
    """Return whether the line ends with an index that may belong to the result, as in `f(x[0]`."""
    if not inner or problem.text(inner[-1]) != "]" or not _is_call(problem, opener):
        return False
    partner = problem.listing.partner.get(inner[-1], opener)
    return inner[-1] - partner == 2


def _crossed(problem: Problem) -> Iterator[Reading]:
    """`(1, 2]` and `[(1, 2]`."""
    for index in problem.listing.crossed[:2]:
        token = problem.tokens[index]
        opener = token.opener
        if opener < 0:
            continue
        opened, wanted = problem.tokens[opener], OPENERS[problem.text(opener)]
        outer = opened.opener
        while outer >= 0 and OPENERS[problem.text(outer)] != token.text:
            outer = problem.tokens[outer].opener
        claim = (
            f"`{token.text}` on line {token.line} does not match the `{opened.text}` on line {opened.line}."
        )
        replace_closer = (problem.swap(index, wanted), f"Replace `{token.text}` with `{wanted}`.")
        replace_opener = (
            problem.swap(opener, CLOSERS[token.text]),
            f"Replace `{opened.text}` with `{CLOSERS[token.text]}`.",
        )
        if outer >= 0:
            yield _missing_inner(problem, index, opener, claim, replace_closer)
            continue
        fixed = _is_call(problem, opener) and problem.text(opener - 1) in FUNCTIONS
        options = [replace_closer, replace_opener, (problem.drop(index), f"Remove `{token.text}`.")]
        if opened.text == "[" and token.text == ")" and problem.text(opener - 1) in FUNCTIONS:
            options = [replace_opener]
            fixed = True
        if opened.text == "{" or (_is_call(problem, opener) and token.text == "}"):
            fixed = fixed or token.text == "}"
        yield reading(claim, *(options[:1] if fixed else options), weight=0.9, certain=fixed)


def _missing_inner(
    problem: Problem, index: int, opener: int, claim: str, replace_closer: tuple[str, str]
) -> Reading:
    """The closer belongs to an outer opener: the inner one has no closer, or this is meant to be it."""
    wanted = OPENERS[problem.text(opener)]
    options = []
    if problem.tokens[index].line != problem.tokens[opener].line:
        inner = [i for i in problem.listing.on_line(problem.tokens[opener].line) if i > opener]
        if inner:
            stop = inner[-1] - 1 if problem.text(inner[-1]) == "," else inner[-1]
            at = problem.tokens[stop].end
            options.append((problem.put((at, at, wanted)), f"Add `{wanted}` after `{problem.text(stop)}`."))
    at = problem.tokens[index - 1].end
    if problem.text(index - 1) == ",":
        at = problem.tokens[index - 2].end
    options.append((problem.put((at, at, wanted)), f"Add `{wanted}` before `{problem.text(index)}`."))
    options.insert(0 if problem.text(index + 1) in CLOSERS else 1, replace_closer)
    options += [
        (
            problem.put((problem.tokens[i].end, problem.tokens[i].end, wanted)),
            f"Add `{wanted}` after `{problem.text(i)}`.",
        )
        for i in list(_inner_ends(problem, opener))[:3]
        if i < index
    ]
    return reading(claim, *unique(options), weight=0.9, certain=False)


_CALLED = re.compile(
    r"(print|len|int|str|range|input|float|list|sum|max|min|abs|type|round|sorted|reversed|set|dict|tuple|bool|open"
    r"|format|append|join|split|strip|replace|read|write|extend|insert)(\w+)"
)
_ONE_ARGUMENT = ("append", "add", "set", "list", "tuple", "sum", "len", "dict", "array")
_CALLED_WITH_LIST = (
    "bytes", "bytearray", "list", "set", "sum", "max", "min", "len", "sorted", "print", "tuple",
    "array",
)  # fmt: skip


def _stray(problem: Problem) -> Iterator[Reading]:
    """A closer without an opener: one too many, or the opener is missing."""
    for index in problem.listing.stray[:2]:
        token = problem.tokens[index]
        opener = CLOSERS[token.text]
        low, high = problem.listing.statement(index)
        drop = (problem.drop(index), f"Remove the extra `{token.text}`.")
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
            options.insert(1, (problem.put((at, at, opener)), f"Add `{opener}`, so that they are one item."))
        extra = (
            problem.text(index - 1) in CLOSERS
            and not glued
            and not called
            and not grouped
            and not _pair_meant(problem, low, index)
            and _ends_line(problem, index, high)
        )
        yield reading(
            f"The `{token.text}` on line {token.line} has no matching `{opener}`.",
            *unique(options[:1] if extra else options),
            weight=0.9,
            certain=extra or (bool(called) and problem.text(called[0]) in FUNCTIONS),
        )


def _called(problem: Problem, low: int, index: int) -> list[int]:
    """Return the names before the closer that are followed by an operand, as if they were called."""
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
    """Yield sources with the opener where it may be missing."""
    for place in called[:2]:
        a, b = problem.tokens[place].end, problem.tokens[place + 1].start
        yield problem.put((a, b, opener)), f"Add `{opener}` after `{problem.text(place)}`."
    low = problem.listing.statement(index)[0]
    first = low + (problem.text(low) in KEYWORDS - {"None", "True", "False"})
    signs = ("=", "+=", "return", "print")
    assign = [i for i in range(low, index) if problem.text(i) in signs and problem.tokens[i].opener < 0]
    for place in dict.fromkeys((first, assign[0] + 1 if assign else first)):
        if place < index:
            at = problem.tokens[place].start
            yield problem.put((at, at, opener)), f"Add `{opener}` before `{problem.text(place)}`."


def _listed(problem: Problem, low: int, index: int) -> bool:
    """Return whether items or pairs that nothing encloses come before the closer."""
    return any(problem.text(i) in (",", ":") and problem.tokens[i].opener < 0 for i in range(low, index))


def _pair_meant(problem: Problem, low: int, index: int) -> bool:
    """Return whether a tuple may be meant, as in `items.append(a, b))` and `"%s %s" % a, b))`."""
    opener = problem.listing.partner.get(index - 1, low)
    inside = [i for i in range(opener, index) if problem.tokens[i].opener == opener]
    loose = any(problem.text(i) == "," and problem.tokens[i].opener < 0 for i in range(low, index))
    single = problem.text(opener - 1) in _ONE_ARGUMENT
    texts = [problem.text(i) for i in inside]
    return loose or ("," in texts and (single or "%" in texts))


def _glued(problem: Problem, low: int, high: int, opener: str) -> Iterator[tuple[str, str]]:
    """`printx)`: a well-known function without its `(`."""
    for index in range(low, high):
        found = _CALLED.fullmatch(problem.text(index))
        if problem.text(index) in _CALLED_WITH_LIST and problem.text(index + 1) == "[":
            at = problem.tokens[index].end
            yield problem.put((at, at, opener)), f"Add `{opener}` after `{problem.text(index)}`."
        elif found is not None and problem.text(index) not in problem.names:
            at = problem.tokens[index].start + len(found[1])
            yield problem.put((at, at, opener)), f"Add `{opener}` after `{found[1]}`."


def _ends_line(problem: Problem, index: int, high: int) -> bool:
    """Return whether only closers or a header's colon follow."""
    return all(problem.text(i) in (*CLOSERS, ":") for i in range(index + 1, high))


SLIPS = (
    Slip(
        code="syntax.crossed-brackets",
        lesson="`(` is closed by `)`, `[` by `]` and `{` by `}`, and what was opened last is closed first.",
        find=_crossed,
    ),
    Slip(
        code="syntax.unclosed-bracket",
        lesson="Every `(`, `[` and `{` needs its `)`, `]` or `}`. If that is missing, Python reads on, so "
        "the message may point to a line further down.",
        find=_unclosed,
    ),
    Slip(
        code="syntax.stray-closer",
        lesson="Every `)`, `]` and `}` needs its `(`, `[` or `{` before it. Count them: there must be as "
        "many of the one as of the other.",
        find=_stray,
    ),
)

"""Mistakes in loops: words that are missing or come from other languages."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)


def _for(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    first = low + (problem.text(low) == "async")
    word = problem.text(first)
    if word in ("foreach", "For", "FOR"):
        yield reading(
            f"`{word}` is written `for`.",
            (problem.swap(first, "for"), "`for` begins the loop."),
            weight=0.96,
            certain=True,
        )
        return
    if word != "for":
        yield from _for_inside(problem)
        return
    yield from _c_style(problem, first, high)
    if problem.text(first + 1) in _FILLERS and problem.tokens[first + 2].kind is TokenKind.NAME:
        yield reading(
            f"`{problem.text(first + 1)}` has no place behind `for`.",
            (problem.drop(first + 1), "The loop's variable stands there alone."),
            weight=0.95,
            certain=True,
        )
    yield from _lost_in(problem, first, high)
    yield from _filtered(problem, first, high)
    yield from _unparenthesised_for(problem, first, high)
    yield from _dotted_range(problem, first, high)


_FILLERS = ("each", "int", "var", "let", "const", "auto", "every", "all")
# Words that stand where `in` belongs; behind those of the second line something else may be meant.
_FOR_IN = ("of", "on", "im", "ni", "inn", "iN", "In", "IN", "within", "en", "through")
_LOOSELY = ("form", "from", "to", "is", ":", "=", "at")


def _lost_in(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for x xs:`, `for x of xs:`, `for in xs:`, `for range(3):`"""
    name = first + 1
    has_in = any(problem.text(i) == "in" for i in range(first, high))
    if problem.text(name) in ("in", "range") and has_in == (problem.text(name) == "in"):
        at = problem.tokens[name].start
        rest = "" if has_in else "in "
        variable = _variable(problem, high)
        options = [(problem.put((at, at, f"{variable} {rest}")), f"The variable is called `{variable}`.")]
        options.append((problem.put((at, at, f"_ {rest}")), "`_` is a variable that nobody reads."))
        yield reading("The loop has no variable.", *options, weight=0.85)
        return
    if has_in or problem.tokens[name].kind is not TokenKind.NAME:
        return
    end = name
    while problem.text(end + 1) == "," and problem.ends_operand(end + 2):
        end += 2
    following, at = problem.text(end + 1), problem.tokens[end].end
    if following in (*_FOR_IN, *_LOOSELY):
        if following == ":" and problem.header_end(end + 2, high) is None:
            return
        after = problem.put((at, problem.tokens[end + 1].end, " in"))
        claim, sure = f"`{following}` stands where `in` belongs.", following in _FOR_IN
        yield reading(claim, (after, "`in` stands between variable and values."), weight=0.95, certain=sure)
    elif problem.starts_operand(end + 1) or following in ("(", "["):
        after = problem.put((at, problem.tokens[end + 1].start, " in "))
        claim = "In the loop the word `in` is missing."
        yield reading(claim, (after, "`in` stands between variable and values."), weight=0.96, certain=True)


def _filtered(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for x in xs if x > 0:`"""
    word = next(
        (i for i in range(first, high) if problem.text(i) == "if" and problem.tokens[i].opener < 0), None
    )
    colon = problem.header_end(first, high)
    if word is None or colon != high - 1 or any(problem.text(i) == "else" for i in range(word, high)):
        return
    lines = problem.lines
    here = problem.tokens[first].line
    margin = len(problem.listing.indent(here))
    end = here
    while end < len(lines) and (
        not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin
    ):
        end += 1
    indent, text = " " * margin, problem.listing.line_text(here)
    at = problem.tokens[word].start - problem.listing.starts[here - 1]
    head = [f"{text[:at].rstrip()}:", f"{indent}    {text[at:]}"]
    body = [f"    {line}" if line.strip() else line for line in lines[here:end]]
    yield reading(
        "A loop takes no condition in its first line.",
        (
            "\n".join([*lines[: here - 1], *head, *body, *lines[end:]]),
            "The condition stands inside the loop.",
        ),
        weight=0.88,
    )


def _variable(problem: Problem, high: int) -> str:
    """A name that the body uses and nobody binds, else `i`."""
    bound = problem.names
    for index in range(high, min(high + 60, len(problem.tokens))):
        token = problem.tokens[index]
        if (
            token.kind is TokenKind.NAME
            and token.text not in KEYWORDS
            and token.text not in bound
            and len(token.text) <= 2
        ):
            return token.text
    return "i"


def _unparenthesised_for(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for (x in xs):`"""
    if problem.text(first + 1) != "(":
        return
    closer = problem.listing.partner.get(first + 1)
    if closer is None or not any(
        problem.text(i) == "in" and problem.tokens[i].opener == first + 1 for i in range(first, closer)
    ):
        return
    inside = problem.between(first + 2, closer)
    space = "" if problem.source[problem.tokens[first].end] == " " else " "
    after = problem.put((problem.tokens[first + 1].start, problem.tokens[closer].end, space + inside))
    if problem.text(closer + 1) not in (":", "{") and problem.text(closer + 1) != "":
        after = problem.put(
            (problem.tokens[first + 1].start, problem.tokens[closer].end, f"{space}{inside}:")
        )
    yield reading(
        "Python's loop takes no brackets around variable and values.",
        (after, "The brackets are left out."),
        weight=0.95,
        certain=True,
    )


def _dotted_range(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    text = problem.between(first, high)
    found = re.match(
        r"for\s+(\w+)\s*(?:in|=|from)\s*\(?\s*(-?\w+)\s*(?:\.\.\.?|to|:|,\s*\.\.\.\s*,)\s*([\w()]+?)\s*\)?\s*(?:do|then)?\s*(?=:\s*$|\s*$|:\s)",
        text,
    )
    if found is None:
        return
    start = problem.tokens[first].start
    head = f"for {found[1]} in range({found[2]}, "
    rest = text[found.end() :] or ":"
    last = found[3]
    inclusive = str(int(last) + 1) if last.isdigit() else f"{last} + 1"
    yield reading(
        "A range of numbers is written `range(first, end)`, and the end is not part of it.",
        (
            problem.put((start, start + len(text), f"{head}{inclusive}){rest}")),
            f"The loop runs up to {last}.",
        ),
        (problem.put((start, start + len(text), f"{head}{last}){rest}")), f"The loop ends before {last}."),
        weight=0.9,
    )


def _c_style(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for (i = 0; i < n; i++)`"""
    text = problem.between(first, high)
    found = re.match(
        r"for\s*\(?\s*(?:int |let |var "
        r")?\s*(\w+)\s*=\s*([^;,]+?)\s*[;,]\s*\1\s*(<=?|>=?|!=)\s*([^;,]+?)\s*[;,]\s*"
        r"(?:\1\s*(\+\+|--)|(\+\+|--)\s*\1|\1\s*([+-])=\s*(\w+)|\1\s*=\s*\1\s*([+-])\s*(\w+))\s*\)?\s*:?\s*\{?",
        text,
    )
    if found is None:
        return
    name, begin, sign, end = found[1], found[2], found[3], found[4]
    down = "-" in (found[5] or found[6] or found[7] or found[9] or "+")
    step = found[8] or found[10] or "1"
    if sign in ("<=", ">="):
        end = (
            str(int(end) + (-1 if down else 1))
            if end.lstrip("-").isdigit()
            else f"{end} {'-' if down else '+'} 1"
        )
    arguments = f"{begin}, {end}" if begin != "0" or down or step != "1" else end
    if down or step != "1":
        arguments += f", {'-' if down else ''}{step}"
    start = problem.tokens[first].start
    new = f"for {name} in range({arguments}):"
    yield reading(
        "Python's `for` goes through values and takes no counter with semicolons.",
        (problem.put((start, start + found.end(), new)), f"`{new}` counts in the same way."),
        weight=0.97,
        certain=True,
    )


def _for_inside(problem: Problem) -> Iterator[Reading]:
    """A comprehension without `in`: `[x for x xs]`."""
    low, high = problem.statement
    for index in range(low, high - 2):
        if (
            problem.text(index) == "for"
            and not problem.tokens[index].first
            and problem.tokens[index + 1].kind is TokenKind.NAME
        ):
            end = index + 1
            while problem.text(end + 1) == "," and problem.ends_operand(end + 2):
                end += 2
            if problem.text(end + 1) == "of":
                yield reading(
                    "`of` stands where `in` belongs.",
                    (problem.swap(end + 1, "in"), "`in` stands there."),
                    weight=0.95,
                    certain=True,
                )
            elif problem.starts_operand(end + 1) and problem.text(end + 2) != "in":
                at = problem.tokens[end].end
                yield reading(
                    "Behind `for` the word `in` is missing.",
                    (problem.put((at, at, " in")), "`in` stands between variable and values."),
                    weight=0.93,
                    certain=True,
                )


def _while_until(problem: Problem) -> Iterator[Reading]:
    """`until x:`, `unless x:`, `repeat 3:`, `loop:`, `if x = y then`."""
    low, high = problem.statement
    word = problem.text(low)
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    test = problem.between(low + 1, end)
    close = "" if colon is not None else ":"
    if word in ("until", "unless") and test:
        new = "while" if word == "until" else "if"
        simple = re.fullmatch(r"[\w.]+(\(.*\))?", test)
        negated = f"not {test}" if simple else f"not ({test})"
        yield reading(
            f"`{word}` is no word of Python.",
            (problem.swap(low, f"{new} {negated}{close}", end - 1), f"`{new} not` says the same."),
            weight=0.93,
            certain=True,
        )
    elif word in ("repeat", "loop") and problem.tokens[low].first:
        if problem.tokens[low + 1].kind in (TokenKind.NUMBER, TokenKind.NAME) if low + 1 < end else False:
            yield reading(
                f"`{word}` is no word of Python.",
                (problem.swap(low, f"for _ in range({test}){close}", end - 1), "`for` with `range` repeats."),
                weight=0.9,
            )
        elif colon == low + 1 or (word == "loop" and end == low + 1):
            yield reading(
                f"`{word}` is no word of Python.",
                (problem.swap(low, "while True"), "`while True` repeats for ever."),
                weight=0.85,
            )


SLIPS = (
    Slip(
        code="syntax.for-loop",
        lesson="A loop is written `for variable in values:`. Numbers to count with come from `range`.",
        find=_for,
    ),
    Slip(
        code="syntax.foreign-loop",
        lesson="Python has two kinds of loops, `for` and `while`. Other languages have more words for them.",
        find=_while_until,
    ),
)

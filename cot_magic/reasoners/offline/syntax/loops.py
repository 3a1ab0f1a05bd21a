"""Mistakes in loops: missing keywords, and loops from other languages."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading


def _for(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    first = low + (problem.text(low) == "async")
    word = problem.text(first)
    if word in ("foreach", "For", "FOR"):
        yield reading(
            f"In Python, `{word}` is written `for`.",
            (problem.swap(first, "for"), "Write `for`."),
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
            f"`{problem.text(first + 1)}` does not belong after `for`.",
            (problem.drop(first + 1), f"Remove `{problem.text(first + 1)}`."),
            weight=0.95,
            certain=True,
        )
    yield from _lost_in(problem, first, high)
    yield from _filtered(problem, first, high)
    yield from _unparenthesised_for(problem, first, high)
    yield from _dotted_range(problem, first, high)


_FILLERS = ("each", "int", "var", "let", "const", "auto", "every", "all")
# Words written for `in`; those of the second line may also be meant for something else.
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
        options = [(problem.put((at, at, f"{variable} {rest}")), f"Name the loop variable `{variable}`.")]
        options.append(
            (problem.put((at, at, f"_ {rest}")), "Name the loop variable `_`, since its value is not used.")
        )
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
        claim, sure = f"A `for` loop uses `in`, not `{following}`.", following in _FOR_IN
        yield reading(claim, (after, f"Replace `{following}` with `in`."), weight=0.95, certain=sure)
    elif problem.starts_operand(end + 1) or following in ("(", "["):
        after = problem.put((at, problem.tokens[end + 1].start, " in "))
        claim = "`in` is missing after the loop variable."
        yield reading(claim, (after, "Insert `in` after the variable."), weight=0.96, certain=True)


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
        "The first line of a `for` loop takes no `if`.",
        ("\n".join([*lines[: here - 1], *head, *body, *lines[end:]]), "Move the condition into the loop."),
        weight=0.88,
    )


def _variable(problem: Problem, high: int) -> str:
    """Return a short name that the body uses and nothing binds, else `i`."""
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
        "A `for` loop takes no parentheses around its variable and iterable.",
        (after, "Remove the parentheses."),
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
        "A range of numbers is written `range(start, stop)`, and `stop` is not included.",
        (
            problem.put((start, start + len(text), f"{head}{inclusive}){rest}")),
            f"Loop up to and including {last}.",
        ),
        (
            problem.put((start, start + len(text), f"{head}{last}){rest}")),
            f"Loop up to but not including {last}.",
        ),
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
        "Python's `for` loops over the items of an iterable; it takes no counter with semicolons.",
        (problem.put((start, start + found.end(), new)), f"Write `{new}`, which counts the same way."),
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
                    "A comprehension uses `in`, not `of`.",
                    (problem.swap(end + 1, "in"), "Replace `of` with `in`."),
                    weight=0.95,
                    certain=True,
                )
            elif problem.starts_operand(end + 1) and problem.text(end + 2) != "in":
                at = problem.tokens[end].end
                yield reading(
                    "`in` is missing after the variable of `for`.",
                    (problem.put((at, at, " in")), "Insert `in` after the variable."),
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
            f"`{word}` is not a Python keyword.",
            (
                problem.swap(low, f"{new} {negated}{close}", end - 1),
                f"Write `{new} not`, which means the same.",
            ),
            weight=0.93,
            certain=True,
        )
    elif word in ("repeat", "loop") and problem.tokens[low].first:
        if problem.tokens[low + 1].kind in (TokenKind.NUMBER, TokenKind.NAME) if low + 1 < end else False:
            yield reading(
                f"`{word}` is not a Python keyword.",
                (
                    problem.swap(low, f"for _ in range({test}){close}", end - 1),
                    "Use `for` with `range` to repeat.",
                ),
                weight=0.9,
            )
        elif colon == low + 1 or (word == "loop" and end == low + 1):
            yield reading(
                f"`{word}` is not a Python keyword.",
                (problem.swap(low, "while True"), "Write `while True`, which repeats forever."),
                weight=0.85,
            )


SLIPS = (
    Slip(
        code="syntax.for-loop",
        lesson="A loop is written `for item in items:`. Use `range` to loop over numbers.",
        find=_for,
    ),
    Slip(
        code="syntax.foreign-loop",
        lesson="Python has two loop statements, `for` and `while`. `until`, `repeat` and `loop` come from "
        "other languages.",
        find=_while_until,
    ),
)

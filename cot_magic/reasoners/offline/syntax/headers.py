"""Mistakes in the header of a block: its colon, `else if`, and `with` without `as`."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

_COMPOUND = frozenset({
    "if", "elif", "else", "for", "while", "def", "class", "with", "try", "except", "finally", "async",
    "match", "case",
})  # fmt: skip
_BARE = frozenset(("else", "try", "finally"))


def _header_lines(problem: Problem) -> Iterator[tuple[int, int]]:
    """Yield the logical lines that begin with a compound statement's keyword, the failing one first."""
    low, high = problem.statement
    spans = [(low, high)]
    if low > 0:
        spans.append(problem.listing.statement(low - 1))
    for start, stop in spans:
        if start < len(problem.tokens) and problem.text(start) in _COMPOUND:
            named = problem.text(start + 1) in ("=", ".", "(", ",", ")", "[")
            if not (named and problem.text(start) in ("match", "case")):
                yield start, stop


def _missing_colon(problem: Problem) -> Iterator[Reading]:
    for low, high in _header_lines(problem):
        if problem.header_end(low, high) is not None:
            continue
        word = problem.text(low) if problem.text(low) != "async" else f"async {problem.text(low + 1)}"
        last = high - 1
        line = problem.tokens[last].line
        end = problem.tokens[last].end
        deeper = _next_is_deeper(problem, low, high)
        sign = problem.text(last)
        claim = f"The line that begins with `{word}` does not end with a colon."
        if sign in (";", ",", ".", "=", "?", "-", "!", "|", "{") and last > low:
            swapped = problem.swap(last, ":")
            yield reading(
                f"The line that begins with `{word}` ends with `{sign}` instead of a colon.",
                (swapped, f"Replace `{sign}` with a colon."),
                weight=0.95,
                certain=deeper and sign in (";", ",", ".", "="),
            )
        if sign in ("then", "do") and last > low:
            yield reading(
                f"Python has no `{sign}`: a colon starts the block.",
                (problem.put((problem.tokens[last - 1].end, end, ":")), f"Replace `{sign}` with a colon."),
                weight=0.96,
                certain=True,
            )
        if low < problem.at < high and problem.tokens[problem.at].line == line and not deeper:
            at = problem.tokens[problem.at - 1].end
            inside, why = problem.put((at, at, ":")), f"Add a colon before `{problem.text(problem.at)}`."
            if problem.text(problem.at) in ("then", "do"):
                inside = problem.put((at, problem.tokens[problem.at].end, ":"))
                why = f"Replace `{problem.text(problem.at)}` with a colon."
            yield reading(claim, (inside, why), weight=0.9, certain=True)
            if problem.text(low) in _BARE and last > low:
                bare = problem.put((problem.tokens[low].end, problem.tokens[low].end, ":"))
                yield reading(claim, (bare, f"Add a colon after `{word}`."), weight=0.92, certain=True)
        colon = problem.put((end, end, ":"))
        yield reading(
            claim, (colon, "End the line with a colon."), weight=0.94, certain=deeper or last == low
        )


def _next_is_deeper(problem: Problem, low: int, high: int) -> bool:
    if high >= len(problem.tokens):
        return False
    here = problem.listing.indent(problem.tokens[low].line)
    return len(problem.listing.indent(problem.tokens[high].line)) > len(here)


def _extra_sign(problem: Problem) -> Iterator[Reading]:
    """`def f():;`, `if x::`, `else: {`, a colon after a statement that has no block."""
    for low, high in _header_lines(problem):
        colon = problem.header_end(low, high)
        if colon is None or colon + 1 >= high:
            continue
        rest = [problem.text(i) for i in range(colon + 1, high)]
        if all(text in (";", ":", ",", ".", "{", "=", "-", ">") for text in rest) and len(rest) <= 2:
            yield reading(
                f"`{''.join(rest)}` does not belong after the colon.",
                (problem.drop(colon + 1, high - 1), f"Remove `{''.join(rest)}`."),
                weight=0.96,
                certain=rest != ["{"],
            )
        elif problem.tokens[colon + 1].kind is not TokenKind.NAME and rest[0] in (";", ":", ","):
            yield reading(
                f"`{rest[0]}` does not belong after the colon.",
                (problem.drop(colon + 1), f"Remove `{rest[0]}`."),
                weight=0.8,
            )
        elif (
            problem.listing.statement(colon)[1] == high
            and _next_is_deeper(problem, low, high)
            and rest[-1] == ":"
        ):
            after = problem.drop(colon)
            yield reading(
                "The line has a second colon before its end.",
                (after, "Keep only the last colon."),
                weight=0.8,
                certain=problem.text(low) in ("for", "while"),
            )
    low, high = problem.statement
    if low < high and problem.text(low) not in _COMPOUND and problem.text(high - 1) == ":" and high - low > 1:
        yield reading(
            "The line ends with a colon but does not start a block.",
            (problem.drop(high - 1), "Remove the colon."),
            weight=0.7 if problem.text(low) in KEYWORDS else 0.55,
        )


_ELIFS = ("elseif", "elsif", "elif_", "elIf", "ElseIf", "Elif", "elf", "elis", "eif", "eliif")


def _else_if(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    for index in range(low, high):
        text, following = problem.text(index), problem.text(index + 1)
        starts = problem.tokens[index].first or problem.text(index - 1) == "}"
        if not starts:
            continue
        if text in _ELIFS:
            yield reading(
                f"In Python, `{text}` is written `elif`.",
                (problem.swap(index, "elif"), "Write `elif`."),
                weight=0.97,
                certain=True,
            )
        elif (
            text in ("else", "esle", "Else")
            and following == "if"
            and problem.tokens[index + 1].line == problem.tokens[index].line
        ):
            yield reading(
                "In Python, `else if` is written `elif`.",
                (problem.swap(index, "elif", index + 1), "Write `elif`."),
                weight=0.97,
                certain=True,
            )
        elif text == "else" and following not in (":", "") and not problem.tokens[index + 1].first:
            colon = problem.header_end(index, high)
            if colon is not None and colon > index + 1:
                options = [(problem.swap(index, "elif"), "Write `elif`, which takes a condition.")]
                if colon + 1 >= high:
                    drop = problem.put((problem.tokens[index].end, problem.tokens[colon].start, ""))
                    options.append((drop, "Remove the condition."))
                yield reading("`else` takes no condition.", *options, weight=0.94)
        elif text == "elif" and following == ":":
            yield reading(
                "`elif` needs a condition.",
                (problem.swap(index, "else"), "Write `else`, which takes no condition."),
                weight=0.93,
                certain=True,
            )
        elif text == "elif" and following == "else":
            yield reading(
                "In Python, `elif else` is written `else`.",
                (problem.drop(index), "Remove `elif`."),
                weight=0.93,
                certain=True,
            )


def _with(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    first = low + (problem.text(low) == "async")
    if problem.text(first) != "with":
        return
    for index in range(first + 1, high - 1):
        if problem.tokens[index + 1].opener >= 0:
            continue
        if (
            problem.ends_operand(index)
            and problem.tokens[index + 1].kind is TokenKind.NAME
            and problem.starts_operand(index + 1)
        ):
            at = problem.tokens[index].end
            yield reading(
                "`as` is missing before the name in the `with` statement.",
                (problem.put((at, at, " as")), "Insert `as` before the name."),
                weight=0.95,
                certain=True,
            )
        elif problem.text(index) == "=" and index == first + 2:
            colon = problem.header_end(first, high)
            if colon is not None:
                name, value = problem.text(first + 1), problem.between(index + 1, colon)
                yield reading(
                    "A `with` statement names its value with `as`, not `=`.",
                    (
                        problem.swap(first + 1, f"{value} as {name}", colon - 1),
                        f"Write `as {name}` after the expression.",
                    ),
                    weight=0.95,
                    certain=True,
                )
        elif (
            problem.text(index) in ("=", "->", ":")
            and problem.tokens[index + 1].kind is TokenKind.NAME
            and problem.header_end(index + 1, high) is not None
        ):
            yield reading(
                f"A `with` statement names its value with `as`, not `{problem.text(index)}`.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, " as")),
                    f"Replace `{problem.text(index)}` with `as`.",
                ),
                weight=0.9,
                certain=True,
            )
        elif problem.text(index) == "," and problem.text(index + 1) == "as":
            yield reading(
                "There is a comma before `as`.",
                (problem.drop(index), "Remove the comma."),
                weight=0.94,
                certain=True,
            )


def _no_condition(problem: Problem) -> Iterator[Reading]:
    """`if:` and `while:`"""
    low, _ = problem.statement
    if problem.text(low) in ("if", "while", "elif") and problem.text(low + 1) == ":":
        at = problem.tokens[low].end
        yield reading(
            f"The condition after `{problem.text(low)}` is missing.",
            (problem.put((at, at, " True")), "Insert `True` as a placeholder for the condition."),
            weight=0.8,
        )


def _leading(problem: Problem) -> Iterator[Reading]:
    """`if: x`, `while = x`, `if x == 1 then:`, `if x == 1: then`."""
    low, high = problem.statement
    if (
        problem.text(low) in ("if", "while", "for", "elif", "with")
        and problem.text(low + 1) in (":", "=", ",", ".")
        and high - low > 2
    ):
        rest = problem.drop(low + 1)
        yield reading(
            f"`{problem.text(low + 1)}` does not belong right after `{problem.text(low)}`.",
            (rest, f"Remove `{problem.text(low + 1)}`."),
            weight=0.85,
        )
    for index in range(low, high - 1):
        if problem.text(index) in ("then", "do") and problem.text(index + 1) == ":" and index > low + 1:
            yield reading(
                f"`{problem.text(index)}` is not a Python keyword.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, "")),
                    f"Remove `{problem.text(index)}`: the colon starts the block.",
                ),
                weight=0.96,
                certain=True,
            )
        if (
            problem.text(index) == ":"
            and problem.text(index + 1) in ("then", "do", "begin")
            and problem.text(index + 2) not in CLOSERS
        ):
            yield reading(
                f"`{problem.text(index + 1)}` is not a Python keyword.",
                (problem.drop(index + 1), f"Remove `{problem.text(index + 1)}`: the colon starts the block."),
                weight=0.94,
                certain=True,
            )


SLIPS = (
    Slip(
        code="syntax.missing-condition",
        lesson="`if` and `while` need a condition: an expression that is true or false.",
        find=_no_condition,
    ),
    Slip(
        code="syntax.missing-colon",
        lesson="A line that starts a block (`if`, `for`, `while`, `def`, `class`, …) ends with a colon, and "
        "the block below it is indented.",
        find=_missing_colon,
    ),
    Slip(
        code="syntax.extra-sign-in-header",
        lesson="The line that starts a block ends with exactly one colon and no other sign after it.",
        find=_extra_sign,
    ),
    Slip(
        code="syntax.else-if",
        lesson="A further condition after `if` is written `elif condition:`. `else:` covers everything else "
        "and takes no condition.",
        find=_else_if,
    ),
    Slip(
        code="syntax.with-as",
        lesson="`with open(path) as file:` opens the file, assigns it to `file`, and closes it when the "
        "block ends.",
        find=_with,
    ),
    Slip(
        code="syntax.misplaced-colon",
        lesson="The condition goes between the keyword and the colon: `if condition:`.",
        find=_leading,
    ),
)

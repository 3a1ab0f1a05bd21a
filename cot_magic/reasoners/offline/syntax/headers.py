"""Mistakes in the first line of a block: its colon, `else if`, and `with` without `as`."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
    unique,
)

_COMPOUND = frozenset(
    [
        "if",
        "elif",
        "else",
        "for",
        "while",
        "def",
        "class",
        "with",
        "try",
        "except",
        "finally",
        "async",
        "match",
        "case",
    ]
)


_BARE = frozenset(("else", "try", "finally"))


def _header_lines(problem: Problem) -> Iterator[tuple[int, int]]:
    """Logical lines that begin with a word of a compound statement, the failing one first."""
    low, high = problem.statement
    spans = [(low, high)]
    if low > 0:
        spans.append(problem.listing.statement(low - 1))
    for start, stop in spans:
        if start < len(problem.tokens) and problem.text(start) in _COMPOUND:
            if problem.text(start) in ("match", "case") and problem.text(start + 1) in (
                "=",
                ".",
                "(",
                ",",
                ")",
                "[",
            ):
                continue
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
        claim = f"The line that begins with `{word}` has no colon at its end."
        if sign in (";", ",", ".", "=", "?", "-", "!", "|", "{") and last > low:
            swapped = problem.swap(last, ":")
            yield reading(
                f"{claim} A `{sign}` stands there.",
                (swapped, "A colon stands there."),
                weight=0.95,
                certain=deeper and sign in (";", ",", ".", "="),
            )
        if sign in ("then", "do") and last > low:
            yield reading(
                f"`{sign}` is no word of Python; a colon begins the block.",
                (problem.put((problem.tokens[last - 1].end, end, ":")), "A colon stands there."),
                weight=0.96,
                certain=True,
            )
        if low < problem.at < high and problem.tokens[problem.at].line == line and not deeper:
            at = problem.tokens[problem.at - 1].end
            inside = problem.put((at, at, ":"))
            skip = ""
            if problem.text(problem.at) in ("then", "do"):
                inside = problem.put((at, problem.tokens[problem.at].end, ":"))
                skip = f" `{problem.text(problem.at)}` is not needed."
            yield reading(
                claim,
                (inside, f"A colon stands before `{problem.text(problem.at + bool(skip))}`.{skip}"),
                weight=0.9,
                certain=True,
            )
            if problem.text(low) in _BARE and last > low:
                bare = problem.put((problem.tokens[low].end, problem.tokens[low].end, ":"))
                yield reading(claim, (bare, f"A colon stands behind `{word}`."), weight=0.92, certain=True)
        colon = problem.put((end, end, ":"))
        yield reading(
            claim, (colon, "The colon begins the block."), weight=0.94, certain=deeper or last == low
        )


def _next_is_deeper(problem: Problem, low: int, high: int) -> bool:
    if high >= len(problem.tokens):
        return False
    here = problem.listing.indent(problem.tokens[low].line)
    return len(problem.listing.indent(problem.tokens[high].line)) > len(here)


def _extra_sign(problem: Problem) -> Iterator[Reading]:
    """`def f():;`, `if x::`, `else: {`, a colon behind a statement that has no block."""
    for low, high in _header_lines(problem):
        colon = problem.header_end(low, high)
        if colon is None or colon + 1 >= high:
            continue
        rest = [problem.text(i) for i in range(colon + 1, high)]
        if all(text in (";", ":", ",", ".", "{", "=", "-", ">") for text in rest) and len(rest) <= 2:
            yield reading(
                f"Behind the colon stands `{''.join(rest)}`, which does not belong there.",
                (problem.drop(colon + 1, high - 1), "The line ends with its colon."),
                weight=0.96,
                certain=rest != ["{"],
            )
        elif problem.tokens[colon + 1].kind is not TokenKind.NAME and rest[0] in (";", ":", ","):
            yield reading(
                f"Behind the colon stands `{rest[0]}`.",
                (problem.drop(colon + 1), "It is left out."),
                weight=0.8,
            )
        elif (
            problem.listing.statement(colon)[1] == high
            and _next_is_deeper(problem, low, high)
            and rest[-1] == ":"
        ):
            after = problem.drop(colon)
            yield reading(
                "The line has a colon before its end.",
                (after, "Only the last colon is kept."),
                weight=0.8,
                certain=problem.text(low) in ("for", "while"),
            )
    low, high = problem.statement
    if low < high and problem.text(low) not in _COMPOUND and problem.text(high - 1) == ":" and high - low > 1:
        yield reading(
            "A colon stands at the end of a line that begins no block.",
            (problem.drop(high - 1), "The colon is left out."),
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
                f"`{text}` is written `elif` in Python.",
                (problem.swap(index, "elif"), "`elif` asks the next question."),
                weight=0.97,
                certain=True,
            )
        elif (
            text in ("else", "esle", "Else")
            and following == "if"
            and problem.tokens[index + 1].line == problem.tokens[index].line
        ):
            yield reading(
                "`else if` is written `elif` in Python.",
                (problem.swap(index, "elif", index + 1), "`elif` asks the next question."),
                weight=0.97,
                certain=True,
            )
        elif text == "else" and following not in (":", "") and not problem.tokens[index + 1].first:
            colon = problem.header_end(index, high)
            if colon is not None and colon > index + 1:
                options = [(problem.swap(index, "elif"), "`elif` takes a condition.")]
                if colon + 1 >= high:
                    drop = problem.put((problem.tokens[index].end, problem.tokens[colon].start, ""))
                    options.append((drop, "`else` takes no condition."))
                yield reading("`else` takes no condition.", *options, weight=0.94)
        elif text == "elif" and following == ":":
            yield reading(
                "`elif` needs a condition.",
                (problem.swap(index, "else"), "`else` takes what is left."),
                weight=0.93,
                certain=True,
            )
        elif text == "elif" and following == "else":
            yield reading(
                "`elif else` is written `else`.",
                (problem.drop(index), "`else` takes what is left."),
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
                "In `with` the word `as` is missing before the name.",
                (problem.put((at, at, " as")), "`as` gives the result a name."),
                weight=0.95,
                certain=True,
            )
        elif problem.text(index) == "=" and index == first + 2:
            colon = problem.header_end(first, high)
            if colon is not None:
                name, value = problem.text(first + 1), problem.between(index + 1, colon)
                yield reading(
                    "`with` gives a name by `as`, not by `=`.",
                    (
                        problem.swap(first + 1, f"{value} as {name}", colon - 1),
                        f"`as {name}` gives the name.",
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
                "`with` gives a name by `as`.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, " as")),
                    "`as` gives the name.",
                ),
                weight=0.9,
                certain=True,
            )
        elif problem.text(index) == "," and problem.text(index + 1) == "as":
            yield reading(
                "Before `as` stands a comma.",
                (problem.drop(index), "The comma is left out."),
                weight=0.94,
                certain=True,
            )


def _no_condition(problem: Problem) -> Iterator[Reading]:
    """`if:` and `while:`"""
    low, _ = problem.statement
    if problem.text(low) in ("if", "while", "elif") and problem.text(low + 1) == ":":
        at = problem.tokens[low].end
        yield reading(
            f"Behind `{problem.text(low)}` a condition is missing.",
            (problem.put((at, at, " True")), "`True` stands there until there is a condition."),
            weight=0.8,
        )


def _leading(problem: Problem) -> Iterator[Reading]:
    """`if (x == 1) and (y == 2)):` and the like end up elsewhere; here: `if: x`, `while: x`, `if x == 1: "
    "then`."""
    low, high = problem.statement
    if (
        problem.text(low) in ("if", "while", "for", "elif", "with")
        and problem.text(low + 1) in (":", "=", ",", ".")
        and high - low > 2
    ):
        rest = problem.drop(low + 1)
        yield reading(
            f"Behind `{problem.text(low)}` stands `{problem.text(low + 1)}` instead of a condition.",
            *unique([(rest, "The sign is left out.")]),
            weight=0.85,
        )
    for index in range(low, high - 1):
        if problem.text(index) in ("then", "do") and problem.text(index + 1) == ":" and index > low + 1:
            yield reading(
                f"`{problem.text(index)}` is no word of Python.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, "")),
                    "The colon alone begins the block.",
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
                f"`{problem.text(index + 1)}` is no word of Python.",
                (problem.drop(index + 1), "The colon alone begins the block."),
                weight=0.94,
                certain=True,
            )


SLIPS = (
    Slip(
        code="syntax.missing-condition",
        lesson="`if` and `while` need a condition: something that is true or false.",
        find=_no_condition,
    ),
    Slip(
        code="syntax.missing-colon",
        lesson="Lines that begin a block (`if`, `for`, `while`, `def`, `class`, …) end with a colon, and "
        "the block below "
        "is indented.",
        find=_missing_colon,
    ),
    Slip(
        code="syntax.extra-sign-in-header",
        lesson="The first line of a block ends with exactly one colon and nothing behind it.",
        find=_extra_sign,
    ),
    Slip(
        code="syntax.else-if",
        lesson="A further condition after `if` is written `elif condition:`. `else:` takes whatever is "
        "left and has no "
        "condition.",
        find=_else_if,
    ),
    Slip(
        code="syntax.with-as",
        lesson="`with open(path) as file:` opens something, gives it a name by `as`, and closes it at the "
        "end.",
        find=_with,
    ),
    Slip(
        code="syntax.misplaced-colon",
        lesson="The condition stands between the first word and the colon: `if condition:`.",
        find=_leading,
    ),
)

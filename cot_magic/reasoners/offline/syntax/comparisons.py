"""Comparisons in words or without an operand, and dots of attributes."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.operators import BINARY
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


# What is written, and the operator that is meant.
_IN_WORDS: tuple[tuple[str, str], ...] = (
    ("is not in", "not in"),
    ("is in", "in"),
    ("in not", "not in"),
    ("not is", "is not"),
    ("isnot", "is not"),
    ("notin", "not in"),
    ("not = =", "!="),
    ("not ==", "!="),
    ("not =", "!="),
    ("not !=", "!="),
    ("is ==", "=="),
    ("== is", "=="),
    ("is equal to", "=="),
    ("is not equal to", "!="),
    ("not equal to", "!="),
    ("equal to", "=="),
    ("equals to", "=="),
    ("equals", "=="),
    ("is greater than", ">"),
    ("is less than", "<"),
    ("greater than", ">"),
    ("less than", "<"),
    ("is <", "<"),
    ("is >", ">"),
    ("is <=", "<="),
    ("is >=", ">="),
    ("is !=", "!="),
    ("xor", "^"),
    ("mod", "%"),
    ("div", "//"),
    ("AND", "and"),
    ("OR", "or"),
)


def _membership(problem: Problem) -> Iterator[Reading]:
    """`is in`, `is not in`, `in not`, `not is`, `x not y`, `not ==`."""
    low, high = problem.statement
    words = [problem.text(i) for i in range(low, high)]
    for written, meant in _IN_WORDS:
        pattern = written.split()
        for place in range(1, len(words) - len(pattern)):
            index = low + place
            if words[place : place + len(pattern)] == pattern and problem.ends_operand(index - 1):
                yield reading(
                    f"`{written}` is not a Python operator.",
                    (problem.swap(index, meant, index + len(pattern) - 1), f"Use `{meant}`."),
                    weight=0.93 + 0.005 * len(pattern),
                    certain=written != "xor",
                )
    for place in range(1, len(words) - 1):
        index = low + place
        if (
            words[place] == "not"
            and problem.ends_operand(index - 1)
            and words[place + 1] not in ("in", "is", "=", "==")
        ):
            yield reading(
                "`not` is not an operator between two values.",
                (problem.swap(index, "!="), "Use `!=`, which tests whether they are different."),
                (
                    problem.swap(index, "not in"),
                    "Use `not in`, which tests whether the second does not contain the first.",
                ),
                (
                    problem.swap(index, "is not"),
                    "Use `is not`, which tests whether they are different objects.",
                ),
                (problem.swap(index, "and not"), "Use `and not`, which combines two conditions."),
                weight=0.7,
            )


def _cut_short(problem: Problem) -> Iterator[Reading]:
    """`a == 1 or == 2`: the second comparison has no left operand."""
    low, high = problem.statement
    for index in range(low + 1, high - 1):
        if problem.text(index) not in ("and", "or") or problem.text(index + 1) not in (
            *_COMPARISONS,
            "in",
            "is",
        ):
            continue
        depth = problem.tokens[index].opener
        place = index - 1
        while place > low and not (
            problem.tokens[place].opener == depth and problem.text(place) in _COMPARISONS
        ):
            if problem.tokens[place].opener == depth and problem.text(place) in ("and", "or", "in", "is"):
                break
            place -= 1
        if problem.text(place) not in (*_COMPARISONS, "in", "is"):
            continue
        end = place - (problem.text(place - 1) == "not")
        start = end
        while (
            start > low
            and not (
                problem.tokens[start - 1].opener == depth
                and (
                    problem.text(start - 1) in KEYWORDS - {"None", "True", "False"}
                    or problem.text(start - 1) in ("=", ",")
                )
            )
            and start - 1 != depth
        ):
            start -= 1
        left = problem.between(start, end)
        if left:
            at = problem.tokens[index + 1].start
            yield reading(
                f"The comparison after `{problem.text(index)}` has no left operand.",
                (problem.put((at, at, left + " ")), f"Repeat `{left}` after `{problem.text(index)}`."),
                weight=0.95,
                certain=True,
            )


def _dangling(problem: Problem) -> Iterator[Reading]:
    """An operator at the end of a line: its right operand is on the next line, or missing."""
    low, high = problem.statement
    yield from _before_closer(problem, low, high)
    last = high - 1
    if last <= low or problem.text(last) not in BINARY | {"not", "."} or problem.tokens[last].opener >= 0:
        return
    token = problem.tokens[last]
    sign = token.text
    line = problem.listing.tokens[last].line
    options = []
    if high < len(problem.tokens) and problem.tokens[high].line == line + 1 and sign not in ("=",):
        joined = problem.put((token.end, token.end, " \\"))
        options.append((joined, "Put a backslash at the end of the line to continue it."))
    if sign == "=":
        if high < len(problem.tokens) and problem.tokens[high].line == line + 1:
            options.append(
                (
                    problem.put((token.end, token.end, " \\")),
                    "Put a backslash at the end of the line: the value is on the next line.",
                )
            )
        options.append((problem.put((token.end, token.end, " None")), "Insert `None` as a placeholder."))
        options.append((problem.put((token.end, token.end, " 0")), "Insert `0` as a placeholder."))
    else:
        options.append((problem.drop(last), f"Remove `{sign}`."))
    yield reading(f"The value after `{sign}` at the end of the line is missing.", *options, weight=0.6)


def _before_closer(problem: Problem, low: int, high: int) -> Iterator[Reading]:
    """`if a and:`, `(1 + )`: an operator right before a colon, comma or closer."""
    for index in range(low + 1, high - 1):
        following = problem.text(index + 1)
        if problem.text(index) not in BINARY - {"=", "*", "**", "/"} or not problem.ends_operand(index - 1):
            continue
        if following in (")", "]", "}", ",") or (
            following == ":" and problem.header_end(low, high) == index + 1
        ):
            yield reading(
                f"There is no value between `{problem.text(index)}` and `{following}`.",
                (problem.drop(index), f"Remove `{problem.text(index)}`."),
                weight=0.7,
            )


def _dots(problem: Problem) -> Iterator[Reading]:
    """`a->b`, `a::b`, `a.[0]`, `a.(x)`, `a.`"""
    index = problem.at
    for place in (index, index - 1):
        sign, nxt = problem.text(place), problem.text(place + 1)
        if not problem.ends_operand(place - 1):
            continue
        if (
            sign == "->"
            and problem.statement[0] < len(problem.tokens)
            and problem.text(problem.statement[0]) != "def"
        ):
            yield reading(
                "`->` does not access an attribute in Python.",
                (problem.swap(place, "."), "Use a dot."),
                weight=0.85,
                certain=problem.touching(place) and problem.text(place + 2) == "(",
            )
        elif (
            sign == "."
            and TokenKind.STRING in (problem.tokens[place + 1].kind, problem.tokens[place - 1].kind)
            and nxt != ""
        ):
            if not problem.touching(place) and not problem.touching(place - 1):
                yield reading(
                    "A dot does not join strings in Python.",
                    (problem.swap(place, "+"), "Join them with `+`."),
                    weight=0.9,
                )
        elif sign == "." and nxt in ("[", "("):
            yield reading(
                f"There is no name between the dot and `{nxt}`.",
                (problem.drop(place), "Remove the dot."),
                weight=0.93,
                certain=nxt == "[",
            )
        elif sign == ":" and nxt == ":" and problem.touching(place) and problem.tokens[place].opener < 0:
            yield reading(
                "`::` does not access an attribute in Python.",
                (problem.swap(place, ".", place + 1), "Use a dot."),
                weight=0.8,
            )
        elif sign == "." and (place + 1 >= len(problem.tokens) or problem.tokens[place + 1].first):
            yield reading(
                "The name after the dot at the end of the line is missing.",
                (problem.drop(place), "Remove the dot."),
                weight=0.7,
            )


SLIPS = (
    Slip(
        code="syntax.cut-comparison",
        lesson="`and` and `or` combine complete conditions. Each comparison needs both operands: `a == 1 or "
        "a == 2`.",
        find=_cut_short,
    ),
    Slip(
        code="syntax.word-operator",
        lesson="`in` and `not in` test membership, `is` and `is not` test identity, `==` and `!=` test "
        "equality. Other orders or combinations of these words are not valid.",
        find=_membership,
    ),
    Slip(
        code="syntax.dangling-operator",
        lesson="An operator needs a value on both sides. An expression continues on the next line only "
        "inside parentheses, square brackets or braces, or after a backslash.",
        find=_dangling,
    ),
    Slip(
        code="syntax.attribute-sign",
        lesson="A dot and a name access an attribute: `item.price`. An index goes in square brackets, "
        "without a dot.",
        find=_dots,
    ),
)

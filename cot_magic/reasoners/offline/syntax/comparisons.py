"""Comparisons in words, cut short, or without an end."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.operators import BINARY
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


# What is written in words, and the operator that is meant.
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
                    f"`{written}` is no operator of Python.",
                    (problem.swap(index, meant, index + len(pattern) - 1), f"`{meant}` is the operator."),
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
                "`not` cannot stand between two values.",
                (problem.swap(index, "!="), "`!=` asks whether they differ."),
                (problem.swap(index, "not in"), "`not in` asks whether the one lacks the other."),
                (problem.swap(index, "is not"), "`is not` asks whether they are different objects."),
                (problem.swap(index, "and not"), "Both conditions must hold."),
                weight=0.7,
            )


def _cut_short(problem: Problem) -> Iterator[Reading]:
    """`a == 1 or == 2`: the second comparison has no left side."""
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
                f"Behind `{problem.text(index)}` the comparison has no left side.",
                (problem.put((at, at, left + " ")), f"`{left}` is compared a second time."),
                weight=0.95,
                certain=True,
            )


def _dangling(problem: Problem) -> Iterator[Reading]:
    """An operator at the end of a line whose right side stands on the next, or is missing."""
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
        options.append((joined, "The line goes on behind a backslash."))
    if sign == "=":
        if high < len(problem.tokens) and problem.tokens[high].line == line + 1:
            options.append((problem.put((token.end, token.end, " \\")), "The value stands on the next line."))
        options.append(
            (problem.put((token.end, token.end, " None")), "`None` stands there until there is a value.")
        )
        options.append((problem.put((token.end, token.end, " 0")), "A value stands there."))
    else:
        options.append((problem.drop(last), f"`{sign}` is left out."))
    yield reading(f"Behind `{sign}` at the end of the line something is missing.", *options, weight=0.6)


def _before_closer(problem: Problem, low: int, high: int) -> Iterator[Reading]:
    """`if a and:`, `(1 + )`: an operator with nothing between it and a colon or a closing bracket."""
    for index in range(low + 1, high - 1):
        following = problem.text(index + 1)
        if problem.text(index) not in BINARY - {"=", "*", "**", "/"} or not problem.ends_operand(index - 1):
            continue
        if following in (")", "]", "}", ",") or (
            following == ":" and problem.header_end(low, high) == index + 1
        ):
            yield reading(
                f"Between `{problem.text(index)}` and `{following}` something is missing.",
                (problem.drop(index), f"`{problem.text(index)}` is left out."),
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
                "`->` does not reach into an object in Python.",
                (problem.swap(place, "."), "A point does."),
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
                    "Texts are not joined by a point in Python.",
                    (problem.swap(place, "+"), "`+` joins texts."),
                    weight=0.9,
                )
        elif sign == "." and nxt in ("[", "("):
            yield reading(
                f"Between the point and `{nxt}` a name is missing.",
                (problem.drop(place), "The point is left out."),
                weight=0.93,
                certain=nxt == "[",
            )
        elif sign == ":" and nxt == ":" and problem.touching(place) and problem.tokens[place].opener < 0:
            yield reading(
                "`::` does not reach into an object in Python.",
                (problem.swap(place, ".", place + 1), "A point does."),
                weight=0.8,
            )
        elif sign == "." and (place + 1 >= len(problem.tokens) or problem.tokens[place + 1].first):
            yield reading(
                "Behind the point at the end of the line a name is missing.",
                (problem.drop(place), "The point is left out."),
                weight=0.7,
            )


SLIPS = (
    Slip(
        code="syntax.cut-comparison",
        lesson="`and` and `or` join whole conditions. Each of them needs its own left and right side: "
        "`a == 1 or a == 2`.",
        find=_cut_short,
    ),
    Slip(
        code="syntax.word-operator",
        lesson="Membership is written `in` and `not in`, identity `is` and `is not`, equality `==` and "
        "`!=`. Other "
        "orders or mixtures of these words are not understood.",
        find=_membership,
    ),
    Slip(
        code="syntax.dangling-operator",
        lesson="An operator needs a value on both sides. A long expression may go on in the next line "
        "only inside "
        "brackets or behind a backslash.",
        find=_dangling,
    ),
    Slip(
        code="syntax.attribute-sign",
        lesson="A point followed by a name reaches into an object: `item.price`. An index stands in "
        "square brackets "
        "without a point.",
        find=_dots,
    ),
)

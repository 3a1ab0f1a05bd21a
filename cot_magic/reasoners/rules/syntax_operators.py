"""Mistakes in operators: turned round, doubled, torn apart, borrowed from other languages, comparisons cut short."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import Kind
from cot_magic.reasoners.rules.syntax_problem import KEYWORDS, VALUE_KEYWORDS, Mistake, Problem, Reading, reading

# What is written (without spaces) and what Python has for it.
_MEANT = {
    "=<": "<=", "=>": ">=", "=!": "!=", "<>": "!=", "===": "==", "!==": "!=", "==<": "<=", "==>": ">=", "<==": "<=",
    ">==": ">=", "=>=": ">=", "=<=": "<=", "!>": "<=", "!<": ">=", "!===": "!=", "====": "==", "&&": "and", "||": "or",
    "&&&": "and", "~=": "!=", "==!": "!=", "!=!": "!=", "!!=": "!=", "***": "**", "****": "**", "///": "//",
    "////": "//", "::": ":", ":==": ":=", "=:": ":=", "!!": "!=", "<<<": "<<", ">>>": ">>", "..": ".", "<=>": "==",
    "+==": "+=", "-==": "-=", "*==": "*=", "-->": "->", "@@": "@", "<=<": "<=", ">=>": ">=", "^^": "^", "%%": "%",
    "/\\": "and", "||=": "|=", "&&=": "&=",
}  # fmt: skip
_GLUE = ("==", "!=", "<=", ">=", "**", "//", "->", ":=", "+=", "-=", "*=", "/=", "%=", "**=", "//=", "<<", ">>", "&=", "|=", "...")  # fmt: skip
_SURE = frozenset(["=<", "=>", "=!", "<>", "===", "!==", "==<", "==>", "<==", ">==", "&&", "||", "&&&", "***", "****", "::", "..", "==!", "!=!", "=>=", "=<=", "-->"])
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_BINARY = frozenset(["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", ">", "<=", ">=", "&", "|", "^", "<<", ">>", "@", "=", "+=", "-=", "*=", "/=", "and", "or", "in", "is"])
_SIGNS = frozenset("=<>!&|*/+-%^:.~?@")


def _runs(problem: Problem) -> Iterator[tuple[int, int]]:
    """Neighbouring signs in the failing statement, as first and last token of each run."""
    low, high = problem.statement
    index = low
    while index < high:
        last = index
        while (
            last < high
            and set(problem.text(last)) <= _SIGNS
            and problem.tokens[last].kind in (Kind.OP, Kind.OTHER)
        ):
            last += 1
        if last - index >= 2 or (last > index and problem.text(index) in ("<>", "!")):
            yield index, last - 1
        index = max(last, index + 1)


def _foreign(problem: Problem) -> Iterator[Reading]:
    for first, last in _runs(problem):
        for low in range(first, last + 1):
            for high in range(last, low - 1, -1):
                written = problem.between(low, high + 1)
                signs = re.sub(r"\s+", "", written)
                if signs == written and signs in _GLUE and high == low:
                    continue
                meant = signs if signs in _GLUE and " " in written and high > low else _MEANT.get(signs)
                if meant is None or meant == written:
                    continue
                if signs == "=>" and _is_pair(problem, low):
                    continue
                everywhere = (
                    _replace_all(problem, signs, meant) if signs in _SURE and signs == written else None
                )
                options = [
                    (problem.swap(low, _spaced(problem, low, high, meant), high), f"`{meant}` is written.")
                ]
                if everywhere and everywhere != options[0][0]:
                    options.insert(0, (everywhere, f"`{meant}` is written everywhere."))
                    options = options[:1]
                if signs == "==" and problem.tokens[low].opener < 0 and _is_statement_target(problem, low):
                    options.insert(0, (problem.swap(low, "=", high), "One `=` assigns a value."))
                elif signs == "=>" and problem.text(low - 1) == ")":
                    options.append((problem.swap(low, ":", high), "A colon stands there."))
                yield reading(
                    f"`{written}` is no operator of Python.",
                    *options,
                    weight=0.93 if signs in _SURE or " " in written else 0.8,
                    certain=len(options) == 1 and (signs in _SURE or (meant == signs and signs != "==")),
                )


def _replace_all(problem: Problem, signs: str, meant: str) -> str:
    """All runs of exactly these signs in the cell replaced."""
    changes = []
    tokens = problem.tokens
    for index in range(len(tokens)):
        last = index
        while last < len(tokens) and len(problem.between(index, last + 1)) < len(signs):
            last += 1
        if problem.between(index, last + 1) != signs:
            continue
        before, after = problem.text(index - 1), problem.text(last + 1)
        if (index and problem.touching(index - 1) and set(before) <= _SIGNS) or (
            problem.touching(last) and set(after) <= _SIGNS - {"-", "+", "~"}
        ):
            continue
        changes.append((tokens[index].start, tokens[last].end, _spaced(problem, index, last, meant)))
    return problem.put(*changes)


def _spaced(problem: Problem, low: int, high: int, text: str) -> str:
    """Words need spaces around them where the signs had none."""
    if not text.isalpha():
        return text
    left = "" if low == 0 or not problem.touching(low - 1) else " "
    right = " " if problem.touching(high) else ""
    return left + text + right


def _is_pair(problem: Problem, index: int) -> bool:
    """Whether the sign stands between key and value of a dict, or behind an arrow function's parameters."""
    opener = problem.tokens[index].opener
    return (opener >= 0 and problem.text(opener) == "{") or problem.arrow_function(index)


def _is_statement_target(problem: Problem, index: int) -> bool:
    return problem.text(problem.statement[0]) not in KEYWORDS and problem.ends_operand(index - 1)


def _twice(problem: Problem) -> Iterator[Reading]:
    """The same sign or word twice, or two operators where one belongs."""
    low, high = problem.statement
    for index in range(max(low, problem.at - 3), min(high - 1, problem.at + 3)):
        one, two = problem.text(index), problem.text(index + 1)
        if one != two or one in ("(", "[", "{", ")", "]", "}", "not", "~", "-", "+", ":", "="):
            if one in _BINARY and two in _BINARY and one != two and two not in ("-", "+", "*", "**"):
                yield reading(
                    f"`{one} {two}`: two operators stand where one belongs.",
                    (problem.drop(index + 1), f"`{one}` is kept."),
                    (problem.drop(index), f"`{two}` is kept."),
                    weight=0.6,
                )
            continue
        if problem.tokens[index].kind in (Kind.STRING, Kind.NUMBER) or one in ("&", "|", *VALUE_KEYWORDS):
            continue  # `&&` and `||` are meant for words
        power = one in ("*", "/", ">", "<", "&", "|")
        keyword = one in KEYWORDS or one in (",", ".", ";", "%", "@", "**", "//")
        if power and problem.source[problem.tokens[index].end : problem.tokens[index + 1].start]:
            continue  # `* *` is `**` torn apart
        if keyword or power or one in _BINARY:
            yield reading(
                f"`{one}` stands there twice in a row.",
                (problem.drop(index + 1), f"One `{one}` is enough."),
                weight=0.92,
                certain=keyword,
            )
        elif problem.tokens[index].kind is Kind.NAME:
            yield reading(
                f"`{one}` stands there twice in a row.",
                (problem.drop(index + 1), f"One `{one}` is enough."),
                weight=0.9,
            )


def _increment(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    for index in range(low, high - 1):
        sign = problem.text(index)
        if sign not in ("+", "-") or problem.text(index + 1) != sign or not problem.touching(index):
            continue
        target_start = index - 1
        while target_start > low and (
            problem.text(target_start - 1) == "." or problem.text(target_start) in ("]", ".")
        ):
            target_start -= 1
            if problem.text(target_start + 1) == "]":
                target_start = problem.listing.partner.get(target_start + 1, low + 1) - 1
        target = problem.between(max(target_start, low), index)
        ends = index + 2 >= high or problem.text(index + 2) in (";", ")") or problem.tokens[index + 2].first
        if target and ends and problem.ends_operand(index - 1):
            alone = target_start == low or problem.text(target_start - 1) in (";", ":")
            step = f"{target} {sign}= 1"
            if alone:
                after = problem.swap(target_start, step, index + 1)
                yield reading(
                    f"`{target}{sign}{sign}`: Python has no operator that counts up or down.",
                    (after, f"`{step}` does it."),
                    weight=0.96,
                    certain=True,
                )
            else:
                yield reading(
                    f"`{target}{sign}{sign}`: Python has no operator that counts up or down.",
                    (problem.swap(target_start, f"{target} {sign} 1", index + 1), "The next value is used."),
                    weight=0.7,
                )


def _exclamation(problem: Problem) -> Iterator[Reading]:
    """`!x` for `not x`."""
    low, high = problem.statement
    changes = []
    for index in range(low, high - 1):
        if problem.text(index) == "!" and problem.text(index + 1) not in ("=", "==", "!", "<", ">"):
            if (problem.ends_operand(index - 1) and problem.text(index + 1) == "in") or not problem.ends_operand(index - 1):
                changes.append((problem.tokens[index].start, problem.tokens[index].end, "not "))
    if changes:
        yield reading(
            "`!` does not negate in Python.",
            (problem.put(*changes), "`not` negates a condition."),
            weight=0.94,
            certain=True,
        )


def _membership(problem: Problem) -> Iterator[Reading]:
    """`is in`, `is not in`, `in not`, `not is`, `x not y`, `not ==`."""
    low, high = problem.statement
    words = [problem.text(i) for i in range(low, high)]
    table: tuple[tuple[tuple[str, ...], str, bool], ...] = (
        (("is", "not", "in"), "not in", True),
        (("is", "in"), "in", True),
        (("in", "not"), "not in", True),
        (("not", "is"), "is not", True),
        (("isnot",), "is not", True),
        (("notin",), "not in", True),
        (("not", "=", "="), "!=", True),
        (("not", "=="), "!=", True),
        (("not", "="), "!=", True),
        (("not", "!="), "!=", True),
        (("is", "=="), "==", True),
        (("==", "is"), "==", True),
        (("is", "equal", "to"), "==", True),
        (("is", "not", "equal", "to"), "!=", True),
        (("not", "equal", "to"), "!=", True),
        (("equal", "to"), "==", True),
        (("equals", "to"), "==", True),
        (("equals",), "==", True),
        (("is", "greater", "than"), ">", True),
        (("is", "less", "than"), "<", True),
        (("greater", "than"), ">", True),
        (("less", "than"), "<", True),
        (("is", "<"), "<", True),
        (("is", ">"), ">", True),
        (("is", "<="), "<=", True),
        (("is", ">="), ">=", True),
        (("is", "!="), "!=", True),
        (("xor",), "^", False),
        (("mod",), "%", True),
        (("div",), "//", True),
        (("AND",), "and", True),
        (("OR",), "or", True),
    )
    for pattern, meant, sure in table:
        for place in range(1, len(words) - len(pattern)):
            if tuple(words[place : place + len(pattern)]) == pattern and problem.ends_operand(
                low + place - 1
            ):
                index = low + place
                yield reading(
                    f"`{' '.join(pattern)}` is no operator of Python.",
                    (problem.swap(index, meant, index + len(pattern) - 1), f"`{meant}` is the operator."),
                    weight=0.93 + 0.005 * len(pattern),
                    certain=sure,
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
    if last <= low or problem.text(last) not in _BINARY | {"not", "."} or problem.tokens[last].opener >= 0:
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
        if problem.text(index) not in _BINARY - {"=", "*", "**", "/"} or not problem.ends_operand(index - 1):
            continue
        if following in (")", "]", "}", ",") or (following == ":" and problem.header_end(low, high) == index + 1):
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


MISTAKES = (
    Mistake(
        code="syntax.foreign-operator",
        lesson="Comparisons are written `<=`, `>=`, `!=` and `==`, in this order of signs and without spaces between "
        "them. `and`, `or` and `not` are words in Python.",
        find=_foreign,
    ),
    Mistake(
        code="syntax.negation",
        lesson="`not` negates a condition in Python. `!` is used only in `!=`.",
        find=_exclamation,
    ),
    Mistake(
        code="syntax.increment",
        lesson="Python has no `++` and `--`. A number is counted up by `x += 1`.",
        find=_increment,
    ),
    Mistake(
        code="syntax.cut-comparison",
        lesson="`and` and `or` join whole conditions. Each of them needs its own left and right side: "
        "`a == 1 or a == 2`.",
        find=_cut_short,
    ),
    Mistake(
        code="syntax.word-operator",
        lesson="Membership is written `in` and `not in`, identity `is` and `is not`, equality `==` and `!=`. Other "
        "orders or mixtures of these words are not understood.",
        find=_membership,
    ),
    Mistake(
        code="syntax.repeated-token",
        lesson="A sign or word that is typed twice usually means nothing to Python.",
        find=_twice,
    ),
    Mistake(
        code="syntax.dangling-operator",
        lesson="An operator needs a value on both sides. A long expression may go on in the next line only inside "
        "brackets or behind a backslash.",
        find=_dangling,
    ),
    Mistake(
        code="syntax.attribute-sign",
        lesson="A point followed by a name reaches into an object: `item.price`. An index stands in square brackets "
        "without a point.",
        find=_dots,
    ),
)

"""Mistakes in operators: reversed, doubled, split by a space, or from other languages."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    VALUE_KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)

# What is written (without spaces), and the Python operator for it.
_PAIRS = """
    =< <=   => >=   =! !=   <> !=   === ==   !== !=   ==< <=   ==> >=   <== <=   >== >=   =>= >=
    =<= <=   !> <=   !< >=   !=== !=   ==== ==   && and   || or   &&& and   ~= !=   ==! !=   !=! !=
    !!= !=   *** **   **** **   /// //   //// //   :: :   :== :=   =: :=   !! !=   <<< <<   >>> >>
    .. .   <=> ==   +== +=   -== -=   *== *=   --> ->   @@ @   <=< <=   >=> >=   ^^ ^   %% %   /\\ and
    ||= |=   &&= &=
"""
_MEANT = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
_GLUE = frozenset(
    "== != <= >= ** // -> := += -= *= /= %= **= //= << >> &= |= ...".split()  # noqa: SIM905 - a column of signs reads better
)
_SURE = frozenset({
    "=<", "=>", "=!", "<>", "===", "!==", "==<", "==>", "<==", ">==", "&&", "||", "&&&", "***", "****",
    "::", "..", "==!", "!=!", "=>=", "=<=", "-->",
})  # fmt: skip
BINARY = frozenset({
    "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", ">", "<=", ">=", "&", "|", "^", "<<", ">>", "@",
    "=", "+=", "-=", "*=", "/=", "and", "or", "in", "is",
})  # fmt: skip
_SIGNS = frozenset("=<>!&|*/+-%^:.~?@")


def _runs(problem: Problem) -> Iterator[tuple[int, int]]:
    """Yield the first and last token of each run of signs in the failing statement."""
    low, high = problem.statement
    index = low
    while index < high:
        last = index
        while (
            last < high
            and set(problem.text(last)) <= _SIGNS
            and problem.tokens[last].kind in (TokenKind.OP, TokenKind.OTHER)
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
                options = [(problem.swap(low, _spaced(problem, low, high, meant), high), f"Write `{meant}`.")]
                if everywhere and everywhere != options[0][0]:
                    options.insert(0, (everywhere, f"Write `{meant}` everywhere."))
                    options = options[:1]
                if signs == "==" and problem.tokens[low].opener < 0 and _is_statement_target(problem, low):
                    options.insert(0, (problem.swap(low, "=", high), "Write one `=`, which assigns a value."))
                elif signs == "=>" and problem.text(low - 1) == ")":
                    options.append((problem.swap(low, ":", high), "Write a colon."))
                yield reading(
                    f"`{written}` is not a Python operator.",
                    *options,
                    weight=0.93 if signs in _SURE or " " in written else 0.8,
                    certain=len(options) == 1 and (signs in _SURE or (meant == signs and signs != "==")),
                )


def _replace_all(problem: Problem, signs: str, meant: str) -> str:
    """Return the cell with all runs of exactly these signs replaced."""
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
    """Return the operator, with spaces around it where a word needs them."""
    if not text.isalpha():
        return text
    left = "" if low == 0 or not problem.touching(low - 1) else " "
    right = " " if problem.touching(high) else ""
    return left + text + right


def _is_pair(problem: Problem, index: int) -> bool:
    """Return whether the sign separates a dict's key and value, or follows an arrow function's parameters."""
    opener = problem.tokens[index].opener
    return (opener >= 0 and problem.text(opener) == "{") or problem.arrow_function(index)


def _is_statement_target(problem: Problem, index: int) -> bool:
    return problem.text(problem.statement[0]) not in KEYWORDS and problem.ends_operand(index - 1)


def _twice(problem: Problem) -> Iterator[Reading]:
    """The same operator or word twice, or two operators where one belongs."""
    low, high = problem.statement
    for index in range(max(low, problem.at - 3), min(high - 1, problem.at + 3)):
        one, two = problem.text(index), problem.text(index + 1)
        if one != two or one in ("(", "[", "{", ")", "]", "}", "not", "~", "-", "+", ":", "="):
            if one in BINARY and two in BINARY and one != two and two not in ("-", "+", "*", "**"):
                yield reading(
                    f"`{one} {two}`: two operators in a row, where one belongs.",
                    (problem.drop(index + 1), f"Keep `{one}`."),
                    (problem.drop(index), f"Keep `{two}`."),
                    weight=0.6,
                )
            continue
        if problem.tokens[index].kind in (TokenKind.STRING, TokenKind.NUMBER) or one in (
            "&",
            "|",
            *VALUE_KEYWORDS,
        ):
            continue  # `&&` and `||` are meant as `and` and `or`
        power = one in ("*", "/", ">", "<", "&", "|")
        keyword = one in KEYWORDS or one in (",", ".", ";", "%", "@", "**", "//")
        if power and problem.source[problem.tokens[index].end : problem.tokens[index + 1].start]:
            continue  # `* *` is a split `**`
        if keyword or power or one in BINARY:
            yield reading(
                f"`{one}` is repeated.",
                (problem.drop(index + 1), f"Remove the second `{one}`."),
                weight=0.92,
                certain=keyword,
            )
        elif problem.tokens[index].kind is TokenKind.NAME:
            yield reading(
                f"`{one}` is repeated.", (problem.drop(index + 1), f"Remove the second `{one}`."), weight=0.9
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
                    f"`{target}{sign}{sign}`: Python has no `{sign}{sign}` operator.",
                    (after, f"Write `{step}`."),
                    weight=0.96,
                    certain=True,
                )
            else:
                yield reading(
                    f"`{target}{sign}{sign}`: Python has no `{sign}{sign}` operator.",
                    (
                        problem.swap(target_start, f"{target} {sign} 1", index + 1),
                        f"Write `{target} {sign} 1`.",
                    ),
                    weight=0.7,
                )


def _exclamation(problem: Problem) -> Iterator[Reading]:
    """`!x` for `not x`."""
    low, high = problem.statement
    changes = []
    for index in range(low, high - 1):
        if problem.text(index) != "!" or problem.text(index + 1) in ("=", "==", "!", "<", ">"):
            continue
        if problem.text(index + 1) == "in" or not problem.ends_operand(index - 1):
            changes.append((problem.tokens[index].start, problem.tokens[index].end, "not "))
    if changes:
        yield reading(
            "`!` is not a Python operator; `not` negates a condition.",
            (problem.put(*changes), "Write `not`."),
            weight=0.94,
            certain=True,
        )


SLIPS = (
    Slip(
        code="syntax.foreign-operator",
        lesson="Comparison operators are written `<=`, `>=`, `!=` and `==`, with the signs in this order and "
        "without spaces between them. `and`, `or` and `not` are written as words.",
        find=_foreign,
    ),
    Slip(
        code="syntax.negation",
        lesson="`not` negates a condition in Python. `!` occurs only in `!=`.",
        find=_exclamation,
    ),
    Slip(
        code="syntax.increment",
        lesson="Python has no `++` or `--` operators. Add 1 with `x += 1`.",
        find=_increment,
    ),
    Slip(
        code="syntax.repeated-token",
        lesson="An operator or a word that is typed twice in a row is usually a syntax error.",
        find=_twice,
    ),
)

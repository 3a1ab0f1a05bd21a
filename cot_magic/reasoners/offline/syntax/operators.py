"""Mistakes in operators: turned round, doubled, torn apart, borrowed from other languages."""

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

# What is written (without spaces) and what Python has for it.
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
_SURE = frozenset(
    [
        "=<",
        "=>",
        "=!",
        "<>",
        "===",
        "!==",
        "==<",
        "==>",
        "<==",
        ">==",
        "&&",
        "||",
        "&&&",
        "***",
        "****",
        "::",
        "..",
        "==!",
        "!=!",
        "=>=",
        "=<=",
        "-->",
    ]
)


BINARY = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "&",
        "|",
        "^",
        "<<",
        ">>",
        "@",
        "=",
        "+=",
        "-=",
        "*=",
        "/=",
        "and",
        "or",
        "in",
        "is",
    ]
)


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
            if one in BINARY and two in BINARY and one != two and two not in ("-", "+", "*", "**"):
                yield reading(
                    f"`{one} {two}`: two operators stand where one belongs.",
                    (problem.drop(index + 1), f"`{one}` is kept."),
                    (problem.drop(index), f"`{two}` is kept."),
                    weight=0.6,
                )
            continue
        if problem.tokens[index].kind in (TokenKind.STRING, TokenKind.NUMBER) or one in (
            "&",
            "|",
            *VALUE_KEYWORDS,
        ):
            continue  # `&&` and `||` are meant for words
        power = one in ("*", "/", ">", "<", "&", "|")
        keyword = one in KEYWORDS or one in (",", ".", ";", "%", "@", "**", "//")
        if power and problem.source[problem.tokens[index].end : problem.tokens[index + 1].start]:
            continue  # `* *` is `**` torn apart
        if keyword or power or one in BINARY:
            yield reading(
                f"`{one}` stands there twice in a row.",
                (problem.drop(index + 1), f"One `{one}` is enough."),
                weight=0.92,
                certain=keyword,
            )
        elif problem.tokens[index].kind is TokenKind.NAME:
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
        if problem.text(index) != "!" or problem.text(index + 1) in ("=", "==", "!", "<", ">"):
            continue
        if problem.text(index + 1) == "in" or not problem.ends_operand(index - 1):
            changes.append((problem.tokens[index].start, problem.tokens[index].end, "not "))
    if changes:
        yield reading(
            "`!` does not negate in Python.",
            (problem.put(*changes), "`not` negates a condition."),
            weight=0.94,
            certain=True,
        )


SLIPS = (
    Slip(
        code="syntax.foreign-operator",
        lesson="Comparisons are written `<=`, `>=`, `!=` and `==`, in this order of signs and without "
        "spaces between "
        "them. `and`, `or` and `not` are words in Python.",
        find=_foreign,
    ),
    Slip(
        code="syntax.negation",
        lesson="`not` negates a condition in Python. `!` is used only in `!=`.",
        find=_exclamation,
    ),
    Slip(
        code="syntax.increment",
        lesson="Python has no `++` and `--`. A number is counted up by `x += 1`.",
        find=_increment,
    ),
    Slip(
        code="syntax.repeated-token",
        lesson="A sign or word that is typed twice usually means nothing to Python.",
        find=_twice,
    ),
)

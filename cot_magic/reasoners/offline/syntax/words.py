"""Repairs of single words: `=` for `==`, keywords as names. The search knows misspelled keywords."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    VALUE_KEYWORDS,
    Problem,
    Reading,
    reading,
    slip,
)

_CONDITIONS = ("if", "elif", "while", "assert")
_COMPARE = "Use `==` to compare."


@slip("single-equals")
def _condition(problem: Problem) -> Iterator[Reading]:
    """`=` where a comparison is meant."""
    low, high = problem.statement
    head = problem.text(low)
    if head in ("def", "class", "async", "with", "import", "from"):
        return
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    signs = [
        i
        for i in range(low + 1, end)
        if problem.text(i) == "="
        and not _names_argument(problem, i)
        and (head in _CONDITIONS or _tested(problem, low, i))
    ]
    if not signs:
        return
    options = [
        (problem.put(*((problem.tokens[i].start, problem.tokens[i].end, "==") for i in signs)), _COMPARE)
    ]
    first = signs[0]
    called = any(problem.text(i) == "(" and problem.ends_operand(i - 1) for i in range(first, end))
    if len(signs) == 1 and called and problem.text(first - 2) in (head, "("):
        inner = problem.text(first - 2) == "(" or head == "while"
        value = f"({problem.text(first - 1)} := {problem.between(first + 1, end)})"
        walrus = problem.swap(first, ":=") if inner else problem.swap(first - 1, value, end - 1)
        place = 0 if head == "while" else 1
        options.insert(place, (walrus, "Use `:=`, which assigns inside an expression."))
    yield reading("`=` assigns a value; a comparison needs `==`.", *options, weight=0.95)


def _names_argument(problem: Problem, index: int) -> bool:
    opener = problem.tokens[index].opener
    return opener >= 0 and problem.text(opener) == "(" and problem.ends_operand(opener - 1)


def _tested(problem: Problem, low: int, index: int) -> bool:
    """Return whether `=` is in a condition: after `if`, `and`, `or`, `not` and the like."""
    for place in range(index - 1, low - 1, -1):
        if problem.tokens[place].opener == problem.tokens[index].opener:
            if problem.text(place) in ("if", "not", "and", "or", *_CONDITIONS):
                return True
            if problem.text(place) in (",", "=", ":", ";", "else", "for", "in", "lambda"):
                return False
    return False


@slip("keyword-as-name")
def _keyword_as_name(problem: Problem) -> Iterator[Reading]:
    """`class = 1`, `f(class=1)`, `def pass():`, `obj.in`."""
    for index in (problem.at, problem.at - 1, problem.at + 1):
        word = problem.text(index)
        if word in KEYWORDS and _is_used(problem, index):
            new = f"{word.lower()}_"
            changes = [
                (token.start, token.end, new)
                for place, token in enumerate(problem.tokens)
                if token.text == word and (place == index or _is_used(problem, place))
            ]
            yield reading(
                f"`{word}` is a keyword and cannot be used as a name.",
                (problem.put(*changes), f"Rename it to `{new}` everywhere."),
                (problem.swap(index, new), f"Rename it to `{new}` only here."),
                weight=0.6 if word in VALUE_KEYWORDS else 0.84,
            )
            return


def _is_used(problem: Problem, index: int) -> bool:
    """Return whether the keyword is in the place of a name."""
    before, after, word = problem.text(index - 1), problem.text(index + 1), problem.text(index)
    ended = after in ("", ")", ",", "]") or problem.tokens[index + 1].first
    if word in VALUE_KEYWORDS:
        return after == "=" and problem.tokens[index].first
    if before in (".", "def", "class", "import", "for", "global", "nonlocal", "as"):
        return True
    if after in ("=", "+=", "-=", "*=", "."):
        return word not in ("else", "return", "yield")
    operand = before in ("=", "(", ",", "+", "-", "*", "/", "[", "==", "<", ">", "return", "print")
    return operand and (ended or after in ("+", "-", "*", "/", ":", "<", ">", "=="))

"""Mistakes in simple statements: declarations, names of two words, and keywords used as values."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

_TYPES = frozenset(
    {"int", "float", "double", "str", "string", "String", "bool", "boolean", "char", "long", "list",
     "dict", "tuple", "bytes", "byte", "short"}
)  # fmt: skip


def _typed(problem: Problem) -> Iterator[Reading]:
    """`int x = 3`, `String name;`, `let x: int = 3`."""
    low, high = problem.statement
    if (
        high - low < 2
        or problem.tokens[low].kind is not TokenKind.NAME
        or problem.tokens[low + 1].kind is not TokenKind.NAME
    ):
        return
    word = problem.text(low)
    if word in _TYPES and problem.text(low + 2) in ("=", ";", "", "["):
        name = problem.text(low + 1)
        kind = {
            "double": "float",
            "string": "str",
            "String": "str",
            "boolean": "bool",
            "char": "str",
            "long": "int",
            "byte": "int",
            "short": "int",
        }.get(word, word)
        typed = problem.put((problem.tokens[low].start, problem.tokens[low + 1].end, f"{name}: {kind}"))
        yield reading(
            f"Python does not declare variables: `{word}` does not belong before the name.",
            (problem.drop(low), f"Remove `{word}`."),
            (typed, "Write the type as an annotation after the name."),
            weight=0.9,
        )


def _name_of_two_words(problem: Problem) -> Iterator[Reading]:
    """`my total = 3`"""
    low, high = problem.statement
    end = low
    while end + 1 < high and _is_name(problem, end) and _is_name(problem, end + 1):
        end += 1
    if end == low or problem.text(end + 1) != "=" or not problem.tokens[low].first:
        return
    joined = "_".join(problem.text(i) for i in range(low, end + 1))
    written = problem.between(low, end + 1)
    everywhere = re.sub(rf"\b{re.escape(written)}\b", joined, problem.source)
    yield reading(
        f"`{written}` is not a valid name: a name is one word.",
        (everywhere, f"Name the variable `{joined}`."),
        (problem.swap(low, problem.text(end), end), f"Name the variable `{problem.text(end)}`."),
        weight=0.87,
    )


def _is_name(problem: Problem, index: int) -> bool:
    return problem.tokens[index].kind is TokenKind.NAME and problem.text(index) not in KEYWORDS


def _statement_value(problem: Problem) -> Iterator[Reading]:
    """`return = x`, `return: x`, `break 2`, `pass;`, `import: x`, `x = return y`, `print return`."""
    low, high = problem.statement
    for index in range(low, high):
        word = problem.text(index)
        if (
            word in ("return", "import", "raise", "assert", "del", "from", "yield", "global", "nonlocal")
            and problem.text(index + 1) in ("=", ":", "==", ",", "->", ":=")
            and index + 1 < high
        ):
            yield reading(
                f"`{problem.text(index + 1)}` does not belong after `{word}`.",
                (problem.drop(index + 1), f"Remove `{problem.text(index + 1)}`."),
                weight=0.92,
                certain=word in ("return", "import", "raise"),
            )
        elif word in ("return", "raise", "pass", "break", "continue") and problem.text(index - 1) == "=":
            yield reading(
                f"`{word}` is a statement and has no value to assign.",
                (problem.drop(index), f"Remove `{word}`."),
                weight=0.8,
            )
        elif (
            word in ("break", "continue", "pass")
            and index + 1 < high
            and problem.text(index + 1) not in (";", ":", "=", ".", ")", ",")
        ):
            end = high - 1
            options = [
                (
                    problem.put((problem.tokens[index].end, problem.tokens[end].end, "")),
                    f"Remove what follows `{word}`.",
                )
            ]
            if problem.tokens[index].first and re.match(r"if\b", problem.text(index + 1)):
                indent = problem.listing.indent(problem.tokens[index].line)
                test = problem.between(index + 2, high).rstrip(": ")
                options.insert(
                    0,
                    (problem.swap(index, f"if {test}:\n{indent}    {word}", end), "Put the condition first."),
                )
            yield reading(
                f"`{word}` must not be followed by anything.",
                *options,
                weight=0.85,
                certain=len(options) == 1 and problem.text(index + 1) in ("()", "(", "1"),
            )


def _global_value(problem: Problem) -> Iterator[Reading]:
    """`global x = 3`"""
    low, high = problem.statement
    word = problem.text(low)
    if word not in ("global", "nonlocal") or low + 2 >= high:
        return
    sign = next((i for i in range(low, high) if problem.text(i) in ("=", "+=", "-=")), None)
    if sign is None:
        return
    names, indent = problem.between(low + 1, sign), problem.listing.indent(problem.tokens[low].line)
    new = f"{word} {names}\n{indent}{problem.between(low + 1, high)}"
    yield reading(
        f"`{word}` only declares a name; it cannot assign a value.",
        (problem.swap(low, new, high - 1), "Assign the value on the next line."),
        weight=0.95,
        certain=True,
    )


SLIPS = (
    Slip(
        code="syntax.name-with-space",
        lesson="A name is one word. Its parts are usually joined with underscores: `total_price`.",
        find=_name_of_two_words,
    ),
    Slip(
        code="syntax.global-value",
        lesson="`global` and `nonlocal` only say which variable a name refers to. A separate statement "
        "assigns the value.",
        find=_global_value,
    ),
    Slip(
        code="syntax.declared-type",
        lesson="Python variables are not declared. They are created when a value is assigned to them.",
        find=_typed,
    ),
    Slip(
        code="syntax.statement-word",
        lesson="Keywords such as `return`, `break` and `import` begin a statement; they are not functions "
        "and have no value.",
        find=_statement_value,
    ),
)

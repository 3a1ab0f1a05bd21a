"""Declarations that Python does not have, and statements that are used like values."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)

_TYPES = frozenset(
    [
        "int",
        "float",
        "double",
        "str",
        "string",
        "String",
        "bool",
        "boolean",
        "char",
        "long",
        "list",
        "dict",
        "tuple",
        "bytes",
        "byte",
        "short",
    ]
)


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
            f"A variable is not declared with `{word}` in Python.",
            (problem.drop(low), "The value alone decides on the type."),
            (typed, "A type may stand behind the name."),
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
        f"`{written}` is no name: a name is one word.",
        (everywhere, f"The variable is called `{joined}`."),
        (problem.swap(low, problem.text(end), end), f"The variable is called `{problem.text(end)}`."),
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
                f"Behind `{word}` stands `{problem.text(index + 1)}`, which does not belong there.",
                (problem.drop(index + 1), "It is left out."),
                weight=0.92,
                certain=word in ("return", "import", "raise"),
            )
        elif word in ("return", "raise", "pass", "break", "continue") and problem.text(index - 1) == "=":
            yield reading(
                f"`{word}` gives no value that could be assigned.",
                (problem.drop(index), f"`{word}` is left out."),
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
                    f"`{word}` stands alone.",
                )
            ]
            if problem.tokens[index].first and re.match(r"if\b", problem.text(index + 1)):
                indent = problem.listing.indent(problem.tokens[index].line)
                test = problem.between(index + 2, high).rstrip(": ")
                options.insert(
                    0,
                    (
                        problem.swap(index, f"if {test}:\n{indent}    {word}", end),
                        "The condition stands first.",
                    ),
                )
            yield reading(
                f"`{word}` takes nothing behind it.",
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
        f"`{word}` only declares a name; a value is given on a line of its own.",
        (problem.swap(low, new, high - 1), "Declaration and assignment stand on two lines."),
        weight=0.95,
        certain=True,
    )


SLIPS = (
    Slip(
        code="syntax.name-with-space",
        lesson="A name is one word. By custom its parts are joined by underscores: `total_price`.",
        find=_name_of_two_words,
    ),
    Slip(
        code="syntax.global-value",
        lesson="`global` and `nonlocal` say which variable is meant. The value is assigned by a statement "
        "of its own.",
        find=_global_value,
    ),
    Slip(
        code="syntax.declared-type",
        lesson="Python's variables are not declared. They come into being when a value is assigned.",
        find=_typed,
    ),
    Slip(
        code="syntax.statement-word",
        lesson="Words such as `return`, `break` and `import` begin a statement; they are no functions and "
        "have no value.",
        find=_statement_value,
    ),
)

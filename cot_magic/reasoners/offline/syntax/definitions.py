"""Mistakes in the first line of `def` and `class`: names and parentheses."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

TYPE_NAMES = frozenset(
    {"int", "str", "float", "bool", "list", "dict", "tuple", "set", "String", "string", "double", "char",
     "long", "var", "let", "const", "void", "auto"}
)  # fmt: skip


def definitions_in(problem: Problem) -> Iterator[tuple[int, int]]:
    """Yield the token of the failing line's `def` and the end of the logical line."""
    low, high = problem.statement
    for index in range(low, min(low + 3, high)):
        if problem.text(index) == "def":
            yield index, high
            return


def _def_parentheses(problem: Problem) -> Iterator[Reading]:
    start = problem.statement[0]
    named = problem.tokens[start + 1].kind is TokenKind.NAME and problem.text(start + 1) not in KEYWORDS
    if problem.text(start) == "async" and named and problem.text(start + 2) == "(":
        at = problem.tokens[start].end
        yield reading(
            "`def` is missing after `async`.",
            (problem.put((at, at, " def")), "Add `def`."),
            weight=0.95,
            certain=True,
        )
    for index, high in definitions_in(problem):
        name = index + 1
        after = problem.text(name + 1)
        if problem.text(name) in ("(", ":"):
            yield from _nameless(problem, index, high)
        elif problem.tokens[name].kind is TokenKind.NAME and after in (".", "-"):
            yield from _compound_name(problem, name, high)
        elif problem.tokens[name].kind is TokenKind.NAME and name < high:
            yield from _no_parentheses(problem, index, high)


def _no_parentheses(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    """`def f:`, `def f x, y:`, `def f[x]:`"""
    name = index + 1
    after, at = problem.text(name + 1), problem.tokens[name].end
    colon = problem.header_end(index, high)
    end = colon if colon is not None else high
    arrow = next((i for i in range(name, end) if problem.text(i) == "->"), None)
    stop = arrow if arrow is not None else end
    close = "" if colon is not None else ":"
    last = problem.tokens[stop - 1].end
    claim = f"The parentheses after the function's name `{problem.text(name)}` are missing."
    if stop == name + 1:
        empty = problem.put((at, at, "()" + (close if arrow is None else "")))
        yield reading(
            claim, (empty, "Add empty parentheses: there are no parameters."), weight=0.96, certain=True
        )
    elif after in ("[", "{", "<") and problem.text(stop - 1) in ("]", "}", ">"):
        new = problem.put((at, last, f"({problem.between(name + 2, stop - 1)}){close}"))
        claim = "Parameters go in parentheses."
        yield reading(claim, (new, "Replace them with parentheses."), weight=0.95, certain=True)
    elif after not in ("(", "[", "{", "+"):
        inside = problem.between(name + 1, stop)
        if re.fullmatch(r"[^\W\d]\w*(?:\s+[^\W\d]\w*)*\s*\(.*\)?", inside, re.DOTALL):
            yield from _name_with_space(problem, index, high)
            return
        yield from _glued_self(problem, name)
        if problem.text(stop - 1) == ")" and "(" not in inside:
            inside = inside[:-1]
        new = problem.put((at, last, f"({inside.strip(',; ')}){close}"))
        sure = after not in (",", ")")
        yield reading(claim, (new, "Put parentheses around the parameters."), weight=0.96, certain=sure)


def _glued_self(problem: Problem, name: int) -> Iterator[Reading]:
    """`def areaself):`"""
    word, at = problem.text(name), problem.tokens[name].end
    for first in ("self", "cls"):
        if problem.text(name + 1) == ")" and word.endswith(first) and word != first:
            after = problem.put((at - len(first), at, f"({first}"))
            claim = f"The `(` before `{first}` is missing."
            yield reading(claim, (after, f"Add `(` before `{first}`."), weight=0.97)


def _quoted_name(problem: Problem) -> Iterator[Reading]:
    """`def "f"():`, `class "A":`"""
    low, high = problem.statement
    for index in range(low, min(low + 2, high)):
        token = problem.tokens[index + 1]
        if (
            problem.text(index) in ("def", "class")
            and token.kind is TokenKind.STRING
            and token.text[1:-1].isidentifier()
        ):
            yield reading(
                "A name is written without quotes.",
                (problem.swap(index + 1, token.text[1:-1]), "Remove the quotes."),
                weight=0.95,
                certain=True,
            )


def _nameless(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    at = problem.tokens[index].end
    bracket = problem.text(index + 1) == "("
    name = "function"
    text = f" {name}" if bracket else f" {name}()"
    end = problem.tokens[index + 1].start
    yield reading(
        "The function has no name.",
        (problem.put((at, end, text)), f"Insert the name `{name}` as a placeholder."),
        weight=0.85,
    )


def _name_with_space(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    """`def my function(x):`"""
    opener = next((i for i in range(index + 2, high) if problem.text(i) == "("), None)
    if opener is None or opener - index < 3:
        return
    words = [problem.text(i) for i in range(index + 1, opener)]
    joined = "_".join(words)
    options = [(problem.swap(index + 1, joined, opener - 1), f"Name it `{joined}`.")]
    if words[0] in TYPE_NAMES | {"function", "def"}:
        options.insert(0, (problem.swap(index + 1, words[-1], opener - 1), f"Name it `{words[-1]}`."))
    yield reading("A function's name is one word.", *options, weight=0.9)


def _compound_name(problem: Problem, name: int, high: int) -> Iterator[Reading]:
    """`def a.b():`, `def my-function():`"""
    last = name
    while (
        last + 2 < high
        and problem.text(last + 1) in (".", "-")
        and problem.tokens[last + 2].kind is TokenKind.NAME
    ):
        last += 2
    shown = problem.between(name, last + 1)
    joined = re.sub(r"\W+", "_", shown)
    options = [(problem.swap(name, joined, last), f"Name it `{joined}`.")]
    if problem.text(name + 1) == ".":
        options.append((problem.swap(name, problem.text(last), last), f"Name it `{problem.text(last)}`."))
    yield reading(f"`{shown}` is not a valid name for a function.", *options, weight=0.85)


def _class_with_space(problem: Problem, name: int, end: int, close: str) -> Reading:
    """`class My Class:`, `class Dog Animal:`"""
    inside = problem.between(name + 1, end)
    at, last = problem.tokens[name].end, problem.tokens[end - 1].end
    joined = "".join(problem.text(i) for i in range(name, end) if problem.tokens[i].kind is TokenKind.NAME)
    inherits = problem.put((at, last, f"({inside}){close}"))
    one_word = problem.put((problem.tokens[name].start, last, joined + close))
    options = [
        (inherits, f"Put `{inside}` in parentheses, so that the class inherits from it."),
        (one_word, f"Name it `{joined}`."),
    ]
    opener = next((i for i in range(name, end) if problem.text(i) == "("), None)
    if opener is not None:
        words = "".join(problem.text(i) for i in range(name, opener))
        options = [(problem.swap(name, words, opener - 1), f"Name it `{words}`.")]
    return reading("A class's name is one word.", *options, weight=0.85)


def _class(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    if problem.text(low) != "class" or low + 1 >= high:
        return
    name = low + 1
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    close = "" if colon is not None else ":"
    if problem.tokens[name].kind is not TokenKind.NAME:
        if problem.text(name) in (":", "("):
            at = problem.tokens[low].end
            start = problem.tokens[name].start
            yield reading(
                "The class has no name.",
                (problem.put((at, start, " Thing")), "Insert the name `Thing` as a placeholder."),
                weight=0.8,
            )
        return
    after = problem.text(name + 1)
    last = end - 1
    at = problem.tokens[name].end
    if after in ("[", "{", "<") and problem.text(last) in ("]", "}", ">") and last > name + 1:
        inside = problem.between(name + 2, last)
        yield reading(
            "The base classes of a class go in parentheses.",
            (problem.put((at, problem.tokens[last].end, f"({inside}){close}")), "Put them in parentheses."),
            weight=0.94,
            certain=True,
        )
    elif after in ("extends", "inherits", "implements", "<", "of", "from", "is") and last > name + 1:
        begin = name + 2 + (problem.text(name + 2) == "from")
        yield reading(
            f"`{after}` names the base class in other languages, not in Python.",
            (
                problem.put((at, problem.tokens[last].end, f"({problem.between(begin, end)}){close}")),
                "Put the base class in parentheses.",
            ),
            weight=0.94,
            certain=True,
        )
    elif last > name and problem.tokens[name + 1].kind is TokenKind.NAME:
        yield _class_with_space(problem, name, end, close)
    elif after in (".", "-") and last > name + 1:
        shown = problem.between(name, name + 3)
        joined = re.sub(r"\W", "_", shown)
        yield reading(
            f"`{shown}` is not a valid name for a class.",
            (problem.swap(name, joined, name + 2), f"Name it `{joined}`."),
            weight=0.8,
        )


SLIPS = (
    Slip(
        code="syntax.quoted-name",
        lesson="Names of functions and classes are written without quotes: quotes would make them strings.",
        find=_quoted_name,
    ),
    Slip(
        code="syntax.def-form",
        lesson="A function is defined with `def name(parameters):`. The parentheses are required even "
        "without parameters, and the name is one word.",
        find=_def_parentheses,
    ),
    Slip(
        code="syntax.class-form",
        lesson="A class is defined with `class Name:` or, with a base class, `class Name(Base):`.",
        find=_class,
    ),
)

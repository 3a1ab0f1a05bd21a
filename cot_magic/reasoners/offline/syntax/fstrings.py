"""Repairs of f-strings: nested quotes, braces, what is between the braces, and the prefix."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import OPENERS, STRINGS, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, parsed, reading, slip, unique

_FSTRING = re.compile(r"""([fF][rR]?|[rR][fF])('''|\"\"\"|'|")""")
_FIELD = re.compile(r"(?<!\{)\{([^{}]+)\}")
_VALUE = r"[^\W\d][\w.]*(?:\[[^\]]*\]|\([^)]*\))*(?::[.\d,]+[a-z%]?)?"
_PREFIXES = {word: word for word in ("f", "r", "b", "fr", "rf")}
_PREFIXES |= {"ff": "f", "rr": "r", "ur": "r", "g": "f", "d": "f", "s": ""}  # others, and keys nearby
Option = tuple[str, str]


def _fstrings(problem: Problem) -> Iterator[tuple[int, int, str]]:
    """Yield the spans of f-strings at the failure, and their quotes."""
    line = problem.failure.line
    for token in problem.tokens:
        found = _FSTRING.match(token.text)
        if found is None or token.kind not in STRINGS:
            continue
        inside = token.start <= problem.failure.position <= token.end
        near = "string" in problem.message and token.line <= line <= token.line + token.text.count("\n")
        if inside or near or problem.message.startswith("f-string"):
            yield token.start, token.end, found[2]


def _fields(problem: Problem) -> Iterator[tuple[int, str, str]]:
    """Yield where each expression between braces begins, the expression, and the quote around it."""
    for start, end, quote in _fstrings(problem):
        for found in _FIELD.finditer(problem.source, start, end):
            yield found.start(1), found[1], quote


@slip("f-string-braces")
def _braces(problem: Problem) -> Iterator[Reading]:
    """`f"{x"`, `f"x}"`, `f"{}"`"""
    for start, end, quote in _fstrings(problem):
        begin = problem.source.index(quote, start) + len(quote)
        stop = end - len(quote) if problem.source[begin:end].endswith(quote) else end
        claim, options = _mended(problem.source[begin:stop])
        if options:
            yield reading(
                claim, *((problem.put((begin, stop, new)), why) for new, why in options), weight=0.92
            )
            return


def _mended(body: str) -> tuple[str, list[Option]]:
    """Return what is wrong with the braces, and bodies with matching ones."""
    opened: list[int] = []
    for found in re.finditer(r"[{}]", re.sub(r"\{\{|\}\}", "  ", body) if "{{" in body else body):
        place = found.start()
        if found[0] == "{":
            opened.append(place)
        elif not opened:
            return "A `}` in the f-string has no matching `{`.", list(_lone_closer(body, place))
        elif not body[opened.pop() + 1 : place].strip():
            doubled = body[: place - 1].rstrip("{ ") + "{{}}" + body[place + 1 :]
            claim = "There is no expression between the braces of the f-string."
            return claim, [(doubled, "Double the braces to show them.")]
    if opened:
        return "A `{` in the f-string is never closed.", unique(_never_closed(body, opened[0]))
    return "", []


def _lone_closer(body: str, place: int) -> Iterator[Option]:
    word = re.search(rf"(?:{_VALUE})$", body[:place])
    ended = body[:place].rstrip().endswith("}")
    if word and not ended:
        yield body[: word.start()] + "{" + body[word.start() :], "Add `{` before the expression."
    ways = [
        (body[:place] + "}" + body[place:], "Double the `}` to show it."),
        (body[:place] + body[place + 1 :], "Remove the `}`."),
    ]
    yield from reversed(ways) if ended else ways


def _never_closed(body: str, opened: int) -> Iterator[Option]:
    rest = body[opened + 1 :]
    first = re.search(_VALUE, rest)
    nested = "{" in rest  # a nested format: the outer brace is the missing one
    for end in [*([first.end()] if first and not nested else []), len(rest.rstrip())]:
        yield body[: opened + 1 + end] + "}" + rest[end:], "Add `}` after the expression."
    yield body[:opened] + "{{" + rest, "Double the `{` to show it."


@slip("f-string-brackets")
def _unclosed_in_field(problem: Problem) -> Iterator[Reading]:
    """`f"{ages['Ann'}"`: an opener between the braces is not closed."""
    for at, inner, _ in _fields(problem):
        listing = lex(inner)
        if listing.unclosed and not listing.stray:
            missing = "".join(OPENERS[listing.tokens[i].text] for i in reversed(listing.unclosed))
            end = at + len(inner)
            claim = f"`{missing}` is missing in `{inner}` between the braces."
            yield reading(claim, (problem.put((end, end, missing)), f"Add `{missing}`."), weight=0.94)
            return


@slip("f-string-expression")
def _expression(problem: Problem) -> Iterator[Reading]:
    """What is between the braces is not an expression."""
    for at, inner, _ in _fields(problem):
        bare = re.split(r"(?<![!=<>:])[:!](?!=)", inner, maxsplit=1)[0].rstrip("= ")
        end = at + len(inner)
        if "\\" in inner and "backslash" in problem.message:
            line = problem.source.count("\n", 0, at) + 1
            base = problem.listing.starts[line - 1]
            above = f"{problem.listing.indent(line)}part = {inner.strip()}\n"
            yield reading(
                "The braces of an f-string cannot contain a backslash (up to Python 3.11).",
                (
                    problem.put((at, end, re.sub(r"(['\"])\\n\1", "chr(10)", inner))),
                    "Write the newline as `chr(10)`.",
                ),
                (
                    problem.put((base, base, above), (at, end, "part")),
                    "Assign it to a variable before the f-string.",
                ),
                weight=0.85,
            )
            return
        if parsed(bare.strip(), "eval") is None:
            claim = f"`{inner}` between the braces is not an expression."
            options = [(problem.put((at, end, new)), why) for new, why in _meant(inner)]
            if options:
                yield reading(claim, *options, weight=0.75)
                return


def _meant(inner: str) -> Iterator[Option]:
    words = re.fullmatch(r"\s*([^\W\d]\w*)\s+([^\W\d]\w*)\s*", inner)
    if words:
        name = f"{words[1]}_{words[2]}"
        yield name, f"Join the words to the name `{name}`."
        yield f"{words[1]}.{words[2]}", "Put a dot between them: the second is an attribute of the first."


@slip("string-prefix")
def _lost_prefix(problem: Problem) -> Iterator[Reading]:
    """`f "…"`, `g"…"`, `ur"…"`: a letter before the quote that is not a prefix there."""
    low, high = problem.statement
    for index in range(low, high - 1):
        token, following = problem.tokens[index], problem.tokens[index + 1]
        prefix = _PREFIXES.get(token.text.lower())
        if prefix is not None and following.kind is TokenKind.STRING and token.text not in problem.names:
            options = [(problem.put((token.start, following.start, "")), f"Remove `{token.text}`.")]
            if prefix:
                put = problem.put((token.start, following.start, prefix))
                options.insert(0, (put, f"Put `{prefix}` right before the quote."))
            claim = f"`{token.text}` before the string is not a valid prefix here."
            yield reading(claim, *options, weight=0.88)
            return

"""Mistakes in f-strings: nested quotes, braces, invalid expressions, and the prefix."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import OPENERS, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading, unique

_FSTRING = re.compile(r"""(?P<prefix>[fF][rR]?|[rR][fF])(?P<quote>'''|\"\"\"|'|")""")


def _fstrings(problem: Problem) -> Iterator[tuple[int, int]]:
    """Yield the spans of f-strings at the failure."""
    for token in problem.tokens:
        if token.kind in (TokenKind.STRING, TokenKind.OPEN_STRING, TokenKind.OPEN_TRIPLE) and _FSTRING.match(
            token.text
        ):
            last = token.line + token.text.count("\n")
            if (
                token.start <= problem.failure.position <= token.end
                or problem.message.startswith("f-string")
                or ("string" in problem.message and token.line <= problem.failure.line <= last)
            ):
                yield token.start, token.end


def _nested_quotes(problem: Problem) -> Iterator[Reading]:
    """`f"{d["a"]}"`, which is valid from Python 3.12 on."""
    line = problem.failure.line
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    for found in _FSTRING.finditer(text):
        quote = found["quote"]
        if len(quote) != 1:
            continue
        end = _end_of_nested(text, found.end(), quote)
        if end is None:
            continue
        body = text[found.end() : end]
        other = '"' if quote == "'" else "'"
        if quote not in body:
            continue
        if other not in body:
            new = body.replace(quote, other)
            edited = problem.put((base + found.end(), base + end, new))
            why = f"Use {other} for the strings inside the braces."
        else:
            edited = problem.put(
                (base + found.end() - 1, base + found.end(), quote * 3),
                (base + end, base + end + 1, quote * 3),
            )
            why = "Use triple quotes around the f-string, so that it can contain both kinds."
        yield reading(
            f"The quote {quote} inside the braces ends the f-string (up to Python 3.11).",
            (edited, why),
            weight=0.96,
            certain=True,
        )
        return


def _end_of_nested(text: str, start: int, quote: str) -> int | None:
    """Return where the f-string ends if quotes inside its braces do not count."""
    depth, place = 0, start
    while place < len(text):
        char = text[place]
        if char == "\\" or (text[place : place + 2] in ("{{", "}}") and depth == 0):
            place += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth < 0:
                return None
        elif char == quote and depth == 0:
            return place
        place += 1
    return None


def _braces(problem: Problem) -> Iterator[Reading]:
    """`f"{x"`, `f"x}"`, `f"{}"`"""
    for start, end in _fstrings(problem):
        found = _FSTRING.match(problem.source, start)
        if found is None:
            continue
        quote = found["quote"]
        stop = (
            end - len(quote)
            if problem.source[start:end].endswith(quote) and end - start > len(found[0])
            else end
        )
        body = problem.source[found.end() : stop]
        options, sure, claim = _mended(body)
        if options:
            yield reading(
                claim,
                *((problem.put((found.end(), stop, new)), why) for new, why in options),
                weight=0.92,
                certain=sure,
            )
            return


def _mended(body: str) -> tuple[list[tuple[str, str]], bool, str]:
    """Return bodies with matching braces, whether there is only one, and what is wrong."""
    depth, opened, place = 0, -1, 0
    while place < len(body):
        if body[place : place + 2] in ("{{", "}}") and depth == 0:
            place += 2
            continue
        if body[place] == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif body[place] == "}":
            depth -= 1
            if depth < 0:
                return _lone_closer(body, place)
            if depth == 0 and not body[opened + 1 : place].strip():
                return (
                    [(body[:opened] + "{{}}" + body[place + 1 :], "Double the braces to show them.")],
                    False,
                    "There is no expression between the braces of the f-string.",
                )
        place += 1
    if depth > 0:
        return _never_closed(body, opened)
    return [], False, ""


def _lone_closer(body: str, place: int) -> tuple[list[tuple[str, str]], bool, str]:
    options = []
    word = re.search(r"[^\W\d][\w.]*(?:\[[^\]]*\]|\([^)]*\))?(?::[^\s{}]*)?$", body[:place])
    if word:
        options.append((body[: word.start()] + "{" + body[word.start() :], "Add `{` before the expression."))
    doubled = (body[:place] + "}" + body[place:], "Double the `}` to show it.")
    removed = (body[:place] + body[place + 1 :], "Remove the `}`.")
    if body[:place].rstrip().endswith("}"):
        options = [removed, doubled]
    else:
        options += [doubled, removed]
    return options, False, "A `}` in the f-string has no matching `{`."


def _never_closed(body: str, opened: int) -> tuple[list[tuple[str, str]], bool, str]:
    rest = body[opened + 1 :]
    options = []
    ends = [m.end() for m in re.finditer(r"[^\W\d][\w.]*(?:\[[^\]]*\]|\([^)]*\))*(?::[.\d,]+[a-z%]?)?", rest)]
    whole = len(rest.rstrip())
    if "{" in rest:
        ends = []  # a nested format: the outer brace is the missing one
    for end in [*ends[:1], whole]:
        options.append((body[: opened + 1 + end] + "}" + rest[end:], "Add `}` after the expression."))
    options.append((body[:opened] + "{{" + rest, "Double the `{` to show it."))
    options = unique(options)
    return options, bool(ends) and ends[0] == whole, "A `{` in the f-string is never closed."


def _inner_string(problem: Problem) -> Iterator[Reading]:
    """`f"{ages['Ann]}"`: a string between the braces that is not closed."""
    for start, end in _fstrings(problem):
        text = problem.source[start:end]
        found = _FSTRING.match(text)
        outer = found["quote"][0] if found else ""
        for field in re.finditer(r"(?<!\{)\{([^{}]+)\}", text):
            quote = next((sign for sign in "'\"" if sign != outer and field[1].count(sign) % 2), None)
            if quote is None:
                continue
            place = field[1].rindex(quote)
            words = re.match(r"[\w ]+", field[1][place + 1 :])
            before = re.search(r"[\w ]+$", field[1][:place])
            options = []
            at = start + field.start(1) + place
            if words:
                behind = at + 1 + len(words[0])
                options.append((problem.put((behind, behind, quote)), f"Add the closing {quote}."))
            if before:
                front = at - len(before[0])
                options.append((problem.put((front, front, quote)), f"Add the opening {quote}."))
            options.append((problem.put((at, at + 1, "")), f"Remove the {quote}."))
            yield reading(
                f"A string between the braces of the f-string has only one {quote}.",
                *(options[:1] if words and not before else options),
                weight=0.94,
                certain=bool(words) and not before,
            )
            return


def _expression(problem: Problem) -> Iterator[Reading]:
    """What is between the braces is not an expression."""
    for start, end in _fstrings(problem):
        text = problem.source[start:end]
        for found in re.finditer(r"(?<!\{)\{([^{}]+)\}", text):
            inner = found[1]
            at = start + found.start(1)
            if "\\" in inner and "backslash" in problem.message:
                yield from _lifted(problem, at, inner)
                return
            bare = re.split(r"(?<![!=<>:])[:!](?!=)", inner, maxsplit=1)[0].rstrip("= ")
            if _is_expression(bare):
                continue
            for new, why in _expressions(inner):
                yield reading(
                    f"`{inner}` between the braces is not an expression.",
                    (problem.put((at, at + len(inner), new)), why),
                    weight=0.75,
                )
            return


def _unclosed_in_field(problem: Problem) -> Iterator[Reading]:
    """`f"{ages['Ann'}"`: an opener between the braces is not closed."""
    for start, end in _fstrings(problem):
        text = problem.source[start:end]
        for found in re.finditer(r"(?<!\{)\{([^{}]+)\}", text):
            listing = lex(found[1])
            if listing.unclosed and not listing.stray:
                missing = "".join(OPENERS[listing.tokens[i].text] for i in reversed(listing.unclosed))
                at = start + found.end(1)
                yield reading(
                    f"`{missing}` is missing in `{found[1]}` between the braces.",
                    (problem.put((at, at, missing)), f"Add `{missing}`."),
                    weight=0.94,
                    certain=len(missing) == 1 and not set(found[1]) & set("+-*/:"),
                )
                return


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _expressions(inner: str) -> Iterator[tuple[str, str]]:
    words = re.fullmatch(r"\s*([^\W\d]\w*)\s+([^\W\d]\w*)\s*", inner)
    if words:
        yield f"{words[1]}_{words[2]}", f"Join the words to the name `{words[1]}_{words[2]}`."
        yield f"{words[1]}.{words[2]}", "Put a dot between them: the second is an attribute of the first."
    if re.search(r"\.\d+[fe%]?$", inner) and ":" not in inner:
        yield re.sub(r"\s*[,%;!]?\s*(\.\d+[fe%]?)$", r":\1", inner), "Put a colon before the format."
    if "?" in inner:
        yield inner.replace("?", ""), "Remove the question mark."
    if inner.strip().startswith("$"):
        yield inner.replace("$", ""), "Remove the dollar sign."


def _lifted(problem: Problem, at: int, inner: str) -> Iterator[Reading]:
    """A backslash between the braces, which is not allowed up to Python 3.11."""
    options = []
    if "'\\n'" in inner or '"\\n"' in inner:
        options.append(
            (
                problem.put(
                    (at, at + len(inner), inner.replace("'\\n'", "chr(10)").replace('"\\n"', "chr(10)"))
                ),
                "Write the newline as `chr(10)`, without a backslash.",
            )
        )
    line = problem.source.count("\n", 0, at) + 1
    indent, base = problem.listing.indent(line), problem.listing.starts[line - 1]
    options.append(
        (
            problem.put((base, base, f"{indent}part = {inner.strip()}\n"), (at, at + len(inner), "part")),
            "Assign the expression to a variable before the f-string.",
        )
    )
    yield reading(
        "The braces of an f-string cannot contain a backslash (up to Python 3.11).", *options, weight=0.85
    )


def _lost_prefix(problem: Problem) -> Iterator[Reading]:
    """`g"…"`, `F "…"`: a letter before the quote that is not a prefix."""
    low, high = problem.statement
    for index in range(low, high - 1):
        token, following = problem.tokens[index], problem.tokens[index + 1]
        if (
            token.kind is TokenKind.NAME
            and following.kind is TokenKind.STRING
            and token.text.lower() in ("f", "r", "b", "fr", "rf", "ff", "rr", "g", "d", "s")
            and token.text not in problem.names
        ):
            prefix = {"g": "f", "d": "f", "ff": "f", "rr": "r"}.get(token.text.lower(), token.text)
            options = [(problem.put((token.start, following.start, "")), f"Remove `{token.text}`.")]
            if prefix != "s":
                options.insert(
                    0,
                    (
                        problem.put((token.start, following.start, prefix)),
                        f"Put `{prefix}` right before the quote.",
                    ),
                )
            yield reading(
                f"`{token.text}` before the string is not a valid prefix here.",
                *options,
                weight=0.88,
                certain=False,
            )
            return


SLIPS = (
    Slip(
        code="syntax.f-string-brackets",
        lesson="Inside the braces of an f-string, every `(`, `[` and `{` needs its `)`, `]` or `}`, as "
        "everywhere.",
        find=_unclosed_in_field,
    ),
    Slip(
        code="syntax.f-string-quotes",
        lesson="Up to Python 3.11, quotes inside the braces of an f-string must be different from those "
        "around it.",
        find=_nested_quotes,
    ),
    Slip(
        code="syntax.f-string-braces",
        lesson="In an f-string, `{` begins an expression and `}` ends it. To show a brace, double it.",
        find=_braces,
    ),
    Slip(
        code="syntax.f-string-expression",
        lesson="The braces of an f-string contain an expression, optionally followed by a colon and a "
        "format, as in `{price:.2f}`.",
        find=_expression,
    ),
    Slip(
        code="syntax.f-string-text",
        lesson="A string between the braces of an f-string begins and ends with the same quote, like any "
        "other string.",
        find=_inner_string,
    ),
    Slip(
        code="syntax.string-prefix",
        lesson="The prefixes `f`, `r` and `b` come right before the quote, without a space. Other letters "
        "are not prefixes.",
        find=_lost_prefix,
    ),
)

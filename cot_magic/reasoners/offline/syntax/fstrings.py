"""Mistakes in f-strings: quotes and braces inside, expressions that are none."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import OPENERS, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
    unique,
)

_FSTRING = re.compile(r"""(?P<prefix>[fF][rR]?|[rR][fF])(?P<quote>'''|\"\"\"|'|")""")


def _fstrings(problem: Problem) -> Iterator[tuple[int, int]]:
    """Spans of f-strings on the failing line (or over it), as the lexer sees them."""
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
    """`f"{d["a"]}"`, which Python understands from 3.12 on."""
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
            why = f"Inside the braces the texts stand between {other}."
        else:
            edited = problem.put(
                (base + found.end() - 1, base + found.end(), quote * 3),
                (base + end, base + end + 1, quote * 3),
            )
            why = "Three quotes around the whole text allow both kinds inside."
        yield reading(
            f"Inside the braces of an f-string the quote {quote} ends the whole text (up to Python 3.11).",
            (edited, why),
            weight=0.96,
            certain=True,
        )
        return


def _end_of_nested(text: str, start: int, quote: str) -> int | None:
    """Where the f-string ends if quotes inside its braces do not count."""
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
    """A brace too few or too many, or nothing between two."""
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
    """Bodies with their braces put right, whether there is only one way, and what is wrong."""
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
                    [(body[:opened] + "{{}}" + body[place + 1 :], "Doubled braces stand for themselves.")],
                    False,
                    "Between the braces of the f-string an expression is missing.",
                )
        place += 1
    if depth > 0:
        return _never_closed(body, opened)
    return [], False, ""


def _lone_closer(body: str, place: int) -> tuple[list[tuple[str, str]], bool, str]:
    options = []
    word = re.search(r"[^\W\d][\w.]*(?:\[[^\]]*\]|\([^)]*\))?(?::[^\s{}]*)?$", body[:place])
    if word:
        options.append((body[: word.start()] + "{" + body[word.start() :], "A brace opens the expression."))
    doubled = (body[:place] + "}" + body[place:], "Doubled, the brace stands for itself.")
    removed = (body[:place] + body[place + 1 :], "The brace is left out.")
    if body[:place].rstrip().endswith("}"):
        options = [removed, doubled]
    else:
        options += [doubled, removed]
    return options, False, "In the f-string a `}` has no `{` before it."


def _never_closed(body: str, opened: int) -> tuple[list[tuple[str, str]], bool, str]:
    rest = body[opened + 1 :]
    options = []
    ends = [m.end() for m in re.finditer(r"[^\W\d][\w.]*(?:\[[^\]]*\]|\([^)]*\))*(?::[.\d,]+[a-z%]?)?", rest)]
    whole = len(rest.rstrip())
    if "{" in rest:
        ends = []  # a format of its own: the outer brace is the one that is missing
    for end in [*ends[:1], whole]:
        options.append((body[: opened + 1 + end] + "}" + rest[end:], "A brace closes the expression."))
    options.append((body[:opened] + "{{" + rest, "Doubled, the brace stands for itself."))
    options = unique(options)
    return options, bool(ends) and ends[0] == whole, "In the f-string a `{` is never closed."


def _inner_string(problem: Problem) -> Iterator[Reading]:
    """`f"{ages['Ann]}"`: a text between the braces that has no end."""
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
                options.append((problem.put((behind, behind, quote)), f"{quote} closes the text."))
            if before:
                front = at - len(before[0])
                options.append((problem.put((front, front, quote)), f"{quote} opens the text."))
            options.append((problem.put((at, at + 1, "")), f"The {quote} is left out."))
            yield reading(
                f"Between the braces of the f-string a text has only one {quote}.",
                *(options[:1] if words and not before else options),
                weight=0.94,
                certain=bool(words) and not before,
            )
            return


def _expression(problem: Problem) -> Iterator[Reading]:
    """What stands between the braces is no expression."""
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
                    f"`{inner}` between the braces is no expression.",
                    (problem.put((at, at + len(inner), new)), why),
                    weight=0.75,
                )
            return


def _field_brackets(problem: Problem) -> Iterator[Reading]:
    """`f"{ages['Ann'}"`: a bracket between the braces is not closed."""
    for start, end in _fstrings(problem):
        text = problem.source[start:end]
        for found in re.finditer(r"(?<!\{)\{([^{}]+)\}", text):
            listing = lex(found[1])
            if listing.unclosed and not listing.stray:
                missing = "".join(OPENERS[listing.tokens[i].text] for i in reversed(listing.unclosed))
                at = start + found.end(1)
                yield reading(
                    f"In `{found[1]}` between the braces a bracket is not closed.",
                    (problem.put((at, at, missing)), f"`{missing}` closes it."),
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
        yield f"{words[1]}_{words[2]}", "The words are one name."
        yield f"{words[1]}.{words[2]}", "The second belongs to the first."
    if re.search(r"\.\d+[fe%]?$", inner) and ":" not in inner:
        yield re.sub(r"\s*[,%;!]?\s*(\.\d+[fe%]?)$", r":\1", inner), "A colon begins the format."
    if "?" in inner:
        yield inner.replace("?", ""), "The question mark is left out."
    if inner.strip().startswith("$"):
        yield inner.replace("$", ""), "The dollar sign is left out."


def _lifted(problem: Problem, at: int, inner: str) -> Iterator[Reading]:
    """Up to Python 3.11 no backslash may stand between the braces."""
    options = []
    if "'\\n'" in inner or '"\\n"' in inner:
        options.append(
            (
                problem.put(
                    (at, at + len(inner), inner.replace("'\\n'", "chr(10)").replace('"\\n"', "chr(10)"))
                ),
                "`chr(10)` is the line's end without a backslash.",
            )
        )
    line = problem.source.count("\n", 0, at) + 1
    indent, base = problem.listing.indent(line), problem.listing.starts[line - 1]
    options.append(
        (
            problem.put((base, base, f"{indent}part = {inner.strip()}\n"), (at, at + len(inner), "part")),
            "The expression gets a name before the f-string.",
        )
    )
    yield reading(
        "Between the braces of an f-string no backslash may stand (up to Python 3.11).", *options, weight=0.85
    )


def _lost_prefix(problem: Problem) -> Iterator[Reading]:
    """`g"…"`, `F "…"`: a letter before the quote that is no prefix."""
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
            options = [(problem.put((token.start, following.start, "")), f"`{token.text}` is left out.")]
            if prefix != "s":
                options.insert(
                    0,
                    (
                        problem.put((token.start, following.start, prefix)),
                        f"`{prefix}` stands right before the quote.",
                    ),
                )
            yield reading(
                f"`{token.text}` before the text is no prefix as it stands.",
                *options,
                weight=0.88,
                certain=False,
            )
            return


SLIPS = (
    Slip(
        code="syntax.f-string-brackets",
        lesson="Between the braces of an f-string every opening bracket needs its closing one, as "
        "everywhere.",
        find=_field_brackets,
    ),
    Slip(
        code="syntax.f-string-quotes",
        lesson="Up to Python 3.11 the quotes inside the braces of an f-string must differ from those "
        "around it.",
        find=_nested_quotes,
    ),
    Slip(
        code="syntax.f-string-braces",
        lesson="In an f-string each `{` begins an expression that `}` ends. A brace that should be shown "
        "is doubled.",
        find=_braces,
    ),
    Slip(
        code="syntax.f-string-expression",
        lesson="Between the braces of an f-string stands one expression, perhaps followed by a colon and "
        "a format such "
        "as `:.2f`.",
        find=_expression,
    ),
    Slip(
        code="syntax.f-string-text",
        lesson="A text between the braces of an f-string begins and ends with the same quote, like any "
        "other text.",
        find=_inner_string,
    ),
    Slip(
        code="syntax.string-prefix",
        lesson="`f`, `r` and `b` stand right before the quote, without a space. Other letters mean "
        "nothing there.",
        find=_lost_prefix,
    ),
)

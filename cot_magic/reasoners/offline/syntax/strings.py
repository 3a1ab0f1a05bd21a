"""Mistakes with the quotes of a text: too many inside, or none at all."""

import itertools
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import Token, TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
    unique,
)

_PREFIX = re.compile(r"[A-Za-z]{0,2}")


AFTER_STRING = re.compile(r"\s*(?:$|[)\]},:;#+%.=!<>*]|(?:in|not|and|or|if|else|for|is)\b)")


_WORDS = re.compile(
    r"(?:\b(?:print|input)\s*\(|=\s*|\breturn\s+|\+\s*)"
    r"(?P<words>[^\W\d]\w*(?:[,.!?']*\s+[\w']+)+[.!?]*)\s*(?=\)|$)"
)
_BEFORE_STRING = re.compile(
    r"(?:^|[(\[{,:=+%<>!*]|\b(?:in|not|and|or|if|else|for|is|return|print|assert|yield))\s*[rRbBfFuU]{0,2}$"
)


def quote_of(token: Token) -> tuple[str, str]:
    """Prefix and quote (one or three signs) of a string token."""
    prefix = _PREFIX.match(token.text)
    start = prefix.end() if prefix else 0
    sign = token.text[start : start + 1]
    return token.text[:start], sign * 3 if token.text[start : start + 3] == sign * 3 and len(
        token.text
    ) > start + 2 else sign


def strings_on(problem: Problem, line: int) -> list[int]:
    return [
        i
        for i in problem.listing.on_line(line)
        if problem.tokens[i].kind in (TokenKind.STRING, TokenKind.OPEN_STRING)
    ]


def _inner_quote(problem: Problem) -> Iterator[Reading]:
    """`'I don't'` and `"she said "yes" to me"`."""
    line = problem.failure.line
    text = problem.listing.line_text(line)
    base = problem.listing.starts[line - 1]
    found = strings_on(problem, line)
    if not found:
        return
    openings = [i for i in found if problem.tokens[i].kind in (TokenKind.STRING, TokenKind.OPEN_STRING)]
    options: list[tuple[str, str]] = []
    sure = False
    for index in openings[:6]:
        token = problem.tokens[index]
        prefix, quote = quote_of(token)
        start = token.start - base + len(prefix)
        if len(quote) != 1 or not _BEFORE_STRING.search(text[: token.start - base]):
            continue
        inner = [m.start() for m in re.finditer(rf"(?<!\\){quote}", text) if m.start() > start]
        ends = [place for place in inner if AFTER_STRING.match(text[place + 1 :])]
        for end in ends:
            body = text[start + 1 : end]
            quotes = [place for place in inner if place < end]
            if not quotes or quotes[0] == start + 1:
                continue
            letters = any(between_letters(text, place) for place in quotes)
            if not letters and len(quotes) % 2:
                continue
            if not letters and not all(text[q + 1].isalnum() for q in quotes[::2]):
                continue  # what follows the inner quote is code rather than a quoted word
            if any(
                AFTER_STRING.match(text[q + 1 :]) and _BEFORE_STRING.search(text[:r])
                for q, r in itertools.pairwise(quotes)
            ):
                continue  # that would swallow two strings
            other = '"' if quote == "'" else "'"
            if other in body:
                new = quote + re.sub(rf"(?<!\\){quote}", rf"\\{quote}", body) + quote
                why = "The quotes inside are written with a backslash."
            else:
                new = other + body.replace(f"\\{quote}", quote) + other
                why = f"The text stands between {other} now, so that {quote} may stand inside."
            options.append((problem.put((base + start, base + end + 1, new)), why))
            sure = sure or letters or len(quotes) % 2 == 0
    if not options:
        yield from _apostrophe(problem, openings[0], text, base)
        yield from _doubled(problem, text, base)
    if options:
        yield reading(
            "The text contains the quote that it is written in, so that it ends too early.",
            *unique(options)[:4],
            weight=0.93,
            certain=sure and len(set(options)) == 1,
        )


def _apostrophe(problem: Problem, index: int, text: str, base: int) -> Iterator[Reading]:
    """`'it's`: an apostrophe ends the text, and its own end is missing."""
    token = problem.tokens[index]
    _, quote = quote_of(token)
    if (
        len(quote) > 1
        or quote != "'"
        or text.count("'") != 2
        or not between_letters(text, token.end - base - 1)
    ):
        return
    end = len(text.rstrip(")]}:, "))
    inside = text[token.start - base + 1 : end]
    if '"' not in inside:
        yield reading(
            "The apostrophe ends the text too early, and its real end is missing.",
            (problem.put((token.start, base + end, f'"{inside}"')), "Double quotes stand around the text."),
            weight=0.85,
        )


def _doubled(problem: Problem, text: str, base: int) -> Iterator[Reading]:
    """`""hello""`: two quotes where one belongs."""
    changes = []
    for found in re.finditer(r"(?<!['\"\\])(['\"])\1([^'\"\n]*[^'\"\s,:+)=])\1\1(?!['\"])", text):
        changes.append((base + found.start(), base + found.end(), found[1] + found[2] + found[1]))
    if changes:
        yield reading(
            "Two quotes in a row begin and end an empty text.",
            (problem.put(*changes), "One quote stands on each side."),
            weight=0.95,
        )


def between_letters(text: str, place: int) -> bool:
    """Whether the quote stands between two letters, and the one before is no prefix of a text."""
    if re.search(r"(?<!\w)[rRbBfFuU]{1,2}$", text[:place]):
        return False
    return 0 < place < len(text) - 1 and text[place - 1].isalpha() and text[place + 1].isalpha()


def _glued(problem: Problem) -> Iterator[Reading]:
    """`"Hello "name"!"`: a variable between two strings, where the plus signs are missing."""
    low, high = problem.statement
    for index in range(low + 1, high - 1):
        token = problem.tokens[index]
        before, after = problem.tokens[index - 1], problem.tokens[index + 1]
        if (
            token.kind is TokenKind.NAME
            and token.text not in KEYWORDS
            and before.kind is TokenKind.STRING
            and after.kind is TokenKind.STRING
            and token.text in problem.names
        ):
            new = problem.put((before.end, token.start, " + "), (token.end, after.start, " + "))
            yield reading(
                f"Between the texts and `{token.text}` the sign that joins them is missing.",
                (new, "`+` joins the texts."),
                weight=0.95,
            )


def _unquoted(problem: Problem) -> Iterator[Reading]:
    """`print(Hello world)`: words that are meant as a text."""
    low, high = problem.statement
    line = problem.failure.line
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    found = _WORDS.search(text)
    if found is None or low >= high:
        return
    words = re.findall(r"[^\W\d]\w*", found["words"])
    if (
        len(words) < 2
        or "." in found["words"].rstrip(".")
        or any(word in KEYWORDS or word in problem.names for word in words[:2])
    ):
        return
    quote = "'" if '"' in found["words"] else '"'
    start, end = base + found.start("words"), base + found.end("words")
    yield reading(
        f"`{found['words'][:60]}` looks like a text without its quotes.",
        (problem.put((start, start, quote), (end, end, quote)), "Quotes stand around the text."),
        weight=0.86,
    )


SLIPS = (
    Slip(
        code="syntax.missing-quotes",
        lesson="A text stands between quotes. Without them Python takes each word for the name of a "
        "variable.",
        find=_unquoted,
    ),
    Slip(
        code="syntax.quote-inside-string",
        lesson="A text ends at the next quote of the kind that it began with. If it holds an apostrophe, "
        "write it in "
        "double quotes, or put a backslash before the apostrophe.",
        find=_inner_quote,
    ),
    Slip(
        code="syntax.joined-strings",
        lesson='Texts and variables are joined with `+`, or better in an f-string: `f"Hello {name}"`.',
        find=_glued,
    ),
)

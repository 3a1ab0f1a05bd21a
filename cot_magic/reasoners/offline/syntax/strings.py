"""Repairs of strings: quotes that are missing, never closed or repeated inside."""

import itertools
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import UNCLOSED, Token, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, reading, slip, unique

_MOST_LINES = 30
_PARTS = re.compile(r"(?s)([A-Za-z]{0,2})('''|\"\"\"|'|\")(.*)")
_FOLLOWS = re.compile(r"\s*(?:$|[)\]},:;#+%.=!<>*]|(?:in|not|and|or|if|else|for|is)\b)")
_PRECEDES = re.compile(
    r"(?:^|[(\[{,:=+%<>!*]|\b(?:in|not|and|or|if|else|for|is|return|print|assert|yield))\s*[rRbBfFuU]{0,2}$"
)
_WORDS = re.compile(
    r"(?:\b(?:print|input)\s*\(|=\s*|\breturn\s+|\+\s*)([^\W\d]\w*(?:[,.!?']*\s+[\w']+)+[.!?]*)\s*(?=\)|$)"
)
_DOUBLED = re.compile(r"(?<!['\"\\])(['\"])\1([^'\"\n]*[^'\"\s,:+)=])\1\1(?!['\"])")


def _of_string(token: Token) -> tuple[str, str]:
    """Return the prefix and the quotes (one or three characters) of a string token."""
    found = _PARTS.match(token.text)
    return (found[1], found[2]) if found else ("", "")


def _strings_on(problem: Problem, line: int) -> list[Token]:
    kinds = (TokenKind.STRING, TokenKind.OPEN_STRING)
    return [problem.tokens[i] for i in problem.listing.on_line(line) if problem.tokens[i].kind in kinds]


@slip("missing-quotes")
def _unquoted(problem: Problem) -> Iterator[Reading]:
    """`print(Hello world)`: words that are meant as a string."""
    line = problem.failure.line
    found = _WORDS.search(problem.listing.line_text(line))
    words = re.findall(r"[^\W\d]\w*", found[1]) if found else []
    unknown = not any(word in KEYWORDS or word in problem.names for word in words[:2])
    if found and len(words) > 1 and unknown and "." not in found[1].rstrip("."):
        start, end = (problem.listing.starts[line - 1] + place for place in found.span(1))
        quote = "'" if '"' in found[1] else '"'
        quoted = problem.put((start, start, quote), (end, end, quote))
        yield reading(
            f"`{found[1][:60]}` looks like a string without quotes.",
            (quoted, "Put it in quotes."),
            weight=0.86,
        )


@slip("quote-inside-string")
def _inner_quote(problem: Problem) -> Iterator[Reading]:
    """`'I don't'`, `"she said "yes" to me"`, `""hello""`."""
    line = problem.failure.line
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    options = []
    for token in _strings_on(problem, line)[:6]:
        prefix, quote = _of_string(token)
        start = token.start - base + len(prefix)
        if len(quote) == 1 and _PRECEDES.search(text[: token.start - base]):
            for end in _ends_of(text, start, quote):
                new, why = _enclosed(text[start + 1 : end], quote)
                options.append((problem.put((base + start, base + end + 1, new)), why))
    if not options:
        doubled = [
            (base + found.start(), base + found.end(), found[1] + found[2] + found[1])
            for found in _DOUBLED.finditer(text)
        ]
        options = [(problem.put(*doubled), "Use one quote on each side.")] if doubled else []
    if options:
        claim = "The string contains the quote character that encloses it, so it ends too early."
        yield reading(claim, *unique(options)[:4], weight=0.93)


def _ends_of(text: str, start: int, quote: str) -> Iterator[int]:
    """Yield the quotes that may be meant to close the string, with quotes inside that belong to the text."""
    quotes = [found.start() for found in re.finditer(rf"(?<!\\){quote}", text) if found.start() > start]
    if len(quotes) == 1 and quote == "'" and _between_letters(text, quotes[0]):
        quotes.append(len(text.rstrip(")]}:, ")))  # an apostrophe, and no closing quote
    for place in [place for place in quotes if _FOLLOWS.match(text[place + 1 :])]:
        inner = [other for other in quotes if other < place]
        if not inner or inner[0] == start + 1:
            continue
        apostrophes = any(_between_letters(text, other) for other in inner)
        pairs = len(inner) % 2 == 0 and all(text[other + 1].isalnum() for other in inner[::2])
        two_strings = any(
            _FOLLOWS.match(text[one + 1 :]) and _PRECEDES.search(text[:two])
            for one, two in itertools.pairwise(inner)
        )
        if (apostrophes or pairs) and not two_strings:
            yield place


def _between_letters(text: str, place: int) -> bool:
    """Return whether the quote is between two letters, the first of which is not a string prefix."""
    return bool(
        re.search(r"[^\W\d_]$", text[:place]) and text[place + 1 : place + 2].isalpha()
    ) and not re.search(r"(?<!\w)[rRbBfFuU]{1,2}$", text[:place])


def _enclosed(body: str, quote: str) -> tuple[str, str]:
    """Return the string with quotes that do not end it too early, and what was done."""
    other = '"' if quote == "'" else "'"
    if other in body:
        escaped = re.sub(rf"(?<!\\){quote}", rf"\\{quote}", body)
        return quote + escaped + quote, "Put a backslash before the quotes inside."
    plain = body.replace(f"\\{quote}", quote)
    return other + plain + other, f"Use `{other}` around the string, so that it can contain `{quote}`."


@slip("unterminated-string")
def _open(problem: Problem) -> Iterator[Reading]:
    """A string that is not closed on its line; the search knows where a quote may be missing on it."""
    token = next((token for token in problem.tokens if token.kind is TokenKind.OPEN_STRING), None)
    if token is None:
        return
    prefix, quote = _of_string(token)
    begin, shown = (
        token.start + len(prefix) + 1,
        f"The string that begins with `{quote}` on line {token.line} is not closed.",
    )
    yield from _misplaced(problem, token.line, quote, shown)
    place = token.text.rfind("\\" + quote)
    if place >= 0 and not token.text[place + 2 :].strip(")]}, :"):
        inside = re.sub(r"\\+", r"\\\\", token.text[len(prefix) + 1 : place])
        new = f"{re.sub('[rR]', '', prefix)}{quote}{inside}\\\\{quote}"
        doubled = problem.put((token.start, token.start + place + 2, new))
        claim = "The backslash before the last quote makes the quote part of the string."
        yield reading(claim, (doubled, "Double the backslashes."), weight=1.0)
    for line in range(token.line + 1, min(token.line + _MOST_LINES, len(problem.listing.starts))):
        text = problem.listing.line_text(line)
        quotes = [found.start() for found in re.finditer(rf"(?<!\\){quote}", text)]
        if len(quotes) % 2 and token.text.strip(quote + ")]}, "):
            end = problem.listing.starts[line - 1] + quotes[0]
            inside = problem.source[begin:end]
            yield reading(
                f"{shown} It continues on the next line.",
                (
                    problem.put((begin - 1, end + 1, quote * 3 + inside + quote * 3)),
                    "Use triple quotes, which allow line breaks.",
                ),
                (problem.put((begin, end, inside.replace("\n", "\\n"))), "Write `\\n` for the line break."),
                weight=0.9,
            )
        if quotes or not text.strip():
            return


def _misplaced(problem: Problem, line: int, quote: str, shown: str) -> Iterator[Reading]:
    """`{"a: 1, "b": 2}`, `f("a"")`: one quote less or more, so that no string is code or touches a word."""
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    gaps = {found.start() for found in re.finditer(r"[:,)\]}]|\s+[+%]|$", text)}
    gaps |= {found.end() for found in re.finditer(r"[(\[{,=:+]\s*", text)}
    edits = [(place, place, quote) for place in sorted(gaps)[:40]] if text.count(quote) > 1 else []
    edits += [(found.start(), found.start() + 1, "") for found in re.finditer(f"{quote}(?={quote})", text)]
    if text.count(quote) == 1 and not text[text.index(quote) + 1 :].strip(
        ")]},:;. "
    ):  # the first one is missing
        end = text.index(quote)
        edits = [
            (place, place, quote)
            for place in sorted(gaps, reverse=True)
            if place < end and text[place:end].strip()
        ]
        known = any(text[place:end].strip() in problem.names for place, _, _ in edits[:1])
        edits.insert(0 if known else 1, (end, end + 1, ""))
    clean = [
        (problem.put((base + start, base + end, new)), f"{'Add' if new else 'Remove'} one `{quote}`.")
        for start, end, new in edits
        if _is_clean(text[:start] + new + text[end:])
    ]
    if clean:
        yield reading(shown, *unique(clean)[:4], weight=0.95)


def _is_clean(line: str) -> bool:
    """Return whether no string of the line looks like code or touches a word."""
    tokens = lex(line).tokens
    for place, token in enumerate(tokens):
        if token.kind in UNCLOSED:
            return False
        if token.kind is TokenKind.STRING:
            before, inside, after = tokens[place - 1], token.text.strip("'\""), tokens[place + 1]
            touched = before.kind in (TokenKind.NAME, TokenKind.NUMBER) and before.text not in KEYWORDS
            touches = after.kind in (TokenKind.NAME, TokenKind.NUMBER, TokenKind.STRING)
            if touched or touches or re.search(r"^\s*[,:)\]}]|[(\[{,=]\s*$", inside):
                return False
    return True


@slip("unterminated-triple-quote")
def _triple(problem: Problem) -> Iterator[Reading]:
    """A triple-quoted string that is never closed."""
    token = next((token for token in problem.tokens if token.kind is TokenKind.OPEN_TRIPLE), None)
    if token is None:
        return
    prefix, quote = _of_string(token)
    sign, begin, options = quote[0], token.start + len(prefix), []
    if re.match(rf"{sign * 3}[^{sign}\n]*{sign}(?!{sign})", token.text[len(prefix) :]):
        options.append((problem.put((begin, begin + 3, sign)), "Use one quote on each side."))
    wrong = re.search(
        rf"(?<!{sign}){sign}{{1,2}}(?!{sign})(?=\s*(?:$|\n|\)))|'''|\"\"\"", token.text[len(prefix) + 3 :]
    )
    if wrong is not None:
        start, end = (begin + 3 + place for place in wrong.span())
        options.append((problem.put((start, end, quote)), f"Replace `{wrong[0]}` with `{quote}`."))
    lines, starts = problem.lines, problem.listing.starts
    ends = [
        line
        for line in range(token.line, len(lines))
        if _ends_block(lines, line) or (line == token.line and token.text.split("\n")[0].strip("'\" "))
    ]
    last = problem.source.rstrip().count("\n") + 1
    for line in dict.fromkeys((*ends[:_MOST_LINES], last)):
        end = starts[line - 1] + len(lines[line - 1].rstrip())
        options.append(
            (problem.put((end, end, quote)), f"Close it with `{quote}` at the end of line {line}.")
        )
    claim = f"The string that begins with `{quote}` on line {token.line} is not closed."
    yield reading(claim, *unique(options)[:6], weight=0.88)


def _ends_block(lines: list[str], line: int) -> bool:
    """Return whether the line (from 1) is blank, or followed by a blank line or one indented less."""
    here, following = lines[line - 1], lines[line]
    less = len(following) - len(following.lstrip()) < len(here) - len(here.lstrip())
    return not following.strip() or not here.strip() or less

"""Mistakes in the quotes of strings: missing, never closed, or repeated inside."""

import itertools
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS, Token, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading, unique

_MOST_LINES = 30
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
    """Return the prefix and the quotes (one or three characters) of a string token."""
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
                why = "Put a backslash before the quotes inside."
            else:
                new = other + body.replace(f"\\{quote}", quote) + other
                why = f"Use `{other}` around the string, so that it can contain `{quote}`."
            options.append((problem.put((base + start, base + end + 1, new)), why))
            sure = sure or letters or len(quotes) % 2 == 0
    if not options:
        yield from _apostrophe(problem, openings[0], text, base)
        yield from _doubled(problem, text, base)
    if options:
        yield reading(
            "The string contains the quote character that encloses it, so it ends too early.",
            *unique(options)[:4],
            weight=0.93,
            certain=sure and len(set(options)) == 1,
        )


def _apostrophe(problem: Problem, index: int, text: str, base: int) -> Iterator[Reading]:
    """`'it's`: an apostrophe ends the string, and the closing quote is missing."""
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
            "The apostrophe ends the string too early, and the closing quote is missing.",
            (problem.put((token.start, base + end, f'"{inside}"')), "Use double quotes around the string."),
            weight=0.85,
        )


def _doubled(problem: Problem, text: str, base: int) -> Iterator[Reading]:
    """`""hello""`: two quotes where one belongs."""
    changes = []
    for found in re.finditer(r"(?<!['\"\\])(['\"])\1([^'\"\n]*[^'\"\s,:+)=])\1\1(?!['\"])", text):
        changes.append((base + found.start(), base + found.end(), found[1] + found[2] + found[1]))
    if changes:
        yield reading(
            "Two quotes in a row are an empty string.",
            (problem.put(*changes), "Use one quote on each side."),
            weight=0.95,
        )


def between_letters(text: str, place: int) -> bool:
    """Return whether the quote is between two letters, the first of which is not a string prefix."""
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
                f"The `+` between the strings and `{token.text}` is missing.",
                (new, "Join them with `+`."),
                weight=0.95,
            )


def _unquoted(problem: Problem) -> Iterator[Reading]:
    """`print(Hello world)`: words that are meant as a string."""
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
        f"`{found['words'][:60]}` looks like a string without quotes.",
        (problem.put((start, start, quote), (end, end, quote)), "Put it in quotes."),
        weight=0.86,
    )


def _open(problem: Problem) -> Iterator[Reading]:
    """A string that is not closed on its line."""
    index = next((i for i, token in enumerate(problem.tokens) if token.kind is TokenKind.OPEN_STRING), None)
    if index is None:
        return
    token = problem.tokens[index]
    prefix, quote = quote_of(token)
    body = token.text[len(prefix) + 1 :]
    other = '"' if quote == "'" else "'"
    shown = f"The string that begins with `{quote}` on line {token.line} is not closed."
    yield from _shifted(problem, token, quote, shown)
    if not body.strip() or re.fullmatch(r"[\s)\]},:;.]*(#.*)?", body):
        yield from _missing_start(problem, index, quote)
        return
    if re.search(r"\\$", body.rstrip()) or (body.rstrip(")]}, :").endswith("\\" + quote)):
        yield from _backslash_end(problem, token, prefix, quote, body)
    crossed = list(_other_end(problem, token, prefix, quote, other, body, shown))
    yield from crossed or _missing_end(problem, index, quote, shown)
    yield from _over_lines(problem, token, prefix, quote, shown)


def _shifted(problem: Problem, token: Token, quote: str, shown: str) -> Iterator[Reading]:
    """`{"a: 1, "b": 2}`: a quote is missing further left, so strings and code are swapped."""
    line = problem.listing.line_text(token.line)
    base = problem.listing.starts[token.line - 1]
    if not any(quote_of(problem.tokens[i])[1] == quote for i in strings_on(problem, token.line)[:-1]):
        return
    places = {found.start() for found in re.finditer(r"[:,)\]}]|\s+[+%]", line)}
    places |= {found.end() for found in re.finditer(r"[(\[{,=:+]\s*", line)} | {len(line.rstrip())}
    clean = []
    for place in sorted(places)[:40]:
        if _unclean(line[:place] + quote + line[place:]) == 0:
            clean.append((problem.put((base + place, base + place, quote)), f"Add the missing `{quote}`."))
    for found in re.finditer(quote, line):
        around = line[max(found.start() - 1, 0) : found.end() + 1]
        if around.count(quote) < 2:
            continue  # only one of two quotes in a row may be too many
        without = line[: found.start()] + line[found.end() :]
        if _unclean(without) == 0:
            at = base + found.start()
            clean.append((problem.put((at, at + 1, "")), f"Remove the extra `{quote}`."))
    clean = unique(clean)
    if clean:
        yield reading(shown, *clean[:4], weight=0.95, certain=len(clean) == 1)


def _unclean(line: str) -> int:
    """Return how many strings of the line look like code or touch a word."""
    tokens = lex(line).tokens
    count = 0
    for place, token in enumerate(tokens):
        if token.kind in (TokenKind.OPEN_STRING, TokenKind.OPEN_TRIPLE):
            return 100
        if token.kind is not TokenKind.STRING:
            continue
        inside = token.text.strip("'\"")
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        touches = following is not None and following.kind in (
            TokenKind.NAME,
            TokenKind.NUMBER,
            TokenKind.STRING,
        )
        before = tokens[place - 1] if place else None
        touched = (
            before is not None
            and before.kind in (TokenKind.NAME, TokenKind.NUMBER)
            and before.text not in KEYWORDS
        )
        count += bool(
            re.match(r"\s*[,:)\]}]", inside) or re.search(r"[(\[{,=]\s*$", inside) or touches or touched
        )
    return count


def _backslash_end(problem: Problem, token: Token, prefix: str, quote: str, body: str) -> Iterator[Reading]:
    r"""`"C:\temp\"`: the backslash escapes the quote."""
    place = token.text.rfind("\\" + quote)
    if place < 0:
        return
    inside = token.text[len(prefix) + 1 : place]
    doubled = re.sub(r"\\+", r"\\\\", inside)
    new = f"{prefix.replace('r', '').replace('R', '')}{quote}{doubled}\\\\{quote}"
    yield reading(
        "The backslash before the last quote makes the quote part of the string.",
        (problem.put((token.start, token.start + place + 2, new)), "Double the backslashes."),
        weight=0.96,
        certain=True,
    )


def _other_end(
    problem: Problem, token: Token, prefix: str, quote: str, other: str, body: str, shown: str
) -> Iterator[Reading]:
    """`"text'`: opened with one quote and closed with the other."""
    places = [m.start() for m in re.finditer(other, token.text) if AFTER_STRING.match(token.text[m.end() :])]
    if body.strip() == other:
        options = [
            (problem.put((token.end, token.end, quote)), f"Close the string with `{quote}`."),
            (problem.put((token.start, token.end, prefix + quote * 2)), "Make it an empty string."),
        ]
        yield reading(shown, *options, weight=0.9)
        return
    for place in reversed(places[-3:]):
        inside = token.text[len(prefix) + 1 : place]
        if other in inside and not re.search(rf"\w{other}\w", inside):
            continue
        new = quote + inside + quote
        yield reading(
            f"The string that begins with `{quote}` on line {token.line} ends with `{other}`.",
            (
                problem.put((token.start + len(prefix), token.start + place + 1, new)),
                f"End it with `{quote}`.",
            ),
            weight=0.94,
            certain=len(places) == 1,
        )
        return


_HEADERS = ("if", "for", "while", "elif", "with", "def", "else")


def _missing_end(problem: Problem, index: int, quote: str, shown: str) -> Iterator[Reading]:
    """`print("hello)`: where the closing quote may be missing."""
    token = problem.tokens[index]
    text, inside = token.text.rstrip(), token.text.split(quote, 1)[1]
    begin = token.start + len(token.text) - len(inside)
    tail = _closing_tail(problem, index, text)
    options: list[tuple[str, str]] = []
    if tail is not None:
        at = token.start + len(text[:tail].rstrip())
        options.append((problem.put((at, at, quote)), f"Add the closing `{quote}`."))
    else:
        at = token.start + len(text)
        options.append((problem.put((at, at, quote)), f"Add the closing `{quote}` at the end of the line."))
        closed = "".join(_open_closers(problem, index))
        if closed and text[-1:] not in ")]},:":
            whole = problem.put((at, at, quote + closed))
            options.insert(0, (whole, f"Add `{quote}{closed}` at the end of the line."))
    cut = False
    for place in re.finditer(r"[\])},:]|\s(?:\+|%|==|in|and|or|for|if)\s", token.text):
        at = token.start + place.start()
        options.append(
            (problem.put((at, at, quote)), f"Add the closing `{quote}` before `{place[0].strip()}`.")
        )
        cut = cut or place[0] not in ")]}" or tail is None or place.start() < tail
    first_word = re.match(r"[^\W\d]\w*", inside)
    if first_word and strings_on(problem, token.line)[-1] != index:
        at = begin + first_word.end()
        options.insert(
            0, (problem.put((at, at, quote)), f"Add the closing `{quote}` after `{first_word[0]}`.")
        )
    if re.match(r"\.\w+\(|\s+[*%]\s|[*%]\w", inside):
        options.insert(0, (problem.put((begin, begin, quote)), "Make it an empty string."))
        cut = True
    cut = cut or re.search(r"\w\(.*\)|\w\*", token.text) is not None
    sure = tail is not None and not cut
    yield reading(shown, *(options[:1] if sure else unique(options)[:4]), weight=0.88, certain=sure)


def _open_closers(problem: Problem, index: int) -> list[str]:
    """Return the closers of what is open before the token, innermost first."""
    stack, opener = [], problem.tokens[index].opener
    while opener >= 0:
        stack.append(OPENERS[problem.text(opener)])
        opener = problem.tokens[opener].opener
    return stack


def _closing_tail(problem: Problem, index: int, text: str) -> int | None:
    """Return where the closers after the string begin, or None if they do not fit what is open."""
    stack = _open_closers(problem, index)
    found = re.search(r"[)\]},:;\s]*$", text)
    begin = found.start() if found else len(text)
    header = problem.text(problem.listing.statement(index)[0]) in _HEADERS
    for start in range(begin, len(text) + 1):
        rest = text[start:].strip()
        closers = [char for char in rest if char in CLOSERS]
        complete = len(closers) == len(stack) or rest.endswith(",") or not stack
        if closers == stack[: len(closers)] and complete and (not rest or rest.endswith(":") == header):
            return start
    return None


def _missing_start(problem: Problem, index: int, quote: str) -> Iterator[Reading]:
    """`print(hello")`: the opening quote is missing. `print("hello"")`: one quote too many."""
    token = problem.tokens[index]
    line = problem.listing.line_text(token.line)
    base = problem.listing.starts[token.line - 1]
    options = []
    removed = (problem.put((token.start, token.start + 1, "")), f"Remove the extra `{quote}`.")
    before = line[: token.start - base]
    if problem.tokens[index - 1].kind is TokenKind.STRING and problem.touching(index - 1) and index > 0:
        yield reading("There is one quote too many.", removed, weight=0.95, certain=True)
        return
    begin = max(
        (m.end() for m in re.finditer(r"[(\[{,=:]\s*|\breturn\s+|\bprint\s+|[+]\s*", before)), default=None
    )
    if begin is not None and before[begin:].strip() and not set(before[begin:]) & set("'\""):
        insert = (problem.put((base + begin, base + begin, quote)), f"Add the opening `{quote}`.")
        options.append(insert)
    words = re.findall(r"[^\W\d]\w*", before[begin or 0 :])
    if len(words) == 1 and words[0] in problem.names:
        options.insert(0, removed)
    else:
        options.append(removed)
    yield reading(
        f"The string that ends with `{quote}` on line {token.line} has no opening quote.",
        *options,
        weight=0.94,
        certain=len(words) > 1 and begin is not None,
    )


def _over_lines(problem: Problem, token: Token, prefix: str, quote: str, shown: str) -> Iterator[Reading]:
    """A string that continues on the next lines."""
    source = problem.source
    end = token.end
    for _ in range(_MOST_LINES):
        following = source.find("\n", end)
        if following < 0:
            return
        stop = source.find("\n", following + 1)
        text = source[following + 1 : stop if stop >= 0 else len(source)]
        count = len(re.findall(rf"(?<!\\){quote}", text))
        if count % 2:
            place = source.index(quote, following)
            inside = source[token.start + len(prefix) + 1 : place]
            triple = problem.put((token.start + len(prefix), place + 1, quote * 3 + inside + quote * 3))
            joined = problem.put((token.start + len(prefix) + 1, place, re.sub(r"\r?\n", r"\\n", inside)))
            yield reading(
                f"{shown} It continues on the next line.",
                (triple, "Use triple quotes, which allow line breaks."),
                (joined, "Write `\\n` for the line break."),
                weight=0.9,
                certain=True,
            )
            return
        if count or not text.strip():
            return
        end = following + 1


def _triple(problem: Problem) -> Iterator[Reading]:
    """A triple-quoted string that is never closed."""
    index = next((i for i, token in enumerate(problem.tokens) if token.kind is TokenKind.OPEN_TRIPLE), None)
    if index is None:
        return
    token = problem.tokens[index]
    _, quote = quote_of(token)
    other = '"""' if quote == "'''" else "'''"
    options = []
    certain = False
    sign = quote[0]
    if token.text.count(other) == 1:
        at = token.start + token.text.index(other)
        options.append((problem.put((at, at + 3, quote)), f"Replace `{other}` with `{quote}`."))
        certain = True
    for found in re.finditer(rf"(?<!{sign}){sign}{{1,2}}(?!{sign})\s*(?=$|\n|\))", token.text[len(quote) :]):
        at = token.start + len(quote) + found.start()
        count = len(found[0].strip())
        options.append((problem.put((at, at + count, quote)), f"Replace `{sign * count}` with `{quote}`."))
        certain = count == 2
        break
    lines = problem.listing.starts
    first = token.text.split("\n", 1)[0].rstrip()
    ends = [token.start + len(first)] if len(first.strip("'\" ")) > 0 else []
    for line in range(token.line, min(token.line + _MOST_LINES, len(lines) - 1)):
        text = problem.listing.line_text(line)
        following = problem.listing.line_text(line + 1)
        if line > token.line and (
            not following.strip()
            or not text.strip()
            or len(following) - len(following.lstrip()) < len(text) - len(text.lstrip())
        ):
            ends.append(lines[line - 1] + len(text.rstrip()))
    ends.append(len(problem.source.rstrip()))
    for end in dict.fromkeys(ends):
        line = problem.source.count("\n", 0, end) + 1
        options.append(
            (problem.put((end, end, quote)), f"Close it with `{quote}` at the end of line {line}.")
        )
    single = re.match(rf"{sign}{sign}{sign}([^{sign}\n]*){sign}(?!{sign})", token.text)
    if single:
        options.insert(0, (problem.put((token.start, token.start + 3, sign)), "Use one quote on each side."))
    yield reading(
        f"The string that begins with `{quote}` on line {token.line} is not closed.",
        *(options[:1] if certain else unique(options)[:6]),
        weight=0.88,
        certain=certain,
    )


SLIPS = (
    Slip(
        code="syntax.missing-quotes",
        lesson="Strings go in quotes. Without quotes, Python takes each word for the name of a variable.",
        find=_unquoted,
    ),
    Slip(
        code="syntax.quote-inside-string",
        lesson="A string ends at the next quote of the kind it began with. If it contains an apostrophe, put "
        "it in double quotes, or put a backslash before the apostrophe.",
        find=_inner_quote,
    ),
    Slip(
        code="syntax.joined-strings",
        lesson='Join strings and variables with `+` or, better, use an f-string: `f"Hello {name}"`.',
        find=_glued,
    ),
    Slip(
        code="syntax.unterminated-string",
        lesson="A string begins and ends with the same quote on the same line. Triple quotes allow a string "
        "over several lines.",
        find=_open,
    ),
    Slip(
        code="syntax.unterminated-triple-quote",
        lesson="A triple-quoted string ends only at the next three quotes of the same kind.",
        find=_triple,
    ),
)

"""Characters that do not belong in code: typographic, invisible, HTML entities, `$` and `?`."""

import html
import re
import unicodedata
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading

_DOUBLE = "“”„‟«»❝❞〝〞＂″"
_SINGLE = "‘’‚‛‹›❛❜＇′´"
_QUOTED = re.compile(f"[{_DOUBLE}]([^{_DOUBLE}\n]*)[{_DOUBLE}]|[{_SINGLE}]([^{_SINGLE}\n]*)[{_SINGLE}]")
_INVISIBLE = dict.fromkeys(
    "\ufeff\u200b\u200c\u200d\u2060\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2061\u2062\u2063\u2064",
    "",
)
_SIGNS = (
    dict.fromkeys("−–—‐‑‒―﹣", "-")
    | dict.fromkeys("×∗⋅·✕✖•", "*")
    | dict.fromkeys("÷∕⁄", "/")
    | dict.fromkeys(_DOUBLE, '"')
    | dict.fromkeys(_SINGLE, "'")
    | dict.fromkeys("→", "->")
    | dict.fromkeys("←", "=")
    | {
        "≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", "≠": "!=", "≡": "==", "⇒": "=>",
        "∈": " in ", "∉": " not in ", "∧": " and ", "∨": " or ", "¬": " not ", "…": "...",
        "、": ",", "。": ".",
        "【": "[", "】": "]", "「": '"', "」": '"', "²": "**2", "³": "**3", "⁴": "**4", "¹": "**1",
        "∞": 'float("inf")', "½": "0.5", "¼": "0.25", "¾": "0.75",
    }
)  # fmt: skip
_GUESSED = "∞½¼¾→←⇒²³⁴¹•·"
_CURRENCY = "€£¥¢"
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")


def _ascii(sign: str) -> str | None:
    """Return what to write instead of the character; None if it may stay or is unknown."""
    if sign in _INVISIBLE:
        return ""
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isspace() or unicodedata.category(sign) == "Zs":
        return " "
    if unicodedata.category(sign) == "Nd":
        return str(unicodedata.digit(sign))
    if "\uff01" <= sign <= "\uff5e":
        return unicodedata.normalize("NFKC", sign)
    if sign in _CURRENCY:
        return ""
    return None


def _requoted(found: re.Match[str]) -> str:
    """Return the string with plain quotes."""
    text = found[1] if found[1] is not None else found[2]
    quote = '"' if '"' not in text and (found[1] is not None or "'" in text) else "'"
    return quote + text.replace(quote, "\\" + quote) + quote


def _typographic(problem: Problem) -> Iterator[Reading]:
    sign = problem.source[problem.failure.position : problem.failure.position + 1]
    if not problem.message.startswith(("invalid character", "invalid non-printable", "unterminated")):
        return
    if sign.isascii():
        sign = next((char for char in problem.source if not char.isascii() and _ascii(char) is not None), "")
    if not sign or _ascii(sign) is None:
        return
    seen: list[str] = []

    def mend(text: str, start: int) -> str:
        out = []
        for place, char in enumerate(text):
            new = _ascii(char) if not char.isascii() else None
            if new is None or not problem.listing.in_code(start + place):
                out.append(char)
                continue
            seen.append(char)
            out.append(new)
        return "".join(out)

    parts, at = [], 0
    for found in _QUOTED.finditer(problem.source):
        if problem.listing.in_code(found.start()):
            parts += [mend(problem.source[at : found.start()], at), _requoted(found)]
            seen.append(found[0][0])
            at = found.end()
    parts.append(mend(problem.source[at:], at))
    after = "".join(parts)
    signs = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in dict.fromkeys(seen))
    ends = [
        (token.start + place, token.start + place + 1, token.text[0])
        for token in problem.tokens
        if problem.message.startswith("unterminated")
        and token.kind is TokenKind.OPEN_STRING
        and token.text[0] in "'\""
        for place in (max(token.text.rfind(char) for char in (*_DOUBLE, *_SINGLE)),)
        if place > 0 and re.fullmatch(r"[\s)\]},:;]*", token.text[place + 1 :])
    ]
    if ends:
        yield reading(
            "The string ends with a typographic quote, which does not close it.",
            (problem.put(*ends), "Replace it with a plain quote."),
            weight=0.97,
            certain=True,
        )
        return
    yield reading(
        f"The cell contains {signs}, which look like characters of Python code but are not.",
        (after, "Replace them with the plain characters of the keyboard."),
        (mend(problem.source, 0), "Replace each of them with the plain character that it looks like."),
        weight=0.95,
        certain=not set(seen) & set(_GUESSED + _CURRENCY),
    )


def _power_or_name(problem: Problem) -> Iterator[Reading]:
    """`x² = 4`, where a variable is named; elsewhere `²` is a power."""
    found = re.match(r"(?P<sign>[²³¹⁰-⁹₀-₉])\s*=(?!=)", problem.source[problem.failure.position :])
    if found is None:
        return
    digit = str(unicodedata.digit(found["sign"]))
    name = re.search(r"[^\W\d]\w*$", problem.source[: problem.failure.position])
    if name is not None:
        after = re.sub(rf"\b{name[0]}{found['sign']}", f"{name[0]}{digit}", problem.source)
        yield reading(
            f"`{name[0]}{found['sign']}` is not a valid name: it contains a superscript or subscript digit.",
            (after, f"Rename the variable to `{name[0]}{digit}`."),
            weight=0.96,
        )


def _entities(problem: Problem) -> Iterator[Reading]:
    found = {item[0] for item in _ENTITY.finditer(problem.source) if problem.listing.in_code(item.start())}
    if not found:
        return
    after = _ENTITY.sub(lambda item: html.unescape(item[0]).replace("\u00a0", " "), problem.source)
    yield reading(
        f"{', '.join(sorted(found))} is HTML for {', '.join(html.unescape(item) for item in sorted(found))}: "
        "the code was copied from the source of a web page.",
        (after, "Write the characters that the web page shows."),
        weight=0.97,
        certain=True,
    )


def _stray(problem: Problem) -> Iterator[Reading]:
    """`$x`, `a ? b : c`, `x?`, and other characters that mean nothing in Python."""
    index = problem.at
    if index >= len(problem.tokens) or problem.tokens[index].kind is not TokenKind.OTHER:
        return
    sign = problem.text(index)
    if sign == "$":
        dollars = [
            (token.start, token.end, "")
            for place, token in enumerate(problem.tokens)
            if token.text == "$" and problem.touching(place)
        ]
        yield reading(
            "`$` has no meaning in Python: names are written without it.",
            (problem.put(*dollars), "Remove the dollar signs."),
            weight=0.8,
            certain=all(
                problem.tokens[place + 1].kind is TokenKind.NAME
                for place, token in enumerate(problem.tokens[:-1])
                if token.text == "$"
            ),
        )
    elif sign == "?":
        yield from _conditional(problem, index)
    elif sign not in "`!\\'\"":
        yield reading(
            f"`{sign}` has no meaning in Python.", (problem.drop(index), f"Remove `{sign}`."), weight=0.45
        )


def _conditional(problem: Problem, index: int) -> Iterator[Reading]:
    low, high = problem.statement
    depth = problem.tokens[index].opener
    colon = next(
        (i for i in range(index, high) if problem.text(i) == ":" and problem.tokens[i].opener == depth), None
    )
    if colon is None or colon + 1 >= high:
        yield reading("`?` has no meaning here.", (problem.drop(index), "Remove the `?`."), weight=0.6)
        return
    start = index - 1
    while start > low and not (
        problem.tokens[start - 1].opener <= depth
        and problem.text(start - 1) in ("=", "return", "(", "[", "{", ",", ":", "print")
        and (problem.tokens[start - 1].opener == depth or start - 1 == depth)
    ):
        start -= 1
    end = colon + 1
    while end < high and not (
        (problem.tokens[end].opener == depth and problem.text(end) in (",", ";"))
        or (problem.text(end) in "])}" and problem.listing.partner.get(end, -1) == depth)
    ):
        end += 1
    condition, first = problem.between(start, index), problem.between(index + 1, colon)
    second = problem.between(colon + 1, end)
    after = problem.swap(start, f"{first} if {condition} else {second}", end - 1)
    yield reading(
        "`condition ? a : b` is the conditional expression of other languages.",
        (after, "Write it as `a if condition else b`."),
        weight=0.95,
        certain=True,
    )


SLIPS = (
    Slip(
        code="syntax.typographic-character",
        lesson="Word processors and web pages replace quotes, minus signs and spaces with similar characters "
        "that Python does not accept. Write code with the plain characters of the keyboard.",
        find=_typographic,
    ),
    Slip(
        code="syntax.raised-digit",
        lesson="A name consists of letters, ordinary digits and underscores. Superscripts and subscripts are "
        "not digits in this sense.",
        find=_power_or_name,
    ),
    Slip(
        code="syntax.html-entity",
        lesson="In the source of a web page, `<` is written `&lt;`. Code that was copied from there contains "
        "such entities instead of the characters.",
        find=_entities,
    ),
    Slip(
        code="syntax.stray-sign",
        lesson="Some characters have a meaning in other languages but not in Python, such as `$` before a "
        "name or `?` in a conditional expression.",
        find=_stray,
    ),
)

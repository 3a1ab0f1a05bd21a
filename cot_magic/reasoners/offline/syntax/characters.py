"""Characters that do not belong in code: typographic, invisible, HTML entities, stray backslashes."""

import html
import re
import unicodedata
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, reading, slip

_DOUBLE = "“”„‟«»❝❞〝〞＂″"
_SINGLE = "‘’‚‛‹›❛❜＇′´"
_QUOTED = re.compile(f"[{_DOUBLE}]([^{_DOUBLE}\n]*)[{_DOUBLE}]|[{_SINGLE}]([^{_SINGLE}\n]*)[{_SINGLE}]")
_INVISIBLE = (
    "\ufeff\u200b\u200c\u200d\u2060\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2061\u2062\u2063\u2064"
)
_MEANT = (
    dict.fromkeys(_INVISIBLE + "€£¥¢", "") | dict.fromkeys("−–—‐‑‒―﹣", "-") | dict.fromkeys("×∗⋅·✕✖•", "*")
    | dict.fromkeys("÷∕⁄", "/") | dict.fromkeys(_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'")
    | {
        "→": "->", "←": "=", "≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", "≠": "!=",
        "≡": "==", "⇒": "=>", "∈": " in ",
        "∉": " not in ", "∧": " and ", "∨": " or ", "¬": " not ", "…": "...", "、": ",",
        "。": ".", "【": "[", "】": "]", "「": '"', "」": '"', "²": "**2", "³": "**3", "⁴": "**4", "¹": "**1",
        "∞": 'float("inf")', "½": "0.5", "¼": "0.25", "¾": "0.75",
    }
)  # fmt: skip
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")


def _ascii(sign: str) -> str | None:
    """Return what to write instead of the character; None if it may stay or is unknown."""
    if sign in _MEANT:
        return _MEANT[sign]
    if sign.isspace():
        return " "
    if unicodedata.category(sign) == "Nd":
        return str(unicodedata.digit(sign))
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else None


def _requoted(found: re.Match[str]) -> str:
    """Return the string with plain quotes."""
    text = found[1] if found[1] is not None else found[2]
    quote = '"' if '"' not in text and (found[1] is not None or "'" in text) else "'"
    return quote + text.replace(quote, "\\" + quote) + quote


@slip("typographic-character")
def _typographic(problem: Problem) -> Iterator[Reading]:
    if not problem.message.startswith(("invalid character", "invalid non-printable", "unterminated")):
        return
    ends = list(_typographic_ends(problem)) if problem.message.startswith("unterminated") else []
    if ends:
        claim = "The string ends with a typographic quote, which does not close it."
        yield reading(claim, (problem.put(*ends), "Replace it with a plain quote."), weight=0.97)
        return
    strings = [found for found in _QUOTED.finditer(problem.source) if problem.listing.in_code(found.start())]
    single = [
        (place, place + 1, new)
        for place, sign in enumerate(problem.source)
        if not sign.isascii() and (new := _ascii(sign)) is not None and problem.listing.in_code(place)
    ]
    if single:
        signs = dict.fromkeys(problem.source[start] for start, _, _ in single)
        shown = ", ".join(f"{sign!r} (U+{ord(sign):04X})" for sign in signs)
        quoted = [(*found.span(), _requoted(found)) for found in strings]
        outside = [item for item in single if not any(a <= item[0] < b for a, b, _ in quoted)]
        yield reading(
            f"The cell contains {shown}, which look like characters of Python code but are not.",
            (problem.put(*quoted, *outside), "Replace them with the plain characters of the keyboard."),
            (problem.put(*single), "Replace each of them with the plain character that it looks like."),
            weight=0.95,
        )


def _typographic_ends(problem: Problem) -> Iterator[tuple[int, int, str]]:
    """Yield the typographic quotes that are meant to close a string."""
    for token in problem.tokens:
        if token.kind is TokenKind.OPEN_STRING and token.text[0] in "'\"":
            place = max(token.text.rfind(sign) for sign in _DOUBLE + _SINGLE)
            if place > 0 and re.fullmatch(r"[\s)\]},:;]*", token.text[place + 1 :]):
                yield token.start + place, token.start + place + 1, token.text[0]


@slip("raised-digit")
def _raised_digit(problem: Problem) -> Iterator[Reading]:
    """`x² = 4`, where a variable is named; elsewhere `²` is a power."""
    at = problem.failure.position
    found = re.match(r"([²³¹⁰-⁹₀-₉])\s*=(?!=)", problem.source[at:])
    name = re.search(r"[^\W\d]\w*$", problem.source[:at])
    if found is not None and name is not None:
        written, plain = name[0] + found[1], f"{name[0]}{unicodedata.digit(found[1])}"
        after = re.sub(rf"\b{written}", plain, problem.source)
        claim = f"`{written}` is not a valid name: it contains a superscript or subscript digit."
        yield reading(claim, (after, f"Rename the variable to `{plain}`."), weight=0.96)


@slip("html-entity")
def _entities(problem: Problem) -> Iterator[Reading]:
    found = {item[0] for item in _ENTITY.finditer(problem.source) if problem.listing.in_code(item.start())}
    if found:
        after = _ENTITY.sub(lambda item: html.unescape(item[0]).replace("\u00a0", " "), problem.source)
        shown = ", ".join(f"{item} is HTML for {html.unescape(item)}" for item in sorted(found))
        claim = f"{shown}: the code was copied from the source of a web page."
        yield reading(claim, (after, "Write the characters that the web page shows."), weight=0.97)


@slip("stray-sign")
def _stray(problem: Problem) -> Iterator[Reading]:
    """`$x`, `x?`, and other characters that mean nothing in Python."""
    index = problem.at
    sign = problem.text(index)
    if problem.tokens[index].kind is TokenKind.OTHER and sign and sign not in "`!\\'\"":
        places = [i for i, token in enumerate(problem.tokens) if token.text == sign]
        everywhere = problem.put(*((problem.tokens[i].start, problem.tokens[i].end, "") for i in places))
        weight = 0.8 if sign == "$" else 0.6
        claim = f"`{sign}` has no meaning in Python."
        yield reading(
            claim,
            (everywhere, f"Remove `{sign}`."),
            (problem.drop(index), f"Remove `{sign}`."),
            weight=weight,
        )


@slip("backslash")
def _backslash(problem: Problem) -> Iterator[Reading]:
    """A backslash outside a string."""
    line = problem.failure.line
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    found = re.finditer(r"\\", text)
    at = next((base + item.start() for item in found if problem.listing.in_code(base + item.start())), None)
    if at is None:
        return
    if re.search(r"\\[\"']", text):
        options = []
        for whole, why in ((False, "on this line"), (True, "before all quotes of the cell")):
            lines = [
                re.sub(r"\\([\"'])", r"\1", item) if whole or place == line - 1 else item
                for place, item in enumerate(problem.lines)
            ]
            options.append(("\n".join(lines), f"Remove the backslashes {why}."))
        yield reading("Quotes outside a string are written without a backslash.", *options, weight=0.95)
    end = base + len(text)
    rest = problem.source[at + 1 : end]
    removed = (problem.put((at, at + 1, "")), "Remove the backslash.")
    if not rest.strip() or rest.lstrip().startswith("#"):
        last = (problem.put((at + 1, end, "")), "Remove what follows the backslash.")
        claim = "A backslash must be the last character of its line, and another line must follow."
        yield reading(claim, last, (problem.put((at, end, "")), "Remove the backslash."), weight=0.94)
    elif escape := re.match(r"[nt]\b", rest):
        before = problem.tokens[problem.listing.index_at(at) - 1]
        options = [(problem.put((at, at + 2, "")), f"Remove `\\{escape[0]}`.")]
        if before.kind is TokenKind.STRING:
            moved = problem.put((before.end - 1, before.end - 1, f"\\{escape[0]}"), (at, at + 2, ""))
            options.insert(0, (moved, "Move it into the string."))
        yield reading(f"`\\{escape[0]}` is outside a string.", *options, weight=0.9)
    else:
        options = [removed, (problem.put((at, at + 1, "/")), "Use `/` to divide.")]
        if problem.ends_operand(problem.listing.index_at(at) - 1) and re.match(r"\s*[\w(]", rest):
            options.reverse()
        elif rest.strip() not in CLOSERS:
            options.append((problem.put((at + 1, at + 1, "\n")), "Break the line after the backslash."))
        yield reading("Nothing may follow a backslash on its line.", *options, weight=0.88)
